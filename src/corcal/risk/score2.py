"""SCORE2 and SCORE2-OP of 2021: 10-year risk of a first cardiovascular event in Europe."""

import math
from collections.abc import Mapping

from corcal.risk.person import check_person
from corcal.risk.types import Estimate, Person, Region, Sex
from corcal.risk.units import cholesterol_to_mmol_l
from corcal.risk.validity import Facts, Scope, estimate

__all__ = ["score2"]

FIRST_AGE_OF_OP = 70

# SCORE2, supplementary methods, doi:10.1093/eurheartj/ehab309. There is also a coefficient for
# diabetes, which served the recalibration: the model is not for people with diabetes.
_SCORE2 = {
    Sex.MALE: {
        "age": 0.3742,
        "smoker": 0.6012,
        "systolic": 0.2777,
        "total": 0.1458,
        "hdl": -0.2698,
        "age_smoker": -0.0755,
        "age_systolic": -0.0255,
        "age_total": -0.0281,
        "age_hdl": 0.0426,
    },
    Sex.FEMALE: {
        "age": 0.4648,
        "smoker": 0.7744,
        "systolic": 0.3131,
        "total": 0.1002,
        "hdl": -0.2606,
        "age_smoker": -0.1088,
        "age_systolic": -0.0277,
        "age_total": -0.0226,
        "age_hdl": 0.0613,
    },
}
_SURVIVAL = {Sex.MALE: 0.9605, Sex.FEMALE: 0.9776}
_SCALES = {
    (Region.LOW, Sex.MALE): (-0.5699, 0.7476),
    (Region.LOW, Sex.FEMALE): (-0.7380, 0.7019),
    (Region.MODERATE, Sex.MALE): (-0.1565, 0.8009),
    (Region.MODERATE, Sex.FEMALE): (-0.3143, 0.7701),
    (Region.HIGH, Sex.MALE): (0.3207, 0.9360),
    (Region.HIGH, Sex.FEMALE): (0.5710, 0.9369),
    (Region.VERY_HIGH, Sex.MALE): (0.5836, 0.8294),
    (Region.VERY_HIGH, Sex.FEMALE): (0.9412, 0.8329),
}
# SCORE2-OP, supplementary methods, doi:10.1093/eurheartj/ehab312.
_SCORE2_OP = {
    Sex.MALE: {
        "age": 0.0634,
        "smoker": 0.3524,
        "systolic": 0.0094,
        "total": 0.0850,
        "hdl": -0.3564,
        "age_smoker": -0.0247,
        "age_systolic": -0.0005,
        "age_total": 0.0073,
        "age_hdl": 0.0091,
    },
    Sex.FEMALE: {
        "age": 0.0789,
        "smoker": 0.4921,
        "systolic": 0.0102,
        "total": 0.0605,
        "hdl": -0.3040,
        "age_smoker": -0.0255,
        "age_systolic": -0.0004,
        "age_total": -0.0009,
        "age_hdl": 0.0154,
    },
}
_SURVIVAL_OP = {Sex.MALE: 0.7576, Sex.FEMALE: 0.8082}
_MEAN_OP = {Sex.MALE: 0.0929, Sex.FEMALE: 0.2290}
_SCALES_OP = {
    (Region.LOW, Sex.MALE): (-0.34, 1.19),
    (Region.LOW, Sex.FEMALE): (-0.52, 1.01),
    (Region.MODERATE, Sex.MALE): (0.01, 1.25),
    (Region.MODERATE, Sex.FEMALE): (-0.10, 1.10),
    (Region.HIGH, Sex.MALE): (0.08, 1.15),
    (Region.HIGH, Sex.FEMALE): (0.38, 1.09),
    (Region.VERY_HIGH, Sex.MALE): (0.05, 0.70),
    (Region.VERY_HIGH, Sex.FEMALE): (0.38, 0.69),
}

_EXCLUSIONS = {
    "has_known_ascvd": "known cardiovascular disease: SCORE2 is of a first event",
    "has_diabetes": "diabetes: SCORE2 was not made for people with it",
    "has_familial_hypercholesterolaemia": "familial hypercholesterolaemia: the ESC does not use "
    "SCORE2 in it",
    "is_pregnant": "pregnancy: the ESC does not use SCORE2 in it",
}
_MIN_EGFR = 60.0  # chronic kidney disease from stage 3 on
_SCOPE = Scope(name="SCORE2", first_age=40, last_age=69, exclusions=_EXCLUSIONS)
_SCOPE_OP = Scope(name="SCORE2-OP", first_age=70, last_age=89, exclusions=_EXCLUSIONS)
_NEEDED = ("region", "systolic_mmhg", "total_cholesterol_mg_dl", "hdl_mg_dl", "smokes")
_DIABETES_UNKNOWN = "for a person without diabetes; whether there is diabetes is not known"


def score2(person: Person) -> Estimate:
    """Estimate the 10-year risk of a first cardiovascular event in Europe: SCORE2 [1], OP [2].

    SCORE2 from 40 to 69 years, SCORE2-OP from 70 to 89: ``u = 1 - s0 ** exp(sum of coefficient
    times term)``, then recalibrated to the region,
    ``1 - exp(-exp(scale1 + scale2 * ln(-ln(1 - u))))``. Cholesterol enters in mmol/L. The outcome
    is a first myocardial infarction, stroke, or cardiovascular death.

    Parameters
    ----------
    person : Person
        40 to 89 years, without diabetes, known cardiovascular disease, familial
        hypercholesterolaemia or pregnancy, with a region of Europe. An eGFR below 60 is noted.

    Returns
    -------
    Estimate
        Model ``"score2"`` below 70 years and ``"score2_op"`` from there, outcome ``"total_cvd"``.
        Where one model ends and the other begins the risk jumps: the sources do.

    Raises
    ------
    InputError
        If the person has a field that is out of range.

    References
    ----------
    .. [1] SCORE2 working group. Eur Heart J 2021;42:2439-2454. doi:10.1093/eurheartj/ehab309
    .. [2] SCORE2-OP working group. Eur Heart J 2021;42:2455-2467. doi:10.1093/eurheartj/ehab312

    Examples
    --------
    >>> from corcal.risk.units import cholesterol_to_mg_dl
    >>> person = Person(
    ...     age_years=50, sex=Sex.MALE, region=Region.LOW, smokes=True, has_diabetes=False,
    ...     systolic_mmhg=140, total_cholesterol_mg_dl=cholesterol_to_mg_dl(6.3),
    ...     hdl_mg_dl=cholesterol_to_mg_dl(1.4),
    ... )
    >>> round(score2(person).fraction, 3)
    0.063
    """
    check_person(person)
    is_op = person.age_years >= FIRST_AGE_OF_OP
    return estimate(
        person,
        lambda facts: (_risk_op if is_op else _risk)(person, facts),
        model="score2_op" if is_op else "score2",
        outcome="total_cvd",
        scope=_SCOPE_OP if is_op else _SCOPE,
        needed=_NEEDED,
        source="score2_op_2021" if is_op else "score2_2021",
        note=_note(person),
    )


def _note(person: Person) -> str | None:
    """Say what the number does not know; one low eGFR is no diagnosis, and excludes nobody."""
    notes = [_DIABETES_UNKNOWN] if person.has_diabetes is None else []
    if person.egfr is not None and person.egfr < _MIN_EGFR:
        notes.append(
            f"eGFR of {person.egfr:g} is below {_MIN_EGFR:g}: in chronic kidney disease the ESC "
            "does not use SCORE2, and the risk is higher"
        )
    return "; ".join(notes) or None


def _risk(person: Person, facts: Facts) -> float:
    sex = Sex(person.sex)
    terms = _terms(
        age=(facts["age_years"] - 60) / 5,
        smoker=facts["smokes"],
        systolic=(facts["systolic_mmhg"] - 120) / 20,
        total=cholesterol_to_mmol_l(facts["total_cholesterol_mg_dl"]) - 6,
        hdl=(cholesterol_to_mmol_l(facts["hdl_mg_dl"]) - 1.3) / 0.5,
    )
    hazard = -math.log(_SURVIVAL[sex]) * math.exp(_sum(_SCORE2[sex], terms))
    return _recalibrated(hazard, _SCALES[Region(person.region or ""), sex])


def _risk_op(person: Person, facts: Facts) -> float:
    sex = Sex(person.sex)
    terms = _terms(
        age=facts["age_years"] - 73,
        smoker=facts["smokes"],
        systolic=facts["systolic_mmhg"] - 150,
        total=cholesterol_to_mmol_l(facts["total_cholesterol_mg_dl"]) - 6,
        hdl=cholesterol_to_mmol_l(facts["hdl_mg_dl"]) - 1.4,
    )
    total = _sum(_SCORE2_OP[sex], terms) - _MEAN_OP[sex]
    hazard = -math.log(_SURVIVAL_OP[sex]) * math.exp(total)
    return _recalibrated(hazard, _SCALES_OP[Region(person.region or ""), sex])


def _terms(
    *, age: float, smoker: float, systolic: float, total: float, hdl: float
) -> dict[str, float]:
    single = {"smoker": smoker, "systolic": systolic, "total": total, "hdl": hdl}
    return {
        "age": age,
        **single,
        **{f"age_{name}": age * value for name, value in single.items()},
    }


def _sum(coefficients: Mapping[str, float], terms: Mapping[str, float]) -> float:
    return sum(coefficient * terms[name] for name, coefficient in coefficients.items())


def _recalibrated(hazard: float, scales: tuple[float, float]) -> float:
    """Move a cumulative hazard, ``-ln(1 - u)``, to the incidence of the region."""
    return 1.0 - math.exp(-math.exp(scales[0] + scales[1] * math.log(hazard)))
