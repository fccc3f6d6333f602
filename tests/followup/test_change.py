"""Every way of expressing a change, on both sides of its limit; answers by hand in the comments."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corcal.followup.change import change_methods, root_change
from corcal.risk.types import Mark
from followup.exam_maker import exam, later


def method(key, first, second, years=3.0, **options):
    (found,) = (one for one in change_methods(first, second, years, **options) if one.key == key)
    return found


@pytest.mark.parametrize(
    ("key", "value", "unit"),
    [
        ("absolute", 60.0, "Agatston"),  # 160 - 100
        ("per_year", 20.0, "Agatston per year"),  # 60 / 3
        ("percent_per_year_simple", 20.0, "% per year"),  # 100 * 60 / (100 * 3)
        ("percent_per_year_compound", 16.9607, "% per year"),  # 1.6^(1/3) = 1.169607
        ("square_root", 2.649111, "mm^1.5"),  # sqrt(160) - sqrt(100) = 12.649111 - 10
        ("cardia_mesa", 20.0, "% per year"),  # first score 100: relative, as above
        ("log", 0.130681, "per year"),  # ln(185 / 125) / 3 = 0.392042 / 3
    ],
)
def test_a_change_from_100_to_160_in_three_years(key, value, unit):
    found = method(key, exam(100.0), later(160.0))
    assert found.value == pytest.approx(value, abs=1e-4)
    assert found.unit == unit
    assert found.does_not_apply is None


def test_methods_are_always_all_there_in_one_order():
    keys = [one.key for one in change_methods(exam(0.0), later(0.0), 3.0)]
    assert keys == [
        "absolute",
        "per_year",
        "percent_per_year_simple",
        "percent_per_year_compound",
        "square_root",
        "cardia_mesa",
        "log",
    ]


@pytest.mark.parametrize(
    ("volume", "is_progression"),
    [
        (156.25, True),  # sqrt 12.5: exactly 2.5 more than sqrt(100) = 10
        (156.2, False),  # sqrt 12.498
        (160.0, True),
        (64.0, False),  # 8: a loss of 2
    ],
)
def test_the_square_root_rule_begins_at_2_5(volume, is_progression):
    found = method("square_root", exam(1.0, volume_mm3=100.0), later(1.0, volume_mm3=volume))
    assert found.is_progression is is_progression
    assert found.threshold == 2.5


def test_the_square_root_rule_takes_the_score_where_a_volume_is_missing_and_says_so():
    # sqrt(169) - sqrt(100) = 3
    found = method("square_root", exam(100.0), later(169.0, volume_mm3=None))
    assert found.value == pytest.approx(3.0)
    assert found.unit == "root of Agatston units"
    assert "a volume is missing" in found.reading
    assert root_change(exam(100.0), later(169.0))[1] == "volume"


@pytest.mark.parametrize(
    ("first", "second", "unit", "is_progression"),
    [
        (0.0, 0.0, "Agatston per year", False),
        (0.0, 0.4, "Agatston per year", True),  # any calcium where none was
        (50.0, 80.0, "Agatston per year", True),  # 30 / 3 = 10
        (50.0, 79.9, "Agatston per year", False),
        (99.9, 129.9, "Agatston per year", True),  # still absolute
        (99.9, 129.8, "Agatston per year", False),
        (100.0, 130.0, "% per year", True),  # 100 * 30 / (100 * 3) = 10
        (100.0, 129.9, "% per year", False),
        (1000.0, 1299.0, "% per year", False),  # 99.7 units a year, and 9.97 %
        (1000.0, 1300.0, "% per year", True),
        (50.0, 10.0, "Agatston per year", False),
    ],
)
def test_the_cardia_mesa_rule_has_three_branches(first, second, unit, is_progression):
    found = method("cardia_mesa", exam(first), later(second))
    assert (found.unit, found.is_progression) == (unit, is_progression)


@pytest.mark.parametrize(("second", "is_relevant"), [(145.0, True), (144.9, False)])
def test_a_simple_15_percent_a_year_is_relevant(second, is_relevant):
    # 100 * 45 / (100 * 3) = 15
    found = method("percent_per_year_simple", exam(100.0), later(second))
    assert found.is_progression is is_relevant


@pytest.mark.parametrize(("second", "is_relevant"), [(152.0875, True), (152.08, False)])
def test_a_compound_15_percent_a_year_is_relevant(second, is_relevant):
    # 1.15^3 = 1.520875
    found = method("percent_per_year_compound", exam(100.0), later(second))
    assert found.is_progression is is_relevant


@pytest.mark.parametrize("key", ["percent_per_year_simple", "percent_per_year_compound"])
def test_a_percentage_of_nothing_is_not_defined(key):
    found = method(key, exam(0.0), later(50.0))
    assert found.value is None
    assert found.is_progression is None
    assert found.does_not_apply is not None
    assert "first score is 0" in found.does_not_apply


@pytest.mark.parametrize(
    "key",
    ["per_year", "percent_per_year_simple", "percent_per_year_compound", "cardia_mesa", "log"],
)
def test_a_rate_needs_time(key):
    found = method(key, exam(100.0), exam(120.0), years=0.0)
    assert found.value is None
    assert "one day" in str(found.does_not_apply)


@pytest.mark.parametrize("key", ["absolute", "square_root"])
def test_what_needs_no_time_is_told_on_one_day(key):
    assert method(key, exam(100.0), exam(120.0), years=0.0).value is not None


@pytest.mark.parametrize("key", ["square_root", "cardia_mesa"])
@pytest.mark.parametrize(
    "gated", [(False, False), (True, False), (False, None)], ids=["both", "one", "unknown"]
)
def test_rules_of_gated_scans_are_not_used_on_others(key, gated):
    first, second = exam(100.0, is_gated=gated[0]), later(200.0, is_gated=gated[1])
    assert "not ECG-gated" in str(method(key, first, second).does_not_apply)


def test_rules_of_gated_scans_are_used_where_gating_is_not_known():
    first, second = exam(100.0, is_gated=None), later(200.0, is_gated=None)
    assert method("square_root", first, second).is_progression is True


def test_an_obstacle_holds_for_all_methods():
    for found in change_methods(exam(100.0), later(200.0), 3.0, obstacle="not alike"):
        assert (found.value, found.reading, found.does_not_apply) == (None, "", "not alike")


def test_every_rule_names_its_source_and_how_well_it_is_known():
    marks = {one.key: one.mark for one in change_methods(exam(100.0), later(200.0), 3.0)}
    assert marks.pop("absolute") is None
    assert marks["square_root"] is Mark.SECONDARY
    assert marks["cardia_mesa"] is Mark.RECALLED
    assert None not in marks.values()


@given(
    first=st.floats(0.1, 5000),
    second=st.floats(0.1, 5000),
    years=st.floats(0.05, 30),
)
def test_all_methods_agree_on_the_direction(first, second, years):
    values = [one.value for one in change_methods(exam(first), later(second), years)]
    signs = {math.copysign(1, value) for value in values if value is not None and abs(value) > 1e-9}
    assert len(signs) <= 1


@given(first=st.floats(1, 5000), gain=st.floats(0, 5000), years=st.floats(1, 30))
def test_compound_is_not_above_simple_for_a_rise_over_a_year_or_more(first, gain, years):
    pair = exam(first), later(first + gain)
    simple = method("percent_per_year_simple", *pair, years=years).value
    compound = method("percent_per_year_compound", *pair, years=years).value
    assert compound <= simple + 1e-9 * (1 + abs(simple))


# 5 to 60 in one day of the leap year 2020: 12 to the power 366 is beyond any float.
# A percent of a million is a factor of 10 001: from 1 in a year 10 001 is the last that is said.
@pytest.mark.parametrize(
    ("first", "second", "years", "applies"),
    [
        (5.0, 60.0, 1 / 366, False),
        (1.0, 10002.0, 1.0, False),
        (1.0, 10000.0, 1.0, True),
        (60.0, 5.0, 1 / 366, True),  # a fall is never more than 100 %
    ],
)
def test_a_compound_rate_of_a_short_time_does_not_apply(first, second, years, applies):
    one = method("percent_per_year_compound", exam(first), later(second), years)
    assert (one.value is not None) is applies
    assert applies or "too near in time: compounded over a year" in one.does_not_apply
