"""PDF files read back: their words, their structure, where their letters stand."""

import io
import re
from collections.abc import Iterator
from typing import Any

import pypdf
import pypdfium2

__all__ = ["alternatives", "letters_outside", "page_count", "roles", "structure", "words_of"]

_UNSEEN = re.compile("[\u200b\u200e\u200f\u2066-\u2069]")


def words_of(pdf: bytes) -> str:
    """Text of all pages without any white space, where lines are broken as the page needs."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return bare("".join(page.extract_text() for page in pages))


def bare(text: str) -> str:
    """`text` without white space and without marks that have no look."""
    return "".join(_UNSEEN.sub("", text).split())


def page_count(pdf: bytes) -> int:
    return len(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def root(pdf: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"].get_object()


def structure(pdf: bytes) -> list[Any]:
    """Elements of the structure tree, in the order of reading."""
    return list(_elements(root(pdf)["/StructTreeRoot"].get_object()))


def roles(pdf: bytes) -> list[str]:
    return [str(element["/S"])[1:] for element in structure(pdf)]


def alternatives(pdf: bytes) -> list[str]:
    """Alternative texts of the figures."""
    return [str(e["/Alt"]) for e in structure(pdf) if e["/S"] == "/Figure"]


def letters_outside(pdf: bytes, *, margin_pt: float = 0.0) -> list[str]:
    """Letters that are not wholly inside their page less a margin, with their page's number."""
    outside = []
    document = pypdfium2.PdfDocument(pdf)
    for k, page in enumerate(document, start=1):
        width, height = page.get_size()
        text = page.get_textpage()
        for i in range(text.count_chars()):
            letter = text.get_text_range(i, 1)
            if letter.isspace() or _UNSEEN.match(letter):  # some are made up by the reader
                continue
            left, bottom, right, top = text.get_charbox(i)
            if (
                left < margin_pt
                or bottom < margin_pt
                or right > width - margin_pt
                or top > height - margin_pt
            ):
                outside.append(
                    f"page {k}: {letter!r} at {left:.0f} {bottom:.0f} {right:.0f} {top:.0f}"
                )
    document.close()
    return outside


def _elements(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if "/S" in node:
        yield node
    if "/K" not in node:
        return
    kids = node["/K"].get_object()
    for kid in kids if isinstance(kids, list) else [kids]:
        if not isinstance(kid, int) and "/MCID" not in kid.get_object():
            yield from _elements(kid)
