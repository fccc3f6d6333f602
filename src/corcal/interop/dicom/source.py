"""What the written objects refer to: the images that were scored, and their study."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, CTImageStorage
from pydicom.valuerep import format_number_as_ds

from corcal.ct.dicom.quiet import quiet_pydicom
from corcal.ct.scan import CTScan, SliceSource
from corcal.errors import InputError
from corcal.interop.dicom.identity import made_uid
from corcal.lesions.voxels import SiteVoxels
from corcal.result import Result

__all__ = [
    "ScoredExam",
    "header_values",
    "may_name_patient",
    "name_patient",
    "refer_as_stored",
    "require_dicom",
    "source_image",
    "source_instances",
]


class ScoredExam(Protocol):
    """What is written: `corcal.pipeline.Exam`, or anything that has the same three."""

    @property
    def result(self) -> Result:
        """The record."""

    @property
    def scan(self) -> CTScan:
        """The scan that was scored."""

    @property
    def voxels(self) -> SiteVoxels:
        """Where the calcium of each site was looked for."""


def require_dicom(scan: CTScan) -> None:
    """Refuse a scan that a DICOM object cannot refer to.

    Raises
    ------
    InputError
        If it lacks a UID of its study, series, frame of reference, class or images; the message
        names them.
    """
    series = scan.series
    needed = {
        "StudyInstanceUID": series.study_instance_uid,
        "SeriesInstanceUID": series.series_instance_uid,
        "FrameOfReferenceUID": series.frame_of_reference_uid,
        "SOPClassUID": series.sop_class_uid,
    }
    missing = [keyword for keyword, value in needed.items() if not value]
    nameless = sum(not one.sop_instance_uid for one in scan.slices)
    if nameless:
        missing.append(f"SOPInstanceUID ({nameless} of {len(scan.slices)} slices)")
    if missing:
        msg = (
            "DICOM objects refer to the images that were scored, and this scan has no "
            f"{', '.join(missing)}: {_way_out(scan)}"
        )
        raise InputError(msg)


def _way_out(scan: CTScan) -> str:
    """Say what can be done about a scan without UIDs; only DICOM has stored planes."""
    if any(one.stored is not None for one in scan.slices):
        return "score the series as the scanner sent it, with its UIDs"
    return "score the DICOM series itself, not a copy in another format"


@contextmanager
def header_values() -> Iterator[None]:
    """Let what headers say pass as it is, without a check, or a remark that would show it.

    De-identified scans in particular have UIDs that break the rules of UIDs: an object that refers
    to them has to repeat them.
    """
    with quiet_pydicom(), disable_value_validation():
        yield


def source_instances(scan: CTScan) -> list[Dataset]:
    """Give the instances of the scanned series, once each, as far as a reference needs them."""
    found: dict[str, Dataset] = {}
    for source in scan.slices:
        uid = str(source.sop_instance_uid)
        if uid not in found:
            image = _study(scan)
            image.SOPClassUID = UID(str(scan.series.sop_class_uid))
            image.SOPInstanceUID = UID(uid)
            found[uid] = image
    return list(found.values())


def source_image(scan: CTScan, index: int) -> Dataset:
    """Describe one slice as the CT image that a segmentation is made on.

    The geometry is that of the scan's canonical axes, which need not be those in which the image
    was stored. A frame of a multi-frame object is described as an image of its own, under a UID
    that stands in its place until `corcal.interop.dicom.segmentation` puts the frame there.

    Parameters
    ----------
    scan : CTScan
        With all its UIDs.
    index : int
        Zero-based slice.
    """
    image, source = _study(scan), scan.slices[index]
    is_frame = source.frame_number is not None
    image.SOPClassUID = CTImageStorage if is_frame else UID(str(scan.series.sop_class_uid))
    image.SOPInstanceUID = UID(
        made_uid("frame", str(source.sop_instance_uid), str(source.frame_number))
        if is_frame
        else str(source.sop_instance_uid)
    )
    image.InstanceNumber = index + 1
    _, row_step, column_step = (scan.affine_lps[:3, axis] for axis in range(3))
    _, dy, dx = scan.spacing_mm
    image.ImageOrientationPatient = _decimals([*column_step / dx, *row_step / dy])
    image.ImagePositionPatient = _decimals(source.position_mm)
    image.PixelSpacing = _decimals((dy, dx))
    image.SliceThickness = _decimals([scan.acquisition.slice_thickness_mm or scan.spacing_mm[0]])[0]
    image.Rows, image.Columns = scan.shape[1:]
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation, image.SamplesPerPixel = 15, 1, 1
    image.PhotometricInterpretation = "MONOCHROME2"
    return image


def _study(scan: CTScan) -> Dataset:
    """Attributes of study and series that a new object refers to; `name_patient` does the rest."""
    series = scan.series
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"):
        setattr(image, keyword, "")
    for keyword in ("StudyID", "StudyDate", "StudyTime", "AccessionNumber"):
        setattr(image, keyword, "")
    image.StudyInstanceUID = UID(str(series.study_instance_uid))
    image.SeriesInstanceUID = UID(str(series.series_instance_uid))
    image.FrameOfReferenceUID = UID(str(series.frame_of_reference_uid))
    image.PositionReferenceIndicator = ""
    image.Modality = "CT"
    return image


def refer_as_stored(dataset: Dataset, scan: CTScan, *, frames: bool) -> None:
    """Put multi-frame instances in the place of the images that `source_image` had stand for them.

    Parameters
    ----------
    dataset : Dataset
        A new object; references at any depth are changed, each list names an instance once.
    scan : CTScan
        The scan that the images are of.
    frames : bool
        Whether lists of references name the frames; else the instances alone.
    """
    stand_ins = {
        str(source_image(scan, k).SOPInstanceUID): source
        for k, source in enumerate(scan.slices)
        if source.frame_number is not None
    }
    if stand_ins:
        for sequence in _reference_lists(dataset):
            _name_instances(sequence, stand_ins, scan, frames=frames)


def _reference_lists(dataset: Dataset) -> Iterator[DicomSequence]:
    """Find each sequence of references to instances, at any depth."""
    for element in dataset:
        if element.VR != "SQ":
            continue
        if any("ReferencedSOPInstanceUID" in item for item in element.value):
            yield element.value
        for item in element.value:
            yield from _reference_lists(item)


def _name_instances(
    sequence: DicomSequence, stand_ins: Mapping[str, SliceSource], scan: CTScan, *, frames: bool
) -> None:
    """Put the multi-frame instance in the place of its frames, once in each list."""
    named: dict[str, Dataset] = {}
    for item in sequence:
        source = stand_ins.get(str(item.ReferencedSOPInstanceUID))
        if source is not None:
            item.ReferencedSOPClassUID = scan.series.sop_class_uid
            item.ReferencedSOPInstanceUID = source.sop_instance_uid
        kept = named.setdefault(str(item.ReferencedSOPInstanceUID), item)
        if source is not None and frames:
            numbers = kept.get("ReferencedFrameNumber") or []
            before = list(numbers) if isinstance(numbers, Iterable) else [numbers]
            kept.ReferencedFrameNumber = [*before, source.frame_number]
    sequence[:] = list(named.values())


def name_patient(dataset: Dataset, scan: CTScan) -> None:
    """Put the patient and the study of the scan into a new object, as the scan names them.

    Whether the values keep the standard or not: another name would be worse than an overlong one.
    It is done last, so that no library has them in a warning.
    """
    patient, series = scan.patient, scan.series
    dataset.PatientID = patient.patient_id or ""
    dataset.PatientName = patient.name or ""
    dataset.PatientBirthDate = (patient.birth_date or "").replace("-", "")
    dataset.PatientSex = patient.sex or ""
    dataset.StudyID = series.study_id or ""
    dataset.StudyDate = _if_valid(series.study_date, r"(19|2\d)\d{6}")  # before 1900: a dummy
    dataset.StudyTime = _if_valid(series.study_time, r"\d{6}(\.\d{1,6})?")
    dataset.AccessionNumber = series.accession_number or ""
    if series.patient_id_issuer is not None:
        dataset.IssuerOfPatientID = series.patient_id_issuer
    if series.deidentification_method is not None:
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = series.deidentification_method


def may_name_patient(scan: CTScan) -> str:
    """Say whether pictures and pages of an exam may tell who the patient is, as DICOM says it."""
    patient = scan.patient
    is_named = any((patient.name, patient.patient_id, patient.birth_date))
    return "YES" if is_named and scan.series.deidentification_method is None else "NO"


def _if_valid(value: str | None, pattern: str) -> str:
    """Return what a header says, or nothing if it says something else than a date or a time."""
    return value if value and re.fullmatch(pattern, value, flags=re.ASCII) else ""


def _decimals(values: Sequence[float]) -> list[str]:
    """Write decimal strings of at most 16 characters, as exact as they can be."""
    return [format_number_as_ds(float(value) + 0.0) for value in values]
