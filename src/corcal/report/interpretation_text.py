"""An interpretation as text for a terminal, 80 columns."""

from collections.abc import Iterator

from corcal.report.both_units import in_both_units, with_mmol
from corcal.report.interpretation_choice import (
    RiskRow,
    is_comparable,
    risk_rows,
    statements_of,
    told,
)
from corcal.report.interpretation_short import cautions, main_points
from corcal.report.interpretation_words import (
    NOT_AN_ORDER,
    OUTCOMES_DIFFER,
    PREVENT_MODELS,
    SCHEMES_DIFFER,
    TOPICS,
    arterial_age_words,
    guideline_title,
    has_other_words,
    marks_legend,
    not_known_words,
    percent_words,
    person_words,
    plain_text,
    score_words,
    statement_place,
    wrapped,
)
from corcal.report.percentile_words import percentile_words
from corcal.result import RESEARCH_USE
from corcal.risk.categories import SCHEMES
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MADE_FROM_GATED, MODEL_NAMES, OUTCOME_NAMES, REFERENCE_NAMES
from corcal.risk.types import Source, Statement
from corcal.risk.what_if import CAUTION, WhatIf

__all__ = ["interpretation_text"]

_WHAT_IF_YEARS = 10  # 30 years are in the JSON
_RISK_NAME, _WHAT_IF_NAME = 52, 41  # width of a column; a longer outcome is abbreviated


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
    who = person_words(meaning.person)
    yield from wrapped(f"For {with_mmol(who) if has_mmol else who}", indent=4, first=0)
    if meaning.certainty is not None:
        sure = meaning.certainty
        yield from wrapped(
            f"Found automatically; {100 * sure.level:g} % interval {score_words(sure.low)} to "
            f"{score_words(sure.high)}. {sure.reading}",
            indent=4,
            first=0,
        )


def _what_it_is(meaning: Interpretation) -> Iterator[str]:
    for name, each in meaning.categories.items():
        scheme = SCHEMES[name]
        yield f"  {scheme.title:38}{each.code:10}{each.label}"
        # the usual reading says what the label says, and that of the plain guide is said in short
        if name != "plain" and each.reading not in {band.reading for band in scheme.bands}:
            yield from wrapped(each.reading, indent=6, first=6)
    if has_other_words(meaning.categories.values()):
        yield from wrapped(SCHEMES_DIFFER, indent=2)


def _compared(meaning: Interpretation) -> Iterator[str]:
    if meaning.person is not None and not is_comparable(meaning):
        yield from wrapped(f"Not given: {MADE_FROM_GATED}.", indent=4)
        return
    for name, each in meaning.percentile.items():
        if each.not_covered is None:
            words = percentile_words(each, meaning.agatston)
            yield from wrapped(f"{REFERENCE_NAMES[name]:14}{words}", indent=16)
    age = arterial_age_words(meaning.arterial_age)
    if age is not None:
        yield from wrapped(f"{'Arterial age':14}{age}", indent=16)


def _risk(meaning: Interpretation) -> Iterator[str]:
    rows = _risk_rows(meaning)
    if rows:
        yield f"  {'':{_RISK_NAME}}{'10 years':>10}{'30 years':>11}"
    elif meaning.person is not None:
        yield "  No model gives a number: see the limits."
    for name, ten, thirty in rows:
        yield f"  {name:{_RISK_NAME}}{percent_words(ten):>10}{percent_words(thirty):>11}"
    if len({name.split()[0].rstrip(":") for name, _, _ in rows}) > 1:
        yield from wrapped(OUTCOMES_DIFFER, indent=2)
    if meaning.risk.prevent_model is not None:
        words = PREVENT_MODELS[meaning.risk.prevent_model]
        yield f"  PREVENT is the {words}; it does not know the score."
    for note in dict.fromkeys(each.note for each in meaning.estimates if each.note is not None):
        yield from wrapped(f"{note[0].upper()}{note[1:]}.", indent=4)


def _risk_rows(meaning: Interpretation) -> list[tuple[str, float | None, float | None]]:
    """Give name, risk in 10 years, and in 30, of each model that has a number."""
    rows = [line for row in risk_rows(meaning) for line in _risk_lines(row)]
    return [row for row in rows if row[1] is not None or row[2] is not None]


def _risk_lines(row: RiskRow) -> list[tuple[str, float | None, float | None]]:
    """Write a model that knows the calcium as two lines, any other as one."""
    if row.model == "mesa_chd":
        outcome = OUTCOME_NAMES[row.outcome]
        return [
            (f"MESA without the scan: {outcome}", row.ten_years, None),
            (f"MESA with the calcium: {outcome}", row.with_calcium, None),
        ]
    name = _model_outcome(row.model, row.outcome, _RISK_NAME)
    return [(name, row.ten_years, row.thirty_years)]


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
    after_cautions = statements_of(meaning)
    shown = after_cautions if has_details else told(after_cautions)
    guideline = None
    for each in shown:
        if each.guideline != guideline:
            guideline = each.guideline
            yield f"  {guideline_title(guideline)}"
        yield from _statement(each, has_details=has_details)
    if not meaning.guidance:
        return
    unknown = not_known_words(meaning.guidance)
    if unknown is not None:
        yield from wrapped(unknown, indent=4)
    if len(shown) < len(after_cautions):
        count = len(after_cautions) - len(shown)
        yield from wrapped(
            f"Left out here: {count} {'statement' if count == 1 else 'statements'} of superseded "
            "guidelines, on who is tested, and on lifestyle once more (--details).",
            indent=4,
        )
    yield from wrapped(NOT_AN_ORDER, indent=2)
    yield from (f"  {line}" for line in marks_legend(meaning.guidance))


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
