"""Opening a store: its folder and its database, brought up to date and tidied."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from corcal.store.database import Database
from corcal.store.deletion import remove_doomed, remove_unknown
from corcal.store.folder import DataFolder, Incoming
from corcal.store.jobs import Jobs
from corcal.store.logins import Logins
from corcal.store.outgoing import Outgoing
from corcal.store.people import Audit, Users
from corcal.store.shared import Shared
from corcal.store.tables import REVISION

__all__ = ["AUTOMATIC", "OpenedStore", "database_url", "default_data_folder"]

AUTOMATIC = "corcal"  # who did what no person did


def default_data_folder() -> Path:
    """Say where the data are unless somebody names a place.

    ``CORCAL_DATA`` if it is set, else the usual place of this system for data of programs.
    """
    named = os.environ.get("CORCAL_DATA")
    if named:
        return Path(named)
    from platformdirs import user_data_path  # only where nobody has named a place

    return user_data_path("corcal", appauthor=False)


def database_url(given: str | None) -> str | None:
    """Say which database is meant: the one that is named, or ``CORCAL_DATABASE``."""
    return given or os.environ.get("CORCAL_DATABASE") or None


class OpenedStore:
    """What every use of a store begins and ends with. See `corcal.store.store.Store`."""

    def __init__(self, data: Path | str, *, database: str | None = None) -> None:
        self.folder = DataFolder(Path(data))
        self._database = Database(database_url(database) or self.folder.database_url)
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        self.jobs = Jobs(self._database)
        self.users = Users(self._database)
        self.logins = Logins(self._database)
        self.audit = Audit(self._database)
        self.outgoing = Outgoing(self._database)
        self.shared = Shared(self._database)

    def _open(self) -> None:
        """Make or check the folder, bring the schema up to date, clear what the killed left."""
        self.folder.check(self._database.kind)
        self.folder.make()
        if self._database.kind == "sqlite":
            self.folder.make_database()
        with self.folder.locked("schema"):
            self.folder.describe(self._database.kind)
            if self._database.revision() != REVISION:
                self._database.upgrade()
        self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def at_once(self) -> AbstractContextManager[None]:
        """Let all that this thread reads within be as it was at one moment.

        What it writes within, it does not see.
        """
        return self._database.at_once()

    def close(self) -> None:
        """Give the connections to the database back."""
        self._database.close()

    @contextmanager
    def _receiving(self) -> Iterator[Incoming]:
        """Give a folder for incoming files; where anything goes wrong, none of them stays."""
        try:
            with self.folder.incoming() as incoming:
                yield incoming
        except BaseException:
            self._clear()
            raise

    def _clear(self) -> None:
        """Remove files that nobody needs, and what killed processes have left."""
        remove_doomed(self._database, self.folder)
        self.folder.clear_litter(lambda hashes: remove_unknown(self._database, self.folder, hashes))
