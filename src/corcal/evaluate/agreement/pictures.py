"""Pictures of a study of agreement: scores, differences, categories, lesions."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.evaluate.agreement.lesion_match import COLUMNS, ROWS
from corcal.evaluate.agreement.records import (
    AgreementReport,
    CategoryAgreement,
    LesionAgreement,
    ScoreAgreement,
)
from corcal.evaluate.agreement.statistics import Estimate
from corcal.evaluate.agreement.words import artery_words
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.colours import site_colour

__all__ = ["PICTURES", "draw_agreement"]

# Blue and vermilion of Okabe and Ito's set, dark enough for white paper: same category, another.
_SAME, _OTHER = "#0072B2", "#D55E00"
_INK, _FAINT = "#222222", "#BBBBBB"
_TICKS = (0, 1, 10, 100, 400, 1000, 4000, 10000)
_DIFFERENCE_TICKS = (5, 10, 30, 100, 300, 1000, 3000)
_RATIO_TICKS = (1.5, 2, 4, 10, 100, 1000)  # and their inverses
_EDGES = (100.0, 400.0)  # of the categories above zero
_LEAST_AXIS = 500.0  # Agatston: an axis always shows all categories
_LEAST_FOR_BANDS = 10  # scans: the intervals of fewer fill the picture
_DPI = 110

_Floats = NDArray[np.float64]


def draw_agreement(report: AgreementReport, folder: Path) -> dict[str, Path]:
    """Draw the pictures that the report has data for.

    Parameters
    ----------
    report : AgreementReport
        The whole record.
    folder : Path
        An existing folder; files of the same names are replaced.

    Returns
    -------
    dict
        Name of each picture, of `PICTURES`, and its path; empty if no scan was compared.
    """
    # Heavy import, needed only for a picture. Figure itself, not pyplot: no global state, no
    # display.
    from matplotlib.figure import Figure

    drawn = {}
    for name, (size, draw) in PICTURES.items():
        figure = Figure(figsize=size, layout="constrained", facecolor="white")
        if draw(figure, report):
            drawn[name] = folder / f"{name}.png"
            figure.savefig(drawn[name], dpi=_DPI)
    return drawn


def _draw_scores(figure: Any, report: AgreementReport) -> bool:
    """Draw automatic over reference, for the total and for each artery."""
    scores = {one.name: one for one in report.scores}
    if not scores:
        return False
    mosaic = [["total", "total", "LM", "LAD"], ["total", "total", "LCX", "RCA"]]
    axes = figure.subplot_mosaic(mosaic)
    for name, one in axes.items():
        true, found, is_same = _pairs(report, name)
        _draw_scatter(one, true, found, is_small=name != "total")
        if name == "total":
            _mark_categories(one, true, found, is_same)
        else:
            colour = site_colour(Site[name])
            one.scatter(true, found, s=_size(true.size), color=colour, ec=_INK, lw=0.4, zorder=2)
        merged = report.left_main_in_lad
        one.set_title(
            _score_title(name, scores.get(name), with_left_main=merged),
            fontsize=11 if name == "total" else 9,
        )
    axes["total"].set_xlabel("reference, Agatston")
    axes["total"].set_ylabel("automatic, Agatston")
    _legend(figure, axes["total"])
    return True


def _score_title(name: str, found: ScoreAgreement | None, *, with_left_main: bool) -> str:
    if found is None:
        return f"{name}: with the LAD" if with_left_main else f"{name}: no reference"
    name = artery_words(name, left_main_in_lad=with_left_main)
    icc = found.icc_bootstrap if found.icc_bootstrap.low is not None else found.icc
    text = f"{name}, {_scans(found.scans)}"
    if icc.value is None:
        return text
    if name != "total" or icc.low is None:
        return f"{text}: ICC {icc.value:.3f}"
    return f"{text}: ICC(2,1) {icc.value:.3f} ({icc.low:.3f} to {icc.high:.3f})"


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count} scans"


def _pairs(report: AgreementReport, name: str) -> tuple[_Floats, _Floats, NDArray[np.bool_]]:
    """Return reference and automatic scores, and whether the category of the total is the same."""
    pairs, same = [], []
    for row in report.scans:
        if row.reference is None or row.automatic is None:
            continue
        if name == "total":
            both = (row.reference.total, row.automatic.total)
        else:
            both = (row.reference.vessels.get(name), row.automatic.vessels.get(name))
        if both[0] is not None and both[1] is not None:
            pairs.append((both[0], both[1]))
            same.append(row.reference_category == row.automatic_category)
    values = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return values[:, 0], values[:, 1], np.array(same, dtype=np.bool_)


def _draw_scatter(axes: Any, true: _Floats, found: _Floats, *, is_small: bool) -> None:
    """Draw the identity and the edges of the categories on axes of log(score + 1)."""
    largest = max(_LEAST_AXIS, *(float(side.max(initial=0)) for side in (true, found))) * 1.4
    for scale, limit, ticks in (
        (axes.set_xscale, axes.set_xlim, axes.set_xticks),
        (axes.set_yscale, axes.set_ylim, axes.set_yticks),
    ):
        scale("function", functions=(np.log1p, np.expm1))
        limit(-0.35, largest)
        ticks([tick for tick in _ticks(is_small=is_small) if tick < largest])
    for edge in (*_EDGES, 0.0):
        axes.axvline(edge, color=_FAINT, lw=0.6, zorder=0)
        axes.axhline(edge, color=_FAINT, lw=0.6, zorder=0)
    axes.plot([0, largest], [0, largest], color=_INK, lw=0.9, zorder=1)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7 if is_small else 9)
    zeros = int(((true == 0) & (found == 0)).sum())
    if zeros > 1:  # they lie on one another
        axes.annotate(
            f"{zeros} scans: both 0",
            (1, 0.02),
            xycoords="axes fraction",
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            fontsize=7 if is_small else 9,
        )


def _ticks(*, is_small: bool) -> tuple[int, ...]:
    return tuple(tick for tick in _TICKS if tick not in {400, 4000}) if is_small else _TICKS


def _mark_categories(axes: Any, x: _Floats, y: _Floats, is_same: NDArray[np.bool_]) -> None:
    """Draw the scans of the same category, and over them the others."""
    size = _size(x.size)
    for which, colour, label, marker in (
        (is_same, _SAME, "same category", "o"),
        (~is_same, _OTHER, "another category", "D"),
    ):
        axes.scatter(
            x[which],
            y[which],
            s=size,
            marker=marker,
            color=colour,
            ec="white",
            lw=0.4,
            alpha=0.85,
            label=label,
            zorder=2,
        )


def _legend(figure: Any, axes: Any) -> None:
    """Say below the panels what the colours of one of them mean."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, frameon=False)


def _size(points: int) -> int:
    """Few are drawn large, many small."""
    return 42 if points <= 30 else 16


def _draw_differences(figure: Any, report: AgreementReport) -> bool:
    """Draw differences and ratios over the mean of both scores (Bland and Altman)."""
    total = next((one for one in report.scores if one.name == "total"), None)
    if total is None:
        return False
    scores = _pairs(report, "total")
    true, found, _ = scores
    plain, ratio = figure.subplots(1, 2)
    _draw_limits(plain, scores, found - true, total, is_ratio=False)
    _draw_limits(ratio, scores, np.log1p(found) - np.log1p(true), total, is_ratio=True)
    _legend(figure, plain)
    reach = plain.get_ylim()[1]
    shown = [tick for tick in _DIFFERENCE_TICKS if tick <= reach]
    plain.set_yscale("symlog", linthresh=10, linscale=1.5)
    plain.set_yticks([*(-tick for tick in shown), 0, *shown])
    plain.set_yticks([], minor=True)
    plain.yaxis.set_major_formatter("{x:g}")
    plain.set_ylabel("automatic - reference, Agatston (linear to ±10)")
    ticks = [tick for tick in _RATIO_TICKS if tick <= np.exp(ratio.get_ylim()[1])]
    both = [1.0, *ticks, *(1 / tick for tick in ticks)]
    ratio.set_yticks(np.log(both), [f"{tick:.2g}" for tick in both])
    ratio.set_ylabel("(automatic + 1) / (reference + 1)")
    return True


def _draw_limits(
    axes: Any,
    scores: tuple[_Floats, _Floats, NDArray[np.bool_]],
    difference: _Floats,
    total: ScoreAgreement,
    *,
    is_ratio: bool,
) -> None:
    """Draw differences with bias and limits of agreement, each with its interval."""
    true, found, is_same = scores
    mean = (true + found) / 2
    axes.set_xscale("function", functions=(np.log1p, np.expm1))
    largest = max(_LEAST_AXIS, float(mean.max(initial=0))) * 1.4
    axes.set_xlim(-0.35, largest)
    axes.set_xticks([tick for tick in _TICKS if tick < largest])
    axes.axhline(0, color=_FAINT, lw=0.8)
    _mark_categories(axes, mean, difference, is_same)
    agreement = total.bland_altman_log if is_ratio else total.bland_altman
    with_band = total.scans >= _LEAST_FOR_BANDS
    _line(axes, agreement.bias, "-", with_band=with_band)
    _line(axes, agreement.lower_limit, "--", with_band=with_band)
    _line(axes, agreement.upper_limit, "--", with_band=with_band)
    least = np.log(2.0) if is_ratio else 10.0
    ends = [value for one in (agreement.lower_limit, agreement.upper_limit) if (value := one.value)]
    reach = 1.5 * max([least, *np.abs(difference).tolist(), *np.abs(ends).tolist()])
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("mean of reference and automatic, Agatston")
    axes.set_title(_limits_title(total, is_ratio=is_ratio), fontsize=10)


def _line(axes: Any, found: Estimate, style: str, *, with_band: bool) -> None:
    """Draw one horizontal line, with the band of its interval."""
    if found.value is None:
        return
    axes.axhline(found.value, color=_INK, lw=1.0, ls=style, zorder=1)
    if with_band and found.low is not None and found.high is not None:
        axes.axhspan(found.low, found.high, color=_INK, alpha=0.08, lw=0)


def _limits_title(total: ScoreAgreement, *, is_ratio: bool) -> str:
    """Say bias and limits in words: lines that lie close leave no room for them."""
    agreement = total.bland_altman_log if is_ratio else total.bland_altman
    text = f"{'Ratios' if is_ratio else 'Differences'}, {_scans(total.scans)}"
    low, bias, high = (
        one.value for one in (agreement.lower_limit, agreement.bias, agreement.upper_limit)
    )
    if bias is None or low is None or high is None:
        return text
    if is_ratio:
        bias, low, high = math.exp(bias), math.exp(low), math.exp(high)
    form = ".2f" if is_ratio else "+.1f"
    return f"{text}: bias {bias:{form}}, limits {low:{form}} to {high:{form}}"


def _draw_categories(figure: Any, report: AgreementReport) -> bool:
    """Draw the table of the categories."""
    found = report.categories
    if found is None:
        return False
    axes = figure.subplots()
    table = np.array(found.table)
    _draw_table(axes, table, found.labels, found.labels, str)
    axes.set_xlabel("automatic")
    axes.set_ylabel("reference")
    axes.set_title(_category_title(found), fontsize=11)
    return True


def _category_title(found: CategoryAgreement) -> str:
    text = f"Same category: {found.same.count} of {found.same.total}"
    kappa = found.kappa_quadratic.value
    return text if kappa is None else f"{text}, quadratic kappa {kappa:.3f}"


def _draw_table(
    axes: Any,
    table: NDArray[Any],
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    text: Callable[[Any], str],
) -> None:
    """Draw a table whose cells are tinted by their part of the row."""
    whole = table.sum(axis=1, keepdims=True)
    part = np.divide(table, whole, out=np.zeros(table.shape), where=whole > 0)
    axes.imshow(part, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    for row in range(len(rows)):
        for column in range(len(columns)):
            weight = "bold" if rows[row] == columns[column] else "normal"
            colour = "white" if part[row, column] > 0.75 else _INK
            label = text(table[row, column])
            axes.text(column, row, label, ha="center", va="center", color=colour, weight=weight)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(np.arange(len(columns) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(rows) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", lw=2)
    axes.tick_params(which="both", length=0)
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()


def _draw_lesions(figure: Any, report: AgreementReport) -> bool:
    """Draw the sensitivity by size, and which artery the calcium was given."""
    found = report.lesions
    if found is None:
        return False
    by_size, arteries = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_sensitivity(by_size, found)
    _draw_table(arteries, np.array(found.confusion.agatston), ROWS, COLUMNS, _amount)
    for column in range(len(CORONARY_SITES), len(COLUMNS)):  # nothing can be false and not counted
        arteries.texts[ROWS.index("false") * len(COLUMNS) + column].set_text("")
    arteries.axhline(len(CORONARY_SITES) - 0.5, color=_INK, lw=0.8)
    arteries.set_xlabel("automatic")
    arteries.set_ylabel("reference")
    right = found.right_artery_of_found.value
    title = "Calcium by artery, Agatston"
    arteries.set_title(
        title if right is None else f"{title}: {right:.1%} of what was found in its artery",
        fontsize=11,
    )
    return True


def _amount(value: float) -> str:
    return "0" if value == 0 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _draw_sensitivity(axes: Any, found: LesionAgreement) -> None:
    """Draw the part of the lesions of each size that was found, with Wilson intervals."""
    for place, size in enumerate(found.by_size):
        fraction = size.found.fraction
        if fraction.value is None or fraction.low is None or fraction.high is None:
            continue
        reach = [[fraction.value - fraction.low], [fraction.high - fraction.value]]
        # 0 and 1 are ends of their own interval up to rounding
        axes.errorbar(
            place, fraction.value, yerr=np.maximum(reach, 0), fmt="o", color=_SAME, capsize=3, ms=7
        )
    axes.set_xticks(
        range(len(found.by_size)),
        [f"{size.label}\n{size.found.count} of {size.found.total}" for size in found.by_size],
        fontsize=8,
    )
    axes.set_xlim(-0.5, len(found.by_size) - 0.5)
    axes.set_ylim(-0.03, 1.03)
    axes.grid(axis="y", alpha=0.3)
    axes.set_xlabel("size of the reference lesion, Agatston")
    axes.set_ylabel("part found")
    false = found.false_per_scan.value or 0.0
    axes.set_title(
        f"Lesions found in {_scans(found.scans)}; {false:.2f} false ones a scan", fontsize=11
    )


PICTURES: dict[str, tuple[tuple[float, float], Callable[[Any, AgreementReport], bool]]] = {
    "scores": ((11.0, 5.8), _draw_scores),
    "differences": ((11.0, 4.8), _draw_differences),
    "categories": ((5.4, 4.6), _draw_categories),
    "lesions": ((11.0, 4.4), _draw_lesions),
}
