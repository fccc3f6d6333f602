"""Intervals that hold and probabilities that come true, counted by hand."""

import pytest

from corcal.errors import InputError
from corcal.evaluate.agreement.certainty import (
    base_rate_brier,
    brier,
    coverage,
    reliability_bins,
)
from corcal.scoring.types import Interval


def interval(low, high, level=0.95):
    return Interval(low=low, high=high, level=level)


def test_an_interval_holds_its_ends():
    intervals = [interval(0, 10), interval(0, 10), interval(5, 10), interval(5, 9)]
    (found,) = coverage(intervals, [0, 10, 4.9, 9.1])
    assert (found.held.count, found.held.total) == (2, 4)
    assert (found.below, found.above) == (1, 1)
    assert found.median_width == 7.5  # of 10, 10, 5, 4


def test_levels_are_counted_apart():
    intervals = [interval(0, 1, 0.95), interval(0, 1, 0.8), interval(0, 1, 0.8)]
    found = coverage(intervals, [2, 0.5, 0.5])
    assert [(one.level, one.held.count, one.held.total) for one in found] == [
        (0.8, 2, 2),
        (0.95, 0, 1),
    ]
    assert coverage([], []) == ()


def test_the_brier_score_by_hand():
    # Right: (0.7 - 1)^2 + 0.2^2 + 0.1^2 = 0.14. Wrong: 0.5^2 + 0.5^2 + (0 - 1)^2 = 1.5.
    stated = [{"0": 0.7, "1-100": 0.2, "101-400": 0.1}, {"0": 0.5, "1-100": 0.5}]
    assert brier(stated, ["0", ">400"]) == pytest.approx((0.14 + 1.5) / 2)
    # zero alone: (0.7 - 1)^2 and 0.5^2
    assert brier(stated, ["0", ">400"], categories=("0",)) == pytest.approx((0.09 + 0.25) / 2)


def test_certain_and_right_is_0_and_certain_and_wrong_is_2():
    assert brier([{"0": 1.0}], ["0"]) == 0
    assert brier([{"0": 1.0}], [">400"]) == 2
    assert brier([], []) is None


def test_base_rates_are_those_of_the_study():
    # Three quarters zero: 0.75 (0.25^2 * 2) + 0.25 (0.75^2 * 2) = 0.375
    assert base_rate_brier(["0", "0", "0", ">400"]) == pytest.approx(0.375)
    assert base_rate_brier([]) is None


def test_a_bin_begins_with_its_lower_edge_and_the_last_holds_one():
    found = reliability_bins(
        [0.0, 0.0999, 0.1, 0.3, 0.9, 1.0], [True, False, True, False, True, True]
    )
    assert [(one.low, one.happened.count, one.happened.total) for one in found] == [
        (0.0, 1, 2),
        (0.1, 1, 1),
        (0.3, 0, 1),
        (0.9, 2, 2),
    ]
    assert found[-1].mean_probability == pytest.approx(0.95)
    assert reliability_bins([], []) == ()


@pytest.mark.parametrize("wrong", [-0.1, 1.1])
def test_a_probability_lies_between_0_and_1(wrong):
    with pytest.raises(InputError, match="between 0 and 1"):
        reliability_bins([wrong], [True])
    with pytest.raises(InputError, match="between 0 and 1"):
        brier([{"0": wrong}], ["0"])
