"""A `Document` as one HTML file that needs no other and runs nothing."""

import base64
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

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
from corcal.report.markup import Markup, joined, tag
from corcal.report.outline import Outline
from corcal.report.plain_text import in_lines, in_one_line, with_units_kept, writing_direction

__all__ = ["document_html"]

_USUAL_TEXT_PT = 12.0  # up to here a screen shows its usual size
_LARGE_TEXT_PT = 14.0  # from here columns are set one below the other, as in the PDF
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})")
_SIGNS = {"info": "i", "caution": "!", "urgent": "!!"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What a block needs to know of its page."""

    is_large: bool
    outline: Outline


def document_html(document: Document) -> str:
    """Write a document as HTML: the blocks of `document_pdf`, in the same order.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        A whole page with its style and pictures inside; it has no script and loads nothing.

    Raises
    ------
    InputError
        If the title, or the alternative text of a picture, is empty.
    """
    title = in_one_line(document.title)
    if not title:
        msg = "a document needs a title, found an empty one"
        raise InputError(msg)
    page = tag("div", _header(document, title), _main(document), _footer(document), class_="page")
    here = files("corcal.report")
    return Template((here / "document.html").read_text(encoding="utf-8")).substitute(
        language=joined(in_one_line(document.language)),
        direction=writing_direction(document.language),
        created=joined(in_one_line(document.created)),
        title=joined(title),
        style=(here / "document.css").read_text(encoding="utf-8") + _paper(document),
        body=page,
    )


def _paper(document: Document) -> str:
    style = document.style
    paper = {"a4": "A4", "us-letter": "letter"}[style.paper]
    scale = max(1.0, float(style.text_pt) / _USUAL_TEXT_PT)
    return (
        f"@page {{ size: {paper}; margin: 16mm 18mm; }}\n"
        f":root {{ --print: {scale:.3g}; --print-size: {float(style.text_pt):g}pt; }}\n"
    )


def _header(document: Document, title: str) -> Markup:
    subtitle = tag("p", _text(document.subtitle), class_="subtitle") if document.subtitle else ""
    return tag("header", tag("h1", title), subtitle)


def _main(document: Document) -> Markup:
    is_large = document.style.text_pt >= _LARGE_TEXT_PT
    return tag("main", _blocks(document.blocks, _Page(is_large=is_large, outline=Outline())))


def _footer(document: Document) -> Markup:
    return tag("footer", _text(document.footer)) if document.footer else joined()


def _blocks(blocks: tuple[Block, ...], page: _Page) -> Markup:
    return joined(*(joined(_block(block, page), "\n") for block in blocks))


def _block(block: Block, page: _Page) -> Markup:
    match block:
        case Heading():
            return tag(f"h{page.outline.level(block)}", in_one_line(block.text))
        case Paragraph():
            role = None if block.role == "body" else block.role
            return tag("p", _text(block.text), class_=role)
        case Bullets():
            items = (tag("li", _text(item)) for item in block.items)
            return tag("ol" if block.is_numbered else "ul", *items)
        case Facts():
            return _facts(block, page)
        case Table():
            return _table(block)
        case Picture():
            return _picture(block)
        case Notice():
            return _notice(block, page)
        case Beside():
            return _beside(block, page)


def _text(text: Text) -> Markup:
    return joined(*(_run(part) for part in ((text,) if isinstance(text, str) else text)))


def _run(part: str | Span) -> Markup:
    words = _lines(part.text if isinstance(part, Span) else part)
    if not isinstance(part, Span):
        return words
    # with a direction of its own, so that a name in Hebrew does not turn the date after it
    if part.style == "strong":
        return tag("strong", words, dir="auto")
    return tag("span", words, class_=part.style, dir="auto")


def _lines(text: str) -> Markup:
    first, *others = in_lines(with_units_kept(text))
    return joined(_line(first), *(part for line in others for part in (tag("br"), _line(line))))


def _line(text: str) -> Markup:
    """Keep each date in one line: browsers break after a hyphen."""
    parts = _DATE.split(text)
    return joined(*(tag("span", p, class_="whole") if k % 2 else p for k, p in enumerate(parts)))


def _facts(facts: Facts, page: _Page) -> Markup:
    columns = 1 if page.is_large else max(1, facts.columns)
    rows = max(1, math.ceil(len(facts.rows) / columns))
    pairs = (
        tag("div", tag("dt", _lines(name)), tag("dd", _text(value))) for name, value in facts.rows
    )
    if columns == 1:
        return tag("dl", *pairs, class_="facts")
    style = f"--columns: repeat({columns}, minmax(0, 1fr)); --rows: repeat({rows}, auto)"
    return tag("dl", *pairs, class_="facts many", style=style)


def _table(table: Table) -> Markup:
    caption = in_one_line(table.caption)
    named = tag("caption", tag("span", caption, class_=None if table.shows_caption else "unseen"))
    head = tag("thead", _row(table, table.head, "col"))
    body = tag("tbody", *(_row(table, row, "row") for row in table.rows))
    foot = "" if table.foot is None else tag("tfoot", _row(table, table.foot, "row"))
    inside = tag("table", named, head, body, foot)
    return tag("div", inside, class_="scroll", role="region", aria_label=caption, tabindex="0")


def _row(table: Table, cells: Sequence[Text], scope: str) -> Markup:
    padded = (*cells, *("" for _ in range(len(table.head) - len(cells))))
    return tag(
        "tr",
        *(
            tag(
                "th" if k == 0 or scope == "col" else "td",
                _text(cell),
                scope=scope if k == 0 or scope == "col" else None,
                class_="number" if k in table.numeric else None,
            )
            for k, cell in enumerate(padded)
        ),
    )


def _picture(picture: Picture) -> Markup:
    alt = in_one_line(picture.alt)
    if not alt:
        msg = "a picture needs its alternative text, found an empty one"
        raise InputError(msg)
    data = base64.b64encode(picture.data).decode("ascii")
    image = tag("img", src=f"data:{picture.media_type};base64,{data}", alt=alt)
    caption = tag("figcaption", _lines(picture.caption)) if picture.caption else ""
    width = f"--width: {100 * min(1.0, max(0.05, picture.width)):.4g}%"
    return tag("figure", image, caption, class_="sized", style=width)


def _notice(notice: Notice, page: _Page) -> Markup:
    sign = tag("span", _SIGNS[notice.kind], class_="sign", aria_hidden="true")
    title = in_one_line(notice.title)
    name = tag("p", sign, tag("span", title), class_="name")
    inside = _blocks(notice.blocks, page)
    return tag("section", name, inside, class_=f"notice {notice.kind}", aria_label=title)


def _beside(beside: Beside, page: _Page) -> Markup:
    columns = (tag("div", _blocks(column, page)) for column in beside.columns)
    if page.is_large:
        return tag("div", *columns, class_="beside")
    shares = " ".join(f"minmax(0, {float(width):g}fr)" for width in beside.widths)
    return tag("div", *columns, class_="beside", style=f"--columns: {shares}")
