"""Who is logged in: sessions of browsers and tokens of programs, known by hashes alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from corcal.errors import NotFoundError
from corcal.store.database import Database
from corcal.store.people import user_record
from corcal.store.reading import columns
from corcal.store.records import User
from corcal.store.tables import SessionRow, TokenRow, UserRow, now

__all__ = ["Logins", "TokenRecord"]

_SEEN_EVERY = timedelta(seconds=60)  # a session is written down as used at most so often
# Each request begins with one of these: they are put together once
_OF_SESSION = (
    select(SessionRow.seen_at, columns(UserRow))
    .join(UserRow, UserRow.id == SessionRow.user_id)
    .where(
        SessionRow.hash == bindparam("hash"),
        SessionRow.seen_at > bindparam("idle"),
        SessionRow.began_at > bindparam("most"),
        UserRow.is_active,
    )
)
_OF_TOKEN = (
    select(TokenRow.used_at, columns(UserRow))
    .join(UserRow, UserRow.id == TokenRow.user_id)
    .where(
        TokenRow.hash == bindparam("hash"),
        TokenRow.expires_at.is_(None) | (TokenRow.expires_at > bindparam("now")),
        UserRow.is_active,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is known of a token; the token itself is not kept."""

    id: str
    login: str
    name: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None


class Logins:
    """The sessions and tokens of a store. Values never come here: only their hashes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, hashed: str, login: str) -> None:
        """Begin a session of a user.

        Raises
        ------
        NotFoundError
            If there is no such user.
        """
        with self._database.writing() as session:
            moment = now()
            row = SessionRow(
                hash=hashed, user_id=_user(session, login).id, began_at=moment, seen_at=moment
            )
            session.add(row)

    def user_of_session(
        self, hashed: str, *, idle_s: float, most_s: float, is_use: bool = True
    ) -> User | None:
        """Give the active user of a session that has not ended, and write down that it is used.

        Parameters
        ----------
        is_use : bool
            Whether this is a use of the session, which goes on longer by it.
        idle_s, most_s : float
            Seconds without use after which a session ends, and after which any ends.
        """
        moment = now()
        limits = {
            "hash": hashed,
            "idle": moment - timedelta(seconds=idle_s),
            "most": moment - timedelta(seconds=most_s),
        }
        with self._database.reading() as session:
            found = session.execute(_OF_SESSION, limits).one_or_none()
        if found is None:
            return None
        seen_at, user = found[0], user_record(found[1])
        if is_use and moment - seen_at > _SEEN_EVERY:
            self._seen(hashed)
        return user

    def end(self, hashed: str) -> None:
        """End a session; one that is not there has ended."""
        with self._database.writing() as session:
            session.execute(delete(SessionRow).where(SessionRow.hash == hashed))

    def end_all(self, login: str) -> None:
        """End all sessions of a user, such as when the password was changed."""
        with self._database.writing() as session:
            user = _user(session, login)
            session.execute(delete(SessionRow).where(SessionRow.user_id == user.id))

    def forget_ended(self, *, idle_s: float, most_s: float) -> None:
        """Delete the sessions that have ended."""
        moment = now()
        with self._database.writing() as session:
            session.execute(
                delete(SessionRow).where(
                    (SessionRow.seen_at <= moment - timedelta(seconds=idle_s))
                    | (SessionRow.began_at <= moment - timedelta(seconds=most_s))
                )
            )

    def add_token(
        self, hashed: str, login: str, *, name: str, expires_at: datetime | None = None
    ) -> TokenRecord:
        """Add a token of a user.

        Raises
        ------
        NotFoundError
            If there is no such user.
        """
        with self._database.writing() as session:
            row = TokenRow(
                hash=hashed,
                user_id=_user(session, login).id,
                name=name,
                expires_at=expires_at,
            )
            session.add(row)
            session.flush()
            return _token(row, login)

    def user_of_token(self, hashed: str) -> User | None:
        """Give the active user of a token that has not ended, and write down that it is used."""
        moment = now()
        with self._database.reading() as session:
            found = session.execute(_OF_TOKEN, {"hash": hashed, "now": moment}).one_or_none()
        if found is None:
            return None
        used, user = found[0], user_record(found[1])
        if used is None or moment - used > _SEEN_EVERY:
            with self._database.writing() as session:
                row = session.scalar(select(TokenRow).where(TokenRow.hash == hashed))
                if row is not None:
                    row.used_at = moment
        return user

    def tokens(self, login: str) -> tuple[TokenRecord, ...]:
        """List the tokens of a user, the newest first."""
        with self._database.reading() as session:
            user = _user(session, login)
            rows = session.scalars(
                select(TokenRow)
                .where(TokenRow.user_id == user.id)
                .order_by(TokenRow.created_at.desc(), TokenRow.id)
            )
            return tuple(_token(row, login) for row in rows)

    def remove_token(self, token_id: str, login: str) -> None:
        """Remove a token of a user.

        Raises
        ------
        NotFoundError
            If the user has no such token.
        """
        with self._database.writing() as session:
            user = _user(session, login)
            row = session.get(TokenRow, token_id)
            if row is None or row.user_id != user.id:
                msg = "there is no such token"
                raise NotFoundError(msg)
            session.delete(row)

    def _seen(self, hashed: str) -> None:
        with self._database.writing() as session:
            row = session.get(SessionRow, hashed)
            if row is not None:
                row.seen_at = now()


def _user(session: Session, login: str) -> UserRow:
    row = session.scalar(select(UserRow).where(UserRow.login == login))
    if row is None:
        msg = "there is no such user in the store"
        raise NotFoundError(msg)
    return row


def _token(row: TokenRow, login: str) -> TokenRecord:
    return TokenRecord(
        id=row.id,
        login=login,
        name=row.name,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
    )
