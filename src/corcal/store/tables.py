"""The tables of the store; what each row means, and what the database itself refuses.

The migrations in `corcal.store.migrations` make them; a test holds the two against each other.
Rules that a table alone cannot keep are triggers of the migrations: results, signatures, review
events, the audit log and tombstones are never changed, and history is deleted only together with
its patient, after the tombstone has been written.
"""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from corcal.store.columns import ByteOrder, Hash, JsonText, Key, UtcTime

__all__ = [
    "REVISION",
    "AttachmentRow",
    "AuditRow",
    "Base",
    "CommitmentRow",
    "DeliveryRow",
    "EventRow",
    "ExamRow",
    "ExamTombstoneRow",
    "FileRow",
    "JobRow",
    "OriginalRow",
    "PatientRow",
    "ResultRow",
    "RouteRow",
    "SessionRow",
    "SharedRow",
    "SignatureRow",
    "StudyRow",
    "TokenRow",
    "TombstoneRow",
    "UserRow",
    "new_key",
    "now",
]


REVISION = "0005"
"""The migration that makes these tables: the last one."""


def new_key() -> str:
    """Make an identifier that tells nothing of what it names."""
    return uuid.uuid4().hex


def now() -> datetime:
    """Give this moment, with its zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables share: every constraint has a name, so that a migration can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcTime, str: Text}


class PatientRow(Base):
    """A person. `identity` is what makes two scans those of one person."""

    __tablename__ = "patients"

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    identity: Mapped[str] = mapped_column(unique=True)
    patient_id: Mapped[str | None]
    name: Mapped[str | None]
    birth_date: Mapped[str | None]
    sex: Mapped[str | None]
    sort_name: Mapped[str] = mapped_column(ByteOrder, index=True)
    search_text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class StudyRow(Base):
    """A study of a patient. `identity` is its UID, or the hash of its files where it has none."""

    __tablename__ = "studies"
    __table_args__ = (UniqueConstraint("patient_id", "identity"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id"))
    identity: Mapped[str]
    study_instance_uid: Mapped[str | None]
    accession_number: Mapped[str | None]
    description: Mapped[str | None]
    study_date: Mapped[str | None]
    search_text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class FileRow(Base):
    """A file of the data folder, by its content. `doomed_at`: nobody needed it any more then."""

    __tablename__ = "files"

    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    doomed_at: Mapped[datetime | None] = mapped_column(index=True)


class OriginalRow(Base):
    """A file that a study was imported with. `suffix` tells the volume formats apart."""

    __tablename__ = "originals"
    __table_args__ = (UniqueConstraint("study_id", "sha256"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"))
    sha256: Mapped[str] = mapped_column(ForeignKey("files.sha256"), index=True)
    series: Mapped[str]
    position: Mapped[int]
    suffix: Mapped[str] = mapped_column(String(8))


class ExamRow(Base):
    """One scored series of a study, and where it stands.

    `latest_version` counts its results (0: none yet); `signed_version` is the one that is valid.
    """

    __tablename__ = "exams"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'scoring', 'to_review', 'final', 'unfit', 'failed')",
            name="state",
        ),
        CheckConstraint("(state IN ('unfit', 'failed')) = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("state <> 'to_review' OR latest_version > 0", name="to_review"),
        CheckConstraint(
            "state <> 'final' OR (signed_version IS NOT NULL AND signed_version = latest_version)",
            name="final",
        ),
        Index("ix_exams_state_scan_date", "state", "scan_date"),
    )

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id"), index=True)
    series: Mapped[str | None]
    is_series_fixed: Mapped[bool] = mapped_column(default=False)
    series_description: Mapped[str | None]
    scan_date: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]
    latest_version: Mapped[int] = mapped_column(default=0)
    signed_version: Mapped[int | None]
    event_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class ResultRow(Base):
    """One version of an exam's result; never changed."""

    __tablename__ = "results"
    __table_args__ = (
        UniqueConstraint("exam_id", "version"),
        CheckConstraint("kind IN ('automatic', 'reader', 'addendum')", name="kind"),
    )

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    exam_id: Mapped[str] = mapped_column(ForeignKey("exams.id"))
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
    note: Mapped[str | None]
    record: Mapped[str]
    record_sha256: Mapped[str] = mapped_column(Hash)
    voxels_sha256: Mapped[str | None] = mapped_column(ForeignKey("files.sha256"), index=True)
    schema_version: Mapped[str]
    rule: Mapped[str]
    method: Mapped[str]
    scan_date: Mapped[str | None]
    total_agatston: Mapped[float] = mapped_column(index=True)
    verdict: Mapped[str]
    is_review_advised: Mapped[bool | None]


class AttachmentRow(Base):
    """A file that belongs to a version: candidates, a report, a DICOM object; never changed."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("result_id", "name"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"))
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(ForeignKey("files.sha256"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SignatureRow(Base):
    """A person's signature under one version, which is final from then on; never changed."""

    __tablename__ = "signatures"

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    result_id: Mapped[str] = mapped_column(ForeignKey("results.id"), unique=True)
    signed_at: Mapped[datetime] = mapped_column(default=now)
    signed_by: Mapped[str]
    statement: Mapped[str | None]


class EventRow(Base):
    """One step of an exam's history; never changed. `sequence` counts from 1 within the exam."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("exam_id", "sequence"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    exam_id: Mapped[str] = mapped_column(ForeignKey("exams.id"))
    sequence: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str]
    kind: Mapped[str] = mapped_column(index=True)
    before: Mapped[Any | None] = mapped_column(JsonText)
    after: Mapped[Any | None] = mapped_column(JsonText)


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


class UserRow(Base):
    """Somebody who may log in. The hash is made elsewhere; ``None`` where sign-on is external."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('admin', 'reader', 'viewer')", name="role"),
        UniqueConstraint("issuer", "subject"),
    )

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class SessionRow(Base):
    """A session of a browser: the hash of its cookie, and whose it is."""

    __tablename__ = "sessions"

    hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class TokenRow(Base):
    """A token of a program: its hash, whose it is, and until when it holds."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    hash: Mapped[str] = mapped_column(Hash, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class AuditRow(Base):
    """Who looked at whose data; never changed, and no patient data in it.

    The patient's random identifier has no foreign key: the log outlives the patient's data.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_patient_id_at", "patient_id", "at"),)

    id: Mapped[str] = mapped_column(Key, primary_key=True, default=new_key)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    by: Mapped[str]
    action: Mapped[str]
    patient_id: Mapped[str | None] = mapped_column(Key)
    exam_id: Mapped[str | None] = mapped_column(Key)
    origin: Mapped[str | None]


class TombstoneRow(Base):
    """That a patient was deleted: when and by whom, and nothing else of them."""

    __tablename__ = "tombstones"

    patient_id: Mapped[str] = mapped_column(Key, primary_key=True)
    deleted_at: Mapped[datetime] = mapped_column(default=now)
    deleted_by: Mapped[str]
    exam_count: Mapped[int]


class ExamTombstoneRow(Base):
    """That an exam was deleted whose patient has others: when and by whom, and nothing else."""

    __tablename__ = "exam_tombstones"

    exam_id: Mapped[str] = mapped_column(Key, primary_key=True)
    patient_id: Mapped[str] = mapped_column(Key)
    deleted_at: Mapped[datetime] = mapped_column(default=now)
    deleted_by: Mapped[str]


class SharedRow(Base):
    """What servers share for a while, such as failed logins; gone after `until`."""

    __tablename__ = "shared"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    key: Mapped[str] = mapped_column(Hash, primary_key=True)
    value: Mapped[Any | None] = mapped_column(JsonText)
    until: Mapped[datetime]
