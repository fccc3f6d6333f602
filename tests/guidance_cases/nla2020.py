"""Cases of the statement of the National Lipid Association of 2020."""

from guidance_cases.people import (
    AGED_40_TO_75,
    CALCIUM,
    EXCEPTIONS,
    FAMILY,
    HIGH_FOR_AGE,
    KNOWN,
    NOT_AGAIN,
    NOT_AGED_40_TO_75,
    NOT_TESTING,
    NOT_WAITING,
    ONE_FACTOR,
    TWO_FACTORS,
    aged,
    each,
)

CASES = {
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
