"""SCORE2 and SCORE2-OP."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corcal.risk.score2 import score2
from corcal.risk.types import Region, Sex
from corcal.risk.units import cholesterol_to_mg_dl
from risk.people import score2_example

M, F = Sex.MALE, Sex.FEMALE
LOW, MODERATE, HIGH, VERY_HIGH = Region


def other(sex, region, *, age, smokes, systolic, total, hdl):
    return score2_example(
        sex,
        region,
        age_years=age,
        smokes=smokes,
        systolic_mmhg=systolic,
        total_cholesterol_mg_dl=cholesterol_to_mg_dl(total),
        hdl_mg_dl=cholesterol_to_mg_dl(hdl),
    )


# SCORE2, supplementary methods, table 4: a smoker of 50 years, 140 mmHg, 6.3 and 1.4 mmol/L.
@pytest.mark.parametrize(
    ("region", "man", "woman"),
    [(LOW, 6.3, 4.3), (MODERATE, 8.1, 5.2), (HIGH, 8.8, 7.1), (VERY_HIGH, 15.1, 14.1)],
)
def test_the_example_of_the_supplement_comes_out_in_each_region(region, man, woman):
    for sex, percent in ((M, man), (F, woman)):
        risk = score2(score2_example(sex, region))
        assert round(100 * risk.fraction, 1) == percent
        assert (risk.model, risk.outcome, risk.source) == ("score2", "total_cvd", "score2_2021")


# The on-line HeartScore as the R package RiskScorescvd quotes it, and, in the first two rows of
# SCORE2-OP, the supplementary methods, table 3, of its paper.
@pytest.mark.parametrize(
    ("person", "percent"),
    [
        (other(M, LOW, age=45, smokes=False, systolic=110, total=5, hdl=2), 1.1),
        (other(F, VERY_HIGH, age=45, smokes=True, systolic=140, total=5, hdl=2), 6.0),
        (other(M, HIGH, age=48, smokes=True, systolic=160, total=8, hdl=2), 10.0),
        (other(M, LOW, age=75, smokes=True, systolic=140, total=5.5, hdl=1.3), 18.6),
        (other(F, LOW, age=75, smokes=True, systolic=140, total=5.5, hdl=1.3), 15.2),
        (other(M, LOW, age=75, smokes=False, systolic=140, total=5.5, hdl=1.3), 13.3),
        (other(F, LOW, age=75, smokes=False, systolic=110, total=5, hdl=2), 6.1),
        (other(M, MODERATE, age=75, smokes=True, systolic=140, total=5.5, hdl=1.3), 23.9),
        (other(F, MODERATE, age=75, smokes=True, systolic=140, total=5.5, hdl=1.3), 20.0),
        (other(M, HIGH, age=75, smokes=True, systolic=140, total=6, hdl=1.3), 29.2),
        (other(F, HIGH, age=75, smokes=True, systolic=110, total=5, hdl=2), 19.0),
        (other(M, VERY_HIGH, age=75, smokes=True, systolic=140, total=6, hdl=1.3), 40.8),
        (other(F, VERY_HIGH, age=75, smokes=True, systolic=140, total=6, hdl=1.3), 46.2),
    ],
)
def test_the_published_calculator_gives_the_same(person, percent):
    risk = score2(person)
    assert round(100 * risk.fraction, 1) == percent
    assert risk.model == ("score2_op" if person.age_years >= 70 else "score2")


@pytest.mark.parametrize(
    ("age", "model", "is_covered"),
    [
        (39.9, "score2", False),
        (40, "score2", True),
        (69.9, "score2", True),
        (70, "score2_op", True),
        (89.9, "score2_op", True),
        (90, "score2_op", False),
    ],
)
def test_one_model_ends_where_the_other_begins(age, model, is_covered):
    risk = score2(score2_example(M, LOW, age_years=age))
    assert (risk.model, risk.fraction is not None) == (model, is_covered)


@pytest.mark.parametrize("age", [55, 75])
def test_people_with_diabetes_are_not_covered(age):
    risk = score2(score2_example(F, HIGH, age_years=age, has_diabetes=True))
    assert risk.fraction is None
    assert risk.not_valid == "diabetes: SCORE2 was not made for people with it"


def test_where_diabetes_is_not_known_the_number_says_so():
    unknown = score2(score2_example(F, HIGH, has_diabetes=None))
    known = score2(score2_example(F, HIGH))
    assert unknown.fraction == known.fraction
    assert "whether there is diabetes is not known" in unknown.note
    assert known.note is None


@pytest.mark.parametrize("age", [55, 74])
@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("has_familial_hypercholesterolaemia", "familial hypercholesterolaemia: the ESC does not"),
        ("is_pregnant", "pregnancy: the ESC does not"),
    ],
)
def test_whom_the_esc_does_not_use_it_for_gets_the_reason(field, reason, age):
    assert score2(score2_example(F, LOW, age_years=age, **{field: False})).fraction is not None
    assert score2(score2_example(F, LOW, age_years=age)).fraction is not None
    risk = score2(score2_example(F, LOW, age_years=age, **{field: True}))
    assert risk.fraction is None
    assert reason in risk.not_valid


def test_a_low_egfr_leaves_the_number_and_adds_a_note():
    low, usual = (score2(score2_example(M, LOW, egfr=egfr)) for egfr in (59.9, 60.0))
    assert low.fraction == usual.fraction
    assert usual.note is None
    assert low.note.startswith("eGFR of 59.9 is below 60: in chronic kidney disease the ESC")
    both = score2(score2_example(M, LOW, egfr=59.9, has_diabetes=None)).note
    assert "whether there is diabetes is not known; eGFR of 59.9" in both


def test_known_disease_is_not_covered():
    assert "known cardiovascular" in score2(score2_example(M, LOW, has_known_ascvd=True)).not_valid


def test_without_a_region_there_is_no_number():
    risk = score2(score2_example(M, None))
    assert (risk.fraction, risk.missing) == (None, ("region",))


@given(st.floats(61, 259), st.sampled_from(list(Region)), st.sampled_from([45.0, 62.0, 78.0]))
def test_risk_rises_with_the_pressure_without_a_jump(systolic, region, age):
    low, high = (
        score2(score2_example(F, region, age_years=age, systolic_mmhg=value)).fraction
        for value in (systolic, systolic + 0.001)
    )
    assert low < high < low + 1e-4


def test_regions_are_in_order_for_each_sex_and_model():
    for sex in Sex:
        for age in (50, 75):
            risks = [
                score2(score2_example(sex, region, age_years=age)).fraction for region in Region
            ]
            assert risks == sorted(risks)


def test_the_formula_is_that_of_the_supplement():
    # A man of 60 who does not smoke, 120 mmHg, 6 and 1.3 mmol/L: all terms are zero, so that
    # u = 1 - 0.9605; in the low region ln(-ln(1 - u)) = -3.2117, and
    # 1 - exp(-exp(-0.5699 + 0.7476 x -3.2117)) = 0.0500.
    person = other(M, LOW, age=60, smokes=False, systolic=120, total=6, hdl=1.3)
    expected = 1 - math.exp(-math.exp(-0.5699 + 0.7476 * math.log(-math.log(0.9605))))
    assert expected == pytest.approx(0.0500, abs=1e-4)
    assert score2(person).fraction == pytest.approx(expected, abs=1e-12)


def test_the_only_jump_with_age_is_between_the_two_models():
    def risk(age):
        return score2(score2_example(M, LOW, age_years=age)).fraction

    for age in (40.5, 55, 69.5, 70.5, 80):
        assert 0 < risk(age + 1e-4) - risk(age) < 1e-5
    assert abs(risk(70) - risk(70 - 1e-4)) > 0.001
