"""The table of rules."""

import numpy as np
import pytest

from corcal.ct.scan import Acquisition
from corcal.errors import InputError
from corcal.scoring.rules import (
    DEFAULT_RULE,
    RULES,
    VENDOR_RULES,
    ScoringRule,
    adapted_rule_for,
    rule_named,
    rule_with_threshold,
)
from scoring.slow_scoring import WEIGHTS


def test_the_default_is_the_definition_of_the_textbook():
    rule = rule_named(DEFAULT_RULE)
    assert rule.name == "textbook"
    assert rule.threshold_hu == 130.0
    assert rule.connectivity_2d == 8


def test_every_rule_has_its_name_its_source_and_its_bounds():
    for name, rule in RULES.items():
        assert rule.name == name
        assert rule.source
        assert rule.weight_bounds_hu == WEIGHTS[name]
    assert set(VENDOR_RULES) <= set(RULES)


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        RULES["textbook"] = RULES["ge"]  # type: ignore[index]


def test_an_unknown_name_is_answered_with_all_names():
    with pytest.raises(InputError, match=r"no scoring rule 'toshiba'.*textbook, ge, .*sn100"):
        rule_named("toshiba")


def test_a_rule_with_another_threshold_keeps_its_weights_and_its_smallest_lesion():
    rule = rule_with_threshold(rule_named("ge"), 150)
    assert rule.name == "ge@150hu"
    assert rule.base_name == "ge"
    assert rule.weight_bounds_hu == (150.0, 200.0, 300.0, 400.0)
    assert (rule.min_area_mm2, rule.area_must_exceed) == (1.0, True)
    assert "150 HU" in rule.note


@pytest.mark.parametrize("threshold_hu", [100.0, 145.5, np.float64(199.9)])
def test_a_rule_with_another_threshold_is_known_by_its_name(threshold_hu):
    rule = rule_with_threshold(rule_named("textbook"), threshold_hu)
    assert rule_named(rule.name) == rule
    assert rule_named(rule.name.upper()) == rule


def test_the_threshold_of_a_rule_gives_the_rule():
    textbook = rule_named("textbook")
    assert rule_with_threshold(textbook, 130.0) is textbook
    assert rule_named("textbook@130hu") is textbook
    assert textbook.base_name == "textbook"


@pytest.mark.parametrize(
    ("name", "threshold_hu"), [("textbook", 99.9), ("textbook", 200.0), ("kvp70", 318.0)]
)
def test_a_threshold_at_which_weights_would_not_ascend_is_refused(name, threshold_hu):
    with pytest.raises(InputError, match=f"for rule {name}; allowed 100 HU to below"):
        rule_with_threshold(rule_named(name), threshold_hu)


@pytest.mark.parametrize(
    "name", ["textbook@", "textbook@hu", "textbook@150@160hu", "@150hu", "textbook@lowhu"]
)
def test_a_name_with_a_threshold_that_is_none_is_unknown(name):
    with pytest.raises(InputError, match=r"no scoring rule .*; the rules are textbook"):
        rule_named(name)


@pytest.mark.parametrize("name", ["textbook@nanhu", "textbook@infhu", "textbook@99hu"])
def test_a_name_with_a_threshold_out_of_range_is_refused(name):
    with pytest.raises(InputError, match="allowed 100 HU to below 200 HU"):
        rule_named(name)


@pytest.mark.parametrize(
    ("rule", "spacing", "pixels"),
    [
        ("textbook", 0.5, 4),  # 4 x 0.25 = 1 mm2 exactly
        ("ge", 0.5, 5),
        ("textbook", 1 / 3, 9),  # 9 x 1/9 mm2 = 1 mm2, though not in floating point
        ("ge", 1 / 3, 10),
        ("textbook", 1 / 7, 49),  # 1 mm2, and 49.00000000000001 pixels in floating point
        ("ge", 1 / 7, 50),
        ("textbook", 0.35, 9),  # 8.16 pixels
        ("textbook", 0.1, 100),
        ("ge", 0.1, 101),
        ("textbook", 2.0, 1),  # one pixel is more than enough
        ("siemens", 0.5, 1),
        ("siemens", 0.1, 1),
        ("philips", 0.5, 3),  # more than 2
        ("philips", 0.35, 5),  # 4.08 pixels
        ("canon", 0.35, 3),
        ("canon", 2.0, 3),
    ],
)
def test_the_smallest_lesion_in_pixels(rule, spacing, pixels):
    assert rule_named(rule).smallest_lesion_pixels(spacing * spacing) == pixels


def test_density_factors_have_the_shape_of_the_peaks():
    peaks = np.array([[0, 129, 130], [199, 200, 3000]], dtype=np.int16)
    factors = rule_named("textbook").density_factor(peaks)
    assert factors.tolist() == [[0, 0, 1], [1, 2, 4]]


@pytest.mark.parametrize(
    ("kvp", "filter_type", "kernel", "name"),
    [
        (None, None, None, None),
        (120.0, None, None, None),
        (70.0, None, None, "kvp70"),
        (80.0, "WEDGE_2", "I30f", "kvp80"),
        (100.0, None, None, "kvp100"),
        (100.4, None, None, "kvp100"),
        (101.0, None, None, None),
        (135.0, None, None, "kvp135"),
        (140.0, None, None, None),  # no threshold is published well enough
        (100.0, "SN", None, "sn100"),
        (100.0, "TIN_0.4", None, "sn100"),
        (100.0, "SATIN", None, "kvp100"),
        (150.0, "SN", None, None),
        (100.0, None, "Sa36f", None),  # made to look like 120 kVp
        (100.0, "SN", "Sa36", None),
    ],
)
def test_the_rule_that_is_offered_for_a_tube_voltage(kvp, filter_type, kernel, name):
    rule = adapted_rule_for(
        Acquisition(kvp=kvp, filter_type=filter_type, convolution_kernel=kernel)
    )
    assert (rule.name if rule else None) == name


def test_bounds_that_do_not_ascend_are_refused():
    with pytest.raises(InputError, match="must ascend"):
        ScoringRule(name="x", weight_bounds_hu=(130.0, 200.0, 200.0, 400.0), source="none")


@pytest.mark.parametrize("wrong", [{"min_area_mm2": -1.0}, {"min_pixels": 0}])
def test_a_smallest_lesion_below_nothing_is_refused(wrong):
    with pytest.raises(InputError, match="needs an area >= 0 and pixels >= 1"):
        ScoringRule(name="x", weight_bounds_hu=(130.0, 200.0, 300.0, 400.0), source="none", **wrong)
