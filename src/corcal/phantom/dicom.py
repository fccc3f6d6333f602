"""Write a simulated scan as a classic CT series that hospitals' software accepts.

The objects follow the CT Image IOD (PS3.3 A.3) with the gating attributes of the enhanced CT
object added, as scanners do. Everything in them follows from the scan: writing twice gives the
same bytes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corcal._version import __version__
from corcal.ct.scan import Acquisition, CTScan, Patient
from corcal.errors import InputError
from corcal.phantom.physics import MAX_HU, MIN_HU
from corcal.phantom.types import (
    CT_IMAGE_STORAGE,
    SIMULATED_PATIENT,
    scan_from_volume,
    simulated_uid,
)
from corcal.progress import Progress, no_progress

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

__all__ = ["STORED_ORIENTATIONS", "write_scan", "write_series"]

IMPLEMENTATION_CLASS_UID = simulated_uid("corcal", "implementation")
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_COMMENT = "SIMULATED: made by software from a known truth; no patient was scanned"

# How a scanner stores a supine head-first volume and the other positions: direction of the columns
# (along a row) and of the rows, in the patient (LPS), PS3.3 C.7.3.1.1.2 and C.7.6.2.1.1. The image
# is always as seen from the table's foot end with the table below.
STORED_ORIENTATIONS: dict[str, tuple[int, int, int, int, int, int]] = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "FFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "FFP": (-1, 0, 0, 0, -1, 0),
    "HFDR": (0, -1, 0, 1, 0, 0),
    "FFDR": (0, -1, 0, 1, 0, 0),
    "HFDL": (0, 1, 0, -1, 0, 0),
    "FFDL": (0, 1, 0, -1, 0, 0),
}


def write_series(
    folder: Path,
    hu: NDArray[np.int16],
    *,
    spacing_mm: tuple[float, float, float],
    origin_mm: tuple[float, float, float],
    patient: Patient = SIMULATED_PATIENT,
    acquisition: Acquisition,
    uid_seed: str | int,
    series_number: int = 1,
    transfer_syntax_uid: str = EXPLICIT_LITTLE_ENDIAN,
    file_name: Callable[[int], str] | None = None,
    progress: Progress = no_progress,
) -> tuple[Path, ...]:
    """Write a volume that is not a `CTScan` yet: see `scan_from_volume` and `write_scan`."""
    scan = scan_from_volume(
        hu,
        spacing_mm=spacing_mm,
        origin_mm=origin_mm,
        patient=patient,
        acquisition=acquisition,
        uid_seed=uid_seed,
        series_number=series_number,
    )
    return write_scan(
        folder,
        scan,
        transfer_syntax_uid=transfer_syntax_uid,
        file_name=file_name,
        progress=progress,
    )


def write_scan(
    folder: Path,
    scan: CTScan,
    *,
    transfer_syntax_uid: str = EXPLICIT_LITTLE_ENDIAN,
    file_name: Callable[[int], str] | None = None,
    progress: Progress = no_progress,
) -> tuple[Path, ...]:
    """Write one file a slice into `folder`, which is made if it is absent.

    Parameters
    ----------
    folder : Path
        Where to; existing files of the same name are replaced.
    scan : CTScan
        Integer HU from `MIN_HU` to `MAX_HU` with all its UIDs, as `scan_from_volume` makes it.
        Its ``acquisition.patient_position`` decides how the pixels are stored
        (`STORED_ORIENTATIONS`): a prone patient's images are turned, as a scanner's are.
    transfer_syntax_uid : str
        Any uncompressed syntax, RLE, JPEG-LS lossless or JPEG 2000 lossless.
    file_name : callable, optional
        Name of the file of the zero-based slice; ``0001.dcm`` onwards if not given.
    progress : Progress
        Called after each file.

    Returns
    -------
    tuple of Path
        In the order of the slices.

    Raises
    ------
    InputError
        If the HU are not integers of that range, or the patient position is unknown.
    """
    from pydicom import dcmwrite  # heavy import, needed only to write

    _check(scan)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k in range(scan.shape[0]):
        path = folder / (f"{k + 1:04d}.dcm" if file_name is None else file_name(k))
        image = _image(scan, k)
        _encode(image, transfer_syntax_uid)
        dcmwrite(path, image, enforce_file_format=True)
        paths.append(path)
        progress(k + 1, scan.shape[0], "writing DICOM")
    return tuple(paths)


def _check(scan: CTScan) -> None:
    low, high = scan.hu.min(), scan.hu.max()
    if not np.issubdtype(scan.hu.dtype, np.integer) or low < MIN_HU or high > MAX_HU:
        msg = (
            f"a CT image stores integer HU of {MIN_HU} to {MAX_HU}, "
            f"got {scan.hu.dtype} of {low} to {high}"
        )
        raise InputError(msg)
    position = scan.acquisition.patient_position or "HFS"
    if position not in STORED_ORIENTATIONS:
        msg = f"patient position {position!r} is unknown, allowed {', '.join(STORED_ORIENTATIONS)}"
        raise InputError(msg)


def _image(scan: CTScan, index: int) -> "FileDataset":
    from pydicom.dataset import FileDataset, FileMetaDataset  # heavy import, needed only to write
    from pydicom.uid import UID

    uid = UID(scan.slices[index].sop_instance_uid or "")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(CT_IMAGE_STORAGE)
    meta.MediaStorageSOPInstanceUID = uid
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = f"CORCAL_{__version__}"[:16]
    image = FileDataset("", {}, preamble=b"\0" * 128, file_meta=meta)
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = CT_IMAGE_STORAGE
    image.SOPInstanceUID = uid
    image.InstanceNumber = scan.slices[index].instance_number or index + 1
    _patient(image, scan.patient)
    _study_and_series(image, scan)
    _equipment_and_acquisition(image, scan.acquisition)
    _plane_and_pixels(image, scan, index)
    return image


def _patient(image: "Dataset", patient: Patient) -> None:
    image.PatientName = patient.name or ""
    image.PatientID = patient.patient_id or ""
    image.PatientBirthDate = (patient.birth_date or "").replace("-", "")
    image.PatientSex = patient.sex or ""
    if patient.age_years is not None:
        image.PatientAge = f"{int(patient.age_years):03d}Y"
    image.PatientIdentityRemoved = "YES"  # there is none to find
    image.DeidentificationMethod = "SIMULATED: no patient exists"
    image.PatientComments = _COMMENT


def _study_and_series(image: "Dataset", scan: CTScan) -> None:
    series, acquisition = scan.series, scan.acquisition
    image.StudyInstanceUID = series.study_instance_uid
    image.SeriesInstanceUID = series.series_instance_uid
    image.FrameOfReferenceUID = series.frame_of_reference_uid
    image.PositionReferenceIndicator = ""
    image.StudyID = "1"
    image.AccessionNumber = series.accession_number or ""
    image.ReferringPhysicianName = ""
    image.SeriesNumber = series.series_number or 1
    image.Modality = "CT"
    date = (acquisition.date or "").replace("-", "")
    time = (acquisition.time or "").replace(":", "")
    for kind in ("Study", "Series", "Acquisition", "Content"):
        setattr(image, f"{kind}Date", date)
        setattr(image, f"{kind}Time", time)
    _set_known(
        image,
        StudyDescription=acquisition.study_description,
        SeriesDescription=acquisition.series_description,
        ProtocolName=acquisition.protocol_name,
        BodyPartExamined=acquisition.body_part or "CHEST",  # without one, laterality is required
    )
    image.PatientPosition = acquisition.patient_position or "HFS"


def _equipment_and_acquisition(image: "Dataset", acquisition: Acquisition) -> None:
    image.Manufacturer = acquisition.manufacturer or "corcal"
    image.ImageType = list(acquisition.image_type) or ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.AcquisitionNumber = 1
    image.KVP = acquisition.kvp
    image.SliceThickness = acquisition.slice_thickness_mm
    _set_known(
        image,
        ManufacturerModelName=acquisition.model_name,
        SoftwareVersions=acquisition.software_versions,
        ScanOptions=list(acquisition.scan_options) or None,
        FilterType=acquisition.filter_type,
        ConvolutionKernel=acquisition.convolution_kernel,
        ReconstructionDiameter=acquisition.reconstruction_diameter_mm,
        GantryDetectorTilt=acquisition.gantry_tilt_deg,
        ContrastBolusAgent=acquisition.contrast_agent,
        Exposure=None if acquisition.exposure_mas is None else round(acquisition.exposure_mas),
        NominalPercentageOfCardiacPhase=acquisition.cardiac_phase_percent,
        CalciumScoringMassFactorPatient=acquisition.mass_factor_patient,
    )
    if acquisition.mass_factors_device is not None:
        image.CalciumScoringMassFactorDevice = list(acquisition.mass_factors_device)
    if acquisition.ctdi_vol_mgy is not None:
        image.CTDIvol = acquisition.ctdi_vol_mgy
        image.CTDIPhantomTypeCodeSequence = [_code("113691", "IEC Body Dosimetry Phantom")]
    if acquisition.is_gated is not None:
        image.CardiacSynchronizationTechnique = "PROSPECTIVE" if acquisition.is_gated else "NONE"
    image.ImageComments = _COMMENT
    image.BurnedInAnnotation = "NO"


def _code(value: str, meaning: str) -> "Dataset":
    from pydicom.dataset import Dataset  # heavy import, needed only to write

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _set_known(image: "Dataset", **values: object) -> None:
    for keyword, value in values.items():
        if value is not None:
            setattr(image, keyword, value)


def _plane_and_pixels(image: "Dataset", scan: CTScan, index: int) -> None:
    row, column = _directions(scan.acquisition.patient_position or "HFS")
    stored, corner = _as_stored(scan.hu[index], row, column)
    position = scan.to_patient_mm(np.array([[index, *corner]], dtype=np.float64))[0]
    _, dy, dx = scan.spacing_mm
    image.ImageOrientationPatient = [*map(int, row), *map(int, column)]
    image.ImagePositionPatient = [_decimal(value) for value in position]
    image.SliceLocation = _decimal(position[2])
    spacing = (dy, dx) if row[0] else (dx, dy)
    image.PixelSpacing = [_decimal(value) for value in spacing]
    image.SpacingBetweenSlices = _decimal(scan.spacing_mm[0])
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = stored.shape
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = MIN_HU, 1, "HU"
    image.WindowCenter, image.WindowWidth = [50, 200], [350, 1000]
    image.WindowCenterWidthExplanation = ["SOFT TISSUE", "CALCIUM"]
    image.PixelData = (stored.astype(np.int32) - MIN_HU).astype("<u2").tobytes()
    image["PixelData"].VR = "OW"


def _directions(position: str) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    a, b, c, d, e, f = STORED_ORIENTATIONS[position]
    return (a, b, c), (d, e, f)


def _as_stored(
    hu: NDArray[np.generic], row: tuple[int, int, int], column: tuple[int, int, int]
) -> tuple[NDArray[np.generic], tuple[int, int]]:
    """Turn a canonical slice as stored; also the canonical (y, x) index of its first pixel."""
    n_y, n_x = hu.shape
    signs = tuple(a + b for a, b in zip(row, column, strict=True))
    corner = (0 if signs[1] > 0 else n_y - 1, 0 if signs[0] > 0 else n_x - 1)
    turned = hu[:: signs[1], :: signs[0]]
    return (turned if row[0] else turned.T), corner


def _decimal(value: float) -> str:
    """Write a DICOM decimal string: at most 16 characters."""
    return f"{value:.8f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:.6e}"


def _encode(image: "FileDataset", transfer_syntax_uid: str) -> None:
    from pydicom.uid import UID  # heavy import, needed only to write

    syntax = UID(transfer_syntax_uid)
    if syntax.is_compressed and not syntax.is_deflated:
        image.file_meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE_ENDIAN)
        image.compress(syntax, generate_instance_uid=False)
        return
    image.file_meta.TransferSyntaxUID = syntax
    if not syntax.is_little_endian:
        image.PixelData = np.frombuffer(image.PixelData, "<u2").byteswap().tobytes()
