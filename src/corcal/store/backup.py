"""A backup of everything, and a store made from one.

A backup is a folder::

    backup.json           release, schema revision, moment; rows and SHA-256 of each table
    tables/patients.jsonl one row a line, as JSON, for each table
    files/ab/ab12...      every file of the data folder

Tables are read in one transaction, as they were at one moment, while others go on writing. Values
are written as they are and belong to a revision of the schema, not to a database: a backup from
SQLite restores in PostgreSQL and the other way round, and one of an earlier release is brought up
to date by the same migrations as a store would be.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    DateTime,
    MetaData,
    Table,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Session

from corcal._version import __version__
from corcal.errors import InputError
from corcal.progress import Progress
from corcal.store.database import Database
from corcal.store.exporting import copy_checked, moved_when_whole
from corcal.store.folder import DataFolder

__all__ = ["backup", "restore"]

_MANIFEST = "backup.json"
_BATCH = 200  # rows that are read or written at once


@dataclass(frozen=True, slots=True, kw_only=True)
class _TableFile:
    """What the manifest says of a table."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    """What a backup says of itself."""

    corcal_backup: int
    software_version: str
    created: str
    revision: str
    tables: dict[str, _TableFile]


def backup(database: Database, folder: DataFolder, target: Path, *, progress: Progress) -> Path:
    """Write a backup. See `Store.backup`; the caller holds the files."""

    def write(part: Path) -> None:
        part.mkdir(mode=0o700)
        (part / "tables").mkdir()
        with database.reading(snapshot=True) as session:
            revision = session.scalar(text("SELECT version_num FROM alembic_version"))
            hashes = _write_tables(session.connection(), part, str(revision))
        _copy_files(folder, DataFolder(part), hashes, progress)

    return moved_when_whole(target, write)


def restore(source: Path, data: Path, url: str | None, *, progress: Progress) -> None:
    """Make a store from a backup. See `Store.restore`."""
    manifest = _read_manifest(source)
    _require_tables(source, manifest)
    data.absolute().parent.mkdir(parents=True, exist_ok=True)

    def write_files(part: Path) -> None:
        folder = DataFolder(part)
        folder.make()
        _copy_files(DataFolder(source), folder, _hashes(source), progress)
        folder.describe("sqlite" if url is None else "postgresql")

    def write_all(part: Path) -> None:
        write_files(part)
        DataFolder(part).make_database()
        url = DataFolder(part).database_url
        with closing(Database(url)) as database, database.writing() as session:
            _load(session, source, manifest)

    if url is None:
        moved_when_whole(data, write_all)
        return
    with closing(Database(url)) as database, database.writing() as session:
        _require_empty(session.connection())
        _load(session, source, manifest)
        # The last step before the tables are there for good: one without the other is no store
        moved_when_whole(data, write_files)


def _write_tables(connection: Connection, root: Path, revision: str) -> list[str]:
    """Write all tables and the manifest; give the hashes of the files that belong to them."""
    described: dict[str, _TableFile] = {}
    hashes: list[str] = []
    for table in _tables(connection):
        path = root / "tables" / f"{table.name}.jsonl"
        digest, count = hashlib.sha256(), 0
        with path.open("wb") as stream:
            for row in _rows(connection, table):
                line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
                stream.write(line)
                digest.update(line)
                count += 1
                if table.name == "files":
                    hashes.append(row["sha256"])
            stream.flush()
            os.fsync(stream.fileno())
        described[table.name] = _TableFile(rows=count, sha256=digest.hexdigest())
    manifest = _Manifest(
        corcal_backup=1,
        software_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        revision=revision,
        tables=described,
    )
    (root / _MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return hashes


def _tables(connection: Connection) -> list[Table]:
    """Give the tables as they are in the database, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Read a table row by row; files that nobody needs any more are left out."""
    statement = select(table).order_by(*table.primary_key.columns)
    if table.name == "files":
        statement = statement.where(table.c.doomed_at.is_(None))
    found = connection.execute(statement, execution_options={"yield_per": _BATCH})
    for row in found.mappings():
        yield {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    """Turn a moment into text, in UTC."""
    if not isinstance(value, datetime):
        return value
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat()


def _load(session: Session, source: Path, manifest: _Manifest) -> None:
    """Make the tables of the backup's revision, fill them, and bring them up to date."""
    from corcal.store.schema import upgrade_on  # as `Database.upgrade` does

    connection = session.connection()
    upgrade_on(connection, manifest.revision)
    tables = _tables(connection)
    if {table.name for table in tables} != set(manifest.tables):
        msg = f"{source.name} is no backup: its tables are not those of its revision"
        raise InputError(msg)
    for table in tables:
        for rows in _batches(source / "tables" / f"{table.name}.jsonl"):
            connection.execute(table.insert(), [_typed(table, row, connection) for row in rows])
    upgrade_on(connection)


def _batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    with path.open("rb") as stream:
        for line in stream:
            batch.append(json.loads(line))
            if len(batch) == _BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _typed(table: Table, row: dict[str, Any], connection: Connection) -> dict[str, Any]:
    """Turn text into moments, as the database keeps them."""
    naive = connection.dialect.name == "sqlite"
    for column in table.columns:
        value = row[column.name]
        if isinstance(column.type, DateTime) and value is not None:
            moment = datetime.fromisoformat(value)
            row[column.name] = moment.replace(tzinfo=None) if naive else moment
    return row


def _copy_files(
    source: DataFolder, target: DataFolder, hashes: list[str], progress: Progress
) -> None:
    for done, sha256 in enumerate(hashes, start=1):
        place = target.path_of(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        copy_checked(source.path_of(sha256), place, sha256)
        progress(done, len(hashes), "copying files")


def _hashes(source: Path) -> list[str]:
    return [row["sha256"] for rows in _batches(source / "tables" / "files.jsonl") for row in rows]


def _read_manifest(source: Path) -> _Manifest:
    try:
        return msgspec.json.decode((source / _MANIFEST).read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as exc:
        msg = f"{source.name} is no backup of corcal: it has no {_MANIFEST} that can be read"
        raise InputError(msg) from exc


def _require_tables(source: Path, manifest: _Manifest) -> None:
    for name, described in manifest.tables.items():
        path = source / "tables" / f"{Path(name).name}.jsonl"
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as exc:
            msg = f"{source.name} is damaged: the table {path.stem} is missing"
            raise InputError(msg) from exc
        if found != described.sha256:
            msg = f"{source.name} is damaged: the table {path.stem} is not as it was written"
            raise InputError(msg)


def _require_empty(connection: Connection) -> None:
    present = inspect(connection).get_table_names()
    if present:
        msg = "the database is not empty: a backup is restored into an empty one"
        raise InputError(msg)
