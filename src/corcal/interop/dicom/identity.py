"""Who the written objects are: their UIDs, their equipment and their moment.

All follow from the exam, so that writing it twice gives the same objects, and sending it twice
leaves one of each in an archive.
"""

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from corcal._version import __version__
from corcal.ct.scan import CTScan
from corcal.interop.strings import without_controls
from corcal.result import Result, record_key
from corcal.scoring.types import Lesion

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = [
    "MANUFACTURER",
    "Tracking",
    "exam_key",
    "lesion_tracking",
    "made_uid",
    "reader_name",
    "segmentation_uid",
    "signer_name",
    "site_tracking",
    "stamp",
]

MANUFACTURER = "corcal"
_NAMESPACE = uuid.UUID("7798a491-0173-476a-956f-3db33455a314")
_IDENTIFIER_DIGITS = 8
_CARET, _LONGEST_NAME = "^", 64  # between the parts of a name; characters, PS3.5 table 6.2-1
_NOT_IN_A_NAME = str.maketrans(dict.fromkeys("\\=\r\n\t\f", " "))
_ALWAYS = {"InstanceCreationDate", "SeriesDate"}
_MOMENTS = (
    ("InstanceCreationDate", "InstanceCreationTime"),
    ("SeriesDate", "SeriesTime"),
    ("ContentDate", "ContentTime"),
    ("PresentationCreationDate", "PresentationCreationTime"),
    ("DateOfSecondaryCapture", "TimeOfSecondaryCapture"),
)


class Tracking(NamedTuple):
    """By which one finding is known in one report after the other (PS3.16 TID 1501)."""

    identifier: str
    uid: str


def made_uid(*parts: str) -> str:
    """Make the UID that belongs to these words, always the same one (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, chr(0).join(parts)).int}"


def exam_key(result: Result) -> str:
    """Return a hash of everything that a written object may say; another record, another key."""
    return record_key(result, software_version=__version__)


def segmentation_uid(kind: str, key: str) -> str:
    """Give the SOP Instance UID of the segmentation of a record, by its `exam_key`."""
    return made_uid("segmentation", kind, key)


def site_tracking(scan: CTScan, site: str) -> Tracking:
    """Give the tracking of a vessel, of another site, or of the ``"total"``.

    The same in every exam of the patient, as far as exams name the patient alike (identifier and
    date of birth); without an identifier, the same within the study.
    """
    patient = scan.patient
    if patient.patient_id:
        key = ("patient", patient.patient_id, patient.birth_date or "")
    else:
        key = ("study", str(scan.series.study_instance_uid), "")
    return Tracking(f"calcium {site}", made_uid("tracking", *key, site))


def lesion_tracking(scan: CTScan, lesion: Lesion) -> Tracking:
    """Give the tracking of a lesion: the same whenever the same voxels of the series are found.

    It does not say that a lesion of another exam is the same one: nobody has compared them.
    """
    place = ",".join(f"{value:.2f}" for value in lesion.centroid_mm)
    uid = made_uid("lesion", str(scan.series.series_instance_uid), lesion.site, place)
    return Tracking(f"{lesion.site} lesion {uid[-_IDENTIFIER_DIGITS:]}", uid)


def reader_name(result: Result) -> str:
    """Write the reader as DICOM writes a person; empty without one.

    A name in free text has no parts that could be told apart: all of it is the first one, which a
    caret ends (PS3.5 6.2.1.2). What would make it several values or groups is left out.
    """
    text = without_controls(result.provenance.reader).translate(_NOT_IN_A_NAME).strip()
    name = text if _CARET in text else text[: _LONGEST_NAME - 1] + _CARET
    return name[:_LONGEST_NAME] if text else ""


def signer_name(result: Result) -> str:
    """Write who has signed the exam as DICOM writes a person; empty if nobody has, or no name."""
    return reader_name(result) if result.provenance.is_signed else ""


def stamp(dataset: "Dataset", result: Result) -> None:
    """Give a written object the moment of its exam's record, in local time as DICOM has it."""
    moment = datetime.fromisoformat(result.provenance.created)
    local = moment.astimezone() if moment.tzinfo is not None else moment
    for day, time in _MOMENTS:
        if day in dataset or day in _ALWAYS:
            setattr(dataset, day, local.strftime("%Y%m%d"))
            setattr(dataset, time, local.strftime("%H%M%S"))
    for item in dataset.get("VerifyingObserverSequence", []):
        item.VerificationDateTime = local.strftime("%Y%m%d%H%M%S")
    for item in dataset.get("ContributingEquipmentSequence", []):
        if "ContributionDateTime" in item:
            item.ContributionDateTime = local.strftime("%Y%m%d%H%M%S")
