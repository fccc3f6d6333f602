"""What lies around a piece in its densest slice: fat, lung, muscle, other dense voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.pieces import Pieces

__all__ = ["Surroundings", "look_around"]

_DIRECTIONS = 24
_OFFSETS_MM = (1.8, 3.0, 4.5, 6.0)  # beyond the piece: less is its own blur
_FAT_HU = (-170.0, -20.0)
_LUNG_HU = -300.0
_SOFT_HU = (-15.0, 125.0)
_ABOVE_MM = 3.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Around each piece, arrays of shape (m,).

    Attributes
    ----------
    fat, near_fat, lung, dense : float32
        Parts of the points around it that are fat, of the innermost two rings that are fat, that
        are lung, and that reach the threshold.
    background_hu : float32
        Median of the points that are neither fat nor dense; nan if there are none.
    above_hu, below_hu : float32
        Mean HU at its middle 3.5 mm towards head and feet; nan outside of the scan.
    span_mm : float32
        Largest width of it in that slice.
    thin_mm : float32
        Smallest width.
    """

    fat: NDArray[np.float32]
    near_fat: NDArray[np.float32]
    lung: NDArray[np.float32]
    dense: NDArray[np.float32]
    background_hu: NDArray[np.float32]
    above_hu: NDArray[np.float32]
    below_hu: NDArray[np.float32]
    span_mm: NDArray[np.float32]
    thin_mm: NDArray[np.float32]


def look_around(scan: CTScan, pieces: Pieces, *, threshold_hu: float) -> Surroundings:
    """Look at rings around each piece, in the slice that holds most of its excess density."""
    zyx = np.stack(np.unravel_index(pieces.index, scan.shape), axis=1)
    piece = pieces.piece
    excess = np.maximum(pieces.hu.astype(np.float64) - threshold_hu, 0.0) + 1.0
    slices = _main_slice(piece, zyx[:, 0], excess, len(pieces))
    here = zyx[:, 0] == slices[piece]
    who, points = piece[here], zyx[here][:, 1:] * np.array(scan.spacing_mm[1:])
    middle = np.stack(
        [_mean(who, points[:, k], excess[here], len(pieces)) for k in range(2)], axis=1
    )
    reach = _reach(who, points - middle[who], len(pieces))
    rings = _rings(scan, slices, middle, reach)
    flat = rings.reshape(len(pieces), -1)
    fat = (flat > _FAT_HU[0]) & (flat < _FAT_HU[1])
    soft = np.where((flat > _SOFT_HU[0]) & (flat < _SOFT_HU[1]), flat, np.nan)
    near = rings[:, :2].reshape(len(pieces), -1)
    half = _DIRECTIONS // 2
    widths = reach[:, :half] + reach[:, half:]
    return Surroundings(
        fat=_part(fat),
        near_fat=_part((near > _FAT_HU[0]) & (near < _FAT_HU[1])),
        lung=_part(flat < _LUNG_HU),
        dense=_part(flat >= threshold_hu),
        background_hu=_median(soft),
        above_hu=_across(scan, slices, middle, _ABOVE_MM),
        below_hu=_across(scan, slices, middle, -_ABOVE_MM),
        span_mm=(widths.max(axis=1) + scan.spacing_mm[1]).astype(np.float32),
        thin_mm=(widths.min(axis=1) + scan.spacing_mm[1]).astype(np.float32),
    )


def _main_slice(
    piece: NDArray[np.int64], z: NDArray[np.intp], excess: NDArray[np.float64], count: int
) -> NDArray[np.intp]:
    """Slice with the largest sum of excess, for each piece."""
    names, row = np.unique(piece * 100_000 + z, return_inverse=True)
    total = np.bincount(row, weights=excess)
    order = np.lexsort((-total, names // 100_000))
    first = np.unique((names // 100_000)[order], return_index=True)[1]
    out = np.zeros(count, np.intp)
    best = names[order[first]]
    out[best // 100_000] = best % 100_000
    return out


def _mean(
    who: NDArray[np.int64],
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    count: int,
) -> NDArray[np.float64]:
    total = np.bincount(who, weights=weights, minlength=count)
    mean = np.bincount(who, weights=weights * values, minlength=count) / total
    return np.asarray(mean)


def _directions() -> NDArray[np.float64]:
    angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _reach(who: NDArray[np.int64], offsets: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """How far each piece reaches in each direction: (m, directions), mm."""
    out = np.zeros((count, _DIRECTIONS))
    for k, direction in enumerate(_directions()):
        np.maximum.at(out[:, k], who, offsets @ direction)
    return out


def _rings(
    scan: CTScan,
    slices: NDArray[np.intp],
    middle: NDArray[np.float64],
    reach: NDArray[np.float64],
) -> NDArray[np.float32]:
    """HU at rings beyond each piece: (m, offsets, directions), means of 3 x 3 pixels."""
    _, n_y, n_x = scan.shape
    _, dy, dx = scan.spacing_mm
    out = []
    for offset in _OFFSETS_MM:
        place = middle[:, None, :] + (reach + offset)[..., None] * _directions()
        j = np.rint(place[..., 0] / dy).astype(np.intp)
        i = np.rint(place[..., 1] / dx).astype(np.intp)
        total = np.zeros(j.shape, np.float32)
        for step in np.ndindex(3, 3):
            row = np.clip(j + step[0] - 1, 0, n_y - 1)
            column = np.clip(i + step[1] - 1, 0, n_x - 1)
            total += scan.hu[slices[:, None], row, column]
        out.append(total / np.float32(9.0))
    return np.stack(out, axis=1)


def _across(
    scan: CTScan, slices: NDArray[np.intp], middle: NDArray[np.float64], step_mm: float
) -> NDArray[np.float32]:
    z = slices + round(step_mm / scan.spacing_mm[0] + 0.01 * np.sign(step_mm))
    inside = (z >= 0) & (z < scan.shape[0])
    j = np.clip(np.rint(middle[:, 0] / scan.spacing_mm[1]), 1, scan.shape[1] - 2).astype(np.intp)
    i = np.clip(np.rint(middle[:, 1] / scan.spacing_mm[2]), 1, scan.shape[2] - 2).astype(np.intp)
    k = np.clip(z, 0, scan.shape[0] - 1)
    total = sum(scan.hu[k, j + a, i + b].astype(np.float32) for a in (-1, 0, 1) for b in (-1, 0, 1))
    return np.asarray(np.where(inside, total / 9.0, np.nan), np.float32)


def _part(flags: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.asarray(flags.mean(axis=1), np.float32)


def _median(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Median of each row without its nan; nan for a row of nothing else."""
    ordered = np.sort(values, axis=1)  # nan come last
    count = np.isfinite(values).sum(axis=1)
    middle = np.maximum((count - 1) // 2, 0)
    out = ordered[np.arange(len(values)), middle]
    return np.asarray(np.where(count > 0, out, np.nan), np.float32)
