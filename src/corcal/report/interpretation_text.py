"""An interpretation as text for a terminal, 80 columns."""

import textwrap
from collections.abc import Iterator

from corcal.report.amounts import shown
from corcal.result import RESEARCH_USE
from corcal.risk.categories import SCHEMES
from corcal.risk.guidance import GUIDELINES
from corcal.risk.guidance.wording import MARK_NOTES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MODEL_NAMES, OUTCOME_NAMES, REFERENCE_NAMES
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.prevent import PREVENT_OUTCOMES
from corcal.risk.types import Mark, Percentile, Person, Source, Statement
from corcal.risk.what_if import CAUTION, WhatIf

__all__ = ["interpretation_text"]

_COLUMNS = 80  # of a terminal
_WHAT_IF_YEARS = 10  # 30 years are in the JSON
_RISK_NAME, _WHAT_IF_NAME = 52, 41  # width of a column; a longer outcome is abbreviated
_ONE_NUMBER = ("pce", "score2", "score2_op")  # models of one outcome in 10 years
_WHOLE_FROM = 10.0  # a score from here on is written without decimals
_NOT_AN_ORDER = (
    "What guidelines say is given for a doctor and a patient to talk about; it is no order."
)
_PREVENT = {
    "prevent": "base model",
    "prevent_hba1c": "model with HbA1c",
    "prevent_uacr": "model with albumin in urine",
    "prevent_sdi": "model with social deprivation",
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
    Mark.VERIFIED: ("verified", "read in the source, or the same in independent programs"),
    Mark.SECONDARY: ("secondary", "as another text reports it; the source was not read"),
    Mark.RECALLED: ("from memory", "not the words of the source: check it before use"),
}
_HIGHEST_PERCENTILE = 99  # of MESA: a score there may be higher still
_NO_BREAK = "\N{NO-BREAK SPACE}"
_NOT_KNOWN = " (not known)"  # how a statement says so of what would change it


def interpretation_text(meaning: Interpretation, *, has_details: bool = False) -> str:
    """Write an interpretation for a person, 80 columns.

    Parameters
    ----------
    meaning : Interpretation
        As of `corcal.risk.interpretation.interpret`.
    has_details : bool
        Also what would change each statement, and what each model says of changed risk factors.

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
        ("WHAT IF", _what_if(meaning, has_details=has_details)),
        ("WHAT GUIDELINES SAY, NEWEST FIRST", _guidance(meaning, has_details=has_details)),
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
    for name, each in meaning.categories.items():
        scheme = SCHEMES[name]
        yield f"  {scheme.title:38}{each.code:10}{each.label}"
        # the usual reading says what the label says; another one has something to add
        if name == "plain" or each.reading not in {band.reading for band in scheme.bands}:
            yield from _wrapped(each.reading, indent=6, first=6)


def _compared(meaning: Interpretation) -> Iterator[str]:
    for name, each in meaning.percentile.items():
        if each.not_covered is None:
            yield from _wrapped(f"{REFERENCE_NAMES[name]:14}{_percentile_words(each)}", indent=16)
    age = meaning.arterial_age
    yield from _wrapped(
        f"{'Arterial age':14}{age.years:.0f} years ({age.low:.0f} to {age.high:.0f}): the age at "
        "which the risk of such a score is the usual one.",
        indent=16,
    )


def _percentile_words(each: Percentile) -> str:
    if each.value == _HIGHEST_PERCENTILE:
        place = f"{_between(each.value, None)} of {each.group}."
    elif each.value is not None:
        place = f"{_ordinal(each.value)} percentile of {each.group}."
    elif each.at_least is not None or (each.at_most is not None and each.p_nonzero is None):
        place = f"{_between(each.at_least, each.at_most)} of {each.group}."
    else:
        place = f"a score of 0 has no percentile among {each.group}."
    if each.p_nonzero is not None:
        place += f" {each.p_nonzero} % of them have calcium."
    if each.scores:
        percents = "/".join(str(percent) for percent in each.scores)
        scores = ", ".join(f"{score:g}" for score in each.scores.values())
        place += f" Scores at the {percents}th percentile: {scores}."
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
    if meaning.difference is not None and meaning.difference.text is not None:
        yield from _wrapped(
            f"Coronary heart disease in 10 years (MESA): {meaning.difference.text}.", indent=4
        )
    rows = _risk_rows(meaning)
    if rows:
        yield f"  {'':{_RISK_NAME}}{'10 years':>10}{'30 years':>11}"
    elif meaning.person is not None:
        yield "  No model gives a number: see the limits."
    for name, ten, thirty in rows:
        yield f"  {name:{_RISK_NAME}}{_percent(ten):>10}{_percent(thirty):>11}"
    if meaning.risk.prevent_model is not None:
        words = _PREVENT[meaning.risk.prevent_model]
        yield f"  PREVENT is the {words}; it does not know the score."
    for note in dict.fromkeys(each.note for each in meaning.estimates if each.note is not None):
        yield from _wrapped(f"{note[0].upper()}{note[1:]}.", indent=4)


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
            yield from _wrapped(words[0].upper() + words[1:], indent=4)
        yield from _what_if_row(each)
    for words in dict.fromkeys(each.bounds for each in rows if each.after is not None):
        reason = words.removeprefix("none")
        text = f"Bounds: {words}." if reason == words else f"No bounds{reason}."
        yield from _wrapped(text, indent=4)
    yield from _wrapped(CAUTION, indent=2)


def _what_if_row(each: WhatIf) -> Iterator[str]:
    name = _model_outcome(each.model, each.outcome, _WHAT_IF_NAME)
    bounds = "-" if each.low is None else f"{_percent(each.low)} to {_percent(each.high)}"
    yield (
        f"    {name:{_WHAT_IF_NAME}}{_percent(each.before):>8}{_percent(each.after):>8}{bounds:>18}"
    )
    if each.not_valid is not None:
        yield from _wrapped(each.not_valid, first=6, indent=6)


def _model_outcome(model: str, outcome: str, width: int) -> str:
    name = f"{MODEL_NAMES[model]}: {OUTCOME_NAMES[outcome]}"
    return name if len(name) < width else f"{MODEL_NAMES[model]}: {outcome.upper()}"


def _guidance(meaning: Interpretation, *, has_details: bool) -> Iterator[str]:
    guideline = None
    for each in meaning.guidance:
        if each.guideline != guideline:
            guideline = each.guideline
            title = GUIDELINES[guideline].title if guideline in GUIDELINES else "Cautions"
            yield f"  {title}"
        yield from _statement(each, has_details=has_details)
    if guideline is None:
        return
    unknown = dict.fromkeys(
        words.removesuffix(_NOT_KNOWN)
        for each in meaning.guidance
        for words in each.would_change
        if words.endswith(_NOT_KNOWN)
    )
    if unknown:
        yield from _wrapped(f"Not known, and could change this: {', '.join(unknown)}.", indent=4)
    yield from _wrapped(_NOT_AN_ORDER, indent=2)


def _statement(each: Statement, *, has_details: bool) -> Iterator[str]:
    topic = _TOPICS.get(each.topic, each.topic)
    text = each.text.removesuffix(f"[{MARK_NOTES[each.mark]}]").rstrip()  # the tag says it shorter
    yield from _wrapped(f"- {topic}: {text}", first=4, indent=6)
    parts = [each.id, _MARKS[each.mark][0]]
    if each.strength is not None:
        parts.insert(0, f"class {each.strength}")
    if each.evidence is not None:
        parts.insert(1, f"evidence {each.evidence}")
    yield from _wrapped(f"[{'; '.join(parts)}]", first=6, indent=7)
    if has_details and each.fired_by:
        yield from _wrapped(f"because: {'; '.join(each.fired_by)}", first=6, indent=8)
    if has_details and each.would_change:
        yield from _wrapped(f"would change with: {'; '.join(each.would_change)}", first=6, indent=8)


def _limits(meaning: Interpretation) -> Iterator[str]:
    for each in meaning.limits:
        yield from _wrapped(f"- {each.text}", indent=4)


def _sources(sources: tuple[Source, ...]) -> Iterator[str]:
    for each in sources:
        doi = f" doi:{each.doi}" if each.doi else ""
        yield from _wrapped(f"- {each.citation}{doi} [{_MARKS[each.mark][0]}]", indent=4)
    yield from _legend({each.mark for each in sources})


def _legend(marks: set[Mark]) -> Iterator[str]:
    for mark, (word, meaning) in _MARKS.items():
        if mark in marks:
            yield f"  {word}: {meaning}"


def _score(agatston: float) -> str:
    """Write a score with the digits that matter; a little calcium is never written as 0."""
    return shown(agatston, 0 if agatston >= _WHOLE_FROM else 1)


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.1f} %"


def _wrapped(text: str, *, indent: int, first: int = 2) -> list[str]:
    """Break a line at 80 columns; words that are longer, and a number and its %, stay whole."""
    lines = textwrap.wrap(
        text.replace(" %", f"{_NO_BREAK}%"),
        width=_COLUMNS,
        initial_indent=" " * first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]
