"""Files on their way in from a client: numbered, within limits, whatever they were called."""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corcal.serve.problems import Problem
from corcal.serve.settings import Limits
from corcal.store.tables import new_key

__all__ = ["IMPORT", "Upload", "Uploads", "no_room_told"]

IMPORT = "import"
"""The kind of job that takes a finished upload into the store."""
_ID = re.compile(r"[0-9a-f]{32}")
_OWNER = "upload.json"
_OLD_S = 24 * 3600


class Upload:
    """One upload: a folder of numbered files, and how much is in it."""

    def __init__(self, folder: Path, *, limits: Limits, user: str) -> None:
        self.folder, self.user = folder, user
        self._limits = limits
        self._lock = threading.Lock()
        self._sizes = {int(p.name): p.stat().st_size for p in folder.iterdir() if p.name.isdigit()}
        self._coming = 0
        self._is_over = False

    @property
    def file_count(self) -> int:
        """Number of files that are there."""
        return len(self._sizes)

    def path(self, number: int) -> Path:
        """Say where a file goes until it is whole."""
        if not 0 <= number < self._limits.files:
            msg = f"an upload has at most {self._limits.files} files"
            raise Problem(413, "too_many_files", msg)
        return self.folder / f"{number}.{new_key()}.part"  # two may send the same one at once

    def end(self) -> None:
        """Take no more files, also of those that are on their way."""
        with self._lock:
            self._is_over = True

    def more(self, size: int, *, of_file: int) -> None:
        """Count bytes as they come in.

        Raises
        ------
        Problem
            413, if the file or the upload grows too large.
        """
        with self._lock:
            self._coming += size
            total = sum(self._sizes.values()) + self._coming
        if of_file > self._limits.file_bytes:
            msg = f"a file may have {_mb(self._limits.file_bytes)}"
            raise Problem(413, "file_too_large", msg)
        if total > self._limits.upload_bytes:
            msg = f"an upload may have {_mb(self._limits.upload_bytes)} in all"
            raise Problem(413, "upload_too_large", msg)

    def ended(self, number: int, part: Path, size: int, *, is_whole: bool) -> None:
        """Keep a file that is whole, in place of an earlier one of its number; or forget it.

        Raises
        ------
        Problem
            409, if the upload was finished or removed meanwhile.
        """
        with self._lock:
            self._coming -= size
            if is_whole and self._is_over:
                part.unlink(missing_ok=True)
                raise Problem(409, "upload_over", "the upload was finished or removed meanwhile")
            if is_whole:
                part.replace(self.folder / str(number))
                self._sizes[number] = size
            else:
                part.unlink(missing_ok=True)


class Uploads:
    """The uploads that are not taken in yet.

    Parameters
    ----------
    root : Path
        A folder of its own inside the data folder.
    limits : Limits
        What an upload may have.
    """

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root, self._limits = root, limits
        self._open: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def begin(self, user: str) -> str:
        """Begin an upload; its identifier.

        Raises
        ------
        Problem
            429, if the user has too many open ones.
        """
        self._forget_old()
        with self._lock:
            if sum(one.user == user for one in self._open.values()) >= self._limits.open_uploads:
                msg = f"at most {self._limits.open_uploads} uploads at once: finish or delete one"
                raise Problem(429, "too_many_uploads", msg)
            key = new_key()
            folder = self._root / key
            folder.mkdir(parents=True, mode=0o700)
            (folder / _OWNER).write_text(json.dumps({"user": user}), encoding="utf-8")
            self._open[key] = Upload(folder, limits=self._limits, user=user)
            return key

    def get(self, key: str, user: str) -> Upload:
        """Give an upload to the one who began it, also after the server was started again.

        Raises
        ------
        Problem
            404, if there is none, it is somebody else's, or it is finished.
        """
        with self._lock:
            found = self._open.get(key) or self._found_again(key)
            if found is None or found.user != user:
                raise Problem(404, "not_found", "there is no such upload")
            self._open[key] = found
            return found

    def close(self, key: str) -> None:
        """Take no more files for an upload."""
        with self._lock:
            self._end(key)
            (self._root / key / _OWNER).unlink(missing_ok=True)

    def remove(self, key: str) -> None:
        """Remove an upload and its files."""
        with self._lock:
            self._end(key)
        if _ID.fullmatch(key):
            shutil.rmtree(self._root / key, ignore_errors=True)

    def _end(self, key: str) -> None:
        found = self._open.pop(key, None)
        if found is not None:
            found.end()

    def folder(self, key: str) -> Path:
        """Say where the files of an upload are."""
        if _ID.fullmatch(key) is None:
            raise Problem(404, "not_found", "there is no such upload")
        return self._root / key

    def _found_again(self, key: str) -> Upload | None:
        owner = self._root / key / _OWNER
        if _ID.fullmatch(key) is None or not owner.is_file():
            return None
        user = str(json.loads(owner.read_text(encoding="utf-8"))["user"])
        return Upload(owner.parent, limits=self._limits, user=user)

    def _forget_old(self) -> None:
        """Remove uploads that nobody has gone on with for a day; finished ones have no owner."""
        if not self._root.is_dir():
            return
        for owner in self._root.glob(f"*/{_OWNER}"):
            if time.time() - owner.parent.stat().st_mtime > _OLD_S:
                self.remove(owner.parent.name)


@contextmanager
def no_room_told() -> Iterator[None]:
    """Tell a client that the disk is full, or the folder of the upload gone."""
    try:
        yield
    except FileNotFoundError as exc:
        raise Problem(409, "upload_over", "the upload was finished or removed meanwhile") from exc
    except OSError as exc:
        raise Problem(507, "no_room", "the server has no room for this file") from exc


def _mb(size: int) -> str:
    return f"{size / 2**20:,.0f} MB"
