"""Where the log of a server goes: standard error, one line each, no patient data."""

import logging
import sys

__all__ = ["set_up_logs"]


def set_up_logs() -> None:
    """Write what corcal and its web server say to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name, level in (("corcal", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
