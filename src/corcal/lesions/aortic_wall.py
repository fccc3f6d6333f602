"""The wall of the aorta at the resolution of the scan: circles, refined to a smooth surface.

An anatomy on cells of 4 mm knows the wall to a cell, and calcium in it is one millimetre thick.
So the wall is looked for in the scan itself: along rays from the middle of the coarse mask, the
first place where blood turns into fat or lung is its outer edge. Where the aorta touches other
blood there is no such place; a circle through the others says where it must be. Circles that do
not agree with their neighbours above and below are dropped; what is left is smoothed to a surface.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy, Structure
from corcal.ct.scan import CTScan

__all__ = ["ASCENDING", "DESCENDING", "Wall", "fit_wall"]

ASCENDING = (Structure.AORTIC_ROOT, Structure.ASCENDING_AORTA)
DESCENDING = (Structure.DESCENDING_AORTA,)

# Radii of human aortas, normal to aneurysmal, in axial slices, mm: our own wide limits.
_RADIUS_MM = (8.0, 32.0)
_LEVEL_MM = 2.0  # slices are averaged to levels at least this high: less noise, less time
_ANGLES = 48
_RAY_MM, _RAY_STEP_MM = (5.0, 36.0), 0.5
_EDGE_DROP_HU = 45.0  # below the blood: about half way to fat
_FEWEST_CELLS = 6  # of a level of the coarse mask
_FEWEST_EDGES = 10  # of 48 that agree with the circle: a fifth of it
_ROUNDS = 8
_RESIDUAL_MM = 1.5  # scale of the robust fit; within it an edge agrees with the circle
_CATCH_MM = 6.0  # of an edge from the circle known so far; beyond it is that of something else
_COARSE_MM = np.array([4.0, 4.0, 3.0])  # how well the coarse mask knows y, x and radius
_SHIFT_MM = 10.0  # of the circle's centre from the coarse one: more is another vessel
_JUMP_MM = 3.0  # of a circle from the median of its neighbours
_CLEAR = 0.5  # quality from which a circle is sure enough to judge others
_CALIBRE_MM = 5.0  # of a radius from the median of the sure ones: an aorta changes slowly
_NEIGHBOURS = 5  # levels of that median
_SMOOTH_LEVELS = 1.2
_BULGE_MM, _BULGE_ANGLES, _BULGE_LEVELS = 4.0, 2.0, 1.0  # of the surface beyond the circle

_MODE: tuple[Literal["nearest"], Literal["wrap"]] = ("nearest", "wrap")  # levels, angles

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """The outer wall of an aorta as a stack of closed curves.

    Attributes
    ----------
    z_mm : ndarray of shape (n,)
        Height of each level in the frame of `Anatomy`, evenly spaced, ascending.
    centre_mm : ndarray of shape (n, 2)
        ``(y, x)`` of each circle.
    radius_mm : ndarray of shape (n,)
        Of each circle.
    outline_mm : ndarray of shape (n, 48)
        Distance of the wall from the centre at even angles, from ``+x`` towards ``+y``.
    quality : ndarray of shape (n,)
        Share of the angles with an edge within 1.5 mm of the circle, 0 to 1.
    """

    z_mm: _Array
    centre_mm: _Array
    radius_mm: _Array
    outline_mm: _Array
    quality: _Array

    def signed_distance(self, places_mm: NDArray[np.floating]) -> tuple[_Array, _Array]:
        """Give the distance of places from the wall, within the slice: positive outside.

        Parameters
        ----------
        places_mm : ndarray of shape (n, 3)
            Along (z, y, x), in the frame of `Anatomy`.

        Returns
        -------
        distance_mm, quality : ndarray of shape (n,)
            ``nan`` and 0 above and below the levels.
        """
        step = self.z_mm[1] - self.z_mm[0] if self.z_mm.size > 1 else _LEVEL_MM
        level = (np.asarray(places_mm[:, 0], np.float64) - self.z_mm[0]) / step
        outside = (level < -0.5) | (level > self.z_mm.size - 0.5)
        level = np.clip(level, 0, self.z_mm.size - 1)
        levels = np.arange(self.z_mm.size)
        dy = places_mm[:, 1] - np.interp(level, levels, self.centre_mm[:, 0])
        dx = places_mm[:, 2] - np.interp(level, levels, self.centre_mm[:, 1])
        angle = np.mod(np.arctan2(dy, dx), 2 * np.pi) * _ANGLES / (2 * np.pi)
        distance = np.hypot(dy, dx) - _bilinear(self.outline_mm, level, angle)
        distance[outside] = np.nan
        return distance, np.where(outside, 0.0, np.interp(level, levels, self.quality))


def fit_wall(
    scan: CTScan, anatomy: Anatomy, structures: tuple[Structure, ...] = ASCENDING
) -> Wall | None:
    """Fit the wall of the ascending or the descending aorta.

    Parameters
    ----------
    scan : CTScan
        The scan.
    anatomy : Anatomy
        Where to look: the coarse masks.
    structures : tuple of Structure
        `ASCENDING` or `DESCENDING`.

    Returns
    -------
    Wall or None
        ``None`` where fewer than three levels can be fitted.
    """
    start = _coarse_circles(scan, anatomy, structures)
    if start is None:
        return None
    slices, coarse = start
    circle, edges = coarse, np.empty(0)
    for _ in range(3):  # new rays from the better centre
        edges = _edges(scan, slices, circle[:, :2])
        circle = _circles(edges, circle, coarse)
    quality = (np.abs(_beyond(edges, circle)) < _RESIDUAL_MM).mean(axis=1)
    good = _is_plausible(circle, quality, coarse)
    if good.sum() < 3:
        return None
    return _surface(_middles(scan, slices), circle, np.where(good, quality, 0.0), edges)


def _coarse_circles(
    scan: CTScan, anatomy: Anatomy, structures: tuple[Structure, ...]
) -> tuple[list[slice], _Array] | None:
    """Group slices to levels; give (y, x, radius) of the coarse mask at each."""
    mask = np.isin(anatomy.labels, structures)
    cells = mask.sum(axis=(1, 2))
    rows = np.flatnonzero(cells >= _FEWEST_CELLS)
    if not rows.size:
        return None
    dz, dy, dx = anatomy.spacing_mm
    weight = np.maximum(cells[rows], 1)
    y = (mask[rows].sum(axis=2) @ np.arange(mask.shape[1])) / weight * dy + anatomy.origin_mm[1]
    x = (mask[rows].sum(axis=1) @ np.arange(mask.shape[2])) / weight * dx + anatomy.origin_mm[2]
    radius = np.sqrt(weight * dy * dx / np.pi)
    heights = rows * dz + anatomy.origin_mm[0]
    slices = _levels(scan, heights[0] - 0.5 * dz, heights[-1] + 0.5 * dz)
    if len(slices) < 3:
        return None
    middle = _middles(scan, slices)
    return slices, np.stack([np.interp(middle, heights, one) for one in (y, x, radius)], axis=1)


def _levels(scan: CTScan, low_mm: float, high_mm: float) -> list[slice]:
    dz = scan.spacing_mm[0]
    count = max(1, round(_LEVEL_MM / dz))
    first = max(0, int(np.ceil(low_mm / dz)))
    last = min(scan.shape[0] - 1, int(np.floor(high_mm / dz)))
    return [slice(k, k + count) for k in range(first, last - count + 2, count)]


def _middles(scan: CTScan, slices: list[slice]) -> _Array:
    return np.array([0.5 * (one.start + one.stop - 1) for one in slices]) * scan.spacing_mm[0]


def _edges(scan: CTScan, slices: list[slice], centre: _Array) -> _Array:
    """Where each ray leaves the blood, (levels, 48, 2) as (y, x); ``nan`` where it does not."""
    radii = np.arange(_RAY_MM[0], _RAY_MM[1], _RAY_STEP_MM)
    profile = _profiles(scan, slices, centre, radii)
    # Smoothing along and across the rays is smoothing of the image, where it is needed.
    profile = _smooth_ring(profile)
    profile[:, :, 1:-1] = (
        0.25 * profile[:, :, :-2] + 0.5 * profile[:, :, 1:-1] + (0.25 * profile[:, :, 2:])
    )
    inner = radii < _RADIUS_MM[0]
    blood = np.median(profile[:, :, inner].reshape(len(slices), -1), axis=1)
    level = np.clip(blood, 10.0, 90.0)[:, None, None] - _EDGE_DROP_HU
    below = profile < level
    at = below.argmax(axis=2)
    found = below.any(axis=2) & (at > 0)
    before = np.take_along_axis(profile, np.maximum(at - 1, 0)[..., None], 2)[..., 0]
    after = np.take_along_axis(profile, at[..., None], 2)[..., 0]
    part = (before - level[..., 0]) / np.maximum(before - after, 1.0)
    edge = radii[np.maximum(at - 1, 0)] + np.clip(part, 0, 1) * _RAY_STEP_MM
    reach = np.where(found & (edge > _RADIUS_MM[0] - 2.0), edge, np.nan)
    angle = np.arange(_ANGLES) * 2 * np.pi / _ANGLES
    ray = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return np.asarray(centre[:, None, :] + reach[..., None] * ray)


def _smooth_ring(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average each angle (axis 1) with half of its neighbours."""
    return np.asarray(
        0.5 * values + 0.25 * np.roll(values, 1, axis=1) + 0.25 * np.roll(values, -1, axis=1)
    )


def _profiles(scan: CTScan, slices: list[slice], centre: _Array, radii: _Array) -> _Array:
    """HU along the rays of each level, shape (levels, angles, radii)."""
    angle = np.arange(_ANGLES) * 2 * np.pi / _ANGLES
    _, dy, dx = scan.spacing_mm
    out = np.empty((len(slices), _ANGLES, radii.size))
    for k, (y_mm, x_mm) in enumerate(centre):
        y = (y_mm + np.sin(angle)[:, None] * radii) / dy
        x = (x_mm + np.cos(angle)[:, None] * radii) / dx
        out[k] = _at(scan.hu[slices[k]], y, x)
    # Calcium in the wall is bright: without a limit it would push the edge outwards.
    return np.clip(out, -200.0, 130.0)


def _at(hu: NDArray[np.integer | np.floating], y: _Array, x: _Array) -> _Array:
    """Interpolate the mean of some slices linearly; beyond the border its pixels go on."""
    n_y, n_x = hu.shape[1:]
    y, x = np.clip(y, 0, n_y - 1.001), np.clip(x, 0, n_x - 1.001)
    row, column = y.astype(np.intp), x.astype(np.intp)
    fy, fx = y - row, x - column
    upper = hu[:, row, column] * (1 - fx) + hu[:, row, column + 1] * fx
    lower = hu[:, row + 1, column] * (1 - fx) + hu[:, row + 1, column + 1] * fx
    return np.asarray((upper * (1 - fy) + lower * fy).mean(axis=0))


def _circles(edges: _Array, start: _Array, coarse: _Array) -> _Array:
    """Fit a circle to the edges of each level by robust Gauss-Newton steps.

    Parameters
    ----------
    edges : ndarray of shape (n, 48, 2)
        ``(y, x)``; ``nan`` where there is none.
    start : ndarray of shape (n, 3)
        ``(y, x, radius)`` known so far; edges far from it are those of something else.
    coarse : ndarray of shape (n, 3)
        That of the coarse mask: all that is known where there are few edges.

    Returns
    -------
    ndarray of shape (n, 3)
    """
    caught = np.abs(_beyond(edges, start)) < _CATCH_MM  # false for nan
    points = np.where(caught[..., None], edges, 0.0)
    trust = np.square(_RESIDUAL_MM) / np.square(_COARSE_MM)
    circle = start
    for _ in range(_ROUNDS):
        off = _beyond(points, circle)
        weight = caught / (1 + np.square(off / _RESIDUAL_MM))
        arm = points - circle[:, None, :2]
        design = np.concatenate(
            [
                arm / np.maximum(np.linalg.norm(arm, axis=2), 1e-6)[..., None],
                np.ones_like(arm[..., :1]),
            ],
            axis=2,
        )
        left = np.einsum("lai,la,laj->lij", design, weight, design) + np.diag(trust)
        right = np.einsum("lai,la,la->li", design, weight, off) + trust * (coarse - circle)
        circle = circle + np.linalg.solve(left, right[..., None])[..., 0]
    return circle


def _beyond(edges: _Array, circle: _Array) -> _Array:
    """Distance of edges (n, 48, 2) from the circle (n, 3) of their level, positive outside."""
    return np.asarray(np.linalg.norm(edges - circle[:, None, :2], axis=2) - circle[:, 2:])


def _is_plausible(circle: _Array, quality: _Array, coarse: _Array) -> NDArray[np.bool_]:
    """Whether each circle is an aorta's, near the coarse one, and like its neighbours."""
    radius = circle[:, 2]
    good = (radius > _RADIUS_MM[0]) & (radius < _RADIUS_MM[1])
    good &= quality * _ANGLES >= _FEWEST_EDGES
    good &= np.hypot(*(circle - coarse)[:, :2].T) < _SHIFT_MM
    clear = good & (quality >= _CLEAR)
    if clear.any():
        good &= np.abs(radius - np.median(radius[clear])) < _CALIBRE_MM
    rows = np.flatnonzero(good)
    for k in rows:
        nearest = rows[np.argsort(np.abs(rows - k), kind="stable")[:_NEIGHBOURS]]
        good[k] = np.abs(circle[k] - np.median(circle[nearest], axis=0)).max() < _JUMP_MM
    return np.asarray(good)


def _surface(z_mm: _Array, circle: _Array, quality: _Array, edges: _Array) -> Wall:
    """Smooth circles over the levels, then let the wall leave the circle where edges say so."""
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    used = np.flatnonzero(quality > 0)
    rows = slice(used[0], used[-1] + 1)
    quality = quality[rows]
    weight = quality[:, None]
    total = ndimage.gaussian_filter1d(weight, _SMOOTH_LEVELS, axis=0)
    smooth = ndimage.gaussian_filter1d(circle[rows] * weight, _SMOOTH_LEVELS, axis=0)
    smooth /= total + 1e-9
    # A gap of many levels has no weight at all: interpolate what is left.
    levels = np.arange(quality.size)
    solid = total[:, 0] > 1e-3
    smooth = np.stack([np.interp(levels, levels[solid], one[solid]) for one in smooth.T], axis=1)
    known = (quality > 0)[:, None]
    return Wall(
        z_mm=z_mm[rows],
        centre_mm=smooth[:, :2],
        radius_mm=smooth[:, 2],
        outline_mm=smooth[:, 2:] + _bulge(_beyond(edges[rows], smooth), known),
        quality=ndimage.gaussian_filter1d(quality, 0.7),
    )


def _bulge(off_mm: _Array, known: NDArray[np.bool_]) -> _Array:
    """Smooth the distances of the edges from their smoothed circle over angles and levels."""
    from scipy import ndimage  # slow to import, not needed to score marked calcium

    # The smoothed centre is about a millimetre from the rays': the angles are nearly the same.
    weight = (known & (np.abs(off_mm) < _BULGE_MM)).astype(np.float64)
    sigma = (_BULGE_LEVELS, _BULGE_ANGLES)
    total = ndimage.gaussian_filter(weight, sigma, mode=_MODE)
    shift = ndimage.gaussian_filter(weight * np.nan_to_num(off_mm), sigma, mode=_MODE)
    # Where few edges speak, the circle stands.
    return np.asarray(shift / (total + 0.15))


def _bilinear(outline: _Array, level: _Array, angle: _Array) -> _Array:
    """Look up the outline between levels and, around the circle, between angles."""
    row = np.minimum(level.astype(np.intp), max(len(outline) - 2, 0))
    above = np.minimum(row + 1, len(outline) - 1)
    part = level - row
    column = angle.astype(np.intp) % _ANGLES
    beside = (column + 1) % _ANGLES
    f = angle - np.floor(angle)
    low = outline[row, column] * (1 - f) + outline[row, beside] * f
    high = outline[above, column] * (1 - f) + outline[above, beside] * f
    return np.asarray(low * (1 - part) + high * part)
