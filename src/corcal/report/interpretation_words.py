"""How the parts of an interpretation are written: scores, percents, statements, lines."""

import textwrap
from collections.abc import Iterable

from corcal.report.amounts import shown
from corcal.report.interpretation_choice import what_is_not_known
from corcal.risk.categories import SCHEMES, band_of
from corcal.risk.guidance import GUIDELINES
from corcal.risk.guidance.general import GENERAL as CAUTIONS
from corcal.risk.guidance.wording import MARK_NOTES
from corcal.risk.interpretation_types import RiskNumbers
from corcal.risk.person import PERSON_FIELDS
from corcal.risk.risk_class import RISK_CLASSES
from corcal.risk.types import ArterialAge, Category, Mark, Person, Statement

__all__ = [
    "MARKS",
    "NOT_AN_ORDER",
    "OUTCOMES_DIFFER",
    "PREVENT_MODELS",
    "SCHEMES_DIFFER",
    "TOPICS",
    "arterial_age_words",
    "caution_text",
    "class_words",
    "guideline_title",
    "has_other_words",
    "marks_legend",
    "not_known_words",
    "percent_words",
    "person_words",
    "plain_text",
    "prevent_class_words",
    "score_words",
    "statement_place",
    "statement_strength",
    "wrapped",
]

TOPICS = {
    "caution": "Caution",
    "lipids": "Lipids",
    "aspirin": "Aspirin",
    "blood_pressure": "Blood pressure",
    "lifestyle": "Lifestyle",
    "repeat_scan": "Repeat scan",
    "further_evaluation": "Further evaluation",
    "testing": "Who is tested",
}
"""Each topic of `Statement` in words."""

MARKS = {
    Mark.VERIFIED: ("verified", "read in the source, or the same in independent programs"),
    Mark.SECONDARY: ("secondary", "as another text reports it; the source was not read"),
    Mark.RECALLED: ("from memory", "not the words of the source: check it before use"),
}
"""Each mark in a word, and what it means."""

OUTCOMES_DIFFER = (
    "The models predict different things, so their numbers do not compare: MESA coronary heart "
    "disease with some revascularisations, the Pooled Cohort Equations heart attack, coronary "
    "death and stroke, PREVENT these and heart failure, SCORE2 heart attack, stroke and "
    "cardiovascular death."
)
"""To be said wherever the risks of several models stand together."""

NOT_AN_ORDER = (
    "What guidelines say is given for a doctor and a patient to talk about; it is no order."
)
"""To be said wherever guidelines are told."""

SCHEMES_DIFFER = "Each scheme has its own limits and words."
"""To be said wherever schemes have different words for a score (`has_other_words`)."""

_NONE = ("0", "A0", "V0")  # classes of a score of 0
_DERIVED = "derived from the score, not a visual estimate"
_ARTERIAL_AGE = (
    "the age at which the risk of such a score is the usual one, among people of 45 to 84 years "
    "without cardiovascular disease or diabetes."
)

PREVENT_MODELS = {
    "prevent": "base model",
    "prevent_hba1c": "model with HbA1c",
    "prevent_uacr": "model with albumin in urine",
    "prevent_sdi": "model with social deprivation",
    "prevent_full": "full model",
}
"""Each model of PREVENT in words."""

_COLUMNS = 80  # of a terminal
_MOST_DIGITS = 4
_WHOLE_FROM = 10.0  # a score from here on is written without decimals
_WHOLE_FACT_FROM = 100.0  # a fact of a person from here on is written without decimals
_NO_BREAK = "\N{NO-BREAK SPACE}"


def arterial_age_words(age: ArterialAge) -> str | None:
    """Write an arterial age with its interval, and what it is; ``None`` if there is none."""
    if age.years is None:
        return None
    return f"{age.years:.0f} years ({age.low:.0f} to {age.high:.0f}): {_ARTERIAL_AGE}"


def prevent_class_words(risk: RiskNumbers) -> str | None:
    """Name the class of the ASCVD by PREVENT: ``"borderline risk (3 to under 5 %)"``."""
    named = (each for each in RISK_CLASSES if each.name == risk.prevent_class)
    return next((f"{each.name} risk ({each.range})" for each in named), None)


def not_known_words(statements: Iterable[Statement]) -> str | None:
    """Name what is not known of the person and could change what is said, as a sentence."""
    unknown = what_is_not_known(statements)
    return f"Not known, and could change this: {', '.join(unknown)}." if unknown else None


def marks_legend(statements: Iterable[Statement]) -> list[str]:
    """Say what each mark of the statements means."""
    marks = {each.mark for each in statements}
    return [f"{word}: {meaning}" for mark, (word, meaning) in MARKS.items() if mark in marks]


def class_words(category: Category) -> str:
    """Write a class with its label: ``"A2/N3, moderate"``; one word if both are the same.

    CAC-DRS without gating is said to be no visual estimate, for which its letter V stands.
    """
    if category.code == category.label:
        return category.label
    is_derived = category.scheme == "cac_drs" and category.code.startswith("V")
    return f"{category.code}, {category.label}{f' ({_DERIVED})' if is_derived else ''}"


def has_other_words(categories: Iterable[Category]) -> bool:
    """Tell whether schemes call a score above 0 by different words: mild, moderate, severe ..."""
    return len({each.label for each in categories if each.code not in _NONE}) > 1


def guideline_title(key: str) -> str:
    """Name a guideline."""
    return GUIDELINES[key].title if key in GUIDELINES else CAUTIONS.title


def plain_text(statement: Statement) -> str:
    """Give a statement without the sentence on how sure it is: its mark says that shorter."""
    return statement.text.removesuffix(f"[{MARK_NOTES[statement.mark]}]").rstrip()


def caution_text(statement: Statement) -> str:
    """Give a caution; one about what is not known names it."""
    text = plain_text(statement)
    if statement.id == "general.not-known" and "not known:" not in text:
        return f"{text.removesuffix('.')} ({'; '.join(statement.fired_by)})."
    return text


def statement_place(statement: Statement) -> str:
    """Write class, evidence, name and mark: ``"class 1; evidence B-R; ...; secondary"``."""
    return "; ".join((*_strength(statement), statement.id, MARKS[statement.mark][0]))


def statement_strength(statement: Statement) -> str:
    """Write class, evidence and mark: ``"class 1; evidence B-R; secondary"``."""
    return "; ".join((*_strength(statement), MARKS[statement.mark][0]))


def _strength(statement: Statement) -> list[str]:
    known = (("class", statement.strength), ("evidence", statement.evidence))
    return [f"{name} {value}" for name, value in known if value is not None]


def person_words(person: Person | None) -> str:
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


def score_words(agatston: float) -> str:
    """Write a score with the digits that matter.

    In no scheme does the rounded one have another class than the score. A little
    calcium is never written as 0.

    Examples
    --------
    >>> score_words(99.2), score_words(99.5), score_words(0.04)
    ('99', '99.5', '<0.1')
    """
    fewest = 0 if agatston >= _WHOLE_FROM else 1
    texts = [shown(agatston, digits) for digits in range(fewest, _MOST_DIGITS + 1)]
    is_like = (text for text in texts if _is_in_same_classes(text, agatston))
    return next(is_like, texts[-1])


def _is_in_same_classes(text: str, agatston: float) -> bool:
    if text.startswith("<"):
        return True
    return all(band_of(name, float(text)) == band_of(name, agatston) for name in SCHEMES)


def percent_words(fraction: float | None) -> str:
    """Write a risk; a dash if there is none."""
    return "-" if fraction is None else f"{100 * fraction:.1f} %"


def wrapped(text: str, *, indent: int, first: int = 2) -> list[str]:
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
