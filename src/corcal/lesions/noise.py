"""The image noise inside this heart, as it is and after smoothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.fields import Fields

__all__ = ["SMOOTHING_MM", "UNKNOWN_NOISE_HU", "Noise", "measure_noise"]

SMOOTHING_MM = 0.8  # sigma in the slice: about the resolution of calcium scans
UNKNOWN_NOISE_HU = 20.0  # usual in calcium scans; where the heart shows no homogeneous place
_PATCH_MM = 8.0
_DEEP_MM = -6.0  # inside the heart, so that a patch does not reach fat outside of it
_MOST_PATCHES = 400
_FEWEST_PATCHES = 20
_TISSUE_HU = (-20.0, 110.0)  # median of a patch: blood and muscle, neither fat nor contrast agent
_OUTLIER_HU = 130.0  # of the smoothed patch: calcium, a lead
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Noise of a scan.

    Attributes
    ----------
    sd_hu : float
        Standard deviation of the voxels in homogeneous places of the heart, each freed of its
        mean and slope; the median over many places.
    smoothed_sd_hu : float
        The same after smoothing each slice with a Gaussian of `SMOOTHING_MM`.
    patches : int
        Places that were measured; 0 where the values are `UNKNOWN_NOISE_HU` and half of it.
    """

    sd_hu: float
    smoothed_sd_hu: float
    patches: int


def measure_noise(scan: CTScan, fields: Fields) -> Noise:
    """Measure the noise inside the heart of a scan.

    Parameters
    ----------
    scan : CTScan
        The scan.
    fields : Fields
        Of its anatomy.

    Returns
    -------
    Noise
    """
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    dy, dx = scan.spacing_mm[1:]
    half = max(3, round(0.5 * _PATCH_MM / dx))
    margin = max(1, int(np.ceil(3 * SMOOTHING_MM / min(dy, dx))))
    patches = _patches(scan, fields, half + margin)
    if not len(patches):
        return _unknown()
    sigma = (0.0, SMOOTHING_MM / dy, SMOOTHING_MM / dx)
    inner = slice(margin, margin + 2 * half + 1)
    smooth = ndimage.gaussian_filter(patches, sigma, truncate=3.0)[:, inner, inner]
    plain = patches[:, inner, inner]
    middle = np.median(plain, axis=(1, 2))
    good = (middle > _TISSUE_HU[0]) & (middle < _TISSUE_HU[1])
    good &= smooth.max(axis=(1, 2)) < _OUTLIER_HU
    if good.sum() < _FEWEST_PATCHES:
        return _unknown()
    return Noise(
        sd_hu=max(float(np.median(_flat_sd(plain[good]))), 1.0),
        smoothed_sd_hu=max(float(np.median(_flat_sd(smooth[good]))), 0.5),
        patches=int(good.sum()),
    )


def _unknown() -> Noise:
    return Noise(sd_hu=UNKNOWN_NOISE_HU, smoothed_sd_hu=0.5 * UNKNOWN_NOISE_HU, patches=0)


def _patches(scan: CTScan, fields: Fields, half: int) -> _Floats:
    """Cut squares of (2 half + 1) pixels around places deep in the heart, shape (n, side, side)."""
    anatomy = fields.anatomy
    cells = np.argwhere(fields.channel("from_heart_mm") < _DEEP_MM)
    places = cells * anatomy.spacing_mm + anatomy.origin_mm
    z, y, x = np.rint(places / scan.spacing_mm).astype(np.intp).T
    n_z, n_y, n_x = scan.shape
    inside = (z >= 0) & (z < n_z) & (y >= half) & (y < n_y - half) & (x >= half) & (x < n_x - half)
    chosen = np.flatnonzero(inside)
    chosen = chosen[:: max(1, chosen.size // _MOST_PATCHES)]
    reach = np.arange(-half, half + 1)
    return np.asarray(
        scan.hu[
            z[chosen, None, None],
            y[chosen, None, None] + reach[:, None],
            x[chosen, None, None] + reach,
        ],
        np.float32,
    )


def _flat_sd(patches: _Floats) -> _Floats:
    """Take away the plane of best fit of each patch, give the standard deviation of the rest."""
    side = patches.shape[1]
    ramp = np.arange(side, dtype=np.float32) - 0.5 * (side - 1)
    norm = side * float(np.square(ramp).sum())
    centred = patches - patches.mean(axis=(1, 2), keepdims=True)
    down = (centred * ramp[:, None]).sum(axis=(1, 2), keepdims=True) / norm
    across = (centred * ramp).sum(axis=(1, 2), keepdims=True) / norm
    rest = centred - down * ramp[:, None] - across * ramp
    return np.asarray(np.sqrt(np.square(rest).sum(axis=(1, 2)) / (side * side - 3)))
