"""Files that are whole or absent: a full disk or an interruption leaves no half of one."""

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, text: str) -> None:
    """Write a text file (UTF-8) beside its place, then move it there.

    Parameters
    ----------
    path : Path
        Replaced if it exists, and only by a whole file.
    text : str
        The content; unpaired surrogates, as a file name that is not UTF-8 has, become ``?``.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` before is untouched.
    """
    if path.is_dir():
        raise IsADirectoryError(21, os.strerror(21), str(path))
    if path.exists() and not path.is_file():  # a device or a pipe cannot be moved over
        path.write_bytes(text.encode("utf-8", "replace"))
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        exc.filename = str(path)
        raise
