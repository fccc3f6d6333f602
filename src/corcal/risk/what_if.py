"""What the models say of the same person without a risk factor; a comparison, not a promise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from corcal.risk.estimates import estimates
from corcal.risk.person import PERSON_FIELDS, check_person
from corcal.risk.types import Estimate, Person
from corcal.risk.units import cholesterol_to_mmol_l

__all__ = ["CAUTION", "Goals", "WhatIf", "goals_for", "what_if"]

CAUTION = (
    "This is the difference that the model makes between two people, one of whom does not have "
    "the risk factor. It is not a proven effect of treatment, and not a promise for one person."
)

SMOKING, SYSTOLIC, LIPIDS, TOGETHER = (
    "smoking_stopped",
    "systolic_at_goal",
    "lipids_at_goal",
    "together",
)

# Below 130 mmHg is the general goal of American guidelines; here it is the point of comparison.
DEFAULT_SYSTOLIC_MMHG = 130.0
# Non-HDL cholesterol by score, 2026 ACC/AHA guideline, section 4.2.7,
# doi:10.1161/CIR.0000000000001423. Without calcium the guideline has no goal by score: the
# least strict one is the point of comparison.
_NON_HDL_MG_DL = ((1000.0, 85.0), (100.0, 100.0), (0.0, 130.0))

_Ratios = Mapping[str, tuple[float, float]]
# Relative risk for 10 mmHg less of systolic pressure, 95 % interval: 123 trials, Ettehad 2016,
# doi:10.1016/S0140-6736(15)01225-8. Major cardiovascular events stand for both wide outcomes.
_PRESSURE_TRIALS: _Ratios = {
    "total_cvd": (0.77, 0.83),
    "ascvd": (0.77, 0.83),
    "chd": (0.78, 0.88),
    "stroke": (0.68, 0.77),
    "heart_failure": (0.67, 0.78),
}
# Rate ratio for 1 mmol/L less of LDL cholesterol, 95 % interval: major vascular events, CTT 2010,
# doi:10.1016/S0140-6736(10)61350-5; coronary events and stroke, CTT 2005,
# doi:10.1016/S0140-6736(05)67394-1. Heart failure is no part of either.
_LIPID_TRIALS: _Ratios = {
    "total_cvd": (0.76, 0.80),
    "ascvd": (0.76, 0.80),
    "chd": (0.74, 0.80),
    "stroke": (0.78, 0.88),
}
_LIPID_SOURCE = {"total_cvd": "ctt2010", "ascvd": "ctt2010", "chd": "ctt2005", "stroke": "ctt2005"}
_TRIAL_YEARS = 10  # the trials took about five years; 30 would be a guess

_NO_BOUNDS_SMOKING = (
    "none: a former smoker is a non-smoker to the model from the first day, while the risk goes"
    " down over years"
)
_NO_BOUNDS_YEARS = "none: no trial says anything of so many years"
_NO_BOUNDS_OUTCOME = "none: trials of cholesterol lowering did not count heart failure"
_RISES = (
    "the model gives a higher risk without the risk factor: at this age its terms of age outweigh"
    " those of the factor, which is an artefact of the model and no harm of the change"
)
_PART_RISES = (
    "one of these changes alone gives a higher risk in this model, which is an artefact of its"
    " terms of age: their sum says nothing"
)
_BOUNDS = (
    "the lowest and highest of the model's number and of the risk before, reduced by the relative"
    " risks of trials (95 % interval)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """What a modifiable factor is changed to.

    Attributes
    ----------
    systolic_mmhg : float
        Systolic blood pressure.
    non_hdl_mg_dl : float
        Total minus HDL cholesterol; HDL stays as it is.
    """

    systolic_mmhg: float
    non_hdl_mg_dl: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """One model's risk before and after one change; read with `CAUTION`.

    Attributes
    ----------
    change : str
        ``"smoking_stopped"``, ``"systolic_at_goal"``, ``"lipids_at_goal"``, ``"together"``.
    changed : tuple of str
        What is changed, in words: ``"systolic blood pressure of 150 to 130 mmHg"``.
    model, outcome, years
        As in `Estimate`.
    before : float
        Risk as it is, 0 to 1.
    after : float or None
        The model's risk of a person who differs only in what is changed; ``None`` if the changed
        person is outside what the model covers, or if the model gives a higher risk without the
        risk factor, alone or together with others: no trial found that, and it comes from terms
        of age that were fitted to few people of that age.
    low, high : float or None
        Bounds of the risk after the change; ``None`` if there are none.
    bounds : str
        Where the bounds come from, or why there are none.
    not_valid : str or None
        Why there is no number after the change.
    source : str
        Key of the `Source` of the model.
    bound_sources : tuple of str
        Keys of the sources of the bounds.
    """

    change: str
    changed: tuple[str, ...]
    model: str
    outcome: str
    years: int
    before: float
    after: float | None
    low: float | None
    high: float | None
    bounds: str
    not_valid: str | None
    source: str
    bound_sources: tuple[str, ...]


def goals_for(agatston: float | None) -> Goals:
    """Return the goals that are compared with, for a score.

    Parameters
    ----------
    agatston : float or None
        The score, if there is one.

    Returns
    -------
    Goals
        Systolic pressure 130 mmHg; non-HDL cholesterol 85 mg/dL from a score of 1000, 100 from
        100, and 130 below and without a score [1].

    References
    ----------
    .. [1] 2026 ACC/AHA dyslipidemia guideline. doi:10.1161/CIR.0000000000001423
    """
    score = agatston or 0.0
    non_hdl = next(goal for first, goal in _NON_HDL_MG_DL if score >= first)
    return Goals(systolic_mmhg=DEFAULT_SYSTOLIC_MMHG, non_hdl_mg_dl=non_hdl)


def what_if(
    person: Person,
    *,
    agatston: float | None = None,
    is_gated: bool | None = True,
    goals: Goals | None = None,
) -> tuple[WhatIf, ...]:
    """Recompute each risk with modifiable factors changed: one at a time, and together.

    A factor that is not known or already at its goal is not changed, and medication stays as it
    is: the coefficients of medication in the models say that treated people had a reason to be
    treated, not what treatment does. The calcium score stays too.

    The bounds contain the model's number and what trials of treatment found: the risk before,
    multiplied by the relative risk for as many mmHg [1] or mmol/L [2, 3] as are changed, at both
    ends of its 95 % interval. A fall of non-HDL cholesterol counts as one of LDL cholesterol,
    which is somewhat too kind. Stopping to smoke, and 30 years, have no bounds.

    Parameters
    ----------
    person : Person
        Who it is.
    agatston : float, optional
        The score. With it, MESA with calcium is used instead of MESA without.
    is_gated : bool or None
        Of the scan: without ECG gating MESA without calcium is used.
    goals : Goals, optional
        What to change to; `goals_for` the score by default.

    Returns
    -------
    tuple of WhatIf
        By change, then by model, of the models that have a number for the person. Of PREVENT it
        is the model that uses the most of what is known. Empty if there is nothing to change. A
        risk without a term for what is changed is left out (heart failure and lipids).

    Raises
    ------
    InputError
        If the score is negative or not finite, or the person has a field that is out of range.

    References
    ----------
    .. [1] Ettehad D et al. Lancet 2016;387:957-967. doi:10.1016/S0140-6736(15)01225-8
    .. [2] CTT Collaboration. Lancet 2010;376:1670-1681. doi:10.1016/S0140-6736(10)61350-5
    .. [3] CTT Collaborators. Lancet 2005;366:1267-1278. doi:10.1016/S0140-6736(05)67394-1
    """
    check_person(person)
    model = partial(estimates, agatston=agatston, is_gated=is_gated)
    before = _shown(model(person))
    changes = _changes(person, goals or goals_for(agatston))
    stopped = _by_key(model(_changed(person, changes.get(SMOKING, {}))))
    found = []
    for change, fields in changes.items():
        after = _by_key(model(_changed(person, fields)))
        for key, known in before.items():
            start = stopped[key] if change == TOGETHER else known
            found.append(_compare(person, change, fields, known, after[key], start))
    rising = {_key(each) for each in found if _rises(each)}
    told = (_without_rise(each, is_part_rising=_key(each) in rising) for each in found)
    return tuple(each for each in told if each.after != each.before)


_Key = tuple[str, str, int]


def _key(each: Estimate | WhatIf) -> _Key:
    return each.model, each.outcome, each.years


def _by_key(found: tuple[Estimate, ...]) -> dict[_Key, Estimate]:
    return {_key(each): each for each in found}


def _rises(each: WhatIf) -> bool:
    return each.after is not None and each.after > each.before


def _without_rise(each: WhatIf, *, is_part_rising: bool) -> WhatIf:
    """Take the number out of a change that the model wrongly counts as harm, and say it."""
    is_sum = each.change == TOGETHER and is_part_rising
    if not is_sum and not _rises(each):
        return each
    reason = each.not_valid or (_PART_RISES if is_sum else _RISES)
    return replace(each, after=None, low=None, high=None, not_valid=reason, bound_sources=())


def _shown(found: tuple[Estimate, ...]) -> dict[_Key, Estimate]:
    """Keep the models with a number, and of two of a kind the one that knows more, the later."""
    best: dict[_Key, Estimate] = {}
    for each in found:
        if each.fraction is not None:
            best[each.model.split("_")[0], each.outcome, each.years] = each
    return _by_key(tuple(best.values()))


def _changed(person: Person, fields: Mapping[str, Any]) -> Person:
    # No model uses LDL cholesterol, and the old value may contradict the new total.
    return replace(person, **fields, ldl_mg_dl=None)


def _changes(person: Person, goals: Goals) -> dict[str, dict[str, Any]]:
    """Return what can be changed, as new values of fields, by change."""
    changes: dict[str, dict[str, Any]] = {}
    if person.smokes:
        changes[SMOKING] = {"smokes": False}
    if person.systolic_mmhg is not None and person.systolic_mmhg > goals.systolic_mmhg:
        changes[SYSTOLIC] = {"systolic_mmhg": goals.systolic_mmhg}
    total, hdl = person.total_cholesterol_mg_dl, person.hdl_mg_dl
    if total is not None and hdl is not None and total - hdl > goals.non_hdl_mg_dl:
        changes[LIPIDS] = {"total_cholesterol_mg_dl": hdl + goals.non_hdl_mg_dl}
    if len(changes) > 1:
        changes[TOGETHER] = {k: v for fields in changes.values() for k, v in fields.items()}
    return changes


def _compare(
    person: Person,
    change: str,
    fields: Mapping[str, Any],
    known: Estimate,
    after: Estimate,
    start: Estimate,
) -> WhatIf:
    ratios, sources, why_none = _trial_ratios(person, fields, known)
    low = high = None
    if after.fraction is not None and start.fraction is not None and why_none is None:
        possible = [after.fraction, *(start.fraction * ratio for ratio in ratios)]
        low, high = min(possible), max(possible)
    return WhatIf(
        change=change,
        changed=tuple(_words(person, name, value) for name, value in fields.items()),
        model=known.model,
        outcome=known.outcome,
        years=known.years,
        before=known.fraction or 0.0,
        after=after.fraction,
        low=low,
        high=high,
        bounds=why_none or _BOUNDS,
        not_valid=after.not_valid,
        source=known.source,
        bound_sources=sources if low is not None else (),
    )


def _trial_ratios(
    person: Person, fields: Mapping[str, Any], known: Estimate
) -> tuple[tuple[float, float], tuple[str, ...], str | None]:
    """Return the relative risk that trials give, its two ends, or why there is none."""
    if set(fields) == {"smokes"}:
        return (1.0, 1.0), (), _NO_BOUNDS_SMOKING
    if known.years > _TRIAL_YEARS:
        return (1.0, 1.0), (), _NO_BOUNDS_YEARS
    ends, sources = [1.0, 1.0], []
    if "systolic_mmhg" in fields and person.systolic_mmhg is not None:
        tens = (person.systolic_mmhg - fields["systolic_mmhg"]) / 10
        ends = _multiplied(ends, _PRESSURE_TRIALS[known.outcome], tens)
        sources.append("ettehad2016")
    if "total_cholesterol_mg_dl" in fields and known.outcome in _LIPID_TRIALS:
        if known.model.startswith("prevent") and known.outcome == "total_cvd":
            return (1.0, 1.0), (), _NO_BOUNDS_OUTCOME
        fall_mg_dl = (person.total_cholesterol_mg_dl or 0.0) - fields["total_cholesterol_mg_dl"]
        fall = cholesterol_to_mmol_l(fall_mg_dl)
        ends = _multiplied(ends, _LIPID_TRIALS[known.outcome], fall)
        sources.append(_LIPID_SOURCE[known.outcome])
    return (ends[0], ends[1]), tuple(sources), None


def _multiplied(ends: list[float], ratio: tuple[float, float], units: float) -> list[float]:
    return [end * math.pow(one, units) for end, one in zip(ends, ratio, strict=True)]


def _words(person: Person, name: str, value: Any) -> str:
    each = PERSON_FIELDS[name]
    if not each.is_number:
        return f"{each.label}: stopped"
    return f"{each.label} of {getattr(person, name):.4g} to {value:.4g} {each.unit}"
