"""The spatially weighted calcium score: calcium without a threshold (Liang 2012).

Each voxel is weighed by how likely it is as dense as 100 mg/cm3 of hydroxyapatite, and by its
neighbours: calcium comes in patches, noise does not. The weights need the mean and the scatter that
a 100 mg/cm3 insert has *in the same scan*; MESA scanned a phantom below every participant. Without
such an insert corcal does not give this score: a weight borrowed from another scanner, patient
size or kernel would be a threshold in disguise.

References
----------
.. [1] Liang CJ et al. BMC Med Imaging 2012;12:14. doi:10.1186/1471-2342-12-14
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError

__all__ = ["SpatialWeighting", "spatially_weighted_score"]

_OFFSETS_YX = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class SpatialWeighting:
    """What 100 mg/cm3 of hydroxyapatite looks like in a scan.

    Attributes
    ----------
    mean_hu, sd_hu : float
        Mean and standard deviation of the voxels of the insert.
    """

    mean_hu: float
    sd_hu: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean_hu) and np.isfinite(self.sd_hu) and self.sd_hu > 0):
            got = f"{self.mean_hu}, {self.sd_hu}"
            msg = f"a weighting needs a finite mean and a standard deviation above 0, got {got}"
            raise InputError(msg)


def spatially_weighted_score(
    hu: NDArray[Any], index: NDArray[np.int64], *, weighting: SpatialWeighting
) -> float:
    """Return the spatially weighted calcium score of a region.

    A voxel's weight is the normal distribution function of its HU with the mean and the standard
    deviation of the insert. Its contribution is the mean weight of the voxel and its four
    neighbours in the slice (fewer at the border of the image). The score is the sum over the
    region: it has no unit, and compares only between scans of the same voxel size.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Scan in Hounsfield units; values that are not finite have weight 0.
    index : int64 ndarray of shape (n,)
        Flat C-order index of the region. It has no threshold: all voxels that may hold calcium
        belong into it.
    weighting : SpatialWeighting
        The insert of the same scan.

    Returns
    -------
    float
        0 for an empty region.

    Notes
    -----
    The neighbourhood is the cross of five voxels, each of weight 1/5, that CalciumScoring.jl uses;
    Liang 2012 describes the idea, and the original program is not public.
    """
    z, y, x = np.unravel_index(index, hu.shape)
    weight = np.zeros(index.size)
    neighbours = np.zeros(index.size)
    for dy, dx in _OFFSETS_YX:
        near_y, near_x = y + dy, x + dx
        inside = (near_y >= 0) & (near_y < hu.shape[1]) & (near_x >= 0) & (near_x < hu.shape[2])
        weight[inside] += _weights(hu[z[inside], near_y[inside], near_x[inside]], weighting)
        neighbours += inside
    return float(np.sum(weight / np.maximum(neighbours, 1)))


def _weights(values: NDArray[Any], weighting: SpatialWeighting) -> NDArray[np.float64]:
    """Return the weight of each value, 0 to 1."""
    from scipy.special import ndtr  # scipy is slow to import, and this score is rarely had

    known = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(ndtr((known - weighting.mean_hu) / weighting.sd_hu), dtype=np.float64)
