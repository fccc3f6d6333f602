"""What a piece looks like inside: even and hollow as a stent, or densest in its middle as a plaque.

A stent is a tube of mesh: as bright at one place as at the next, and darker along its axis. Calcium
is densest somewhere in its middle and fades from there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.pieces import BONE_FROM_MM3, Pieces
from corcal.lesions.windows import Windows, cut_windows

__all__ = ["Insides", "look_inside"]

_LEAST_LENGTH_MM = 7.0  # stents are 8 mm long and longer; of shorter ones nothing is to be said
_LEAST_AREA_MM2 = 4.0  # of a slice of a piece: what is smaller has an edge and no inside
_REACH_MM = 10.0  # of the window around the middle of a slice of a piece
_SMOOTHING_MM = 0.4  # noise of single pixels; struts and lumen stay
_LUMEN_MM = 1.6  # half of what is closed: stents are 2.5 to 4 mm wide
_EDGE_MM = 0.5  # blur of the edge, taken off before evenness is measured
_LEAST_CORE = 4  # pixels
_FLOOR_HU = -200.0  # lung beside the heart is no darker than this
_CHUNK = 256

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Insides:
    """Measurements of each piece over its slices of 4 mm2 and more.

    Attributes
    ----------
    uneven : float64 ndarray of shape (n,)
        Standard deviation over mean of its HU, 0.5 mm off its edge, in each slice; their mean by
        pixels. ``nan`` without such pixels, and for pieces shorter than 7 mm.
    hollow : float64 ndarray of shape (n,)
        How much a closing of 3.2 mm and a pixel fills it, over its HU: 0 where it is densest in
        its middle. ``nan`` without slices that are large enough, and for pieces shorter than 7 mm.
    """

    uneven: NDArray[np.float64]
    hollow: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slices:
    """Slices of pieces that are large enough to be looked into; `at` gives that of each voxel."""

    piece: NDArray[np.int64]
    z: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    at: NDArray[np.int64]


def look_inside(scan: CTScan, pieces: Pieces, length_mm: NDArray[np.floating]) -> Insides:
    """Measure the inside of each piece that is long enough to be a stent.

    Parameters
    ----------
    scan : CTScan
        The scan.
    pieces : Pieces
        Of this scan.
    length_mm : ndarray of shape (n,)
        `corcal.lesions.shape.Shapes.length_mm` of each.

    Returns
    -------
    Insides
        Each array has one value a piece.
    """
    slices = _large_slices(pieces, length_mm >= _LEAST_LENGTH_MM)
    sums = np.zeros((4, slices.piece.size))
    for start in range(0, slices.piece.size, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, slices.piece.size))
        sums[:, rows] = _measure(scan, pieces, slices, rows)
    uneven, core, filled, total = (
        np.bincount(slices.piece, weights=one, minlength=pieces.count) for one in sums
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return Insides(uneven=uneven / core, hollow=filled / total)


def _large_slices(pieces: Pieces, long: _Mask) -> _Slices:
    """Find the slices of pieces with an inside, and their middles."""
    z, y, x = pieces.zyx()
    depth = pieces.shape[0]
    slots, at, size = np.unique(
        pieces.piece.astype(np.int64) * depth + z, return_inverse=True, return_counts=True
    )
    _, dy, dx = pieces.spacing_mm
    large = size * dy * dx >= _LEAST_AREA_MM2
    # the inside of bone says nothing
    large &= (long & (pieces.full_volume_mm3 < BONE_FROM_MM3))[slots // depth]
    number = np.where(large, np.cumsum(large) - 1, -1)
    middle = [np.bincount(at, weights=axis) / size for axis in (y, x)]
    return _Slices(
        piece=slots[large] // depth,
        z=slots[large] % depth,
        y=np.rint(middle[0][large]).astype(np.int64),
        x=np.rint(middle[1][large]).astype(np.int64),
        at=number[at],
    )


def _measure(
    scan: CTScan, pieces: Pieces, slices: _Slices, rows: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Measure some slices together: unevenness by pixels of core, core, filled, sum; (4, rows)."""
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    _, dy, dx = scan.spacing_mm
    z, y, x = (axis[rows] for axis in (slices.z, slices.y, slices.x))
    windows = cut_windows(scan, z, y, x, reach_mm=_REACH_MM, floor_hu=_FLOOR_HU)
    inside = _marked(windows, pieces, slices, rows)
    smooth = ndimage.gaussian_filter(windows.hu, (0, _SMOOTHING_MM / dy, _SMOOTHING_MM / dx))
    size = (1, *(2 * max(1, round(_LUMEN_MM / step)) + 1 for step in (dy, dx)))
    closed = ndimage.minimum_filter(ndimage.maximum_filter(smooth, size), size)
    cross = ndimage.generate_binary_structure(2, 1)[None]
    core = ndimage.binary_erosion(inside, cross, iterations=max(1, round(_EDGE_MM / dy)))
    core &= core.sum(axis=(1, 2), keepdims=True) >= _LEAST_CORE
    count = core.sum(axis=(1, 2))
    mean = np.where(core, smooth, 0).sum(axis=(1, 2)) / np.maximum(count, 1)
    square = np.where(core, (smooth - mean[:, None, None]) ** 2, 0).sum(axis=(1, 2))
    uneven = np.sqrt(square * count) / np.maximum(mean, 1.0)
    filled = np.where(inside, closed - smooth, 0).sum(axis=(1, 2))
    total = np.where(inside, smooth, 0).sum(axis=(1, 2))
    return np.stack([uneven, count, filled, total])


def _marked(windows: Windows, pieces: Pieces, slices: _Slices, rows: NDArray[np.intp]) -> _Mask:
    """Mark in each window its slice of a piece."""
    voxel = np.flatnonzero((slices.at >= rows[0]) & (slices.at <= rows[-1]))
    _, y, x = np.unravel_index(pieces.index[voxel], pieces.shape)
    return windows.marked(slices.at[voxel] - rows[0], y, x)
