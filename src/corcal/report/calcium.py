"""The calcium that a picture shows: exactly the voxels that the score counts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.lesion_table import tabulate_lesions
from corcal.scoring.rules import rule_named

__all__ = ["CountedCalcium", "counted_calcium", "lesion_positions", "lesions_in_slice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedCalcium:
    """Voxels that count under the rule of a result.

    Attributes
    ----------
    position : int64 ndarray of shape (n, 3)
        Zero-based ``(z, y, x)`` of each voxel, in ascending order of the scan.
    site : uint8 ndarray of shape (n,)
        `Site` code of each voxel.
    agatston_by_slice : float64 ndarray of shape (n_z,)
        What each slice adds to the total score (coronary sites alone). It orders slices by
        importance and is not shown: the numbers shown are those of the result.
    """

    position: NDArray[np.int64]
    site: NDArray[np.uint8]
    agatston_by_slice: NDArray[np.float64]

    @property
    def is_coronary(self) -> NDArray[np.bool_]:
        """Which of the voxels are part of the total score; shape (n,)."""
        return np.isin(self.site, CORONARY_SITES)


def counted_calcium(result: Result, scan: CTScan, voxels: SiteVoxels) -> CountedCalcium:
    """Find the voxels that count, by the rule that the result was scored with.

    Parameters
    ----------
    result : Result
        Names the rule.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.

    Returns
    -------
    CountedCalcium

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If this release does not know the rule.
    """
    _require_one_shape(result, scan, voxels)
    values = scan.hu.reshape(-1)[voxels.index]
    rule = rule_named(result.score.rule)
    found = find_slice_lesions(values, voxels, rule=rule, spacing_mm=scan.spacing_mm)
    position = np.stack(np.unravel_index(voxels.index[found.voxel], scan.shape), axis=1)
    slice_of_lesion = np.zeros(len(found.site), dtype=np.int64)
    slice_of_lesion[found.label] = position[:, 0]
    counts = found.weighted_pixels * np.isin(found.site, CORONARY_SITES)
    by_slice = np.zeros(scan.shape[0])
    np.add.at(by_slice, slice_of_lesion, counts * found.agatston_per_pixel)
    return CountedCalcium(
        position=position,
        site=voxels.site[found.voxel],
        agatston_by_slice=by_slice,
    )


def lesion_positions(
    result: Result, scan: CTScan, voxels: SiteVoxels
) -> tuple[NDArray[np.int64], ...]:
    """Find the voxels of each lesion of a result.

    Parameters
    ----------
    result : Result
        The scored exam.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.

    Returns
    -------
    tuple of int64 ndarray of shape (n, 3)
        Zero-based ``(z, y, x)``, in the order of ``result.lesions``.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If these voxels have other lesions than the result, or this release does not know the rule.
    """
    _require_one_shape(result, scan, voxels)
    values = scan.hu.reshape(-1)[voxels.index]
    rule = rule_named(result.score.rule)
    found = find_slice_lesions(values, voxels, rule=rule, spacing_mm=scan.spacing_mm)
    table = tabulate_lesions(scan, voxels, values, found)
    here = [
        (Site(int(code)).label, int(count))
        for code, count in zip(table.site, table.voxel_count, strict=True)
    ]
    if here != [(lesion.site, lesion.voxel_count) for lesion in result.lesions]:
        msg = (
            f"the marked calcium makes {len(here)} lesions that are not the {len(result.lesions)} "
            "of the record: it is of another exam, or was scored by another release"
        )
        raise InputError(msg)
    return table.voxels_zyx


def _require_one_shape(result: Result, scan: CTScan, voxels: SiteVoxels) -> None:
    if not result.scan.shape == scan.shape == voxels.shape:
        msg = (
            f"a result of shape {result.scan.shape} cannot be drawn on a scan of shape "
            f"{scan.shape} with voxels of shape {voxels.shape}"
        )
        raise GeometryError(msg)


def lesions_in_slice(result: Result, z: int) -> dict[Site, tuple[str, ...]]:
    """Names of the lesions that a slice cuts, by site: ``{Site.LAD: ("L1", "L3")}``."""
    here = [(each.site, each.id) for each in result.lesions if z in each.slices]
    found = {site: tuple(name for label, name in here if label == site.label) for site in Site}
    return {site: names for site, names in found.items() if names}
