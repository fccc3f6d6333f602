"""What is known of a person and a score: the only names that a condition may use."""

from collections.abc import Mapping
from dataclasses import dataclass

from corcal.risk.percentile_tables import MESA_AGES_YEARS
from corcal.risk.types import HIGHEST_PERCENTILE, Estimate, Person, Race, Sex
from corcal.risk.validity import WITHOUT_GATING

__all__ = ["FACTS", "QUANTITIES", "Fact", "Facts", "Quantity", "facts_of"]

SEVERE_LDL_MG_DL = 190.0  # 2018 AHA/ACC, doi:10.1161/CIR.0000000000000625
MIN_EGFR = 60.0  # chronic kidney disease from stage 3 on
HIGH_SYSTOLIC_MMHG = 130.0  # stage 1, 2025 AHA/ACC, doi:10.1161/HYP.0000000000000249
_SEVERAL = 2  # choice: "several major risk factors" of the NLA 2020
MAX_AGE_OF_PREGNANCY_YEARS = 55.0  # choice: above it, and for men, it need not be asked
# The model that uses the most of what is known is the one that is shown, and used here.
_PREVENT_MODELS = ("prevent_full", "prevent_uacr", "prevent_hba1c", "prevent_sdi", "prevent")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that a condition may use.

    Attributes
    ----------
    label : str
        In a sentence.
    unit : str
        Behind the number; ``"%"`` shows a fraction as percent.
    highest : float or None
        The last value that it has, which stands for all that is higher.
    """

    label: str
    unit: str = ""
    highest: float | None = None

    def shown(self, value: float) -> str:
        """Write a value with its unit, with the digits that tell it from an edge."""
        number = value * 100 if self.unit == "%" else value
        digits = f"{number:.2f}".rstrip("0").rstrip(".")
        more = " or higher" if value == self.highest else ""
        return f"{digits} {self.unit}".rstrip() + more


@dataclass(frozen=True, slots=True)
class Fact:
    """A yes or no that a condition may use.

    Attributes
    ----------
    label : str
        In a sentence, if it is so.
    absent : str or None
        If it is not so; ``"no ..."`` by default.
    can_change : bool
        False for what nobody would name as a change, such as sex.
    """

    label: str
    absent: str | None = None
    can_change: bool = True

    def words(self, is_so: bool) -> str:
        """Write the fact or its absence."""
        return self.label if is_so else self.absent or f"no {self.label}"


QUANTITIES: dict[str, Quantity] = {
    "agatston": Quantity("Agatston score"),
    "percentile": Quantity("MESA percentile", highest=HIGHEST_PERCENTILE),
    "age": Quantity("age", "years"),
    "ldl": Quantity("LDL cholesterol", "mg/dL"),
    "systolic": Quantity("systolic pressure", "mmHg"),
    "prevent_ascvd": Quantity("10-year ASCVD risk by PREVENT", "%"),
    "prevent_cvd": Quantity("10-year total CVD risk by PREVENT", "%"),
    "pce": Quantity("10-year ASCVD risk by the Pooled Cohort Equations", "%"),
    "score2": Quantity("10-year CVD risk by SCORE2 or SCORE2-OP", "%"),
}

FACTS: dict[str, Fact] = {
    "male": Fact("man", "woman", can_change=False),
    "female": Fact("woman", "man", can_change=False),
    "white_or_black": Fact("White or Black", "neither White nor Black", can_change=False),
    "gated": Fact("ECG-gated scan", "scan without ECG gating"),
    "maybe_gated": Fact("scan that is ECG-gated or may be", can_change=False),
    "gating_unknown": Fact(
        "it is not known whether the scan is ECG-gated",
        "it is known whether the scan is ECG-gated",
        can_change=False,
    ),
    "device": Fact("device left out of the score", "no device left out of the score"),
    "known_ascvd": Fact("known cardiovascular disease"),
    "told_ascvd": Fact(
        "cardiovascular disease that is told, not only supposed from a device",
        "no cardiovascular disease that is told",
    ),
    "undecided": Fact("facts that decide are not known", "what decides is known", can_change=False),
    "symptoms": Fact("symptoms now"),
    "pregnant": Fact("pregnancy"),
    "diabetes": Fact("diabetes"),
    "smokes": Fact("current smoking"),
    "severe_cholesterol": Fact("familial hypercholesterolaemia or LDL cholesterol from 190 mg/dL"),
    "premature_family": Fact("premature cardiovascular disease in the family"),
    "statin": Fact("lipid-lowering drug taken"),
    "bp_drug": Fact("blood pressure drug taken"),
    "bleeding": Fact("high risk of bleeding"),
    "kidney_disease": Fact("eGFR below 60", "eGFR of 60 or more"),
    "several_factors": Fact(
        "two or more of diabetes, smoking, high blood pressure, severe hypercholesterolaemia",
        "less than two of diabetes, smoking, high blood pressure, severe hypercholesterolaemia",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the conditions can see.

    Attributes
    ----------
    quantities : mapping of str to float or None
        Key of `QUANTITIES`; None is not known.
    known : mapping of str to bool or None
        Key of `FACTS`; None is not known.
    words : mapping of str to str
        Better words than the label for a fact of this person, or for a number that cannot be
        known.
    """

    quantities: Mapping[str, float | None]
    known: Mapping[str, bool | None]
    words: Mapping[str, str]


def facts_of(
    person: Person,
    *,
    agatston: float,
    percentile: int | None,
    estimates: tuple[Estimate, ...],
    is_gated: bool | None,
    has_device_excluded: bool,
) -> Facts:
    """Gather what the conditions can see.

    Parameters
    ----------
    person : Person
        What is known of the person.
    agatston : float
        The score.
    percentile : int or None
        Of MESA.
    estimates : tuple of Estimate
        Of all models.
    is_gated : bool or None
        Of the scan.
    has_device_excluded : bool
        Of the score.

    Returns
    -------
    Facts
        Each name of `QUANTITIES` and `FACTS`, known or not.
    """
    quantities: dict[str, float | None] = {
        "agatston": agatston,
        "percentile": percentile,
        "age": person.age_years,
        "ldl": person.ldl_mg_dl,
        "systolic": person.systolic_mmhg,
        "prevent_ascvd": _risk(estimates, _PREVENT_MODELS, "ascvd"),
        "prevent_cvd": _risk(estimates, _PREVENT_MODELS, "total_cvd"),
        "pce": _risk(estimates, ("pce",), None),
        "score2": _risk(estimates, ("score2", "score2_op"), None),
    }
    known = _known(person, is_gated=is_gated, has_device_excluded=has_device_excluded)
    return Facts(quantities=quantities, known=known, words=_words(person, known))


def _known(
    person: Person, *, is_gated: bool | None, has_device_excluded: bool
) -> dict[str, bool | None]:
    is_male = person.sex == Sex.MALE
    return {
        "male": is_male,
        "female": not is_male,
        "white_or_black": None if person.race is None else person.race in (Race.WHITE, Race.BLACK),
        "gated": is_gated,
        "maybe_gated": is_gated is not False,
        "gating_unknown": is_gated is None,
        "device": has_device_excluded,
        "known_ascvd": _known_ascvd(person, has_device_excluded=has_device_excluded),
        "told_ascvd": person.has_known_ascvd,
        "undecided": bool(_undecided(person)),
        "symptoms": person.has_symptoms,
        "pregnant": _is_pregnant(person),
        "diabetes": person.has_diabetes,
        "smokes": person.smokes,
        "severe_cholesterol": _severe_cholesterol(person),
        "premature_family": _premature_family(person),
        "statin": person.takes_statin,
        "bp_drug": person.takes_bp_medication,
        "bleeding": person.has_high_bleeding_risk,
        "kidney_disease": None if person.egfr is None else person.egfr < MIN_EGFR,
        "several_factors": _several_factors(person),
    }


def _risk(
    estimates: tuple[Estimate, ...], models: tuple[str, ...], outcome: str | None
) -> float | None:
    usable = {
        each.model: each.fraction
        for each in estimates
        if each.years == 10
        and each.fraction is not None
        and each.model in models
        and outcome in (None, each.outcome)
    }
    return next((usable[model] for model in models if model in usable), None)


def _known_ascvd(person: Person, *, has_device_excluded: bool) -> bool | None:
    """Take a device for a stent, known disease, unless it is said that there is none."""
    if person.has_known_ascvd is None and has_device_excluded:
        return True
    return person.has_known_ascvd


def _is_pregnant(person: Person) -> bool | None:
    if person.is_pregnant is not None:
        return person.is_pregnant
    can_be = person.sex == Sex.FEMALE and person.age_years < MAX_AGE_OF_PREGNANCY_YEARS
    return None if can_be else False


def _severe_cholesterol(person: Person) -> bool | None:
    ldl = person.ldl_mg_dl
    if person.has_familial_hypercholesterolaemia or (ldl is not None and ldl >= SEVERE_LDL_MG_DL):
        return True
    if person.has_familial_hypercholesterolaemia is False:
        return False
    # A low LDL cholesterol on a drug says nothing of what it was without.
    return False if ldl is not None and person.takes_statin is False else None


def _several_factors(person: Person) -> bool | None:
    """Count what is known to be there, and what could be."""
    factors = (
        person.has_diabetes,
        person.smokes,
        _high_pressure(person),
        _severe_cholesterol(person),
    )
    if factors.count(True) >= _SEVERAL:
        return True
    return None if factors.count(True) + factors.count(None) >= _SEVERAL else False


def _high_pressure(person: Person) -> bool | None:
    systolic = person.systolic_mmhg
    if person.takes_bp_medication or (systolic is not None and systolic >= HIGH_SYSTOLIC_MMHG):
        return True
    return False if systolic is not None and person.takes_bp_medication is False else None


def _premature_family(person: Person) -> bool | None:
    """Nobody with a heart attack at any age is nobody with an early one."""
    if person.premature_family_history is None and person.family_history is False:
        return False
    return person.premature_family_history


def _undecided(person: Person) -> tuple[str, ...]:
    """Return which of the facts that leave out whole groups of statements are not known."""
    answers = {
        "known_ascvd": person.has_known_ascvd,
        "symptoms": person.has_symptoms,
        "pregnant": _is_pregnant(person),
    }
    return tuple(FACTS[name].label for name, answer in answers.items() if answer is None)


def _words(person: Person, known: Mapping[str, bool | None]) -> dict[str, str]:
    words = {"undecided": f"not known: {', '.join(_undecided(person))}"}
    why = WITHOUT_GATING if known["gated"] is False else _why_no_percentile(person)
    if why is not None:
        words["percentile"] = f"a score that is high for the age ({why})"
    if known["known_ascvd"] and not person.has_known_ascvd:
        words["known_ascvd"] = "a device was left out of the score, which may be a stent"
    return words


def _why_no_percentile(person: Person) -> str | None:
    """Say why MESA has no percentile, where nothing that could be told would give one."""
    if int(person.age_years) not in MESA_AGES_YEARS:
        first, last = MESA_AGES_YEARS[0], MESA_AGES_YEARS[-1]
        return f"MESA has percentiles from {first} to {last} years"
    return "MESA has no percentiles of this group" if person.race == Race.OTHER else None
