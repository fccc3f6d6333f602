"""One page for a person: the score, the pictures, and how the score came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from string import Template

from corcal.ct.scan import Patient
from corcal.errors import InputError
from corcal.report.certainty import banner, interval_line
from corcal.report.comparison import change_table, differences, interval
from corcal.report.hero import hero
from corcal.report.made import how_it_was_made
from corcal.report.markup import Markup, tag
from corcal.report.patient import NOT_NAMED, person_name, sex_word
from corcal.report.sections import amount, lesion_table, pictures_of, rule_table, suitability
from corcal.report.words import label_markup, score_name
from corcal.result import Result

__all__ = ["ExamView", "write_overview"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamView:
    """An exam as the page shows it.

    Attributes
    ----------
    label : str
        What the page calls the exam, such as its date.
    result : Result
        The scored exam.
    pictures : mapping of str to Path
        PNG files by name (``"slices"``, ``"projection"``, and of an automatic score ``"anatomy"``
        and ``"decisions"``); they become part of the page.
    """

    label: str
    result: Result
    pictures: Mapping[str, Path] = field(default_factory=dict)


def write_overview(folder: Path | str, exams: Sequence[ExamView]) -> Path:
    """Write ``index.html``: one file that needs no other, with everything about the exams.

    Parameters
    ----------
    folder : path
        Where to write; it must exist. An existing page is replaced.
    exams : sequence of ExamView
        One exam, or several of the same patient, oldest first: these are also compared, by their
        numbers and without a verdict.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If there is no exam, a picture cannot be read, or the page cannot be written.
    """
    if not exams:
        msg = "a page needs at least one exam, got none"
        raise InputError(msg)
    page = Path(folder) / "index.html"
    try:
        page.write_text(_page(exams), encoding="utf-8")
    except OSError as exc:
        msg = f"cannot write {page.name}: {exc.strerror}"
        raise InputError(msg) from exc
    return page


def _page(exams: Sequence[ExamView]) -> str:
    here = files("corcal.report")
    template = Template((here / "page.html").read_text(encoding="utf-8"))
    body = [_header(exams)]
    if len(exams) > 1:
        body.append(_comparison(exams))
    body += [_exam(exam, number) for number, exam in enumerate(exams, start=1)]
    body.append(tag("footer", tag("p", _statement(exams))))
    style = (here / "page.css").read_text(encoding="utf-8")
    return template.substitute(style=style, body="\n".join(body))


def _statement(exams: Sequence[ExamView]) -> str:
    return exams[0].result.provenance.statement


def _header(exams: Sequence[ExamView]) -> Markup:
    patients = dict.fromkeys(replace(exam.result.scan.patient, age_years=None) for exam in exams)
    lines = [_patient_line(patient) for patient in patients]
    identifiers = {patient.patient_id for patient in patients}
    warning: str = ""
    if len(identifiers) > 1:
        text = "The exams carry different patient identifiers. Are they of one patient?"
        warning = tag("p", tag("span", "warning", class_="badge warning"), text)
    return tag(
        "header",
        tag("h1", "Coronary calcium score"),
        *lines,
        warning,
        tag("p", _statement(exams), class_="notice"),
    )


def _patient_line(patient: Patient) -> Markup:
    born = None if patient.birth_date is None else f"born {patient.birth_date}"
    known = (
        patient.name and person_name(patient.name),
        patient.patient_id,
        sex_word(patient),
        born,
    )
    if not any(known):
        return tag("p", NOT_NAMED, class_="patient")
    return tag("p", *(tag("bdi", text) for text in known if text), class_="patient")


def _comparison(exams: Sequence[ExamView]) -> Markup:
    results = [exam.result for exam in exams]
    apart = interval(results)
    heading = "The exams side by side"
    return tag(
        "section",
        tag("h2", heading),
        tag("div", *(_big_score(exam) for exam in exams), class_="columns two"),
        tag(
            "div",
            tag("p", apart, class_="muted") if apart else "",
            change_table([exam.label for exam in exams], results),
            class_="card",
        ),
        tag("div", differences(results), class_="card"),
    )


def _big_score(exam: ExamView) -> Markup:
    return tag(
        "div",
        tag("p", label_markup(exam.label), class_="label"),
        tag("p", amount(exam.result.score.total.agatston), class_="score"),
        interval_line(exam.result.score.total.interval),
        tag("p", score_name(exam.result), class_="label"),
        class_="card",
    )


def _exam(exam: ExamView, number: int) -> Markup:
    result = exam.result
    title = f"exam-{number}"
    return tag(
        "article",
        tag("h2", label_markup(exam.label), id=title),
        banner(result),
        hero(result),
        pictures_of(exam.pictures, result),
        _card("Lesions", lesion_table(result)),
        _card("Is the scan fit for scoring?", suitability(result)),
        _card("Other scoring rules", rule_table(result)),
        _card("How the score was made", how_it_was_made(result)),
        aria_labelledby=title,
    )


def _card(heading: str, content: Markup) -> Markup:
    return tag("section", tag("h3", heading), content, class_="card")
