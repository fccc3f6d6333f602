"""Risk without and with the calcium, and what the models were made with."""

from corcal.report.clinician.suitability import meaning_of
from corcal.report.document import Beside, Block, Bullets, Heading, Paragraph, Table
from corcal.report.interpretation_choice import RiskRow, risk_rows
from corcal.report.interpretation_words import (
    OUTCOMES_DIFFER,
    PREVENT_MODELS,
    percent_words,
    person_words,
    prevent_class_words,
)
from corcal.result import Result
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.limits import MODEL_NAMES, OUTCOME_NAMES
from corcal.risk.person import PERSON_FIELDS

__all__ = ["meaning"]

_WIDTHS = (1.05, 1.0)
_KNOWS_SCORE = "mesa_chd"  # the one family of models with a number with the calcium
_HEAD = ("Risk in 10 years of", "Without", "With calcium", "In 30 years")


def meaning(result: Result) -> tuple[Block, ...]:
    """Set what each model says beside what it is about."""
    told = meaning_of(result)
    if told is None or told.person is None:
        return ()
    rows = risk_rows(told)
    lacks_calcium = rows and all(row.with_calcium is None for row in rows)
    heading = Heading(text=f"Risk without {'' if lacks_calcium else 'and with '}the calcium")
    person = person_words(told.person).replace("m2", "m²")
    made_for = Paragraph(text=f"Given for {person}.", role="note")
    if not rows:
        return (heading, *_no_risk(told), made_for)
    notes = (Paragraph(text=each, role="note") for each in _notes(told, rows))
    columns: tuple[tuple[Block, ...], ...] = ((_table(rows),), (*notes, made_for))
    return (heading, Beside(columns=columns, widths=_WIDTHS))


def _no_risk(told: Interpretation) -> tuple[Block, ...]:
    """Say why no model gives a number: what is not known once for all, then each other reason."""
    limits = [each for each in told.limits if each.about in MODEL_NAMES]
    needed = {field for each in limits for field in each.missing}
    labels = ", ".join(each.label for name, each in PERSON_FIELDS.items() if name in needed)
    *first, last = dict.fromkeys(MODEL_NAMES[each.about] for each in limits if each.missing) or [""]
    models = f"{', '.join(first)} and {last}" if first else last
    whom = f"some or all of {models}" if first else models
    missing = f" Not known, and needed by {whom}: {labels}." if needed else ""
    said = Paragraph(text=f"No model gives a risk.{missing}")
    reasons = tuple(each.text for each in limits if not each.missing)
    return (said, Bullets(items=reasons)) if reasons else (said,)


def _table(rows: list[RiskRow]) -> Table:
    """Give the columns that have a number in some row."""
    cells = [_row(row) for row in rows]
    has_number = (
        True,
        True,
        any(row.with_calcium is not None for row in rows),
        any(row.thirty_years is not None for row in rows),
    )
    shown = [k for k, is_shown in enumerate(has_number) if is_shown]
    return Table(
        caption="Risk by model, in 10 years without and with the calcium",
        head=tuple(_HEAD[k] for k in shown),
        rows=tuple(tuple(row[k] for k in shown) for row in cells),
        numeric=frozenset(range(1, len(shown))),
    )


def _row(row: RiskRow) -> tuple[str, ...]:
    return (
        f"{MODEL_NAMES[row.model]}: {OUTCOME_NAMES[row.outcome]}",
        percent_words(row.ten_years),
        percent_words(row.with_calcium),
        percent_words(row.thirty_years),
    )


def _notes(told: Interpretation, rows: list[RiskRow]) -> list[str]:
    """Say what the numbers are of, and how they were made."""
    needs = (each for each in told.limits if each.about.startswith(_KNOWS_SCORE))
    notes = [each.text for each in needs]  # why no number counts the calcium
    if len({MODEL_NAMES[row.model] for row in rows}) > 1:
        notes.append(OUTCOMES_DIFFER)
    model, prevent_class = told.risk.prevent_model, prevent_class_words(told.risk)
    if model is not None:
        words = "" if prevent_class is None else f" Its ASCVD in 10 years is {prevent_class}."
        notes.append(f"PREVENT is the {PREVENT_MODELS[model]}; it does not know the score.{words}")
    of_models = dict.fromkeys(each.note for each in told.estimates if each.note is not None)
    return [*notes, *(f"{note[0].upper()}{note[1:]}." for note in of_models)]
