"""Shapes as signed distances, on a coarse grid where they are smooth and a fine one where not.

A distance is negative inside, in mm. Large organs are smooth, so their distance is sampled every
few millimetres and interpolated plane by plane; what is thin (ribs, vessels of the lung) is
computed where it lies, at full resolution. An edge is drawn by its distance: a cell that a surface
cuts is filled in part, so that the fine grid need not be fine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FAR_MM",
    "Grid",
    "StarBody",
    "Tube",
    "coverage",
    "ellipsoid_distance",
    "smooth_curve",
    "smooth_min",
    "smooth_noise",
]

FloatArray = NDArray[np.float32]
FAR_MM = np.float32(60.0)  # what a distance is beyond the reach of a shape
_TABLE_STEP_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A regular grid of points in the patient.

    Attributes
    ----------
    origin_mm : (x, y, z)
        Centre of cell ``[0, 0, 0]``, LPS.
    spacing_mm : (dz, dy, dx)
        Of its cells.
    shape : (n_z, n_y, n_x)
        Cells.
    """

    origin_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]

    def axis(self, name: str) -> FloatArray:
        """Coordinates of the cells along ``"x"``, ``"y"`` or ``"z"``, in mm."""
        k = "xyz".index(name)
        return _axis(self.origin_mm[k], self.spacing_mm[2 - k], self.shape[2 - k])

    def points(self) -> FloatArray:
        """Every cell centre: (n_z, n_y, n_x, 3), last axis ``(x, y, z)``."""
        z, y, x = np.meshgrid(self.axis("z"), self.axis("y"), self.axis("x"), indexing="ij")
        return np.stack([x, y, z], axis=-1)

    def window(
        self, low_mm: NDArray[np.floating], high_mm: NDArray[np.floating]
    ) -> tuple[slice, slice, slice]:
        """Slices (z, y, x) of the cells between two corners ``(x, y, z)``; may be empty."""
        out = []
        for k in (2, 1, 0):
            origin, step, n = self.origin_mm[k], self.spacing_mm[2 - k], self.shape[2 - k]
            start = int(np.clip(np.floor((float(low_mm[k]) - origin) / step), 0, n))
            stop = int(np.clip(np.ceil((float(high_mm[k]) - origin) / step) + 1, start, n))
            out.append(slice(start, stop))
        return out[0], out[1], out[2]


@lru_cache(maxsize=64)
def _axis(origin_mm: float, step_mm: float, count: int) -> FloatArray:
    axis = (origin_mm + step_mm * np.arange(count, dtype=np.float32)).astype(np.float32)
    axis.setflags(write=False)  # shared by all who ask
    return axis


def coverage(distance_mm: FloatArray, cell_mm: float) -> FloatArray:
    """Give the part of a cell that lies inside a surface at this distance from its centre."""
    return np.asarray(np.clip(0.5 - distance_mm / np.float32(cell_mm), 0.0, 1.0))


def smooth_min(a: FloatArray, b: FloatArray, blend_mm: float) -> FloatArray:
    """Unite two shapes and fill the corner between them, over about `blend_mm`.

    The polynomial smooth minimum: never above ``min(a, b)``, at most ``blend_mm / 4`` below it.
    """
    k = np.float32(blend_mm)
    h = np.clip(k - np.abs(a - b), 0.0, None)
    return np.asarray(np.minimum(a, b) - h * h / (4 * k))


def ellipsoid_distance(
    points: FloatArray,
    centre_mm: Sequence[float] | NDArray[np.floating],
    radii_mm: Sequence[float] | NDArray[np.floating],
) -> FloatArray:
    """Distance to an axis-parallel ellipsoid, exact on its surface; `points` is (..., 3)."""
    q = (points - np.asarray(centre_mm, np.float32)) / np.asarray(radii_mm, np.float32)
    k0 = np.sqrt((q * q).sum(axis=-1)) + np.float32(1e-6)
    g = q / np.asarray(radii_mm, np.float32)
    return np.asarray(k0 * (k0 - 1) / (np.sqrt((g * g).sum(axis=-1)) + np.float32(1e-6)))


def smooth_curve(points_mm: NDArray[np.floating], step_mm: float) -> NDArray[np.float64]:
    """Lay a smooth curve through control points and sample it.

    Parameters
    ----------
    points_mm : ndarray of shape (n, k)
        Control points, n >= 2; columns after the third (radii) are interpolated along.
    step_mm : float
        Greatest distance of neighbouring samples.

    Returns
    -------
    ndarray of shape (m, k)
        Equally spaced by arc length, both ends included.
    """
    from scipy.interpolate import CubicSpline  # heavy import, needed only to simulate

    points = np.asarray(points_mm, np.float64)
    chord = np.sqrt(np.linalg.norm(np.diff(points[:, :3], axis=0), axis=1))  # centripetal
    t = np.concatenate([[0.0], np.cumsum(chord)])
    dense = CubicSpline(t, points, bc_type="natural")(np.linspace(0, t[-1], 40 * len(points)))
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(dense[:, :3], axis=0), axis=1))])
    wanted = np.linspace(0, arc[-1], max(2, int(np.ceil(arc[-1] / step_mm)) + 1))
    columns = [np.interp(wanted, arc, dense[:, k]) for k in range(points.shape[1])]
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """A tapered tube along a polyline.

    Attributes
    ----------
    points_mm : float64 ndarray of shape (n, 3)
        Its axis, ``(x, y, z)``.
    radius_mm : float64 ndarray of shape (n,)
        At each point.
    """

    points_mm: NDArray[np.float64]
    radius_mm: NDArray[np.float64]

    @classmethod
    def through(cls, control_mm: NDArray[np.floating], *, step_mm: float = 4.0) -> "Tube":
        """Make a smooth tube through rows ``(x, y, z, radius)``."""
        curve = smooth_curve(np.asarray(control_mm, np.float64), step_mm)
        return cls(points_mm=curve[:, :3], radius_mm=curve[:, 3])

    def distance(self, points: FloatArray) -> FloatArray:
        """Distance of points (..., 3) to the wall, negative inside."""
        best = np.full(points.shape[:-1], np.inf, np.float32)
        for k in range(len(self.points_mm) - 1):
            np.minimum(best, self._segment(points, k), out=best)
        return best

    def distance_on(self, grid: Grid, *, reach_mm: float = 24.0) -> FloatArray:
        """Distance on a grid; `FAR_MM` or less beyond `reach_mm` of the wall."""
        out = np.full(grid.shape, FAR_MM, np.float32)
        for k in range(len(self.points_mm) - 1):
            ends = self.points_mm[k : k + 2]
            pad = float(self.radius_mm[k : k + 2].max()) + reach_mm
            window = grid.window(ends.min(axis=0) - pad, ends.max(axis=0) + pad)
            part = out[window]
            if part.size:
                np.minimum(part, self.segment_on(grid, window, k), out=part)
        return out

    def _segment(self, points: FloatArray, k: int) -> FloatArray:
        a, b = self.points_mm[k].astype(np.float32), self.points_mm[k + 1].astype(np.float32)
        v, w = b - a, points - a
        t = np.clip(w @ v / np.float32(v @ v + 1e-9), 0, 1)
        offset = w - t[..., None] * v
        ra, rb = np.float32(self.radius_mm[k]), np.float32(self.radius_mm[k + 1])
        return np.asarray(np.sqrt((offset * offset).sum(axis=-1)) - (ra + t * (rb - ra)))

    def segment_on(self, grid: Grid, window: tuple[slice, slice, slice], k: int) -> FloatArray:
        """Distance to the piece after point `k`, on a window of a grid."""
        a, b = self.points_mm[k], self.points_mm[k + 1]
        v = (b - a).astype(np.float32)
        x = (grid.axis("x")[window[2]] - np.float32(a[0]))[None, None, :]
        y = (grid.axis("y")[window[1]] - np.float32(a[1]))[None, :, None]
        z = (grid.axis("z")[window[0]] - np.float32(a[2]))[:, None, None]
        length2 = np.float32(v @ v + 1e-9)
        t = np.clip((x * v[0] + y * v[1] + z * v[2]) / length2, 0, 1)
        d2 = (x - t * v[0]) ** 2 + (y - t * v[1]) ** 2 + (z - t * v[2]) ** 2
        ra, rb = np.float32(self.radius_mm[k]), np.float32(self.radius_mm[k + 1])
        return np.asarray(np.sqrt(d2) - (ra + t * (rb - ra)))


class StarBody:
    """A body whose surface is seen whole from its centre: a radius for each direction.

    Parameters
    ----------
    centre_mm : (x, y, z)
        Where it is seen from.
    radii_mm : array-like of shape (6, 12)
        Radii; rows at elevations -75, -45 ... 75 degrees (towards the head), columns at azimuths
        0, 30 ... 330 degrees (0 towards the left, 90 towards the back).
    scale : float
        Multiplies all radii.
    """

    def __init__(
        self,
        centre_mm: Sequence[float],
        radii_mm: Sequence[Sequence[float]],
        *,
        scale: float = 1.0,
    ) -> None:
        self.centre_mm = np.asarray(centre_mm, np.float32)
        table = np.asarray(radii_mm, np.float64) * scale
        self._radius, self._slope = _radius_table(table)

    def distance(self, points: FloatArray) -> FloatArray:
        """Distance of points (..., 3) to the surface, to first order."""
        v = points - self.centre_mm
        r = np.sqrt((v * v).sum(axis=-1)) + np.float32(1e-4)
        elevation = np.degrees(np.arcsin(np.clip(v[..., 2] / r, -1, 1)))
        azimuth = np.degrees(np.arctan2(v[..., 1], v[..., 0])) % 360.0
        row, column = (elevation + 90) / _TABLE_STEP_DEG, azimuth / _TABLE_STEP_DEG
        return np.asarray(r - _bilinear(self._radius, row, column)) * _bilinear(
            self._slope, row, column
        )


def _radius_table(table: NDArray[np.float64]) -> tuple[FloatArray, FloatArray]:
    """Radii every 2 degrees, and the cosine between ray and surface normal."""
    from scipy.interpolate import RectBivariateSpline  # heavy import, needed only to simulate

    over = np.roll(table, 6, axis=1)  # beyond a pole the rows come again, half a turn on
    rows = np.concatenate([over[1::-1], table, over[:-3:-1]])
    wide = np.concatenate([rows[:, -4:], rows, rows[:, :5]], axis=1)
    spline = RectBivariateSpline(
        np.arange(-135, 136, 30), np.arange(-120, 481, 30), wide, kx=3, ky=3
    )
    elevation = np.arange(-90, 90 + _TABLE_STEP_DEG, _TABLE_STEP_DEG)
    azimuth = np.arange(0, 360 + _TABLE_STEP_DEG, _TABLE_STEP_DEG)
    radius = np.maximum(spline(elevation, azimuth), 2.0)
    step = np.radians(_TABLE_STEP_DEG)
    along, around = np.gradient(radius, step)
    around /= np.maximum(np.cos(np.radians(elevation)), 0.2)[:, None]
    slope = 1.0 / np.sqrt(1.0 + (along**2 + around**2) / radius**2)
    return radius.astype(np.float32), np.maximum(slope, 0.5).astype(np.float32)


def _bilinear(table: FloatArray, row: FloatArray, column: FloatArray) -> FloatArray:
    i = np.minimum(row.astype(np.intp), table.shape[0] - 2)
    j = np.minimum(column.astype(np.intp), table.shape[1] - 2)
    u, v = (row - i).astype(np.float32), (column - j).astype(np.float32)
    low = table[i, j] + v * (table[i, j + 1] - table[i, j])
    high = table[i + 1, j] + v * (table[i + 1, j + 1] - table[i + 1, j])
    return np.asarray(low + u * (high - low))


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, ...], scale_cells: float
) -> FloatArray:
    """Draw a smooth random field of zero mean and unit variance.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source.
    shape : tuple of int
        Of the field.
    scale_cells : float
        Sigma of the Gaussian that white noise is smoothed by.
    """
    from scipy.ndimage import gaussian_filter  # heavy import, needed only to simulate

    white = rng.standard_normal(shape, dtype=np.float32)
    field = gaussian_filter(white, scale_cells, mode="wrap", truncate=3.0)
    return np.asarray((field - field.mean()) / field.std(), np.float32)
