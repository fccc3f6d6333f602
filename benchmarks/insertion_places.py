"""Where plaques can be put into a real scan: along its arteries, in fat, away from all calcium."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.ridges import ridge_line
from corcal.anatomy.types import Anatomy, Pathway
from corcal.ct.scan import CTScan
from corcal.lesions.sites import CORONARY_SITES, Site

__all__ = ["Place", "choose_places"]

_ARTERIES = {Pathway[site.name]: site for site in CORONARY_SITES}
_APART_MM = 12.0  # from the next plaque: no two are one lesion
_CLEAR_MM = 6.0  # from everything dense that is there already
_SIDEWAYS_MM = 1.5  # standard deviation along each axis: the model knows an artery to some mm
_LEAST_FAT = 0.1  # of what is 2 to 6 mm around in the slice: an artery lies in fat
_FAT_HU = (-160.0, -15.0)
_TRIES = 8
_REACH_MM = 15.0  # of the path to either side of a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a plaque can be put: part of the length of a path in the patient."""

    site: Site
    path_mm: NDArray[np.float64]
    position: float
    centre_mm: NDArray[np.float64]
    angle_deg: float
    seed: int


def choose_places(scan: CTScan, anatomy: Anatomy, *, seed: int) -> list[Place]:
    """Choose places along the arteries, far enough from each other and from all that is dense.

    Parameters
    ----------
    scan : CTScan
        Without plaques of ours.
    anatomy : Anatomy
        With pathways.
    seed : int
        Another seed gives other places.
    """
    rng = np.random.default_rng([seed, 41])
    dense = _patient_mm(scan, np.argwhere(scan.hu >= 130) * np.array(scan.spacing_mm))
    chosen: list[Place] = []
    for pathway, site in _ARTERIES.items():
        line = ridge_line(anatomy, pathway)
        if line is None:
            continue
        path = _patient_mm(scan, line)
        along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        for at in np.arange(rng.uniform(2.0, _APART_MM), along[-1] - 2.0, _APART_MM):
            place = _place(rng, scan, path, site, at / along[-1], along)
            others = [one.centre_mm for one in chosen]
            if place is not None and _is_clear(place.centre_mm, dense, others):
                chosen.append(place)
    return chosen


def _patient_mm(scan: CTScan, places_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn mm along (z, y, x) from the first voxel into positions in the patient."""
    return scan.to_patient_mm(places_mm / np.array(scan.spacing_mm))


def _place(
    rng: np.random.Generator,
    scan: CTScan,
    path: NDArray[np.float64],
    site: Site,
    position: float,
    along: NDArray[np.float64],
) -> Place | None:
    """Move the path around the place sideways until it is in fat."""
    at = position * along[-1]
    ends = max(0.0, at - _REACH_MM), min(float(along[-1]), at + _REACH_MM)
    steps = np.linspace(*ends, 16)
    for _ in range(_TRIES):
        own = np.stack([np.interp(steps, along, axis) for axis in path.T], axis=1)
        moved = own + rng.normal(0, _SIDEWAYS_MM, 3)
        centre = np.array([np.interp(at, steps, axis) for axis in moved.T])
        if _fat_around(scan, centre) >= _LEAST_FAT:
            return Place(
                site=site,
                path_mm=moved,
                position=float((at - ends[0]) / (ends[1] - ends[0])),
                centre_mm=centre,
                angle_deg=float(rng.uniform(0, 360)),
                seed=int(rng.integers(2**31)),
            )
    return None


def _fat_around(scan: CTScan, centre_mm: NDArray[np.float64]) -> float:
    """Share of fat 2 to 6 mm around in the slice; 0 outside of the scan."""
    _, dy, dx = scan.spacing_mm
    z, y, x = np.rint(scan.to_index(centre_mm[None])[0]).astype(int)
    half_y, half_x = int(6.0 / dy), int(6.0 / dx)
    inside = 0 <= z < scan.shape[0] and half_y <= y < scan.shape[1] - half_y
    if not (inside and half_x <= x < scan.shape[2] - half_x):
        return 0.0
    window = scan.hu[z, y - half_y : y + half_y + 1, x - half_x : x + half_x + 1]
    rows, columns = np.ogrid[-half_y : half_y + 1, -half_x : half_x + 1]
    away = np.hypot(rows * dy, columns * dx)
    ring = window[(away >= 2.0) & (away <= 6.0)]
    return float(np.mean((ring > _FAT_HU[0]) & (ring < _FAT_HU[1])))


def _is_clear(
    centre: NDArray[np.float64], dense: NDArray[np.float64], others: list[NDArray[np.float64]]
) -> bool:
    if np.linalg.norm(dense - centre, axis=1).min(initial=np.inf) < _CLEAR_MM:
        return False
    return all(np.linalg.norm(one - centre) >= _APART_MM for one in others)
