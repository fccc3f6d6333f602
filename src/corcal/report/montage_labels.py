"""The names in a panel of the montage: which decisions are named, how, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.detect import NOT_CALCIUM
from corcal.report.amounts import shown, shown_percent, shown_site
from corcal.report.anatomy_lines import StructureName
from corcal.report.canvas import Box, Sheet
from corcal.report.colours import site_colour
from corcal.report.labels import (
    Segment,
    centred_box,
    contains,
    leader_of,
    meets,
    overlap_px2,
    place_labels,
)
from corcal.report.pieces import Piece

__all__ = [
    "REJECTED_COLOUR",
    "Mark",
    "Panel",
    "draw_labels",
    "mark_of",
    "piece_colour",
]

REJECTED_COLOUR = "#C3CAD3"  # as light as calcium, without a hue: what counts has one
_LABELS_A_PANEL = 6
_SMALL_LABELS = 3  # names of small, certain rejections: only while a panel is this empty
_CORONARY_PX, _REJECTED_PX, _NAME_PX = 22.0, 20.0, 19.0
_LINE = 1.4  # of the type's height
_PADDING_PX = 2.0
_EDGE_PX = 4.0
_SAME_CHANCE = 0.05  # of an artery and of all arteries: one number says it
_OUTLINE_MM = 1.8  # the outline runs at 1.5 mm and has a width
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
        One line or more.
    shorter : tuple of str
        For where there is no room: with the probability that is doubtful alone, and without any.
    """

    piece: Piece
    z: int
    text: str
    shorter: tuple[str, ...]


def mark_of(piece: Piece, z: int) -> Mark:
    """Name a piece: ``L1 LAD 45 · 97 %``, ``L4 LCX 9.1 · 72 % ?``, ``LAD too small``."""
    score = shown(piece.agatston, 0 if piece.agatston >= _WHOLE_FROM else 1)
    if piece.is_too_small:
        score = "too small"
    parts = (piece.name, shown_site(piece.decision.site), score)
    short = " ".join(part for part in parts if part)
    is_told = piece.site not in NOT_CALCIUM or piece.is_doubtful
    chance = f" · {shown_percent(piece.probability)}" if is_told else ""
    doubt = " ?" if piece.is_doubtful else ""
    lines = [short + chance + doubt, _doubt_words(piece), _elsewhere_words(piece, z)]
    text = "\n".join(line for line in lines if line)
    doubtful = _doubt_words(piece) or chance.removeprefix(" · ")
    shorter = (f"{short} ?\n{doubtful}",) if piece.is_doubtful and doubtful else ()
    return Mark(piece=piece, z=z, text=text, shorter=(*shorter, short + doubt))


def _doubt_words(piece: Piece) -> str:
    """Say what speaks against a decision to count or not; empty if nothing new does."""
    if piece.second_site is not None:
        return f"second detector: {shown_site(piece.second_site.label)}"
    chance = piece.decision.coronary_probability
    is_said = piece.is_coronary and chance - piece.probability < _SAME_CHANCE
    if piece.is_coronary_doubtful and not is_said:
        return f"coronary {shown_percent(chance)}"
    return ""


def _elsewhere_words(piece: Piece, z: int) -> str:
    """Say which slice shows most of a lesion, where it is named in another."""
    return "" if z == piece.key_slice else f"(most in {piece.key_slice})"


def piece_colour(piece: Piece) -> str:
    """Colour of a piece: its artery's, or grey."""
    return site_colour(piece.site) if piece.is_coronary else REJECTED_COLOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """An axial panel of a sheet.

    Attributes
    ----------
    sheet : Sheet
        The picture.
    box : Box
        The panel, in pixels of the sheet.
    extent : (left, right, bottom, top)
        Of the panel, in mm.
    step_mm : (row, column)
        Spacing of the scan's pixels.
    """

    sheet: Sheet
    box: Box
    extent: tuple[float, float, float, float]
    step_mm: tuple[float, float]

    @property
    def inner(self) -> Box:
        """Where names may be written."""
        return Box(
            left=self.box.left + _EDGE_PX,
            top=self.box.top + _EDGE_PX,
            width=self.box.width - 2 * _EDGE_PX,
            height=self.box.height - 2 * _EDGE_PX,
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixel of the sheet at a place in mm."""
        left, right, bottom, top = self.extent
        return (
            self.box.left + (x - left) / (right - left) * self.box.width,
            self.box.top + (y - top) / (bottom - top) * self.box.height,
        )

    def outline_box(self, pixels: NDArray[np.int64]) -> Box:
        """Box of the sheet around pixels of the scan, shape (n, 2), and their outline."""
        y0, x0 = (pixels.min(axis=0) - 0.5) * self.step_mm - _OUTLINE_MM
        y1, x1 = (pixels.max(axis=0) + 0.5) * self.step_mm + _OUTLINE_MM
        left, top = self.at(float(x0), float(y0))
        right, bottom = self.at(float(x1), float(y1))
        return Box(left=left, top=top, width=right - left, height=bottom - top)

    def name_box(self, text: str, place: tuple[float, float]) -> Box:
        """Box of the sheet that the name of a structure takes at a place in mm."""
        return centred_box(*self.at(*place), *_size(self.sheet, text, _NAME_PX, "normal"))


def draw_labels(
    panel: Panel,
    marks: Sequence[Mark],
    names: Sequence[StructureName],
    *,
    others: Sequence[NDArray[np.int64]],
) -> int:
    """Name what a panel shows.

    Parameters
    ----------
    panel : Panel
        Where.
    marks : sequence of Mark
        Decisions to name, the most important first.
    names : sequence of StructureName
        Structures of the anatomy; they are named where the decisions leave room.
    others : sequence of int64 ndarray of shape (n, 2)
        Pixels of everything that is outlined: no name covers it.

    Returns
    -------
    int
        Decisions that must be seen and have no name: there was no room.
    """
    outlined = [panel.outline_box(pixels) for pixels in others]
    fixed = [panel.name_box(name.text, name.places[0]) for name in names if len(name.places) == 1]
    taken, leaders = _letters(panel.box), list[Segment]()
    chosen = _few(marks)
    targets = [panel.outline_box(mark.piece.in_slice(mark.z)) for mark in chosen]

    def placed() -> list[Box | None]:
        sizes = [_size(panel.sheet, mark.text, *_type_of(mark.piece)) for mark in chosen]
        around = {"taken": taken, "marked": outlined, "avoided": fixed}
        return place_labels(targets, sizes, within=panel.inner, **around)

    places = placed()
    # those without room are shortened
    while any(not place and mark.shorter for mark, place in zip(chosen, places, strict=True)):
        chosen = [
            mark if place else _shortened(mark) for mark, place in zip(chosen, places, strict=True)
        ]
        places = placed()
    named = 0
    for mark, target, place in zip(chosen, targets, places, strict=True):
        if place is None:
            continue
        line = leader_of(place, target)
        _write(panel.sheet, mark, place, target, line)
        taken.append(place)
        leaders += [line] if line else []
        named += mark.piece.must_be_seen
    _write_names(panel, names, taken=[*taken, *outlined], leaders=leaders)
    return sum(mark.piece.must_be_seen for mark in marks) - named


def _shortened(mark: Mark) -> Mark:
    """Give a mark its next shorter text, if there is one."""
    if not mark.shorter:
        return mark
    return replace(mark, text=mark.shorter[0], shorter=mark.shorter[1:])


def _few(marks: Sequence[Mark]) -> list[Mark]:
    """Choose as many decisions as a panel can name: small ones only where there is little else."""
    chosen: list[Mark] = []
    for mark in marks:
        limit = _LABELS_A_PANEL if mark.piece.must_be_seen else _SMALL_LABELS
        if len(chosen) < limit:
            chosen.append(mark)
    return chosen


def _type_of(piece: Piece) -> tuple[float, str]:
    """Size in pixels and weight of a decision's name."""
    return (_CORONARY_PX, "bold") if piece.is_coronary else (_REJECTED_PX, "normal")


def _letters(box: Box) -> list[Box]:
    """Where the orientation letters and the scale bar are."""
    right, bottom = box.left + box.width, box.top + box.height
    x, y = box.left + box.width / 2, box.top + box.height / 2
    return [
        centred_box(box.left + 14, y, 24, 22),
        centred_box(right - 14, y, 24, 22),
        centred_box(x, box.top + 14, 24, 24),
        centred_box(x, bottom - 14, 24, 24),
        Box(left=right - 90, top=bottom - 46, width=90, height=46),
    ]


def _size(sheet: Sheet, text: str, size_px: float, weight: str) -> tuple[float, float]:
    lines = text.split("\n")
    width = max(sheet.text_size(line, size_px, weight=weight)[0] for line in lines)
    return width + 2 * _PADDING_PX, len(lines) * size_px * _LINE + 2 * _PADDING_PX


def _write(sheet: Sheet, mark: Mark, place: Box, target: Box, line: Segment | None) -> None:
    """Write a name, with a line to what it names if that is not next to it."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    colour = piece_colour(mark.piece)
    size_px, weight = _type_of(mark.piece)
    is_left = place.left + place.width <= target.left + target.width / 2
    if line:
        x, y = zip(*line, strict=True)
        sheet.figure.add_artist(
            Line2D(
                [one / sheet.width_px for one in x],
                [1 - one / sheet.height_px for one in y],
                color=colour,
                linewidth=1.1,
            )
        )
    sheet.text(
        place.left + _PADDING_PX,
        place.top + place.height / 2,
        mark.text,
        size_px,
        color=colour,
        va="center",
        multialignment="right" if is_left else "left",
        fontweight=weight,
        linespacing=1.3,
        path_effects=[withStroke(linewidth=3.0, foreground="black")],
    )


def _write_names(
    panel: Panel,
    names: Sequence[StructureName],
    *,
    taken: Sequence[Box],
    leaders: Sequence[Segment],
) -> None:
    """Write the names of the structures where nothing else is."""
    from matplotlib.patheffects import withStroke

    written: list[Box] = []
    for name in names:
        boxes = (panel.name_box(name.text, place) for place in name.places)
        free = (
            box
            for box in boxes
            if contains(panel.inner, box)
            and not any(overlap_px2(box, other) for other in (*taken, *written))
            and not any(meets(line, box) for line in leaders)
        )
        box = next(free, None)
        if box is None:
            continue
        written.append(box)
        panel.sheet.text(
            box.left + box.width / 2,
            box.top + box.height / 2,
            name.text,
            _NAME_PX,
            color=name.colour,
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=2.5, foreground="black")],
        )
