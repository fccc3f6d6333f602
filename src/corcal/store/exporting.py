"""One exam with all that belongs to it, in files that need no corcal to be read."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from corcal.errors import InputError, StoreError
from corcal.store import originals, reading, review
from corcal.store.attachments import attached
from corcal.store.database import Database
from corcal.store.folder import DataFolder, hash_of_file
from corcal.store.tables import ResultRow, new_key

__all__ = ["export_exam", "moved_when_whole"]


def export_exam(database: Database, folder: DataFolder, exam_id: str, target: Path) -> Path:
    """Write an exam into a new folder or zip. See `Store.export`; the caller holds the files."""
    with database.reading(snapshot=True) as session:
        texts = _texts(session, exam_id)
        files = _files(session, folder, exam_id)
    write = _write_zip if target.suffix.lower() == ".zip" else _write_folder
    return moved_when_whole(target, lambda part: write(part, texts, files))


def moved_when_whole(target: Path, write: Callable[[Path], None]) -> Path:
    """Write beside `target`, which must not exist or be an empty folder, and move it there.

    Raises
    ------
    InputError
        If something is at `target`, or its folder does not exist.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        msg = f"{target.name} exists already: give the name of something new"
        raise InputError(msg)
    if not target.absolute().parent.is_dir():
        msg = f"the folder of {target.name} does not exist: make it first"
        raise InputError(msg)
    part = target.with_name(f".{target.name}.{new_key()}.part")
    try:
        write(part)
        part.replace(target)
    except BaseException:
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
        raise
    return target


def _texts(session: Session, exam_id: str) -> dict[str, str]:
    """Write down the exam, its history, and each version of its result."""
    exam = reading.exam_record(session, exam_id)
    found = reading.versions(session, exam_id)
    texts = {
        "exam.json": _json({"exam": exam, "versions": found}),
        "events.json": _json(review.events(session, exam_id)),
    }
    rows = session.scalars(select(ResultRow).where(ResultRow.exam_id == exam_id))
    return texts | {f"results/v{row.version}.json": row.record for row in rows}


def _files(session: Session, folder: DataFolder, exam_id: str) -> dict[str, tuple[Path, str]]:
    """Name each file that is exported: where it is, and its hash."""
    files = {
        f"originals/{link.name}": (link.target, link.sha256)
        for link in originals.links_of(session, folder, exam_id)
    }
    for row in session.scalars(select(ResultRow).where(ResultRow.exam_id == exam_id)):
        kept = {f"attachments/{name}": sha256 for name, sha256 in attached(session, row)}
        if row.voxels_sha256 is not None:
            kept["voxels.npz"] = row.voxels_sha256
        for name, sha256 in kept.items():
            files[f"results/v{row.version}_{name}"] = (folder.path_of(sha256), sha256)
    return files


def _json(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False) + "\n"


def _write_folder(root: Path, texts: dict[str, str], files: dict[str, tuple[Path, str]]) -> None:
    root.mkdir(mode=0o700)
    for name, text in texts.items():
        _place(root, name).write_text(text, encoding="utf-8")
    for name, (source, sha256) in files.items():
        copied = _place(root, name)
        copy_checked(source, copied, sha256)


def _write_zip(path: Path, texts: dict[str, str], files: dict[str, tuple[Path, str]]) -> None:
    with zipfile.ZipFile(path, "x", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
        for name, (source, sha256) in files.items():
            _require_whole(source, sha256)
            archive.write(source, name)


def _place(root: Path, name: str) -> Path:
    place = root / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def copy_checked(source: Path, target: Path, sha256: str) -> None:
    """Copy a kept file, and refuse one that is not what it was.

    Raises
    ------
    StoreError
        If it is missing or damaged.
    """
    if source.is_symlink():  # it could lead anywhere, or never end
        msg = f"the file {sha256} is a link, not the file: restore a backup"
        raise StoreError(msg)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as exc:
        msg = f"the file {sha256} is missing from the data folder: restore a backup"
        raise StoreError(msg) from exc
    _require_whole(target, sha256)


def _require_whole(path: Path, sha256: str) -> None:
    try:
        found = hash_of_file(path)
    except FileNotFoundError as exc:
        msg = f"the file {sha256} is missing from the data folder: restore a backup"
        raise StoreError(msg) from exc
    if found != sha256:
        msg = f"the file {sha256} of the data folder is damaged: restore a backup"
        raise StoreError(msg)
