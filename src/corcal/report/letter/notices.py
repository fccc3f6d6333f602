"""What stands first in a letter, before any number, and when to call for help."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from corcal.amendment import Amendment
from corcal.report.document import Notice, Paragraph
from corcal.report.letter.case import Case
from corcal.report.letter.dates import date_of_replaced
from corcal.report.letter.language import Language

_Kind: TypeAlias = Literal["info", "caution", "urgent"]

__all__ = ["call_for_help", "first_notices"]


def first_notices(case: Case, language: Language) -> Iterator[Notice]:
    """Say what has to be known before the number is read, the most pressing first."""
    if case.has_symptoms:
        yield _box("symptoms", language, kind="urgent")
    if (amendment := case.result.provenance.amendment) is not None:
        yield _amended(amendment, case, language)
    if case.other_than_headers:
        yield _other_person(case, language)
    if case.is_unchecked:
        yield _box("unchecked", language)
    if case.has_disease:
        yield _box("disease", language)
    elif case.may_have_stent:
        yield _box("device", language)
    if not case.is_fit:
        kind = language.text(f"kind.{case.result.suitability.kind.value}")
        yield _box("unfit", language, kind_of_scan=kind)
    elif case.is_nothing_marked:
        yield _box("empty", language)
    elif case.is_gated is False:
        yield _box("estimate", language, kind="info")
    if case.is_review_advised and case.is_fit:
        yield _box("review", language)


def call_for_help(language: Language) -> Notice:
    """Say when the number does not matter."""
    return Notice(
        kind="urgent",
        title=language.text("help.title"),
        blocks=(
            Paragraph(text=language.text("help.text")),
            Paragraph(text=language.text("help.end")),
        ),
    )


def _amended(amendment: Amendment, case: Case, language: Language) -> Notice:
    """Say which letter this one replaces, and the scores of both."""
    date = date_of_replaced(amendment, case.result, language)
    said = [language.text("amended.text", date=date)]
    if case.is_usable:
        said.append(_scores(amendment, case, language))
    if not case.is_unchecked:  # the box on that says it
        said.append(language.text("amended.medicine"))
    title = language.text("amended.title")
    return Notice(kind="caution", title=title, blocks=(Paragraph(text=" ".join(said)),))


def _scores(amendment: Amendment, case: Case, language: Language) -> str:
    """Say what has become of the number; one of a scan called not fit for it is not repeated."""
    before, after = (language.amount(one) for one in (amendment.agatston_before, case.score))
    if amendment.fit_before is False:
        return language.text("amended.fit", after=after)
    if before == after:
        return language.text("amended.same", after=after)
    return language.text("amended.scores", before=before, after=after)


def _other_person(case: Case, language: Language) -> Notice:
    """Say that age or sex are not those of the headers, and what that means."""
    ages = (case.person and case.person.age_years, case.result.scan.patient.age_years)
    typed, header = (f"{int(age or 0)}" for age in ages)  # completed years
    told = {"age_years": language.text("headers.age", typed=typed, header=header)}
    told["sex"] = language.text("headers.sex")
    said = (*(told[name] for name in case.other_than_headers), language.text("headers.text"))
    title = language.text("headers.title")
    return Notice(kind="caution", title=title, blocks=(Paragraph(text=" ".join(said)),))


def _box(
    name: str, language: Language, *, kind: _Kind = "caution", kind_of_scan: str | None = None
) -> Notice:
    values = {} if kind_of_scan is None else {"kind": kind_of_scan}
    text = Paragraph(text=language.text(f"{name}.text", **values))
    title = language.text(f"{name}.title")
    return Notice(kind=kind, title=title, blocks=(text,))
