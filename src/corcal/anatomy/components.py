"""Largest connected parts of masks on coarse grids."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["debris_free", "largest_part"]

_Mask = NDArray[np.bool_]


def largest_part(mask: _Mask) -> _Mask:
    """Keep the largest part of a mask that is connected by faces.

    Parameters
    ----------
    mask : bool ndarray of shape (n_z, n_y, n_x)

    Returns
    -------
    bool ndarray of the same shape
        Empty if the mask is. Of two parts of the same size, the first in C order.
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    labels, count = ndimage.label(mask)
    if count <= 1:
        return mask
    sizes = np.bincount(labels.ravel())
    return np.asarray(labels == 1 + int(sizes[1:].argmax()))


def debris_free(mask: _Mask) -> _Mask:
    """Keep the largest part of a mask after opening it, so that no thin bridge holds debris on.

    Parameters
    ----------
    mask : bool ndarray of shape (n_z, n_y, n_x)

    Returns
    -------
    bool ndarray of the same shape
        The mask's cells that are, or touch by faces, the largest part of its opening. Where
        nothing survives the opening, the largest part of the mask itself.
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    # The border counts as inside: what the edge of the scan cuts is not thin because of that.
    core = largest_part(ndimage.binary_erosion(mask, border_value=1) & mask)
    if not core.any():
        return largest_part(mask)
    return np.asarray(ndimage.binary_dilation(core, iterations=1) & mask)
