"""What both reports of an exam have in common: evidence, observers, moment, saving."""

from pathlib import Path

import highdicom as hd
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from corcal._version import __version__
from corcal.interop.dicom.identity import (
    MANUFACTURER,
    exam_key,
    made_uid,
    reader_name,
    signer_name,
    stamp,
)
from corcal.interop.dicom.save import save_whole
from corcal.interop.dicom.source import ScoredExam, name_patient, source_instances
from corcal.result import Result

__all__ = ["container", "observation_context", "save_document", "text"]

_NO_ORGANIZATION = "not known"  # of who signed; the standard wants some text

Document = type[hd.sr.Comprehensive3DSR] | type[hd.sr.ComprehensiveSR]
_CLASSES: dict[Document, str] = {
    hd.sr.Comprehensive3DSR: Comprehensive3DSRStorage,
    hd.sr.ComprehensiveSR: ComprehensiveSRStorage,
}


def save_document(
    document: Document,
    content: Dataset,
    exam: ScoredExam,
    path: Path,
    *,
    name: str,
    series_number: int,
    segmentation: Dataset | None = None,
    variant: str = "",
    variant_before: str | None = "",
) -> Path:
    """Write a content tree as a document of the exam's study.

    Parameters
    ----------
    document : type
        SOP class.
    content : Dataset
        Root container.
    exam : Exam
        A scored exam of a DICOM series.
    path : Path
        File to write; replaced if it exists.
    name : str
        Of the kind of document, in its series description.
    series_number : int
        Of the document's own series.
    segmentation : Dataset, optional
        Header of a segmentation that the document rests on, beside the images.
    variant : str
        What tells documents of the same record apart.
    variant_before : str or None
        Of the document that this one takes the place of, where it corrects a signed report;
        ``None`` where that cannot be told.

    Called inside of `header_values`, as everything is that repeats a header.
    """
    evidence = source_instances(exam.scan)
    if segmentation is not None:
        evidence.append(segmentation)
    key, signer = exam_key(exam.result), signer_name(exam.result)
    written = document(
        evidence=evidence,
        content=content,
        series_instance_uid=_series_uid(name, key),
        series_number=series_number,
        sop_instance_uid=_document_uid(name, key, variant),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number=__version__,
        series_description=f"corcal {name} (research use only)",
        is_complete=True,
        is_final=exam.result.provenance.is_signed,
        is_verified=bool(signer),
        verifying_observer_name=signer or None,
        verifying_organization=_NO_ORGANIZATION if signer else None,
        previous_versions=_predecessors(document, exam, name, variant_before),
    )
    stamp(written, exam.result)
    name_patient(written, exam.scan)
    save_whole(written, path)
    return path


def _series_uid(name: str, key: str) -> str:
    return made_uid(f"{name} series", key)


def _document_uid(name: str, key: str, variant: str) -> str:
    return made_uid(name, key, variant)


def _predecessors(
    document: Document, exam: ScoredExam, name: str, variant: str | None
) -> list[Dataset] | None:
    """Name the document of the signed record that this one corrects (PS3.3 C.17.2).

    UIDs follow from the record, so that the archive need not be asked for them.
    """
    amendment = exam.result.provenance.amendment
    if amendment is None or amendment.record_before is None or variant is None:
        return None
    before = Dataset()
    before.SOPClassUID = _CLASSES[document]
    before.SOPInstanceUID = _document_uid(name, amendment.record_before, variant)
    before.StudyInstanceUID = str(exam.scan.series.study_instance_uid)
    before.SeriesInstanceUID = _series_uid(name, amendment.record_before)
    return [before]


def observation_context(result: Result) -> hd.sr.ObservationContext:
    """Say who observed: the program, and the reader where there is one."""
    made = result.provenance
    device = hd.sr.ObserverContext(
        observer_type=hd.sr.CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=made_uid("device", made.software, made.software_version),
            name=made.software,
            manufacturer_name=MANUFACTURER,
            model_name=made.software,
            serial_number=made.software_version,
        ),
    )
    reader = reader_name(result)
    if not reader:
        return hd.sr.ObservationContext(observer_device_context=device)
    person = hd.sr.ObserverContext(
        observer_type=hd.sr.CodedConcept("121006", "DCM", "Person"),
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name=reader),
    )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=device)


def text(name: Code, value: str) -> hd.sr.TextContentItem:
    """Make a text that its parent contains."""
    return hd.sr.TextContentItem(name=name, value=value, relationship_type="CONTAINS")


def container(name: Code, *items: hd.sr.ContentItem) -> hd.sr.ContainerContentItem:
    """Make a container that its parent contains."""
    made = hd.sr.ContainerContentItem(name=name, relationship_type="CONTAINS")
    made.ContentSequence = hd.sr.ContentSequence(items)
    return made
