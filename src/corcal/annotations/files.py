"""Which paths are read at all: regular files, so reading ends."""

import errno
import stat
from pathlib import Path

__all__ = ["require_regular"]


def require_regular(path: Path) -> None:
    """Refuse a pipe or a device: reading one may wait for ever, or never come to an end.

    Raises
    ------
    OSError
        If it is no regular file or is not there; ``strerror`` says which.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a folder says what it is
        raise OSError(errno.EINVAL, "it is no regular file")
