"""The diaphragm and the organs under it, as distances."""

import numpy as np

from corcal.phantom.shapes import FAR_MM, FloatArray, ellipsoid_distance, smooth_min
from corcal.phantom.spec import PatientSpec

__all__ = ["abdomen_distance", "colon_distance", "spine_y_mm", "upper_organs"]


def spine_y_mm(z_mm: FloatArray | float) -> FloatArray:
    """Depth of the vertebral bodies' middle at a height, reference mm: a slight kyphosis."""
    return np.asarray(81.0 - 0.0008 * (z_mm - 20.0) ** 2, np.float32)


def abdomen_distance(spec: PatientSpec, points: FloatArray, mm: np.float32) -> FloatArray:
    """Distance below the diaphragm: two domes and the central tendon under the heart."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    level = np.float32(spec.diaphragm_mm)
    right_mm, left_mm = spec.variation.dome_mm
    tendon = spec.variation.tendon_mm
    tendon = -54.0 + spec.heart_shift_mm[2] if tendon is None else tendon
    right = _dome(x + 58.0, y - 10.0, -24.0 + level + right_mm, (78.0, 92.0))
    left = _dome(x - 76.0, y - 14.0, -40.0 + level + left_mm, (66.0, 88.0))
    centre = _dome(x - 12.0, y - 6.0, tendon, (78.0, 92.0))
    height = -smooth_min(smooth_min(-right, -left, 10.0), -centre, 14.0)
    below = z - height
    gz, gy, gx = np.gradient(below, axis=(0, 1, 2))
    steep = np.sqrt(gy**2 + gx**2 + gz**2) / np.maximum(np.abs(gz), 1e-3)
    return np.asarray(below / np.minimum(steep, 4.0) * mm, np.float32)


def _dome(
    x: FloatArray, y: FloatArray, top_mm: float | np.float32, radii_mm: tuple[float, float]
) -> FloatArray:
    rho2 = (x / np.float32(radii_mm[0])) ** 2 + (y / np.float32(radii_mm[1])) ** 2
    return np.asarray(top_mm - 26.0 * rho2 - 34.0 * rho2**3, np.float32)


def upper_organs(
    spec: PatientSpec,
    points: FloatArray,
    mm: np.float32,
    abdomen: FloatArray,
    cavity: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Stomach, spleen and liver, each within what the others leave."""
    rng = np.random.default_rng([spec.seed, 5])
    waves = np.sin(points[..., ::-1] / np.float32(15.0) + rng.uniform(0, 6, 3).astype(np.float32))
    points = points + np.float32(3.5) * waves
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    level = spec.diaphragm_mm
    room = np.maximum(abdomen, cavity) + np.float32(3.0)
    centre = np.array([62, 4, -84 + 0.6 * level]) + rng.normal(0, 4, 3)
    stomach = ellipsoid_distance(points, centre, rng.uniform(0.85, 1.15, 3) * (32, 42, 34))
    body = ellipsoid_distance(points, centre + np.array([-8, -38, -16]), (34, 26, 28))
    stomach = np.maximum(smooth_min(stomach, body, 14.0) * mm, room + 2.0)
    spleen = ellipsoid_distance(
        points, (96, 58, -88 + level), rng.uniform(0.85, 1.1, 3) * (34, 48, 44)
    )
    spleen = np.maximum.reduce([spleen * mm, room, 5.0 - stomach])
    # The liver ends at the left along a slanted plane and leaves the spine's side free.
    left_lobe = rng.uniform(6.0, 26.0) + spec.variation.liver_left_mm
    edge = (x + 0.55 * y - left_lobe + 0.12 * (z + 70.0)) * 0.87
    spine = 27.0 - np.sqrt((x / 1.5) ** 2 + (y - spine_y_mm(z)) ** 2)
    gap = 4.0 - stomach / mm
    liver = np.maximum.reduce([room / mm - 1.5, edge, spine, gap, np.full_like(x, -60.0)]) * mm
    return (
        np.asarray(stomach, np.float32),
        np.asarray(spleen, np.float32),
        np.asarray(liver, np.float32),
    )


def colon_distance(
    spec: PatientSpec, points: FloatArray, mm: np.float32, room: FloatArray
) -> FloatArray:
    """Splenic flexure under the left dome."""
    if not spec.variation.colon:
        return np.full(room.shape, FAR_MM, np.float32)
    rng = np.random.default_rng([spec.seed, 9])
    centre = np.array([78, -34, -84 + spec.diaphragm_mm]) + rng.normal(0, 6, 3)
    gut = ellipsoid_distance(points, centre, rng.uniform(0.8, 1.3, 3) * (32, 24, 22))
    return np.asarray(np.maximum(gut * mm, room + np.float32(4.0)), np.float32)
