"""The data folder: files kept once, by their content, whole or absent.

The layout::

    DATA/                     readable by its owner alone
    ├── corcal.sqlite         the database, unless it is PostgreSQL
    ├── store.json            which kind of database belongs to this folder
    ├── files/ab/ab12...      every file, named by the SHA-256 of its content
    ├── incoming/<random>/    files on their way in, of a process that is alive
    └── locks/                empty files to lock, nothing else

No name in it comes from outside. A file is written in ``incoming``, made durable, and then moved
into ``files`` while its process holds the database's lock for writing: so whoever holds that lock
knows that a file without a row in the database is what a killed process has left. Such a process
leaves the list of what it was about to move, and the next one that opens the store clears it away.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from sqlalchemy import URL

from corcal.errors import InputError, StoreError
from corcal.store.tables import new_key
from corcal.whole_file import write_whole

__all__ = ["DATABASE_NAME", "DataFolder", "Incoming", "StagedFile", "hash_of_file"]

DATABASE_NAME = "corcal.sqlite"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DESCRIPTION = "store.json"
_OURS = frozenset({"files", "incoming", "locks", DATABASE_NAME, _DESCRIPTION, "node.toml"})
_PIECE_BYTES = 2**20
_SYNC_THREADS = 16
_PLACING = "placing"  # in an incoming folder: the hashes that are about to be moved
_OWNER = "owner"  # in an incoming folder: locked as long as its process lives


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A file in ``incoming``, durable but not yet kept."""

    path: Path
    sha256: str
    size: int


class DataFolder:
    """The files of a store.

    Parameters
    ----------
    root : Path
        Made if needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = root / "files"
        self._incoming = root / "incoming"
        self._locks = root / "locks"

    def make(self) -> None:
        """Make what is missing of the folders; new ones may be entered by their owner alone."""
        if not self.root.exists():
            self.root.mkdir(parents=True, mode=0o700)
        for folder in (self.files, self._incoming, self._locks):
            folder.mkdir(exist_ok=True, mode=0o700)

    def make_database(self) -> None:
        """Make the SQLite database, empty, before its library does, for its owner's eyes alone."""
        (self.root / DATABASE_NAME).touch(mode=0o600)

    @property
    def database_url(self) -> URL:
        """Where the SQLite database is."""
        return URL.create("sqlite", database=str((self.root / DATABASE_NAME).absolute()))

    def check(self, kind: str) -> None:
        """Refuse a folder that is something else, or belongs to another kind of database.

        Raises
        ------
        InputError
            If it is none of ours.
        StoreError
            If it is, and is damaged.
        """
        if self.root.exists() and not self.root.is_dir():
            msg = f"{self.root.name} is a file: a folder for the data is needed"
            raise InputError(msg)
        present = {entry.name for entry in self.root.iterdir()} if self.root.exists() else set()
        if _DESCRIPTION not in present:
            if present - _OURS:
                msg = f"{self.root.name} holds other files: give the data a folder of their own"
                raise InputError(msg)
            return
        found = self._described()
        if found != kind:
            msg = (
                f"the data in {self.root.name} belong to a {found} database, and a {kind} one was "
                "opened: CORCAL_DATABASE is for its URL, and is not set for SQLite"
            )
            raise InputError(msg)

    def describe(self, kind: str) -> None:
        """Write down, once, which kind of database belongs to the folder."""
        if not (self.root / _DESCRIPTION).exists():
            text = json.dumps({"layout": 1, "database": kind}) + "\n"
            write_whole(self.root / _DESCRIPTION, text)

    def _described(self) -> str:
        try:
            content = json.loads((self.root / _DESCRIPTION).read_text(encoding="utf-8"))
            return str(content["database"])
        except (ValueError, KeyError, TypeError) as exc:
            msg = f"{_DESCRIPTION} of {self.root.name} is damaged"
            raise StoreError(msg) from exc

    def path_of(self, sha256: str) -> Path:
        """Say where the file with this hash is, or would be.

        Raises
        ------
        StoreError
            If it is no SHA-256 in hexadecimal: nothing else ever names a file.
        """
        if _SHA256.fullmatch(sha256) is None:
            msg = f"a file is named by a SHA-256 of 64 hexadecimal digits, not by {sha256[:80]!r}"
            raise StoreError(msg)
        return self.files / sha256[:2] / sha256

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold one of the folder's locks alone; waits for it."""
        with (self._locks / name).open("wb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextmanager
    def files_held(self) -> Iterator[None]:
        """Keep all files where they are: nothing is removed meanwhile."""
        with (self._locks / "removal").open("wb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            yield

    @contextmanager
    def files_removable(self) -> Iterator[bool]:
        """Tell whether files may be removed: not while somebody holds them."""
        with (self._locks / "removal").open("wb") as stream:
            yield _try_lock(stream)

    @contextmanager
    def incoming(self) -> Iterator["Incoming"]:
        """Give a folder for files on their way in; it is gone at the end."""
        with self.locked("incoming"):
            folder = self._incoming / new_key()
            folder.mkdir()
            owner = (folder / _OWNER).open("wb")
            fcntl.flock(owner, fcntl.LOCK_EX)
        with owner:
            try:
                yield Incoming(self, folder)
            except BaseException:
                if not (folder / _PLACING).exists():  # else `clear_litter` must see what was moved
                    shutil.rmtree(folder, ignore_errors=True)
                raise
            shutil.rmtree(folder, ignore_errors=True)

    def clear_litter(self, remove_unknown: Callable[[list[str]], None]) -> None:
        """Clear away what killed processes have left in ``incoming``.

        Parameters
        ----------
        remove_unknown : callable
            Takes the hashes that such a process was about to move; removes those files that the
            database does not know.
        """
        with self.locked("incoming"):
            for folder in sorted(self._incoming.iterdir()):
                if not _is_abandoned(folder):
                    continue
                placing = folder / _PLACING
                if placing.exists():
                    remove_unknown(placing.read_text(encoding="ascii").split())
                shutil.rmtree(folder, ignore_errors=True)

    def place(self, staged: Iterable[StagedFile]) -> None:
        """Move staged files to their places, durably; those that are there already stay.

        The caller holds the database's write lock.
        """
        changed: set[Path] = set()
        for each in staged:
            target = self.path_of(each.sha256)
            if target.exists():
                continue
            if not target.parent.exists():
                target.parent.mkdir()
                changed.add(self.files)
            each.path.replace(target)
            changed.add(target.parent)
        _sync(changed)

    def remove(self, sha256: str) -> None:
        """Remove a file; the caller holds the database's write lock."""
        self.path_of(sha256).unlink(missing_ok=True)

    def read(self, sha256: str) -> bytes:
        """Read a file whole.

        Raises
        ------
        StoreError
            If it is missing or damaged.
        """
        try:
            content = self.path_of(sha256).read_bytes()
        except FileNotFoundError as exc:
            msg = f"the file {sha256} is missing from the data folder: restore a backup"
            raise StoreError(msg) from exc
        if hashlib.sha256(content).hexdigest() != sha256:
            msg = f"the file {sha256} of the data folder is damaged: restore a backup"
            raise StoreError(msg)
        return content


class Incoming:
    """Files on their way into the store, in a folder of their own."""

    def __init__(self, data: DataFolder, folder: Path) -> None:
        self._data = data
        self.folder = folder
        self._count = 0

    def receive(self, stream: BinaryIO) -> StagedFile:
        """Copy a stream into the folder, and hash it on the way."""
        self._count += 1
        path = self.folder / f"{self._count}"
        with path.open("wb") as file:
            sha256, size = _copy(stream, file)
        return StagedFile(path=path, sha256=sha256, size=size)

    def announce(self, staged: Sequence[StagedFile]) -> None:
        """Make received files durable, and write down that they are about to be moved."""
        if not staged:
            return
        placing = self.folder / _PLACING
        placing.write_text("\n".join(each.sha256 for each in staged), encoding="ascii")
        _sync([*(each.path for each in staged), placing])
        _sync([self.folder])


def hash_of_file(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(paths: Collection[Path]) -> None:
    """Make the content of files, and the names in folders, durable.

    Several at once: the disk's journal takes them together, a study in a fifth of the time.
    """
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(_sync_one, paths))


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy(source: BinaryIO, target: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(_PIECE_BYTES):
        digest.update(piece)
        target.write(piece)
        size += len(piece)
    return digest.hexdigest(), size


def _is_abandoned(folder: Path) -> bool:
    """Whether the process of an incoming folder is gone; folders are made under a lock."""
    try:
        with (folder / _OWNER).open("rb") as owner:
            return _try_lock(owner)
    except FileNotFoundError:  # killed before it could lock it, or while it was removing it
        return True


def _try_lock(stream: IO[bytes]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
