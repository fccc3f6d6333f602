"""The series of what was given, known by their headers alone."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corcal.ct.scan import Acquisition, Finding, Patient, SeriesIdentity

__all__ = ["Catalog", "ImageHeader", "Series", "SkippedFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What one image (a file, or a frame of an enhanced object) says of itself.

    Attributes
    ----------
    path : Path
        The file on disk (for an archive: the extracted member).
    source : str
        Name relative to what was given; the only name that messages use.
    frame_number : int or None
        One-based, for multi-frame objects.
    position_mm, orientation
        ImagePositionPatient and ImageOrientationPatient; ``None`` if missing or malformed.
    pixel_spacing_mm : (dy, dx) or None
        DICOM PixelSpacing.
    rescale_slope, rescale_intercept : float or None
        To Hounsfield units; ``None`` if missing.
    pixel_padding : (int, int) or None
        Inclusive range of stored values that are padding.
    """

    path: Path
    source: str
    sop_instance_uid: str | None
    sop_class_uid: str | None
    transfer_syntax_uid: str | None
    instance_number: int | None
    acquisition_number: int | None
    frame_number: int | None
    rows: int | None
    columns: int | None
    position_mm: tuple[float, float, float] | None
    orientation: tuple[float, float, float, float, float, float] | None
    pixel_spacing_mm: tuple[float, float] | None
    rescale_slope: float | None
    rescale_intercept: float | None
    pixel_padding: tuple[int, int] | None
    slice_thickness_mm: float | None
    image_type: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series, headers only: enough to say what it is, not yet its voxels.

    Attributes
    ----------
    format : str
        ``"dicom"``, ``"nifti"``, ``"nrrd"`` or ``"metaimage"``.
    images : tuple of ImageHeader
        In the order found; empty for objects without pixels (a dose report).
    spacing_mm : (dz, dy, dx) or None
        From positions and orientations; ``None`` if they do not form a stack.
    findings : tuple of Finding
        What headers and geometry show, graded; an ERROR means that `read_series` will refuse,
        with the same sentence.
    """

    format: Literal["dicom", "nifti", "nrrd", "metaimage"]
    identity: SeriesIdentity
    acquisition: Acquisition
    patient: Patient
    images: tuple[ImageHeader, ...]
    spacing_mm: tuple[float, float, float] | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def slice_count(self) -> int:
        """Number of images (frames count one each)."""
        return len(self.images)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that is not part of any series, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Everything that was found in what was given."""

    series: tuple[Series, ...]
    skipped: tuple[SkippedFile, ...] = field(default=())
