"""Calcified plaques on a fine grid: irregular, eccentric, in the wall of their artery.

A plaque is the set of cells where a potential is highest: near its place along the course, on its
side of the wall, and disturbed by noise. Taking more cells of the same potential gives the same
plaque, grown; so each has exactly the volume and mass that it was ordered with. Calcium cannot be
denser than it is: painted together (`deposits_of`), a plaque takes no cell that another one has,
and grows where there is room.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.phantom.course import Course
from corcal.phantom.patient import Plaque
from corcal.phantom.shapes import FloatArray, smooth_noise

__all__ = ["CELL_MM", "Deposit", "deposit", "deposits_of", "fill"]

CELL_MM = 0.25
_WALL_MM = 0.5  # how far inside the outer wall a plaque is centred
_INSIDE, _OUTSIDE_MM = 0.25, 0.7  # plaque keeps off the middle (part of the radius), swells out
_ROUGHNESS = 0.55
_NOISE_CELLS = 64
_NOISE_SIGMA_CELLS = 2.6
_REACH = 2.0  # of the potential's half-widths that the grid covers
_LATTICE_BITS = 20  # cells from the middle that a code can name, as a power of 2: 131 m each way


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """The calcium of one plaque.

    Attributes
    ----------
    plaque : Plaque
        What was ordered.
    density_mg_per_cm3 : float32 ndarray of shape (n_z, n_y, n_x)
        Hydroxyapatite on a grid of `CELL_MM`.
    origin_mm : (x, y, z)
        Centre of its cell ``[0, 0, 0]`` in the patient.
    """

    plaque: Plaque
    density_mg_per_cm3: FloatArray
    origin_mm: tuple[float, float, float]

    @property
    def mass_mg(self) -> float:
        """Painted hydroxyapatite."""
        return float(self.density_mg_per_cm3.sum(dtype=np.float64)) * CELL_MM**3 / 1000.0

    @property
    def volume_mm3(self) -> float:
        """Volume of the cells with calcium."""
        return float(np.count_nonzero(self.density_mg_per_cm3)) * CELL_MM**3

    @property
    def centre_mm(self) -> tuple[float, float, float]:
        """Centre of mass in the patient."""
        weights = self.density_mg_per_cm3.astype(np.float64)
        total = weights.sum()
        place = []
        for k, axis in enumerate((2, 1, 0)):
            others = tuple(a for a in range(3) if a != axis)
            profile = weights.sum(axis=others) / total
            place.append(self.origin_mm[k] + CELL_MM * float(profile @ np.arange(profile.size)))
        return place[0], place[1], place[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """Half-widths of a plaque along its artery, around it, and across the wall, mm."""

    along: float
    around: float
    across: float


def deposits_of(plaques: Iterable[Plaque], courses: Mapping[str, Course]) -> list[Deposit]:
    """Paint plaques one after another, each into cells that the earlier ones left free.

    Parameters
    ----------
    plaques : iterable of Plaque
        Mass and density above 0.
    courses : mapping of Course
        By the names of their branches.

    Returns
    -------
    list of Deposit
        Where a wall has not enough room left, a plaque has its density but less mass than
        ordered; one without any room is left out.

    Raises
    ------
    InputError
        As `deposit`.
    """
    taken = np.empty(0, np.int64)
    done = []
    for plaque in plaques:
        one = deposit(plaque, courses[plaque.branch], taken=taken)
        if one.density_mg_per_cm3.any():
            done.append(one)
            taken = np.union1d(taken, _codes(one.origin_mm, one.density_mg_per_cm3 > 0))
    return done


def deposit(plaque: Plaque, course: Course, *, taken: NDArray[np.int64] | None = None) -> Deposit:
    """Paint a plaque on its course.

    Parameters
    ----------
    plaque : Plaque
        Mass above 0, density above 0.
    course : Course
        The one that ``plaque.branch`` names.
    taken : int64 ndarray of shape (n,), optional
        Codes of the cells that are no longer free (`deposits_of` keeps them).

    Returns
    -------
    Deposit
        Its mass is that of `plaque` to floating-point precision, where there is room for it.

    Raises
    ------
    InputError
        If mass or density is not positive.
    """
    if plaque.mass_mg <= 0 or plaque.density_mg_per_cm3 <= 0:
        msg = (
            f"a plaque needs mass and density above 0, got {plaque.mass_mg:g} mg "
            f"at {plaque.density_mg_per_cm3:g} mg/cm3"
        )
        raise InputError(msg)
    volume_mm3 = 1000.0 * plaque.mass_mg / plaque.density_mg_per_cm3
    extent = _extent(volume_mm3, course, plaque)
    cells, origin, centre = _grid(plaque, course, extent)
    potential = _potential(plaque, course, extent, cells) + _rough(plaque, cells, centre)
    if taken is not None and taken.size:
        wall = np.isfinite(potential)
        potential[wall] = np.where(
            np.isin(_codes(origin, wall), taken), np.float32(-np.inf), potential[wall]
        )
    density = fill(potential, volume_mm3)
    room = np.count_nonzero(density) / _cell_count(volume_mm3)
    if room > 0:
        painted = density.sum(dtype=np.float64) * CELL_MM**3
        density *= room * 1000.0 * plaque.mass_mg / painted
    return Deposit(plaque=plaque, density_mg_per_cm3=density, origin_mm=origin)


def _codes(origin_mm: tuple[float, float, float], mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """One number for each cell of a mask, the same for the same cell of any plaque's grid."""
    middle = 1 << (_LATTICE_BITS - 1)
    z, y, x = (axis.astype(np.int64) for axis in np.nonzero(mask))
    x0, y0, z0 = (round(value / CELL_MM) + middle for value in origin_mm)
    return ((z + z0) << (2 * _LATTICE_BITS)) | ((y + y0) << _LATTICE_BITS) | (x + x0)


def _extent(volume_mm3: float, course: Course, plaque: Plaque) -> _Extent:
    """Small plaques are dots in the wall, large ones long, wide and thick."""
    rng = np.random.default_rng([plaque.seed, 0])
    size = volume_mm3 ** (1 / 3)
    radius = float(course.radius_mm[_index(plaque, course)])
    across = float(np.clip(0.52 * size**0.6, 0.4, 1.4)) * rng.uniform(0.85, 1.15)
    around = float(np.clip(0.8 * size, 0.7, 1.3 * min(radius, 4.0))) * rng.uniform(0.8, 1.2)
    along = volume_mm3 / (4.19 * across * around)
    return _Extent(along=float(np.clip(along, 0.6, 9.0)), around=around, across=across)


def _index(plaque: Plaque, course: Course) -> int:
    return int(
        np.clip(round(plaque.position * (len(course.points_mm) - 1)), 1, len(course.points_mm) - 2)
    )


def _frames(course: Course) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two directions across the course at each point, turning as little as can be."""
    tangent = np.gradient(course.points_mm, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    first = np.cross(tangent[0], [0.3, 0.2, 1.0])
    across = np.empty_like(tangent)
    for k, t in enumerate(tangent):
        first = first - (first @ t) * t
        first /= np.linalg.norm(first)
        across[k] = first
    return across, np.cross(tangent, across)


def _grid(
    plaque: Plaque, course: Course, extent: _Extent
) -> tuple[NDArray[np.float64], tuple[float, float, float], NDArray[np.float64]]:
    """Cells around the plaque's part of the wall: (n_z, n_y, n_x, 3), origin, and its middle."""
    u, v = _frames(course)
    angle = np.radians(plaque.angle_deg)
    wall = course.points_mm + course.radius_mm[:, None] * (np.cos(angle) * u + np.sin(angle) * v)
    middle = _index(plaque, course)
    step = float(np.linalg.norm(np.diff(course.points_mm, axis=0), axis=1).mean())
    half = int(np.ceil(_REACH * extent.along / step)) + 1
    part = wall[max(0, middle - half) : middle + half + 1]
    pad = _REACH * max(extent.around, extent.across) + 1.0
    # Cells lie on one lattice for all plaques and all sizes.
    low = np.floor((part.min(axis=0) - pad) / CELL_MM).astype(int)
    high = np.ceil((part.max(axis=0) + pad) / CELL_MM).astype(int)
    axes = [CELL_MM * np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
    origin = (float(axes[0][0]), float(axes[1][0]), float(axes[2][0]))
    return np.stack([x, y, z], axis=-1), origin, wall[middle]


def _potential(
    plaque: Plaque, course: Course, extent: _Extent, cells: NDArray[np.float64]
) -> FloatArray:
    from scipy.spatial import cKDTree  # heavy import, needed only to simulate

    u, v = _frames(course)
    reach = float(course.radius_mm.max()) + _OUTSIDE_MM + 0.3
    points = cells.reshape(-1, 3)
    away, nearest = cKDTree(course.points_mm).query(points, distance_upper_bound=reach)
    nearest = np.asarray(nearest)
    near = np.flatnonzero(np.isfinite(away))
    out = np.full(len(points), -np.inf, np.float32)
    nearest = nearest[near]
    offset = points[near] - course.points_mm[nearest]
    tangent = np.cross(u, v)[nearest]
    along = (offset * tangent).sum(axis=1)
    side_u, side_v = (offset * u[nearest]).sum(axis=1), (offset * v[nearest]).sum(axis=1)
    depth = np.hypot(side_u, side_v)
    radius = course.radius_mm[nearest]
    turn = np.arctan2(side_v, side_u) - np.radians(plaque.angle_deg)
    turn = (turn + np.pi) % (2 * np.pi) - np.pi
    step = float(np.linalg.norm(np.diff(course.points_mm, axis=0), axis=1).mean())
    s = (nearest - _index(plaque, course)) * step + along
    value = -((s / extent.along) ** 2)
    value -= (turn * np.minimum(radius, depth + 0.3) / extent.around) ** 2
    value -= ((depth - radius + _WALL_MM) / extent.across) ** 2
    value[(depth < _INSIDE * radius) | (depth > radius + _OUTSIDE_MM)] = -np.inf
    out[near] = value
    return out.reshape(cells.shape[:-1])


def _rough(plaque: Plaque, cells: NDArray[np.float64], centre: NDArray[np.float64]) -> FloatArray:
    """Noise that is tied to the plaque's middle, so that it grows and does not change."""
    rng = np.random.default_rng([plaque.seed, 1])
    shape = (_NOISE_CELLS,) * 3
    noise = _ROUGHNESS * smooth_noise(rng, shape, _NOISE_SIGMA_CELLS)
    corner = (cells[0, 0, 0] - centre) / CELL_MM
    index = [
        (round(float(corner[2 - axis])) + np.arange(cells.shape[axis])) % _NOISE_CELLS
        for axis in range(3)
    ]
    return np.asarray(noise[np.ix_(*index)], np.float32)


def fill(potential: FloatArray, volume_mm3: float) -> FloatArray:
    """Give a density, up to a factor, to the cells of highest potential, denser towards the core.

    Parameters
    ----------
    potential : float32 ndarray of shape (n_z, n_y, n_x)
        On cells of `CELL_MM`; minus infinity where no calcium may be.
    volume_mm3 : float
        To fill; less where there are not as many cells, and at least one cell if there is any.
    """
    flat = potential.ravel()
    possible = np.flatnonzero(np.isfinite(flat))
    count = min(_cell_count(volume_mm3), len(possible))
    if count == 0:
        return np.zeros_like(potential)
    chosen = possible[np.argpartition(flat[possible], -count)[-count:]]
    level = flat[chosen]
    core = (level - level.min()) / max(float(np.ptp(level)), 1e-6)
    density = np.zeros(flat.shape, np.float32)
    density[chosen] = 0.75 + 0.5 * core
    return density.reshape(potential.shape)


def _cell_count(volume_mm3: float) -> int:
    return max(1, round(volume_mm3 / CELL_MM**3))
