"""What a scored exam means: from the record to the room of risk, and back into the record."""

from dataclasses import fields, replace
from typing import Any

from corcal.ct.scan import Patient
from corcal.ct.suitability.verdict import KIND_WORDS, Verdict
from corcal.errors import InputError
from corcal.exam_numbers import gating, has_device, is_fit
from corcal.followup.types import Followup
from corcal.result import SCHEMA_VERSION, Result
from corcal.risk.categories import SCHEMES, band_of
from corcal.risk.interpretation import interpret
from corcal.risk.interpretation_types import Interpretation, Limit, ScoreCertainty
from corcal.risk.limits import ABOUT_HEADERS, ABOUT_SUITABILITY
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.types import Person, Sex
from corcal.scoring.advice import REVIEW_LIMITS
from corcal.scoring.categories import CATEGORIES, category_of
from corcal.scoring.types import Score

__all__ = [
    "band_words",
    "certainty_of",
    "check_sex",
    "interpret_result",
    "known_facts",
    "other_than_headers",
    "with_followup",
    "with_interpretation",
]

_SEX = {"F": Sex.FEMALE, "M": Sex.MALE}  # DICOM (0010,0040); O is not one that a model has
_AGE = PERSON_FIELDS["age_years"]
_GUIDELINE = "guideline_2026"
_SAME_AGE_YEARS = 1.0  # headers have whole years, and somebody may type those of today


def known_facts(result: Result) -> dict[str, Any]:
    """Collect what a result knows of its person, by field of `Person`.

    Parameters
    ----------
    result : Result
        A scored exam.

    Returns
    -------
    dict
        Of an earlier interpretation all that was known then; else age and sex of the headers, as
        far as they have them. Unknown fields are absent, and so is the age of a child, or of 0 or
        999 as de-identified headers have it.
    """
    earlier = result.interpretation.person if result.interpretation is not None else None
    if earlier is not None:
        facts = {each.name: getattr(earlier, each.name) for each in fields(earlier)}
    else:
        patient = result.scan.patient
        age = patient.age_years if _is_adult(patient.age_years) else None
        facts = {"age_years": age, "sex": _SEX.get(patient.sex or "")}
    return {name: value for name, value in facts.items() if value is not None}


def check_sex(patient: Patient, facts: dict[str, Any]) -> None:
    """Refuse a sex that is typed against the headers: the facts may be somebody else's.

    Parameters
    ----------
    patient : Patient
        As the headers of the scan have it.
    facts : dict
        What was typed, by field of `Person`.

    Raises
    ------
    InputError
        If the headers have the other sex.
    """
    typed, header = facts.get("sex"), _SEX.get(patient.sex or "")
    if typed is None or header is None or typed == header:
        return
    msg = (
        f"the sex typed ({typed}) is not that of the scan's header ({header}): is it "
        "the same person? If the header is wrong, --trust-typed takes what was typed"
    )
    raise InputError(msg)


def other_than_headers(result: Result, person: Person | None) -> tuple[str, ...]:
    """Name the fields of a person that contradict the headers: of an age, by more than a year.

    Returns
    -------
    tuple of str
        Of ``"age_years"`` and ``"sex"``; what the headers do not have contradicts nothing.
    """
    if person is None:
        return ()
    patient = result.scan.patient
    age, sex = patient.age_years, _SEX.get(patient.sex or "")
    is_other_age = (
        age is not None and _is_adult(age) and abs(person.age_years - age) > _SAME_AGE_YEARS
    )
    is_other_sex = sex is not None and sex != person.sex
    found = (("age_years", is_other_age), ("sex", is_other_sex))
    return tuple(name for name, is_other in found if is_other)


def interpret_result(
    result: Result, person: Person | None = None, *, guidelines: tuple[str, ...] | None = None
) -> Interpretation:
    """Say what the score of an exam means.

    Parameters
    ----------
    result : Result
        A scored exam: its total, arteries, gating, devices and certainty are used.
    person : Person, optional
        Who was scanned.
    guidelines : tuple of str, optional
        Only these.

    Returns
    -------
    Interpretation
        As of `corcal.risk.interpretation.interpret`.

    Raises
    ------
    InputError
        If a fact of the person is outside its range.
    """
    score = result.score
    meaning = interpret(
        score.total.agatston,
        person,
        vessels={name: each.agatston for name, each in score.vessels.items()},
        is_gated=gating(result),
        guidelines=guidelines,
        has_device_excluded=has_device(result),
        certainty=certainty_of(score, is_gated=gating(result) is not False),
    )
    about_person = _strange_age(result) if person is None else _contradictions(result, person)
    return replace(meaning, limits=(*_doubts(result), *about_person, *meaning.limits))


def with_interpretation(result: Result, interpretation: Interpretation) -> Result:
    """Give the same record with its interpretation, in the present version of the schema."""
    return replace(result, schema_version=SCHEMA_VERSION, interpretation=interpretation)


def with_followup(result: Result, followup: Followup) -> Result:
    """Give the record of the newest exam with its comparison, in the present schema version."""
    return replace(result, schema_version=SCHEMA_VERSION, followup=followup)


def certainty_of(score: Score, *, is_gated: bool = True) -> ScoreCertainty | None:
    """Say how sure the category of an automatic score is, by the limits of the review advice.

    Parameters
    ----------
    score : Score
        Of any exam.
    is_gated : bool
        If it is not, nothing is said of the bands of the guideline: they are of gated scores.

    Returns
    -------
    ScoreCertainty or None
        ``None`` where a person decided what is coronary.
    """
    interval, chances = score.total.interval, score.category_probabilities
    if interval is None or chances is None:
        return None
    category = category_of(score.total.agatston)
    limit = "sure_of_zero" if category == CATEGORIES[0] else "sure_of_category"
    is_sure = chances[category] >= REVIEW_LIMITS[limit].value
    low, high = (band_of(_GUIDELINE, end).code for end in (interval.low, interval.high))
    bands = band_words(low, high) if is_gated else ""
    return ScoreCertainty(
        low=interval.low,
        high=interval.high,
        level=interval.level,
        category_probabilities=dict(chances),
        is_sure=is_sure,
        bands=(low, high),
        reading=f"{_reading(category, chances, is_sure=is_sure)}{_spaced(bands)}",
    )


def _reading(category: str, chances: dict[str, float], *, is_sure: bool) -> str:
    if is_sure:
        return f"The category {category} has a probability of {100 * chances[category]:.0f} %."
    others = ", ".join(
        f"{name}: {100 * chance:.0f} %" for name, chance in chances.items() if chance >= 0.005
    )
    return f"The category is uncertain ({others}), and with it what is said from it."


def band_words(low: str, high: str) -> str:
    """Say that an interval reaches over bands of the guideline; empty if it does not.

    Parameters
    ----------
    low, high : str
        The bands of its ends: `ScoreCertainty.bands`.
    """
    if low == high:
        return ""
    return (
        f"The interval reaches from {low} to {high} of the bands of {SCHEMES[_GUIDELINE].title}: "
        "what is said by score may change within it."
    )


def _spaced(words: str) -> str:
    return f" {words}" if words else ""


def _is_adult(age_years: float | None) -> bool:
    """Whether an age is one that a person to interpret can have."""
    low, high = _AGE.low or 0.0, _AGE.high or 0.0
    return age_years is not None and low <= age_years <= high


def _doubts(result: Result) -> tuple[Limit, ...]:
    """Say that the scan was no fit one, as it was said when it was scored."""
    judged = result.suitability
    if judged.verdict is Verdict.FIT and is_fit(result):
        return ()
    found = judged.findings[0].message if judged.findings else ""
    reason = f"; {found}" if found else ""
    start = "Read with care" if is_fit(result) else "The scan was not fit for a calcium score"
    text = f"{start}: it is {KIND_WORDS[judged.kind]}{reason}."
    return (Limit(about=ABOUT_SUITABILITY, text=text),)


def _contradictions(result: Result, person: Person) -> tuple[Limit, ...]:
    """Say which age or sex was taken against the headers: all that is said depends on them.

    Ages are in completed years, which differ wherever ages do by more than one.
    """
    patient = result.scan.patient
    header_sex = _SEX.get(patient.sex or "", "")
    told = {
        "age_years": f"age typed ({int(person.age_years or 0)})",
        "sex": f"sex typed ({person.sex})",
    }
    headers = {"age_years": f"{int(patient.age_years or 0)}", "sex": str(header_sex)}
    return tuple(
        Limit(
            about=ABOUT_HEADERS,
            text=f"The {told[name]} is not that of the scan's header ({headers[name]}).",
        )
        for name in other_than_headers(result, person)
    )


def _strange_age(result: Result) -> tuple[Limit, ...]:
    age = result.scan.patient.age_years
    if age is None or _is_adult(age):
        return ()
    text = (
        f"The headers have an age of {age:g} years, which is outside {_AGE.allowed}: it is not "
        "used, and --age gives the right one."
    )
    return (Limit(about="person", text=text, missing=("age_years",)),)
