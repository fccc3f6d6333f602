"""How the parts of an interpretation are written: scores, percents, statements, lines."""

import textwrap

from corcal.report.amounts import shown
from corcal.risk.categories import SCHEMES, band_of
from corcal.risk.guidance import GUIDELINES
from corcal.risk.guidance.general import GENERAL as CAUTIONS
from corcal.risk.guidance.wording import MARK_NOTES
from corcal.risk.types import Mark, Statement

__all__ = [
    "GENERAL",
    "MARKS",
    "TOPICS",
    "guideline_title",
    "percent_words",
    "plain_text",
    "score_words",
    "statement_place",
    "wrapped",
]

GENERAL = CAUTIONS.key
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

_COLUMNS = 80  # of a terminal
_MOST_DIGITS = 4
_WHOLE_FROM = 10.0  # a score from here on is written without decimals
_NO_BREAK = "\N{NO-BREAK SPACE}"


def guideline_title(key: str) -> str:
    """Name a guideline."""
    return GUIDELINES[key].title if key in GUIDELINES else CAUTIONS.title


def plain_text(statement: Statement) -> str:
    """Give a statement without the sentence on how sure it is: its mark says that shorter."""
    return statement.text.removesuffix(f"[{MARK_NOTES[statement.mark]}]").rstrip()


def statement_place(statement: Statement) -> str:
    """Write class, evidence, name and mark: ``"class 1; evidence B-R; ...; secondary"``."""
    parts = [statement.id, MARKS[statement.mark][0]]
    if statement.strength is not None:
        parts.insert(0, f"class {statement.strength}")
    if statement.evidence is not None:
        parts.insert(1, f"evidence {statement.evidence}")
    return "; ".join(parts)


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
