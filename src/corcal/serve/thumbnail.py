"""A small picture of an exam for the worklist: the heart seen from the feet, calcium on it."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.report.colours import rgb, site_colour

__all__ = ["plain_png", "thumbnail_png"]

_SIZE_PX = 160
_LOW_HU, _HIGH_HU = -160.0, 440.0
_CALCIUM_HU = 130


def thumbnail_png(scan: CTScan, voxels: SiteVoxels) -> bytes:
    """Draw the maximum along the body, with the coronary calcium in the colours of the arteries.

    Parameters
    ----------
    scan : CTScan
        The scan.
    voxels : SiteVoxels
        Where its calcium is.

    Returns
    -------
    bytes
        PNG, at most 160 pixels wide and high.
    """
    step = _step(scan.hu)
    picture = _picture(scan.hu)
    z, y, x = np.unravel_index(voxels.index, scan.shape)
    dense = scan.hu[z, y, x] >= _CALCIUM_HU
    for site in (Site.LM, Site.LAD, Site.LCX, Site.RCA):
        here = dense & (voxels.site == site)
        rows = np.minimum(y[here] // step, picture.shape[0] - 1)
        columns = np.minimum(x[here] // step, picture.shape[1] - 1)
        picture[rows, columns] = rgb(site_colour(site))
    return _png(picture)


def plain_png(hu: NDArray[Any]) -> bytes:
    """Draw the images of an exam that has no result: an array of shape (n_z, n_y, n_x)."""
    return _png(_picture(hu))


def _step(hu: NDArray[Any]) -> int:
    largest: int = max(hu.shape[1:])
    return -(-largest // _SIZE_PX)


def _picture(hu: NDArray[Any]) -> NDArray[np.uint8]:
    step = _step(hu)
    seen = hu[:, ::step, ::step].mean(axis=0)
    grey = np.clip((seen - _LOW_HU) / (_HIGH_HU - _LOW_HU), 0, 1) * 255
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image  # only who draws

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", optimize=True)
    return stream.getvalue()
