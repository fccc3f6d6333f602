"""Which study lies where, kept on disk: a million studies are found in the memory of a few.

It also spares the next run the reading of folders that have not changed since.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from corcal.cohort.names import read_name, written_name
from corcal.cohort.sources import Kind, kind_of
from corcal.cohort.types import OutputError, Place, Task, task_key
from corcal.errors import InputError

__all__ = ["INDEX_NAME", "Index", "Part", "read_index"]

INDEX_NAME = "found.sqlite"
_VERSION = 1
_SCHEMA = """
CREATE TABLE place (id INTEGER PRIMARY KEY, root TEXT, path TEXT, stamp TEXT, pass INTEGER,
  UNIQUE (root, path));
CREATE TABLE part (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, study TEXT, names TEXT);
CREATE INDEX part_study ON part (study);
CREATE INDEX part_place ON part (place);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The files of one study in one folder or archive.

    Attributes
    ----------
    study : str or None
        Its UID; ``None`` where the files name none: then the place is what tells it from others.
    names : tuple of str or None
        The files; ``None`` for all of the place.
    """

    study: str | None
    names: tuple[str, ...] | None = None


class Index:
    """The index of one folder of results.

    Parameters
    ----------
    path : Path
        Made if needed; one of another release is made anew.
    root : str
        Where is searched: what was found elsewhere is kept, and not given.

    Raises
    ------
    OutputError
        If it cannot be written.
    """

    def __init__(self, path: Path, root: str) -> None:
        self._root = written_name(root)
        with _writing():
            self._base = _opened(path)
            self._pass = 1 + int(
                self._base.execute("SELECT coalesce(max(pass), 0) FROM place").fetchone()[0]
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._base.close()

    def is_known(self, path: str, stamp: str) -> bool:
        """Whether a place has not changed since it was looked through; then it stays."""
        with _writing():
            found = self._base.execute(
                "UPDATE place SET pass = ? WHERE root = ? AND path = ? AND stamp = ?",
                (self._pass, self._root, written_name(path), stamp),
            )
        return found.rowcount > 0

    def put(self, path: str, stamp: str, parts: Iterable[Part]) -> None:
        """Note what lies in a place, instead of what was noted before."""
        with _writing():
            ours = (self._root, written_name(path))
            self._base.execute(
                "DELETE FROM part WHERE place IN "
                "(SELECT id FROM place WHERE root = ? AND path = ?)",
                ours,
            )
            self._base.execute("DELETE FROM place WHERE root = ? AND path = ?", ours)
            place = self._base.execute(
                "INSERT INTO place (root, path, stamp, pass) VALUES (?, ?, ?, ?)",
                (*ours, stamp, self._pass),
            ).lastrowid
            self._base.executemany(
                "INSERT INTO part (place, study, names) VALUES (?, ?, ?)",
                [
                    (place, one.study, None if one.names is None else json.dumps(one.names))
                    for one in parts
                ],
            )

    def save(self) -> None:
        """Put what was noted on the disk: an interrupted search goes on from there."""
        with _writing():
            self._base.commit()

    def close_pass(self) -> None:
        """Forget the places that this search has not come across: they are gone."""
        with _writing():
            old = (self._root, self._pass)
            self._base.execute(
                "DELETE FROM part WHERE place IN "
                "(SELECT id FROM place WHERE root = ? AND pass < ?)",
                old,
            )
            self._base.execute("DELETE FROM place WHERE root = ? AND pass < ?", old)
            self._base.commit()

    def count(self) -> int:
        """Count the studies."""
        found = self._base.execute(
            "SELECT count(DISTINCT study), coalesce(sum(study IS NULL), 0) "
            "FROM part JOIN place ON place.id = part.place WHERE root = ?",
            (self._root,),
        ).fetchone()
        return int(found[0]) + int(found[1])

    def tasks(self) -> Iterator[Task]:
        """Give the studies in the order in which they were found, one in memory."""
        firsts = self._base.execute(
            "SELECT min(part.id) AS first, study FROM part "
            "JOIN place ON place.id = part.place WHERE root = ? "
            "GROUP BY coalesce(study, '#' || part.id) ORDER BY first",
            (self._root,),
        )
        for first, study in firsts:
            yield self._task(first, study)

    def _task(self, first: int, study: str | None) -> Task:
        rows = self._base.execute(
            "SELECT path, names FROM part JOIN place ON place.id = part.place "
            "WHERE root = ?1 AND (part.id = ?2 OR study = ?3) ORDER BY part.id",
            (self._root, first, study),
        ).fetchall()
        places = tuple(
            Place(path=read_name(path), names=None if names is None else tuple(json.loads(names)))
            for path, names in rows
        )
        source = places[0].path
        if kind_of(self._root) is Kind.WEB:
            return Task(key=task_key(study), source=self._root, study_instance_uid=study)
        if study is not None:
            return Task(key=task_key(study), source=source, study_instance_uid=study, places=places)
        names = places[0].names or ()
        inside = source.removeprefix(read_name(self._root))
        return Task(key=task_key(None, inside, *names), source=source, places=places)


def read_index(path: Path) -> Index:
    """Open an index that an earlier search has made, for its one root; it is not changed.

    Raises
    ------
    InputError
        If it is none, or of another release.
    """
    try:
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        version = base.execute("PRAGMA user_version").fetchone()[0]
        roots = [row[0] for row in base.execute("SELECT DISTINCT root FROM place")]
    except sqlite3.DatabaseError as exc:
        msg = f"{path.name} is not what --find-only leaves"
        raise InputError(msg) from exc
    base.close()
    if version != _VERSION or len(roots) != 1:
        msg = f"{path.name} is of another release, or of {len(roots)} searches: one is needed"
        raise InputError(msg)
    return Index(path, read_name(roots[0]))


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    base = _connected(path)
    try:
        version = base.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError:  # no database, or a damaged one: it can be made again
        version = -1
    if version not in (0, _VERSION):
        base.close()
        path.unlink()
        base = _connected(path)
        version = 0
    if version == 0:
        base.executescript(f"{_SCHEMA} PRAGMA user_version = {_VERSION};")
    return base


def _connected(path: Path) -> sqlite3.Connection:
    # nolock: the ledger is held by this run alone, and file systems of clusters cannot lock
    return sqlite3.connect(f"{path.absolute().as_uri()}?nolock=1", uri=True)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as exc:
        msg = f"the results cannot be written: {exc}; what is finished stays finished"
        raise OutputError(msg) from exc
