"""What a scanner adds besides noise: shading, cupping, streaks of wide bodies and of metal.

Streaks of metal are made as on a scanner: the error of each view through metal (the beam hardens,
few photons are left) is filtered and projected back. Shading and cupping are smooth fields without
a model of the beam behind them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.noise import noise_volume
from corcal.phantom.physics import ImageGrid
from corcal.phantom.shapes import smooth_noise

__all__ = ["CLEAN", "Artefacts", "add_lateral_noise", "add_metal_streaks", "add_shading"]

FloatVolume = NDArray[np.float32]

_SHADING_MM = 90.0  # from light to dark
_WEDGE_DEG = 7.0  # views that are nearly horizontal: through both shoulders
_SHOULDERS_MM = (55.0, 120.0)  # height over the heart's middle where they begin and are whole
_METAL_HU, _METAL_MOST_HU = 1500.0, 8000.0  # plastic makes no streaks
_VIEWS = 96
_BIN_MM = 1.2
_PIXEL_MM = 2.4
_LEAST_METAL_PIXELS = 3
# Error of a view, in mm of water, by its way through metal (mm of water): the square for the
# hardened beam, the root for what noise few photons leave. Set by eye, to look like leads and wires
# in real scans.
_HARDENING, _STARVATION = 0.02, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """How much of each.

    Attributes
    ----------
    shading_hu : float
        Standard deviation of a smooth field.
    cupping_hu : float
        How much darker the body's middle is than its rim.
    lateral_noise : float
        Noise in horizontal streaks at the shoulders, relative to the scanner's noise; a third of
        it at the heart.
    metal : float
        Of streaks at devices; 1 is usual, 0 none.
    seed : int
        Of all that is random in them.
    """

    shading_hu: float = 0.0
    cupping_hu: float = 0.0
    lateral_noise: float = 0.0
    metal: float = 1.0
    seed: int = 0


CLEAN = Artefacts()


def add_shading(hu: FloatVolume, grid: ImageGrid, artefacts: Artefacts) -> None:
    """Add shading and cupping to a scan, in place; air stays air."""
    if artefacts.shading_hu == 0 and artefacts.cupping_hu == 0:
        return
    from scipy.ndimage import zoom  # heavy import, needed only to simulate

    rng = np.random.default_rng([artefacts.seed, 31])
    n_z, n_y, n_x = grid.shape
    extent = np.array(grid.shape) * grid.scanner.spacing_mm
    knots = [max(4, int(np.ceil(mm / (0.35 * _SHADING_MM)))) for mm in extent]
    field = artefacts.shading_hu * smooth_noise(rng, tuple(knots), 1.0)
    y, x = np.linspace(-1, 1, n_y)[:, None], np.linspace(-1, 1, n_x)[None, :]
    cup = artefacts.cupping_hu * (np.clip(x * x + y * y, 0, 1) - 1).astype(np.float32)
    at = np.linspace(0, knots[0] - 1, n_z)
    for k in range(n_z):
        low = min(int(at[k]), knots[0] - 2)
        plane = field[low] + np.float32(at[k] - low) * (field[low + 1] - field[low])
        wide = zoom(
            plane, (n_y / knots[1], n_x / knots[2]), order=1, grid_mode=True, mode="nearest"
        )
        tissue = np.clip((hu[k] + 950.0) / 800.0, 0, 1)
        hu[k] += tissue * (wide + cup)


def add_lateral_noise(
    hu: FloatVolume, grid: ImageGrid, artefacts: Artefacts, *, heart_z_mm: float
) -> None:
    """Add noise in horizontal streaks, in place.

    Parameters
    ----------
    hu, grid, artefacts
        The scan.
    heart_z_mm : float
        Height of the heart's middle; shoulders and arms lie above.
    """
    if artefacts.lateral_noise == 0 or grid.scanner.noise_sd_hu == 0:
        return
    rng = np.random.default_rng([artefacts.seed, 32])
    noise = noise_volume(grid.scanner, slice_count=grid.slice_count, rng=rng, wedge_deg=_WEDGE_DEG)
    z = grid.origin_mm[2] + grid.scanner.increment_mm * np.arange(grid.slice_count) - heart_z_mm
    low, high = _SHOULDERS_MM
    share = 1 / 3 + 2 / 3 * np.clip((z - low) / (high - low), 0, 1)
    noise *= (artefacts.lateral_noise * share)[:, None, None].astype(np.float32)
    hu += noise


def add_metal_streaks(
    hu: FloatVolume, device_hu: FloatVolume, grid: ImageGrid, artefacts: Artefacts
) -> None:
    """Add streaks to each slice that shows metal, in place.

    Parameters
    ----------
    hu : float32 ndarray of shape (n_z, n_y, n_x)
        The scan.
    device_hu : float32 ndarray of the same shape
        Contrast of devices.
    grid, artefacts
        The scan's.
    """
    if artefacts.metal == 0:
        return
    for k in np.flatnonzero((device_hu > _METAL_HU).any(axis=(1, 2))).tolist():
        rows, columns = np.nonzero(device_hu[k] > _METAL_HU)
        if len(rows) < _LEAST_METAL_PIXELS:
            continue
        rng = np.random.default_rng([artefacts.seed, 33, k])
        pixel = grid.scanner.pixel_spacing_mm
        metal = np.minimum(device_hu[k][rows, columns], _METAL_MOST_HU) / 1000.0
        way = _views(columns * pixel, rows * pixel, metal * pixel * pixel, grid)
        error = -_HARDENING * way**2
        error += _STARVATION * np.sqrt(way) * _few_photons(rng, way.shape)
        hu[k] += np.float32(artefacts.metal) * _back_projected(error, grid)


def _few_photons(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw noise of views, alike in neighbouring ones, as wide streaks are."""
    from scipy.ndimage import gaussian_filter  # heavy import, needed only to simulate

    noise = gaussian_filter(rng.standard_normal(shape), (1.0, 0.6), mode="wrap")
    return np.asarray(noise / noise.std(), np.float64)


def _geometry(grid: ImageGrid) -> tuple[NDArray[np.float64], float, int]:
    """Give angles, place of the first bin, and number of bins, around the image's middle."""
    half = 0.75 * grid.scanner.field_of_view_mm
    bins = int(np.ceil(2 * half / _BIN_MM))
    return np.pi * np.arange(_VIEWS) / _VIEWS, -half, bins


def _views(
    x_mm: NDArray[np.floating],
    y_mm: NDArray[np.floating],
    amount: NDArray[np.floating],
    grid: ImageGrid,
) -> NDArray[np.float64]:
    """Way through metal (mm of water) in each bin of each view, smoothed as by a focal spot."""
    from scipy.ndimage import gaussian_filter1d  # heavy import, needed only to simulate

    angles, first, bins = _geometry(grid)
    n_y, n_x = grid.scanner.matrix
    pixel = grid.scanner.pixel_spacing_mm
    x, y = x_mm - 0.5 * (n_x - 1) * pixel, y_mm - 0.5 * (n_y - 1) * pixel
    place = np.cos(angles)[:, None] * x + np.sin(angles)[:, None] * y
    index = np.clip(((place - first) / _BIN_MM).astype(np.intp), 0, bins - 1)
    flat = (index + bins * np.arange(_VIEWS)[:, None]).ravel()
    weights = np.broadcast_to(amount / _BIN_MM, place.shape).ravel()
    way = np.bincount(flat, weights=weights, minlength=_VIEWS * bins).reshape(_VIEWS, bins)
    return np.asarray(gaussian_filter1d(way, 0.7, axis=1), np.float64)


def _back_projected(error_mm: NDArray[np.float64], grid: ImageGrid) -> FloatVolume:
    """Reconstruct views (mm of water) to HU on the pixels of a slice."""
    from scipy.ndimage import zoom  # heavy import, needed only to simulate

    angles, first, bins = _geometry(grid)
    size = 2 * bins
    ramp = np.abs(np.fft.rfftfreq(size, _BIN_MM))
    ramp *= np.cos(0.5 * np.pi * ramp / ramp[-1])  # a smooth kernel
    filtered = np.fft.irfft(np.fft.rfft(error_mm, size, axis=1) * ramp, size, axis=1)[:, :bins]
    n_y, n_x = grid.scanner.matrix
    extent = np.array([n_y, n_x]) * grid.scanner.pixel_spacing_mm
    count = np.maximum(8, np.ceil(extent / _PIXEL_MM)).astype(int)
    y, x = ((np.arange(n) + 0.5) * mm / n - 0.5 * mm for n, mm in zip(count, extent, strict=True))
    out = np.zeros((count[0], count[1]))
    for angle, view in zip(angles, filtered, strict=True):
        at = (np.cos(angle) * x[None, :] + np.sin(angle) * y[:, None] - first) / _BIN_MM - 0.5
        low = np.clip(at.astype(np.intp), 0, bins - 2)
        out += view[low] + (at - low) * (view[low + 1] - view[low])
    out *= 1000.0 * np.pi / _VIEWS
    factors = (n_y / count[0], n_x / count[1])
    return np.asarray(zoom(out, factors, order=1, grid_mode=True, mode="nearest"), np.float32)
