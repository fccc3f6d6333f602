"""What the header of a received object says, and whether the object is whole."""

import contextlib
import hashlib
import io
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO

from corcal.ct.dicom.dataset import (
    UNDEFINED_LENGTH,
    HeaderError,
    RawDataset,
    parse_meta,
    read_header,
)
from corcal.ct.dicom.tags import Tags
from corcal.errors import InputError
from corcal.node.types import Question
from corcal.store.words import fold

__all__ = ["ObjectHeader", "file_meta", "first_header", "is_uid", "key_of", "known_objects"]
__all__ += ["read_object_header", "same_dataset"]

_UID = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)
_MOST_UID = 64
_MOST_HEADER_BYTES = 8 * 2**20  # an enhanced CT of 500 frames has 1 MB before its pixels
_META_BYTES = 2**12
_PIECE_BYTES = 2**20
_META_ELEMENTS = 6  # those of `file_meta`
_KEY_DIGITS = 32
# UID of the software that wrote the file (PS3.10 7.1): always the same, so that an object that
# comes again is the same file, byte for byte, whatever the release
_IMPLEMENTATION = "2.25.226741982415036482107592636874320158817"
_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_MODALITY, _STUDY_TEXT, _SERIES_TEXT = 0x00080060, 0x00081030, 0x0008103E
_SAMPLES, _FRAMES, _ROWS, _COLUMNS, _BITS = (
    0x00280002,
    0x00280008,
    0x00280010,
    0x00280011,
    0x00280100,
)
_PATIENT_NAME, _PATIENT_ID, _BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
_STUDY_DATE, _ACCESSION = 0x00080020, 0x00080050


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHeader:
    """What a received object says of itself.

    Attributes
    ----------
    sop_class_uid, sop_instance_uid, study_instance_uid, series_instance_uid : str
        Valid UIDs, all of them.
    modality : str
        Empty if it says none.
    descriptions : tuple of str
        StudyDescription and SeriesDescription, where they are present.
    patient_key : str
        See `corcal.node.types.StudySummary`.
    question : Question
        By what its study is found in a worklist.
    """

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    descriptions: tuple[str, ...] = field(repr=False)
    patient_key: str
    question: Question


def is_uid(text: str) -> bool:
    """Whether a text is a UID: digits and points, at most 64 (PS3.5 9.1).

    Leading zeros of a component are forbidden there, and found in hospitals: they do no harm.
    """
    return len(text) <= _MOST_UID and _UID.fullmatch(text) is not None


def key_of(text: str) -> str:
    """Make a name for a file or a folder of a UID, which tells nothing and cannot do harm."""
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_DIGITS]


def file_meta(*, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Make what precedes the data set in a file: preamble and file meta information (PS3.10 7.1).

    Parameters
    ----------
    sop_class_uid, sop_instance_uid, transfer_syntax_uid : str
        Valid UIDs.
    """
    elements = _element(0x01, b"OB", b"\0\1") + b"".join(
        _element(number, b"UI", uid.encode("ascii"))
        for number, uid in (
            (0x02, sop_class_uid),
            (0x03, sop_instance_uid),
            (0x10, transfer_syntax_uid),
            (0x12, _IMPLEMENTATION),
        )
    )
    length = _element(0x00, b"UL", struct.pack("<I", len(elements)))
    return bytes(128) + b"DICM" + length + elements


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    long = b"\0\0" + struct.pack("<I", len(value))
    size = long if vr == b"OB" else struct.pack("<H", len(value))
    return struct.pack("<HH", 0x0002, number) + vr + size + value


def read_object_header(path: Path) -> ObjectHeader:
    """Read the header of a received object.

    Raises
    ------
    InputError
        If it cannot be read, lacks a UID that an object needs, or ends before its pixels do; in one
        line without patient data.
    """
    try:
        with path.open("rb") as file:
            raw = read_header(_Bounded(file))
    except HeaderError as exc:
        msg = "its data set cannot be read"
        raise InputError(msg) from exc
    _check_whole(raw, path)
    tags = Tags(raw)
    return ObjectHeader(
        sop_class_uid=_needed(tags, _SOP_CLASS, "SOPClassUID"),
        sop_instance_uid=_needed(tags, _SOP_INSTANCE, "SOPInstanceUID"),
        study_instance_uid=_needed(tags, _STUDY, "StudyInstanceUID"),
        series_instance_uid=_needed(tags, _SERIES, "SeriesInstanceUID"),
        modality=tags.text(_MODALITY) or "",
        descriptions=tuple(
            text for tag in (_STUDY_TEXT, _SERIES_TEXT) if (text := tags.decoded(tag))
        ),
        patient_key=_patient_key(tags),
        question=Question(
            accession_number=tags.decoded(_ACCESSION),
            study_instance_uid=tags.uid(_STUDY),
            patient_id=tags.decoded(_PATIENT_ID),
            birth_date=tags.text(_BIRTH_DATE),
            study_date=tags.text(_STUDY_DATE),
        ),
    )


def first_header(folder: Path) -> ObjectHeader | None:
    """Read the header of a folder's first object that can be read; ``None`` if there is none."""
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(InputError):
            return read_object_header(path)
    return None


class _Bounded(io.BytesIO):
    """The beginning of a file: a data set without pixels is not read whole for its header."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file, self._left = file, _MOST_HEADER_BYTES

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        return data


def _check_whole(raw: RawDataset, path: Path) -> None:
    """Refuse an object whose pixels end before they should, or that smuggles in a second meta."""
    size = path.stat().st_size
    pixels = raw.pixels
    if pixels is not None and pixels.length != UNDEFINED_LENGTH:
        missing = pixels.start + pixels.length - size
        if missing > 0:
            msg = f"its pixels are cut off: {missing} bytes are missing"
            raise InputError(msg)
        _check_pixels(Tags(raw), pixels.length)
    if len(raw.meta) > _META_ELEMENTS:
        msg = "its data set holds file meta information"
        raise InputError(msg)


def _check_pixels(tags: Tags, length: int) -> None:
    """Refuse a grey image with fewer bytes of pixels than its rows and columns need."""
    counts = [tags.ushort(tag) for tag in (_ROWS, _COLUMNS, _BITS)]
    if tags.ushort(_SAMPLES) != 1 or None in counts:
        return
    rows, columns, bits = (count or 0 for count in counts)
    needed = rows * columns * bits * (tags.integer(_FRAMES) or 1) // 8
    if length < needed:
        msg = f"its pixels are cut off: {needed} bytes are needed, {length} are there"
        raise InputError(msg)


def _needed(tags: Tags, tag: int, name: str) -> str:
    found = tags.uid(tag)
    if found is None or not is_uid(found):
        msg = f"it has no valid {name}"
        raise InputError(msg)
    return found


def _patient_key(tags: Tags) -> str:
    parts = (tags.decoded(_PATIENT_ID), fold(tags.decoded(_PATIENT_NAME)), tags.text(_BIRTH_DATE))
    return key_of("\x1f".join(part or "" for part in parts))


def same_dataset(one: Path, other: Path) -> bool:
    """Whether two files have the same data set; what precedes it is not compared."""
    with one.open("rb") as first, other.open("rb") as second:
        for file in (first, second):
            file.seek(parse_meta(file.read(_META_BYTES))[1])
        pairs = zip_longest(_pieces(first), _pieces(second))
        return all(left == right for left, right in pairs)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def known_objects(paths: Iterable[Path]) -> dict[str, Path]:
    """Tell which objects some files are: file by SOPInstanceUID."""
    found = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                uid = Tags(read_header(_Bounded(file))).uid(_SOP_INSTANCE)
        except (HeaderError, OSError):  # no DICOM file, or deleted meanwhile
            continue
        if uid is not None:
            found[uid] = path
    return found
