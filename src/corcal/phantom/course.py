"""Courses on the heart: curves along which calcium can lie, and how they find their place.

A course starts where a reference heart has it, and is moved, a little in each round, until it lies
where it should on the surface of this heart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.heart import Heart
from corcal.phantom.shapes import FloatArray, Grid, Tube

__all__ = [
    "ROUNDS",
    "STEP_MM",
    "Course",
    "Groove",
    "Surroundings",
    "across",
    "evenly",
    "settle",
    "smoothed",
]

STEP_MM = 1.0
ROUNDS = 30
_GAP_MM = 0.8  # fat between an artery and the muscle under it
_MARGIN_MM = 1.2  # fat between an artery and the pericardium


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A curve along which calcium can lie.

    Attributes
    ----------
    name : str
        Branch of the coronary tree, or part of the aorta or of a valve.
    site : Site
        What its calcium is counted to.
    points_mm : float64 ndarray of shape (n, 3)
        In the patient, from the origin on, evenly spaced.
    radius_mm : float64 ndarray of shape (n,)
        Of the wall's outside.
    """

    name: str
    site: Site
    points_mm: NDArray[np.float64]
    radius_mm: NDArray[np.float64]

    @property
    def tube(self) -> Tube:
        """The course as a shape."""
        return Tube(points_mm=self.points_mm, radius_mm=self.radius_mm)


class Surroundings:
    """Distances around the heart and their gradients, looked up at points (n, 3), ``(x, y, z)``.

    Its fields are ``solid``, ``sac``, the chambers (`corcal.phantom.heart.Heart`), and ``aorta``.
    """

    def __init__(self, heart: Heart) -> None:
        self._grid = heart.grid
        self._fields = {"solid": heart.solid, "sac": heart.sac, **heart.chambers}
        roots = [heart.vessels[name] for name in ("aortic_root", "ascending_aorta")]
        self._fields["aorta"] = np.minimum(*roots)

    def distance(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance to a field's surface in mm, (n,), negative inside."""
        from scipy.ndimage import map_coordinates  # heavy import, needed only to simulate

        index = _grid_index(self._grid, points_mm)
        return np.asarray(
            map_coordinates(self._fields[name], index, order=1, mode="nearest"), np.float64
        )

    def gradient(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Direction in which that distance grows fastest, (n, 3), at most of length 1."""
        h = 2.0
        steps = h * np.concatenate([np.eye(3), -np.eye(3)])
        around = self.distance(name, (points_mm + steps[:, None]).reshape(-1, 3)).reshape(6, -1)
        out = ((around[:3] - around[3:]) / (2 * h)).T
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 0.3))


@dataclass(frozen=True, slots=True)
class Groove:
    """Where between two chambers each point of a course belongs, how firmly (0 to 1), how deep.

    Nearer than `reach_mm` to both chambers, a point is drawn there.
    """

    chambers: tuple[str, str] | None
    offsets_mm: NDArray[np.float64]
    part: NDArray[np.float64]
    sunk_mm: NDArray[np.float64]
    reach_mm: float = 16.0

    def pull(self, points: NDArray[np.float64], around: Surroundings) -> NDArray[np.float64]:
        """Step towards the place between the chambers that the reference has."""
        if self.chambers is None:
            return np.zeros_like(points)
        one, two = self.chambers
        first, second = around.distance(one, points), around.distance(two, points)
        miss = np.clip(0.3 * (first - second - self.offsets_mm), -0.6, 0.6)
        slope = around.gradient(one, points) - around.gradient(two, points)
        slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.5)
        near = (np.maximum(first, second) < self.reach_mm) * self.part
        return np.asarray(-(near * miss)[:, None] * slope)


def settle(
    points: NDArray[np.float64],
    radius: NDArray[np.float64],
    around: Surroundings,
    free: NDArray[np.float64],
    groove: Groove | None = None,
) -> NDArray[np.float64]:
    """Move a course to the heart's surface; `free` 0 holds a point where it is."""
    points = points.copy()
    sunk = np.zeros(len(radius)) if groove is None else groove.sunk_mm
    height = radius - sunk  # of its middle, above the muscle
    down = np.where(sunk > 0, 1.0, 0.3)  # fat under an artery varies; bridge it softly
    for _ in range(ROUNDS if groove is None else 2 * ROUNDS):
        above = around.distance("solid", points)
        push = np.clip(height + _GAP_MM - above, -1.0, 1.5)
        push = np.where((push < 0) & (push > -1.0), down * push, push)
        step = (0.5 * free * push)[:, None] * around.gradient("solid", points)
        if groove is not None:
            step += free[:, None] * groove.pull(points, around)
        out = np.clip(around.distance("sac", points) + radius + _MARGIN_MM, 0.0, 1.0)
        step -= (0.25 * free * out)[:, None] * around.gradient("sac", points)
        if groove is not None:
            step = across(step, points)
        points = smoothed(points + step, free)
        if groove is not None:
            points = evenly(points)
    if groove is not None:
        for _ in range(8):  # smoothing may have drawn a bend into the wall
            inside = np.clip(height - around.distance("solid", points), 0.0, 1.5)
            step = (free * inside)[:, None] * around.gradient("solid", points)
            points = evenly(points + across(step, points))
    return points


def across(step: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take away what would move points along their course: it tears where it is pinched."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return np.asarray(step - (step * along).sum(axis=1, keepdims=True) * along)


def evenly(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Space as many points evenly along their course."""
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.linspace(0.0, way[-1], len(points))
    return np.stack([np.interp(even, way, one) for one in points.T], axis=1)


def smoothed(points: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw each point towards the middle of its neighbours, by half of `free`; the ends stay."""
    out = points.copy()
    middle = 0.5 * (points[:-2] + points[2:])
    out[1:-1] += (0.5 * free[1:-1])[:, None] * (middle - points[1:-1])
    return out


def _grid_index(grid: Grid, points_mm: NDArray[np.float64]) -> FloatArray:
    origin = np.array(grid.origin_mm)
    spacing = np.array(grid.spacing_mm[::-1])
    return np.asarray(((points_mm - origin) / spacing)[:, ::-1].T, np.float32)
