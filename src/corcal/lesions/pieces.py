"""Candidates near the heart, cut into pieces: what is decided about, one piece at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.components import label_slices

__all__ = ["BONE_FROM_MM3", "MIN_AREA_MM2", "Pieces", "agatston_of", "most_of", "piece_agatston"]

MIN_AREA_MM2 = 1.0  # of a slice lesion: Agatston 1990, doi:10.1016/0735-1097(90)90282-T
BONE_FROM_MM3 = 4000.0  # our choice: no connected calcium or stent of an artery is as large
_WEIGHT_BOUNDS_HU = (200.0, 300.0, 400.0)  # from which a slice lesion weighs 2, 3, 4: same source
_REFERENCE_INCREMENT_MM = 3.0  # same source: contiguous slices of 3 mm
_AREA_TOLERANCE = 1e-9  # nine pixels of a third of a millimetre are 1 mm2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The dense voxels near the heart, each with the piece that it belongs to.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    spacing_mm : (dz, dy, dx)
        Of the scan.
    index : int64 ndarray of shape (n,)
        Flat C-order index into the scan, strictly ascending.
    hu : ndarray of shape (n,)
        Hounsfield units, in the type of the scan.
    piece : int32 ndarray of shape (n,)
        Zero-based piece of each voxel; every number up to the count occurs.
    lesion : int32 ndarray of shape (count,)
        Connected lesion that each piece is, or is a part of.
    full_volume_mm3 : float64 ndarray of shape (count,)
        Of the connected candidate, with what lies far from the heart.
    threshold_hu : float
        What made the voxels candidates.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    index: NDArray[np.int64]
    hu: NDArray[Any]
    piece: NDArray[np.int32]
    lesion: NDArray[np.int32]
    full_volume_mm3: NDArray[np.float64]
    threshold_hu: float = CALCIUM_THRESHOLD_HU

    def __post_init__(self) -> None:
        if not self.index.shape == self.hu.shape == self.piece.shape:
            msg = (
                f"index {self.index.shape}, hu {self.hu.shape} and piece {self.piece.shape} "
                "must be equal"
            )
            raise GeometryError(msg)
        if self.lesion.shape != self.full_volume_mm3.shape:
            msg = f"lesion {self.lesion.shape} and volume {self.full_volume_mm3.shape} must match"
            raise GeometryError(msg)
        if self.index.size and int(self.piece.max()) + 1 != self.count:
            msg = f"{self.count} pieces are described, the voxels have {int(self.piece.max()) + 1}"
            raise GeometryError(msg)

    @property
    def count(self) -> int:
        """Number of pieces."""
        return self.lesion.size

    @property
    def voxel_count(self) -> NDArray[np.int64]:
        """Voxels of each piece."""
        return np.bincount(self.piece, minlength=self.count)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel."""
        return float(np.prod(self.spacing_mm))

    @property
    def is_split(self) -> NDArray[np.bool_]:
        """Whether a piece is a part of a larger lesion, bool of shape (count,)."""
        return np.bincount(self.lesion, minlength=1)[self.lesion] > 1

    def zyx(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Slice, row and column of each voxel."""
        z, y, x = np.unravel_index(self.index, self.shape)
        return z.astype(np.int64), y.astype(np.int64), x.astype(np.int64)

    def places_mm(self) -> NDArray[np.float32]:
        """Places of the voxels along (z, y, x) in the frame of `Anatomy`, shape (n, 3)."""
        return np.asarray(np.stack(self.zyx(), axis=1) * np.array(self.spacing_mm), np.float32)

    def mean(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Mean over the voxels of each piece of `values`, shape (n,)."""
        total = np.bincount(self.piece, weights=values, minlength=self.count)
        return np.asarray(total / np.maximum(self.voxel_count, 1))

    def agatston_by_voxel(self) -> NDArray[np.float64]:
        """Agatston score that each voxel brings, shape (n,): 0 where its slice lesion is small."""
        return agatston_of(
            self.index, self.hu, self.piece, shape=self.shape, spacing_mm=self.spacing_mm
        )


def most_of(
    values: NDArray[Any], group: NDArray[np.integer], count: int, *, least: float = -np.inf
) -> NDArray[np.float64]:
    """Maximum of the values of each group, `least` where a group is empty."""
    top = np.full(count, least)
    np.maximum.at(top, group, values.astype(np.float64))
    return top


def agatston_of(
    index: NDArray[np.int64],
    hu: NDArray[Any],
    group: NDArray[np.integer],
    *,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float, float],
) -> NDArray[np.float64]:
    """Textbook Agatston score that each voxel brings.

    Parameters
    ----------
    index : int64 ndarray of shape (n,)
        Flat index of voxels at or above the threshold, strictly ascending.
    hu : ndarray of shape (n,)
        Their Hounsfield units.
    group : integer ndarray of shape (n,)
        Voxels of different groups are never connected.
    shape, spacing_mm
        Of the scan.

    Returns
    -------
    float64 ndarray of shape (n,)
        Weight of the voxel's slice lesion, times pixel area, times increment / 3 mm; 0 in slice
        lesions below 1 mm2.
    """
    label = label_slices(index, shape, connectivity=8, group=group)
    count = int(label.max(initial=-1)) + 1
    weight = 1.0 + np.searchsorted(_WEIGHT_BOUNDS_HU, most_of(hu, label, count), side="right")
    dz, dy, dx = spacing_mm
    area = np.bincount(label, minlength=count) * dy * dx
    weight[area < MIN_AREA_MM2 * (1 - _AREA_TOLERANCE)] = 0.0
    return np.asarray(weight[label] * (dy * dx * dz / _REFERENCE_INCREMENT_MM))


def piece_agatston(pieces: Pieces) -> NDArray[np.float64]:
    """Textbook Agatston score of each piece, shape (count,)."""
    weights = pieces.agatston_by_voxel()
    return np.bincount(pieces.piece, weights=weights, minlength=pieces.count).astype(np.float64)
