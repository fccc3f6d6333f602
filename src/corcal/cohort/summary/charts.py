"""The drawings of the summary page: each small, so that a narrow screen shows it whole.

Drawn with `corcal.report.drawing`: importing a library for charts takes longer than everything else
at the end of a run.
"""

from collections.abc import Sequence

import numpy as np

from corcal.cohort.summary.tally import AgeBand, Tally
from corcal.report.drawing import Anchor, Drawing, text_width

__all__ = ["band_name", "category_chart", "percentile_chart", "score_chart"]

_WIDTH, _HEIGHT = 500.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 490.0, 44.0, 284.0  # where values are drawn
_SIZE = 14.0  # of words
_BAR, _ZERO, _INK, _FAINT = "#0072B2", "#999999", "#222222", "#DDDDDD"
_CURVES = ("#9ecae1", "#4292c6", "#2171b5", "#08306b")  # 25th, 50th, 75th, 90th
_PERCENTILES = ("25th", "50th", "75th", "90th")
_TICKS = (0, 1, 10, 100, 1000, 10_000, 100_000)
_BINS_PER_E = 2.0  # bars of the histogram for a factor e of score + 1
_LEAST_TOP = 400.0  # Agatston: an axis always shows all categories
_MOST_TICKS = 6
_BAR_PART = 0.8  # of the room between two bars of categories
_HEADROOM = 1.3  # above the highest bar of categories, for two lines of words
_SCORE, _SCANS = "Agatston score", "scans"


def score_chart(tally: Tally) -> bytes:
    """Draw how many scans have which score, zero apart, as SVG."""
    scores = tally.scores
    above = np.log1p(scores[scores > 0])
    top = max(np.log1p(_LEAST_TOP), above.max(initial=0.0)) + 0.3
    width = 1 / _BINS_PER_E
    edges = np.arange(0, top + width, width)
    counts, _ = np.histogram(above, edges)
    zeros = int(np.count_nonzero(scores == 0))
    chart = _Chart(
        "Scans by Agatston score",
        across=(-2 * width, float(edges[-1])),
        up=(0.0, max(1.0, zeros, float(counts.max()))),
    )
    chart.counts()
    chart.bar(-1.5 * width, 0.9 * width, zeros, fill=_ZERO)
    chart.mark(-1.5 * width, "0")
    for edge, count in zip(edges[:-1], counts, strict=True):
        chart.bar(float(edge) + width / 2, 0.9 * width, float(count), fill=_BAR)
    for tick in _TICKS:
        if tick > 0 and np.log1p(tick) < top:
            chart.mark(float(np.log1p(tick)), f"{tick:,}")
    return chart.svg(across=_SCORE, up=_SCANS)


def category_chart(tally: Tally) -> bytes:
    """Draw how many scans are in each category, as SVG."""
    found = tally.categories()
    total, highest = max(1, sum(found.values())), max(1, *found.values())
    chart = _Chart(
        "Scans by category",
        across=(-0.5, len(found) - 0.5),
        up=(0.0, _HEADROOM * highest),
    )
    chart.counts()
    for place, (name, count) in enumerate(found.items()):
        chart.bar(place, _BAR_PART, count, fill=_BAR if place else _ZERO)
        chart.above(place, count, f"{count:,}", f"{100 * count / total:.0f} %")
        chart.mark(place, name)
    return chart.svg(across=_SCORE, up=_SCANS)


def percentile_chart(bands: tuple[AgeBand, ...]) -> bytes | None:
    """Draw the percentiles of one sex over age, as SVG; nothing if no band has enough scans."""
    shown = [
        (place, band.percentiles)
        for place, band in enumerate(bands)
        if band.percentiles is not None
    ]
    if not shown:
        return None
    highest = max(_LEAST_TOP, *(max(values) for _, values in shown)) * 1.5
    chart = _Chart(
        "Percentiles of the Agatston score over age",
        across=(-0.4, len(bands) - 0.6),
        up=(-0.2, float(np.log1p(highest))),
    )
    for tick in _TICKS:
        if tick < highest:
            chart.height(float(np.log1p(tick)), f"{tick:,}")
    for place, band in enumerate(bands):
        chart.mark(place, band_name(band))
    for which, colour in enumerate(_CURVES):
        chart.curve([(place, float(np.log1p(each[which]))) for place, each in shown], colour)
    chart.legend(_PERCENTILES, _CURVES)
    return chart.svg(across="age, years", up=_SCORE)


def band_name(band: AgeBand) -> str:
    """Name a band of age."""
    if band.low == 0:
        return f"< {band.high}"
    return f"{band.low}+" if band.high >= 120 else f"{band.low}-{band.high - 1}"


class _Chart:
    """Two axes: values across and up, each from its lowest to its highest."""

    def __init__(self, title: str, *, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._drawing = Drawing(width=_WIDTH, height=_HEIGHT, title=title)
        self._drawing.rectangle(0, 0, _WIDTH, _HEIGHT, fill="#FFFFFF")
        self._across, self._up = across, up

    def counts(self) -> None:
        """Mark whole numbers upwards: half a scan is none."""
        for tick in _whole_ticks(self._up[1]):
            self.height(tick, f"{tick:,}")

    def height(self, value: float, words: str) -> None:
        """Mark a value of the axis upwards, by a faint line."""
        y = self._y(value)
        self._drawing.line((_LEFT, y), (_RIGHT, y), stroke=_FAINT, line=1)
        self._words(_LEFT - 8, y + _SIZE / 3, words, anchor="end")

    def mark(self, value: float, words: str) -> None:
        """Write below a value of the axis across."""
        self._words(self._x(value), _BOTTOM + 20, words)

    def bar(self, middle: float, width: float, count: float, *, fill: str) -> None:
        """Draw a bar."""
        left, right, top = self._x(middle - width / 2), self._x(middle + width / 2), self._y(count)
        if count:
            self._drawing.rectangle(left, top, right - left, _BOTTOM - top, fill=fill)

    def above(self, middle: float, count: float, *lines: str) -> None:
        """Write lines above a bar, the last next to it."""
        for number, words in enumerate(reversed(lines)):
            self._words(self._x(middle), self._y(count) - 6 - number * (_SIZE + 3), words)

    def curve(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """Draw a line through points, each of them marked."""
        places = [(self._x(x), self._y(y)) for x, y in points]
        self._drawing.line(*places, stroke=colour, line=2)
        for x, y in places:
            self._drawing.circle(x, y, 4, fill=colour)

    def legend(self, names: Sequence[str], colours: Sequence[str]) -> None:
        """Name the lines, above them all, at the right."""
        right = _RIGHT
        for name, colour in zip(reversed(names), reversed(colours), strict=True):
            self._words(right, 20, name, anchor="end")
            right -= text_width(name, _SIZE) + 6
            self._drawing.line((right - 18, 15), (right, 15), stroke=colour, line=3)
            right -= 18 + 12

    def svg(self, *, across: str, up: str) -> bytes:
        """Name the axes, and give the file."""
        self._drawing.line((_LEFT, _BOTTOM), (_RIGHT, _BOTTOM), stroke=_INK, line=1)
        self._words(8, 20, up, anchor="start")
        self._words((_LEFT + _RIGHT) / 2, _HEIGHT - 12, across)
        return self._drawing.svg()

    def _words(self, x: float, y: float, words: str, *, anchor: Anchor = "middle") -> None:
        self._drawing.text(x, y, words, _SIZE, fill=_INK, anchor=anchor)

    def _x(self, value: float) -> float:
        low, high = self._across
        return _LEFT + (value - low) / (high - low) * (_RIGHT - _LEFT)

    def _y(self, value: float) -> float:
        low, high = self._up
        return _BOTTOM - (value - low) / (high - low) * (_BOTTOM - _TOP)


def _whole_ticks(highest: float) -> range:
    """Give whole numbers from 0 to a height: 1, 2 or 5 apart, or ten times that.

    >>> list(_whole_ticks(7)), list(_whole_ticks(1)), list(_whole_ticks(310))
    ([0, 2, 4, 6], [0, 1], [0, 100, 200, 300])
    """
    step = next(
        step
        for power in range(12)
        for step in (10**power, 2 * 10**power, 5 * 10**power)
        if highest / step < _MOST_TICKS - 1 or power == 11
    )
    return range(0, int(highest) + 1, step)
