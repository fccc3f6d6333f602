"""Empty places of the insert: where the same measurement shows nothing but noise."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import UnfitError
from corcal.evaluate.aperture import Aperture
from corcal.evaluate.grid import disc_mean
from corcal.evaluate.qrm import INSERT_RADIUS_MM, Insert, slice_width_mm
from corcal.evaluate.qrm_design import DIAMETER_MM, ROD_MEASURED_RADIUS_MM, Size
from corcal.evaluate.qrm_rods import MAX_TISSUE_SHIFT_HU, Rods, tissue_by_slice

__all__ = ["calcium_free_slices", "disc_mean_sd_hu", "empty_shifts", "pixel_noise_hu"]

_GRID_MM = 5.0
_NO_ROD_HU = 10.0
_MIN_PLACES = 10  # a standard deviation of ten is good to a quarter
_TOO_FEW = (
    "the calcium insert of a QRM phantom is there, but too few slices beside it show plain resin, "
    "which is needed to measure the noise"
)


def calcium_free_slices(scan: CTScan, insert: Insert) -> NDArray[np.int64]:
    """Slices with the insert's tissue and neither cylinders nor rods.

    Parameters
    ----------
    scan, insert
        The scan and its insert.

    Returns
    -------
    int64 ndarray
        Zero-based, ascending, at least one.

    Raises
    ------
    UnfitError
        If there is none: then the noise is not known.
    """
    z, *centre = insert.centre_index
    dz = scan.spacing_mm[0]
    away_mm = DIAMETER_MM[Size.LARGE] / 2 + slice_width_mm(scan)
    free = []
    for k, tissue in tissue_by_slice(scan, insert).items():
        middle = disc_mean(scan.hu[k], np.array(centre), 5.0, scan.spacing_mm[1:])
        is_like_insert = abs(tissue - insert.tissue_hu) <= MAX_TISSUE_SHIFT_HU
        if is_like_insert and abs(k - z) * dz >= away_mm and abs(middle - tissue) <= _NO_ROD_HU:
            free.append(k)
    if not free:
        raise UnfitError(_TOO_FEW)
    return np.array(free, dtype=np.int64)


def empty_shifts(
    scan: CTScan, insert: Insert, aperture: Aperture, free: NDArray[np.int64], *, at_most: int
) -> list[tuple[int, int, int]]:
    """Whole-voxel moves that bring an aperture to empty places of the insert.

    The moved aperture is the same to the last weight, so what it measures there is the noise of
    its measurement here.

    Parameters
    ----------
    scan, insert, aperture
        The scan, its insert, and the aperture of one cylinder.
    free : int64 ndarray
        From `calcium_free_slices`.
    at_most : int
        Evenly spread ones are taken if there are more.

    Returns
    -------
    list of (dz, dy, dx)

    Raises
    ------
    UnfitError
        If there are fewer than ten.
    """
    used = np.argwhere(aperture.weights.any(axis=0) | aperture.ring.any(axis=0))
    offset = used + np.array(aperture.corner[1:]) - np.array(insert.centre_index[1:])
    pixel = np.array(scan.spacing_mm[1:])
    steps = np.arange(-90.0, 90.1, _GRID_MM)
    moves = [
        (dy, dx)
        for dy in np.rint(steps / pixel[0]).astype(int).tolist()
        for dx in np.rint(steps / pixel[1]).astype(int).tolist()
        if _fits(offset, (dy, dx), pixel)
    ]
    shifts = [(dz, *move) for dz in _slice_shifts(scan, aperture, free) for move in moves]
    if len(shifts) < _MIN_PLACES:
        raise UnfitError(_TOO_FEW)
    every = np.linspace(0, len(shifts) - 1, min(at_most, len(shifts))).round().astype(int)
    return [shifts[i] for i in every.tolist()]


def _fits(offset: NDArray[np.float64], move: tuple[int, int], pixel: NDArray[np.float64]) -> bool:
    """Whether all pixels, given from the axis, stay within the insert when they are moved."""
    moved = (offset + np.array(move)) * pixel
    return bool((np.hypot(*moved.T) <= INSERT_RADIUS_MM + pixel.max()).all())


def _slice_shifts(scan: CTScan, aperture: Aperture, free: NDArray[np.int64]) -> Iterator[int]:
    """Yield moves along the axis that put an aperture on free slices, each on other ones."""
    first, last = aperture.slices
    is_free = np.zeros(scan.shape[0], dtype=np.bool_)
    is_free[free] = True
    start = 0
    while start + last - first < scan.shape[0]:
        box = aperture.box((start - first, 0, 0))[0]
        is_inside = box.start >= 0 and box.stop <= scan.shape[0]
        if is_inside and is_free[start : start + last - first + 1].all():
            yield start - first
            start += last - first + 1
        else:
            start += 1


def disc_mean_sd_hu(scan: CTScan, insert: Insert, free: NDArray[np.int64], rods: Rods) -> float:
    """How the mean over a rod-sized disc varies over empty places: noise and unevenness.

    Parameters
    ----------
    scan, insert, rods
        The scan, its insert and its rods.
    free : int64 ndarray
        From `calcium_free_slices`.

    Returns
    -------
    float
        Standard deviation over discs of 6.9 mm radius, averaged over as many slices as the rods.
    """
    pixel = np.array(scan.spacing_mm[1:])
    reach = INSERT_RADIUS_MM - ROD_MEASURED_RADIUS_MM
    steps = np.arange(-reach, reach + 0.1, 2 * ROD_MEASURED_RADIUS_MM)
    centres = [
        np.array(insert.centre_index[1:]) + np.array([y, x]) / pixel
        for y in steps
        for x in steps
        if np.hypot(y, x) <= reach
    ]
    count = min(len(rods.slices), len(free))
    means = []
    for first in range(0, len(free) - count + 1, count):
        block = scan.hu[free[first : first + count]].mean(axis=0)
        means.append([disc_mean(block, at, ROD_MEASURED_RADIUS_MM, tuple(pixel)) for at in centres])
    return float(np.std(means, axis=1, ddof=1).mean())


def pixel_noise_hu(scan: CTScan, insert: Insert, free: NDArray[np.int64]) -> float:
    """Return the standard deviation of single pixels within 30 mm of the axis, mean over slices."""
    _, dy, dx = scan.spacing_mm
    y, x = np.ogrid[: scan.shape[1], : scan.shape[2]]
    _, cy, cx = insert.centre_index
    near = np.hypot((y - cy) * dy, (x - cx) * dx) <= 30.0
    return float(np.mean([scan.hu[k][near].std() for k in free]))
