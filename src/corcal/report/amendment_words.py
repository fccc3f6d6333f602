"""What a corrected report says of the one that it replaces, in words for clinicians."""

from collections.abc import Callable

from corcal.amended import category_said
from corcal.exam_numbers import is_fit
from corcal.report.interpretation_words import score_words
from corcal.report.words import moment_words, sentence
from corcal.result import Result

__all__ = ["ADDENDUM", "amendment_words", "scores_then_and_now"]

ADDENDUM = "Addendum"
"""The word for a report that corrects a signed one, as radiologists use it."""
_UNFIT, _FIT = "scan called not fit for a calcium score", "scan called fit"


def amendment_words(
    result: Result, *, amount: Callable[[float], str] = score_words
) -> tuple[str, ...]:
    """Say which report is corrected, why, and the scores; nothing of a first report.

    Parameters
    ----------
    result : Result
        A scored exam.
    amount : callable
        Writes a score; as the big number of the report by default.

    Returns
    -------
    tuple of str
        Three sentences, or none. Every output that tells of an amendment has these.
    """
    amendment = result.provenance.amendment
    if amendment is None:
        return ()
    who = f" by {amendment.reader_before}" if amendment.reader_before else ""
    when = moment_words(amendment.signed_before)
    return (
        f"{ADDENDUM}: this report corrects the one signed on {when}{who}.",
        f"Reason: {sentence(amendment.reason)}",
        sentence(scores_then_and_now(result, amount=amount)),
    )


def scores_then_and_now(result: Result, *, amount: Callable[[float], str] = score_words) -> str:
    """Set the score of the corrected report beside the one of this: empty of a first report.

    A number of a scan that was called not fit for one is never told without that.
    """
    amendment = result.provenance.amendment
    if amendment is None:
        return ""
    was_fit, fits = amendment.fit_before, is_fit(result)
    then = _noted(
        amount(amendment.agatston_before),
        _UNFIT if was_fit is False else "",
        _category(amendment.category_before),
    )
    verdict = "" if fits else _UNFIT
    if was_fit is False and fits:  # the same number may stand twice: this is what has changed
        verdict = _FIT
    now = _noted(amount(result.score.total.agatston), verdict, _category(category_said(result)))
    return f"Agatston score then {then}, now {now}"


def _category(code: str | None) -> str:
    return "" if code is None else f"category {code}"


def _noted(score: str, *notes: str) -> str:
    """Put behind a score what must be known to read it."""
    told = ", ".join(filter(None, notes))
    return f"{score} ({told})" if told else score
