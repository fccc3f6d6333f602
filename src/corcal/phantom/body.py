"""The chest around the heart: walls, lungs, mediastinum, diaphragm and the organs under it.

Lengths are mm in the frame of the reference thorax (`corcal.phantom.reference_heart`): a chest of
average size whose cavity at the level of the heart is 264 mm wide and 178 mm deep. The shapes are
our own; where things lie was read off transaxial anatomy and non-contrast CT.
"""

from dataclasses import dataclass

import numpy as np

from corcal.phantom.abdomen import (
    abdomen_distance,
    colon_distance,
    spine_y_mm,
    upper_organs,
)
from corcal.phantom.illness import (
    hernia_distance,
    pericardial_fluid,
    pleural_level,
    spine_shift_mm,
)
from corcal.phantom.limbs import build_limbs
from corcal.phantom.placement import Placement
from corcal.phantom.shapes import (
    FAR_MM,
    FloatArray,
    Grid,
    Tube,
    ellipsoid_distance,
    smooth_min,
)
from corcal.phantom.spec import PatientSpec, Variation

__all__ = ["AIRWAYS", "OESOPHAGUS", "RIB_LAYER_MM", "Body", "build_body"]

CAVITY_CENTRE_Y_MM = 26.0
RIB_LAYER_MM = 11.0  # pleura to the outer face of the ribs
_SQUARENESS = (2.02, 2.25)  # of the cavity's superellipse, in front and behind


# Rows (x, y, z, outer radius).
AIRWAYS: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "trachea": ((0, 30, 140, 9.5), (0, 38, 95, 9.5), (1, 43, 74, 9.5)),
    "right_main": (
        (1, 43, 73, 8.5),
        (-18, 46, 60, 8),
        (-33, 47, 48, 7.5),
        (-38, 48, 32, 6.5),
        (-42, 52, 16, 5),
    ),
    "right_upper": ((-20, 46, 60, 7), (-38, 46, 62, 6), (-50, 45, 70, 5)),
    "left_main": (
        (1, 43, 73, 8.5),
        (20, 50, 58, 7.5),
        (38, 52, 46, 7),
        (50, 56, 34, 5.5),
        (57, 60, 18, 4.5),
    ),
    "left_upper": ((38, 52, 47, 6), (52, 44, 48, 5), (64, 34, 54, 3.6)),
    "middle_lobe": ((-40, 49, 28, 4.5), (-54, 36, 20, 3.5), (-66, 20, 14, 2.6)),
}
OESOPHAGUS = (
    (3, 51, 120, 6),
    (3, 53, 80, 6),
    (6, 57, 50, 6),
    (11, 59, 20, 6),
    (13, 59, -10, 6),
    (15, 56, -40, 6.5),
    (20, 50, -62, 7),
    (32, 36, -80, 8),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Signed distances of the chest on one grid, (n_z, n_y, n_x) each, negative inside, mm.

    Attributes
    ----------
    cavity : ndarray
        Inside of the rib cage, down to below the diaphragm.
    angle_deg : ndarray
        Around the cavity: 0 at the spine, 180 at the sternum, the same on both sides.
    skin, muscle : ndarray
        Surface of the body, and of the muscles under the subcutaneous fat.
    gland : ndarray
        Bed of the breast gland; far where there is none.
    paraspinal : ndarray
        Muscles and ligaments beside the vertebral arches.
    mediastinum : ndarray
        Everything between the lungs.
    abdomen : ndarray
        Under the diaphragm.
    airway, oesophagus : ndarray
        Outer walls.
    liver, spleen, stomach, colon, fat_pad : ndarray
        Organs under the diaphragm; the fat pads beside the heart.
    pericardium, hernia : ndarray
        The pericardium with fluid in it; the part of the stomach behind the heart.
    fluid, collapsed : ndarray
        Level of pleural fluid and of collapsed lung, negative behind; bounded by the lung alone.
    limb_bone : ndarray
        Clavicles and humeri.
    """

    cavity: FloatArray
    angle_deg: FloatArray
    skin: FloatArray
    muscle: FloatArray
    gland: FloatArray
    paraspinal: FloatArray
    mediastinum: FloatArray
    abdomen: FloatArray
    airway: FloatArray
    oesophagus: FloatArray
    liver: FloatArray
    spleen: FloatArray
    stomach: FloatArray
    colon: FloatArray
    fat_pad: FloatArray
    pericardium: FloatArray
    hernia: FloatArray
    fluid: FloatArray
    collapsed: FloatArray
    limb_bone: FloatArray


def build_body(
    spec: PatientSpec,
    placement: Placement,
    grid: Grid,
    *,
    sac: FloatArray,
    vessels: dict[str, FloatArray],
) -> Body:
    """Compute the chest's distances on a grid.

    Parameters
    ----------
    spec, placement
        The patient.
    grid : Grid
        Where to sample.
    sac, vessels : ndarray
        Pericardium and great vessels on the same grid (`corcal.phantom.heart`).
    """
    points = placement.thorax_points(grid.points())
    mm = np.float32(spec.reference_mm)
    cavity, angle = _cavity(points, mm, spec.variation)
    fat_pad = _fat_pads(spec, points) * mm
    airway = _tubes_on(grid, placement, tuple(AIRWAYS.values()))
    oesophagus = _tubes_on(grid, placement, (OESOPHAGUS,))
    pericardium = pericardial_fluid(sac, points, spec.variation)
    hernia = hernia_distance(spec, points) * mm
    mediastinum = _mediastinum(
        spec, points, mm, parts=(pericardium, airway, oesophagus, fat_pad), vessels=vessels
    )
    if spec.variation.hernia_mm:
        mediastinum = smooth_min(mediastinum, hernia - np.float32(3.0), 16.0)
    abdomen = abdomen_distance(spec, points, mm)
    if spec.variation.tendon_mm is not None:
        abdomen = np.maximum(abdomen, np.float32(-1.5) - pericardium)
    stomach, spleen, liver = upper_organs(spec, points, mm, abdomen, cavity)
    skin, muscle, gland = _wall(spec, points, cavity, angle)
    skin, muscle, limb_bone = _with_limbs(spec, placement, grid, skin, muscle)
    fluid, collapsed = _pleura(points, mm, spec.variation)
    return Body(
        cavity=cavity,
        angle_deg=angle,
        skin=skin,
        muscle=muscle,
        gland=gland,
        paraspinal=_paraspinal(points, spec.variation) * mm,
        mediastinum=mediastinum,
        abdomen=abdomen,
        airway=airway,
        oesophagus=oesophagus,
        liver=liver,
        spleen=spleen,
        stomach=stomach,
        colon=colon_distance(spec, points, mm, np.maximum(abdomen, cavity)),
        fat_pad=fat_pad,
        pericardium=pericardium,
        hernia=hernia,
        fluid=fluid,
        collapsed=collapsed,
        limb_bone=limb_bone,
    )


def _pleura(
    points: FloatArray, mm: np.float32, variation: Variation
) -> tuple[FloatArray, FloatArray]:
    fluid = variation.pleural_effusion_mm
    both = (fluid[0] + variation.atelectasis_mm[0], fluid[1] + variation.atelectasis_mm[1])
    return pleural_level(points, fluid) * mm, pleural_level(points, both) * mm


def _with_limbs(
    spec: PatientSpec, placement: Placement, grid: Grid, skin: FloatArray, muscle: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Close the chest by shoulders and neck, and lay it on its table."""
    if not spec.variation.shoulders:
        return skin, muscle, np.full(skin.shape, FAR_MM, np.float32)
    inside = 133.0 * spec.body_scale[0] + RIB_LAYER_MM + 1.0 + 1.1 * spec.muscle_mm
    limbs = build_limbs(spec, placement, grid, half_width_mm=inside)
    skin = smooth_min(skin, limbs.muscle - np.float32(0.6 * spec.subcutaneous_fat_mm), 18.0)
    return skin, smooth_min(muscle, limbs.muscle, 14.0), limbs.bone


def _tubes_on(
    grid: Grid, placement: Placement, courses: tuple[tuple[tuple[float, ...], ...], ...]
) -> FloatArray:
    scale = np.append(placement.body_scale, placement.body_scale.mean())
    out = np.full(grid.shape, FAR_MM, np.float32)
    for rows in courses:
        tube = Tube.through(np.array(rows) * scale, step_mm=5.0)
        np.minimum(out, tube.distance_on(grid, reach_mm=20.0), out=out)
    return out


def _cavity(
    points: FloatArray, mm: np.float32, variation: Variation
) -> tuple[FloatArray, FloatArray]:
    x, y, z = points[..., 0], points[..., 1] - np.float32(CAVITY_CENTRE_Y_MM), points[..., 2]
    up = np.clip(z / 140.0, -1, 1)
    a = 132.0 - 26.0 * np.clip(up, 0, 1) ** 1.5 + 8.0 * np.clip(-up, 0, 1)
    b = 89.0 - 15.0 * np.clip(up, 0, 1) ** 1.5 + 5.0 * np.clip(-up, 0, 1)
    # Above the arch the cavity narrows to its aperture; the apices end at the first ribs.
    top = np.clip((z - 100.0) / 70.0, 0, 1) ** 2
    a, b = a * (1 - 0.5 * top), b * (1 - 0.45 * top)
    b = b * (1 + 0.12 * variation.barrel * np.clip(z / 60.0, 0, 1))
    if variation.pectus_mm:
        sunken = _bell(x, 0.0, 34.0) * _bell(z, -20.0, 45.0) * np.float32(variation.pectus_mm)
        b = np.where(y < 0, b - sunken, b)
    n = np.where(y < 0, *(np.float32(v) for v in _SQUARENESS))
    u, v = np.abs(x) / a, np.abs(y) / b
    rho = (u**n + v**n) ** (1 / n) + np.float32(1e-4)
    slope = np.sqrt((u ** (n - 1) / a) ** 2 + (v ** (n - 1) / b) ** 2) / rho ** (n - 1)
    distance = (rho - 1) / np.maximum(slope, 0.004)
    distance = np.maximum(distance, z - 165.0)
    angle = np.degrees(np.arctan2(u, np.sign(y) * v))
    return np.asarray(distance * mm, np.float32), np.asarray(angle, np.float32)


def _wall(
    spec: PatientSpec, points: FloatArray, cavity: FloatArray, angle: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Skin, muscle surface and gland, as offsets of the cavity that vary around it."""
    x, z = points[..., 0], points[..., 2]
    front, back = _bell(angle, 128.0, 26.0), _bell(angle, 18.0, 22.0)
    side = _bell(angle, 75.0, 30.0)
    high = np.clip((z + 45.0) / 50.0, 0.15, 1.0)
    muscle_mm = 1.0 + spec.muscle_mm * (high * front + 1.1 * side + 1.6 * back)
    shoulder = _bell(angle, 50.0, 18.0) * np.clip((z - 0.0) / 40.0, 0, 1)
    muscle_mm = muscle_mm + 16.0 * shoulder
    muscle = cavity - np.float32(RIB_LAYER_MM) - muscle_mm.astype(np.float32)
    midline = 0.55 + 0.45 * np.clip(np.abs(x) / 45.0, 0, 1)
    fat_mm = spec.subcutaneous_fat_mm * np.where(angle > 90, midline, 1.0)
    skin = muscle - fat_mm.astype(np.float32)
    gland = np.full_like(skin, FAR_MM)
    if spec.sex == "F":
        mirrored = points.copy()
        mirrored[..., 0] = np.abs(x)
        size = 0.8 + 0.012 * spec.subcutaneous_fat_mm
        breast = ellipsoid_distance(
            mirrored, (84.0, -70.0, -6.0), (62.0 * size, 38.0 * size, 58.0 * size)
        )
        skin = smooth_min(skin, breast, 30.0)
        gland = ellipsoid_distance(
            mirrored, (82.0, -82.0, -8.0), (38.0 * size, 22.0 * size, 34.0 * size)
        )
    return np.asarray(skin), np.asarray(muscle), np.asarray(gland)


def _bell(value: FloatArray, centre: float, width: float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * ((value - centre) / width) ** 2), np.float32)


def _fat_pads(spec: PatientSpec, points: FloatArray) -> FloatArray:
    """Fat beside the heart in both angles with the diaphragm, outside the pericardium."""
    size = 0.6 + 0.09 * min(spec.paracardial_fat_mm, 14.0)
    size += 0.035 * max(spec.paracardial_fat_mm - 14.0, 0.0)
    right = ellipsoid_distance(points, (-28, -40, -44), (24 * size, 22 * size, 22 * size))
    left = ellipsoid_distance(points, (72, -44, -48), (26 * size, 22 * size, 22 * size))
    return smooth_min(right, left, 10.0)


def _mediastinum(
    spec: PatientSpec,
    points: FloatArray,
    mm: np.float32,
    *,
    parts: tuple[FloatArray, ...],
    vessels: dict[str, FloatArray],
) -> FloatArray:
    """Unite what lies between the lungs and fill the corners between it with fat."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    aside = x - spine_shift_mm(z, spec.variation)
    spine = np.sqrt((aside / 1.1) ** 2 + (y - spine_y_mm(z)) ** 2) - 20.0
    spine = np.minimum(spine, _paraspinal(points, spec.variation))
    # Behind the sternum the lungs come close: a wedge of fat, wider with habitus.
    wide = 1.5 + 0.35 * spec.paracardial_fat_mm + 1.1 * np.clip(-36.0 - z, 0, 40)
    wedge = np.abs(x - 1.0) - (wide + 0.38 * (y + 62.0))
    wedge = np.maximum(wedge * 0.93, y - 8.0)
    sac, airway, oesophagus, fat_pad = parts
    out = smooth_min(sac - np.float32(1.0), (spine * mm).astype(np.float32), 36.0)
    out = smooth_min(out, (wedge * mm).astype(np.float32), 16.0)
    for name in ("ascending_aorta", "aortic_arch", "superior_vena_cava", "brachiocephalic_trunk"):
        out = smooth_min(out, vessels[name] - np.float32(1.0), 16.0)
    for name in ("descending_aorta", "inferior_vena_cava", "azygos_vein"):
        out = smooth_min(out, vessels[name] - np.float32(0.6), 12.0)
    for name in ("pulmonary_trunk", "left_brachiocephalic_vein", "left_carotid_artery"):
        out = smooth_min(out, vessels[name] - np.float32(1.0), 12.0)
    # The airways and pulmonary vessels belong to the lung once they have left the middle.
    central = (np.abs(x - 4.0) - 46.0) * mm
    hilum = np.minimum(vessels["right_pulmonary_artery"], vessels["left_pulmonary_artery"])
    out = smooth_min(out, np.maximum(np.minimum(hilum, airway) - 1.0, central), 14.0)
    out = smooth_min(out, oesophagus - np.float32(1.0), 24.0)
    # Under the atria the oesophagus, the vena cava and the ligaments of the lungs fill the middle.
    low = np.sqrt((x - 8.0) ** 2 + ((y - 40.0) / 1.1) ** 2) - 22.0
    low = np.maximum(low, z + 36.0)
    out = smooth_min(out, (low * mm).astype(np.float32), 24.0)
    return np.asarray(smooth_min(out, fat_pad, 12.0), np.float32)


def _paraspinal(points: FloatArray, variation: Variation) -> FloatArray:
    """Distance to what lies behind the pleura at the necks of the ribs."""
    y, z = points[..., 1], points[..., 2]
    x = np.abs(points[..., 0] - spine_shift_mm(z, variation))
    behind = 0.71 * (spine_y_mm(z) + 6.0 + np.clip(x - 17.0, 0, 60) - y)
    return np.asarray(np.maximum(behind, x - 50.0), np.float32)
