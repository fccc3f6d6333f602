"""The part of the page that sets the exams of one patient side by side.

Numbers and facts alone: whether a change is more than measurement error is not judged here.
"""

from collections.abc import Callable, Sequence
from datetime import date

from corcal.anatomy.types import ModelRecord
from corcal.lesions.sites import CORONARY_SITES
from corcal.report.amounts import shown_change
from corcal.report.markup import Markup, joined, tag
from corcal.report.sections import amount, scrolling_table, site_name
from corcal.report.words import (
    calibration_words,
    is_automatic,
    kernel_words,
    kind_words,
    label_markup,
)
from corcal.result import Result

__all__ = ["change_table", "differences", "interval"]

_DAYS_PER_YEAR = 365.25


def change_table(labels: Sequence[str], results: Sequence[Result]) -> Markup:
    """Set the numbers of all exams side by side, with the change from the first to the last."""

    def row(
        name: str, of: Callable[[Result], float], digits: int = 1, same: str = "0"
    ) -> tuple[str, ...]:
        values = [of(result) for result in results]
        first, last = values[0], values[-1]
        text = same if first == last else shown_change(first, last, digits)
        change = tag("data", text, value=repr(last - first))
        return (name, *(amount(value, digits) for value in values), change)

    def of_vessel(label: str) -> Callable[[Result], float]:
        return lambda result: result.score.vessels[label].agatston

    rows = [
        row("Agatston score", lambda result: result.score.total.agatston),
        *(row(site_name(site.label), of_vessel(site.label)) for site in CORONARY_SITES),
        row("Volume, mm³", lambda result: result.score.total.volume_mm3),
        row("Mass, mg", lambda result: result.score.total.mass_mg),
        row("Lesions", lambda result: result.score.total.lesion_count, 0, "same number"),
    ]
    head = ("Measure", *(label_markup(label) for label in labels), "Change")
    return scrolling_table("Change from the first exam to the last", head, rows, stacks=False)


def interval(results: Sequence[Result]) -> str | None:
    """Say how much time lies between the first and the last exam, if both are dated."""
    try:
        first, last = (date.fromisoformat(r.scan.date or "") for r in (results[0], results[-1]))
    except ValueError:
        return None
    return f"{abs((last - first).days) / _DAYS_PER_YEAR:.1f} years apart"


def differences(results: Sequence[Result]) -> Markup:
    """List what was not the same for all exams, since a change of it changes scores too."""
    entries = [
        tag("li", f"{name}: ", _distinct(values))
        for name, of in _SETTINGS
        if len(set(values := [of(result) for result in results])) > 1
    ]
    if not entries:
        return tag("p", "Scanner, settings and scoring rule were the same.", class_="muted")
    text = "The exams were not made alike, and part of a change can come from that:"
    return joined(tag("p", text), tag("ul", *entries))


def _distinct(values: Sequence[str | None]) -> Markup:
    return joined(*_with_arrows([tag("bdi", value or "not known") for value in values]))


def _with_arrows(items: Sequence[Markup]) -> list[str]:
    return [part for item in items for part in (" → ", item)][1:]


def _number(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"


def _model(record: ModelRecord | None) -> str | None:
    return None if record is None else f"{record.name} {record.version}"


def _found(result: Result) -> str:
    """Say how calcium was told from other dense things, and whether a reader has reviewed it."""
    if is_automatic(result):
        return "automatically"
    made = result.provenance
    start = "automatically" if made.annotation is None else "by marks"
    return start if made.reviewed is None else f"{start}, reviewed by a reader"


_SETTINGS: tuple[tuple[str, Callable[[Result], str | None]], ...] = (
    ("Scoring rule", lambda r: r.score.rule),
    ("Calcium threshold", lambda r: _number(r.provenance.threshold_hu, "HU")),
    ("Mass calibration", lambda r: calibration_words(r.score, with_detail=False)),
    ("How calcium was found", _found),
    ("Model", lambda r: _model(r.provenance.detector)),
    ("Software", lambda r: f"{r.provenance.software} {r.provenance.software_version}"),
    ("Manufacturer", lambda r: r.scan.manufacturer),
    ("Scanner", lambda r: r.scan.model_name),
    ("Kind of scan", lambda r: kind_words(r.suitability.kind)),
    ("Tube voltage", lambda r: _number(r.scan.kvp, "kV")),
    ("Kernel", lambda r: kernel_words(r.scan.convolution_kernel)),
    ("Slice thickness", lambda r: _number(r.scan.slice_thickness_mm, "mm")),
    ("Slice distance", lambda r: _number(round(r.scan.increment_mm, 3), "mm")),
)
