"""The coronary tree of one patient: courses that lie in fat on the heart's own surface."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.heart import Heart, reference_vessels
from corcal.phantom.heart_shape import heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.reference_coronaries import (
    ANNULI,
    BRANCHES,
    LEFT_DOMINANT,
    VEINS,
    BranchReference,
)
from corcal.phantom.reference_heart import CHAMBERS, GREAT_VESSELS
from corcal.phantom.shapes import FloatArray, Grid, StarBody, Tube, smooth_curve
from corcal.phantom.spec import PatientSpec

__all__ = ["Course", "annulus_courses", "aortic_courses", "coronary_tree", "vein_tubes"]

_STEP_MM = 1.0
_GAP_MM = 0.8  # fat between an artery and the muscle under it
_MARGIN_MM = 1.2  # fat between an artery and the pericardium
_OSTIUM_MM = 9.0  # an artery leaves the aortic wall over this length
_ROUNDS = 30
_ROOT_REACH_MM = 38.0  # along an artery, what moves with the root that it leaves
_FROM_ROOT_MM = {"left_main": 0.0, "rca": 0.0, "lad": 10.0, "lcx": 10.0}
_SINKS_MM = 60.0  # an artery sinks into the muscle and comes out of it again over this length
_GROOVE_MM = 16.0  # nearer to both chambers than this, an artery is drawn into their groove


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
        self._fields = {"solid": heart.solid, "sac": heart.sac, **heart.chambers}
        roots = [heart.vessels[name] for name in ("aortic_root", "ascending_aorta")]
        self._fields["aorta"] = np.minimum(*roots)

    def distance(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.ndimage import map_coordinates  # heavy import, needed only to simulate

        index = _grid_index(self._grid, points_mm)
        return np.asarray(
            map_coordinates(self._fields[name], index, order=1, mode="nearest"), np.float64
        )

    def gradient(self, name: str, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        h = 2.0
        steps = h * np.concatenate([np.eye(3), -np.eye(3)])
        around = self.distance(name, (points_mm + steps[:, None]).reshape(-1, 3)).reshape(6, -1)
        out = ((around[:3] - around[3:]) / (2 * h)).T
        return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 0.3))


def coronary_tree(spec: PatientSpec, placement: Placement, heart: Heart) -> dict[str, Course]:
    """Lay the coronary arteries onto the heart.

    Each reference course is carried to the patient, then moved until the artery lies on the
    surface with a little fat under it, or as deep in the muscle as the patient's variation says,
    inside the pericardium.

    Returns
    -------
    dict
        Branches by name, parents before children.
    """
    around = _Surroundings(heart)
    shape = heart_shape(spec.variation.hearts)
    aorta = reference_vessels(spec)
    tree: dict[str, Course] = {}
    reference = {**BRANCHES, **(LEFT_DOMINANT if spec.left_dominant else {})}
    rng = np.random.default_rng([spec.seed, 53])
    for name in sorted(reference, key=lambda n: _depth(reference, n)):
        branch = reference[name]
        control = np.array(branch.points_mm, np.float64)
        sinking = _Sinking(spec.variation.sunk_mm, float(rng.random()))
        if spec.variation.is_common:
            tree[name] = _branch(name, branch, control, placement, around, tree)
        else:
            control = _with_its_root(name, shape.carried(control), control, aorta)
            tree[name] = _fitted_branch(name, branch, control, placement, around, tree, sinking)
        if name == "left_main" and spec.variation.left_main_mm is not None:
            tree[name] = _shortened(tree[name], spec.variation.left_main_mm)
    return tree


def _shortened(course: Course, most_mm: float) -> Course:
    """Let a course end earlier: its branches begin at its end."""
    way = np.cumsum(np.linalg.norm(np.diff(course.points_mm, axis=0), axis=1))
    kept = max(2, 1 + int(np.searchsorted(way, most_mm, side="right")))
    return replace(course, points_mm=course.points_mm[:kept], radius_mm=course.radius_mm[:kept])


def _with_its_root(
    name: str,
    carried: NDArray[np.float64],
    control: NDArray[np.float64],
    vessels: dict[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Move the first part of an artery as the aortic root is moved, the rest as the heart is."""
    if name not in _FROM_ROOT_MM:
        return carried
    plain = np.array([*GREAT_VESSELS["aortic_root"], *GREAT_VESSELS["ascending_aorta"][1:]])
    now = np.concatenate([vessels["aortic_root"], vessels["ascending_aorta"][1:]])
    z = control[0, 2]
    step = [
        np.interp(z, now[:, 2], now[:, k]) - np.interp(z, plain[:, 2], plain[:, k]) for k in (0, 1)
    ]
    steps = np.linalg.norm(np.diff(control, axis=0), axis=1)
    way = _FROM_ROOT_MM[name] + np.concatenate([[0.0], np.cumsum(steps)])
    share = np.clip(1 - way / _ROOT_REACH_MM, 0, 1)[:, None]
    moved = control + np.array([*step, 0.0])
    moved[:, 2] = carried[:, 2]  # the heart's base carries the ostium's height
    return np.asarray(share * moved + (1 - share) * carried)


def _groove_offsets(branch: BranchReference) -> NDArray[np.float64]:
    """How much nearer each control point lies to one side of its groove, in the reference."""
    points = np.array(branch.points_mm, np.float32)
    if branch.groove is None:
        return np.zeros(len(points))
    first, second = (
        StarBody(CHAMBERS[name].centre_mm, CHAMBERS[name].radii_mm).distance(points)
        for name in branch.groove
    )
    return np.asarray(np.clip(first - second, -5.0, 5.0), np.float64)


def vein_tubes(spec: PatientSpec, placement: Placement, heart: Heart) -> dict[str, Tube]:
    """Lay the cardiac veins onto the heart, beside the arteries."""
    around = _Surroundings(heart)
    tubes = {}
    carried = heart_shape(spec.variation.hearts).carried
    for name, rows in VEINS.items():
        curve = smooth_curve(placement.rows_to_patient(carried(np.array(rows))), _STEP_MM)
        points = _settle(curve[:, :3], curve[:, 3], around, np.ones(len(curve)))
        tubes[name] = Tube(points_mm=points, radius_mm=curve[:, 3])
    return tubes


def annulus_courses(spec: PatientSpec, placement: Placement) -> dict[str, Course]:
    """Lay the courses of valve calcium."""
    out = {}
    shape, aorta = heart_shape(spec.variation.hearts), reference_vessels(spec)["aortic_root"]
    plain = np.array(GREAT_VESSELS["aortic_root"])
    for name, (site, reference) in ANNULI.items():
        rows = shape.carried(np.array(reference))
        if site is Site.AORTIC_VALVE:
            for k in (0, 1):
                step = np.interp(22.0, aorta[:, 2], aorta[:, k] - plain[:, k])
                rows[:, k] = np.array(reference)[:, k] + step
        curve = smooth_curve(placement.rows_to_patient(rows), _STEP_MM)
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
    control: NDArray[np.float64],
    placement: Placement,
    around: _Surroundings,
    tree: dict[str, Course],
) -> Course:
    curve = smooth_curve(placement.to_patient(control), _STEP_MM)
    radius = _radii(reference, len(curve), placement)
    free = np.clip(np.arange(len(curve)) * _STEP_MM / _OSTIUM_MM - 0.3, 0, 1)
    if reference.parent is not None:
        free[:] = 1.0
    settled = _settle(curve, radius, around, free)
    if reference.parent is not None:
        settled = _attach(settled, tree[reference.parent].points_mm, over_mm=10.0)
    return Course(name=name, site=reference.site, points_mm=settled, radius_mm=radius)


def _fitted_branch(
    name: str,
    reference: BranchReference,
    control: NDArray[np.float64],
    placement: Placement,
    around: _Surroundings,
    tree: dict[str, Course],
    sinking: "_Sinking",
) -> Course:
    """Lay a branch on a heart unlike the reference: from its origin, along its groove."""
    rows = np.c_[placement.to_patient(control), _groove_offsets(reference)]
    curve = smooth_curve(rows, _STEP_MM)
    points, offsets = curve[:, :3], curve[:, 3]
    radius = _radii(reference, len(curve), placement)
    way = np.arange(len(curve)) * _STEP_MM
    if reference.parent is None:
        step = -(around.distance("aorta", points[:1]) + 0.5) * around.gradient("aorta", points[:1])
        points = points + np.clip(1 - way / _ROOT_REACH_MM, 0, 1)[:, None] * step
    else:
        parent = tree[reference.parent].points_mm
        ends_there = reference.parent == "left_main"
        points = _attach(points, parent[-1:] if ends_there else parent, over_mm=25.0)
    free = np.clip(way / _OSTIUM_MM - 0.2 if reference.parent is None else way / 4.0, 0, 1)
    part = np.asarray(np.interp(way / way[-1], *_groove_ramp(reference)), np.float64)
    groove = _Groove(reference.groove, offsets, part, sinking.depth_mm(way))
    points = _settle(points, radius, around, free, groove)
    return Course(name=name, site=reference.site, points_mm=points, radius_mm=radius)


def _radii(reference: BranchReference, count: int, placement: Placement) -> NDArray[np.float64]:
    low, high = reference.radius_mm
    return np.asarray(np.linspace(low, high, count) * placement.heart_mm**0.5)


def _groove_ramp(reference: BranchReference) -> tuple[list[float], list[float]]:
    start, stop = reference.groove_part
    return [start - 0.1, start + 0.05, stop - 0.05, stop + 0.1], [0.0, 1.0, 1.0, 0.0]


def _settle(
    points: NDArray[np.float64],
    radius: NDArray[np.float64],
    around: _Surroundings,
    free: NDArray[np.float64],
    groove: "_Groove | None" = None,
) -> NDArray[np.float64]:
    """Move a course to the heart's surface; `free` 0 holds a point where it is."""
    points = points.copy()
    sunk = np.zeros(len(radius)) if groove is None else groove.sunk_mm
    height = radius - sunk  # of its middle, above the muscle
    down = np.where(sunk > 0, 1.0, 0.3)  # fat under an artery varies; bridge it softly
    for _ in range(_ROUNDS if groove is None else 2 * _ROUNDS):
        above = around.distance("solid", points)
        push = np.clip(height + _GAP_MM - above, -1.0, 1.5)
        push = np.where((push < 0) & (push > -1.0), down * push, push)
        step = (0.5 * free * push)[:, None] * around.gradient("solid", points)
        if groove is not None:
            step += free[:, None] * groove.pull(points, around)
        out = np.clip(around.distance("sac", points) + radius + _MARGIN_MM, 0.0, 1.0)
        step -= (0.25 * free * out)[:, None] * around.gradient("sac", points)
        if groove is not None:
            step = _across(step, points)
        points = _smoothed(points + step, free)
        if groove is not None:
            points = _evenly(points)
    if groove is not None:
        for _ in range(8):  # smoothing may have drawn a bend into the wall
            inside = np.clip(height - around.distance("solid", points), 0.0, 1.5)
            step = (free * inside)[:, None] * around.gradient("solid", points)
            points = _evenly(points + _across(step, points))
    return points


def _across(step: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take away what would move points along their course: it tears where it is pinched."""
    along = np.gradient(points, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    return np.asarray(step - (step * along).sum(axis=1, keepdims=True) * along)


def _evenly(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Space as many points evenly along their course."""
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.linspace(0.0, way[-1], len(points))
    return np.stack([np.interp(even, way, one) for one in points.T], axis=1)


@dataclass(frozen=True, slots=True)
class _Sinking:
    """How deep an artery sinks into the muscle, and in which phase of sinking it begins."""

    most_mm: float
    phase: float

    def depth_mm(self, way_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Depth along the artery's way from its origin."""
        turns = way_mm / _SINKS_MM + self.phase
        return np.asarray(self.most_mm * (0.5 - 0.5 * np.cos(2 * np.pi * turns)), np.float64)


@dataclass(frozen=True, slots=True)
class _Groove:
    """Where between two chambers each point of a course belongs, how firmly (0 to 1), how deep."""

    chambers: tuple[str, str] | None
    offsets_mm: NDArray[np.float64]
    part: NDArray[np.float64]
    sunk_mm: NDArray[np.float64]

    def pull(self, points: NDArray[np.float64], around: _Surroundings) -> NDArray[np.float64]:
        """Step towards the place between the chambers that the reference has."""
        if self.chambers is None:
            return np.zeros_like(points)
        one, two = self.chambers
        first, second = around.distance(one, points), around.distance(two, points)
        miss = np.clip(0.3 * (first - second - self.offsets_mm), -0.6, 0.6)
        slope = around.gradient(one, points) - around.gradient(two, points)
        slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.5)
        near = (np.maximum(first, second) < _GROOVE_MM) * self.part
        return np.asarray(-(near * miss)[:, None] * slope)


def _smoothed(points: NDArray[np.float64], free: NDArray[np.float64]) -> NDArray[np.float64]:
    out = points.copy()
    middle = 0.5 * (points[:-2] + points[2:])
    out[1:-1] += (0.5 * free[1:-1])[:, None] * (middle - points[1:-1])
    return out


def _attach(
    points: NDArray[np.float64], parent: NDArray[np.float64], *, over_mm: float
) -> NDArray[np.float64]:
    """Bend the start of a branch to the nearest point of its parent, over a length."""
    nearest = parent[np.argmin(np.linalg.norm(parent - points[0], axis=1))]
    fade = np.clip(1.0 - np.arange(len(points)) * _STEP_MM / over_mm, 0, 1) ** 2
    return np.asarray(points + fade[:, None] * (nearest - points[0]))


def _grid_index(grid: Grid, points_mm: NDArray[np.float64]) -> FloatArray:
    origin = np.array(grid.origin_mm)
    spacing = np.array(grid.spacing_mm[::-1])
    return np.asarray(((points_mm - origin) / spacing)[:, ::-1].T, np.float32)
