"""MESA 2015: 10-year risk of coronary heart disease without and with the calcium."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corcal.errors import InputError
from corcal.risk.mesa_chd import calcium_difference, mesa_chd
from corcal.risk.types import Race, Sex
from risk.people import known_man, mesa_example

SCORES = st.floats(0, 5000)


# CVrisk 1.2, tests: percent with two decimals.
@pytest.mark.parametrize(("agatston", "percent"), [(None, 8.61), (0, 3.06)])
def test_the_published_example_comes_out(agatston, percent):
    risk = mesa_chd(mesa_example(), agatston=agatston)
    assert round(100 * risk.fraction, 2) == percent
    assert risk.model == ("mesa_chd" if agatston is None else "mesa_chd_with_cac")
    assert (risk.outcome, risk.years, risk.source) == ("chd", 10, "mcclelland2015")
    assert (risk.missing, risk.not_valid) == ((), None)


def test_all_terms_are_in_the_sum():
    # A Black man of 60 with every risk factor, by hand; of a score of e - 1 the logarithm is 1.
    # Without the calcium: 2.73, 0.7496, -0.2111, 0.5168, 0.4732, 200 times 0.0053, 50 times
    # -0.0140, 0.2473, 140 times 0.0085, 0.3381, 0.4522: together 6.8461.
    # With it: 1.032, 0.4079, 0.0353, 0.3892, 0.3717, 0.86, -0.57, 0.1206, 0.924, 0.2278, 0.3239,
    # 0.2743: together 4.3967.
    person = mesa_example(
        age_years=60,
        race=Race.BLACK,
        has_diabetes=True,
        smokes=True,
        total_cholesterol_mg_dl=200,
        systolic_mmhg=140,
        takes_statin=True,
        family_history=True,
    )
    without, with_cac = mesa_chd(person), mesa_chd(person, agatston=math.e - 1)
    assert without.fraction == pytest.approx(1 - 0.99963 ** math.exp(6.8461), abs=1e-12)
    assert with_cac.fraction == pytest.approx(1 - 0.99833 ** math.exp(4.3967), abs=1e-12)


# ln of the ratio of cumulative hazards is the difference of the coefficients.
@pytest.mark.parametrize(
    ("race", "without", "with_cac"),
    [
        (Race.CHINESE, -0.5055, -0.3475),
        (Race.BLACK, -0.2111, 0.0353),
        (Race.HISPANIC, -0.19, -0.0222),
    ],
)
def test_each_group_of_mesa_has_its_term(race, without, with_cac):
    for agatston, expected in ((None, without), (100, with_cac)):
        white = mesa_chd(mesa_example(race=Race.WHITE, sex=Sex.FEMALE), agatston=agatston)
        other = mesa_chd(mesa_example(race=race, sex=Sex.FEMALE), agatston=agatston)
        hazards = [-math.log(1 - each.fraction) for each in (other, white)]
        assert math.log(hazards[0] / hazards[1]) == pytest.approx(expected, abs=1e-9)


@given(SCORES, SCORES)
def test_risk_with_calcium_rises_with_the_score(one, other):
    low, high = sorted((one, other))
    risks = [mesa_chd(mesa_example(), agatston=score).fraction for score in (low, high)]
    assert risks[0] <= risks[1]
    if high > low + 1e-6:
        assert risks[0] < risks[1]


@given(SCORES)
def test_risk_does_not_jump_with_the_score(score):
    near = mesa_chd(mesa_example(), agatston=score + 1e-6).fraction
    assert near - mesa_chd(mesa_example(), agatston=score).fraction < 1e-7


@given(st.floats(45, 84.9))
def test_risk_rises_with_age(age):
    younger, older = (mesa_example(age_years=years) for years in (age, age + 0.09))
    for agatston in (None, 0, 300):
        one = mesa_chd(younger, agatston=agatston)
        assert one.fraction < mesa_chd(older, agatston=agatston).fraction


@pytest.mark.parametrize(
    ("age", "is_covered"), [(44.9, False), (45, True), (84.9, True), (85, False)]
)
def test_mesa_is_of_45_to_84_completed_years(age, is_covered):
    risk = mesa_chd(mesa_example(age_years=age))
    assert (risk.fraction is not None) == is_covered
    if not is_covered:
        assert risk.not_valid == (
            f"age of {age:g} years is outside 45 to 84 years, the ages of the MESA risk score"
        )


def test_another_race_has_no_term_and_no_number():
    risk = mesa_chd(mesa_example(race=Race.OTHER))
    assert risk.fraction is None
    assert risk.missing == ()
    assert "terms for white, black, hispanic and chinese only" in risk.not_valid


def test_a_race_that_is_not_known_is_missing():
    risk = mesa_chd(mesa_example(race=None), agatston=100)
    assert (risk.fraction, risk.missing, risk.not_valid) == (None, ("race",), None)


def test_known_disease_is_no_case_for_a_first_event():
    assert "known cardiovascular disease" in mesa_chd(mesa_example(has_known_ascvd=True)).not_valid


def test_all_that_is_missing_is_named():
    person = mesa_example(
        smokes=None, hdl_mg_dl=None, takes_statin=None, family_history=None, egfr=None
    )
    assert mesa_chd(person).missing == ("hdl_mg_dl", "smokes", "takes_statin", "family_history")


def test_an_early_heart_attack_in_the_family_counts_as_one():
    early = mesa_example(family_history=None, premature_family_history=True)
    assert mesa_chd(early) == mesa_chd(mesa_example(family_history=True))


def test_no_early_heart_attack_in_the_family_says_nothing_of_later_ones():
    person = mesa_example(family_history=None, premature_family_history=False)
    assert mesa_chd(person).missing == ("family_history",)


@pytest.mark.parametrize("score", [-1, float("nan"), float("inf")])
def test_a_score_that_is_none_is_refused(score):
    with pytest.raises(InputError, match="a finite number from 0 up, got"):
        mesa_chd(mesa_example(), agatston=score)


def test_a_person_who_cannot_be_is_refused():
    with pytest.raises(InputError, match=r"5.2 looks like mmol/L"):
        mesa_chd(mesa_example(total_cholesterol_mg_dl=5.2))


def test_the_difference_is_said_in_words():
    found = calcium_difference(mesa_example(), agatston=0)
    assert found.text == "8.6 % without the scan, 3.1 % with it"
    assert found.without_cac == mesa_chd(mesa_example())
    assert found.with_cac == mesa_chd(mesa_example(), agatston=0)


def test_without_both_numbers_there_is_no_difference():
    assert calcium_difference(known_man(race=None), agatston=0).text is None
