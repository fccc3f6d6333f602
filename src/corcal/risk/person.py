"""Who the person is: every field with its unit and range, and what is refused."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from numbers import Real

from corcal.errors import InputError
from corcal.risk.types import Person, Race, Region, Sex
from corcal.risk.units import cholesterol_to_mg_dl, hba1c_to_percent, uacr_to_mg_g

__all__ = ["PERSON_FIELDS", "PersonField", "check_person", "read_value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonField:
    """One field of `Person`: what it is called, its unit, and what is accepted.

    Attributes
    ----------
    name : str
        Of the attribute of `Person`.
    label : str
        In a sentence: ``"total cholesterol"``.
    options : tuple of str
        On the command line, the first is the one in the documentation.
    unit : str
        Of the number; empty for a yes or no and for a choice.
    low, high : float or None
        What is accepted of a number, both included. Wider than any model: outside of it, the
        value is an error of typing or of unit.
    choices : type of StrEnum or None
        The choices, if it is one.
    is_whole : bool
        A number without decimals.
    is_required : bool
        Whether a person is nobody without it.
    other_units : dict of str to function
        Units that are also in use, and how to convert from them.
    definition : str
        What counts, where the label alone does not tell; empty where it does.
    """

    name: str
    label: str
    options: tuple[str, ...]
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: type[StrEnum] | None = None
    is_whole: bool = False
    is_required: bool = False
    other_units: dict[str, Callable[[float], float]] = field(default_factory=dict)
    definition: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is a number."""
        return self.low is not None

    @property
    def allowed(self) -> str:
        """What is accepted, in words: ``"60 to 260 mmHg"``."""
        if self.choices is not None:
            return ", ".join(self.choices)
        if self.is_number:
            return f"{self.low:g} to {self.high:g} {self.unit}".rstrip()
        return "yes, no or not known"


def _lipid(name: str, label: str, options: tuple[str, ...], low: float, high: float) -> PersonField:
    return PersonField(
        name=name,
        label=label,
        options=options,
        unit="mg/dL",
        low=low,
        high=high,
        other_units={"mmol/L": cholesterol_to_mg_dl},
    )


def _number(
    name: str, label: str, options: tuple[str, ...], unit: str, low: float, high: float
) -> PersonField:
    return PersonField(name=name, label=label, options=options, unit=unit, low=low, high=high)


def _fact(name: str, label: str, *options: str, definition: str = "") -> PersonField:
    return PersonField(name=name, label=label, options=options, definition=definition)


# The ranges are corcal's: what a living adult can have, with room; no model is made with them.
# Those of cholesterol do not overlap with the same quantity in mmol/L, so that a wrong unit shows.
_FIELDS = (
    PersonField(
        name="age_years",
        label="age",
        options=("--age",),
        unit="years",
        low=18,
        high=110,
        is_required=True,
    ),
    PersonField(name="sex", label="sex", options=("--sex",), choices=Sex, is_required=True),
    PersonField(
        name="race",
        label="race",
        options=("--race",),
        choices=Race,
        definition="a group of studies in the United States, as people named themselves there",
    ),
    _number("systolic_mmhg", "systolic blood pressure", ("--systolic", "--sbp"), "mmHg", 60, 260),
    _lipid(
        "total_cholesterol_mg_dl", "total cholesterol", ("--total-cholesterol", "--tc"), 50, 1000
    ),
    _lipid("hdl_mg_dl", "HDL cholesterol", ("--hdl",), 8, 200),
    _lipid("ldl_mg_dl", "LDL cholesterol", ("--ldl",), 10, 900),
    _number("egfr", "eGFR", ("--egfr",), "mL/min/1.73 m2", 2, 200),
    _number("bmi", "body mass index", ("--bmi",), "kg/m2", 10, 100),
    PersonField(
        name="hba1c_percent",
        label="HbA1c",
        options=("--hba1c",),
        unit="%",
        low=3,
        high=20,
        other_units={"mmol/mol": hba1c_to_percent},
    ),
    PersonField(
        name="uacr_mg_g",
        label="urinary albumin-creatinine ratio",
        options=("--uacr",),
        unit="mg/g",
        low=0.1,
        high=25000,
        other_units={"mg/mmol": uacr_to_mg_g},
    ),
    PersonField(
        name="sdi_decile",
        label="decile of social deprivation",
        options=("--sdi",),
        low=1,
        high=10,
        is_whole=True,
    ),
    _fact("has_diabetes", "diabetes", "--diabetes", definition="of type 1 or 2, treated or not"),
    _fact(
        "smokes",
        "smoking now",
        "--smoker",
        "--smokes",
        definition="cigarettes; not who has stopped",
    ),
    _fact("takes_bp_medication", "blood pressure medication", "--bp-medication", "--bp-treated"),
    _fact("takes_statin", "statin or other lipid-lowering drug", "--statin"),
    _fact(
        "family_history",
        "heart attack in the family",
        "--family-history",
        definition="of a parent, sibling or child, at any age",
    ),
    _fact(
        "premature_family_history",
        "early heart attack in the family",
        "--premature-family-history",
        definition="of a male parent, sibling or child before 55 years, of a female one before 65",
    ),
    _fact(
        "has_known_ascvd",
        "known cardiovascular disease",
        "--known-ascvd",
        definition="heart attack, stroke, stent, bypass, or arterial disease with symptoms",
    ),
    _fact(
        "has_familial_hypercholesterolaemia",
        "familial hypercholesterolaemia or LDL cholesterol from 190 mg/dL",
        "--familial-hypercholesterolaemia",
        "--fh",
    ),
    _fact(
        "has_high_bleeding_risk",
        "high risk of bleeding",
        "--high-bleeding-risk",
        definition="earlier bleeding or ulcer of stomach or bowel, bleeding elsewhere, low "
        "platelets, severe kidney disease, or a drug that adds to bleeding",
    ),
    _fact(
        "has_symptoms",
        "symptoms",
        "--symptoms",
        definition="chest pain or breathlessness that needs a diagnosis now",
    ),
    _fact("is_pregnant", "pregnancy", "--pregnant"),
    PersonField(
        name="region", label="SCORE2 region of Europe", options=("--region",), choices=Region
    ),
)

PERSON_FIELDS: dict[str, PersonField] = {each.name: each for each in _FIELDS}

# Choices of corcal: beyond these two facts cannot both be right, with room for errors of measuring.
_MOST_OF_TOTAL = 1.1  # HDL and LDL measured each by itself can add up to a little over the total
_NO_PREGNANCY_FROM_YEARS = 75
_HBA1C_OF_DIABETES = 10.0  # percent; diabetes is from 6.5, once confirmed

_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*([^\s\d.,].*?)?\s*")


def read_value(name: str, text: str) -> float:
    """Read a number that may have its unit behind it.

    Parameters
    ----------
    name : str
        A field of `PERSON_FIELDS` that is a number.
    text : str
        ``"201"``, ``"201 mg/dL"`` or ``"5.2 mmol/L"``.

    Returns
    -------
    float
        In the unit of the field. Its range is for `check_person` to check.

    Raises
    ------
    InputError
        If it is no number, or the unit is none of the field's.

    Examples
    --------
    >>> round(read_value("total_cholesterol_mg_dl", "5.2 mmol/L"))
    201
    """
    wanted = PERSON_FIELDS[name]
    units = [unit for unit in (wanted.unit, *wanted.other_units) if unit]
    found = _NUMBER_AND_UNIT.fullmatch(text)
    if found is None:
        msg = f"{wanted.label} is a number, got {text!r}; allowed: {wanted.allowed}"
        raise InputError(msg)
    number, unit = float(found[1]), found[2]
    if unit is None or unit.lower() == wanted.unit.lower():
        return number
    for other, convert in wanted.other_units.items():
        if unit.lower() == other.lower():
            return convert(number)
    msg = f"the unit of {wanted.label} is {' or '.join(units) or 'none'}, got {unit!r}"
    raise InputError(msg)


def check_person(person: Person) -> None:
    """Refuse what no person can have, and what contradicts itself; change nothing.

    Parameters
    ----------
    person : Person
        Unknown fields are fine.

    Raises
    ------
    InputError
        For the first field that is wrong: its name, the value and what is allowed. A value in
        another unit is recognised where the ranges tell the units apart.
    """
    for each in PERSON_FIELDS.values():
        problem = _problem(each, getattr(person, each.name))
        if problem is not None:
            raise InputError(problem)
    for problem in _contradictions(person):
        raise InputError(problem)


def _problem(each: PersonField, value: object) -> str | None:
    if value is None:
        return f"{each.label} is needed: {each.allowed}" if each.is_required else None
    if each.choices is not None:
        return _problem_of_choice(each, value)
    if each.is_number:
        return _problem_of_number(each, value)
    if not isinstance(value, bool):  # 1 is no yes: conditions would read it as a no
        return f"{each.label} ({each.name}) is {each.allowed} (True, False or None), got {value!r}"
    return None


def _problem_of_choice(each: PersonField, value: object) -> str | None:
    known = [str(choice) for choice in each.choices or ()]
    if value in known:
        return None
    return f"{each.label} is none of {', '.join(known)}: got {value!r}"


def _problem_of_number(each: PersonField, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        return f"{each.label} ({each.name}) is a number of {each.allowed}, got {value!r}"
    number = float(value)
    if each.is_whole and not number.is_integer():
        return f"{each.label} is a whole number of {each.allowed}, got {number:g}"
    if (each.low or 0.0) <= number <= (each.high or 0.0):
        return None
    found = f"{each.label} of {number:g} {each.unit}".rstrip()
    return f"{found} is outside {each.allowed}{_unit_hint(each, number)}"


def _unit_hint(each: PersonField, value: float) -> str:
    low, high = each.low or 0.0, each.high or 0.0
    for unit, convert in each.other_units.items():
        if low <= convert(value) <= high:
            return (
                f"; {value:g} looks like {unit}: give it as {convert(value):.3g} {each.unit},"
                f" or write the unit, '{value:g} {unit}', on the command line"
            )
    return ""


def _contradictions(person: Person) -> Iterator[str]:
    total = person.total_cholesterol_mg_dl
    for label, part in (("HDL", person.hdl_mg_dl), ("LDL", person.ldl_mg_dl)):
        if total is not None and part is not None and part >= total:
            yield (
                f"{label} cholesterol of {part:g} mg/dL is not below the total cholesterol of"
                f" {total:g} mg/dL, of which it is a part"
            )
    yield from _contradicted_lipids(person)
    yield from _contradicted_facts(person)


def _contradicted_lipids(person: Person) -> Iterator[str]:
    total, hdl, ldl = person.total_cholesterol_mg_dl, person.hdl_mg_dl, person.ldl_mg_dl
    if total is None or hdl is None or ldl is None:
        return
    if hdl + ldl > _MOST_OF_TOTAL * total + 1e-9:
        yield (
            f"HDL and LDL cholesterol are {hdl + ldl:g} mg/dL together, and the total cholesterol,"
            f" of which both are parts, is {total:g} mg/dL"
        )


def _contradicted_facts(person: Person) -> Iterator[str]:
    if person.is_pregnant and person.sex == Sex.MALE:
        yield "pregnancy (is_pregnant) is yes, but sex is male"
    if person.is_pregnant and person.age_years >= _NO_PREGNANCY_FROM_YEARS:
        yield f"pregnancy (is_pregnant) is yes, but age is {person.age_years:g} years"
    hba1c = person.hba1c_percent
    if person.has_diabetes is False and hba1c is not None and hba1c >= _HBA1C_OF_DIABETES:
        yield f"HbA1c of {hba1c:g} % is one of diabetes, but diabetes (has_diabetes) is no"
    if person.premature_family_history and person.family_history is False:
        yield (
            "an early heart attack in the family (premature_family_history) is also a heart"
            " attack in the family, but family_history is no"
        )
