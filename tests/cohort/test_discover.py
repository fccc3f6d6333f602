"""Studies are found by headers, wherever their files lie, and folders that stay are read once."""

import errno
import os
import shutil
import sqlite3
import zipfile
from contextlib import nullcontext

import numpy as np
import pytest

from cohort_maker import make_study
from corcal.cohort.discover import Index, find_tasks, folder_tree, read_index
from corcal.cohort.types import OutputError, Place
from corcal.ct.dicom import codecs
from corcal.errors import InputError


def found_in(root, index_path=None, **options):
    """All tasks below a root."""
    path = index_path or root.parent / "found.sqlite"
    with Index(path, str(root)) as index:
        found = find_tasks(str(root), index, **options)
        tasks = list(found.tasks)
        assert found.total == len(tasks)
        return tasks


@pytest.fixture
def reads(monkeypatch):
    """Names of the files whose headers are read."""
    names = []
    real = folder_tree.study_of_file

    def noted(name, *rest):
        names.append(name)
        return real(name, *rest)

    monkeypatch.setattr(folder_tree, "study_of_file", noted)
    return names


def test_the_series_of_a_study_are_one_task_whatever_folders_they_are_in(tmp_path):
    root = tmp_path / "data"
    make_study(root / "a" / "one", 1, series=1)
    make_study(root / "b", 2)
    make_study(root / "z" / "two", 1, series=2)
    first, second = found_in(root)
    assert first.study_instance_uid == "2.25.1001"
    assert [place.path for place in first.places] == [str(root / "a/one"), str(root / "z/two")]
    assert first.source == str(root / "a" / "one")
    assert second.study_instance_uid == "2.25.1002"


def test_studies_of_one_folder_are_told_apart_by_their_files(tmp_path):
    root = tmp_path / "data"
    make_study(root, 1, slices=2, name="a{}.dcm")
    make_study(root, 2, slices=1, name="b{}.dcm")
    (root / "readme.txt").write_text("no image")
    first, second = found_in(root)
    assert first.places == (Place(path=str(root), names=("a1.dcm", "a2.dcm")),)
    assert second.places == (Place(path=str(root), names=("b1.dcm",)),)


def test_no_pixel_is_read(tmp_path, monkeypatch):
    root = tmp_path / "data"
    files = make_study(root, 1)
    for file in files:  # what stands behind the header is lost
        data = file.read_bytes()
        file.write_bytes(data[: len(data) - 100])
    monkeypatch.setattr(codecs, "decode_frame", None)
    assert [task.study_instance_uid for task in found_in(root)] == ["2.25.1001"]


def test_the_key_of_a_study_is_the_same_wherever_it_lies(tmp_path):
    make_study(tmp_path / "data" / "a", 1)
    (before,) = found_in(tmp_path / "data")
    shutil.move(tmp_path / "data" / "a", tmp_path / "elsewhere")
    (after,) = found_in(tmp_path / "elsewhere")
    assert before.key == after.key


def test_a_folder_without_images_is_passed_over_and_one_of_damaged_ones_is_told(tmp_path):
    root = tmp_path / "data"
    (root / "notes").mkdir(parents=True)
    (root / "notes" / "a.txt").write_text("text")
    (root / "empty").mkdir()
    file = make_study(root / "broken", 1, slices=1)[0]
    file.write_bytes(file.read_bytes()[:140])
    (task,) = found_in(root)
    assert task.places == (Place(path=str(root / "broken")),)
    assert task.study_instance_uid is None


def test_a_damaged_file_stays_with_the_one_study_beside_it(tmp_path):
    files = make_study(tmp_path / "data", 1)
    files[0].write_bytes(files[0].read_bytes()[:140])
    (task,) = found_in(tmp_path / "data")
    assert task.places == (Place(path=str(tmp_path / "data")),)


def test_a_dicomdir_and_a_file_that_may_not_be_read_are_no_study(tmp_path):
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    root = tmp_path / "data"
    root.mkdir()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "2.25.9"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    index = FileDataset("DICOMDIR", Dataset(), file_meta=meta, preamble=bytes(128))
    index.DirectoryRecordSequence = []
    index.save_as(root / "DICOMDIR", enforce_file_format=True)
    assert found_in(root) == []


def test_an_archive_is_a_place_and_a_broken_one_is_told(tmp_path):
    root = tmp_path / "data"
    files = make_study(tmp_path / "files", 1) + make_study(tmp_path / "more", 2, slices=1)
    root.mkdir()
    with zipfile.ZipFile(root / "two.zip", "w") as archive:
        for number, file in enumerate(files):
            archive.write(file, f"{number}.dcm")
    (root / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    broken, first, second = found_in(root)
    assert broken.source == str(root / "broken.zip")
    assert first.places == (Place(path=str(root / "two.zip"), names=("0.dcm", "1.dcm", "2.dcm")),)
    assert second.study_instance_uid == "2.25.1002"


def test_an_archive_without_an_image_is_passed_over(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    with zipfile.ZipFile(root / "text.zip", "w") as archive:
        archive.writestr("a.txt", "text")
    assert found_in(root) == []


def test_a_volume_file_is_a_study_of_its_own_and_not_part_of_the_images_beside_it(tmp_path):
    root = tmp_path / "data"
    make_study(root, 1, slices=1, name="a{}.dcm")
    (root / "b.nii.gz").write_bytes(b"")
    images, volume = sorted(found_in(root), key=lambda task: task.source)
    assert images.places == (Place(path=str(root), names=("a1.dcm",)),)
    assert volume.source == str(root / "b.nii.gz")


def test_links_that_lead_in_circles_are_followed_once(tmp_path):
    root = tmp_path / "data"
    make_study(root / "a", 1)
    (root / "a" / "round").symlink_to(root)
    (root / "again").symlink_to(root / "a")
    assert len(found_in(root)) == 1


def test_a_link_that_leads_nowhere_costs_only_itself(tmp_path):
    root = tmp_path / "data"
    (file,) = make_study(root, 1, slices=1)
    make_study(root / "b", 2)
    (root / "self").symlink_to("self")
    (root / "ping").symlink_to("pong")
    (root / "pong").symlink_to("ping")
    (root / "through").symlink_to(file / "no folder")
    (root / "gone").symlink_to("nowhere")
    with Index(tmp_path / "found.sqlite", str(root)) as index:
        found = find_tasks(str(root), index)
        assert [task.source for task in found.tasks] == [str(root), str(root / "b")]
        assert found.unread == ()


def test_a_link_behind_which_nobody_may_look_is_told_and_costs_only_itself(tmp_path, monkeypatch):
    root = tmp_path / "data"
    make_study(root / "a", 1)
    closed = root / "closed"
    closed.symlink_to(tmp_path)
    real = os.scandir

    class Entry:
        """An entry; of a link the system says nothing."""

        def __init__(self, entry):
            self.name, self.path, self._entry = entry.name, entry.path, entry

        def is_dir(self):
            if self._entry.is_symlink():
                raise PermissionError(errno.EACCES, "Permission denied")
            return self._entry.is_dir()

        def is_file(self):
            return self._entry.is_file()

    def scandir(path):
        with real(path) as entries:
            return nullcontext([Entry(one) for one in entries])

    monkeypatch.setattr(folder_tree.os, "scandir", scandir)
    with Index(tmp_path / "found.sqlite", str(root)) as index:
        found = find_tasks(str(root), index)
        assert [task.source for task in found.tasks] == [str(root / "a")]
        assert found.unread == (str(closed),)


def test_results_that_lie_in_the_folder_are_no_scans(tmp_path):
    root = tmp_path / "data"
    make_study(root / "a", 1)
    make_study(root / "results" / "segmentations", 1)
    assert len(found_in(root)[0].places) == 2
    (root / "results" / "ledger.jsonl").write_bytes(b"")
    (task,) = found_in(root)
    assert [place.path for place in task.places] == [str(root / "a")]
    (root / "ledger.jsonl").write_bytes(b"")  # results among the scans themselves
    assert found_in(root) == [task]
    own = make_study(root / "segmentations", 1, slices=1, name=f"{'0a' * 10}.dcm")
    assert found_in(root) == [task]
    own[0].rename(root / "segmentations" / "ct.dcm")  # not a name that a run gives
    assert len(found_in(root)[0].places) == 2


def test_a_folder_that_has_not_changed_is_not_read_again(tmp_path, reads):
    root = tmp_path / "data"
    make_study(root / "a", 1, slices=2)
    make_study(root / "b", 2, slices=1)
    found_in(root)
    assert len(reads) == 3
    make_study(root / "b", 2, slices=1, name="new{}.dcm")
    make_study(root / "c", 3, slices=1)
    shutil.rmtree(root / "a")
    reads.clear()
    tasks = found_in(root)
    assert sorted(reads) == ["IM-0001.dcm", "IM-0001.dcm", "new1.dcm"]
    assert [task.study_instance_uid for task in tasks] == ["2.25.1002", "2.25.1003"]


def test_a_search_that_was_interrupted_goes_on(tmp_path, reads, monkeypatch):
    root = tmp_path / "data"
    for number in range(4):
        make_study(root / f"{number}", number, slices=1)
    monkeypatch.setattr(folder_tree, "_SAVE_EVERY", 1)

    def looked(files, _):
        if files == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found_in(root, looked=looked)
    reads.clear()
    assert len(found_in(root)) == 4
    assert len(reads) <= 3


def test_what_was_found_below_another_root_is_kept_apart(tmp_path):
    index = tmp_path / "found.sqlite"
    make_study(tmp_path / "one", 1)
    make_study(tmp_path / "two", 2)
    (first,) = found_in(tmp_path / "one", index)
    (second,) = found_in(tmp_path / "two", index)
    assert (first.study_instance_uid, second.study_instance_uid) == ("2.25.1001", "2.25.1002")
    assert found_in(tmp_path / "one", index) == [first]


def test_an_index_can_be_used_by_other_runs_that_do_not_change_it(tmp_path):
    make_study(tmp_path / "data", 1)
    tasks = found_in(tmp_path / "data")
    with read_index(tmp_path / "found.sqlite") as index:
        assert list(index.tasks()) == tasks
        assert index.count() == 1


def test_what_is_no_index_is_refused_where_one_is_given(tmp_path):
    (tmp_path / "text").write_text("no database, but a text that is long enough" * 9)
    with pytest.raises(InputError, match="text is not what --find-only leaves"):
        read_index(tmp_path / "text")
    base = sqlite3.connect(tmp_path / "other")
    base.executescript("CREATE TABLE place (root); PRAGMA user_version = 99;")
    base.close()
    with pytest.raises(InputError, match="other is of another release, or of 0 searches"):
        read_index(tmp_path / "other")


@pytest.mark.parametrize("content", [b"damaged" * 99, b""])
def test_a_damaged_index_is_made_anew(tmp_path, content):
    make_study(tmp_path / "data", 1)
    (tmp_path / "found.sqlite").write_bytes(content)
    assert len(found_in(tmp_path / "data")) == 1


def test_a_full_disk_is_told(tmp_path):
    with Index(tmp_path / "found.sqlite", "root") as index:
        index._base.execute("PRAGMA max_page_count = 1")
        with pytest.raises(OutputError, match="cannot be written: database or disk is full"):
            index.put("x" * 99_999, "", ())


def test_what_is_no_folder_is_refused(tmp_path):
    file = make_study(tmp_path / "data", 1)[0]
    with pytest.raises(InputError, match=r"IM-0001\.dcm: not a folder; --list takes a file"):
        found_in(file, tmp_path / "found.sqlite")


def test_the_search_tells_how_far_it_is(tmp_path):
    root = tmp_path / "data"
    make_study(root / "a", 1, slices=2)
    make_study(root / "b", 2, slices=1)
    told = []
    found_in(root, looked=lambda files, places: told.append((files, places)))
    assert told[-1] == (3, 3)  # the root is a folder, too
    assert np.all(np.diff(told, axis=0) >= 0)
