"""Files that are whole or absent: none is left in half, and none is read that fills the memory."""

import errno
import os
import stat
from pathlib import Path

__all__ = ["MOST_MB", "read_whole", "write_whole"]

MOST_MB = 64
"""Of a file that corcal writes of an exam: usual ones have 0.1, a record of 5000 lesions has 7."""


def read_whole(path: Path) -> bytes:
    """Read a file that corcal has written of an exam: at most `MOST_MB`, as a device has no end.

    Raises
    ------
    OSError
        If it cannot be read, is no file but a pipe or a device (``EINVAL``), which may never end,
        or has more (``EFBIG``).
    """
    kind = path.stat().st_mode  # before it is opened: that waits until somebody writes into a pipe
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):  # a folder has an error of its own
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    with path.open("rb") as stream:
        data = stream.read(MOST_MB * 10**6 + 1)
    if len(data) > MOST_MB * 10**6:
        raise OSError(errno.EFBIG, f"it has more than {MOST_MB} MB", str(path))
    return data


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file beside its place, then move it there.

    Parameters
    ----------
    path : Path
        Replaced if it exists, and only by a whole file.
    content : str or bytes
        Text is written as UTF-8; unpaired surrogates, as a file name that is not UTF-8 has, become
        ``?``.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` before is untouched.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if path.is_dir():
        raise IsADirectoryError(21, os.strerror(21), str(path))
    if path.exists() and not path.is_file():  # a device or a pipe cannot be moved over
        try:
            path.write_bytes(data)
        except OSError as exc:
            exc.filename = str(path)
            raise
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        exc.filename = str(path)
        raise
