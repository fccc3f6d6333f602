"""A small picture of an exam for the worklist: the heart seen from the feet, calcium on it."""

import io

import numpy as np

from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.report.colours import rgb, site_colour

__all__ = ["thumbnail_png"]

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
    from PIL import Image  # only workers draw

    step = -(-max(scan.shape[1:]) // _SIZE_PX)
    seen = scan.hu[:, ::step, ::step].mean(axis=0)
    grey = np.clip((seen - _LOW_HU) / (_HIGH_HU - _LOW_HU), 0, 1) * 255
    picture = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    z, y, x = np.unravel_index(voxels.index, scan.shape)
    dense = scan.hu[z, y, x] >= _CALCIUM_HU
    for site in (Site.LM, Site.LAD, Site.LCX, Site.RCA):
        here = dense & (voxels.site == site)
        rows = np.minimum(y[here] // step, picture.shape[0] - 1)
        columns = np.minimum(x[here] // step, picture.shape[1] - 1)
        picture[rows, columns] = rgb(site_colour(site))
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", optimize=True)
    return stream.getvalue()
