"""The files of a task, brought to where they can be read: nothing to do for local ones."""

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath

from corcal.cohort.sources import Kind, kind_of
from corcal.cohort.types import BatchOptions, Outcome, Place, Task
from corcal.ct.files import Candidate, FileOpener, list_candidates, printable
from corcal.ct.find import find_series, find_series_among
from corcal.ct.scan import CTScan
from corcal.ct.series import Catalog
from corcal.ct.suitability import choose_series
from corcal.errors import InputError

__all__ = ["catalog_of", "scan_of"]

_PREFIX = "corcal-scan-"


@contextmanager
def catalog_of(task: Task, options: BatchOptions) -> Iterator[Catalog]:
    """Find the series of a task; its files are there until the ``with`` block ends.

    Parameters
    ----------
    task : Task
        Local files are read where they are; those of an object store or a DICOMweb server are
        copied into a folder of their own, which is removed in the end.
    options : BatchOptions
        Where that folder is made, and how the store is spoken to.

    Yields
    ------
    Catalog
        The series of the study that the task is about.

    Raises
    ------
    InputError
        If nothing usable is there.
    PeerError
        If a server does not answer.
    """
    kind = kind_of(task.source)
    if kind is Kind.LOCAL:
        yield _of_study(task, _local(task))
        return
    if options.scratch is not None:
        Path(options.scratch).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=options.scratch) as scratch:
        folder = Path(scratch)
        if kind is Kind.WEB:
            from corcal.cohort.dicomweb import fetch_study

            fetch_study(task, folder)
            catalog = find_series(folder)
        else:
            from corcal.cohort.objects import fetch_places

            catalog = _among(fetch_places(task, folder, options.storage), task.source)
        yield _of_study(task, catalog)


def scan_of(outcome: Outcome, options: BatchOptions) -> CTScan:
    """Read the scan once more that an outcome is about.

    Parameters
    ----------
    outcome : Outcome
        Of a study that was scored.
    options : BatchOptions
        As of the run.

    Raises
    ------
    InputError
        If it is no longer where it was.
    """
    task = Task(
        key=outcome.key,
        source=outcome.source,
        study_instance_uid=outcome.study_instance_uid,
        places=outcome.places,
    )
    with catalog_of(task, options) as catalog:
        wanted = outcome.series_instance_uid
        listed = [one for one in catalog.series if one.identity.series_instance_uid == wanted]
        return choose_series(listed or catalog.series).scan


def _local(task: Task) -> Catalog:
    if not Path(task.source).exists():  # a disk that is away, perhaps: not the fault of the scan
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return _among(task.places, task.source) if task.places else find_series(task.source)


def _among(places: Sequence[Place], source: str) -> Catalog:
    with FileOpener() as opener:
        candidates = [one for place in places for one in _candidates(place, opener)]
        return find_series_among(candidates, opener, called=PurePath(source).name)


def _candidates(place: Place, opener: FileOpener) -> Iterator[Candidate]:
    """List the files of a place; those that have gone since are left out."""
    path = Path(place.path)
    if not path.is_dir():
        yield from _members(place, path, opener)
        return
    names = place.names
    if names is None:
        names = tuple(sorted(entry.name for entry in path.iterdir() if _is_file(entry)))
    for name in names:
        file = path / name
        try:
            size = file.stat().st_size
        except OSError:
            continue
        source = printable(f"{path.name}/{name}")
        yield Candidate(path=file, source=source, member=None, size=size)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a link to where one may not look
        return False


def _members(place: Place, path: Path, opener: FileOpener) -> Iterator[Candidate]:
    candidates, _ = list_candidates(path, opener)
    wanted = None if place.names is None else set(place.names)
    for one in candidates:
        if wanted is None or one.member in wanted:
            yield one


def _of_study(task: Task, catalog: Catalog) -> Catalog:
    """Leave out the series of other studies, which lie in the same place."""
    if task.study_instance_uid is None:
        return catalog
    ours = tuple(
        one
        for one in catalog.series
        if one.identity.study_instance_uid in (task.study_instance_uid, None)
    )
    if not ours:
        msg = "the study is no longer where it was found"
        raise InputError(msg)
    return Catalog(series=ours, skipped=catalog.skipped)
