"""The scores of one person over time, with their intervals: the total, and artery by artery."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corcal.followup.types import Followup, Range, Verdict
from corcal.lesions.sites import CORONARY_SITES
from corcal.report.canvas import png_bytes
from corcal.report.colours import site_colour
from corcal.report.followup_plot import (
    EDGES,
    EDGES_NAME,
    INK,
    TOTAL_COLOUR,
    amount_words,
    reach,
    steps,
    time_span,
)
from corcal.result import RESEARCH_USE
from corcal.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["VERDICT_WORDS", "draw_followup", "followup_figure"]

_FAINT = "#BBBBBB"
_MOSAIC = [["total", "total", "LM", "LAD"], ["total", "total", "LCX", "RCA"]]
_SIZE_INCHES = (11.0, 5.4)
_DPI = 110
VERDICT_WORDS = {
    Verdict.INCREASE: "an increase larger than measurement error",
    Verdict.DECREASE: "a decrease larger than measurement error",
    Verdict.WITHIN_ERROR: "within measurement error",
    Verdict.UNCLEAR: "not clear whether more than measurement error",
    Verdict.NOT_COMPARABLE: "no verdict, the exams are not comparable",
    Verdict.NO_CHECK: "no verdict, no check of measurement error applies",
}
"""Each verdict in a few words."""


def draw_followup(followup: Followup, path: Path) -> Path:
    """Draw the Agatston scores over time as PNG.

    Parameters
    ----------
    followup : Followup
        As `corcal.followup.compare` gives it.
    path : Path
        The file; replaced if it exists.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_whole(path, png_bytes(followup_figure(followup)))
    return path


def followup_figure(followup: Followup) -> "Figure":
    """Draw the same without writing it."""
    figure = _figure(followup, _SIZE_INCHES)
    figure.suptitle(f"First exam to last: {VERDICT_WORDS[followup.whole.verdict]}", fontsize=12)
    figure.text(0.995, 0.012, RESEARCH_USE, ha="right", fontsize=7, color="#666666")
    return figure


def _figure(followup: Followup, size_inches: tuple[float, float]) -> "Figure":
    # Heavy import, needed only for a picture. Figure itself, not pyplot: no global state, no
    # display.
    from matplotlib.figure import Figure

    figure = Figure(figsize=size_inches, dpi=_DPI, layout="constrained", facecolor="white")
    axes: dict[str, Any] = figure.subplot_mosaic(_MOSAIC)  # type: ignore[arg-type]
    top = reach(_vessel_amounts(followup))
    for site in CORONARY_SITES:
        scores = [exam.vessels.get(site.label) for exam in followup.exams]
        ranges = [exam.vessel_intervals.get(site.label) for exam in followup.exams]
        _draw(axes[site.label], followup, scores, ranges, site_colour(site), is_small=True)
        axes[site.label].set_ylim(0, top)
        axes[site.label].set_title(site.label, fontsize=9)
    _draw_total(axes["total"], followup)
    _legend(figure, axes["total"], [exam.interval for exam in followup.exams])
    return figure


def _vessel_amounts(followup: Followup) -> list[float | None]:
    """Give every score of an artery and the upper end of its interval."""
    found: list[float | None] = []
    for exam in followup.exams:
        found += exam.vessels.values()
        found += [interval.high for interval in exam.vessel_intervals.values()]
    return found


def _draw_total(axes: Any, followup: Followup) -> None:
    exams = followup.exams
    scores: list[float | None] = [exam.agatston for exam in exams]
    _draw(axes, followup, scores, [exam.interval for exam in exams], TOTAL_COLOUR, is_small=False)
    highs = [exam.interval.high for exam in exams if exam.interval]
    axes.set_ylim(0, reach([*scores, *highs]))
    for edge in EDGES:
        if edge < axes.get_ylim()[1]:
            axes.axhline(edge, color=_FAINT, lw=0.9, zorder=0, label=EDGES_NAME)
    axes.set_title("All coronary arteries", fontsize=10)
    axes.set_ylabel("Agatston score")


def _draw(
    axes: Any,
    followup: Followup,
    scores: list[float | None],
    ranges: list[Range | None],
    colour: str,
    *,
    is_small: bool,
) -> None:
    """Draw the scores of one place: lines, intervals, marks and, if there is room, numbers."""
    days = [exam.date or date.min for exam in followup.exams]
    for first, second, alike in steps(followup):
        pair = (scores[first], scores[second])
        if None not in pair:
            style = "-" if alike else ":"
            name = "not comparable" if not alike and not is_small else None
            axes.plot(
                [days[first], days[second]], pair, style, color=INK, lw=1.1, label=name, zorder=2
            )
    for day, score, interval in zip(days, scores, ranges, strict=True):
        if score is None:
            continue
        if interval is not None:
            axes.vlines(day, interval.low, interval.high, color=colour, lw=4, alpha=0.45, zorder=1)
        size = 4 if is_small else 7
        axes.plot(day, score, "o", ms=size, color=colour, mec=INK, mew=0.6, zorder=3, clip_on=False)
        if not is_small:
            _write(axes, day, score, above=interval.high if interval else score)
    _time_axis(axes, followup, is_small=is_small)


def _write(axes: Any, day: date, score: float, *, above: float) -> None:
    """Write a score above its mark and its interval."""
    axes.annotate(
        amount_words(score),
        (day, above),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        zorder=4,
        bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
    )


def _time_axis(axes: Any, followup: Followup, *, is_small: bool) -> None:
    """Show all exams and the start of a statin, with room on both sides."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    started = followup.statin_started
    axes.set_xlim(*time_span(followup))
    if started:
        label = None if is_small else f"statin started {started}"
        axes.axvline(started, color="#009E73", lw=1.2, ls="--", zorder=0, label=label)
    locator = AutoDateLocator(minticks=2, maxticks=4 if is_small else 7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=7 if is_small else 9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _legend(figure: Any, axes: Any, intervals: list[Range | None]) -> None:
    """Say what bars and lines mean, once."""
    from matplotlib.patches import Patch

    handles, labels = axes.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))  # one for each meaning
    for level in sorted({one.level for one in intervals if one}):
        named[f"{100 * level:g} % interval"] = Patch(color=TOTAL_COLOUR, alpha=0.45)
    figure.legend(
        named.values(),
        named,
        loc="outside lower left",
        ncols=4,
        fontsize=9,
        frameon=False,
    )
