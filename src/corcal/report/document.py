"""What a report says, apart from how it looks: one content, written as PDF and as HTML.

A `Document` is made of blocks. `corcal.report.document_pdf` sets it as a tagged PDF,
`corcal.report.document_html` as one HTML file; both show the same blocks in the same order, so a
number cannot differ between them. Text is plain text: the writers escape it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Beside",
    "Block",
    "Bullets",
    "Document",
    "Facts",
    "Heading",
    "Notice",
    "PageStyle",
    "Paragraph",
    "Picture",
    "Span",
    "Table",
    "Text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A few words that look different.

    Attributes
    ----------
    text : str
        Plain text.
    style : {"strong", "muted", "big"}
        ``"big"`` is for the one number that a reader looks for.
    """

    text: str
    style: Literal["strong", "muted", "big"]


Text: TypeAlias = str | tuple[str | Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; level 1 is a part of the document, its title stands by itself."""

    text: str
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph; ``"lead"`` stands out, ``"note"`` is small and quiet."""

    text: Text
    role: Literal["body", "lead", "note"] = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list."""

    items: tuple[Text, ...]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values, side by side in so many columns of pairs."""

    rows: tuple[tuple[str, Text], ...]
    columns: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; the first cell of a row heads it.

    Attributes
    ----------
    caption : str
        What it holds: read out by screen readers, and seen above the table if `shows_caption`.
    head : sequence of str
        One name a column.
    rows : sequence of rows, each a sequence of Text
    foot : sequence of Text or None
        A last row, such as a total.
    numeric : frozenset of int
        Columns that hold numbers: set to the right.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Text]]
    foot: Sequence[Text] | None = None
    numeric: frozenset[int] = frozenset()
    shows_caption: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture in the document.

    Attributes
    ----------
    data : bytes
        PNG or SVG.
    media_type : {"image/png", "image/svg+xml"}
    alt : str
        What it shows, in words, for who cannot see it. Never empty.
    caption : str
        Below it; may be empty.
    width : float
        Of the column that it stands in, 0 to 1.
    """

    data: bytes
    media_type: Literal["image/png", "image/svg+xml"]
    alt: str
    caption: str = ""
    width: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A box that must be seen."""

    kind: Literal["info", "caution", "urgent"]
    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Columns of blocks side by side; one below the other on a narrow screen.

    Attributes
    ----------
    columns : tuple of tuple of Block
    widths : tuple of float
        Relative, one a column.
    """

    columns: tuple[tuple["Block", ...], ...]
    widths: tuple[float, ...]


Block: TypeAlias = Heading | Paragraph | Bullets | Facts | Table | Picture | Notice | Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStyle:
    """Paper and size of the text.

    Attributes
    ----------
    paper : {"a4", "us-letter"}
    text_pt : float
        Size of the text, points; everything else follows it. Large print is 16 and more.
    """

    paper: Literal["a4", "us-letter"] = "a4"
    text_pt: float = 9.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report.

    Attributes
    ----------
    title : str
        Stands at the top and in the properties of the file.
    subtitle : Text
        Below the title, such as who it is about.
    language : str
        BCP 47, such as ``"en"`` or ``"es"``: hyphenation, screen readers.
    blocks : tuple of Block
    footer : str
        On every page, such as the statement of research use and the exam's name.
    created : str
        ISO 8601 moment of the record that it shows; the files carry it, so that the same record
        gives the same bytes.
    style : PageStyle
    page_numbers : str
        In the document's language, at the foot of each printed page; ``{page}`` and ``{pages}``
        are filled in.
    fits_pages : int or None
        Set a little closer if it then has no more printed pages than these; else nothing is
        changed. Not for large print.
    """

    title: str
    subtitle: Text
    language: str
    blocks: tuple[Block, ...]
    footer: str
    created: str
    style: PageStyle = PageStyle()
    page_numbers: str = "Page {page} of {pages}"
    fits_pages: int | None = None
