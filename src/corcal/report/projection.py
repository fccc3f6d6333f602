"""The heart seen through: maximum intensity projections with the calcium of each artery."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["projection", "projection_sheet", "projection_sheets"]

_WIDTH_PX = 1500
_GAP_PX = 16
_CAPTION_PX = 30
# Printed 60 mm wide, 44 pixels of type are 6 points
_INSET_WIDTH_PX, _INSET_GAP_PX, _INSET_TYPE_PX = 1240, 12, 44.0
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
    return _with_heading(result, _projected(result, scan, voxels))


def projection_sheets(result: Result, scan: CTScan, voxels: SiteVoxels) -> tuple[Sheet, Sheet]:
    """Draw the projections twice: to be used alone, and as a small part of a page.

    The second one has neither heading nor footer, which the page has, and larger type.
    """
    seen = _projected(result, scan, voxels)
    return _with_heading(result, seen), _inset(seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Projected:
    """What both views show: grey of each view, size of the frame (z, y, x) and of its voxels."""

    slabs: tuple[NDArray[np.floating], NDArray[np.floating]]
    calcium: "_Framed"
    size_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]


def _projected(result: Result, scan: CTScan, voxels: SiteVoxels) -> _Projected:
    calcium = counted_calcium(result, scan, voxels)
    frame = heart_frame(scan, calcium)
    framed = _framed(scan, calcium, frame)
    is_coronary = np.isin(framed.site, CORONARY_SITES)
    hu = (scan.hu[frame.slices], _without_bone(scan, frame, framed.position[is_coronary]))
    z, y, x = (n * step for n, step in zip(hu[0].shape, scan.spacing_mm, strict=True))
    feet, front = (
        _slab(hu[view.axis], view, frame.heart_mm[view.axis], scan.spacing_mm[view.axis])
        for view in _VIEWS
    )
    return _Projected(
        slabs=(feet, front), calcium=framed, size_mm=(z, y, x), spacing_mm=scan.spacing_mm
    )


def _with_heading(result: Result, seen: _Projected) -> Sheet:
    width = (_WIDTH_PX - 2 * MARGIN_PX - _GAP_PX) / 2
    sheet = result_sheet(
        width_px=_WIDTH_PX,
        content_px=round(_CAPTION_PX + max(_heights(seen, width)) + 24),
        result=result,
        shown={Site(int(code)) for code in np.unique(seen.calcium.site)},
    )
    for column, (view, height) in enumerate(zip(_VIEWS, _heights(seen, width), strict=True)):
        left, top = MARGIN_PX + column * (width + _GAP_PX), sheet.top_px + _CAPTION_PX
        end = sheet.text(left, top - 24, view.name, 18)
        sheet.text(end + 12, top - 24, "maximum and mean intensity, half each", 18, color=MUTED)
        axes = _draw(sheet, Box(left=left, top=top, width=width, height=height), seen, view)
        orientation_letters(axes, view.letters)
        scale_bar(axes)
    return sheet


def _inset(seen: _Projected) -> Sheet:
    width = (_INSET_WIDTH_PX - _INSET_GAP_PX) / 2
    heights = _heights(seen, width)
    sheet = Sheet(width_px=_INSET_WIDTH_PX, height_px=round(max(heights)), top_px=0)
    for column, (view, height) in enumerate(zip(_VIEWS, heights, strict=True)):
        left = column * (width + _INSET_GAP_PX)
        axes = _draw(sheet, Box(left=left, top=0, width=width, height=height), seen, view)
        orientation_letters(axes, view.letters, size_px=_INSET_TYPE_PX, inset=0.02)
        scale_bar(axes, size_px=_INSET_TYPE_PX)
    return sheet


def _heights(seen: _Projected, width: float) -> list[float]:
    """Height in pixels of each view that is so wide."""
    return [width * seen.size_mm[1 - view.axis] / seen.size_mm[2] for view in _VIEWS]


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


def _draw(sheet: Sheet, box: Box, seen: _Projected, view: _View) -> "Axes":
    """Show a view in a box. Coordinates are mm from the first voxel of the frame."""
    grey, calcium = seen.slabs[_VIEWS.index(view)], seen.calcium
    (n_rows, n_columns), rows_axis = grey.shape, 1 - view.axis
    row_mm, column_mm = step_mm = (seen.spacing_mm[rows_axis], seen.spacing_mm[2])
    densest = _seen_sites(calcium, view.axis, grey.shape)
    top, bottom = -row_mm / 2, (n_rows - 0.5) * row_mm
    if view.axis == 1:  # rows are slices here, and the head belongs at the top
        grey, top, bottom = grey[::-1], bottom, top
    extent = (-column_mm / 2, (n_columns - 0.5) * column_mm, bottom, top)
    axes = sheet.panel(box, grey, extent, _WINDOW_HU)
    for code in np.unique(calcium.site):
        rows, columns = calcium.position[calcium.site == code][:, [rows_axis, 2]].T
        paint_calcium(
            axes,
            np.stack((rows, columns), axis=1),
            Site(int(code)),
            step_mm=step_mm,
            opacity=_FILL,
            seen=densest[rows, columns] == code,
        )
    return axes


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
