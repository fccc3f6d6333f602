"""What a scan shows, measured on a coarse grid: lungs, the heart between them, blood and noise.

No model is needed for these questions: the heart is the soft tissue that has lung on its left and
on its right. A grid of about 5 x 5 mm in every 3 mm slice answers them in some milliseconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan

__all__ = ["ThoraxMeasures", "measure_thorax"]

_Mask = NDArray[np.bool_]
_Grid = NDArray[np.int16]

CELL_MM = 5.0  # in-plane; half of the smallest structure that is looked for, the aortic root
SLICE_STEP_MM = 3.0
PADDED_HU = -1020  # at or below: outside of the reconstruction, or air cut off at -1024
TABLE_VIEW_MM = 300.0  # a smaller field of view around the heart does not reach the table
AIR_HU = -960  # outside air has -1000, the lungs -950 to -500
LUNG_HU = (-970, -500)
SKIN_HU = -300  # the outside ends where a ray from the edge meets this
SOFT_HU = -200  # fat, muscle, blood, bone
MIN_BODY_SHARE = 0.08  # of a slice; less is the end of a phantom, or a table without a patient
HEART_LEVEL_SHARE = 0.6  # of the largest lung area: above the domes of the diaphragm
HEART_LEVEL_MM = 75.0  # of height from there upwards: heart and roots of the great vessels
DIAPHRAGM_SHARE = 0.15  # of the largest lung area: where heart and diaphragm meet
ENHANCED_HU = 130  # non-contrast blood has 30 to 60 HU
ENHANCED_SHARE = 0.12  # of the heart; calcium and bone stay below, one filled chamber is above
CHEST_WALL_MM = 40.0  # depth of soft tissue in a column of the chest; tables are thinner
NOISE_PATCHES = 96
NOISE_PATCH_MM = 9.0
EXTRUSION_STEP_MM = 9.0  # in which every level of a person changes
EXTRUSION_CHANGE_HU = 80
EXTRUSION_SHARE = 0.03  # measured: persons 0.18 to 0.33 of the cells, the QRM thorax 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoraxMeasures:
    """What the voxels of a scan show.

    Attributes
    ----------
    body_share : float
        Part of the volume that is fat or denser.
    lung_volume_ml : float
        Lung in the image; less than the patient's where the field of view cuts it.
    lung_area_cm2 : float
        Largest lung area of a slice, in front of the spine.
    heart_area_cm2 : float
        Largest area of soft tissue with lung on both sides in a slice, in front of the spine.
    heart_height_mm : float
        From where heart and diaphragm meet to the top of the scan.
    bottom_lung_share : float
        Lung area of the lowest slice over the largest; near 0 if the abdomen is reached.
    is_cut_laterally : bool
        The body reaches the left and right edge of the image: its width is not measurable.
    body_width_mm : float
        From left to right at the levels of the heart, as far as the image shows it.
    blood_hu : float or None
        Most frequent HU inside the heart (of its enhanced part, if there is one).
    enhanced_share : float
        Part of the heart at `ENHANCED_HU` or more.
    noise_hu : float or None
        Standard deviation inside homogeneous parts of the heart.
    is_extruded : bool
        Slices 9 mm apart are alike, as in phantoms and in no chest.
    """

    body_share: float
    lung_volume_ml: float
    lung_area_cm2: float
    heart_area_cm2: float
    heart_height_mm: float
    bottom_lung_share: float
    is_cut_laterally: bool
    body_width_mm: float
    blood_hu: float | None
    enhanced_share: float
    noise_hu: float | None
    is_extruded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coarse:
    """Means of four voxels a cell, and how to come back to the voxels."""

    hu: _Grid
    step: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    @property
    def cell_cm2(self) -> float:
        return self.spacing_mm[1] * self.spacing_mm[2] / 100.0


def measure_thorax(scan: CTScan) -> ThoraxMeasures:
    """Measure what a scan shows of lungs, heart, blood and noise.

    Parameters
    ----------
    scan : CTScan
        Canonical axes.

    Returns
    -------
    ThoraxMeasures
        See there.
    """
    grid = _coarse(scan)
    soft = grid.hu > SOFT_HU
    has_body = soft.mean(axis=(1, 2)) >= MIN_BODY_SHARE
    prone = (scan.acquisition.patient_position or "").upper().endswith("P")
    lung = _lungs(grid.hu) & has_body[:, None, None]
    if grid.hu.shape[1] * grid.spacing_mm[1] >= TABLE_VIEW_MM:
        lung &= _before_back(grid.hu, prone=prone)
    front = _front_rows(lung)
    heart = _between(lung) & soft
    lung_area = lung[:, front].sum(axis=(1, 2)) * grid.cell_cm2
    heart_area = heart[:, front].sum(axis=(1, 2)) * grid.cell_cm2
    inside = _heart_inside(grid, heart, front, lung_area)
    blood, enhanced = _blood(grid.hu[inside])
    width, is_cut = _body_width(grid, lung_area)
    top_area = float(lung_area.max())
    return ThoraxMeasures(
        body_share=float(soft.mean()),
        lung_volume_ml=float(lung.sum() * grid.cell_cm2 * grid.spacing_mm[0] / 10.0),
        lung_area_cm2=top_area,
        heart_area_cm2=float(heart_area.max()),
        heart_height_mm=_height(lung_area, grid.spacing_mm[0]),
        bottom_lung_share=_bottom_share(lung_area, has_body),
        is_cut_laterally=is_cut,
        body_width_mm=width,
        blood_hu=blood,
        enhanced_share=enhanced,
        noise_hu=None if blood is None else _noise(scan, grid, inside, blood),
        is_extruded=_is_extruded(grid, has_body),
    )


def _coarse(scan: CTScan) -> _Coarse:
    dz, dy, dx = scan.spacing_mm
    n_y, n_x = scan.shape[1:]
    kz = max(1, int(SLICE_STEP_MM / dz + 0.01))
    ky, kx = (min(max(1, round(CELL_MM / d)), n) for d, n in ((dy, n_y), (dx, n_x)))
    rows, columns = n_y // ky, n_x // kx
    total = np.zeros((-(-scan.shape[0] // kz), rows, columns), np.int16)
    corners = [(y, x) for y in (ky // 4, 3 * ky // 4) for x in (kx // 4, 3 * kx // 4)]
    for rounding, (y, x) in enumerate(corners):
        part = scan.hu[::kz, y : y + rows * ky : ky, x : x + columns * kx : kx]
        # Quarters are added, so that int16 holds any HU; the four roundings even out.
        total += (np.clip(part, -1024, 8000).astype(np.int16, copy=False) + rounding) // 4
    return _Coarse(hu=total, step=(kz, ky, kx), spacing_mm=(dz * kz, dy * ky, dx * kx))


def _first(mask: _Mask, axis: int) -> NDArray[np.intp]:
    """Index of the first true value along an axis; its length where there is none."""
    index: NDArray[np.intp] = np.asarray(mask.argmax(axis=axis))
    index[~mask.any(axis=axis)] = mask.shape[axis]
    return index


def _outside(hu: _Grid) -> _Mask:
    """Air around the body: what rays from the four edges cross before they meet the skin.

    A ray counts only if it starts in air, as the field of view of a heart scan begins in the lung.
    Padding before its start is skipped: many scanners reconstruct a disc.
    """
    outside = np.zeros(hu.shape, bool)
    for axis in (1, 2):
        length = hu.shape[axis]
        place = np.arange(length).reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
        for backwards in (False, True):
            ray = np.flip(hu, axis) if backwards else hu
            start = np.minimum(_first(ray > PADDED_HU, axis), length - 1)
            following = np.minimum(start + 1, length - 1)
            in_air = _take(ray, start, axis) < AIR_HU
            in_air &= _take(ray, following, axis) < AIR_HU
            skin = np.expand_dims(_first(ray >= SKIN_HU, axis), axis)
            crossed = (place < skin) & np.expand_dims(in_air, axis)
            outside |= np.flip(crossed, axis) if backwards else crossed
    return outside


def _take(hu: _Grid, index: NDArray[np.intp], axis: int) -> _Grid:
    return np.take_along_axis(hu, np.expand_dims(index, axis), axis).squeeze(axis)


def _lungs(hu: _Grid) -> _Mask:
    """Cells of lung whose upper and left neighbours are lung too: skin is one cell thin."""
    lung = (hu > LUNG_HU[0]) & (hu < LUNG_HU[1]) & ~_outside(hu)
    core = lung.copy()
    core[:, 1:] &= lung[:, :-1]
    core[:, :, 1:] &= lung[:, :, :-1]
    return core


def _before_back(hu: _Grid, *, prone: bool) -> _Mask:
    """Cells with a back between them and the table: the foam of a mattress looks like lung."""
    from_table = hu if prone else hu[:, ::-1]
    back = from_table >= SKIN_HU
    back[:, :-2] &= back[:, 1:-1] & back[:, 2:]  # three cells deep; the shell of a table is thinner
    back[:, -2:] = False
    depth = _first(back, 1)[:, None]
    behind = np.arange(hu.shape[1])[:, None] > depth
    return behind if prone else behind[:, ::-1]


def _front_rows(lung: _Mask) -> slice:
    """Rows from the front of the lungs to their middle: the heart is there, the spine is not."""
    weight = np.cumsum(lung.sum(axis=(0, 2)))
    if weight[-1] == 0:
        return slice(0, 0)
    first, last = np.searchsorted(weight, (0.02 * weight[-1], 0.55 * weight[-1]))
    return slice(int(first), int(last) + 1)


def _between(lung: _Mask) -> _Mask:
    """Cells with lung somewhere to their left and to their right."""
    n_x = lung.shape[2]
    place = np.arange(n_x)
    first = _first(lung, 2)[..., None]
    last = n_x - 1 - _first(lung[:, :, ::-1], 2)[..., None]
    between: _Mask = (place > first) & (place < last)
    return between


def _heart_inside(
    grid: _Coarse, heart: _Mask, front: slice, lung_area: NDArray[np.floating]
) -> _Mask:
    """Cells of the heart that touch no lung, at the levels of the heart."""
    level = lung_area >= HEART_LEVEL_SHARE * lung_area.max()
    start = int(level.argmax())
    stop = start + max(1, int(HEART_LEVEL_MM / grid.spacing_mm[0]))
    inside = np.zeros(heart.shape, bool)
    if lung_area.max() == 0:
        return inside
    core = heart[start:stop, front] & (grid.hu[start:stop, front] > -50)
    core &= level[start:stop, None, None]
    eroded = core[:, 1:-1, 1:-1] & core[:, :-2, 1:-1] & core[:, 2:, 1:-1]
    eroded &= core[:, 1:-1, :-2] & core[:, 1:-1, 2:]
    rows = slice(front.start + 1, front.start + 1 + eroded.shape[1])
    inside[start:stop, rows, 1:-1] = eroded
    return inside


def _blood(values: _Grid) -> tuple[float | None, float]:
    """Return the blood pool's HU and the share of the heart that is enhanced."""
    if values.size < 20:  # about 1 cm3 a slice in a few slices: no heart
        return None, 0.0
    enhanced = float((values >= ENHANCED_HU).mean())
    if enhanced >= ENHANCED_SHARE:
        values = values[values >= ENHANCED_HU]
        return float(np.median(values)), enhanced
    counts = np.bincount((np.clip(values, -50, 600) + 50) // 10)
    smooth = np.convolve(counts, (1, 2, 1), "same")
    mode = int(smooth.argmax()) * 10 - 45
    return float(values[np.abs(values - mode) < 25].mean()), enhanced


def _noise(scan: CTScan, grid: _Coarse, inside: _Mask, blood_hu: float) -> float | None:
    """Measure the standard deviation in homogeneous patches of the heart: the lower quartile.

    Grooves with fat and vessels raise the deviation of some patches, nothing lowers it.
    """
    cells = np.argwhere(inside & (np.abs(grid.hu - blood_hu) < 30))
    if len(cells) == 0:
        return None
    chosen = cells[np.linspace(0, len(cells) - 1, min(NOISE_PATCHES, len(cells))).astype(int)]
    z = chosen[:, 0] * grid.step[0]
    reach = [max(1, round(NOISE_PATCH_MM / 2 / d)) for d in scan.spacing_mm[1:]]
    y, x = (
        np.clip(
            chosen[:, axis, None] * grid.step[axis]
            + grid.step[axis] // 2
            + np.arange(-half, half + 1),
            0,
            scan.shape[axis] - 1,
        )
        for axis, half in ((1, reach[0]), (2, reach[1]))
    )
    patches = scan.hu[z[:, None, None], y[:, :, None], x[:, None, :]].astype(np.float32)
    return float(np.percentile(patches.std(axis=(1, 2)), 25))


def _height(lung_area: NDArray[np.floating], dz: float) -> float:
    """Height from the level where the heart meets the diaphragm to the top of the scan."""
    if lung_area.max() == 0:
        return 0.0
    start = int((lung_area >= DIAPHRAGM_SHARE * lung_area.max()).argmax())
    return (len(lung_area) - start) * dz


def _bottom_share(lung_area: NDArray[np.floating], has_body: _Mask) -> float:
    """Lung area of the lowest slice with a body over the largest."""
    if lung_area.max() == 0 or not has_body.any():
        return 0.0
    return float(lung_area[int(has_body.argmax())] / lung_area.max())


def _body_width(grid: _Coarse, lung_area: NDArray[np.floating]) -> tuple[float, bool]:
    """Width of the chest at the levels of the heart, and whether the image cuts it."""
    level = lung_area >= HEART_LEVEL_SHARE * lung_area.max()
    depth = (grid.hu[level] > SOFT_HU).sum(axis=1) * grid.spacing_mm[1]
    present = np.median(depth, axis=0) >= CHEST_WALL_MM
    if not present.any():
        return 0.0, False
    first, last = int(present.argmax()), len(present) - 1 - int(present[::-1].argmax())
    is_cut = first <= 1 or last >= len(present) - 2
    return (last - first + 1) * grid.spacing_mm[2], is_cut


def _is_extruded(grid: _Coarse, has_body: _Mask) -> bool:
    """Whether slices some distance apart are the same, cell by cell."""
    step = max(1, round(EXTRUSION_STEP_MM / grid.spacing_mm[0]))
    both = has_body[step:] & has_body[:-step]
    if not both.any():
        return False
    lower, upper = grid.hu[:-step][both], grid.hu[step:][both]
    filled = (lower > -950) | (upper > -950)
    changed = (np.abs(upper - lower) > EXTRUSION_CHANGE_HU) & filled
    share = changed.sum(axis=(1, 2)) / np.maximum(1, filled.sum(axis=(1, 2)))
    return bool(np.median(share) < EXTRUSION_SHARE)
