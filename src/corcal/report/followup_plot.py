"""What every picture of scores over time shares: its colours, scales and numbers."""

from datetime import date, timedelta

from corcal.followup.types import Followup, Span
from corcal.report.amounts import shown
from corcal.risk.categories import SCHEMES

__all__ = [
    "EDGES",
    "EDGES_NAME",
    "INK",
    "TOTAL_COLOUR",
    "amount_words",
    "reach",
    "steps",
    "time_span",
]

TOTAL_COLOUR = "#0072B2"  # blue of Okabe and Ito's set, dark enough for white paper
INK = "#222222"
_SCHEME = SCHEMES["guideline_2026"]
EDGES = tuple(band.low for band in _SCHEME.bands if band.low >= 100)  # lower ones are too close
EDGES_NAME = f"bands of {_SCHEME.title}: {', '.join(f'{edge:g}' for edge in EDGES)}"
_LEAST_AXIS = 10.0  # Agatston: a person without calcium has an axis, too
_LEAST_SPAN = timedelta(days=60)  # of the axis of time
_MARGIN = 0.08  # of that axis, on both sides
_HEADROOM = 1.18  # for the numbers above the marks
_WHOLE_FROM = 100.0  # scores above this are written without decimals


def reach(values: list[float | None]) -> float:
    """Give the upper end of an axis that shows all values."""
    return _HEADROOM * max([_LEAST_AXIS, *(value for value in values if value is not None)])


def steps(followup: Followup) -> list[tuple[int, int, bool]]:
    """Give the consecutive pairs, and whether each can be compared."""
    wanted = Span.CONSECUTIVE if len(followup.exams) > 2 else Span.WHOLE
    return [
        (change.first, change.second, change.is_comparable)
        for change in followup.changes
        if change.span is wanted
    ]


def time_span(followup: Followup) -> tuple[date, date]:
    """Give the ends of an axis with all exams and the start of a statin, and room beside them."""
    days = [exam.date or date.min for exam in followup.exams]
    ends = [*days, followup.statin_started] if followup.statin_started else days
    first, last = min(ends), max(ends)
    margin = max(_LEAST_SPAN - (last - first), timedelta(0)) / 2 + _MARGIN * (last - first)
    return first - margin, last + margin


def amount_words(score: float) -> str:
    """Write a score with the digits that matter."""
    return shown(score, 0 if score >= _WHOLE_FROM else 1)
