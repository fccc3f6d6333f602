"""Where the log of a server goes: standard error, one line each, no patient data."""

import logging
import sys
import traceback

__all__ = ["place_of", "set_up_logs"]


def set_up_logs() -> None:
    """Write what corcal and its web server say to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name, level in (("corcal", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False


def place_of(error: BaseException) -> str:
    """Say where an error was raised; its text is left out, it may hold what a file held."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.name}:{frame.lineno}" for frame in frames[-4:])
