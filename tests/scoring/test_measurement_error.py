"""The model of how measured scores lie about true ones: what must hold whatever its numbers are."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.scoring.measurement_error import (
    MODEL,
    Conditions,
    conditions_of,
    miss_probability,
    true_root,
)
from scoring.small_scans import make_scan

GATED = Conditions(thickness_mm=3.0, increment_mm=3.0, noise_sd_hu=20.0, is_gated=True)
CHEST = Conditions(thickness_mm=5.0, increment_mm=5.0, noise_sd_hu=14.0, is_gated=False)
SIZES = np.array([1.0, 3.0, 10.0, 30.0, 100.0])


def test_the_reference_protocol_is_where_every_feature_but_the_constant_is_zero():
    assert GATED.features.tolist() == [1, 0, 0, 0, 0, 0, 0]


def test_features_are_logarithms_of_ratios():
    # ln(5/3) = 0.5108, ln(40/20) = 0.6931, half of the increment: ln(1/2) = -0.6931.
    made = Conditions(thickness_mm=5.0, increment_mm=2.5, noise_sd_hu=40.0, is_gated=False)
    expected = [1, 0.5108, 0.5108**2, 0.6931, 1, 0.5108, -0.6931]
    assert made.features == pytest.approx(expected, abs=1e-4)


def test_what_was_never_simulated_is_taken_for_the_nearest_that_was():
    beyond = Conditions(thickness_mm=0.5, increment_mm=0.5, noise_sd_hu=90.0, is_gated=True)
    edge = Conditions(thickness_mm=1.0, increment_mm=1.0, noise_sd_hu=40.0, is_gated=True)
    assert beyond.features.tolist() == edge.features.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thickness_mm": 0.0}, "positive lengths in mm, got"),
        ({"increment_mm": float("inf")}, "positive lengths in mm, got"),
        ({"noise_sd_hu": -1.0}, "0 or above, got -1.0"),
        ({"noise_sd_hu": float("nan")}, "0 or above, got nan"),
    ],
)
def test_conditions_that_no_scan_has_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(GATED, **change)


def test_a_gated_scan_of_3_mm_measures_large_calcifications_nearly_without_bias():
    mean, _ = true_root(np.array([25.0, 400.0]), GATED)
    assert mean**2 == pytest.approx([25.0, 400.0], rel=0.1)


def test_the_model_is_a_straight_line_between_square_roots():
    # root(64) = 8 lies in the middle of root(16) = 4 and root(144) = 12.
    mean, sd = true_root(np.array([16.0, 64.0, 144.0]), CHEST)
    assert mean[1] == pytest.approx(0.5 * (mean[0] + mean[2]))
    assert sd[0] == sd[2]


@pytest.mark.parametrize("worse", [{"is_gated": False}, {"thickness_mm": 5.0, "increment_mm": 5.0}])
def test_motion_and_thick_slices_make_a_score_less_sure_and_hide_calcium(worse):
    bad = replace(GATED, **worse)
    assert true_root(SIZES, bad)[1][0] > true_root(SIZES, GATED)[1][0]
    assert np.all(miss_probability(SIZES, bad) > miss_probability(SIZES, GATED))


def test_overlapping_slices_make_a_score_surer():
    overlapping = replace(GATED, increment_mm=1.5)
    assert true_root(SIZES, overlapping)[1][0] < true_root(SIZES, GATED)[1][0]


@pytest.mark.parametrize("conditions", [GATED, CHEST])
def test_the_larger_a_calcification_the_less_it_is_missed(conditions):
    missed = miss_probability(SIZES, conditions)
    assert np.all(np.diff(missed) < 0)
    assert np.all((missed >= 0) & (missed <= 1))


def test_half_is_missed_at_the_limit():
    limit = np.exp(np.array(MODEL.log_limit) @ GATED.features)
    assert miss_probability(np.array([limit]), GATED) == pytest.approx([0.5])


def test_a_scan_of_unknown_gating_counts_as_moving_unless_somebody_knows():
    scan = make_scan(np.full((2, 3, 3), 40), slice_thickness_mm=2.5)
    assert not conditions_of(scan, noise_sd_hu=20.0).is_gated
    assert conditions_of(scan, noise_sd_hu=20.0, is_gated=True).is_gated
    assert conditions_of(scan, noise_sd_hu=20.0).thickness_mm == 2.5


def test_what_judged_the_gating_outweighs_the_tags():
    scan = make_scan(np.full((2, 3, 3), 40), is_gated=True)
    assert conditions_of(scan, noise_sd_hu=20.0).is_gated
    assert not conditions_of(scan, noise_sd_hu=20.0, is_gated=False).is_gated


def test_without_a_thickness_in_the_header_the_increment_stands_for_it():
    scan = make_scan(np.full((2, 3, 3), 40), spacing_mm=(1.5, 0.5, 0.5))
    assert conditions_of(scan, noise_sd_hu=20.0).thickness_mm == 1.5
