"""What comes into the store, and what is made of it."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.find import find_series
from corcal.errors import InputError, NotFoundError
from corcal.store.records import ExamState, JobState, WorklistQuery
from corcal.store.store import Store
from dicom_maker import make_series
from store.study_maker import SLICES, add_exam, files_of, result_for, write_study


def test_a_study_becomes_a_waiting_exam_of_its_patient(store: Store, study: Path) -> None:
    report = store.import_study(study, by="anna")
    exam = store.exam(report.exams[0])
    assert report.new_exams == report.exams
    assert (report.file_count, report.new_file_count, report.skipped) == (SLICES, SLICES, ())
    assert exam.state is ExamState.WAITING
    assert (exam.reason, exam.latest_version, exam.latest) == (None, 0, None)
    assert store.patient(exam.patient.id) == exam.patient
    assert exam.patient.patient_id == "SYNTHETIC-1"
    assert exam.patient.name == "Synthetic^Patient"
    assert exam.patient.birth_date == "1950-01-01"
    assert exam.study.accession_number == "A1"
    assert exam.scan_date == exam.study.study_date == "2025-01-01"
    assert exam.series == find_series(study).series[0].key
    (event,) = store.events(exam.id)
    assert (event.sequence, event.by, event.kind) == (1, "anna", "state")
    assert event.after == {"state": "waiting", "reason": None}


def test_originals_are_kept_once_by_their_content(
    store: Store, study: Path, tmp_path: Path
) -> None:
    first = store.import_study(study)
    again = store.import_study(study)
    assert again.exams == first.exams
    assert (again.new_exams, again.file_count, again.new_file_count) == ((), SLICES, 0)
    # The same images in a zip, under other names
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number, path in enumerate(sorted(study.iterdir())):
            file.write(path, f"Synthetic Patient/{number}")
    assert store.import_study(archive).new_file_count == 0
    assert len(files_of(store)) == SLICES
    assert store.worklist().total == 1


def test_no_name_in_the_data_folder_comes_from_outside(store: Store, tmp_path: Path) -> None:
    named = tmp_path / "Synthetic^Patient"
    write_study(named)
    store.import_study(named)
    names = [path.name for path in store.folder.root.rglob("*")]
    assert not [name for name in names if "Synth" in name or name.endswith(".dcm")]


def test_the_images_come_back_as_links_with_neutral_names(store: Store, study: Path) -> None:
    (exam,) = store.import_study(study).exams
    with store.originals_folder(exam) as folder:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        (series,) = find_series(folder).series
        assert series.slice_count == SLICES
        assert files[0].relative_to(folder).as_posix() == "series001/000001"
        contents = {path.read_bytes() for path in files}
    assert contents == {path.read_bytes() for path in study.iterdir()}
    assert not folder.exists()
    assert not list((store.folder.root / "incoming").iterdir())
    with pytest.raises(NotFoundError, match="no such exam"), store.originals_folder("0" * 32):
        pass


def test_a_job_is_added_with_the_exam_and_only_once(store: Store, study: Path) -> None:
    (exam,) = store.import_study(study, job_kind="score").exams
    store.import_study(study, job_kind="score")
    (job,) = store.jobs.of(exam_id=exam)
    assert (job.kind, job.state, job.attempts) == ("score", JobState.QUEUED, 0)


def test_a_study_that_cannot_be_scored_is_unfit_with_the_reason(
    store: Store, tmp_path: Path
) -> None:
    # 11 slices of 5 mm: 55 mm; the least that is scored is 60 mm
    write_study(tmp_path / "short", slices=11)
    (exam,) = store.import_study(tmp_path / "short", job_kind="score").exams
    found = store.exam(exam)
    assert found.state is ExamState.UNFIT
    assert "55 mm from top to bottom" in str(found.reason)
    assert store.jobs.of(exam_id=exam) == ()


def test_a_study_without_ct_is_unfit(store: Store, tmp_path: Path) -> None:
    make_series(
        tmp_path / "mr",
        tags={"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"},
    )
    (exam,) = store.import_study(tmp_path / "mr").exams
    assert store.exam(exam).reason == "it holds no CT images"


def test_new_images_let_an_unfit_study_wait_again(store: Store, tmp_path: Path) -> None:
    write_study(tmp_path / "short", slices=11)
    (exam,) = store.import_study(tmp_path / "short").exams
    assert store.exam(exam).state is ExamState.UNFIT
    write_study(tmp_path / "whole", series_uid="2.25.77", hu=41)
    report = store.import_study(tmp_path / "whole", job_kind="score")
    assert report.exams == report.new_exams == (exam,)
    assert (store.exam(exam).state, store.exam(exam).series) == (ExamState.WAITING, "2.25.77")
    assert len(store.jobs.of(exam_id=exam)) == 1
    # With a result, the exam stays as it is
    store.add_result(exam, result_for(store, exam))
    write_study(tmp_path / "more", series_uid="2.25.78", hu=42)
    assert store.import_study(tmp_path / "more").new_exams == ()
    assert store.exam(exam).state is ExamState.TO_REVIEW


def test_new_images_that_cannot_be_scored_change_nothing(store: Store, tmp_path: Path) -> None:
    write_study(tmp_path / "whole")
    (exam,) = store.import_study(tmp_path / "whole", job_kind="score").exams
    write_study(tmp_path / "short", series_uid="2.25.79", slices=11, hu=1)
    assert store.import_study(tmp_path / "short").new_exams == ()
    assert store.exam(exam).state is ExamState.WAITING
    # A second series that can be scored does not queue the exam twice
    write_study(tmp_path / "second", series_uid="2.25.80", hu=2)
    assert store.import_study(tmp_path / "second", job_kind="score").new_exams == (exam,)
    assert len(store.jobs.of(exam_id=exam)) == 1


def test_a_person_may_add_an_exam_of_another_series(store: Store, tmp_path: Path) -> None:
    write_study(tmp_path / "in" / "a")
    write_study(tmp_path / "in" / "b", series_uid="2.25.81", hu=3)
    (exam,) = store.import_study(tmp_path / "in").exams
    other = store.add_exam(exam, "2.25.81", by="anna")
    assert (store.exam(other).state, store.exam(other).is_series_fixed) == ("waiting", True)
    with store.originals_folder(exam) as folder:
        assert len(find_series(folder).series) == 2
    with store.originals_folder(other) as folder:
        assert [one.key for one in find_series(folder).series] == ["2.25.81"]
    with pytest.raises(NotFoundError, match="no such series"):
        store.add_exam(exam, "2.25.82", by="anna")
    # New images of the study are not for an exam whose series a person has chosen
    write_study(tmp_path / "c", series_uid="2.25.83", hu=4)
    store.import_study(tmp_path / "c")
    assert store.exam(other).series == "2.25.81"


def test_patients_are_one_if_number_birth_date_and_name_agree(store: Store, tmp_path: Path) -> None:
    def patient_of(number: int, **described: object) -> str:
        exam = add_exam(store, tmp_path / str(number), number, **described)
        return store.exam(exam).patient.id

    first = patient_of(1, patient_id="7", name="Meier^Anna")
    assert patient_of(2, patient_id="7", name="MEIER^ANNA") == first
    assert patient_of(3, patient_id="7", name="Meier^Anna", PatientBirthDate="19510101") != first
    assert patient_of(4, patient_id="7", name="Huber^Eva") != first
    assert patient_of(5, patient_id="8", name="Meier^Anna") != first
    # Without a number nobody is taken for somebody else; the same study is the same person
    nameless = patient_of(6, patient_id="", name="Meier^Anna")
    assert nameless != first
    assert patient_of(7, patient_id="", name="Meier^Anna") != nameless
    assert patient_of(6, patient_id="", name="Meier^Anna") == nameless
    assert store.worklist(WorklistQuery(patient=first)).total == 2


def test_two_studies_in_one_folder_are_two_exams(store: Store, tmp_path: Path) -> None:
    write_study(tmp_path / "in" / "a")
    write_study(tmp_path / "in" / "b", study_uid="2.25.9", series_uid="2.25.9.1", patient_id="B")
    report = store.import_study(tmp_path / "in")
    assert len(report.exams) == 2
    assert {store.exam(exam).patient.patient_id for exam in report.exams} == {"SYNTHETIC-1", "B"}


def test_images_of_two_patients_in_one_series_are_not_kept(store: Store, tmp_path: Path) -> None:
    write_study(tmp_path / "in" / "a")
    write_study(tmp_path / "in" / "b", patient_id="B", name="Other^Person", hu=5)
    with pytest.raises(InputError, match=r"nothing that can be kept.*patients share this series"):
        store.import_study(tmp_path / "in")
    assert files_of(store) == set()


def test_a_series_without_uids_is_known_by_its_content(store: Store, tmp_path: Path) -> None:
    files = make_series(
        tmp_path / "in",
        hu=np.full((SLICES, 4, 4), 40, np.int16),
        spacing_mm=(5.0, 0.5, 0.5),
        tags={"StudyInstanceUID": None, "SeriesInstanceUID": None},
    )
    (exam,) = store.import_study(tmp_path / "in").exams
    found = store.exam(exam)
    assert (found.study.study_instance_uid, found.series) == (None, None)
    for number, path in enumerate(files):
        path.rename(path.with_name(f"renamed-{number}"))
    assert store.import_study(tmp_path / "in").exams == (exam,)
    with store.originals_folder(exam) as folder:
        assert find_series(folder).series[0].slice_count == SLICES


def test_a_volume_file_keeps_its_suffix_and_nothing_else_of_its_name(
    store: Store, tmp_path: Path
) -> None:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.full((40, 8, 8), -500, np.int16))
    image.SetSpacing((0.5, 0.5, 3.0))
    sitk.WriteImage(image, str(tmp_path / "Jones.nii.gz"))
    (exam,) = store.import_study(tmp_path / "Jones.nii.gz").exams
    assert "Jones" not in repr(store.exam(exam))
    with store.originals_folder(exam) as folder:
        assert [path.name for path in folder.rglob("*.gz")] == ["000001.nii.gz"]
        assert find_series(folder).series[0].format == "nifti"


def test_a_volume_in_two_files_is_not_kept(store: Store, tmp_path: Path) -> None:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.full((40, 8, 8), -500, np.int16))
    sitk.WriteImage(image, str(tmp_path / "a.mhd"))
    with pytest.raises(InputError, match=r"nothing that can be kept.*one file with both"):
        store.import_study(tmp_path / "a.mhd")
    write_study(tmp_path / "dicom")
    report = store.import_study(tmp_path)
    assert (
        "a.mhd",
        "its voxels are in another file: one file with both (.nrrd, .mha) is needed",
    ) in (report.skipped)
    assert report.file_count == SLICES


def test_nothing_usable_leaves_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("no image")
    with pytest.raises(InputError, match=r"letter\.txt"):
        store.import_study(tmp_path / "letter.txt")
    assert store.worklist().total == 0
    assert not list((store.folder.root / "incoming").iterdir())


def test_a_file_that_vanishes_while_it_is_imported_leaves_nothing(
    store: Store, study: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(study, copy)

    def vanish(done: int, _total: int, what: str) -> None:
        if what == "copying files" and done == 5:
            shutil.rmtree(copy)

    with pytest.raises(InputError, match="cannot be read any more: No such file"):
        store.import_study(copy, progress=vanish)
    assert store.worklist().total == 0
    assert files_of(store) == set()


def test_an_import_that_fails_after_files_were_moved_takes_them_away(
    store: Store, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        message = "refused on purpose"
        raise InputError(message)

    monkeypatch.setattr("corcal.store.importing._keep", refuse)
    with pytest.raises(InputError, match="refused on purpose"):
        store.import_study(study)
    assert files_of(store) == set()
    assert not list((store.folder.root / "incoming").iterdir())


def test_texts_that_a_database_cannot_keep_are_cleaned(store: Store, tmp_path: Path) -> None:
    exam = add_exam(store, tmp_path / "in", 1, StudyDescription="Calcium  score ", name="A^B\x1b")
    assert store.exam(exam).study.description == "Calcium score"
