"""A small drawing as SVG: shapes, and words as outlines so that they look alike everywhere."""

from functools import cache, lru_cache
from html import escape
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

__all__ = ["Drawing", "text_width"]

_FONT = "SourceSans3.ttf"  # of the documents; its weights are one variable font
_REGULAR, _BOLD = 400, 700
_DECIMALS = 1


class Drawing:
    """Shapes on a white page; y grows downwards.

    Parameters
    ----------
    width, height : float
        Of the drawing, in its own units.
    title : str
        What it shows, in words.
    """

    def __init__(self, *, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self._parts: list[str] = []

    def rectangle(self, x: float, y: float, width: float, height: float, *, fill: str) -> None:
        """Fill a rectangle from its upper left corner."""
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
            f'fill="{fill}"/>'
        )

    def circle(
        self, x: float, y: float, radius: float, *, fill: str, stroke: str = "none", line: float = 1
    ) -> None:
        """Draw a circle around a point."""
        self._parts.append(
            f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" '
            f'stroke="{stroke}" stroke-width="{_n(line)}"/>'
        )

    def path(self, data: str, *, fill: str, stroke: str = "none", line: float = 1) -> None:
        """Draw a path of SVG."""
        self._parts.append(
            f'<path d="{data}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(line)}"/>'
        )

    def line(self, *points: tuple[float, float], stroke: str, line: float) -> None:
        """Draw a line through points."""
        data = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        self.path(data, fill="none", stroke=stroke, line=line)

    def text(
        self, x: float, y: float, words: str, size: float, *, fill: str, is_bold: bool = False
    ) -> None:
        """Write words centred on `x`, with their baseline at `y`, as outlines."""
        data, width = _outlines(words, is_bold)
        left = x - width * size / 2
        self._parts.append(
            f'<path transform="translate({_n(left)} {_n(y)}) scale({size / 100:.4f})" '
            f'd="{data}" fill="{fill}"/>'
        )

    def svg(self) -> bytes:
        """Give the file."""
        size = f"{_n(self.width)} {_n(self.height)}"
        width, height = size.split()
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
            f'width="{width}" height="{height}" role="img">'
            f"<title>{escape(self.title)}</title>"
        )
        return "".join((head, *self._parts, "</svg>\n")).encode()


def text_width(words: str, size: float, *, is_bold: bool = False) -> float:
    """Measure words as `Drawing.text` writes them."""
    return _outlines(words, is_bold)[1] * size


@lru_cache(maxsize=256)
def _outlines(words: str, is_bold: bool) -> tuple[str, float]:
    """Give words of size 100 as SVG path data, and their width in units of the size."""
    from fontTools.pens.svgPathPen import SVGPathPen
    from fontTools.pens.transformPen import TransformPen

    font, names = _font()
    glyphs = font.getGlyphSet(location={"wght": _BOLD if is_bold else _REGULAR})
    scale = 100 / font["head"].unitsPerEm
    pen, x = SVGPathPen(glyphs, ntos=_n), 0.0
    for letter in words:
        glyph = glyphs[names.get(ord(letter), ".notdef")]
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, x, 0)))
        x += glyph.width * scale
    return pen.getCommands(), x / 100


@cache
def _font() -> tuple["TTFont", dict[int, str]]:
    """Open the font of the documents once; its letters by code point."""
    from fontTools.ttLib import TTFont  # a tenth of a second, only for a letter with a drawing

    data = (files("corcal.report") / "fonts" / _FONT).read_bytes()
    font = TTFont(BytesIO(data))
    return font, font.getBestCmap()


def _n(value: float) -> str:
    """Write a coordinate: as short as it can be, and never ``-0``."""
    text = f"{value:.{_DECIMALS}f}".removesuffix(".0")
    return "0" if text == "-0" else text
