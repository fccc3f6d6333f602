"""What was given, a folder, a file or a zip archive, as a list of candidate files."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from corcal.ct.archive import Archive, is_archive
from corcal.ct.series import SkippedFile
from corcal.errors import InputError

__all__ = ["Candidate", "FileOpener", "SkipFile", "list_candidates", "printable"]


class SkipFile(Exception):  # noqa: N818
    """The file is not part of any series.

    Attributes
    ----------
    reason : str
        For the user, in a few words.
    is_damaged : bool
        Whether it probably was an image once: then a series may lack it.
    """

    def __init__(self, reason: str, *, is_damaged: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_damaged = is_damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may be an image.

    Attributes
    ----------
    path : Path
        On disk; the archive if `member` is given.
    source : str
        Name relative to what was given, safe to print.
    member : str or None
        Name of the member of an archive.
    size : int
        Bytes (for a member: as declared, and never more than that is read).
    """

    path: Path
    source: str
    member: str | None
    size: int


class FileOpener:
    """Opens files and members of archives; keeps archives open until the ``with`` block ends.

    Members are read into memory, never written to disk: no patient data outlive the run.
    """

    def __init__(self) -> None:
        self._archives: dict[Path, Archive] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for archive in self._archives.values():
            archive.close()
        self._archives.clear()

    def archive(self, path: Path) -> Archive:
        """Return the archive at `path`, opened and checked at the first call."""
        if path not in self._archives:
            self._archives[path] = Archive(path)
        return self._archives[path]

    def stream(self, path: Path, member: str | None) -> BinaryIO:
        """Open a file for what stands at its beginning: a member is unpacked only as far as read.

        Raises
        ------
        OSError, InputError
            As `open` does; of a damaged member while it is read.
        """
        if member is None:
            return self.open(path, None)
        return self.archive(path).stream(member)

    def open(self, path: Path, member: str | None) -> BinaryIO:
        """Open a file, or a member of the archive `path`, for reading.

        Raises
        ------
        OSError
            If the file cannot be opened.
        InputError
            If the member is damaged.
        """
        if member is None:
            return path.open("rb")
        return self.archive(path).open(member)


def list_candidates(
    given: Path, opener: FileOpener
) -> tuple[tuple[Candidate, ...], tuple[SkippedFile, ...]]:
    """List the files of what was given.

    Parameters
    ----------
    given : Path
        A folder (searched to any depth; symbolic links are followed, each folder is visited
        once), a zip archive, or a file.
    opener : FileOpener
        Keeps the archive open.

    Returns
    -------
    candidates, skipped
        Sorted by name, so that the order in which a file system lists them does not matter.

    Raises
    ------
    InputError
        If the path does not exist, cannot be read, or is an archive that must not be opened.
    """
    try:
        status = given.stat()
    except OSError as exc:
        msg = f"{given.name or given}: {_reason(exc)}; a folder, a file or a zip is needed"
        raise InputError(msg) from exc
    if stat.S_ISDIR(status.st_mode):
        return _list_folder(given)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{given.name}: not a regular file; a folder, a file or a zip is needed"
        raise InputError(msg)
    try:
        found_archive = is_archive(given)
    except OSError as exc:
        msg = f"{given.name}: {_reason(exc)}"
        raise InputError(msg) from exc
    if not found_archive:
        only = Candidate(path=given, source=printable(given.name), member=None, size=status.st_size)
        return (only,), ()
    members, skipped = opener.archive(given).members()
    candidates = tuple(
        Candidate(path=given, source=printable(name), member=name, size=size)
        for name, size in members
    )
    return candidates, tuple(
        SkippedFile(source=printable(name), reason=reason) for name, reason in skipped
    )


def printable(name: str) -> str:
    """Return `name` with control characters replaced: file names reach terminals and reports."""
    return "".join(c if c.isprintable() else "?" for c in name)


def _list_folder(root: Path) -> tuple[tuple[Candidate, ...], tuple[SkippedFile, ...]]:
    candidates: list[Candidate] = []
    skipped: list[SkippedFile] = []
    for entry, problem in _walk(root):
        source = printable(entry.relative_to(root).as_posix())
        if problem:
            skipped.append(SkippedFile(source=source, reason=problem))
            continue
        try:
            status = entry.stat()
        except OSError as exc:
            skipped.append(SkippedFile(source=source, reason=_reason(exc)))
            continue
        if stat.S_ISREG(status.st_mode):
            candidates.append(
                Candidate(path=entry, source=source, member=None, size=status.st_size)
            )
        else:  # opening a pipe would wait for ever
            skipped.append(SkippedFile(source=source, reason="not a regular file"))
    candidates.sort(key=lambda candidate: candidate.source)
    skipped.sort(key=lambda file: file.source)
    return tuple(candidates), tuple(skipped)


def _walk(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield (path, problem or None) of all non-folders; each real folder is entered once."""
    visited: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as exc:
            yield folder, _reason(exc)
            continue
        if (status.st_dev, status.st_ino) in visited:
            continue
        visited.add((status.st_dev, status.st_ino))
        for entry in entries:
            try:
                is_folder = entry.is_dir()
            except OSError as exc:  # a link to itself, or to where one may not look
                yield Path(entry.path), _reason(exc)
                continue
            if is_folder:
                waiting.append(Path(entry.path))
            else:
                yield Path(entry.path), None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
