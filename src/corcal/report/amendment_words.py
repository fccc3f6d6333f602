"""What a corrected report says of the one that it replaces, in words for clinicians."""

from collections.abc import Callable

from corcal.amended import category_said
from corcal.report.interpretation_words import score_words
from corcal.report.words import moment_words, sentence
from corcal.result import Result

__all__ = ["ADDENDUM", "amendment_words", "scores_then_and_now"]

ADDENDUM = "Addendum"
"""The word for a report that corrects a signed one, as radiologists use it."""


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
    """Set the score of the corrected report beside the one of this: empty of a first report."""
    amendment = result.provenance.amendment
    if amendment is None:
        return ""
    then = _with_category(amount(amendment.agatston_before), amendment.category_before)
    now = _with_category(amount(result.score.total.agatston), category_said(result))
    return f"Agatston score then {then}, now {now}"


def _with_category(score: str, category: str | None) -> str:
    return score if category is None else f"{score} (category {category})"
