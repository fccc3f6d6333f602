"""The axial slices that hold the calcium, side by side."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.sites import CORONARY_SITES, Site, Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.report.amounts import shown_position, shown_site
from corcal.report.calcium import CountedCalcium, counted_calcium, lesions_in_slice
from corcal.report.canvas import MARGIN_PX, MUTED, Box, Sheet, orientation_letters, scale_bar
from corcal.report.colours import rgb, site_colour
from corcal.report.decision_order import Turn, place_in_order
from corcal.report.framing import Frame, detail_frame, heart_frame
from corcal.report.heading import result_sheet
from corcal.report.key_lesions import key_slice
from corcal.report.outlines import outline_pixels
from corcal.report.unchecked import marked_name
from corcal.report.words import SLICES_COUNTED
from corcal.result import Result
from corcal.scoring.types import Lesion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MAX_SLICES", "axial_montage", "montage_sheet", "paint_calcium"]

MAX_SLICES = 12
WINDOW_HU = (-125.0, 225.0)  # centre 50, width 350: the mediastinal window
_SLICES_WITHOUT_CALCIUM = 6
_WIDTH_PX = 1500
_GAP_PX = 16
_CAPTION_PX = 30
_LESIONS_PX = 30
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3, 10: 4, 11: 4, 12: 4}
_NAMES_PX = 16.0  # of the type below a panel
_SHORT = {Site.ASCENDING_AORTA: "aorta", Site.DESCENDING_AORTA: "desc. aorta"}
_FILL = 0.6  # opacity of the fill: the calcium stays visible through it


def axial_montage(result: Result, scan: CTScan, voxels: SiteVoxels, path: Path | str) -> None:
    """Draw the axial slices with calcium, each lesion in the colour of its artery.

    Calcium is filled, and outlined at a distance; non-coronary calcium has a white outline alone.
    If there are more than `MAX_SLICES` slices with calcium, those that add most to the score are
    shown. If there are fewer and none of them has the non-coronary lesion that comes first by
    `corcal.report.decision_order`, the slice with most of that one is added. Without coronary
    calcium the picture shows slices through the heart, and says so.

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
    montage_sheet(result, scan, voxels).save(path)


def montage_sheet(result: Result, scan: CTScan, voxels: SiteVoxels) -> Sheet:
    """Draw the montage without writing it: one panel (axes) a view, coordinates in mm."""
    calcium = counted_calcium(result, scan, voxels)
    views = _views(result, scan, calcium)
    columns = _COLUMNS[len(views)]
    width = (_WIDTH_PX - 2 * MARGIN_PX - (columns - 1) * _GAP_PX) / columns
    height = width * max(_aspect(view.frame, scan) for view in views)
    row_px = _CAPTION_PX + height + _LESIONS_PX + _GAP_PX
    sheet = result_sheet(
        width_px=_WIDTH_PX,
        content_px=round(math.ceil(len(views) / columns) * row_px),
        result=result,
        shown=_shown_sites(calcium, views),
        footnote=SLICES_COUNTED,
        names_lesions=True,
    )
    for i, view in enumerate(views):
        box = Box(
            left=MARGIN_PX + (i % columns) * (width + _GAP_PX),
            top=sheet.top_px + (i // columns) * row_px + _CAPTION_PX,
            width=width,
            height=width * _aspect(view.frame, scan),
        )
        _draw_view(sheet, box, scan, calcium, view)
        _caption(sheet, box, result, scan, view)
    return sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A slice and the part of it to show."""

    z: int
    frame: Frame
    note: str = ""


def _views(result: Result, scan: CTScan, calcium: CountedCalcium) -> list[_View]:
    """Choose what to show, from head to feet; a single slice is also shown enlarged."""
    frame = heart_frame(scan, calcium)
    views = [_View(z=z, frame=frame) for z in _chosen_slices(calcium, frame)]
    if calcium.is_coronary.any() and len(views) == 1:
        z = views[0].z
        pixels = calcium.position[calcium.is_coronary & (calcium.position[:, 0] == z), 1:]
        views.append(_View(z=z, frame=detail_frame(scan, pixels, z), note="enlarged"))
    return views + _view_of_other_sites(result, scan, calcium, views, frame)


def _view_of_other_sites(
    result: Result, scan: CTScan, calcium: CountedCalcium, views: list[_View], frame: Frame
) -> list[_View]:
    """Show the lesion that comes first of those that do not count, if there is room."""
    others = [lesion for lesion in result.lesions if lesion.site not in Vessel.__members__]
    for lesion in sorted(others, key=_order) if len(views) < MAX_SLICES else ():
        position = calcium.position[
            (calcium.site == _site_of(lesion))
            & np.isin(calcium.position[:, 0], lesion.slices)
            & _is_in_plane(calcium.position, frame)
        ]
        if any(_is_shown(position, view) for view in views):
            return []
        if len(position):
            return [_View(z=key_slice(scan, position), frame=frame, note="not counted")]
    return []


def _site_of(lesion: Lesion) -> Site:
    return Site[lesion.site.upper()]


def _order(lesion: Lesion) -> tuple[Turn, float]:
    """Place a lesion in the order of all pictures."""
    chances = lesion.probabilities or {lesion.site: 1.0}
    coronary = sum(chances.get(vessel, 0.0) for vessel in Vessel)
    return place_in_order(_site_of(lesion), lesion.agatston, coronary)


def _is_shown(position: NDArray[np.int64], view: _View) -> bool:
    """Whether a view shows any of the voxels at these places."""
    return bool(((position[:, 0] == view.z) & _is_in_plane(position, view.frame)).any())


def _shown_sites(calcium: CountedCalcium, views: list[_View]) -> set[Site]:
    """Sites with calcium in at least one of the views."""
    found = [
        calcium.site[
            (calcium.position[:, 0] == view.z) & _is_in_plane(calcium.position, view.frame)
        ]
        for view in views
    ]
    return {Site(int(code)) for code in np.unique(np.concatenate(found))}


def _is_in_plane(position: NDArray[np.int64], frame: Frame) -> NDArray[np.bool_]:
    """Which voxels, shape (n, 3), lie within the rows and columns of a frame; shape (n,)."""
    _, y, x = position.T
    inside = (y >= frame.y[0]) & (y < frame.y[1]) & (x >= frame.x[0]) & (x < frame.x[1])
    return np.asarray(inside)


def _chosen_slices(calcium: CountedCalcium, frame: Frame) -> list[int]:
    """Choose the slices that add most to the score; without any, slices through the heart."""
    slices = np.flatnonzero(calcium.agatston_by_slice)
    if slices.size == 0:
        low, high = frame.z
        spread = np.linspace(low, high - 1, _SLICES_WITHOUT_CALCIUM + 2)[1:-1]
        return sorted({round(float(z)) for z in spread}, reverse=True)
    order = np.argsort(-calcium.agatston_by_slice[slices], kind="stable")
    return sorted((int(z) for z in slices[order[:MAX_SLICES]]), reverse=True)


def _aspect(frame: Frame, scan: CTScan) -> float:
    """Height over width of a frame, in mm."""
    (y0, y1), (x0, x1) = frame.y, frame.x
    return (y1 - y0) * scan.spacing_mm[1] / ((x1 - x0) * scan.spacing_mm[2])


def _draw_view(sheet: Sheet, box: Box, scan: CTScan, calcium: CountedCalcium, view: _View) -> None:
    """Show a slice in a box. Coordinates are mm from the centre of the first voxel of the scan."""
    _, dy, dx = scan.spacing_mm
    (y0, y1), (x0, x1) = view.frame.y, view.frame.x
    extent = ((x0 - 0.5) * dx, (x1 - 0.5) * dx, (y1 - 0.5) * dy, (y0 - 0.5) * dy)
    axes = sheet.panel(box, scan.hu[view.z, y0:y1, x0:x1], extent, WINDOW_HU)
    in_slice = calcium.position[:, 0] == view.z
    for code in np.unique(calcium.site[in_slice]):
        pixels = calcium.position[in_slice & (calcium.site == code), 1:]
        paint_calcium(axes, pixels, Site(int(code)), step_mm=(dy, dx), opacity=_FILL)
    orientation_letters(axes, "RLAP")
    scale_bar(axes)


def paint_calcium(
    axes: "Axes",
    pixels: NDArray[np.int64],
    site: Site,
    *,
    step_mm: tuple[float, float],
    opacity: float,
    seen: NDArray[np.bool_] | None = None,
) -> None:
    """Fill and outline the calcium of one site in a panel.

    Parameters
    ----------
    axes : Axes
        In mm from the centre of the first pixel.
    pixels : int64 ndarray of shape (n, 2)
        Row and column of each pixel, at least one.
    site : Site
        Gives the colour; non-coronary calcium is outlined and not filled.
    step_mm : (row, column)
        Spacing of the pixels.
    opacity : float
        Of the fill, 0 to 1.
    seen : bool ndarray of shape (n,), optional
        Pixels to fill; all if not given. The outline always goes round all of them.
    """
    is_coronary = site in CORONARY_SITES
    if is_coronary:
        low = pixels.min(axis=0)
        fill = np.zeros((*(pixels.max(axis=0) + 1 - low), 4))
        filled = pixels if seen is None else pixels[seen]
        fill[tuple((filled - low).T)] = (*(c / 255 for c in rgb(site_colour(site))), opacity)
        (top, left), (bottom, right) = (low - 0.5) * step_mm, (low + fill.shape[:2] - 0.5) * step_mm
        axes.imshow(fill, extent=(left, right, bottom, top), interpolation="nearest", aspect="auto")
    outline_pixels(
        axes,
        pixels,
        step_mm=step_mm,
        colour=site_colour(site),
        style="solid" if is_coronary else "dashed",
    )


def _caption(sheet: Sheet, box: Box, result: Result, scan: CTScan, view: _View) -> None:
    """Say which slice it is, and which lesions of the table it cuts."""
    z_mm = shown_position(scan.slices[view.z].position_mm[2])
    note = f", {view.note}" if view.note else ""
    end = sheet.text(box.left, box.top - 24, f"slice {view.z}", 18)
    sheet.text(end + 12, box.top - 24, f"z {z_mm} mm{note}", 18, color=MUTED)
    x, y = box.left, box.top + box.height
    for site, text in _names_that_fit(sheet, box, _lesions_below(result, view.z)):
        sheet.swatch(x, y + 8, 14, site_colour(site), filled=site in CORONARY_SITES)
        x = sheet.text(x + 20, y + 6, text, _NAMES_PX) + 14


def _lesions_below(result: Result, z: int) -> dict[Site, tuple[str, ...]]:
    """Names of the lesions that a slice cuts, by site, with a mark where the site is doubtful."""
    marked = {lesion.id: marked_name(result, lesion) for lesion in result.lesions}
    return {
        site: tuple(marked[name] for name in names)
        for site, names in lesions_in_slice(result, z).items()
    }


def _names_that_fit(
    sheet: Sheet, box: Box, found: Mapping[Site, tuple[str, ...]]
) -> list[tuple[Site, str]]:
    """Name the sites with as many of their lesions as have room below a panel.

    Where there is little, the lesions of the arteries alone have their names; where not even the
    sites have room, the last of them, which are not coronary, are left out.
    """
    texts: list[tuple[Site, str]] = []
    counts = range(max(map(len, found.values()), default=0), 0, -1)
    for own, others in (*((n, n) for n in counts), *((n, 0) for n in counts), (0, 0)):
        texts = [
            (site, _names(site, names, own if site in CORONARY_SITES else others))
            for site, names in found.items()
        ]
        widths = [sheet.text_size(text, _NAMES_PX)[0] + 34 for _, text in texts]
        if sum(widths) - 14 <= box.width:
            return texts
    while texts and sum(widths[: len(texts)]) - 14 > box.width:
        texts.pop()
    return texts


def _names(site: Site, names: tuple[str, ...], limit: int) -> str:
    more = f" +{len(names) - limit}" if 0 < limit < len(names) else ""
    return " ".join((_SHORT.get(site, shown_site(site.label)), *names[:limit])) + more
