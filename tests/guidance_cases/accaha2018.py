"""Cases of the guidelines of 2018 and 2019."""

from guidance_cases.people import (
    AGED_40_TO_75,
    DECIDED_2018,
    EXCEPTIONS,
    FH,
    HIGH_FOR_AGE,
    KNOWN,
    NOT_AGED_40_TO_75,
    NOT_TESTING,
    NOT_WAITING,
    each,
)

CASES = {
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
