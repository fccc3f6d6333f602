"""The heading of the pictures of automatic decisions: what was found, and how to read it."""

from collections.abc import Sequence
from dataclasses import dataclass

from corcal.anatomy.types import Anatomy, ModelRecord
from corcal.lesions.decision import Detection
from corcal.lesions.detect import NOT_CALCIUM
from corcal.lesions.sites import CORONARY_SITES
from corcal.report.anatomy_lines import (
    AORTA_COLOUR,
    LEFT_HEART_COLOUR,
    PERICARDIUM_COLOUR,
    PULMONARY_COLOUR,
    RIGHT_HEART_COLOUR,
)
from corcal.report.canvas import CAUTION, MARGIN_PX, MUTED, TEXT, TOP_PX, Sheet
from corcal.report.colours import SITE_COLOURS
from corcal.report.montage_labels import REJECTED_COLOUR
from corcal.report.pieces import Piece
from corcal.report.unchecked import DOUBT_MARK, DOUBTFUL, unchecked_words
from corcal.report.words import sentence, zero_words
from corcal.result import Result
from corcal.scoring.rules import DEFAULT_RULE

__all__ = [
    "HEADING_PX",
    "Heading",
    "counted_words",
    "draw_heading",
    "heading_of",
    "model_words",
    "scored_by",
]

HEADING_PX = 400  # at least
_TITLE = "Anatomy and decisions"
_TITLE_PX, _TYPE_PX = 30.0, 19.0
_BEGIN_PX, _LINE_PX, _LEGEND_PX, _SWATCH_PX = 52.0, 27.0, 32.0, 16.0
_GAP_PX = 10.0  # between the legends and what the anatomy has to say, and below that
_BESIDE_PX = 20.0  # between the title and what stands beside it
_FINDINGS = 2  # lines for what the anatomy and the detection have to say


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the heading of the montage says, in lines that fit.

    Attributes
    ----------
    unchecked : tuple of str
        That nobody has checked it: one line beside the title, or lines below it.
    is_beside : bool
        Which of both.
    counted : tuple of str
        What was found.
    model : tuple of str
        The model, and what is not shown.
    findings : tuple of str
        What the anatomy and the detection have to say, as far as there is room.
    """

    unchecked: tuple[str, ...]
    is_beside: bool
    counted: tuple[str, ...]
    model: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def counted_px(self) -> float:
        """Where the words about what was found begin."""
        return TOP_PX + _BEGIN_PX + (0 if self.is_beside else _LINE_PX * len(self.unchecked))

    @property
    def legends_px(self) -> float:
        """Where the legends begin."""
        return self.counted_px + _LINE_PX * len(self.counted)

    @property
    def model_px(self) -> float:
        """Where the name of the model begins."""
        return self.legends_px + _LEGEND_PX * len(_LEGENDS) + _GAP_PX

    @property
    def height_px(self) -> int:
        """Height of the whole heading."""
        end = self.model_px + _LINE_PX * (len(self.model) + len(self.findings))
        return max(HEADING_PX, round(end + _GAP_PX))


def heading_of(
    result: Result,
    anatomy: Anatomy,
    detection: Detection,
    pieces: Sequence[Piece],
    *,
    right_px: float,
    unseen: int,
) -> Heading:
    """Say what the montage shows, in lines that fit beside its overviews.

    Parameters
    ----------
    result : Result
        Tells what a score of zero means, and whether anybody has checked it.
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
    ruler = Sheet(width_px=round(right_px), height_px=1, top_px=0)  # measures; nothing is drawn
    within = right_px - MARGIN_PX

    def lines(*texts: str) -> tuple[str, ...]:
        return tuple(line for text in texts for line in ruler.wrapped(text, _TYPE_PX, within))

    unchecked = unchecked_words(result)
    title_px = ruler.text_size(_TITLE, _TITLE_PX, weight="bold")[0]
    beside_px = title_px + _BESIDE_PX + ruler.text_size(unchecked, _TYPE_PX)[0]
    model = [f"Anatomy: {model_words(anatomy.model)}"]
    if anatomy.pathways is None:
        model[0] += ", which does not know where the arteries run"
    if unseen:
        model.append(f"Small ones on slices that are not shown: {unseen}.")
    is_beside = beside_px <= within
    return Heading(
        unchecked=(unchecked,) if unchecked and is_beside else lines(unchecked),
        is_beside=is_beside,
        counted=lines(*counted_words(result, pieces)),
        model=lines(*model),
        findings=_findings(ruler, [f.message for f in (*anatomy.findings, *detection.findings)]),
    )


def _findings(ruler: Sheet, messages: Sequence[str]) -> tuple[str, ...]:
    """Shorten the first findings to a line each; the last one says how many there are beside."""
    told = messages[:_FINDINGS]
    more = f" (+{len(messages) - len(told)})" if len(messages) > len(told) else ""
    ends = ["" for _ in told[1:]] + [more]
    return tuple(_shortened(ruler, text, end) for text, end in zip(told, ends, strict=False))


def _shortened(ruler: Sheet, text: str, end: str) -> str:
    within = ruler.width_px - MARGIN_PX
    for mark in (end, f" …{end}"):
        room = within - ruler.text_size(mark, _TYPE_PX)[0]
        line, *rest = ruler.wrapped(text, _TYPE_PX, room) or [""]
        if not rest:
            break
    return line + mark


def draw_heading(sheet: Sheet, heading: Heading) -> None:
    """Write the heading at the upper left, and explain the colours."""
    end = sheet.text(MARGIN_PX, TOP_PX, _TITLE, _TITLE_PX, fontweight="bold")
    x, y = (end + _BESIDE_PX, TOP_PX + 10.0)
    if not heading.is_beside:
        x, y = MARGIN_PX, TOP_PX + _BEGIN_PX
    _write(sheet, x, y, heading.unchecked, CAUTION)
    _write(sheet, MARGIN_PX, heading.counted_px, heading.counted, TEXT)
    for number, legend in enumerate(_LEGENDS):
        legend(sheet, heading.legends_px + number * _LEGEND_PX + 6)
    _write(sheet, MARGIN_PX, heading.model_px, heading.model, MUTED)
    y = heading.model_px + _LINE_PX * len(heading.model)
    _write(sheet, MARGIN_PX, y, heading.findings, TEXT)


def _write(sheet: Sheet, x: float, y: float, lines: Sequence[str], colour: str) -> None:
    for number, line in enumerate(lines):
        sheet.text(x, y + number * _LINE_PX, line, _TYPE_PX, color=colour)


def counted_words(result: Result, pieces: Sequence[Piece]) -> tuple[str, str]:
    """Count the lesions in two sentences: the coronary ones, and what was left out.

    Parameters
    ----------
    result : Result
        Tells what it means that there is none (`corcal.report.words.zero_words`).
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
    nothing = "" if counted else zero_words(result)
    if nothing:
        first = sentence(nothing).removesuffix(".")
    else:
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
    sheet.text(x, y, f"dashed and {DOUBT_MARK}: {DOUBTFUL}", _TYPE_PX, color=MUTED)


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


_LEGENDS = (_artery_legend, _other_legend, _anatomy_legend)
