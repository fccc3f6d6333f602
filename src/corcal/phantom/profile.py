"""The profiles that an image is blurred by, integrated exactly: a Gaussian, a smoothed box."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["integrated_normal", "profile_weights"]


def profile_weights(
    centres_mm: NDArray[np.floating],
    edges_mm: NDArray[np.floating],
    *,
    sigma_mm: float,
    box_mm: float,
) -> NDArray[np.float32]:
    """Part of the profile at each centre that falls between neighbouring edges.

    The profile is a Gaussian of `sigma_mm`, or, if `box_mm` is not 0, a box smoothed by it.
    Weights below 1e-7 are 0.

    Returns
    -------
    float32 ndarray of shape (n_centres, n_edges - 1)
    """
    from scipy.special import ndtr  # heavy import, needed only to simulate

    u = (edges_mm[None, :] - centres_mm[:, None]) / sigma_mm
    if box_mm > 0:
        half = 0.5 * box_mm / sigma_mm
        cumulative = (integrated_normal(u + half) - integrated_normal(u - half)) / (2 * half)
    else:
        cumulative = ndtr(u)
    weights = np.diff(cumulative, axis=1)
    weights[weights < 1e-7] = 0.0
    return np.asarray(weights, np.float32)


def integrated_normal(u: NDArray[np.floating]) -> NDArray[np.float64]:
    """Integral of the normal distribution function from minus infinity to `u`."""
    from scipy.special import ndtr  # heavy import, needed only to simulate

    return np.asarray(u * ndtr(u) + np.exp(-0.5 * u**2) / math.sqrt(2 * math.pi))
