"""The reports of an exam that has just been scored: interpreted, and written beside the record."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from corcal.cli.person_options import make_person
from corcal.cli.report import pictures_for
from corcal.cli.report_formats import chosen_formats, tell_without_dicom, write_report
from corcal.cli.report_options import Layout
from corcal.cli.report_request import Request
from corcal.interpreted import interpret_result, known_facts, with_interpretation
from corcal.result import Result, result_json

if TYPE_CHECKING:
    from corcal.interop.hl7v2 import Route
    from corcal.pipeline import Exam

__all__ = ["interpreted", "report_exam"]


def interpreted(exam: "Exam", facts: dict[str, Any]) -> "Exam":
    """Give the exam with what its score means for the person.

    Parameters
    ----------
    exam : Exam
        Its headers may know age and sex.
    facts : dict
        What was typed (`corcal.cli.person_options.typed_facts`): it stands above the headers.

    Returns
    -------
    Exam
        Its record has an interpretation; without age and sex one that says so.

    Raises
    ------
    InputError
        If a fact is outside its range.
    """
    person = make_person(known_facts(exam.result) | facts)
    told = with_interpretation(exam.result, interpret_result(exam.result, person))
    # as whoever reads the record has it, to the last digit: 61 years are 61.0
    return replace(exam, result=msgspec.json.decode(result_json(told), type=Result))


def report_exam(
    exam: "Exam", folder: Path, layout: Layout, *, route: "Route | None" = None
) -> tuple[Path, ...]:
    """Write all default formats of an exam whose folder has been written, with its pictures."""
    tell_without_dicom(exam)
    formats = chosen_formats(None, exam)
    request = Request(
        result=exam.result,
        folder=folder,
        formats=formats,
        exam=exam,
        pictures=pictures_for(formats, exam.result, folder, exam),
        language=layout.language,
        paper=layout.paper,
        is_large=layout.is_large,
        route=route,
    )
    return write_report(request)
