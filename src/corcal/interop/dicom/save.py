"""Write a DICOM file whole or not at all."""

import io
from pathlib import Path

from pydicom.dataset import Dataset

from corcal.whole_file import write_whole

__all__ = ["save_whole"]


def save_whole(dataset: Dataset, path: Path) -> None:
    """Write a data set beside its place, then move it there.

    It is put together in memory first: pydicom raises what the system says of a disk anew, in
    words of its own that have lost the reason.

    Raises
    ------
    OSError
        If it cannot be written; what was at `path` before is untouched.
    """
    whole = io.BytesIO()
    dataset.save_as(whole, enforce_file_format=True)
    write_whole(path, whole.getvalue())
