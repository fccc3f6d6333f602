"""Metal and plastic in the chest, painted as contrast over the tissue: leads, stents, clips, rings.

Each device is a set of thin rods along curves, split into short pieces, so that none needs a large
grid. The contrast is high enough to be clipped by the scan where a real device's is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.body import CAVITY_CENTRE_Y_MM
from corcal.phantom.confounders import Confounder, ConfounderKind
from corcal.phantom.course import Course
from corcal.phantom.physics import FineVolume
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import smooth_curve

__all__ = ["Device", "paint_device"]

Points = NDArray[np.float64]
Rows = Sequence[tuple[float, float, float]]
_K = ConfounderKind
_CELL_MM = 0.35
_PIECE_MM = 12.0  # length of a rod in one grid
_STEP_MM = 0.5

# Contrast in HU of solid material, before blur. Metals are far beyond the stored range; what
# matters is how wide they bloom.
_LEAD_HU, _COIL_HU, _TIP_HU = 7000.0, 11000.0, 14000.0
_STEEL_HU, _RING_HU, _CATHETER_HU, _NITINOL_HU = 12000.0, 9000.0, 900.0, 6000.0

# Courses in the reference frame of the heart, mm.
_CAVA: Rows = ((-26, 4, 140), (-23, 12, 110), (-24, 14, 78), (-26, 17, 54), (-27, 17, 36))
_TO_APPENDAGE: Rows = ((-25, 10, 18), (-23, -4, 14), (-19, -18, 22), (-16, -22, 29))
_TO_APEX: Rows = ((-25, 8, 14), (-16, -4, -6), (2, -16, -20), (22, -30, -30), (41, -42, -36))
_TO_SINUS: Rows = (
    (-25, 12, 16),
    (-16, 16, -10),
    (-4, 18, -22),
    (8, 24, -23),
    (21, 35, -20),
    (33, 43, -13),
    (43, 44, -6),
    (58, 34, -10),
    (70, 22, -14),
)
_APPENDAGE = (47.0, 18.0, 32.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One piece of a device.

    Attributes
    ----------
    contrast : FineVolume
        HU over the tissue.
    moves_with : Site
        Whose motion it shares.
    """

    contrast: FineVolume
    moves_with: Site


def paint_device(each: Confounder, thorax: Thorax) -> tuple[Device, ...]:
    """Paint one device in a patient.

    Parameters
    ----------
    each : Confounder
        Its kind is a device.
    thorax : Thorax
        The patient; what lies outside its grid is left out when it is imaged.

    Returns
    -------
    tuple of Device
        Pieces with a grid each.
    """
    rng = np.random.default_rng([each.seed, 23])
    return tuple(_PAINTERS[each.kind](thorax, rng))


def _placed(thorax: Thorax, rows: Rows, rng: np.random.Generator, spread_mm: float = 2.0) -> Points:
    rows_mm = np.array(rows, np.float64)
    moved = rows_mm + rng.normal(0, spread_mm, rows_mm.shape)
    return smooth_curve(thorax.placement.to_patient(moved), _STEP_MM)


def _rod(curve: Points, radius_mm: float, hu: float, site: Site = Site.DEVICE) -> list[Device]:
    """Paint a solid rod along a curve (n, 3), in pieces."""
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    tree = cKDTree(curve)
    step = float(np.linalg.norm(np.diff(curve, axis=0), axis=1).mean()) if len(curve) > 1 else 1.0
    per_piece = max(2, round(_PIECE_MM / step))
    out = []
    for first in range(0, len(curve), per_piece):
        part = curve[first : first + per_piece]
        grid, origin = _cells(part, radius_mm + 2 * _CELL_MM)
        away, nearest = tree.query(grid, distance_upper_bound=radius_mm + 2 * _CELL_MM)
        own = (nearest >= first) & (nearest < first + per_piece)
        inside = np.clip(0.5 - (np.where(own, away, np.inf) - radius_mm) / _CELL_MM, 0, 1)
        out.append(_device(hu * inside, origin, site))
    return out


def _cells(points: Points, reach_mm: float) -> tuple[Points, tuple[float, float, float]]:
    low = np.floor((points.min(axis=0) - reach_mm) / _CELL_MM).astype(int)
    high = np.ceil((points.max(axis=0) + reach_mm) / _CELL_MM).astype(int)
    x, y, z = (_CELL_MM * np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    return np.stack([xx, yy, zz], axis=-1), (float(x[0]), float(y[0]), float(z[0]))


def _device(hu: NDArray[np.floating], origin: tuple[float, float, float], site: Site) -> Device:
    volume = FineVolume(values=hu.astype(np.float32), spacing_mm=(_CELL_MM,) * 3, origin_mm=origin)
    return Device(contrast=volume, moves_with=site)


def _leads(names: tuple[str, ...]) -> Callable[[Thorax, np.random.Generator], list[Device]]:
    """Leads by name: right atrium, right ventricle, coronary sinus; with a shock coil."""
    ways = {"atrium": _TO_APPENDAGE, "ventricle": _TO_APEX, "coil": _TO_APEX, "sinus": _TO_SINUS}

    def painted(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
        out = []
        for name in names:
            curve = _placed(thorax, (*_CAVA, *ways[name]), rng)
            radius = 0.7 if name == "sinus" else float(rng.uniform(0.8, 1.1))
            out += _rod(curve, radius, _LEAD_HU)
            out += _rod(curve[-8:], radius + 0.2, _TIP_HU)
            if name != "sinus":  # a ring electrode behind the tip
                out += _rod(curve[-36:-30], radius + 0.2, _TIP_HU)
            if name == "coil":
                out += _rod(curve[-140:-40], 1.4, _COIL_HU)
        return out

    return painted


def _port(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    curve = _placed(thorax, _CAVA, rng, 1.5)
    kept = curve[: int(len(curve) * rng.uniform(0.6, 1.0))]
    return _rod(kept, float(rng.uniform(0.9, 1.3)), _CATHETER_HU * float(rng.uniform(0.6, 1.5)))


def _stent(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Put a tube of metal mesh into a coronary artery, 2.5 to 4 mm wide and 8 to 30 mm long.

    Struts are 0.08 to 0.14 mm thick, of steel or of cobalt and chromium (12000 to 22000 HU solid),
    in a shell of 0.32 mm: 3000 to 9600 HU.
    """
    name = str(rng.choice(["lad", "rca", "lcx", "left_main"], p=[0.42, 0.34, 0.18, 0.06]))
    course = thorax.courses[name]
    start = int(rng.uniform(0.02, 0.45) * len(course.points_mm))
    length = int(rng.uniform(8.0, 30.0))
    return _mesh_tube(
        course,
        slice(start, max(start + 6, start + length)),
        radius_mm=float(rng.uniform(1.25, 2.0)),
        hu=float(rng.uniform(3000.0, 9600.0)),
    )


def _mesh_tube(course: Course, part: slice, *, radius_mm: float, hu: float) -> list[Device]:
    """Struts that wind around a course both ways; `hu` is that of solid cells."""
    curve = smooth_curve(course.points_mm[part], 0.25)
    cells, origin = _cells(curve, radius_mm + 0.6)
    offset, along = _along(cells.reshape(-1, 3), curve)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    u = np.cross(tangent, (0.31, 0.2, 0.93))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.cross(tangent, u)
    index = np.clip(along, 0, len(curve) - 1)
    side_u, side_v = (offset * u[index]).sum(axis=1), (offset * v[index]).sum(axis=1)
    inside = np.abs((offset * tangent[index]).sum(axis=1)) < 0.3
    shell = np.clip(0.9 - np.abs(np.hypot(side_u, side_v) - radius_mm) / _CELL_MM, 0, 1)
    turn, way = np.arctan2(side_v, side_u), 0.25 * index
    struts = np.maximum(np.cos(3 * turn + 2.0 * way), np.cos(3 * turn - 2.0 * way)) > 0.75
    value = hu * shell * struts * inside
    return [_device(value.reshape(cells.shape[:-1]), origin, course.site)]


def _along(points: Points, curve: Points) -> tuple[Points, NDArray[np.intp]]:
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    _, nearest = cKDTree(curve).query(points)
    return points - curve[nearest], np.asarray(nearest, np.intp)


def _clips(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Clips along the left internal mammary graft, and along a vein graft from the aorta."""
    lad = thorax.courses["lad"].points_mm
    behind = _on_sternum(thorax, 105.0, x_mm=22.0, y_mm=12.0)
    mammary = np.stack(
        [behind, _on_sternum(thorax, 45.0, x_mm=26.0, y_mm=14.0), lad[len(lad) // 2]]
    )
    ways = [smooth_curve(mammary, 1.0)]
    if rng.random() < 0.7:
        aorta = thorax.placement.to_patient(np.array([[-2.0, -14.0, 52.0], [-14.0, -30.0, 30.0]]))
        rca = thorax.courses["rca"].points_mm
        target = rca[int(0.7 * len(rca))] if rng.random() < 0.5 else lad[len(lad) // 3]
        ways.append(smooth_curve(np.vstack([aorta, target]), 1.0))
    out = []
    for way in ways:
        for _ in range(int(rng.integers(4, 12))):
            centre = way[int(rng.integers(len(way)))] + rng.normal(0, 2.5, 3)
            direction = rng.normal(size=3)
            direction *= rng.uniform(1.5, 3.0) / np.linalg.norm(direction)
            bar = np.linspace(centre - direction, centre + direction, 9)
            out += _rod(bar, 0.5, _STEEL_HU)
    return out


def _on_sternum(thorax: Thorax, z_mm: float, *, x_mm: float, y_mm: float) -> Points:
    """Place a point relative to the sternum's middle at a height, reference mm."""
    up = float(np.clip(z_mm / 140.0, 0, 1)) ** 1.5
    front = CAVITY_CENTRE_Y_MM - (89.0 - 15.0 * up) - 6.5
    return np.array([x_mm, front + y_mm, z_mm]) * thorax.placement.body_scale


def _wires(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Loops of steel around the sternum, twisted in front."""
    out = []
    for z in np.arange(-36.0, 110.0, rng.uniform(20.0, 28.0)):
        turn = np.linspace(0, 2 * np.pi, 40)
        wide = 15.0 + 8.0 * np.clip((z - 70.0) / 30.0, 0, 1)
        tilt, level = rng.normal(0, 3.0), z + rng.normal(0, 1.5)
        loop = [
            _on_sternum(thorax, level + tilt * c, x_mm=wide * c, y_mm=7.5 * s)
            for c, s in zip(np.cos(turn), np.sin(turn), strict=True)
        ]
        out += _rod(smooth_curve(np.array(loop), _STEP_MM), 0.5, _STEEL_HU, Site.BONE)
        knot = _on_sternum(thorax, level, x_mm=float(rng.uniform(-6, 6)), y_mm=-8.5)
        twist = np.linspace(
            knot, knot + np.array([rng.uniform(3, 7), -1.0, rng.uniform(-3, 3)]), 12
        )
        out += _rod(twist, 0.9, _STEEL_HU, Site.BONE)
    return out


def _ring(centre: Points, normal: Points, radius_mm: float, *, gap: float = 0.0) -> Points:
    """Lay points of a circle, open by a part of its turn."""
    normal = normal / np.linalg.norm(normal)
    u = np.cross(normal, (0.3, 1.0, 0.2))
    u /= np.linalg.norm(u)
    v = np.cross(normal, u)
    turn = np.linspace(0, 2 * np.pi * (1 - gap), 160)
    return np.asarray(centre + radius_mm * (np.cos(turn)[:, None] * u + np.sin(turn)[:, None] * v))


def _aortic_prosthesis(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Make a surgical ring, with or without metal leaflets, or a catheter valve's frame."""
    low, high = thorax.placement.to_patient(np.array([[12.0, 11.0, 15.0], [5.0, 7.5, 29.0]]))
    axis = high - low
    radius = 10.5 * thorax.placement.heart_mm * float(rng.uniform(0.95, 1.15))
    site = Site.AORTIC_VALVE
    centre = 0.5 * (low + high)
    if rng.random() < 0.4:
        length = int(rng.uniform(15, 28))
        unit = axis / np.linalg.norm(axis)
        points = centre + unit * (np.arange(length) - 0.5 * length)[:, None]
        frame = Course(name="frame", site=site, points_mm=points, radius_mm=np.full(length, radius))
        return _mesh_tube(frame, slice(None), radius_mm=radius, hu=_NITINOL_HU)
    out = _rod(_ring(centre, axis, radius), float(rng.uniform(0.9, 1.6)), _RING_HU, site)
    if rng.random() < 0.5:  # two leaflets of pyrolytic carbon
        for side in (-1.0, 1.0):
            tilt = axis / np.linalg.norm(axis) + side * 0.5 * _ring(np.zeros(3), axis, 1.0)[0]
            out += _rod(_ring(centre, tilt, 0.6 * radius), 0.6, 0.4 * _RING_HU, site)
    return out


def _mitral_prosthesis(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Make a prosthesis's ring, or an annuloplasty ring that is open in front."""
    points = thorax.courses["mitral_annulus"].points_mm
    centre, axes = points.mean(axis=0), np.linalg.svd(points - points.mean(axis=0))[2]
    radius = 14.0 * thorax.placement.heart_mm * float(rng.uniform(0.9, 1.1))
    gap = 0.3 if rng.random() < 0.5 else 0.0
    ring = _ring(centre, axes[2], radius, gap=gap)
    return _rod(ring, float(rng.uniform(0.8, 1.6)), _RING_HU, Site.MITRAL_ANNULUS)


def _occluder(thorax: Thorax, rng: np.random.Generator) -> list[Device]:
    """Make a cage of wires that fills the left atrial appendage, 20 to 30 mm wide."""
    centre = thorax.placement.to_patient(np.array(_APPENDAGE)) + rng.normal(0, 2.0, 3)
    radius = float(rng.uniform(10.0, 15.0))
    pole = rng.normal(size=3)
    pole /= np.linalg.norm(pole)
    out = []
    for turn in np.linspace(0, np.pi, 6, endpoint=False):
        side = np.cross(pole, (np.cos(turn), np.sin(turn), 0.4))
        out += _rod(_ring(centre, side, radius), 0.25, _NITINOL_HU, Site.LCX)
    return out


_PAINTERS: dict[ConfounderKind, Callable[[Thorax, np.random.Generator], list[Device]]] = {
    _K.STENT: _stent,
    _K.PACEMAKER: _leads(("atrium", "ventricle")),
    _K.DEFIBRILLATOR: _leads(("coil",)),
    _K.RESYNCHRONISER: _leads(("atrium", "coil", "sinus")),
    _K.BYPASS_CLIPS: _clips,
    _K.STERNAL_WIRES: _wires,
    _K.AORTIC_PROSTHESIS: _aortic_prosthesis,
    _K.MITRAL_PROSTHESIS: _mitral_prosthesis,
    _K.PORT_CATHETER: _port,
    _K.APPENDAGE_OCCLUDER: _occluder,
}
