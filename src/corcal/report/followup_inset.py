"""The total over time as a small drawing, for a column of a page that says the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from corcal.followup.types import Followup
from corcal.report.drawing import Drawing, text_width
from corcal.report.followup_plot import (
    EDGES,
    EDGES_NAME,
    INK,
    TOTAL_COLOUR,
    amount_words,
    reach,
    steps,
    time_span,
)

__all__ = ["WIDTH", "followup_inset"]

WIDTH = 600.0
"""Units; set in a column of half a page, type of 20 is 7 points."""
_PANEL = 164.0  # its height
_TYPE, _LINE = 20.0, 27.0
_LEFT, _RIGHT, _TOP = 62.0, 8.0, 34.0
_BELOW = 34.0  # room for the dates
_GAP = 8.0
_MIDDLE = 0.33  # of the type: from the baseline to the middle of a digit
_DOT, _BAR = 6.5, 9.0
_SIGN = 34.0  # width of a sign of the key
_MUTED, _FAINT, _RANGE, _STATIN = "#4D5763", "#C4CAD2", "#8CBFDF", "#007F5C"
_LABEL = 88.0  # width of a date or a score with the room that it needs beside others
_MOST_TICKS = 5  # of amounts
_MONTHS = (1, 2, 3, 6, 12, 24, 36, 60, 120, 240)  # between two dates that are named


def followup_inset(followup: Followup, title: str, *, width: float = WIDTH) -> bytes:
    """Draw the total over time as SVG; the same exams give the same bytes.

    Of more exams than have room for it (six in 600 units) the first and the last alone have their
    score beside the mark.

    Parameters
    ----------
    followup : Followup
        As `corcal.followup.compare` gives it.
    title : str
        What it shows, for who hears it read.
    width : float
        Of the drawing; the type stays as it is.
    """
    key = _lines(list(_key(followup)), width)
    height = _TOP + _PANEL + _BELOW + _LINE * len(key) + 4
    drawing = Drawing(width=width, height=height, title=title)
    scales = _scales(followup, width)
    _draw_amounts(drawing, scales)
    _draw_dates(drawing, scales)
    if followup.statin_started:
        x = scales.x(followup.statin_started)
        drawing.line((x, _TOP), (x, _TOP + _PANEL), stroke=_STATIN, line=2, dashes=(8, 5))
    _draw_exams(drawing, scales, followup)
    for number, line in enumerate(key):
        x, y = 0.0, _TOP + _PANEL + _BELOW + _LINE * (number + 0.75)
        for sign, words in line:
            _draw_sign(drawing, sign, x, y)
            drawing.text(x + _SIGN + _GAP, y, words, _TYPE, fill=_MUTED, anchor="start")
            x += _key_width(words)
    return drawing.svg()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scales:
    """Where a day and an amount lie in the drawing."""

    first: date
    last: date
    top: float
    width: float

    @property
    def room(self) -> int:
        """So many dates or scores stand beside each other."""
        return int((self.width - _LEFT - _RIGHT) / _LABEL)

    def x(self, day: date) -> float:
        share = (day - self.first) / (self.last - self.first)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def y(self, amount: float) -> float:
        return _TOP + _PANEL * (1 - amount / self.top)


def _scales(followup: Followup, width: float) -> _Scales:
    first, last = time_span(followup)
    highs = [exam.interval.high for exam in followup.exams if exam.interval]
    top = reach([*(exam.agatston for exam in followup.exams), *highs])
    return _Scales(first=first, last=last, top=top, width=width)


def _draw_amounts(drawing: Drawing, scales: _Scales) -> None:
    """Name amounts on the left, and draw the edges of the bands."""
    drawing.text(0, _TYPE, "Agatston score", _TYPE, fill=_MUTED, anchor="start")
    for edge in EDGES:
        if edge < scales.top:
            y = scales.y(edge)
            drawing.line((_LEFT, y), (scales.width, y), stroke=_FAINT, line=1.6)
    drawing.line((_LEFT, _TOP), (_LEFT, _TOP + _PANEL), stroke=_MUTED, line=1.2)
    right = (scales.width, _TOP + _PANEL)
    drawing.line((_LEFT, _TOP + _PANEL), right, stroke=_MUTED, line=1.2)
    step = _round_step(scales.top)
    for number in range(int(scales.top / step) + 1):
        y = scales.y(number * step)
        drawing.line((_LEFT - 5, y), (_LEFT, y), stroke=_MUTED, line=1.2)
        words = f"{number * step:,}".replace(",", "\N{THIN SPACE}")
        y += _MIDDLE * _TYPE
        drawing.text(_LEFT - _GAP, y, words, _TYPE, fill=_MUTED, anchor="end")


def _round_step(top: float) -> int:
    """Choose 1, 2 or 5 times a power of ten: not more than `_MOST_TICKS` of it are in the axis."""
    power = 1
    while True:
        for times in (1, 2, 5):
            if top / (times * power) <= _MOST_TICKS:
                return times * power
        power *= 10


def _draw_dates(drawing: Drawing, scales: _Scales) -> None:
    """Name years, or months where the time is short."""
    days = [_month_day(month) for month in _months(scales)]
    is_years = all(day.month == 1 for day in days) and len({day.year for day in days}) > 1
    for day in days:
        x, y = scales.x(day), _TOP + _PANEL
        drawing.line((x, y), (x, y + 5), stroke=_MUTED, line=1.2)
        words = f"{day:%Y}" if is_years else f"{day:%Y-%m}"
        half = text_width(words, _TYPE) / 2
        middle = min(max(x, half), scales.width - half)
        drawing.text(middle, y + 6 + _TYPE, words, _TYPE, fill=_MUTED)


def _months(scales: _Scales) -> range:
    """Months that are named, counted from the year 0: at even distances, not too many."""
    first, last = scales.first, scales.last
    start, stop = first.year * 12 + first.month, last.year * 12 + last.month - 1
    for step in _MONTHS:
        found = range(-(-start // step) * step, stop + 1, step)
        if len(found) <= scales.room:
            break
    return found


def _month_day(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _draw_exams(drawing: Drawing, scales: _Scales, followup: Followup) -> None:
    """Draw the intervals, the lines between exams, their marks, and scores as far as they fit."""
    exams = followup.exams
    places = [(scales.x(exam.date or date.min), scales.y(exam.agatston)) for exam in exams]
    for (x, _), exam in zip(places, exams, strict=True):
        if exam.interval is not None:
            ends = (x, scales.y(exam.interval.low)), (x, scales.y(exam.interval.high))
            drawing.line(*ends, stroke=_RANGE, line=_BAR)
    for first, second, is_alike in steps(followup):
        ends = places[first], places[second]
        drawing.line(*ends, stroke=INK, line=1.6, dashes=() if is_alike else (2, 4))
    for x, y in places:
        drawing.circle(x, y, _DOT, fill=TOTAL_COLOUR, stroke=INK, line=1)
    for number, ((x, y), exam) in enumerate(zip(places, exams, strict=True)):
        if len(exams) > scales.room and number not in {0, len(exams) - 1}:
            continue
        words = amount_words(exam.agatston)
        above = y if exam.interval is None else min(y, scales.y(exam.interval.high))
        half = text_width(words, _TYPE) / 2
        middle = min(x, scales.width - half)
        drawing.text(middle, above - _DOT - 5, words, _TYPE, fill=INK, halo=2.5)


def _key(followup: Followup) -> Iterator[tuple[str, str]]:
    """Say what bars and lines mean: the sign of each, and its words."""
    top = _scales(followup, WIDTH).top
    levels = sorted({exam.interval.level for exam in followup.exams if exam.interval})
    for level in levels:
        yield "interval", f"{100 * level:g} % interval"
    if not all(is_alike for _, _, is_alike in steps(followup)):
        yield "apart", "not comparable"
    if followup.statin_started:
        yield "statin", f"statin started {followup.statin_started}"
    if any(edge < top for edge in EDGES):
        yield "edge", EDGES_NAME


def _lines(key: list[tuple[str, str]], width: float) -> list[list[tuple[str, str]]]:
    """Set the key in as few lines as have room for it."""
    lines: list[list[tuple[str, str]]] = []
    room = 0.0
    for sign, words in key:
        if not lines or _key_width(words) > room:
            lines.append([])
            room = width + 3 * _GAP  # the gap after the last one is not needed
        lines[-1].append((sign, words))
        room -= _key_width(words)
    return lines


def _key_width(words: str) -> float:
    return _SIGN + _GAP + text_width(words, _TYPE) + 3 * _GAP


def _draw_sign(drawing: Drawing, sign: str, x: float, y: float) -> None:
    ends = (x, y - _MIDDLE * _TYPE), (x + _SIGN, y - _MIDDLE * _TYPE)
    match sign:
        case "interval":
            drawing.line(*ends, stroke=_RANGE, line=_BAR)
        case "apart":
            drawing.line(*ends, stroke=INK, line=1.6, dashes=(2, 4))
        case "statin":
            drawing.line(*ends, stroke=_STATIN, line=2, dashes=(8, 5))
        case _:
            drawing.line(*ends, stroke=_FAINT, line=1.6)
