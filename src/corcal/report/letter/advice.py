"""What the person can do, what to ask, and when to scan again: made from the case."""

import re
from collections.abc import Iterator

from corcal.report.document import Block, Bullets, Heading, Paragraph, Table
from corcal.report.letter.case import Case
from corcal.report.letter.chance import Chance, may_be_higher
from corcal.report.letter.language import Language
from corcal.risk.guidance import GUIDELINES
from corcal.risk.types import Mark, Person, Statement
from corcal.risk.what_if import Goals, WhatIf, goals_for

__all__ = [
    "GOALS_SOURCE",
    "repeat_statement",
    "shown_changes",
    "what_to_ask",
    "what_to_do",
    "when_again",
]

GOALS_SOURCE = "accaha2026"
"""Key of the `Source` of the goals of cholesterol (`corcal.risk.what_if.goals_for`)."""


_OBESITY_BMI = 30.0  # World Health Organization, Technical Report Series 894 (2000)
_YEARS = 10
_ROWS = {
    "smoking_stopped": "row_smoking",
    "systolic_at_goal": "row_pressure",
    "lipids_at_goal": "row_lipids",
    "together": "row_together",
}
_FROM_TO = re.compile(r" of ([\d.]+) to ([\d.]+) ")  # as `corcal.risk.what_if` writes a change
_MOST_QUESTIONS = 8


def what_to_do(case: Case, chance: Chance | None, language: Language) -> Iterator[Block]:
    """Say what the person can work on: only what is known, and nothing if nothing is."""
    blocks = [*_factor_list(case, language), *_changes(case, chance, language)]
    if _is_all_good(case):
        blocks.append(Paragraph(text=language.text("do.good")))
    if case.takes_statin and not case.is_pregnant:
        names = ("statin",) if case.has_risen_on_statin else ("statin", "statin_number")
        blocks.append(Paragraph(text=" ".join(language.text(f"do.{name}") for name in names)))
    if case.is_pregnant:
        blocks.append(Paragraph(text=language.text("do.pregnant")))
    if blocks:
        yield Heading(text=language.text("do.heading"))
        yield from blocks


def what_to_ask(case: Case, chance: Chance | None, language: Language) -> tuple[Block, ...]:
    """List questions for the doctor, those that matter most first."""
    asked = [name for name, is_asked in _questions(case, chance) if is_asked][:_MOST_QUESTIONS]
    facts = language.listed([language.text(f"fact.{name}") for name in case.unknown])
    items = tuple(
        language.text(f"ask.{name}", **({"facts": facts} if name == "unknown" else {}))
        for name in asked
    )
    return (Heading(text=language.text("ask.heading")), Bullets(items=items))


def when_again(case: Case, language: Language) -> Iterator[Block]:
    """Say when a repeat makes sense, as far as the record has a statement that was read."""
    found = repeat_statement(case, language)
    if found is not None:
        yield Heading(text=language.text("again.heading"))
        yield Paragraph(text=language.text(f"again.{found.id}"))


def repeat_statement(case: Case, language: Language) -> Statement | None:
    """Choose what the letter says of a repeat.

    Parameters
    ----------
    case : Case
        With its guidance.
    language : Language
        Only statements that it has words for.

    Returns
    -------
    Statement or None
        The newest of a guideline that is in force, else a study's or an older one's. ``None`` if
        the record has none, or only such as are known from memory, or the score does not count:
        then it is a question for the doctor.
    """
    said = case.meaning.guidance if case.meaning is not None and case.is_comparable else ()
    found = [
        each
        for each in said
        if each.topic == "repeat_scan"
        and each.mark is not Mark.RECALLED
        and language.has(f"again.{each.id}")
    ]
    return min(found, key=_is_of_the_past, default=None)


def shown_changes(case: Case, chance: Chance | None) -> tuple[WhatIf, ...]:
    """List what would change the chance that the letter shows."""
    if case.meaning is None or chance is None or not case.is_usable:
        return ()
    return tuple(
        each
        for each in case.meaning.what_if
        if each.years == _YEARS and (each.model, each.outcome) == (chance.model, chance.outcome)
    )


def _is_of_the_past(each: Statement) -> bool:
    return GUIDELINES[each.guideline].superseded_by is not None


def _factor_list(case: Case, language: Language) -> Iterator[Block]:
    person = case.person
    if person is None:
        return
    items = tuple(
        language.text(f"do.{name}", **values) for name, values in _factors(case, person, language)
    )
    if items:
        yield Paragraph(text=language.text("do.intro"))
        yield Bullets(items=items)


def _factors(
    case: Case, person: Person, language: Language
) -> Iterator[tuple[str, dict[str, str]]]:
    """Name each factor that the person has and can work on, with its numbers."""
    if person.smokes:
        yield "smoking", {}
    goals = _goals(case)
    if not case.is_pregnant and _is_pressure_high(person, goals):
        goal = _shown(goals.systolic_mmhg, language)
        yield "pressure", {"value": _shown(person.systolic_mmhg, language), "goal": goal}
    if not case.is_pregnant and _are_lipids_high(person, goals):
        yield "lipids", {"value": f"{person.total_cholesterol_mg_dl:.0f}"}
    if person.has_diabetes:
        yield "diabetes", {}
    if not case.is_pregnant and person.bmi is not None and person.bmi >= _OBESITY_BMI:
        yield "weight", {"value": _shown(person.bmi, language)}


def _goals(case: Case) -> Goals:
    """Return what the record's own what if compares with; a score that does not count sets none."""
    return goals_for(case.score if case.is_usable else None)


def _is_pressure_high(person: Person, goals: Goals) -> bool:
    return person.systolic_mmhg is not None and person.systolic_mmhg > goals.systolic_mmhg


def _are_lipids_high(person: Person, goals: Goals) -> bool:
    total, hdl = person.total_cholesterol_mg_dl, person.hdl_mg_dl
    return total is not None and hdl is not None and total - hdl > goals.non_hdl_mg_dl


def _is_all_good(case: Case) -> bool:
    """Whether everything is known that a person can work on, and nothing of it is high."""
    person, goals = case.person, _goals(case)
    if person is None or not case.is_usable or case.has_symptoms or case.is_pregnant:
        return False
    numbers = (person.systolic_mmhg, person.total_cholesterol_mg_dl, person.hdl_mg_dl, person.bmi)
    if None in numbers:
        return False
    return (
        person.smokes is False
        and person.has_diabetes is False
        and not _is_pressure_high(person, goals)
        and not _are_lipids_high(person, goals)
        and (person.bmi or 0.0) < _OBESITY_BMI
    )


def _shown(value: float | None, language: Language) -> str:
    """Write a fact of the person as the record's what if does."""
    return language.number(f"{value:.4g}")


def _changes(case: Case, chance: Chance | None, language: Language) -> Iterator[Block]:
    """Set the chance beside that of a person without each factor, as the record has it."""
    changes = shown_changes(case, chance)
    if not changes:
        return
    yield Table(
        caption=language.text("do.table"),
        head=tuple(language.text(f"do.{name}") for name in ("if", "now", "then")),
        rows=tuple(_row(each, language) for each in changes),
        numeric=frozenset((1, 2)),
        shows_caption=True,
    )
    said = (language.text(f"do.{name}") for name in _remarks(changes, case))
    yield Paragraph(text=" ".join(said), role="note")


def _remarks(changes: tuple[WhatIf, ...], case: Case) -> Iterator[str]:
    """Name what has to be known to read the table: keys of the section ``do``."""
    shown = {each.change for each in changes if each.after is not None}
    yield "caution"
    if "smoking_stopped" in shown:
        yield "slowly"
    if "together" in shown:
        yield "together"
    if any(each.change == "lipids_at_goal" for each in changes):
        yield "goal_least" if _goals(case) == goals_for(None) else "goal"


def _row(each: WhatIf, language: Language) -> tuple[str, str, str]:
    """Write one change: its name, the chance now, and the chance then, with its bounds."""
    found = _FROM_TO.search(each.changed[0])
    is_whole = each.change == "lipids_at_goal"  # as the report has mg/dL; typed may be mmol/L
    texts = found.groups() if found else ()
    numbers = [f"{float(x):.0f}" if is_whole else language.number(x) for x in texts]
    name = f"do.{_ROWS[each.change]}"
    if each.change == "together" or each.change == "smoking_stopped":
        words = language.text(name)
    else:
        words = language.text(name, before=numbers[0], after=numbers[1])
    return words, language.percent(each.before), _then(each, language)


def _then(each: WhatIf, language: Language) -> str:
    if each.after is None:
        return language.text("do.no_number")
    if each.low is None or each.high is None:
        return language.percent(each.after)
    low, high = language.percent(each.low), language.percent(each.high)
    return low if low == high else language.text("language.range", low=low, high=high)


def _questions(case: Case, chance: Chance | None) -> Iterator[tuple[str, bool]]:
    """Name every question, and whether it is asked in this case."""
    has_calcium = case.is_usable and case.score > 0
    yield "symptoms", case.has_symptoms
    yield "amended", case.is_amended
    yield "checked", case.is_unchecked or case.is_nothing_marked
    yield "new_scan", not case.is_fit
    yield "metal", case.may_have_stent
    yield "goals", not case.applies
    yield "pregnancy", case.is_pregnant
    yield "chance", case.is_usable and chance is None and not case.has_symptoms
    yield "chance_with_scan", chance is not None and may_be_higher(case, chance)
    yield "statin", has_calcium and not case.takes_statin and not case.is_pregnant
    yield "wait", _may_wait(case)
    yield "dose", case.takes_statin and case.score > 0 and not case.is_pregnant
    yield "tests", has_calcium and (case.part == "large" or case.said("further_evaluation"))
    yield "unknown", case.applies and bool(case.unknown)
    yield from _questions_of_factors(case)
    yield "aspirin", has_calcium and case.said("aspirin") and not case.is_pregnant
    yield "other_sites", case.has_other_sites
    yield (
        "family",
        "family" in case.reasons or "cholesterol" in case.reasons or case.is_high_for_age,
    )
    yield "repeat", case.applies


def _questions_of_factors(case: Case) -> Iterator[tuple[str, bool]]:
    person = case.person
    if person is not None:
        yield "stop_smoking", bool(person.smokes)
        yield "pressure", _is_pressure_high(person, _goals(case))


def _may_wait(case: Case) -> bool:
    is_sure = case.is_comparable and case.score == 0 and not case.is_guarded
    return is_sure and not case.takes_statin and not case.is_pregnant
