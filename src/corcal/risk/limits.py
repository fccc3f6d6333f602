"""What an interpretation does not say, and why: nothing is left out in silence."""

from collections.abc import Iterable, Mapping

from corcal.risk.interpretation_types import Interpretation, Limit
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.types import Estimate, Percentile, Person

__all__ = ["MODEL_NAMES", "OUTCOME_NAMES", "REFERENCE_NAMES", "limits_of"]

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

_NOT_GATED = (
    "The scan was made without ECG gating: the score is an equivalent, often lower than that of a "
    "calcium scan, and percentiles, arterial age and risk were made from gated scans."
)
_DEVICE = (
    "Metal was left out of the score: calcium under a stent or beside a lead cannot be scored, and "
    "the true score may be higher."
)
_ZERO = (
    "A score of 0 means that no calcified plaque was seen. It does not exclude plaque without "
    "calcium, and it is no promise."
)
_CALCIUM_ONLY = (
    "The score shows calcified plaque. It does not show whether an artery is narrowed, and it is "
    "no test for chest pain."
)
_OTHER_SCANNERS = (
    "Another scanner, tube voltage, slice thickness or reconstruction can give another score."
)
_NOBODY = (
    "Age and sex are not both known: no percentile, no risk and no statement of a guideline can be "
    "given."
)
_NOT_IN_MESA = (
    "MESA left out people with known cardiovascular disease or treated diabetes: the percentile "
    "compares with people who have neither."
)
_ARTERIAL_AGE_DIABETES = "Arterial age was not made for people with diabetes."


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
        *_of_person(meaning.person, meaning.percentile),
        *_of_percentiles(meaning),
        *_of_models(meaning.estimates),
    )


def _of_score(meaning: Interpretation) -> list[Limit]:
    texts = [
        (_NOT_GATED, not meaning.is_gated),
        (_DEVICE, meaning.has_device_excluded),
        (_ZERO, meaning.agatston == 0),
        (_CALCIUM_ONLY, True),
        (_OTHER_SCANNERS, True),
    ]
    return [Limit(about="score", text=text) for text, applies in texts if applies]


def _of_person(person: Person | None, percentile: Mapping[str, Percentile]) -> list[Limit]:
    if person is None:
        return [Limit(about="person", text=_NOBODY, missing=("age_years", "sex"))]
    limits = []
    has_mesa = percentile["mesa"].not_covered is None
    if has_mesa and (person.has_diabetes or person.has_known_ascvd):
        limits.append(Limit(about="percentile", text=_NOT_IN_MESA))
    if person.has_diabetes:
        limits.append(Limit(about="arterial_age", text=_ARTERIAL_AGE_DIABETES))
    return limits


def _of_percentiles(meaning: Interpretation) -> list[Limit]:
    if meaning.person is None:  # said already
        return []
    return [
        Limit(
            about="percentile",
            text=f"No percentile of {REFERENCE_NAMES[name]}: {each.not_covered}.",
        )
        for name, each in meaning.percentile.items()
        if each.not_covered is not None
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
