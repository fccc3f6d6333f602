"""Studies of an object store, or of whatever else fsspec reads: found, and fetched."""

import errno
import hashlib
import importlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from corcal.cohort.discover.headers import Seen, parts_of, study_of_stream, without
from corcal.cohort.discover.index import Index, Part
from corcal.cohort.types import FULL_DISK, Place, Task
from corcal.ct.dicom.dataset import HeaderError
from corcal.ct.volume_files import is_volume_name
from corcal.errors import InputError, PeerError

__all__ = ["GoneError", "fetch_places", "look_through_store", "require_place"]

_HEADER_BYTES = 2**17  # enough for the header of an image
_HEADS_AT_ONCE = 256
_SAVE_EVERY = 5000  # objects
_ARCHIVE_END = ".zip"
_PREAMBLE_BYTES, _MAGIC = 128, b"DICM"
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound")  # of AWS
_NOTHING = "nothing is there: a folder of an object store, such as s3://bucket/folder, is needed"


class GoneError(PeerError):
    """A store that answers no longer has what was found there; the next run looks again."""


def require_place(url: str, storage: Mapping[str, Any]) -> None:
    """Refuse an address at which a store has nothing, before anything is written.

    Raises
    ------
    InputError
        If there is no such bucket or folder, or fsspec lacks what it needs for this store.
    PeerError
        If the store does not answer, or does not let in.
    """
    with _searching(url):
        store, root = _store(url, storage)
        store.info(root)


def look_through_store(url: str, index: Index, storage: Mapping[str, Any], *, looked: Any) -> None:
    """Note in the index which study lies where in an object store.

    The objects of one folder are taken for one study if the first, the middle and the last of them
    are of one: asking each of millions would take days. If they are not, every object of this
    folder is asked. Folders of one study belong together.

    Parameters
    ----------
    url : str
        ``s3://bucket/folder`` and the like.
    index : Index
        Is told of every folder, archive and volume.
    storage : mapping
        Options of fsspec for this kind of store.
    looked : callable
        Told of the progress: objects, folders.

    Raises
    ------
    InputError
        If nothing is there, or fsspec lacks what it needs for this store.
    PeerError
        If the store does not answer, or refuses a part: what it hides would be missing unsaid.
    """
    objects = places = saved = 0
    with _searching(url):
        store, root = _store(url, storage)
        for path, _, files in store.walk(root, detail=True, on_error="raise"):
            _look_into(store, path, files, index)
            store.invalidate_cache()  # else it keeps the listing of every folder, of millions
            objects, places = objects + len(files), places + 1
            if objects - saved >= _SAVE_EVERY:
                saved = objects
                index.save()
            looked(objects, places)
    if not objects:
        raise InputError(_NOTHING)
    index.close_pass()


def fetch_places(task: Task, folder: Path, storage: Mapping[str, Any]) -> tuple[Place, ...]:
    """Copy the objects of a task into a folder.

    Returns
    -------
    tuple of Place
        Where they are now: as the places of the task, on this machine.

    Raises
    ------
    GoneError
        If an object is no longer there.
    PeerError
        If the store does not answer, or does not let in.
    OSError
        If the copies cannot be written.
    """
    with _asking(task.source):
        store, root = _store(task.source, storage)
        store.invalidate_cache()  # what was listed for an earlier task grows, and grows old
        places = task.places or tuple(Place(path=path) for path in _all_folders(store, root))
        return tuple(
            _fetched(store, place, folder / f"{number:03d}")
            for number, place in enumerate(places, start=1)
        )


def _fetched(store: Any, place: Place, folder: Path) -> Place:
    """Copy the objects of a place, several at a time where the store can."""
    folder.mkdir()
    path = store._strip_protocol(place.path)
    if store.isfile(path):
        local = folder / _safe(path)
        store.get_file(path, str(local))
        return Place(path=str(local), names=place.names)
    wanted = None if place.names is None else set(place.names)
    names = [info["name"] for info in store.ls(path, detail=True) if info["type"] == "file"]
    names = [name for name in names if wanted is None or _safe(name) in wanted]
    if not names or (wanted is not None and len(names) < len(wanted)):
        raise FileNotFoundError
    store.get(names, [str(folder / _safe(name)) for name in names])
    return Place(path=str(folder))


def _all_folders(store: Any, root: str) -> list[str]:
    if store.isfile(root):
        return [root]
    walked = store.walk(root, detail=True, on_error="raise")
    folders = [path for path, _, files in walked if files]
    if not folders:
        raise FileNotFoundError
    return folders


def _look_into(store: Any, path: str, files: Mapping[str, Any], index: Index) -> None:
    names = sorted(name for name in files if name)
    apart = [name for name in names if name.lower().endswith(_ARCHIVE_END) or is_volume_name(name)]
    for name in apart:
        url = store.unstrip_protocol(f"{path}/{name}")
        stamp = _stamp({name: files[name]})
        if not index.is_known(url, stamp):
            index.put(url, stamp, (Part(study=None),))
    rest = [name for name in names if name not in set(apart)]
    url, stamp = store.unstrip_protocol(path), _stamp(files)
    if not rest or index.is_known(url, stamp):
        return
    full = [name for name in rest if files[name].get("size") != 0]
    parts = parts_of(_seen(store, path, [full[at] for at in _probes(len(full))]))
    if len(parts) != 1:  # several studies, or images among other things
        parts = parts_of(_seen(store, path, full))
    if parts:
        index.put(url, stamp, without(parts, rest, set(apart)))


def _probes(count: int) -> list[int]:
    """Give the first, the middle and the last of so many."""
    return sorted({0, count // 2, count - 1}) if count else []


def _seen(store: Any, path: str, names: list[str]) -> Iterator[Seen]:
    """Read the heads of objects, many at a time where the store can."""
    for start in range(0, len(names), _HEADS_AT_ONCE):
        some = names[start : start + _HEADS_AT_ONCE]
        places, count = [f"{path}/{name}" for name in some], len(some)
        heads = store.cat_ranges(places, [0] * count, [_HEADER_BYTES] * count, on_error="raise")
        for name, head in zip(some, heads, strict=True):
            yield _seen_in(name, head)


def _seen_in(name: str, head: bytes) -> Seen:
    has_magic = head[_PREAMBLE_BYTES:].startswith(_MAGIC)
    try:
        seen = study_of_stream(name, io.BytesIO(head))
    except HeaderError:
        return Seen(name=name, is_image=has_magic)
    return seen if seen.study is not None or has_magic else replace(seen, is_image=False)


def _stamp(files: Mapping[str, Any]) -> str:
    """Tell a listing from any other: names and sizes, for stores keep no time of a folder."""
    text = "\n".join(f"{name}:{files[name].get('size')}" for name in sorted(files))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _safe(path: str) -> str:
    """Give the last part of a name; it never leads out of a folder."""
    name = PurePosixPath(path).name
    return name if name not in ("", "..") else "object"


def _store(url: str, storage: Mapping[str, Any]) -> tuple[Any, str]:
    try:
        core: Any = importlib.import_module("fsspec.core")
        store, root = core.url_to_fs(url, **storage)
    except ImportError as exc:
        msg = (
            f"{url.split(':')[0]}:// needs fsspec and its part for that store, which are not "
            'installed: pip install "corcal[cloud]" and s3fs, gcsfs or adlfs'
        )
        raise InputError(msg) from exc
    except ValueError as exc:
        msg = f"fsspec knows no {url.split(':')[0]}://"
        raise InputError(msg) from exc
    return store, root


@contextmanager
def _searching(url: str) -> Iterator[None]:
    """As `_asking`; what is not there was mistyped by a person."""
    try:
        with _asking(url):
            yield
    except GoneError as exc:
        raise InputError(_NOTHING) from exc


@contextmanager
def _asking(url: str) -> Iterator[None]:
    """Turn what the library of a store raises, each its own, into an error of ours."""
    try:
        yield
    except (InputError, PeerError, MemoryError):
        raise
    except OSError as exc:
        if exc.errno in FULL_DISK or exc.filename is not None:  # a disk of this machine
            raise
        raise _told(url, exc) from exc
    except Exception as exc:
        raise _told(url, exc) from exc


def _told(url: str, exc: Exception) -> PeerError:
    """Say in a sentence what is wrong with a store; what it answered may name patients."""
    scheme = url.split(":")[0]
    if isinstance(exc, FileNotFoundError):
        return GoneError(
            f"{scheme}: the store does not have it, or no longer; the next run looks again"
        )
    if isinstance(exc, PermissionError) or getattr(exc, "errno", None) == errno.EPERM:
        return PeerError(
            f"{scheme}: the store refuses access: check the credentials of its own tools, and that "
            "they may list and read there"
        )
    if type(exc).__name__ in _NO_CREDENTIALS:
        return PeerError(
            f"{scheme}: no credentials were found: set those of the store's own tools, or give "
            "--storage anon=true for a public store"
        )
    return PeerError(f"{scheme}: the store does not answer ({type(exc).__name__})")
