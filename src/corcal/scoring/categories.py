"""The four categories of an Agatston score."""

import math

from corcal.errors import InputError

__all__ = ["CATEGORIES", "category_of"]

# Rumberger 1999, doi:10.4065/74.3.243, with 1-10 and 11-100 joined
CATEGORIES = ("0", "1-100", "101-400", ">400")
_UPPER_EDGES = (0.0, 100.0, 400.0)


def category_of(agatston: float) -> str:
    """Return the category of a score, unrounded.

    The names are made for whole numbers; between them nothing is left open: 0 is exactly zero,
    ``"1-100"`` is above 0 up to 100, ``"101-400"`` above 100 up to 400.

    Parameters
    ----------
    agatston : float
        At least 0.

    Returns
    -------
    str
        One of `CATEGORIES`.

    Raises
    ------
    InputError
        If it is no score: negative or not finite.

    Examples
    --------
    >>> [category_of(score) for score in (0, 0.5, 100, 100.5, 400, 400.5)]
    ['0', '1-100', '1-100', '101-400', '101-400', '>400']
    """
    if not math.isfinite(agatston) or agatston < 0:
        msg = f"an Agatston score is a finite number from 0 up, got {agatston}"
        raise InputError(msg)
    return CATEGORIES[sum(agatston > edge for edge in _UPPER_EDGES)]
