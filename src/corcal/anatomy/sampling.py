"""What an anatomy says of points of the scan, and how far points are from a structure."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import PATHWAYS, Anatomy, Structure
from corcal.errors import GeometryError, InputError

__all__ = [
    "distance_map",
    "distance_within",
    "pathways_at",
    "sample",
    "structures_at",
    "surrounding_box",
    "voxels_mm",
]

_Floats = NDArray[np.float32]
_Points = NDArray[np.floating]
_Mask = NDArray[np.bool_]


def voxels_mm(
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
    index: NDArray[np.integer],
) -> _Floats:
    """Give the places of voxels of a scan, in the frame of `Anatomy`.

    Parameters
    ----------
    shape : (n_z, n_y, n_x)
        Of the scan.
    spacing_mm : (dz, dy, dx)
        Of the scan.
    index : integer ndarray of shape (n,)
        Flat C-order index of each voxel.

    Returns
    -------
    float32 ndarray of shape (n, 3)
        Centres along (z, y, x), in mm from the centre of voxel ``[0, 0, 0]``.
    """
    place = np.stack(np.unravel_index(index, shape), axis=1)
    return np.asarray(place * np.asarray(spacing_mm), np.float32)


def sample(
    anatomy: Anatomy, field: _Floats, points_mm: _Points, *, outside: float = 0.0
) -> _Floats:
    """Interpolate a field on the anatomy's grid linearly at points.

    Parameters
    ----------
    anatomy : Anatomy
        Whose grid it is.
    field : float32 ndarray of shape (n_z, n_y, n_x) or (channels, n_z, n_y, n_x)
        One value a cell, or several: a structure, all pathways, a `distance_map`.
    points_mm : ndarray of shape (n, 3)
        Along (z, y, x), in mm from the centre of the scan's voxel ``[0, 0, 0]``.
    outside : float
        Value of points outside of every cell. Between the centre of an outermost cell and its
        edge the value stays that of the cell.

    Returns
    -------
    float32 ndarray of shape (n,) or (channels, n)

    Raises
    ------
    GeometryError
        If the field is not on the grid, or the points are not (n, 3).
    """
    if field.shape[-3:] != anatomy.shape or field.ndim not in {3, 4}:
        msg = f"a field on the grid has shape (..., {anatomy.shape}), got {field.shape}"
        raise GeometryError(msg)
    points = np.asarray(points_mm, np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        msg = f"points need shape (n, 3), got {points.shape}"
        raise GeometryError(msg)
    cells = (points - anatomy.origin_mm) / anatomy.spacing_mm
    last = np.array(anatomy.shape) - 1
    is_outside = ((cells < -0.5) | (cells > last + 0.5)).any(axis=1)
    flat = field.reshape(-1, int(np.prod(anatomy.shape)))
    values = _trilinear(flat, np.clip(cells, 0, last), anatomy.shape)
    values[:, is_outside] = outside
    return values[0] if field.ndim == 3 else values


def structures_at(anatomy: Anatomy, points_mm: _Points) -> _Floats:
    """Probability of each `Structure` at points, shape (10, n); outside it is background."""
    values = sample(anatomy, anatomy.structures, points_mm)
    values[Structure.BACKGROUND][values.sum(axis=0) <= 0] = 1.0
    return values


def pathways_at(anatomy: Anatomy, points_mm: _Points) -> _Floats:
    """Height of each `Pathway` at points, shape (6, n); outside it is 0.

    Raises
    ------
    InputError
        If the source of the anatomy does not know the pathways.
    """
    if anatomy.pathways is None:
        msg = f"{anatomy.model.name} gives no pathways; {len(PATHWAYS)} are needed"
        raise InputError(msg)
    return sample(anatomy, anatomy.pathways, points_mm)


def distance_map(mask: NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> _Floats:
    """Distance of each cell from the surface of a mask: positive outside, negative inside.

    Parameters
    ----------
    mask : bool ndarray of shape (n_z, n_y, n_x)
    spacing_mm : (dz, dy, dx)

    Returns
    -------
    float32 ndarray of shape (n_z, n_y, n_x)
        In mm. The surface lies halfway between a cell of the mask and one beside it, exactly so
        along the axis of the smallest spacing; ``sample`` of the map is right to a fraction of a
        cell. ``inf`` everywhere for an empty mask, ``-inf`` for a full one.
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    if mask.all() or not mask.any():
        return np.full(mask.shape, -np.inf if mask.any() else np.inf, np.float32)
    half = 0.5 * min(spacing_mm)
    outer = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    inner = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    return np.asarray(np.where(mask, half - inner, outer - half), np.float32)


def distance_within(
    mask: _Mask, spacing_mm: tuple[float, float, float], reach_mm: float
) -> NDArray[np.float64]:
    """Distance of each cell from the nearest cell of a mask, no farther than a reach.

    Parameters
    ----------
    mask : bool ndarray of shape (n_z, n_y, n_x)
    spacing_mm : (dz, dy, dx)
    reach_mm : float
        What is farther is not looked at: a small reach is quick.

    Returns
    -------
    float64 ndarray of shape (n_z, n_y, n_x)
        From centre to centre in mm: 0 in the mask; `reach_mm` where it is that or more, and
        everywhere if the mask is empty.
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    out = np.full(mask.shape, reach_mm)
    if mask.any():
        box = surrounding_box(mask, tuple(int(np.ceil(reach_mm / step)) for step in spacing_mm))
        away = ndimage.distance_transform_edt(~mask[box], sampling=spacing_mm)
        out[box] = np.minimum(away, reach_mm)
    return out


def surrounding_box(mask: _Mask, reach: tuple[int, ...]) -> tuple[slice, ...]:
    """Bounding box of a mask that is not empty, so many cells wider at each side."""
    box = []
    for axis, more in enumerate(reach):
        others = tuple(other for other in range(3) if other != axis)
        where = np.flatnonzero(mask.any(axis=others))
        box.append(slice(max(int(where[0]) - more, 0), int(where[-1]) + more + 1))
    return tuple(box)


def _trilinear(flat: _Floats, cells: NDArray[np.float64], shape: tuple[int, int, int]) -> _Floats:
    """Interpolate channels (c, cells) at cell coordinates (n, 3) within the grid."""
    low = np.minimum(cells.astype(np.int64), np.maximum(np.array(shape) - 2, 0))
    part = (cells - low).astype(np.float32)
    step = (np.array(shape) > 1).astype(np.int64)
    values = np.zeros((len(flat), len(cells)), np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        place = low + np.array(corner) * step
        index = (place[:, 0] * shape[1] + place[:, 1]) * shape[2] + place[:, 2]
        values += weight * flat[:, index]
    return values
