"""Intervals and category probabilities: what must hold, and examples that can be worked out."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions import Site
from corcal.scoring.categories import CATEGORIES, category_of
from corcal.scoring.measurement_error import MODEL, Conditions
from corcal.scoring.rules import RULES
from corcal.scoring.uncertainty import (
    categories_of,
    draw_true_scores,
    interval_of,
    uncertainty,
)
from scoring.decisions import decision, detection
from scoring.small_scans import block_scan, voxels_of

TEXTBOOK = RULES["textbook"]
GATED = Conditions(thickness_mm=3.0, increment_mm=3.0, noise_sd_hu=20.0, is_gated=True)
CHEST = Conditions(thickness_mm=5.0, increment_mm=5.0, noise_sd_hu=14.0, is_gated=False)
FLAT = (0.0,) * 6
# A scanner that measures exactly and sees everything: what is left is the doubt of the decisions.
EXACT = replace(
    MODEL,
    slope=(1.0, *FLAT),
    offset=(0.0, *FLAT),
    log_sd=(-20.0, *FLAT),
    log_limit=(-60.0, *FLAT),
    log_steepness=(2.0, *FLAT),
)
LAD = {"LAD": 1.0}


def total_of(*decisions, conditions=GATED, model=EXACT, **options):
    return draw_true_scores(decisions, conditions, model=model, **options).sum(axis=1)


def of_scan(scan, voxels, *decisions, **options):
    found = detection(voxels, *decisions)
    return uncertainty(scan, voxels, found, TEXTBOOK, 20.0, **{"is_gated": True, **options})


def test_without_any_doubt_the_score_is_certain():
    assert total_of(decision(50.0, LAD)) == pytest.approx(50.0, rel=1e-6)


def test_a_doubtful_lesion_is_there_as_often_as_the_decision_says():
    doubtful = decision(50.0, {"LAD": 0.3, "pericardium": 0.7})
    there = total_of(doubtful) > 25
    assert there.mean() == pytest.approx(0.3, abs=0.035)  # 3 standard errors of 2000 draws


@pytest.mark.parametrize("shared", [0.0, 0.33, 1.0])
def test_sharing_the_doubt_does_not_change_how_often_each_lesion_is_there(shared):
    pieces = [decision(1.0, {"LAD": 0.7, "aortic_valve": 0.3}, voxel=k) for k in range(20)]
    mean = total_of(*pieces, shared_doubt=shared).mean()
    assert mean == pytest.approx(14.0, abs=0.7)


def test_shared_doubt_keeps_many_doubtful_lesions_from_making_a_sure_sum():
    # Twenty independent halves: 10 +- sqrt(20) / 2 = 2.2. All shared: 0 or 20, so +- 10.
    pieces = [decision(1.0, {"LAD": 0.5, "lymph_node": 0.5}, voxel=k) for k in range(20)]
    assert total_of(*pieces, shared_doubt=0.0).std() == pytest.approx(2.24, abs=0.15)
    assert total_of(*pieces, shared_doubt=1.0).std() == pytest.approx(10.0, abs=0.1)
    assert 3.0 < total_of(*pieces).std() < 9.0


def test_a_doubtful_artery_moves_the_arteries_and_not_the_total():
    split = decision(40.0, {"LM": 0.25, "LAD": 0.75})
    draws = draw_true_scores((split,), GATED, model=EXACT)
    assert draws.sum(axis=1) == pytest.approx(40.0, rel=1e-6)
    assert (draws[:, 0] > 20).mean() == pytest.approx(0.25, abs=0.035)
    assert (draws[:, 1] > 20).mean() == pytest.approx(0.75, abs=0.035)
    assert not draws[:, 2:].any()


@pytest.mark.parametrize("vessel", ["LM", "LAD", "LCX", "RCA"])
def test_a_certain_artery_has_it_all(vessel):
    draws = draw_true_scores((decision(40.0, {vessel: 1.0}),), GATED, model=EXACT)
    assert draws.sum(axis=0)[["LM", "LAD", "LCX", "RCA"].index(vessel)] == pytest.approx(80_000)


def test_calcium_that_is_certainly_elsewhere_counts_nothing():
    assert not total_of(decision(500.0, {"bone": 1.0, "LAD": 0.0})).any()


def test_errors_of_separate_calcifications_cancel_in_part():
    # The variance of a score grows with the score: 4 * 100 scatter as one of 400 does, and less
    # than four times one of 100.
    model = replace(MODEL, log_limit=EXACT.log_limit, log_steepness=EXACT.log_steepness, shared=0.0)
    one = total_of(decision(100.0, LAD), model=model).std()
    four = total_of(*[decision(100.0, LAD, voxel=k) for k in range(4)], model=model).std()
    assert four == pytest.approx(2.0 * one, rel=0.1)


def test_an_empty_gated_scan_is_a_zero_and_an_empty_thick_moving_one_is_not_sure():
    gated = categories_of(draw_true_scores((), GATED).sum(axis=1))["0"]
    chest = categories_of(draw_true_scores((), CHEST).sum(axis=1))["0"]
    assert gated > 0.9 > chest


def test_more_calcium_seen_means_more_unseen():
    some = decision(60.0, LAD)
    unseen = draw_true_scores((), CHEST).sum(axis=1).mean()
    # With an exact measure of what is seen, the rest is the unseen.
    model = replace(EXACT, log_limit=MODEL.log_limit, log_steepness=MODEL.log_steepness)
    beside = total_of(some, conditions=CHEST, model=model).mean() - 60.0
    assert beside > 1.5 * unseen


def test_a_tenth_on_thick_moving_slices_leaves_room_for_much_more():
    high = interval_of(
        draw_true_scores((decision(27.0, {"LM": 1.0}), decision(4.0, LAD)), CHEST).sum(axis=1), 31.0
    ).high
    assert high > 200


def test_the_same_decisions_give_the_same_draws_and_others_do_not():
    one, other = decision(10.0, LAD), decision(10.0, LAD, voxel=1)
    first = draw_true_scores((one,), GATED)
    assert np.array_equal(first, draw_true_scores((one,), GATED))
    assert not np.array_equal(first, draw_true_scores((other,), GATED))


def test_a_probability_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"the probability of LAD is 1\.5, allowed 0 to 1"):
        total_of(decision(10.0, {"LAD": 1.5}))


@pytest.mark.parametrize(
    ("agatston", "category"),
    [
        (0.0, "0"),
        (0.4, "1-100"),
        (100.0, "1-100"),
        (100.1, "101-400"),
        (400.0, "101-400"),
        (400.1, ">400"),
    ],
)
def test_categories_of_printed_scores(agatston, category):
    assert category_of(agatston) == category


def test_a_true_score_below_the_smallest_lesion_is_a_zero():
    # 0.9 | 1, 100 | 100.1, 400 | 401: one, two, two and one of six.
    found = categories_of(np.array([0.9, 1.0, 100.0, 100.1, 400.0, 401.0]))
    assert found == pytest.approx({"0": 1 / 6, "1-100": 2 / 6, "101-400": 2 / 6, ">400": 1 / 6})


def test_an_interval_is_the_central_part_of_the_draws():
    interval = interval_of(np.linspace(100.0, 200.0, 1001), 150.0)
    assert (interval.low, interval.high, interval.level) == pytest.approx((102.5, 197.5, 0.95))


def test_an_interval_holds_the_printed_score_and_begins_at_zero_where_zero_is_possible():
    assert interval_of(np.linspace(100.0, 200.0, 1001), 90.0).low == 90.0
    assert interval_of(np.linspace(100.0, 200.0, 1001), 210.0).high == 210.0
    assert interval_of(np.linspace(0.9, 50.0, 1001), 20.0).low > 0.0
    assert interval_of(np.linspace(0.0, 30.0, 1001), 20.0).low == 0.0


def test_every_artery_has_an_interval_and_the_categories_sum_to_one():
    scan, voxels = block_scan([[450] * 20] * 5)  # 4 * 5 mm2 * 5 slices = 100
    made = of_scan(scan, voxels, decision(100.0, LAD))
    assert list(made.vessels) == ["LM", "LAD", "LCX", "RCA"]
    assert list(made.categories) == list(CATEGORIES)
    assert sum(made.categories.values()) == pytest.approx(1.0)
    assert made.total.low < 100.0 < made.total.high
    assert made.vessels["RCA"].low == 0.0


def test_a_scan_without_calcium_has_an_interval_that_begins_at_zero():
    scan, voxels = block_scan([[40] * 4] * 3)
    empty = voxels_of(np.zeros(scan.shape))
    made = of_scan(scan, empty)
    assert made.total.low == 0.0
    assert made.categories["0"] > 0.9
    assert voxels.index.size  # the same scan, had it been marked


def test_noise_and_motion_widen_the_interval_of_the_same_calcium():
    scan, voxels = block_scan([[450] * 20] * 5)
    still = of_scan(scan, voxels, decision(100.0, LAD)).total
    moving = of_scan(scan, voxels, decision(100.0, LAD), is_gated=False).total
    assert moving.high - moving.low > 2 * (still.high - still.low)


def test_another_rule_moves_the_interval_with_the_score():
    # Half of the area is 3 pixels a slice, 0.75 mm2: only the rule without a smallest area counts.
    scan, voxels = block_scan([[450] * 3] * 40)
    found = detection(voxels, decision(60.0, LAD))
    siemens = uncertainty(scan, voxels, found, RULES["siemens"], 20.0, is_gated=True)
    assert siemens.total.low < 40 * 3 * 0.25 * 4 < siemens.total.high
    textbook = uncertainty(scan, voxels, found, TEXTBOOK, 20.0, is_gated=True)
    assert textbook.total.low == 0.0


def test_sites_beside_the_arteries_are_no_part_of_it():
    scan, voxels = block_scan([[450] * 20] * 5, site=Site.AORTIC_VALVE)
    made = of_scan(scan, voxels, decision(100.0, {"aortic_valve": 1.0}))
    assert made.total.low == 0.0
    assert made.categories["0"] > 0.9
