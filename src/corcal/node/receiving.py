"""An object on its way in: written to disk piece by piece, never held in memory."""

import contextlib
import os
import shutil
from enum import IntEnum
from pathlib import Path
from typing import IO, Self

__all__ = ["Receiving", "Refused", "Status"]

_MB = 2**20


class Status(IntEnum):
    """What a sender is told of an object (PS3.4 B.2.3, PS3.7 C)."""

    SUCCESS = 0x0000
    DUPLICATE = 0x0111
    NOT_AUTHORISED = 0x0124
    NO_ROOM = 0xA700
    MISMATCH = 0xA900
    NOT_UNDERSTOOD = 0xC000


class Refused(Exception):  # noqa: N818  (not an error: the answer to a sender)
    """An object is refused.

    Parameters
    ----------
    status : Status
        What its sender is told.
    why : str
        One line without patient data.
    """

    def __init__(self, status: Status, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Receiving:
    """A file that grows with what comes in.

    pynetdicom takes it for the temporary file that it would write itself, of which it uses
    `write`, `file`, `close` and `name`. `write` never fails: an object for which the disk has no
    room is received to its end and refused then, so that its sender is told why.

    Parameters
    ----------
    path : Path
        Where to; nothing is there.
    most_bytes : int
        Of the data set.
    free_bytes : int
        Which the disk must still have.
    """

    def __init__(self, path: Path, *, most_bytes: int, free_bytes: int) -> None:
        self.path, self.name = path, str(path)
        self.size = 0
        self.refused: Refused | None = None
        self._most, self._free = most_bytes, free_bytes
        self._file: IO[bytes] | None = None

    @property
    def file(self) -> Self:
        """What is flushed after each piece: nothing is, before `finish`."""
        return self

    def flush(self) -> None:
        """Leave it to `finish`."""

    def start(self, meta: bytes) -> None:
        """Make the file, and write what precedes the data set."""
        try:
            if shutil.disk_usage(self.path.parent).free < self._free:
                self._refuse(Status.NO_ROOM, f"less than {self._free // _MB} MB are free here")
                return
            self._file = self.path.open("xb")
            self._file.write(meta)
        except OSError as exc:
            self._no_disk(exc)

    def write(self, data: bytes) -> int:
        """Take a piece of the data set; after a failure it is let go."""
        self.size += len(data)
        if self.size > self._most:
            self._refuse(Status.NO_ROOM, f"an object may have {self._most // _MB} MB here")
        elif self.refused is None and self._file is not None:
            try:
                self._file.write(data)
            except OSError as exc:
                self._no_disk(exc)
        return len(data)

    @property
    def is_excessive(self) -> bool:
        """Whether so much was sent that waiting for the end of it makes no sense."""
        return self.size > 2 * self._most

    def finish(self) -> None:
        """Make the file durable.

        Raises
        ------
        Refused
            If it could not be received whole.
        """
        if self.refused is None and self._file is not None:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
            except OSError as exc:
                self._no_disk(exc)
            self._file = None
        if self.refused is not None:
            raise self.refused

    def close(self) -> None:
        """Close the file; pynetdicom does so after the object was answered."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # of the rest of a buffer; it is closed nevertheless
                file.close()

    def discard(self) -> None:
        """Remove the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _no_disk(self, exc: OSError) -> None:
        self._refuse(Status.NO_ROOM, f"it cannot be written here: {exc.strerror}")

    def _refuse(self, status: Status, why: str) -> None:
        """Note why, and free what was written already."""
        if self.refused is None:
            self.refused = Refused(status, why)
            self.discard()
