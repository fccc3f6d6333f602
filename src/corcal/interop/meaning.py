"""What a score means, as it is told to other programs: categories, percentiles, risks."""

from collections.abc import Iterator
from dataclasses import replace

from corcal.interop.codes import Concept, Unit
from corcal.interop.codes import corcal_code as code
from corcal.interop.facts import NUMBER, Fact, Observable, Span, fact
from corcal.report.interpretation_choice import header_doubts
from corcal.result import RESEARCH_USE
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MODEL_NAMES, OUTCOME_NAMES, REFERENCE_NAMES
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.schemes import SCHEMES
from corcal.risk.sources import source
from corcal.risk.types import ArterialAge, Category, Estimate, Percentile

__all__ = ["header_cautions", "meaning_concepts", "meaning_observables"]

_PERCENT = Unit(ucum="%", shown="%")
_CALCIUM = {"mesa_chd": " without the calcium", "mesa_chd_with_cac": " with the calcium"}
_YEARS = Unit(ucum="a", shown="years")
_ARTERIAL_AGE = "arterial-age"
_PREVENT = "prevent"  # how the names of its models begin: each tells every outcome
_PREVENT_YEARS, _OTHER_YEARS = (10, 30), (10,)
_OUTCOMES = {  # of the models that tell one
    "mesa_chd": "chd",
    "mesa_chd_with_cac": "chd",
    "pce": "ascvd",
    "score2": "total_cvd",
    "score2_op": "total_cvd",
}


def header_cautions(meaning: Interpretation | None) -> tuple[str, ...]:
    """Say which age or sex is not that of the headers, a sentence pair each."""
    doubts = [] if meaning is None else header_doubts(meaning)
    return tuple(
        f"Caution: {text} What is said of the person may be of another one." for text in doubts
    )


def meaning_observables(
    meaning: Interpretation | None, *, derived_from: str
) -> tuple[Observable, ...]:
    """List what an interpretation tells; nothing if there is none.

    Parameters
    ----------
    meaning : Interpretation or None
        Of a result.
    derived_from : str
        Key of the score that it is about.

    Returns
    -------
    tuple of Observable
        A percentile that does not cover the person says so; a risk that is not known is absent.
        All bear the caution, if the person may be another one than that of the headers.
    """
    if meaning is None:
        return ()
    base = (derived_from,)
    risks = (each for each in meaning.estimates if each.fraction is not None)
    told = (
        *(_category(each, base) for each in meaning.categories.values()),
        *(_percentile(each, base) for each in meaning.percentile.values()),
        *_arterial_age(meaning.arterial_age, base),
        *(_risk(each, base) for each in risks),
    )
    cautions = header_cautions(meaning)
    return tuple(replace(each, notes=(*cautions, *each.notes)) for each in told)


def meaning_concepts() -> Iterator[tuple[str, Concept]]:
    """Give key and concept of all that an interpretation can tell, of whomever."""
    for scheme in SCHEMES:
        yield _category_name(scheme), code(_category_name(scheme))
    for reference in REFERENCE_NAMES:
        yield _percentile_name(reference), code(_percentile_name(reference))
    yield _ARTERIAL_AGE, code(_ARTERIAL_AGE)
    for model in MODEL_NAMES:
        is_prevent = model.startswith(_PREVENT)
        for outcome in PREVENT_OUTCOMES if is_prevent else (_OUTCOMES[model],):
            for years in _PREVENT_YEARS if is_prevent else _OTHER_YEARS:
                concept = _risk_concept(model, outcome, years)
                yield concept.code, concept


def _category_name(scheme: str) -> str:
    return f"category-{scheme}"


def _percentile_name(reference: str) -> str:
    return f"percentile-{reference}"


def _risk_concept(model: str, outcome: str, years: int) -> Concept:
    which = MODEL_NAMES[model] + _CALCIUM.get(model, "")
    title = f"Risk of {OUTCOME_NAMES[outcome]} in {years} years, 0 to 1, {which}"
    return code(f"risk-{model}-{outcome}-{years}y", title)


def _category(category: Category, base: tuple[str, ...]) -> Observable:
    name = _category_name(category.scheme)
    value = code(f"{category.scheme}:{category.code}", f"{category.code}: {category.label}")
    return Observable(
        key=name,
        fact=fact(name, value),
        title=code(name).display,
        derived_from=base,
        notes=(category.reading, _cited(category.source), RESEARCH_USE),
    )


def _percentile(found: Percentile, base: tuple[str, ...]) -> Observable:
    """Tell a percentile: its bounds, else its value, else why there is neither."""
    name = _percentile_name(found.reference)
    low = found.value if found.is_top else found.at_least  # older records lack the bound
    has_bounds = (low, found.at_most) != (None, None)
    value = Span(low=low, high=found.at_most) if has_bounds else found.value
    absent = found.not_covered or "The reference gives no percentile for this score."
    return Observable(
        key=name,
        fact=Fact(
            concept=code(name),
            value=value,
            unit=_PERCENT,
            absent=absent if value is None else None,
        ),
        title=code(name).display,
        about=REFERENCE_NAMES[found.reference],
        derived_from=base,
        details=_reference(found),
        notes=(_cited(found.source), RESEARCH_USE),
    )


def _reference(found: Percentile) -> tuple[Fact, ...]:
    """Tell whom the person is compared with, as far as the reference says."""
    p_nonzero = () if found.p_nonzero is None else (found.p_nonzero,)
    return (
        *(fact("reference-nonzero", percent, _PERCENT) for percent in p_nonzero),
        *(
            fact(f"reference-score-{percent}", score, NUMBER)
            for percent, score in found.scores.items()
        ),
        *((fact("reference-group", found.group),) if found.group else ()),
    )


def _arterial_age(age: ArterialAge, base: tuple[str, ...]) -> tuple[Observable, ...]:
    """Tell the arterial age, if the person is one whom it was made for."""
    if age.years is None or age.low is None or age.high is None:
        return ()
    told = Observable(
        key=_ARTERIAL_AGE,
        fact=fact(_ARTERIAL_AGE, age.years, _YEARS),
        title=code(_ARTERIAL_AGE).display,
        derived_from=base,
        details=(fact("arterial-age-interval", Span(low=age.low, high=age.high), _YEARS),),
        notes=(_cited(age.source), RESEARCH_USE),
    )
    return (told,)


def _risk(found: Estimate, base: tuple[str, ...]) -> Observable:
    """Tell a risk as the fraction that the record has."""
    concept = _risk_concept(found.model, found.outcome, found.years)
    return Observable(
        key=concept.code,
        fact=Fact(concept=concept, value=found.fraction, unit=NUMBER),
        title=concept.display,
        derived_from=base,
        notes=tuple(note for note in (found.note, _cited(found.source), RESEARCH_USE) if note),
    )


def _cited(key: str) -> str:
    return f"Source: {source(key).citation}"
