"""How a CT scanner makes an image of an object: point spread, partial volume, noise.

Imaging is linear: an object painted on a fine grid is integrated over the scanner's point spread
(Gaussian in the slice, a smoothed box across it) at each pixel centre, exactly for the piecewise
constant object that the grid is. Several objects on different grids add up: a coarse body, and
small calcifications as contrast on their own, finer grids. Then come noise of the kernel's
texture, rounding and clipping.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError, InputError

__all__ = [
    "KERNELS",
    "MAX_HU",
    "MIN_HU",
    "FineVolume",
    "Kernel",
    "Scanner",
    "hydroxyapatite_hu",
    "image_volume",
    "noise_volume",
]

MIN_HU = -1024  # 12 stored bits with intercept -1024
MAX_HU = 3071
AIR_HU = -1000.0
HA_HU_PER_MG_PER_CM3_120KVP = 1.30  # 100 mg/cm3 ~ 130 HU at 120 kVp, doi 10.1007/s00330-022-08642-5
# Slope of the kVp-adapted first Agatston thresholds (207, 177, 147, 130, 119 HU at 70, 80, 100,
# 120, 135 kVp; Graeni 2018 doi 10.1093/ehjci/jey019, Nakazato 2009) over 1/kVp^2, relative to
# 130 HU at 120 kVp. It meets each of them within 3 HU.
_KVP_SLOPE = 5.8e5 / 130.0
_KVP_RANGE = (70.0, 140.0)
_FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))


def hydroxyapatite_hu(density_mg_per_cm3: float, *, kvp: float) -> float:
    """Give the HU above water of hydroxyapatite in water-equivalent material.

    Parameters
    ----------
    density_mg_per_cm3 : float
        Hydroxyapatite per volume.
    kvp : float
        Tube voltage, 70 to 140 kV.

    Returns
    -------
    float
        Contrast in HU, proportional to density: 1.30 HU per mg/cm3 at 120 kVp, which is a mass
        calibration factor of 0.77 mg/cm3/HU.

    Raises
    ------
    InputError
        If `kvp` is outside the range that the published thresholds cover.
    """
    if not _KVP_RANGE[0] <= kvp <= _KVP_RANGE[1]:
        msg = f"no calcium contrast is known at {kvp:g} kVp, allowed 70 to 140 kVp"
        raise InputError(msg)
    relative = 1.0 + _KVP_SLOPE * (kvp**-2 - 120.0**-2)
    return HA_HU_PER_MG_PER_CM3_120KVP * relative * density_mg_per_cm3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What a reconstruction kernel does to an image.

    Attributes
    ----------
    psf_fwhm_mm : float
        Full width at half maximum of the Gaussian point spread in the slice.
    noise_cutoff_per_mm : float
        The noise power spectrum is ``f * exp(-(f / cutoff)**2)``: the ramp of filtered back
        projection times the kernel's apodisation; it peaks at ``cutoff / sqrt(2)``.
    """

    name: str
    psf_fwhm_mm: float
    noise_cutoff_per_mm: float


KERNELS = {
    kernel.name: kernel
    for kernel in (
        Kernel(name="smooth", psf_fwhm_mm=1.5, noise_cutoff_per_mm=0.35),
        Kernel(name="medium", psf_fwhm_mm=1.2, noise_cutoff_per_mm=0.45),
        Kernel(name="sharp", psf_fwhm_mm=0.7, noise_cutoff_per_mm=0.75),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """A scanner and its protocol, as far as they shape the image.

    Attributes
    ----------
    kvp : float
        Tube voltage.
    kernel : Kernel
        In-plane sharpness and noise texture; one of `KERNELS` or your own.
    matrix : (n_y, n_x)
        Rows and columns of the image.
    pixel_spacing_mm : float
        Square pixels.
    slice_thickness_mm : float
        Width of the slice sensitivity profile at half maximum.
    increment_mm : float
        Distance of neighbouring slices; below the thickness the slices overlap.
    slice_edge_sigma_mm : float
        The profile is a box as wide as the slice, smoothed by a Gaussian of this sigma.
    noise_sd_hu : float
        Standard deviation of the noise; 0 for a noiseless image.
    calcium_response : float
        Hydroxyapatite contrast of this scanner relative to `hydroxyapatite_hu`; beam hardening,
        filtration and body size move it by several per cent.
    """

    kvp: float = 120.0
    kernel: Kernel = field(default_factory=lambda: KERNELS["medium"])
    matrix: tuple[int, int] = (512, 512)
    pixel_spacing_mm: float = 0.4297
    slice_thickness_mm: float = 3.0
    increment_mm: float = 3.0
    slice_edge_sigma_mm: float = 0.3
    noise_sd_hu: float = 18.0
    calcium_response: float = 1.0

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """``(dz, dy, dx)`` of the images."""
        return self.increment_mm, self.pixel_spacing_mm, self.pixel_spacing_mm

    def calcium_hu(self, density_mg_per_cm3: float) -> float:
        """Contrast over water of hydroxyapatite of this density on this scanner."""
        return self.calcium_response * hydroxyapatite_hu(density_mg_per_cm3, kvp=self.kvp)


@dataclass(frozen=True, slots=True, kw_only=True)
class FineVolume:
    """An object, or the contrast that one adds, painted on a grid finer than the image.

    Attributes
    ----------
    values : ndarray of shape (n_z, n_y, n_x), or callable
        HU (of a body) or HU contrast (of an addition); any real dtype. A callable gets the
        zero-based index of a slice and gives that slice ``(n_y, n_x)``, so that a large body
        never is in memory at once; `shape` is needed then.
    spacing_mm : (dz, dy, dx)
        Of this grid.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` in the patient, LPS.
    """

    values: NDArray[np.generic] | Callable[[int], NDArray[np.generic]]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    shape: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if self.shape is None:
            if callable(self.values) or self.values.ndim != 3:
                msg = "a fine volume needs a (z, y, x) array, or a callable and its shape"
                raise GeometryError(msg)
            n_z, n_y, n_x = self.values.shape
            object.__setattr__(self, "shape", (n_z, n_y, n_x))

    def slice_at(self, index: int) -> NDArray[np.float32]:
        """Give slice `index` as float32 of shape (n_y, n_x)."""
        values = self.values(index) if callable(self.values) else self.values[index]
        return np.asarray(values, dtype=np.float32)


def image_volume(
    body: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    slice_count: int,
    additions: Sequence[FineVolume] = (),
    outside_hu: float = AIR_HU,
    noise_scale: NDArray[np.floating] | None = None,
    rng: np.random.Generator | None = None,
) -> NDArray[np.int16]:
    """Image an object.

    Parameters
    ----------
    body : FineVolume
        The object in HU; what is outside its grid is `outside_hu`.
    scanner : Scanner
        Its matrix and spacings give the grid of the image.
    origin_mm : (x, y, z)
        Centre of voxel ``[0, 0, 0]`` of the image in the patient, LPS.
    slice_count : int
        Number of slices, ascending towards the head.
    additions : sequence of FineVolume
        HU contrast to add, each on its own grid: calcifications, with partial volume.
    noise_scale : ndarray of shape (n_y, n_x) or (n_z, n_y, n_x), optional
        Local noise relative to ``scanner.noise_sd_hu``; uniform if not given.
    rng : numpy.random.Generator, optional
        Source of the noise; needed unless ``scanner.noise_sd_hu`` is 0.

    Returns
    -------
    int16 ndarray of shape (slice_count, n_y, n_x)
        Rounded HU, clipped to `MIN_HU` and `MAX_HU`.

    Raises
    ------
    InputError
        If noise is asked for without `rng`.
    """
    if rng is None and scanner.noise_sd_hu > 0:
        msg = f"noise of {scanner.noise_sd_hu:g} HU needs a random generator, got none"
        raise InputError(msg)
    shape = (slice_count, *scanner.matrix)
    hu = np.full(shape, outside_hu, dtype=np.float32)
    _add_object(hu, body, scanner, origin_mm=origin_mm, baseline=outside_hu)
    for addition in additions:
        _add_object(hu, addition, scanner, origin_mm=origin_mm, baseline=0.0)
    if rng is not None and scanner.noise_sd_hu > 0:
        noise = noise_volume(scanner, slice_count=slice_count, rng=rng)
        hu += noise if noise_scale is None else noise * np.asarray(noise_scale, np.float32)
    np.rint(hu, out=hu)
    np.clip(hu, MIN_HU, MAX_HU, out=hu)
    return hu.astype(np.int16)


def noise_volume(
    scanner: Scanner, *, slice_count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw the noise of a scan.

    Returns
    -------
    float32 ndarray of shape (slice_count, n_y, n_x)
        Zero mean, standard deviation ``scanner.noise_sd_hu``, the kernel's spectrum in the slice,
        and between slices the correlation that their overlap gives.
    """
    from scipy import fft  # heavy import, needed only to simulate

    n_y, n_x = scanner.matrix
    white = rng.standard_normal((slice_count, n_y, n_x), dtype=np.float32)
    mixing = _slice_mixing(scanner, slice_count)
    if mixing is not None:
        white = np.tensordot(mixing, white, axes=1)
    gain = _noise_gain(scanner)
    for k in range(slice_count):
        white[k] = fft.irfft2(fft.rfft2(white[k]) * gain, s=(n_y, n_x))
    return white


def _noise_gain(scanner: Scanner) -> NDArray[np.float32]:
    """Amplitude over frequency that turns white noise into the kernel's, (n_y, n_x // 2 + 1)."""
    n_y, n_x = scanner.matrix
    f_y = np.fft.fftfreq(n_y, scanner.pixel_spacing_mm)
    f_x = np.fft.fftfreq(n_x, scanner.pixel_spacing_mm)
    frequency = np.hypot(f_y[:, None], f_x[None, :])
    power = frequency * np.exp(-((frequency / scanner.kernel.noise_cutoff_per_mm) ** 2))
    power *= scanner.noise_sd_hu**2 / power.mean()
    gain: NDArray[np.float32] = np.sqrt(power[:, : n_x // 2 + 1]).astype(np.float32)
    return gain


def _slice_mixing(scanner: Scanner, slice_count: int) -> NDArray[np.float32] | None:
    """Matrix that correlates slices by their overlap, or ``None`` where they do not overlap."""
    if scanner.increment_mm >= scanner.slice_thickness_mm:
        return None
    apart = scanner.increment_mm * np.abs(np.subtract.outer(*[np.arange(slice_count)] * 2))
    overlap = np.clip(1.0 - apart / scanner.slice_thickness_mm, 0.0, None)
    overlap += 1e-6 * np.eye(slice_count)
    mixing: NDArray[np.float32] = np.linalg.cholesky(overlap).astype(np.float32)
    return mixing


def _add_object(
    hu: NDArray[np.float32],
    volume: FineVolume,
    scanner: Scanner,
    *,
    origin_mm: tuple[float, float, float],
    baseline: float,
) -> None:
    """Add the image of (volume - baseline) to `hu` in place, slice by slice."""
    from scipy import sparse  # heavy import, needed only to simulate

    n_z, n_y, n_x = hu.shape
    fine_z, fine_y, fine_x = volume.shape or (0, 0, 0)
    dz, dy, dx = volume.spacing_mm
    x0, y0, z0 = volume.origin_mm
    sigma = scanner.kernel.psf_fwhm_mm / _FWHM_PER_SIGMA
    pitch = scanner.pixel_spacing_mm
    across = _weights(
        origin_mm[2] + scanner.increment_mm * np.arange(n_z),
        z0 + dz * np.arange(fine_z),
        dz,
        scanner.slice_edge_sigma_mm,
        box=scanner.slice_thickness_mm,
    )
    rows = _weights(origin_mm[1] + pitch * np.arange(n_y), y0 + dy * np.arange(fine_y), dy, sigma)
    columns = _weights(
        origin_mm[0] + pitch * np.arange(n_x), x0 + dx * np.arange(fine_x), dx, sigma
    )
    y_hit, x_hit = rows.any(axis=1), columns.any(axis=1)
    rows_s, columns_s = sparse.csr_array(rows[y_hit]), sparse.csr_array(columns[x_hit])
    window = np.ix_(y_hit, x_hit)
    cache: dict[int, NDArray[np.float32]] = {}
    for k in range(n_z):
        used = np.flatnonzero(across[k])
        if used.size == 0:
            continue
        for index in [i for i in cache if i < used[0]]:
            del cache[index]
        slab = np.zeros((fine_y, fine_x), np.float32)
        for index in used.tolist():
            if index not in cache:
                cache[index] = volume.slice_at(index) - np.float32(baseline)
            slab += across[k, index] * cache[index]
        hu[k][window] += np.asarray(columns_s @ (rows_s @ slab).T).T


def _weights(
    centres_mm: NDArray[np.floating],
    fine_mm: NDArray[np.floating],
    fine_spacing_mm: float,
    sigma_mm: float,
    *,
    box: float = 0.0,
) -> NDArray[np.float32]:
    """Part of a profile at each centre that falls on each fine cell, (n_centres, n_fine).

    The profile is a Gaussian of `sigma_mm`, or a box smoothed by it. Weights below 1e-7 are 0.
    """
    from scipy.special import ndtr  # heavy import, needed only to simulate

    edges = fine_mm[0] + fine_spacing_mm * (np.arange(fine_mm.size + 1) - 0.5)
    u = (edges[None, :] - centres_mm[:, None]) / sigma_mm
    if box > 0:
        half = 0.5 * box / sigma_mm
        cumulative = (_integrated_ndtr(u + half) - _integrated_ndtr(u - half)) / (2 * half)
    else:
        cumulative = ndtr(u)
    weights = np.diff(cumulative, axis=1)
    weights[weights < 1e-7] = 0.0
    return np.asarray(weights, np.float32)


def _integrated_ndtr(u: NDArray[np.floating]) -> NDArray[np.float64]:
    """Integral of the normal distribution function from minus infinity to `u`."""
    from scipy.special import ndtr  # heavy import, needed only to simulate

    return np.asarray(u * ndtr(u) + np.exp(-0.5 * u**2) / math.sqrt(2 * math.pi))
