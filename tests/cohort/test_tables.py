"""The tables of a run: the columns of the tables of exams, and the same digits."""

import csv
from dataclasses import replace

import pytest
from pyarrow import parquet

from cohort_scorers import scored, task_of
from corcal.cohort import tables
from corcal.cohort.ledger import Ledger
from corcal.cohort.tables import STATUS_COLUMNS, best_format, write_tables
from corcal.cohort.types import OutputError, Place, Task, ended
from corcal.interop.columns import LESION_COLUMNS, Kind
from corcal.interop.exam_columns import EXAM_COLUMNS

AGATSTON = 0.1 + 0.2  # 0.30000000000000004


def fill(folder, count=3):
    with Ledger(folder) as ledger:
        for number in range(count):
            ledger.add(scored(task_of(f"scan {number}"), agatston=AGATSTON + number))
        ledger.add(ended(task_of("=bad"), "unreadable", 'no, \'tis "broken"', error="InputError"))


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_parquet_has_the_exams_with_the_columns_and_types_of_every_table(tmp_path):
    fill(tmp_path)
    written = write_tables(tmp_path, format="parquet")
    assert (written.exam_count, written.lesion_count, written.study_count) == (3, 3, 4)
    table = parquet.read_table(written.exams)
    assert table.column_names[:3] == ["key", "source", "status"]
    assert table.column_names[3 : 3 + len(EXAM_COLUMNS)] == [one.name for one in EXAM_COLUMNS]
    assert "rule_textbook_LAD_agatston" in table.column_names
    assert table["total_agatston"].to_pylist() == [AGATSTON, AGATSTON + 1, AGATSTON + 2]
    assert table["rule_textbook_total_agatston"].to_pylist()[0] == AGATSTON
    assert str(table.schema.field("total_lesion_count").type) == "int64"
    assert table["is_gated"].to_pylist() == [True] * 3
    assert table["kvp"].to_pylist() == [None] * 3
    assert table.schema.field("kvp").metadata[b"unit"] == b"kV"


def test_lesions_say_whose_they_are(tmp_path):
    fill(tmp_path, 1)
    table = parquet.read_table(write_tables(tmp_path, format="parquet").lesions)
    assert table.column_names[:3] == ["key", "study_instance_uid", "series_instance_uid"]
    assert table.column_names[3:] == [one.name for one in LESION_COLUMNS]
    (row,) = table.to_pylist()
    assert (row["key"], row["series_instance_uid"]) == (task_of("scan 0").key, "2.25.2")
    assert (row["id"], row["agatston"], row["slices"]) == ("L1", AGATSTON, [1, 2])


def test_csv_has_the_same_rows_and_digits(tmp_path):
    fill(tmp_path)
    written = write_tables(tmp_path, format="csv")
    typed = parquet.read_table(write_tables(tmp_path, format="parquet").exams).to_pylist()
    rows = rows_of(written.exams)
    assert list(rows[0]) == list(typed[0])
    assert [float(row["total_agatston"]) for row in rows] == [
        row["total_agatston"] for row in typed
    ]
    assert (rows[0]["is_gated"], rows[0]["kvp"]) == ("true", "")
    assert rows_of(written.lesions)[0]["slices"] == "1;2"


def test_the_status_has_every_study_with_its_reason(tmp_path):
    fill(tmp_path, 1)
    bad, good = rows_of(write_tables(tmp_path, format="csv").status)
    assert list(bad) == [one.name for one in STATUS_COLUMNS]
    assert (bad["source"], bad["status"], bad["error"]) == ("'=bad", "unreadable", "InputError")
    assert bad["reason"] == 'no, \'tis "broken"'
    assert (bad["total_agatston"], good["total_agatston"]) == ("", repr(AGATSTON))
    assert (good["certainty"], good["review_advised"], good["reason"]) == ("0.9", "false", "")


def test_the_dictionary_has_every_column_of_every_table(tmp_path):
    fill(tmp_path, 1)
    written = write_tables(tmp_path, format="csv")
    told = rows_of(tmp_path / "data_dictionary.csv")
    for name, path in (("exams", written.exams), ("lesions", written.lesions)):
        columns = [row["column"] for row in told if row["table"] == name]
        with path.open(newline="") as stream:
            assert columns == next(csv.reader(stream))
    assert {row["kind"] for row in told} <= {str(kind) for kind in Kind}


def test_tables_made_again_are_the_same_bytes(tmp_path):
    fill(tmp_path)
    first = write_tables(tmp_path, format="csv")
    before = first.exams.read_bytes(), first.lesions.read_bytes(), first.status.read_bytes()
    second = write_tables(tmp_path, format="csv")
    after = second.exams.read_bytes(), second.lesions.read_bytes(), second.status.read_bytes()
    assert before == after


def test_many_rows_are_written_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 2)
    fill(tmp_path, 5)
    path = write_tables(tmp_path, format="parquet").exams
    assert parquet.ParquetFile(path).num_row_groups == 3
    assert parquet.read_table(path).num_rows == 5


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_run_without_any_scored_scan_has_empty_tables(tmp_path, format):
    fill(tmp_path, 0)
    written = write_tables(tmp_path, format=format)
    assert (written.exam_count, written.study_count) == (0, 1)
    assert written.exams.is_file()


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch, format):
    fill(tmp_path)
    old = write_tables(tmp_path, format=format).exams.read_bytes()

    def no_space(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OutputError, match=r"the table status\.csv: the disk is full;"):
        write_tables(tmp_path, format=format)
    assert (tmp_path / f"exams.{format}").read_bytes() == old
    assert not list(tmp_path.glob(".*part"))


def test_a_defect_leaves_no_half_of_a_table(tmp_path, monkeypatch):
    fill(tmp_path, 1)
    monkeypatch.setattr(tables, "cell_text", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_tables(tmp_path, format="csv")
    assert not list(tmp_path.glob(".*part"))


def test_a_dictionary_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    fill(tmp_path, 1)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables, "write_whole", no_space)
    with pytest.raises(OutputError, match=r"cannot write data_dictionary\.csv: No space"):
        write_tables(tmp_path, format="csv")


def test_parquet_is_written_where_pyarrow_is_installed(monkeypatch):
    assert best_format() == "parquet"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert best_format() == "csv"


def test_a_stray_copy_of_a_slice_is_told_beside_the_place_of_the_study():
    of = {column.name: column.value for column in STATUS_COLUMNS}
    study = Task(key="k", source="/data/a", places=(Place(path="/data/a"), Place(path="/data/b")))
    outcome = ended(study, "unfit", "why")
    assert (of["source"](outcome), of["other_places"](outcome)) == ("/data/a", "/data/b")
    alone = ended(replace(study, places=(Place(path="/data/a"),)), "unfit", "why")
    assert of["other_places"](alone) is None
