"""Kinds of columns that mean the same in SQLite and in PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator

__all__ = ["ByteOrder", "Hash", "JsonText", "Key", "UtcTime"]

# Sorted by bytes in both databases: PostgreSQL would otherwise sort by the language of its system
ByteOrder = Text().with_variant(Text(collation="C"), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """A moment, aware of its zone; SQLite, which knows no zones, keeps it in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn a moment into UTC; one without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a moment needs a time zone, as datetime.now(UTC) has one"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value as text, kept as it was written; ``None`` is no value."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the value on one line."""
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Read the value back."""
        return None if value is None else json.loads(value)


Key = String(32)
"""A random identifier: 32 hexadecimal digits, telling nothing of what it names."""
Hash = String(64)
"""SHA-256, 64 hexadecimal digits."""
