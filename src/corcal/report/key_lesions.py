"""Each artery's largest lesion, and the slice that shows most of it: what key images point at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site, Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.report.calcium import lesion_positions
from corcal.result import Result
from corcal.scoring.types import Lesion

__all__ = ["KeyLesion", "key_lesions", "key_slice", "largest_lesions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLesion:
    """A lesion to point at.

    Attributes
    ----------
    site : Site
        The artery.
    lesion : Lesion
        Of the result.
    slice_index : int
        Zero-based slice that shows most of it.
    """

    site: Site
    lesion: Lesion
    slice_index: int


def largest_lesions(result: Result) -> dict[Vessel, int]:
    """Find the lesion with the highest score of each artery; those without any are absent.

    Returns
    -------
    dict
        Place in `Result.lesions`, in the order LM, LAD, LCX, RCA.
    """
    found: dict[Vessel, int] = {}
    for vessel in Vessel:
        own = [k for k, lesion in enumerate(result.lesions) if lesion.site == vessel]
        if own:
            found[vessel] = max(own, key=lambda k: result.lesions[k].agatston)
    return found


def key_slice(scan: CTScan, position: NDArray[np.integer]) -> int:
    """Choose the slice with most voxels of a lesion; of equal ones that with most HU.

    Parameters
    ----------
    scan : CTScan
        The scan.
    position : integer ndarray of shape (n, 3)
        Zero-based (z, y, x) of each voxel of the lesion.
    """
    slices, counts = np.unique(position[:, 0], return_counts=True)
    sums = [int(scan.hu[tuple(position[position[:, 0] == z].T)].sum()) for z in slices]
    return int(slices[np.lexsort((sums, counts))[-1]])


def key_lesions(result: Result, scan: CTScan, voxels: SiteVoxels) -> tuple[KeyLesion, ...]:
    """Find what to look at for each artery with calcium: LM, LAD, LCX, RCA.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If the voxels are not those of the result, or this release does not know its rule.
    """
    largest = largest_lesions(result)
    positions = lesion_positions(result, scan, voxels) if largest else ()
    return tuple(
        KeyLesion(
            site=Site[vessel.name],
            lesion=result.lesions[k],
            slice_index=key_slice(scan, positions[k]),
        )
        for vessel, k in largest.items()
    )
