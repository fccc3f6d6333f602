"""What is left of a patient who was deleted: nothing."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select

from corcal.errors import CorcalError, NotFoundError
from corcal.store.store import Store
from corcal.store.tables import EventRow, ExamRow, OriginalRow
from store.conftest import Place
from store.study_maker import SLICES, VOXELS, add_exam, files_of, result_for, write_study


@pytest.fixture
def exam(store: Store, tmp_path: Path) -> str:
    """An exam with everything that one can have."""
    key = add_exam(store, tmp_path / "in", 1, name="Deletion^Candidate", patient_id="DELETE-ME")
    store.jobs.enqueue("score", exam_id=key)
    store.add_result(key, result_for(store, key), voxels=VOXELS, attachments={"a": b"DELETE-ME"})
    store.sign(key, by="anna", version=1)
    store.add_event(key, "assign", by="anna", before="LAD", after="RCA")
    return key


def everything(place: Place) -> bytes:
    """All bytes of the data folder."""
    return b"".join(path.read_bytes() for path in sorted(place.data.rglob("*")) if path.is_file())


def test_everything_of_a_patient_goes_and_a_tombstone_stays(
    store: Store, exam: str, place: Place
) -> None:
    patient = store.exam(exam).patient.id
    store.audit.record(by="anna", action="open", patient_id=patient)
    assert len(files_of(store)) == SLICES + 2
    assert b"DELETE-ME" in everything(place)
    stone = store.delete_patient(patient, by="eva")
    assert (stone.patient_id, stone.deleted_by, stone.exam_count) == (patient, "eva", 1)
    assert store.tombstones() == (stone,)
    assert files_of(store) == set()
    assert store.worklist().total == 0
    assert store.jobs.of() == ()
    for ask in (store.exam, store.result, store.events):
        with pytest.raises(NotFoundError, match="no such exam"):
            ask(exam)
    with pytest.raises(NotFoundError, match="no such patient"):
        store.delete_patient(patient, by="eva")
    # The log of who looked outlives the patient, and names nobody
    assert store.audit.entries(patient_id=patient)[0].action == "open"
    # Neither in the database nor in its write-ahead log
    for trace in (b"DELETE-ME", b"Candidate", b"candidate", b'"agatston"'):
        assert trace not in everything(place)


def test_files_that_another_patient_has_too_stay(store: Store, tmp_path: Path) -> None:
    # A de-identifying program that gave one and the same files to two patients: here the second
    # patient's study holds the file of the first one as a second series
    first = add_exam(store, tmp_path / "a", 1)
    second = add_exam(store, tmp_path / "b", 2)
    with store._database.writing(files=True) as session:
        of_first = session.get_one(ExamRow, first).study_id
        of_second = session.get_one(ExamRow, second).study_id
        shared = session.scalars(select(OriginalRow.sha256).where(OriginalRow.study_id == of_first))
        kept = next(iter(shared))
        session.add(
            OriginalRow(study_id=of_second, sha256=kept, series="2.25.1.1", position=99, suffix="")
        )
    assert len(files_of(store)) == 2 * SLICES
    with store.folder.files_held():  # what is still needed counts at every moment
        store.delete_patient(store.exam(first).patient.id, by="eva")
        assert store.verify().file_count == SLICES + 1
    assert store.verify().is_whole
    assert len(files_of(store)) == SLICES + 1
    store.delete_patient(store.exam(second).patient.id, by="eva")
    assert files_of(store) == set()


def test_only_the_one_patient_goes(store: Store, exam: str, tmp_path: Path) -> None:
    other = add_exam(store, tmp_path / "other", 2)
    store.add_result(other, result_for(store, other), voxels=VOXELS)  # the very same voxels
    store.delete_patient(store.exam(exam).patient.id, by="eva")
    assert store.voxels(other) is not None
    assert len(store.events(other)) == 2
    assert store.verify().is_whole


def test_files_wait_for_whoever_holds_them(store: Store, exam: str) -> None:
    with store.folder.files_held():
        store.delete_patient(store.exam(exam).patient.id, by="eva")
        assert len(files_of(store)) == SLICES + 2
        assert store.verify().file_count == 0  # they do not count any more
        assert len(files_of(store)) == SLICES + 2
    store.verify()
    assert files_of(store) == set()


def test_files_that_are_needed_again_before_they_went_stay(
    store: Store, exam: str, tmp_path: Path
) -> None:
    with store.folder.files_held():
        store.delete_patient(store.exam(exam).patient.id, by="eva")
        report = store.import_study(tmp_path / "in")
    assert report.new_file_count == SLICES
    assert store.verify().is_whole
    assert len(files_of(store)) == SLICES  # the voxels went


def test_a_patient_who_comes_again_is_a_new_one(store: Store, exam: str, tmp_path: Path) -> None:
    patient = store.exam(exam).patient.id
    store.delete_patient(patient, by="eva")
    write_study(tmp_path / "again", patient_id="DELETE-ME", name="Deletion^Candidate")
    (again,) = store.import_study(tmp_path / "again").exams
    assert store.exam(again).patient.id != patient


def test_an_exam_goes_by_itself_where_its_patient_has_others(
    store: Store, exam: str, place: Place, tmp_path: Path
) -> None:
    other = add_exam(store, tmp_path / "b", 2, name="Deletion^Candidate", patient_id="DELETE-ME")
    store.add_result(other, result_for(store, other, agatston=77.25), attachments={"b": b"LATER"})
    store.sign(other, by="anna", version=1)
    store.jobs.enqueue("score", exam_id=other)
    patient = store.exam(exam).patient.id
    assert store.exam(other).patient.id == patient
    assert len(files_of(store)) == 2 * SLICES + 3
    store.delete_exam(other, by="eva")
    assert len(files_of(store)) == SLICES + 2
    assert store.worklist().total == 1
    assert store.verify().is_whole
    assert len(store.jobs.of()) == 1
    for trace in (b"LATER", b"77.25", b"2.25.2"):
        assert trace not in everything(place)
    (stone,) = store.exam_tombstones()
    assert (stone.exam_id, stone.patient_id, stone.deleted_by) == (other, patient, "eva")
    assert store.tombstones() == ()
    with pytest.raises(NotFoundError, match="no such exam"):
        store.delete_exam(other, by="eva")
    store.delete_exam(exam, by="eva")  # the last one: nothing of the patient is left
    assert [one.exam_count for one in store.tombstones()] == [1]
    assert files_of(store) == set()
    assert b"DELETE-ME" not in everything(place)


def test_images_that_another_exam_is_scored_from_stay(store: Store, tmp_path: Path) -> None:
    # One study of two series: the automatic exam is scored from all of it, the second exam from a
    # series that a person has chosen
    write_study(tmp_path / "in" / "a", hu=1)
    write_study(tmp_path / "in" / "b", series_uid="2.25.81", hu=2)
    (first,) = store.import_study(tmp_path / "in").exams
    second = store.add_exam(first, "2.25.81", by="anna")
    third = store.add_exam(first, "2.25.81", by="anna")
    store.delete_exam(third, by="eva")
    assert len(files_of(store)) == 2 * SLICES
    store.delete_exam(first, by="eva")
    assert len(files_of(store)) == SLICES
    with store.originals_folder(second) as folder:
        assert len([path for path in folder.rglob("*") if path.is_file()]) == SLICES
    again = store.import_study(tmp_path / "in" / "a")
    assert again.new_file_count == SLICES


def test_history_goes_with_its_exam_alone(store: Store, exam: str) -> None:
    with (
        pytest.raises(CorcalError, match="the database"),
        store._database.writing() as session,
    ):
        session.execute(delete(EventRow).where(EventRow.exam_id == exam))
