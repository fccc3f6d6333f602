"""How well two measurements of the same things agree: published statistics, each on its own.

Kappa is computed by statsmodels, quantiles and Wilson intervals by SciPy. The mean squares of the
ICC are sums of squares of a balanced layout in closed form: a general linear model would have a
parameter for every scan, needs time with the cube of their number, and the bootstrap asks 20 000
times. The tests hold them against the analysis of variance of statsmodels.

A statistic that the data leave undefined (one scan, or scores that are all the same) has no value:
``None``, never a number.

References
----------
.. [1] Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. doi:10.1037/0033-2909.86.2.420
.. [2] McGraw KO, Wong SP. Psychol Methods 1996;1:30-46. doi:10.1037/1082-989X.1.1.30
.. [3] Bland JM, Altman DG. Stat Methods Med Res 1999;8:135-160. doi:10.1177/096228029900800204
.. [4] Lin LI. Biometrics 1989;45:255-268. doi:10.2307/2532051
.. [5] Cohen J. Psychol Bull 1968;70:213-220. doi:10.1037/h0026256
.. [6] Wilson EB. J Am Stat Assoc 1927;22:209-212. doi:10.1080/01621459.1927.10502953
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corcal.errors import InputError
from corcal.scoring.categories import CATEGORIES, category_of

__all__ = [
    "LEVEL",
    "SD_OF_LIMITS",
    "BlandAltman",
    "Estimate",
    "Proportion",
    "bland_altman",
    "category_table",
    "concordance",
    "disagreement_weights",
    "icc_absolute",
    "proportion",
    "weighted_kappa",
]

LEVEL = 0.95  # of every confidence interval
SD_OF_LIMITS = 1.96  # standard deviations from the bias to a limit of agreement [3]

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A statistic with its confidence interval.

    Attributes
    ----------
    value : float or None
        ``None`` where the data leave it undefined.
    low, high : float or None
        The interval; ``None`` where there are too few data for one.
    method : str or None
        Where the interval comes from: ``"F"``, ``"t"``, ``"Wilson"``, ``"BCa"`` or
        ``"percentile"``.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """So many of so many.

    Attributes
    ----------
    count, total : int
        ``total`` may be 0.
    fraction : Estimate
        Count over total with its Wilson interval; without a value if ``total`` is 0.
    """

    count: int
    total: int
    fraction: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BlandAltman:
    """Differences, the first measurement minus the second.

    Attributes
    ----------
    bias : Estimate
        Mean difference.
    sd : float or None
        Standard deviation of the differences; ``None`` of fewer than two.
    lower_limit, upper_limit : Estimate
        Bias -+ 1.96 standard deviations: 95 % of the differences of normal data.
    """

    bias: Estimate
    sd: float | None
    lower_limit: Estimate
    upper_limit: Estimate


def icc_absolute(ratings: ArrayLike, *, level: float | None = LEVEL) -> Estimate:
    """Intraclass correlation of single ratings, absolute agreement: ICC(2,1) [1]_, ICC(A,1) [2]_.

    Parameters
    ----------
    ratings : array of shape (n_subjects, n_raters)
        Every rater rated every subject.
    level : float or None
        Of the interval, by the F distribution with Satterthwaite's degrees of freedom; ``None``
        leaves it out.

    Returns
    -------
    Estimate
        Without a value for fewer than two subjects, or if all ratings are the same.

    Raises
    ------
    InputError
        If there are fewer than two raters.
    """
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2:
        msg = f"ratings need the shape (subjects, raters >= 2), got {x.shape}"
        raise InputError(msg)
    n, k = x.shape
    if n < 2 or np.all(x == x[0, 0]):
        return Estimate(value=None)
    rows, columns, error = _mean_squares(x)
    scatter = rows + (k - 1) * error + k * (columns - error) / n
    if scatter == 0:  # two subjects that two raters hold the other way round
        return Estimate(value=None)
    icc = (rows - error) / scatter
    if level is None:
        return Estimate(value=float(icc))
    interval = _icc_interval(float(icc), (rows, columns, error), (n, k), level)
    if interval is None:
        return Estimate(value=float(icc))
    return Estimate(value=float(icc), low=interval[0], high=interval[1], method="F")


def _mean_squares(x: _Floats) -> tuple[float, float, float]:
    """Mean squares of a two-way layout without replication: subjects, raters, residual."""
    n, k = x.shape
    mean, by_row, by_column = x.mean(), x.mean(axis=1), x.mean(axis=0)
    residual = x - by_row[:, None] - by_column[None, :] + mean
    return (
        float(k * ((by_row - mean) ** 2).sum() / (n - 1)),
        float(n * ((by_column - mean) ** 2).sum() / (k - 1)),
        float((residual**2).sum() / ((n - 1) * (k - 1))),
    )


def _icc_interval(
    icc: float, mean_squares: tuple[float, float, float], shape: tuple[int, int], level: float
) -> tuple[float, float] | None:
    """Interval of ICC(A,1), table 7 of [2]; ``None`` if the subjects do not differ at all."""
    from scipy.stats import f  # scipy.stats is slow to import, and only these intervals need it

    rows, columns, error = mean_squares
    n, k = shape
    if icc >= 1:  # raters who never differ by more than rounding
        return icc, icc
    if rows == 0:
        return None
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    freedom = (a * columns + b * error) ** 2 / (
        (a * columns) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    tail = (1 + level) / 2
    above = float(f.ppf(tail, n - 1, freedom))
    below = float(f.ppf(tail, freedom, n - 1))
    others = k * columns + (k * n - k - n) * error
    low = n * (rows - above * error) / (above * others + n * rows)
    high = n * (below * rows - error) / (others + n * below * rows)
    return float(low), float(high)


def concordance(first: ArrayLike, second: ArrayLike) -> float | None:
    """Lin's concordance correlation coefficient [4]_, with variances over n.

    Returns
    -------
    float or None
        ``None`` for fewer than two pairs, or if all values of both are the same.
    """
    x, y = _pairs(first, second)
    if x.size < 2:
        return None
    scatter = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    if scatter == 0:
        return None
    return float(2 * ((x - x.mean()) * (y - y.mean())).mean() / scatter)


def bland_altman(first: ArrayLike, second: ArrayLike, *, level: float = LEVEL) -> BlandAltman:
    """Bias and limits of agreement with their intervals [3]_.

    Parameters
    ----------
    first, second : array of shape (n,)
        Two measurements of the same things; the difference is first minus second.
    level : float
        Of the intervals: t distribution, the variance of a limit being
        ``sd^2 (1 / n + 1.96^2 / (2 (n - 1)))``.

    Returns
    -------
    BlandAltman
        One pair has a bias without interval; none has nothing.
    """
    x, y = _pairs(first, second)
    nothing = Estimate(value=None)
    if x.size == 0:
        return BlandAltman(bias=nothing, sd=None, lower_limit=nothing, upper_limit=nothing)
    difference = x - y
    bias = float(difference.mean())
    if x.size == 1:
        return BlandAltman(
            bias=Estimate(value=bias), sd=None, lower_limit=nothing, upper_limit=nothing
        )
    from scipy.stats import t  # see _icc_interval

    n, sd = x.size, float(difference.std(ddof=1))
    quantile = float(t.ppf((1 + level) / 2, n - 1))
    of_bias = quantile * sd / np.sqrt(n)
    of_limit = quantile * sd * np.sqrt(1 / n + SD_OF_LIMITS**2 / (2 * (n - 1)))
    return BlandAltman(
        bias=_around(bias, of_bias),
        sd=sd,
        lower_limit=_around(bias - SD_OF_LIMITS * sd, of_limit),
        upper_limit=_around(bias + SD_OF_LIMITS * sd, of_limit),
    )


def _around(value: float, half: float) -> Estimate:
    return Estimate(value=value, low=float(value - half), high=float(value + half), method="t")


def _pairs(first: ArrayLike, second: ArrayLike) -> tuple[_Floats, _Floats]:
    """Return both as arrays of numbers, or refuse them."""
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        msg = f"two measurements must be 1-D and equally many, got {x.shape} and {y.shape}"
        raise InputError(msg)
    return x, y


def category_table(reference: Sequence[float], automatic: Sequence[float]) -> NDArray[np.int64]:
    """Count scores by category, (reference, automatic).

    Parameters
    ----------
    reference, automatic : sequence of float
        Agatston scores of the same scans.

    Returns
    -------
    int64 ndarray of shape (4, 4)
        Rows and columns in the order of `CATEGORIES`.
    """
    table = np.zeros((len(CATEGORIES), len(CATEGORIES)), dtype=np.int64)
    for true, found in zip(reference, automatic, strict=True):
        table[CATEGORIES.index(category_of(true)), CATEGORIES.index(category_of(found))] += 1
    return table


def disagreement_weights(categories: int, kind: Literal["linear", "quadratic"]) -> _Floats:
    """Weights of disagreement of ordered categories: their distance, or its square.

    Parameters
    ----------
    categories : int
        How many there are.
    kind : ``"linear"`` or ``"quadratic"``
        Power of the distance.

    Returns
    -------
    float64 ndarray of shape (categories, categories)
    """
    place = np.arange(categories, dtype=np.float64)
    distance = np.abs(place[:, None] - place[None, :])
    return distance if kind == "linear" else distance**2


def weighted_kappa(table: ArrayLike, weights: ArrayLike) -> float | None:
    """Cohen's weighted kappa [5]_, by ``statsmodels.stats.inter_rater.cohens_kappa``.

    Parameters
    ----------
    table : array of shape (c, c)
        Counts or proportions.
    weights : array of shape (c, c)
        Of disagreement: 0 on the diagonal.

    Returns
    -------
    float or None
        ``None`` for an empty table, or where chance could not disagree: everything is in one
        category.

    Raises
    ------
    InputError
        If the two differ in shape.
    """
    counts = np.asarray(table, dtype=np.float64)
    w = np.asarray(weights, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.shape != w.shape:
        msg = f"table and weights must be square and alike, got {counts.shape} and {w.shape}"
        raise InputError(msg)
    chance = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    if not (w * chance).any():
        return None
    # a second to import, with pandas; only this needs it
    from statsmodels.stats.inter_rater import cohens_kappa

    return float(cohens_kappa(counts, weights=w, return_results=False))


def proportion(count: int, total: int, *, level: float = LEVEL) -> Proportion:
    """Make a proportion with its Wilson interval [6]_, which takes the cases as independent.

    Parameters
    ----------
    count, total : int
        0 <= count <= total.
    level : float
        Of the interval.

    Returns
    -------
    Proportion

    Raises
    ------
    InputError
        If the count is negative or above the total.
    """
    if not 0 <= count <= total:
        msg = f"a proportion needs 0 <= count <= total, got {count} of {total}"
        raise InputError(msg)
    if total == 0:
        return Proportion(count=0, total=0, fraction=Estimate(value=None))
    from scipy.stats import binomtest  # see _icc_interval

    interval = binomtest(count, total).proportion_ci(confidence_level=level, method="wilson")
    return Proportion(
        count=count,
        total=total,
        fraction=Estimate(
            value=count / total,
            low=float(interval.low),
            high=float(interval.high),
            method="Wilson",
        ),
    )
