"""The schema's revisions: which there are, and how a database is brought to one of them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from corcal.errors import StoreError

__all__ = ["alembic_config", "revisions", "upgrade_on"]


def alembic_config(connection: Connection | None = None) -> Config:
    """Say to Alembic where the revisions are, and on which connection to work."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade_on(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to a revision within a transaction.

    Raises
    ------
    StoreError
        If the database, or the revision, is of a later release.
    """
    known = set(revisions())
    present = MigrationContext.configure(connection).get_current_revision()
    for wanted in (present, revision):
        if wanted not in (None, "head") and wanted not in known:
            msg = (
                f"the data have revision {wanted} of the schema, made by a later release; this one "
                f"knows {', '.join(sorted(known))}: install the later release"
            )
            raise StoreError(msg)
    command.upgrade(alembic_config(connection), revision)


def revisions() -> tuple[str, ...]:
    """List the revisions of the schema, the first one first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))
