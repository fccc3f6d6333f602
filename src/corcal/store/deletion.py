"""Delete a patient: everything of theirs, leaving a tombstone without data."""

from collections.abc import Iterable

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from corcal.errors import NotFoundError
from corcal.store.database import Database
from corcal.store.folder import DataFolder
from corcal.store.records import Tombstone
from corcal.store.tables import (
    AttachmentRow,
    CommitmentRow,
    DeliveryRow,
    EventRow,
    ExamRow,
    FileRow,
    JobRow,
    OriginalRow,
    PatientRow,
    ResultRow,
    RouteRow,
    SignatureRow,
    StudyRow,
    TombstoneRow,
    now,
)

__all__ = ["delete_patient", "remove_doomed", "remove_unknown", "tombstones"]


def delete_patient(database: Database, patient_id: str, *, by: str) -> Tombstone:
    """Delete a patient's rows; files that nobody else has are doomed, see `remove_doomed`."""
    with database.writing(files=True) as session:
        patient = session.get(PatientRow, patient_id, with_for_update=True)
        if patient is None:
            msg = "there is no such patient in the store"
            raise NotFoundError(msg)
        studies = select(StudyRow.id).where(StudyRow.patient_id == patient_id)
        exams = list(session.scalars(select(ExamRow.id).where(ExamRow.study_id.in_(studies))))
        # The tombstone comes first: by it the database knows that this history may go
        stone = TombstoneRow(patient_id=patient_id, deleted_by=by, exam_count=len(exams))
        session.add(stone)
        session.flush()
        hashes = _hashes_of(session, patient_id)
        of_patient = select(ExamRow.id).where(ExamRow.study_id.in_(studies))
        results = select(ResultRow.id).where(ResultRow.exam_id.in_(of_patient))
        deliveries = select(DeliveryRow.id).where(DeliveryRow.result_id.in_(results))
        for statement in (
            delete(CommitmentRow).where(CommitmentRow.delivery_id.in_(deliveries)),
            delete(DeliveryRow).where(DeliveryRow.result_id.in_(results)),
            delete(RouteRow).where(RouteRow.result_id.in_(results)),
            delete(JobRow).where(JobRow.exam_id.in_(of_patient)),
            delete(EventRow).where(EventRow.exam_id.in_(of_patient)),
            delete(AttachmentRow).where(AttachmentRow.result_id.in_(results)),
            delete(SignatureRow).where(SignatureRow.result_id.in_(results)),
            delete(ResultRow).where(ResultRow.exam_id.in_(of_patient)),
            delete(ExamRow).where(ExamRow.study_id.in_(studies)),
            delete(OriginalRow).where(OriginalRow.study_id.in_(studies)),
            delete(StudyRow).where(StudyRow.patient_id == patient_id),
            delete(PatientRow).where(PatientRow.id == patient_id),
        ):
            session.execute(statement, execution_options={"synchronize_session": False})
        _doom(session, hashes)
        return _tombstone(stone)


def remove_doomed(database: Database, folder: DataFolder) -> int:
    """Remove the files that nobody needs any more; how many.

    None is removed while a backup or a check holds the files: they remove them at their end.
    """
    doomed_files = select(FileRow).where(FileRow.doomed_at.is_not(None))
    with database.reading() as session:
        if session.scalar(doomed_files.limit(1)) is None:
            return 0  # as nearly always, and nobody has to wait
    with folder.files_removable() as may:
        if not may:
            return 0
        with database.writing(files=True) as session:
            doomed = list(session.scalars(doomed_files))
            gone = [row for row in doomed if not _is_needed(session, row.sha256)]
            for row in doomed:
                row.doomed_at = None
            for row in gone:
                folder.remove(row.sha256)
                session.delete(row)
            return len(gone)


def remove_unknown(database: Database, folder: DataFolder, hashes: Iterable[str]) -> None:
    """Remove those of the files that the database does not know: a killed process left them."""
    with database.writing(files=True) as session:
        for sha256 in hashes:
            if session.get(FileRow, sha256) is None:
                folder.remove(sha256)


def tombstones(database: Database) -> tuple[Tombstone, ...]:
    """List the patients that were deleted, the first one first."""
    with database.reading() as session:
        statement = select(TombstoneRow).order_by(TombstoneRow.deleted_at, TombstoneRow.patient_id)
        return tuple(_tombstone(row) for row in session.scalars(statement))


def _hashes_of(session: Session, patient_id: str) -> list[str]:
    """List the files of a patient: originals, voxels of results, attachments."""
    originals = (
        select(OriginalRow.sha256)
        .join(StudyRow, StudyRow.id == OriginalRow.study_id)
        .where(StudyRow.patient_id == patient_id)
    )
    voxels = (
        select(ResultRow.voxels_sha256)
        .join(ExamRow, ExamRow.id == ResultRow.exam_id)
        .join(StudyRow, StudyRow.id == ExamRow.study_id)
        .where(StudyRow.patient_id == patient_id, ResultRow.voxels_sha256.is_not(None))
    )
    attached = (
        select(AttachmentRow.sha256)
        .join(ResultRow, ResultRow.id == AttachmentRow.result_id)
        .join(ExamRow, ExamRow.id == ResultRow.exam_id)
        .join(StudyRow, StudyRow.id == ExamRow.study_id)
        .where(StudyRow.patient_id == patient_id)
    )
    found = {*session.scalars(originals), *session.scalars(attached)}
    return sorted(found.union(filter(None, session.scalars(voxels))))


def _doom(session: Session, hashes: list[str]) -> None:
    """Mark those files that nobody has any more."""
    for sha256 in hashes:
        if not _is_needed(session, sha256):
            session.get_one(FileRow, sha256).doomed_at = now()


def _is_needed(session: Session, sha256: str) -> bool:
    needed = or_(
        exists().where(OriginalRow.sha256 == sha256),
        exists().where(ResultRow.voxels_sha256 == sha256),
        exists().where(AttachmentRow.sha256 == sha256),
    )
    return bool(session.scalar(select(needed)))


def _tombstone(row: TombstoneRow) -> Tombstone:
    return Tombstone(
        patient_id=row.patient_id,
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by,
        exam_count=row.exam_count,
    )
