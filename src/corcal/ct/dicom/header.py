"""One DICOM file, or one frame of it, as an `Instance`: what its header says, without pixels."""

import os
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from corcal.ct.dicom.dataset import DEFLATED, UNDEFINED_LENGTH, RawDataset, read_header
from corcal.ct.dicom.enhanced import Frame, frames_of, placed_count
from corcal.ct.dicom.opening import InflatedFile, open_dicom, skipping_damage
from corcal.ct.dicom.tags import Tags
from corcal.ct.files import Candidate, FileOpener, SkipFile
from corcal.ct.series import ImageHeader, PixelLayout

__all__ = [
    "ENHANCED_CT_CLASSES",
    "CT_CLASSES",
    "Instance",
    "PatientKey",
    "read_instances",
    "read_tags",
]

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT Image Storage
    "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT Image Storage
)
CT_CLASSES = (CT_IMAGE, *ENHANCED_CT_CLASSES)
_SERIES_UID = 0x0020000E
_DICOMDIR = "1.2.840.10008.1.3.10"
# Always with loss, whatever the header says; JPEG 2000 (.91) and HTJ2K (.203) may be without.
_LOSSY_SYNTAXES = (
    "1.2.840.10008.1.2.4.50",  # JPEG baseline
    "1.2.840.10008.1.2.4.51",  # JPEG extended
    "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
)

MAX_CLASSIC_BYTES = 2**29  # of a file of one slice; 8192 x 8192 pixels of 32 bits are half of that

# Elements without which an image cannot be placed or its pixels not be read.
_REQUIRED = {
    "rows": "Rows (0028,0010)",
    "columns": "Columns (0028,0011)",
    "bits_allocated": "BitsAllocated (0028,0100)",
    "bits_stored": "BitsStored (0028,0101)",
    "pixel_representation": "PixelRepresentation (0028,0103)",
    "position": "ImagePositionPatient (0020,0032)",
    "orientation": "ImageOrientationPatient (0020,0037)",
    "pixel_spacing": "PixelSpacing (0028,0030)",
}


class PatientKey(NamedTuple):
    """What tells patients apart, empty where the header is silent; compared only, never shown."""

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    sex: str

    def __repr__(self) -> str:
        """Patient data are in no message, also not by accident."""
        return "PatientKey(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One image and the tags in which the images of one stack must agree, or by which they split.

    `patient` is compared only, never shown. `missing` names required elements that are absent or
    malformed.
    """

    header: ImageHeader
    patient: PatientKey
    modality: str | None
    study_uid: str | None
    series_uid: str | None
    series_number: int | None
    frame_of_reference: str | None
    kvp: float | None
    kernel: str | None
    rescale_type: str | None
    is_lossy: bool
    phase: float | None
    trigger_ms: float | None
    temporal_position: int | None
    acquisition_time: str | None
    stack_id: str | None
    missing: tuple[str, ...]
    placed_count: int | None = None  # frames that an enhanced object has items for


def read_instances(candidate: Candidate, opener: FileOpener) -> tuple[Instance, ...]:
    """Read the header of a file.

    Returns
    -------
    tuple of Instance
        One for a classic object, one a frame for an enhanced one.

    Raises
    ------
    SkipFile
        If the file is not a DICOM object of some series.
    """
    if candidate.size == 0:
        reason = "empty file"
        raise SkipFile(reason, is_damaged=True)
    with skipping_damage(), open_dicom(opener, candidate.path, candidate.member) as file:
        ds = read_header(file)
        tags = Tags(ds)
        layout = _layout(ds, tags, file)
        syntax = DEFLATED if isinstance(file, InflatedFile) else ds.transfer_syntax()
    sop_class = tags.uid(0x00080016) or ds.meta_text(0x00020002)
    if sop_class == _DICOMDIR or (sop_class is None and 0x00041220 in tags):
        reason = "DICOMDIR, an index: the files beside it are read themselves"
        raise SkipFile(reason)
    series_uid = tags.uid(_SERIES_UID)
    if series_uid is None and sop_class is None:
        reason = "damaged DICOM file: it names neither its series nor its SOP class"
        raise SkipFile(reason, is_damaged=True)
    if series_uid is None and ds.pixels is None and max(ds.elements, default=0) < _SERIES_UID:
        reason = "damaged DICOM file: it ends before it names its series"
        raise SkipFile(reason, is_damaged=True)
    is_enhanced = sop_class in ENHANCED_CT_CLASSES
    if not is_enhanced and candidate.size > MAX_CLASSIC_BYTES:
        reason = f"{candidate.size} bytes, more than an image of one slice has"
        raise SkipFile(reason, is_damaged=True)
    instances = tuple(
        _instance(candidate, tags, layout, syntax, sop_class, series_uid, frame)
        for frame in frames_of(tags, is_enhanced=is_enhanced)
    )
    if not is_enhanced:
        return instances
    count = placed_count(tags)
    return tuple(replace(instance, placed_count=count) for instance in instances)


def read_tags(opener: FileOpener, image: ImageHeader) -> Tags:
    """Read the header of an image once more, for what only one image of a series is asked.

    Raises
    ------
    SkipFile
        If the file is no longer what it was.
    """
    with skipping_damage(), open_dicom(opener, image.path, image.member) as file:
        return Tags(read_header(file))


def _layout(ds: RawDataset, tags: Tags, file: BinaryIO) -> PixelLayout | None:
    """Describe the pixels, or ``None`` if there are none or their description is incomplete."""
    if ds.pixels is None:
        return None
    offset, length = ds.pixels.start, ds.pixels.length
    allocated, stored = tags.ushort(0x00280100), tags.ushort(0x00280101)
    representation = tags.ushort(0x00280103)
    if allocated is None or stored is None or representation is None:
        return None
    high_bit = tags.ushort(0x00280102)
    return PixelLayout(
        offset=offset,
        length=None if length == UNDEFINED_LENGTH else length,
        available=file.seek(0, os.SEEK_END) - offset,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        is_signed=representation == 1,
        is_little_endian=ds.order == "<" or (allocated == 8 and ds.pixels.vr == b"OB"),
        samples_per_pixel=tags.ushort(0x00280002) or 1,
        photometric=tags.text(0x00280004) or "MONOCHROME2",
        frame_count=max(tags.integer(0x00280008) or 1, 1),
    )


def _instance(
    candidate: Candidate,
    tags: Tags,
    layout: PixelLayout | None,
    syntax: str,
    sop_class: str | None,
    series_uid: str | None,
    frame: Frame,
) -> Instance:
    header = _image_header(candidate, tags, layout, syntax, sop_class, frame)
    return Instance(
        header=header,
        patient=_patient_key(tags),
        modality=tags.text(0x00080060),
        study_uid=tags.uid(0x0020000D),
        series_uid=series_uid,
        series_number=tags.integer(0x00200011),
        frame_of_reference=tags.uid(0x00200052),
        kvp=frame.kvp,
        kernel=frame.kernel,
        rescale_type=frame.rescale.kind,
        is_lossy=tags.text(0x00282110) == "01" or syntax in _LOSSY_SYNTAXES,
        phase=frame.phase,
        trigger_ms=frame.trigger_ms,
        temporal_position=frame.temporal_position,
        acquisition_time=tags.text(0x00080032),
        stack_id=frame.stack_id,
        missing=_missing(header, tags),
    )


def _image_header(
    candidate: Candidate,
    tags: Tags,
    layout: PixelLayout | None,
    syntax: str,
    sop_class: str | None,
    frame: Frame,
) -> ImageHeader:
    plane, scale = frame.plane, frame.rescale
    return ImageHeader(
        path=candidate.path,
        source=candidate.source,
        member=candidate.member,
        sop_instance_uid=tags.uid(0x00080018),
        sop_class_uid=sop_class,
        transfer_syntax_uid=syntax,
        instance_number=tags.integer(0x00200013),
        acquisition_number=frame.acquisition_number,
        frame_number=frame.number,
        rows=tags.ushort(0x00280010) or None,
        columns=tags.ushort(0x00280011) or None,
        position_mm=plane.position_mm,
        orientation=plane.orientation,
        pixel_spacing_mm=plane.pixel_spacing_mm,
        rescale_slope=scale.slope,
        rescale_intercept=scale.intercept,
        pixel_padding=_padding(tags, layout),
        slice_thickness_mm=plane.slice_thickness_mm,
        image_type=frame.image_type,
        layout=layout,
    )


def _patient_key(tags: Tags) -> PatientKey:
    """Return the patient of an image; of a name the part in Latin letters, however it is padded."""
    name = (tags.decoded(0x00100010) or "").split("=")[0].casefold().split("^")
    return PatientKey(
        patient_id=tags.decoded(0x00100020) or "",
        issuer=tags.decoded(0x00100021) or "",
        name="^".join(part.strip() for part in name).rstrip("^"),
        birth_date=tags.text(0x00100030) or "",
        sex=(tags.text(0x00100040) or "").upper(),
    )


def _missing(header: ImageHeader, tags: Tags) -> tuple[str, ...]:
    representation = tags.ushort(0x00280103)
    present = {
        "rows": header.rows,
        "columns": header.columns,
        "bits_allocated": tags.ushort(0x00280100),
        "bits_stored": tags.ushort(0x00280101),
        "pixel_representation": representation if representation in (0, 1) else None,
        "position": header.position_mm,
        "orientation": header.orientation,
        "pixel_spacing": header.pixel_spacing_mm,
    }
    return tuple(_REQUIRED[name] for name, value in present.items() if value is None)


def _padding(tags: Tags, layout: PixelLayout | None) -> tuple[int, int] | None:
    """Range of stored values that are padding; both limits are padding, in either order."""
    signed = layout is not None and layout.is_signed
    value = tags.ushort(0x00280120, signed=signed)
    if value is None:
        return None
    limit = tags.ushort(0x00280121, signed=signed)
    limit = value if limit is None else limit
    return min(value, limit), max(value, limit)
