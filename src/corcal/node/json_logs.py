"""The node's log: one JSON object a line on standard error, without patient data."""

import json
import logging
import sys
from datetime import UTC, datetime

from corcal.error_place import place_of

__all__ = ["JsonFormatter", "set_up_node_logs"]

_EXTRAS = ("rule", "exam", "version", "attempt", "peer", "aet", "address", "study", "images", "why")
_LOGGERS = (
    ("corcal", logging.INFO),
    ("uvicorn", logging.WARNING),
    ("pynetdicom", logging.ERROR),
    ("pynetdicom.transport", logging.CRITICAL),  # a receiver that is away: its delivery says so
)


class JsonFormatter(logging.Formatter):
    """Writes a record as JSON: at, level, logger, message, and what else is known of it.

    Of an error only its kind and its place are told: its text may hold what a file held.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": type(error).__name__, "where": place_of(error)}
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_node_logs() -> None:
    """Write what corcal, its web server and its DICOM library say to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name, level in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
