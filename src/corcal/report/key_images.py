"""Key images: the largest lesion of each artery in its slice, enlarged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.lesions.sites import CORONARY_SITES, Site, Vessel
from corcal.lesions.voxels import SiteVoxels
from corcal.report.amounts import shown, shown_percent, shown_position, shown_site
from corcal.report.calcium import CountedCalcium, counted_calcium, lesion_positions
from corcal.report.canvas import (
    CAUTION,
    MUTED,
    TEXT,
    Box,
    Sheet,
    orientation_letters,
    scale_bar,
)
from corcal.report.colours import site_colour
from corcal.report.framing import Frame, detail_frame
from corcal.report.key_lesions import key_slice, largest_lesions
from corcal.report.outlines import outline_pixels
from corcal.report.slices import WINDOW_HU
from corcal.report.unchecked import is_site_doubtful, marked_name, unchecked_words
from corcal.result import Result
from corcal.scoring.types import Lesion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KEY_NAMES", "key_images", "key_sheets"]

KEY_NAMES: Mapping[Vessel, str] = {vessel: f"key_{vessel}" for vessel in Vessel}
# Printed 45 mm wide, 35 pixels of type are 6.4 points
_SIZE_PX = 700
_FOOTER_PX, _UNCHECKED_PX = 28, 30.0  # below the slice: what it is for; that nobody has checked it
_NAME_PX, _AMOUNT_PX, _PLACE_PX, _LETTERS_PX = 46.0, 36.0, 32.0, 32.0
_FOOTNOTE_PX, _UNCHECKED_TYPE_PX = 15.0, 20.0
_INSET_PX = 14.0  # of type from the edges of the slice
_LINE_WIDTH, _QUIET_WIDTH = 2.6, 1.1  # of the outlines: the lesion; other calcium beside it
_REACH_MM = 5.0  # calcium outside the frame whose outline may come into it


def key_images(
    result: Result, scan: CTScan, voxels: SiteVoxels, *, comment: str | None = None
) -> dict[str, bytes]:
    """Draw the lesion with the highest Agatston score of each artery.

    The axial slice with most of the lesion, in a square of 40 mm or more around it. The lesion is
    outlined at a distance in the colour of its artery, other calcium that counts thinly, calcium
    outside the arteries dashed. Nothing of the slice is covered by colour.

    Parameters
    ----------
    result : Result
        The scored exam; supplies every number of the pictures.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.
    comment : str, optional
        Kept inside each file.

    Returns
    -------
    dict of str to bytes
        PNG, 700 pixels square, by name: ``"key_LM"``, ``"key_LAD"``, ``"key_LCX"``, ``"key_RCA"``;
        an artery without calcium has none.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If the voxels are not those of the result, or this release does not know its rule.
    """
    sheets = key_sheets(result, scan, voxels)
    return {name: sheet.png(comment=comment) for name, sheet in sheets.items()}


def key_sheets(result: Result, scan: CTScan, voxels: SiteVoxels) -> dict[str, Sheet]:
    """Draw the key images without writing them: one panel (axes) each, coordinates in mm."""
    largest = largest_lesions(result)
    if not largest:
        return {}
    positions = lesion_positions(result, scan, voxels)
    calcium = counted_calcium(result, scan, voxels)
    sheets = {}
    for vessel, number in largest.items():
        view = _view(scan, positions[number])
        sheets[KEY_NAMES[vessel]] = _sheet(result, result.lesions[number], scan, calcium, view)
    return sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A slice, the part of it to show, and the lesion in it: row and column of its pixels."""

    z: int
    frame: Frame
    pixels: NDArray[np.int64]


def _view(scan: CTScan, position: NDArray[np.int64]) -> _View:
    z = key_slice(scan, position)
    pixels = position[position[:, 0] == z, 1:]
    return _View(z=z, frame=detail_frame(scan, pixels, z), pixels=pixels)


def _sheet(
    result: Result, lesion: Lesion, scan: CTScan, calcium: CountedCalcium, view: _View
) -> Sheet:
    sheet = Sheet(width_px=_SIZE_PX, height_px=_SIZE_PX, top_px=0)
    unchecked = unchecked_words(result)
    side = _SIZE_PX - _FOOTER_PX - (_UNCHECKED_PX if unchecked else 0.0)
    box = _box(scan, view.frame, side)
    _, dy, dx = scan.spacing_mm
    (y0, y1), (x0, x1) = view.frame.y, view.frame.x
    extent = ((x0 - 0.5) * dx, (x1 - 0.5) * dx, (y1 - 0.5) * dy, (y0 - 0.5) * dy)
    axes = sheet.panel(box, scan.hu[view.z, y0:y1, x0:x1], extent, WINDOW_HU)
    _outline_others(axes, calcium, view, (dy, dx))
    site = Site[lesion.site]
    outline_pixels(axes, view.pixels, step_mm=(dy, dx), colour=site_colour(site), width=_LINE_WIDTH)
    orientation_letters(axes, "RLAP", size_px=_LETTERS_PX, inset=0.02)
    scale_bar(axes, size_px=_LETTERS_PX)
    _write_names(sheet, result, lesion, side)
    _write_place(sheet, scan, view.z, side)
    if unchecked:
        _write_below(sheet, side + _UNCHECKED_PX / 2, unchecked, _UNCHECKED_TYPE_PX, CAUTION)
    statement_y = _SIZE_PX - _FOOTER_PX / 2
    _write_below(sheet, statement_y, result.provenance.statement, _FOOTNOTE_PX, MUTED)
    return sheet


def _box(scan: CTScan, frame: Frame, side: float) -> Box:
    """Fit the frame into the square above the footer."""
    height_mm = (frame.y[1] - frame.y[0]) * scan.spacing_mm[1]
    width_mm = (frame.x[1] - frame.x[0]) * scan.spacing_mm[2]
    scale = side / max(height_mm, width_mm)
    width, height = width_mm * scale, height_mm * scale
    return Box(left=(_SIZE_PX - width) / 2, top=(side - height) / 2, width=width, height=height)


def _outline_others(
    axes: "Axes", calcium: CountedCalcium, view: _View, step_mm: tuple[float, float]
) -> None:
    """Outline the other calcium in the frame, site by site."""
    frame = view.frame
    z, y, x = calcium.position.T
    reach_y, reach_x = (round(_REACH_MM / step) for step in step_mm)
    near = (z == view.z) & (y >= frame.y[0] - reach_y) & (y < frame.y[1] + reach_y)
    near &= (x >= frame.x[0] - reach_x) & (x < frame.x[1] + reach_x)
    pixels, sites = calcium.position[near, 1:], calcium.site[near]
    own = {tuple(pixel) for pixel in view.pixels.tolist()}
    others = np.array([tuple(pixel) not in own for pixel in pixels.tolist()], dtype=bool)
    for code in np.unique(sites[others]):
        site = Site(int(code))
        outline_pixels(
            axes,
            pixels[others & (sites == code)],
            step_mm=step_mm,
            colour=site_colour(site),
            width=_QUIET_WIDTH,
            style="solid" if site in CORONARY_SITES else "dashed",
        )


def _write_names(sheet: Sheet, result: Result, lesion: Lesion, side: float) -> None:
    """Write artery, name and score into the upper corner.

    Where the site is doubtful, the name has a mark, and below the score stands how probable it is.
    """
    left, top = _left(side), _INSET_PX + 1.2 * _NAME_PX
    name = marked_name(result, lesion)
    wide = sheet.text_size(f"{lesion.site} {name}", _NAME_PX, weight="bold")[0]
    size = _NAME_PX * min(1.0, (_SIZE_PX / 2 - _LETTERS_PX - left) / wide)  # beside the letter
    colour = site_colour(Site[lesion.site])
    end = _label(sheet, left, _INSET_PX, lesion.site, size, color=colour, fontweight="bold")
    _label(sheet, end + 12, _INSET_PX, name, size, fontweight="bold")
    _label(sheet, left, top, f"Agatston {shown(lesion.agatston)}", _AMOUNT_PX)
    if is_site_doubtful(result, lesion):
        _label(sheet, left, top + 1.25 * _AMOUNT_PX, _chance_words(lesion), _PLACE_PX)


def _write_place(sheet: Sheet, scan: CTScan, z: int, side: float) -> None:
    """Write number and height of the slice into the lower corner."""
    left, bottom = _left(side), side - _INSET_PX
    z_mm = shown_position(scan.slices[z].position_mm[2])
    _label(sheet, left, bottom, f"z {z_mm} mm", _PLACE_PX, va="bottom")
    _label(sheet, left, bottom - 1.25 * _PLACE_PX, f"slice {z}", _PLACE_PX, va="bottom")


def _left(side: float) -> float:
    """Where type over a slice so wide begins."""
    return (_SIZE_PX - side) / 2 + _INSET_PX


def _write_below(sheet: Sheet, y: float, text: str, size_px: float, colour: str) -> None:
    sheet.text(_SIZE_PX / 2, y, text, size_px, color=colour, ha="center", va="center")


def _chance_words(lesion: Lesion) -> str:
    """Say how probable the site is, and what else is likeliest: ``LCX 65 %, LM 22 %``."""
    chances = lesion.probabilities or {}
    others = {site: chance for site, chance in chances.items() if site != lesion.site}
    second = max(others, key=lambda site: others[site], default=lesion.site)
    said = {lesion.site: chances.get(lesion.site, 0.0), second: chances.get(second, 0.0)}
    return ", ".join(f"{shown_site(site)} {shown_percent(chance)}" for site, chance in said.items())


def _label(sheet: Sheet, x: float, y: float, text: str, size_px: float, **options: str) -> float:
    """Write over the slice, legible on black and on white; return where the text ends."""
    from matplotlib.patheffects import withStroke

    effects = [withStroke(linewidth=6.0, foreground="black")]
    return sheet.text(x, y, text, size_px, **({"color": TEXT} | options), path_effects=effects)
