"""The pictures that a report shows: drawn from an exam, or taken from its folder.

Every file carries the mark of the record that it was drawn from, so that a picture that stayed in
a folder when the scan was scored again is never shown beside other numbers.
"""

import hashlib
import json
import struct
from pathlib import Path

from corcal.ct.scan import CTScan
from corcal.lesions.voxels import SiteVoxels
from corcal.report.key_images import KEY_NAMES, key_images
from corcal.report.key_lesions import largest_lesions
from corcal.result import Result

__all__ = [
    "PICTURE_NAMES",
    "PROJECTION_NAME",
    "draw_pictures",
    "expected_pictures",
    "picture_mark",
    "projection_png",
    "read_pictures",
]

PROJECTION_NAME = "projection"
PICTURE_NAMES = (PROJECTION_NAME, *KEY_NAMES.values())
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MARK_LENGTH = 32  # hexadecimal digits


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
        PNG by name, of `PICTURE_NAMES`: the projection, and one a vessel with a lesion.

    Raises
    ------
    GeometryError
        If result, scan and voxels are not of the same shape.
    InputError
        If the voxels are not those of the result, or this release does not know its rule.
    """
    keys = key_images(result, scan, voxels, comment=picture_mark(result))
    return {PROJECTION_NAME: projection_png(result, scan, voxels), **keys}


def projection_png(result: Result, scan: CTScan, voxels: SiteVoxels) -> bytes:
    """Draw the projection of `corcal.report.projection` as PNG with the mark of the record."""
    from corcal.report.projection import projection_sheet

    return projection_sheet(result, scan, voxels).png(comment=picture_mark(result))


def expected_pictures(result: Result) -> set[str]:
    """Name the pictures that a record has when all are there."""
    return {PROJECTION_NAME, *(KEY_NAMES[vessel] for vessel in largest_lesions(result))}


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
    at = len(_SIGNATURE)
    if not data.startswith(_SIGNATURE):
        return None
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind == b"IDAT":
            return None
        keyword, _, text = data[at + 8 : at + 8 + length].partition(b"\0")
        if kind == b"tEXt" and keyword == b"Comment":
            return text.decode("latin-1")
        at += 12 + length
    return None
