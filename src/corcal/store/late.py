"""Images that come after an exam was scored: it is scored again, or shown to a reader again."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from corcal.errors import StateError
from corcal.store.folder import DataFolder
from corcal.store.jobs import insert_job
from corcal.store.reading import exam_row
from corcal.store.records import ExamState, JobState
from corcal.store.review import append, events, set_state
from corcal.store.tables import JobRow, OriginalRow, StudyRow

__all__ = ["LATE_IMAGES", "files_of_study", "take_late_images"]

LATE_IMAGES = "late_images"
"""The step of an exam's history that tells of images which came after its result."""
_STUCK = (ExamState.UNFIT, ExamState.FAILED)


def files_of_study(
    session: Session, folder: DataFolder, study_instance_uid: str
) -> tuple[Path, ...]:
    """Say where the files of a study are, whoever's it is. See `Store.files_of_study`."""
    rows = session.scalars(
        select(OriginalRow.sha256)
        .join(StudyRow, StudyRow.id == OriginalRow.study_id)
        .where(StudyRow.study_instance_uid == study_instance_uid)
    )
    return tuple(folder.path_of(sha256) for sha256 in rows)


def take_late_images(
    session: Session,
    exam_id: str,
    *,
    content: str,
    reason: str,
    job_kind: str,
    by: str,
    expected_version: int,
) -> bool:
    """Let an exam be scored or looked at again. See `Store.take_late_images`."""
    exam = exam_row(session, exam_id, lock=True)
    if exam.latest_version != expected_version or _jobs(session, exam_id, job_kind):
        msg = "the exam is being scored: late images are weighed when that is done"
        raise StateError(msg)
    told = [step for step in events(session, exam_id, after=0) if step.kind == LATE_IMAGES]
    if any(step.after["content"] == content for step in told):
        return False
    after = {"content": content, "reason": reason, "version": exam.latest_version}
    append(session, exam, LATE_IMAGES, by=by, after=after)
    if exam.signed_version is not None:
        set_state(session, exam_id, ExamState.TO_REVIEW, by=by)
        return True
    if exam.state in _STUCK:
        set_state(session, exam_id, ExamState.WAITING, by=by)
    insert_job(session, job_kind, exam_id=exam_id)
    return True


def _jobs(session: Session, exam_id: str, kind: str) -> Sequence[str]:
    """Find the jobs of a kind that are not done yet."""
    return session.scalars(
        select(JobRow.id).where(
            JobRow.exam_id == exam_id,
            JobRow.kind == kind,
            JobRow.state.in_((JobState.QUEUED, JobState.RUNNING)),
        )
    ).all()
