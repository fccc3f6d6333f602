"""Scored exams as CSV: one row a lesion, one row an exam, and the dictionary of both.

RFC 4180 (comma, double quotes, CR LF), UTF-8, one header row, decimal point, units in the column
names. Numbers are written so that reading them back gives the very same number. An empty cell means
"not measured" or "not in the header", never zero. Names and dates of birth are left out: a table
travels further than a record.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from corcal.errors import InputError
from corcal.interop.columns import LESION_COLUMNS, RULE_COLUMNS, Cell, Column
from corcal.interop.exam_columns import EXAM_COLUMNS
from corcal.result import Result
from corcal.scoring.types import RuleScore
from corcal.whole_file import write_whole

__all__ = [
    "DICTIONARY_COLUMNS",
    "EXAM_COLUMNS",
    "LESION_COLUMNS",
    "RULE_COLUMNS",
    "TABLE_COLUMNS",
    "Column",
    "cell_text",
    "columns_as_markdown",
    "columns_of_exams",
    "columns_of_rules",
    "dictionary_csv",
    "write_exam_table",
    "write_lesion_table",
]

T = TypeVar("T")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for a formula

TABLE_COLUMNS: dict[str, tuple[Column[Any], ...]] = {
    "lesions": LESION_COLUMNS,
    "exams": EXAM_COLUMNS,
    "exams, once for each scoring rule": RULE_COLUMNS,
}
DICTIONARY_COLUMNS = ("table", "column", "kind", "unit", "description")


def write_lesion_table(result: Result, path: Path | str) -> None:
    """Write the lesions of an exam as CSV, one row each, in the order of the result.

    Parameters
    ----------
    result : Result
        The scored exam. Without lesions the file holds the header alone.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    _write(path, LESION_COLUMNS, result.lesions)


def write_exam_table(results: Sequence[Result], path: Path | str) -> None:
    """Write scored exams as CSV, one row each, in the order given.

    Parameters
    ----------
    results : sequence of Result
        The exams. Without any the file holds the header alone.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    _write(path, columns_of_exams(results), results)


def columns_of_exams(results: Sequence[Result]) -> tuple[Column[Result], ...]:
    """Give the columns of a table of these exams.

    The columns of `RULE_COLUMNS` come last, once for every rule that any of the results has; a
    result without that rule leaves them empty.
    """
    rules = dict.fromkeys(rule for result in results for rule in result.score.by_rule)
    return EXAM_COLUMNS + columns_of_rules(rules)


def columns_of_rules(rules: Iterable[str]) -> tuple[Column[Result], ...]:
    """Give the columns of a table of exams that are there once for each of these rules."""
    return tuple(_of_rule(column, rule) for rule in rules for column in RULE_COLUMNS)


def dictionary_csv() -> str:
    """Give the data dictionary of all tables as CSV, one row a column.

    Returns
    -------
    str
        Columns `DICTIONARY_COLUMNS`; the kind is one of `Kind`, and ``<rule>`` in the name of a
        column stands for the name of each scoring rule.
    """
    rows = (
        (table.split(",")[0], column.name, str(column.kind), column.unit, column.description)
        for table, columns in TABLE_COLUMNS.items()
        for column in columns
    )
    return _csv_text((DICTIONARY_COLUMNS, *rows))


def columns_as_markdown(columns: Iterable[Column[T]]) -> str:
    """Give the data dictionary of a table as a Markdown table."""
    rows = (f"| `{c.name}` | {c.kind} | {c.unit} | {c.description} |" for c in columns)
    return "\n".join(("| column | kind | unit | what it holds |", "|---|---|---|---|", *rows))


def _of_rule(column: Column[RuleScore], rule: str) -> Column[Result]:
    def value(result: Result) -> Cell:
        score = result.score.by_rule.get(rule)
        return None if score is None else column.value(score)

    return Column(
        name=column.name.replace("<rule>", rule),
        kind=column.kind,
        unit=column.unit,
        description=column.description,
        value=value,
    )


def _write(path: Path | str, columns: Sequence[Column[T]], records: Iterable[T]) -> None:
    cells = (tuple(column.value(record) for column in columns) for record in records)
    header = tuple(column.name for column in columns)
    try:
        write_whole(Path(path), _csv_text(_rows(header, cells)))
    except OSError as exc:
        msg = f"cannot write the table {Path(path).name}: {exc.strerror}"
        raise InputError(msg) from exc


def _rows(header: Sequence[Cell], cells: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield header
    yield from cells


def _csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, dialect="excel")
    writer.writerows([cell_text(cell) for cell in row] for row in rows)
    return text.getvalue()


def cell_text(cell: Cell) -> str:
    """Write a cell: numbers exactly, text such that no spreadsheet takes it for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if cell.startswith(FORMULA_STARTS) else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, float):
        return repr(float(cell))  # numpy's own repr would write its type
    return ";".join(str(int(number)) for number in cell)
