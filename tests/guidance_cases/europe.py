"""Cases of the guidelines of Europe."""

from guidance_cases.people import (
    CALCIUM,
    FH,
    KNOWN,
    MIDDLE_CLASS,
    NOT_GATED,
    NOT_TESTING,
    NOT_WAITING,
    OTHER_CLASS,
    each,
)

CASES = {
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
