"""All that a score means for one person, in one record: `interpret` calls the rest of the room."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from corcal.errors import InputError
from corcal.risk.arterial_age import arterial_age
from corcal.risk.categories import categories
from corcal.risk.checks import check_agatston
from corcal.risk.estimates import estimates
from corcal.risk.exceptions import (
    exceptions_of,
    high_for_age,
    is_taken_for_stent,
    why_no_arterial_age,
    why_no_reference,
)
from corcal.risk.guidance import guidance
from corcal.risk.guidance.engine import check_guidelines
from corcal.risk.interpretation_types import (
    Interpretation,
    RiskNumbers,
    ScoreCertainty,
)
from corcal.risk.limits import limits_of
from corcal.risk.mesa_chd import calcium_difference
from corcal.risk.percentiles import hoff_percentile, mesa_percentile, not_compared
from corcal.risk.person import check_person
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.risk_class import risk_class
from corcal.risk.sources import source
from corcal.risk.types import ArterialAge, Estimate, Percentile, Person, Source
from corcal.risk.what_if import what_if
from corcal.risk.young_adults import javaid_percentile

__all__ = ["Interpretation", "RiskNumbers", "interpret"]

# One model is shown where several could be: the one that uses the most of what is known.
_PREVENT_MODELS = ("prevent_full", "prevent_uacr", "prevent_hba1c", "prevent_sdi", "prevent")
_SUM_TOLERANCE = 2.5  # Agatston units: four rounded numbers and a rounded total, each by 0.5
_VESSELS = ("LM", "LAD", "LCX", "RCA")


def interpret(
    agatston: float,
    person: Person | None = None,
    *,
    vessels: Mapping[str, float] | None = None,
    is_gated: bool | None = True,
    guidelines: tuple[str, ...] | None = None,
    has_device_excluded: bool = False,
    certainty: ScoreCertainty | None = None,
) -> Interpretation:
    """Say what a score means for one person.

    Parameters
    ----------
    agatston : float
        At least 0.
    person : Person, optional
        What is known; without one there are categories, arterial age, and the list of what is
        missing.
    vessels : mapping of str to float, optional
        Score of ``LM``, ``LAD``, ``LCX`` and ``RCA``; they give CAC-DRS its count of vessels.
    is_gated : bool or None
        False for a chest CT without ECG gating, which is compared with nobody and has no risk that
        knows its calcium; None if that is not known.
    guidelines : tuple of str, optional
        Only these (keys of `corcal.risk.guidance.GUIDELINES`); all by default.
    has_device_excluded : bool
        Whether metal was left out of the score. It is taken for a stent, which is known disease,
        unless the person is said to have none.
    certainty : ScoreCertainty, optional
        Of a score that was found without a person.

    Returns
    -------
    Interpretation
        Numbers, sentences, and where they come from.

    Raises
    ------
    InputError
        If the score, a vessel or a fact of the person is outside its range, or a guideline is not
        known.

    Examples
    --------
    >>> interpret(120.0).categories["plain"].code
    '101-400'
    """
    check_agatston(agatston)
    check_guidelines(guidelines)
    if person is not None:
        check_person(person)
    agatston = float(agatston)  # a scalar of numpy could not be written
    percentile = _percentiles(
        agatston, person, is_gated=is_gated, has_device_excluded=has_device_excluded
    )
    meaning = Interpretation(
        agatston=agatston,
        vessels=None if vessels is None else _plain(vessels),
        is_gated=is_gated,
        has_device_excluded=has_device_excluded,
        person=person,
        categories=categories(
            agatston,
            percentile=percentile["mesa"].value,
            vessel_count=_vessel_count(agatston, vessels),
            is_gated=is_gated,
            exceptions=(
                *exceptions_of(person, has_device_excluded=has_device_excluded),
                *high_for_age(percentile),
            ),
        ),
        percentile=percentile,
        arterial_age=_arterial_age(
            agatston, person, is_gated=is_gated, has_device_excluded=has_device_excluded
        ),
        risk=_risk_numbers(()),
        certainty=certainty,
    )
    if person is not None:
        meaning = _with_person(meaning, person, guidelines)
    return replace(meaning, limits=limits_of(meaning), sources=_sources(meaning))


def _with_person(
    meaning: Interpretation, person: Person, guidelines: tuple[str, ...] | None
) -> Interpretation:
    """Add what needs to know the person: risks, what if, and what guidelines say."""
    agatston, is_gated = meaning.agatston, meaning.is_gated
    judged = person
    if meaning.has_device_excluded and is_taken_for_stent(person):
        judged = replace(person, has_known_ascvd=True)
    found = estimates(judged, agatston=agatston, is_gated=is_gated)
    return replace(
        meaning,
        risk=_risk_numbers(found),
        difference=calcium_difference(judged, agatston=agatston, is_gated=is_gated),
        estimates=found,
        # the goals are none for a pregnant person: lipids rise, and the drugs are stopped
        what_if=() if judged.is_pregnant else what_if(judged, agatston=agatston, is_gated=is_gated),
        guidance=guidance(
            person,
            agatston=agatston,
            percentile=meaning.percentile["mesa"].value,
            estimates=found,
            is_gated=is_gated,
            guidelines=guidelines,
            has_device_excluded=meaning.has_device_excluded,
        ),
    )


def _arterial_age(
    agatston: float, person: Person | None, *, is_gated: bool | None, has_device_excluded: bool
) -> ArterialAge:
    """Give the arterial age, or only the reason why there is none."""
    found = arterial_age(agatston)
    why = why_no_arterial_age(
        agatston, person, is_gated=is_gated, has_device_excluded=has_device_excluded
    )
    if why is None:
        return found
    return replace(found, years=None, low=None, high=None, not_covered=why)


def _percentiles(
    agatston: float,
    person: Person | None,
    *,
    is_gated: bool | None,
    has_device_excluded: bool,
) -> dict[str, Percentile]:
    """Compare with both references; each says by itself whom it does not cover."""
    why = why_no_reference(person, is_gated=is_gated, has_device_excluded=has_device_excluded)
    if why is not None:
        return {
            "mesa": not_compared("mesa", why),
            "hoff": not_compared("hoff", why),
        }
    if person is None:
        return {
            "mesa": not_compared("mesa", "age, sex and race are not known"),
            "hoff": not_compared("hoff", "age and sex are not known"),
        }
    age, sex, race = person.age_years, person.sex, person.race
    found = {
        "mesa": mesa_percentile(agatston, age_years=age, sex=sex, race=race),
        "hoff": hoff_percentile(agatston, age_years=age, sex=sex),
    }
    young = javaid_percentile(agatston, age_years=age, sex=sex, race=race)
    return found if young.not_covered is not None else found | {"javaid": young}


def _plain(vessels: Mapping[str, float]) -> dict[str, float]:
    for name, score in vessels.items():
        check_agatston(score, what=f"the score of {name}")
    return {name: float(score) for name, score in vessels.items()}


def _vessel_count(agatston: float, vessels: Mapping[str, float] | None) -> int | None:
    """Count the vessels with calcium, if their scores belong to the total."""
    if vessels is None:
        return None
    for name in vessels:
        if name not in _VESSELS:
            msg = f"an artery is one of {', '.join(_VESSELS)}, got {name!r}"
            raise InputError(msg)
    total = sum(vessels.values())
    if abs(total - agatston) > _SUM_TOLERANCE:
        msg = (
            f"the arteries add up to {total:g}, the total is {agatston:g}; "
            f"allowed is a difference of {_SUM_TOLERANCE:g}"
        )
        raise InputError(msg)
    return sum(score > 0 for score in vessels.values())


def _risk_numbers(found: Iterable[Estimate]) -> RiskNumbers:
    """Pick the plain fractions out of the estimates."""
    valid = [each for each in found if each.fraction is not None]
    first = {(each.model, each.outcome, each.years): each.fraction for each in valid}
    model = next((name for name in _PREVENT_MODELS if (name, "ascvd", 10) in first), None)
    prevent = {
        outcome + suffix: next(
            (
                first[name, outcome, years]
                for name in _PREVENT_MODELS
                if (name, outcome, years) in first
            ),
            None,
        )
        for years, suffix in ((10, ""), (30, "_30y"))
        for outcome in PREVENT_OUTCOMES
    }
    return RiskNumbers(
        mesa_chd=first.get(("mesa_chd", "chd", 10)),
        mesa_chd_with_cac=first.get(("mesa_chd_with_cac", "chd", 10)),
        pce=first.get(("pce", "ascvd", 10)),
        prevent=prevent,
        prevent_model=model,
        prevent_class=None if prevent["ascvd"] is None else risk_class(prevent["ascvd"]).name,
        score2=next((each.fraction for each in valid if each.model.startswith("score2")), None),
    )


def _sources(meaning: Interpretation) -> tuple[Source, ...]:
    """Cite what was used, newest first."""
    keys = {each.source for each in meaning.categories.values()}
    keys |= {each.source for each in meaning.percentile.values() if each.not_covered is None}
    keys |= {each.source for each in meaning.estimates if each.fraction is not None}
    keys |= {key for each in meaning.what_if for key in (each.source, *each.bound_sources)}
    keys |= {each.source for each in meaning.guidance}
    if meaning.arterial_age.not_covered is None:
        keys.add(meaning.arterial_age.source)
    return tuple(sorted(map(source, keys), key=lambda one: (-one.year, one.key)))
