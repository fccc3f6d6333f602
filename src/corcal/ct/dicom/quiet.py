"""Keep the remarks of pydicom on malformed data off the user's screen and logs.

pydicom reports malformed values through `warnings` and its logger, with the value, which may be
patient data. What matters of it becomes a finding or an error.
"""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet_pydicom"]

_lock = threading.Lock()
_depth = 0
_propagate = True
_catcher: "warnings.catch_warnings[None] | None" = None


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Silence pydicom inside the block, in any number of threads at once.

    `warnings.catch_warnings` alone restores the wrong filters when blocks of several threads
    overlap; here the first block to begin installs the filter and the last to end removes it. The
    filter concerns warnings that arise in pydicom only; its log records reach the handlers of its
    own loggers, if there are any, and no others.
    """
    global _depth, _catcher, _propagate
    with _lock:
        if _depth == 0:
            _catcher = warnings.catch_warnings()
            _catcher.__enter__()
            warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
            _propagate = logging.getLogger("pydicom").propagate
            logging.getLogger("pydicom").propagate = False
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _catcher is not None:
                logging.getLogger("pydicom").propagate = _propagate
                _catcher.__exit__(None, None, None)
                _catcher = None
