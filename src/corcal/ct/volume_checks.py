"""Whether a volume file holds the voxels that its header declares, before a library opens it.

SimpleITK fills the voxels of a truncated file with zeros, or leaves the tail of the memory as it
was, and says nothing. It also inflates whatever a compressed file holds.
"""

import gzip
import io
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError

__all__ = ["MAX_DATA_BYTES", "VolumeHeader", "check_data", "not_finite"]

# 2**30 voxels of 2 bytes: 2048 slices of 724 x 724, or 1024 of 1024 x 1024.
MAX_DATA_BYTES = 2**31
_PIECE_BYTES = 2**20
_MOST_TEXT_BYTES = 32  # of one number; those of programs have up to 25


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeHeader:
    """Where a volume file keeps its voxels, and how many.

    Attributes
    ----------
    sizes : tuple of int
        Of all dimensions of the file, fastest first; all positive.
    value_bytes : int
        Bytes of one value (of all its components, where they are no dimension).
    encoding : {"raw", "deflated", "text"}
        Deflated is a zlib or gzip stream.
    data_file : Path
        The file itself, or the one beside it.
    start : int
        Where the voxels, or their stream, begin in `data_file`.
    skip : int
        Bytes of the inflated stream before the voxels.
    stored_bytes : int or None
        Length of a stream of one member; ``None`` if there may be several, to the end of the file.
    float_type : str or None
        Type of the values as numpy writes it, in their byte order, where the library that reads
        them is known to lose those that are not finite.
    is_oriented : bool
        Whether the header says how the axes lie in the patient.
    """

    sizes: tuple[int, ...]
    value_bytes: int
    encoding: Literal["raw", "deflated", "text"]
    data_file: Path
    start: int
    skip: int = 0
    stored_bytes: int | None = None
    float_type: str | None = None
    is_oriented: bool = True

    @property
    def data_bytes(self) -> int:
        """Bytes that the voxels have uncompressed."""
        return math.prod(self.sizes) * self.value_bytes

    @property
    def held_bytes(self) -> int:
        """Bytes that they have at least in memory, where no value is shorter than 2."""
        return math.prod(self.sizes) * max(2, self.value_bytes)


def check_data(header: VolumeHeader) -> None:
    """Compare the voxels that are there with those that the header declares.

    Of a compressed stream, no more than the header needs is inflated.

    Raises
    ------
    InputError
        In words that follow the file's name: if there are fewer or more, the stream is damaged,
        or `MAX_DATA_BYTES` is exceeded.
    """
    if header.held_bytes + header.skip > MAX_DATA_BYTES:
        shape = " x ".join(str(size) for size in header.sizes)
        msg = f"it declares {shape} voxels: at most {MAX_DATA_BYTES} bytes of voxels are read"
        raise InputError(msg)
    needed, unit = header.data_bytes, "bytes"
    if header.encoding == "raw":
        found = header.data_file.stat().st_size - header.start - header.skip
    elif header.encoding == "deflated":
        found = _inflated_bytes(header, header.skip + needed + 1) - header.skip
    else:
        needed, unit = math.prod(header.sizes), "numbers"
        found = _count_numbers(header, needed)
    if found < needed:
        msg = f"the file is truncated: it has {max(found, 0)} {unit} of voxels, {needed} are needed"
        raise InputError(msg)
    if found > needed:
        count = str(found) if header.encoding == "raw" else f"more than {needed}"
        msg = f"it has {count} {unit} of voxels, its header declares {needed}"
        raise InputError(msg)


def not_finite(header: VolumeHeader) -> NDArray[np.int64]:
    """Find the voxels of a NIfTI file that are NaN or infinite.

    Returns
    -------
    int64 ndarray of shape (n,)
        Their flat indices in the order of the file. Empty if its values are whole numbers.
    """
    if header.float_type is None:
        return np.empty(0, dtype=np.int64)
    found = [np.empty(0, dtype=np.int64)]
    count = 0
    is_packed = header.encoding == "deflated"
    with (gzip.open if is_packed else io.open)(header.data_file, "rb") as file:
        file.seek(header.start + header.skip)
        left = header.data_bytes
        while left:
            values = np.frombuffer(file.read(min(left, _PIECE_BYTES)), dtype=header.float_type)
            found.append(count + np.flatnonzero(~np.isfinite(values)))
            count += values.size
            left -= values.nbytes
    return np.concatenate(found)


_DAMAGED = "the compressed voxels are damaged"


def _inflated_bytes(header: VolumeHeader, enough: int) -> int:
    """Count the bytes of a zlib or gzip stream until there are `enough`."""
    count = 0
    with header.data_file.open("rb") as file:
        file.seek(header.start)
        if header.stored_bytes is not None:
            stored = header.data_file.stat().st_size - header.start
            if stored != header.stored_bytes:
                msg = f"it has {stored} compressed bytes, its header declares {header.stored_bytes}"
                raise InputError(msg)
        for length in _inflate(file, is_single=header.stored_bytes is not None):
            count += length
            if count >= enough:
                break
    return count


def _inflate(file: BinaryIO, *, is_single: bool) -> Iterator[int]:
    """Inflate the members of a stream, a piece of bounded length at a time."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)  # zlib or gzip, by its own header
    pending = b""
    try:
        while pending := pending or file.read(_PIECE_BYTES):
            yield len(unpacker.decompress(pending, _PIECE_BYTES))
            pending = unpacker.unconsumed_tail
            if unpacker.eof:
                pending = unpacker.unused_data or file.read(_PIECE_BYTES)
                if not pending.lstrip(b"\0"):  # the end, which some writers pad
                    return
                if is_single:
                    break
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    except zlib.error as exc:
        raise InputError(_DAMAGED) from exc
    if pending:
        raise InputError(_DAMAGED)
    yield len(unpacker.flush())
    if not unpacker.eof:
        msg = "the compressed voxels are truncated"
        raise InputError(msg)


def _count_numbers(header: VolumeHeader, needed: int) -> int:
    with header.data_file.open("rb") as file:
        file.seek(header.start)
        text = file.read(needed * _MOST_TEXT_BYTES + 1)
    return len(text.replace(b",", b" ").split())
