"""The result in one or two sentences, and the report that says it on pages."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from corcal.errors import InputError
from corcal.report.amendment_words import ADDENDUM, amendment_words
from corcal.report.amounts import shown
from corcal.report.words import interval_words, score_name
from corcal.result import Result

__all__ = [
    "REPORT_TITLE",
    "ReportStatus",
    "check_pdf",
    "conclusion",
    "report_status",
    "report_title",
]

ReportStatus: TypeAlias = Literal["preliminary", "final", "amended", "corrected"]

REPORT_TITLE = "Coronary calcium report"
"""Of the PDF, as a receiver lists it; no patient data."""

_SHOWN_CATEGORY = "plain"
_PDF_START = b"%PDF-"


def check_pdf(pdf: bytes) -> None:
    """Refuse to send as a PDF what is none.

    Raises
    ------
    InputError
        If it does not begin as a PDF.
    """
    if not pdf.startswith(_PDF_START):
        msg = f"a PDF begins with {_PDF_START.decode()!r}, these {len(pdf)} bytes do not"
        raise InputError(msg)


def conclusion(result: Result) -> str:
    """Say the score, how sure it is, its category, and the doubts about scan and score.

    Of a report that corrects a signed one, that comes first.
    """
    return " ".join(_sentences(result))


def report_status(result: Result) -> ReportStatus:
    """Say how far a report is, in the words of FHIR R4 (DiagnosticReportStatus).

    Preliminary until a reader has signed. A signed one that takes the place of a signed one is
    ``"corrected"`` if the score is another one ("modified to correct an error"), and else
    ``"amended"`` ("modified", which includes any change of what was issued).
    """
    made, total = result.provenance, result.score.total
    if not made.is_signed:
        return "preliminary"
    if made.amendment is None:
        return "final"
    return "amended" if made.amendment.agatston_before == total.agatston else "corrected"


def report_title(result: Result) -> str:
    """Give `REPORT_TITLE`, or that of a report which corrects a signed one."""
    made = result.provenance
    return REPORT_TITLE if made.amendment is None else f"{REPORT_TITLE}, {ADDENDUM.lower()}"


def _sentences(result: Result) -> Iterator[str]:
    yield from amendment_words(result, amount=shown)
    total = result.score.total
    sure = "" if total.interval is None else f" ({interval_words(total.interval)})"
    yield f"{score_name(result)}: {shown(total.agatston)}{sure}."
    if result.interpretation is not None:
        category = result.interpretation.categories[_SHOWN_CATEGORY]
        yield f"Category {category.code}. {category.reading}"
    yield f"Scan for calcium scoring: {result.suitability.verdict}."
    if result.review is not None and result.review.advised:
        yield f"A review is advised: {'; '.join(result.review.reasons)}."
