"""Cases of the guideline of 2026 for lipids."""

from guidance_cases.people import (
    AGED_40_TO_75,
    CALCIUM,
    EXCEPTIONS,
    FH,
    HIGH_FOR_AGE,
    IN_AGE_OF_2026,
    KNOWN,
    NOT_AGED_40_TO_75,
    NOT_GATED,
    NOT_TESTING,
    NOT_WAITING,
    OLD_ENOUGH_FOR_2026,
    OUT_OF_AGE_OF_2026,
    TOO_YOUNG_FOR_2026,
    WOMAN,
    aged,
    each,
)

CASES = {
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
