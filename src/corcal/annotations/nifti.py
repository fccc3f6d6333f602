"""Whether the voxels of a NIfTI file are there and numbers: ITK reads others as 0, silently."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from corcal.errors import AnnotationError

__all__ = ["GZIP_MAGIC", "check_complete", "check_finite", "is_nifti"]

GZIP_MAGIC = b"\x1f\x8b"

_NIFTI_1_BYTES, _NIFTI_2_BYTES = 348, 540  # size of the header, which is its first number
_FLOAT_TYPES = {16: "f4", 64: "f8"}  # datatype codes of NIfTI-1 and NIfTI-2
_CHUNK_BYTES = 2**20


def is_nifti(head: bytes) -> bool:
    """Tell a single-file NIfTI-1 (magic at byte 344) or NIfTI-2 (at byte 4) by its first bytes."""
    return head[344:347] == b"n+1" or head[4:7] == b"n+2"


def check_complete(path: Path, header: bytes) -> None:
    """Refuse a NIfTI file that has fewer bytes than its header declares.

    Parameters
    ----------
    path : Path
        The file, gzip or not.
    header : bytes
        Its first bytes, decompressed.

    Raises
    ------
    AnnotationError
        If bytes are missing, or the gzip stream is damaged.
    """
    try:
        declared = _extent(header)[2]
        found = _stored_bytes(path, declared)
    except (struct.error, OverflowError, ValueError, OSError, EOFError, zlib.error) as exc:
        msg = "the label volume is damaged: its header or its gzip stream cannot be read to the end"
        raise AnnotationError(msg) from exc
    if found < declared:
        msg = f"the label volume is cut off: {found} bytes of the {declared} that it declares"
        raise AnnotationError(msg)


def check_finite(path: Path, header: bytes) -> None:
    """Refuse a NIfTI file of floats with a voxel that is NaN or infinite.

    Parameters
    ----------
    path, header
        As in `check_complete`, which has been called before.

    Raises
    ------
    AnnotationError
        If there is one: read as 0, calcium would be lost without a word.
    """
    float_type, offset, end = _extent(header)
    if float_type is None:
        return
    wrong, left = 0, end - offset
    with gzip.open(path) if _is_gzip(path) else path.open("rb") as stream:
        stream.seek(offset)
        while left > 0 and (chunk := stream.read(min(_CHUNK_BYTES, left))):
            left -= len(chunk)
            values = np.frombuffer(chunk, dtype=float_type)
            wrong += int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        msg = f"the label volume holds {wrong} values that are not finite; whole numbers are needed"
        raise AnnotationError(msg)


def _extent(header: bytes) -> tuple[np.dtype[np.floating] | None, int, int]:
    """Type of the voxels if they are floats, offset of the first and end of the last, in bytes."""
    order = "<" if struct.unpack_from("<i", header)[0] in {_NIFTI_1_BYTES, _NIFTI_2_BYTES} else ">"
    if header[4:7] == b"n+2":
        code, bits = struct.unpack_from(order + "2h", header, 12)
        dimensions: tuple[int, ...] = struct.unpack_from(order + "8q", header, 16)
        offset = int(struct.unpack_from(order + "q", header, 168)[0])
    else:
        dimensions = struct.unpack_from(order + "8h", header, 40)
        code, bits = struct.unpack_from(order + "2h", header, 70)
        offset = int(struct.unpack_from(order + "f", header, 108)[0])
    float_type = np.dtype(order + _FLOAT_TYPES[code]) if code in _FLOAT_TYPES else None
    if float_type is not None:
        bits = 8 * float_type.itemsize  # as ITK: the type counts, whatever the header's bits say
    if offset < 0:
        msg = "a negative offset"
        raise ValueError(msg)
    return float_type, offset, offset + math.prod(dimensions[1 : 1 + dimensions[0]]) * bits // 8


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def _stored_bytes(path: Path, enough: int) -> int:
    """Size of the file; of a gzip stream, what it holds, read until there is `enough`."""
    if not _is_gzip(path):
        return path.stat().st_size
    count = 0
    with gzip.open(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += len(chunk)
            if count > enough + _CHUNK_BYTES:
                break  # more than declared: nothing is missing, and a bomb stops here
    return count
