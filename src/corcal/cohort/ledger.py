"""The ledger of a run: one line for each finished scan, whole or absent, whatever is cut when.

JSON lines, written at the end of one file and never changed. A line is on disk before the next
scan of its worker begins; it holds everything that the tables show, so that these can be made from
it at any time. What a power cut has torn is not JSON or has no end: it is left out, and its scan is
scored again.
"""

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from corcal.cohort.names import read_name, written_name
from corcal.cohort.types import Outcome, OutputError, unwritable

__all__ = ["LEDGER_NAME", "TRANSIENT", "Ledger", "read_outcomes"]

LEDGER_NAME = "ledger.jsonl"
TRANSIENT = frozenset({"PeerError", "GoneError", "OSError", "FileNotFoundError", "PermissionError"})
"""Errors that are not the scan's: a server or a disk was away. The next run tries again."""

_SYNC_SHARE = 20  # of the time at most one part in so many is spent on waiting for the disk
_CHUNK_BYTES = 2**20


class _Line(msgspec.Struct):
    """What of a line says whether a scan is finished."""

    key: str
    status: str
    source: str
    error: str | None = None


class Ledger:
    """The ledger of one folder of results, held by one run alone.

    Parameters
    ----------
    folder : Path
        Made if needed.

    Raises
    ------
    OutputError
        If another run holds it, or it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER_NAME
        if folder.is_file():
            msg = f"{folder.name} is a file; results need a folder"
            raise OutputError(msg)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._stream: BinaryIO = self.path.open("ab", buffering=0)
        except OSError as exc:
            raise unwritable(exc) from exc
        try:
            _lock(self._stream)
            self._end = _whole_end(self.path)
            self._stream.truncate(self._end)
        except OutputError:
            self._stream.close()
            raise
        except OSError as exc:
            self._stream.close()
            raise unwritable(exc) from exc
        self._sync_s, self._synced = 0.0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def finished(self, *, again: frozenset[str] = frozenset()) -> set[str]:
        """Read which tasks are finished.

        Parameters
        ----------
        again : frozenset of str
            Statuses that do not count: these scans are to be tried once more.

        Returns
        -------
        set of str
            Their keys; the last line about a task counts.
        """
        decoder = msgspec.json.Decoder(_Line)
        done: set[str] = set()
        for text in _lines(self.path):
            try:
                line = decoder.decode(text)
            except msgspec.DecodeError:
                continue
            if line.status in again or line.error in TRANSIENT:
                done.discard(line.key)
            else:
                done.add(line.key)
        return done

    def add(self, outcome: Outcome) -> None:
        """Write down what became of a task; when this returns, it is finished.

        Raises
        ------
        OutputError
            If it cannot be written: the ledger is then as it was before.
        """
        line = msgspec.json.encode(_named(outcome, written_name)) + b"\n"
        try:
            written = 0
            while written < len(line):
                written += self._stream.write(line[written:]) or 0
            self._end += len(line)
            self._settle()
        except OSError as exc:
            with contextlib.suppress(OSError):
                self._stream.truncate(self._end)
            raise unwritable(exc) from exc

    def close(self) -> None:
        """Put everything on the disk, and give the folder back."""
        if self._stream.closed:
            return
        try:
            os.fsync(self._stream.fileno())
        except OSError as exc:
            raise unwritable(exc) from exc
        finally:
            self._stream.close()

    def _settle(self) -> None:
        """Wait for the disk, unless it has been waited for a moment ago."""
        start = time.monotonic()
        if start - self._synced < _SYNC_SHARE * self._sync_s:
            return
        os.fsync(self._stream.fileno())
        self._synced = time.monotonic()
        self._sync_s = self._synced - start


def read_outcomes(folder: Path) -> Iterator[Outcome]:
    """Read what became of each task, by source and key: the order of their ends is chance.

    Of a task that was done again only its last outcome is given. In memory are the sources and
    keys, and one outcome.

    Parameters
    ----------
    folder : Path
        Of the results. A run may be adding to it.
    """
    path = folder / LEDGER_NAME
    if not path.is_file():
        return
    decoder = msgspec.json.Decoder(Outcome)
    with path.open("rb") as stream:
        for _, _, place in sorted(_places(path)):
            stream.seek(place)
            yield _named(decoder.decode(stream.readline()), read_name)


def _named(outcome: Outcome, by: Callable[[str], str]) -> Outcome:
    """Give an outcome whose texts that a person or a disk gave are written, or read."""
    study, series = outcome.study_instance_uid, outcome.series_instance_uid
    places = tuple(
        replace(
            one,
            path=by(one.path),
            names=None if one.names is None else tuple(by(name) for name in one.names),
        )
        for one in outcome.places
    )
    return replace(
        outcome,
        source=by(outcome.source),
        study_instance_uid=None if study is None else by(study),
        series_instance_uid=None if series is None else by(series),
        reason=None if outcome.reason is None else by(outcome.reason),
        places=places,
    )


def _places(path: Path) -> list[tuple[str, str, int]]:
    """List source, key, and place of the last line of each task."""
    decoder = msgspec.json.Decoder(_Line)
    last: dict[str, tuple[str, str, int]] = {}
    place = 0
    for text in _lines(path):
        with contextlib.suppress(msgspec.DecodeError):
            line = decoder.decode(text)
            last[line.key] = (line.source, line.key, place)
        place += len(text)
    return list(last.values())


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines that have an end."""
    with path.open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n"):
                yield line


def _whole_end(path: Path) -> int:
    """Find where the last line ends that has an end."""
    with path.open("rb") as stream:
        place = stream.seek(0, os.SEEK_END)
        while place > 0:
            start = max(0, place - _CHUNK_BYTES)
            stream.seek(start)
            found = stream.read(place - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            place = start
    return 0


def _lock(stream: BinaryIO) -> None:
    """Take the ledger for this process alone; the system gives it back when the process ends."""
    try:
        import fcntl
    except ImportError:  # Windows: it is refused to nobody
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        msg = "another run is writing into this folder of results: wait for it, or name another"
        raise OutputError(msg) from exc
    except OSError as exc:
        if exc.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise
