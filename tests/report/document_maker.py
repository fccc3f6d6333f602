"""Documents with every kind of block, ordinary and awkward."""

import io
from collections.abc import Iterator

from PIL import Image

from corcal.report.document import (
    Beside,
    Block,
    Bullets,
    Document,
    Facts,
    Heading,
    Notice,
    PageStyle,
    Paragraph,
    Picture,
    Span,
    Table,
    Text,
)

__all__ = ["HOSTILE", "document", "every_block", "hostile_document", "png", "svg", "texts"]

_USUAL = PageStyle()

HOSTILE = (
    '#panic[no] #read("/etc/passwd") #import "@preview/x:1.0.0"',
    "$x^2$ @ref <label> *bold* _italic_ `code` = heading - item + item / term: x",
    "// comment /* comment */ \\ backslash \\u{41} \\n ~ --- ... 'quotes' \"quotes\"",
    "<script>alert(1)</script> <img src=x onerror=alert(1)> &amp; &#65; </style></title>",
    "{{ template }} ${dollar} %s %(x)s {0} {page} {pages}",
    "]]> <!-- --> <![CDATA[ x ]]>",
    "Ünïcödé ŁĄ ñ ≥ ≤ ± µ \u00d7 \u2212 ½ ² ³ → € Ελληνικά Кириллица",
    "שלום בן־דוד",
    "محمد علي",
)


def png(width: int = 400, height: int = 300) -> bytes:
    """Picture with an orange block on dark blue."""
    image = Image.new("RGB", (width, height), (40, 60, 90))
    image.paste((240, 90, 60), (width // 3, height // 3, width // 2, height // 2))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def svg() -> bytes:
    """Drawing of a bar, without text."""
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 60">'
        b'<rect x="0" y="20" width="400" height="20" fill="#c9d0d8"/>'
        b'<rect x="0" y="20" width="260" height="20" fill="#17457f"/></svg>'
    )


def document(
    *blocks: Block, title: str = "Coronary calcium report", style: PageStyle = _USUAL
) -> Document:
    """Document of the blocks, or of `every_block`."""
    return Document(
        title=title,
        subtitle=(Span(text="Doe, Jane", style="strong"), " · born 1961-03-04 · ID 4711"),
        language="en",
        blocks=blocks or every_block(),
        footer="Research use only: not cleared for diagnosis. Exam 4711, 2026-03-04.",
        created="2026-03-04T10:11:12+01:00",
        style=style,
    )


def every_block(rows: int = 5) -> tuple[Block, ...]:
    """One of each block at least, with a second table of so many rows."""
    return (
        Beside(columns=(_number(), (_facts(),)), widths=(1, 2)),
        Paragraph(text="Severe calcification in three arteries.", role="lead"),
        Notice(
            kind="caution",
            title="Fit for scoring, with two caveats",
            blocks=(Bullets(items=("Noise is 27 HU.", ("Slices are ", _strong("2.5 mm"), "."))),),
        ),
        Heading(text="Calcium by artery"),
        _arteries(),
        Beside(
            columns=((_picture("Seen from the front"),), (_picture("Slice 31"),)), widths=(1, 1)
        ),
        Heading(text="What is advised"),
        Notice(kind="info", title="Guidance", blocks=(Paragraph(text="A statin is advised."),)),
        Notice(kind="urgent", title="Call at once", blocks=(Paragraph(text="With chest pain."),)),
        Heading(text="How it was made", level=2),
        Facts(rows=tuple((f"Name {k}", f"1.2.840.113619.2.55.{k}") for k in range(5)), columns=2),
        Bullets(items=("First this.", "Then that.", "Last."), is_numbered=True),
        Picture(data=svg(), media_type="image/svg+xml", alt="A bar, two thirds full", width=0.5),
        Heading(text="Lesions"),
        _lesions(rows),
        Paragraph(text="Small print comes last.", role="note"),
    )


def hostile_document(style: PageStyle = _USUAL) -> Document:
    """What is dangerous to markup, in every place that takes text."""
    blocks: list[Block] = []
    for k, words in enumerate(HOSTILE):
        blocks += [
            Heading(text=f"{k} {words}"),
            Paragraph(text=(words, Span(text=f" {words}", style="strong"))),
            Bullets(items=(words,)),
            Facts(rows=((words, words),)),
            Table(caption=words, head=(words, "B"), rows=((words, words),), shows_caption=True),
            Picture(data=svg(), media_type="image/svg+xml", alt=words, caption=words, width=0.2),
            Notice(kind="info", title=words, blocks=(Paragraph(text=words),)),
        ]
    return Document(
        title=HOSTILE[0],
        subtitle=HOSTILE[3],
        language="en",
        blocks=tuple(blocks),
        footer=HOSTILE[2],
        created="2026-03-04T10:11:12Z",
        style=style,
    )


def texts(document: Document) -> list[str]:
    """Every text of a document that is seen, in the order of reading."""
    return [document.title, _plain(document.subtitle), *_of_blocks(document.blocks)]


def _of_blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading() | Paragraph():
                yield _plain(block.text)
            case Bullets():
                yield from map(_plain, block.items)
            case Facts():
                yield from (_plain(text) for row in block.rows for text in row)
            case Table():
                yield from [block.caption] if block.shows_caption else []
                yield from block.head
                yield from (_plain(cell) for row in (*block.rows, block.foot or ()) for cell in row)
            case Picture():
                yield block.caption
            case Notice():
                yield block.title
                yield from _of_blocks(block.blocks)
            case Beside():
                for column in block.columns:
                    yield from _of_blocks(column)


def _plain(text: Text) -> str:
    parts = (text,) if isinstance(text, str) else text
    return "".join(part.text if isinstance(part, Span) else part for part in parts)


def _strong(text: str) -> Span:
    return Span(text=text, style="strong")


def _number() -> tuple[Block, ...]:
    return (
        Paragraph(text=(Span(text="412", style="big"),)),
        Paragraph(text=("Agatston score, ", Span(text="likely 371 to 455", style="muted"))),
    )


def _facts() -> Facts:
    rows = (("Category", "Severe"), ("CAC-DRS", "A3/N3"), ("Percentile", "91st, women aged 64"))
    return Facts(rows=rows)


def _picture(caption: str) -> Picture:
    alt = f"{caption}: an orange block"
    return Picture(data=png(), media_type="image/png", alt=alt, caption=caption, width=0.6)


def _arteries() -> Table:
    return Table(
        caption="Agatston score, volume and mass of each artery",
        head=("Artery", "Agatston", "Volume, mm³", "Mass, mg"),
        rows=(
            ("Left main", "0", "0", "0"),
            ("Left anterior descending", "281", "233.4", "51.2"),
            ("Circumflex", "11", "12.0", "1.9"),
            ("Right coronary", "120", "101.3", "22.5"),
        ),
        foot=("Total", "412", "346.7", "75.6"),
        numeric=frozenset({1, 2, 3}),
    )


def _lesions(rows: int) -> Table:
    why = "It lies on the pathway of the artery, 2 mm from its middle, far from the aortic wall."
    return Table(
        caption="Every lesion that counts",
        head=("Lesion", "Artery", "Agatston", "Peak, HU", "Why it was taken for this artery"),
        rows=[
            (f"L{k}", "Left anterior descending", f"{7 * k}.3", f"{200 + k}", why)
            for k in range(rows)
        ],
        numeric=frozenset({2, 3}),
        shows_caption=True,
    )
