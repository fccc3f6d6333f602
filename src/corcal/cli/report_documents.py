"""The documents of a report: composed once, and set as PDF beside other work.

typst lets other threads run while it sets a page, so that the formats that need no document are
written meanwhile.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from corcal.cli.report_request import Request
    from corcal.report.document import Document

__all__ = [
    "Setting",
    "begin_clinician",
    "begin_letter",
    "setting_ended",
    "write_clinician",
    "write_letter",
]

_LARGE_PT = 16.0  # the least that is called large print


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A document, and its PDF as soon as that is set.

    Attributes
    ----------
    document : Document
    pdf : Future of bytes
        Its ``result()`` waits, and raises what `corcal.report.document_pdf.document_pdf` does.
    """

    document: "Document"
    pdf: Future[bytes]


def begin_clinician(request: "Request") -> Setting:
    """Compose the clinician's report of a request, at its first call, and begin to set it."""
    from corcal.report.clinician import clinician_document
    from corcal.report.exam_pictures import for_a_page

    if "clinician" not in request.made:
        pictures, style = for_a_page(request.pictures), request.style()
        document = clinician_document(request.result, pictures, style=style)
        request.made["clinician"] = _begin(document)
    return request.made["clinician"]


def begin_letter(request: "Request") -> Setting:
    """Compose the patient's letter of a request, at its first call, and begin to set it."""
    from corcal.report.letter import patient_letter
    from corcal.report.letter.letter import TEXT_PT

    if "letter" not in request.made:
        style = request.style(_LARGE_PT if request.is_large else TEXT_PT)
        letter = patient_letter(request.result, language=request.language, style=style)
        request.made["letter"] = _begin(letter)
    return request.made["letter"]


def write_clinician(request: "Request") -> tuple[Path, ...]:
    """Write the clinician's report as PDF and as HTML."""
    return _write_document(request, begin_clinician(request), "report")


def write_letter(request: "Request") -> tuple[Path, ...]:
    """Write the patient's letter as PDF and as HTML."""
    return _write_document(request, begin_letter(request), "letter")


def _write_document(request: "Request", begun: Setting, name: str) -> tuple[Path, ...]:
    """Write a document as PDF, which is waited for, and as HTML."""
    from corcal.report.document_html import document_html

    pdf, page = request.folder / f"{name}.pdf", request.folder / f"{name}.html"
    write_whole(pdf, begun.pdf.result())
    write_whole(page, document_html(begun.document))
    return pdf, page


def _begin(document: "Document") -> Setting:
    from corcal.report.document_pdf import document_pdf

    return Setting(document=document, pdf=_setter().submit(document_pdf, document))


@contextmanager
def setting_ended() -> Iterator[None]:
    """Leave no thread behind: a process that has one cannot be forked safely."""
    try:
        yield
    finally:
        if _setter.cache_info().currsize:
            _setter().shutdown()
            _setter.cache_clear()


@cache
def _setter() -> ThreadPoolExecutor:
    """One thread: documents are set in the order in which they were composed."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="corcal-pdf")
