"""The coronary tree of one patient: courses that lie in fat on the heart's own surface."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.course import STEP_MM, Course, Groove, Surroundings, settle
from corcal.phantom.heart import Heart, reference_vessels
from corcal.phantom.heart_shape import heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.reference_coronaries import BRANCHES, LEFT_DOMINANT, BranchReference
from corcal.phantom.reference_heart import CHAMBERS, GREAT_VESSELS
from corcal.phantom.shapes import StarBody, smooth_curve
from corcal.phantom.spec import PatientSpec

__all__ = ["coronary_tree"]

_OSTIUM_MM = 9.0  # an artery leaves the aortic wall over this length
_ROOT_REACH_MM = 38.0  # along an artery, what moves with the root that it leaves
_FROM_ROOT_MM = {"left_main": 0.0, "rca": 0.0, "lad": 10.0, "lcx": 10.0}
_SINKS_MM = 60.0  # an artery sinks into the muscle and comes out of it again over this length


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
    around = Surroundings(heart)
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
            tree[name] = _fitted_branch(
                name, branch, control, placement, around, tree, sinking, spec.variation.artery_scale
            )
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


def _depth(reference: dict[str, BranchReference], name: str) -> int:
    parent = reference[name].parent
    return 0 if parent is None else 1 + _depth(reference, parent)


def _branch(
    name: str,
    reference: BranchReference,
    control: NDArray[np.float64],
    placement: Placement,
    around: Surroundings,
    tree: dict[str, Course],
) -> Course:
    curve = smooth_curve(placement.to_patient(control), STEP_MM)
    radius = _radii(reference, len(curve), placement)
    free = np.clip(np.arange(len(curve)) * STEP_MM / _OSTIUM_MM - 0.3, 0, 1)
    if reference.parent is not None:
        free[:] = 1.0
    settled = settle(curve, radius, around, free)
    if reference.parent is not None:
        settled = _attach(settled, tree[reference.parent].points_mm, over_mm=10.0)
    return Course(name=name, site=reference.site, points_mm=settled, radius_mm=radius)


def _fitted_branch(
    name: str,
    reference: BranchReference,
    control: NDArray[np.float64],
    placement: Placement,
    around: Surroundings,
    tree: dict[str, Course],
    sinking: "_Sinking",
    scale: float,
) -> Course:
    """Lay a branch on a heart unlike the reference: from its origin, along its groove."""
    rows = np.c_[placement.to_patient(control), _groove_offsets(reference)]
    curve = smooth_curve(rows, STEP_MM)
    points, offsets = curve[:, :3], curve[:, 3]
    radius = scale * _radii(reference, len(curve), placement)
    way = np.arange(len(curve)) * STEP_MM
    if reference.parent is None:
        step = -(around.distance("aorta", points[:1]) + 0.5) * around.gradient("aorta", points[:1])
        points = points + np.clip(1 - way / _ROOT_REACH_MM, 0, 1)[:, None] * step
    else:
        parent = tree[reference.parent].points_mm
        ends_there = reference.parent == "left_main"
        points = _attach(points, parent[-1:] if ends_there else parent, over_mm=25.0)
    free = np.clip(way / _OSTIUM_MM - 0.2 if reference.parent is None else way / 4.0, 0, 1)
    part = np.asarray(np.interp(way / way[-1], *_groove_ramp(reference)), np.float64)
    groove = Groove(reference.groove, offsets, part, sinking.depth_mm(way))
    points = settle(points, radius, around, free, groove)
    return Course(name=name, site=reference.site, points_mm=points, radius_mm=radius)


def _radii(reference: BranchReference, count: int, placement: Placement) -> NDArray[np.float64]:
    low, high = reference.radius_mm
    return np.asarray(np.linspace(low, high, count) * placement.heart_mm**0.5)


def _groove_ramp(reference: BranchReference) -> tuple[list[float], list[float]]:
    start, stop = reference.groove_part
    return [start - 0.1, start + 0.05, stop - 0.05, stop + 0.1], [0.0, 1.0, 1.0, 0.0]


@dataclass(frozen=True, slots=True)
class _Sinking:
    """How deep an artery sinks into the muscle, and in which phase of sinking it begins."""

    most_mm: float
    phase: float

    def depth_mm(self, way_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Depth along the artery's way from its origin."""
        turns = way_mm / _SINKS_MM + self.phase
        return np.asarray(self.most_mm * (0.5 - 0.5 * np.cos(2 * np.pi * turns)), np.float64)


def _attach(
    points: NDArray[np.float64], parent: NDArray[np.float64], *, over_mm: float
) -> NDArray[np.float64]:
    """Bend the start of a branch to the nearest point of its parent, over a length."""
    nearest = parent[np.argmin(np.linalg.norm(parent - points[0], axis=1))]
    fade = np.clip(1.0 - np.arange(len(points)) * STEP_MM / over_mm, 0, 1) ** 2
    return np.asarray(points + fade[:, None] * (nearest - points[0]))
