"""Laws of every review, whatever its reader does."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.review import (
    Assign,
    Comment,
    Confirm,
    MarkRegion,
    Redo,
    SetRule,
    SetThreshold,
    SplitByBrush,
    SplitByLine,
    Undo,
    apply,
    event_json,
    measured,
    read_event,
    replay,
    with_origins,
)
from corcal.review.runs import runs_of
from corcal.scoring.measure import measure
from corcal.scoring.rules import RULES
from review.review_maker import SHAPE, automatic, by, marked

SCAN, CANDIDATES = automatic()
SITES = [*(site.label for site in Site), None]
RULE_NAMES = sorted(name for name, rule in RULES.items() if rule.threshold_hu >= 130)

small = st.integers(0, 10_000)


def assign(state, a, b, _):
    numbers = sorted(state.candidates)
    some = tuple(sorted({numbers[a % len(numbers)], numbers[b % len(numbers)]}))
    return Assign(candidates=some, site=SITES[(a + b) % len(SITES)])


def line(state, a, b, c):
    one = state.candidates[sorted(state.candidates)[a % len(state.candidates)]]
    z, y, x = np.stack(np.unravel_index(one.index, SHAPE), axis=1).mean(axis=0).tolist()
    angle = math.radians(b % 360)
    reach = 1 + c % 20
    dy, dx = reach * math.sin(angle), reach * math.cos(angle)
    return SplitByLine(
        candidate=one.id, slice=round(z), start=(y - dy, x - dx), end=(y + dy, x + dx)
    )


def brush(state, a, b, c):
    one = state.candidates[sorted(state.candidates)[a % len(state.candidates)]]
    low, high = sorted((b % one.index.size, c % (one.index.size + 1)))
    painted = one.index[low : max(high, low + 1)]
    return SplitByBrush(candidate=one.id, voxels=runs_of(painted, SHAPE))


def region(_, a, b, c):
    y, x, size = float(a % 36), float(b % 36), 2.5 + c % 20
    first = c % SHAPE[0]
    return MarkRegion(
        points=((y, x), (y, x + size), (y + size, x + size), (y + size, x)),
        first_slice=first,
        last_slice=min(SHAPE[0] - 1, first + a % 4),
        site=SITES[b % len(SITES)],
    )


def setting(_, a, b, c):
    return (
        SetRule(rule=RULE_NAMES[a % len(RULE_NAMES)]),
        SetThreshold(threshold_hu=130.0 + b % 70 if c % 3 else None),
        Confirm(),
        Comment(text="said"),
    )[c % 4]


def back(_, a, *__):
    return Undo() if a % 3 else Redo()


MAKERS = (assign, assign, line, brush, region, setting, back, back)
few = settings(max_examples=40)
steps = st.lists(
    st.tuples(st.integers(0, len(MAKERS) - 1), small, small, small), min_size=1, max_size=14
)
EDITS_ONLY = steps.map(lambda given: [one for one in given if MAKERS[one[0]] is not back])


def edited(given_steps, state=None):
    """The state of a live review, and its log; what is refused was not done."""
    state = replay(CANDIDATES, SCAN, []) if state is None else state
    log = []
    for kind, *numbers in given_steps:
        try:
            state, events = by(state, MAKERS[kind](state, *numbers))
        except InputError:
            continue
        log += events
    return state, log


def site_of_voxels(state):
    """Site of every voxel that is in a candidate."""
    out = {}
    for one in state.candidates.values():
        out.update(dict.fromkeys(one.index.tolist(), one.site))
    return out


@few
@given(steps)
def test_replaying_the_log_gives_the_same_state_and_the_same_score(given_steps):
    live, log = edited(given_steps)
    again = replay(CANDIDATES, SCAN, [read_event(event_json(one)) for one in log])
    assert again == live
    assert measured(again) == measured(live)
    assert with_origins(again, measured(again)) == with_origins(live, measured(live))


@few
@given(steps)
def test_measuring_after_every_event_gives_what_measuring_once_gives(given_steps):
    state = replay(CANDIDATES, SCAN, [])
    _, log = edited(given_steps)
    for event in log:
        state = apply(state, event)
        measured(state)
    assert measured(state) == measure(SCAN, state.voxels(), rule=state.rule)


@few
@given(steps)
def test_no_voxel_is_in_two_candidates_and_each_knows_its_own(given_steps):
    state, _ = edited(given_steps)
    index = np.concatenate([one.index for one in state.candidates.values()])
    assert np.unique(index).size == index.size
    assert list(state.candidates) == sorted(state.candidates)
    assert max(state.candidates) < state.next_id
    for number, one in state.candidates.items():
        assert one.id == number
        assert one.index.size
        assert np.all(np.diff(one.index) > 0)
        assert np.all(state.owners(one.index) == number)
    free = np.setdiff1d(np.arange(np.prod(SHAPE)), index)
    assert np.all(state.owners(free) == -1)


@few
@given(steps, EDITS_ONLY)
def test_undo_takes_an_edit_back_and_redo_brings_it_again(first, then):
    before, _ = edited(first)
    after, log = edited(then[:1], before)
    edits = sum(not isinstance(one.edit, Comment) for one in log)
    undone, _ = by(after, *[Undo()] * edits)
    assert undone.candidates == before.candidates
    assert undone.settings == before.settings
    assert measured(undone) == measured(before)
    redone, _ = by(undone, *[Redo()] * edits)
    assert redone.candidates == after.candidates
    assert redone.settings == after.settings
    assert redone.done == after.done


@few
@given(steps)
def test_undoing_everything_gives_what_was_proposed(given_steps):
    start = replay(CANDIDATES, SCAN, [])
    state, _ = edited(given_steps)
    nothing, _ = by(state, *[Undo()] * len(state.done))
    assert nothing.candidates == start.candidates
    assert nothing.settings == start.settings
    assert not nothing.is_changed
    everything, _ = by(nothing, *[Redo()] * len(state.done))
    assert everything.candidates == state.candidates


@few
@given(st.permutations(range(CANDIDATES.count)))
def test_assigning_everything_to_its_proposal_changes_no_number(order):
    state = replay(CANDIDATES, SCAN, [])
    edits = [Assign(candidates=(k,), site=CANDIDATES.site_of(k).label) for k in order]
    after, _ = by(state, *edits)
    assert measured(after) == measured(state)
    _, marks = marked()
    kept = marks.site != Site.NOISE
    assert np.array_equal(after.voxels().index, marks.index[kept])


@few
@given(steps)
def test_splitting_conserves_voxels_sites_and_score(given_steps):
    splits = [(2 + kind % 2, *numbers) for kind, *numbers in given_steps]
    assert {MAKERS[kind] for kind, *_ in splits} <= {line, brush}
    start = replay(CANDIDATES, SCAN, [])
    state, _ = edited(splits)
    assert site_of_voxels(state) == site_of_voxels(start)
    assert measured(state) == measured(start)


@few
@given(st.lists(st.sampled_from(SITES), min_size=5, max_size=5), st.integers(0, 119))
def test_the_order_of_edits_of_different_candidates_does_not_matter(chosen, which):
    edits = [Assign(candidates=(k,), site=site) for k, site in enumerate(chosen)]
    order = list(itertools.permutations(range(5)))[which]
    start = replay(CANDIDATES, SCAN, [])
    one, _ = by(start, *edits)
    other, _ = by(start, *(edits[k] for k in order))
    assert one.candidates == other.candidates
    assert measured(one) == measured(other)


def test_the_order_of_cuts_of_different_candidates_changes_their_numbers_alone():
    start = replay(CANDIDATES, SCAN, [])
    lad = SplitByLine(candidate=2, slice=4, start=(5.0, 17.5), end=(20.0, 17.5))
    aorta = SplitByLine(candidate=0, slice=3, start=(15.0, 25.5), end=(25.0, 25.5))
    rule = SetRule(rule="siemens")
    results = []
    for edits in itertools.permutations((lad, aorta, rule)):
        state, _ = by(start, *edits)
        parts = sorted(tuple(one.index.tolist()) for one in state.candidates.values())
        results.append((parts, site_of_voxels(state), measured(state)))
    assert all(one == results[0] for one in results)


def test_undo_has_no_end_but_the_beginning():
    start = replay(CANDIDATES, SCAN, [])
    edits = [Assign(candidates=(k % 5,), site=SITES[k % len(SITES)]) for k in range(300)]
    state, _ = by(start, *edits, *[Undo()] * 300)
    assert state.candidates == start.candidates
    assert state.sequence == 600
    with pytest.raises(InputError, match="nothing to undo"):
        by(state, Undo())
