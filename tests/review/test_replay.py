"""The fold over the log: what each edit does, one at a time."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.review import (
    Assign,
    Comment,
    Confirm,
    Event,
    MarkRegion,
    Redo,
    SetRule,
    SetThreshold,
    SliceRuns,
    SplitByBrush,
    SplitByLine,
    Undo,
    apply,
    measured,
    replay,
)
from corcal.review.candidates import marked_candidates
from corcal.review.replay import lowest_threshold_hu
from corcal.scoring.measure import measure
from review.review_maker import SHAPE, Block, automatic, by, marked, when

# Candidates of the usual scan, in the order of their first voxels:
AORTA, LM, LAD, RCA, NOISE = range(5)


@pytest.fixture
def state():
    scan, candidates = automatic()
    return replay(candidates, scan, [])


def sites(state):
    return {number: one.site for number, one in state.candidates.items()}


def agatston(state, vessel=None):
    score = measured(state).score
    return (score.total if vessel is None else score.vessels[vessel]).agatston


def test_a_review_without_events_is_as_proposed(state):
    assert sites(state) == {
        AORTA: Site.ASCENDING_AORTA,
        LM: Site.LM,
        LAD: Site.LAD,
        RCA: Site.RCA,
        NOISE: Site.NOISE,
    }
    assert not any(one.is_by_reader for one in state.candidates.values())
    assert (state.sequence, state.can_undo, state.can_redo) == (0, False, False)


def test_noise_is_not_measured_and_everything_else_is(state):
    _, marks = marked()
    kept = marks.site != Site.NOISE
    assert np.array_equal(state.voxels().index, marks.index[kept])
    assert np.array_equal(state.voxels().site, marks.site[kept])


def test_the_scores_are_those_worked_out_by_hand(state):
    # LM: 16 pixels of 0.25 mm2 in two slices of weight 3: 4 x 3 x 2 = 24
    # LAD: 32 pixels, 8 mm2, weight 4, two slices: 64; RCA: 9 pixels, 2.25 mm2, weight 1: 2.25
    assert [agatston(state, name) for name in ("LM", "LAD", "LCX", "RCA")] == [24, 64, 0, 2.25]
    # noise as circumflex: 4 pixels, 1 mm2, weight 1
    after, _ = by(state, Assign(candidates=(NOISE,), site="LCX"))
    assert agatston(after, "LCX") == 1.0
    assert agatston(after) == 91.25


def test_assigning_to_no_site_takes_a_candidate_out(state):
    after, _ = by(state, Assign(candidates=(LAD, RCA), site=None))
    assert sites(after)[LAD] is None
    assert agatston(after) == 24.0
    assert after.candidates[LAD].is_by_reader
    assert not after.candidates[LM].is_by_reader


def test_a_state_stays_as_it_is(state):
    before = sites(state)
    by(state, Assign(candidates=(LAD,), site=None), SetRule(rule="ge"))
    assert sites(state) == before
    assert state.rule.name == "textbook"


@pytest.mark.parametrize("site", ["noise", "bone", "device"])
def test_what_is_no_calcium_is_not_measured(state, site):
    after, _ = by(state, Assign(candidates=(LAD,), site=site))
    assert agatston(after) == 26.25
    assert site not in measured(after).score.other_sites


def test_marks_of_a_person_are_measured_whatever_they_say():
    scan, marks = marked((Block(site=Site.BONE, at=(4, 10, 10)),))
    state = replay(marked_candidates(scan, marks), scan, [])
    assert measured(state) == measure(scan, marks)
    assert measured(state).score.other_sites["bone"].agatston == 12.0


@pytest.mark.parametrize("number", [5, 99, -1])
def test_a_candidate_that_never_was_is_refused(state, number):
    with pytest.raises(InputError, match=f"no candidate {number} in this review: it never was"):
        by(state, Assign(candidates=(number,), site="LAD"))


def test_a_candidate_that_was_cut_is_refused(state):
    after, _ = by(state, SplitByLine(candidate=LAD, slice=4, start=(5, 17.5), end=(20, 17.5)))
    with pytest.raises(InputError, match="no candidate 2 in this review: it was cut or undone"):
        by(after, Assign(candidates=(LAD,), site="LM"))


@pytest.mark.parametrize("number", [0, 2, 3])
def test_an_event_that_is_not_the_next_one_is_refused(state, number):
    if number:
        event = Event(sequence=number, reader="b", when=when(1), edit=Undo())
        with pytest.raises(
            InputError, match=rf"event {number} does not follow event 0.*expected 1"
        ):
            apply(state, event)
        return
    after, (event,) = by(state, Confirm())
    with pytest.raises(InputError, match=r"event 1 does not follow event 1 .*expected 2"):
        apply(after, event)


def test_nothing_is_undone_before_anything_is_done(state):
    with pytest.raises(InputError, match="nothing to undo"):
        by(state, Undo())
    after, _ = by(state, Comment(text="only a word"))
    with pytest.raises(InputError, match="nothing to undo"):
        by(after, Undo())


def test_a_new_edit_ends_the_way_back_to_what_was_undone(state):
    after, _ = by(state, Assign(candidates=(LAD,), site="LM"), Undo())
    assert after.can_redo
    again, _ = by(after, Assign(candidates=(RCA,), site="LM"))
    assert not again.can_redo
    with pytest.raises(InputError, match="nothing to redo"):
        by(again, Redo())
    assert again.sequence == 3  # the log has all three


def test_a_comment_changes_nothing_and_keeps_the_way_back(state):
    after, _ = by(state, Assign(candidates=(LAD,), site="LM"), Undo())
    said, _ = by(after, Comment(text="motion", candidate=LAD))
    assert sites(said) == sites(after)
    assert said.can_redo
    with pytest.raises(InputError, match="no candidate 9"):
        by(said, Comment(text="motion", candidate=9))


def test_confirming_is_an_edit_that_can_be_undone(state):
    after, _ = by(state, Confirm())
    assert after.is_confirmed
    assert not by(after, Undo())[0].is_confirmed
    assert by(after, Assign(candidates=(LAD,), site="LM"))[0].is_confirmed


def test_parts_of_a_candidate_are_what_it_was_and_have_numbers_never_given_before(state):
    cut = SplitByLine(candidate=LAD, slice=4, start=(5, 17.5), end=(20, 17.5))
    after, _ = by(state, cut)
    assert sorted(after.candidates) == [AORTA, LM, RCA, NOISE, 5, 6]
    assert [after.candidates[n].site for n in (5, 6)] == [Site.LAD, Site.LAD]
    assert [after.candidates[n].proposal for n in (5, 6)] == [LAD, LAD]
    again, _ = by(after, Undo(), cut)
    assert sorted(again.candidates) == [AORTA, LM, RCA, NOISE, 7, 8]
    back, _ = by(after, Undo(), Redo())
    assert sorted(back.candidates) == [AORTA, LM, RCA, NOISE, 5, 6]


def test_a_brush_parts_what_it_painted(state):
    # columns 14 to 17 of the LAD's row 10, in slice 4: pixel 10 x 40 + 14
    brush = SplitByBrush(candidate=LAD, voxels=(SliceRuns(slice=4, runs=((414, 4),)),))
    after, _ = by(state, brush)
    assert after.candidates[5].index.tolist() == [4 * 1600 + 414 + k for k in range(4)]
    assert after.candidates[6].index.size == 64 - 4


@pytest.mark.parametrize(
    ("runs", "much"), [(((0, 1),), "none"), (((410, 1),), "none"), (((0, 1600),), "all")]
)
def test_a_brush_that_parts_nothing_is_refused(state, runs, much):
    voxels = tuple(SliceRuns(slice=z, runs=runs) for z in (4, 5))
    with pytest.raises(InputError, match=f"the brush painted {much} of candidate 2"):
        by(state, SplitByBrush(candidate=LAD, voxels=voxels))


# A threshold and a rule


def test_a_threshold_counts_from_it_on_and_keeps_the_weights(state):
    # the RCA has 180 HU
    at, _ = by(state, SetThreshold(threshold_hu=180.0))
    above, _ = by(state, SetThreshold(threshold_hu=180.5))
    assert agatston(at, "RCA") == 2.25
    assert agatston(above, "RCA") == 0.0
    assert agatston(above, "LAD") == 64.0
    score = measured(above).score
    assert score.rule == "textbook@180.5hu"
    assert score.by_rule["textbook@180.5hu"].threshold_hu == 180.5
    assert score.by_rule["textbook"].total == 90.25
    assert by(above, SetThreshold(threshold_hu=None))[0].rule.name == "textbook"


@pytest.mark.parametrize(
    ("threshold_hu", "message"),
    [
        (129.9, "a threshold of 129.9 HU is below that of the candidates, 130 HU"),
        (200.0, "allowed 100 HU to below 200 HU, where weight 2 begins"),
    ],
)
def test_a_threshold_beyond_what_can_be_is_refused(state, threshold_hu, message):
    with pytest.raises(InputError, match=message):
        by(state, SetThreshold(threshold_hu=threshold_hu))


def test_the_threshold_of_the_rule_is_no_threshold_of_the_reader(state):
    after, _ = by(state, SetThreshold(threshold_hu=130.0))
    assert after.rule.name == "textbook"
    assert lowest_threshold_hu(after) == 130.0


def test_another_rule_scores_and_brings_its_own_threshold(state):
    after, _ = by(state, SetThreshold(threshold_hu=150.0), SetRule(rule="kvp100"))
    assert after.rule.name == "kvp100"
    assert after.rule.threshold_hu == 147.0
    # 147 / 130 times 300 and 400 HU are 339 and 452: the LM has weight 2 and the LAD 3
    assert agatston(after, "LM") == 16.0
    assert agatston(after, "LAD") == 48.0


def test_a_rule_that_reaches_lower_than_the_candidates_is_refused(state):
    with pytest.raises(InputError, match="119 HU is below that of the candidates, 130 HU: score"):
        by(state, SetRule(rule="kvp135"))


# A freehand region

BOX = ((9.0, 13.5), (9.0, 30.0), (15.0, 30.0), (15.0, 13.5))  # round the LAD


def region(site, *, points=BOX, first=4, last=5):
    return MarkRegion(points=points, first_slice=first, last_slice=last, site=site)


def test_a_candidate_that_lies_inside_keeps_its_number(state):
    after, _ = by(state, region("LCX", last=9))
    assert sites(after)[LAD] is Site.LCX
    assert after.candidates[LAD].is_by_reader
    assert sorted(after.candidates) == [0, 1, 2, 3, 4]


def test_a_candidate_that_lies_inside_in_part_is_parted(state):
    after, _ = by(state, region("LCX", last=4))
    assert sorted(after.candidates) == [AORTA, LM, RCA, NOISE, 5, 6]
    inside, outside = after.candidates[5], after.candidates[6]
    assert (inside.site, inside.is_by_reader) == (Site.LCX, True)
    assert (outside.site, outside.is_by_reader) == (Site.LAD, False)
    assert agatston(after, "LCX") == agatston(after, "LAD") == 32.0


def test_a_pixel_on_the_line_is_inside(state):
    on = ((10.0, 14.0), (10.0, 17.0), (13.0, 17.0), (13.0, 14.0))
    after, _ = by(state, region("LCX", points=on, last=4))
    assert after.candidates[5].index.size == 16


def test_what_was_in_no_candidate_becomes_one():
    scan, candidates = automatic()
    hu = scan.hu.copy()
    hu[6, 35, 20:24] = 130  # four pixels at the threshold, 1 mm2
    hu[6, 35, 26:30] = 129
    hu[7, 37, 20:24] = 500  # apart from them
    scan = replace(scan, hu=hu)
    state = replay(candidates, scan, [])
    box = ((33.0, 18.0), (33.0, 32.0), (39.0, 32.0), (39.0, 18.0))
    after, _ = by(state, region("LCX", points=box, first=5, last=8))
    assert sorted(after.candidates) == [0, 1, 2, 3, 4, 5, 6]
    assert [after.candidates[n].proposal for n in (5, 6)] == [None, None]
    assert agatston(after, "LCX") == 1.0 + 4.0
    # a second stroke over the same place takes them as candidates
    twice, _ = by(after, region(None, points=box, first=5, last=6))
    assert agatston(twice, "LCX") == 4.0
    assert sorted(twice.candidates) == sorted(after.candidates)


def test_a_region_without_anything_dense_is_refused(state):
    empty = ((0.0, 0.0), (0.0, 5.0), (5.0, 5.0))
    with pytest.raises(InputError, match="there is nothing at or above 130 HU in this region of "):
        by(state, region("LAD", points=empty))
    with pytest.raises(InputError, match="there is no candidate that reaches 130 HU"):
        by(state, region(None, points=empty))
    # the noise has 140 HU
    around = ((29.0, 29.0), (29.0, 33.0), (33.0, 33.0), (33.0, 29.0))
    above, _ = by(state, SetThreshold(threshold_hu=141.0))
    with pytest.raises(InputError, match="nothing at or above 141 HU"):
        by(above, region("LAD", points=around, first=8, last=8))


def test_a_region_beyond_the_scan_takes_what_is_in_it(state):
    far = ((-500.0, -500.0), (-500.0, 900.0), (900.0, 900.0), (900.0, -500.0))
    after, _ = by(state, region("LAD", points=far, first=0, last=SHAPE[0] - 1))
    assert set(sites(after).values()) == {Site.LAD}
    with pytest.raises(InputError, match="slice 10 is none of the scan; allowed 0 to 9"):
        by(state, region("LAD", points=far, last=10))
