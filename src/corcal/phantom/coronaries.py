"""The coronary tree of one patient: courses that lie in fat on the heart's own surface."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.heart import Heart
from corcal.phantom.placement import Placement
from corcal.phantom.reference_coronaries import (
    ANNULI,
    BRANCHES,
    LEFT_DOMINANT,
    VEINS,
    BranchReference,
)
from corcal.phantom.shapes import FloatArray, Grid, Tube, smooth_curve
from corcal.phantom.spec import PatientSpec

__all__ = ["Course", "annulus_courses", "aortic_courses", "coronary_tree", "vein_tubes"]

_STEP_MM = 1.0
_GAP_MM = 0.8  # fat between an artery and the muscle under it
_MARGIN_MM = 1.2  # fat between an artery and the pericardium
_OSTIUM_MM = 9.0  # an artery leaves the aortic wall over this length
_ROUNDS = 30


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


class _Surroundings:
    """Distances around the heart and their gradients, looked up at points."""

    def __init__(self, heart: Heart) -> None:
        self._grid = heart.grid
        self._fields = {"solid": heart.solid, "sac": heart.sac}

    def distance(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.ndimage import map_coordinates  # heavy import, needed only to simulate

        index = _grid_index(self._grid, points_mm)
        return np.asarray(
            map_coordinates(self._fields[name], index, order=1, mode="nearest"), np.float64
        )

    def gradient(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        h = 2.0
        columns = []
        for k in range(3):
            step = np.zeros(3)
            step[k] = h
            rise = self.distance(name, points_mm + step) - self.distance(name, points_mm - step)
            columns.append(rise / (2 * h))
        out = np.stack(columns, axis=1)
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 0.3))


def coronary_tree(spec: PatientSpec, placement: Placement, heart: Heart) -> dict[str, Course]:
    """Lay the coronary arteries onto the heart.

    Each reference course is carried to the patient, then moved until the artery lies on the
    surface with a little fat under it, inside the pericardium.

    Returns
    -------
    dict
        Branches by name, parents before children.
    """
    around = _Surroundings(heart)
    tree: dict[str, Course] = {}
    reference = {**BRANCHES, **(LEFT_DOMINANT if spec.left_dominant else {})}
    for name in sorted(reference, key=lambda n: _depth(reference, n)):
        tree[name] = _branch(name, reference[name], placement, around, tree)
    return tree


def vein_tubes(placement: Placement, heart: Heart) -> dict[str, Tube]:
    """Lay the cardiac veins onto the heart, beside the arteries."""
    around = _Surroundings(heart)
    tubes = {}
    for name, rows in VEINS.items():
        curve = smooth_curve(placement.rows_to_patient(np.array(rows)), _STEP_MM)
        points = _settle(curve[:, :3], curve[:, 3], around, np.ones(len(curve)))
        tubes[name] = Tube(points_mm=points, radius_mm=curve[:, 3])
    return tubes


def annulus_courses(placement: Placement) -> dict[str, Course]:
    """Lay the courses of valve calcium."""
    out = {}
    for name, (site, rows) in ANNULI.items():
        curve = smooth_curve(placement.rows_to_patient(np.array(rows)), _STEP_MM)
        out[name] = Course(name=name, site=site, points_mm=curve[:, :3], radius_mm=curve[:, 3])
    return out


def aortic_courses(tubes: dict[str, Tube]) -> dict[str, Course]:
    """Give the parts of the aorta whose wall calcifies."""
    sites = {
        "ascending_aorta": Site.ASCENDING_AORTA,
        "descending_aorta": Site.DESCENDING_AORTA,
    }
    out = {}
    for name, site in sites.items():
        rows = np.concatenate([tubes[name].points_mm, tubes[name].radius_mm[:, None]], axis=1)
        curve = smooth_curve(rows, _STEP_MM)
        out[name] = Course(name=name, site=site, points_mm=curve[:, :3], radius_mm=curve[:, 3])
    return out


def _depth(reference: dict[str, BranchReference], name: str) -> int:
    parent = reference[name].parent
    return 0 if parent is None else 1 + _depth(reference, parent)


def _branch(
    name: str,
    reference: BranchReference,
    placement: Placement,
    around: _Surroundings,
    tree: dict[str, Course],
) -> Course:
    points = placement.to_patient(np.array(reference.points_mm, np.float64))
    curve = smooth_curve(points, _STEP_MM)
    low, high = reference.radius_mm
    radius = np.linspace(low, high, len(curve)) * placement.heart_mm**0.5
    free = np.clip(np.arange(len(curve)) * _STEP_MM / _OSTIUM_MM - 0.3, 0, 1)
    if reference.parent is not None:
        free[:] = 1.0
    settled = _settle(curve, radius, around, free)
    if reference.parent is not None:
        settled = _attach(settled, tree[reference.parent].points_mm)
    return Course(name=name, site=reference.site, points_mm=settled, radius_mm=radius)


def _settle(
    points: NDArray[np.float64],
    radius: NDArray[np.float64],
    around: _Surroundings,
    free: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Move a course to the heart's surface; `free` 0 holds a point where it is."""
    points = points.copy()
    for _ in range(_ROUNDS):
        above = around.distance("solid", points)
        push = np.clip(radius + _GAP_MM - above, -1.0, 1.5)
        push[(push < 0) & (push > -1.0)] *= 0.3  # fat under an artery varies; bridge it softly
        points += (0.5 * free * push)[:, None] * around.gradient("solid", points)
        out = np.clip(around.distance("sac", points) + radius + _MARGIN_MM, 0.0, 1.0)
        points -= (0.25 * free * out)[:, None] * around.gradient("sac", points)
        points = _smoothed(points, free)
    return points


def _smoothed(points: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    out = points.copy()
    middle = 0.5 * (points[:-2] + points[2:])
    out[1:-1] += (0.5 * free[1:-1])[:, None] * (middle - points[1:-1])
    return out


def _attach(points: NDArray[np.float64], parent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bend the start of a branch to the nearest point of its parent, over a centimetre."""
    nearest = parent[np.argmin(np.linalg.norm(parent - points[0], axis=1))]
    fade = np.clip(1.0 - np.arange(len(points)) * _STEP_MM / 10.0, 0, 1) ** 2
    return np.asarray(points + fade[:, None] * (nearest - points[0]))


def _grid_index(grid: Grid, points_mm: NDArray[np.float64]) -> FloatArray:
    origin = np.array(grid.origin_mm)
    spacing = np.array(grid.spacing_mm[::-1])
    return np.asarray(((points_mm - origin) / spacing)[:, ::-1].T, np.float32)
