"""Size and shape of pieces, in millimetres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.pieces import Pieces, most_of

__all__ = ["Shapes", "measure_shapes"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Sizes of each piece; every array has shape (n,), or (n, 3) along (z, y, x).

    Attributes
    ----------
    centre_mm : ndarray of shape (n, 3)
        Mean of the voxels, in the frame of `Anatomy`.
    extent_mm : ndarray of shape (n, 3)
        Of its bounding box.
    slices : ndarray
        Slices between its first and its last, both counted.
    volume_mm3, area_mm2 : ndarray
        Of all voxels; and of its slice with the most.
    length_mm : ndarray
        About four standard deviations along its longest principal axis, and at least one voxel:
        the length of a rod is 3.5 of them, the diameter of a ball 4.5.
    elongation, plane_elongation : ndarray
        Longest over middle principal deviation in space; longest over shortest seen from above.
    filling : ndarray
        Volume over that of the bounding box.
    """

    centre_mm: _Array
    extent_mm: _Array
    slices: _Array
    volume_mm3: _Array
    area_mm2: _Array
    length_mm: _Array
    elongation: _Array
    plane_elongation: _Array
    filling: _Array


def measure_shapes(pieces: Pieces) -> Shapes:
    """Measure the shape of each piece."""
    step = np.array(pieces.spacing_mm)
    zyx = np.stack(pieces.zyx(), axis=1)
    centre = np.stack([pieces.mean(axis) for axis in zyx.T], axis=1) * step
    top = np.stack([most_of(axis, pieces.piece, pieces.count) for axis in zyx.T], axis=1)
    low = -np.stack([most_of(-axis, pieces.piece, pieces.count) for axis in zyx.T], axis=1)
    extent = (top - low + 1) * step
    volume = pieces.voxel_count * pieces.voxel_volume_mm3
    covariance = _covariances(pieces, zyx * step, centre)
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 1e-6))
    flat = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance[:, 1:, 1:]), 1e-6))
    return Shapes(
        centre_mm=centre,
        extent_mm=extent,
        slices=top[:, 0] - low[:, 0] + 1,
        volume_mm3=np.asarray(volume, np.float64),
        area_mm2=_largest_area(pieces, zyx[:, 0]),
        length_mm=4.0 * spread[:, 2],
        elongation=spread[:, 2] / spread[:, 1],
        plane_elongation=flat[:, 1] / flat[:, 0],
        filling=volume / extent.prod(axis=1),
    )


def _covariances(pieces: Pieces, places: _Array, centre: _Array) -> _Array:
    """Covariance of the voxels of each piece, with that of the voxel itself; shape (n, 3, 3)."""
    off = places - centre[pieces.piece]
    out = np.empty((pieces.count, 3, 3))
    for i in range(3):
        for j in range(i, 3):
            out[:, i, j] = out[:, j, i] = pieces.mean(off[:, i] * off[:, j])
    return np.asarray(out + np.diag(np.square(pieces.spacing_mm) / 12.0))


def _largest_area(pieces: Pieces, z: NDArray[np.int64]) -> _Array:
    key = pieces.piece.astype(np.int64) * pieces.shape[0] + z
    slots, pixels = np.unique(key, return_counts=True)
    owner = slots // pieces.shape[0]
    _, dy, dx = pieces.spacing_mm
    return most_of(pixels, owner, pieces.count, least=0.0) * dy * dx
