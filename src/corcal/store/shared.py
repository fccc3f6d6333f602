"""What the servers at one store share for a while: rows that end by themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select

from corcal.errors import ConflictError
from corcal.store.database import Database
from corcal.store.tables import SharedRow, now

__all__ = ["Shared"]

_TRIES = 3
_VALUE = select(SharedRow.value).where(
    SharedRow.kind == bindparam("kind"),
    SharedRow.key == bindparam("key"),
    SharedRow.until > bindparam("now"),
)


class Shared:
    """Small values by kind and key, each with an end.

    Keys are at most 64 characters: identifiers or hashes, never what a person has typed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: str, key: str) -> Any | None:
        """Give a value that has not ended, if there is one."""
        with self._database.reading() as session:
            return session.scalar(_VALUE, {"kind": kind, "key": key, "now": now()})

    def is_first(self, kind: str, key: str, *, lasts_s: float) -> bool:
        """Tell the first who asks so, and whoever asks before the end that they are not."""
        found: list[Any] = []

        def keep(known: Any | None) -> Any:
            found[:] = [known]
            return True

        self.change(kind, key, keep, lasts_s=lasts_s)
        return found == [None]

    def change(
        self, kind: str, key: str, how: Callable[[Any | None], Any | None], *, lasts_s: float
    ) -> Any | None:
        """Change a value, one process at a time.

        Parameters
        ----------
        how : callable
            From the value, ``None`` if there is none, to the new one; ``None`` removes it.
        lasts_s : float
            Seconds until the new one ends.

        Returns
        -------
        JSON value or None
            The new one.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._changed(kind, key, how, lasts_s)
            except ConflictError:  # PostgreSQL: somebody else has made the same row meanwhile
                continue
        return self._changed(kind, key, how, lasts_s)

    def _changed(
        self, kind: str, key: str, how: Callable[[Any | None], Any | None], lasts_s: float
    ) -> Any | None:
        with self._database.writing() as session:
            moment = now()
            session.execute(delete(SharedRow).where(SharedRow.until <= moment))
            row = session.get(SharedRow, (kind, key), with_for_update=True)
            value = how(None if row is None else row.value)
            if value is None:
                if row is not None:
                    session.delete(row)
                return None
            if row is None:
                row = SharedRow(kind=kind, key=key)
                session.add(row)
            row.value, row.until = value, moment + timedelta(seconds=lasts_s)
            return value
