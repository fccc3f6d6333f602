"""The heading of the pictures of automatic decisions: what was found, and how to read it."""

import textwrap

from corcal.anatomy.types import Anatomy, ModelRecord
from corcal.lesions.decision import Detection
from corcal.lesions.sites import CORONARY_SITES
from corcal.report.amounts import shown_percent
from corcal.report.anatomy_lines import (
    AORTA_COLOUR,
    LEFT_HEART_COLOUR,
    PERICARDIUM_COLOUR,
    PULMONARY_COLOUR,
    RIGHT_HEART_COLOUR,
)
from corcal.report.canvas import MARGIN_PX, MUTED, TEXT, TOP_PX, Sheet
from corcal.report.colours import SITE_COLOURS
from corcal.report.montage_labels import REJECTED_COLOUR
from corcal.report.pieces import CERTAIN, Piece

__all__ = ["HEADING_PX", "UNCHECKED", "counted_words", "draw_heading", "model_words"]

HEADING_PX = 312
UNCHECKED = "Automatic: for a reader to check."
_CHARACTER_PX = 8.6  # mean width at 16 pixels
_FINDINGS = 2  # lines for what the anatomy and the detection have to say


def draw_heading(
    sheet: Sheet,
    anatomy: Anatomy,
    detection: Detection,
    pieces: tuple[Piece, ...],
    *,
    right_px: float,
    unseen: int,
) -> None:
    """Say what the montage shows, left of its overviews.

    Parameters
    ----------
    sheet : Sheet
        The picture.
    anatomy : Anatomy
        Names the model.
    detection : Detection
        Its findings, and those of the anatomy, are told as far as there is room.
    pieces : tuple of Piece
        What was decided.
    right_px : float
        Where the heading has to end.
    unseen : int
        Pieces that should be seen and are on none of the slices.
    """
    y = float(TOP_PX)
    end = sheet.text(MARGIN_PX, y, "Anatomy and decisions", 28, fontweight="bold")
    sheet.text(end + 20, y + 9, UNCHECKED, 18, color="#FFC477")
    sheet.text(MARGIN_PX, y + 46, counted_words(pieces), 18)
    _artery_legend(sheet, y + 84)
    _other_legend(sheet, y + 112)
    _anatomy_legend(sheet, y + 140)
    lines = [f"Anatomy: {model_words(anatomy.model)}"]
    if anatomy.pathways is None:
        lines[0] += ", which does not know where the arteries run"
    if unseen:
        lines.append(f"Small ones on slices that are not shown: {unseen}.")
    findings = [f.message for f in (*anatomy.findings, *detection.findings)]
    width = int((right_px - MARGIN_PX) / _CHARACTER_PX)
    told = [textwrap.shorten(f, width, placeholder=" …") for f in findings[:_FINDINGS]]
    if len(findings) > _FINDINGS:
        told[-1] += f" (+{len(findings) - _FINDINGS})"
    for k, line in enumerate(lines + told):
        sheet.text(MARGIN_PX, y + 176 + 24 * k, line, 16, color=MUTED if k < len(lines) else TEXT)


def counted_words(pieces: tuple[Piece, ...]) -> str:
    """Count the decisions: ``5 coronary lesions (1 doubtful); 12 other candidates left out.``."""
    coronary = [p for p in pieces if p.is_coronary]
    others = [p for p in pieces if not p.is_coronary]
    if coronary:
        what = "1 coronary lesion" if len(coronary) == 1 else f"{len(coronary)} coronary lesions"
        first = what + _doubtful(coronary)
    else:
        first = "No coronary calcium was found"
    if not others:
        return f"{first}; no other candidate."
    what = "1 other candidate" if len(others) == 1 else f"{len(others)} other candidates"
    return f"{first}; {what} left out{_doubtful(others)}."


def _doubtful(pieces: list[Piece]) -> str:
    count = sum(p.is_doubtful for p in pieces)
    return f" ({count} doubtful)" if count else ""


def model_words(model: ModelRecord) -> str:
    """Name a model: ``corcal-thorax 1 (sha256 1a2b3c4d, not known to this release)``."""
    parts = [] if model.sha256 is None else [f"sha256 {model.sha256[:8]}"]
    if not model.trusted:
        parts.append("not known to this release")
    return f"{model.name} {model.version}" + (f" ({', '.join(parts)})" if parts else "")


def _artery_legend(sheet: Sheet, y: float) -> None:
    x = float(MARGIN_PX)
    for site in CORONARY_SITES:
        sheet.swatch(x, y + 2, 14, SITE_COLOURS[site], filled=True)
        x = sheet.text(x + 20, y, site.label, 16) + 18
    sheet.text(x, y, "outlined: a lesion; soft line: where the artery runs", 16, color=MUTED)


def _other_legend(sheet: Sheet, y: float) -> None:
    sheet.swatch(MARGIN_PX, y + 2, 14, REJECTED_COLOUR, filled=False)
    x = sheet.text(MARGIN_PX + 20, y, "not coronary", 16) + 18
    words = f"dashed and ?: doubtful, less than {shown_percent(CERTAIN)} probable"
    sheet.text(x, y, words, 16, color=MUTED)


def _anatomy_legend(sheet: Sheet, y: float) -> None:
    x = float(MARGIN_PX)
    for words, colour in (
        ("left heart", LEFT_HEART_COLOUR),
        ("right heart", RIGHT_HEART_COLOUR),
        ("aorta", AORTA_COLOUR),
        ("pulmonary artery", PULMONARY_COLOUR),
        ("pericardium, dotted", PERICARDIUM_COLOUR),
    ):
        sheet.swatch(x, y + 2, 14, colour, filled=False)
        x = sheet.text(x + 20, y, words, 16, color=MUTED) + 22
