"""From a log to a state: the fold, and its single step."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.review.candidates import Candidates
from corcal.review.cut import cut_by_brush, cut_by_line
from corcal.review.events import (
    Assign,
    Comment,
    Confirm,
    Edit,
    Event,
    MarkRegion,
    Redo,
    SetRule,
    SetThreshold,
    SplitByBrush,
    SplitByLine,
    Undo,
    site_named,
)
from corcal.review.region import mark_region
from corcal.review.state import Candidate, Change, ReviewState, begin
from corcal.scoring.rules import rule_named, rule_with_threshold

__all__ = ["apply", "lowest_threshold_hu", "replay"]

_Pair = tuple[dict[int, Candidate], dict[int, Candidate]]


def replay(candidates: Candidates, scan: CTScan, events: Iterable[Event] = ()) -> ReviewState:
    """Fold a log into the state of the review.

    Parameters
    ----------
    candidates : Candidates
        What the review started from.
    scan : CTScan
        The scan of the candidates.
    events : iterable of Event
        The whole log, in the order of its numbers.

    Returns
    -------
    ReviewState
        The same as if each event had been applied when it was made.

    Raises
    ------
    InputError
        If the candidates are of another scan, or as of `apply`.
    """
    state = begin(candidates, scan)
    for event in events:
        state = apply(state, event)
    return state


def apply(state: ReviewState, event: Event) -> ReviewState:
    """Apply one event.

    Parameters
    ----------
    state : ReviewState
        After all earlier events; it stays as it is.
    event : Event
        The next one.

    Returns
    -------
    ReviewState

    Raises
    ------
    InputError
        If the event is not the next in the log, names a candidate that is not there, cuts nothing,
        or has nothing to undo or redo. A log with such an event is refused as a whole: it must
        not be appended.
    """
    if event.sequence != state.sequence + 1:
        msg = (
            f"event {event.sequence} does not follow event {state.sequence} of this review; "
            f"expected {state.sequence + 1}"
        )
        raise InputError(msg)
    return replace(_applied(state, event.edit), sequence=event.sequence)


def lowest_threshold_hu(state: ReviewState) -> float:
    """Lowest threshold that a reader can choose: below it, candidates were not looked for."""
    return state.proposals.threshold_hu


def _applied(state: ReviewState, edit: Edit) -> ReviewState:
    if isinstance(edit, Undo):
        return _undone(state)
    if isinstance(edit, Redo):
        return _redone(state)
    if isinstance(edit, Comment):
        if edit.candidate is not None:
            state.candidate(edit.candidate)
        return state
    change, next_id = _change(state, edit)
    after = _moved(state, change)
    return replace(after, done=(*state.done, change), undone=(), next_id=next_id)


def _change(state: ReviewState, edit: Edit) -> tuple[Change, int]:
    """Find out what an edit changes, and the next free id."""
    before: dict[int, Candidate] = {}
    after: dict[int, Candidate] = {}
    settings = state.settings
    match edit:
        case Assign():
            before, after = _assigned(state, edit)
        case SplitByLine():
            before, after = cut_by_line(state, edit)
        case SplitByBrush():
            before, after = cut_by_brush(state, edit)
        case MarkRegion():
            before, after = mark_region(state, edit)
        case SetThreshold():
            settings = (state.rule_name, _checked_threshold(state, edit), state.is_confirmed)
        case SetRule():
            settings = (_checked_rule(state, edit), None, state.is_confirmed)
        case Confirm():
            settings = (state.rule_name, state.threshold_hu, True)
    change = Change(
        before=before, after=after, settings_before=state.settings, settings_after=settings
    )
    return change, max([state.next_id, *(number + 1 for number in after)])


def _assigned(state: ReviewState, edit: Assign) -> _Pair:
    site = None if edit.site is None else site_named(edit.site)
    before = {number: state.candidate(number) for number in edit.candidates}
    after = {
        number: Candidate(
            id=number, index=one.index, site=site, is_by_reader=True, proposal=one.proposal
        )
        for number, one in before.items()
    }
    return before, after


def _checked_threshold(state: ReviewState, edit: SetThreshold) -> float | None:
    if edit.threshold_hu is None:
        return None
    _check_reach(state, edit.threshold_hu)
    rule_with_threshold(rule_named(state.rule_name), edit.threshold_hu)
    return float(edit.threshold_hu)


def _checked_rule(state: ReviewState, edit: SetRule) -> str:
    rule = rule_named(edit.rule)
    _check_reach(state, rule.threshold_hu)
    return rule.name


def _check_reach(state: ReviewState, threshold_hu: float) -> None:
    lowest = lowest_threshold_hu(state)
    if threshold_hu < lowest:
        msg = (
            f"a threshold of {threshold_hu:g} HU is below that of the candidates, {lowest:g} HU: "
            "score the scan again by a rule that reaches as low"
        )
        raise InputError(msg)


def _undone(state: ReviewState) -> ReviewState:
    if not state.done:
        msg = "nothing to undo: no edit of this review is in force"
        raise InputError(msg)
    *rest, last = state.done
    before = _moved(state, last.reversed())
    return replace(before, done=tuple(rest), undone=(*state.undone, last))


def _redone(state: ReviewState) -> ReviewState:
    if not state.undone:
        msg = "nothing to redo: nothing was undone since the last edit"
        raise InputError(msg)
    *rest, last = state.undone
    after = _moved(state, last)
    return replace(after, done=(*state.done, last), undone=tuple(rest))


def _moved(state: ReviewState, change: Change) -> ReviewState:
    """Take a change's candidates out and put those in their place in."""
    candidates = state.candidates
    if change.before or change.after:
        kept = {n: one for n, one in candidates.items() if n not in change.before}
        merged = sorted((kept | change.after).items())
        candidates = MappingProxyType(dict(merged))
    rule_name, threshold_hu, is_confirmed = change.settings_after
    return replace(
        state,
        candidates=candidates,
        rule_name=rule_name,
        threshold_hu=threshold_hu,
        is_confirmed=is_confirmed,
    )
