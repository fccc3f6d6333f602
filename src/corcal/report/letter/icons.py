"""A picture of 100 people, so many of them dark: a chance that can be counted."""

from corcal.report.drawing import Drawing

__all__ = ["DARK", "LIGHT", "icons_svg"]

DARK, LIGHT, EDGE = "#1B4F78", "#FFFFFF", "#5E7688"
"""Who is counted is dark and full, who is not is an empty outline: also without colours."""

_ROWS = _COLUMNS = 10
_STEP = 24.0
_GAP = 8.0  # after five, so that tens and fives are seen
_HEAD, _BODY = 4.2, 7.6


def icons_svg(count: int, *, alt: str) -> bytes:
    """Draw 100 people, row by row, the first `count` of them dark.

    Parameters
    ----------
    count : int
        0 to 100.
    alt : str
        What it shows, in words.

    Returns
    -------
    bytes
        SVG.
    """
    side = _STEP * _ROWS + _GAP
    drawing = Drawing(width=side, height=side, title=alt)
    for number in range(_ROWS * _COLUMNS):
        row, column = divmod(number, _COLUMNS)
        _person(drawing, _at(column), _at(row), is_dark=number < count)
    return drawing.svg()


def _at(place: int) -> float:
    """Return the middle of a column or row."""
    half = _ROWS // 2
    return (place + 0.5) * _STEP + (_GAP if place >= half else 0.0)


def _person(drawing: Drawing, x: float, y: float, *, is_dark: bool) -> None:
    """Draw a head, and shoulders below it."""
    fill, stroke = (DARK, DARK) if is_dark else (LIGHT, EDGE)
    drawing.circle(x, y - 5.6, _HEAD, fill=fill, stroke=stroke, line=1.3)
    left, right, top, bottom = x - _BODY, x + _BODY, y + 0.4, y + 9.4
    drawing.path(
        f"M{left:.1f} {bottom:.1f}V{top + 5:.1f}Q{left:.1f} {top:.1f} {left + 5:.1f} {top:.1f}"
        f"H{right - 5:.1f}Q{right:.1f} {top:.1f} {right:.1f} {top + 5:.1f}V{bottom:.1f}Z",
        fill=fill,
        stroke=stroke,
        line=1.3,
    )
