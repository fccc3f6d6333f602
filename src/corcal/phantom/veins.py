"""The cardiac veins of one patient: over the arteries of the grooves, or beside them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.course import ROUNDS, STEP_MM, Surroundings, settle, smoothed
from corcal.phantom.heart import Heart
from corcal.phantom.heart_shape import heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.reference_coronaries import VEINS
from corcal.phantom.shapes import Tube, smooth_curve
from corcal.phantom.spec import PatientSpec

__all__ = ["vein_tubes"]

# The circumflex artery lies between the coronary sinus and the mitral annulus in 80 % of people
# (Choure 2006, doi:10.1016/j.jacc.2006.07.043), nearer to the valve than the sinus in 75 %
# (Mlynarski 2013, doi:10.5603/CJ.2013.0067): the vein passes over the artery, otherwise beside it
# towards the atrium. The share lies between both; even beside it, it is farther from the valve
# here.
_VEIN_OVER_ARTERY = 0.78
_BESIDE_MM = 0.5  # fat between a vein and an artery


def vein_tubes(
    spec: PatientSpec, placement: Placement, heart: Heart, arteries: Sequence[Tube]
) -> dict[str, Tube]:
    """Lay the cardiac veins onto the heart, over the arteries or on the atrium's side of them."""
    around = Surroundings(heart)
    over = np.random.default_rng([spec.seed, 67]).random() < _VEIN_OVER_ARTERY
    beside = _Beside(arteries, "solid" if over else "la", 1.0 if over else -1.0)
    tubes = {}
    carried = heart_shape(spec.variation.hearts).carried
    for name, rows in VEINS.items():
        curve = smooth_curve(placement.rows_to_patient(carried(np.array(rows))), STEP_MM)
        radius, free = spec.variation.vein_scale * curve[:, 3], np.ones(len(curve))
        points = settle(curve[:, :3], radius, around, free)
        for _ in range(ROUNDS):
            points = smoothed(points + beside.step(points, radius, around), free)
        tubes[name] = Tube(points_mm=points, radius_mm=radius)
    return tubes


class _Beside:
    """Keeps veins off the arteries: it moves them away, and all of them to the same side."""

    def __init__(self, arteries: Sequence[Tube], field: str, sign: float) -> None:
        from scipy.spatial import cKDTree  # heavy import, needed only to simulate

        self._points = np.concatenate([tube.points_mm for tube in arteries])
        self._radius = np.concatenate([tube.radius_mm for tube in arteries])
        self._tree = cKDTree(self._points)
        self._field, self._sign = field, sign

    def step(
        self, points: NDArray[np.float64], radius: NDArray[np.float64], around: Surroundings
    ) -> NDArray[np.float64]:
        """Step that brings a vein, points (n, 3), towards where it touches no artery."""
        away, nearest = self._tree.query(points)
        miss = np.clip(radius + self._radius[nearest] + _BESIDE_MM - away, 0.0, 1.5)
        side = self._sign * around.gradient(self._field, points)
        direction = (points - self._points[nearest]) / np.maximum(away, 1e-6)[:, None] + side
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 0.3)
        return np.asarray(miss[:, None] * direction)
