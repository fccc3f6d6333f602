"""Keep the remarks of pydicom on malformed headers off the user's screen and logs.

pydicom reports malformed values through `warnings` and its logger, with the value, which may be
patient data. What matters of it becomes a finding.
"""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_pydicom"]

_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_depth = 0
_catcher: "warnings.catch_warnings[None] | None" = None


class _DropRecords(logging.Filter):
    """Replaces each record of pydicom's logger by a note that carries no value."""

    def filter(self, record: logging.LogRecord) -> bool:
        _logger.debug("pydicom remarked on a header at level %s", record.levelname)
        return False


_DROP = _DropRecords()


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Silence pydicom inside the block, in any number of threads at once.

    `warnings.catch_warnings` alone restores the wrong filters when blocks of several threads
    overlap; here the first block to begin installs the filter and the last to end removes it. The
    filter concerns warnings that arise in pydicom only.
    """
    global _depth, _catcher
    with _lock:
        if _depth == 0:
            _catcher = warnings.catch_warnings()
            _catcher.__enter__()
            warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
            logging.getLogger("pydicom").addFilter(_DROP)
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _catcher is not None:
                logging.getLogger("pydicom").removeFilter(_DROP)
                _catcher.__exit__(None, None, None)
                _catcher = None
