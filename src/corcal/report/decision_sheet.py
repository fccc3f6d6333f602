"""The decisions of an automatic score that matter most, each with a close look and its reasons."""

import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal._version import __version__
from corcal.ct.scan import CTScan
from corcal.lesions.decision import Detection
from corcal.report.amounts import shown, shown_percent, shown_site
from corcal.report.canvas import (
    CAUTION,
    MARGIN_PX,
    MUTED,
    TEXT,
    TOP_PX,
    Box,
    Sheet,
    footer_px,
    lines_that_fit,
)
from corcal.report.colours import site_colour
from corcal.report.decision_order import ORDER_WORDS, Turn
from corcal.report.montage_heading import counted_words, scored_by
from corcal.report.montage_labels import REJECTED_COLOUR, piece_colour
from corcal.report.outlines import outline_pixels
from corcal.report.pieces import Piece, lesion_pieces_of, pieces_of, site_named
from corcal.report.unchecked import unchecked_words
from corcal.report.words import SLICES_COUNTED
from corcal.result import RESEARCH_USE, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DETAIL_MM", "MAX_DECISIONS", "decision_sheet", "decisions_sheet"]

DETAIL_MM = 30.0  # across a cut-out
MAX_DECISIONS = 15
_KEPT_PLACES = 3  # for calcium of the heart and the aorta, if there is as much
_FEW_DECISIONS = 6  # so few are filled up with what lies elsewhere, or with bone and metal
WINDOW_HU = (-150.0, 450.0)  # wide: fat, muscle and dense calcium are told apart
_WIDTH_PX = 1500
_COLUMNS = 3
_GAP_PX = 28
_IMAGE_PX = 225.0
_REASONS = 4
_REASON_PX = 16.0
_REASON_LINE_PX = 22.0
_REASON_CHARACTERS = 50
_REASON_LINES = 6  # the first reason is told at any length
_HEADING_PX = 218  # at least
_FOUND_PX = TOP_PX + 48  # where the words below the title begin
_HEADING_LINE_PX = 27.0
_HEADING_TYPE_PX, _FOOTER_TYPE_PX = 18.0, 15.0
_TITLE_PX = 22.0
_BARS = 4
_LEAST_SHOWN = 0.005  # a probability below this has no bar


def decision_sheet(result: Result, scan: CTScan, detection: Detection, path: Path | str) -> None:
    """Draw a close look at each of the decisions that matter most.

    They stand in the order of `corcal.report.decision_order`. Beside the cut-out of 30 by 30 mm are
    the name of the lesion in the result, the site, the Agatston score and the most probable sites;
    below it are the reasons in words.

    Parameters
    ----------
    result : Result
        The scored exam: numbers the lesions.
    scan : CTScan
        The scan that was scored.
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
    decisions_sheet(result, scan, detection).save(path)


def decisions_sheet(result: Result, scan: CTScan, detection: Detection) -> Sheet:
    """Draw the sheet without writing it: one panel (axes) a decision, coordinates in mm."""
    pieces = pieces_of(result, scan, detection)
    chosen = _chosen(pieces)
    rows = max(1, math.ceil(len(chosen) / _COLUMNS))
    heights = [
        max((_cell_px(piece) for piece in chosen[k * _COLUMNS : (k + 1) * _COLUMNS]), default=60.0)
        for k in range(rows)
    ]
    counted = counted_words(result, lesion_pieces_of(result, scan, detection))
    left_out = sum(piece.is_told for piece in pieces) - len(chosen)
    lines = _heading_lines(counted, left_out)
    footer = lines_that_fit(_footer_words(result), _FOOTER_TYPE_PX, width_px=_WIDTH_PX)
    top_px = max(_HEADING_PX, round(_FOUND_PX + _HEADING_LINE_PX * len(lines)))
    sheet = Sheet(
        width_px=_WIDTH_PX,
        height_px=round(top_px + sum(heights) + footer_px(footer)),
        top_px=top_px,
    )
    _heading(sheet, unchecked_words(result), lines)
    sheet.footer(footer, _FOOTER_TYPE_PX)
    width = (_WIDTH_PX - 2 * MARGIN_PX - (_COLUMNS - 1) * _GAP_PX) / _COLUMNS
    for i, piece in enumerate(chosen):
        left = MARGIN_PX + (i % _COLUMNS) * (width + _GAP_PX)
        top = sheet.top_px + sum(heights[: i // _COLUMNS])
        _draw_cell(sheet, Box(left=left, top=top, width=width, height=0), scan, pieces, piece)
    return sheet


def _chosen(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Choose the decisions to show, in order.

    Places are kept for calcium of the heart and the aorta, so that many sure coronary lesions do
    not hide it. What lies elsewhere is shown where there is little else, bone and metal where there
    is nothing else.
    """
    counted = sorted((p for p in pieces if p.is_told), key=lambda p: p.order)
    first = [p for p in counted if p.order[0] <= Turn.CORONARY]
    heart = [p for p in counted if p.order[0] is Turn.HEART]
    elsewhere = [p for p in counted if p.order[0] is Turn.ELSEWHERE]
    first = first[: MAX_DECISIONS - min(_KEPT_PLACES, len(heart))]
    chosen = first + heart[: MAX_DECISIONS - len(first)]
    chosen += elsewhere[: max(0, _FEW_DECISIONS - len(chosen))]
    return chosen or counted[:_FEW_DECISIONS]


def _heading_lines(counted: tuple[str, str], left_out: int) -> list[tuple[str, str]]:
    """Say what was found, and in which order it stands: each line with its colour."""
    more = f" Not shown here: {left_out}." if left_out else ""
    found = f"{' '.join(counted)}{more}"
    return [
        (line, colour)
        for words, colour in ((found, TEXT), (ORDER_WORDS, MUTED))
        for line in lines_that_fit(words, _HEADING_TYPE_PX, width_px=_WIDTH_PX)
    ]


def _heading(sheet: Sheet, unchecked: str, lines: list[tuple[str, str]]) -> None:
    end = sheet.text(MARGIN_PX, TOP_PX, "Decisions", 28, fontweight="bold")
    if unchecked:
        sheet.text(end + 20, TOP_PX + 9, unchecked, _HEADING_TYPE_PX, color=CAUTION)
    for k, (words, colour) in enumerate(lines):
        y = _FOUND_PX + _HEADING_LINE_PX * k
        sheet.text(MARGIN_PX, y, words, _HEADING_TYPE_PX, color=colour)


def _footer_words(result: Result) -> str:
    return (
        f"{RESEARCH_USE} corcal {__version__}, {scored_by(result)} Cut-outs of "
        f"{DETAIL_MM:.0f} by {DETAIL_MM:.0f} mm. {SLICES_COUNTED}"
    )


def _cell_px(piece: Piece) -> float:
    return _IMAGE_PX + 12 + len(_reason_lines(piece)) * _REASON_LINE_PX + 26


def _draw_cell(
    sheet: Sheet, cell: Box, scan: CTScan, pieces: tuple[Piece, ...], piece: Piece
) -> None:
    """Show one decision: cut-out, site and score, probabilities, reasons."""
    z = piece.key_slice
    image = Box(left=cell.left, top=cell.top, width=_IMAGE_PX, height=_IMAGE_PX)
    _draw_image(sheet, image, scan, pieces, piece, z)
    x = cell.left + _IMAGE_PX + 18
    colour = piece_colour(piece)
    site = shown_site(piece.decision.site) + (" ?" if piece.is_doubtful else "")
    sheet.swatch(x, cell.top + 5, 18, colour, filled=piece.is_coronary)
    _title(sheet, x + 28, cell.top, f"{piece.name} {site}".strip(), cell.left + cell.width)
    end = sheet.text(x, cell.top + 36, shown(piece.agatston), 20, fontweight="bold")
    sheet.text(end + 8, cell.top + 39, f"Agatston{_whole(piece)}", 16, color=MUTED)
    sheet.text(x, cell.top + 64, _place(piece), 16, color=MUTED)
    _draw_bars(sheet, x, cell.top + 98, cell.left + cell.width - x, piece)
    for k, line in enumerate(_reason_lines(piece)):
        y = cell.top + _IMAGE_PX + 12 + k * _REASON_LINE_PX
        sheet.text(cell.left, y, line, _REASON_PX, color=TEXT if k == 0 else MUTED)


def _title(sheet: Sheet, x: float, y: float, text: str, right: float) -> None:
    """Write a title in the largest type that fits."""
    wide = sheet.text_size(text, _TITLE_PX, weight="bold")[0]
    size_px = _TITLE_PX * min(1.0, (right - x) / wide)
    sheet.text(x, y + (_TITLE_PX - size_px) / 2, text, size_px, fontweight="bold")


def _whole(piece: Piece) -> str:
    """Of a part of a lesion, the score of the whole."""
    if not (piece.is_part and piece.lesions):
        return ""
    return f" of {shown(sum(lesion.agatston for lesion in piece.lesions))}"


def _place(piece: Piece) -> str:
    """Where a decision lies, what it is a part of, and whether it is too small to count."""
    is_part = piece.is_part or piece.decision.split_from is not None
    small = ", too small to count" if piece.is_too_small else ""
    return f"slice {piece.key_slice}{small}" + (", part of a lesion" if is_part else "")


def _reason_lines(piece: Piece) -> list[str]:
    """Write the doubt, if there is one, and the reasons in lines that fit under the picture."""
    lines = []
    if piece.second_site is not None:
        lines.append(f"the second detector takes it for {shown_site(piece.second_site.label)}")
    elif piece.is_coronary_doubtful:
        lines.append(f"coronary with {shown_percent(piece.decision.coronary_probability)} in all")
    for k, reason in enumerate(piece.decision.why[:_REASONS]):
        more = textwrap.wrap(reason.text, _REASON_CHARACTERS, subsequent_indent="   ")
        if k and len(lines) + len(more) > _REASON_LINES:
            break  # a reason is told whole or not at all
        lines += more
    return lines


def _draw_image(
    sheet: Sheet, box: Box, scan: CTScan, pieces: tuple[Piece, ...], piece: Piece, z: int
) -> None:
    """Show the slice around a piece; what lies beyond the scan is black."""
    _, dy, dx = scan.spacing_mm
    middle = piece.in_slice(z).mean(axis=0) * (dy, dx)
    half = DETAIL_MM / 2
    (y0, y1), (x0, x1) = (
        (max(0, int((middle[k] - half) / step)), min(n, int((middle[k] + half) / step) + 2))
        for k, step, n in ((0, dy, scan.shape[1]), (1, dx, scan.shape[2]))
    )
    extent = ((x0 - 0.5) * dx, (x1 - 0.5) * dx, (y1 - 0.5) * dy, (y0 - 0.5) * dy)
    axes = sheet.panel(box, scan.hu[z, y0:y1, x0:x1], extent, WINDOW_HU)
    axes.set_xlim(middle[1] - half, middle[1] + half)
    axes.set_ylim(middle[0] + half, middle[0] - half)
    for other in pieces:
        pixels = other.in_slice(z)
        if len(pixels) and _is_near(pixels, middle, (dy, dx)):
            _outline(axes, other, pixels, (dy, dx), is_meant=other is piece)


def _is_near(
    pixels: NDArray[np.int64], middle: NDArray[np.float64], step_mm: tuple[float, float]
) -> bool:
    away = np.abs(pixels * step_mm - middle).max(axis=1)
    return bool(away.min() < DETAIL_MM / 2)


def _outline(
    axes: "Axes",
    piece: Piece,
    pixels: NDArray[np.int64],
    step_mm: tuple[float, float],
    *,
    is_meant: bool,
) -> None:
    outline_pixels(
        axes,
        pixels,
        step_mm=step_mm,
        colour=piece_colour(piece),
        halo_mm=0.5,
        width=2.2 if is_meant else 1.2,
        style="dashed" if piece.is_doubtful else "solid",
    )


def _draw_bars(sheet: Sheet, x: float, y: float, width: float, piece: Piece) -> None:
    """List the most probable sites, each with a bar as long as it is probable."""
    ranked = sorted(piece.decision.probabilities.items(), key=lambda item: -item[1])
    shown_bars = [item for item in ranked[:_BARS] if item[1] >= _LEAST_SHOWN] or ranked[:1]
    for k, (label, probability) in enumerate(shown_bars):
        site = site_named(label)
        colour = site_colour(site) if site.vessel is not None else REJECTED_COLOUR
        top = y + k * 33
        sheet.text(x, top, shown_site(label), 15, color=TEXT if k == 0 else MUTED)
        sheet.text(
            x + width,
            top,
            shown_percent(probability),
            15,
            color=TEXT if k == 0 else MUTED,
            ha="right",
        )
        sheet.bar(Box(left=x, top=top + 20, width=width, height=7), probability, colour)
