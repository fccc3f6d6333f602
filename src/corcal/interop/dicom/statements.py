"""What a report says in words: nothing in a number alone tells how far it can be trusted."""

from corcal.ct.scan import Severity
from corcal.exam_numbers import gating
from corcal.report.amendment_words import amendment_words
from corcal.result import Provenance, Result
from corcal.scoring.types import Interval

__all__ = ["interval_statement", "statements"]


def statements(result: Result) -> tuple[str, ...]:
    """Say how the score came about and what stands against it, a sentence each.

    The statement of research use comes first, then which report is corrected. No patient data, no
    file names.
    """
    return (
        result.provenance.statement,
        *amendment_words(result, amount=repr),
        _method(result),
        *_certainty(result),
        _gating(result),
        *_scoring(result),
        *(
            f"{one.severity}: {one.message} [{one.code}]"
            for one in result.suitability.findings
            if one.severity is not Severity.INFO
        ),
        *(
            f"Review advised: {reason}"
            for reason in (result.review.reasons if result.review else ())
        ),
    )


def interval_statement(interval: Interval) -> str:
    """Write an interval with every digit.

    Examples
    --------
    >>> interval_statement(Interval(low=0.0, high=4.25, level=0.95))
    '95 % interval of the Agatston score: 0.0 to 4.25'
    """
    return (
        f"{100 * interval.level:g} % interval of the Agatston score: "
        f"{interval.low!r} to {interval.high!r}"
    )


def _method(result: Result) -> str:
    made = result.provenance
    program = f"{made.software} {made.software_version}"
    if made.reviewed is not None:
        readers = ", ".join(made.reviewed.readers) or "a reader"
        start = _found_by(made, program) if made.annotation is None else _marked_in(made, program)
        end = "" if made.reviewed.is_complete else "; the review has not been completed"
        return f"{start}; reviewed by {readers}{end}"
    how = _found_by(made, program) if made.annotation is None else _marked_in(made, program)
    if made.reader:
        return f"{how}, reader named for it: {made.reader}, who has not signed it"
    return f"{how}, not {'checked' if made.is_automatic else 'signed'} by a reader"


def _marked_in(made: Provenance, program: str) -> str:
    which = "" if made.annotation is None else f" ({made.annotation.format})"
    return f"Calcium marked in an annotation{which}, not found automatically; measured by {program}"


def _found_by(made: Provenance, program: str) -> str:
    models = ", ".join(
        f"{model.name} {model.version}" for model in (made.model, made.detector) if model
    )
    return f"Calcium found automatically by {program}{f' ({models})' if models else ''}"


def _certainty(result: Result) -> tuple[str, ...]:
    interval = result.score.total.interval
    return () if interval is None else (interval_statement(interval),)


def _gating(result: Result) -> str:
    is_gated = gating(result)
    if is_gated is None:
        return "The headers do not say whether the scan was ECG-gated"
    if is_gated:
        return "ECG-gated scan"
    return (
        "Scan without ECG gating: the score is an Agatston equivalent, tends to be lower than that "
        "of a gated scan, and a score of 0 does not exclude calcium"
    )


def _scoring(result: Result) -> tuple[str, ...]:
    score, made = result.score, result.provenance
    verdict = result.suitability
    mass = score.mass_calibration_detail or score.mass_calibration
    return (
        f"Scored under the rule {score.rule} ({made.rule_reason}), threshold "
        f"{made.threshold_hu:g} HU",
        f"Calcium mass by {score.calibration_mg_per_cm3_hu!r} mg/cm3/HU: {mass}",
        f"Suitability of the scan: {verdict.verdict} ({verdict.kind})",
    )
