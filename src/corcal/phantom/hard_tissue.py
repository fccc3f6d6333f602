"""Calcium outside the coronary arteries, painted where its surface or organ is in this patient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.phantom.calcium import CELL_MM, Deposit, fill
from corcal.phantom.confounders import Confounder, ConfounderKind
from corcal.phantom.physics import FineVolume
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import FloatArray, Grid, smooth_noise
from corcal.phantom.spec import Plaque

__all__ = ["HardTissue", "paint_calcium"]

Points = NDArray[np.float64]
Distance = Callable[[Points], NDArray[np.float64]]
_K = ConfounderKind
_NOISE_CELLS = 64
_LUMP_MG = 60.0  # larger deposits are several lumps side by side
_NODE_HU, _LUNG_NODE_HU = 135.0, 890.0  # soft tissue over fat, and over lung

# Middle of where nodes lie, reference mm, and how far around they are looked for.
_NODES = {
    _K.HILAR_NODE: (((-42.0, 42.0, 38.0), (54.0, 46.0, 42.0)), 8.0),
    _K.SUBCARINAL_NODE: (((0.0, 48.0, 56.0),), 7.0),
    _K.AORTOPULMONARY_NODE: (((26.0, 36.0, 76.0),), 6.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HardTissue:
    """What one confounder adds.

    Attributes
    ----------
    deposits : tuple of Deposit
        Its calcium, each with its site and id.
    soft : tuple of FineVolume
        HU contrast of the soft tissue around it (a node, a nodule), not calcium.
    """

    deposits: tuple[Deposit, ...] = ()
    soft: tuple[FineVolume, ...] = ()


def paint_calcium(each: Confounder, thorax: Thorax) -> HardTissue:
    """Paint one confounder that is calcium.

    Parameters
    ----------
    each : Confounder
        No device.
    thorax : Thorax
        The patient.

    Returns
    -------
    HardTissue
        Empty where its place is outside what `thorax` covers.
    """
    rng = np.random.default_rng([each.seed, 22])
    where = _Patient(thorax)
    if each.kind in _NODES:
        return _node(each, where, rng)
    if each.kind is _K.LUNG_GRANULOMA:
        return _granuloma(each, where, rng)
    surface, centres, sites = _lumps(each, where, rng)
    deposits = []
    shares = rng.dirichlet(np.full(max(1, len(centres)), 2.0))[: len(centres)]
    for k, (centre, site, share) in enumerate(zip(centres, sites, shares, strict=True)):
        plaque = _plaque(each, k, site, max(float(share) * each.mass_mg, 0.2))
        deposits.append(_lump(plaque, surface, centre, thick_mm=_THICK_MM[each.kind]))
    return HardTissue(deposits=tuple(deposits))


# Half of a lump's thickness across its surface.
_THICK_MM = {
    _K.PERICARDIAL_SHEET: 0.9,
    _K.AIRWAY_CARTILAGE: 0.9,
    _K.LEFT_OSTIAL_AORTA: 0.8,
    _K.RIGHT_OSTIAL_AORTA: 0.8,
    _K.SINOTUBULAR_JUNCTION: 0.8,
    _K.AORTIC_ARCH: 0.9,
    _K.BULKY_MITRAL_ANNULUS: 3.0,
    _K.BULKY_AORTIC_VALVE: 1.6,
    _K.PAPILLARY_MUSCLE: 1.0,
    _K.APICAL_SCAR: 0.9,
}


class _Patient:
    """Distances of one patient, looked up anywhere."""

    def __init__(self, thorax: Thorax) -> None:
        self.thorax = thorax
        self.grid: Grid = thorax.heart.grid

    def distance(self, field: FloatArray) -> Distance:
        """Interpolate a field of the coarse grid at points (n, 3)."""
        from scipy.ndimage import map_coordinates  # heavy import, needed only to simulate

        origin, cell = np.array(self.grid.origin_mm), np.array(self.grid.spacing_mm[::-1])

        def at(points: Points) -> NDArray[np.float64]:
            index = ((points - origin) / cell)[:, ::-1].T
            return np.asarray(map_coordinates(field, index, order=1, mode="nearest"), np.float64)

        return at

    def on_surface(self, field: FloatArray, near: Points, spread_mm: float) -> Points:
        """Cells within a cell's size of a surface, nearest to a point first, within a spread."""
        away = np.abs(field) < 0.6 * max(self.grid.spacing_mm)
        z, y, x = np.nonzero(away)
        cells = np.stack([x, y, z], axis=1) * np.array(self.grid.spacing_mm[::-1])
        cells = cells + np.array(self.grid.origin_mm)
        apart = np.linalg.norm(cells - near, axis=1)
        order = np.argsort(apart, kind="stable")
        return np.asarray(cells[order][apart[order] < spread_mm], np.float64)

    def pulled(self, points: Points, distance: Distance) -> Points:
        """Move points onto the surface where a distance is 0."""
        points = np.array(points, np.float64)
        for _ in range(4):
            steps = 1.0 * np.vstack([np.eye(3), -np.eye(3)])
            probe = distance((points[:, None] + steps).reshape(-1, 3)).reshape(-1, 6)
            slope = 0.5 * (probe[:, :3] - probe[:, 3:])
            slope /= np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 0.3)
            points -= distance(points)[:, None] * slope
        return points

    def placed(self, reference_mm: tuple[float, float, float]) -> Points:
        """Map a reference point of heart and great vessels to the patient."""
        return self.thorax.placement.to_patient(np.array(reference_mm))


def _lumps(
    each: Confounder, where: _Patient, rng: np.random.Generator
) -> tuple[Distance, Points, list[Site]]:
    """Find the surface that a confounder lies on, the middles of its lumps, and their sites."""
    kind = each.kind
    if kind in (_K.BULKY_MITRAL_ANNULUS, _K.BULKY_AORTIC_VALVE):
        return _on_ring(each, where, rng)
    field, start, spread = _surface(kind, where, rng)
    distance = where.distance(field)
    cells = where.on_surface(field, start, spread)
    if not len(cells):
        return distance, cells, []
    count = max(1, round(each.mass_mg / _LUMP_MG)) + int(rng.integers(0, 3))
    if kind is _K.PERICARDIAL_SHEET:  # a sheet grows from one place
        cells = where.on_surface(field, cells[int(rng.integers(len(cells)))], 6.0 * count**0.7 + 4)
    chosen = cells[rng.choice(len(cells), min(count, len(cells)), replace=False)]
    centres = where.pulled(chosen, distance)
    if kind is _K.AORTIC_ARCH:
        vessels = where.thorax.heart.vessels
        front = where.distance(vessels["ascending_aorta"] - vessels["descending_aorta"])(centres)
        return (
            distance,
            centres,
            [Site.ASCENDING_AORTA if f <= 0 else Site.DESCENDING_AORTA for f in front],
        )
    return distance, centres, [kind.site] * len(centres)


def _surface(
    kind: ConfounderKind, where: _Patient, rng: np.random.Generator
) -> tuple[FloatArray, Points, float]:
    """Surface (its distance), a place near it, and how far from there calcium may lie."""
    thorax = where.thorax
    heart, courses = thorax.heart, thorax.courses
    root = np.minimum(heart.vessels["aortic_root"], heart.vessels["ascending_aorta"])
    middle = where.placed((18.0, 5.0, 0.0))
    if kind is _K.PERICARDIAL_SHEET:
        return heart.sac, middle, 90.0
    if kind is _K.AIRWAY_CARTILAGE:
        low = where.placed((0.0, 44.0, float(rng.uniform(40, 75))))
        return thorax.body.airway + np.float32(0.5), low, 45.0
    if kind in (_K.LEFT_OSTIAL_AORTA, _K.RIGHT_OSTIAL_AORTA):
        name = "left_main" if kind is _K.LEFT_OSTIAL_AORTA else "rca"
        return root + np.float32(0.6), courses[name].points_mm[0], float(rng.uniform(5, 12))
    if kind is _K.SINOTUBULAR_JUNCTION:
        return root + np.float32(0.6), where.placed((-2.0, 3.0, 39.0)), 22.0
    if kind is _K.AORTIC_ARCH:
        return heart.vessels["aortic_arch"] + np.float32(0.6), where.placed((5.0, 27.0, 95.0)), 45.0
    apex = where.placed((58.0, -44.0, -44.0))
    if kind is _K.APICAL_SCAR:
        return heart.chambers["lv"] + np.float32(rng.uniform(3, 7)), apex, 26.0
    inside = heart.chambers["lv"] + np.float32(rng.uniform(13, 18))
    return inside, where.placed((52.0, float(rng.choice([-8.0, 10.0])), -26.0)), 22.0


def _on_ring(
    each: Confounder, where: _Patient, rng: np.random.Generator
) -> tuple[Distance, Points, list[Site]]:
    """Lumps along the course of a valve's calcium."""
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    name = "mitral_annulus" if each.kind is _K.BULKY_MITRAL_ANNULUS else "aortic_valve"
    points = where.thorax.courses[name].points_mm
    tree = cKDTree(points)
    count = int(np.clip(round(each.mass_mg / _LUMP_MG), 2, 12))
    part = rng.uniform(0.35, 0.95) if name == "mitral_annulus" else 1.0
    start = rng.uniform(0, 1 - part) if part < 1 else 0.0
    at = (start + part * (np.arange(count) + 0.5) / count) * (len(points) - 1)
    centres = points[at.astype(int)] + rng.normal(0, 0.8, (count, 3))

    def distance(places: Points) -> NDArray[np.float64]:
        return np.asarray(tree.query(places)[0], np.float64)

    return distance, centres, [each.kind.site] * count


def _plaque(each: Confounder, k: int, site: Site, mass_mg: float) -> Plaque:
    return Plaque(
        id=f"{each.id}-{k + 1}",
        site=site,
        branch=each.kind.value,
        position=0.0,
        angle_deg=0.0,
        mass_mg=mass_mg,
        density_mg_per_cm3=each.density_mg_per_cm3,
        seed=each.seed + k,
    )


def _lump(plaque: Plaque, surface: Distance, centre: Points, *, thick_mm: float) -> Deposit:
    """Paint irregular calcium around a point of a surface, flat on it."""
    volume = 1000.0 * plaque.mass_mg / plaque.density_mg_per_cm3
    thick = min(thick_mm, 0.55 * volume ** (1 / 3))
    wide = max(float(np.sqrt(volume / (4.19 * thick))), 0.5)
    cells, origin = _cells(centre, 1.9 * wide + 1.5)
    flat = cells.reshape(-1, 3)
    across = surface(flat) / thick
    apart = np.linalg.norm(flat - centre, axis=1) / wide
    potential = -(across**2) - apart**2 + _rough(plaque.seed, cells.shape[:-1])
    return _deposit(plaque, potential.reshape(cells.shape[:-1]), origin)


def _cells(centre: Points, reach_mm: float) -> tuple[Points, tuple[float, float, float]]:
    low = np.floor((centre - reach_mm) / CELL_MM).astype(int)
    high = np.ceil((centre + reach_mm) / CELL_MM).astype(int)
    axes = [CELL_MM * np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    return np.stack([x, y, z], axis=-1), (
        float(axes[0][0]),
        float(axes[1][0]),
        float(axes[2][0]),
    )


def _rough(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    noise = 0.6 * smooth_noise(np.random.default_rng([seed, 1]), (_NOISE_CELLS,) * 3, 2.6)
    index = [np.arange(n) % _NOISE_CELLS for n in shape]
    return np.asarray(noise[np.ix_(*index)].ravel(), np.float32)


def _deposit(
    plaque: Plaque, potential: NDArray[np.floating], origin: tuple[float, float, float]
) -> Deposit:
    volume = 1000.0 * plaque.mass_mg / plaque.density_mg_per_cm3
    density = fill(np.asarray(potential, np.float32), volume)
    density *= 1000.0 * plaque.mass_mg / (density.sum(dtype=np.float64) * CELL_MM**3)
    return Deposit(plaque=plaque, density_mg_per_cm3=density, origin_mm=origin)


def _node(each: Confounder, where: _Patient, rng: np.random.Generator) -> HardTissue:
    """Make a node in the fattest place around its station."""
    stations, spread = _NODES[each.kind]
    station = where.placed(stations[int(rng.integers(len(stations)))])
    tries = station + rng.normal(0, spread, (60, 3))
    heart, body = where.thorax.heart, where.thorax.body
    room = np.minimum.reduce(
        [
            where.distance(heart.solid)(tries),
            where.distance(body.airway)(tries),
            where.distance(body.oesophagus)(tries),
            8.0 - 0.5 * np.linalg.norm(tries - station, axis=1),
        ]
    )
    return _in_nodule(each, tries[int(np.argmax(room))], rng, soft_hu=_NODE_HU, wider=1.5)


def _granuloma(each: Confounder, where: _Patient, rng: np.random.Generator) -> HardTissue:
    """Make a nodule in the lung, half of the time close to the heart."""
    body, sac = where.thorax.body, where.thorax.heart.sac
    lung = np.maximum.reduce([body.cavity + 5.0, 4.0 - body.mediastinum, 4.0 - body.abdomen])
    free = lung < 0
    near = free & (sac < 22.0)
    pool = near if near.any() and rng.random() < 0.5 else free
    cells = np.argwhere(pool)[:, ::-1]
    if not len(cells):
        return HardTissue()
    cell = cells[int(rng.integers(len(cells)))]
    centre = np.array(where.grid.origin_mm) + cell * np.array(where.grid.spacing_mm[::-1])
    return _in_nodule(each, centre, rng, soft_hu=_LUNG_NODE_HU, wider=1.2)


def _in_nodule(
    each: Confounder, centre: Points, rng: np.random.Generator, *, soft_hu: float, wider: float
) -> HardTissue:
    volume = 1000.0 * each.mass_mg / each.density_mg_per_cm3
    radius = (volume / 4.19) ** (1 / 3)
    shape = rng.uniform(0.8, 1.25, 3)
    pattern = rng.choice(["solid", "speckled", "rim"], p=[0.5, 0.3, 0.2])
    outer = wider * radius * (1.3 if pattern != "solid" else 1.0) + 0.8
    cells, origin = _cells(centre, 1.3 * outer + 1.0)
    r = np.linalg.norm((cells - centre) / shape, axis=-1) / outer
    rough = _rough(each.seed, r.shape).reshape(r.shape)
    if pattern == "solid":
        potential = -((1.3 * r) ** 2) + 0.6 * rough
    elif pattern == "speckled":
        potential = -(r**2) + 3.0 * rough
    else:
        potential = -((4.0 * (r - 0.8)) ** 2) + 0.6 * rough
    potential[r > 1.15] = -np.inf
    plaque = _plaque(each, 0, each.kind.site, each.mass_mg)
    soft = np.clip(0.5 - (r - 1.0) * outer / CELL_MM, 0, 1) * soft_hu
    tissue = FineVolume(values=soft.astype(np.float32), spacing_mm=(CELL_MM,) * 3, origin_mm=origin)
    return HardTissue(deposits=(_deposit(plaque, potential, origin),), soft=(tissue,))
