"""People and estimates for the tests of guidance: all known, nothing wrong, then changed."""

from corcal.risk.guidance import guidance
from corcal.risk.types import Estimate, Person, Race, Sex

# A person of whom everything is known and nothing is wrong.
HEALTHY = {
    "age_years": 55.0,
    "sex": Sex.MALE,
    "race": Race.WHITE,
    "systolic_mmhg": 115.0,
    "total_cholesterol_mg_dl": 215.0,
    "hdl_mg_dl": 50.0,
    "ldl_mg_dl": 130.0,
    "egfr": 90.0,
    "has_diabetes": False,
    "smokes": False,
    "takes_bp_medication": False,
    "takes_statin": False,
    "family_history": False,
    "premature_family_history": False,
    "has_known_ascvd": False,
    "has_familial_hypercholesterolaemia": False,
    "has_high_bleeding_risk": False,
    "has_symptoms": False,
    "is_pregnant": False,
}
# How a case names a risk, and what it is an estimate of.
RISKS = {
    "prevent": ("prevent", "ascvd", "khan2024"),
    "prevent_cvd": ("prevent", "total_cvd", "khan2024"),
    "pce": ("pce", "ascvd", "goff2014"),
    "score2": ("score2", "total_cvd", "score2_2021"),
}
SCAN = ("agatston", "percentile", "is_gated", "has_device_excluded", "guidelines")


def estimate(model, outcome, fraction, *, source="khan2024", years=10):
    return Estimate(
        model=model,
        outcome=outcome,
        years=years,
        fraction=fraction,
        missing=(),
        not_valid=None,
        source=source,
    )


def statements(**case):
    """What is said to the healthy person of 55 years with a score of 0, changed by the case."""
    scan = {"agatston": 0.0, "percentile": None} | {k: case.pop(k) for k in SCAN if k in case}
    risks = [
        estimate(model, outcome, case.pop(name), source=source)
        for name, (model, outcome, source) in RISKS.items()
        if name in case
    ]
    if "ldl_mg_dl" in case:  # the total of a healthy person may be less than this part of it
        case = {"total_cholesterol_mg_dl": None} | case
    return guidance(Person(**(HEALTHY | case)), estimates=tuple(risks), **scan)


def said(**case):
    """Return the ids of the statements."""
    return [each.id for each in statements(**case)]


def statement(name, **case):
    """Return the statement with this id, which must be there."""
    return next(each for each in statements(**case) if each.id == name)
