"""Studies of an object store, or of whatever else fsspec reads: found, and fetched."""

import hashlib
import importlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from corcal.cohort.discover.headers import Seen, study_of_stream
from corcal.cohort.discover.index import Index, Part
from corcal.cohort.types import Place, Task
from corcal.ct.dicom.dataset import HeaderError
from corcal.ct.volume_files import is_volume_name
from corcal.errors import InputError, PeerError

__all__ = ["fetch_places", "look_through_store"]

_HEADER_BYTES = 2**17  # enough for the header of an image; asked for of one object of a folder
_PROBES = 3
_ARCHIVE_END = ".zip"
_PREAMBLE_BYTES, _MAGIC = 128, b"DICM"


def look_through_store(url: str, index: Index, storage: Mapping[str, Any], *, looked: Any) -> None:
    """Note in the index which study lies where in an object store.

    The objects of one folder are taken for one study, named by the first of them that has a
    header: asking each of millions would take days. Folders of one study belong together.

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
        If fsspec, or what it needs for this store, is not installed.
    PeerError
        If the store does not answer.
    """
    objects = places = 0
    with _asking(url):
        store, root = _store(url, storage)
        for path, _, files in store.walk(root, detail=True):
            _look_into(store, path, files, index)
            objects, places = objects + len(files), places + 1
            looked(objects, places)
    if not objects:
        msg = "nothing is there: a folder of an object store, such as s3://bucket/folder, is needed"
        raise InputError(msg)
    index.close_pass()


def fetch_places(task: Task, folder: Path, storage: Mapping[str, Any]) -> tuple[Place, ...]:
    """Copy the objects of a task into a folder.

    Returns
    -------
    tuple of Place
        Where they are now: as the places of the task, on this machine.

    Raises
    ------
    InputError
        If nothing is there.
    PeerError
        If the store does not answer.
    OSError
        If the copies cannot be written.
    """
    with _asking(task.source):
        store, root = _store(task.source, storage)
        places = task.places or tuple(Place(path=path) for path in _all_folders(store, root))
        return tuple(
            _fetched(store, place, folder / f"{number:03d}")
            for number, place in enumerate(places, start=1)
        )


def _fetched(store: Any, place: Place, folder: Path) -> Place:
    folder.mkdir()
    path = store._strip_protocol(place.path)
    if store.isfile(path):
        local = folder / _safe(path)
        store.get_file(path, str(local))
        return Place(path=str(local), names=place.names)
    wanted = None if place.names is None else set(place.names)
    for info in store.ls(path, detail=True):
        name = _safe(info["name"])
        if info["type"] == "file" and (wanted is None or name in wanted):
            store.get_file(info["name"], str(folder / name))
    return Place(path=str(folder))


def _all_folders(store: Any, root: str) -> list[str]:
    if store.isfile(root):
        return [root]
    folders = [path for path, _, files in store.walk(root, detail=True) if files]
    if not folders:
        msg = "nothing is there in the store"
        raise InputError(msg)
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
    seen = _first_image(store, path, rest)
    if seen is not None:
        listed = tuple(rest) if apart else None
        index.put(url, stamp, (Part(study=seen.study, names=listed),))


def _first_image(store: Any, path: str, names: list[str]) -> Seen | None:
    """Look at a few objects of a folder until one is an image."""
    for name in names[:_PROBES]:
        head = store.cat_file(f"{path}/{name}", start=0, end=_HEADER_BYTES)
        has_magic = head[_PREAMBLE_BYTES:].startswith(_MAGIC)
        try:
            seen = study_of_stream(name, io.BytesIO(head))
        except HeaderError:
            seen = Seen(name=name, is_image=has_magic)
        if seen.study is not None or (has_magic and seen.is_image):
            return seen
    return None


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
def _asking(url: str) -> Iterator[None]:
    """Turn what the library of a store raises, each its own, into an error of ours."""
    try:
        yield
    except (InputError, PeerError, MemoryError):
        raise
    except OSError as exc:
        if exc.errno is not None:
            raise
        msg = f"{url.split(':')[0]}: the store does not answer ({type(exc).__name__})"
        raise PeerError(msg) from exc
    except Exception as exc:
        msg = f"{url.split(':')[0]}: the store does not answer ({type(exc).__name__})"
        raise PeerError(msg) from exc
