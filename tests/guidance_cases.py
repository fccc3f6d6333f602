"""For every statement: cases in which it is made and in which it is not, beside each number.

Each case changes a healthy White man of 55 years with a gated scan, a score of 0 and no estimate of
risk, of whom everything is known.
"""

from corcal.risk.types import Race, Sex

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

_FROM_2026 = {
    "accaha2026.4.2.3.6-2": (
        [{}, *IN_AGE_OF_2026, {"prevent": 0.0999}],
        [*NOT_WAITING, *OUT_OF_AGE_OF_2026, {"prevent": 0.10}],
    ),
    "accaha2026.zero-exceptions": (
        EXCEPTIONS,
        [{}, {"has_diabetes": True, "agatston": 0.05}],
    ),
    "accaha2026.4.2.3.6-3": (
        [{"agatston": 0.05}, CALCIUM, *each(OLD_ENOUGH_FOR_2026, agatston=0.05)],
        [{}, CALCIUM | NOT_GATED, *each(TOO_YOUNG_FOR_2026, agatston=0.05)],
    ),
    "accaha2026.4.2.7-1": (
        [{"agatston": 1000}, {"agatston": 4000}, *each(OLD_ENOUGH_FOR_2026, agatston=1000)],
        [
            {"agatston": 999.9},
            {"agatston": 1000} | NOT_GATED,
            {"agatston": 1000} | KNOWN,
            *each(TOO_YOUNG_FOR_2026, agatston=1000),
        ],
    ),
    "accaha2026.4.2.7-2": (
        [
            {"agatston": 300},
            {"agatston": 999.9},
            {"agatston": 300, "percentile": 99},
            *each(OLD_ENOUGH_FOR_2026, agatston=300),
        ],
        [
            {"agatston": 299.9},
            {"agatston": 1000},
            {"agatston": 300} | NOT_GATED,
            *each(TOO_YOUNG_FOR_2026, agatston=300),
        ],
    ),
    "accaha2026.4.2.7-5": (
        [{"agatston": 300}, {"agatston": 999.9}, *each(OLD_ENOUGH_FOR_2026, agatston=300)],
        [
            {"agatston": 299.9},
            {"agatston": 1000},
            {"agatston": 300} | NOT_GATED,
            *each(TOO_YOUNG_FOR_2026, agatston=300),
        ],
    ),
    "accaha2026.4.2.7-3": (
        [
            {"agatston": 100},
            {"agatston": 299.95},
            HIGH_FOR_AGE,
            {"agatston": 0.05, "percentile": 75},
            *each(OLD_ENOUGH_FOR_2026, agatston=100),
        ],
        [
            *each(TOO_YOUNG_FOR_2026, agatston=100),
            {"agatston": 99.95, "percentile": 74},
            {"agatston": 300, "percentile": 99},
            {"agatston": 50},
            {"percentile": 99},
            {**HIGH_FOR_AGE, **NOT_GATED},
        ],
    ),
    "accaha2026.4.2.7-4": (
        [
            {"agatston": 0.05},
            {"agatston": 99.9, "percentile": 74},
            CALCIUM | {"prevent": 0.099},
            *each(OLD_ENOUGH_FOR_2026, agatston=50),
        ],
        [
            {},
            *each(TOO_YOUNG_FOR_2026, agatston=50),
            {"agatston": 100},
            HIGH_FOR_AGE,
            CALCIUM | {"prevent": 0.1},
            CALCIUM | FH,
            CALCIUM | NOT_GATED,
        ],
    ),
    "accaha2026.4.2.3.6-4": (
        [{"prevent": 0.05}, *each(OLD_ENOUGH_FOR_2026, prevent=0.05)],
        [{"prevent": 0.049}, {"pce": 0.3}, {}, *each(TOO_YOUNG_FOR_2026, prevent=0.05)],
    ),
    "accaha2026.prevent-high": (
        [{"prevent": 0.10}, {"prevent": 0.10, "agatston": 999.9}],
        [{"prevent": 0.099}, {"pce": 0.3}, {"prevent": 0.10, "agatston": 1000}],
    ),
    "accaha2026.prevent-intermediate": (
        [{"prevent": 0.05}, {"prevent": 0.0999}, {"prevent": 0.05, "agatston": 500}],
        [{}, {"prevent": 0.0499}, {"prevent": 0.10}, {"pce": 0.05}, {"prevent": 0.05} | KNOWN],
    ),
    "accaha2026.prevent-borderline": (
        [{"prevent": 0.03}, {"prevent": 0.0499}],
        [{}, {"prevent": 0.0299}, {"prevent": 0.05}, {"pce": 0.04}],
    ),
    "accaha2026.prevent-low": (
        [{"prevent": 0.0}, {"prevent": 0.0299}],
        [{}, {"prevent": 0.03}, {"pce": 0.02}],
    ),
    "accaha2026.diabetes": (
        [
            *each(AGED_40_TO_75, has_diabetes=True),
            {"has_diabetes": True, "age_years": 71.0, "agatston": 820},
        ],
        [
            {},
            {"has_diabetes": None},
            *each(NOT_AGED_40_TO_75, has_diabetes=True),
            {"has_diabetes": True} | KNOWN,
        ],
    ),
    "accaha2026.4.2.3.6-5": (
        [{"agatston": 0.05} | NOT_GATED, *each(OLD_ENOUGH_FOR_2026, agatston=0.05, **NOT_GATED)],
        [CALCIUM, NOT_GATED, *each(TOO_YOUNG_FOR_2026, agatston=0.05, **NOT_GATED)],
    ),
    "accaha2026.4.2.7-6-mild": (
        [
            {"agatston": 0.05, **NOT_GATED},
            {"agatston": 99.95, **NOT_GATED, "prevent": 0.0999},
            *each(OLD_ENOUGH_FOR_2026, agatston=50, **NOT_GATED),
        ],
        [
            *each(TOO_YOUNG_FOR_2026, agatston=50, **NOT_GATED),
            NOT_GATED,
            CALCIUM,
            *each([{"agatston": 100}, FH | CALCIUM, {"prevent": 0.1} | CALCIUM], **NOT_GATED),
        ],
    ),
    "accaha2026.4.2.7-6-severe": (
        [
            {"agatston": 100} | NOT_GATED,
            {"agatston": 3000} | NOT_GATED,
            *each(OLD_ENOUGH_FOR_2026, agatston=100, **NOT_GATED),
        ],
        [
            {"agatston": 99.9} | NOT_GATED,
            {"agatston": 100},
            *each(TOO_YOUNG_FOR_2026, agatston=100, **NOT_GATED),
        ],
    ),
    "accaha2026.lifestyle": ([{}, KNOWN], [{"guidelines": ("nla2020",)}]),
    "accaha2026.4.2.3.6-2-rescan": (
        [{}, *IN_AGE_OF_2026, {"prevent": 0.0999}],
        [*NOT_WAITING, *OUT_OF_AGE_OF_2026, {"prevent": 0.10}],
    ),
    "accaha2026.4.2.3.6-1": (
        [{"prevent": 0.03}, {"prevent": 0.0999}, *each(IN_AGE_OF_2026, prevent=0.05)],
        [
            {"prevent": 0.0299},
            {"prevent": 0.10},
            {"pce": 0.05},
            *each(OUT_OF_AGE_OF_2026, prevent=0.05),
            *each(NOT_TESTING, prevent=0.05),
        ],
    ),
    "accaha2026.testing-severe-cholesterol": ([FH, {"ldl_mg_dl": 190.0}], [{"ldl_mg_dl": 189.0}]),
    "accaha2026.testing-young": (
        [*aged(39.95), *aged(44.95, **WOMAN)],
        [*aged(40.0), *aged(45.0, **WOMAN)],
    ),
}

_EUROPE = {
    "escc2025.calcium": (
        [{"agatston": 0.05, "score2": 0.02}, CALCIUM | {"score2": 0.0999}],
        [
            {"score2": 0.05},
            *[CALCIUM | risk for risk in ({"score2": 0.0199}, {"score2": 0.10}, {"pce": 0.05})],
        ],
    ),
    "escc2025.diabetes": (
        [{"has_diabetes": True}],
        [{}, {"has_diabetes": None}, {"has_diabetes": True} | KNOWN],
    ),
    "escc2025.high-risk": (
        [{"score2": 0.10}, {"score2": 0.199}],
        [{"score2": 0.099}, {"score2": 0.20}, {"pce": 0.15}],
    ),
    "escc2025.very-high-risk": ([{"score2": 0.20}], [{"score2": 0.199}, {"pce": 0.3}]),
    "escc2025.testing": (
        [{"score2": 0.02}, {"score2": 0.099}],
        [
            {"score2": 0.019},
            {"score2": 0.1},
            {"score2": 0.05} | FH,
            {"score2": 0.05, "has_symptoms": True},
        ],
    ),
    "esc2021.more-than-expected": (
        [*each(MIDDLE_CLASS, agatston=100), {"agatston": 0.05, "percentile": 75, "score2": 0.05}],
        [
            *each(OTHER_CLASS, agatston=100),
            {"agatston": 99.95, "percentile": 74, "score2": 0.05},
            {"percentile": 99, "score2": 0.05},
            {"agatston": 100},
            {"agatston": 100, "score2": 0.05, **NOT_GATED},
        ],
    ),
    "esc2021.no-calcium": (
        MIDDLE_CLASS,
        [*OTHER_CLASS, {}, *each(NOT_WAITING, score2=0.06)],
    ),
    "esc2021.lifestyle": ([{}, KNOWN], [{"guidelines": ()}]),
    "esc2021.smoking": ([{"smokes": True}], [{}, {"smokes": None}]),
    "esc2021.testing": (
        MIDDLE_CLASS,
        [*OTHER_CLASS, *each(NOT_TESTING, score2=0.06)],
    ),
}

_PRESSURE = {
    "ahaacc2025_bp.stage-2": (
        [{"systolic_mmhg": 140.0}, {"systolic_mmhg": 140.0} | KNOWN],
        [
            {"systolic_mmhg": 139.9},
            {"systolic_mmhg": 140.0, "takes_bp_medication": True},
            {"systolic_mmhg": 140.0, "is_pregnant": True} | YOUNG_WOMAN,
        ],
    ),
    "ahaacc2025_bp.stage-1-drug": (
        [
            STAGE_1 | {"prevent_cvd": 0.075},
            {"systolic_mmhg": 139.9, "prevent_cvd": 0.075},
            STAGE_1 | {"has_diabetes": True},
            STAGE_1 | {"egfr": 59.9},
            STAGE_1 | KNOWN,
        ],
        [
            STAGE_1 | {"prevent_cvd": 0.074},
            STAGE_1 | {"egfr": 60.0},
            STAGE_1 | {"pce": 0.3},
            {"systolic_mmhg": 129.9, "prevent_cvd": 0.075},
            {"systolic_mmhg": 140.0, "prevent_cvd": 0.075},
            STAGE_1 | {"prevent_cvd": 0.075, "takes_bp_medication": True},
            STAGE_1 | {"has_known_ascvd": None, "has_device_excluded": True},
        ],
    ),
    "ahaacc2025_bp.stage-1-lifestyle": (
        [STAGE_1 | {"prevent_cvd": 0.074}, {"systolic_mmhg": 139.9, "prevent_cvd": 0.01}, STAGE_1],
        [
            STAGE_1 | {"prevent_cvd": 0.075},
            STAGE_1 | {"has_diabetes": True},
            STAGE_1 | KNOWN,
            STAGE_1 | {"egfr": 59.0},
            {"systolic_mmhg": 129.9},
            {"systolic_mmhg": 140.0},
            STAGE_1 | {"takes_bp_medication": True},
        ],
    ),
    "ahaacc2025_bp.above-goal": (
        [STAGE_1 | {"takes_bp_medication": True}],
        [
            {"systolic_mmhg": 129.9, "takes_bp_medication": True},
            STAGE_1,
            STAGE_1 | {"takes_bp_medication": None},
        ],
    ),
    "ahaacc2025_bp.elevated": (
        [{"systolic_mmhg": 120.0}, {"systolic_mmhg": 129.9}],
        [
            {"systolic_mmhg": 119.9},
            STAGE_1,
            {"systolic_mmhg": None},
            {"systolic_mmhg": 120.0, "takes_bp_medication": True},
        ],
    ),
    "ahaacc2025_bp.calcium": (
        [
            {"agatston": 0.05, "systolic_mmhg": 130.0, "prevent_cvd": 0.0749},
            {"agatston": 50, "systolic_mmhg": 139.95, "prevent_cvd": 0.0749},
        ],
        [
            STAGE_1 | {"prevent_cvd": 0.0749},
            CALCIUM | STAGE_1,
            *(
                CALCIUM | STAGE_1 | {"prevent_cvd": 0.0749} | other
                for other in (
                    {"prevent_cvd": 0.075},
                    {"systolic_mmhg": 129.95},
                    {"systolic_mmhg": 140.0},
                    {"has_diabetes": True},
                    {"egfr": 59.9},
                    {"takes_bp_medication": True},
                )
            ),
        ],
    ),
    "ahaacc2025_bp.salt-and-weight": (
        [{}],
        [{"guidelines": ()}, YOUNG_WOMAN | {"is_pregnant": True}],
    ),
    "ahaacc2025_bp.stress": ([{}], [{"guidelines": ()}]),
}

_ASPIRIN_2022 = {
    "uspstf2022.aspirin-40-59": (
        [{"pce": 0.10}, {"age_years": 40.0, "pce": 0.2}, {"age_years": 59.9, "pce": 0.2}],
        [
            {"pce": 0.099},
            {"age_years": 39.9, "pce": 0.2},
            {"age_years": 60.0, "pce": 0.2},
            {"pce": 0.2, "has_high_bleeding_risk": True},
            {"prevent": 0.2},
        ],
    ),
    "uspstf2022.aspirin-60": ([{"age_years": 60.0}], [{"age_years": 59.9}]),
}

_NLA = {
    "nla2020.cac-zero": (
        [{}, *AGED_40_TO_75, {"ldl_mg_dl": 70.0}, {"pce": 0.1999}],
        [*NOT_WAITING, *NOT_AGED_40_TO_75, {"ldl_mg_dl": 69.9}, {"pce": 0.20}],
    ),
    "nla2020.cac-zero-76-80": (
        aged(76.0, 80.95),
        [*aged(75.95, 81.0), *each(NOT_WAITING, age_years=78.0)],
    ),
    "nla2020.zero-exceptions": (
        EXCEPTIONS,
        [{}, {"smokes": True, "agatston": 0.05}],
    ),
    "nla2020.cac-100": (
        [*each(AGED_40_TO_75, agatston=100), HIGH_FOR_AGE, {"agatston": 0.05, "percentile": 75}],
        [
            *each(NOT_AGED_40_TO_75, agatston=100),
            {"agatston": 99.95, "percentile": 74},
            {"percentile": 99},
        ],
    ),
    "nla2020.under-40": (
        [
            {"agatston": 0.05, "age_years": 39.95} | FAMILY,
            *each(TWO_FACTORS, agatston=0.05, age_years=39.95),
        ],
        [
            {"agatston": 50, "age_years": 40.0} | FAMILY,
            {"age_years": 39.95} | FAMILY,
            *each(ONE_FACTOR, agatston=50, age_years=39.95),
            {"agatston": 50, "age_years": 39.95, "premature_family_history": None},
        ],
    ),
    "nla2020.percentile": (
        [{"agatston": 0.05, "percentile": 75}, {"agatston": 99.95, "percentile": 75}],
        [
            CALCIUM | {"percentile": 74},
            {"agatston": 100, "percentile": 75},
            {"percentile": 75},
            {"agatston": 50},
        ],
    ),
    "nla2020.aspirin": (
        [
            {"agatston": 100},
            {"agatston": 100, "age_years": 70.9},
            {"agatston": 100, "age_years": 40.0},
        ],
        [
            {"agatston": 99.9},
            {"agatston": 100, "age_years": 71.0},
            {"agatston": 100, "age_years": 39.9},
            {"agatston": 100, "has_high_bleeding_risk": True},
        ],
    ),
    "nla2020.rescan-low": (
        [{"pce": 0.0499}],
        [
            {},
            {"pce": 0.05},
            *each([*NOT_AGAIN, {"has_diabetes": True}, {"agatston": 0.05}], pce=0.01),
        ],
    ),
    "nla2020.rescan-middle": (
        [{"pce": 0.05}, {"pce": 0.1999}],
        [
            {"pce": 0.0499},
            {"pce": 0.20},
            *each([*NOT_AGAIN, {"has_diabetes": True}, {"agatston": 0.05}], pce=0.1),
        ],
    ),
    "nla2020.rescan-high": (
        [{"pce": 0.20}, {"has_diabetes": True}],
        [{}, {"pce": 0.1999}, *each([*NOT_AGAIN, {"agatston": 0.05}], has_diabetes=True)],
    ),
    "nla2020.rescan-1-99": (
        [{"agatston": 0.05}, {"agatston": 99.95}],
        [{}, {"agatston": 100}, *each(NOT_AGAIN, agatston=50)],
    ),
    "nla2020.rescan-100": (
        [{"agatston": 100}],
        [{"agatston": 99.95}, *each(NOT_AGAIN, agatston=100)],
    ),
    "nla2020.testing": (
        [
            {"pce": 0.05},
            {"pce": 0.1999},
            {"pce": 0.1, "ldl_mg_dl": 70.0},
            *each(AGED_40_TO_75, pce=0.1),
        ],
        [
            {"pce": 0.0499},
            {"pce": 0.20},
            {"prevent": 0.1},
            {"pce": 0.1, "ldl_mg_dl": 69.9},
            *each([*NOT_AGED_40_TO_75, *NOT_TESTING], pce=0.1),
        ],
    ),
    "nla2020.testing-family": (
        each([{}, {"ldl_mg_dl": 70.0}, {"age_years": 40.0}], **FAMILY, pce=0.0499),
        [
            {"pce": 0.0499},
            FAMILY | {"pce": 0.05},
            *each([*aged(39.95), {"ldl_mg_dl": 69.9}, *NOT_TESTING], **FAMILY, pce=0.0499),
        ],
    ),
    "nla2020.testing-high-risk": ([{"pce": 0.20}], [{"pce": 0.199}, {"prevent": 0.3}]),
    "nla2020.testing-known-disease": ([KNOWN, {"has_known_ascvd": True, "agatston": 900}], [{}]),
    "nla2020.testing-treated": ([{"takes_statin": True}], [{}, {"takes_statin": None}]),
}

_FROM_2018_AND_2019 = {
    "accaha2018.cac-zero": (
        [{}, {"pce": 0.05}, {"pce": 0.1999}, *AGED_40_TO_75],
        [*NOT_WAITING, *NOT_AGED_40_TO_75, {"pce": 0.0499}, {"pce": 0.20}],
    ),
    "accaha2018.zero-exceptions": (
        EXCEPTIONS,
        [{}, {"smokes": True, "agatston": 0.05}],
    ),
    "accaha2018.cac-1-99": (
        [
            {"agatston": 0.05},
            {"agatston": 99.95, "percentile": 74},
            *each([*AGED_40_TO_75, {"pce": 0.05}, {"pce": 0.1999}], agatston=50),
        ],
        [
            {},
            {"agatston": 100},
            HIGH_FOR_AGE,
            *each([*NOT_AGED_40_TO_75, *DECIDED_2018], agatston=50),
        ],
    ),
    "accaha2018.cac-100": (
        [
            *each([*AGED_40_TO_75, {"pce": 0.05}, {"pce": 0.1999}], agatston=100),
            HIGH_FOR_AGE,
            {"agatston": 0.05, "percentile": 75},
        ],
        [
            *each([*NOT_AGED_40_TO_75, *DECIDED_2018], agatston=100),
            {"agatston": 99.95, "percentile": 74},
            {"percentile": 99},
        ],
    ),
    "accaha2018.diabetes": (
        each(AGED_40_TO_75, has_diabetes=True),
        [{}, *each(NOT_AGED_40_TO_75, has_diabetes=True)],
    ),
    "accaha2018.severe-cholesterol": ([FH, {"ldl_mg_dl": 190.0}], [{"ldl_mg_dl": 189.0}]),
    "accaha2018.pce-high": (
        each(AGED_40_TO_75, pce=0.20),
        [{"pce": 0.1999}, {"prevent": 0.3}, *each(NOT_AGED_40_TO_75, pce=0.20)],
    ),
    "accaha2018.rescan": (
        [{}, {"pce": 0.05}, {"pce": 0.1999}, *AGED_40_TO_75],
        [*NOT_WAITING, *NOT_AGED_40_TO_75, {"pce": 0.0499}, {"pce": 0.20}],
    ),
    "accaha2019.aspirin-discuss": (
        [
            {"agatston": 100},
            {"agatston": 100, "age_years": 40.0},
            {"agatston": 100, "age_years": 70.9},
        ],
        [
            {"agatston": 99.9},
            {"agatston": 100, "age_years": 39.9},
            {"agatston": 100, "age_years": 71.0},
            {"agatston": 100, "has_high_bleeding_risk": True},
        ],
    ),
    "accaha2019.aspirin-age": ([{"age_years": 71.0}], [{"age_years": 70.9}]),
    "accaha2019.aspirin-bleeding": (
        [{"has_high_bleeding_risk": True}],
        [{}, {"has_high_bleeding_risk": None}],
    ),
    "accaha2019.diet": ([{}, KNOWN], [{"guidelines": ()}]),
    "accaha2019.exercise": ([{}, KNOWN], [{"guidelines": ()}]),
    "accaha2019.tobacco": ([{"smokes": True}], [{}]),
    "accaha2019.testing-intermediate": (
        [{"pce": 0.075}, {"pce": 0.1999}, *each(AGED_40_TO_75, pce=0.1)],
        [
            {"pce": 0.0749},
            {"pce": 0.2},
            {"prevent": 0.1},
            *each([*NOT_AGED_40_TO_75, *NOT_TESTING], pce=0.1),
        ],
    ),
    "accaha2019.testing-borderline": (
        [{"pce": 0.05}, {"pce": 0.0749}, *each(AGED_40_TO_75, pce=0.06)],
        [
            {"pce": 0.0499},
            {"pce": 0.075},
            {"prevent": 0.06},
            *each([*NOT_AGED_40_TO_75, *NOT_TESTING], pce=0.06),
        ],
    ),
}

_OLDER = {
    "scct2017.cac-zero": (
        [*AGED_40_TO_75, {"pce": 0.1999}],
        [*NOT_WAITING, *NOT_AGED_40_TO_75, {"pce": 0.20}],
    ),
    "scct2017.cac-1-99": (
        [
            {"agatston": 0.05},
            {"agatston": 99.95, "percentile": 74},
            *each(AGED_40_TO_75, agatston=50),
        ],
        [{}, {"agatston": 100}, HIGH_FOR_AGE, *each(NOT_AGED_40_TO_75, agatston=50)],
    ),
    "scct2017.cac-100-299": (
        [
            *each(AGED_40_TO_75, agatston=100),
            {"agatston": 299.95},
            {"agatston": 0.05, "percentile": 75},
        ],
        [
            *each(NOT_AGED_40_TO_75, agatston=100),
            {"agatston": 99.95, "percentile": 74},
            {"agatston": 300, "percentile": 99},
            {"percentile": 99},
        ],
    ),
    "scct2017.cac-300": (
        each(AGED_40_TO_75, agatston=300),
        [{"agatston": 299.95}, *each(NOT_AGED_40_TO_75, agatston=300)],
    ),
    "scct2017.aspirin": (
        each(AGED_40_TO_75, agatston=100),
        [
            {"agatston": 99.95},
            *each([*NOT_AGED_40_TO_75, {"has_high_bleeding_risk": True}], agatston=100),
        ],
    ),
    "accf2010.stress-imaging": (
        [{"agatston": 400}],
        [{"agatston": 399.9}, {"agatston": 400, "has_symptoms": True}],
    ),
    "studies.aspirin-zero": ([{}], [{"agatston": 0.05}, {"has_device_excluded": True}]),
    "studies.aspirin-100": (
        [
            {"agatston": 100},
            {"agatston": 100, "age_years": 70.9},
            {"agatston": 100, "age_years": 40.0},
        ],
        [
            {"agatston": 99.9},
            {"agatston": 100, "age_years": 39.9},
            {"agatston": 100, "age_years": 71.0},
            {"agatston": 100, "has_high_bleeding_risk": True},
        ],
    ),
    "studies.zero-lasts": (
        [{}],
        NOT_WAITING,
    ),
    "studies.calcium-1000": ([{"agatston": 1000}], [{"agatston": 999.9}]),
    "studies.young-women": (
        [
            {**WOMAN, "agatston": 0.05, "age_years": 30.0},
            {**WOMAN, "agatston": 50, "age_years": 45.95},
        ],
        [
            {"agatston": 50, "age_years": 32.0},
            *aged(30.0, **WOMAN),
            *aged(29.95, 46.0, agatston=50, **WOMAN),
            *aged(40.0, race=Race.CHINESE, agatston=50, **WOMAN),
            *aged(40.0, race=None, agatston=50, **WOMAN),
        ],
    ),
    "studies.young-men": (
        [
            {"agatston": 0.05, "age_years": 30.0},
            {"agatston": 50, "age_years": 34.95, "race": Race.BLACK},
        ],
        [
            *aged(30.0),
            *aged(29.95, 35.0, agatston=50),
            *aged(32.0, agatston=50, **WOMAN),
            *aged(32.0, agatston=50, race=Race.OTHER),
        ],
    ),
}

_GENERAL = {
    "general.symptoms": ([{"has_symptoms": True}], [{}, {"has_symptoms": None}]),
    "general.known-disease": (
        [KNOWN, {"has_known_ascvd": None, "has_device_excluded": True}],
        [{}, {"has_device_excluded": True}, {"has_known_ascvd": None}],
    ),
    "general.device": ([{"has_device_excluded": True}], [{}]),
    "general.pregnancy": ([YOUNG_WOMAN | {"is_pregnant": True}], [{}]),
    "general.zero-exceptions": (EXCEPTIONS, [{}, {"has_diabetes": True, "agatston": 0.05}]),
    "general.zero": ([{}, NOT_GATED], [{"agatston": 0.05}]),
    "general.not-gated": ([NOT_GATED], [{}, {"is_gated": None}]),
    "general.gating-not-known": ([{"is_gated": None}], [{}, NOT_GATED]),
    "general.statin": ([{"takes_statin": True}], [{}, {"takes_statin": None}]),
    "general.old": ([{"age_years": 80.0}], [{"age_years": 79.9}]),
    "general.not-known": (
        [{"has_known_ascvd": None}, {"has_symptoms": None}, YOUNG_WOMAN | {"is_pregnant": None}],
        [{}, {"is_pregnant": None}],
    ),
}

CASES = (
    _FROM_2026
    | _EUROPE
    | _PRESSURE
    | _ASPIRIN_2022
    | _NLA
    | _FROM_2018_AND_2019
    | _OLDER
    | _GENERAL
)
