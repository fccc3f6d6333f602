"""The measurements of a piece from which its site is decided, as one table of numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import sample, voxels_mm
from corcal.anatomy.types import PATHWAYS, Anatomy, Structure
from corcal.ct.scan import CTScan
from corcal.lesions.aortic_wall import AorticWall
from corcal.lesions.noise import HeartNoise, Stencil
from corcal.lesions.pieces import Pieces
from corcal.lesions.surroundings import Surroundings
from corcal.lesions.territory import HeartFields

__all__ = ["FEATURES", "Features", "describe", "piece_agatston"]

_VOXELS_A_PIECE = 40  # that are looked up in the anatomy: a large piece is sampled evenly
_FAR_MM = 40.0

# name: (unit, what it is); the order is that of the columns, and part of the trained model
FEATURES: dict[str, tuple[str, str]] = {
    "cnr": ("", "contrast of its smoothed peak over the background, over the smoothed noise"),
    "peak_hu": ("HU", "maximum, at most 1500"),
    "mean_hu": ("HU", "mean, at most 1000"),
    "log_volume": ("log mm3", "log(1 + volume)"),
    "log_connected": ("log mm3", "log(1 + volume of all that is connected with it)"),
    "log_agatston": ("", "log(1 + Agatston score)"),
    "height_mm": ("mm", "extent from feet to head"),
    "span_mm": ("mm", "largest width in its densest slice"),
    "thin_mm": ("mm", "smallest width there"),
    "fat": ("", "part of what is around it that is fat"),
    "near_fat": ("", "part of what is right beside it that is fat"),
    "lung": ("", "part of what is around it that is lung"),
    "dense": ("", "part of what is around it that is dense too"),
    "background_hu": ("HU", "median of the soft tissue around it"),
    "above_hu": ("HU", "3.5 mm towards the head"),
    "below_hu": ("HU", "3.5 mm towards the feet"),
    **{
        f"path_{one.name.lower()}": ("", f"height of the pathway of {one.name}, its highest tenth")
        for one in PATHWAYS
    },
    **{
        f"p_{one.name.lower()}": ("", f"mean probability of {one.name.lower()}")
        for one in Structure
    },
    **{
        f"away_{one.name.lower()}": ("mm", f"distance from {one.name.lower()}, negative inside")
        for one in list(Structure)[1:9]
    },
    "away_heart": ("mm", "distance from the heart with its fat, negative inside"),
    "away_wall": ("mm", "distance from the fitted wall of the aorta, negative inside"),
    "wall_support": ("", "part of that wall that was seen"),
    "up_root": ("", "height above the aortic root, in heart sizes"),
    "left_root": ("", "place to the left of it"),
    "back_root": ("", "place behind it"),
    "up_heart": ("", "height above the middle of the chambers, in heart sizes"),
    "left_heart": ("", "place to the left of it"),
    "back_heart": ("", "place behind it"),
    "border_mm": ("mm", "distance from the nearest side or end of the scan, at most 40"),
    "noise_hu": ("HU", "noise of the scan"),
    "increment_mm": ("mm", "distance of slices"),
    "thickness_mm": ("mm", "thickness of slices"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Measurements of pieces.

    Attributes
    ----------
    values : float32 ndarray of shape (m, f)
        One row a piece, one column a name of `FEATURES`, always finite.
    points_mm : float32 ndarray of shape (m, 3)
        Middle of each piece along (z, y, x), in the frame of `Anatomy`.
    peak_voxel : int64 ndarray of shape (m,)
        Flat index of its densest voxel.
    """

    values: NDArray[np.float32]
    points_mm: NDArray[np.float32]
    peak_voxel: NDArray[np.int64]

    def column(self, name: str) -> NDArray[np.float32]:
        """All pieces, one measurement."""
        return self.values[:, list(FEATURES).index(name)]


def piece_agatston(scan: CTScan, pieces: Pieces) -> NDArray[np.float64]:
    """Textbook Agatston score of each piece, as if it were coronary."""
    # scoring is above lesions, so the rule's arithmetic is written once more, for deciding only
    z = pieces.index // (scan.shape[1] * scan.shape[2])
    names, row = np.unique(pieces.piece * 100_000 + z, return_inverse=True)
    peak = np.full(len(names), -np.inf)
    np.maximum.at(peak, row, pieces.hu.astype(np.float64))
    area = np.bincount(row) * scan.pixel_area_mm2
    weight = np.clip(np.floor(peak / 100.0), 1, 4)
    counted = np.where(area >= 1.0, weight * area, 0.0) * scan.spacing_mm[0] / 3.0
    return np.asarray(np.bincount(names // 100_000, weights=counted, minlength=len(pieces)))


def describe(
    scan: CTScan,
    anatomy: Anatomy,
    fields: HeartFields,
    pieces: Pieces,
    *,
    noise: HeartNoise,
    stencil: Stencil,
    wall: AorticWall,
    around: Surroundings,
) -> Features:
    """Measure pieces.

    Parameters
    ----------
    scan, anatomy, fields
        The scan, its anatomy and distances.
    pieces : Pieces
        What to describe.
    noise, stencil, wall, around
        What was measured of the scan and around the pieces.
    """
    points = voxels_mm(scan.shape, scan.spacing_mm, pieces.index)
    middle, peak_voxel = _middles(pieces, points), _peaks(pieces)
    columns = {
        **_density(scan, pieces, peak_voxel, noise, stencil, around),
        **_extent(scan, pieces, points, around),
        **_place(anatomy, fields, pieces, points),
        **_wall(scan, pieces, points, wall, fields),
        **_landmarks(anatomy, middle),
        "border_mm": _border(scan, middle),
        "noise_hu": np.full(len(pieces), min(noise.sd_hu, 80.0)),
        "increment_mm": np.full(len(pieces), scan.spacing_mm[0]),
        "thickness_mm": np.full(
            len(pieces), scan.acquisition.slice_thickness_mm or scan.spacing_mm[0]
        ),
    }
    values = np.stack([np.asarray(columns[name], np.float32) for name in FEATURES], axis=1)
    return Features(values=np.nan_to_num(values), points_mm=middle, peak_voxel=peak_voxel)


def _middles(pieces: Pieces, points: NDArray[np.float32]) -> NDArray[np.float32]:
    sums = np.add.reduceat(points, pieces.start[:-1], axis=0) if len(pieces) else points[:0]
    return np.asarray(sums / pieces.size[:, None], np.float32)


def _peaks(pieces: Pieces) -> NDArray[np.int64]:
    order = np.lexsort((pieces.index, -pieces.hu.astype(np.float64), pieces.piece))
    return np.asarray(pieces.index[order[pieces.start[:-1]]], np.int64)


def _density(
    scan: CTScan,
    pieces: Pieces,
    peak_voxel: NDArray[np.int64],
    noise: HeartNoise,
    stencil: Stencil,
    around: Surroundings,
) -> dict[str, NDArray[np.floating]]:
    voxels = np.stack(np.unravel_index(peak_voxel, scan.shape), axis=1)
    smooth = stencil.at(scan.hu, voxels)
    # fat beside a small plaque lowers its smoothed peak: its contrast is over blood all the same
    background = np.clip(np.nan_to_num(around.background_hu, nan=noise.blood_hu), 0.0, 90.0)
    hu = pieces.hu.astype(np.float64)
    start = pieces.start[:-1]
    peak = np.maximum.reduceat(hu, start) if len(pieces) else hu
    mean = np.add.reduceat(hu, start) / pieces.size if len(pieces) else hu
    return {
        "cnr": np.clip((smooth - background) / noise.smoothed_sd_hu, -2.0, 30.0),
        "peak_hu": np.minimum(peak, 1500.0),
        "mean_hu": np.minimum(mean, 1000.0),
        "fat": around.fat,
        "near_fat": around.near_fat,
        "lung": around.lung,
        "dense": around.dense,
        "background_hu": background,
        "above_hu": np.clip(np.nan_to_num(around.above_hu, nan=0.0), -250.0, 400.0),
        "below_hu": np.clip(np.nan_to_num(around.below_hu, nan=0.0), -250.0, 400.0),
    }


def _extent(
    scan: CTScan, pieces: Pieces, points: NDArray[np.float32], around: Surroundings
) -> dict[str, NDArray[np.floating]]:
    start = pieces.start[:-1]
    z = points[:, 0]
    empty = len(pieces) == 0
    height = z if empty else np.maximum.reduceat(z, start) - np.minimum.reduceat(z, start)
    return {
        "log_volume": np.log1p(pieces.size * scan.voxel_volume_mm3),
        "log_connected": np.log1p(np.minimum(pieces.connected_voxels * scan.voxel_volume_mm3, 1e5)),
        "log_agatston": np.log1p(piece_agatston(scan, pieces)),
        "height_mm": np.minimum(height + scan.spacing_mm[0], 60.0),
        "span_mm": np.minimum(around.span_mm, 60.0),
        "thin_mm": np.minimum(around.thin_mm, 40.0),
    }


def _place(
    anatomy: Anatomy, fields: HeartFields, pieces: Pieces, points: NDArray[np.float32]
) -> dict[str, NDArray[np.floating]]:
    """Ask the anatomy about some voxels of each piece."""
    step = np.maximum(1, pieces.size // _VOXELS_A_PIECE)
    rank = np.arange(len(points)) - np.repeat(pieces.start[:-1], pieces.size)
    some = rank % np.repeat(step, pieces.size) == 0
    who, where = pieces.piece[some], points[some]
    first = np.searchsorted(who, np.arange(len(pieces)))
    out: dict[str, NDArray[np.floating]] = {}
    structures = sample(anatomy, anatomy.structures, where)
    for one in Structure:
        out[f"p_{one.name.lower()}"] = _group_mean(structures[one], first, who)
    for one in list(Structure)[1:9]:
        away = np.clip(fields.at(fields.distance(one), where), -15.0, _FAR_MM)
        out[f"away_{one.name.lower()}"] = _group_mean(away, first, who)
    heart = np.clip(fields.at(fields.heart, where), -30.0, _FAR_MM)
    out["away_heart"] = _group_mean(heart, first, who)
    paths = (
        sample(anatomy, anatomy.pathways, where)
        if anatomy.pathways is not None
        else np.zeros((len(PATHWAYS), len(where)), np.float32)
    )
    for path in PATHWAYS:
        out[f"path_{path.name.lower()}"] = _group_high(paths[path], who, len(pieces))
    return out


def _group_mean(
    values: NDArray[np.float32], first: NDArray[np.intp], who: NDArray[np.int64]
) -> NDArray[np.floating]:
    if len(first) == 0:
        return values[:0]
    return np.asarray(np.add.reduceat(values, first) / np.bincount(who, minlength=len(first)))


def _group_high(
    values: NDArray[np.float32], who: NDArray[np.int64], count: int
) -> NDArray[np.floating]:
    """Value that a tenth of each group exceeds."""
    order = np.lexsort((-values, who))
    size = np.bincount(who, minlength=count)
    first = np.concatenate([[0], np.cumsum(size)[:-1]]) if count else np.zeros(0, np.int64)
    return np.asarray(values[order[first + size // 10]])


def _wall(
    scan: CTScan,
    pieces: Pieces,
    points: NDArray[np.float32],
    wall: AorticWall,
    fields: HeartFields,
) -> dict[str, NDArray[np.floating]]:
    """Distance from the fitted wall; from the anatomy's, where none could be fitted."""
    slices = pieces.index // (scan.shape[1] * scan.shape[2])
    fine = wall.distance(slices, points)
    coarse = fields.at(fields.aorta, points)
    away = np.where(np.isfinite(fine) & (coarse < 15.0), fine, coarse)
    away = np.clip(away, -20.0, _FAR_MM)
    start = pieces.start[:-1]
    mean = np.add.reduceat(away, start) / pieces.size if len(pieces) else away
    seen = wall.support[slices]
    support = np.add.reduceat(seen, start) / pieces.size if len(pieces) else seen
    return {"away_wall": mean, "wall_support": support}


def _landmarks(anatomy: Anatomy, middle: NDArray[np.float32]) -> dict[str, NDArray[np.floating]]:
    """Place relative to aortic root and chambers, in units of the heart's size."""
    labels = anatomy.labels
    chambers = (labels >= Structure.LEFT_VENTRICLE) & (labels <= Structure.RIGHT_ATRIUM)
    size = float(np.cbrt(max(chambers.sum(), 1) * np.prod(anatomy.spacing_mm)))
    heart = _centre(anatomy, chambers)
    root = _centre(anatomy, labels == Structure.AORTIC_ROOT)
    out: dict[str, NDArray[np.floating]] = {}
    for name, place in (("root", heart if root is None else root), ("heart", heart)):
        away = np.zeros(middle.shape) if place is None else (middle - place) / size
        for axis, word in enumerate(("up", "back", "left")):
            out[f"{word}_{name}"] = np.clip(away[:, axis], -2.0, 2.0)
    return out


def _centre(anatomy: Anatomy, mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    if not mask.any():
        return None
    cells = np.argwhere(mask).mean(axis=0)
    return np.asarray(cells * np.array(anatomy.spacing_mm) + np.array(anatomy.origin_mm))


def _border(scan: CTScan, middle: NDArray[np.float32]) -> NDArray[np.floating]:
    last = (np.array(scan.shape) - 1) * np.array(scan.spacing_mm)
    nearest = np.minimum(middle, last - middle).min(axis=1, initial=_FAR_MM)
    return np.asarray(np.clip(nearest, 0.0, _FAR_MM))
