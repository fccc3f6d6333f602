"""Whom a score, a percentile or an arterial age does not describe, and why."""

from collections.abc import Mapping

from corcal.risk.categories import HIGH_FOR_AGE_PERCENTILE
from corcal.risk.guidance.facts import FACTS, facts_of
from corcal.risk.types import Percentile, Person
from corcal.risk.validity import WITHOUT_GATING

__all__ = [
    "ARTERIAL_AGES_YEARS",
    "exceptions_of",
    "high_for_age",
    "is_taken_for_stent",
    "why_no_arterial_age",
    "why_no_reference",
]

# McClelland 2009, doi:10.1016/j.amjcard.2008.08.031: the ages of MESA
ARTERIAL_AGES_YEARS = range(45, 85)
# What outweighs a low score: see a doctor first, treated whatever the score, and the exceptions of
# the guidelines to a score of 0 (`corcal.risk.guidance.gates`).
_OUTWEIGHING = (
    "symptoms",
    "known_ascvd",
    "diabetes",
    "smokes",
    "severe_cholesterol",
    "premature_family",
)
_DEVICE = "a device left out of the score"
_STENT = f"{_DEVICE}, which may be a stent"


def exceptions_of(person: Person | None, *, has_device_excluded: bool) -> tuple[str, ...]:
    """List what is known of a person that a score does not outweigh.

    Parameters
    ----------
    person : Person or None
        What is known; not known is no exception.
    has_device_excluded : bool
        Whether metal was left out of the score.

    Returns
    -------
    tuple of str
        In words that follow "because of".

    Examples
    --------
    >>> from corcal.risk.types import Sex
    >>> exceptions_of(Person(age_years=50, sex=Sex.MALE, smokes=True), has_device_excluded=False)
    ('current smoking',)
    """
    device = (_STENT if is_taken_for_stent(person) else _DEVICE,) if has_device_excluded else ()
    if person is None:
        return device
    facts = facts_of(
        person,
        agatston=0.0,
        percentile=None,
        estimates=(),
        is_gated=True,
        has_device_excluded=False,
    )
    return (*(FACTS[name].label for name in _OUTWEIGHING if facts.known[name]), *device)


def high_for_age(percentile: Mapping[str, Percentile]) -> tuple[str, ...]:
    """Say that a score is high for age by another reference, where MESA does not cover the person.

    What MESA says of it `corcal.risk.categories.categories` knows.

    Parameters
    ----------
    percentile : mapping of str to Percentile
        By reference.

    Returns
    -------
    tuple of str
        One at most, in words that follow "because of".
    """
    if percentile["mesa"].not_covered is None:
        return ()
    high = [
        f"a score from percentile {each.at_least} up among {each.group}"
        for each in percentile.values()
        if each.value is None and (each.at_least or 0) >= HIGH_FOR_AGE_PERCENTILE
    ]
    return tuple(high[:1])


def is_taken_for_stent(person: Person | None) -> bool:
    """Whether a device counts as known disease: unless it is said that there is none."""
    return person is None or person.has_known_ascvd is None


def why_no_reference(
    person: Person | None, *, is_gated: bool | None, has_device_excluded: bool
) -> str | None:
    """Say why a score is not compared with those of people without known disease, in gated scans.

    Parameters
    ----------
    person : Person or None
        What is known; without one the scan alone speaks against it.
    is_gated : bool or None
        Of the scan; not known speaks not against it.
    has_device_excluded : bool
        Whether metal was left out of the score.

    Returns
    -------
    str or None
        ``None`` where the person can be compared.
    """
    if person is not None and person.has_known_ascvd:
        return "known cardiovascular disease; the reference is of people without it"
    if is_gated is False:
        return f"{WITHOUT_GATING}; the reference is of gated scans"
    if person is not None and has_device_excluded and is_taken_for_stent(person):
        return (
            f"{_STENT}; the reference is of people without known cardiovascular disease "
            "(--no-known-ascvd says that there is none)"
        )
    return None


def why_no_arterial_age(
    agatston: float, person: Person | None, *, is_gated: bool | None, has_device_excluded: bool
) -> str | None:
    """Say why an arterial age would mislead.

    Parameters
    ----------
    agatston : float
        The score.
    person : Person or None
        What is known; without one, age and diseases do not speak against it.
    is_gated : bool or None
        Of the scan; not known speaks not against it.
    has_device_excluded : bool
        Of the score.

    Returns
    -------
    str or None
        All reasons; ``None`` where it applies.
    """
    found = [WITHOUT_GATING] if is_gated is False else []
    if has_device_excluded:
        found.append("metal was left out of the score")
    if person is not None:
        found += _of_person(agatston, person)
    return "; ".join(found) or None


def _of_person(agatston: float, person: Person) -> list[str]:
    """List why a person is none of those whom arterial age was made for."""
    first, last = ARTERIAL_AGES_YEARS[0], ARTERIAL_AGES_YEARS[-1]
    found = []
    if int(person.age_years) not in ARTERIAL_AGES_YEARS:
        found.append(f"age is {person.age_years:g} years; it was made for {first} to {last} years")
    if person.has_known_ascvd:
        found.append("known cardiovascular disease; it was made for people without it")
    if person.has_diabetes:
        found.append("diabetes; it is not meant for people with it")
    if person.has_symptoms:
        found.append("symptoms; it was made for people without them")
    exceptions = exceptions_of(person, has_device_excluded=False)
    if agatston == 0 and exceptions and not found:
        found.append(f"a score of 0 does not reassure with {', '.join(exceptions)}")
    return found
