"""What guidelines say to the case: the newest, each with its source and how sure that is."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from corcal.report.clinician.suitability import meaning_of
from corcal.report.document import Block, Bullets, Heading, Paragraph, Span, Text
from corcal.report.interpretation_choice import newest_on_each_topic, statements_of, told
from corcal.report.interpretation_words import (
    NOT_AN_ORDER,
    TOPICS,
    guideline_title,
    marks_legend,
    not_known_words,
    plain_text,
    statement_strength,
)
from corcal.result import Result
from corcal.risk.types import Statement

__all__ = ["guidance"]


def guidance(result: Result) -> tuple[Block, ...]:
    """List the statements by guideline; below stand what is not known and what the marks mean."""
    meaning = meaning_of(result)
    applying = [] if meaning is None else told(statements_of(meaning))
    chosen = newest_on_each_topic(applying)
    if meaning is None or not chosen:
        return ()
    groups = groupby(chosen, key=lambda each: each.guideline)
    items = tuple(item for key, group in groups for item in _items(guideline_title(key), group))
    unknown = not_known_words(meaning.guidance)
    notes = [*([unknown] if unknown else []), *_left_out(len(applying) - len(chosen)), NOT_AN_ORDER]
    legend = "; ".join(marks_legend(chosen))
    return (
        Heading(text="What guidelines say"),
        Bullets(items=items),
        Paragraph(text=f"{' '.join(notes)} Marks: {legend}.", role="note"),
    )


def _left_out(count: int) -> list[str]:
    words = "1 older statement is" if count == 1 else f"{count} older statements are"
    return [f"{words} left out."] if count else []


def _items(title: str, statements: Iterable[Statement]) -> Iterator[Text]:
    """Write what one guideline says, an item a statement; the first one names it."""
    lead: tuple[str | Span, ...] = (Span(text=f"{title}.", style="strong"), " ")
    for each in statements:
        topic = TOPICS.get(each.topic, each.topic)
        strength = Span(text=f"({statement_strength(each)})", style="muted")
        yield (*lead, f"{topic}: {plain_text(each)} ", strength)
        lead = ()
