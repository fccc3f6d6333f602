"""A report for people inside a DICOM object, so that it is found beside the images."""

import hashlib
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from corcal.errors import InputError
from corcal.interop.dicom.identity import exam_key, made_uid, signer_name, stamp
from corcal.interop.dicom.own_object import bare_object
from corcal.interop.dicom.save import save_whole
from corcal.interop.dicom.source import (
    ScoredExam,
    header_values,
    may_name_patient,
    name_patient,
    require_dicom,
    source_instances,
)
from corcal.interop.dicom.terms import CALCIUM_EXAMINATION, code_item
from corcal.interop.summary import check_pdf, report_title

__all__ = ["write_encapsulated_pdf"]

SERIES_NUMBER = 9004
_MAX_TITLE = 1024  # characters of a Short Text


def write_encapsulated_pdf(
    exam: ScoredExam,
    pdf: bytes,
    path: Path,
    *,
    title: str | None = None,
    instance_number: int = 1,
) -> Path:
    """Write a PDF of an exam as an Encapsulated PDF of its study.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    pdf : bytes
        The document, as it is: nothing is changed in it.
    path : Path
        File to write; replaced if it exists.
    title : str, optional
        Of the document, as an archive lists it; no patient data. By default that of the report.
    instance_number : int
        Among the documents of the exam, which are one series.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to, the bytes are no PDF, or the title is too long.
    """
    require_dicom(exam.scan)
    check_pdf(pdf)
    title = report_title(exam.result) if title is None else title
    if not 0 < len(title) <= _MAX_TITLE:
        msg = f"the title has {len(title)} characters, allowed are 1 to {_MAX_TITLE}"
        raise InputError(msg)
    with header_values():
        written = _document(exam, pdf, title, instance_number)
        stamp(written, exam.result)
        name_patient(written, exam.scan)
        save_whole(written, path)
    return path


def _document(exam: ScoredExam, pdf: bytes, title: str, instance_number: int) -> Dataset:
    key = exam_key(exam.result)
    digest = hashlib.sha256(pdf).hexdigest()
    document = bare_object(
        exam,
        EncapsulatedPDFStorage,
        "DOC",
        series_instance_uid=made_uid("document series", key),
        series_number=SERIES_NUMBER,
        series_description="corcal documents (research use only)",
        sop_instance_uid=made_uid("document", key, title, digest),
        instance_number=instance_number,
    )
    document.ConversionType = "WSD"  # by a workstation
    document.AcquisitionDateTime = _scanned(exam)
    document.BurnedInAnnotation = may_name_patient(exam.scan)
    document.DocumentTitle = title
    document.ConceptNameCodeSequence = [code_item(CALCIUM_EXAMINATION)]
    document.VerificationFlag = "VERIFIED" if signer_name(exam.result) else "UNVERIFIED"
    document.SourceInstanceSequence = [_reference(one) for one in source_instances(exam.scan)]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocument = pdf  # of odd length, it is padded when it is written
    document.EncapsulatedDocumentLength = len(pdf)
    return document


def _scanned(exam: ScoredExam) -> str:
    """Return when the scan was made, as a DICOM date and time, as far as the headers say."""
    day, time = exam.scan.acquisition.date or "", exam.scan.acquisition.time or ""
    return day.replace("-", "") + (time.replace(":", "") if day else "")


def _reference(instance: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = instance.SOPClassUID
    item.ReferencedSOPInstanceUID = instance.SOPInstanceUID
    return item
