"""Where results go: which versions the rules were asked about, and what is delivered where.

A delivery and its job are one row each, made in the transaction in which a version is marked as
routed: so every version is routed once, whatever is killed when, and the outbox is as durable as
the results are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, and_, func, insert, literal, select
from sqlalchemy.orm import Session

from corcal.errors import NotFoundError
from corcal.store.database import Database
from corcal.store.jobs import finish_claim, insert_job
from corcal.store.reading import exam_row
from corcal.store.records import Job, JobState
from corcal.store.review import append
from corcal.store.tables import (
    CommitmentRow,
    DeliveryRow,
    EventRow,
    JobRow,
    ResultRow,
    RouteRow,
    SignatureRow,
    new_key,
    now,
)
from corcal.store.words import clean

__all__ = ["DELIVER", "Delivery", "Outgoing", "Stage", "Unrouted"]

DELIVER = "deliver"
"""The kind of job that brings a version where a rule says."""
_BEGUN = "begun"
_AT_ONCE = 100
_NAMED_DIGITS = 8  # of an identifier, as `corcal node status` shows it


class Stage(StrEnum):
    """The two moments at which a version may leave."""

    MADE = "made"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrouted:
    """A version about which the rules were not asked yet."""

    exam_id: str
    version: int
    result_id: str
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A version on its way.

    Attributes
    ----------
    rule : str
        Name of the rule that sends it.
    state : JobState
        Queued (also between two attempts), running, done, or failed for good.
    attempts : int
        How often it was tried.
    next_at : datetime or None
        When it is tried again.
    error : str or None
        What went wrong last, or for good; no patient data.
    committed : bool or None
        Whether the archive has taken over responsibility; ``None`` if it was not asked, or has
        not answered yet.
    commitment : str or None
        Why it has not.
    """

    id: str
    exam_id: str
    version: int
    rule: str
    state: JobState
    attempts: int
    created_at: datetime
    finished_at: datetime | None
    next_at: datetime | None
    error: str | None
    committed: bool | None = None
    commitment: str | None = None


class Outgoing:
    """The outbox of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self) -> bool:
        """Begin to route: what the store has now is left alone, once and for all.

        Returns
        -------
        bool
            Whether this was the first time.
        """
        with self._database.writing() as session:
            if _has_begun(session):
                return False
            session.add(RouteRow(result_id=None, stage=_BEGUN, why="what was there is left alone"))
            for stage in Stage:
                for result_id in session.scalars(_unrouted(stage).with_only_columns(ResultRow.id)):
                    session.add(RouteRow(result_id=result_id, stage=stage, why="before the node"))
            return True

    def unrouted(self, limit: int = _AT_ONCE) -> tuple[Unrouted, ...]:
        """List versions about which the rules were not asked yet; none before `begin`."""
        with self._database.reading() as session:
            if not _has_begun(session):
                return ()
            return tuple(
                Unrouted(exam_id=row.exam_id, version=row.version, result_id=row.id, stage=stage)
                for stage in Stage
                for row in session.scalars(_unrouted(stage).limit(limit))
            )

    def route(self, one: Unrouted, rules: Sequence[str], *, why: str, max_attempts: int) -> int:
        """Mark a version as routed, and put it into the outbox for each rule, in one transaction.

        Returns
        -------
        int
            Deliveries that were made; a rule that has it already gets none.
        """
        with self._database.writing() as session:
            known = select(RouteRow.id).where(
                RouteRow.result_id == one.result_id, RouteRow.stage == one.stage
            )
            result = session.get(ResultRow, one.result_id)
            if result is None or session.scalar(known) is not None:
                return 0  # deleted with its patient, or another node was faster
            session.add(RouteRow(result_id=one.result_id, stage=one.stage, why=clean(why)))
            has = set(
                session.scalars(
                    select(DeliveryRow.rule).where(DeliveryRow.result_id == one.result_id)
                )
            )
            new = [rule for rule in rules if rule not in has]
            for rule in new:
                _insert(session, result, rule, max_attempts=max_attempts)
            return len(new)

    def get(self, delivery_id: str) -> Delivery:
        """Give a delivery.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as session:
            row = session.execute(_deliveries().where(DeliveryRow.id == delivery_id)).first()
            if row is None:
                msg = "there is no such delivery in the store"
                raise NotFoundError(msg)
            return _delivery(session, row)

    def is_superseded(self, delivery: Delivery) -> bool:
        """Whether a later version of the exam is on its way, or gone, by the same rule."""
        statement = (
            select(DeliveryRow.id)
            .join(ResultRow, ResultRow.id == DeliveryRow.result_id)
            .where(
                ResultRow.exam_id == delivery.exam_id,
                ResultRow.version > delivery.version,
                DeliveryRow.rule == delivery.rule,
            )
        )
        with self._database.reading() as session:
            return session.scalar(statement.limit(1)) is not None

    def of(
        self, *, states: Sequence[JobState] = (), exam_id: str | None = None, limit: int = 500
    ) -> tuple[Delivery, ...]:
        """List deliveries, the newest first."""
        statement = _deliveries().order_by(DeliveryRow.created_at.desc(), DeliveryRow.id)
        if states:
            statement = statement.where(JobRow.state.in_(states))
        if exam_id is not None:
            statement = statement.where(ResultRow.exam_id == exam_id)
        with self._database.reading() as session:
            rows = session.execute(statement.limit(limit)).all()
            return tuple(_delivery(session, row) for row in rows)

    def counts(self) -> dict[tuple[str, JobState], int]:
        """Count deliveries by rule and state."""
        statement = (
            select(DeliveryRow.rule, JobRow.state, func.count())
            .join(JobRow, JobRow.id == DeliveryRow.job_id)
            .group_by(DeliveryRow.rule, JobRow.state)
        )
        with self._database.reading() as session:
            return {
                (rule, JobState(state)): count for rule, state, count in session.execute(statement)
            }

    def ended_as(self, kind: str) -> Counter[str]:
        """Count by rule the deliveries that ended with this step of an exam's history."""
        statement = select(EventRow.after).where(EventRow.kind == kind)
        with self._database.reading() as session:
            return Counter(after["rule"] for after in session.scalars(statement))

    def finish(self, claim: Job, kind: str, *, by: str, after: Any) -> None:
        """End a delivery's job and write that into the exam's history, in one transaction.

        Raises
        ------
        StateError
            If the claim is lost: another worker delivers.
        """
        with self._database.writing() as session:
            finish_claim(session, claim)
            exam = exam_row(session, claim.exam_id or "", lock=True)
            append(session, exam, kind, by=by, after=after)

    def revive(self, delivery_id: str | None = None, *, max_attempts: int) -> int:
        """Try again what had failed for good; all of it, or what has a beginning of an identifier.

        What has arrived is sent again where eight digits of its identifier say so: an archive may
        have lost it.

        Returns
        -------
        int
            How many.
        """
        is_named = delivery_id is not None and len(delivery_id) >= _NAMED_DIGITS
        states = (JobState.FAILED, JobState.DONE) if is_named else (JobState.FAILED,)
        statement = (
            select(JobRow)
            .join(DeliveryRow, DeliveryRow.job_id == JobRow.id)
            .where(JobRow.state.in_(states))
        )
        if delivery_id is not None:
            statement = statement.where(DeliveryRow.id.startswith(delivery_id, autoescape=True))
        with self._database.writing() as session:
            rows = list(session.scalars(statement))
            for row in rows:
                row.state, row.error, row.finished_at = JobState.QUEUED, None, None
                row.max_attempts, row.not_before = row.attempts + max_attempts, None
            return len(rows)

    def ask_commitment(self, delivery_id: str, transaction_uid: str, objects: int) -> None:
        """Write down that an archive is asked to take over a delivery, before it is asked."""
        with self._database.writing() as session:
            session.add(
                CommitmentRow(
                    transaction_uid=transaction_uid, delivery_id=delivery_id, objects=objects
                )
            )

    def answer_commitment(
        self, transaction_uid: str, *, committed: int = 0, problem: str | None = None
    ) -> bool:
        """Write down what the archive said.

        Parameters
        ----------
        committed : int
            How many objects it says that it has taken over.
        problem : str, optional
            Why not all of them.

        Returns
        -------
        bool
            Whether it was asked, and had not answered before.
        """
        with self._database.writing() as session:
            row = session.get(CommitmentRow, transaction_uid, with_for_update=True)
            if row is None or row.answered_at is not None:
                return False
            if problem is None and committed < row.objects:
                problem = f"the archive has taken over {committed} of {row.objects} objects"
            row.answered_at, row.problem = now(), clean(problem)
            return True


def _has_begun(session: Session) -> bool:
    return session.scalar(select(RouteRow.id).where(RouteRow.stage == _BEGUN)) is not None


def _unrouted(stage: Stage) -> Select[ResultRow]:
    """Select versions of a stage that have no mark."""
    marked = and_(RouteRow.result_id == ResultRow.id, RouteRow.stage == literal(str(stage)))
    statement = select(ResultRow).outerjoin(RouteRow, marked).where(RouteRow.id.is_(None))
    if stage is Stage.SIGNED:
        statement = statement.join(SignatureRow, SignatureRow.result_id == ResultRow.id)
    return statement.order_by(ResultRow.created_at, ResultRow.id)


def _insert(session: Session, result: ResultRow, rule: str, *, max_attempts: int) -> None:
    key = new_key()
    job = insert_job(
        session,
        DELIVER,
        exam_id=result.exam_id,
        payload={"delivery": key},
        max_attempts=max_attempts,
    )
    session.flush()
    session.execute(
        insert(DeliveryRow).values(
            id=key, result_id=result.id, rule=rule, job_id=job.id, created_at=now()
        )
    )


def _deliveries() -> Select[DeliveryRow, JobRow, ResultRow]:
    return (
        select(DeliveryRow, JobRow, ResultRow)
        .join(JobRow, JobRow.id == DeliveryRow.job_id)
        .join(ResultRow, ResultRow.id == DeliveryRow.result_id)
    )


def _delivery(session: Session, found: Row[DeliveryRow, JobRow, ResultRow]) -> Delivery:
    row, job, result = found
    asked = _last_commitment(session, row.id)
    return Delivery(
        id=row.id,
        exam_id=result.exam_id,
        version=result.version,
        rule=row.rule,
        state=JobState(job.state),
        attempts=job.attempts,
        created_at=row.created_at,
        finished_at=job.finished_at,
        next_at=job.not_before,
        error=job.error or job.progress_text,
        committed=None if asked is None else asked.problem is None,
        commitment=None if asked is None else asked.problem,
    )


def _last_commitment(session: Session, delivery_id: str) -> CommitmentRow | None:
    """Give the last answer about a delivery."""
    return session.scalar(
        select(CommitmentRow)
        .where(CommitmentRow.delivery_id == delivery_id, CommitmentRow.answered_at.is_not(None))
        .order_by(CommitmentRow.asked_at.desc())
        .limit(1)
    )
