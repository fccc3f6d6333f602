"""Time between exams."""

from datetime import date

__all__ = ["years_between"]


def years_between(first: date, second: date) -> float:
    """Count calendar years: whole ones to the last anniversary, and the part of the next.

    Exams on the same day of different years are whole years apart, whatever leap years lie between,
    so that a rule of "10 units per year" has its edge where a person expects it.

    Parameters
    ----------
    first, second : date
        Not later than `second`. The anniversary of 29 February is 28 February.

    Returns
    -------
    float
        0 or above.

    Examples
    --------
    >>> years_between(date(2020, 1, 2), date(2023, 1, 2))
    3.0
    >>> round(years_between(date(2020, 1, 1), date(2020, 7, 1)), 3)  # 182 of 366 days
    0.497
    """
    whole = second.year - first.year
    if _anniversary(first, whole) > second:
        whole -= 1
    last, following = _anniversary(first, whole), _anniversary(first, whole + 1)
    return whole + (second - last).days / (following - last).days


def _anniversary(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
