"""The tables of a run, made from its ledger: exams, lesions, and what became of every study.

One exam is in memory at a time, or as many as a group of rows of Parquet has. A table is whole or
absent. Making them again from the same ledger gives the same rows in the same order.
"""

import csv
import errno
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from corcal.cohort.ledger import read_outcomes
from corcal.cohort.names import written_name
from corcal.cohort.types import Outcome, OutputError
from corcal.interop.columns import LESION_COLUMNS, Cell, Column, Kind, column_of
from corcal.interop.exam_columns import EXAM_COLUMNS
from corcal.interop.tables import DICTIONARY_COLUMNS, cell_text, columns_of_rules
from corcal.whole_file import write_whole

__all__ = [
    "DICTIONARY_NAME",
    "STATUS_COLUMNS",
    "STATUS_NAME",
    "TableFormat",
    "Written",
    "best_format",
    "load_format",
    "write_tables",
]

TableFormat = Literal["parquet", "csv"]
STATUS_NAME, DICTIONARY_NAME = "status.csv", "data_dictionary.csv"
_ROWS_AT_ONCE = 1000
_BEGINS, _ENDS = "rule_", "_threshold_hu"  # around the name of a rule, in the name of a column
_Row = Mapping[str, Cell]


def _of_row(name: str) -> Callable[[Outcome], Cell]:
    """Take a cell of the row of the exam; the dictionary says what it is."""

    def value(outcome: Outcome) -> Cell:
        return None if outcome.exam_row is None else outcome.exam_row.get(name)

    return value


def _other_places(outcome: Outcome) -> Cell:
    """Name where else files of the study lie: a list that is to hold all of it needs them."""
    others = dict.fromkeys(place.path for place in outcome.places if place.path != outcome.source)
    return " | ".join(map(written_name, others)) or None


def _text_column(name: str, description: str) -> Column[Outcome]:
    """Give the column of a text that may hold the name of a file."""

    def value(outcome: Outcome) -> Cell:
        text = getattr(outcome, name)
        return None if text is None else written_name(text)

    return Column(name=name, kind=Kind.TEXT, unit="", description=description, value=value)


STATUS_COLUMNS: tuple[Column[Outcome], ...] = (
    column_of(
        "key", "", "Name of the study, the same in every search; those of a list are of their own."
    ),
    _text_column("source", "Where it was found; the first of several places."),
    Column(
        name="other_places",
        kind=Kind.TEXT,
        unit="",
        description="Where else files of the study lie, copies included; empty if nowhere.",
        value=_other_places,
    ),
    column_of(
        "status", "", "scored, unfit, unreadable, no_heart, failed or crashed: see the manual."
    ),
    _text_column("reason", "Why it was not scored, in a sentence; else empty."),
    column_of("error", "", "Class of the error behind it."),
    _text_column("study_instance_uid", "StudyInstanceUID."),
    _text_column("series_instance_uid", "SeriesInstanceUID of what was scored."),
    Column(
        name="total_agatston",
        kind=Kind.NUMBER,
        unit="1",
        description="Agatston score; the four arteries together.",
        value=_of_row("total_agatston"),
    ),
    column_of("certainty", "1", "Probability of the likeliest category of the score."),
    Column(
        name="review_advised",
        kind=Kind.BOOLEAN,
        unit="",
        description="Whether a person should look at the score first.",
        value=_of_row("review_advised"),
    ),
    column_of("seconds", "s", "From the start of reading to the last file written."),
    column_of("peak_mb", "MB", "Most memory of the process meanwhile, of 2**20 bytes."),
    column_of("attempts", "1", "How often it was begun.", kind=Kind.INTEGER),
    column_of("finished", "", "When, UTC, ISO 8601."),
    column_of("picture", "", "Its picture, in the folder of the results."),
    column_of("segmentation", "", "Its DICOM segmentation, in the folder of the results."),
)
_FRONT_NAMES = ("key", "source", "status")
_FRONT = tuple(column for column in STATUS_COLUMNS if column.name in _FRONT_NAMES)
_WHOSE_NAMES = ("key", "study_instance_uid", "series_instance_uid")
_WHOSE = tuple(column for column in STATUS_COLUMNS if column.name in _WHOSE_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The tables that were written.

    Attributes
    ----------
    exams, lesions, status : Path
        The files.
    exam_count, lesion_count, study_count : int
        Their rows.
    """

    exams: Path
    lesions: Path
    status: Path
    exam_count: int
    lesion_count: int
    study_count: int


def best_format() -> TableFormat:
    """Say which format this installation can write: Parquet needs pyarrow."""
    from importlib.util import find_spec  # without importing it

    return "csv" if find_spec("pyarrow") is None else "parquet"


def load_format(format: TableFormat) -> None:
    """Import what a format needs, before there is anything to write.

    pyarrow imports pandas, where that is installed, when it makes its first array.
    """
    if format == "parquet":
        from corcal.interop.parquet import pyarrow_modules

        pyarrow_modules()[0].array([])


def write_tables(folder: Path, *, format: TableFormat) -> Written:
    """Write the tables of a run.

    Parameters
    ----------
    folder : Path
        Of the results; its ledger is read. Tables of these names are replaced.
    format : "parquet" or "csv"
        Of exams and lesions; the status is CSV always.

    Returns
    -------
    Written
        The files and their rows.

    Raises
    ------
    InputError
        If Parquet is wanted and pyarrow is not installed.
    OutputError
        If a file cannot be written; what was there before is untouched.
    """
    rules: dict[str, None] = {}
    status = folder / STATUS_NAME
    with _csv_table(status, [column.name for column in STATUS_COLUMNS]) as table:
        for outcome in read_outcomes(folder):
            table.add({column.name: column.value(outcome) for column in STATUS_COLUMNS})
            rules |= dict.fromkeys(_rules_of(outcome.exam_row or {}))
    exam_columns: tuple[Column[Any], ...] = (*_FRONT, *EXAM_COLUMNS, *columns_of_rules(rules))
    lesion_columns: tuple[Column[Any], ...] = (*_WHOSE, *LESION_COLUMNS)
    make = _parquet_table if format == "parquet" else _csv_of_columns
    exams, lesions = (folder / f"{name}.{format}" for name in ("exams", "lesions"))
    with make(exams, exam_columns) as exam_table, make(lesions, lesion_columns) as lesion_table:
        for outcome in read_outcomes(folder):
            if outcome.exam_row is not None:
                front = {column.name: column.value(outcome) for column in _FRONT}
                exam_table.add(front | dict(outcome.exam_row))
                whose = {column.name: column.value(outcome) for column in _WHOSE}
                for row in outcome.lesion_rows:
                    lesion_table.add(whose | dict(row))
    _write_dictionary(folder / DICTIONARY_NAME, exam_columns, lesion_columns)
    return Written(
        exams=exams,
        lesions=lesions,
        status=status,
        exam_count=exam_table.count,
        lesion_count=lesion_table.count,
        study_count=table.count,
    )


def _rules_of(row: _Row) -> Iterator[str]:
    """Name the scoring rules that a row of the table of exams has columns of."""
    for name in row:
        if name.startswith(_BEGINS) and name.endswith(_ENDS):
            yield name.removeprefix(_BEGINS).removesuffix(_ENDS)


class _CsvTable:
    """A CSV that is being written, row by row."""

    def __init__(self, stream: IO[str], names: Sequence[str]) -> None:
        self._writer = csv.writer(stream, dialect="excel")
        self._names = names
        self.count = 0
        self._writer.writerow(names)

    def add(self, row: _Row) -> None:
        """Write a row; cells that it does not have are empty."""
        self._writer.writerow([cell_text(row.get(name)) for name in self._names])
        self.count += 1


class _ParquetTable:
    """A Parquet file that is being written, some rows at a time."""

    def __init__(self, writer: Any, schema: Any, make: Callable[..., Any]) -> None:
        self._writer, self._schema, self._make = writer, schema, make
        self._rows: list[_Row] = []
        self.count = 0

    def add(self, row: _Row) -> None:
        """Write a row, sooner or later."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= _ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._rows:
            self._writer.write_table(self._make(self._rows, schema=self._schema))
            self._rows = []


@contextmanager
def _csv_table(path: Path, names: Sequence[str]) -> Iterator[_CsvTable]:
    with _whole(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        yield _CsvTable(stream, names)


@contextmanager
def _csv_of_columns(path: Path, columns: Sequence[Column[Any]]) -> Iterator[_CsvTable]:
    with _csv_table(path, [column.name for column in columns]) as table:
        yield table


@contextmanager
def _parquet_table(path: Path, columns: Sequence[Column[Any]]) -> Iterator[_ParquetTable]:
    from corcal.interop.parquet import arrow_schema, pyarrow_modules

    arrow, parquet = pyarrow_modules()
    schema = arrow_schema(columns)
    with _whole(path) as part, parquet.ParquetWriter(part, schema) as writer:
        table = _ParquetTable(writer, schema, arrow.Table.from_pylist)
        yield table
        table.flush()


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a place to write to, and move it to `path` when it is whole and on the disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        full = exc.errno == errno.ENOSPC
        what = "the disk is full" if full else exc.strerror or "not possible there"
        msg = f"cannot write the table {path.name}: {what}; what is finished stays finished"
        raise OutputError(msg) from exc
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write_dictionary(
    path: Path, exams: Iterable[Column[Any]], lesions: Iterable[Column[Any]]
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, dialect="excel")
    writer.writerow(DICTIONARY_COLUMNS)
    for table, columns in (("exams", exams), ("lesions", lesions), ("status", STATUS_COLUMNS)):
        for one in columns:
            writer.writerow((table, one.name, str(one.kind), one.unit, one.description))
    try:
        write_whole(path, text.getvalue())
    except OSError as exc:
        msg = f"cannot write {path.name}: {exc.strerror}"
        raise OutputError(msg) from exc
