"""Patients, studies, their files, exams, every version of a result, and an exam's history."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from corcal.store.columns import ByteOrder, Hash, JsonText, Key
from corcal.store.tables.base import Base, new_key, now

__all__ = [
    "PatientRow",
    "StudyRow",
    "FileRow",
    "OriginalRow",
    "ExamRow",
    "ResultRow",
    "AttachmentRow",
    "SignatureRow",
    "EventRow",
]


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
