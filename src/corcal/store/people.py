"""Those who use the store, and the log of what they looked at."""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from corcal.errors import ConflictError, NotFoundError, StateError
from corcal.store.database import Database
from corcal.store.records import AuditEntry, Role, User
from corcal.store.tables import AuditRow, UserRow, new_key, now

__all__ = ["Audit", "UserChange", "Users", "user_record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChange:
    """What is changed of a user; ``None`` leaves it as it is."""

    role: Role | None = None
    name: str | None = None
    password_hash: str | None = None
    is_active: bool | None = None


class Users:
    """The users of a store. Passwords never come here: only their hashes, made elsewhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        login: str,
        role: Role,
        *,
        name: str | None = None,
        password_hash: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> User:
        """Add a user, local (with a hash) or of a sign-on service (with issuer and subject).

        Raises
        ------
        ConflictError
            If the login, or the subject of this issuer, is taken.
        """
        with self._database.writing() as session:
            if session.scalar(select(UserRow.id).where(UserRow.login == login)) is not None:
                msg = "the login is taken: choose another one"
                raise ConflictError(msg)
            row = UserRow(
                login=login,
                role=Role(role),
                name=name,
                password_hash=password_hash,
                issuer=issuer,
                subject=subject,
            )
            session.add(row)
            session.flush()
            return user_record(row)

    def get(self, login: str) -> User:
        """Give a user by login.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.reading() as session:
            return user_record(_row(session, login))

    def by_subject(self, issuer: str, subject: str) -> User | None:
        """Give the user whom a sign-on service knows by `subject`, if there is one."""
        with self._database.reading() as session:
            row = session.scalar(
                select(UserRow).where(UserRow.issuer == issuer, UserRow.subject == subject)
            )
            return None if row is None else user_record(row)

    def link(self, login: str, issuer: str, subject: str) -> User | None:
        """Give an account to whom a sign-on service knows by `subject`.

        Returns
        -------
        User or None
            ``None`` if there is no active account of this login that waits for sign-on: one without
            a password, and nobody's yet.

        Raises
        ------
        ConflictError
            If the subject of this issuer has an account.
        """
        with self._database.writing() as session:
            row = session.scalar(
                select(UserRow)
                .where(
                    UserRow.login == login,
                    UserRow.is_active,
                    UserRow.password_hash.is_(None),
                    UserRow.issuer.is_(None),
                )
                .with_for_update()
            )
            if row is None:
                return None
            row.issuer, row.subject, row.changed_at = issuer, subject, now()
            session.flush()
            return user_record(row)

    def all(self) -> tuple[User, ...]:
        """List all users by login."""
        with self._database.reading() as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.login))
            return tuple(user_record(row) for row in rows)

    def change(self, login: str, change: UserChange) -> User:
        """Change a user.

        Raises
        ------
        StateError
            If nobody would be left who may administer the store.
        """
        with self._database.writing() as session:
            _lock_admins(session)  # two who depose each other at once would leave none
            row = _row(session, login, lock=True)
            was_admin = row.is_active and row.role == Role.ADMIN
            for name in ("role", "name", "password_hash", "is_active"):
                value = getattr(change, name)
                if value is not None:
                    setattr(row, name, value)
            row.changed_at = now()
            session.flush()
            if was_admin and not _lock_admins(session):
                msg = "this is the last active admin: name another one first"
                raise StateError(msg)
            return user_record(row)


class Audit:
    """Who did what with whose data. Entries are never changed or deleted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn, self._waiting_lock = threading.Lock(), threading.Lock()
        self._waiting: list[dict[str, Any]] = []

    def record(
        self,
        *,
        by: str,
        action: str,
        patient_id: str | None = None,
        exam_id: str | None = None,
        origin: str | None = None,
    ) -> None:
        """Write down an access.

        Parameters
        ----------
        by : str
            Login of the user.
        action : str
            What was done, such as ``"open"``; no patient data.
        patient_id, exam_id : str, optional
            The random identifiers (`PatientRecord.id`, `ExamRecord.id`).
        origin : str, optional
            Where the request came from.
        """
        entry = {
            "id": new_key(),
            "at": now(),
            "by": by,
            "action": action,
            "patient_id": patient_id,
            "exam_id": exam_id,
            "origin": origin,
        }
        with self._waiting_lock:
            self._waiting.append(entry)
        # Who comes first writes for all who wait meanwhile: durable for each before it goes on, and
        # one wait for the disk for many
        with self._turn:
            self._write_waiting(entry)

    def _write_waiting(self, mine: dict[str, Any]) -> None:
        """Write all that waits, unless somebody has written mine already."""
        with self._waiting_lock:
            if mine not in self._waiting:
                return
            entries = list(self._waiting)
        try:
            self._write(entries)
        except BaseException:
            with self._waiting_lock:
                self._waiting.remove(mine)
            if len(entries) == 1:
                raise
            self._write([mine])  # what another one cannot be written for is not mine
            return
        with self._waiting_lock:
            del self._waiting[: len(entries)]

    def _write(self, entries: list[dict[str, Any]]) -> None:
        with self._database.writing() as session:
            session.execute(insert(AuditRow), entries)

    def entries(
        self,
        *,
        patient_id: str | None = None,
        by: str | None = None,
        since: datetime | None = None,
        limit: int = 200,
        offset: int = 0,
    ) -> tuple[AuditEntry, ...]:
        """List accesses, the latest first."""
        statement = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id)
        if patient_id is not None:
            statement = statement.where(AuditRow.patient_id == patient_id)
        if by is not None:
            statement = statement.where(AuditRow.by == by)
        if since is not None:
            statement = statement.where(AuditRow.at >= since)
        with self._database.reading() as session:
            return tuple(
                AuditEntry(
                    at=row.at,
                    by=row.by,
                    action=row.action,
                    patient_id=row.patient_id,
                    exam_id=row.exam_id,
                    origin=row.origin,
                )
                for row in session.scalars(statement.offset(offset).limit(limit))
            )


def _lock_admins(session: Session) -> int:
    """Count the active admins; nobody else changes them before this transaction ends."""
    statement = select(UserRow.id).where(UserRow.is_active, UserRow.role == Role.ADMIN)
    return len(session.scalars(statement.order_by(UserRow.id).with_for_update()).all())


def _row(session: Session, login: str, *, lock: bool = False) -> UserRow:
    statement = select(UserRow).where(UserRow.login == login)
    row = session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        msg = "there is no such user in the store"
        raise NotFoundError(msg)
    return row


def user_record(row: UserRow) -> User:
    """Make the record of a user."""
    return User(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        issuer=row.issuer,
        subject=row.subject,
        is_active=row.is_active,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
