"""What a screen asks of a review."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.review import (
    Assign,
    SetRule,
    SetThreshold,
    SplitByLine,
    Undo,
    candidate_at,
    candidate_masks,
    candidate_outlines,
    candidate_summaries,
    candidate_summary,
    replay,
)
from corcal.review.candidates import marked_candidates
from corcal.review.runs import voxels_of
from review.review_maker import SHAPE, automatic, by, marked

AORTA, LM, LAD, RCA, NOISE = range(5)


@pytest.fixture
def state():
    scan, candidates = automatic()
    return replay(candidates, scan, [])


@pytest.mark.parametrize(
    ("place", "radius", "number"),
    [
        ((4, 11, 12), 0, LM),
        ((4, 11, 13.4), 0.5, LM),
        ((4, 11, 13.6), 0.5, LAD),
        ((4, 11, 9), 0.9, None),  # the LM begins at column 10
        ((4, 11, 9), 1.0, LM),
        ((4, 7, 9), 3.1, None),  # its corner (10, 10) is the root of 10 away
        ((4, 7, 9), 3.2, LM),
        ((6, 11, 12), 3, None),  # two slices only
        ((4, 0, 0), 3, None),
        ((8, 39, 39), 50, NOISE),
    ],
)
def test_the_nearest_candidate_within_reach_is_met(state, place, radius, number):
    found = candidate_at(state, *place, radius_px=radius)
    assert (None if found is None else found.id) == number


def test_what_is_not_drawn_is_not_met(state):
    above, _ = by(state, SetThreshold(threshold_hu=141.0))
    assert candidate_at(above, 8, 30, 30, radius_px=5) is None
    assert candidate_masks(above, 8) == ()
    assert candidate_outlines(above, 8) == {}


def test_parts_of_a_candidate_are_met_in_its_place(state):
    after, _ = by(state, SplitByLine(candidate=LAD, slice=4, start=(5, 17.5), end=(20, 17.5)))
    assert candidate_at(after, 4, 11, 14).id == 5
    assert candidate_at(after, 4, 11, 20).id == 6
    assert candidate_at(by(after, Undo())[0], 4, 11, 20).id == LAD


@pytest.mark.parametrize(
    ("place", "radius", "message"),
    [
        ((10, 1, 1), 3, "slice 10 is none of the scan; allowed 0 to 9"),
        ((-1, 1, 1), 3, "slice -1 is none of the scan"),
        ((1, 1, 1), 51, "a radius of 51 pixels; allowed 0 to 50"),
        ((1, 1, 1), -1, "allowed 0 to 50"),
        ((1, 1, 1), float("nan"), "allowed 0 to 50"),
        ((1, float("nan"), 1), 3, "must be finite numbers"),
    ],
)
def test_a_place_that_is_none_is_refused(state, place, radius, message):
    with pytest.raises(InputError, match=message):
        candidate_at(state, *place, radius_px=radius)


def test_masks_are_the_pixels_of_each_candidate_in_the_slice(state):
    masks = candidate_masks(state, 4)
    assert [(one.id, one.site) for one in masks] == [(0, "ascending_aorta"), (1, "LM"), (2, "LAD")]
    for mask in masks:
        index = state.candidates[mask.id].index
        here = index[index // (SHAPE[1] * SHAPE[2]) == 4]
        assert np.array_equal(voxels_of((mask.pixels,), SHAPE), here)
    after, _ = by(state, Assign(candidates=(LAD,), site=None))
    assert [(one.site, one.is_by_reader) for one in candidate_masks(after, 5)] == [
        ("LM", False),
        (None, True),
    ]


def test_outlines_are_those_of_the_pixels(state):
    outlines = candidate_outlines(state, 6)
    assert outlines == {RCA: (((29.5, 4.5), (29.5, 7.5), (32.5, 7.5), (32.5, 4.5)),)}


def test_a_summary_says_what_a_reader_asks(state):
    rca = candidate_summary(state, RCA)
    assert (rca.proposed_site, rca.site, rca.is_by_reader, rca.is_scored) == (
        "RCA",
        "RCA",
        False,
        True,
    )
    # 9 pixels of 0.25 mm2 in one slice of 3 mm, weight 1
    assert (rca.agatston, rca.volume_mm3, rca.peak_hu) == (2.25, 6.75, 180.0)
    assert (rca.slices, rca.voxel_count) == ((6,), 9)
    assert rca.centroid_index == (6.0, 31.0, 6.0)
    assert rca.centroid_mm == (3.0, 15.5, 18.0)
    assert rca.why[0].text == "candidate 3 was put there"
    assert rca.probabilities["RCA"] == 0.9
    assert rca.probabilities["noise"] == pytest.approx(0.1)


def test_summaries_follow_site_and_rule(state):
    after, _ = by(state, Assign(candidates=(NOISE,), site="LAD"), SetRule(rule="siemens"))
    noise = candidate_summary(after, NOISE)
    assert (noise.proposed_site, noise.site, noise.is_by_reader) == ("noise", "LAD", True)
    assert candidate_summary(state, NOISE).is_scored is False
    above, _ = by(after, SetRule(rule="textbook"), SetThreshold(threshold_hu=185.0))
    assert candidate_summary(above, RCA).agatston == 0.0
    assert candidate_summary(above, RCA).volume_mm3 == 0.0
    assert candidate_summary(after, RCA).agatston == 2.25


def test_the_list_begins_with_what_scores_most(state):
    # aorta: 3 slices of 24 pixels, 6 mm2 with weight 2: 36
    rows = [(one.id, one.agatston) for one in candidate_summaries(state)]
    assert rows == [(LAD, 64.0), (AORTA, 36.0), (LM, 24.0), (RCA, 2.25), (NOISE, 1.0)]


def test_marks_of_a_person_have_no_reasons_and_no_doubts():
    scan, marks = marked()
    hu = scan.hu.copy()
    hu[0, 36, 30:38] = 200  # nobody marked it
    scan = replace(scan, hu=hu)
    state = replay(marked_candidates(scan, marks), scan, [])
    rows = {one.id: one for one in candidate_summaries(state)}
    assert (rows[0].proposed_site, rows[0].site, rows[0].is_scored) == (None, None, False)
    assert (rows[3].proposed_site, rows[3].why, rows[3].probabilities) == ("LAD", (), None)
    with pytest.raises(InputError, match="no candidate 6"):
        candidate_summary(state, 6)
