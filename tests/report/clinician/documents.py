"""What a document holds, taken out of its blocks."""

from collections.abc import Iterator
from dataclasses import dataclass, field

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


@dataclass
class Found:
    """The texts, tables, pictures and spans of a document in order."""

    texts: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)


def blocks_of(document: Document) -> Found:
    found = Found()
    for block in _flat(document.blocks):
        if isinstance(block, Table):
            found.tables.append(block)
        if isinstance(block, Picture):
            found.pictures.append(block)
        for text in _texts(block):
            parts = (text,) if isinstance(text, str) else text
            found.spans += [part for part in parts if isinstance(part, Span)]
            found.texts.append("".join(p if isinstance(p, str) else p.text for p in parts))
    return found


def texts_of(document: Document) -> list[str]:
    return blocks_of(document).texts


def tables_of(document: Document) -> list[Table]:
    return blocks_of(document).tables


def _flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Notice):
            yield from _flat(block.blocks)
        if isinstance(block, Beside):
            for column in block.columns:
                yield from _flat(column)


def _texts(block: Block) -> list[Text]:
    match block:
        case Heading() | Paragraph():
            return [block.text]
        case Bullets():
            return list(block.items)
        case Facts():
            return [part for row in block.rows for part in row]
        case Notice():
            return [block.title]
        case Table():
            rows = [*block.rows, *([block.foot] if block.foot else [])]
            return [*block.head, *(cell for row in rows for cell in row)]
        case Picture():
            return [block.caption]
        case Beside():
            return []
