"""A picture of a score among people of the same sex: percentile curves over age, and one point."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corcal._version import __version__
from corcal.errors import InputError
from corcal.report.canvas import MARGIN_PX, Box, Sheet
from corcal.report.interpretation_choice import CHARTED, charted_reference
from corcal.report.percentile_plot import (
    BANDS,
    CURVE,
    INK,
    LOWEST_HEIGHT,
    MEDIAN,
    MUTED,
    PAPER,
    POINT,
    age_ticks,
    found_curves,
    is_stepped,
    is_written_below,
    is_written_left,
    score_ticks,
    score_words,
    top_height,
)
from corcal.report.percentile_words import ordinal
from corcal.result import RESEARCH_USE
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.percentiles import PercentileCurves
from corcal.risk.sources import source
from corcal.risk.types import Percentile, Race, Sex

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_percentile_chart",
    "interpretation_sheet",
    "percentile_sheet",
]

_MIN_WIDTH_PX, _MAX_WIDTH_PX = 560, 3000
_FULL_WIDTH_PX = 1200  # type is full size from here on
_HEIGHT_BY_WIDTH = 0.72
_MIN_HEIGHT_PX = 500
_FONT = "DejaVu Sans"  # comes with matplotlib
_POINTS_PER_PX = 0.72


def draw_percentile_chart(
    path: Path | str,
    agatston: float,
    *,
    age_years: float,
    sex: Sex,
    race: Race | None = None,
    reference: str = "mesa",
    width_px: int = _FULL_WIDTH_PX,
) -> None:
    """Draw a score against the 25th, 50th, 75th and 90th percentile of a reference.

    The scores are on an axis of ln(score + 1): 0 has its place, and 5000 fits. The picture holds
    age, sex and group, and nothing else of the person.

    Parameters
    ----------
    path : path
        PNG to write; an existing file is replaced.
    agatston : float
        Unrounded, at least 0.
    age_years : float
        The reference must cover it.
    sex : Sex
        Of the person.
    race : Race, optional
        Of the person; MESA needs it.
    reference : str
        ``"mesa"`` or ``"hoff"``.
    width_px : int
        560 to 3000; the height follows.

    Raises
    ------
    InputError
        If a value is out of range, the reference does not cover the person, or the file cannot be
        written.
    """
    percentile_sheet(
        agatston, age_years=age_years, sex=sex, race=race, reference=reference, width_px=width_px
    ).save(path)


def interpretation_sheet(meaning: Interpretation, *, width_px: int = _FULL_WIDTH_PX) -> Sheet:
    """Draw the score of an interpretation among the curves of the better reference.

    Parameters
    ----------
    meaning : Interpretation
        Of one person.
    width_px : int
        560 to 3000; the height follows.

    Returns
    -------
    Sheet
        As of `percentile_sheet`: MESA, or Hoff where MESA does not cover the person.

    Raises
    ------
    InputError
        If neither covers the person, or nothing is known of who it is.
    """
    person, reference = meaning.person, charted_reference(meaning)
    if person is None or reference is None:
        reasons = "; ".join(f"{meaning.percentile[name].not_covered}" for name in CHARTED)
        msg = f"there are no percentiles to draw: {reasons}"
        raise InputError(msg)
    return percentile_sheet(
        meaning.agatston,
        age_years=person.age_years,
        sex=person.sex,
        race=person.race,
        reference=reference,
        width_px=width_px,
    )


def percentile_sheet(
    agatston: float,
    *,
    age_years: float,
    sex: Sex,
    race: Race | None = None,
    reference: str = "mesa",
    width_px: int = _FULL_WIDTH_PX,
) -> Sheet:
    """Draw the chart without writing it: one panel (axes), age in years against ln(score + 1)."""
    if not _MIN_WIDTH_PX <= width_px <= _MAX_WIDTH_PX:
        msg = f"a chart is {_MIN_WIDTH_PX} to {_MAX_WIDTH_PX} pixels wide, got {width_px}"
        raise InputError(msg)
    curves, found = found_curves(agatston, age_years, sex, race, reference)
    size = min(1.0, 0.55 + 0.45 * width_px / _FULL_WIDTH_PX)
    height_px = max(_MIN_HEIGHT_PX, round(width_px * _HEIGHT_BY_WIDTH))
    sheet = _paper(width_px, height_px)
    sheet.top_px = _heading(sheet, agatston, found, size) + 40 * size
    bottom = _footer(sheet, curves, size)
    panel = Box(
        left=MARGIN_PX + 62 * size,
        top=sheet.top_px,
        width=width_px - 2 * MARGIN_PX - 118 * size,
        height=bottom - sheet.top_px - 66 * size,
    )
    _name_axes(sheet, panel, size)
    _draw(sheet, panel, curves, int(age_years), agatston, size)
    return sheet


def _paper(width_px: int, height_px: int) -> Sheet:
    sheet = Sheet(width_px=width_px, height_px=height_px, top_px=0)
    sheet.figure.patch.set_facecolor(PAPER)
    return sheet


def _draw(
    sheet: Sheet, panel: Box, curves: PercentileCurves, years: int, agatston: float, size: float
) -> None:
    axes = _axes(sheet, panel, curves, agatston, size)
    _draw_curves(axes, curves, size)
    _draw_point(axes, curves, years, agatston, size)


def _heading(sheet: Sheet, agatston: float, found: Percentile, size: float) -> float:
    """Write the score, its percentile and with whom it is compared; return where this ends."""
    y = 26 * size
    end = sheet.text(MARGIN_PX, y + 9 * size, "Agatston score", 22 * size, color=MUTED)
    score = score_words(agatston)
    end = sheet.text(end + 12 * size, y, score, 34 * size, fontweight="bold", color=INK)
    sheet.text(end + 28 * size, y + 6 * size, _position(found), 24 * size, color=INK)
    y += 52 * size
    for line in _wrapped(sheet, _compared(found), 18 * size):
        sheet.text(MARGIN_PX, y, line, 18 * size, color=MUTED)
        y += 25 * size
    return y


def _name_axes(sheet: Sheet, panel: Box, size: float) -> None:
    """Name the two scales above their numbers, level and not turned."""
    y = panel.top - 26 * size
    sheet.text(MARGIN_PX, y, "Agatston score", 16 * size, color=MUTED)
    right = sheet.width_px - MARGIN_PX
    sheet.text(right, y, "percentile", 16 * size, color=MUTED, ha="right")


def _footer(sheet: Sheet, curves: PercentileCurves, size: float) -> float:
    """Write where the curves are from; return where the footer begins."""
    cited = source(curves.source)
    doi = f" doi:{cited.doi}" if cited.doi else ""
    text = f"{RESEARCH_USE} corcal {__version__}. Reference: {cited.citation}{doi}"
    lines = _wrapped(sheet, text, 14 * size)
    top = sheet.height_px - 18 - 19 * size * len(lines)
    for number, line in enumerate(lines):
        sheet.text(MARGIN_PX, top + 19 * size * number, line, 14 * size, color=MUTED)
    return top


def _wrapped(sheet: Sheet, text: str, size_px: float) -> list[str]:
    """Break a text into lines that fit between the margins."""
    per_character = sheet.text_size(text, size_px)[0] / len(text)
    fitting = int((sheet.width_px - 2 * MARGIN_PX) / per_character * 0.96)
    return textwrap.wrap(text, fitting, break_on_hyphens=False)


def _axes(sheet: Sheet, box: Box, curves: PercentileCurves, agatston: float, size: float) -> "Axes":
    axes = sheet.figure.add_axes(
        (
            box.left / sheet.width_px,
            1 - (box.top + box.height) / sheet.height_px,
            box.width / sheet.width_px,
            box.height / sheet.height_px,
        )
    )
    axes.set_facecolor(BANDS[0])
    axes.set_xlim(curves.ages_years[0], curves.ages_years[-1])
    axes.set_ylim(LOWEST_HEIGHT, top_height(curves, agatston))
    ticks = score_ticks(curves, agatston)
    axes.set_yticks(list(ticks.values()), list(ticks))
    axes.set_xticks(age_ticks(curves))
    axes.tick_params(colors=MUTED, length=4, pad=5)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontfamily=_FONT, fontsize=16 * size * _POINTS_PER_PX)
    axes.set_xlabel(
        "age in completed years",
        color=MUTED,
        fontfamily=_FONT,
        fontsize=16 * size * _POINTS_PER_PX,
    )
    axes.grid(visible=True, axis="y", color=PAPER, linewidth=0.9)
    axes.set_axisbelow(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return axes


def _draw_curves(axes: "Axes", curves: PercentileCurves, size: float) -> None:
    """Draw the curves, name each at its end, and fill what lies above it."""
    ages = np.asarray(curves.ages_years, dtype=float)
    top = np.full(ages.shape, axes.get_ylim()[1])
    heights = {each: np.log1p(scores) for each, scores in curves.scores.items()}
    for band, (percentile, height) in zip(BANDS[1:], heights.items(), strict=True):
        axes.fill_between(
            ages, height, top, step="mid" if is_stepped(curves) else None, color=band, linewidth=0
        )
        axes.plot(
            ages,
            height,
            color=CURVE,
            linewidth=2.2 * size if percentile == MEDIAN else 1.3 * size,
            drawstyle="steps-mid" if is_stepped(curves) else "default",
        )
        axes.annotate(
            ordinal(percentile),
            (ages[-1], height[-1]),
            xytext=(9 * size, 0),
            textcoords="offset points",
            color=INK if percentile == MEDIAN else MUTED,
            va="center",
            fontfamily=_FONT,
            fontsize=15 * size * _POINTS_PER_PX,
            annotation_clip=False,
        )


def _draw_point(
    axes: "Axes", curves: PercentileCurves, years: int, agatston: float, size: float
) -> None:
    """Mark the person's age and score, with the score beside it."""
    from matplotlib.patheffects import withStroke

    height = float(np.log1p(agatston))
    axes.axvline(years, color=INK, linewidth=0.9, linestyle=(0, (2, 3)), alpha=0.6)
    axes.plot(
        [years],
        [height],
        marker="o",
        markersize=11 * size,
        markerfacecolor=POINT,
        markeredgecolor=PAPER,
        markeredgewidth=2.2 * size,
        linestyle="none",
        clip_on=False,
        zorder=5,
    )
    is_late, is_high = is_written_left(curves, years), is_written_below(curves, agatston)
    axes.annotate(
        score_words(agatston),
        (years, height),
        xytext=(-11 * size if is_late else 11 * size, -6 * size if is_high else 6 * size),
        textcoords="offset points",
        ha="right" if is_late else "left",
        va="top" if is_high else "bottom",
        color=INK,
        fontfamily=_FONT,
        fontweight="bold",
        fontsize=20 * size * _POINTS_PER_PX,
        path_effects=[withStroke(linewidth=3, foreground=PAPER)],
        zorder=6,
    )


def _position(found: Percentile) -> str:
    """Say the percentile in a word or two."""
    if found.value is not None:
        if found.value == 0:
            return "below the 1st percentile"
        more = " or higher" if found.is_top else ""
        return f"{ordinal(found.value)} percentile{more}"
    if found.p_nonzero is not None or (found.at_least is None and found.at_most is None):
        return "no calcium: no percentile"
    if found.at_most is None:
        return f"{ordinal(found.at_least or 0)} percentile or higher"
    if found.at_least is None:
        return f"below the {ordinal(found.at_most)} percentile"
    return f"{ordinal(found.at_least)} to {ordinal(found.at_most)} percentile"


def _compared(found: Percentile) -> str:
    """Say with whom it is compared, and how."""
    if found.value is not None:
        return f"Higher than in {found.value} of 100 {found.group} of the MESA study."
    if found.p_nonzero is not None:
        return f"{found.p_nonzero} of 100 {found.group} of the MESA study have calcium."
    return f"Compared with {found.group} who came for a scan by themselves (Hoff 2001)."
