"""A `Document` as the data that the template of the PDF reads."""

import json
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
from corcal.report.plain_text import in_lines, in_one_line, shown_text

__all__ = ["document_data"]

_Data: TypeAlias = dict[str, Any]  # JSON: made here, read by the template alone
_ENDINGS = {"image/png": "png", "image/svg+xml": "svg"}


def document_data(
    document: Document, *, language: tuple[str, str | None]
) -> tuple[str, dict[str, bytes]]:
    """JSON of a document, and its pictures by the file names that the JSON has.

    Parameters
    ----------
    document : Document
    language : (str, str or None)
        Language and region, such as ``("en", None)``.

    Returns
    -------
    (str, dict of str to bytes)

    Raises
    ------
    InputError
        If the title or the alternative text of a picture is empty.
    """
    title = in_one_line(document.title)
    if not title:
        msg = "a document needs a title, found an empty one"
        raise InputError(msg)
    writer = _Writer()
    data = {
        "title": title,
        "subtitle": writer.text(document.subtitle),
        "language": language[0],
        "region": language[1],
        "blocks": writer.blocks(document.blocks),
        "footer": writer.text(document.footer),
        "page_numbers": shown_text(document.page_numbers),
        "paper": document.style.paper,
        "text_pt": document.style.text_pt,
    }
    return json.dumps(data, ensure_ascii=False), writer.pictures


class _Writer:
    """Blocks into data, collecting their pictures and keeping the order of headings."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self._last_level = 1  # of the title

    def blocks(self, blocks: tuple[Block, ...]) -> list[_Data]:
        return [self.block(block) for block in blocks]

    def block(self, block: Block) -> _Data:
        match block:
            case Heading():
                return self._heading(block)
            case Paragraph():
                return {"kind": "paragraph", "role": block.role, "text": self.text(block.text)}
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
                    runs.append({"text": line, "style": style})
        return runs

    def _heading(self, heading: Heading) -> _Data:
        # Headings of a PDF may not skip a level: screen readers walk from one to the next.
        level = min(heading.level + 1, self._last_level + 1)
        self._last_level = level
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
