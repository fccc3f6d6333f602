"""The studies of a folder tree: every file's header is read once, no pixels."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from corcal.cohort.discover.headers import Seen, parts_of, study_of_file, without
from corcal.cohort.discover.index import Index, Part
from corcal.cohort.ledger import LEDGER_NAME
from corcal.ct.files import FileOpener
from corcal.ct.volume_files import is_volume_name
from corcal.errors import InputError

__all__ = ["Looked", "look_through", "no_look", "require_folder"]

_THREADS = 8  # a file system of a network answers several questions in the time of one
_FILES_AT_ONCE = 2048
_SAVE_EVERY = 5000  # files
_ARCHIVE_END = ".zip"
_OWN_FOLDER, _OWN_FILE = "segmentations", re.compile(r"[0-9a-f]{20}\.dcm")  # of a run
_LEADS_NOWHERE = frozenset({errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG})
"""What the system says of a link behind which nothing can lie."""

Looked = Callable[[int, int], None]
"""Told how many files and how many places have been looked at."""


def no_look(files: int, places: int) -> None:
    """Listen to nothing."""


def require_folder(root: Path) -> None:
    """Refuse what is no folder that can be read.

    Raises
    ------
    InputError
        If it is not there, no folder, or may not be read.
    """
    try:
        with os.scandir(root):
            return
    except NotADirectoryError as exc:
        msg = f"{root.name}: not a folder; --list takes a file with one study a line"
        raise InputError(msg) from exc
    except OSError as exc:
        what = (exc.strerror or type(exc).__name__).lower()
        msg = f"the folder {root.name or root} cannot be searched: {what}"
        raise InputError(msg) from exc


def look_through(root: Path, index: Index, *, looked: Looked = no_look) -> tuple[str, ...]:
    """Note in the index which study lies where under a folder.

    Folders and archives that have not changed since the index was made are not read again: what
    counts is the time at which files were last added or taken away.

    Parameters
    ----------
    root : Path
        A folder, searched to any depth; links are followed, each folder is visited once. Results
        of a run that lie below it are passed over: their segmentations are no scans.
    index : Index
        Is told of every folder and archive with images.
    looked : callable, optional
        Told of the progress.

    Returns
    -------
    tuple of str
        Folders, and links, that could not be read: what lies there is not found. A link that leads
        nowhere, or to itself, hides nothing and is not among them.

    Raises
    ------
    InputError
        If `root` is no folder that can be read.
    """
    require_folder(root)
    count, unread = _Count(index=index, looked=looked), list[str]()
    with ThreadPoolExecutor(_THREADS) as pool:
        for folder in _folders(root, unread):
            _look_into(folder, index, pool, count)
    index.close_pass()
    return tuple(unread)


@dataclass(slots=True, kw_only=True)
class _Count:
    """How far the search is."""

    index: Index
    looked: Looked
    files: int = 0
    places: int = 0
    saved: int = 0

    def add(self, files: int) -> None:
        """Count, tell, and save now and then."""
        self.files += files
        if self.files - self.saved >= _SAVE_EVERY:
            self.saved = self.files
            self.index.save()
        self.looked(self.files, self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """A folder and the files that lie in it, not deeper."""

    path: str
    stamp: str
    names: tuple[str, ...]


def _folders(root: Path, unread: list[str]) -> Iterator[_Folder]:
    """Give folder by folder, in the order of their names.

    What cannot be read is noted in `unread` and passed over; so are the results of a run with all
    below them, which are not noted.
    """
    visited: set[tuple[int, int]] = set()
    waiting, own = [str(root)], ""
    while waiting:
        path = waiting.pop()
        try:
            status = Path(path).stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            inner, names = _entries(path, unread)
        except OSError:
            unread.append(path)
            continue
        if LEDGER_NAME in names:
            if path != str(root):
                continue
            names = tuple(name for name in names if name != LEDGER_NAME)  # empty: a damaged image?
            own = str(root / _OWN_FOLDER)
        if path == own:
            names = tuple(name for name in names if not _OWN_FILE.fullmatch(name))
        waiting += [str(Path(path, name)) for name in reversed(inner)]
        yield _Folder(path=path, stamp=f"{status.st_mtime_ns}:{len(names)}", names=names)


def _entries(path: str, unread: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """List folders and files; a link that cannot be followed costs only itself."""
    inner: list[str] = []
    names: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            try:
                if entry.is_dir():
                    inner.append(entry.name)
                elif entry.is_file():  # opening a pipe would wait for ever
                    names.append(entry.name)
            except OSError as exc:
                if exc.errno not in _LEADS_NOWHERE:
                    unread.append(entry.path)
    return sorted(inner), tuple(sorted(names))


def _look_into(folder: _Folder, index: Index, pool: ThreadPoolExecutor, count: _Count) -> None:
    """Look through one folder; archives and volume files in it are places of their own."""
    archives = [name for name in folder.names if name.lower().endswith(_ARCHIVE_END)]
    for name in archives:
        _look_into_archive(Path(folder.path, name), index, count)
    volumes = [name for name in folder.names if is_volume_name(name)]
    for name in volumes:
        path = str(Path(folder.path, name))
        if not index.is_known(path, "volume"):
            index.put(path, "volume", (Part(study=None),))
    count.places += 1
    if index.is_known(folder.path, folder.stamp):
        count.add(len(folder.names))
        return
    apart = {*archives, *volumes}
    rest = [name for name in folder.names if name not in apart]
    parts = parts_of(_seen(Path(folder.path), rest, pool, count))
    index.put(folder.path, folder.stamp, without(parts, rest, apart))


def _seen(
    folder: Path, names: list[str], pool: ThreadPoolExecutor, count: _Count
) -> Iterator[Seen]:
    with FileOpener() as opener:

        def look(name: str) -> Seen:
            return study_of_file(name, folder / name, None, opener)

        for start in range(0, len(names), _FILES_AT_ONCE):
            some = names[start : start + _FILES_AT_ONCE]
            yield from pool.map(look, some)
            count.add(len(some))


def _look_into_archive(path: Path, index: Index, count: _Count) -> None:
    """Look through an archive; one that cannot be opened is a place without a study: it is told."""
    count.places += 1
    try:
        status = path.stat()
    except OSError:
        return
    stamp = f"{status.st_mtime_ns}:{status.st_size}"
    if index.is_known(str(path), stamp):
        return
    try:
        with FileOpener() as opener:
            members, _ = opener.archive(path).members()
            seen = [study_of_file(name, path, name, opener) for name, _ in members]
    except (InputError, OSError):
        parts: tuple[Part, ...] = (Part(study=None),)
    else:
        parts = parts_of(seen)
        count.add(len(seen))
    index.put(str(path), stamp, parts)
