"""Integrated calcium mass: no threshold, the whole neighbourhood counts.

The voxels of a neighbourhood that holds N_o voxels of calcium and N - N_o voxels of background sum
to I = N_o S_o + (N - N_o) S_b, whatever the blur and the noise; hence N_o = (I - N S_b)/(S_o - S_b)
[1]_ [2]_, and with c = density / (S_o - S_b) of a calibration insert

    mass (mg) = c * sum(HU - background) * voxel volume (mm3) / 1000

The contrast of calcium is counted from the tissue that it lies in, so a lesion below 130 HU keeps
its mass, and a blurred edge is neither lost nor counted as full.

References
----------
.. [1] Black D et al. Med Phys 2023. doi:10.1002/mp.16326
.. [2] Black D et al. J Med Imaging 2023;10:043502. doi:10.1117/1.JMI.10.4.043502
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.scoring.surround import find_surround

__all__ = ["integrated_mass", "mass_of_excess"]


def mass_of_excess(
    excess_hu: float, *, voxel_volume_mm3: float, calibration_mg_per_cm3_hu: float
) -> float:
    """Return the mass that a sum of (HU - background) stands for.

    Parameters
    ----------
    excess_hu : float
        Sum over voxels of HU above background.
    voxel_volume_mm3 : float
        Pixel area times increment.
    calibration_mg_per_cm3_hu : float
        Mass calibration factor c.

    Returns
    -------
    float
        mg of hydroxyapatite; negative where noise outweighs the calcium.

    Examples
    --------
    Ten voxels of 1 mm3, 250 HU above their background: 0.8 * 2500 * 1 / 1000.

    >>> mass_of_excess(2500, voxel_volume_mm3=1.0, calibration_mg_per_cm3_hu=0.8)
    2.0
    """
    return calibration_mg_per_cm3_hu * excess_hu * voxel_volume_mm3 / 1000.0


def integrated_mass(
    hu: NDArray[Any],
    lesion_index: NDArray[np.integer],
    *,
    spacing_mm: tuple[float, float, float],
    calibration_mg_per_cm3_hu: float,
    exclude_index: NDArray[np.integer] | None = None,
) -> float | None:
    """Measure the mass of one lesion by integrated intensity.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Whole scan in Hounsfield units; only the neighbourhood of the lesion is read.
    lesion_index : integer ndarray of shape (n, 3)
        ``(z, y, x)`` of the lesion's voxels.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the increment.
    calibration_mg_per_cm3_hu : float
        Mass calibration factor c.
    exclude_index : integer ndarray of shape (m, 3), optional
        Voxels of other lesions, which are neither calcium of this one nor background.

    Returns
    -------
    float or None
        mg of hydroxyapatite; ``None`` if no clean background can be measured around the lesion, as
        `corcal.scoring.surround.find_surround` defines it.

    Raises
    ------
    GeometryError
        If the lesion has no voxel, or one outside the scan.
    """
    surround = find_surround(hu, lesion_index, spacing_mm=spacing_mm, exclude_index=exclude_index)
    if surround is None:
        return None
    dz, dy, dx = spacing_mm
    return mass_of_excess(
        surround.excess_hu,
        voxel_volume_mm3=dz * dy * dx,
        calibration_mg_per_cm3_hu=calibration_mg_per_cm3_hu,
    )
