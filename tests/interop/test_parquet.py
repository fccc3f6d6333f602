"""Parquet holds what CSV holds, with types, and says what is missing where it cannot be written."""

import sys
from pathlib import Path

import pytest
from pyarrow import parquet

from corcal.errors import InputError
from corcal.interop.columns import LESION_COLUMNS, Kind
from corcal.interop.parquet import write_exam_parquet, write_lesion_parquet
from corcal.interop.tables import columns_of_exams
from interop.exam_cases import CASES, full_result, zero_result
from result_maker import make_result

TYPES = {
    Kind.TEXT: str,
    Kind.NUMBER: float,
    Kind.INTEGER: int,
    Kind.BOOLEAN: bool,
    Kind.INTEGERS: list,
}


@pytest.mark.parametrize("case", CASES)
def test_every_cell_of_an_exam_reads_back(case: str, tmp_path: Path) -> None:
    result = CASES[case]()
    write_exam_parquet([result], tmp_path / "exam.parquet")
    (row,) = parquet.read_table(tmp_path / "exam.parquet").to_pylist()
    wanted = {column.name: column.value(result) for column in columns_of_exams([result])}
    assert row == wanted
    for column in columns_of_exams([result]):
        cell = row[column.name]
        assert cell is None or type(cell) is TYPES[column.kind], column.name


def test_lesions_read_back_with_their_slices_as_a_list(tmp_path: Path) -> None:
    result = full_result()
    write_lesion_parquet(result, tmp_path / "lesions.parquet")
    row, *others = parquet.read_table(tmp_path / "lesions.parquet").to_pylist()
    lesion = result.lesions[0]
    assert [each["is_coronary"] for each in others] == [False, False]
    assert row["slices"] == [1, 2]
    assert row["is_coronary"] is True
    assert row["agatston"] == lesion.agatston
    assert row["probability_noise"] == 0.1


def test_an_exam_without_lesions_keeps_columns_and_types(tmp_path: Path) -> None:
    write_lesion_parquet(zero_result(), tmp_path / "lesions.parquet")
    table = parquet.read_table(tmp_path / "lesions.parquet")
    assert table.num_rows == 0
    assert table.schema.names == [column.name for column in LESION_COLUMNS]
    assert str(table.schema.field("agatston").type) == "double"
    assert str(table.schema.field("probability_LAD").type) == "double"


def test_units_and_the_research_statement_are_metadata(tmp_path: Path) -> None:
    write_exam_parquet([make_result()], tmp_path / "exam.parquet")
    schema = parquet.read_schema(tmp_path / "exam.parquet")
    assert schema.field("total_mass_mg").metadata[b"unit"] == b"mg"
    assert b"research use only" in schema.metadata[b"statement"]


def test_without_pyarrow_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    with pytest.raises(InputError, match=r"pip install \"corcal\[parquet\]\""):
        write_exam_parquet([make_result()], tmp_path / "exam.parquet")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write the table exam\.parquet: "):
        write_exam_parquet([make_result()], tmp_path / "missing" / "exam.parquet")
