"""Discs on a pixel grid, and smoothing in millimetres."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["disc_weights", "disc_mean", "bin_pixels", "slab_mean", "smooth_mm"]

_Box = tuple[slice, slice]


def disc_weights(
    centre_px: NDArray[np.floating],
    radius_mm: float,
    pixel_spacing_mm: tuple[float, ...],
    shape: tuple[int, ...],
) -> tuple[NDArray[np.float64], _Box]:
    """Share of each pixel in a disc.

    The share falls linearly from 1 to 0 over the pixel that the rim crosses, so that the area of
    the disc, and every sum over it, moves smoothly with radius and centre.

    Parameters
    ----------
    centre_px : (y, x)
        Zero-based, fractional.
    radius_mm : float
        Radius.
    pixel_spacing_mm : (dy, dx)
        Pixel spacing.
    shape : (n_y, n_x)
        Shape of the slice.

    Returns
    -------
    weights : float64 ndarray
        Of the pixels in the box; empty where the disc lies outside the slice.
    box : (slice, slice)
        Rows and columns that the disc can reach, cut at the edge of the slice.
    """
    dy, dx = pixel_spacing_mm
    y, x = float(centre_px[0]), float(centre_px[1])
    reach_y, reach_x = radius_mm / dy + 1, radius_mm / dx + 1
    rows = slice(max(0, int(y - reach_y)), max(0, min(shape[0], int(y + reach_y) + 2)))
    columns = slice(max(0, int(x - reach_x)), max(0, min(shape[1], int(x + reach_x) + 2)))
    distance = np.hypot(
        (np.arange(rows.start, rows.stop)[:, None] - y) * dy,
        (np.arange(columns.start, columns.stop)[None, :] - x) * dx,
    )
    pixel = float(np.sqrt(dy * dx))
    return np.clip((radius_mm - distance) / pixel + 0.5, 0.0, 1.0), (rows, columns)


def disc_mean(
    image: NDArray[Any],
    centre_px: NDArray[np.floating],
    radius_mm: float,
    pixel_spacing_mm: tuple[float, ...],
) -> float:
    """Mean over a disc of a slice."""
    weights, box = disc_weights(centre_px, radius_mm, pixel_spacing_mm, image.shape)
    return float((image[box] * weights).sum() / weights.sum())


def slab_mean(hu: NDArray[Any], first: int, count: int) -> NDArray[np.float32]:
    """Mean of consecutive slices."""
    return np.asarray(hu[first : first + count].mean(axis=0, dtype=np.float32))


def smooth_mm(
    image: NDArray[np.float32], sigma_mm: float, pixel_spacing_mm: tuple[float, ...]
) -> NDArray[np.float32]:
    """Gaussian smoothing of a slice."""
    from scipy import ndimage  # heavy import, needed only to calibrate

    sigma = [sigma_mm / pixel for pixel in pixel_spacing_mm]
    return np.asarray(ndimage.gaussian_filter(image, sigma), dtype=np.float32)


def bin_pixels(image: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Average blocks of `count` times `count` pixels; incomplete blocks at the end are dropped."""
    n_y, n_x = (length // count for length in image.shape)
    blocks = image[: n_y * count, : n_x * count].reshape(n_y, count, n_x, count)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)
