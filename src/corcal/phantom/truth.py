"""Which voxels of a simulated scan show its calcium, and which are dense for another reason."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.physics import FineVolume, ImageWindow, Scanner, image_contrast

__all__ = ["DENSE_HU", "VISIBLE_CONTRAST_HU", "calcium_voxels", "dense_voxels", "touched_voxels"]

# About two standard deviations of calcium scan noise: less is not seen. A lesion that nowhere
# reaches it is marked where it reaches half of its own maximum, so that it is not lost.
VISIBLE_CONTRAST_HU = 40.0
# Bone is named from a little below the threshold of calcium (130 HU), so that noise at its edge is
# not taken for noise of soft tissue.
DENSE_HU = 100.0
_TOUCHED_HU = 4.0  # contrast of calcium from which a voxel belongs to it: well below the noise


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
    return _labelled(label)


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


def touched_voxels(
    shape: tuple[int, int, int], images: Sequence[tuple[Site, ImageWindow]]
) -> SiteVoxels:
    """Find the voxels that calcium touches: nearly all of its contrast lies in them.

    Parameters
    ----------
    shape : (n_z, n_y, n_x)
        Of the scan.
    images : sequence of (Site, ImageWindow)
        Noiseless image of each lesion.

    Returns
    -------
    SiteVoxels
        Voxels with a contrast of at least 4 HU, rounded; where two sites have it, the one that
        adds more has the voxel.
    """
    best = np.zeros(shape, np.int16)
    label = np.zeros(shape, np.uint8)
    for site, window in images:
        seen = np.rint(window.values).astype(np.int16)
        more = (seen >= _TOUCHED_HU) & (seen > best[window.slices])
        best[window.slices][more] = seen[more]
        label[window.slices][more] = int(site)
    return _labelled(label)


def dense_voxels(body_hu: NDArray[np.float32], device_hu: NDArray[np.float32] | None) -> SiteVoxels:
    """Find what is dense without being calcium.

    Parameters
    ----------
    body_hu : float32 ndarray of shape (n_z, n_y, n_x)
        Noiseless image of the body, without calcium and devices.
    device_hu : float32 ndarray of the same shape, optional
        Contrast that devices add.

    Returns
    -------
    SiteVoxels
        Voxels of `DENSE_HU` or more: a device's where it brings a voxel over that, or adds as
        much by itself; bone elsewhere.
    """
    label = np.where(body_hu >= DENSE_HU, np.uint8(Site.BONE), np.uint8(0))
    if device_hu is not None:
        brought = (label == 0) & (body_hu + device_hu >= DENSE_HU) & (device_hu > 0)
        label[brought | (device_hu >= DENSE_HU)] = Site.DEVICE
    return _labelled(label)


def _labelled(label: NDArray[np.uint8]) -> SiteVoxels:
    index = np.flatnonzero(label)
    n_z, n_y, n_x = label.shape
    return SiteVoxels(shape=(n_z, n_y, n_x), index=index, site=label.ravel()[index])
