"""Files that belong to a version of a result: candidates, thumbnail, signed reports."""

import re
import shutil
from pathlib import Path

from corcal.errors import NotFoundError
from corcal.whole_file import write_whole

__all__ = ["CANDIDATES", "THUMBNAIL", "Attachments"]

CANDIDATES = "candidates.npz"
THUMBNAIL = "thumbnail.png"
_NAME = re.compile(r"[a-z][a-zA-Z0-9_]{0,60}\.[a-z0-9]{1,5}")
_KEY = re.compile(r"[0-9a-f]{32}")


class Attachments:
    """The files of versions, in a folder.

    Parameters
    ----------
    root : Path
        Made when the first file comes.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, exam_id: str, version: int, name: str, data: bytes) -> None:
        """Keep a file; one of the same name is replaced."""
        path = self._path(exam_id, version, name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, data)

    def get(self, exam_id: str, version: int, name: str) -> bytes:
        """Give a file.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        try:
            return self._path(exam_id, version, name).read_bytes()
        except FileNotFoundError as exc:
            msg = f"version {version} of the exam has no such file"
            raise NotFoundError(msg) from exc

    def names(self, exam_id: str, version: int) -> tuple[str, ...]:
        """Name the files of a version."""
        folder = self._folder(exam_id, version)
        return tuple(sorted(p.name for p in folder.iterdir())) if folder.is_dir() else ()

    def remove(self, exam_id: str) -> None:
        """Remove all files of an exam."""
        shutil.rmtree(self._folder(exam_id, 0).parent, ignore_errors=True)

    def _folder(self, exam_id: str, version: int) -> Path:
        if _KEY.fullmatch(exam_id) is None:
            msg = "there is no such exam in the store"
            raise NotFoundError(msg)
        return self._root / exam_id / str(version)

    def _path(self, exam_id: str, version: int, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            msg = f"version {version} of the exam has no such file"
            raise NotFoundError(msg)
        return self._folder(exam_id, version) / name
