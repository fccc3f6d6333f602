"""Delete a patient or an exam: all of it, leaving a tombstone without data."""

from collections.abc import Iterable

from sqlalchemy import Delete, Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from corcal.errors import NotFoundError
from corcal.store.database import Database
from corcal.store.folder import DataFolder
from corcal.store.originals import series_uid
from corcal.store.reading import exam_row
from corcal.store.records import ExamTombstone, Tombstone
from corcal.store.tables import (
    AttachmentRow,
    CommitmentRow,
    DeliveryRow,
    EventRow,
    ExamRow,
    ExamTombstoneRow,
    FileRow,
    JobRow,
    OriginalRow,
    PatientRow,
    ResultRow,
    RouteRow,
    SharedRow,
    SignatureRow,
    StudyRow,
    TombstoneRow,
    now,
)

__all__ = [
    "delete_exam",
    "delete_patient",
    "exam_tombstones",
    "remove_doomed",
    "remove_unknown",
    "tombstones",
]


def delete_patient(database: Database, patient_id: str, *, by: str) -> Tombstone:
    """Delete a patient's rows; files that nobody else has are doomed, see `remove_doomed`."""
    with database.writing(files=True) as session:
        if session.get(PatientRow, patient_id, with_for_update=True) is None:
            msg = "there is no such patient in the store"
            raise NotFoundError(msg)
        return _without_patient(session, patient_id, by=by)


def delete_exam(database: Database, exam_id: str, *, by: str) -> None:
    """Delete an exam's rows, and its patient with their last one. See `Store.delete_exam`."""
    with database.writing(files=True) as session:
        exam = exam_row(session, exam_id, lock=True)
        study = session.get_one(StudyRow, exam.study_id, with_for_update=True)
        theirs = (
            select(func.count())
            .select_from(ExamRow)
            .join(StudyRow, StudyRow.id == ExamRow.study_id)
            .where(StudyRow.patient_id == study.patient_id)
        )
        if session.scalar(theirs) == 1:
            _without_patient(session, study.patient_id, by=by)
            return
        stone = ExamTombstoneRow(exam_id=exam_id, patient_id=study.patient_id, deleted_by=by)
        session.add(stone)
        session.flush()
        exams = select(ExamRow.id).where(ExamRow.id == exam_id)
        originals = _originals_of(session, exam)
        hashes = _hashes_of(session, exams, originals)
        _run(session, *_history_of(exams), delete(ExamRow).where(ExamRow.id == exam_id))
        _run(session, delete(OriginalRow).where(OriginalRow.id.in_(originals)))
        if session.scalar(select(ExamRow.id).where(ExamRow.study_id == study.id).limit(1)) is None:
            _run(session, delete(StudyRow).where(StudyRow.id == study.id))
        _doom(session, hashes)


def _without_patient(session: Session, patient_id: str, *, by: str) -> Tombstone:
    studies = select(StudyRow.id).where(StudyRow.patient_id == patient_id)
    exams = select(ExamRow.id).where(ExamRow.study_id.in_(studies))
    count = len(session.scalars(exams).all())
    # The tombstone comes first: by it the database knows that this history may go
    stone = TombstoneRow(patient_id=patient_id, deleted_by=by, exam_count=count)
    session.add(stone)
    session.flush()
    originals = select(OriginalRow.id).where(OriginalRow.study_id.in_(studies))
    hashes = _hashes_of(session, exams, originals)
    _run(
        session,
        *_history_of(exams),
        delete(ExamRow).where(ExamRow.study_id.in_(studies)),
        delete(OriginalRow).where(OriginalRow.study_id.in_(studies)),
        delete(StudyRow).where(StudyRow.patient_id == patient_id),
        delete(PatientRow).where(PatientRow.id == patient_id),
    )
    _doom(session, hashes)
    return _tombstone(stone)


def _history_of(exams: Select[str]) -> tuple[Delete, ...]:
    """Give what deletes all that belongs to exams, in the order that the database asks for."""
    results = select(ResultRow.id).where(ResultRow.exam_id.in_(exams))
    deliveries = select(DeliveryRow.id).where(DeliveryRow.result_id.in_(results))
    return (
        delete(SharedRow).where(SharedRow.key.in_(exams)),
        delete(CommitmentRow).where(CommitmentRow.delivery_id.in_(deliveries)),
        delete(DeliveryRow).where(DeliveryRow.result_id.in_(results)),
        delete(RouteRow).where(RouteRow.result_id.in_(results)),
        delete(JobRow).where(JobRow.exam_id.in_(exams)),
        delete(EventRow).where(EventRow.exam_id.in_(exams)),
        delete(AttachmentRow).where(AttachmentRow.result_id.in_(results)),
        delete(SignatureRow).where(SignatureRow.result_id.in_(results)),
        delete(ResultRow).where(ResultRow.exam_id.in_(exams)),
    )


def _originals_of(session: Session, exam: ExamRow) -> list[str]:
    """Name the images of an exam's study that none of its other exams is scored from."""
    others = session.scalars(
        select(ExamRow).where(ExamRow.study_id == exam.study_id, ExamRow.id != exam.id)
    ).all()
    if any(not one.is_series_fixed or one.series is None for one in others):
        return []
    kept = {series_uid(one.series) for one in others if one.series is not None}
    rows = session.scalars(select(OriginalRow).where(OriginalRow.study_id == exam.study_id))
    return [row.id for row in rows if row.series not in kept]


def _run(session: Session, *statements: Delete) -> None:
    for statement in statements:
        session.execute(statement, execution_options={"synchronize_session": False})


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


def exam_tombstones(database: Database) -> tuple[ExamTombstone, ...]:
    """List the exams that were deleted by themselves, the first one first."""
    with database.reading() as session:
        statement = select(ExamTombstoneRow).order_by(
            ExamTombstoneRow.deleted_at, ExamTombstoneRow.exam_id
        )
        return tuple(
            ExamTombstone(
                exam_id=row.exam_id,
                patient_id=row.patient_id,
                deleted_at=row.deleted_at,
                deleted_by=row.deleted_by,
            )
            for row in session.scalars(statement)
        )


def _hashes_of(
    session: Session, exams: Select[str], originals: Select[str] | list[str]
) -> list[str]:
    """List the files of exams: these originals, voxels of results, attachments."""
    results = select(ResultRow.id).where(ResultRow.exam_id.in_(exams))
    found: set[str | None] = set()
    for statement in (
        select(OriginalRow.sha256).where(OriginalRow.id.in_(originals)),
        select(ResultRow.voxels_sha256).where(ResultRow.exam_id.in_(exams)),
        select(AttachmentRow.sha256).where(AttachmentRow.result_id.in_(results)),
    ):
        found.update(session.scalars(statement))
    return sorted(filter(None, found))


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
