"""The pictures that a report shows: drawn from an exam, or taken from its folder.

Every file carries the mark of the record that it was drawn from, so that a picture that stayed in
a folder when the scan was scored again is never shown beside other numbers.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels
from corcal.report.key_images import KEY_NAMES, key_images
from corcal.report.key_lesions import largest_lesions
from corcal.result import Result

__all__ = [
    "INSET_NAME",
    "PICTURE_NAMES",
    "PROJECTION_NAME",
    "draw_pictures",
    "expected_pictures",
    "for_a_page",
    "for_themselves",
    "picture_mark",
    "read_pictures",
]

PROJECTION_NAME = "projection"
INSET_NAME = "projection_inset"
"""The projection as a small part of a page, which has heading and footer."""

PICTURE_NAMES = (PROJECTION_NAME, INSET_NAME, *KEY_NAMES.values())
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MARK_LENGTH = 32  # hexadecimal digits
_HEAD_BYTES, _CRC_BYTES = 8, 4  # around the content of each chunk of a PNG


def draw_pictures(result: Result, scan: CTScan, voxels: SiteVoxels) -> dict[str, bytes]:
    """Draw what a report shows of an exam.

    Parameters
    ----------
    result : Result
        The scored exam.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.

    Returns
    -------
    dict of str to bytes
        PNG by name, of `PICTURE_NAMES`: the projection, alone and for a page, and one picture a
        vessel with a lesion.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If the voxels are not those of the result, or this release does not know its rule.
    """
    from corcal.report.projection import projection_sheets

    mark = picture_mark(result)
    alone, inset = (each.png(comment=mark) for each in projection_sheets(result, scan, voxels))
    keys = key_images(result, scan, voxels, comment=mark)
    return {PROJECTION_NAME: alone, INSET_NAME: inset, **keys}


def for_a_page(pictures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the pictures as a page shows them: its projection, if there is one, is the small one.

    They are without the mark of their record: it is made from the moment of scoring and from
    numbers that a page tells, so that the moment could be found by trying, and with it by how many
    days the dates of a de-identified record were moved.
    """
    shown = {name: _without_comment(data) for name, data in pictures.items()}
    inset = shown.pop(INSET_NAME, None)
    return shown if inset is None else shown | {PROJECTION_NAME: inset}


def for_themselves(pictures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the pictures that say by themselves what they show."""
    return {name: data for name, data in pictures.items() if name != INSET_NAME}


def expected_pictures(result: Result) -> set[str]:
    """Name the pictures that a record has when all are there."""
    return {PROJECTION_NAME, INSET_NAME, *(KEY_NAMES[vessel] for vessel in largest_lesions(result))}


def read_pictures(folder: Path, result: Result) -> dict[str, bytes]:
    """Take the pictures of a record from the folder of its exam.

    Parameters
    ----------
    folder : Path
        Where `corcal.export.write_exam` has written, or any other.
    result : Result
        The record as it was scored, before anything was taken out of it.

    Returns
    -------
    dict of str to bytes
        As of `draw_pictures`; without what is not there, cannot be read, or was drawn from another
        record.
    """
    mark, found = picture_mark(result), {}
    for name in PICTURE_NAMES:
        try:
            data = (folder / f"{name}.png").read_bytes()
        except OSError:
            continue
        if _comment(data) == mark:
            found[name] = data
    return found


def picture_mark(result: Result) -> str:
    """Give a hash of what the pictures of a record show; it holds nothing about the patient."""
    made = result.provenance
    shown = [
        *(made.created, made.software_version, result.score.rule, result.score.total.agatston),
        *((one.id, one.site, one.agatston, one.slices) for one in result.lesions),
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:_MARK_LENGTH]


def _comment(data: bytes) -> str | None:
    """Read the comment of a PNG (a tEXt chunk before the pixels)."""
    place = _comment_place(data)
    if place is None:
        return None
    return data[place].split(b"\0", 1)[1][:-_CRC_BYTES].decode("latin-1")


def _without_comment(data: bytes) -> bytes:
    """Give a PNG without its comment, and anything else as it is."""
    place = _comment_place(data)
    return data if place is None else data[: place.start - _HEAD_BYTES] + data[place.stop :]


def _comment_place(data: bytes) -> slice | None:
    """Find the content of the comment and the checksum after it; its head stands before them."""
    at = len(_SIGNATURE)
    if not data.startswith(_SIGNATURE):
        return None
    while at + _HEAD_BYTES <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + _HEAD_BYTES])
        start = at + _HEAD_BYTES
        at = start + length + _CRC_BYTES
        if kind == b"IDAT":
            return None
        if kind == b"tEXt" and data[start:at].startswith(b"Comment\0"):
            return slice(start, at)
    return None
