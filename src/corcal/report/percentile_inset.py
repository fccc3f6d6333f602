"""The percentile curves and one point as a small drawing, for a page that says the rest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from corcal.report.drawing import Drawing
from corcal.report.percentile_plot import (
    BANDS,
    CURVE,
    INK,
    LOWEST_HEIGHT,
    MEDIAN,
    MUTED,
    PAPER,
    POINT,
    age_ticks,
    found_curves,
    is_stepped,
    is_written_below,
    is_written_left,
    score_ticks,
    score_words,
    top_height,
)
from corcal.report.percentile_words import ordinal
from corcal.risk.percentiles import PercentileCurves
from corcal.risk.types import Race, Sex

__all__ = ["WIDTH", "percentile_inset"]

WIDTH = 600.0
"""Units; set half a page wide, type of 20 is 7 points."""
_HEIGHT = 366.0
_TYPE, _POINT_TYPE = 20.0, 25.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 52.0, 34.0, 56.0  # around the panel
_GAP = 8.0
_MIDDLE = 0.33  # of the type: from the baseline to the middle of a digit
_DOT, _RING = 8.0, 3.0
_Points = list[tuple[float, float]]


def percentile_inset(
    agatston: float,
    *,
    age_years: float,
    sex: Sex,
    race: Race | None = None,
    reference: str = "mesa",
    title: str,
    width: float = WIDTH,
) -> bytes:
    """Draw a score against the percentiles of a reference, as SVG.

    It has the scales and curves of `corcal.report.percentile_chart`, and neither heading nor
    footer. Letters are outlines; the same score gives the same bytes.

    Parameters
    ----------
    agatston, age_years, sex, race, reference
        As of `corcal.report.percentile_chart.percentile_sheet`.
    title : str
        What it shows, for who hears it read.
    width : float
        Of the drawing; height and type stay as they are.

    Raises
    ------
    InputError
        If the reference does not cover the person.
    """
    curves, _ = found_curves(agatston, age_years, sex, race, reference)
    drawing = Drawing(width=width, height=_HEIGHT, title=title)
    scales = _Scales(
        first_age=curves.ages_years[0],
        last_age=curves.ages_years[-1],
        top=top_height(curves, agatston),
        right=width - _RIGHT,
    )
    _draw_curves(drawing, scales, curves, agatston)
    _draw_scales(drawing, scales, curves, agatston)
    _draw_point(drawing, scales, curves, int(age_years), agatston)
    return drawing.svg()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scales:
    """Where an age and a height, ln(score + 1), lie in the drawing."""

    first_age: int
    last_age: int
    top: float
    right: float

    def x(self, age: float) -> float:
        share = (age - self.first_age) / (self.last_age - self.first_age)
        return _LEFT + share * (self.right - _LEFT)

    def y(self, height: float) -> float:
        share = (height - LOWEST_HEIGHT) / (self.top - LOWEST_HEIGHT)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _draw_curves(
    drawing: Drawing, scales: _Scales, curves: PercentileCurves, agatston: float
) -> None:
    """Draw the curves, name each at its end, and fill what lies above it."""
    left, right = scales.x(scales.first_age), scales.x(scales.last_age)
    bottom, top = scales.y(LOWEST_HEIGHT), scales.y(scales.top)
    drawing.rectangle(left, top, right - left, bottom - top, fill=BANDS[0])
    through = _steps if is_stepped(curves) else list
    lines = [_curve(scales, curves, scores, through) for scores in curves.scores.values()]
    for band, line in zip(BANDS[1:], lines, strict=True):
        drawing.area(*line, (right, top), (left, top), fill=band)
    for height in map(scales.y, score_ticks(curves, agatston).values()):
        drawing.line((left, height), (right, height), stroke=PAPER, line=1)
    for percentile, line in zip(curves.scores, lines, strict=True):
        is_median = percentile == MEDIAN
        drawing.line(*line, stroke=CURVE, line=3 if is_median else 1.6)
        drawing.text(
            right + _GAP,
            line[-1][1] + _MIDDLE * _TYPE,
            ordinal(percentile),
            _TYPE,
            fill=INK if is_median else MUTED,
            anchor="start",
        )


def _curve(
    scales: _Scales,
    curves: PercentileCurves,
    scores: Iterable[float],
    through: Callable[[_Points], _Points],
) -> _Points:
    heights = np.log1p(np.asarray(tuple(scores), dtype=float))
    pairs = zip(curves.ages_years, heights.tolist(), strict=True)
    return through([(scales.x(age), scales.y(height)) for age, height in pairs])


def _steps(points: _Points) -> _Points:
    """Keep the height of each point to the middle between it and the next one."""
    found = points[:1]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        found += [(middle, y0), (middle, y1)]
    return [*found, points[-1]]


def _draw_scales(
    drawing: Drawing, scales: _Scales, curves: PercentileCurves, agatston: float
) -> None:
    """Name the scores on the left and the ages below."""
    left, bottom = scales.x(scales.first_age), scales.y(LOWEST_HEIGHT)
    for words, height in score_ticks(curves, agatston).items():
        y = scales.y(height)
        drawing.line((left - 5, y), (left, y), stroke=MUTED, line=1)
        y += _MIDDLE * _TYPE
        drawing.text(left - _GAP, y, words, _TYPE, fill=MUTED, anchor="end")
    for age in age_ticks(curves):
        x = scales.x(age)
        drawing.line((x, bottom), (x, bottom + 5), stroke=MUTED, line=1)
        drawing.text(x, bottom + 5 + _TYPE, str(age), _TYPE, fill=MUTED)
    middle = (left + scales.x(scales.last_age)) / 2
    drawing.text(middle, _HEIGHT - 6, "age in completed years", _TYPE, fill=MUTED)
    drawing.text(0, _TYPE, "Agatston score", _TYPE, fill=MUTED, anchor="start")
    drawing.text(drawing.width, _TYPE, "percentile", _TYPE, fill=MUTED, anchor="end")


def _draw_point(
    drawing: Drawing, scales: _Scales, curves: PercentileCurves, years: int, agatston: float
) -> None:
    """Mark the person's age and score, with the score beside it."""
    x, y = scales.x(years), scales.y(float(np.log1p(agatston)))
    ends = ((x, scales.y(LOWEST_HEIGHT)), (x, scales.y(scales.top)))
    drawing.line(*ends, stroke=INK, line=1.2, dashes=(2.5, 4))
    drawing.circle(x, y, _DOT, fill=POINT, stroke=PAPER, line=_RING)
    is_left = is_written_left(curves, years)
    beside = -1.6 * _DOT if is_left else 1.6 * _DOT
    below = 0.85 * _POINT_TYPE + 4 if is_written_below(curves, agatston) else -_GAP
    drawing.text(
        x + beside,
        y + below,
        score_words(agatston),
        _POINT_TYPE,
        fill=INK,
        is_bold=True,
        anchor="end" if is_left else "start",
        halo=2.5,
    )
