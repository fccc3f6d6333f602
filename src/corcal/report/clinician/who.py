"""Who was scanned, when, and who stands for the report."""

import textwrap

from corcal.report.amendment_words import ADDENDUM, amendment_words, scores_then_and_now
from corcal.report.document import Block, Facts, Notice, Paragraph, Span, Text
from corcal.report.patient import NOT_NAMED, age_words, person_name, sex_word
from corcal.report.words import exam_date, exam_label, sentence
from corcal.result import Result

__all__ = ["TITLE", "addendum", "footer", "patient_and_exam", "subtitle", "title"]

TITLE = "Coronary calcium score"
_COLUMNS = 3
_LONGEST_NAME = 40  # characters at the foot of a page; the whole name stands at the top


def title(result: Result) -> str:
    """Call the report what it is: a first one, or one that corrects another."""
    return TITLE if result.provenance.amendment is None else f"{TITLE}: {ADDENDUM.lower()}"


def subtitle(result: Result) -> Text:
    """Name the patient, alone on the line: a name can be written from right to left."""
    name = _name(result)
    return (Span(text=name, style="strong"),) if name else NOT_NAMED


def patient_and_exam(result: Result) -> tuple[Block, ...]:
    """Describe patient and exam, as far as the headers do."""
    patient, scan = result.scan.patient, result.scan
    known = (
        ("Patient ID", patient.patient_id),
        ("Born", patient.birth_date),
        ("Sex, age", ", ".join(part for part in (sex_word(patient), age_words(patient)) if part)),
        ("Exam", exam_date(scan)),
        ("Accession", scan.accession_number),
        ("Study", scan.study_description),
        ("Reader", _reader(result)),
    )
    rows = tuple((name, value) for name, value in known if value)
    return (Facts(rows=rows, columns=_COLUMNS),)


def addendum(result: Result) -> tuple[Block, ...]:
    """Say before all which signed report this one corrects; nothing of a first report."""
    words = amendment_words(result)
    if not words:
        return ()
    corrects, reason, _ = words
    said = (
        Paragraph(text=(Span(text=sentence(scores_then_and_now(result)), style="strong"),)),
        Paragraph(text=reason),
    )
    return (Notice(kind="caution", title=corrects.removesuffix("."), blocks=said),)


def _reader(result: Result) -> str:
    made = result.provenance
    if made.is_signed:
        return f"{made.reader} (signed)" if made.reader else "signed"
    return f"{made.reader} (not signed)" if made.reader else "none named"


def footer(result: Result) -> str:
    """Say on every page that it is for research, and whose page it is: the name comes last."""
    scan, name = result.scan, _name(result)
    whose = (
        scan.patient.patient_id and f"Patient {scan.patient.patient_id}",
        f"exam of {scan.date}" if scan.date else exam_label(scan),
        name and textwrap.shorten(name, _LONGEST_NAME, placeholder=" …"),
    )
    return f"{result.provenance.statement} {', '.join(part for part in whose if part)}"


def _name(result: Result) -> str:
    return person_name(result.scan.patient.name or "")
