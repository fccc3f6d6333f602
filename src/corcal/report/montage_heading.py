"""The heading of the pictures of automatic decisions: what was found, and how to read it."""

import textwrap
from collections.abc import Sequence

from corcal.anatomy.types import Anatomy, ModelRecord
from corcal.lesions.decision import Detection
from corcal.lesions.detect import NOT_CALCIUM
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
from corcal.result import Result
from corcal.scoring.rules import DEFAULT_RULE

__all__ = [
    "HEADING_PX",
    "UNCHECKED",
    "counted_words",
    "draw_heading",
    "model_words",
    "scored_by",
]

HEADING_PX = 400
UNCHECKED = "Automatic: for a reader to check."
_TYPE_PX = 19.0
_LINE_PX, _LEGEND_PX, _SWATCH_PX = 27.0, 32.0, 16.0
_CHARACTER_PX = 9.6  # mean width of this type
_FINDINGS = 2  # lines for what the anatomy and the detection have to say


def draw_heading(
    sheet: Sheet,
    anatomy: Anatomy,
    detection: Detection,
    pieces: Sequence[Piece],
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
    pieces : sequence of Piece
        What was decided, lesion by lesion.
    right_px : float
        Where the heading has to end.
    unseen : int
        Pieces that should be seen and are on none of the slices.
    """
    y = float(TOP_PX)
    end = sheet.text(MARGIN_PX, y, "Anatomy and decisions", 30, fontweight="bold")
    sheet.text(end + 20, y + 10, UNCHECKED, _TYPE_PX, color="#FFC477")
    width = int((right_px - MARGIN_PX) / _CHARACTER_PX)
    counted = [line for words in counted_words(pieces) for line in textwrap.wrap(words, width)]
    y += 52
    for line in counted:
        sheet.text(MARGIN_PX, y, line, _TYPE_PX)
        y += _LINE_PX
    for legend in (_artery_legend, _other_legend, _anatomy_legend):
        y += _LEGEND_PX
        legend(sheet, y - _LEGEND_PX + 6)
    lines = [f"Anatomy: {model_words(anatomy.model)}"]
    if anatomy.pathways is None:
        lines[0] += ", which does not know where the arteries run"
    if unseen:
        lines.append(f"Small ones on slices that are not shown: {unseen}.")
    findings = [f.message for f in (*anatomy.findings, *detection.findings)]
    told = [textwrap.shorten(f, width, placeholder=" …") for f in findings[:_FINDINGS]]
    if len(findings) > _FINDINGS:
        told[-1] += f" (+{len(findings) - _FINDINGS})"
    for k, line in enumerate(lines + told):
        colour = MUTED if k < len(lines) else TEXT
        sheet.text(MARGIN_PX, y + 10 + _LINE_PX * k, line, _TYPE_PX, color=colour)


def counted_words(pieces: Sequence[Piece]) -> tuple[str, str]:
    """Count the lesions in two sentences: the coronary ones, and what was left out.

    Parameters
    ----------
    pieces : sequence of Piece
        Lesions as the result has them (`corcal.report.pieces.lesion_pieces_of`).

    Examples
    --------
    ``5 coronary lesions (1 doubtful whether coronary, 1 whose artery is doubtful); 1 too small to
    count.`` and ``Left out: 3 lesions elsewhere (1 whose site is doubtful), 12 of noise or bone.``
    """
    coronary = [p for p in pieces if p.is_coronary]
    others = [p for p in pieces if not p.is_coronary]
    counted = sum(_lesion_count(p) for p in coronary if p.is_counted)
    first = "No coronary calcium was found"
    if counted:
        first = f"{_number(counted, 'coronary lesion')}{_doubts(coronary, 'artery')}"
    small = sum(not p.is_counted for p in coronary)
    first += f"; {small} too small to count." if small else "."
    return first, _left_out(others)


def _left_out(others: Sequence[Piece]) -> str:
    """Count what is not coronary: calcium, what is too small, and what is none."""
    calcium = [p for p in others if p.site not in NOT_CALCIUM]
    counted = sum(_lesion_count(p) for p in calcium if p.is_counted)
    small = sum(not p.is_counted for p in calcium)
    none = [p for p in others if p.site in NOT_CALCIUM]
    parts = []
    if counted:
        parts.append(f"{_number(counted, 'lesion')} elsewhere{_doubts(calcium, 'site')}")
    if small:
        parts.append(f"{small} too small to count")
    if none:
        kinds = [site.label for site in NOT_CALCIUM if any(p.site is site for p in none)]
        doubts = _doubts([p for p in none if p.is_coronary_doubtful], "site")
        parts.append(f"{len(none)} of {' or '.join(kinds)}{doubts}")
    return f"Left out: {', '.join(parts)}." if parts else "No other candidate."


def _lesion_count(piece: Piece) -> int:
    return max(1, len(piece.lesions))


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _doubts(pieces: Sequence[Piece], place: str) -> str:
    """Say what is doubtful about lesions: whether they are coronary, else where they are."""
    counted = [p for p in pieces if p.is_counted]
    whether = sum(_lesion_count(p) for p in counted if p.is_coronary_doubtful)
    where = sum(_lesion_count(p) for p in counted if p.is_doubtful and not p.is_coronary_doubtful)
    parts = [
        f"{count} {words}"
        for count, words in (
            (whether, "doubtful whether coronary"),
            (where, f"whose {place} is doubtful"),
        )
        if count
    ]
    return f" ({', '.join(parts)})" if parts else ""


def scored_by(result: Result) -> str:
    """Say by which rule the scores of a picture of decisions are."""
    rule = result.score.rule
    if rule == DEFAULT_RULE:
        return f"Agatston by the {rule} rule."
    return (
        f"Agatston of lesions by the rule {rule}, of what has no number by the {DEFAULT_RULE} rule."
    )


def model_words(model: ModelRecord) -> str:
    """Name a model: ``corcal-thorax 1 (sha256 1a2b3c4d, not known to this release)``."""
    parts = [] if model.sha256 is None else [f"sha256 {model.sha256[:8]}"]
    if not model.trusted:
        parts.append("not known to this release")
    return f"{model.name} {model.version}" + (f" ({', '.join(parts)})" if parts else "")


def _artery_legend(sheet: Sheet, y: float) -> None:
    x = float(MARGIN_PX)
    for site in CORONARY_SITES:
        sheet.swatch(x, y + 3, _SWATCH_PX, SITE_COLOURS[site], filled=True)
        x = sheet.text(x + 23, y, site.label, _TYPE_PX) + 16
    sheet.text(x, y, "outlined: a lesion; soft line: the artery", _TYPE_PX, color=MUTED)


def _other_legend(sheet: Sheet, y: float) -> None:
    sheet.swatch(MARGIN_PX, y + 3, _SWATCH_PX, REJECTED_COLOUR, filled=False)
    x = sheet.text(MARGIN_PX + 23, y, "not coronary", _TYPE_PX) + 16
    words = f"dashed and ?: doubtful, less than {shown_percent(CERTAIN)} probable"
    sheet.text(x, y, words, _TYPE_PX, color=MUTED)


def _anatomy_legend(sheet: Sheet, y: float) -> None:
    x = float(MARGIN_PX)
    for words, colour in (
        ("left heart", LEFT_HEART_COLOUR),
        ("right heart", RIGHT_HEART_COLOUR),
        ("aorta", AORTA_COLOUR),
        ("pulmonary a.", PULMONARY_COLOUR),
        ("pericardium", PERICARDIUM_COLOUR),
    ):
        sheet.swatch(x, y + 3, _SWATCH_PX, colour, filled=False)
        x = sheet.text(x + 23, y, words, _TYPE_PX, color=MUTED) + 16
