"""Where studies come from: a folder tree, an object store, a DICOMweb server, a list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corcal.cohort.discover.folder_tree import Looked, look_through, no_look, require_folder
from corcal.cohort.discover.index import INDEX_NAME, Index, Part, read_index
from corcal.cohort.sources import Kind, kind_of
from corcal.cohort.types import Task

__all__ = ["INDEX_NAME", "Found", "Index", "find_tasks", "read_index", "require_root"]

_SAVE_EVERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The studies that were found.

    Attributes
    ----------
    total : int
        How many.
    tasks : iterator of Task
        Each once, made when it is asked for.
    unread : tuple of str
        Folders that could not be read: their studies are not among the tasks.
    """

    total: int
    tasks: Iterator[Task]
    unread: tuple[str, ...] = ()


def require_root(root: str, storage: Mapping[str, Any]) -> None:
    """Refuse a root that is not there; nothing is written, and little is read.

    Parameters
    ----------
    root, storage
        As of `find_tasks`.

    Raises
    ------
    InputError
        If there is no such place.
    PeerError
        If a server does not answer, or does not let in.
    """
    kind = kind_of(root)
    if kind is Kind.LOCAL:
        require_folder(Path(root))
    elif kind is Kind.WEB:
        from corcal.cohort.dicomweb import ct_studies

        next(ct_studies(root), None)
    else:
        from corcal.cohort.objects import require_place

        require_place(root, storage)


def find_tasks(
    root: str, index: Index, *, storage: Mapping[str, Any] | None = None, looked: Looked = no_look
) -> Found:
    """Find all studies below a root.

    Parameters
    ----------
    root : str
        A folder, the address of an object store, or of a DICOMweb server.
    index : Index
        Keeps what is found; made for the same root.
    storage : mapping, optional
        Options of fsspec for an object store.
    looked : callable, optional
        Told of the progress.

    Raises
    ------
    InputError
        If there is no such place.
    PeerError
        If a server does not answer.
    """
    kind, unread = kind_of(root), tuple[str, ...]()
    if kind is Kind.WEB:
        _ask_server(root, index, looked)
    elif kind is Kind.LOCAL:
        unread = look_through(Path(root), index, looked=looked)
    else:
        from corcal.cohort.objects import look_through_store

        look_through_store(root, index, storage or {}, looked=looked)
    return Found(total=index.count(), tasks=index.tasks(), unread=unread)


def _ask_server(url: str, index: Index, looked: Looked) -> None:
    from corcal.cohort.dicomweb import ct_studies

    for count, study in enumerate(ct_studies(url), start=1):
        index.put(f"{url}#{study}", "", (Part(study=study),))
        looked(0, count)
        if count % _SAVE_EVERY == 0:
            index.save()
    index.close_pass()
