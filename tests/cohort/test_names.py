r"""Names that are not UTF-8 are written as text, and read back."""

import csv
import os

import pytest

from cohort_maker import make_study
from cohort_scorers import options_for, task_of
from corcal.cohort.discover import Index, find_tasks, read_index
from corcal.cohort.discover.listed import listed_tasks
from corcal.cohort.ledger import Ledger, read_outcomes
from corcal.cohort.names import read_name, written_name
from corcal.cohort.score_task import score_task
from corcal.cohort.summary import write_summary
from corcal.cohort.tables import write_tables
from corcal.cohort.types import Place, Task, ended

STE = os.fsdecode(b"st\xe9")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        (b"/a/plain", "/a/plain"),
        ("/a/h\u00e9".encode(), "/a/h\u00e9"),
        (b"/a/st\xe9", r"/a/st\xe9"),
        (rb"/a/st\xe9", r"/a/st\x5cxe9"),  # a backslash, x, e and 9 in the name itself
        (rb"/a/st\x5c", r"/a/st\x5cx5c"),
        (b"\\\xe9x", r"\\xe9x"),
        (rb"/a/b\c\x41\xE9", r"/a/b\c\x41\xE9"),  # nothing that is read as another name
    ],
)
def test_each_name_is_written_as_a_text_of_its_own(name, written):
    text = os.fsdecode(name)
    assert written_name(text) == written
    assert os.fsencode(read_name(written)) == name


def test_where_a_backslash_is_between_folders_it_stays_one(monkeypatch):
    monkeypatch.setattr(os, "sep", "\\")
    assert written_name(r"D:\xab12") == r"D:\xab12"
    assert read_name(r"D:\xab12") == r"D:\xab12"
    assert written_name("a\ud800") == r"a\x00"  # no name of a file; only text is needed


def test_a_study_in_a_folder_whose_name_is_not_utf_8_is_found_and_scored(tmp_path):
    root = tmp_path / f"root{STE}"
    make_study(root / STE, 1, name=f"{STE}{{}}.dcm")
    make_study(root / STE, 2)
    (root / STE / "a.nii").write_bytes(b"no volume")
    path = tmp_path / STE / "found.sqlite"
    with Index(path, str(root)) as index:
        found = list(find_tasks(str(root), index).tasks)
    with read_index(path) as index:
        assert list(index.tasks()) == found
    assert {one.source for one in found} == {str(root / STE), str(root / STE / "a.nii")}
    names = tuple(f"{STE}{number}.dcm" for number in (1, 2, 3))
    assert found[2].places == (Place(path=str(root / STE), names=names),)
    with Ledger(tmp_path) as ledger:
        outcomes = [score_task(one, options_for(tmp_path)) for one in found]
        for one in outcomes:
            ledger.add(one)
    assert [one.status for one in outcomes] == ["unreadable", "unfit", "unfit"]
    assert sorted(read_outcomes(tmp_path), key=str) == sorted(outcomes, key=str)


def test_the_tables_of_such_names_are_a_list_of_the_same_studies(tmp_path):
    task = Task(
        key=task_of("a").key,
        source=f"/{STE}",
        study_instance_uid=f"2.25.{STE}",
        places=(Place(path=f"/{STE}"), Place(path=f"/b/{STE}", names=(STE,))),
    )
    with Ledger(tmp_path) as ledger:
        ledger.add(ended(task, "failed", f"nothing in {STE}", error="InputError"))
    status = write_tables(tmp_path, format="csv").status
    with status.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["source"], row["other_places"]) == (r"/st\xe9", r"/b/st\xe9")
    assert row["reason"] == r"nothing in st\xe9"
    (again,) = listed_tasks(status)
    assert again.source == task.source
    assert [one.path for one in again.places] == [one.path for one in task.places]
    assert r"st\xe9" in write_summary(read_outcomes(tmp_path), tmp_path).read_text("utf-8")


def test_a_list_may_hold_any_bytes(tmp_path):
    good = tmp_path / STE
    make_study(good, 1)
    path = tmp_path / "list"
    path.write_bytes(
        os.fsencode(good) + b"\n~nobody-of-this-name/a\n\xff\x00\xfe\nhttps://[::1\n" + b"a" * 5000
    )
    tasks = list(listed_tasks(path))
    with Ledger(tmp_path / "out") as ledger:
        for task in tasks:
            ledger.add(score_task(task, options_for(tmp_path / "out")))
    ends = {one.key: one for one in read_outcomes(tmp_path / "out")}
    told = [(ends[one.key].status, ends[one.key].reason) for one in tasks]
    assert told[0][0] == "unfit"
    assert told[1] == told[2] == ("failed", "its files cannot be read: no such file or directory")
    assert told[3][1].startswith("of a DICOMweb server a study is named by its UID")
    assert told[4] == ("failed", "its files cannot be read: file name too long")
