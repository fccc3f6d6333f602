"""Which voxels of a simulated scan show its calcium: what a perfect reader would mark."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.physics import FineVolume, ImageWindow, Scanner, image_contrast

__all__ = ["VISIBLE_CONTRAST_HU", "calcium_voxels"]

# About two standard deviations of calcium scan noise: less is not seen. A lesion that nowhere
# reaches it is marked where it reaches half of its own maximum, so that it is not lost.
VISIBLE_CONTRAST_HU = 40.0


def calcium_voxels(
    calcium: Sequence[tuple[Site, FineVolume]],
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
) -> SiteVoxels:
    """Find the voxels that show each lesion, from its noiseless image alone.

    Parameters
    ----------
    calcium : sequence of (Site, FineVolume)
        HU contrast of each lesion, as given to `corcal.phantom.physics.image_volume`.
    scanner, origin_mm, slice_count
        As given to `corcal.phantom.physics.image_volume`.

    Returns
    -------
    SiteVoxels
        Voxels with a contrast of at least `VISIBLE_CONTRAST_HU`, or half of the lesion's maximum
        where that is less. A voxel that shows two lesions belongs to the stronger.
    """
    shape = (slice_count, *scanner.matrix)
    strongest = np.zeros(shape, np.float32)
    label = np.zeros(shape, np.uint8)
    for site, volume in calcium:
        window = image_contrast(volume, scanner, origin_mm=origin_mm, slice_count=slice_count)
        _mark(label[window.slices], strongest[window.slices], window, site)
    index = np.flatnonzero(label)
    return SiteVoxels(shape=shape, index=index, site=label.ravel()[index])


def _mark(
    label: NDArray[np.uint8], strongest: NDArray[np.float32], window: ImageWindow, site: Site
) -> None:
    """Mark one lesion in the views `label` and `strongest` of its window."""
    if window.values.size == 0:
        return
    least = min(VISIBLE_CONTRAST_HU, 0.5 * float(window.values.max()))
    won = (window.values >= least) & (window.values > strongest)
    label[won] = site
    strongest[won] = window.values[won]
