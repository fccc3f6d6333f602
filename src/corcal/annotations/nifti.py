"""Whether a NIfTI file is complete: ITK fills what is missing with zeros, without a word."""

import gzip
import math
import struct
import zlib
from pathlib import Path

from corcal.errors import AnnotationError

__all__ = ["GZIP_MAGIC", "check_complete", "is_nifti"]

GZIP_MAGIC = b"\x1f\x8b"

_NIFTI_1_BYTES, _NIFTI_2_BYTES = 348, 540  # size of the header, which is its first number
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
        declared = _declared_bytes(header)
        found = _stored_bytes(path, declared)
    except (struct.error, OverflowError, ValueError, OSError, EOFError, zlib.error) as exc:
        msg = "the label volume is damaged: its header or its gzip stream cannot be read to the end"
        raise AnnotationError(msg) from exc
    if found < declared:
        msg = f"the label volume is cut off: {found} bytes of the {declared} that it declares"
        raise AnnotationError(msg)


def _declared_bytes(header: bytes) -> int:
    """Offset of the voxels plus their size, by the header in either byte order."""
    order = "<" if struct.unpack_from("<i", header)[0] in {_NIFTI_1_BYTES, _NIFTI_2_BYTES} else ">"
    if header[4:7] == b"n+2":
        dimensions: tuple[int, ...] = struct.unpack_from(order + "8q", header, 16)
        bits: int = struct.unpack_from(order + "h", header, 14)[0]
        offset = int(struct.unpack_from(order + "q", header, 168)[0])
    else:
        dimensions = struct.unpack_from(order + "8h", header, 40)
        bits = struct.unpack_from(order + "h", header, 72)[0]
        offset = int(struct.unpack_from(order + "f", header, 108)[0])
    return offset + math.prod(dimensions[1 : 1 + dimensions[0]]) * bits // 8


def _stored_bytes(path: Path, enough: int) -> int:
    """Size of the file; of a gzip stream, what it holds, read until there is `enough`."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP_MAGIC
    if not compressed:
        return path.stat().st_size
    count = 0
    with gzip.open(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += len(chunk)
            if count > enough + _CHUNK_BYTES:
                break  # more than declared: nothing is missing, and a bomb stops here
    return count
