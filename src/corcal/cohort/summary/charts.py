"""The drawings of the summary page: each small, so that a narrow screen shows it whole."""

import io
from typing import Any

import numpy as np

from corcal.cohort.summary.tally import AgeBand, Tally

__all__ = ["category_chart", "percentile_chart", "score_chart"]

_SIZE_IN, _DPI = (5.0, 3.4), 150
_BAR, _ZERO, _INK, _FAINT = "#0072B2", "#999999", "#222222", "#DDDDDD"
_CURVES = ("#9ecae1", "#4292c6", "#2171b5", "#08306b")  # 25th, 50th, 75th, 90th
_TICKS = (0, 1, 10, 100, 1000, 10000)
_BINS_PER_E = 2.0  # bars of the histogram for a factor e of score + 1
_LEAST_TOP = 400.0  # Agatston: an axis always shows all categories
_MESSAGES = {"xlabel": "Agatston score", "ylabel": "scans"}


def score_chart(tally: Tally) -> bytes:
    """Draw how many scans have which score, zero apart, as PNG."""
    figure, axes = _figure()
    scores = tally.scores
    above = np.log1p(scores[scores > 0])
    top = max(np.log1p(_LEAST_TOP), above.max(initial=0.0)) + 0.3
    edges = np.arange(0, top + 1 / _BINS_PER_E, 1 / _BINS_PER_E)
    counts, _ = np.histogram(above, edges)
    width = 1 / _BINS_PER_E
    axes.bar(edges[:-1], counts, width=width, align="edge", color=_BAR, ec="white", lw=0.6)
    zeros = int(np.count_nonzero(scores == 0))
    axes.bar(-1.5 * width, zeros, width=width, color=_ZERO)
    ticks = [tick for tick in _TICKS if tick > 0 and np.log1p(tick) < top]
    axes.set_xticks(
        [-1.5 * width, *np.log1p(ticks)], ["0", *(f"{tick:g}" for tick in ticks)], fontsize=10
    )
    axes.set(**_MESSAGES)
    return _png(figure)


def category_chart(tally: Tally) -> bytes:
    """Draw how many scans are in each category, as PNG."""
    figure, axes = _figure()
    found = tally.categories()
    total = max(1, sum(found.values()))
    bars = axes.bar(list(found), list(found.values()), color=[_ZERO, *[_BAR] * (len(found) - 1)])
    labels = [f"{count:,}\n{count / total:.0%}" for count in found.values()]
    axes.bar_label(bars, labels, fontsize=10, padding=2)
    axes.margins(y=0.22)
    axes.set(**_MESSAGES)
    return _png(figure)


def percentile_chart(bands: tuple[AgeBand, ...]) -> bytes | None:
    """Draw the percentiles of one sex over age, as PNG; nothing if no band has enough scans."""
    shown = [(place, band) for place, band in enumerate(bands) if band.percentiles is not None]
    if not shown:
        return None
    figure, axes = _figure()
    places = [place for place, _ in shown]
    values = np.array([band.percentiles for _, band in shown], dtype=np.float64)
    for which, (name, colour) in enumerate(zip(("25", "50", "75", "90"), _CURVES, strict=True)):
        axes.plot(places, values[:, which], color=colour, marker="o", ms=5, label=f"{name}th")
    top = max(_LEAST_TOP, float(values.max())) * 1.5
    axes.set_yscale("function", functions=(np.log1p, np.expm1))
    axes.set_ylim(-0.2, top)
    axes.set_yticks([tick for tick in _TICKS if tick < top])
    axes.set_yticklabels([f"{tick:g}" for tick in _TICKS if tick < top], fontsize=10)
    axes.set_xticks(range(len(bands)), [band_name(band) for band in bands], fontsize=10)
    axes.set_xlim(-0.4, len(bands) - 0.6)
    axes.grid(axis="y", color=_FAINT)
    axes.set(xlabel="age, years", ylabel="Agatston score")
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], names[::-1], fontsize=9, frameon=False, loc="upper left")
    return _png(figure)


def band_name(band: AgeBand) -> str:
    """Name a band of age."""
    if band.low == 0:
        return f"< {band.high}"
    return f"{band.low}+" if band.high >= 120 else f"{band.low}-{band.high - 1}"


def _figure() -> tuple[Any, Any]:
    # Figure itself, not pyplot: no global state, no display
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=_SIZE_IN, layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))  # half a scan is none
    return figure, axes


def _png(figure: Any) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI, metadata={"Software": None})
    return stream.getvalue()
