"""The result in one or two sentences, and the report that says it on pages."""

from collections.abc import Iterator

from corcal.errors import InputError
from corcal.report.amounts import shown
from corcal.report.words import interval_words, score_name
from corcal.result import Result

__all__ = ["REPORT_TITLE", "check_pdf", "conclusion"]

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
    """Say the score, how sure it is, its category, and the doubts about scan and score."""
    return " ".join(_sentences(result))


def _sentences(result: Result) -> Iterator[str]:
    total = result.score.total
    sure = "" if total.interval is None else f" ({interval_words(total.interval)})"
    yield f"{score_name(result)}: {shown(total.agatston)}{sure}."
    if result.interpretation is not None:
        category = result.interpretation.categories[_SHOWN_CATEGORY]
        yield f"Category {category.code}. {category.reading}"
    yield f"Scan for calcium scoring: {result.suitability.verdict}."
    if result.review is not None and result.review.advised:
        yield f"A review is advised: {'; '.join(result.review.reasons)}."
