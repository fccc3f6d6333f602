"""What writes the formats for programs; each imports what it needs when it is called."""

from pathlib import Path

from corcal.cli.report_documents import Setting, begin_clinician
from corcal.cli.report_request import Request
from corcal.whole_file import write_whole

__all__ = [
    "begin_embedded",
    "write_csv",
    "write_fhir",
    "write_hl7",
    "write_key",
    "write_labelmap",
    "write_parquet",
    "write_pdf",
    "write_seg",
    "write_sr",
]


def write_fhir(request: Request) -> tuple[Path, ...]:
    """Write the FHIR bundle."""
    from corcal.interop.fhir import fhir_json

    path = request.folder / "fhir.json"
    write_whole(path, fhir_json(request.result, pdf=_embedded(request)))
    return (path,)


def write_hl7(request: Request) -> tuple[Path, ...]:
    """Write the HL7 message."""
    from corcal.interop.hl7v2 import Route, hl7_message

    path = request.folder / "report.hl7"
    route = request.route or Route()
    write_whole(path, hl7_message(request.result, pdf=_embedded(request), route=route))
    return (path,)


def begin_embedded(request: Request) -> Setting | None:
    """Begin the report that is embedded, if it is."""
    return begin_clinician(request) if request.embeds_pdf else None


def _embedded(request: Request) -> bytes | None:
    """Give the report that is embedded; it is waited for."""
    begun = begin_embedded(request)
    return None if begun is None else begun.pdf.result()


def write_csv(request: Request) -> tuple[Path, ...]:
    """Write the tables and their dictionary."""
    from corcal.interop.tables import dictionary_csv, write_exam_table, write_lesion_table

    exam, lesions, dictionary = (
        request.folder / name for name in ("exam.csv", "lesions.csv", "data_dictionary.csv")
    )
    write_exam_table([request.result], exam)
    write_lesion_table(request.result, lesions)
    write_whole(dictionary, dictionary_csv())
    return exam, lesions, dictionary


def write_parquet(request: Request) -> tuple[Path, ...]:
    """Write the tables with types."""
    from corcal.interop.parquet import write_exam_parquet, write_lesion_parquet

    exam, lesions = (request.folder / name for name in ("exam.parquet", "lesions.parquet"))
    write_exam_parquet([request.result], exam)
    write_lesion_parquet(request.result, lesions)
    return exam, lesions


def write_seg(request: Request) -> tuple[Path, ...]:
    """Write the segmentation."""
    from corcal.interop.dicom.segmentation import write_segmentation

    return (write_segmentation(request.scored, request.folder / "segmentation.dcm"),)


def write_labelmap(request: Request) -> tuple[Path, ...]:
    """Write the segmentation as a label map."""
    from corcal.interop.dicom.segmentation import write_segmentation

    path = request.folder / "labelmap.dcm"
    return (write_segmentation(request.scored, path, labelmap=True),)


def write_sr(request: Request) -> tuple[Path, ...]:
    """Write both reports; the one with measurements refers to the segmentation beside it."""
    from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
    from corcal.interop.dicom.structured_report import write_structured_report

    exam, folder = request.scored, request.folder
    segmentation = folder / "segmentation.dcm" if "seg" in request.formats else None
    return (
        write_structured_report(exam, folder / "structured_report.dcm", segmentation=segmentation),
        write_cardiovascular_report(exam, folder / "cardiovascular_report.dcm"),
    )


def write_pdf(request: Request) -> tuple[Path, ...]:
    """Write the clinician's report as a DICOM object."""
    from corcal.interop.dicom import write_documents

    documents = {"calcium_report": begin_clinician(request).pdf.result()}
    return write_documents(request.scored, documents, request.folder)


def write_key(request: Request) -> tuple[Path, ...]:
    """Write the key images, and the outlines where they can point at images."""
    from corcal.interop.dicom.key_images import write_key_images
    from corcal.interop.dicom.presentation_state import (
        can_point_at_images,
        write_presentation_state,
    )
    from corcal.report.exam_pictures import for_themselves

    exam, folder = request.scored, request.folder
    written = write_key_images(exam, for_themselves(request.pictures), folder)
    if not can_point_at_images(exam):
        return written
    return (*written, write_presentation_state(exam, folder / "presentation_state.dcm"))
