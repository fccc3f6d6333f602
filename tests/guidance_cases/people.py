"""The people of the cases: what changes the healthy man, and groups of such changes."""

from corcal.risk.types import Sex

WOMAN = {"sex": Sex.FEMALE}
YOUNG_WOMAN = {"sex": Sex.FEMALE, "age_years": 40.0}
FH = {"has_familial_hypercholesterolaemia": True}
FAMILY = {"family_history": True, "premature_family_history": True}
CALCIUM = {"agatston": 50, "percentile": 50}
HIGH_FOR_AGE = {"agatston": 50, "percentile": 75}
NOT_GATED = {"is_gated": False}
KNOWN = {"has_known_ascvd": True}
STAGE_1 = {"systolic_mmhg": 130.0}
EXCEPTIONS = [{"has_diabetes": True}, {"smokes": True}, FH, {"ldl_mg_dl": 190.0}, FAMILY]
# What no statement for waiting survives.
NOT_WAITING = [
    *EXCEPTIONS,
    {"agatston": 0.05},
    {"has_symptoms": True},
    {"takes_statin": True},
    {"has_device_excluded": True},
    KNOWN,
    NOT_GATED,
]


def each(cases, **more):
    """Every case with something more."""
    return [{**case, **more} for case in cases]


def aged(*years, **more):
    """A case for each age."""
    return [{"age_years": age, **more} for age in years]


OLD_ENOUGH_FOR_2026 = [*aged(40.0, 85.0), *aged(45.0, 85.0, **WOMAN)]
TOO_YOUNG_FOR_2026 = [*aged(39.95), *aged(44.95, **WOMAN)]
IN_AGE_OF_2026 = [*aged(40.0, 79.95), *aged(45.0, 79.95, **WOMAN)]
OUT_OF_AGE_OF_2026 = [*aged(39.95, 80.0), *aged(44.95, 80.0, **WOMAN)]
AGED_40_TO_75, NOT_AGED_40_TO_75 = aged(40.0, 75.95), aged(39.95, 76.0)
# Both ends of the middle class of SCORE2 at each age, and beside them.
MIDDLE_CLASS = [
    {"age_years": age, "score2": score2}
    for age, edges in {
        49.95: (0.025, 0.0749),
        50.0: (0.05, 0.0999),
        69.95: (0.05, 0.0999),
        70.0: (0.075, 0.1499),
    }.items()
    for score2 in edges
]
OTHER_CLASS = [
    {"age_years": age, "score2": score2}
    for age, edges in {
        49.95: (0.0249, 0.075),
        50.0: (0.0499, 0.10),
        69.95: (0.0499, 0.10),
        70.0: (0.0749, 0.15),
    }.items()
    for score2 in edges
]
# Major risk factors of a young person: smoking, diabetes, pressure, severe cholesterol.
TWO_FACTORS = [
    {"smokes": True, "has_diabetes": True},
    {"smokes": True, "systolic_mmhg": 130.0},
    {"smokes": True, "takes_bp_medication": True},
    {"has_diabetes": True, "ldl_mg_dl": 190.0},
    {"smokes": True, "has_diabetes": True, "ldl_mg_dl": None},
]
ONE_FACTOR = [
    {},
    {"smokes": True},
    {"smokes": True, "systolic_mmhg": 129.9},
    {"smokes": True, "has_diabetes": None},
    {"smokes": True, "systolic_mmhg": None, "takes_bp_medication": None},
]
# Where the guideline of 2018 does not leave the decision to a score.
DECIDED_2018 = [{"pce": 0.0499}, {"pce": 0.20}, {"has_diabetes": True}, FH, {"ldl_mg_dl": 190.0}]
NOT_TESTING = [FH, {"has_symptoms": True}]
NOT_AGAIN = [{"has_symptoms": True}, {"has_device_excluded": True}, {"takes_statin": True}]
