"""Whether a change is larger than measurement error: each check alone, and all together."""

import pytest

from corcal.errors import InputError
from corcal.followup.certainty import certainty, difference_interval, repeatability_limit
from corcal.followup.types import Verdict
from followup.exam_maker import between, exam, later


def check(key, first, second):
    (found,) = (one for one in certainty(first, second).checks if one.key == key)
    return found


@pytest.mark.parametrize(
    ("agatston", "bmi", "limit"),
    [
        (100.0, 25.0, 66.06),  # 17 + 48.9 + 11 - 10.84
        (400.0, 30.0, 168.16),  # 68 + 97.8 + 13.2 - 10.84
        (100.0, None, 67.38),  # 28 assumed: 17 + 48.9 + 12.32 - 10.84
        (1.0, 28.0, 6.54),  # 0.17 + 4.89 + 12.32 - 10.84
    ],
)
def test_the_repeatability_limit_of_mesa(agatston, bmi, limit):
    assert repeatability_limit(agatston, bmi=bmi) == pytest.approx(limit)


@pytest.mark.parametrize("agatston", [0.0, -1.0, float("nan"), float("inf")])
def test_the_repeatability_limit_is_for_scores_above_zero(agatston):
    with pytest.raises(InputError, match="scores above 0"):
        repeatability_limit(agatston)


def test_a_limit_that_is_none_is_refused():
    with pytest.raises(InputError, match="no limit"):  # 0.017 + 1.546 + 7.04 - 10.84 = -2.2
        repeatability_limit(0.1, bmi=16.0)
    found = check("repeatability", exam(0.1, bmi=16.0), later(5.0))
    assert "no limit" in str(found.does_not_apply)


@pytest.mark.parametrize(("second", "direction"), [(166.0, 0), (166.1, 1), (34.0, 0), (33.9, -1)])
def test_a_change_has_to_exceed_the_repeatability(second, direction):
    found = check("repeatability", exam(100.0, bmi=25.0), later(second))  # limit 66.06
    assert found.direction == direction
    assert "body mass index 25" in found.reading


def test_an_assumed_body_mass_index_is_said():
    assert "28, assumed" in check("repeatability", exam(100.0), later(120.0)).reading


def test_the_repeatability_says_nothing_of_a_first_score_of_zero():
    found = check("repeatability", exam(0.0), later(50.0))
    assert found.direction is None
    assert "first score is 0" in str(found.does_not_apply)


@pytest.mark.parametrize(("volume", "direction"), [(156.25, 1), (156.2, 0), (56.25, -1), (56.3, 0)])
def test_the_square_root_check_looks_both_ways(volume, direction):
    # roots: 12.5 and 7.5 lie exactly 2.5 from 10
    found = check("square_root", exam(1.0, volume_mm3=100.0), later(1.0, volume_mm3=volume))
    assert found.direction == direction


def test_intervals_of_two_exams_make_one_of_the_change():
    # 100 (70 to 140), 200 (160 to 260): change 100
    # its low end lies sqrt(40^2 + 40^2) = 56.57 below, its high end sqrt(60^2 + 30^2) = 67.08 above
    first, second = exam(100.0, interval=between(70, 140)), later(200.0, interval=between(160, 260))
    found = difference_interval(first, second)
    assert (found.low, found.high) == pytest.approx((43.431, 167.082), abs=1e-3)
    assert found.level == 0.95


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (exam(100.0), later(200.0, interval=between(160, 260))),
        (exam(100.0, interval=between(70, 140)), later(200.0)),
    ],
)
def test_a_missing_interval_gives_none(first, second):
    assert difference_interval(first, second) is None
    found = check("own_intervals", first, second)
    assert found.does_not_apply == "not both exams have an interval"


def test_intervals_of_different_levels_are_not_mixed():
    first = exam(100.0, interval=between(70, 140, level=0.9))
    second = later(200.0, interval=between(160, 260))
    assert difference_interval(first, second) is None
    assert "level" in str(check("own_intervals", first, second).does_not_apply)


@pytest.mark.parametrize(
    ("second", "interval", "direction"),
    [
        (200.0, (160.0, 260.0), 1),  # low 43.4
        (150.0, (110.0, 210.0), 0),  # low 50 - 56.6 = -6.6
        (20.0, (10.0, 30.0), -1),  # high -80 + sqrt(10^2 + 30^2) = -48.4
    ],
)
def test_own_intervals_judge_by_whether_zero_is_inside(second, interval, direction):
    first = exam(100.0, interval=between(70, 140))
    found = check("own_intervals", first, later(second, interval=between(*interval)))
    assert found.direction == direction


def test_all_checks_together_make_an_increase():
    # volume 10 -> 14.14, score +100 over 67.4, interval above 0
    first = exam(100.0, interval=between(70, 140))
    found = certainty(first, later(200.0, interval=between(160, 260)))
    assert [one.direction for one in found.checks] == [1, 1, 1]
    assert found.verdict is Verdict.INCREASE
    assert found.difference is not None


def test_a_decrease_is_one_too():
    assert certainty(exam(400.0), later(100.0)).verdict is Verdict.DECREASE


def test_a_small_change_is_within_error():
    assert certainty(exam(100.0), later(110.0)).verdict is Verdict.WITHIN_ERROR


def test_checks_that_differ_are_not_clear():
    # root 10 -> 12.6 reaches 2.5; +60 does not exceed 67.4
    assert certainty(exam(100.0), later(160.0)).verdict is Verdict.UNCLEAR


def test_more_score_with_less_volume_is_not_clear():
    found = certainty(exam(100.0, volume_mm3=200.0), later(300.0, volume_mm3=100.0))
    assert {one.direction for one in found.checks} == {1, -1, None}
    assert found.verdict is Verdict.UNCLEAR


def test_without_gating_only_the_own_intervals_judge():
    first = exam(100.0, is_gated=False, interval=between(70, 140))
    second = later(200.0, is_gated=False, interval=between(160, 260))
    found = certainty(first, second)
    assert [one.direction for one in found.checks] == [None, None, 1]
    assert found.verdict is Verdict.INCREASE


def test_without_gating_and_intervals_nothing_judges():
    found = certainty(exam(100.0, is_gated=False), later(900.0, is_gated=False))
    assert found.verdict is Verdict.NO_CHECK
    assert all(one.does_not_apply for one in found.checks)


def test_two_zeros_are_within_error():
    assert certainty(exam(0.0), later(0.0)).verdict is Verdict.WITHIN_ERROR


@pytest.mark.parametrize(
    ("score", "bmi", "said"),
    [
        (100.0, float("nan"), "body mass index must be 10 to 100"),
        (100.0, 9.9, "body mass index must be 10 to 100"),
        (100.0, "28", "body mass index must be a number"),
        ("100", 28.0, "the Agatston score must be a number"),
    ],
)
def test_the_limit_is_made_from_numbers_of_a_person(score, bmi, said):
    with pytest.raises(InputError, match=said):
        repeatability_limit(score, bmi=bmi)
