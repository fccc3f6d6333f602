"""Compare the exams of one person: each with the next, and the first with the last."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from corcal.errors import InputError
from corcal.followup.certainty import certainty
from corcal.followup.change import change_methods
from corcal.followup.comparable import differences, is_comparable
from corcal.followup.person import check_one_person, without_person
from corcal.followup.types import Change, ExamNumbers, Followup, Span, Verdict
from corcal.followup.words import (
    STATIN_SOURCE,
    blocked_words,
    exam_notes,
    pair_notes,
    verdict_text,
)
from corcal.followup.years import years_between
from corcal.risk.sources import source
from corcal.risk.types import Source

__all__ = ["compare"]

_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2300, 12, 31)  # corcal's decision


def compare(
    exams: Sequence[ExamNumbers],
    *,
    statin_started: date | None = None,
    is_same_patient: bool = False,
) -> Followup:
    """Say how the calcium of one person changed, and whether it is more than measurement error.

    Parameters
    ----------
    exams : sequence of ExamNumbers
        Two or more, in any order.
    statin_started : date, optional
        When the person began to take a statin.
    is_same_patient : bool
        A person has checked that the exams are of one patient, although identifiers, dates of
        birth, names, sex or ages differ (as between two hospitals).

    Returns
    -------
    Followup
        Exams by date (those of one day stay in the order given). Exams that were not made alike
        stand side by side without a verdict.

    Raises
    ------
    InputError
        If there are fewer than two exams, one has no date, a date is none of a scan, or they are
        of different patients.
    """
    if len(exams) < 2:
        msg = f"a comparison needs at least 2 exams, got {len(exams)}"
        raise InputError(msg)
    ordered = _by_date(exams)
    if statin_started is not None:
        _check_day("the start of a statin", statin_started)
    if not is_same_patient:
        check_one_person(ordered)
    changes = tuple(
        _change(ordered, first, second, span, statin_started)
        for first, second, span in _pairs(len(ordered))
    )
    return Followup(
        exams=tuple(without_person(exam) for exam in ordered),
        changes=changes,
        statin_started=statin_started,
        notes=exam_notes(ordered, statin_started, is_same_patient=is_same_patient),
        sources=_sources(changes),
    )


def _by_date(exams: Sequence[ExamNumbers]) -> list[ExamNumbers]:
    for number, exam in enumerate(exams, start=1):
        if exam.date is None:
            msg = f"exam {number} of {len(exams)} has no date: give the date of its scan"
            raise InputError(msg)
        _check_day(f"the date of exam {number}", exam.date)
    return sorted(exams, key=lambda exam: exam.date or date.min)


def _check_day(what: str, day: date) -> None:
    """Refuse a day that is a slip or a dummy; dates moved to hide a person may lie ahead."""
    if not _FIRST_DAY <= day <= _LAST_DAY:
        msg = f"{what} must be {_FIRST_DAY} to {_LAST_DAY}, got {day}"
        raise InputError(msg)


def _pairs(count: int) -> Iterator[tuple[int, int, Span]]:
    if count > 2:
        for first, second in itertools.pairwise(range(count)):
            yield first, second, Span.CONSECUTIVE
    yield 0, count - 1, Span.WHOLE


def _change(
    exams: Sequence[ExamNumbers], first: int, second: int, span: Span, statin_started: date | None
) -> Change:
    one, other = exams[first], exams[second]
    years = years_between(one.date or date.min, other.date or date.min)
    found = differences(one, other)
    alike = is_comparable(found)
    obstacle = None if alike else blocked_words(found)
    judged = certainty(one, other) if alike else None
    verdict = judged.verdict if judged else Verdict.NOT_COMPARABLE
    if years == 0 and verdict in (Verdict.INCREASE, Verdict.DECREASE):
        verdict = Verdict.UNCLEAR  # calcium does not change within a day
    change = Change(
        span=span,
        first=first,
        second=second,
        years=years,
        differences=found,
        is_comparable=alike,
        methods=change_methods(one, other, years, obstacle=obstacle),
        certainty=judged,
        vessels=_vessel_changes(one, other) if alike else {},
        verdict=verdict,
        text="",
        notes=(),
    )
    return replace(
        change,
        text=verdict_text(change, one, other),
        notes=pair_notes(change, one, other, statin_started),
    )


def _vessel_changes(first: ExamNumbers, second: ExamNumbers) -> dict[str, float]:
    shared = [name for name in first.vessels if name in second.vessels]
    return {name: second.vessels[name] - first.vessels[name] for name in shared}


def _sources(changes: Sequence[Change]) -> tuple[Source, ...]:
    """Give every source that is named, alphabetical by key."""
    keys = set()
    for change in changes:
        keys |= {STATIN_SOURCE for note in change.notes if STATIN_SOURCE in note}
        keys |= {method.source for method in change.methods if method.source}
        if change.certainty:
            keys |= {check.source for check in change.certainty.checks}
    return tuple(source(key) for key in sorted(keys))
