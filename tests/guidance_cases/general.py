"""Cases of what no guideline has to say."""

from guidance_cases.people import EXCEPTIONS, KNOWN, NOT_GATED, YOUNG_WOMAN

CASES = {
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
