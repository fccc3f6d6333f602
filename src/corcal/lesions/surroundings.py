"""What lies around a piece in its main slice: fat, lung, bone, and how far it stands out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import AIR_HU, CTScan
from corcal.lesions.noise import SMOOTHING_MM
from corcal.lesions.pieces import Pieces
from corcal.lesions.windows import Windows, cut_windows

__all__ = ["Surroundings", "look_around"]

_REACH_MM = 10.0  # of the window around the piece's densest voxel
_SHELL_MM = (1.5, 6.0)  # from the piece: past its blur, before the next structure
_FAT_HU = (-160.0, -15.0)
_LUNG_HU = -250.0
_AIR_LIKE_HU, _LUNG_EDGE_MM = -500.0, 4.0  # no streak is as dark; its blurred edge is not one
_BRIGHT_HU = 130.0
_BESIDE_MM, _BESIDE_HALF_MM = 3.0, 1.0  # distance and half-width of what is looked at up and down
_SOFT_HU = -20.0
_FINE_MM = 0.75  # pixels of the shell, about; finer ones are skipped after smoothing
_FAR_SLICE_MM = 1e4  # between windows that are stacked only to be worked on together
_CHUNK = 256

_Floats = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Measurements of each piece in its main slice, the one with most calcium.

    Attributes
    ----------
    smooth_peak_hu : float32 ndarray of shape (n,)
        Maximum inside the piece after smoothing the slice by `SMOOTHING_MM`.
    background_hu : float32 ndarray of shape (n,)
        Median of the soft tissue in the shell (above -20, below 130 HU); ``nan`` without any.
    fat, lung, bright : float32 ndarray of shape (n,)
        Shares of the shell from 1.5 to 6 mm, 0 to 1.
    darkest_hu : float32 ndarray of shape (n,)
        Minimum of the smoothed slice around the piece, 4 mm or more from lung and air: streaks of
        metal. ``inf`` where lung is on all sides.
    above_hu, below_hu : float32 ndarray of shape (n,)
        Mean of 2 x 2 mm, about 3 mm and at least one slice above and below the densest voxel of
        the main slice; ``nan`` beyond the scan. Noise does not go on there, calcium often does.
    main_slice : int64 ndarray of shape (n,)
    """

    smooth_peak_hu: _Floats
    background_hu: _Floats
    fat: _Floats
    lung: _Floats
    bright: _Floats
    darkest_hu: _Floats
    above_hu: _Floats
    below_hu: _Floats
    main_slice: NDArray[np.int64]


def look_around(scan: CTScan, pieces: Pieces) -> Surroundings:
    """Measure the surroundings of each piece.

    Parameters
    ----------
    scan : CTScan
        The scan.
    pieces : Pieces
        Of this scan.

    Returns
    -------
    Surroundings
        Each array has one value a piece.
    """
    main, top = _main_voxels(pieces)
    out = np.zeros((6, pieces.count), np.float32)
    for start in range(0, pieces.count, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, pieces.count))
        out[:, rows] = _measure(scan, pieces, rows, main, top)
    return Surroundings(
        smooth_peak_hu=out[0],
        background_hu=out[1],
        fat=out[2],
        lung=out[3],
        bright=out[4],
        darkest_hu=out[5],
        above_hu=_beside(scan, top, 1),
        below_hu=_beside(scan, top, -1),
        main_slice=main,
    )


def _main_voxels(pieces: Pieces) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Slice of each piece with the most calcium, and the flat index of its densest voxel there."""
    z = pieces.zyx()[0]
    key = pieces.piece.astype(np.int64) * pieces.shape[0] + z
    slots, slot = np.unique(key, return_inverse=True)
    amount = np.bincount(slot, weights=pieces.hu - pieces.threshold_hu + 1.0)
    owner = slots // pieces.shape[0]
    best = np.lexsort((-amount, owner))  # the first slot of each owner has the most
    _, at = np.unique(owner[best], return_index=True)
    main = slots[best[at]] % pieces.shape[0]
    inside = np.flatnonzero(z == main[pieces.piece])
    order = inside[np.lexsort((-pieces.hu[inside].astype(np.float64), pieces.piece[inside]))]
    _, first = np.unique(pieces.piece[order], return_index=True)
    return main, pieces.index[order[first]]


def _beside(scan: CTScan, top: NDArray[np.int64], side: int) -> _Floats:
    """Mean around the place of each voxel in a slice above (1) or below (-1)."""
    n_z, n_y, n_x = scan.shape
    dz, dy, dx = scan.spacing_mm
    z = top // (n_y * n_x) + side * max(1, round(_BESIDE_MM / dz))
    reach_y, reach_x = round(_BESIDE_HALF_MM / dy), round(_BESIDE_HALF_MM / dx)
    y = np.clip((top // n_x % n_y)[:, None] + np.arange(-reach_y, reach_y + 1), 0, n_y - 1)
    x = np.clip((top % n_x)[:, None] + np.arange(-reach_x, reach_x + 1), 0, n_x - 1)
    place = np.clip(z, 0, n_z - 1)[:, None, None]
    values = scan.hu[place, y[:, :, None], x[:, None, :]].astype(np.float32)
    mean = np.maximum(values, np.float32(AIR_HU)).mean(axis=(1, 2))
    return np.where((z >= 0) & (z < n_z), mean, np.float32(np.nan))


def _measure(
    scan: CTScan,
    pieces: Pieces,
    rows: NDArray[np.intp],
    main: NDArray[np.int64],
    top: NDArray[np.int64],
) -> _Floats:
    """Measure some pieces together, as a stack of windows; shape (6, rows)."""
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    _, dy, dx = scan.spacing_mm
    _, y, x = np.unravel_index(top[rows], scan.shape)
    windows = cut_windows(scan, main[rows], y, x, reach_mm=_REACH_MM, floor_hu=AIR_HU)
    inside = _marked(windows, pieces, rows, main)
    sigma = (0.0, SMOOTHING_MM / dy, SMOOTHING_MM / dx)
    smooth = ndimage.gaussian_filter(windows.hu, sigma, truncate=3.0)
    peak = np.where(inside, smooth, -np.inf).max(axis=(1, 2))
    skip_y, skip_x = max(1, round(_FINE_MM / dy)), max(1, round(_FINE_MM / dx))
    coarse = smooth[:, ::skip_y, ::skip_x]
    distance = ndimage.distance_transform_edt(
        ~_any_of(inside, skip_y, skip_x), sampling=(_FAR_SLICE_MM, dy * skip_y, dx * skip_x)
    )
    shell = (distance > _SHELL_MM[0]) & (distance < _SHELL_MM[1]) & (coarse > AIR_HU - 1.0)
    size = np.maximum(shell.sum(axis=(1, 2)), 1)
    fat = (coarse > _FAT_HU[0]) & (coarse < _FAT_HU[1])
    shares = [
        (shell & one).sum(axis=(1, 2)) / size
        for one in (fat, coarse < _LUNG_HU, coarse >= _BRIGHT_HU)
    ]
    soft = shell & (coarse > _SOFT_HU) & (coarse < _BRIGHT_HU)
    edge = (1, *(2 * max(1, round(_LUNG_EDGE_MM / d)) + 1 for d in (dy * skip_y, dx * skip_x)))
    by_air = ndimage.minimum_filter(coarse, edge) < _AIR_LIKE_HU
    near = np.where((distance < _SHELL_MM[1]) & ~by_air, coarse, np.inf).min(axis=(1, 2))
    return np.stack([peak, _medians(coarse, soft), *shares, near]).astype(np.float32)


def _marked(
    windows: Windows, pieces: Pieces, rows: NDArray[np.intp], main: NDArray[np.int64]
) -> _Mask:
    """Mark in each window the main slice of its piece."""
    voxel = np.flatnonzero((pieces.piece >= rows[0]) & (pieces.piece <= rows[-1]))
    z, y, x = np.unravel_index(pieces.index[voxel], pieces.shape)
    piece = pieces.piece[voxel]
    at = z == main[piece]
    return windows.marked(piece[at] - rows[0], y[at], x[at])


def _any_of(mask: _Mask, skip_y: int, skip_x: int) -> _Mask:
    """Coarsen a mask: true where any pixel of the block is."""
    n, n_y, n_x = mask.shape
    pad = ((0, 0), (0, -n_y % skip_y), (0, -n_x % skip_x))
    blocks = np.pad(mask, pad).reshape(n, -(-n_y // skip_y), skip_y, -(-n_x // skip_x), skip_x)
    return np.asarray(blocks.any(axis=(2, 4)))


def _medians(values: _Floats, mask: _Mask) -> NDArray[Any]:
    """Median of each window's values under its mask, ``nan`` without any."""
    flat = np.where(mask, values, np.inf).reshape(len(values), -1)
    count = mask.reshape(len(mask), -1).sum(axis=1)
    flat.sort(axis=1)
    middle = flat[np.arange(len(flat)), np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, middle, np.nan)
