"""A `Document` as a tagged PDF (PDF/UA-1), set by typst."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from corcal.errors import InputError
from corcal.report.document import Document
from corcal.report.document_data import document_data

if TYPE_CHECKING:
    from typst import Fonts

__all__ = ["document_pdf"]

_TEMPLATE = "document.typ"
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Za-z]{2}))?")


def document_pdf(document: Document) -> bytes:
    """Set a document as PDF.

    The text reaches typst as data of a fixed template, so that nothing in it is ever taken for
    markup. typst sees one private folder with the pictures, which is removed, and no network.

    Letters are Source Sans 3 (Latin, Greek, Cyrillic), else DejaVu Sans (also Hebrew and Arabic,
    written from right to left). A character that neither has, such as a Chinese one, is shown by
    its code, ``[U+738B]``: legible to nobody at a glance, but nothing is lost or mistaken.

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

    data, pictures = document_data(document, language=_language(document.language))
    created = _moment(document.created)
    template = (files("corcal.report") / _TEMPLATE).read_bytes()
    with TemporaryDirectory(prefix="corcal-") as root:
        for name, content in pictures.items():
            (Path(root) / name).write_bytes(content)
        compiler = typst.Compiler(
            template,
            root=root,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"document": data},
            package_path=root,
            package_cache_path=root,
        )
        try:
            pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=created)
        except typst.TypstError as exc:
            msg = f"the document cannot be set as PDF: {exc.message.splitlines()[0]}"
            raise InputError(msg) from exc
    if not isinstance(pdf, bytes):
        msg = "the document cannot be set as PDF: nothing was made"
        raise InputError(msg)
    return pdf


def _language(tag: str) -> tuple[str, str | None]:
    found = _LANGUAGE.fullmatch(tag)
    if found is None:
        msg = f"language {tag!r} is no BCP 47 tag such as 'en' or 'es-MX'"
        raise InputError(msg)
    return found[1].lower(), found[2] and found[2].lower()


def _moment(created: str) -> datetime:
    try:
        moment = datetime.fromisoformat(created)
    except ValueError as exc:
        msg = f"moment of the document {created!r} is not ISO 8601"
        raise InputError(msg) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@cache
def _fonts() -> "Fonts":
    import typst

    with as_file(files("corcal.report") / "fonts") as ours:
        paths = [ours, _dejavu()]
        return typst.Fonts(include_system_fonts=False, font_paths=paths)


def _dejavu() -> Path:
    """Folder of the fonts that come with matplotlib, found without importing it."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        msg = "the fonts of matplotlib are not installed"
        raise InputError(msg)
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
