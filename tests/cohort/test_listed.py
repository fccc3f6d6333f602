"""A list of studies: a path a line, or a CSV with columns."""

import pytest

from corcal.cohort.discover.listed import count_listed, listed_tasks
from corcal.errors import InputError


def tasks_of(folder, text, name="list.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    tasks = list(listed_tasks(path))
    assert count_listed(path) == len(tasks)
    return tasks


def test_each_line_is_a_path_from_the_folder_of_the_list_or_an_address(tmp_path):
    text = "# my scans\n\na/b\r\n  /abs/olute \ns3://bucket/one\n"
    tasks = tasks_of(tmp_path, text)
    assert [task.source for task in tasks] == [
        str(tmp_path / "a/b"),
        "/abs/olute",
        "s3://bucket/one",
    ]
    assert len({task.key for task in tasks}) == 3


def test_a_csv_names_study_and_series_too(tmp_path):
    text = 'note,series_instance_uid,source,study_instance_uid\n"x, y",2.25.2,a,2.25.1\n,,b,\n,,,\n'
    first, second = tasks_of(tmp_path, text)
    assert (first.study_instance_uid, first.series_instance_uid) == ("2.25.1", "2.25.2")
    assert (second.study_instance_uid, second.series_instance_uid) == (None, None)
    assert second.source == str(tmp_path / "b")


def test_a_column_path_will_do_and_a_byte_order_mark_is_no_part_of_it(tmp_path):
    (task,) = tasks_of(tmp_path, "\ufeffpath\na\n")
    assert task.source == str(tmp_path / "a")


def test_the_key_is_the_same_in_every_run_and_another_for_another_series(tmp_path):
    text = "source,series_instance_uid\na,1\na,2\n"
    first = tasks_of(tmp_path, text)
    (tmp_path / "elsewhere").mkdir()
    second = tasks_of(tmp_path / "elsewhere", text)
    assert [one.key for one in first] == [one.key for one in second]
    assert first[0].key != first[1].key


def test_a_csv_without_places_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"the list list\.txt has no column source"):
        tasks_of(tmp_path, "study_instance_uid\n2.25.1\n")


@pytest.mark.parametrize("text", ["id;source\n1;a\n", "id\tsource\n1\ta\n"])
def test_semicolons_and_tabs_separate_columns_as_well(tmp_path, text):
    (task,) = tasks_of(tmp_path, text, "list.csv")
    assert task.source == str(tmp_path / "a")


@pytest.mark.parametrize("text", ["scan,file\n1,a\n", "scan;file\n1;a\n"])
def test_a_table_of_other_columns_is_not_taken_for_a_list_of_paths(tmp_path, text):
    with pytest.raises(InputError, match=r"list\.csv has no column source, .* its first line"):
        tasks_of(tmp_path, text, "list.csv")
    assert len(tasks_of(tmp_path, text)) == 2  # a path may have a comma in it


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="the list nothing cannot be read: no such file"):
        list(listed_tasks(tmp_path / "nothing"))


def test_a_csv_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"the list list\.txt is no CSV"):
        tasks_of(tmp_path, "source\n" + "x" * 200_000)


def test_a_study_of_several_places_is_listed_as_a_run_tells_of_it(tmp_path):
    text = "source,other_places,study_instance_uid\na,b/c | s3://d/e,2.25.1\nf,,2.25.2\n"
    first, second = tasks_of(tmp_path, text, "status.csv")
    assert [place.path for place in first.places] == [
        str(tmp_path / "a"),
        str(tmp_path / "b/c"),
        "s3://d/e",
    ]
    assert first.source == str(tmp_path / "a")
    assert second.places == ()
