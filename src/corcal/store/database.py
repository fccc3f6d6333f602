"""The connection to SQLite or PostgreSQL: transactions, and the schema's revision."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    SQLAlchemyError,
)
from sqlalchemy.orm import Session

from corcal.errors import ConflictError, InputError, StoreError, UnavailableError

__all__ = ["Database"]

BUSY_TIMEOUT_MS = 60_000  # how long a writer waits for another one
_PRAGMAS = (
    "journal_mode = WAL",  # readers do not wait for the writer
    "synchronous = FULL",  # what was signed outlives a power failure
    "foreign_keys = ON",
    "secure_delete = ON",  # what is deleted is overwritten
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
)
_FILES_LOCK = 0x636F7263616C  # "corcal": PostgreSQL's advisory lock on the data folder's files


class Database:
    """An engine with the two kinds of transaction that the store needs.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///...`` or ``postgresql://...``; the latter needs ``corcal[postgres]``.

    Raises
    ------
    InputError
        If the URL names no database that the store can use.
    """

    def __init__(self, url: str | URL) -> None:
        self.url = _checked_url(url)
        self.kind = self.url.get_backend_name()
        try:
            # Values are patient data: no message may show them
            self.engine = create_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=self.kind != "sqlite",  # a file does not hang up
                pool_size=20,  # a server has 40 threads; more connections come and go
                max_overflow=20,
            )
        except ModuleNotFoundError as exc:
            msg = f"PostgreSQL needs the package {exc.name}: install corcal[postgres]"
            raise InputError(msg) from exc
        if self.kind == "sqlite":
            event.listen(self.engine, "connect", _set_up_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(corcal_writes=True)
        # SQLite has one writer, and who waits for it asks again and again at ever longer
        # intervals: threads of one process wait in a row instead, and none of them for long
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self.kind == "sqlite" else nullcontext()
        )
        self._held = threading.local()
        self._snapshot = self.engine.execution_options(
            **({} if self.kind == "sqlite" else {"isolation_level": "REPEATABLE READ"})
        )

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let all that this thread reads within be as it was at one moment, in one transaction.

        What it writes within, it does not see.
        """
        if getattr(self._held, "session", None) is not None:
            yield
            return
        with self.reading(snapshot=True) as session:
            self._held.session = session
            try:
                yield
            finally:
                del self._held.session

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[Session]:
        """Read; with `snapshot`, all of it as it was at the first statement."""
        held: Session | None = getattr(self._held, "session", None)
        if held is not None:
            with _plain_errors():
                yield held
            return
        with (
            _plain_errors(),
            Session(self._snapshot if snapshot else self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def writing(self, *, files: bool = False) -> Iterator[Session]:
        """Write, all or nothing.

        Parameters
        ----------
        files : bool
            The data folder's files are changed too: one process at a time does so. SQLite has one
            writer at a time in any case.
        """
        with (
            self._turn,
            _plain_errors(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            if files and self.kind != "sqlite":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FILES_LOCK})
            yield session

    def revision(self) -> str | None:
        """Give the schema's revision, ``None`` for an empty database."""
        with _plain_errors(), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema to a revision, all or nothing.

        Raises
        ------
        StoreError
            If the database is of a later release.
        """
        # Alembic takes a while to import, and a store that is up to date does without
        from corcal.store.schema import upgrade_on

        with _plain_errors(), self._writer.begin() as connection:
            upgrade_on(connection, revision)

    def forget_deleted(self) -> None:
        """Take deleted rows out of SQLite's write-ahead log too."""
        if self.kind != "sqlite":
            return
        with _plain_errors(), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _checked_url(url: str | URL) -> URL:
    try:
        made = make_url(url)
        if made.drivername in ("postgresql", "postgres"):
            made = made.set(drivername="postgresql+pg8000")
        made.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as exc:
        msg = "the database's URL is not one: give postgresql://USER:PASSWORD@HOST:PORT/NAME"
        raise InputError(msg) from exc
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        msg = f"a {made.get_backend_name()} database was given: SQLite and PostgreSQL can be used"
        raise InputError(msg)
    return made


def _set_up_sqlite(connection: Any, _record: object) -> None:
    """Take the transactions out of the driver's hands, and set what the store relies on."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin: who will write waits for the lock at once, where waiting cannot lose a snapshot."""
    writes = connection.get_execution_options().get("corcal_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the database's errors into the store's, without statements or values in them.

    PostgreSQL's own errors quote values, which may be a patient's: they do not go on as causes, as
    they would end in a log with the traceback.
    """
    try:
        yield
    except IntegrityError as exc:
        msg = f"the database refuses the change: it contradicts what is there ({_cause(exc)})"
        raise ConflictError(msg) from None
    except DBAPIError as exc:
        msg = f"the database cannot be used now ({_cause(exc)})"
        raise UnavailableError(msg) from None
    except SQLAlchemyError as exc:
        msg = f"the database cannot be used ({type(exc).__name__})"
        raise StoreError(msg) from exc


def _cause(exc: DBAPIError) -> str:
    """Name the kind of a database's error: its class, and its code where it has one."""
    orig = exc.orig
    code = getattr(orig, "sqlite_errorname", None)
    if orig is not None and orig.args and isinstance(orig.args[0], dict):
        code = orig.args[0].get("C")  # SQLSTATE, as pg8000 hands it over
    return f"{type(orig).__name__} {code}" if code else type(orig).__name__
