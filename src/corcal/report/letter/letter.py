"""The letter to a patient: plain words and pictures, every number from the record."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from corcal.report.document import Block, Document, Heading, PageStyle, Paragraph, Text
from corcal.report.letter.advice import (
    GOALS_SOURCE,
    repeat_statement,
    shown_changes,
    what_to_ask,
    what_to_do,
    when_again,
)
from corcal.report.letter.case import Case
from corcal.report.letter.chance import Chance, chance_of, the_chance
from corcal.report.letter.dates import date_of_letter
from corcal.report.letter.earlier import what_changed
from corcal.report.letter.language import Language, letter_language
from corcal.report.letter.notices import call_for_help, first_notices
from corcal.report.letter.number import looked_for, not_said, reference_of, the_number
from corcal.report.patient import person_name
from corcal.report.words import is_automatic
from corcal.result import Result
from corcal.risk.sources import source

__all__ = ["TEXT_PT", "patient_letter"]

_FITS_PAGES = 2  # both sides of a sheet
TEXT_PT = 12.0
"""Size of the text, points; large print is 16 to 18."""


def patient_letter(
    result: Result, *, language: str = "en", style: PageStyle | None = None
) -> Document:
    """Write the letter to the patient.

    Everything in it is a view of the record: the score, its place, the chance in 10 years and
    what would change it have the digits of the report for clinicians. A part for which the record
    has nothing is left out.

    Parameters
    ----------
    result : Result
        A scored exam; with its interpretation and comparison, as far as there are any.
    language : str
        One of `corcal.report.letter.letter_languages`.
    style : PageStyle, optional
        Paper and size of the text; A4 and 12 points by default.

    Returns
    -------
    Document
        For the writers of PDF and HTML.

    Raises
    ------
    InputError
        If there is no letter in the language.
    """
    words, case = letter_language(language), Case(result=result)
    style = style or PageStyle(text_pt=TEXT_PT)
    return Document(
        title=words.text("letter.title"),
        subtitle=_subtitle(result, words),
        language=language,
        blocks=tuple(_blocks(case, words, style)),
        footer=words.text("letter.footer"),
        created=result.provenance.created,
        style=style,
        page_numbers=words.text("letter.pages", page="{page}", pages="{pages}"),
        fits_pages=_FITS_PAGES,
    )


def _blocks(case: Case, language: Language, style: PageStyle) -> Iterator[Block]:
    chance = chance_of(case)
    yield from first_notices(case, language)
    yield from looked_for(language)
    yield from the_number(case, language, text_pt=style.text_pt)
    yield from what_changed(case, language)
    yield from the_chance(case, chance, language, text_pt=style.text_pt)
    yield call_for_help(language)  # not after the last question: that may be a third page
    yield from what_to_do(case, chance, language)
    yield from not_said(case, language)
    yield from what_to_ask(case, chance, language)
    yield from when_again(case, language)
    yield from _about(case, chance, language)


def _subtitle(result: Result, language: Language) -> Text:
    """Say whom the letter is about, which scan as far as headers tell, and when it was made."""
    scan = result.scan
    name = person_name(scan.patient.name or "")
    who = language.with_span("letter.name", style="strong", name=name) if name else ()
    lines = [language.text("letter.written", date=date_of_letter(result, language))]
    with suppress(ValueError):
        day = language.date(date.fromisoformat(scan.date or ""))
        lines.insert(0, language.text("letter.date", date=day))
    return (*who, "\n" if who else "", "\n".join(lines))


def _about(case: Case, chance: Chance | None, language: Language) -> Iterator[Block]:
    """Say who wrote the letter, and where its numbers come from."""
    made = case.result.provenance
    yield Heading(text=language.text("about.heading"), level=2)
    said = [
        language.text("about.made", software=made.software),
        language.text("letter.footer"),
    ]
    if made.reviewed is not None and made.reviewed.readers and case.is_signed:
        names = language.listed(made.reviewed.readers)
        name = "about.marked_reviewed" if case.is_marked else "about.reviewed"
        said.insert(0, language.text(name, names=names))
    elif case.is_marked and not case.is_signed:
        said.insert(0, language.text("about.unsigned"))
    elif is_automatic(case.result) and made.reader:
        said.insert(0, language.text("about.reader", name=made.reader))
    yield Paragraph(text=" ".join(said), role="note")
    cited = "; ".join(_citations(case, chance, language))
    if cited:
        yield Paragraph(text=language.text("about.sources", sources=cited), role="note")


def _citations(case: Case, chance: Chance | None, language: Language) -> Iterator[str]:
    """Cite what the letter took its numbers from, each once."""
    keys: dict[str, None] = {}
    if (reference := reference_of(case)) is not None:
        keys[reference.source] = None
    if chance is not None:
        keys[chance.source] = None
    for each in shown_changes(case, chance):
        keys |= dict.fromkeys(each.bound_sources)
        if each.change == "lipids_at_goal":
            keys[GOALS_SOURCE] = None
    if (statement := repeat_statement(case, language)) is not None:
        keys[statement.source] = None
    for key in keys:
        found = source(key)
        if found.doi is None:
            yield found.citation.rstrip(".")
        else:
            authors = found.citation.split(". ")[0].rstrip(".")
            yield f"{authors}, {found.year}, doi:{found.doi}"
