"""How the score was made, and the publications that the report rests on."""

from collections.abc import Iterator

from corcal.report.clinician.cited import cited
from corcal.report.clinician.suitability import meaning_of
from corcal.report.document import Block, Facts, Heading, Paragraph, Span
from corcal.report.interpretation_choice import cautions_of
from corcal.report.words import (
    amount_of,
    annotation_words,
    calibration_words,
    gating_words,
    kernel_words,
    model_words,
    moment_words,
    regions_words,
    scanner_words,
    slices_words,
)
from corcal.result import Provenance, Result, ScanRecord
from corcal.risk.limits import ZERO_LIMIT

__all__ = ["origin"]

_COLUMNS = 2
_LIMITS_OF = ("score", "percentile")


def origin(result: Result) -> tuple[Block, ...]:
    """Say what is needed to make the score again, and cite what is said."""
    rows = tuple((name, value) for name, value in (*_made(result), *_scan(result.scan)) if value)
    sources = cited(result)
    made = (Heading(text="How the score was made"), Facts(rows=rows, columns=_COLUMNS))
    notes = (("Limits: ", _limits(result)), ("Sources: ", sources))
    return (
        *made,
        *(
            Paragraph(text=(Span(text=name, style="strong"), text), role="note")
            for name, text in notes
            if text
        ),
    )


def _limits(result: Result) -> str:
    """Say what score and percentile do not tell; what a zero means stands among the cautions."""
    meaning = meaning_of(result)
    if meaning is None:
        return ""
    told = (each.text for each in meaning.limits if each.about in _LIMITS_OF)
    return " ".join(text for text in told if text != ZERO_LIMIT or not cautions_of(meaning))


def _made(result: Result) -> Iterator[tuple[str, str | None]]:
    made, score = result.provenance, result.score
    yield "Scoring rule", f"{score.rule}, calcium from {made.threshold_hu:g} HU"
    yield "Mass calibration", calibration_words(score, with_detail=False)
    yield "Coronary calcium", _assignment(made)
    models = (model_words(each) for each in (made.model, made.detector) if each is not None)
    yield "Models", ", ".join(models)
    yield "Software", f"{made.software} {made.software_version}"
    yield "Scored", moment_words(made.created)


def _assignment(made: Provenance) -> str:
    """Say who told which calcium is coronary."""
    if made.reviewed is not None:
        return f"reviewed by {', '.join(made.reviewed.readers) or 'a reader'}"
    if made.annotation is None:
        return "found by the software" if made.method == "automatic" else made.method
    how, what = annotation_words(made.annotation)
    return f"{how} ({what} {made.annotation.source}, {regions_words(made.annotation)})"


def _scan(scan: ScanRecord) -> Iterator[tuple[str, str | None]]:
    number = "" if scan.series_number is None else f", number {scan.series_number}"
    yield "Series", f"{scan.series_description or 'without description'}{number}"
    yield "Series UID", scan.series_instance_uid
    kernel = kernel_words(scan.convolution_kernel)
    settings = (scanner_words(scan), amount_of(scan.kvp, "kV"), kernel and f"kernel {kernel}")
    yield "Scanner", ", ".join(each for each in settings if each)
    yield "Slices, gating", f"{slices_words(scan)}; {gating_words(scan)}"
