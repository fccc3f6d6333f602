"""An exam as DICOM objects: voxels, numbers, outlines, pictures and documents.

highdicom and pydicom take most of a second to import: the modules of this folder import them,
this one does not.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corcal.interop.dicom.source import ScoredExam

__all__ = [
    "CARDIOVASCULAR_REPORT_NAME",
    "PRESENTATION_STATE_NAME",
    "SEGMENTATION_NAME",
    "STRUCTURED_REPORT_NAME",
    "write_dicom",
    "write_documents",
]

SEGMENTATION_NAME = "segmentation.dcm"
STRUCTURED_REPORT_NAME = "structured_report.dcm"
CARDIOVASCULAR_REPORT_NAME = "cardiovascular_report.dcm"
PRESENTATION_STATE_NAME = "presentation_state.dcm"


def write_dicom(
    exam: "ScoredExam",
    folder: Path,
    *,
    labelmap: bool = False,
    pictures: Mapping[str, bytes] | None = None,
    documents: Mapping[str, bytes] | None = None,
) -> tuple[Path, ...]:
    """Write the DICOM objects of an exam into a folder, which is made if needed.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    folder : Path
        Existing files of the same names are replaced; nothing else is touched.
    labelmap : bool
        Encode the segmentation as a label map, for receivers that take it.
    pictures : mapping of str to bytes, optional
        PNG files by name, as `corcal.interop.dicom.key_images.write_key_images` takes them.
    documents : mapping of str to bytes, optional
        PDF files by name, as `write_documents` takes them.

    Returns
    -------
    tuple of Path
        The segmentation, the measurement report, which refers to it, the cardiovascular analysis
        report, the presentation state (absent where no coronary calcium counts, or the scan was not
        read from its images), the pictures, the documents.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to: then nothing is written; or if a picture or a document
        is none.
    """
    from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
    from corcal.interop.dicom.key_images import write_key_images
    from corcal.interop.dicom.presentation_state import (
        can_point_at_images,
        write_presentation_state,
    )
    from corcal.interop.dicom.segmentation import write_segmentation
    from corcal.interop.dicom.source import require_dicom
    from corcal.interop.dicom.structured_report import write_structured_report

    require_dicom(exam.scan)
    folder.mkdir(parents=True, exist_ok=True)
    segmentation = write_segmentation(exam, folder / SEGMENTATION_NAME, labelmap=labelmap)
    report = write_structured_report(
        exam, folder / STRUCTURED_REPORT_NAME, segmentation=segmentation
    )
    scores = write_cardiovascular_report(exam, folder / CARDIOVASCULAR_REPORT_NAME)
    written = [segmentation, report, scores]
    if can_point_at_images(exam):
        written.append(write_presentation_state(exam, folder / PRESENTATION_STATE_NAME))
    written += write_key_images(exam, pictures or {}, folder)
    written += write_documents(exam, documents or {}, folder)
    return tuple(written)


def write_documents(
    exam: "ScoredExam", documents: Mapping[str, bytes], folder: Path
) -> tuple[Path, ...]:
    """Write PDF files as Encapsulated PDF objects, one series of the exam's study.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    documents : mapping of str to bytes
        PDF files by name, of which ``NAME.dcm`` and the title are made: "Calcium report" of
        ``"calcium_report"``, and "Calcium report, addendum" if it corrects a signed one.
    folder : Path
        Exists.

    Returns
    -------
    tuple of Path
        One a document, in the order given.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to, or the bytes are no PDF.
    """
    from corcal.interop.dicom.encapsulated_pdf import write_encapsulated_pdf

    suffix = "" if exam.result.provenance.amendment is None else ", addendum"
    written = []
    for number, (name, pdf) in enumerate(documents.items(), 1):
        words = name.replace("_", " ")
        title = f"{words[:1].upper()}{words[1:]}{suffix}"
        path = folder / f"{name}.dcm"
        written.append(write_encapsulated_pdf(exam, pdf, path, title=title, instance_number=number))
    return tuple(written)
