"""PREVENT of 2023: five outcomes in 10 and 30 years, base model and optional measurements."""

import csv
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from corcal.errors import InputError
from corcal.risk.person import check_person
from corcal.risk.types import Estimate, Person
from corcal.risk.units import cholesterol_to_mmol_l
from corcal.risk.validity import Facts, Scope, estimate

__all__ = ["PREVENT_MODELS", "PREVENT_OUTCOMES", "add_on_of", "prevent", "prevent_model"]

SOURCE = "khan2024"

PREVENT_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")
PREVENT_MODELS = ("base", "uacr", "hba1c", "sdi", "full")
PREVENT_YEARS = (10, 30)

# What the optional models add, and the range in which each is used.
_OPTIONAL = {"uacr": "uacr_mg_g", "hba1c": "hba1c_percent", "sdi": "sdi_decile"}
_OPTIONAL_LIMITS: dict[str, tuple[float, float]] = {
    "uacr_mg_g": (0.1, 25000),
    "hba1c_percent": (4.5, 15),
    "sdi_decile": (1, 10),
}
_LIMITS: dict[str, tuple[float, float]] = {
    "systolic_mmhg": (90, 180),
    "total_cholesterol_mg_dl": (130, 320),
    "hdl_mg_dl": (20, 100),
    "bmi": (18.5, 39.9),
    "egfr": (15, 140),
}
_LAST_AGE = {10: 79, 30: 59}  # risk over 30 years is not made for people older than that

_LIPIDS = ("total_cholesterol_mg_dl", "hdl_mg_dl")
_Term = tuple[tuple[str, ...], Callable[[Facts], float]]


def prevent(person: Person) -> tuple[Estimate, ...]:
    """Estimate all outcomes of PREVENT [1] in 10 and 30 years.

    ``1 / (1 + exp(-sum of coefficient times term))``. The outcomes are total cardiovascular
    disease (the next two together), ASCVD (coronary heart disease and stroke), heart failure,
    coronary heart disease, stroke.

    Parameters
    ----------
    person : Person
        30 to 79 years (30 to 59 for 30 years), without known cardiovascular disease; systolic
        pressure 90 to 180 mmHg, total cholesterol 130 to 320 and HDL 20 to 100 mg/dL, body mass
        index 18.5 to 39.9, eGFR 15 to 140. The body mass index is needed for heart failure only,
        cholesterol and statin for all but heart failure.

    Returns
    -------
    tuple of Estimate
        Ten of the base model, ``"prevent"``; then, if HbA1c, albumin-creatinine ratio or
        deprivation is known, ten of the model that uses them: ``"prevent_hba1c"``,
        ``"prevent_uacr"``, ``"prevent_sdi"``, or ``"prevent_full"`` if two or three are known.

    Raises
    ------
    InputError
        If the person has a field that is out of range.

    References
    ----------
    .. [1] Khan SS et al. Circulation 2024;149:430-449. doi:10.1161/CIRCULATIONAHA.123.067626

    Examples
    --------
    >>> from corcal.risk.types import Sex
    >>> person = Person(
    ...     age_years=50, sex=Sex.FEMALE, systolic_mmhg=160, total_cholesterol_mg_dl=200,
    ...     hdl_mg_dl=45, egfr=90, bmi=35, has_diabetes=True, smokes=False,
    ...     takes_bp_medication=True, takes_statin=False,
    ... )
    >>> [(each.outcome, round(each.fraction, 3)) for each in prevent(person)[:3]]
    [('total_cvd', 0.147), ('ascvd', 0.092), ('heart_failure', 0.081)]
    """
    add_on = add_on_of(person)
    models = ("base",) if add_on is None else ("base", add_on)
    return tuple(each for model in models for each in prevent_model(person, model=model))


def add_on_of(person: Person) -> str | None:
    """Name the optional model that uses all that is known.

    Parameters
    ----------
    person : Person
        Who it is.

    Returns
    -------
    str or None
        ``"uacr"``, ``"hba1c"``, ``"sdi"``, ``"full"`` from two known on, or ``None``.
    """
    known = [model for model, name in _OPTIONAL.items() if getattr(person, name) is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else "full"


def prevent_model(person: Person, *, model: str) -> tuple[Estimate, ...]:
    """Estimate all outcomes in 10 and 30 years with one of the models.

    Parameters
    ----------
    person : Person
        As for `prevent`.
    model : str
        One of `PREVENT_MODELS`. A measurement that the model adds and that is not known enters
        with the model's own coefficient for *missing*, as the source has it.

    Returns
    -------
    tuple of Estimate
        Five outcomes in 10 years, then five in 30.

    Raises
    ------
    InputError
        If there is no such model, or the person has a field that is out of range.
    """
    if model not in PREVENT_MODELS:
        msg = f"a model of PREVENT is one of {', '.join(PREVENT_MODELS)}, got {model!r}"
        raise InputError(msg)
    check_person(person)
    return tuple(
        _estimate(person, model, years, outcome)
        for years in PREVENT_YEARS
        for outcome in PREVENT_OUTCOMES
    )


def _estimate(person: Person, model: str, years: int, outcome: str) -> Estimate:
    coefficients = _coefficients()[model, years, str(person.sex), outcome]
    return estimate(
        person,
        lambda facts: _logistic(
            sum(coefficient * _TERMS[name][1](facts) for name, coefficient in coefficients.items())
        ),
        model="prevent" if model == "base" else f"prevent_{model}",
        outcome=outcome,
        years=years,
        scope=_scope(model, years),
        needed={field for name in coefficients for field in _TERMS[name][0]},
        source=SOURCE,
        note=_note(person, model),
    )


def _added(model: str) -> tuple[str, ...]:
    """Return the optional fields that a model uses."""
    if model == "full":
        return tuple(_OPTIONAL.values())
    return (_OPTIONAL[model],) if model in _OPTIONAL else ()


def _scope(model: str, years: int) -> Scope:
    return Scope(
        name="PREVENT" if years == 10 else f"PREVENT over {years} years",
        first_age=30,
        last_age=_LAST_AGE[years],
        limits={**_LIMITS, **{name: _OPTIONAL_LIMITS[name] for name in _added(model)}},
        exclusions={
            "has_known_ascvd": "known cardiovascular disease: PREVENT is of a first event",
        },
    )


def _note(person: Person, model: str) -> str | None:
    unknown = [name for name in _added(model) if getattr(person, name) is None]
    if not unknown:
        return None
    return f"not known, and taken as the model takes what is missing: {', '.join(unknown)}"


def _logistic(total: float) -> float:
    return 1.0 / (1.0 + math.exp(-total))


@lru_cache(maxsize=1)
def _coefficients() -> Mapping[tuple[str, int, str, str], Mapping[str, float]]:
    """Read tables/prevent.csv: supplementary tables S12A to S12J; an empty cell is no term."""
    text = (files("corcal.risk") / "tables" / "prevent.csv").read_text(encoding="utf-8")
    table = {}
    for row in csv.DictReader(text.splitlines()):
        key = (row.pop("model"), int(row.pop("years")), row.pop("sex"), row.pop("outcome"))
        table[key] = MappingProxyType({term: float(cell) for term, cell in row.items() if cell})
    return MappingProxyType(table)


def _age(facts: Facts) -> float:
    return (facts["age_years"] - 55) / 10


def _non_hdl(facts: Facts) -> float:
    non_hdl_mg_dl = facts["total_cholesterol_mg_dl"] - facts["hdl_mg_dl"]
    return cholesterol_to_mmol_l(non_hdl_mg_dl) - 3.5


def _hdl(facts: Facts) -> float:
    return (cholesterol_to_mmol_l(facts["hdl_mg_dl"]) - 1.3) / 0.3


def _systolic_from_110(facts: Facts) -> float:
    return (max(facts["systolic_mmhg"], 110) - 130) / 20


def _bmi_from_30(facts: Facts) -> float:
    return (max(facts["bmi"], 30) - 30) / 5


def _egfr_below_60(facts: Facts) -> float:
    return (min(facts["egfr"], 60) - 60) / -15


def _is_missing(name: str) -> Callable[[Facts], float]:
    return lambda facts: float(name not in facts)


def _decile_within(low: int, high: int) -> Callable[[Facts], float]:
    return lambda facts: float(low <= facts.get("sdi_decile", 0) <= high)


def _hba1c_above_5_3(facts: Facts) -> float:
    return facts.get("hba1c_percent", 5.3) - 5.3


# Each term of the models: the fields that it needs and how it is made of them, supplement S12.
# Pressure, body mass index and eGFR have one slope on each side of a knot: 110, 30 and 60.
_TERMS: dict[str, _Term] = {
    "constant": ((), lambda _: 1.0),
    "age": ((), _age),
    "age2": ((), lambda facts: _age(facts) ** 2),
    "nonhdl": (_LIPIDS, _non_hdl),
    "hdl": (("hdl_mg_dl",), _hdl),
    "sbp_lt110": (("systolic_mmhg",), lambda facts: (min(facts["systolic_mmhg"], 110) - 110) / 20),
    "sbp_ge110": (("systolic_mmhg",), _systolic_from_110),
    "dm": (("has_diabetes",), lambda facts: facts["has_diabetes"]),
    "smoking": (("smokes",), lambda facts: facts["smokes"]),
    "bmi_lt30": (("bmi",), lambda facts: (min(facts["bmi"], 30) - 25) / 5),
    "bmi_ge30": (("bmi",), _bmi_from_30),
    "egfr_lt60": (("egfr",), _egfr_below_60),
    "egfr_ge60": (("egfr",), lambda facts: (max(facts["egfr"], 60) - 90) / -15),
    "bp_tx": (("takes_bp_medication",), lambda facts: facts["takes_bp_medication"]),
    "statin": (("takes_statin",), lambda facts: facts["takes_statin"]),
    "bp_tx_x_sbp_ge110": (
        ("takes_bp_medication", "systolic_mmhg"),
        lambda facts: facts["takes_bp_medication"] * _systolic_from_110(facts),
    ),
    "statin_x_nonhdl": (
        ("takes_statin", *_LIPIDS),
        lambda facts: facts["takes_statin"] * _non_hdl(facts),
    ),
    "age_x_nonhdl": (_LIPIDS, lambda facts: _age(facts) * _non_hdl(facts)),
    "age_x_hdl": (("hdl_mg_dl",), lambda facts: _age(facts) * _hdl(facts)),
    "age_x_sbp_ge110": (
        ("systolic_mmhg",),
        lambda facts: _age(facts) * _systolic_from_110(facts),
    ),
    "age_x_dm": (("has_diabetes",), lambda facts: _age(facts) * facts["has_diabetes"]),
    "age_x_smoking": (("smokes",), lambda facts: _age(facts) * facts["smokes"]),
    "age_x_bmi_ge30": (("bmi",), lambda facts: _age(facts) * _bmi_from_30(facts)),
    "age_x_egfr_lt60": (("egfr",), lambda facts: _age(facts) * _egfr_below_60(facts)),
    # The optional measurements: none is needed, each has a coefficient for its absence. Deciles
    # 1 to 3 of deprivation are the reference.
    "sdi_4_6": ((), _decile_within(4, 6)),
    "sdi_7_10": ((), _decile_within(7, 10)),
    "sdi_missing": ((), _is_missing("sdi_decile")),
    "ln_uacr": ((), lambda facts: math.log(facts.get("uacr_mg_g", 1.0))),
    "uacr_missing": ((), _is_missing("uacr_mg_g")),
    "hba1c_dm": (
        ("has_diabetes",),
        lambda facts: facts["has_diabetes"] * _hba1c_above_5_3(facts),
    ),
    "hba1c_nodm": (
        ("has_diabetes",),
        lambda facts: (1.0 - facts["has_diabetes"]) * _hba1c_above_5_3(facts),
    ),
    "hba1c_missing": ((), _is_missing("hba1c_percent")),
}
