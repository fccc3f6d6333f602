"""Zip archives: members are read into memory, within limits, and never written by their names."""

import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO

from corcal.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Archive", "is_archive"]

# Limits against archives made to exhaust the reader. A CT study of 10 000 slices is 5 GB, a
# reconstruction of 2048 x 2048 x 500 in one file 4 GB; deflate cannot exceed 1032:1, and CT
# compresses about 3:1, an empty volume 1000:1 (so that the ratio counts for large archives only).
MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 4 * 2**30
MAX_TOTAL_BYTES = 32 * 2**30
MAX_RATIO = 100
RATIO_APPLIES_FROM_BYTES = 2**30

_PIECE_BYTES = 2**20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack without a bound
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # first member; end of an empty archive
_READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def is_archive(path: Path) -> bool:
    """Whether the file begins like a zip archive, whatever its name."""
    with path.open("rb") as file:
        return file.read(4) in _ZIP_MAGICS


class Archive:
    """A zip archive that passed the checks.

    Raises
    ------
    InputError
        If it is damaged, encrypted, or larger than the limits of this module allow.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except (*_READ_ERRORS, OSError, ValueError) as exc:
            msg = f"{path.name}: the zip archive is damaged or incomplete"
            raise InputError(msg) from exc
        try:
            _check(path, self._zip.infolist())
        except InputError:
            self._zip.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def members(self) -> tuple[list[tuple[str, int]], list[tuple[str, str]]]:
        """Return (name, bytes) of the members to read and (name, reason) of the others, sorted."""
        read: list[tuple[str, int]] = []
        skipped: list[tuple[str, str]] = []
        for info in self._zip.infolist():
            if info.is_dir():
                continue
            if not _is_safe(info.filename):
                skipped.append((info.filename, "unsafe name: it leads out of the archive"))
            elif info.compress_type not in _METHODS:
                skipped.append((info.filename, "compressed by another method than deflate"))
            else:
                read.append((info.filename, info.file_size))
        return sorted(read), sorted(skipped)

    def open(self, member: str) -> BinaryIO:
        """Read a member into memory; never more bytes than it declares.

        Raises
        ------
        InputError
            If the member is missing or damaged.
        """
        data = io.BytesIO()
        with self.stream(member) as stream:
            # Piece by piece: a member that lies about its size is cut at what it declares.
            while piece := stream.read(_PIECE_BYTES):
                data.write(piece)
        data.seek(0)
        return data

    def stream(self, member: str) -> BinaryIO:
        """Open a member to be unpacked as far as it is read; going back unpacks it once more.

        Raises
        ------
        InputError
            If the member is missing; while it is read, if it is damaged.
        """
        damaged = f"{member!r} of {self._name} is damaged: its contents do not unpack"
        try:
            return io.BufferedReader(_Member(self._zip.open(member), damaged))
        except KeyError as exc:
            msg = f"{self._name}: has no member {member!r} any more"
            raise InputError(msg) from exc
        except (*_READ_ERRORS, OSError) as exc:
            raise InputError(damaged) from exc


class _Member(io.RawIOBase):
    """A member that is being unpacked; what goes wrong on the way is an `InputError`."""

    def __init__(self, stream: IO[bytes], damaged: str) -> None:
        self._stream = stream
        self._damaged = damaged

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            piece = self._stream.read(len(view))
        except (*_READ_ERRORS, OSError) as exc:
            raise InputError(self._damaged) from exc
        view[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return self._stream.seek(offset, whence)
        except (*_READ_ERRORS, OSError) as exc:
            raise InputError(self._damaged) from exc

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stream.close()
        super().close()


def _check(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse archives that are encrypted or made to exhaust the reader, by their own directory."""
    if len(infos) > MAX_MEMBERS:
        msg = f"{path.name}: {len(infos)} members in the archive, allowed are {MAX_MEMBERS}"
        raise InputError(msg)
    if any(info.flag_bits & 0x1 for info in infos):
        msg = f"{path.name}: the zip archive is encrypted; unpack it first, with its password"
        raise InputError(msg)
    largest = max((info.file_size for info in infos), default=0)
    total = sum(info.file_size for info in infos)
    if largest > MAX_MEMBER_BYTES or total > MAX_TOTAL_BYTES:
        msg = (
            f"{path.name}: would unpack to {total} bytes (largest member {largest}), allowed are "
            f"{MAX_TOTAL_BYTES} (largest member {MAX_MEMBER_BYTES})"
        )
        raise InputError(msg)
    ratio = total / max(path.stat().st_size, 1)
    if total > RATIO_APPLIES_FROM_BYTES and ratio > MAX_RATIO:
        msg = f"{path.name}: would grow {ratio:.0f}-fold when unpacked, allowed is {MAX_RATIO}-fold"
        raise InputError(msg)


def _is_safe(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    drive = len(name) > 1 and name[1] == ":"
    return not path.is_absolute() and ".." not in path.parts and not drive
