"""Files that belong to a version of a result: candidates, reports, DICOM objects."""

import io
import re
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from corcal.errors import ConflictError, InputError
from corcal.store.folder import Incoming, StagedFile
from corcal.store.tables import AttachmentRow, ResultRow

__all__ = ["attach", "attached", "staged"]

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


def staged(incoming: Incoming, files: Mapping[str, bytes]) -> dict[str, StagedFile]:
    """Take files into the incoming folder, after a look at their names.

    Raises
    ------
    InputError
        If a name is none that an export could use.
    """
    for name in files:
        if not _NAME.fullmatch(name):
            msg = "a file's name has up to 100 letters, digits, underscores, hyphens and dots"
            raise InputError(msg)
    return {name: incoming.receive(io.BytesIO(content)) for name, content in files.items()}


def attach(session: Session, result_id: str, files: Mapping[str, StagedFile]) -> None:
    """Say which files a version has.

    Raises
    ------
    ConflictError
        If it has one of these names.
    """
    taken = select(AttachmentRow.name).where(AttachmentRow.result_id == result_id)
    for name in session.scalars(taken):
        if name in files:
            msg = f"the version has a file {name} already: what is attached is never changed"
            raise ConflictError(msg)
    session.add_all(
        AttachmentRow(result_id=result_id, name=name, sha256=file.sha256)
        for name, file in files.items()
    )
    session.flush()


def attached(session: Session, row: ResultRow) -> list[tuple[str, str]]:
    """List name and hash of each file of a version, by name."""
    statement = (
        select(AttachmentRow.name, AttachmentRow.sha256)
        .where(AttachmentRow.result_id == row.id)
        .order_by(AttachmentRow.name)
    )
    return [(row.name, row.sha256) for row in session.execute(statement)]
