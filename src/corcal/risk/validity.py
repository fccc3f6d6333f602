"""Whether a model may be used for a person: what is missing, what is outside, what excludes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from corcal.risk.person import PERSON_FIELDS
from corcal.risk.types import Estimate, Person

__all__ = [
    "WITHOUT_GATING",
    "Facts",
    "Scope",
    "estimate",
    "known_numbers",
    "missing_fields",
    "why_not_valid",
]

Facts = Mapping[str, float]

WITHOUT_GATING = "the scan was made without ECG gating"
"""Why a score is not set beside those of studies, which were made from gated scans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The people a model was made for.

    Attributes
    ----------
    name : str
        Of the model, in a sentence.
    first_age, last_age : int
        In completed years, both included: 79 is until the day before the 80th birthday.
    limits : mapping of str to (float, float)
        Field of `Person` and its range, both ends included, as the source prints it; a value is
        compared at the decimals that are printed (a pressure of 180.4 is 180).
    exclusions : mapping of str to str
        Fields of `Person` that exclude a person if they are true, and why. Not known does not
        exclude.
    """

    name: str
    first_age: int
    last_age: int
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    exclusions: Mapping[str, str] = field(default_factory=dict)


def known_numbers(person: Person) -> dict[str, float]:
    """Return what is known and can be calculated with; yes is 1, no is 0.

    Parameters
    ----------
    person : Person
        Unknown fields are left out.

    Returns
    -------
    dict of str to float
        By name of the field.
    """
    return {
        name: float(value)
        for name, each in PERSON_FIELDS.items()
        if each.choices is None and (value := getattr(person, name)) is not None
    }


def missing_fields(person: Person, needed: Iterable[str]) -> tuple[str, ...]:
    """Return the needed fields that are not known, in the order of `PERSON_FIELDS`.

    Parameters
    ----------
    person : Person
        Who it is.
    needed : iterable of str
        Fields of `Person`.

    Returns
    -------
    tuple of str
        Empty if nothing is missing.
    """
    wanted = set(needed)
    return tuple(name for name in PERSON_FIELDS if name in wanted and getattr(person, name) is None)


def why_not_valid(person: Person, scope: Scope) -> str | None:
    """Say why a model does not apply to a person, with what was found and the range.

    Parameters
    ----------
    person : Person
        Who it is.
    scope : Scope
        Of the model.

    Returns
    -------
    str or None
        All reasons, separated by semicolons; ``None`` if there is none.
    """
    reasons = [why for name, why in scope.exclusions.items() if getattr(person, name)]
    if not scope.first_age <= person.age_years < scope.last_age + 1:
        reasons.append(
            f"age of {person.age_years:g} years is outside {scope.first_age} to {scope.last_age}"
            f" years, the ages of {scope.name}"
        )
    for name, (low, high) in scope.limits.items():
        value = getattr(person, name)
        if value is not None and not low <= round(value, _decimals(low, high)) <= high:
            each = PERSON_FIELDS[name]
            reasons.append(
                f"{each.label} of {value:g} {each.unit} is outside {low:g} to {high:g}"
                f" {each.unit}, the range of {scope.name}"
            )
    return "; ".join(reasons) or None


def estimate(
    person: Person,
    risk: Callable[[Facts], float],
    *,
    model: str,
    outcome: str,
    scope: Scope,
    needed: Iterable[str],
    source: str,
    years: int = 10,
    not_valid: str | None = None,
    note: str | None = None,
) -> Estimate:
    """Use a model, if it applies and nothing is missing.

    Parameters
    ----------
    person : Person
        Checked by the caller.
    risk : function of the known numbers
        Returns the fraction; called only if all needed fields are known.
    model, outcome, years, source, note
        As in `Estimate`.
    scope : Scope
        Whom the model is made for.
    needed : iterable of str
        Fields of `Person`.
    not_valid : str, optional
        A reason beside those of the scope.

    Returns
    -------
    Estimate
        With a fraction, or with what is missing and why it is not valid.
    """
    missing = missing_fields(person, needed)
    reasons = "; ".join(filter(None, (not_valid, why_not_valid(person, scope)))) or None
    usable = not missing and reasons is None
    return Estimate(
        model=model,
        outcome=outcome,
        years=years,
        fraction=risk(known_numbers(person)) if usable else None,
        missing=missing,
        not_valid=reasons,
        source=source,
        note=note if usable else None,
    )


def _decimals(low: float, high: float) -> int:
    return 0 if float(low).is_integer() and float(high).is_integer() else 1
