"""What automatic scoring saw: the anatomy it found, and each decision it took."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal._version import __version__
from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan
from corcal.lesions.decision import Detection
from corcal.report.amounts import shown_position
from corcal.report.anatomy_lines import draw_outlines, draw_pathways, structure_names
from corcal.report.canvas import (
    MARGIN_PX,
    MUTED,
    Box,
    Sheet,
    footer_px,
    lines_that_fit,
    orientation_letters,
    scale_bar,
)
from corcal.report.framing import Frame
from corcal.report.heart_box import heart_box
from corcal.report.montage_heading import HEADING_PX, draw_heading, heading_of, scored_by
from corcal.report.montage_labels import Mark, Panel, draw_labels, mark_of, piece_colour
from corcal.report.outlines import outline_pixels
from corcal.report.pieces import Piece, lesion_pieces_of
from corcal.report.slice_choice import choose_slices
from corcal.report.words import SLICES_COUNTED
from corcal.result import RESEARCH_USE, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["anatomy_montage", "anatomy_sheet"]

WINDOW_HU = (-125.0, 225.0)  # centre 50, width 350: the mediastinal window
_WIDTH_PX = 1500
_COLUMNS = 3
_GAP_PX = 16
_CAPTION_PX = 34
_OVERVIEW_PX = 330.0  # height of the coronal and the sagittal view
_OVERVIEW_WIDEST_PX = 345.0
_SLAB_MM = 10.0  # thickness that these average
_HALO_MM = 1.5
_LETTERS_PX = 17.0
_FOOTER_TYPE_PX = 16.0


def anatomy_montage(
    result: Result, scan: CTScan, anatomy: Anatomy, detection: Detection, path: Path | str
) -> None:
    """Draw the anatomy and the decisions, for a person who asks whether to believe a score.

    Axial slices from above the left main to the apex, with every coronary lesion, every doubtful
    candidate and every large one on at least one of them; a coronal and a sagittal view with the
    height of these slices. Thin lines are the anatomy, soft lines in their colours the arteries.
    Coronary lesions are outlined in the colour of their artery, what was taken for something else
    in grey; they are named as in the result, with site, Agatston score and the probability of the
    site. Dashed is doubtful. Bone has no name, and what is too small to count neither.

    Parameters
    ----------
    result : Result
        The scored exam: numbers the lesions.
    scan : CTScan
        The scan that was scored.
    anatomy : Anatomy
        What was found in it.
    detection : Detection
        The candidates, and what was decided about them.
    path : path
        PNG to write, 1500 pixels wide; an existing file is replaced.

    Raises
    ------
    GeometryError
        If the detection is not of the scan's shape.
    InputError
        If the file cannot be written, or the detection has other lesions than the result.
    """
    anatomy_sheet(result, scan, anatomy, detection).save(path)


def anatomy_sheet(result: Result, scan: CTScan, anatomy: Anatomy, detection: Detection) -> Sheet:
    """Draw the montage without writing it: the axial panels first, then the two overviews."""
    pieces = lesion_pieces_of(result, scan, detection)
    frame = heart_box(scan, anatomy, pieces)
    slices, unseen = choose_slices(pieces, heart=frame.z, n_z=scan.shape[0])
    width = (_WIDTH_PX - 2 * MARGIN_PX - (_COLUMNS - 1) * _GAP_PX) / _COLUMNS
    height = width * _aspect(frame, scan)
    row_px = _CAPTION_PX + height + _GAP_PX
    boxes = _overview_boxes(scan, frame)
    right = min(box.left for box in boxes) - _GAP_PX - 24
    heading = heading_of(result, anatomy, detection, pieces, right_px=right, unseen=unseen)
    footer = _footer_lines(result)
    rows_px = math.ceil(len(slices) / _COLUMNS) * row_px
    sheet = Sheet(
        width_px=_WIDTH_PX,
        height_px=round(heading.height_px + rows_px + footer_px(footer)),
        top_px=heading.height_px,
    )
    marks = _marks(pieces, slices, scan.shape[0])
    seen = _Seen(scan=scan, anatomy=anatomy, pieces=pieces, frame=frame)
    for i, z in enumerate(slices):
        box = Box(
            left=MARGIN_PX + (i % _COLUMNS) * (width + _GAP_PX),
            top=sheet.top_px + (i // _COLUMNS) * row_px + _CAPTION_PX,
            width=width,
            height=height,
        )
        _draw_slice(sheet, box, seen, z, [m for m in marks if m.z == z])
    for view, box in zip(_OVERVIEWS, boxes, strict=True):
        _draw_overview(sheet, box, seen, view, slices)
    draw_heading(sheet, heading)
    sheet.footer(footer, _FOOTER_TYPE_PX)
    return sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the panels show."""

    scan: CTScan
    anatomy: Anatomy
    pieces: tuple[Piece, ...]
    frame: Frame


def _marks(pieces: tuple[Piece, ...], slices: Sequence[int], n_z: int) -> list[Mark]:
    """Name each piece once: in its own slice, or if it is not shown where most of it is.

    Bone, and what is too small to count, has no name; nor has what is of little weight and whose
    own slice is not shown.
    """
    marks = []
    for piece in sorted(pieces, key=lambda p: p.order):
        if not piece.is_named:
            continue
        area = piece.area_by_slice(n_z)[list(slices)]
        if piece.key_slice in slices:
            marks.append(mark_of(piece, piece.key_slice))
        elif piece.must_be_seen and area.any():
            marks.append(mark_of(piece, slices[int(area.argmax())]))
    return marks


def _aspect(frame: Frame, scan: CTScan) -> float:
    """Height over width of a frame, in mm."""
    (y0, y1), (x0, x1) = frame.y, frame.x
    return (y1 - y0) * scan.spacing_mm[1] / ((x1 - x0) * scan.spacing_mm[2])


def _draw_slice(sheet: Sheet, box: Box, seen: _Seen, z: int, marks: list[Mark]) -> None:
    """Show an axial slice. Coordinates are mm from the centre of the scan's first voxel."""
    dz, dy, dx = seen.scan.spacing_mm
    (y0, y1), (x0, x1) = seen.frame.y, seen.frame.x
    extent = ((x0 - 0.5) * dx, (x1 - 0.5) * dx, (y1 - 0.5) * dy, (y0 - 0.5) * dy)
    axes = sheet.panel(box, seen.scan.hu[z, y0:y1, x0:x1], extent, WINDOW_HU)
    draw_pathways(axes, seen.anatomy, axis=0, at_mm=z * dz)
    draw_outlines(axes, seen.anatomy, axis=0, at_mm=z * dz)
    for piece in sorted(seen.pieces, key=lambda p: p.order, reverse=True):
        if len(pixels := piece.in_slice(z)):
            _outline(axes, piece, pixels, (dy, dx))
    orientation_letters(axes, "RLAP", size_px=_LETTERS_PX)
    scale_bar(axes, size_px=_LETTERS_PX)
    pixels_here = [p.in_slice(z) for p in seen.pieces]
    unnamed = draw_labels(
        Panel(sheet=sheet, box=box, extent=extent, step_mm=(dy, dx)),
        marks,
        structure_names(seen.anatomy, at_mm=z * dz),
        others=[pixels for pixels in pixels_here if len(pixels)],
    )
    _caption(sheet, box, seen.scan, z, unnamed)


def _outline(
    axes: "Axes",
    piece: Piece,
    pixels: NDArray[np.int64],
    step_mm: tuple[float, float],
) -> None:
    outline_pixels(
        axes,
        pixels,
        step_mm=step_mm,
        colour=piece_colour(piece),
        halo_mm=_HALO_MM,
        width=2.2 if piece.is_coronary else 1.4 if piece.is_named else 1.0,
        style="dashed" if piece.is_doubtful else "solid",
    )


def _caption(sheet: Sheet, box: Box, scan: CTScan, z: int, unnamed: int) -> None:
    z_mm = shown_position(scan.slices[z].position_mm[2])
    end = sheet.text(box.left, box.top - 27, f"slice {z}", 20)
    more = f", {unnamed} more without a name" if unnamed else ""
    sheet.text(end + 10, box.top - 27, f"z {z_mm} mm{more}", 20, color=MUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overview:
    """A plane through the middle of the heart that shows where the slices lie."""

    name: str
    axis: int
    letters: str

    @property
    def across(self) -> int:
        """The axis that runs along the rows of the panel."""
        return 3 - self.axis

    def columns(self, frame: Frame) -> tuple[int, int]:
        """First and last but one voxel of the rows of the panel."""
        return frame.x if self.across == 2 else frame.y


_OVERVIEWS = (
    _Overview(name="coronal", axis=1, letters="RLHF"),
    _Overview(name="sagittal", axis=2, letters="APHF"),
)


def _overview_boxes(scan: CTScan, frame: Frame) -> list[Box]:
    """Place the coronal and the sagittal view at the upper right."""
    right = float(_WIDTH_PX - MARGIN_PX)
    boxes = []
    for view in reversed(_OVERVIEWS):
        left, right_edge, low, high = _overview_extent(scan, frame, view)
        aspect = (high - low) / (right_edge - left)
        width = min(_OVERVIEW_PX / aspect, _OVERVIEW_WIDEST_PX)
        top = HEADING_PX - _OVERVIEW_PX - 18
        boxes.append(Box(left=right - width, top=top, width=width, height=width * aspect))
        right = boxes[-1].left - _GAP_PX
    return boxes[::-1]


def _overview_slices(scan: CTScan, frame: Frame) -> tuple[int, int]:
    return max(0, frame.z[0] - 2), min(scan.shape[0], frame.z[1] + 2)


def _overview_extent(
    scan: CTScan, frame: Frame, view: _Overview
) -> tuple[float, float, float, float]:
    """Edges of a view in mm: left, right, bottom, top."""
    z0, z1 = _overview_slices(scan, frame)
    (a, b), step, dz = view.columns(frame), scan.spacing_mm[view.across], scan.spacing_mm[0]
    return (a - 0.5) * step, (b - 0.5) * step, (z0 - 0.5) * dz, (z1 - 0.5) * dz


def _draw_overview(
    sheet: Sheet, box: Box, seen: _Seen, view: _Overview, slices: Sequence[int]
) -> None:
    scan, frame, dz = seen.scan, seen.frame, seen.scan.spacing_mm[0]
    (z0, z1), (a, b) = _overview_slices(scan, frame), view.columns(frame)
    corner = (frame.y, frame.x)[view.axis - 1][0]
    middle = corner * scan.spacing_mm[view.axis] + frame.heart_mm[view.axis]
    grey = _slab(scan, view.axis, middle)[z0:z1, a:b]
    axes = sheet.panel(box, grey[::-1], _overview_extent(scan, frame, view), WINDOW_HU)
    draw_pathways(axes, seen.anatomy, axis=view.axis, at_mm=None)
    draw_outlines(axes, seen.anatomy, axis=view.axis, at_mm=middle)
    _draw_dots(axes, seen.pieces, view.across, scan)
    _draw_heights(axes, slices, dz)
    orientation_letters(axes, view.letters, size_px=_LETTERS_PX, inset=0.05)
    scale_bar(axes, size_px=_LETTERS_PX)
    sheet.text(box.left, box.top - 25, view.name, 18, color=MUTED)


def _slab(scan: CTScan, axis: int, middle_mm: float) -> NDArray[np.float32]:
    """Average a slab across an axis; rows are slices, the feet first."""
    step, n = scan.spacing_mm[axis], scan.shape[axis]
    start = min(max(0, round((middle_mm - _SLAB_MM / 2) / step)), n - 1)
    stop = max(start + 1, min(n, round((middle_mm + _SLAB_MM / 2) / step)))
    index = [slice(None)] * 3
    index[axis] = slice(start, stop)
    return np.asarray(scan.hu[tuple(index)].mean(axis=axis, dtype=np.float32))


def _draw_dots(axes: "Axes", pieces: tuple[Piece, ...], across: int, scan: CTScan) -> None:
    """Mark where the coronary lesions are, at any depth; the larger the score, the larger."""
    for piece in sorted(pieces, key=lambda p: -p.agatston):
        if not (piece.is_coronary and piece.is_counted):
            continue
        middle = piece.position.mean(axis=0) * scan.spacing_mm
        axes.plot(
            middle[across],
            middle[0],
            marker="o",
            markersize=3.0 + min(4.0, math.log10(1.0 + piece.agatston) * 1.5),
            markerfacecolor=piece_colour(piece),
            markeredgecolor="black",
            markeredgewidth=0.6,
        )


def _draw_heights(axes: "Axes", slices: Sequence[int], dz: float) -> None:
    """Mark the heights of the slices at both edges."""
    for z in slices:
        for edge in ((0.0, 0.035), (0.965, 1.0)):
            axes.plot(
                edge,
                [z * dz, z * dz],
                color="white",
                linewidth=1.0,
                transform=axes.get_yaxis_transform(),
            )


def _footer_lines(result: Result) -> list[str]:
    words = f"{RESEARCH_USE} corcal {__version__}, {scored_by(result)} {SLICES_COUNTED}"
    return lines_that_fit(words, _FOOTER_TYPE_PX, width_px=_WIDTH_PX)
