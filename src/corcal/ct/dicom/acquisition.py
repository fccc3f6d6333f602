"""How a scan was made and whose it is, from the header of one of its images."""

import re
from datetime import date

from corcal.ct.dicom.gating import gating_of
from corcal.ct.dicom.stated import slice_thickness_mm, tube_voltage_kv
from corcal.ct.dicom.tags import Scope, Tags
from corcal.ct.scan import Acquisition, Patient, SeriesIdentity

__all__ = ["read_acquisition", "read_identity", "read_patient"]

# Functional groups of enhanced CT (DICOM PS3.3 C.8.15.3)
_ACQUISITION_DETAILS = 0x00189304
_RECONSTRUCTION = 0x00189314
_EXPOSURE = 0x00189321
_X_RAY_DETAILS = 0x00189325
_IMAGE_FRAME_TYPE = 0x00189329

_DAYS_A_YEAR = 365.25
_AGE_UNITS_A_YEAR = {"Y": 1.0, "M": 12.0, "W": _DAYS_A_YEAR / 7, "D": _DAYS_A_YEAR}


def read_acquisition(scope: Scope) -> Acquisition:
    """Read how the image was made; ``None`` where its header is silent.

    Parameters
    ----------
    scope : Scope
        The header of a classic object, or of one frame of an enhanced one.
    """
    top = scope.top
    gating = gating_of(scope)
    return Acquisition(
        modality=top.text(0x00080060),
        manufacturer=top.decoded(0x00080070),
        model_name=top.decoded(0x00081090),
        software_versions=top.decoded(0x00181020),
        study_description=top.decoded(0x00081030),
        series_description=top.decoded(0x0008103E),
        protocol_name=top.decoded(0x00181030),
        body_part=top.text(0x00180015),
        image_type=scope.find(_IMAGE_FRAME_TYPE, 0x00089007).texts(0x00089007)
        or top.texts(0x00080008),
        scan_options=top.texts(0x00180022),
        patient_position=top.text(0x00185100),
        date=_first_date(top),
        time=_first_time(top),
        kvp=tube_voltage_kv(scope),
        filter_type=scope.find(_X_RAY_DETAILS, 0x00181160).decoded(0x00181160),
        convolution_kernel=scope.find(_RECONSTRUCTION, 0x00181210).decoded(0x00181210),
        reconstruction_method=_reconstruction_method(scope),
        reconstruction_diameter_mm=scope.find(_RECONSTRUCTION, 0x00181100).number(0x00181100),
        slice_thickness_mm=slice_thickness_mm(scope),
        gantry_tilt_deg=scope.find(_ACQUISITION_DETAILS, 0x00181120).number(0x00181120),
        contrast_agent=_contrast_agent(top),
        is_gated=gating.is_gated,
        cardiac_phase_percent=gating.phase_percent,
        exposure_mas=_exposure_mas(scope),
        ctdi_vol_mgy=_first(scope.find(_EXPOSURE, 0x00189345).floats(0x00189345, "d")),
        mass_factor_patient=_first(top.floats(0x00189351, "f")),
        mass_factors_device=_three(top.floats(0x00189352, "f")),
    )


def read_patient(top: Tags) -> Patient:
    """Read who was scanned."""
    birth = _date(top.text(0x00100030))
    sex = (top.text(0x00100040) or "").upper()
    return Patient(
        patient_id=top.decoded(0x00100020),
        name=top.decoded(0x00100010),
        birth_date=birth,
        sex=sex if sex in ("M", "F", "O") else None,
        age_years=_age(top.text(0x00101010), birth, _first_date(top)),
    )


def read_identity(top: Tags) -> SeriesIdentity:
    """Read the UIDs and numbers of the series."""
    return SeriesIdentity(
        study_instance_uid=top.uid(0x0020000D),
        series_instance_uid=top.uid(0x0020000E),
        frame_of_reference_uid=top.uid(0x00200052),
        sop_class_uid=top.uid(0x00080016),
        series_number=top.integer(0x00200011),
        accession_number=top.decoded(0x00080050),
        patient_id_issuer=top.decoded(0x00100021),
        study_id=top.decoded(0x00200010),
        study_date=top.text(0x00080020),
        study_time=top.text(0x00080030),
        deidentification_method=_deidentification_method(top),
    )


def _deidentification_method(top: Tags) -> str | None:
    """DeidentificationMethod (0012,0063), where PatientIdentityRemoved (0012,0062) says yes."""
    if top.text(0x00120062) != "YES":
        return None
    return top.decoded(0x00120063) or "not stated by the images"


def _reconstruction_method(scope: Scope) -> str | None:
    """ReconstructionAlgorithm (0018,9315) or, in classic objects, ReconstructionMethod text."""
    return scope.find(_RECONSTRUCTION, 0x00189315).text(0x00189315)


def _contrast_agent(top: Tags) -> str | None:
    """ContrastBolusAgent (0018,0010), or the meaning of the first coded agent (0018,0012)."""
    text = top.decoded(0x00180010)
    if text is not None:
        return text
    for item in top.items(0x00180012):
        return item.decoded(0x00080104) or item.text(0x00080100) or "unnamed agent"
    return None


def _exposure_mas(scope: Scope) -> float | None:
    exact = scope.find(_EXPOSURE, 0x00189332).floats(0x00189332, "d")  # ExposureInmAs
    if exact:
        return exact[0]
    micro = scope.top.number(0x00181153)  # ExposureInuAs
    return micro / 1000 if micro is not None else scope.top.number(0x00181152)  # Exposure, mAs


def _first(values: tuple[float, ...]) -> float | None:
    return values[0] if values else None


def _three(values: tuple[float, ...]) -> tuple[float, float, float] | None:
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def _first_date(top: Tags) -> str | None:
    """Date of acquisition, else of content, series, study: the first that is valid."""
    for tag in (0x00080022, 0x0008002A, 0x00080023, 0x00080021, 0x00080020):
        found = _date(top.text(tag))
        if found is not None:
            return found
    return None


def _first_time(top: Tags) -> str | None:
    for tag, start in ((0x00080032, 0), (0x0008002A, 8), (0x00080033, 0), (0x00080031, 0)):
        text = (top.text(tag) or "")[start:].replace(":", "")
        match = re.match(r"([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?", text)
        if match:
            return ":".join(part or "00" for part in match.groups())
    return None


def _date(text: str | None) -> str | None:
    """ISO date of a DICOM date (YYYYMMDD, the old YYYY.MM.DD, or the start of a date-time).

    Years before 1900 are what de-identification leaves behind, and no date.
    """
    digits = (text or "").replace(".", "")[:8]
    if digits < "1900":
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return None


def _age(stated: str | None, birth: str | None, scanned: str | None) -> float | None:
    """Age in years: from the dates if both are known, else PatientAge (0010,1010)."""
    if birth is not None and scanned is not None:
        days = (date.fromisoformat(scanned) - date.fromisoformat(birth)).days
        if days >= 0:
            return round(days / _DAYS_A_YEAR, 2)
    match = re.fullmatch(r"(\d{1,3})([YMWD])", (stated or "").upper())
    return int(match[1]) / _AGE_UNITS_A_YEAR[match[2]] if match else None
