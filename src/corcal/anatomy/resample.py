"""A scan on a coarse isotropic grid: the mean of each cell, out of voxels of any size.

The value of a cell is the exact mean, over the cell, of the scan interpolated linearly between the
centres of its voxels. Where voxels are much smaller than cells (in the slice) that is the
overlap-weighted mean of the voxels; where they are larger (thick slices) it is interpolation. One
rule for any ratio, exact on constants and on linear ramps, and continuous in every size, so a scan
reconstructed a little differently gives nearly the same cells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import AIR_HU, CTScan
from corcal.errors import InputError

__all__ = ["Grid", "coarser", "cover", "covered_cells", "cut_box", "resample"]

LEAST_COVERED = 0.5  # of a cell's side that the scan must cover; less is outside of the scan
_HALF_LIMIT = 1e-9  # a cell that is half covered, up to rounding, is covered
_SLAB_SLICES = 4  # converted to float at a time: stays in the cache, and costs no memory
_BAND_CELLS = 8  # rows of cells whose voxels are multiplied at a time: the weights are banded

_Floats = NDArray[np.float32]
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Isotropic cells aligned with the axes of a scan.

    Attributes
    ----------
    origin_mm : (z, y, x)
        Centre of the first cell, in mm from the centre of the scan's voxel ``[0, 0, 0]``.
    cell_mm : float
        Side of a cell.
    shape : (n_z, n_y, n_x)
        Number of cells.
    """

    origin_mm: Triple
    cell_mm: float
    shape: tuple[int, int, int]

    @property
    def spacing_mm(self) -> Triple:
        """``cell_mm``, once for each axis."""
        return self.cell_mm, self.cell_mm, self.cell_mm

    def box(self, start: tuple[int, int, int], shape: tuple[int, int, int]) -> "Grid":
        """Give the grid of `shape` cells whose first is the cell `start` of this one.

        `start` may be negative, and the box may reach beyond this grid.
        """
        z, y, x = (o + s * self.cell_mm for o, s in zip(self.origin_mm, start, strict=True))
        return Grid(origin_mm=(z, y, x), cell_mm=self.cell_mm, shape=shape)


def cover(scan: CTScan, *, cell_mm: float, multiple: int = 1) -> Grid:
    """Give the grid that covers a scan, with the scan in its middle.

    Parameters
    ----------
    scan : CTScan
        Each voxel fills its spacing: a scan of n slices is n times the increment long.
    cell_mm : float
        Side of a cell.
    multiple : int
        The number of cells of each side is a multiple of this.

    Returns
    -------
    Grid
    """
    origin, shape = [], []
    for size, step in zip(scan.shape, scan.spacing_mm, strict=True):
        least = size * step / cell_mm
        cells = multiple * max(1, int(np.ceil(least / multiple - _HALF_LIMIT)))
        shape.append(cells)
        origin.append(0.5 * (size - 1) * step - 0.5 * (cells - 1) * cell_mm)
    return Grid(
        origin_mm=(origin[0], origin[1], origin[2]),
        cell_mm=cell_mm,
        shape=(shape[0], shape[1], shape[2]),
    )


def covered_cells(scan: CTScan, grid: Grid) -> tuple[slice, slice, slice]:
    """Tell which cells of a grid lie in a scan, by at least half along each axis.

    Returns
    -------
    tuple of slice
        Along z, y and x; with ``start == stop`` where there are none.
    """
    axes = zip(scan.shape, scan.spacing_mm, grid.origin_mm, grid.shape, strict=True)
    z, y, x = (np.flatnonzero(_is_covered(*axis, grid.cell_mm)) for axis in axes)
    return _range(z), _range(y), _range(x)


def resample(scan: CTScan, grid: Grid) -> _Floats:
    """Average a scan over the cells of a grid.

    Parameters
    ----------
    scan : CTScan
        Only the voxels that the grid covers are read. It is never copied as a whole.
    grid : Grid
        May reach beyond the scan, or lie outside.

    Returns
    -------
    float32 ndarray of shape ``grid.shape``
        Mean HU of each cell, at least `AIR_HU`. A cell that the scan covers less than half along
        any axis is `AIR_HU`; the others are the mean of their covered part.
    """
    inside = covered_cells(scan, grid)
    out = np.full(grid.shape, AIR_HU, np.float32)
    if any(cells.start == cells.stop for cells in inside):
        return out
    axes = zip(scan.shape, scan.spacing_mm, grid.origin_mm, grid.shape, strict=True)
    weights = [_weights(*axis, grid.cell_mm) for axis in axes]
    (wz, z), (wy, y), (wx, x) = (_trimmed(w) for w in weights)
    planes = _average_planes(scan.hu[z, y, x], wy, wx)
    cells = np.tensordot(wz, planes, axes=1)
    out[inside] = np.maximum(cells, np.float32(AIR_HU))
    return out


def cut_box(cells: _Floats, start: tuple[int, int, int], shape: tuple[int, int, int]) -> _Floats:
    """Cut a box out of cells.

    Parameters
    ----------
    cells : float32 ndarray of shape (n_z, n_y, n_x)
        From `resample`.
    start : (z, y, x)
        First cell of the box; may be negative.
    shape : (n_z, n_y, n_x)
        Of the box, which may reach beyond the cells.

    Returns
    -------
    float32 ndarray of that shape
        `AIR_HU` where there are no cells.
    """
    out = np.full(shape, AIR_HU, np.float32)
    here, there = [], []
    for first, size, count in zip(start, shape, cells.shape, strict=True):
        low, high = max(0, first), min(count, first + size)
        if low >= high:
            return out
        there.append(slice(low, high))
        here.append(slice(low - first, high - first))
    out[tuple(here)] = cells[tuple(there)]
    return out


def coarser(cells: _Floats, factor: int) -> _Floats:
    """Average blocks of ``factor`` cells along each axis: the grid of that many times the cell.

    Parameters
    ----------
    cells : float32 ndarray of shape (n_z, n_y, n_x)
        From `resample`; a cell outside of the scan counts as `AIR_HU`.
    factor : int
        Each side must be a multiple of it.

    Returns
    -------
    float32 ndarray of shape (n_z / factor, n_y / factor, n_x / factor)

    Raises
    ------
    InputError
        If a side is not a multiple of the factor.
    """
    if factor < 1 or any(size % factor for size in cells.shape):
        msg = f"sides {cells.shape} are not multiples of the factor {factor}"
        raise InputError(msg)
    n_z, n_y, n_x = (size // factor for size in cells.shape)
    blocks = cells.reshape(n_z, factor, n_y, factor, n_x, factor)
    return np.asarray(blocks.mean(axis=(1, 3, 5)), np.float32)


def _average_planes(hu: NDArray[Any], wy: _Floats, wx: _Floats) -> _Floats:
    """Average each slice over cells in its plane, shape (slices, cells along y, along x)."""
    bands = []
    for first in range(0, len(wy), _BAND_CELLS):
        rows = np.flatnonzero(wy[first : first + _BAND_CELLS].any(axis=0))
        near = slice(int(rows[0]), int(rows[-1]) + 1)
        band = np.ascontiguousarray(wy[first : first + _BAND_CELLS, near])
        bands.append((slice(first, first + len(band)), near, band))
    to_cells = np.ascontiguousarray(wx.T)
    out = np.empty((len(hu), len(wy), len(wx)), np.float32)
    for first in range(0, len(hu), _SLAB_SLICES):
        slab = hu[first : first + _SLAB_SLICES].astype(np.float32)
        lines = np.empty((len(slab), len(wy), slab.shape[2]), np.float32)
        for cells, near, band in bands:
            np.matmul(band, slab[:, near], out=lines[:, cells])
        out[first : first + len(slab)] = (lines.reshape(-1, slab.shape[2]) @ to_cells).reshape(
            len(slab), len(wy), len(wx)
        )
    return out


def _weights(size: int, step: float, start: float, count: int, cell: float) -> _Floats:
    """Weight of each voxel in the mean of each cell along one axis, shape (count, size).

    Rows of cells that lie outside of the scan are 0; the others sum to 1.
    """
    inner = _edges(size, step, start, count, cell) / step  # in voxels
    integral = _integral(inner[:, None] - np.arange(size))
    # Beyond the first and the last centre the value stays: a ramp of slope 1 there, not a hat.
    integral[:, 0] = _integral_of_end(inner)
    integral[:, -1] = -_integral_of_end(size - 1 - inner)
    if size == 1:
        integral[:, 0] = inner
    weights = np.diff(integral, axis=0)
    weights[~_is_covered(size, step, start, count, cell)] = 0.0
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=weights, where=total > 0), np.float32)


def _edges(size: int, step: float, start: float, count: int, cell: float) -> NDArray[np.float64]:
    """Edges of cells in mm, shape (count + 1,), where they are in the scan; else the scan's."""
    edges = start + (np.arange(count + 1) - 0.5) * cell
    return np.clip(edges, -0.5 * step, (size - 0.5) * step)


def _is_covered(size: int, step: float, start: float, count: int, cell: float) -> NDArray[np.bool_]:
    covered = np.diff(_edges(size, step, start, count, cell)) / cell
    return np.asarray(covered >= LEAST_COVERED - _HALF_LIMIT)


def _range(cells: NDArray[np.intp]) -> slice:
    return slice(int(cells[0]), int(cells[-1]) + 1) if len(cells) else slice(0, 0)


def _integral(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral up to t of the hat function 1 - abs(t), up to a constant."""
    u = np.clip(t, -1.0, 1.0)
    return np.asarray(u - 0.5 * u * np.abs(u))


def _integral_of_end(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Integral up to t of 1 before the first centre (t < 0), falling to 0 at t = 1."""
    return np.asarray(np.minimum(t, 0.0) + _integral(np.maximum(t, 0.0)))


def _trimmed(weights: _Floats) -> tuple[_Floats, slice]:
    """Return the rows of cells inside the scan, for the voxels that any of them needs."""
    rows = np.flatnonzero(weights.sum(axis=1))
    used = np.flatnonzero(weights.any(axis=0))
    voxels = slice(int(used[0]), int(used[-1]) + 1)
    return np.ascontiguousarray(weights[rows, voxels]), voxels
