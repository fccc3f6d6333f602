"""The heading of a picture of a scored exam: the score, the arteries, and what is not counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.amounts import shown as amount_text
from corcal.report.amounts import shown_site
from corcal.report.canvas import (
    CAUTION,
    MARGIN_PX,
    MUTED,
    TEXT,
    TOP_PX,
    Sheet,
    footer_px,
    lines_that_fit,
)
from corcal.report.colours import OTHER_SITE_COLOUR, SITE_COLOURS
from corcal.report.unchecked import (
    DOUBT_MARK,
    DOUBTFUL,
    has_doubtful_lesion,
    unchecked_words,
)
from corcal.report.words import interval_words, score_name, zero_words
from corcal.result import Result

__all__ = ["result_sheet"]

_SCORE_LINE_PX, _ARTERY_LINE_PX, _OTHER_LINE_PX = 38, 32, 26
_SCORE_BASELINE_PX, _ARTERY_BASELINE_PX = 26, 16  # of a line, from where the line begins
_ARTERIES_PX = 58  # from the first line of the score to the arteries, if it is the only one
_OTHERS_PX = 35  # from the last line of the arteries to what is not counted
_END_PX = 48  # from the last line of the arteries to the picture, if nothing else is told
_SWATCH_PX, _SWATCH_GAP_PX, _SWATCH_ABOVE_PX = 18, 9, 14  # above the baseline
_OTHER_INDENT_PX = 27
_OTHER_TYPE_PX, _FOOTER_TYPE_PX = 17.0, 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """Words of one look that stay on one line; a square of the colour may stand before them."""

    text: str
    size_px: float
    gap_px: float = 0.0  # before them, where something is
    colour: str = TEXT
    weight: str = "normal"
    swatch: str = ""
    is_filled: bool = False


_Group = tuple[_Run, ...]  # what stays together


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """All that is written above and below a picture."""

    score: list[_Group]
    arteries: list[_Group]
    others: str
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """The same, broken into lines that are as wide as the picture."""

    score: list[list[_Group]]
    arteries: list[list[_Group]]
    others: list[str]
    footer: list[str]

    @property
    def arteries_px(self) -> int:
        """Where the arteries begin."""
        return TOP_PX + _ARTERIES_PX + _SCORE_LINE_PX * (len(self.score) - 1)

    @property
    def others_px(self) -> int:
        """Where what is not counted begins."""
        return self.arteries_px + _ARTERY_LINE_PX * (len(self.arteries) - 1) + _OTHERS_PX

    @property
    def height_px(self) -> int:
        """Height of all that is above the picture."""
        return self.others_px - _OTHERS_PX + _END_PX + _OTHER_LINE_PX * len(self.others)


def result_sheet(
    *,
    width_px: int,
    content_px: int,
    result: Result,
    shown: Collection[Site],
    footnote: str = "",
    names_lesions: bool = False,
) -> Sheet:
    """Begin a picture of a scored exam.

    Every text is broken into as many lines as the width asks for: none passes the edge.

    Parameters
    ----------
    width_px, content_px : int
        Width of the picture; height of what lies between heading and footer.
    result : Result
        Supplies the numbers of the heading.
    shown : collection of Site
        Sites whose calcium the picture shows: others are named as not shown.
    footnote : str
        A sentence for the end of the footer.
    names_lesions : bool
        Whether the picture names the lesions of these sites, each with a mark if it is doubtful:
        then the mark is explained, as it is beside an artery.

    Returns
    -------
    Sheet
        With heading and footer; the panels are still to come.
    """
    named = shown if names_lesions else ()
    words = _Words(
        score=_score(result),
        arteries=_arteries(result, {*CORONARY_SITES, *named}),
        others=_other_words(result, {site.label for site in shown}),
        footer=_footer_words(result, footnote),
    )
    lines = _lines(words, width_px)
    height_px = lines.height_px + content_px + footer_px(lines.footer)
    sheet = Sheet(width_px=width_px, height_px=height_px, top_px=lines.height_px)
    for number, line in enumerate(lines.score):
        _write(sheet, TOP_PX + _SCORE_BASELINE_PX + number * _SCORE_LINE_PX, line)
    for number, line in enumerate(lines.arteries):
        _write(sheet, lines.arteries_px + _ARTERY_BASELINE_PX + number * _ARTERY_LINE_PX, line)
    _other_sites(sheet, lines)
    sheet.footer(lines.footer, _FOOTER_TYPE_PX)
    return sheet


def _lines(words: _Words, width_px: int) -> _Lines:
    ruler = Sheet(width_px=width_px, height_px=1, top_px=0)  # measures; nothing is drawn on it
    within = width_px - 2 * MARGIN_PX
    return _Lines(
        score=_broken(ruler, words.score, within),
        arteries=_broken(ruler, words.arteries, within),
        others=ruler.wrapped(words.others, _OTHER_TYPE_PX, within - _OTHER_INDENT_PX),
        footer=lines_that_fit(words.footer, _FOOTER_TYPE_PX, width_px=width_px),
    )


def _score(result: Result) -> list[_Group]:
    """Name and number, how sure it is, what a zero means, and whether anybody has checked it."""
    total = result.score.total
    runs = [
        _Run(text=score_name(result), size_px=22, colour=MUTED),
        _Run(text=amount_text(total.agatston), size_px=34, gap_px=12, weight="bold"),
    ]
    if total.interval is not None:
        words = f"({interval_words(total.interval)})"
        runs.append(_Run(text=words, size_px=20, gap_px=14, colour=MUTED))
    if note := zero_words(result):
        runs.append(_Run(text=note, size_px=24, gap_px=28))
    if unchecked := unchecked_words(result):
        runs.append(_Run(text=unchecked, size_px=20, gap_px=28, colour=CAUTION))
    return [(run,) for run in runs]


def _arteries(result: Result, marked: Collection[Site]) -> list[_Group]:
    """Name each artery; what the mark means, if one of the sites that can have it has it."""
    groups = [_artery(result, site) for site in CORONARY_SITES]
    if any(has_doubtful_lesion(result, site.label) for site in marked):
        legend = f"{DOUBT_MARK}: {DOUBTFUL}"
        groups.append((_Run(text=legend, size_px=17, gap_px=36, colour=MUTED),))
    return groups


def _artery(result: Result, site: Site) -> _Group:
    """Name and score of an artery; with a mark if a part of it is doubtful."""
    amount = result.score.vessels[site.label].agatston
    colour, ink, weight = (
        (SITE_COLOURS[site], TEXT, "bold") if amount > 0 else (MUTED, MUTED, "normal")
    )
    name = _Run(
        text=site.label,
        size_px=20,
        gap_px=36,
        colour=ink,
        swatch=colour,
        is_filled=amount > 0,
    )
    number = _Run(text=amount_text(amount), size_px=20, gap_px=8, colour=ink, weight=weight)
    if not has_doubtful_lesion(result, site.label):
        return (name, number)
    return (name, number, _Run(text=DOUBT_MARK, size_px=20, gap_px=7, colour=ink, weight=weight))


def _broken(ruler: Sheet, groups: Sequence[_Group], within_px: float) -> list[list[_Group]]:
    """Break groups into lines: a group begins a line where it would pass the edge."""
    lines: list[list[_Group]] = [[]]
    at = 0.0
    for group in (part for one in groups for part in _parts(ruler, one, within_px)):
        width = sum(_width(ruler, run) for run in group)
        if lines[-1] and at + width > within_px:
            lines.append([])
        at = (at if lines[-1] else -group[0].gap_px) + width
        lines[-1].append(group)
    return lines


def _parts(ruler: Sheet, group: _Group, within_px: float) -> list[_Group]:
    """Break words that are wider than a line."""
    (run, *more) = group
    if more or _width(ruler, run) - run.gap_px <= within_px:
        return [group]
    texts = ruler.wrapped(run.text, run.size_px, within_px, weight=run.weight)
    return [(replace(run, text=text),) for text in texts]


def _width(ruler: Sheet, run: _Run) -> float:
    swatch = _SWATCH_PX + _SWATCH_GAP_PX if run.swatch else 0
    text_px = ruler.text_size(run.text, run.size_px, weight=run.weight)[0]
    return run.gap_px + swatch + text_px


def _write(sheet: Sheet, baseline: float, groups: Sequence[_Group]) -> None:
    x = float(MARGIN_PX)
    for run in (run for group in groups for run in group):
        x += run.gap_px if x > MARGIN_PX else 0
        if run.swatch:
            top = baseline - _SWATCH_ABOVE_PX
            sheet.swatch(x, top, _SWATCH_PX, run.swatch, filled=run.is_filled)
            x += _SWATCH_PX + _SWATCH_GAP_PX
        look = {"color": run.colour, "fontweight": run.weight, "va": "baseline"}
        x = sheet.text(x, baseline, run.text, run.size_px, **look)


def _other_sites(sheet: Sheet, lines: _Lines) -> None:
    for number, line in enumerate(lines.others):
        y = lines.others_px + number * _OTHER_LINE_PX
        if number == 0:
            sheet.swatch(MARGIN_PX + 2, y + 3, 14, OTHER_SITE_COLOUR, filled=False)
        sheet.text(MARGIN_PX + _OTHER_INDENT_PX, y, line, _OTHER_TYPE_PX, color=MUTED)


def _footer_words(result: Result, footnote: str) -> str:
    made = result.provenance
    return (
        f"{made.statement} {made.software} {made.software_version}, rule {result.score.rule}, "
        f"calcium from {made.threshold_hu:g} HU. {footnote}"
    )


def _other_words(result: Result, shown: Collection[str]) -> str:
    """Name calcium that is not counted, apart from it what the picture does not show."""
    found = {k: v.agatston for k, v in result.score.other_sites.items() if v.agatston > 0}
    parts = []
    for what, is_shown in (("not counted", True), ("not counted, not in this picture", False)):
        sites = [
            f"{shown_site(label)} {amount_text(amount)}"
            for label, amount in found.items()
            if (label in shown) is is_shown
        ]
        if sites:
            parts.append(f"{what}: {', '.join(sites)}")
    return "; ".join(parts)
