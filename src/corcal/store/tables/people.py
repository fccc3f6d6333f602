"""Who may log in, who looked at whose data, what was deleted, what servers share."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from corcal.store.columns import Hash, JsonText, Key
from corcal.store.tables.base import Base, new_key, now

__all__ = [
    "UserRow",
    "SessionRow",
    "TokenRow",
    "AuditRow",
    "TombstoneRow",
    "ExamTombstoneRow",
    "SharedRow",
]


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
