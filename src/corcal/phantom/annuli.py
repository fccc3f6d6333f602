"""What calcifies besides the coronary arteries: courses of the valves' rings and of the aorta."""

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.course import (
    ROUNDS,
    STEP_MM,
    Course,
    Groove,
    Surroundings,
    across,
    evenly,
    smoothed,
)
from corcal.phantom.heart import Heart, reference_vessels
from corcal.phantom.heart_shape import heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.reference_coronaries import ANNULI
from corcal.phantom.reference_heart import GREAT_VESSELS
from corcal.phantom.shapes import Tube, smooth_curve
from corcal.phantom.spec import PatientSpec

__all__ = ["annulus_courses", "aortic_courses"]

# Depth of the mitral annulus under the bottom of the left groove: mean, SD and limits. The
# circumflex artery passes it at 7.0 +- 3.9 mm, and at less than 4 mm in 24 % of people (315 CT
# scans, PMID 41051258); here it passes at some 4 mm more than this depth, less where it is sunk.
# Chosen so that this distance comes out (6.4 +- 1.7 mm); deeper, some rings lose their groove.
_ANNULUS_DEPTH_MM = (2.5, 3.0, 0.8, 6.0)
_REACH_MM = 60.0  # a ring belongs to its groove from anywhere
_COVERED = 0.6  # of that depth, at its ends
_LEAST_POINTS = 10  # about a centimetre; where less would be left, nothing is cut off
_SINKS = 0.3  # of its way into the depth, each round: the place in the groove comes first
_STIFFNESS = 0.2  # of the ring, beside 1 of an artery: with 1 it is 4 % shorter


def annulus_courses(
    spec: PatientSpec, placement: Placement, heart: Heart, circumflex: Course
) -> dict[str, Course]:
    """Lay the courses of valve calcium, the mitral ring off the circumflex artery."""
    out = {}
    around = Surroundings(heart)
    shape, aorta = heart_shape(spec.variation.hearts), reference_vessels(spec)["aortic_root"]
    plain = np.array(GREAT_VESSELS["aortic_root"])
    for name, (site, reference) in ANNULI.items():
        rows = shape.carried(np.array(reference))
        if site is Site.AORTIC_VALVE:
            for k in (0, 1):
                step = np.interp(22.0, aorta[:, 2], aorta[:, k] - plain[:, k])
                rows[:, k] = np.array(reference)[:, k] + step
        curve = smooth_curve(placement.rows_to_patient(rows), STEP_MM)
        if site is Site.MITRAL_ANNULUS:
            curve = _on_hinge(curve, around, _annulus_depth(spec))
            if spec.variation.ring_off_mm:
                curve = _off(curve, around, circumflex, spec.variation.ring_off_mm)
        out[name] = Course(name=name, site=site, points_mm=curve[:, :3], radius_mm=curve[:, 3])
    return out


def _annulus_depth(spec: PatientSpec) -> float:
    mean, deviation, least, most = _ANNULUS_DEPTH_MM
    drawn = np.random.default_rng([spec.seed, 71]).normal(mean, deviation)
    return float(np.clip(drawn, least, most))


def _on_hinge(
    curve: NDArray[np.float64], around: Surroundings, depth_mm: float
) -> NDArray[np.float64]:
    """Move the mitral ring to where atrium and ventricle meet, that deep under their groove.

    Ends of it that would lie in the fat, where atrium and ventricle part, are cut off.
    """
    points, zeros = curve[:, :3], np.zeros(len(curve))
    groove = Groove(("la", "lv"), zeros, np.ones(len(curve)), zeros, reach_mm=_REACH_MM)
    for _ in range(2 * ROUNDS):
        out = np.clip(around.distance("solid", points) + depth_mm, -1.0, 1.5)
        step = groove.pull(points, around) - (_SINKS * out)[:, None] * around.gradient(
            "solid", points
        )
        points = evenly(smoothed(points + across(step, points), zeros + _STIFFNESS))
    inside = np.flatnonzero(around.distance("solid", points) < -_COVERED * depth_mm)
    runs = np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1)
    kept = max(runs, key=len)
    if len(kept) < _LEAST_POINTS:
        kept = np.arange(len(points))
    return np.asarray(np.c_[points, curve[:, 3]][kept])


def _off(
    curve: NDArray[np.float64], around: Surroundings, artery: Course, least_mm: float
) -> NDArray[np.float64]:
    """Move a ring away from an artery and deeper, to a distance from the artery's wall."""
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    points, tree = curve[:, :3], cKDTree(artery.points_mm)
    loose = np.full(len(points), _STIFFNESS)
    for _ in range(2 * ROUNDS):
        away, nearest = tree.query(points)
        nearest = np.asarray(nearest)
        miss = np.clip(least_mm + artery.radius_mm[nearest] - away, 0.0, 1.0)
        direction = (points - artery.points_mm[nearest]) / np.maximum(away, 1e-6)[:, None]
        direction -= around.gradient("solid", points)
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 0.3)
        points = evenly(smoothed(points + across(miss[:, None] * direction, points), loose))
    return np.asarray(np.c_[points, curve[:, 3]])


def aortic_courses(tubes: dict[str, Tube]) -> dict[str, Course]:
    """Give the parts of the aorta whose wall calcifies."""
    sites = {
        "ascending_aorta": Site.ASCENDING_AORTA,
        "descending_aorta": Site.DESCENDING_AORTA,
    }
    out = {}
    for name, site in sites.items():
        rows = np.concatenate([tubes[name].points_mm, tubes[name].radius_mm[:, None]], axis=1)
        curve = smooth_curve(rows, STEP_MM)
        out[name] = Course(name=name, site=site, points_mm=curve[:, :3], radius_mm=curve[:, 3])
    return out
