"""The options that describe a person, made from the one table of a person's fields."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from corcal.errors import InputError
from corcal.risk.person import PERSON_FIELDS, PersonField, check_person, read_value
from corcal.risk.types import Person, Sex
from corcal.risk.units import creatinine_to_mg_dl, egfr_ckd_epi_2021

if TYPE_CHECKING:
    from corcal.risk.interpretation_types import Interpretation

__all__ = [
    "UNITS",
    "has_mmol",
    "make_person",
    "person_options",
    "trust_option",
    "typed_facts",
    "warn_of_headers",
]

UNITS = ("mg/dl", "mmol/l")  # of cholesterol without a unit behind it
_ALSO = {"has_high_bleeding_risk": ("--bleeding-risk",)}  # a second, shorter name
_ANYBODY: dict[str, Any] = {"age_years": 50.0, "sex": Sex.FEMALE}
_MIN_CREATININE_MG_DL, _MAX_CREATININE_MG_DL = 0.1, 30.0
_CREATININE = re.compile(
    r"(\d+\.?\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?)\s*(mg/dl|[uµμ]mol/l)?",
    flags=re.ASCII | re.IGNORECASE,
)

Command = Callable[..., Any]


def person_options(command: Command) -> Command:
    """Add an option for each field of `Person`, and those for units and creatinine."""
    command = click.option(
        "--unit",
        type=click.Choice(UNITS, case_sensitive=False),
        default=UNITS[0],
        show_default=True,
        help="Of cholesterol that has no unit behind it; mmol/l also means creatinine in umol/L.",
    )(command)
    command = click.option(
        "--creatinine", metavar="NUMBER", help="Serum creatinine, instead of --egfr: mg/dL, umol/L."
    )(command)
    for each in reversed(PERSON_FIELDS.values()):
        command = click.option(*_names(each), each.name, **_kind(each))(command)
    return command


trust_option = click.option(
    "--trust-typed",
    "is_typed_right",
    is_flag=True,
    help="Take the --sex that is typed, though the headers of the scan have the other one.",
)


def typed_facts(given: dict[str, Any], *, unit: str, creatinine: str | None) -> dict[str, Any]:
    """Read what was typed about a person, by field of `Person`; what was not given is absent.

    Parameters
    ----------
    given : dict
        Value of each option of `person_options`, by field.
    unit : str
        One of `UNITS`.
    creatinine : str or None
        Kept under ``"creatinine"``, in mg/dL: it becomes an eGFR once age and sex are known.

    Returns
    -------
    dict
        In the units of `Person`.

    Raises
    ------
    InputError
        If a number is none, or its unit is not one of its field.
    """
    facts = {
        name: _read(PERSON_FIELDS[name], value, unit)
        for name, value in given.items()
        if value is not None
    }
    if creatinine is not None:
        if "egfr" in facts:
            msg = "give --egfr or --creatinine, not both"
            raise click.UsageError(msg)
        facts["creatinine"] = _creatinine_mg_dl(creatinine, unit)
    return facts


def has_mmol(given: dict[str, Any], *, unit: str) -> bool:
    """Whether somebody who types this thinks of cholesterol in mmol/L.

    Examples
    --------
    >>> has_mmol({"hdl_mg_dl": "1.3 mmol/L"}, unit="mg/dl")
    True
    """
    lipids = [each.name for each in PERSON_FIELDS.values() if "mmol/L" in each.other_units]
    typed = [str(given.get(name) or "").lower() for name in lipids]
    return unit.lower() == UNITS[1] or any(text.endswith(UNITS[1]) for text in typed)


def make_person(facts: dict[str, Any]) -> Person | None:
    """Make the person of what is known.

    Parameters
    ----------
    facts : dict
        As of `typed_facts`.

    Returns
    -------
    Person or None
        ``None`` if age or sex is not known.

    Raises
    ------
    InputError
        If a fact is outside its range, also where nobody can be made of it.
    """
    known = {name: value for name, value in facts.items() if name != "creatinine"}
    check_person(Person(**(_ANYBODY | known)))
    is_somebody = known.keys() >= _ANYBODY.keys()
    if "creatinine" in facts:
        if not is_somebody:
            msg = "--creatinine becomes an eGFR with age and sex: give --age and --sex"
            raise click.UsageError(msg)
        age, sex = known["age_years"], known["sex"]
        known["egfr"] = _egfr(facts["creatinine"], age, sex)
    return Person(**known) if is_somebody else None


def warn_of_headers(meaning: "Interpretation | None") -> None:
    """Say on stderr which age or sex was taken against the headers of the scan."""
    # only here: a command that interprets nothing starts without the guidance
    from corcal.report.interpretation_choice import header_doubts

    for text in [] if meaning is None else header_doubts(meaning):
        click.echo(f"caution: {text}", err=True)


def _egfr(creatinine_mg_dl: float, age_years: float, sex: Sex) -> float:
    """Turn creatinine into an eGFR; where no person has that, blame what was typed."""
    egfr = egfr_ckd_epi_2021(creatinine_mg_dl, age_years=age_years, sex=sex)
    wanted = PERSON_FIELDS["egfr"]
    if not (wanted.low or 0.0) <= egfr <= (wanted.high or 0.0):
        msg = (
            f"--creatinine of {creatinine_mg_dl:.3g} mg/dL would be an eGFR of {egfr:.3g}"
            f" {wanted.unit}, outside {wanted.allowed}"
        )
        raise InputError(msg)
    return egfr


def _names(each: PersonField) -> tuple[str, ...]:
    names = each.options + _ALSO.get(each.name, ())
    if each.is_number or each.choices is not None:
        return names
    return tuple(f"{name}/--no-{name.removeprefix('--')}" for name in names)


def _kind(each: PersonField) -> dict[str, Any]:
    """Say how click reads an option; numbers stay text, because a unit may follow them."""
    is_name = each.label[1].isupper()  # eGFR stays as it is
    label = each.label if is_name else each.label[0].upper() + each.label[1:]
    if each.definition:
        label = f"{label}: {each.definition}"
    if each.choices is not None:
        return {
            "type": click.Choice(list(each.choices), case_sensitive=False),
            "help": f"{label}.",
        }
    if each.is_number:
        units = "".join(f", or in {unit}" for unit in each.other_units)
        return {"metavar": "NUMBER", "help": f"{label}: {each.allowed}{units}."}
    return {"default": None, "help": f"{label}."}


def _read(each: PersonField, value: Any, unit: str) -> Any:
    if each.choices is not None:
        return each.choices(value)
    if not each.is_number:
        return value
    if unit.lower() == "mmol/l" and "mmol/L" in each.other_units and value[-1:].isdigit():
        value = f"{value} mmol/L"
    number = read_value(each.name, value)
    return int(number) if each.is_whole and number.is_integer() else number


def _creatinine_mg_dl(text: str, unit: str) -> float:
    found = _CREATININE.fullmatch(text.strip())
    if found is None:
        msg = f"creatinine is a number, got {text!r}; allowed: 0.1 to 30 mg/dL, 9 to 2652 umol/L"
        raise InputError(msg)
    written = found[2] or ("umol/l" if unit.lower() == "mmol/l" else "mg/dl")
    number = float(found[1])
    value = number if written.lower() == "mg/dl" else creatinine_to_mg_dl(number)
    if not _MIN_CREATININE_MG_DL <= value <= _MAX_CREATININE_MG_DL:
        msg = f"creatinine of {text} is outside 0.1 to 30 mg/dL (9 to 2652 umol/L)"
        raise InputError(msg)
    return value
