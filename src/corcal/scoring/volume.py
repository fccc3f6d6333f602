"""Calcium volume: by counting voxels, and by interpolation between slices.

The plain volume is the number of voxels that count times the voxel volume. Callister's volume
score [1]_ interpolates the slices linearly to isotropic voxels first, so that a thick slice at the
end of a lesion counts by how far the calcium reaches, not as a whole.

Nothing else in corcal is resampled before scoring; here interpolation is the definition. corcal
takes the linear interpolant exactly, instead of sampling it at the in-plane pixel size: the sampled
sum depends on where the grid of samples happens to start, the exact one does not, and is its limit.

References
----------
.. [1] Callister TQ et al. Radiology 1998;208:807-814. doi:10.1148/radiology.208.3.9722864
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["calcium_volume_mm3", "interpolated_thickness_mm"]


def calcium_volume_mm3(voxel_count: int, *, spacing_mm: tuple[float, float, float]) -> float:
    """Return the plain calcium volume.

    Parameters
    ----------
    voxel_count : int
        Voxels that count.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.

    Returns
    -------
    float
        In mm3.

    Examples
    --------
    >>> calcium_volume_mm3(16, spacing_mm=(3.0, 0.5, 0.5))
    12.0
    """
    dz, dy, dx = spacing_mm
    return voxel_count * dz * dy * dx


def interpolated_thickness_mm(
    hu: NDArray[Any], index: NDArray[np.int64], *, threshold_hu: float, increment_mm: float
) -> NDArray[np.float64]:
    """Return how far calcium reaches around each voxel, along the slices, by interpolation.

    Between a voxel of H >= T and its neighbour of N in the next slice, the linear interpolant is at
    or above the threshold T

    - over (H - T) / (H - N) of the increment, if N < T;
    - over all of the increment, if N >= T too; then each voxel owns the half that is nearer to it,
      whether or not the neighbour belongs to the same site.

    Where there is no neighbour (first and last slice of the scan) or its value is not finite, the
    voxel is taken to go on for half the increment, as in the plain volume.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Scan in Hounsfield units.
    index : int64 ndarray of shape (n,)
        Flat C-order index of the voxels that count; all are at or above the threshold.
    threshold_hu : float
        T of the rule.
    increment_mm : float
        Distance of neighbouring slices.

    Returns
    -------
    float64 ndarray of shape (n,)
        Thickness in mm; times the pixel area it is the interpolated volume of the voxel.

    Examples
    --------
    One voxel of 450 HU between slices of 50 HU: (450 - 130) / (450 - 50) = 0.8 of an increment of
    3 mm to either side.

    >>> column = np.array([50, 450, 50]).reshape(3, 1, 1)
    >>> thickness = interpolated_thickness_mm(
    ...     column, np.array([1]), threshold_hu=130, increment_mm=3.0
    ... )
    >>> [round(float(mm), 6) for mm in thickness]
    [4.8]
    """
    z, y, x = np.unravel_index(index, hu.shape)
    here = hu[z, y, x].astype(np.float64)
    reach = np.zeros(here.size)
    for step in (-1, 1):
        inside = (z + step >= 0) & (z + step < hu.shape[0])
        neighbour = np.full(here.size, np.nan)
        neighbour[inside] = hu[z[inside] + step, y[inside], x[inside]]
        falls = np.isfinite(neighbour) & (neighbour < threshold_hu)
        fraction = np.full(here.size, 0.5)
        fraction[falls] = (here[falls] - threshold_hu) / (here[falls] - neighbour[falls])
        reach += fraction
    return reach * increment_mm
