"""What is measured of each candidate: the table of features that every decision rests on.

Features are clipped to ranges that people and scanners have, so that a scan unlike all others
cannot push a decision far; what cannot be measured gets the constant of its row in the table.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import sample
from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan
from corcal.lesions.aortic_wall import ASCENDING, DESCENDING, Wall, fit_wall
from corcal.lesions.feature_table import FEATURES
from corcal.lesions.fields import FIELD_NAMES, Fields, make_fields
from corcal.lesions.inside import look_inside
from corcal.lesions.noise import Noise, measure_noise
from corcal.lesions.pieces import Pieces, most_of, piece_agatston
from corcal.lesions.shape import Shapes, measure_shapes
from corcal.lesions.surroundings import Surroundings, look_around
from corcal.lesions.voltage import voltage_factor

__all__ = ["FEATURE_NAMES", "Context", "Features", "describe", "make_context"]

FEATURE_NAMES = tuple(row.name for row in FEATURES)
_SAMPLED_VOXELS = 40  # of each piece: fields on cells of 4 mm do not change between neighbours
_SOFT_BACKGROUND_HU = (0.0, 80.0)  # unenhanced tissue: what noise stands out from
_METAL_HU = 1500.0  # at 120 kVp: calcium of arteries hardly reaches it
_Columns = dict[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is measured once in a scan, before its pieces.

    Attributes
    ----------
    fields : Fields
        Of the anatomy.
    ascending, descending : Wall or None
        Fitted walls of the aorta.
    noise : Noise
        Inside the heart.
    """

    fields: Fields
    ascending: Wall | None
    descending: Wall | None
    noise: Noise

    @property
    def walls(self) -> tuple[Wall | None, Wall | None]:
        """Ascending and descending."""
        return self.ascending, self.descending


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Measurements of pieces.

    Attributes
    ----------
    names : tuple of str
        `FEATURE_NAMES`.
    values : float32 ndarray of shape (n, len(names))
        Finite, clipped to the ranges of `corcal.lesions.feature_table.FEATURES`.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]

    def column(self, name: str) -> NDArray[np.float32]:
        """Give one feature of all pieces."""
        return self.values[:, self.names.index(name)]


def make_context(scan: CTScan, anatomy: Anatomy) -> Context:
    """Measure what all pieces share."""
    fields = make_fields(anatomy)
    return Context(
        fields=fields,
        ascending=fit_wall(scan, fields.anatomy, ASCENDING),
        descending=fit_wall(scan, fields.anatomy, DESCENDING),
        noise=measure_noise(scan, fields),
    )


def describe(
    scan: CTScan, anatomy: Anatomy, pieces: Pieces, *, context: Context | None = None
) -> Features:
    """Measure every feature of every piece.

    Parameters
    ----------
    scan : CTScan
        The scan.
    anatomy : Anatomy
        Of this scan.
    pieces : Pieces
        Of this scan.
    context : Context, optional
        What `make_context` gave for scan and anatomy, if it is known already.

    Returns
    -------
    Features
    """
    known = context or make_context(scan, anatomy)
    if not pieces.count:
        return Features(names=FEATURE_NAMES, values=np.zeros((0, len(FEATURE_NAMES)), np.float32))
    shapes = measure_shapes(pieces)
    around = look_around(scan, pieces)
    inside = look_inside(scan, pieces, shapes.length_mm)
    columns = {
        **_size(pieces, shapes),
        **_density(pieces, around, known.noise),
        **_place(pieces, known, _sampled(pieces)),
        **_position(shapes, known.fields),
        **_border(scan, shapes),
        **_scan(scan, known.noise, pieces),
        "uneven": inside.uneven,
        "hollow": inside.hollow,
        "log_metal": _log_metal(scan, pieces),
    }
    return Features(names=FEATURE_NAMES, values=_table(columns, pieces.count))


def _table(columns: _Columns, count: int) -> NDArray[np.float32]:
    """Bring the columns in order, fill what is missing, clip."""
    out = np.empty((count, len(FEATURES)), np.float32)
    for k, row in enumerate(FEATURES):
        values = np.asarray(columns[row.name], np.float64)
        filled = np.where(np.isfinite(values), values, row.missing)
        out[:, k] = np.clip(filled, row.low, row.high)
    return out


def _size(pieces: Pieces, shapes: Shapes) -> _Columns:
    dz, dy, dx = shapes.extent_mm.T
    return {
        "log_volume": np.log(shapes.volume_mm3),
        "log_lesion_volume": np.log(pieces.full_volume_mm3),
        "is_split": pieces.is_split.astype(np.float64),
        "log_agatston": np.log1p(piece_agatston(pieces)),
        "log_area": np.log(shapes.area_mm2),
        "slices": shapes.slices,
        "extent_z_mm": dz,
        "extent_y_mm": dy,
        "extent_x_mm": dx,
        "length_mm": shapes.length_mm,
        "elongation": shapes.elongation,
        "plane_elongation": shapes.plane_elongation,
        "filling": shapes.filling,
    }


def _density(pieces: Pieces, around: Surroundings, noise: Noise) -> _Columns:
    soft = np.clip(np.nan_to_num(around.background_hu, nan=0.0), *_SOFT_BACKGROUND_HU)
    contrast = around.smooth_peak_hu - soft
    peak = most_of(pieces.hu, pieces.piece, pieces.count)
    return {
        "peak_hu": peak,
        "mean_hu": pieces.mean(pieces.hu),
        "smooth_peak_hu": around.smooth_peak_hu,
        "contrast_to_noise": contrast / noise.smoothed_sd_hu,
        "smooth_to_peak": around.smooth_peak_hu / np.maximum(peak, 1.0),
        "background_hu": around.background_hu,
        "fat_around": around.fat,
        "lung_around": around.lung,
        "bright_around": around.bright,
        "darkest_around_hu": around.darkest_hu,
        "above_hu": around.above_hu,
        "below_hu": around.below_hu,
    }


def _sampled(pieces: Pieces) -> NDArray[np.intp]:
    """Take up to `_SAMPLED_VOXELS` voxels of each piece, evenly."""
    order = np.argsort(pieces.piece, kind="stable")
    size = pieces.voxel_count
    start = np.cumsum(size) - size
    rank = np.arange(order.size) - start[pieces.piece[order]]
    step = -(-size // _SAMPLED_VOXELS)
    return np.sort(order[rank % step[pieces.piece[order]] == 0])


def _place(pieces: Pieces, known: Context, rows: NDArray[np.intp]) -> _Columns:
    """Where the piece is in the anatomy, and relative to the fitted walls."""
    group, places = pieces.piece[rows], pieces.places_mm()[rows]
    count = pieces.count
    size = np.bincount(group, minlength=count)
    values = sample(known.fields.anatomy, known.fields.values, places, outside=np.nan)
    out: _Columns = {}
    for name, one in zip(FIELD_NAMES, values, strict=True):
        out[name] = np.bincount(group, weights=one, minlength=count) / size
        if name.startswith("height_"):
            out[f"most_{name}"] = most_of(np.nan_to_num(one), group, count)
    for side, wall in (("ascending", known.ascending), ("descending", known.descending)):
        distance = np.full(len(places), np.nan)
        quality = np.zeros(len(places))
        if wall is not None:
            distance, quality = wall.signed_distance(places)
        out[f"from_{side}_wall_mm"] = np.bincount(group, weights=distance, minlength=count) / size
        closest = most_of(np.nan_to_num(-distance, nan=-np.inf), group, count)
        out[f"least_from_{side}_wall_mm"] = -closest
        out[f"{side}_wall_quality"] = np.bincount(group, weights=quality, minlength=count) / size
    return out


def _position(shapes: Shapes, fields: Fields) -> _Columns:
    """Coordinates of the centre in the heart's own frame, in sizes of the heart."""
    names = ("root_z", "root_y", "root_x", "heart_long", "heart_right", "heart_across")
    frame = fields.frame
    if frame is None:
        return {name: np.full(len(shapes.centre_mm), np.nan) for name in names}
    root = (shapes.centre_mm - frame.root_mm) / frame.size_mm
    own = (shapes.centre_mm - frame.ventricle_mm) @ frame.axes.T / frame.size_mm
    return dict(zip(names, (*root.T, *own.T), strict=True))


def _border(scan: CTScan, shapes: Shapes) -> _Columns:
    size = np.array(scan.shape) * scan.spacing_mm
    low = shapes.centre_mm + 0.5 * np.array(scan.spacing_mm)
    edge = np.minimum(low, size - low)
    return {"from_border_mm": edge[:, 1:].min(axis=1), "from_scan_end_mm": edge[:, 0]}


def _scan(scan: CTScan, noise: Noise, pieces: Pieces) -> _Columns:
    """Repeat what is the same for all pieces of a scan."""
    made = scan.acquisition
    gated = {True: 1.0, False: 0.0, None: 0.5}[made.is_gated]
    values = {
        "increment_mm": scan.spacing_mm[0],
        "thickness_mm": made.slice_thickness_mm or scan.spacing_mm[0],
        "pixel_mm": scan.spacing_mm[1],
        "noise_hu": noise.sd_hu,
        "smoothed_noise_hu": noise.smoothed_sd_hu,
        "kvp": made.kvp if made.kvp is not None else np.nan,
        "is_gated": gated,
        "log_pieces": np.log1p(pieces.count),
    }
    return {name: np.full(pieces.count, value, np.float64) for name, value in values.items()}


def _log_metal(scan: CTScan, pieces: Pieces) -> NDArray[np.float64]:
    """Measure what is as dense as metal near the heart, but in other lesions than the piece's.

    Whoever has wires, clips or leads may have more metal; who has none rarely has.
    """
    kvp = scan.acquisition.kvp
    least = _METAL_HU * float(voltage_factor(np.array(120.0 if kvp is None else kvp)))
    lesion = pieces.lesion[pieces.piece[pieces.hu >= least]]
    of_lesion = np.bincount(lesion, minlength=int(pieces.lesion.max()) + 1)
    others = of_lesion.sum() - of_lesion[pieces.lesion]
    return np.asarray(np.log1p(others * pieces.voxel_volume_mm3))
