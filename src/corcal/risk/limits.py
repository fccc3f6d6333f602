"""What an interpretation does not say, and why: nothing is left out in silence."""

from collections.abc import Iterable, Mapping

from corcal.risk.exceptions import is_taken_for_stent
from corcal.risk.interpretation_types import Interpretation, Limit
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.types import Estimate, Person

__all__ = [
    "ABOUT_HEADERS",
    "ABOUT_SCAN",
    "ABOUT_SUITABILITY",
    "MADE_FROM_GATED",
    "MODEL_NAMES",
    "OUTCOME_NAMES",
    "REFERENCE_NAMES",
    "ZERO_LIMIT",
    "limits_of",
]

MODEL_NAMES: Mapping[str, str] = {
    "mesa_chd": "MESA risk score",
    "mesa_chd_with_cac": "MESA risk score",
    "pce": "Pooled Cohort Equations",
    "prevent": "PREVENT",
    "prevent_hba1c": "PREVENT",
    "prevent_uacr": "PREVENT",
    "prevent_sdi": "PREVENT",
    "prevent_full": "PREVENT",
    "score2": "SCORE2",
    "score2_op": "SCORE2-OP",
}
"""Each model of `Estimate` in words; two of one family share a name."""

OUTCOME_NAMES: Mapping[str, str] = {
    "total_cvd": "cardiovascular disease",
    "ascvd": "atherosclerotic disease (ASCVD)",
    "heart_failure": "heart failure",
    "chd": "coronary heart disease",
    "stroke": "stroke",
}
"""Each outcome of `Estimate` in words."""

REFERENCE_NAMES: Mapping[str, str] = {
    "mesa": "MESA",
    "hoff": "Hoff 2001",
    "javaid": "Javaid 2022",
}
"""Each reference of `Percentile` in words."""

ABOUT_HEADERS = "headers"
"""What a `Limit` is about that says that the person is not whom the headers of the scan name."""

ABOUT_SCAN = "scan"
"""What a `Limit` is about that casts doubt on the whole score."""

ABOUT_SUITABILITY = "suitability"
"""What a `Limit` is about that says that the scan was not fit to be scored, or only with care."""

MADE_FROM_GATED = "percentiles, arterial age and risk were made from gated scans"
"""Why a score of another scan is not set beside those of studies."""

_NOT_GATED = (
    "The scan was made without ECG gating: the score is an equivalent, often lower than that of a "
    f"calcium scan, and {MADE_FROM_GATED}."
)
_GATING_NOT_KNOWN = (
    "It is not known whether the scan was made with ECG gating: categories, percentiles, arterial "
    "age and risk are those of a gated scan, and without gating the score is often too low."
)
_DEVICE = (
    "Metal was left out of the score: calcium under a stent or beside a lead cannot be scored, and "
    "the true score may be higher."
)
ZERO_LIMIT = (
    "A score of 0 means that no calcified plaque was seen that counts. It does not exclude plaque "
    "without calcium or calcium too small to count, and it is no promise."
)
"""What is said of every score of 0; for a person the cautions of the guidance say more."""

_CALCIUM_ONLY = (
    "The score shows calcified plaque. It does not show whether an artery is narrowed, and it is "
    "no test for chest pain."
)
_PREGNANCY = (
    "No what if in pregnancy: goals of blood pressure and cholesterol are not those of others."
)
_OTHER_SCANNERS = (
    "Another scanner, tube voltage, slice thickness or reconstruction can give another score."
)
_NOBODY = (
    "Age and sex are not both known: no percentile, no risk and no statement of a guideline can be "
    "given."
)
_NOT_IN_MESA = (
    "MESA left out people with treated diabetes: the percentile compares with people without it."
)
_GROUPS = (
    "The groups of MESA are those of a study in the United States, as its people named themselves: "
    "its percentiles and risks are not of people of other countries."
)
_TAKEN_FOR_STENT = (
    "The device is taken for a stent, and so for known cardiovascular disease, until it is said "
    "that there is none (--no-known-ascvd)."
)


def limits_of(meaning: Interpretation) -> tuple[Limit, ...]:
    """List what is not covered and what must be kept in mind.

    Parameters
    ----------
    meaning : Interpretation
        Complete but for its limits.

    Returns
    -------
    tuple of Limit
        About the score, the person, the percentiles, the models: in this order.
    """
    return (
        *_of_score(meaning),
        *_of_person(meaning),
        *_of_percentiles(meaning),
        *_of_models(meaning.estimates),
    )


def _of_score(meaning: Interpretation) -> list[Limit]:
    texts = [
        (ABOUT_SCAN, _NOT_GATED, meaning.is_gated is False),
        (ABOUT_SCAN, _GATING_NOT_KNOWN, meaning.is_gated is None),
        (ABOUT_SCAN, _DEVICE, meaning.has_device_excluded),
        ("score", ZERO_LIMIT, meaning.agatston == 0),
        ("score", _CALCIUM_ONLY, True),
        ("score", _OTHER_SCANNERS, True),
    ]
    return [Limit(about=about, text=text) for about, text, applies in texts if applies]


def _of_person(meaning: Interpretation) -> list[Limit]:
    person, age = meaning.person, meaning.arterial_age
    limits = []
    if person is None:
        limits.append(Limit(about="person", text=_NOBODY, missing=("age_years", "sex")))
    else:
        limits += _of_known_person(person, meaning)
    if age.not_covered is not None:
        limits.append(Limit(about="arterial_age", text=f"No arterial age: {age.not_covered}."))
    return limits


def _of_known_person(person: Person, meaning: Interpretation) -> list[Limit]:
    has_mesa = meaning.percentile["mesa"].not_covered is None
    uses_groups = has_mesa or meaning.risk.mesa_chd_with_cac is not None
    is_taken = meaning.has_device_excluded and is_taken_for_stent(person)
    texts = [
        ("person", _TAKEN_FOR_STENT, is_taken),
        ("person", _PREGNANCY, bool(person.is_pregnant)),
        ("percentile", _NOT_IN_MESA, has_mesa and bool(person.has_diabetes)),
        ("percentile", _GROUPS, uses_groups),
    ]
    return [Limit(about=about, text=text) for about, text, applies in texts if applies]


def _of_percentiles(meaning: Interpretation) -> list[Limit]:
    if meaning.person is None:  # said already
        return []
    names_by_reason: dict[str, list[str]] = {}
    for name, each in meaning.percentile.items():
        if each.not_covered is not None:
            names_by_reason.setdefault(each.not_covered, []).append(REFERENCE_NAMES[name])
    return [
        Limit(about="percentile", text=f"No percentile of {' and '.join(names)}: {reason}.")
        for reason, names in names_by_reason.items()
    ]


def _of_models(estimates: Iterable[Estimate]) -> list[Limit]:
    """Say once for each model why it gives no number, however many outcomes it has."""
    by_name: dict[str, list[Estimate]] = {}
    for each in estimates:
        by_name.setdefault(MODEL_NAMES.get(each.model, each.model), []).append(each)
    return [limit for name, found in by_name.items() for limit in _of_model(name, found)]


def _of_model(name: str, found: list[Estimate]) -> list[Limit]:
    reasons = dict.fromkeys(each.not_valid for each in found if each.not_valid is not None)
    limits = [Limit(about=found[0].model, text=f"{name}: {reason}.") for reason in reasons]
    # What is not known matters only to a model that would apply.
    open_ones = [each for each in found if each.missing and each.not_valid is None]
    wanted = {field for each in open_ones for field in each.missing}
    if not wanted:
        return limits
    missing = tuple(field for field in PERSON_FIELDS if field in wanted)
    labels = ", ".join(PERSON_FIELDS[field].label for field in missing)
    is_partial = any(each.fraction is not None for each in found)
    outcomes = ", ".join(dict.fromkeys(OUTCOME_NAMES[each.outcome] for each in open_ones))
    what = f"{name}, {outcomes}" if is_partial else name
    return [*limits, Limit(about=found[0].model, text=f"{what}: needs {labels}.", missing=missing)]
