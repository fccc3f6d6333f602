"""Scored exams as Apache Parquet: the columns of the CSV tables, with their types.

Needs pyarrow, which does not come with corcal: ``pip install "corcal[parquet]"``.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from corcal.errors import InputError
from corcal.interop.columns import LESION_COLUMNS, Column, Kind
from corcal.interop.tables import columns_of_exams
from corcal.result import RESEARCH_USE, Result

__all__ = ["arrow_schema", "pyarrow_modules", "write_exam_parquet", "write_lesion_parquet"]

T = TypeVar("T")


def write_lesion_parquet(result: Result, path: Path | str) -> None:
    """Write the lesions of an exam, one row each, in the order of the result.

    Parameters
    ----------
    result : Result
        The scored exam. Without lesions the file has columns and no row.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If pyarrow is not installed, or the file cannot be written.
    """
    _write(path, LESION_COLUMNS, result.lesions)


def write_exam_parquet(results: Sequence[Result], path: Path | str) -> None:
    """Write scored exams, one row each, in the order given.

    Parameters
    ----------
    results : sequence of Result
        The exams.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    InputError
        If pyarrow is not installed, or the file cannot be written.
    """
    _write(path, columns_of_exams(results), results)


def _write(path: Path | str, columns: Sequence[Column[T]], records: Iterable[T]) -> None:
    arrow, parquet = pyarrow_modules()
    rows = [{column.name: column.value(record) for column in columns} for record in records]
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        parquet.write_table(arrow.Table.from_pylist(rows, schema=arrow_schema(columns)), part)
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        msg = f"cannot write the table {path.name}: {exc.strerror or 'not possible there'}"
        raise InputError(msg) from exc


def arrow_schema(columns: Sequence[Column[Any]]) -> Any:
    """Give the schema of a table; units and descriptions are metadata of its fields."""
    arrow, _ = pyarrow_modules()
    types = {
        Kind.TEXT: arrow.string(),
        Kind.NUMBER: arrow.float64(),
        Kind.INTEGER: arrow.int64(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.INTEGERS: arrow.list_(arrow.int64()),
    }
    fields = [
        arrow.field(
            column.name,
            types[column.kind],
            metadata={"unit": column.unit, "description": column.description},
        )
        for column in columns
    ]
    return arrow.schema(fields, metadata={"statement": RESEARCH_USE})


def pyarrow_modules() -> tuple[Any, Any]:
    """Import pyarrow: it is an extra, and takes a fifth of a second.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as exc:
        msg = 'Parquet needs pyarrow, which is not installed: pip install "corcal[parquet]"'
        raise InputError(msg) from exc
    return pyarrow, parquet
