"""The studies of a list: a text file with a path or an address a line, or a CSV with columns."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from corcal.cohort.names import read_name
from corcal.cohort.sources import Kind, kind_of
from corcal.cohort.types import Place, Task, task_key
from corcal.errors import InputError

__all__ = ["count_listed", "listed_tasks"]

_SOURCE_NAMES = ("source", "path")
_TABLE_ENDS = (".csv", ".tsv")
_STUDY, _SERIES = "study_instance_uid", "series_instance_uid"
_OTHERS, _BETWEEN = "other_places", " | "  # as in the status.csv of a run
_Row = tuple[str, str | None, str | None, tuple[str, ...]]


def listed_tasks(path: Path) -> Iterator[Task]:
    """Give the studies of a list, line by line.

    Parameters
    ----------
    path : Path
        One folder, archive, file or address a line; empty lines and lines that begin with ``#``
        are passed over. Or a CSV (commas, semicolons or tabs) whose header has a column ``source``
        (or ``path``) and may have ``study_instance_uid``, ``series_instance_uid`` and
        ``other_places``, such as the ``status.csv`` of a run. A path is taken from the folder of
        the list; one that is not UTF-8 may stand as it is, or as `written_name` writes it.

    Raises
    ------
    InputError
        If it cannot be read, or is a CSV without a column that says where the scans are.
    """
    with _opened(path) as stream:
        folder = path.absolute().parent
        for text, study, series, texts in _rows(path, stream):
            source, others = read_name(text), tuple(map(read_name, texts))
            all_of_it = (source, *others) if others else ()
            yield Task(
                key=task_key(source, study, series),
                source=_placed(source, folder),
                study_instance_uid=study,
                series_instance_uid=series,
                places=tuple(Place(path=_placed(one, folder)) for one in all_of_it),
            )


def count_listed(path: Path) -> int:
    """Count the studies of a list.

    Raises
    ------
    InputError
        As of `listed_tasks`.
    """
    with _opened(path) as stream:
        return sum(1 for _ in _rows(path, stream))


def _opened(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as exc:
        msg = f"the list {path.name} cannot be read: {(exc.strerror or 'unknown').lower()}"
        raise InputError(msg) from exc


def _rows(path: Path, stream: TextIO) -> Iterator[_Row]:
    first = stream.readline()
    delimiter = max(",;\t", key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    is_table = len(names) > 1 and path.suffix.lower() in _TABLE_ENDS
    if not is_table and not {*names} & {*_SOURCE_NAMES, _STUDY, _SERIES}:
        stream.seek(0)
        for line in stream:
            text = line.strip()
            if text and not text.startswith("#"):
                yield text, None, None, ()
        return
    column = next((name for name in _SOURCE_NAMES if name in names), None)
    if column is None:
        msg = (
            f"the list {path.name} has no column source, which says where each study is; "
            "its first line names the columns"
        )
        raise InputError(msg)
    try:
        yield from _cells(csv.reader(stream, delimiter=delimiter), names, column)
    except csv.Error as exc:
        msg = f"the list {path.name} is no CSV: {exc}"
        raise InputError(msg) from exc


def _cells(rows: Iterator[list[str]], names: Sequence[str], column: str) -> Iterator[_Row]:
    for row in rows:
        cells = dict(zip(names, row, strict=False))
        source = cells.get(column, "").strip()
        if source:
            study, series = (cells.get(name, "").strip() or None for name in (_STUDY, _SERIES))
            others = tuple(one for one in cells.get(_OTHERS, "").split(_BETWEEN) if one.strip())
            yield source, study, series, others


def _placed(source: str, folder: Path) -> str:
    if kind_of(source) is not Kind.LOCAL:
        return source
    try:
        return str(folder / Path(source).expanduser())
    except RuntimeError:  # ~somebody whom this machine does not know: a file may be called so
        return str(folder / source)
