"""A `Document` as a tagged PDF (PDF/UA-1), set by typst."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from corcal.errors import InputError
from corcal.report.document import Document
from corcal.report.document_data import document_data, seen_letters, with_codes
from corcal.report.pdf_fonts import fonts_for

if TYPE_CHECKING:
    import typst

__all__ = ["document_pdf"]

_TEMPLATE = "document.typ"
_AIR = 1.0  # of the spaces between lines and blocks
_LESS_AIR = (0.85, 0.7)  # still well apart; the type is then a little smaller, too
_LARGEST_FITTED_PT = 12.0  # what is set in larger type is to be large


def document_pdf(document: Document) -> bytes:
    """Set a document as PDF.

    The text reaches typst as data of a fixed template, so that nothing in it is ever taken for
    markup. typst sees one private folder with the pictures, which is removed, and no network.

    Letters are those of `corcal.report.pdf_fonts`: the shipped fonts have Latin, Greek, Cyrillic,
    Hebrew and Arabic (written from right to left) and give the same bytes everywhere. A letter of
    another script, such as a Chinese one, is taken from a font of this computer; if none has it, it
    is shown by its code, such as ``[U+738B]``, so that nothing is lost or mistaken.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
        PDF 1.7, PDF/UA-1. The same document gives the same bytes.

    Raises
    ------
    InputError
        If the title is empty, the language is no BCP 47 tag, the moment is not ISO 8601, or a
        picture cannot be read or has no alternative text.
    """
    import typst  # loads 80 MB: only for those who want a PDF

    data, pictures = document_data(document)
    fonts = fonts_for(seen_letters(data))
    told = with_codes(data, fonts.missing) | {"fonts": fonts.families}
    created = _moment(document.created)
    template = (files("corcal.report") / _TEMPLATE).read_bytes()
    with TemporaryDirectory(prefix="corcal-") as root:
        for name, content in pictures.items():
            (Path(root) / name).write_bytes(content)
        (Path(root) / _TEMPLATE).write_bytes(template)
        compiler = typst.Compiler(
            Path(root) / _TEMPLATE,
            root=root,
            font_paths=fonts.loaded,
            ignore_system_fonts=True,
            sys_inputs=_inputs(told, _AIR),
            package_path=root,
            package_cache_path=root,
        )
        try:
            _fit(compiler, told, document)
            pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=created)
        except typst.TypstError as exc:
            msg = f"the document cannot be set as PDF: {exc.message.splitlines()[0]}"
            raise InputError(msg) from exc
    return cast("bytes", pdf)  # one file, as nothing but PDF is asked for


def _inputs(told: dict[str, Any], air: float) -> dict[str, str]:
    return {"document": json.dumps(told | {"air": air})}


def _fit(compiler: "typst.Compiler", told: dict[str, Any], document: Document) -> None:
    """Set the document closer, step by step, if it then fits on the pages that it should have."""
    most = document.fits_pages
    if most is None or document.style.text_pt > _LARGEST_FITTED_PT or _pages(compiler) <= most:
        return
    for air in _LESS_AIR:
        compiler.compile(format="pdf", sys_inputs=_inputs(told, air))  # they stay from then on
        if _pages(compiler) <= most:
            return
    compiler.compile(format="pdf", sys_inputs=_inputs(told, _AIR))


def _pages(compiler: "typst.Compiler") -> int:
    """Count the pages of what is set."""
    return int(compiler.query("<page-count>", field="value", one=True))


def _moment(created: str) -> datetime:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError as exc:
        msg = f"moment of the document {created!r} is not ISO 8601"
        raise InputError(msg) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
