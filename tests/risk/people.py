"""Persons of the published examples, and the rounding that they are printed with."""

import math
from dataclasses import replace

from corcal.risk.types import Person, Race, Sex
from corcal.risk.units import cholesterol_to_mg_dl


def printed(value, digits):
    """Round halves up, as the published packages print."""
    return math.floor(value * 10**digits + 0.5 + 1e-9) / 10**digits


def fractions(estimates, years=10):
    return {each.outcome: each.fraction for each in estimates if each.years == years}


def khan_example(sex=Sex.FEMALE, **changes):
    """The person of the worked example in the supplement of PREVENT (table S25)."""
    person = Person(
        age_years=50,
        sex=sex,
        systolic_mmhg=160,
        total_cholesterol_mg_dl=200,
        hdl_mg_dl=45,
        egfr=90,
        bmi=35,
        has_diabetes=True,
        smokes=False,
        takes_bp_medication=True,
        takes_statin=False,
    )
    return replace(person, **changes)


def goff_example(sex, race, **changes):
    """The person of the worked example in the paper of the Pooled Cohort Equations."""
    person = Person(
        age_years=55,
        sex=sex,
        race=race,
        systolic_mmhg=120,
        total_cholesterol_mg_dl=213,
        hdl_mg_dl=50,
        has_diabetes=False,
        smokes=False,
        takes_bp_medication=False,
    )
    return replace(person, **changes)


def mesa_example(**changes):
    """A Hispanic man of 70 years: the example in the tests of the R package CVrisk."""
    person = Person(
        age_years=70,
        sex=Sex.MALE,
        race=Race.HISPANIC,
        systolic_mmhg=130,
        total_cholesterol_mg_dl=190,
        hdl_mg_dl=50,
        has_diabetes=False,
        smokes=False,
        takes_bp_medication=True,
        takes_statin=False,
        family_history=False,
    )
    return replace(person, **changes)


def score2_example(sex, region, **changes):
    """A smoker of 50 years: supplementary methods, table 4, of SCORE2."""
    person = Person(
        age_years=50,
        sex=sex,
        region=region,
        systolic_mmhg=140,
        total_cholesterol_mg_dl=cholesterol_to_mg_dl(6.3),
        hdl_mg_dl=cholesterol_to_mg_dl(1.4),
        has_diabetes=False,
        smokes=True,
    )
    return replace(person, **changes)


def known_man(**changes):
    """A man of whom everything is known that any model asks for."""
    person = Person(
        age_years=58,
        sex=Sex.MALE,
        race=Race.WHITE,
        systolic_mmhg=150,
        total_cholesterol_mg_dl=240,
        hdl_mg_dl=45,
        egfr=85,
        bmi=29,
        has_diabetes=False,
        smokes=True,
        takes_bp_medication=False,
        takes_statin=False,
        family_history=False,
        region="low",
    )
    return replace(person, **changes)
