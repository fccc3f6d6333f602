"""Studies of an object store, by fsspec: one kept in memory, and a folder spoken to as a store."""

import zipfile

import fsspec
import pytest

from cohort_maker import make_study
from cohort_scorers import options_for
from corcal.cohort import objects
from corcal.cohort.discover import Index, find_tasks
from corcal.cohort.ledger import TRANSIENT
from corcal.cohort.score_task import score_task
from corcal.cohort.types import Place, Task, task_key
from corcal.errors import InputError, PeerError


@pytest.fixture
def store():
    """A store in memory, empty before and after."""
    kept = fsspec.filesystem("memory")
    kept.store.clear()
    kept.pseudo_dirs[:] = [""]
    yield kept
    kept.store.clear()


def put(store, files, folder):
    for file in files:
        store.pipe_file(f"{folder}/{file.name}", file.read_bytes())


def found_in(url, index_path, **options):
    with Index(index_path, url) as index:
        found = find_tasks(url, index, **options)
        tasks = list(found.tasks)
        assert found.total == len(tasks)
        return tasks


def statuses(tasks, out):
    return {task.source: score_task(task, options_for(out)).status for task in tasks}


def test_folders_of_one_study_are_one_task_and_others_are_others(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1, series=1), "/data/p1/s1")
    put(store, make_study(tmp_path / "b", 1, series=2), "/data/p1/s2")
    put(store, make_study(tmp_path / "c", 2), "/data/p2")
    store.pipe_file("/data/readme.txt", b"no image")
    first, second = found_in("memory://data", tmp_path / "found.sqlite")
    assert first.study_instance_uid == "2.25.1001"
    assert [place.path for place in first.places] == [
        "memory:///data/p1/s1",
        "memory:///data/p1/s2",
    ]
    assert second.places == (Place(path="memory:///data/p2"),)
    assert statuses([first, second], tmp_path) == {first.source: "unfit", second.source: "unfit"}


def test_archives_and_volumes_are_places_of_their_own(store, tmp_path):
    files = make_study(tmp_path / "a", 1)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for file in files:
            archive.write(file, file.name)
    store.pipe_file("/data/a.zip", (tmp_path / "a.zip").read_bytes())
    store.pipe_file("/data/b.nii", b"no volume")
    put(store, make_study(tmp_path / "c", 2), "/data")
    tasks = found_in("memory://data", tmp_path / "found.sqlite")
    assert statuses(tasks, tmp_path) == {
        "memory:///data/a.zip": "unfit",
        "memory:///data/b.nii": "unreadable",
        "memory:///data": "unfit",
    }
    (images,) = (task for task in tasks if task.source == "memory:///data")
    assert images.places[0].names == ("IM-0001.dcm", "IM-0002.dcm", "IM-0003.dcm")


def test_three_objects_of_a_folder_are_asked_of_which_study_it_is(store, tmp_path, monkeypatch):
    put(store, make_study(tmp_path / "a", 1, slices=5), "/data/a")
    asked = []
    real = type(store).cat_file

    def noted(self, path, *rest, **options):
        asked.append(path)
        return real(self, path, *rest, **options)

    monkeypatch.setattr(type(store), "cat_file", noted)
    found_in("memory://data", tmp_path / "found.sqlite")
    assert asked == [f"/data/a/IM-000{number}.dcm" for number in (1, 3, 5)]
    found_in("memory://data", tmp_path / "found.sqlite")
    assert len(asked) == 3  # nothing has changed
    put(store, make_study(tmp_path / "b", 1, name="new{}.dcm", slices=1), "/data/a")
    found_in("memory://data", tmp_path / "found.sqlite")
    assert len(asked) == 6


def test_a_folder_of_several_studies_is_told_apart(store, tmp_path):
    for number in (1, 2):
        put(store, make_study(tmp_path / str(number), number, name=f"{number}-{{}}.dcm"), "/data")
    store.pipe_file("/data/0", b"")  # of nothing a store gives no range
    first, second = found_in("memory://data", tmp_path / "found.sqlite")
    assert first.places[0].names == tuple(f"1-{number}.dcm" for number in (1, 2, 3))
    assert second.places[0].names == tuple(f"2-{number}.dcm" for number in (1, 2, 3))
    outcomes = [score_task(one, options_for(tmp_path)) for one in (first, second)]
    assert [one.study_instance_uid for one in outcomes] == ["2.25.1001", "2.25.1002"]
    assert [one.status for one in outcomes] == ["unfit", "unfit"]


def test_images_among_other_things_are_found(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1, slices=1), "/data")
    for name in ("0", "1", "X", "Y", "Z"):  # first, middle and last are text
        store.pipe_file(f"/data/{name}", b"text")
    (task,) = found_in("memory://data", tmp_path / "found.sqlite")
    assert task.study_instance_uid == "2.25.1001"


def test_a_damaged_object_is_told_and_text_is_not(store, tmp_path):
    store.pipe_file("/data/a/1.dcm", bytes(128) + b"DICM" + b"\xff" * 40)
    store.pipe_file("/data/b/notes", b"text")
    tasks = found_in("memory://data", tmp_path / "found.sqlite")
    assert statuses(tasks, tmp_path) == {"memory:///data/a": "unreadable"}


def test_nothing_stays_where_objects_are_copied_to(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1), "/data/a")
    options = options_for(tmp_path, scratch=str(tmp_path / "scratch"))
    task = Task(key=task_key("x"), source="memory://data")
    assert score_task(task, options).status == "unfit"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_listed_address_is_a_folder_to_any_depth_or_one_object(store, tmp_path):
    put(store, make_study(tmp_path / "a", 1), "/data/deep/er")
    store.pipe_file("/data/b.nii", b"no volume")
    listed = [
        Task(key=task_key(url), source=url) for url in ("memory://data/deep", "memory://data/b.nii")
    ]
    assert list(statuses(listed, tmp_path).values()) == ["unfit", "unreadable"]


@pytest.mark.usefixtures("store")
def test_an_object_that_is_gone_failed_and_is_tried_again(tmp_path):
    task = Task(key="k", source="memory://gone", places=(Place(path="memory://gone/x"),))
    outcome = score_task(task, options_for(tmp_path))
    assert (outcome.status, outcome.error) == ("failed", "GoneError")
    assert outcome.error in TRANSIENT
    empty = Task(key="k", source="memory://gone")
    told = "memory: the store does not have it, or no longer; the next run looks again"
    assert score_task(empty, options_for(tmp_path)).reason == told


def test_a_folder_spoken_to_as_a_store_is_scored(tmp_path):
    make_study(tmp_path / "data" / "a", 1)
    (task,) = found_in(f"file://{tmp_path}/data", tmp_path / "found.sqlite")
    assert task.source == f"file://{tmp_path}/data/a"
    assert statuses([task], tmp_path) == {task.source: "unfit"}


@pytest.mark.usefixtures("store")
def test_an_empty_store_is_told(tmp_path):
    with pytest.raises(InputError, match="nothing is there: a folder of an object store"):
        found_in("memory://nothing", tmp_path / "found.sqlite")


def test_a_store_that_nobody_knows_or_has_installed_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="fsspec knows no floppy://"):
        found_in("floppy://a", tmp_path / "found.sqlite")

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(objects.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"s3:// needs fsspec and its part for that store"):
        found_in("s3://bucket", tmp_path / "found.sqlite")


class _StrangeError(Exception):
    """As the libraries of stores raise, each its own."""


@pytest.mark.parametrize("raised", [_StrangeError("secret"), ConnectionError("secret")])
def test_a_store_that_does_not_answer_is_no_fault_of_the_scan(store, tmp_path, monkeypatch, raised):
    def broken(*_, **__):
        raise raised

    monkeypatch.setattr(type(store), "walk", broken)
    with pytest.raises(PeerError, match=r"^memory: the store does not answer \(\w+Error\)$"):
        found_in("memory://data", tmp_path / "found.sqlite")


def test_a_full_disk_is_not_taken_for_a_store_that_is_away(store, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(store), "walk", full)
    with pytest.raises(OSError, match="No space left"):
        found_in("memory://data", tmp_path / "found.sqlite")
