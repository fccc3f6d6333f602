"""What every object has that highdicom has no class of its own for: study, series, equipment."""

from typing import Any

from highdicom.base import SOPClass
from pydicom.uid import ExplicitVRLittleEndian

from corcal._version import __version__
from corcal.interop.dicom.identity import MANUFACTURER
from corcal.interop.dicom.source import ScoredExam

__all__ = ["BODY_PART", "bare_object", "equipment"]

BODY_PART = "HEART"  # a defined term; it has no left and right, so that no laterality is missing


def equipment() -> dict[str, Any]:
    """Name the maker of an object, by the arguments of highdicom's classes."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MANUFACTURER,
        "software_versions": __version__,
        "device_serial_number": __version__,
    }


def bare_object(exam: ScoredExam, sop_class_uid: str, modality: str, **values: Any) -> SOPClass:
    """Make an object of the exam's study, without content, patient (`name_patient`) and moment.

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    sop_class_uid, modality : str
        What it is.
    **values
        Of its series and of itself, as `highdicom.base.SOPClass` names them.
    """
    return SOPClass(
        study_instance_uid=str(exam.scan.series.study_instance_uid),
        sop_class_uid=sop_class_uid,
        modality=modality,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        specific_character_set="ISO_IR 192",
        patient_id="",
        patient_name="",
        patient_birth_date="",
        patient_sex="",
        **equipment(),
        **values,
    )
