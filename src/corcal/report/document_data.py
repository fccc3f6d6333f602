"""A `Document` as the data that the template of the PDF reads."""

import re
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, TypeAlias

from corcal.errors import InputError
from corcal.report.document import (
    Beside,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Notice,
    Paragraph,
    Picture,
    Span,
    Table,
    Text,
)
from corcal.report.outline import Outline
from corcal.report.plain_text import (
    in_lines,
    in_one_line,
    isolated,
    runs_right_to_left,
    shown_text,
    writing_direction,
)

__all__ = ["document_data", "seen_letters", "with_codes"]

_Data: TypeAlias = dict[str, Any]  # JSON: made here, read by the template alone
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Za-z]{2}))?")
_ENDINGS = {"image/png": "png", "image/svg+xml": "svg"}


def document_data(document: Document) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Turn a document into data, and its pictures into files by the names that the data has.

    Parameters
    ----------
    document : Document

    Returns
    -------
    (dict, dict of str to bytes)
        The first can be written as JSON.

    Raises
    ------
    InputError
        If the title or the alternative text of a picture is empty, or the language is no BCP 47
        tag.
    """
    title = in_one_line(document.title)
    if not title:
        msg = "a document needs a title, found an empty one"
        raise InputError(msg)
    language, region = _language(document.language)
    writer = _Writer()
    data = {
        "title": title,
        "subtitle": writer.text(document.subtitle),
        "language": language,
        "region": region,
        "direction": writing_direction(document.language),
        "blocks": writer.blocks(document.blocks),
        "footer": writer.text(document.footer),
        "page_numbers": shown_text(document.page_numbers),
        "paper": document.style.paper,
        "text_pt": document.style.text_pt,
    }
    return data, writer.pictures


def _language(tag: str) -> tuple[str, str | None]:
    found = _LANGUAGE.fullmatch(tag)
    if found is None:
        msg = f"language {tag!r} is no BCP 47 tag such as 'en' or 'es-MX'"
        raise InputError(msg)
    return found[1].lower(), found[2] and found[2].lower()


def seen_letters(data: object) -> frozenset[str]:
    """Every character in the data of a document."""
    found: set[str] = set()

    def seen(text: str) -> str:
        found.update(text)
        return text

    _replaced(data, seen)
    return frozenset(found)


def with_codes(data: dict[str, Any], missing: frozenset[str]) -> dict[str, Any]:
    """Write the characters in `missing` by their codes, such as ``[U+738B]``."""
    if not missing:
        return data
    codes = {ord(letter): f"[U+{ord(letter):04X}]" for letter in missing}
    coded: dict[str, Any] = _replaced(data, lambda text: text.translate(codes))
    return coded


def _replaced(data: Any, change: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: _replaced(value, change) for key, value in data.items()}
    if isinstance(data, list):
        return [_replaced(value, change) for value in data]
    return data


class _Writer:
    """Blocks into data, collecting their pictures."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self._outline = Outline()

    def blocks(self, blocks: tuple[Block, ...]) -> list[_Data]:
        return [
            self.block(block, announces=_announces(block, after))
            for block, after in zip_longest(blocks, blocks[1:])
        ]

    def block(self, block: Block, *, announces: bool) -> _Data:
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph():
                text = self.text(block.text)
                return {
                    "kind": "paragraph",
                    "role": block.role,
                    "text": text,
                    "announces": announces,
                }
            case Bullets():
                items = [self.text(item) for item in block.items]
                return {"kind": "bullets", "items": items, "numbered": block.is_numbered}
            case Facts():
                rows = [[self.text(name), self.text(value)] for name, value in block.rows]
                return {"kind": "facts", "rows": rows, "columns": max(1, block.columns)}
            case Table():
                return self._table(block)
            case Picture():
                return self._picture(block)
            case Notice():
                title = self.text(block.title)
                inside = self.blocks(block.blocks)
                return {"kind": "notice", "level": block.kind, "title": title, "blocks": inside}
            case Beside():
                columns = [self.blocks(column) for column in block.columns]
                return {"kind": "beside", "columns": columns, "widths": list(block.widths)}

    def text(self, text: Text) -> list[_Data]:
        runs: list[_Data] = []
        for part in (text,) if isinstance(text, str) else text:
            style = part.style if isinstance(part, Span) else "plain"
            lines = in_lines(part.text if isinstance(part, Span) else part)
            for k, line in enumerate(lines):
                if k:
                    runs.append({"text": "\n", "style": "break"})
                if line:
                    alone = isinstance(part, Span) and runs_right_to_left(line)
                    runs.append({"text": isolated(line) if alone else line, "style": style})
        return runs

    def _heading(self, heading: Heading) -> _Data:
        level = self._outline.level(heading)
        text = in_one_line(heading.text)
        return {"kind": "heading", "level": level, "look": heading.level, "text": text}

    def _table(self, table: Table) -> _Data:
        return {
            "kind": "table",
            "caption": in_one_line(table.caption),
            "shows_caption": table.shows_caption,
            "head": [self.text(name) for name in table.head],
            "rows": [[self.text(cell) for cell in row] for row in table.rows],
            "foot": None if table.foot is None else [self.text(cell) for cell in table.foot],
            "numeric": sorted(table.numeric),
        }

    def _picture(self, picture: Picture) -> _Data:
        alt = in_one_line(picture.alt)
        if not alt:
            msg = "a picture needs its alternative text, found an empty one"
            raise InputError(msg)
        name = f"picture{len(self.pictures)}.{_ENDINGS[picture.media_type]}"
        self.pictures[name] = picture.data
        caption = self.text(picture.caption)
        width = min(1.0, max(0.05, picture.width))
        return {"kind": "picture", "name": name, "alt": alt, "caption": caption, "width": width}


def _announces(block: Block, after: Block | None) -> bool:
    """Whether a paragraph ends in a colon, so that the list or table after it belongs to it."""
    if not isinstance(block, Paragraph) or not isinstance(after, Bullets | Facts | Table):
        return False
    last = block.text if isinstance(block.text, str) else block.text[-1:]
    words = last if isinstance(last, str) else "".join(map(_words, last))
    return words.rstrip().endswith(":")


def _words(part: str | Span) -> str:
    return part.text if isinstance(part, Span) else part
