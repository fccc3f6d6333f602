"""Whether a stated certainty is honest: intervals that hold, probabilities that come true.

References
----------
.. [1] Brier GW. Mon Weather Rev 1950;78:1-3. doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corcal.errors import InputError
from corcal.evaluate.agreement.statistics import LEVEL, Proportion, proportion
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.types import Interval

__all__ = [
    "Coverage",
    "ReliabilityBin",
    "base_rate_brier",
    "brier",
    "coverage",
    "reliability_bins",
]

_BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often stated intervals held the reference.

    Attributes
    ----------
    level : float
        What the intervals promise.
    held : Proportion
        Intervals with the reference inside, ends included.
    below, above : int
        References under the low end, and over the high end.
    median_width : float
        In Agatston units: an interval can always hold by being wide.
    """

    level: float
    held: Proportion
    below: int
    above: int
    median_width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Statements of about the same probability, and how many of them came true.

    Attributes
    ----------
    low, high : float
        The bin holds low <= p < high; the last one 1 as well.
    mean_probability : float
        Of the statements in it.
    happened : Proportion
        Statements that came true.
    """

    low: float
    high: float
    mean_probability: float
    happened: Proportion


def coverage(
    intervals: Sequence[Interval], reference: Sequence[float], *, level: float = LEVEL
) -> tuple[Coverage, ...]:
    """Count how many stated intervals hold the reference, for each level that was stated.

    Parameters
    ----------
    intervals : sequence of Interval
        As stated.
    reference : sequence of float
        The reference score of each.
    level : float
        Of the Wilson interval of the count.

    Returns
    -------
    tuple of Coverage
        In ascending order of the stated level; empty if no interval was stated.
    """
    pairs = list(zip(intervals, reference, strict=True))
    found = []
    for stated in sorted({interval.level for interval in intervals}):
        of_level = [(one, true) for one, true in pairs if one.level == stated]
        below = sum(true < one.low for one, true in of_level)
        above = sum(true > one.high for one, true in of_level)
        held = len(of_level) - below - above
        found.append(
            Coverage(
                level=stated,
                held=proportion(held, len(of_level), level=level),
                below=below,
                above=above,
                median_width=float(np.median([one.high - one.low for one, _ in of_level])),
            )
        )
    return tuple(found)


def brier(
    probabilities: Sequence[Mapping[str, float]],
    happened: Sequence[str],
    *,
    categories: Sequence[str] = CATEGORIES,
) -> float | None:
    """Brier score [1]_: mean over scans of the sum over categories of (probability - outcome)^2.

    Parameters
    ----------
    probabilities : sequence of mapping
        Stated for each category; a category that is not there has probability 0.
    happened : sequence of str
        The category of the reference.
    categories : sequence of str
        Those that count. All give 0 (certain and right) to 2 (certain and wrong); ``("0",)`` asks
        for zero against not zero alone, 0 to 1.

    Returns
    -------
    float or None
        ``None`` without statements.

    Raises
    ------
    InputError
        If a probability is outside of 0 to 1.
    """
    if not probabilities:
        return None
    stated = np.array([[one.get(name, 0.0) for name in categories] for one in probabilities])
    if not np.all((stated >= 0) & (stated <= 1)):
        msg = "probabilities lie between 0 and 1"
        raise InputError(msg)
    outcome = np.array([[true == name for name in categories] for true in happened], dtype=float)
    return float(((stated - outcome) ** 2).sum(axis=1).mean())


def base_rate_brier(
    happened: Sequence[str], *, categories: Sequence[str] = CATEGORIES
) -> float | None:
    """Brier score of always stating how often each category happens in this very study.

    What a statement that knows nothing of the single scan would get: the measure of `brier`.
    """
    if not happened:
        return None
    rates = {name: happened.count(name) / len(happened) for name in categories}
    return brier([rates] * len(happened), happened, categories=categories)


def reliability_bins(
    probabilities: Sequence[float], happened: Sequence[bool], *, level: float = LEVEL
) -> tuple[ReliabilityBin, ...]:
    """Sort statements into ten bins of equal width, and count how many came true in each.

    Parameters
    ----------
    probabilities : sequence of float
        0 to 1.
    happened : sequence of bool
        Whether it came true.
    level : float
        Of the Wilson intervals.

    Returns
    -------
    tuple of ReliabilityBin
        Ascending; bins without a statement are left out.

    Raises
    ------
    InputError
        If a probability is outside of 0 to 1.
    """
    stated, came_true = np.asarray(probabilities, dtype=float), np.asarray(happened, dtype=bool)
    if not np.all((stated >= 0) & (stated <= 1)):
        msg = "probabilities lie between 0 and 1"
        raise InputError(msg)
    edges = np.arange(_BINS + 1) / _BINS
    place = np.minimum(np.searchsorted(edges, stated, side="right") - 1, _BINS - 1)
    return tuple(
        ReliabilityBin(
            low=float(edges[one]),
            high=float(edges[one + 1]),
            mean_probability=float(stated[place == one].mean()),
            happened=proportion(
                int(came_true[place == one].sum()), int((place == one).sum()), level=level
            ),
        )
        for one in np.unique(place)
    )
