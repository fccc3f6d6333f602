"""What all tables share: how keys and moments are made, and how constraints are named."""

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import MetaData, Text
from sqlalchemy.orm import DeclarativeBase

from corcal.store.columns import UtcTime

__all__ = ["Base", "new_key", "now"]


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
