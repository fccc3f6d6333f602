"""Each scheme of classes, both sides of each edge, and what percentile and gating change."""

import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import corcal.risk.categories
from corcal.errors import InputError
from corcal.risk.categories import SCHEMES, band_of, categories
from corcal.risk.sources import source
from corcal.scoring.categories import CATEGORIES, category_of

# Scores in rising order with the class each scheme gives them. Whole numbers are as the schemes
# print them; what lies between follows the rule of the module.
EDGES = {
    "plain": [
        (0, "0"), (0.01, "1-100"), (1, "1-100"), (99.9, "1-100"), (100, "1-100"),
        (100.01, "101-400"), (100.5, "101-400"), (101, "101-400"), (400, "101-400"),
        (400.01, ">400"), (401, ">400"), (5000, ">400"),
    ],
    "rumberger": [
        (0, "0"), (0.4, "1-10"), (1, "1-10"), (10, "1-10"), (10.1, "11-100"), (11, "11-100"),
        (100, "11-100"), (100.5, "101-400"), (400, "101-400"), (400.5, ">400"),
    ],
    "cac_drs": [
        (0, "A0"), (0.4, "A1"), (1, "A1"), (99, "A1"), (99.5, "A1"), (99.99, "A1"), (100, "A2"),
        (299, "A2"), (299.9, "A2"), (300, "A3"), (301, "A3"), (5000, "A3"),
    ],
    "cad_rads": [
        (0, "none"), (0.4, "P1"), (1, "P1"), (100, "P1"), (100.5, "P2"), (101, "P2"), (300, "P2"),
        (300.5, "P3"), (301, "P3"), (999, "P3"), (999.9, "P3"), (1000, "P4"), (1001, "P4"),
    ],
    "stage_2024": [
        (0, "0"), (0.4, "1"), (1, "1"), (99.9, "1"), (100, "2"), (299.9, "2"), (300, "3"),
        (999.9, "3"), (1000, "4"),
    ],
    "guideline_2026": [
        (0, "0"), (0.4, "1-9"), (1, "1-9"), (9, "1-9"), (9.9, "1-9"), (10, "10-99"),
        (99.9, "10-99"), (100, "100-299"), (299.9, "100-299"), (300, "300-999"),
        (999.9, "300-999"), (1000, ">=1000"), (9999, ">=1000"),
    ],
}  # fmt: skip
CASES = [(scheme, *case) for scheme, cases in EDGES.items() for case in cases]


@pytest.mark.parametrize(("scheme", "agatston", "code"), CASES)
def test_a_score_is_in_the_class_that_the_scheme_prints(scheme, agatston, code):
    assert band_of(scheme, agatston).code == code
    assert categories(agatston)[scheme].code == code


def test_every_scheme_is_tested_on_both_sides_of_every_edge():
    assert set(EDGES) == set(SCHEMES)
    for name, scheme in SCHEMES.items():
        codes = [code for _, code in EDGES[name]]
        assert list(dict.fromkeys(codes)) == [band.code for band in scheme.bands]
        tested = [score for score, _ in EDGES[name]]
        for band in scheme.bands[1:]:
            assert band.low in tested
            near = -0.5 if band.has_low else 0.5  # the other side of the edge
            assert any(0 < (score - band.low) / near <= 2 for score in tested)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_every_class_has_a_label_a_reading_and_a_source(scheme):
    assert source(scheme.source).citation
    for band in scheme.bands:
        assert band.label
        assert band.reading.endswith(".")
    for agatston in (0, 50, 150, 350, 500, 2000):
        assert categories(agatston)[scheme.name].source == scheme.source


def test_the_plain_readings_say_what_a_person_needs():
    words = {
        0: ("No calcium that reaches the limit", "low risk", "not seen"),
        50: ("some calcified plaque", "score alone", "minimal"),
        200: ("moderate amount", "intermediate"),
        500: ("large amount", "high", "further evaluation"),
    }
    for agatston, expected in words.items():
        reading = categories(agatston)["plain"].reading
        assert all(word in reading for word in expected)


@pytest.mark.parametrize("agatston", [0, 0.5, 50, 99.9, 101, 400])
@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"exceptions": ("diabetes",)}, "because of diabetes"),
        ({"exceptions": ("diabetes", "symptoms")}, "because of diabetes and symptoms"),
        ({"is_gated": False}, "because of the missing ECG gating of the scan"),
        (
            {"exceptions": ("diabetes", "symptoms"), "is_gated": False},
            "because of diabetes, symptoms and the missing ECG gating of the scan",
        ),
    ],
)
def test_no_exception_is_told_a_low_or_minimal_risk(agatston, known, reason):
    reading = categories(agatston, **known)["plain"].reading
    assert reason in reading
    for word in ("low risk of", "minimal", "intermediate"):
        assert word not in reading


@pytest.mark.parametrize(
    ("agatston", "percentile", "is_minimal"),
    [(50, None, True), (50, 74, True), (50, 75, False), (99.9, 10, True), (100, 10, False)],
)
def test_a_low_score_of_stage_2_is_no_minimal_risk(agatston, percentile, is_minimal):
    found = categories(agatston, percentile=percentile)
    assert (found["stage_2024"].code == "1") is is_minimal
    assert ("the risk is minimal" in found["plain"].reading) is is_minimal


def test_the_last_percentile_is_said_to_be_a_bound():
    found = categories(50, percentile=99)
    assert "a score at percentile 99 or higher for age" in found["plain"].reading
    assert "by its percentile of 99 or higher" in found["stage_2024"].reading


def test_a_percentile_that_is_high_is_named_once_in_the_same_sentence():
    reading = categories(50, percentile=91)["plain"].reading
    assert reading == (
        "Mild: there is some calcified plaque. A low score does not mean a low risk for this "
        "person, because of a score at percentile 91 for age, sex and race."
    )


def test_a_score_of_0_has_no_percentile_that_could_be_high():
    assert categories(0, percentile=99)["plain"].reading == categories(0)["plain"].reading


def test_the_exceptions_change_no_class():
    plain, guarded = categories(50), categories(50, exceptions=("diabetes",))
    assert {name: each.code for name, each in plain.items()} == {
        name: each.code for name, each in guarded.items()
    }


@pytest.mark.parametrize(
    ("agatston", "vessel_count", "is_gated", "code"),
    [
        (150, 3, True, "A2/N3"),
        (150, None, True, "A2"),
        (0, 0, True, "A0"),
        (0, None, True, "A0"),
        (0.5, 1, True, "A1/N1"),
        (1200, 4, True, "A3/N4"),
        (150, 3, False, "V2/N3"),
        (0, 0, False, "V0"),
        (300, None, False, "V3"),
    ],
)
def test_cac_drs_counts_vessels_and_knows_gating(agatston, vessel_count, is_gated, code):
    found = categories(agatston, vessel_count=vessel_count, is_gated=is_gated)["cac_drs"]
    assert found.code == code
    assert ("Agatston-equivalent" in found.reading) is not is_gated


@pytest.mark.parametrize(
    ("agatston", "percentile", "code"),
    [
        (50, None, "1"),
        (50, 74, "1"),
        (50, 75, "2"),
        (0.5, 99, "2"),
        (99.9, 75, "2"),
        (100, 10, "2"),
        (299, 99, "2"),
        (300, 10, "3"),
        (1000, 10, "4"),
        (0, None, "0"),
        (0, 99, "0"),  # a score of 0 has no percentile, and is not raised
    ],
)
def test_a_low_score_that_is_high_for_the_age_is_stage_2(agatston, percentile, code):
    assert categories(agatston, percentile=percentile)["stage_2024"].code == code


def test_the_stage_says_what_its_percentile_did():
    assert "raised from stage 1 by its percentile of 91" in (
        categories(50, percentile=91)["stage_2024"].reading
    )
    unknown = categories(50)["stage_2024"].reading
    assert "by the score alone, without a percentile" in unknown
    assert "from the 75th" in unknown
    assert "percentile" not in categories(150)["stage_2024"].reading


@pytest.mark.parametrize("agatston", [-1, -0.001, math.nan, math.inf, "12", None, True])
def test_what_is_no_score_is_refused(agatston):
    with pytest.raises(InputError, match="finite number from 0 up"):
        categories(agatston)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"vessel_count": 5}, "number of vessels with calcium is a whole number from 0 to 4"),
        ({"vessel_count": 0}, "0 vessels with calcium contradict a score of 50; .* 1 to 4"),
        ({"percentile": 101}, "percentile is a whole number from 0 to 100, got 101"),
        ({"percentile": -1}, "percentile is a whole number from 0 to 100, got -1"),
        ({"percentile": math.nan}, "percentile is a whole number from 0 to 100"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(given, message):
    with pytest.raises(InputError, match=message):
        categories(50, **given)


def test_vessels_without_a_score_are_refused():
    with pytest.raises(InputError, match="2 vessels with calcium contradict a score of 0"):
        categories(0, vessel_count=2)


def test_an_unknown_scheme_is_refused_with_those_that_are_known():
    with pytest.raises(InputError, match="known are plain, rumberger, cac_drs"):
        band_of("agatston", 3)


def test_the_four_categories_of_scoring_are_the_plain_guide():
    assert CATEGORIES == ("0", "1-100", "101-400", ">400")
    assert [category_of(score) for score, _ in EDGES["plain"]] == [c for _, c in EDGES["plain"]]


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_higher_score_is_never_in_a_lower_class(first, second):
    low, high = sorted((first, second))
    for scheme in SCHEMES.values():
        order = [band.code for band in scheme.bands]
        low_place = order.index(band_of(scheme.name, low).code)
        assert low_place <= order.index(band_of(scheme.name, high).code)


def test_the_examples_of_the_docstrings_run():
    assert doctest.testmod(corcal.risk.categories).failed == 0
