"""A comparison of exams in plain text: the numbers side by side, the verdict, and its reasons."""

import textwrap
from collections.abc import Iterator

from corcal.followup.types import Change, ExamNumbers, Followup, Span
from corcal.report.amounts import shown, shown_change

__all__ = ["followup_text", "vessels_words"]

_COLUMNS = 80  # of a terminal
_VESSELS = ("LM", "LAD", "LCX", "RCA")
_UNTIL_VOLUME = 10 + 10 + 16 + 7 * len(_VESSELS)  # width of the columns before the volume
_WIDE_FROM = 1000.0  # an amount above this is written without decimals
_WHOLE_FROM = 10.0  # an interval that ends above this is written without decimals


def followup_text(followup: Followup) -> str:
    """Describe a comparison for a terminal, 80 columns.

    Parameters
    ----------
    followup : Followup
        As `corcal.followup.compare` gives it.

    Returns
    -------
    str
        Lines without a final newline.
    """
    lines = [*_table(followup), ""]
    for change in followup.changes:
        lines += [*_change(change, followup), ""]
    for note in followup.notes:
        lines += _item(note)
    lines += ["", *_sources(followup)] if followup.notes else _sources(followup)
    return "\n".join(lines)


def _table(followup: Followup) -> Iterator[str]:
    """One row an exam."""
    vessels = "".join(f"{name:>7}" for name in _VESSELS)
    yield f"{'date':10}{'Agatston':>10}{'interval':>16}{vessels}{'volume':>8}{'mass':>7}"
    yield f"{'':{_UNTIL_VOLUME}}{'mm3':>8}{'mg':>7}"
    for exam in followup.exams:
        parts = "".join(f"{_amount(exam.vessels.get(name)):>7}" for name in _VESSELS)
        yield (
            f"{exam.date!s:10}{_amount(exam.agatston):>10}{_interval(exam):>16}{parts}"
            f"{_amount(exam.volume_mm3):>8}{_amount(exam.mass_mg):>7}"
        )


def _amount(value: float | None) -> str:
    """Write an amount in the width of a column."""
    return shown(value, 0 if value is not None and value >= _WIDE_FROM else 1)


def _interval(exam: ExamNumbers) -> str:
    if exam.interval is None:
        return shown(None)
    digits = 0 if exam.interval.high >= _WHOLE_FROM else 1
    return f"{shown(exam.interval.low, digits)} to {shown(exam.interval.high, digits)}"


def _change(change: Change, followup: Followup) -> Iterator[str]:
    """Write one comparison: for the whole span also every method and check."""
    if len(followup.exams) > 2:
        first, second = followup.exams[change.first].date, followup.exams[change.second].date
        heading = "First to last" if change.span is Span.WHOLE else "Step"
        yield f"{heading}, {first} to {second}"
    yield from _wrapped(change.text)
    for note in change.notes:
        yield from _item(note)
    if change.span is Span.WHOLE and change.is_comparable:
        yield ""
        yield "Is it more than measurement error?"
        for check in change.certainty.checks if change.certainty else ():
            yield from _reading(
                check.label, check.reading, check.does_not_apply, f"{check.source}, {check.mark}"
            )
        yield ""
        yield "The change, expressed in every usual way:"
        for method in change.methods:
            origin = f"{method.source}, {method.mark}" if method.source else ""
            yield from _reading(method.label, method.reading, method.does_not_apply, origin)
        yield from _vessels(change)


def _vessels(change: Change) -> list[str]:
    """Write the change of each artery, which no published rule judges."""
    if not change.vessels:
        return []
    return _item(vessels_words(change))


def vessels_words(change: Change) -> str:
    """Write the change of each artery in a line."""
    parts = ", ".join(f"{name} {shown_change(0.0, by)}" for name, by in change.vessels.items())
    return f"By artery, which no rule judges: {parts}"


def _reading(label: str, reading: str, why_not: str | None, origin: str) -> list[str]:
    says = f"does not apply, because {why_not}" if why_not else reading
    return _item(f"{label}: {says}" + (f" [{origin}]" if origin else ""))


def _sources(followup: Followup) -> Iterator[str]:
    yield "Sources; recalled ones are from memory and not yet checked against the paper:"
    for one in followup.sources:
        where = f"doi:{one.doi}" if one.doi else one.citation
        yield from _item(f"{one.key} ({one.mark}) {where}")


def _item(text: str) -> list[str]:
    return _wrapped(text, first="- ", rest="  ")


def _wrapped(text: str, *, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width=_COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
