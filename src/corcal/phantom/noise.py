"""The noise of a scan: as grainy as its kernel makes it, shared by slices that overlap."""

import math

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.profile import integrated_normal
from corcal.phantom.scanner import Scanner

__all__ = ["noise_volume"]


def noise_volume(
    scanner: Scanner,
    *,
    slice_count: int,
    rng: np.random.Generator,
    wedge_deg: float | None = None,
) -> NDArray[np.float32]:
    """Draw the noise of a scan.

    Parameters
    ----------
    scanner, slice_count, rng
        As in `corcal.phantom.physics.image_volume`.
    wedge_deg : float, optional
        Only of views within this angle (SD) of horizontal, which makes horizontal streaks.

    Returns
    -------
    float32 ndarray of shape (slice_count, n_y, n_x)
        Zero mean, standard deviation ``scanner.noise_sd_hu``, the kernel's spectrum in the slice,
        and between slices the correlation that their overlap gives.
    """
    from scipy import fft  # heavy import, needed only to simulate

    n_y, n_x = scanner.matrix
    noise = rng.standard_normal((slice_count, n_y, n_x), dtype=np.float32)
    noise = np.tensordot(_slice_mixing(scanner, slice_count), noise, axes=1)
    gain = _noise_gain(scanner, wedge_deg)
    for k in range(slice_count):
        noise[k] = fft.irfft2(fft.rfft2(noise[k]) * gain, s=(n_y, n_x))
    return noise


def _noise_gain(scanner: Scanner, wedge_deg: float | None = None) -> NDArray[np.float32]:
    """Amplitude over frequency that turns white noise into the kernel's, (n_y, n_x // 2 + 1)."""
    n_y, n_x = scanner.matrix
    kernel = scanner.kernel
    f_y = np.fft.fftfreq(n_y, scanner.pixel_spacing_mm)
    f_x = np.fft.fftfreq(n_x, scanner.pixel_spacing_mm)
    frequency = np.hypot(f_y[:, None], f_x[None, :])
    power = frequency**kernel.noise_rise
    power *= np.exp(-((frequency / kernel.noise_cutoff_per_mm) ** kernel.noise_fall))
    if wedge_deg is not None:  # a horizontal ray's profile runs up and down
        turn = np.degrees(np.arctan2(np.abs(f_x)[None, :], np.abs(f_y)[:, None]))
        power *= np.exp(-((turn / wedge_deg) ** 2))
    power *= scanner.noise_sd_hu**2 / power.mean()
    gain: NDArray[np.float32] = np.sqrt(power[:, : n_x // 2 + 1]).astype(np.float32)
    return gain


def _slice_mixing(scanner: Scanner, slice_count: int) -> NDArray[np.float32]:
    """Matrix that correlates the noise of slices as their profiles overlap.

    The correlation of two slices is the autocorrelation of the slice profile at their distance.
    """
    apart = scanner.increment_mm * np.arange(slice_count)
    sigma = math.sqrt(2.0) * scanner.slice_edge_sigma_mm
    width = scanner.slice_thickness_mm
    shifts, parts = (width, 0.0, -width), (1.0, -2.0, 1.0)
    overlap = np.zeros(slice_count)
    for shift, part in zip(shifts, parts, strict=True):
        overlap += part * integrated_normal((apart + shift) / sigma)
    correlation = overlap / overlap[0]
    index = np.arange(slice_count)
    matrix = correlation[np.abs(index[:, None] - index[None, :])]
    # The tiny diagonal keeps a strongly overlapping stack positive definite in floating point.
    matrix += 1e-6 * np.eye(slice_count)
    mixing: NDArray[np.float32] = np.linalg.cholesky(matrix).astype(np.float32)
    return mixing
