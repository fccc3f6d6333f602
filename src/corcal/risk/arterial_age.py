"""Arterial age: the age at which the risk of the score would be the usual one."""

import math

from corcal.risk.checks import check_agatston
from corcal.risk.types import ArterialAge

__all__ = ["arterial_age"]

# McClelland 2009, doi:10.1016/j.amjcard.2008.08.031: years, and years per unit of ln(score + 1)
_AT_ZERO_YEARS = 39.1
_PER_LOG_YEARS = 7.25
# Variance of the estimate, the same paper: a + b ln(score + 1) + c ln(score + 1)^2, in years^2.
# It has no root (b^2 < 4ac) and is smallest, 0.5, at a score of 57.
_VARIANCE = (13.7, -6.5, 0.8)
_NORMAL_95 = 1.96


def arterial_age(agatston: float) -> ArterialAge:
    """Return the arterial age with its 95 % interval.

    It is ``39.1 + 7.25 ln(score + 1)`` years, whatever the person's age, sex and race. It was made
    in people of 45 to 84 years without cardiovascular disease and is not meant for people with
    diabetes. The interval is that of the fitted line, not the spread among people.

    Parameters
    ----------
    agatston : float
        Unrounded, at least 0.

    Returns
    -------
    ArterialAge
        Years, unrounded.

    Raises
    ------
    InputError
        If it is no score.

    References
    ----------
    .. [1] McClelland RL et al. Am J Cardiol 2009;103:59-63. doi:10.1016/j.amjcard.2008.08.031

    Examples
    --------
    >>> age = arterial_age(100)
    >>> f"{age.years:.1f} ({age.low:.1f} to {age.high:.1f})"
    '72.6 (70.9 to 74.2)'
    """
    check_agatston(agatston)
    log = math.log1p(agatston)
    years = _AT_ZERO_YEARS + _PER_LOG_YEARS * log
    constant, linear, square = _VARIANCE
    half = _NORMAL_95 * math.sqrt(constant + linear * log + square * log**2)
    return ArterialAge(years=years, low=years - half, high=years + half, source="mcclelland2009")
