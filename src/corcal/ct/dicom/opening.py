"""A DICOM file opened for reading: told by its first bytes, and inflated where it is deflated."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from corcal.ct.dicom.dataset import DEFLATED, EXPLICIT, HeaderError, declared_syntax, parse_meta
from corcal.ct.files import FileOpener, SkipFile
from corcal.errors import InputError

__all__ = ["InflatedFile", "open_dicom", "skipping_damage"]

# Of a deflated data set: a slice has 0.5 MB and deflates to a third, an empty one to a thousandth.
MAX_INFLATED_BYTES = 2**29
MAX_RATIO = 100
RATIO_APPLIES_FROM_BYTES = 2**26
_PIECE_BYTES = 2**20


class InflatedFile(io.BytesIO):
    """A deflated file, unpacked: parsed as an explicit one, still deflated on disk."""


def open_dicom(opener: FileOpener, path: Path, member: str | None) -> BinaryIO:
    """Open a DICOM file for reading; a deflated one is inflated into memory, within a limit.

    Raises
    ------
    SkipFile
        If it is not DICOM by its first bytes.
    OSError, zlib.error, HeaderError
        If it cannot be read or inflated.
    """
    file = opener.stream(path, member)
    try:
        head = file.read(1024)
        if not _looks_like_dicom(head):
            _raise_not_dicom(head, file)
        file.seek(0)
        if head[128:132] == b"DICM" and declared_syntax(head, parse_meta(head)[0]) == DEFLATED:
            with file:
                return _inflate(file)
    except BaseException:
        file.close()
        raise
    return file


def _looks_like_dicom(head: bytes) -> bool:
    if head[128:132] == b"DICM":
        return True
    if len(head) < 8:
        return False
    # Without a preamble: a file meta or identifying element, explicit or implicit, either endian.
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        (length,) = struct.unpack(f"{order}I", head[4:8])
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        if group in (0x0002, 0x0008) and element <= 0x0018 and (explicit or length <= 64):
            return True
    return False


def _raise_not_dicom(head: bytes, rest: BinaryIO) -> None:
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        reason = "an archive among other files is not opened: give it by itself"
        raise SkipFile(reason)
    if len(head) < 132 and b"DICM".startswith(head[128:]) and not head[:128].strip(b"\0"):
        reason = "damaged DICOM file: it ends in its preamble"
        raise SkipFile(reason, is_damaged=True)
    pieces = iter(partial(rest.read, 2**20), b"")
    if not head.strip(b"\0") and not any(piece.strip(b"\0") for piece in pieces):
        reason = "damaged file: all bytes are zero"
        raise SkipFile(reason, is_damaged=True)
    reason = "not DICOM, NIfTI, NRRD or MetaImage"
    raise SkipFile(reason)


def _inflate(file: BinaryIO) -> InflatedFile:
    """Return a deflated DICOM file as an explicit little-endian one."""
    head = file.read(1024)
    _, start = parse_meta(head)
    syntax = struct.pack("<HH2sH", 0x0002, 0x0010, b"UI", 20) + EXPLICIT.encode() + b"\0"
    unpacked = InflatedFile()
    unpacked.write(head[:132] + syntax)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    file.seek(start)
    read = size = 0
    while not inflater.eof and (piece := inflater.unconsumed_tail or file.read(_PIECE_BYTES)):
        read += 0 if inflater.unconsumed_tail else len(piece)
        size += unpacked.write(inflater.decompress(piece, _PIECE_BYTES))
        allowed = min(MAX_INFLATED_BYTES, max(RATIO_APPLIES_FROM_BYTES, MAX_RATIO * read))
        if size > allowed:
            msg = f"it unpacks to more than {allowed} bytes, more than an image of its size has"
            raise HeaderError(msg)
    unpacked.write(inflater.flush())  # a few bytes that the last piece left inside
    unpacked.seek(0)
    return unpacked


@contextmanager
def skipping_damage() -> Iterator[None]:
    """Turn what parsing may raise into `SkipFile`."""
    try:
        yield
    except InputError as exc:
        raise SkipFile(str(exc), is_damaged=True) from exc
    except PermissionError as exc:
        reason = "cannot be opened: permission denied"
        raise SkipFile(reason, is_damaged=True) from exc
    except (HeaderError, zlib.error, OSError) as exc:
        reason = "damaged DICOM file: its header cannot be read"
        raise SkipFile(reason, is_damaged=True) from exc
