"""Scans of a few voxels, and the voxels of their sites."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from corcal.ct.scan import Acquisition, CTScan, SliceSource
from corcal.lesions import Site, SiteVoxels

__all__ = ["block_scan", "make_scan", "voxels_of"]

BACKGROUND_HU = 40


def make_scan(
    hu: ArrayLike,
    spacing_mm: tuple[float, float, float] = (3.0, 0.5, 0.5),
    **acquisition: object,
) -> CTScan:
    """Make a scan whose voxel [0, 0, 0] is at the origin; integers become int16."""
    voxels = np.asarray(hu)
    if voxels.dtype.kind in "iu":
        voxels = voxels.astype(np.int16)
    dz, dy, dx = spacing_mm
    affine = np.array([[0, 0, dx, 0], [0, dy, 0, 0], [dz, 0, 0, 0], [0, 0, 0, 1]], dtype=float)
    return CTScan(
        hu=voxels,
        spacing_mm=spacing_mm,
        affine_lps=affine,
        slices=tuple(
            SliceSource(
                source=f"{k}",
                sop_instance_uid=None,
                frame_number=None,
                instance_number=None,
                position_mm=(0.0, 0.0, k * dz),
            )
            for k in range(len(voxels))
        ),
        acquisition=Acquisition(**{"kvp": 120.0, **acquisition}),
    )


def voxels_of(site: ArrayLike) -> SiteVoxels:
    """Make the voxels of a label array (0 is no site)."""
    labels = np.asarray(site, dtype=np.uint8)
    index = np.flatnonzero(labels)
    return SiteVoxels(shape=labels.shape, index=index, site=labels.reshape(-1)[index])


def block_scan(
    slices: Iterable[list[int]],
    *,
    spacing_mm: tuple[float, float, float] = (3.0, 0.5, 0.5),
    site: Site = Site.LAD,
) -> tuple[CTScan, SiteVoxels]:
    """Make a scan with one row of pixels a slice in soft tissue, all of one site.

    Each list holds the HU of the pixels of a slice, from the second column of the second row on.
    """
    rows = list(slices)
    hu = np.full((len(rows), 3, max(map(len, rows)) + 2), BACKGROUND_HU)
    label = np.zeros(hu.shape, dtype=np.uint8)
    for z, row in enumerate(rows):
        hu[z, 1, 1 : 1 + len(row)] = row
        label[z, 1, 1 : 1 + len(row)] = site
    return make_scan(hu, spacing_mm), voxels_of(label)
