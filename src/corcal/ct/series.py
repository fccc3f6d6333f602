"""The series of what was given, known by their headers alone."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from corcal.ct.scan import Acquisition, Finding, Patient, SeriesIdentity

__all__ = ["Catalog", "ImageHeader", "PixelLayout", "Series", "SkippedFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """How the pixels of an image lie in its file.

    Attributes
    ----------
    offset : int
        Byte of the file (of an archive's member; of the inflated data set if it is deflated) at
        which the value of PixelData begins.
    length : int or None
        Declared length of that value in bytes; ``None`` if undefined (compressed pixels).
    available : int
        Bytes that the file has from `offset` on.
    high_bit : int
        Zero-based, as DICOM counts.
    is_signed : bool
        PixelRepresentation.
    frame_count : int
        Frames in the object, 1 for a classic one.
    """

    offset: int
    length: int | None
    available: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    is_little_endian: bool
    samples_per_pixel: int
    photometric: str
    frame_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What one image (a file, or a frame of an enhanced object) says of itself.

    Attributes
    ----------
    path : Path
        The file on disk (for an archive: the archive itself).
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
    member : str or None
        Name of the member, if `path` is an archive.
    layout : PixelLayout or None
        ``None`` if the object has no pixels, or they are not described well enough to be read.
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
    member: str | None = None
    layout: PixelLayout | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series, headers only: enough to say what it is, not yet its voxels.

    Attributes
    ----------
    format : str
        ``"dicom"``, ``"nifti"``, ``"nrrd"`` or ``"metaimage"``.
    images : tuple of ImageHeader
        From the feet to the head if they form a stack, else in the order of their names; empty
        for objects without pixels (a dose report).
    spacing_mm : (dz, dy, dx) or None
        From positions and orientations; ``None`` if they do not form a stack.
    findings : tuple of Finding
        What headers and geometry show, graded; an ERROR means that `read_series` will refuse,
        with the same sentence.
    stack : str or None
        Which stack of slices of the series this is (``"1"``, ``"2"`` ...), if one SeriesInstanceUID
        holds several (phases, repeated acquisitions, a localizer among the slices).
    """

    format: Literal["dicom", "nifti", "nrrd", "metaimage"]
    identity: SeriesIdentity
    acquisition: Acquisition
    patient: Patient
    images: tuple[ImageHeader, ...]
    spacing_mm: tuple[float, float, float] | None = None
    findings: tuple[Finding, ...] = ()
    stack: str | None = None

    @property
    def key(self) -> str:
        """The name to select the series by.

        Its UID, ``UID#2`` for a stack of it; the name of its first file where there is no UID.
        """
        uid = self.identity.series_instance_uid
        if uid is None:
            uid = self.images[0].source if self.images else ""
        return uid if self.stack is None else f"{uid}#{self.stack}"

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
