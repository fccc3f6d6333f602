"""The names in a panel of the montage: which decisions are named, how, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.sites import Site
from corcal.report.amounts import shown, shown_percent, shown_site
from corcal.report.canvas import Box, Sheet
from corcal.report.colours import site_colour
from corcal.report.labels import centred_box, contains, overlap_px2, place_label
from corcal.report.pieces import Piece

__all__ = ["REJECTED_COLOUR", "Mark", "draw_labels", "mark_of", "piece_colour"]

REJECTED_COLOUR = "#C3CAD3"  # as light as calcium, without a hue: what counts has one
_LABELS_A_PANEL = 6
_SMALL_LABELS = 3  # names of small, certain rejections: only while a panel is this empty
_CORONARY_PX, _REJECTED_PX, _NAME_PX = 16.0, 14.0, 12.0
_LINE = 1.4  # of the type's height
_PADDING_PX = 2.0
_EDGE_PX = 4.0
_LEADER_PX = 9.0  # from this distance a line leads from the label to what it names
_WHOLE_FROM = 10.0  # larger scores are shown without a decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A decision that a panel may name.

    Attributes
    ----------
    piece : Piece
        The decision.
    z : int
        The slice that names it.
    text : str
        One line or two.
    rank : tuple
        Orders the marks: the first are named first.
    """

    piece: Piece
    z: int
    text: str
    rank: tuple[bool, bool, float]


def mark_of(piece: Piece, z: int) -> Mark:
    """Word the name of a piece: ``LAD 45 · 97 %``, ``LAD 9.1 · 72 % ?``, ``noise``."""
    decision = piece.decision
    score = shown(decision.agatston, 0 if decision.agatston >= _WHOLE_FROM else 1)
    if piece.is_coronary:
        doubt = " ?" if piece.is_doubtful else ""
        text = f"{decision.site} {score} · {shown_percent(piece.probability)}{doubt}"
    else:
        is_bare = piece.site is Site.NOISE and not piece.is_doubtful
        text = shown_site(decision.site) + ("" if is_bare else f" {score}")
        if piece.is_doubtful:
            text += f"\ncoronary {shown_percent(decision.coronary_probability)} ?"
    rank = (not piece.is_coronary, not piece.is_doubtful, -piece.weight)
    return Mark(piece=piece, z=z, text=text, rank=rank)


def piece_colour(piece: Piece) -> str:
    """Colour of a piece: its artery's, or grey."""
    return site_colour(piece.site) if piece.is_coronary else REJECTED_COLOUR


def draw_labels(
    sheet: Sheet,
    box: Box,
    marks: Sequence[Mark],
    names: Sequence[tuple[str, str, float, float]],
    *,
    extent: tuple[float, float, float, float],
    step_mm: tuple[float, float],
    others: Sequence[NDArray[np.int64]],
) -> int:
    """Name what a panel shows.

    Parameters
    ----------
    sheet : Sheet
        The picture.
    box : Box
        The panel.
    marks : sequence of Mark
        Decisions to name, the most important first.
    names : sequence of (text, colour, x, y)
        Structures of the anatomy and where in mm they are named; decisions go first.
    extent : (left, right, bottom, top)
        Of the panel, in mm.
    step_mm : (row, column)
        Spacing of the pixels.
    others : sequence of int64 ndarray of shape (n, 2)
        Pixels of everything that is outlined: no name covers it.

    Returns
    -------
    int
        Decisions that must be seen and have no name: there was no room.
    """
    outlined = [_pixel_box(pixels, box, extent, step_mm) for pixels in others]
    edge = Box(
        left=box.left + _EDGE_PX,
        top=box.top + _EDGE_PX,
        width=box.width - 2 * _EDGE_PX,
        height=box.height - 2 * _EDGE_PX,
    )
    taken = _letters(box)
    anatomy = _name_boxes(sheet, names, box, extent)
    unnamed, drawn = 0, 0
    for mark in marks:
        must = mark.piece.must_be_seen
        if drawn >= (_LABELS_A_PANEL if must else _SMALL_LABELS):
            unnamed += must
            continue
        size_px = _CORONARY_PX if mark.piece.is_coronary else _REJECTED_PX
        weight = "bold" if mark.piece.is_coronary else "normal"
        target = _pixel_box(mark.piece.in_slice(mark.z), box, extent, step_mm)
        place = place_label(
            target,
            _size(sheet, mark.text, size_px, weight),
            within=edge,
            forbidden=taken + outlined,
            avoided=anatomy,
        )
        if place is None:
            unnamed += must
            continue
        _write(sheet, mark, place, target, size_px, weight)
        taken.append(place)
        drawn += 1
    _write_names(sheet, names, anatomy, within=edge, taken=[*taken, *outlined])
    return unnamed


def _pixel_box(
    pixels: NDArray[np.int64],
    box: Box,
    extent: tuple[float, float, float, float],
    step_mm: tuple[float, float],
) -> Box:
    """Box of the sheet around pixels and their outline."""
    halo = 1.8  # mm: the outline runs at 1.5 mm and has a width
    y0, x0 = (pixels.min(axis=0) - 0.5) * step_mm - halo
    y1, x1 = (pixels.max(axis=0) + 0.5) * step_mm + halo
    left, top = _at(float(x0), float(y0), box, extent)
    right, bottom = _at(float(x1), float(y1), box, extent)
    return Box(left=left, top=top, width=right - left, height=bottom - top)


def _at(
    x: float, y: float, box: Box, extent: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Pixel of the sheet at a place of the panel in mm."""
    left, right, bottom, top = extent
    return (
        box.left + (x - left) / (right - left) * box.width,
        box.top + (y - top) / (bottom - top) * box.height,
    )


def _letters(box: Box) -> list[Box]:
    """Where the orientation letters and the scale bar are."""
    right, bottom = box.left + box.width, box.top + box.height
    x, y = box.left + box.width / 2, box.top + box.height / 2
    return [
        centred_box(box.left + 10, y, 18, 16),
        centred_box(right - 10, y, 18, 16),
        centred_box(x, box.top + 10, 18, 18),
        centred_box(x, bottom - 10, 18, 18),
        Box(left=right - 66, top=bottom - 36, width=66, height=36),
    ]


def _size(sheet: Sheet, text: str, size_px: float, weight: str) -> tuple[float, float]:
    lines = text.split("\n")
    width = max(sheet.text_size(line, size_px, weight=weight)[0] for line in lines)
    return width + 2 * _PADDING_PX, len(lines) * size_px * _LINE + 2 * _PADDING_PX


def _name_boxes(
    sheet: Sheet,
    names: Sequence[tuple[str, str, float, float]],
    box: Box,
    extent: tuple[float, float, float, float],
) -> list[Box]:
    boxes = []
    for text, _, x, y in names:
        width, height = _size(sheet, text, _NAME_PX, "normal")
        boxes.append(centred_box(*_at(x, y, box, extent), width, height))
    return boxes


def _write(sheet: Sheet, mark: Mark, place: Box, target: Box, size_px: float, weight: str) -> None:
    """Write a name, with a line to what it names if that is not next to it."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    colour = piece_colour(mark.piece)
    start, end = _between(place, target)
    if np.hypot(start[0] - end[0], start[1] - end[1]) > _LEADER_PX:
        sheet.figure.add_artist(
            Line2D(
                [start[0] / sheet.width_px, end[0] / sheet.width_px],
                [1 - start[1] / sheet.height_px, 1 - end[1] / sheet.height_px],
                color=colour,
                linewidth=0.9,
                alpha=0.9,
            )
        )
    sheet.text(
        place.left + _PADDING_PX,
        place.top + place.height / 2,
        mark.text,
        size_px,
        color=colour,
        va="center",
        fontweight=weight,
        linespacing=1.3,
        path_effects=[withStroke(linewidth=2.5, foreground="black")],
    )


def _between(a: Box, b: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    """Points of two boxes between which a line is short."""

    def nearest(low: float, size: float, other_low: float, other_size: float) -> float:
        return min(max(other_low + other_size / 2, low), low + size)

    on_a = (
        nearest(a.left, a.width, b.left, b.width),
        nearest(a.top, a.height, b.top, b.height),
    )
    on_b = (
        nearest(b.left, b.width, on_a[0], 0.0),
        nearest(b.top, b.height, on_a[1], 0.0),
    )
    return on_a, on_b


def _write_names(
    sheet: Sheet,
    names: Sequence[tuple[str, str, float, float]],
    boxes: Sequence[Box],
    *,
    within: Box,
    taken: Sequence[Box],
) -> None:
    """Write the names of the structures where nothing else is."""
    from matplotlib.patheffects import withStroke

    written: list[Box] = []
    for (text, colour, _, _), box in zip(names, boxes, strict=True):
        if not contains(within, box) or any(
            overlap_px2(box, other) for other in (*taken, *written)
        ):
            continue
        written.append(box)
        sheet.text(
            box.left + box.width / 2,
            box.top + box.height / 2,
            text,
            _NAME_PX,
            color=colour,
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=2.0, foreground="black")],
        )
