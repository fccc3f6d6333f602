"""The Pooled Cohort Equations of 2013."""

import math

import pytest

from corcal.errors import InputError
from corcal.risk.pooled_cohort import pooled_cohort
from corcal.risk.types import Race, Sex
from risk.people import goff_example, printed

F, M, WHITE, BLACK = Sex.FEMALE, Sex.MALE, Race.WHITE, Race.BLACK


# Goff 2014, worked example, as the R package PooledCohort prints it; the paper prints 5.3 % for
# white men, the full arithmetic gives 5.38 %.
@pytest.mark.parametrize(
    ("sex", "race", "percent"), [(F, BLACK, 3.0), (F, WHITE, 2.1), (M, BLACK, 6.1), (M, WHITE, 5.4)]
)
def test_the_example_of_the_paper_comes_out(sex, race, percent):
    assert round(100 * pooled_cohort(goff_example(sex, race)).fraction, 1) == percent


# R package CVrisk, tests: the same people at 140 mmHg, percent with two decimals.
@pytest.mark.parametrize(
    ("sex", "race", "percent"),
    [(F, BLACK, 5.08), (F, WHITE, 2.76), (M, BLACK, 7.95), (M, WHITE, 7.01)],
)
def test_the_examples_at_140_mmhg_come_out(sex, race, percent):
    person = goff_example(sex, race, systolic_mmhg=140)
    assert printed(100 * pooled_cohort(person).fraction, 2) == percent


# R packages PooledCohort (the man) and preventr (the women).
@pytest.mark.parametrize(
    ("person", "percent"),
    [
        (
            goff_example(
                M,
                WHITE,
                age_years=54,
                total_cholesterol_mg_dl=170,
                systolic_mmhg=157,
                smokes=True,
                has_diabetes=True,
            ),
            20.8,
        ),
        *(
            (
                goff_example(
                    F,
                    race,
                    age_years=50,
                    total_cholesterol_mg_dl=200,
                    hdl_mg_dl=45,
                    systolic_mmhg=160,
                    takes_bp_medication=True,
                    has_diabetes=True,
                ),
                percent,
            )
            for race, percent in ((WHITE, 6.4), (BLACK, 24.5))
        ),
    ],
)
def test_treated_smoking_and_diabetic_examples_come_out(person, percent):
    assert printed(100 * pooled_cohort(person).fraction, 1) == percent


def hazard(person):
    return -math.log(1 - pooled_cohort(person).fraction)


# The logarithm of the ratio of hazards is the sum of the terms that change, by hand from table A.
@pytest.mark.parametrize(
    ("sex", "race", "smoker", "diabetes"),
    [
        (F, WHITE, 7.574 - 1.665 * math.log(55), 0.661),
        (F, BLACK, 0.691, 0.874),
        (M, WHITE, 7.837 - 1.795 * math.log(55), 0.658),
        (M, BLACK, 0.549, 0.645),
    ],
)
def test_smoking_and_diabetes_have_the_terms_of_the_paper(sex, race, smoker, diabetes):
    base = hazard(goff_example(sex, race))
    smoking = hazard(goff_example(sex, race, smokes=True))
    diabetic = hazard(goff_example(sex, race, has_diabetes=True))
    assert math.log(smoking / base) == pytest.approx(smoker, abs=1e-9)
    assert math.log(diabetic / base) == pytest.approx(diabetes, abs=1e-9)


@pytest.mark.parametrize(
    ("sex", "race", "treated"),
    [
        (F, WHITE, (2.019 - 1.957) * math.log(120)),
        (F, BLACK, (29.291 - 27.820 + (-6.432 + 6.087) * math.log(55)) * math.log(120)),
        (M, WHITE, (1.797 - 1.764) * math.log(120)),
        (M, BLACK, (1.916 - 1.809) * math.log(120)),
    ],
)
def test_pressure_is_treated_or_untreated_never_both(sex, race, treated):
    ratio = hazard(goff_example(sex, race, takes_bp_medication=True)) / hazard(
        goff_example(sex, race)
    )
    assert math.log(ratio) == pytest.approx(treated, abs=1e-9)


@pytest.mark.parametrize("race", [Race.HISPANIC, Race.CHINESE, Race.OTHER])
def test_other_races_have_the_equation_of_white_people_and_are_told(race):
    risk, white = pooled_cohort(goff_example(M, race)), pooled_cohort(goff_example(M, WHITE))
    assert risk.fraction == white.fraction
    assert "those of White people are used for all others" in risk.note
    assert white.note is None


def test_a_race_that_is_not_known_is_missing():
    risk = pooled_cohort(goff_example(M, None))
    assert (risk.fraction, risk.missing, risk.note) == (None, ("race",), None)


# Both sides of each limit; a value is compared as it is printed, 90.4 is 90.
@pytest.mark.parametrize(
    ("name", "inside", "outside", "words"),
    [
        ("age_years", 40, 39.99, "age of 39.99 years is outside 40 to 79 years"),
        ("age_years", 79.99, 80, "age of 80 years is outside 40 to 79 years"),
        ("systolic_mmhg", 90, 89, "systolic blood pressure of 89 mmHg is outside 90 to 200 mmHg"),
        ("systolic_mmhg", 200.4, 201, "of 201 mmHg is outside 90 to 200 mmHg"),
        ("total_cholesterol_mg_dl", 129.9, 129, "of 129 mg/dL is outside 130 to 320 mg/dL"),
        ("total_cholesterol_mg_dl", 320, 321, "of 321 mg/dL is outside 130 to 320 mg/dL"),
        ("hdl_mg_dl", 20, 19, "HDL cholesterol of 19 mg/dL is outside 20 to 100 mg/dL"),
        ("hdl_mg_dl", 100, 101, "of 101 mg/dL is outside 20 to 100 mg/dL"),
    ],
)
def test_outside_its_range_it_has_no_number(name, inside, outside, words):
    assert pooled_cohort(goff_example(M, WHITE, **{name: inside})).fraction is not None
    risk = pooled_cohort(goff_example(M, WHITE, **{name: outside}))
    assert risk.fraction is None
    assert words in risk.not_valid
    assert "the Pooled Cohort Equations" in risk.not_valid


def test_all_reasons_and_all_that_is_missing_are_said_together():
    person = goff_example(F, BLACK, age_years=85, hdl_mg_dl=120, smokes=None, has_known_ascvd=True)
    risk = pooled_cohort(person)
    assert risk.missing == ("smokes",)
    assert risk.not_valid.count(";") == 2


def test_a_person_who_cannot_be_is_refused():
    with pytest.raises(InputError, match="sex is none of female, male"):
        pooled_cohort(goff_example("unknown", WHITE))
