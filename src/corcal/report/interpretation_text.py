"""An interpretation as text for a terminal, 80 columns."""

from collections.abc import Iterator

from corcal.report.both_units import in_both_units, with_mmol
from corcal.report.interpretation_short import cautions, is_told_in_short, main_points
from corcal.report.interpretation_words import (
    MARKS,
    TOPICS,
    guideline_title,
    percent_words,
    plain_text,
    score_words,
    statement_place,
    wrapped,
)
from corcal.report.percentile_words import percentile_words
from corcal.result import RESEARCH_USE
from corcal.risk.categories import SCHEMES
from corcal.risk.guidance import GUIDELINES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MODEL_NAMES, OUTCOME_NAMES, REFERENCE_NAMES
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.types import Mark, Person, Source, Statement
from corcal.risk.what_if import CAUTION, WhatIf

__all__ = ["interpretation_text"]

_WHAT_IF_YEARS = 10  # 30 years are in the JSON
_RISK_NAME, _WHAT_IF_NAME = 52, 41  # width of a column; a longer outcome is abbreviated
_ONE_NUMBER = ("pce", "score2", "score2_op")  # models of one outcome in 10 years
_WHOLE_FACT_FROM = 100.0  # a fact of a person from here on is written without decimals
_NOT_AN_ORDER = (
    "What guidelines say is given for a doctor and a patient to talk about; it is no order."
)
_OUTCOMES_DIFFER = (
    "The models predict different things, so their numbers do not compare: MESA coronary heart "
    "disease with some revascularisations, the Pooled Cohort Equations heart attack, coronary "
    "death and stroke, PREVENT these and heart failure, SCORE2 heart attack, stroke and "
    "cardiovascular death."
)
_ARTERIAL_AGE = (
    "the age at which the risk of such a score is the usual one, among people of 45 to 84 years "
    "without cardiovascular disease or diabetes."
)
_PREVENT = {
    "prevent": "base model",
    "prevent_hba1c": "model with HbA1c",
    "prevent_uacr": "model with albumin in urine",
    "prevent_sdi": "model with social deprivation",
    "prevent_full": "full model",
}
# What is said of testing and still tells something when the scan has been made
_TESTING_AFTERWARDS = ("accaha2026.testing-severe-cholesterol", "accaha2026.testing-young")
_FOR_EVERYBODY = ("applies to everybody",)
_NOT_KNOWN = " (not known)"  # how a statement says so of what would change it


def interpretation_text(
    meaning: Interpretation, *, has_details: bool = False, has_mmol: bool = False
) -> str:
    """Write an interpretation for a person, 80 columns.

    Parameters
    ----------
    meaning : Interpretation
        As of `corcal.risk.interpretation.interpret`.
    has_details : bool
        Also what is left out otherwise: why each statement is made and what would change it,
        superseded guidelines, who is tested, what each model says of changed risk factors, and the
        sources.
    has_mmol : bool
        Also mmol/L behind each amount of cholesterol.

    Returns
    -------
    str
        Groups: in short, cautions, what it is, compared with whom, risk, what if, what guidelines
        say (newest first), limits, sources. Groups without content are left out.
    """
    if has_mmol:
        meaning = in_both_units(meaning)
    groups = (
        ("IN SHORT", main_points(meaning)),
        ("CAUTIONS", cautions(meaning)),
        ("WHAT IT IS", _what_it_is(meaning)),
        ("COMPARED WITH WHOM", _compared(meaning)),
        ("RISK", _risk(meaning)),
        ("WHAT IF", _what_if(meaning, has_details=has_details)),
        ("WHAT GUIDELINES SAY, NEWEST FIRST", _guidance(meaning, has_details=has_details)),
        ("LIMITS", _limits(meaning)),
        ("SOURCES", _sources(meaning.sources, has_details=has_details)),
    )
    lines = [*_heading(meaning, has_mmol=has_mmol)]
    for title, content in groups:
        body = list(content)
        if body:
            lines += ["", title, *body]
    return "\n".join([*lines, "", RESEARCH_USE])


def _heading(meaning: Interpretation, *, has_mmol: bool) -> Iterator[str]:
    name = (
        "Agatston score"
        if meaning.is_gated is not False
        else "Agatston-equivalent, without ECG gating:"
    )
    yield f"{name} {score_words(meaning.agatston)}"
    if meaning.vessels is not None:
        each = ", ".join(f"{name} {score_words(score)}" for name, score in meaning.vessels.items())
        yield f"By artery: {each}"
    who = _person_words(meaning.person)
    yield from wrapped(f"For {with_mmol(who) if has_mmol else who}", indent=4, first=0)
    if meaning.certainty is not None:
        sure = meaning.certainty
        yield from wrapped(
            f"Found automatically; {100 * sure.level:g} % interval {score_words(sure.low)} to "
            f"{score_words(sure.high)}. {sure.reading}",
            indent=4,
            first=0,
        )


def _person_words(person: Person | None) -> str:
    """Say who it is for, with every fact that was used."""
    if person is None:
        return "a person of unknown age or sex"
    who = "woman" if person.sex == "female" else "man"
    race = "" if person.race is None or person.race == "other" else f"{person.race.capitalize()} "
    facts = [f"a {race}{who} of {int(person.age_years)} years"]
    for name, each in PERSON_FIELDS.items():
        value = getattr(person, name)
        if name in ("age_years", "sex", "race") or value is None:
            continue
        if each.is_number:
            facts.append(f"{each.label} {_fact(value)} {each.unit}".rstrip())
        elif each.choices is not None:
            facts.append(f"{each.label}: {value}")
        else:
            facts.append(f"{each.label}: {'yes' if value else 'no'}")
    return "; ".join(facts)


def _fact(value: float) -> str:
    """Write a fact of a person with the digits that matter: ``"217"``, ``"5.7"``, ``"50"``."""
    if value >= _WHOLE_FACT_FROM:
        return f"{value:.0f}"
    return f"{value:.1f}".removesuffix(".0")


def _what_it_is(meaning: Interpretation) -> Iterator[str]:
    for name, each in meaning.categories.items():
        scheme = SCHEMES[name]
        yield f"  {scheme.title:38}{each.code:10}{each.label}"
        # the usual reading says what the label says, and that of the plain guide is said in short
        if name != "plain" and each.reading not in {band.reading for band in scheme.bands}:
            yield from wrapped(each.reading, indent=6, first=6)


def _compared(meaning: Interpretation) -> Iterator[str]:
    for name, each in meaning.percentile.items():
        if each.not_covered is None:
            words = percentile_words(each, meaning.agatston)
            yield from wrapped(f"{REFERENCE_NAMES[name]:14}{words}", indent=16)
    age = meaning.arterial_age
    if age.years is not None:
        yield from wrapped(
            f"{'Arterial age':14}{age.years:.0f} years ({age.low:.0f} to {age.high:.0f}): "
            f"{_ARTERIAL_AGE}",
            indent=16,
        )


def _risk(meaning: Interpretation) -> Iterator[str]:
    rows = _risk_rows(meaning)
    if rows:
        yield f"  {'':{_RISK_NAME}}{'10 years':>10}{'30 years':>11}"
    elif meaning.person is not None:
        yield "  No model gives a number: see the limits."
    for name, ten, thirty in rows:
        yield f"  {name:{_RISK_NAME}}{percent_words(ten):>10}{percent_words(thirty):>11}"
    if len({name.split()[0].rstrip(":") for name, _, _ in rows}) > 1:
        yield from wrapped(_OUTCOMES_DIFFER, indent=2)
    if meaning.risk.prevent_model is not None:
        words = _PREVENT[meaning.risk.prevent_model]
        yield f"  PREVENT is the {words}; it does not know the score."
    for note in dict.fromkeys(each.note for each in meaning.estimates if each.note is not None):
        yield from wrapped(f"{note[0].upper()}{note[1:]}.", indent=4)


def _risk_rows(meaning: Interpretation) -> list[tuple[str, float | None, float | None]]:
    """Give name, risk in 10 years, and in 30, of each model that has a number."""
    risk = meaning.risk
    rows = [
        ("MESA without the scan: coronary heart disease", risk.mesa_chd, None),
        ("MESA with the calcium: coronary heart disease", risk.mesa_chd_with_cac, None),
        *(
            (f"PREVENT: {OUTCOME_NAMES[name]}", risk.prevent[name], risk.prevent[f"{name}_30y"])
            for name in PREVENT_OUTCOMES
        ),
        *(
            (_model_outcome(each.model, each.outcome, _RISK_NAME), each.fraction, None)
            for each in meaning.estimates
            if each.model in _ONE_NUMBER
        ),
    ]
    return [row for row in rows if row[1] is not None or row[2] is not None]


def _what_if(meaning: Interpretation, *, has_details: bool) -> Iterator[str]:
    """Say what a model says of the same person without a risk factor: of one model, or of all."""
    rows = [each for each in meaning.what_if if each.years == _WHAT_IF_YEARS]
    if not has_details and rows:
        first = rows[0].model, rows[0].outcome
        rows = [each for each in rows if (each.model, each.outcome) == first]
    if not rows:
        return
    yield f"    {'':{_WHAT_IF_NAME}}{'now':>8}{'then':>8}{'bounds':>18}"
    change = None
    for each in rows:
        if each.change != change:
            change = each.change
            words = "; ".join(each.changed)
            yield from wrapped(words[0].upper() + words[1:], indent=4)
        yield from _what_if_row(each)
    for words in dict.fromkeys(each.bounds for each in rows if each.after is not None):
        reason = words.removeprefix("none")
        text = f"Bounds: {words}." if reason == words else f"No bounds{reason}."
        yield from wrapped(text, indent=4)
    yield from wrapped(CAUTION, indent=2)


def _what_if_row(each: WhatIf) -> Iterator[str]:
    name = _model_outcome(each.model, each.outcome, _WHAT_IF_NAME)
    bounds = "-" if each.low is None else f"{percent_words(each.low)} to {percent_words(each.high)}"
    before, after = percent_words(each.before), percent_words(each.after)
    yield f"    {name:{_WHAT_IF_NAME}}{before:>8}{after:>8}{bounds:>18}"
    if each.not_valid is not None:
        yield from wrapped(each.not_valid, first=6, indent=6)


def _model_outcome(model: str, outcome: str, width: int) -> str:
    name = f"{MODEL_NAMES[model]}: {OUTCOME_NAMES[outcome]}"
    return name if len(name) < width else f"{MODEL_NAMES[model]}: {outcome.upper()}"


def _guidance(meaning: Interpretation, *, has_details: bool) -> Iterator[str]:
    after_cautions = [each for each in meaning.guidance if not is_told_in_short(each)]
    told = after_cautions if has_details else _told(after_cautions)
    guideline = None
    for each in told:
        if each.guideline != guideline:
            guideline = each.guideline
            yield f"  {guideline_title(guideline)}"
        yield from _statement(each, has_details=has_details)
    if not meaning.guidance:
        return
    yield from _not_known(meaning.guidance)
    if len(told) < len(after_cautions):
        count = len(after_cautions) - len(told)
        yield from wrapped(
            f"Left out here: {count} {'statement' if count == 1 else 'statements'} of superseded "
            "guidelines, on who is tested, and on lifestyle once more (--details).",
            indent=4,
        )
    yield from wrapped(_NOT_AN_ORDER, indent=2)
    yield from _legend({each.mark for each in meaning.guidance})


def _told(statements: list[Statement]) -> list[Statement]:
    """Leave out what is superseded, who would be tested, and lifestyle that was said before."""
    present = [each for each in statements if GUIDELINES[each.guideline].superseded_by is None]
    told, has_lifestyle = [], False
    for each in present or statements:  # a superseded guideline alone was asked for by name
        is_repeated = each.topic == "lifestyle" and each.fired_by == _FOR_EVERYBODY
        if is_repeated and has_lifestyle:
            continue
        has_lifestyle = has_lifestyle or each.topic == "lifestyle"
        if each.topic != "testing" or each.id in _TESTING_AFTERWARDS:
            told.append(each)
    return told


def _not_known(statements: tuple[Statement, ...]) -> Iterator[str]:
    unknown = dict.fromkeys(
        words.removesuffix(_NOT_KNOWN)
        for each in statements
        for words in each.would_change
        if words.endswith(_NOT_KNOWN)
    )
    if unknown:
        yield from wrapped(f"Not known, and could change this: {', '.join(unknown)}.", indent=4)


def _statement(each: Statement, *, has_details: bool) -> Iterator[str]:
    topic = TOPICS.get(each.topic, each.topic)
    yield from wrapped(f"- {topic}: {plain_text(each)}", first=4, indent=6)
    yield from wrapped(f"[{statement_place(each)}]", first=6, indent=7)
    if has_details and each.fired_by:
        yield from wrapped(f"because: {'; '.join(each.fired_by)}", first=6, indent=8)
    if has_details and each.would_change:
        yield from wrapped(f"would change with: {'; '.join(each.would_change)}", first=6, indent=8)


def _limits(meaning: Interpretation) -> Iterator[str]:
    for each in meaning.limits:
        yield from wrapped(f"- {each.text}", indent=4)


def _sources(sources: tuple[Source, ...], *, has_details: bool) -> Iterator[str]:
    """Cite what was used; how well a statement is known stands beside the statement."""
    if not has_details:
        yield from wrapped(
            f"{len(sources)} publications: --details lists them, the JSON has them all.", indent=2
        )
        return
    for each in sources:
        doi = f" doi:{each.doi}" if each.doi else ""
        yield from wrapped(f"- {each.citation}{doi}", indent=4)


def _legend(marks: set[Mark]) -> Iterator[str]:
    for mark, (word, meaning) in MARKS.items():
        if mark in marks:
            yield f"  {word}: {meaning}"
