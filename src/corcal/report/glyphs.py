"""Letters as outlines in units of the font: of the usual ones from a file, of others from the font.

Reading the variable font takes a fifth of a second, most of it for importing what interpolates
between its weights; ``fonts/outlines.json`` has what it gives for the letters of western Europe.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

__all__ = ["STORED", "UNITS_PER_EM", "Glyph", "glyph", "glyph_of_font"]

UNITS_PER_EM = 1000
STORED = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) + (
    "\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}\N{EN DASH}\N{EM DASH}\N{LEFT SINGLE QUOTATION MARK}"
    "\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    "\N{HORIZONTAL ELLIPSIS}\N{MINUS SIGN}\N{LESS-THAN OR EQUAL TO}\N{GREATER-THAN OR EQUAL TO}"
)
"""The letters in the file."""

_FOLDER = files("corcal.report") / "fonts"
_FONT, _OUTLINES = "SourceSans3.ttf", "outlines.json"
_WEIGHTS = (400, 700)  # regular, bold


class Glyph(NamedTuple):
    """A letter; y grows downwards from the baseline.

    Attributes
    ----------
    advance : int
        How far the next letter stands.
    contours : tuple of (int, int, str)
        Where each begins, and from there an SVG path in relative commands.
    """

    advance: int
    contours: tuple[tuple[int, int, str], ...]


def glyph(letter: str, *, is_bold: bool) -> Glyph:
    """Give the outline of a character; of one that the font lacks, its box for such."""
    stored = _stored().get(letter)
    if stored is None:
        return glyph_of_font(letter, is_bold=is_bold)
    advance, contours = stored[is_bold]
    return Glyph(advance=advance, contours=contours)


@cache
def _stored() -> dict[str, Any]:
    """Read the file: by letter, regular and bold."""
    found: dict[str, Any] = json.loads((_FOLDER / _OUTLINES).read_text(encoding="utf-8"))
    return found


@cache
def glyph_of_font(letter: str, *, is_bold: bool) -> Glyph:
    """Read the same from the font."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen

    font, names = _font()
    glyphs = font.getGlyphSet(location={"wght": _WEIGHTS[is_bold]})
    found, pen = glyphs[names.get(ord(letter), ".notdef")], DecomposingRecordingPen(glyphs)
    found.draw(pen)
    contours: list[tuple[int, int, str]] = []
    (left, top), (x, y), path = (0, 0), (0, 0), ""
    for command, points in pen.value:
        if command == "moveTo":
            (left, top), path = _whole(points[0]), ""
            x, y = left, top
        elif command == "closePath":
            contours.append((left, top, f"{path}z"))
        else:
            for name, places in _segments(command, points):
                path += name + " ".join(f"{px - x} {py - y}" for px, py in places)
                x, y = places[-1]
    return Glyph(advance=round(found.width), contours=tuple(contours))


def _segments(command: str, points: Any) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Give the commands of SVG for a line, or for a curve through any number of points."""
    from fontTools.pens.basePen import decomposeQuadraticSegment

    if command == "lineTo":
        yield "l", [_whole(points[0])]
        return
    for control, end in decomposeQuadraticSegment(points):
        yield "q", [_whole(control), _whole(end)]


def _whole(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0]), -round(point[1])


@cache
def _font() -> tuple["TTFont", dict[int, str]]:
    """Open the font of the documents once; its letters by code point."""
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO((_FOLDER / _FONT).read_bytes()))
    return font, font.getBestCmap()
