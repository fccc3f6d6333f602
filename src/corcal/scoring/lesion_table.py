"""The 3-D lesions of a scan as a table: one row a lesion, sums that all quantities are made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.components import label_volume
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.agatston import SliceLesions
from corcal.scoring.volume import interpolated_thickness_mm

__all__ = ["LesionTable", "tabulate_lesions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionTable:
    """The 3-D lesions that count under a rule, in descending Agatston score.

    A lesion is a set of voxels of one site that count under the rule, 26-connected. Lesions of
    equal score are ordered by site, then by their first voxel.

    Attributes
    ----------
    site : uint8 ndarray of shape (k,)
        `Site` code.
    voxel_count, slice_lesion_count, weighted_pixels : int64 ndarray of shape (k,)
        Voxels; slice lesions; sum over slice lesions of weight times pixels.
    hu_sum, peak_hu : float64 ndarray of shape (k,)
        Sum and maximum of the voxels.
    thickness_mm : float64 ndarray of shape (k,)
        Sum over voxels of the interpolated thickness.
    centroid_zyx : float64 ndarray of shape (k, 3)
        Mean index of the voxels.
    index : int64 ndarray of shape (n,)
        Flat C-order index of all voxels that count, ascending.
    row : int64 ndarray of shape (n,)
        Row of the lesion that each of these voxels is part of.
    voxels_zyx : tuple of int64 ndarray of shape (m, 3)
        Indices of the voxels of each lesion, in the order of the scan.
    """

    site: NDArray[np.uint8]
    voxel_count: NDArray[np.int64]
    slice_lesion_count: NDArray[np.int64]
    weighted_pixels: NDArray[np.int64]
    hu_sum: NDArray[np.float64]
    peak_hu: NDArray[np.float64]
    thickness_mm: NDArray[np.float64]
    centroid_zyx: NDArray[np.float64]
    index: NDArray[np.int64]
    row: NDArray[np.int64]
    voxels_zyx: tuple[NDArray[np.int64], ...]


def tabulate_lesions(
    scan: CTScan, voxels: SiteVoxels, values: NDArray[Any], found: SliceLesions
) -> LesionTable:
    """Join slice lesions to 3-D lesions, and sum up what is in them.

    Parameters
    ----------
    scan : CTScan
        The scan.
    voxels : SiteVoxels
        Which voxels belong to which site.
    values : ndarray of shape (n,)
        Hounsfield units of these voxels.
    found : SliceLesions
        The slice lesions that count, of the same voxels.

    Returns
    -------
    LesionTable
        With no row if nothing counts.
    """
    index, hu = voxels.index[found.voxel], values[found.voxel].astype(np.float64)
    label = label_volume(index, scan.shape, connectivity=26, group=voxels.site[found.voxel])
    count = int(label.max(initial=-1)) + 1
    # Slice lesions are connected within a slice: all voxels of one are in the same 3-D lesion.
    of_slice_lesion = np.zeros(found.site.size, dtype=np.int64)
    of_slice_lesion[found.label] = label
    site = np.zeros(count, dtype=np.uint8)
    site[of_slice_lesion] = found.site
    peak = np.full(count, found.rule.threshold_hu)
    np.maximum.at(peak, of_slice_lesion, found.peak_hu)
    weighted = _sums(of_slice_lesion, found.weighted_pixels, count).astype(np.int64)
    thickness = interpolated_thickness_mm(
        scan.hu,
        index,
        threshold_hu=found.rule.threshold_hu,
        increment_mm=scan.spacing_mm[0],
    )
    order = np.lexsort((np.arange(count), site, -weighted))
    lists = _voxels_of_each(index, label, count, scan.shape)
    size = np.bincount(label, minlength=count)
    axes = np.unravel_index(index, scan.shape)
    centroid = np.stack([_sums(label, axis, count) for axis in axes], axis=1) / size[:, np.newaxis]
    return LesionTable(
        site=site[order],
        voxel_count=size[order],
        slice_lesion_count=np.bincount(of_slice_lesion, minlength=count)[order],
        weighted_pixels=weighted[order],
        hu_sum=_sums(label, hu, count)[order],
        peak_hu=peak[order],
        thickness_mm=_sums(label, thickness, count)[order],
        centroid_zyx=centroid[order],
        index=index,
        row=np.argsort(order)[label],
        voxels_zyx=tuple(lists[row] for row in order),
    )


def _sums(
    label: NDArray[np.integer], weights: NDArray[np.number], count: int
) -> NDArray[np.float64]:
    """Add up weights by label."""
    return np.asarray(np.bincount(label, weights=weights, minlength=count), dtype=np.float64)


def _voxels_of_each(
    index: NDArray[np.int64],
    label: NDArray[np.int32],
    count: int,
    shape: tuple[int, int, int],
) -> list[NDArray[np.int64]]:
    """Return the (z, y, x) indices of the voxels of each label."""
    order = np.argsort(label, kind="stable")
    zyx = np.stack(np.unravel_index(index[order], shape), axis=1)
    ends = np.cumsum(np.bincount(label, minlength=count))
    return np.split(zyx, ends[:-1]) if count else []
