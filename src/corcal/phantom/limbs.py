"""Shoulders, neck and arms: what closes the chest at its upper end, and lies beside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.placement import Placement
from corcal.phantom.shapes import FAR_MM, FloatArray, Grid, Tube, smooth_min
from corcal.phantom.spec import PatientSpec

__all__ = ["Limbs", "build_limbs"]

Rows = tuple[tuple[float, float, float, float], ...]

# Rows (x, y, z, radius), reference mm, of the left side: drawn, not measured. Muscle first.
_GIRDLE: Rows = ((0, 38, 165, 52), (52, 40, 158, 44), (100, 42, 142, 38), (138, 44, 122, 38))
_NECK: Rows = ((0, 32, 150, 52), (0, 30, 240, 50))
_CLAVICLE: Rows = ((16, -34, 116, 7), (60, -26, 128, 5.5), (100, 2, 142, 5.5), (140, 26, 148, 6.5))
_RAISED: Rows = ((138, 44, 124, 40), (160, 40, 172, 42), (176, 30, 260, 40))
_RAISED_BONE: Rows = ((142, 44, 132, 23), (156, 41, 165, 13), (176, 30, 260, 11))
_ARM_RADIUS_MM, _HUMERUS_MM = 36.0, 11.0
_ARM_GAP_MM = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limbs:
    """Signed distances on one grid, (n_z, n_y, n_x) each, mm.

    Attributes
    ----------
    muscle, bone : ndarray
        Under the fat; of clavicles and humeri.
    """

    muscle: FloatArray
    bone: FloatArray


def build_limbs(
    spec: PatientSpec, placement: Placement, grid: Grid, *, half_width_mm: float
) -> Limbs:
    """Lay shoulders, neck and arms.

    Parameters
    ----------
    spec, placement
        The patient.
    grid : Grid
        Where to sample.
    half_width_mm : float
        From the midline to the skin at the level of the heart: arms lie beside it.
    """
    scale = np.append(placement.body_scale, placement.body_scale.mean())
    girdle, arm, bones = _GIRDLE, _RAISED, [_CLAVICLE, _RAISED_BONE]
    muscle = _pair(grid, [np.array(girdle) * scale, np.array(_NECK) * scale])
    if spec.variation.arms_down:
        hanging = _hanging(half_width_mm + spec.subcutaneous_fat_mm, scale)
        humerus = np.c_[hanging[:, :3], [24.0, 13.0, _HUMERUS_MM, _HUMERUS_MM]]
        arms, bone_rows = hanging, [np.array(_CLAVICLE) * scale, humerus]
    else:
        arms, bone_rows = np.array(arm) * scale, [np.array(rows) * scale for rows in bones]
    muscle = smooth_min(muscle, _pair(grid, [arms]), 24.0)
    return Limbs(muscle=muscle, bone=_pair(grid, bone_rows))


def _hanging(skin_mm: float, scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of an arm that lies on the table beside the chest."""
    x = skin_mm + _ARM_RADIUS_MM + _ARM_GAP_MM
    top = np.array((142.0, 44.0, 128.0, 40.0)) * scale
    return np.array(
        [
            top,
            (0.5 * (top[0] + x) + 8, 50.0 * scale[1], 84.0 * scale[2], 38.0),
            (x, 58.0 * scale[1], 20.0, _ARM_RADIUS_MM),
            (x + 4.0, 60.0 * scale[1], -260.0, 32.0),
        ]
    )


def _pair(grid: Grid, rows: list[NDArray[np.float64]]) -> FloatArray:
    """Distance to tubes and to their mirror images."""
    out = np.full(grid.shape, FAR_MM, np.float32)
    for left in rows:
        for side in (1.0, -1.0):
            tube = Tube.through(left * (side, 1.0, 1.0, 1.0), step_mm=12.0)
            np.minimum(out, tube.distance_on(grid, reach_mm=60.0), out=out)
    return out
