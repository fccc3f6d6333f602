"""The files of a version: what is given away of a signed result, made once and kept."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from corcal.errors import InputError
from corcal.pipeline import Exam
from corcal.result import result_json

__all__ = ["MEDIA_TYPES", "RESULT", "documents_of", "media_type"]

RESULT = "result.json"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "hl7": "text/plain; charset=utf-8",
    "dcm": "application/dicom",
    "png": "image/png",
}


def media_type(name: str) -> str:
    """Give the media type of a file by the end of its name."""
    return MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def documents_of(exam: Exam) -> Iterator[tuple[str, bytes]]:
    """Make the files of an exam, each with its name.

    Parameters
    ----------
    exam : Exam
        Record, scan and voxels of one version.

    Yields
    ------
    name, data
        The report and the letter as PDF and HTML, FHIR, HL7, tables; of a DICOM series also the
        segmentation, the structured reports, the report as DICOM, key images.
    """
    # matplotlib and highdicom take seconds to import: only for who makes files
    from corcal.report.clinician import clinician_document
    from corcal.report.document_html import document_html
    from corcal.report.document_pdf import document_pdf
    from corcal.report.exam_pictures import draw_pictures, for_a_page
    from corcal.report.letter import patient_letter

    result = exam.result
    yield RESULT, result_json(result).encode()
    pictures = draw_pictures(result, exam.scan, exam.voxels)
    report = clinician_document(result, for_a_page(pictures))
    pdf = document_pdf(report)
    yield "report.pdf", pdf
    yield "report.html", document_html(report).encode()
    letter = patient_letter(result)
    yield "letter.pdf", document_pdf(letter)
    yield "letter.html", document_html(letter).encode()
    yield from _for_machines(exam, pdf)
    yield from _dicom(exam, pictures, pdf)


def _for_machines(exam: Exam, pdf: bytes) -> Iterator[tuple[str, bytes]]:
    from corcal.interop.fhir import fhir_json
    from corcal.interop.hl7v2 import hl7_message
    from corcal.interop.tables import write_exam_table, write_lesion_table

    yield "fhir.json", fhir_json(exam.result, pdf=pdf).encode()
    yield "report.hl7", hl7_message(exam.result, pdf=pdf).encode()
    with tempfile.TemporaryDirectory() as made:
        write_exam_table([exam.result], Path(made) / "exam.csv")
        write_lesion_table(exam.result, Path(made) / "lesions.csv")
        yield from _files(Path(made))


def _dicom(exam: Exam, pictures: dict[str, bytes], pdf: bytes) -> Iterator[tuple[str, bytes]]:
    from corcal.interop.dicom import write_dicom
    from corcal.interop.dicom.source import require_dicom
    from corcal.report.exam_pictures import for_themselves

    try:
        require_dicom(exam.scan)
    except InputError:  # a NIfTI file has no images that objects could refer to
        return
    with tempfile.TemporaryDirectory() as made:
        write_dicom(
            exam,
            Path(made),
            pictures=for_themselves(pictures),
            documents={"calcium_report": pdf},
        )
        yield from _files(Path(made))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.iterdir()):
        yield path.name, path.read_bytes()
