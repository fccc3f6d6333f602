"""An interpretation as text for a terminal, 80 columns."""

import textwrap
from collections.abc import Iterator

from corcal.report.amounts import shown
from corcal.result import RESEARCH_USE
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MODEL_NAMES, OUTCOME_NAMES
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.types import Mark, Percentile, Person, Source, Statement
from corcal.risk.what_if import CAUTION, WhatIf

__all__ = ["interpretation_text"]

_COLUMNS = 80  # of a terminal
_WHAT_IF_YEARS = 10  # 30 years are in the JSON
_WHOLE_FROM = 10.0  # a score from here on is written without decimals
_NOT_AN_ORDER = (
    "What guidelines say is given for a doctor and a patient to talk about; it is no order."
)
_SCHEMES = {
    "plain": "Plain guide",
    "rumberger": "Rumberger",
    "cac_drs": "CAC-DRS",
    "cad_rads": "CAD-RADS 2.0",
    "stage_2024": "Stage of 2024",
    "guideline_2026": "ACC/AHA 2026",
}
_REFERENCES = {"mesa": "MESA", "hoff": "Hoff 2001"}
_PREVENT = {
    "prevent": "base model",
    "prevent_hba1c": "with HbA1c",
    "prevent_uacr": "with albumin in urine",
    "prevent_sdi": "with social deprivation",
    "prevent_full": "full model",
}
_TOPICS = {
    "caution": "Caution",
    "lipids": "Lipids",
    "aspirin": "Aspirin",
    "blood_pressure": "Blood pressure",
    "lifestyle": "Lifestyle",
    "repeat_scan": "Repeat scan",
    "further_evaluation": "Further evaluation",
    "testing": "Who is tested",
}
_MARKS = {
    Mark.VERIFIED: "checked against the source",
    Mark.SECONDARY: "as others report the source",
    Mark.RECALLED: "from memory, not the source's words",
}


def interpretation_text(meaning: Interpretation) -> str:
    """Write an interpretation for a person, 80 columns.

    Parameters
    ----------
    meaning : Interpretation
        As of `corcal.risk.interpretation.interpret`.

    Returns
    -------
    str
        Groups: what it is, compared with whom, risk, what if, what guidelines say (newest first),
        limits, sources. Groups without content are left out.
    """
    groups = (
        ("WHAT IT IS", _what_it_is(meaning)),
        ("COMPARED WITH WHOM", _compared(meaning)),
        ("RISK", _risk(meaning)),
        ("WHAT IF", _what_if(meaning)),
        ("WHAT GUIDELINES SAY, NEWEST FIRST", _guidance(meaning)),
        ("LIMITS", _limits(meaning)),
        ("SOURCES", _sources(meaning.sources)),
    )
    lines = [*_heading(meaning)]
    for title, content in groups:
        body = list(content)
        if body:
            lines += ["", title, *body]
    return "\n".join([*lines, "", RESEARCH_USE])


def _heading(meaning: Interpretation) -> Iterator[str]:
    name = "Agatston score" if meaning.is_gated else "Agatston-equivalent, without ECG gating:"
    yield f"{name} {_score(meaning.agatston)}"
    if meaning.vessels is not None:
        each = ", ".join(f"{name} {_score(score)}" for name, score in meaning.vessels.items())
        yield f"By artery: {each}"
    yield from _wrapped(f"For {_person_words(meaning.person)}", indent=4, first=0)
    if meaning.certainty is not None:
        sure = meaning.certainty
        yield from _wrapped(
            f"Found automatically; {100 * sure.level:g} % interval {_score(sure.low)} to "
            f"{_score(sure.high)}. {sure.reading}",
            indent=4,
            first=0,
        )


def _person_words(person: Person | None) -> str:
    """Say who it is for, with every fact that was used."""
    if person is None:
        return "a person of unknown age or sex"
    who = "woman" if person.sex == "female" else "man"
    race = "" if person.race is None or person.race == "other" else f"{person.race.capitalize()} "
    facts = [f"a {race}{who} of {person.age_years:g} years"]
    for name, each in PERSON_FIELDS.items():
        value = getattr(person, name)
        if name in ("age_years", "sex", "race") or value is None:
            continue
        if each.is_number:
            facts.append(f"{each.label} {value:.3g} {each.unit}".rstrip())
        elif each.choices is not None:
            facts.append(f"{each.label}: {value}")
        else:
            facts.append(f"{each.label}: {'yes' if value else 'no'}")
    return "; ".join(facts)


def _what_it_is(meaning: Interpretation) -> Iterator[str]:
    for scheme, each in meaning.categories.items():
        name = _SCHEMES.get(scheme, scheme)
        yield from _wrapped(f"{name:15}{each.code:9}{each.label}", indent=26)
        if scheme == "plain":
            yield from _wrapped(each.reading, indent=26, first=26)


def _compared(meaning: Interpretation) -> Iterator[str]:
    for name, each in meaning.percentile.items():
        if each.not_covered is None:
            reference = _REFERENCES.get(name, name)
            yield from _wrapped(f"{reference:15}{_percentile_words(each)}", indent=17)
    age = meaning.arterial_age
    yield from _wrapped(
        f"{'Arterial age':15}{age.years:.0f} years (95 % interval {age.low:.0f} to {age.high:.0f}):"
        " the age at which such a score would be typical for its risk.",
        indent=17,
    )


def _percentile_words(each: Percentile) -> str:
    if each.value is not None:
        place = f"{_ordinal(each.value)} percentile of {each.group}."
    elif each.at_least is not None or each.at_most is not None:
        place = f"{_between(each.at_least, each.at_most)} of {each.group}."
    else:
        place = f"a score of 0 has no percentile among {each.group}."
    if each.p_nonzero is not None:
        place += f" {each.p_nonzero} % of them have a score above 0."
    if each.scores:
        ladder = ", ".join(f"{percent}th {score:g}" for percent, score in each.scores.items())
        place += f" Their scores by percentile: {ladder}."
    return place


def _between(low: int | None, high: int | None) -> str:
    if low is None:
        return f"below the {_ordinal(high or 0)} percentile"
    if high is None:
        return f"at or above the {_ordinal(low)} percentile"
    return f"between the {_ordinal(low)} and the {_ordinal(high)} percentile"


def _ordinal(number: int) -> str:
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"


def _risk(meaning: Interpretation) -> Iterator[str]:
    risk = meaning.risk
    if meaning.difference is not None and meaning.difference.text is not None:
        yield from _wrapped(
            f"Coronary heart disease in 10 years (MESA): {meaning.difference.text}.", indent=4
        )
    rows = [
        ("MESA: coronary heart disease, without the scan", risk.mesa_chd, None),
        ("MESA: coronary heart disease, with the calcium", risk.mesa_chd_with_cac, None),
        ("Pooled Cohort Equations 2013: ASCVD", risk.pce, None),
        *(
            (f"PREVENT: {OUTCOME_NAMES[name]}", risk.prevent[name], risk.prevent[f"{name}_30y"])
            for name in PREVENT_OUTCOMES
        ),
        ("SCORE2: cardiovascular disease, Europe", risk.score2, None),
    ]
    shown = [row for row in rows if row[1] is not None or row[2] is not None]
    if shown:
        yield f"  {'':52}{'10 years':>10}{'30 years':>11}"
    for name, ten, thirty in shown:
        yield f"  {name:52}{_percent(ten):>10}{_percent(thirty):>11}"
    if risk.prevent_model is not None:
        words = _PREVENT[risk.prevent_model]
        yield from _wrapped(
            f"PREVENT: {words}. Only the MESA model with the calcium knows the score.", indent=4
        )


def _what_if(meaning: Interpretation) -> Iterator[str]:
    """Say what each model says of the same person without a risk factor."""
    shown_rows = [
        each
        for each in meaning.what_if
        if each.years == _WHAT_IF_YEARS
        and (each.outcome == "ascvd" or not each.model.startswith("prevent"))
    ]
    change = None
    for each in shown_rows:
        if each.change != change:
            change = each.change
            words = "; ".join(each.changed)
            yield from _wrapped(words[0].upper() + words[1:], indent=4)
        yield from _wrapped(_after_words(each), first=4, indent=6)
    if shown_rows:
        yield from _wrapped(CAUTION, indent=2)


def _after_words(each: WhatIf) -> str:
    what = f"{MODEL_NAMES[each.model]}, {OUTCOME_NAMES[each.outcome]}: {_percent(each.before)}"
    if each.after is None:
        return f"{what} now; no number after it: {each.not_valid}"
    text = f"{what} now, {_percent(each.after)} then"
    if each.low is None or each.high is None:
        return text
    return f"{text} ({_percent(each.low)} to {_percent(each.high)} with what trials found)"


def _guidance(meaning: Interpretation) -> Iterator[str]:
    by_key = {each.key: each for each in meaning.sources}
    guideline = None
    for each in meaning.guidance:
        if each.guideline != guideline:
            guideline = each.guideline
            yield from _wrapped(_guideline_name(each, by_key), indent=4)
        yield from _statement(each)
    if guideline is not None:
        yield from _wrapped(_NOT_AN_ORDER, indent=2)


def _guideline_name(each: Statement, by_key: dict[str, Source]) -> str:
    cited = by_key.get(each.source)
    return f"{each.year}: {cited.citation if cited else each.guideline}"


def _statement(each: Statement) -> Iterator[str]:
    topic = _TOPICS.get(each.topic, each.topic)
    yield from _wrapped(f"- {topic}: {each.text}", first=4, indent=6)
    grade = ""
    if each.strength is not None:
        grade = f"class {each.strength}"
        grade += f", evidence {each.evidence}; " if each.evidence else "; "
    yield from _wrapped(f"[{grade}{_MARKS[each.mark]}; {each.id}]", first=6, indent=7)
    if each.fired_by:
        yield from _wrapped(f"because: {'; '.join(each.fired_by)}", first=6, indent=8)
    if each.would_change:
        yield from _wrapped(f"would change with: {'; '.join(each.would_change)}", first=6, indent=8)


def _limits(meaning: Interpretation) -> Iterator[str]:
    for each in meaning.limits:
        yield from _wrapped(f"- {each.text}", indent=4)


def _sources(sources: tuple[Source, ...]) -> Iterator[str]:
    for each in sources:
        doi = f" doi:{each.doi}" if each.doi else ""
        yield from _wrapped(f"- {each.citation}{doi} [{_MARKS[each.mark]}]", indent=4)


def _score(agatston: float) -> str:
    """Write a score with the digits that matter; a little calcium is never written as 0."""
    return shown(agatston, 0 if agatston >= _WHOLE_FROM else 1)


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.1f} %"


def _wrapped(text: str, *, indent: int, first: int = 2) -> list[str]:
    """Break a line at 80 columns; words that are longer stay whole."""
    return textwrap.wrap(
        text,
        width=_COLUMNS,
        initial_indent=" " * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
