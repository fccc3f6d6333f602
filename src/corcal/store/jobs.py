"""Work to be done once, by whoever claims it; a worker that dies loses its claim, not the work.

A claim lasts until its lease runs out, and the worker renews it. Claims are numbered
(`Job.attempts`): a worker that was taken for dead and wakes up again holds an old number, and
whatever it brings is refused.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from corcal.errors import InputError, NotFoundError, StateError
from corcal.store.database import Database
from corcal.store.reading import exam_row
from corcal.store.records import ExamState, Job, JobState
from corcal.store.review import set_state
from corcal.store.tables import ExamRow, JobRow, now
from corcal.store.words import clean

__all__ = ["LEASE_S", "SCORE", "Jobs", "finish_claim", "insert_job"]

LEASE_S = 60.0
SCORE = "score"
"""The kind of job that scores an exam which is waiting."""
_MAX_LISTED = 500
_LONGEST = timedelta(hours=2)


class Jobs:
    """The jobs of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(
        self,
        kind: str,
        *,
        exam_id: str | None = None,
        payload: Any = None,
        max_attempts: int = 3,
    ) -> Job:
        """Add a job at the end of the queue.

        Parameters
        ----------
        kind : str
            What is to be done.
        exam_id : str, optional
            For which exam; the job goes with its patient when that is deleted.
        payload : JSON value, optional
            What else the worker needs; no patient data.
        max_attempts : int
            How often it may be claimed; each death of a worker is one.
        """
        if max_attempts < 1:
            msg = f"a job needs at least one attempt, not {max_attempts}"
            raise InputError(msg)
        with self._database.writing() as session:
            if exam_id is not None:
                exam_row(session, exam_id)
            row = insert_job(
                session, kind, exam_id=exam_id, payload=payload, max_attempts=max_attempts
            )
            session.flush()
            return _job(row)

    def claim(
        self, worker: str, *, kinds: Sequence[str] = (), lease_s: float = LEASE_S
    ) -> Job | None:
        """Take the oldest job that nobody holds, and nobody else can take it meanwhile.

        Parameters
        ----------
        worker : str
            Who takes it.
        kinds : sequence of str
            What the worker can do; empty for everything.
        lease_s : float
            Seconds after which the worker is taken for dead unless it renews the claim.

        Returns
        -------
        Job or None
            ``None`` if there is nothing to do.
        """
        with self._database.writing() as session:
            while True:
                row = _next(session, kinds)
                if row is None:
                    return None
                if row.attempts < row.max_attempts:
                    return _take(row, worker, lease_s)
                _end(session, row, f"the worker has died {row.attempts} times at it")
                session.flush()

    def renew(
        self,
        claim: Job,
        *,
        progress: float | None = None,
        text: str | None = None,
        lease_s: float = LEASE_S,
    ) -> Job:
        """Tell that the worker lives, and how far it is.

        Raises
        ------
        StateError
            If the claim is lost: the worker must stop.
        """
        with self._database.writing() as session:
            row = _held(session, claim)
            row.lease_until = now() + timedelta(seconds=lease_s)
            if progress is not None:
                row.progress = min(max(progress, 0.0), 1.0)
            row.progress_text = clean(text) if text is not None else row.progress_text
            return _job(row)

    def finish(self, claim: Job) -> Job:
        """Tell that the job is done; `Store.add_result` does so together with its result.

        Raises
        ------
        StateError
            If the claim is lost.
        """
        with self._database.writing() as session:
            return finish_claim(session, claim)

    def fail(self, claim: Job, error: str, *, retry: bool = False, delay_s: float = 0.0) -> Job:
        """Tell that the job went wrong; with `retry` it is tried again while attempts are left.

        Parameters
        ----------
        error : str
            One line without patient data.
        delay_s : float
            How long nobody tries it again.

        Raises
        ------
        StateError
            If the claim is lost.
        """
        with self._database.writing() as session:
            row = _held(session, claim)
            if retry and row.attempts < row.max_attempts:
                _requeue(row)
                row.not_before = now() + timedelta(seconds=delay_s) if delay_s else None
                row.progress_text = clean(error)
            else:
                _end(session, row, clean(error) or "no reason was given")
            return _job(row)

    def release(self, claim: Job) -> Job:
        """Give a job back unharmed, as a worker that is asked to stop does.

        Raises
        ------
        StateError
            If the claim is lost.
        """
        with self._database.writing() as session:
            row = _held(session, claim)
            _requeue(row)
            row.max_attempts += 1  # this attempt does not count, and its number is used
            return _job(row)

    def get(self, job_id: str) -> Job:
        """Give a job.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as session:
            return _job(_row(session, job_id))

    def of(
        self,
        *,
        exam_id: str | None = None,
        states: Sequence[JobState] = (),
        limit: int = _MAX_LISTED,
    ) -> tuple[Job, ...]:
        """List jobs, the newest first; of an exam, in some states, or all."""
        statement = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
        if exam_id is not None:
            statement = statement.where(JobRow.exam_id == exam_id)
        if states:
            statement = statement.where(JobRow.state.in_(states))
        with self._database.reading() as session:
            return tuple(_job(row) for row in session.scalars(statement))

    def counts(self) -> dict[tuple[str, JobState], int]:
        """Count jobs by kind and state; those that are done are left out."""
        statement = (
            select(JobRow.kind, JobRow.state, func.count())
            .where(JobRow.state != JobState.DONE)
            .group_by(JobRow.kind, JobRow.state)
            .order_by(JobRow.kind, JobRow.state)
        )
        with self._database.reading() as session:
            return {(kind, JobState(state)): n for kind, state, n in session.execute(statement)}


def insert_job(
    session: Session,
    kind: str,
    *,
    exam_id: str | None,
    payload: Any = None,
    max_attempts: int = 3,
) -> JobRow:
    """Add a job within a transaction."""
    row = JobRow(kind=kind, exam_id=exam_id, payload=payload, max_attempts=max_attempts)
    session.add(row)
    return row


def finish_claim(session: Session, claim: Job) -> Job:
    """Mark a claimed job as done within a transaction."""
    row = _held(session, claim)
    row.state, row.progress = JobState.DONE, 1.0
    row.lease_until, row.finished_at = None, now()
    return _job(row)


def _next(session: Session, kinds: Sequence[str]) -> JobRow | None:
    """Give the oldest job that is queued, or whose worker is taken for dead; locked."""
    # No pause and no lease is so long: the clock was put back since
    far = now() + _LONGEST
    is_due = or_(JobRow.not_before.is_(None), JobRow.not_before <= now(), JobRow.not_before > far)
    is_over = or_(JobRow.lease_until < now(), JobRow.lease_until > far)
    is_free = or_(
        and_(JobRow.state == JobState.QUEUED, is_due),
        and_(JobRow.state == JobState.RUNNING, is_over),
    )
    statement = select(JobRow).where(is_free).order_by(JobRow.created_at, JobRow.id).limit(1)
    if kinds:
        statement = statement.where(JobRow.kind.in_(kinds))
    return session.scalar(statement.with_for_update(skip_locked=True))


def _take(row: JobRow, worker: str, lease_s: float) -> Job:
    row.state, row.worker = JobState.RUNNING, worker
    row.attempts += 1
    row.progress, row.progress_text, row.not_before = 0.0, None, None
    row.started_at = now()
    row.lease_until = row.started_at + timedelta(seconds=lease_s)
    return _job(row)


def _requeue(row: JobRow) -> None:
    row.state, row.worker, row.lease_until = JobState.QUEUED, None, None
    row.progress, row.progress_text = 0.0, None


def _end(session: Session, row: JobRow, error: str) -> None:
    """End a job in failure; an exam that waits to be scored by it has failed too."""
    row.state, row.error = JobState.FAILED, error
    row.lease_until, row.finished_at = None, now()
    if row.exam_id is None or row.kind != SCORE:
        return
    exam = session.get_one(ExamRow, row.exam_id, with_for_update=True)
    if exam.state in (ExamState.WAITING, ExamState.SCORING):
        set_state(session, exam.id, ExamState.FAILED, by="corcal", reason=error)


def _held(session: Session, claim: Job) -> JobRow:
    """Give the job's row if the claim still holds it."""
    row = _row(session, claim.id, lock=True)
    if row.state != JobState.RUNNING or row.attempts != claim.attempts:
        msg = f"the claim on the job is lost: it is {row.state}, at attempt {row.attempts}"
        raise StateError(msg)
    return row


def _row(session: Session, job_id: str, *, lock: bool = False) -> JobRow:
    row = session.get(JobRow, job_id, with_for_update=lock or None)
    if row is None:
        msg = "there is no such job in the store"
        raise NotFoundError(msg)
    return row


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        exam_id=row.exam_id,
        payload=row.payload,
        state=JobState(row.state),
        progress=row.progress,
        progress_text=row.progress_text,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        error=row.error,
        worker=row.worker,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        lease_until=row.lease_until,
    )
