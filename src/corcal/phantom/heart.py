"""The heart of one patient on a grid: chambers, great vessels, pericardium, as distances."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.heart_shape import HeartShape, heart_shape
from corcal.phantom.placement import Placement
from corcal.phantom.shapes import (
    FAR_MM,
    FloatArray,
    Grid,
    StarBody,
    Tube,
    smooth_min,
)
from corcal.phantom.spec import PatientSpec, Variation

__all__ = [
    "Heart",
    "build_heart",
    "great_vessel_tubes",
    "reference_vessels",
    "with_tunnels",
    "with_vessels_inside",
]

_AORTA = ("aortic_root", "ascending_aorta", "aortic_arch", "descending_aorta")
_PULMONARY = (
    "pulmonary_trunk",
    "right_pulmonary_artery",
    "left_pulmonary_artery",
    "right_anterior_trunk",
)
_OSTIUM_POINTS = 10  # of a course with points every mm
_LIFTED = (
    "ascending_aorta",
    "aortic_arch",
    "descending_aorta",
    "brachiocephalic_trunk",
    "left_carotid_artery",
    "left_subclavian_artery",
)
_INFLOW = ("superior_vena_cava", "inferior_vena_cava")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """Signed distances on one grid, (n_z, n_y, n_x) each, negative inside, mm.

    Attributes
    ----------
    grid : Grid
        Where they are sampled.
    chambers : dict
        ``lv``, ``rv``, ``la``, ``ra`` with their walls and appendages.
    vessels : dict
        The great vessels by name (`corcal.phantom.reference_heart.GREAT_VESSELS`).
    solid : ndarray
        Everything of the heart and great vessels that is not fat.
    sac : ndarray
        The pericardium; the fat between it and `solid` is epicardial.
    """

    grid: Grid
    chambers: dict[str, FloatArray]
    vessels: dict[str, FloatArray]
    solid: FloatArray
    sac: FloatArray


def great_vessel_tubes(spec: PatientSpec, placement: Placement) -> dict[str, Tube]:
    """Lay out the great vessels in the patient."""
    tubes = {}
    widths = _widths(spec)
    for name, rows in reference_vessels(spec).items():
        placed = placement.rows_to_patient(rows)
        placed[:, 3] *= widths.get(name, 1.0)
        tubes[name] = Tube.through(placed, step_mm=4.0)
    return tubes


def reference_vessels(spec: PatientSpec) -> dict[str, NDArray[np.float64]]:
    """Give the control points of the great vessels, reference mm: blended and bent."""
    vessels = heart_shape(spec.variation.hearts).vessels
    return {name: _bent(name, rows, spec.variation) for name, rows in vessels.items()}


def _widths(spec: PatientSpec) -> dict[str, NDArray[np.float64]]:
    """Width of each great vessel at its first and last control point, and evenly between."""
    one, v = spec.aorta_scale, spec.variation
    arch = 0.5 * (v.ascending_scale + v.descending_scale)
    ends = {
        "aortic_root": (v.root_scale, 0.5 * (v.root_scale + v.ascending_scale), 4),
        "ascending_aorta": (0.5 * (v.root_scale + v.ascending_scale), arch, 4),
        "aortic_arch": (arch, v.descending_scale, 4),
        "descending_aorta": (v.descending_scale, v.descending_scale, 8),
    }
    widths = {name: one * np.linspace(a, b, n) for name, (a, b, n) in ends.items()}
    widths["ascending_aorta"][1:3] = one * v.ascending_scale
    widths["pulmonary_trunk"] = np.full(4, v.pulmonary_scale)
    return widths


def _bent(name: str, rows: NDArray[np.float64], v: Variation) -> NDArray[np.float64]:
    """Move the control points of one great vessel: a tilted root, an unfolded aorta."""
    z = rows[:, 2]
    tilt = np.clip((z - 15.0) / 24.0, 0, 1) * np.clip((84.0 - z) / 45.0, 0, 1)
    out = rows.copy()
    if name in {"aortic_root", "ascending_aorta"}:
        out[:, :2] += tilt[:, None] * np.array(v.root_tilt_mm)
        bulge = np.clip((z - 30.0) / 30.0, 0, 1) * np.clip((100.0 - z) / 30.0, 0, 1)
        out[:, :2] += (v.unfold_mm * bulge)[:, None] * np.array((-0.5, -0.15))
    if name in _LIFTED:
        out[:, 2] += v.arch_mm * np.clip((z - 39.0) / 45.0, 0, 1)
    if name == "descending_aorta":
        bulge = np.sin(np.pi * np.clip((84.0 - z) / 200.0, 0, 1))
        out[:, :2] += (v.unfold_mm * bulge)[:, None] * np.array((0.6, 0.1))
    return out


def build_heart(
    spec: PatientSpec, placement: Placement, grid: Grid, tubes: dict[str, Tube]
) -> Heart:
    """Compute the heart's distances on a grid."""
    points = placement.heart_points(grid)
    shape = heart_shape(spec.variation.hearts)
    chambers = {
        name: _chamber(shape, name, scale, points, placement.heart_mm, spec.variation)
        for name, scale in zip(("lv", "rv", "la", "ra"), spec.chamber_scale, strict=True)
    }
    vessels = {name: tube.distance_on(grid) for name, tube in tubes.items()}
    trunk = _least([vessels[name] for name in (*_AORTA, *_PULMONARY, *_INFLOW)])
    inlets = [_lobe(rows, points, FAR_MM) for rows in shape.inlets]
    muscle = _least(list(chambers.values()))
    muscle = smooth_min(muscle, _least(inlets) * np.float32(placement.heart_mm), 4.0)
    return Heart(
        grid=grid,
        chambers=chambers,
        vessels=vessels,
        solid=np.minimum(muscle, trunk),
        sac=_sac(spec, placement, points, chambers, vessels),
    )


def with_tunnels(heart: Heart, arteries: Iterable[Tube]) -> Heart:
    """Leave a tunnel of fat where an artery is pinched, as under the left atrial appendage.

    The first centimetre is left alone: there an artery leaves the wall of the aorta.
    """
    field_mm = heart.grid.spacing_mm[0]
    solid = heart.solid.copy()
    origin = np.array(heart.grid.origin_mm)
    for tube in arteries:
        cell = np.rint((tube.points_mm - origin) / field_mm).astype(np.intp)[:, ::-1]
        cell = np.clip(cell, 0, np.array(solid.shape) - 1)
        tight = heart.solid[tuple(cell.T)] < tube.radius_mm + 1.0
        tight[:_OSTIUM_POINTS] = False
        for k in np.flatnonzero(tight[:-1]):
            reach = float(tube.radius_mm[k]) + max(0.8, 0.6 * field_mm)
            ends = tube.points_mm[k : k + 2]
            pad = reach + 2 * field_mm
            window = heart.grid.window(ends.min(axis=0) - pad, ends.max(axis=0) + pad)
            part = solid[window]
            if part.size:
                piece = Tube(points_mm=ends, radius_mm=np.full(2, reach))
                np.maximum(part, -piece.segment_on(heart.grid, window, 0), out=part)
    return replace(heart, solid=solid)


def with_vessels_inside(heart: Heart, vessels: Iterable[Tube]) -> Heart:
    """Widen the pericardium where it would cross an artery or a vein of the heart."""
    fields = [tube.distance_on(heart.grid, reach_mm=8.0) for tube in vessels]
    around = _least(fields) - np.float32(max(1.3, 0.5 * heart.grid.spacing_mm[0]))
    return replace(heart, sac=smooth_min(heart.sac, around, 11.0))


def _chamber(
    shape: HeartShape,
    name: str,
    scale: float,
    points: FloatArray,
    heart_mm: float,
    variation: Variation,
) -> FloatArray:
    reference = shape.chambers[name]
    body = StarBody(reference.centre_mm, reference.radii_mm, scale=scale)
    distance = body.distance(points)
    if reference.appendage:
        rows = np.array(reference.appendage, np.float64)
        rows[:, 3] *= variation.appendage_scale if name == "la" else 1.0
        distance = smooth_min(distance, _lobe(rows, points, FAR_MM), 5.0)
    return np.asarray(distance * np.float32(heart_mm))


def _lobe(rows: NDArray[np.floating], points: FloatArray, far_mm: np.float32) -> FloatArray:
    """Distance to a tube of the reference frame, computed only where it can be near."""
    tube = Tube.through(rows, step_mm=6.0)
    pad = tube.radius_mm.max() + 25.0
    low, high = tube.points_mm.min(axis=0) - pad, tube.points_mm.max(axis=0) + pad
    near = np.logical_and(points > low, points < high).all(axis=-1)
    out = np.full(points.shape[:-1], far_mm, np.float32)
    out[near] = tube.distance(points[near])
    return out


def _sac(
    spec: PatientSpec,
    placement: Placement,
    points: FloatArray,
    chambers: dict[str, FloatArray],
    vessels: dict[str, FloatArray],
) -> FloatArray:
    """Draw a taut bag around heart and roots of the great vessels, with fat between."""
    fill = spec.variation.groove_fat
    hull = smooth_min(
        smooth_min(chambers["lv"], chambers["rv"], 22.0 * fill),
        smooth_min(chambers["la"], chambers["ra"], 16.0 * fill),
        22.0 * fill,
    )
    roots = _least([vessels[n] for n in ("aortic_root", "ascending_aorta", "pulmonary_trunk")])
    # Above this height (reference mm) the great vessels have left the pericardium.
    above = (points[..., 2] - np.float32(58.0)) * np.float32(placement.heart_mm)
    hull = smooth_min(hull, np.maximum(roots, above), 20.0)
    return np.asarray(hull - _fat_thickness(spec, points), np.float32)


def _fat_thickness(spec: PatientSpec, points: FloatArray) -> FloatArray:
    """Epicardial fat: thick over the right ventricle and towards the base, thin at the left."""
    x, y, z = (points[..., k] - v for k, v in enumerate((18.0, 0.0, 0.0)))
    r = np.sqrt(x * x + y * y + z * z) + np.float32(1e-3)
    front, right, base = np.clip(-y / r, 0, 1), np.clip(-x / r, 0, 1), np.clip(z / r, 0, 1)
    back = np.clip(y / r, 0, 1)
    share = 0.25 * (1 - back) + 0.7 * front + 0.45 * right + 0.35 * base
    return np.asarray(np.float32(spec.epicardial_fat_mm) * share, np.float32)


def _least(fields: list[FloatArray]) -> FloatArray:
    out = np.full_like(fields[0], FAR_MM)
    for field in fields:
        np.minimum(out, field, out=out)
    return out
