"""The words in which a result is told to other programs, whatever the format."""

from dataclasses import dataclass

from corcal.interop.codes import Concept, Unit, corcal_code

__all__ = ["NUMBER", "Fact", "Observable", "Span", "Value", "fact"]

NUMBER = Unit(ucum="1", shown="1")  # scores as well: so does DICOM (TID 3905)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range; an end that is ``None`` is open."""

    low: float | None
    high: float | None


Value = bool | int | float | str | Span | Concept


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is told.

    Attributes
    ----------
    concept : Concept
        What it is.
    value : Value or None
        ``None`` if there is none, and `absent` says why.
    unit : Unit or None
        Of a number or a range.
    absent : str or None
        Why there is no value.
    """

    concept: Concept
    value: Value | None
    unit: Unit | None
    absent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observable:
    """A fact that stands by itself, with its details.

    Attributes
    ----------
    key : str
        Names it within the exam, for ever.
    fact : Fact
        What is told.
    title : str
        As a person reads it.
    about : str
        What the words of a detail need beside them where it stands alone: ``"LAD"``.
    site : Concept or None
        Where in the body, as far as there is a code.
    site_name : str or None
        The same in words.
    method : Concept or None
        How it was measured.
    details : tuple of Fact
        What belongs to it; no two have the same concept.
    members, derived_from : tuple of str
        Keys of the observables that it is made up of, or that it follows from.
    notes : tuple of str
        What must be known to read it, a sentence each.
    """

    key: str
    fact: Fact
    title: str
    about: str = ""
    site: Concept | None = None
    site_name: str | None = None
    method: Concept | None = None
    details: tuple[Fact, ...] = ()
    members: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def fact(name: str, value: Value, unit: Unit | None = None) -> Fact:
    """Tell a value under a code of corcal's own system."""
    return Fact(concept=corcal_code(name), value=value, unit=unit)
