"""The neighbourhood of a lesion: the voxels that its blur reaches, and the tissue behind it.

A CT image is the object smeared by the point spread. What a calcification adds to the image is
therefore spread over its neighbourhood, but its sum is kept: the methods that need no threshold add
up the neighbourhood and take the tissue away. This module says which voxels that are.

- The *region* is the lesion, widened in its slices by `IN_PLANE_MARGIN_MM`, and by one slice, or as
  many as `SLICE_MARGIN_MM` needs, above and below.
- The *ring* follows the region in the same slices for `RING_WIDTH_MM`. The *background* is the
  median of its tissue voxels: those above fat, and as far above the median as fat is below.
- Fat, lung and air in the region count as background: they would be subtracted from the calcium.
  So does a voxel whose value is not finite.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError

__all__ = [
    "IN_PLANE_MARGIN_MM",
    "MIN_RING_VOXELS",
    "MIN_TISSUE_FRACTION",
    "RING_WIDTH_MM",
    "SLICE_MARGIN_MM",
    "TISSUE_HU",
    "Surround",
    "find_surround",
    "neighbourhood_box",
]

# One full width at half maximum of the point spread of the kernels that calcium scoring uses
# (1.5 mm, measured on the QRM phantom: docs/calibration.md). Simulated cylinders of 3 and 5 mm keep
# 99 % of their mass within it; a point of calcium would lose exp(-4 ln 2), 6 %.
IN_PLANE_MARGIN_MM = 1.5
SLICE_MARGIN_MM = 1.5
RING_WIDTH_MM = 3.0

# Midway between epicardial fat (-100 HU) and blood (40 HU), up to the calcium threshold.
TISSUE_HU = (-30.0, 130.0)
# Of the ring. Arteries lie in fat: asking for half leaves four of five simulated vessels without a
# mass, and the others no nearer to the truth (benchmarks/study_patient_mass.py).
MIN_TISSUE_FRACTION = 0.2
MIN_RING_VOXELS = 20  # the median of 20 voxels of 20 HU noise is good to 6 HU

_ROUNDING = 1e-9  # mm: spacings are decimal fractions, their products are not exact
_INCREMENT_ROUNDING_MM = 0.01  # increments are measured between positions of rounded decimals

_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surround:
    """What the threshold-free masses need to know of a lesion's neighbourhood.

    Attributes
    ----------
    excess_hu : float
        Sum over the region of (HU - background).
    background_hu : float
        Median of the tissue voxels of the ring.
    region_voxels, ring_voxels : int
        How many voxels were summed, and how many gave the background.
    """

    excess_hu: float
    background_hu: float
    region_voxels: int
    ring_voxels: int


def find_surround(
    hu: NDArray[Any],
    lesion_index: NDArray[np.integer],
    *,
    spacing_mm: tuple[float, float, float],
    exclude_index: NDArray[np.integer] | None = None,
) -> Surround | None:
    """Sum a lesion's neighbourhood above its background.

    Only the box around the lesion is read.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Scan in Hounsfield units.
    lesion_index : integer ndarray of shape (n, 3)
        ``(z, y, x)`` of the lesion's voxels, zero-based.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.
    exclude_index : integer ndarray of shape (m, 3), optional
        Voxels of other lesions. They are not summed, and neither they nor what their blur reaches
        are background. The lesion's own voxels among them are ignored.

    Returns
    -------
    Surround or None
        ``None`` if the tissue around the lesion is not known: less than `MIN_RING_VOXELS` or less
        than `MIN_TISSUE_FRACTION` of the ring within `TISSUE_HU` (fat, lung, bone, contrast, the
        edge of the scan).

    Raises
    ------
    GeometryError
        If the lesion has no voxel, or one outside the scan.
    """
    lesion = _checked(lesion_index, hu.shape)
    margin_slices = _margin_slices(spacing_mm)
    box, corner = neighbourhood_box(lesion, hu.shape, spacing_mm=spacing_mm)
    values = hu[box].astype(np.float64)
    own = _paint(lesion, corner, values.shape)
    other = np.zeros_like(own)
    if exclude_index is not None and len(exclude_index):
        other = _paint(np.asarray(exclude_index), corner, values.shape)
    both = np.stack([_widen_slices(own, margin_slices), _widen_slices(other, margin_slices)])
    to_own, to_other = _distance_in_plane_mm(both, IN_PLANE_MARGIN_MM + RING_WIDTH_MM, spacing_mm)
    near = to_own <= IN_PLANE_MARGIN_MM
    around = to_own <= IN_PLANE_MARGIN_MM + RING_WIDTH_MM
    blurred_other = to_other <= IN_PLANE_MARGIN_MM
    ring = values[around & ~near & ~blurred_other]
    tissue = ring[(ring >= TISSUE_HU[0]) & (ring < TISSUE_HU[1])]
    if tissue.size < MIN_RING_VOXELS or tissue.size < MIN_TISSUE_FRACTION * ring.size:
        return None
    background = _symmetric_median(ring, float(np.median(tissue)))
    in_region = own | (near & ~other & (values >= TISSUE_HU[0]))
    region = values[in_region & np.isfinite(values)]
    return Surround(
        excess_hu=float((region - background).sum()),
        background_hu=background,
        region_voxels=region.size,
        ring_voxels=tissue.size,
    )


def neighbourhood_box(
    lesion_index: NDArray[np.integer],
    shape: tuple[int, ...],
    *,
    spacing_mm: tuple[float, float, float],
) -> tuple[tuple[slice, ...], NDArray[np.int64]]:
    """Return the box that region and ring of a lesion lie in, cut at the edges of the scan.

    Parameters
    ----------
    lesion_index : integer ndarray of shape (n, 3)
        ``(z, y, x)`` of the lesion's voxels, zero-based.
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.

    Returns
    -------
    box : tuple of slice
        Cuts the box out of the scan.
    corner : int64 ndarray of shape (3,)
        Index of its first voxel.
    """
    reach_mm = IN_PLANE_MARGIN_MM + RING_WIDTH_MM
    in_plane = (math.ceil(reach_mm / d) for d in spacing_mm[1:])
    reach = np.array([_margin_slices(spacing_mm), *in_plane])
    first = np.maximum(lesion_index.min(axis=0) - reach, 0)
    last = np.minimum(lesion_index.max(axis=0) + reach, np.array(shape) - 1)
    return tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True)), first


def _margin_slices(spacing_mm: tuple[float, float, float]) -> int:
    """Slices above and below a lesion that its blur reaches."""
    return max(1, math.ceil((SLICE_MARGIN_MM - _INCREMENT_ROUNDING_MM) / spacing_mm[0]))


def _symmetric_median(ring: NDArray[np.float64], first: float) -> float:
    """Median of the values as far above it as the fat limit is below it.

    A median of what lies below 130 HU alone would be pulled down where the noise reaches beyond:
    by 8 HU for 50 HU of noise on tissue of 70 HU.
    """
    median = first
    for _ in range(4):
        upper = 2 * median - TISSUE_HU[0]
        median = float(np.median(ring[(ring >= TISSUE_HU[0]) & (ring <= upper)]))
    return median


def _checked(lesion_index: NDArray[np.integer], shape: tuple[int, ...]) -> NDArray[np.integer]:
    """Return the lesion's voxels as (n, 3), all within the scan."""
    lesion = np.asarray(lesion_index)
    if lesion.ndim != 2 or lesion.shape[1] != 3 or len(lesion) == 0:
        msg = f"a lesion needs (n, 3) voxel indices with n > 0, got shape {lesion.shape}"
        raise GeometryError(msg)
    if (lesion < 0).any() or (lesion >= np.array(shape)).any():
        msg = f"voxel indices from {lesion.min(0)} to {lesion.max(0)} leave a scan of {shape}"
        raise GeometryError(msg)
    return lesion


def _paint(index: NDArray[np.integer], corner: NDArray[np.int64], shape: tuple[int, ...]) -> _Mask:
    """Mask of the voxels that lie in the box."""
    local = index - corner
    inside = ((local >= 0) & (local < np.array(shape))).all(axis=1)
    mask = np.zeros(shape, dtype=np.bool_)
    mask[tuple(local[inside].T)] = True
    return mask


def _widen_slices(mask: _Mask, slices: int) -> _Mask:
    """Repeat a mask in so many slices above and below."""
    wide = mask.copy()
    for step in range(1, slices + 1):
        wide[step:] |= mask[:-step]
        wide[:-step] |= mask[step:]
    return wide


def _distance_in_plane_mm(
    mask: _Mask, reach_mm: float, spacing_mm: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Distance of each pixel centre to the nearest one that is set in its slice, up to a reach.

    Beyond the reach it is at least the reach. First along the rows, then over the rows within
    reach: no scipy, whose import alone would take longer than all lesions of a scan.
    """
    _, dy, dx = spacing_mm
    n_y, n_x = mask.shape[-2:]
    columns = np.arange(n_x, dtype=np.float64)
    before = np.maximum.accumulate(np.where(mask, columns, -np.inf), axis=-1)
    after = np.minimum.accumulate(np.where(mask, columns, np.inf)[..., ::-1], axis=-1)[..., ::-1]
    in_row = (np.minimum(columns - before, after - columns) * dx) ** 2
    nearest = in_row.copy()
    for step in range(1, min(int(reach_mm / dy + _ROUNDING), n_y - 1) + 1):
        along = in_row + (step * dy) ** 2
        np.minimum(nearest[..., step:, :], along[..., :-step, :], out=nearest[..., step:, :])
        np.minimum(nearest[..., :-step, :], along[..., step:, :], out=nearest[..., :-step, :])
    distance: NDArray[np.float64] = np.sqrt(nearest) - _ROUNDING
    return distance
