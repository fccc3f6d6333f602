"""What every picture of percentile curves shares: its colours, scales and numbers."""

import numpy as np

from corcal.errors import InputError
from corcal.report.amounts import shown
from corcal.risk.percentiles import (
    PercentileCurves,
    hoff_percentile,
    mesa_percentile,
    percentile_curves,
)
from corcal.risk.types import Percentile, Race, Sex

__all__ = [
    "BANDS",
    "CURVE",
    "INK",
    "LOWEST_HEIGHT",
    "MEDIAN",
    "MUTED",
    "PAPER",
    "POINT",
    "age_ticks",
    "found_curves",
    "is_stepped",
    "is_written_below",
    "is_written_left",
    "score_ticks",
    "score_words",
    "top_height",
]

# White, as the chart of the follow-up: it is printed, and laid beside a letter.
PAPER, INK, MUTED = "#FFFFFF", "#222222", "#5A6370"
# Below the 25th percentile, between the curves, above the 90th: darker is less common. One hue, in
# steps of lightness that any eye and any printer keeps apart; the colours of the arteries are left
# to the arteries.
BANDS = ("#F4F7FA", "#DFE8F0", "#C6D6E4", "#A6BFD4", "#84A6C2")
CURVE = "#2F5573"
POINT = "#0072B2"  # as the total of the follow-up
MEDIAN = 50
"""The percentile that is drawn stronger."""

_TICKS = (0, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
_FIRST_AGE_STEP = 5
_WHOLE_FROM = 10.0  # a score from here on is written without decimals
# The axis ends at these multiples of the score and of the highest curve
_HEADROOM_OF_SCORE, _HEADROOM_OF_CURVES = 3.0, 1.6
_HIGH_UP = 0.85
LOWEST_HEIGHT = -0.25
"""Where the axis of ln(score + 1) begins: room under the curves."""


def found_curves(
    agatston: float, age_years: float, sex: Sex, race: Race | None, reference: str
) -> tuple[PercentileCurves, Percentile]:
    """Find curves and percentile of a reference that covers the person.

    Raises
    ------
    InputError
        If it does not.
    """
    curves = percentile_curves(reference, sex, race)
    found = (
        mesa_percentile(agatston, age_years=age_years, sex=sex, race=race)
        if reference == "mesa"
        else hoff_percentile(agatston, age_years=age_years, sex=sex)
    )
    if found.not_covered is not None:
        msg = f"no chart: {found.not_covered}"
        raise InputError(msg)
    return curves, found


def top_height(curves: PercentileCurves, agatston: float) -> float:
    """Where the axis of ln(score + 1) ends."""
    return float(np.log1p(_highest(curves, agatston)))


def score_ticks(curves: PercentileCurves, agatston: float) -> dict[str, float]:
    """Scores that are named beside the axis, and their heights on it: ln(score + 1)."""
    ticks = [tick for tick in _TICKS if tick <= _highest(curves, agatston)]
    return {f"{tick:,}".replace(",", "\N{THIN SPACE}"): float(np.log1p(tick)) for tick in ticks}


def age_ticks(curves: PercentileCurves) -> range:
    """Ages that are named below the axis."""
    first = -(-curves.ages_years[0] // _FIRST_AGE_STEP) * _FIRST_AGE_STEP
    return range(first, curves.ages_years[-1] + 1, _FIRST_AGE_STEP)


def is_stepped(curves: PercentileCurves) -> bool:
    """Tell whether a curve has one value for a group of ages."""
    return curves.reference == "hoff"


def is_written_left(curves: PercentileCurves, years: int) -> bool:
    """Tell whether the score has more room left of its point."""
    return years > (curves.ages_years[0] + curves.ages_years[-1]) / 2


def is_written_below(curves: PercentileCurves, agatston: float) -> bool:
    """Tell whether the score stands so high that it is written below its point."""
    return float(np.log1p(agatston)) > _HIGH_UP * top_height(curves, agatston)


def score_words(agatston: float) -> str:
    """Write the score with the digits that matter."""
    return shown(agatston, 0 if agatston >= _WHOLE_FROM else 1)


def _highest(curves: PercentileCurves, agatston: float) -> float:
    return max(agatston * _HEADROOM_OF_SCORE, max(curves.scores[90]) * _HEADROOM_OF_CURVES)
