"""A CT scan in memory: voxels in Hounsfield units, where they are, and how they were made."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError

__all__ = [
    "AIR_HU",
    "Acquisition",
    "CTScan",
    "Finding",
    "Patient",
    "SeriesIdentity",
    "Severity",
    "SliceSource",
    "StoredPlane",
]

_TIN_WORDS = frozenset({"SN", "TIN"})
AIR_HU = -1024  # what pixel padding becomes: the lowest HU that CT defines (12 bits, offset 1024)


class Severity(StrEnum):
    """How much a finding matters for scoring."""

    INFO = "info"  # worth knowing, changes nothing
    WARNING = "warning"  # the score can be had, and must be read with care
    ERROR = "error"  # no score of this scan would be a calcium score


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found about a series, with a code that stays the same for ever.

    Attributes
    ----------
    code : str
        Upper-case identifier of the catalogue in `corcal.ct.findings`.
    severity : Severity
        How much it matters.
    message : str
        What was found, where, and what would be accepted. One sentence, no patient data.
    """

    code: str
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who was scanned, as far as the headers say. Never printed by ``repr``."""

    patient_id: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)  # YYYY-MM-DD
    sex: str | None = field(default=None, repr=False)  # M, F, O
    age_years: float | None = field(default=None, repr=False)  # at acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesIdentity:
    """The UIDs and numbers by which the rest of a hospital knows the series.

    `study_date` and `study_time` are as the header has them (DICOM DA and TM).
    `deidentification_method` says how identifiers were taken out (DICOM DeidentificationMethod);
    ``None`` where nobody says that they were.
    """

    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    frame_of_reference_uid: str | None = None
    sop_class_uid: str | None = None
    series_number: int | None = None
    accession_number: str | None = field(default=None, repr=False)
    patient_id_issuer: str | None = field(default=None, repr=False)  # of PatientID
    study_id: str | None = field(default=None, repr=False)
    study_date: str | None = None
    study_time: str | None = None
    deidentification_method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How the scan was made, in the words of its headers; ``None`` where they are silent.

    `is_gated` is true if a tag proves ECG gating, false if a tag excludes it, ``None`` if the tags
    are silent (classic CT objects often lack the gating attributes: silence proves nothing).
    """

    modality: str | None = None
    manufacturer: str | None = None
    model_name: str | None = None
    software_versions: str | None = None
    study_description: str | None = None
    series_description: str | None = None
    protocol_name: str | None = None
    body_part: str | None = None
    image_type: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    patient_position: str | None = None
    date: str | None = None  # YYYY-MM-DD
    time: str | None = None  # HH:MM:SS
    kvp: float | None = None
    filter_type: str | None = None
    convolution_kernel: str | None = None
    reconstruction_method: str | None = None
    reconstruction_diameter_mm: float | None = None
    slice_thickness_mm: float | None = None  # nominal, reported only, never used as a distance
    gantry_tilt_deg: float | None = None  # header value; geometry uses the orientation alone
    contrast_agent: str | None = None
    is_gated: bool | None = None
    cardiac_phase_percent: float | None = None
    exposure_mas: float | None = None
    ctdi_vol_mgy: float | None = None
    mass_factor_patient: float | None = None  # (0018,9351)
    mass_factors_device: tuple[float, float, float] | None = None  # (0018,9352) S, M, L

    @property
    def has_tin_filter(self) -> bool:
        """Whether `filter_type` names tin, which hardens the beam: ``SN``, ``SN_1``, ``Tin 0.4``.

        The standard has no term for it; these are words that vendors use.
        """
        return not _TIN_WORDS.isdisjoint(re.findall("[A-Z]+", (self.filter_type or "").upper()))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlane:
    """How the pixels of an image became the slice of a scan: to point at the pixels of the image.

    Attributes
    ----------
    transpose, flip_y, flip_x : bool
        The stored (row, column) was transposed first, then flipped.
    rescale_slope, rescale_intercept : float
        From stored values to Hounsfield units.
    """

    transpose: bool
    flip_y: bool
    flip_x: bool
    rescale_slope: float
    rescale_intercept: float

    def to_stored(
        self, index_yx: NDArray[np.floating], shape_yx: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Map indices of a slice to those of the stored image.

        Parameters
        ----------
        index_yx : ndarray of shape (n, 2)
            Zero-based (y, x) in the canonical slice, may be fractional.
        shape_yx : (n_y, n_x)
            Of the canonical slice.

        Returns
        -------
        ndarray of shape (n, 2)
            Zero-based (row, column), from the centre of the first stored pixel.
        """
        stored = np.array(index_yx, dtype=np.float64)
        for axis, is_flipped in enumerate((self.flip_y, self.flip_x)):
            if is_flipped:
                stored[:, axis] = shape_yx[axis] - 1 - stored[:, axis]
        return stored[:, ::-1] if self.transpose else stored


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSource:
    """Where one slice of the scan came from.

    Attributes
    ----------
    source : str
        File name relative to what was given (for an archive: the member's name).
    sop_instance_uid : str or None
        ``None`` for formats that have none (NIfTI, NRRD, MetaImage).
    frame_number : int or None
        One-based frame of an enhanced multi-frame object, as DICOM counts.
    instance_number : int or None
        As in the header; never used for ordering.
    position_mm : (x, y, z)
        Centre of voxel ``[k, 0, 0]`` of this slice in the patient, LPS.
    stored : StoredPlane or None
        How the pixels lay in the image; ``None`` for what is no DICOM image.
    """

    source: str
    sop_instance_uid: str | None
    frame_number: int | None
    instance_number: int | None
    position_mm: tuple[float, float, float]
    stored: StoredPlane | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CTScan:
    """One CT series as a volume in canonical axes.

    Attributes
    ----------
    hu : int16 or float32 ndarray of shape (n_z, n_y, n_x)
        Hounsfield units, read-only. ``z`` ascends towards the head, ``y`` towards the back,
        ``x`` towards the patient's left, however the series was stored (feet first, prone,
        reversed). Values are those of the header's rescale, without clipping; ``int16`` when they
        are integers that fit, else ``float32``. Pixel padding is `AIR_HU`.
    spacing_mm : (dz, dy, dx)
        ``dz`` is the measured distance of neighbouring slices along the slice normal (the
        increment), never the slice thickness.
    affine_lps : float64 ndarray of shape (4, 4)
        Maps index ``(z, y, x, 1)`` to the patient in mm, DICOM LPS. With gantry tilt its first
        column is not parallel to the slice normal.
    slices : tuple of SliceSource
        One a slice, in the order of ``hu``.
    patient, series, acquisition
        What the headers say.
    findings : tuple of Finding
        What was noticed, and visibly handled, while reading.
    """

    hu: NDArray[np.int16] | NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    affine_lps: NDArray[np.float64]
    slices: tuple[SliceSource, ...]
    patient: Patient = field(default_factory=Patient)
    series: SeriesIdentity = field(default_factory=SeriesIdentity)
    acquisition: Acquisition = field(default_factory=Acquisition)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if self.hu.ndim != 3 or 0 in self.hu.shape:
            msg = f"a scan needs a non-empty (z, y, x) array, got shape {self.hu.shape}"
            raise GeometryError(msg)
        if self.affine_lps.shape != (4, 4) or not np.isfinite(self.affine_lps).all():
            msg = f"affine_lps must be a finite 4x4 matrix, got shape {self.affine_lps.shape}"
            raise GeometryError(msg)
        if min(self.spacing_mm) <= 0 or not np.isfinite(self.spacing_mm).all():
            msg = f"spacing_mm must be three positive distances, got {self.spacing_mm}"
            raise GeometryError(msg)
        if len(self.slices) != self.hu.shape[0]:
            msg = f"{len(self.slices)} slice sources for {self.hu.shape[0]} slices"
            raise GeometryError(msg)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(n_z, n_y, n_x)``."""
        n_z, n_y, n_x = self.hu.shape
        return n_z, n_y, n_x

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one pixel in its slice."""
        return self.spacing_mm[1] * self.spacing_mm[2]

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel: pixel area times increment."""
        return self.pixel_area_mm2 * self.spacing_mm[0]

    def to_patient_mm(self, index_zyx: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map indices to the patient.

        Parameters
        ----------
        index_zyx : ndarray of shape (n, 3)
            Zero-based, may be fractional.

        Returns
        -------
        ndarray of shape (n, 3)
            x, y, z in mm, DICOM LPS.
        """
        index = np.asarray(index_zyx, dtype=np.float64)
        return np.asarray(index @ self.affine_lps[:3, :3].T + self.affine_lps[:3, 3])

    def to_index(self, patient_mm: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map patient positions (n, 3) in mm, LPS, to fractional indices (n, 3) in (z, y, x)."""
        inverse = np.linalg.inv(self.affine_lps)
        position = np.asarray(patient_mm, dtype=np.float64)
        return np.asarray(position @ inverse[:3, :3].T + inverse[:3, 3])
