"""Write a DICOM file whole or not at all."""

import os
from pathlib import Path

from pydicom.dataset import Dataset

__all__ = ["save_whole"]


def save_whole(dataset: Dataset, path: Path) -> None:
    """Write a data set beside its place, then move it there.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` before is untouched.
    """
    if path.is_dir():
        raise IsADirectoryError(21, os.strerror(21), str(path))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        dataset.save_as(part, enforce_file_format=True)
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        exc.filename = str(path)
        raise
