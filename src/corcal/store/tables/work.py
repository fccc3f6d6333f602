"""What is to be done, and what goes out: jobs, routes, deliveries."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from corcal.store.columns import JsonText, Key
from corcal.store.tables.base import Base, new_key, now

__all__ = [
    "JobRow",
    "RouteRow",
    "DeliveryRow",
    "CommitmentRow",
]


class JobRow(Base):
    """Work to be done once. `attempts` is also the number of the claim that holds it.

    Nobody claims it before `not_before`.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        CheckConstraint("(state = 'failed') = (error IS NOT NULL)", name="error"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        Index("ix_jobs_state_created_at", "state", "created_at"),
    )

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    kind: Mapped[str]
    exam_id: Mapped[str | None] = mapped_column(ForeignKey("exams.id"), index=True)
    payload: Mapped[Any | None] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    progress: Mapped[float] = mapped_column(default=0.0)
    progress_text: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    error: Mapped[str | None]
    worker: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]


class RouteRow(Base):
    """That the rules were asked about a version, when it was made or when it was signed.

    The row without a result says that routing has begun: what was there before is left alone.
    """

    __tablename__ = "routes"
    __table_args__ = (UniqueConstraint("result_id", "stage"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    result_id: Mapped[str | None] = mapped_column(ForeignKey("results.id"))
    stage: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime] = mapped_column(default=now)
    why: Mapped[str | None]


class DeliveryRow(Base):
    """That a version goes where a rule says; the job is how far that is."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("result_id", "rule"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"))
    rule: Mapped[str]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class CommitmentRow(Base):
    """That an archive was asked to take over what was delivered, and what it said.

    `problem` is empty where it has taken over everything.
    """

    __tablename__ = "commitments"

    transaction_uid: Mapped[str] = mapped_column(primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), index=True)
    objects: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]
    problem: Mapped[str | None]
