"""Calcium as the kernel sees it: a sparse, ordered set of voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError
from corcal.lesions.sites import Site

__all__ = ["SiteVoxels"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteVoxels:
    """Voxels of a scan, each with the site that it belongs to.

    What an annotation or a detector hands to scoring. It says where the calcium of a site is; the
    scoring rule decides which of these voxels are dense enough to count.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    index : int64 ndarray of shape (n,)
        Flat C-order index into the scan, strictly ascending.
    site : uint8 ndarray of shape (n,)
        `Site` code of each voxel, never 0.
    """

    shape: tuple[int, int, int]
    index: NDArray[np.int64]
    site: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.index.shape != self.site.shape or self.index.ndim != 1:
            msg = f"index {self.index.shape} and site {self.site.shape} must be 1-D and equal"
            raise GeometryError(msg)
        if self.index.size and (
            np.any(np.diff(self.index) <= 0)
            or self.index[0] < 0
            or self.index[-1] >= int(np.prod(self.shape))
        ):
            msg = f"voxel indices must ascend strictly within a scan of shape {self.shape}"
            raise GeometryError(msg)
        if np.any(self.site == 0):
            msg = "every voxel needs a site: the code 0 is not one"
            raise GeometryError(msg)
        if self.site.dtype.kind not in "ui" or np.any((self.site < 1) | (self.site > max(Site))):
            msg = f"sites are whole numbers from 1 to {int(max(Site))}, the codes of `Site`"
            raise GeometryError(msg)
