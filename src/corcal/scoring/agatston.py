"""The Agatston score: slice lesions, their weights, and one kernel for every rule.

In each slice, the voxels of a site at or above the threshold are connected in two dimensions.
Groups below the smallest lesion are dropped. A group that stays is a slice lesion; its weight w
depends on its maximum in that slice alone, and the score is

    sum over slice lesions of  w * area (mm2) * increment (mm) / 3 mm

with the increment as measured between slices, never the slice thickness: overlapping slices would
be counted twice otherwise.

References
----------
.. [1] Agatston AS et al. J Am Coll Cardiol 1990;15:827-832. doi:10.1016/0735-1097(90)90282-T
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError
from corcal.lesions.components import label_slices
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.scoring.rules import ScoringRule

__all__ = [
    "REFERENCE_INCREMENT_MM",
    "SliceLesions",
    "find_slice_lesions",
    "slice_lesions_by_rule",
]

REFERENCE_INCREMENT_MM = 3.0  # Agatston 1990 [1]: contiguous slices of 3 mm


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceLesions:
    """The slice lesions that count under one rule, and the voxels that they consist of.

    Attributes
    ----------
    rule : ScoringRule
        The rule.
    spacing_mm : (dz, dy, dx)
        Spacing of the scan.
    voxel : int64 ndarray of shape (n,)
        Position of each voxel that counts in the arrays of the `SiteVoxels`, ascending.
    label : int32 ndarray of shape (n,)
        Zero-based slice lesion of each of these voxels.
    site : uint8 ndarray of shape (k,)
        `Site` code of each slice lesion.
    pixel_count : int64 ndarray of shape (k,)
        Pixels of each slice lesion.
    peak_hu : ndarray of shape (k,)
        Maximum of each slice lesion.
    density_factor : int64 ndarray of shape (k,)
        Weight of each slice lesion, 1 to 4.
    """

    rule: ScoringRule
    spacing_mm: tuple[float, float, float]
    voxel: NDArray[np.int64]
    label: NDArray[np.int32]
    site: NDArray[np.uint8]
    pixel_count: NDArray[np.int64]
    peak_hu: NDArray[np.number]
    density_factor: NDArray[np.int64]

    @property
    def weighted_pixels(self) -> NDArray[np.int64]:
        """Weight times pixels of each slice lesion: the score before any millimetre enters."""
        return self.density_factor * self.pixel_count

    @property
    def agatston_per_pixel(self) -> float:
        """Agatston score of one pixel of weight 1."""
        dz, dy, dx = self.spacing_mm
        return dy * dx * dz / REFERENCE_INCREMENT_MM

    def agatston(self, sites: Collection[Site]) -> float:
        """Return the Agatston score of some sites together.

        Whole numbers are added and scaled once, so that the sum does not depend on the order.
        """
        rows = np.isin(self.site, np.array(list(sites), dtype=np.uint8))
        return int(self.weighted_pixels[rows].sum()) * self.agatston_per_pixel


def find_slice_lesions(
    values: NDArray[np.number],
    voxels: SiteVoxels,
    *,
    rule: ScoringRule,
    spacing_mm: tuple[float, float, float],
) -> SliceLesions:
    """Find the slice lesions of each site that count under a rule.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Hounsfield units of the voxels. A value that is not finite never counts.
    voxels : SiteVoxels
        Where calcium, if there is any, belongs to which site. Voxels of different sites are never
        connected.
    rule : ScoringRule
        What counts.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.

    Returns
    -------
    SliceLesions
        Empty if nothing counts: zero is a result, not a failure.

    Raises
    ------
    GeometryError
        If `values` and `voxels` differ in length.
    """
    return slice_lesions_by_rule(values, voxels, rules=(rule,), spacing_mm=spacing_mm)[rule.name]


def slice_lesions_by_rule(
    values: NDArray[np.number],
    voxels: SiteVoxels,
    *,
    rules: tuple[ScoringRule, ...],
    spacing_mm: tuple[float, float, float],
) -> dict[str, SliceLesions]:
    """Find the slice lesions under each of several rules.

    Parameters
    ----------
    values, voxels, spacing_mm
        As in `find_slice_lesions`.
    rules : tuple of ScoringRule
        Rules that share a threshold and a connectivity share the labelling.

    Returns
    -------
    dict
        `SliceLesions` by the name of the rule, in the order given.

    Raises
    ------
    GeometryError
        If `values` and `voxels` differ in length.
    """
    if values.shape != voxels.index.shape:
        msg = f"{values.shape} values for {voxels.index.shape} voxels"
        raise GeometryError(msg)
    groups: dict[tuple[float, int], _Groups] = {}
    found = {}
    for rule in rules:
        key = (rule.threshold_hu, rule.connectivity_2d)
        if key not in groups:
            groups[key] = _connect(values, voxels, rule)
        found[rule.name] = _keep_large(groups[key], rule, spacing_mm)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """All connected groups of voxels at or above a threshold, small ones included."""

    voxel: NDArray[np.int64]
    label: NDArray[np.int32]
    site: NDArray[np.uint8]
    pixel_count: NDArray[np.int64]
    peak_hu: NDArray[np.number]


def _connect(values: NDArray[np.number], voxels: SiteVoxels, rule: ScoringRule) -> _Groups:
    """Connect the voxels of each site and slice that reach the threshold of a rule."""
    voxel = np.flatnonzero((values >= rule.threshold_hu) & np.isfinite(values))
    site, dense = voxels.site[voxel], values[voxel]
    label = label_slices(
        voxels.index[voxel], voxels.shape, connectivity=rule.connectivity_2d, group=site
    )
    count = int(label.max(initial=-1)) + 1
    peak = np.full(count, rule.threshold_hu, dtype=np.float64)
    np.maximum.at(peak, label, dense.astype(np.float64))
    site_of_group = np.zeros(count, dtype=np.uint8)
    site_of_group[label] = site
    return _Groups(
        voxel=voxel,
        label=label,
        site=site_of_group,
        pixel_count=np.bincount(label, minlength=count),
        peak_hu=peak,
    )


def _keep_large(
    groups: _Groups, rule: ScoringRule, spacing_mm: tuple[float, float, float]
) -> SliceLesions:
    """Keep the groups that are large enough, numbered anew, and weigh them."""
    smallest = rule.smallest_lesion_pixels(spacing_mm[1] * spacing_mm[2])
    is_kept = groups.pixel_count >= smallest
    renumbered = (np.cumsum(is_kept) - 1).astype(np.int32)
    of_kept = is_kept[groups.label]
    peak = groups.peak_hu[is_kept]
    return SliceLesions(
        rule=rule,
        spacing_mm=spacing_mm,
        voxel=groups.voxel[of_kept],
        label=renumbered[groups.label[of_kept]],
        site=groups.site[is_kept],
        pixel_count=groups.pixel_count[is_kept],
        peak_hu=peak,
        density_factor=rule.density_factor(peak),
    )
