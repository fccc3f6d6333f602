"""MESA 2015: 10-year risk of coronary heart disease, without and with the calcium score."""

import math
from dataclasses import dataclass

from corcal.risk.checks import check_agatston
from corcal.risk.person import check_person
from corcal.risk.types import Estimate, Person, Race, Sex
from corcal.risk.validity import WITHOUT_GATING, Facts, Scope, estimate

__all__ = ["CalciumDifference", "calcium_difference", "mesa_chd"]

SOURCE = "mcclelland2015"

# McClelland 2015, table 2, doi:10.1016/j.jacc.2015.08.035: natural units, nothing is centred.
_WITHOUT_CAC = {
    "age_years": 0.0455,
    "has_diabetes": 0.5168,
    "smokes": 0.4732,
    "total_cholesterol_mg_dl": 0.0053,
    "hdl_mg_dl": -0.0140,
    "takes_statin": 0.2473,
    "systolic_mmhg": 0.0085,
    "takes_bp_medication": 0.3381,
    "family_history": 0.4522,
}
_WITH_CAC = {
    "age_years": 0.0172,
    "has_diabetes": 0.3892,
    "smokes": 0.3717,
    "total_cholesterol_mg_dl": 0.0043,
    "hdl_mg_dl": -0.0114,
    "takes_statin": 0.1206,
    "systolic_mmhg": 0.0066,
    "takes_bp_medication": 0.2278,
    "family_history": 0.3239,
}
_MALE_WITHOUT, _MALE_WITH = 0.7496, 0.4079
# The sign of the coefficient of Black people changes when the calcium is known.
_RACE_WITHOUT = {Race.WHITE: 0.0, Race.CHINESE: -0.5055, Race.BLACK: -0.2111, Race.HISPANIC: -0.19}
_RACE_WITH = {Race.WHITE: 0.0, Race.CHINESE: -0.3475, Race.BLACK: 0.0353, Race.HISPANIC: -0.0222}
_LN_CAC_PLUS_1 = 0.2743
_SURVIVAL_WITHOUT, _SURVIVAL_WITH = 0.99963, 0.99833

_SCOPE = Scope(
    name="the MESA risk score",
    first_age=45,
    last_age=84,
    exclusions={
        "has_known_ascvd": "known cardiovascular disease: MESA followed people without it",
    },
)
_OTHER_RACE = (
    "race 'other': the MESA risk score has terms for white, black, hispanic and chinese only, and"
    " none is taken for another"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalciumDifference:
    """What knowing the calcium changes for one person.

    Attributes
    ----------
    without_cac, with_cac : Estimate
        The two models.
    text : str or None
        ``"7.9 % without the scan, 12.4 % with it"``; of a scan without ECG gating the first half
        alone; ``None`` if there is no number.
    """

    without_cac: Estimate
    with_cac: Estimate
    text: str | None


def mesa_chd(
    person: Person, *, agatston: float | None = None, is_gated: bool | None = True
) -> Estimate:
    """Estimate the 10-year risk of coronary heart disease, MESA 2015 [1].

    ``1 - s0 ** exp(sum of coefficient times value)``; the score enters as ``ln(score + 1)``.
    The outcome is a first myocardial infarction, resuscitated cardiac arrest, death of coronary
    heart disease, or revascularisation with adjudicated angina.

    Parameters
    ----------
    person : Person
        45 to 84 years, of one of MESA's four groups, without known cardiovascular disease. An
        early heart attack in the family is also one at any age.
    agatston : float, optional
        The score. With it, the model that knows the calcium is used.
    is_gated : bool or None
        Of the scan. The scores of MESA are of gated scans: without gating the model that knows the
        calcium is not valid. Not known does not exclude.

    Returns
    -------
    Estimate
        Model ``"mesa_chd"``, or ``"mesa_chd_with_cac"`` if there is a score; outcome ``"chd"``.
        The models have no term for ``Race.OTHER``: not valid. A race that is not known is missing.

    Raises
    ------
    InputError
        If the score is negative or not finite, or the person has a field that is out of range.

    References
    ----------
    .. [1] McClelland RL et al. J Am Coll Cardiol 2015;66:1643-1653.
       doi:10.1016/j.jacc.2015.08.035

    Examples
    --------
    >>> person = Person(
    ...     age_years=70, sex=Sex.MALE, race=Race.HISPANIC, systolic_mmhg=130,
    ...     total_cholesterol_mg_dl=190, hdl_mg_dl=50, has_diabetes=False, smokes=False,
    ...     takes_bp_medication=True, takes_statin=False, family_history=False,
    ... )
    >>> round(mesa_chd(person).fraction, 4), round(mesa_chd(person, agatston=0).fraction, 4)
    (0.0861, 0.0306)
    """
    if agatston is not None:
        check_agatston(agatston)
    check_person(person)
    return estimate(
        person,
        lambda facts: _risk(person, facts, agatston),
        model="mesa_chd" if agatston is None else "mesa_chd_with_cac",
        outcome="chd",
        scope=_SCOPE,
        needed=_needed(person),
        source=SOURCE,
        not_valid=_why_not(person, knows_calcium=agatston is not None, is_gated=is_gated),
    )


def _why_not(person: Person, *, knows_calcium: bool, is_gated: bool | None) -> str | None:
    reasons = [_OTHER_RACE] if person.race == Race.OTHER else []
    if knows_calcium and is_gated is False:
        reasons.append(f"{WITHOUT_GATING}; the model with the calcium is of gated scans")
    return "; ".join(reasons) or None


def calcium_difference(
    person: Person, *, agatston: float, is_gated: bool | None = True
) -> CalciumDifference:
    """Compare the 10-year risk of coronary heart disease without and with the calcium score.

    Parameters
    ----------
    person : Person
        As for `mesa_chd`.
    agatston : float
        The score.
    is_gated : bool or None
        Of the scan.

    Returns
    -------
    CalciumDifference
        Both estimates, and the sentence.

    Raises
    ------
    InputError
        As `mesa_chd`.
    """
    without = mesa_chd(person)
    with_cac = mesa_chd(person, agatston=agatston, is_gated=is_gated)
    text = None
    if without.fraction is not None:
        text = f"{100 * without.fraction:.1f} % without the scan"
        if with_cac.fraction is not None:
            text += f", {100 * with_cac.fraction:.1f} % with it"
    return CalciumDifference(without_cac=without, with_cac=with_cac, text=text)


def _needed(person: Person) -> list[str]:
    fields = ["race", *_WITHOUT_CAC]
    if person.premature_family_history:
        fields.remove("family_history")  # an early heart attack of a relative is one
    return fields


def _risk(person: Person, facts: Facts, agatston: float | None) -> float:
    facts = {**facts, "family_history": facts.get("family_history", 1.0)}
    race = Race(person.race or Race.WHITE)  # an unknown race is missing before it gets here
    is_male = person.sex == Sex.MALE
    if agatston is None:
        total = _RACE_WITHOUT[race] + is_male * _MALE_WITHOUT
        total += sum(coefficient * facts[name] for name, coefficient in _WITHOUT_CAC.items())
        survival = _SURVIVAL_WITHOUT
    else:
        total = _RACE_WITH[race] + is_male * _MALE_WITH
        total += sum(coefficient * facts[name] for name, coefficient in _WITH_CAC.items())
        total += _LN_CAC_PLUS_1 * math.log1p(agatston)
        survival = _SURVIVAL_WITH
    return float(1.0 - survival ** math.exp(total))
