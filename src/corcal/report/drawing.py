"""A small drawing as SVG: shapes, and words as outlines so that they look alike everywhere."""

from functools import lru_cache
from html import escape
from typing import Literal

from corcal.report.glyphs import UNITS_PER_EM, glyph

__all__ = ["Anchor", "Drawing", "text_width"]

Anchor = Literal["start", "middle", "end"]
_ANCHORS: dict[Anchor, float] = {"start": 0.0, "middle": 0.5, "end": 1.0}  # part of the width

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

    def path(
        self,
        data: str,
        *,
        fill: str,
        stroke: str = "none",
        line: float = 1,
        dashes: tuple[float, ...] = (),
    ) -> None:
        """Draw a path of SVG; `dashes` are lengths of line and gap in turn."""
        dashed = f' stroke-dasharray="{" ".join(map(_n, dashes))}"' if dashes else ""
        self._parts.append(
            f'<path d="{data}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(line)}"{dashed}/>'
        )

    def line(
        self,
        *points: tuple[float, float],
        stroke: str,
        line: float,
        dashes: tuple[float, ...] = (),
    ) -> None:
        """Draw a line through points."""
        self.path(_through(points), fill="none", stroke=stroke, line=line, dashes=dashes)

    def area(self, *points: tuple[float, float], fill: str) -> None:
        """Fill what a line through points encloses."""
        self.path(f"{_through(points)}Z", fill=fill)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        fill: str,
        is_bold: bool = False,
        anchor: Anchor = "middle",
        halo: float = 0,
    ) -> None:
        """Write words as outlines, with their baseline at `y`.

        `x` is where they begin, have their middle, or end (`anchor`); a `halo` of white, so wide,
        keeps them legible over lines.
        """
        data, width = _outlines(words, is_bold)
        left = x - width * size * _ANCHORS[anchor]
        place = (
            f'transform="translate({_n(left)} {_n(y)}) scale({size / UNITS_PER_EM:.5f})" d="{data}"'
        )
        if halo:
            line = _n(2 * halo * UNITS_PER_EM / size)
            self._parts.append(
                f'<path {place} fill="none" stroke="#FFFFFF" stroke-width="{line}" '
                'stroke-linejoin="round"/>'
            )
        self._parts.append(f'<path {place} fill="{fill}"/>')

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
    """Give words as SVG path data in units of the font, and their width in units of the size."""
    parts, x = [], 0
    for letter in words:
        found = glyph(letter, is_bold=is_bold)
        parts += [f"M{x + left} {top}{path}" for left, top, path in found.contours]
        x += found.advance
    return "".join(parts), x / UNITS_PER_EM


def _through(points: tuple[tuple[float, float], ...]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """Write a coordinate: as short as it can be, and never ``-0``."""
    text = f"{value:.{_DECIMALS}f}".removesuffix(".0")
    return "0" if text == "-0" else text
