"""Bootstrap intervals by patient: whole patients are drawn, with all their scans.

References
----------
.. [1] Efron B. J Am Stat Assoc 1987;82:171-185. doi:10.1080/01621459.1987.10478410
"""

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.evaluate.agreement.statistics import LEVEL, Estimate

__all__ = ["DEFAULT_RESAMPLING", "Resampling", "bootstrap_estimate"]

# With fewer patients the few distinct draws cannot show a tail of 2.5 % (corcal's decision: of ten
# there are 92 378 distinct draws, of five 126).
MIN_PATIENTS = 10
# With more, acceleration is below what 2000 draws can tell, and its jackknife takes the time of
# every patient times every patient (corcal's decision).
MOST_FOR_BCA = 2000
_BATCH_PLACES = 2_000_000  # of drawn patients in memory at once: 16 MB
_LEAST_DEFINED = 0.9  # part of the draws that must have a value; fewer would be another question

Statistic = Callable[[NDArray[np.intp]], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How intervals are drawn.

    Attributes
    ----------
    draws : int
        Bootstrap samples.
    seed : int
        Of every interval: the same data give the same interval, in any order of asking.
    level : float
        Of the interval.
    """

    draws: int = 2000
    seed: int = 20240229
    level: float = LEVEL


DEFAULT_RESAMPLING = Resampling()


def bootstrap_estimate(
    statistic: Statistic,
    patients: Sequence[Hashable],
    *,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> Estimate:
    """Estimate a statistic of rows, with an interval from drawing patients again.

    Parameters
    ----------
    statistic : callable
        Takes the positions of rows, some of them more than once; ``None`` where it is undefined.
    patients : sequence
        The patient of each row.
    resampling : Resampling
        Draws, seed and level.

    Returns
    -------
    Estimate
        The interval is bias-corrected and accelerated (BCa) [1]_; where that is not defined,
        some draws have no value, or there are more than `MOST_FOR_BCA` patients, the percentiles
        of the draws that have one. Without an interval for fewer
        than `MIN_PATIENTS` patients, if fewer than 90 % of the draws have a value, or if all
        have the same: that is no sign of certainty.
    """
    rows_of = _rows_by_patient(patients)
    value = statistic(np.arange(len(patients))) if len(patients) else None
    if value is None or len(rows_of) < MIN_PATIENTS:
        return Estimate(value=value)

    first = np.array([rows[0] for rows in rows_of])
    is_one_each = len(rows_of) == len(patients)  # the usual study, and much faster

    def drawn(of: NDArray[np.integer]) -> float:
        got = statistic(first[of] if is_one_each else np.concatenate([rows_of[k] for k in of]))
        return float("nan") if got is None else got

    low, high, draws = _interval(drawn, len(rows_of), resampling)
    defined = draws[np.isfinite(draws)]
    if defined.size < _LEAST_DEFINED * draws.size or np.ptp(defined) == 0:
        return Estimate(value=value)
    if np.isfinite(low) and np.isfinite(high) and len(rows_of) <= MOST_FOR_BCA:
        return Estimate(value=value, low=low, high=high, method="BCa")
    tail = (1 - resampling.level) / 2
    low, high = (float(q) for q in np.quantile(defined, (tail, 1 - tail)))
    return Estimate(value=value, low=low, high=high, method="percentile")


def _rows_by_patient(patients: Sequence[Hashable]) -> list[NDArray[np.intp]]:
    """Positions of the rows of each patient, patients in the order of their first row."""
    rows: dict[Hashable, list[int]] = {}
    for row, patient in enumerate(patients):
        rows.setdefault(patient, []).append(row)
    return [np.array(of, dtype=np.intp) for of in rows.values()]


def _interval(
    drawn: Callable[[NDArray[np.integer]], float], patients: int, resampling: Resampling
) -> tuple[float, float, NDArray[np.float64]]:
    """Interval and all draws; the interval is not a number where BCa is undefined."""
    from scipy.stats import bootstrap  # slow to import

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A degenerate distribution is told by its missing interval, not by a warning.
        warnings.simplefilter("ignore", RuntimeWarning)
        found = bootstrap(
            (np.arange(patients),),
            drawn,
            vectorized=False,
            n_resamples=resampling.draws,
            batch=max(1, _BATCH_PLACES // patients),
            confidence_level=resampling.level,
            method="BCa" if patients <= MOST_FOR_BCA else "percentile",
            random_state=np.random.default_rng(resampling.seed),
        )
    interval = found.confidence_interval
    draws = np.asarray(found.bootstrap_distribution, dtype=np.float64)
    return float(interval.low), float(interval.high), draws
