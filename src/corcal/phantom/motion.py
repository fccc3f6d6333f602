"""A heart that moves while it is scanned: blur, doubling and tails, different in each slice.

A slice is made of views from all sides, taken one after the other. The views of one direction give
the image's spatial frequencies of that direction (the central slice theorem), so a lesion that
moves is imaged exactly by shifting each frequency by the way that the lesion had gone when its
views were taken: one product in Fourier space gives blur, doubled edges and tails as on a scanner.
The heart's own edges, which do not move as one, are warped for a few groups of views.

Not simulated: the heart's turning, and breathing. Through the slices the calcium moves, by its
mean way while the slice is taken; the heart's edges do not.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.physics import FineVolume, ImageGrid, ImageWindow
from corcal.phantom.shapes import FloatArray, Grid

__all__ = ["STILL", "Motion", "MovingHeart"]

# How far calcium moves relative to the right coronary artery. Speeds in the slice are 69 (RCA), 48
# (LCX) and 22 mm/s (LAD): Achenbach S et al. 2000, doi:10.1148/radiology.216.2.r00au19457. The
# rest is between what it hangs on.
_SHARE = {
    Site.RCA: 1.0,
    Site.LCX: 0.7,
    Site.LAD: 0.35,
    Site.LM: 0.35,
    Site.MITRAL_ANNULUS: 0.8,
    Site.AORTIC_VALVE: 0.6,
    Site.ASCENDING_AORTA: 0.35,
    Site.PERICARDIUM: 0.4,
    Site.DEVICE: 0.6,
    Site.DESCENDING_AORTA: 0.05,
}
_HEART_SHARE = 0.6
_OVERSCAN = 0.15  # of half a turn: views measured twice, faded into each other
_TURN_DEG = 30.0  # directions of two parts of a heart differ by this much (SD)
_GROUPS = {"gated": 4, "free": 5}  # of views, for the heart's edges
_WARP_PIXEL_MM = 0.8
_SAC_MM = (8.0, 12.0)  # still beyond the first, outside the pericardium; fading over the second
_PAD_MM = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How the heart moves while slices are taken.

    Attributes
    ----------
    kind : "gated" or "free"
        Gated: half a turn in the quiet phase; what motion remains is even. Free: a whole turn at
        any phase of the beat.
    way_mm : float
        Of the right coronary artery: while a slice is taken (gated), or in a beat (free).
    direction : (x, y, z)
        Of unit length, LPS.
    turn_per_beat : float
        Part of a beat that a whole turn takes (free).
    slices_together : int
        Slices taken at once, in one phase.
    seed : int
        Of phases and starting angles.
    """

    kind: Literal["gated", "free"] = "gated"
    way_mm: float = 0.0
    direction: tuple[float, float, float] = (0.6, 0.7, 0.387)
    turn_per_beat: float = 0.5
    slices_together: int = 1
    seed: int = 0


STILL = Motion()


class MovingHeart:
    """The motion of one exam, slice by slice.

    Parameters
    ----------
    motion : Motion
        What to do.
    grid : ImageGrid
        The exam's slices.
    """

    def __init__(self, motion: Motion, grid: ImageGrid) -> None:
        self.motion, self.grid = motion, grid
        rng = np.random.default_rng([motion.seed, 12])
        count = grid.slice_count
        groups = -(-count // motion.slices_together)
        together = np.arange(count) // motion.slices_together
        self._phase = rng.random(groups)[together]
        self._step = rng.normal(0, 0.25, groups)[together]
        self._start = rng.uniform(0, np.pi, groups)[together]
        self._turns = rng.normal(0, np.radians(_TURN_DEG), len(Site) + 1)

    @property
    def is_still(self) -> bool:
        """Whether nothing moves."""
        return self.motion.way_mm == 0

    def contrast(self, volume: FineVolume, site: Site) -> ImageWindow:
        """Image calcium of a site that moves with its part of the heart.

        Parameters are those of `corcal.phantom.physics.image_contrast`; the window is wider by the
        tails.
        """
        share = _SHARE.get(site, 0.0)
        if self.is_still or share == 0:
            return self.grid.contrast(volume)
        across, along = self._directions(site)
        scale = share * self.motion.way_mm
        sunk = along * scale * self._mean_way
        window = self.grid.contrast(volume, shift_z_mm=sunk)
        return self._smeared(window, (scale * across[0], scale * across[1]))

    def blur(self, hu: NDArray[np.float32], sac: FloatArray, sac_grid: Grid) -> None:
        """Blur the edges of the heart, in place.

        Parameters
        ----------
        hu : float32 ndarray of shape (n_z, n_y, n_x)
            Noiseless image without calcium.
        sac : float32 ndarray
            Distance to the pericardium, negative inside, mm.
        sac_grid : Grid
            Where `sac` is known.
        """
        if self.is_still:
            return
        step = max(1, round(_WARP_PIXEL_MM / self.grid.scanner.pixel_spacing_mm))
        for k in range(self.grid.slice_count):
            weight = _moving_part(self.grid, k, step, sac, sac_grid)
            if weight is not None:
                where, part = weight
                self._blur_part(hu[k][where], k, step, part)

    def _directions(self, site: int) -> tuple[tuple[float, float], float]:
        x, y, z = self.motion.direction
        turn = self._turns[site]
        c, s = float(np.cos(turn)), float(np.sin(turn))
        return (c * x - s * y, s * x + c * y), z

    def _way(self, k: int, view: FloatArray | NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Part of the way gone in slice `k` at views 0 to 1 (+ overscan), for each half turn."""
        view = np.asarray(view, np.float64)
        if self.motion.kind == "gated":
            return [view - 0.5 + self._step[k]]
        half = 0.5 * self.motion.turn_per_beat
        return [_beat(self._phase[k] + half * (view + n)) for n in (0, 1)]

    @cached_property
    def _mean_way(self) -> NDArray[np.float64]:
        view = (np.arange(16) + 0.5) / 16
        return np.array([np.mean(self._way(k, view)) for k in range(self.grid.slice_count)])

    def _smeared(self, window: ImageWindow, way_mm: tuple[float, float]) -> ImageWindow:
        """Shift each spatial frequency of a window by the way at its views."""
        from scipy import fft  # heavy import, needed only to simulate

        if window.values.size == 0:
            return window
        pixel = self.grid.scanner.pixel_spacing_mm
        pad = int(np.ceil((1.5 * float(np.hypot(*way_mm)) + _PAD_MM) / pixel))
        n_z, n_y, n_x = window.values.shape
        shape = fft.next_fast_len(n_y + 2 * pad), fft.next_fast_len(n_x + 2 * pad)
        wide = np.zeros((n_z, *shape), np.float32)
        wide[:, pad : pad + n_y, pad : pad + n_x] = window.values
        f_y, f_x = fft.fftfreq(shape[0], pixel)[:, None], fft.rfftfreq(shape[1], pixel)[None, :]
        turns = -2j * np.pi * (f_x * way_mm[0] + f_y * way_mm[1])
        angle = np.arctan2(f_y, f_x)
        for i in range(n_z):
            gain = self._gain(window.start[0] + i, angle, turns)
            wide[i] = fft.irfft2(fft.rfft2(wide[i]) * gain, s=shape)
        return _cropped(wide, (window.start[0], window.start[1] - pad, window.start[2] - pad), self)

    def _gain(
        self, k: int, angle: NDArray[np.float64], turns: NDArray[np.complexfloating]
    ) -> NDArray[np.complex128]:
        view = ((angle - self._start[k]) % np.pi) / np.pi
        ways = zip(self._way(k, view), self._way(k, view + 1.0), strict=True)
        late = np.clip(1.0 - view / _OVERSCAN, 0, 1)
        parts = [
            (1 - late) * np.exp(turns * now) + late * np.exp(turns * again) for now, again in ways
        ]
        return np.asarray(sum(parts) / len(parts), np.complex128)

    def _blur_part(self, hu: NDArray[np.float32], k: int, step: int, weight: FloatArray) -> None:
        """Blur one slice's part in place, by warps on every `step`-th pixel."""
        from scipy import fft  # heavy import, needed only to simulate

        image = hu[::step, ::step]
        groups = _GROUPS[self.motion.kind]
        f_y, f_x = fft.fftfreq(image.shape[0])[:, None], fft.rfftfreq(image.shape[1])[None, :]
        view = ((np.arctan2(f_y, f_x) - self._start[k]) % np.pi) / np.pi
        group = np.minimum((view * groups).astype(int), groups - 1)
        ways = self._way(k, (np.arange(groups) + 0.5) / groups)
        change = np.zeros(group.shape, np.complex64)
        for j in range(groups):
            moved = np.mean([self._warped(image, step, weight, float(w[j])) for w in ways], axis=0)
            share = (group == j).astype(np.float32)
            share[0, 0] = 1.0 / groups
            change += share * fft.rfft2((moved - image).astype(np.float32))
        added = fft.irfft2(change, s=image.shape).astype(np.float32)
        hu += _enlarged(added, step, hu.shape)

    def _warped(self, image: FloatArray, step: int, weight: FloatArray, way: float) -> FloatArray:
        from scipy.ndimage import map_coordinates  # heavy import, needed only to simulate

        across, _ = self._directions(0)
        pixels = _HEART_SHARE * self.motion.way_mm * way
        pixels /= step * self.grid.scanner.pixel_spacing_mm
        place = np.indices(image.shape).astype(np.float32)
        place -= np.float32(pixels) * np.array(across[::-1], np.float32)[:, None, None] * weight
        return np.asarray(map_coordinates(image, place, order=1, mode="nearest"), np.float32)


def _beat(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Part of the way gone at a phase of the beat: contraction, rest, atrial kick."""
    t = phase % 1.0
    squeeze = np.where(t < 0.5, np.sin(np.pi * t / 0.5) ** 2, 0.0)
    kick = np.where(t > 0.8, 0.3 * np.sin(np.pi * (t - 0.8) / 0.2) ** 2, 0.0)
    return np.asarray(squeeze + kick, np.float64)


def _cropped(
    wide: NDArray[np.float32], start: tuple[int, int, int], heart: MovingHeart
) -> ImageWindow:
    """Keep what lies in the image."""
    n_y, n_x = heart.grid.scanner.matrix
    z, y, x = start
    values = wide[:, max(0, -y) : max(0, n_y - y), max(0, -x) : max(0, n_x - x)]
    return ImageWindow(start=(z, max(0, y), max(0, x)), values=values)


def _moving_part(
    grid: ImageGrid, k: int, step: int, sac: FloatArray, sac_grid: Grid
) -> tuple[tuple[slice, slice], FloatArray] | None:
    """Find the part of a slice that moves, and how much each of its `step`-th pixels does."""
    near, fade = _SAC_MM
    cell = np.array(sac_grid.spacing_mm)
    x0, y0, z0 = grid.origin_mm
    level = (z0 + k * grid.scanner.increment_mm - sac_grid.origin_mm[2]) / cell[0]
    low = int(np.clip(np.floor(level), 0, sac.shape[0] - 2))
    plane = sac[low] + np.float32(np.clip(level - low, 0, 1)) * (sac[low + 1] - sac[low])
    if plane.min() > 0:
        return None
    rows, columns = (np.flatnonzero((plane < near).any(axis=axis)) for axis in (1, 0))
    pixel = grid.scanner.pixel_spacing_mm
    spans, coordinates = [], []
    for hit, first, image_first, n in (
        (rows, sac_grid.origin_mm[1], y0, grid.scanner.matrix[0]),
        (columns, sac_grid.origin_mm[0], x0, grid.scanner.matrix[1]),
    ):
        ends = (first + cell[1] * (hit[[0, -1]] + [-1, 1]) - image_first) / pixel
        a, b = (int(v) for v in np.clip([np.floor(ends[0]), np.ceil(ends[1])], 0, n))
        spans.append(slice(a, b))
        coordinates.append((image_first + pixel * np.arange(a, b, step) - first) / cell[1])
    if min(len(c) for c in coordinates) < 8:
        return None
    weight = np.clip((near - _looked_up(plane, *coordinates)) / fade, 0, 1)
    return (spans[0], spans[1]), np.asarray(weight * weight * (3 - 2 * weight), np.float32)


def _looked_up(
    plane: FloatArray, rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> FloatArray:
    """Interpolate a plane at the crossings of rows and columns."""
    for axis, at in ((0, rows), (1, columns)):
        low = np.clip(at.astype(np.intp), 0, plane.shape[axis] - 2)
        t = np.clip(at - low, 0, 1).astype(np.float32)
        t = t[:, None] if axis == 0 else t[None, :]
        first = np.take(plane, low, axis=axis)
        plane = np.asarray(first + t * (np.take(plane, low + 1, axis=axis) - first))
    return plane


def _enlarged(values: FloatArray, step: int, shape: tuple[int, ...]) -> FloatArray:
    """Interpolate every `step`-th pixel's value to all pixels."""
    if step == 1:
        return values
    n_y, n_x = shape
    return _looked_up(values, np.arange(n_y) / step, np.arange(n_x) / step)
