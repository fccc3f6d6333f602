"""The heart seen through: maximum intensity projections with the calcium of each artery."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.report.calcium import CountedCalcium, counted_calcium
from corcal.report.canvas import MARGIN_PX, MUTED, Box, Sheet, orientation_letters, scale_bar
from corcal.report.framing import Frame, heart_frame
from corcal.report.heading import result_sheet
from corcal.report.slices import paint_calcium
from corcal.result import Result

__all__ = ["projection", "projection_sheet"]

_WIDTH_PX = 1500
_GAP_PX = 16
_CAPTION_PX = 30
_WINDOW_HU = (-150.0, 250.0)
_BONE_HU = 160.0
_BONE_VOLUME_MM3 = 2500.0  # a larger piece is bone, unless it counts as calcium
_BONE_EDGE_MM = 2.0
_SOFT_TISSUE_HU = 40  # what bone is replaced by
_FILL = 0.85


def projection(result: Result, scan: CTScan, voxels: SiteVoxels, path: Path | str) -> None:
    """Draw projections of a thick slab of the heart, from the feet and from the front.

    The grey is half the maximum and half the mean along each ray: the maximum alone shows noise
    where the heart is, the mean alone no calcium. Calcium that counts is coloured by its artery,
    over everything else and at any depth; where arteries cross, the denser voxel is seen, and the
    outlines go round both. Non-coronary calcium has a dashed outline alone. From the front, bone
    is taken out as far as it is easy: large dense pieces that no artery claims.

    Parameters
    ----------
    result : Result
        The scored exam; supplies every number of the picture.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.
    path : path
        PNG to write, 1500 pixels wide; an existing file is replaced.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If the file cannot be written, or this release does not know the rule of the result.
    """
    projection_sheet(result, scan, voxels).save(path)


def projection_sheet(result: Result, scan: CTScan, voxels: SiteVoxels) -> Sheet:
    """Draw the projections without writing them: two panels (axes), coordinates in mm."""
    calcium = counted_calcium(result, scan, voxels)
    frame = heart_frame(scan, calcium)
    framed = _framed(scan, calcium, frame)
    is_coronary = np.isin(framed.site, CORONARY_SITES)
    hu = (scan.hu[frame.slices], _without_bone(scan, frame, framed.position[is_coronary]))
    sizes = tuple(n * step for n, step in zip(hu[0].shape, scan.spacing_mm, strict=True))
    width = (_WIDTH_PX - 2 * MARGIN_PX - _GAP_PX) / 2
    tallest = width * max(sizes[0], sizes[1]) / sizes[2]
    sheet = result_sheet(
        width_px=_WIDTH_PX,
        content_px=round(_CAPTION_PX + tallest + 24),
        result=result,
        shown={Site(int(code)) for code in np.unique(framed.site)},
    )
    for column, view in enumerate(_VIEWS):
        rows = 1 - view.axis
        box = Box(
            left=MARGIN_PX + column * (width + _GAP_PX),
            top=sheet.top_px + _CAPTION_PX,
            width=width,
            height=width * sizes[rows] / sizes[2],
        )
        end = sheet.text(box.left, box.top - 24, view.name, 18)
        sheet.text(end + 12, box.top - 24, "maximum and mean intensity, half each", 18, color=MUTED)
        middle, step = frame.heart_mm[view.axis], scan.spacing_mm[view.axis]
        slab = _slab(hu[view.axis], view, middle, step)
        _draw(sheet, box, slab, framed, view, (scan.spacing_mm[rows], scan.spacing_mm[2]))
    return sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A direction to look along, and how thick a slab of the heart is seen through."""

    name: str
    axis: int  # of the scan
    before_mm: float  # from the middle of the heart, against the axis
    after_mm: float
    letters: str  # left, right, top, bottom


_VIEWS = (
    _View(name="from the feet", axis=0, before_mm=25.0, after_mm=50.0, letters="RLAP"),
    _View(name="from the front", axis=1, before_mm=40.0, after_mm=45.0, letters="RLHF"),
)


def _slab(
    hu: NDArray[np.number], view: _View, middle_mm: float, step_mm: float
) -> NDArray[np.floating]:
    """Average the maximum and the mean along the rays; shape of a panel, rows not yet flipped."""
    n = hu.shape[view.axis]
    start = min(max(0, round((middle_mm - view.before_mm) / step_mm)), n - 1)
    stop = max(start + 1, min(n, round((middle_mm + view.after_mm) / step_mm)))
    cut = hu.take(range(start, stop), axis=view.axis)
    mean = cut.mean(axis=view.axis, dtype=np.float32)
    return np.asarray((cut.max(axis=view.axis) + mean) / 2)


def _draw(
    sheet: Sheet,
    box: Box,
    grey: NDArray[np.floating],
    calcium: "_Framed",
    view: _View,
    step_mm: tuple[float, float],
) -> None:
    """Show a projection in a box. Coordinates are mm from the first voxel of the frame."""
    (row_mm, column_mm), (n_rows, n_columns) = step_mm, grey.shape
    seen = _seen_sites(calcium, view.axis, grey.shape)
    top, bottom = -row_mm / 2, (n_rows - 0.5) * row_mm
    if view.axis == 1:  # rows are slices here, and the head belongs at the top
        grey, top, bottom = grey[::-1], bottom, top
    extent = (-column_mm / 2, (n_columns - 0.5) * column_mm, bottom, top)
    axes = sheet.panel(box, grey, extent, _WINDOW_HU)
    for code in np.unique(calcium.site):
        rows, columns = calcium.position[calcium.site == code][:, [1 - view.axis, 2]].T
        paint_calcium(
            axes,
            np.stack((rows, columns), axis=1),
            Site(int(code)),
            step_mm=step_mm,
            opacity=_FILL,
            seen=seen[rows, columns] == code,
        )
    orientation_letters(axes, view.letters)
    scale_bar(axes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Framed:
    """Calcium within a frame: the arteries' last, and of these the densest last."""

    position: NDArray[np.int64]  # (n, 3), zero-based within the frame
    site: NDArray[np.uint8]


def _framed(scan: CTScan, calcium: CountedCalcium, frame: Frame) -> _Framed:
    corner = np.array([frame.z[0], frame.y[0], frame.x[0]])
    end = np.array([frame.z[1], frame.y[1], frame.x[1]])
    inside = ((calcium.position >= corner) & (calcium.position < end)).all(axis=1)
    position = calcium.position[inside]
    order = np.lexsort((scan.hu[tuple(position.T)], calcium.is_coronary[inside]))
    return _Framed(position=position[order] - corner, site=calcium.site[inside][order])


def _seen_sites(calcium: _Framed, axis: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Site code of the densest calcium along each ray, 0 where there is none."""
    seen = np.zeros(shape, dtype=np.uint8)
    rows, columns = calcium.position[:, 1 - axis], calcium.position[:, 2]
    seen[rows, columns] = calcium.site  # of repeated indices the last one stays: the densest
    return seen


def _without_bone(scan: CTScan, frame: Frame, keep: NDArray[np.int64]) -> NDArray[np.number]:
    """Copy the frame, with large dense pieces other than the kept voxels made soft tissue."""
    from scipy.ndimage import label, maximum_filter

    hu = scan.hu[frame.slices].copy()
    kept = tuple(keep.T)
    values = hu[kept]
    dense = hu > _BONE_HU
    dense[kept] = False
    pieces, _ = label(dense, structure=np.ones((3, 3, 3)))
    is_large = np.bincount(pieces.ravel()) * scan.voxel_volume_mm3 > _BONE_VOLUME_MM3
    is_large[0] = False
    edge = [2 * round(_BONE_EDGE_MM / step) + 1 for step in scan.spacing_mm[1:]]
    bone = maximum_filter(is_large[pieces], size=(1, *edge))
    hu[bone] = np.minimum(hu[bone], _SOFT_TISSUE_HU)
    hu[kept] = values
    return hu
