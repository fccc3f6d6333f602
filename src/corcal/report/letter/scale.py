"""A picture of where a score stands: a bar of four parts, and the person's place on it.

The four parts have the same width, so that a small score can be seen; inside a part the place
follows the score. The last part has no end: its place follows the logarithm, up to 25 times its
beginning. One hue from light to dark, which every eye and every printer keeps apart.
"""

import math

from corcal.exam_numbers import is_zero_by_limit
from corcal.report.drawing import Drawing, text_width
from corcal.report.letter.case import PARTS, Case
from corcal.report.letter.language import Language
from corcal.risk.categories import SCHEMES

__all__ = ["FILLS", "INK", "INKS", "scale_alt", "scale_svg", "shows_interval"]

FILLS = ("#E8F0F6", "#BCD5E6", "#6E9FC1", "#1B4F78")
"""Colour of each part."""

INKS = ("#1A1A1A", "#1A1A1A", "#1A1A1A", "#FFFFFF")
"""Colour of the words on each part: contrast 4.5 and more."""

INK = "#1A1A1A"
_WIDTH = 400.0  # about the pixels of a telephone; a column on paper has 500 points
_LARGEST_TEXT, _SMALLEST_TEXT = 20.0, 14.5
_LAST_TIMES = 25.0  # the last part is drawn to this multiple of its beginning
_EDGE = 0.05  # a mark keeps off the edge of its part, of which it would be read as the border
_FILLED = 0.92  # of a part's width, for words
_PIN_HALF = 0.42  # of the text's size: half the width of the mark


def scale_svg(case: Case, language: Language, *, text_pt: float) -> bytes:
    """Draw the scale.

    Parameters
    ----------
    case : Case
        Its score, and the interval if there is one.
    language : Language
        Of the words.
    text_pt : float
        Of the page: the words follow it as far as they fit.

    Returns
    -------
    bytes
        SVG.
    """
    size = _text_size(case, language, text_pt)
    bar_top, bar_height = 3.2 * size, 2.1 * size
    drawing = Drawing(
        width=_WIDTH, height=bar_top + bar_height + 1.7 * size, title=scale_alt(case, language)
    )
    part = _WIDTH / len(PARTS)
    for number, name in enumerate(PARTS):
        left, middle = number * part, (number + 0.5) * part
        drawing.rectangle(left, bar_top, part - 2, bar_height, fill=FILLS[number])
        words = _name(name, case, language)
        drawing.text(middle, bar_top + bar_height / 2 + 0.36 * size, words, size, fill=INKS[number])
        words = language.text(f"scale.{name}_range")
        drawing.text(middle, bar_top + bar_height + 1.2 * size, words, size, fill=INK)
    _pin(drawing, case, language, text_pt=text_pt, bar_top=bar_top)
    return drawing.svg()


def scale_alt(case: Case, language: Language) -> str:
    """Say what the scale shows."""
    score, part = language.amount(case.score), _name(case.part, case, language)
    if case.score == 0:
        name = "scale.alt_zero_limit" if is_zero_by_limit(case.result) else "scale.alt_zero"
        return language.text(name, part=part)
    scores = language.text(f"scale.{case.part}_range")
    return language.text("scale.alt", score=score, part=part, range=scores)


def shows_interval(case: Case, language: Language, *, text_pt: float) -> bool:
    """Tell whether the scale has a line for the interval.

    Parameters
    ----------
    case, language, text_pt
        As of `scale_svg`.

    Returns
    -------
    bool
        Whether there is an interval, and its line would stand out beside the mark of the score by
        at least the width of that mark. A shorter one would be hidden by it, but for a stub.
    """
    interval = case.result.score.total.interval
    if interval is None:
        return False
    x, half = _place(case.score), _PIN_HALF * _text_size(case, language, text_pt)
    left = max(x - half - _place(interval.low), 0.0)
    right = max(_place(interval.high) - x - half, 0.0)
    return left + right >= 2 * half


def _name(part: str, case: Case, language: Language) -> str:
    """Name a part; the first one is not "none" where the scan can hide small calcium."""
    is_limited = part == PARTS[0] and is_zero_by_limit(case.result)
    return language.text("scale.none_limit" if is_limited else f"scale.{part}")


def _pin(
    drawing: Drawing, case: Case, language: Language, *, text_pt: float, bar_top: float
) -> None:
    """Mark the place of the score, with the words above it."""
    size = _text_size(case, language, text_pt)
    x, tip = _place(case.score), bar_top + 0.3 * size
    half, top = _PIN_HALF * size, bar_top - 0.65 * size
    if shows_interval(case, language, text_pt=text_pt):
        _interval(drawing, case, top=bar_top - 0.25 * size, size=size)
    drawing.path(
        f"M{x - half:.1f} {top:.1f}L{x + half:.1f} {top:.1f}L{x:.1f} {tip:.1f}Z",
        fill=INK,
        stroke="#FFFFFF",
        line=1.5,
    )
    words = language.text("scale.you", score=language.amount(case.score))
    big = 1.25 * size
    width = text_width(words, big, is_bold=True)
    middle = min(max(x, width / 2 + 1), _WIDTH - width / 2 - 1)
    drawing.text(middle, bar_top - 1.1 * size, words, big, fill=INK, is_bold=True)


def _interval(drawing: Drawing, case: Case, *, top: float, size: float) -> None:
    interval = case.result.score.total.interval
    if interval is None:
        return
    low, high, end = _place(interval.low), _place(interval.high), 0.22 * size
    drawing.line((low, top), (high, top), stroke=INK, line=1.6)
    for x in (low, high):
        drawing.line((x, top - end), (x, top + end), stroke=INK, line=1.6)


def _place(score: float) -> float:
    """Return where a score lies on the bar."""
    lows = [band.low for band in SCHEMES["plain"].bands]
    part = _WIDTH / len(lows)
    number = max((k for k, low in enumerate(lows) if k and score > low), default=0)
    if number == 0:
        return part / 2
    low = lows[number]
    if number + 1 < len(lows):
        inside = (score - low) / (lows[number + 1] - low)
    else:
        inside = math.log(score / low) / math.log(_LAST_TIMES)
    return (number + min(max(inside, _EDGE), 1 - _EDGE)) * part


def _text_size(case: Case, language: Language, text_pt: float) -> float:
    """Choose the size of the words: that of the page, if every part has room for them."""
    wanted = min(max(text_pt, _SMALLEST_TEXT), _LARGEST_TEXT)
    words = [
        *(_name(part, case, language) for part in PARTS),
        *(language.text(f"scale.{part}_range") for part in PARTS),
    ]
    widest = max(text_width(each, 1.0) for each in words)
    return min(wanted, _FILLED * _WIDTH / len(PARTS) / widest)
