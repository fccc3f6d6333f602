"""The four categories of an Agatston score."""

from corcal.risk.categories import SCHEMES, band_of

__all__ = ["CATEGORIES", "category_of"]

CATEGORIES = tuple(band.code for band in SCHEMES["plain"].bands)


def category_of(agatston: float) -> str:
    """Return the category of a score, unrounded: the plain guide of `corcal.risk.categories`.

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
    return band_of("plain", agatston).code
