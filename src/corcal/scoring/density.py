"""How dense and how spread out calcium is, beyond its amount."""

from collections.abc import Iterable

__all__ = ["diffusivity", "mean_density_factor"]


def mean_density_factor(weighted_pixels: float, pixels: int) -> float | None:
    """Return the mean weight of the calcified area: the score over the area (Criqui 2014 [1]_).

    The increment and the pixel size cancel, so that scans of different spacing compare.

    Parameters
    ----------
    weighted_pixels : float
        Sum over slice lesions of weight times pixels.
    pixels : int
        Sum over slice lesions of pixels.

    Returns
    -------
    float or None
        1 to 4; ``None`` without calcium.

    References
    ----------
    .. [1] Criqui MH et al. JAMA 2014;311:271-278. doi:10.1001/jama.2013.282535

    Examples
    --------
    >>> mean_density_factor(3 * 8 + 4 * 8, 16)
    3.5
    """
    return weighted_pixels / pixels if pixels else None


def diffusivity(agatston_by_vessel: Iterable[float]) -> float | None:
    """Return how much of the calcium lies outside of the most affected vessel (Blaha 2016 [1]_).

    Parameters
    ----------
    agatston_by_vessel : iterable of float
        Agatston score of each vessel.

    Returns
    -------
    float or None
        1 - (score of the most affected vessel / total): 0 if one vessel has it all, at most 0.75
        with four vessels; ``None`` without calcium.

    References
    ----------
    .. [1] Blaha MJ et al. JACC Cardiovasc Imaging 2016;9:1407-1416.
       doi:10.1016/j.jcmg.2016.03.001

    Examples
    --------
    >>> diffusivity([0.0, 60.0, 20.0, 20.0])
    0.4
    """
    scores = list(agatston_by_vessel)
    total = sum(scores)
    return 1.0 - max(scores) / total if total > 0 else None
