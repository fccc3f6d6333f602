"""What is not in every chest: fluid, collapsed lung, a hernia, a curved spine.

Shapes are our own; that pleural fluid lies behind and the lung above it collapses, that pericardial
fluid gathers behind and below, and that a sliding hernia lies between heart and spine, is common
knowledge of chest CT.
"""

import numpy as np

from corcal.phantom.shapes import FAR_MM, FloatArray, ellipsoid_distance
from corcal.phantom.spec import PatientSpec, Variation

__all__ = [
    "hernia_distance",
    "pericardial_fluid",
    "pleural_level",
    "spine_shift_mm",
]

_BACK_MM = 113.0  # of the pleural cavity at the level of the heart, reference
_CURVE_MM = 75.0  # of the spine's sideways wave, one radian


def spine_shift_mm(z_mm: FloatArray | float, variation: Variation) -> FloatArray:
    """Give how far the spine lies to the left at a height, reference mm."""
    wave = np.sin((np.asarray(z_mm) - 20.0) / _CURVE_MM)
    return np.asarray(variation.scoliosis_mm * wave, np.float32)


def pericardial_fluid(sac: FloatArray, points: FloatArray, variation: Variation) -> FloatArray:
    """Distance to the pericardium with the fluid in it; `sac` itself where there is none."""
    thickness = np.float32(variation.pericardial_effusion_mm)
    if thickness == 0:
        return sac
    y, z = points[..., 1], points[..., 2]
    low = 0.25 + 0.5 * np.clip(y / 60.0, 0, 1) + 0.5 * np.clip(-z / 50.0, 0, 1)
    below_roots = np.clip((70.0 - z) / 30.0, 0, 1)
    return np.asarray(sac - thickness * low * below_roots, np.float32)


def pleural_level(points: FloatArray, depth_mm: tuple[float, float]) -> FloatArray:
    """Distance behind a level in the pleural cavity; positive is in front, `FAR_MM` for none.

    Parameters
    ----------
    points : float32 ndarray of shape (..., 3)
        Reference mm.
    depth_mm : (right, left)
        Of what lies behind the level.
    """
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    deep = np.where(x < 0, *(np.float32(d) for d in depth_mm))
    # A meniscus rises at the chest wall, and there is more of it further down.
    side = np.clip((np.abs(x) - 60.0) / 60.0, 0, 1)
    reach = deep * (0.75 + 0.5 * np.clip(-z / 80.0, -1, 1) + 0.9 * side * side)
    level = np.float32(_BACK_MM) - reach - y
    return np.where(deep > 0, level, FAR_MM).astype(np.float32)


def hernia_distance(spec: PatientSpec, points: FloatArray) -> FloatArray:
    """Distance to the part of the stomach behind the heart."""
    radius = spec.variation.hernia_mm
    if radius == 0:
        return np.full(points.shape[:-1], FAR_MM, np.float32)
    centre = (14.0, 60.0 - 0.25 * radius, -46.0 + 0.3 * spec.diaphragm_mm)
    return ellipsoid_distance(points, centre, (1.15 * radius, 0.8 * radius, 1.1 * radius))
