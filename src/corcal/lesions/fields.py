"""What features need of an anatomy, computed once: distances, smooth fields, landmarks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.prior import with_pathways
from corcal.anatomy.sampling import distance_within, surrounding_box
from corcal.anatomy.types import PATHWAYS, Anatomy, Structure

__all__ = ["FAR_MM", "FIELD_NAMES", "Fields", "HeartFrame", "make_fields", "right_handed_axes"]

FAR_MM = 24.0  # a distance beyond it says no more than "far": distances are clipped to it
_GREAT_VESSEL_REACH_MM = 20.0  # ascending aorta and pulmonary trunk count as heart up to here
_BLUR_CELLS = 1.0

_CORE = (
    Structure.LEFT_VENTRICLE,
    Structure.RIGHT_VENTRICLE,
    Structure.LEFT_ATRIUM,
    Structure.RIGHT_ATRIUM,
    Structure.AORTIC_ROOT,
)
_GREAT_VESSELS = (Structure.ASCENDING_AORTA, Structure.PULMONARY_ARTERY)
_Mask = NDArray[np.bool_]
_Floats = NDArray[np.float32]

# The channels of `Fields.values`, in their order.
_PARTS = tuple(one for one in Structure if one is not Structure.BACKGROUND)
FIELD_NAMES = (
    *(f"height_{one.name.lower()}" for one in PATHWAYS),
    *(f"share_{one.name.lower()}" for one in Structure),
    *(f"around_{one.name.lower()}" for one in Structure),
    *(f"from_{one.name.lower()}_mm" for one in _PARTS),
    "from_heart_mm",
    "from_pericardium_mm",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartFrame:
    """The heart's own coordinates.

    Attributes
    ----------
    size_mm : float
        Cube root of the volume of chambers and root.
    root_mm, ventricle_mm : (z, y, x)
        Centres of the aortic root and of the left ventricle.
    axes : float64 ndarray of shape (3, 3)
        Unit vectors: from the left ventricle to the left atrium; towards the right ventricle,
        perpendicular to it; and across both.
    """

    size_mm: float
    root_mm: NDArray[np.float64]
    ventricle_mm: NDArray[np.float64]
    axes: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Fields on the grid of an anatomy.

    Attributes
    ----------
    anatomy : Anatomy
        With pathways: those of the source, or those that follow from the chambers.
    values : float32 ndarray of shape (channels, n_z, n_y, n_x)
        One channel for each of `FIELD_NAMES`.
    frame : HeartFrame or None
        ``None`` where a landmark is missing.
    """

    anatomy: Anatomy
    values: _Floats
    frame: HeartFrame | None

    def channel(self, name: str) -> _Floats:
        """Give one field."""
        return np.asarray(self.values[FIELD_NAMES.index(name)])

    @property
    def pathways(self) -> _Floats:
        """Heights of the pathways, shape (6, n_z, n_y, n_x)."""
        return self.values[: len(PATHWAYS)]


def make_fields(anatomy: Anatomy) -> Fields:
    """Compute the fields of an anatomy.

    Parameters
    ----------
    anatomy : Anatomy
        A source that knows no pathways gets those of `corcal.anatomy.prior`.

    Returns
    -------
    Fields
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    known = with_pathways(anatomy)
    labels = known.labels
    core = np.isin(labels, _CORE)
    distances = _distances(labels, core, known.spacing_mm)
    blur = (0.0, _BLUR_CELLS, _BLUR_CELLS, _BLUR_CELLS)
    around = ndimage.gaussian_filter(known.structures, blur, truncate=2.0)
    heights = known.pathways if known.pathways is not None else np.zeros((6, *known.shape))
    values = np.concatenate([heights, known.structures, around, distances], dtype=np.float32)
    return Fields(anatomy=known, values=values, frame=_heart_frame(known, labels, core))


def _distances(
    labels: NDArray[np.uint8], core: _Mask, spacing_mm: tuple[float, float, float]
) -> _Floats:
    """Signed distances to each structure, to the heart, and to the pericardium."""
    masks = [labels == one for one in _PARTS]
    out = [_clipped_distance(mask, spacing_mm) for mask in (*masks, core)]
    inside = core | (labels == Structure.EPICARDIAL_FAT)
    inside |= np.isin(labels, _GREAT_VESSELS) & (out[-1] < _GREAT_VESSEL_REACH_MM)
    out.append(_clipped_distance(inside, spacing_mm))
    return np.stack(out)


def _clipped_distance(mask: _Mask, spacing_mm: tuple[float, float, float]) -> _Floats:
    """Signed distance within `FAR_MM` of a mask, computed in the boxes where it is less than that.

    As `corcal.anatomy.sampling.distance_map` of the whole grid, clipped, in a third of the time.
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    if mask.all() or not mask.any():
        return np.full(mask.shape, -FAR_MM if mask.all() else FAR_MM, np.float32)
    half = 0.5 * min(spacing_mm)  # the surface lies between two cells
    out = (distance_within(mask, spacing_mm, FAR_MM + half) - half).astype(np.float32)
    tight = surrounding_box(mask, (1, 1, 1))
    deep = ndimage.distance_transform_edt(mask[tight], sampling=spacing_mm)
    out[tight] = np.where(mask[tight], np.maximum(half - deep, -FAR_MM), out[tight])
    return out


def _heart_frame(anatomy: Anatomy, labels: NDArray[np.uint8], core: _Mask) -> HeartFrame | None:
    """Find the landmarks."""
    needed = (
        Structure.LEFT_VENTRICLE,
        Structure.LEFT_ATRIUM,
        Structure.RIGHT_VENTRICLE,
        Structure.AORTIC_ROOT,
    )
    centres = [_centre_mm(labels == one, anatomy) for one in needed]
    if any(one is None for one in centres):
        return None
    lv, la, rv, root = (np.asarray(one, np.float64) for one in centres)
    axes = right_handed_axes([la - lv, rv - lv])
    if axes is None:
        return None
    volume = float(core.sum()) * float(np.prod(anatomy.spacing_mm))
    return HeartFrame(size_mm=volume ** (1 / 3), root_mm=root, ventricle_mm=lv, axes=axes)


def _centre_mm(mask: _Mask, anatomy: Anatomy) -> NDArray[np.float64] | None:
    cells = np.argwhere(mask)
    if not len(cells):
        return None
    return np.asarray(cells.mean(axis=0) * anatomy.spacing_mm + anatomy.origin_mm)


def right_handed_axes(directions: Sequence[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Make a right-handed orthonormal basis of two directions, ``None`` if they are parallel."""
    first, second = directions
    long = first / max(float(np.linalg.norm(first)), 1e-6)
    side = second - (second @ long) * long
    length = float(np.linalg.norm(side))
    if length < 1.0 or not np.any(first):
        return None
    side = side / length
    return np.stack([long, side, np.cross(long, side)])
