"""Whether everything is what it was when it was kept."""

import hashlib
from pathlib import Path

from sqlalchemy import func, select

from corcal.progress import Progress, no_progress
from corcal.store.database import Database
from corcal.store.folder import DataFolder, hash_of_file
from corcal.store.records import VerifyReport
from corcal.store.tables import FileRow, ResultRow

__all__ = ["verify"]


def verify(
    database: Database, folder: DataFolder, *, progress: Progress = no_progress
) -> VerifyReport:
    """Hash every file and every result. See `Store.verify`; the caller holds the files."""
    with database.reading() as session:
        hashes = list(
            session.scalars(
                select(FileRow.sha256).where(FileRow.doomed_at.is_(None)).order_by(FileRow.sha256)
            )
        )
    missing: list[str] = []
    damaged: list[str] = []
    for done, sha256 in enumerate(hashes, start=1):
        found = _found(folder.path_of(sha256))
        if found != sha256:
            (missing if found is None else damaged).append(sha256)
        progress(done, len(hashes), "checking files")
    bad, count = _damaged_results(database)
    return VerifyReport(
        file_count=len(hashes),
        result_count=count,
        missing=tuple(missing),
        damaged=tuple(damaged),
        damaged_results=bad,
    )


def _found(path: Path) -> str | None:
    try:
        return hash_of_file(path)
    except FileNotFoundError:
        return None


def _damaged_results(database: Database) -> tuple[tuple[str, ...], int]:
    bad: list[str] = []
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(ResultRow)) or 0
        rows = session.execute(
            select(ResultRow.id, ResultRow.record, ResultRow.record_sha256).order_by(ResultRow.id),
            execution_options={"yield_per": 100},
        )
        for key, record, sha256 in rows:
            if hashlib.sha256(record.encode()).hexdigest() != sha256:
                bad.append(key)
    return tuple(bad), count
