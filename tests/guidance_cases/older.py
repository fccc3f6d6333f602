"""Cases of older statements and studies."""

from corcal.risk.types import Race
from guidance_cases.people import (
    AGED_40_TO_75,
    HIGH_FOR_AGE,
    NOT_AGED_40_TO_75,
    NOT_WAITING,
    WOMAN,
    aged,
    each,
)

CASES = {
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
