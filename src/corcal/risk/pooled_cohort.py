"""The Pooled Cohort Equations of 2013: 10-year risk of a first hard ASCVD event."""

import math

from corcal.risk.person import check_person
from corcal.risk.types import Estimate, Person, Race, Sex
from corcal.risk.validity import Facts, Scope, estimate

__all__ = ["pooled_cohort"]

SOURCE = "goff2014"

# Goff 2014, table A, doi:10.1161/01.cir.0000437741.48606.98; all logarithms are natural. A group
# that lacks a term has no such term. The key says whether a person is Black.
_COEFFICIENTS: dict[tuple[bool, Sex], dict[str, float]] = {
    (False, Sex.FEMALE): {
        "ln_age": -29.799,
        "ln_age_squared": 4.884,
        "ln_total": 13.540,
        "ln_age_ln_total": -3.114,
        "ln_hdl": -13.578,
        "ln_age_ln_hdl": 3.149,
        "ln_treated": 2.019,
        "ln_untreated": 1.957,
        "smoker": 7.574,
        "ln_age_smoker": -1.665,
        "diabetes": 0.661,
    },
    (True, Sex.FEMALE): {
        "ln_age": 17.114,
        "ln_total": 0.940,
        "ln_hdl": -18.920,
        "ln_age_ln_hdl": 4.475,
        "ln_treated": 29.291,
        "ln_age_ln_treated": -6.432,
        "ln_untreated": 27.820,
        "ln_age_ln_untreated": -6.087,
        "smoker": 0.691,
        "diabetes": 0.874,
    },
    (False, Sex.MALE): {
        "ln_age": 12.344,
        "ln_total": 11.853,
        "ln_age_ln_total": -2.664,
        "ln_hdl": -7.990,
        "ln_age_ln_hdl": 1.769,
        "ln_treated": 1.797,
        "ln_untreated": 1.764,
        "smoker": 7.837,
        "ln_age_smoker": -1.795,
        "diabetes": 0.658,
    },
    (True, Sex.MALE): {
        "ln_age": 2.469,
        "ln_total": 0.302,
        "ln_hdl": -0.307,
        "ln_treated": 1.916,
        "ln_untreated": 1.809,
        "smoker": 0.549,
        "diabetes": 0.645,
    },
}
# Mean of the sum and survival at 10 years, as the paper prints them; for Black women with the
# further digits that independent implementations carry, since their large coefficients make two
# decimals too few: with 86.61 and 0.9533 the 24.5 % of one published example come out as 24.4 %.
_MEAN = {
    (False, Sex.FEMALE): -29.18,
    (True, Sex.FEMALE): 86.6081,
    (False, Sex.MALE): 61.18,
    (True, Sex.MALE): 19.54,
}
_SURVIVAL = {
    (False, Sex.FEMALE): 0.9665,
    (True, Sex.FEMALE): 0.95334,
    (False, Sex.MALE): 0.9144,
    (True, Sex.MALE): 0.8954,
}

_SCOPE = Scope(
    name="the Pooled Cohort Equations",
    first_age=40,
    last_age=79,
    limits={
        "total_cholesterol_mg_dl": (130, 320),
        "hdl_mg_dl": (20, 100),
        "systolic_mmhg": (90, 200),
    },
    exclusions={
        "has_known_ascvd": "known cardiovascular disease: the equations are of a first event",
    },
)
_NEEDED = (
    "race",
    "systolic_mmhg",
    "total_cholesterol_mg_dl",
    "hdl_mg_dl",
    "has_diabetes",
    "smokes",
    "takes_bp_medication",
)
_OTHER_RACE = (
    "the Pooled Cohort Equations are of Black and of White people only, and those of White people"
    " are used for all others; the risk of others may be lower or higher"
)


def pooled_cohort(person: Person) -> Estimate:
    """Estimate the 10-year risk of a first hard ASCVD event, Pooled Cohort Equations [1].

    ``1 - s0 ** exp(sum of coefficient times term - mean)``, with natural logarithms. The outcome
    is a first myocardial infarction, death of coronary heart disease, or stroke.

    Parameters
    ----------
    person : Person
        40 to 79 years, without known cardiovascular disease; total cholesterol 130 to 320 mg/dL,
        HDL 20 to 100 mg/dL, systolic pressure 90 to 200 mmHg.

    Returns
    -------
    Estimate
        Model ``"pce"``, outcome ``"ascvd"``. For every known race but Black it is the equation of
        White people, as the source has it; `Estimate.note` says so for those who are neither.

    Raises
    ------
    InputError
        If the person has a field that is out of range.

    References
    ----------
    .. [1] Goff DC Jr et al. Circulation 2014;129(25 Suppl 2):S49-S73.
       doi:10.1161/01.cir.0000437741.48606.98

    Examples
    --------
    >>> person = Person(
    ...     age_years=55, sex=Sex.FEMALE, race=Race.BLACK, systolic_mmhg=120,
    ...     total_cholesterol_mg_dl=213, hdl_mg_dl=50, has_diabetes=False, smokes=False,
    ...     takes_bp_medication=False,
    ... )
    >>> round(pooled_cohort(person).fraction, 3)
    0.03
    """
    check_person(person)
    group = (person.race == Race.BLACK, Sex(person.sex))
    return estimate(
        person,
        lambda facts: _risk(group, facts),
        model="pce",
        outcome="ascvd",
        scope=_SCOPE,
        needed=_NEEDED,
        source=SOURCE,
        note=None if person.race in (Race.BLACK, Race.WHITE) else _OTHER_RACE,
    )


def _risk(group: tuple[bool, Sex], facts: Facts) -> float:
    coefficients = _COEFFICIENTS[group]
    total = sum(coefficients.get(name, 0.0) * value for name, value in _terms(facts).items())
    return float(1.0 - _SURVIVAL[group] ** math.exp(total - _MEAN[group]))


def _terms(facts: Facts) -> dict[str, float]:
    ln_age = math.log(facts["age_years"])
    ln_total = math.log(facts["total_cholesterol_mg_dl"])
    ln_hdl = math.log(facts["hdl_mg_dl"])
    # Treated or untreated, never both.
    ln_treated = math.log(facts["systolic_mmhg"]) * facts["takes_bp_medication"]
    ln_untreated = math.log(facts["systolic_mmhg"]) * (1.0 - facts["takes_bp_medication"])
    return {
        "ln_age": ln_age,
        "ln_age_squared": ln_age**2,
        "ln_total": ln_total,
        "ln_age_ln_total": ln_age * ln_total,
        "ln_hdl": ln_hdl,
        "ln_age_ln_hdl": ln_age * ln_hdl,
        "ln_treated": ln_treated,
        "ln_age_ln_treated": ln_age * ln_treated,
        "ln_untreated": ln_untreated,
        "ln_age_ln_untreated": ln_age * ln_untreated,
        "smoker": facts["smokes"],
        "ln_age_smoker": ln_age * facts["smokes"],
        "diabetes": facts["has_diabetes"],
    }
