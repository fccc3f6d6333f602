"""Write which voxels belong to which site, as a label volume that any viewer opens."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels

__all__ = ["write_label_volume"]


def write_label_volume(path: Path, scan: CTScan, voxels: SiteVoxels) -> None:
    """Write a label volume on the grid of a scan.

    Parameters
    ----------
    path : Path
        Its name decides the format: ``.nrrd``, ``.nii.gz`` or ``.mha``. Replaced if it exists.
    scan : CTScan
        Gives the grid. A scan with gantry tilt has no grid that these formats can hold.
    voxels : SiteVoxels
        The labels are the codes of `corcal.lesions.sites.Site`; 0 is no site.
    """
    sitk: Any = importlib.import_module("SimpleITK")  # has no types; slow to import

    labels = np.zeros(scan.shape, dtype=np.uint8)
    labels.flat[voxels.index] = voxels.site
    image = sitk.GetImageFromArray(labels)
    spacing_xyz = scan.spacing_mm[::-1]
    image.SetSpacing(spacing_xyz)
    image.SetOrigin(scan.affine_lps[:3, 3].tolist())
    direction = scan.affine_lps[:3, 2::-1] / np.array(spacing_xyz)
    image.SetDirection(direction.ravel().tolist())
    sitk.WriteImage(image, str(path), useCompression=True)
