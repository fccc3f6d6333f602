"""One study of many: scored, or the reason why not. Never an exception, whatever it is."""

import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cohort_maker import make_study
from cohort_scorers import options_for
from corcal.annotations import read_annotation
from corcal.cohort import score_task as module
from corcal.cohort.fetch import scan_of
from corcal.cohort.score_task import score_task
from corcal.cohort.types import OutputError, Place, Task, task_key
from corcal.ct.read import read_scan
from corcal.errors import PeerError, UnfitError
from corcal.pipeline import score_path


def task_at(path, **options):
    return Task(key=task_key(str(path)), source=str(path), **options)


def outcome_of(path, out, **options):
    return score_task(task_at(path), options_for(out, **options))


@pytest.fixture(scope="module")
def exam(patient_folder):
    """The same study, scored by the pipeline."""
    return score_path(patient_folder)


@pytest.fixture
def scored_before(monkeypatch, exam):
    """Scoring takes no time: its result is there already."""
    monkeypatch.setattr(module, "score_scan", lambda *_, **__: exam)


@pytest.fixture(scope="module")
def scored(patient_folder, tmp_path_factory):
    """A simulated patient's study, scored with all that can be wanted."""
    out = tmp_path_factory.mktemp("out")
    return out, outcome_of(patient_folder, out, pictures=True, segmentations=True)


def test_a_study_is_scored_as_by_the_pipeline(scored, exam):
    _, outcome = scored
    result = exam.result
    assert outcome.status == "scored"
    assert outcome.reason is None
    assert outcome.exam_row["total_agatston"] == result.score.total.agatston > 0
    assert outcome.exam_row["LAD_agatston"] == result.score.vessels["LAD"].agatston
    assert outcome.series_instance_uid == result.scan.series_instance_uid
    assert [row["id"] for row in outcome.lesion_rows] == [one.id for one in result.lesions]
    assert outcome.certainty == max(result.score.category_probabilities.values())
    assert outcome.seconds > 0
    assert 50 < outcome.peak_mb < 3200


def test_the_score_is_interpreted_by_age_and_sex_of_the_headers(scored):
    _, outcome = scored
    assert any(name.startswith("category_") for name in outcome.exam_row)
    assert any(name.startswith("percentile_") for name in outcome.exam_row)


def test_empty_cells_are_left_out_and_the_others_are_plain(scored):
    _, outcome = scored
    for row in (outcome.exam_row, *outcome.lesion_rows):
        for name, cell in row.items():
            assert type(cell) in (str, float, int, bool, list), name


def test_the_segmentation_has_the_calcium_and_the_picture_is_one(scored, patient_folder):
    out, outcome = scored
    assert (out / outcome.picture).read_bytes().startswith(b"\x89PNG")
    found = read_annotation(out / outcome.segmentation, read_scan(patient_folder))
    assert found.voxels.index.size > 0


def test_the_scan_can_be_read_again(scored, patient_folder, tmp_path):
    _, outcome = scored
    again = scan_of(outcome, options_for(tmp_path))
    assert np.array_equal(again.hu, read_scan(patient_folder).hu)


def test_a_study_beside_others_is_scored_alone(scored, patient_folder, tmp_path, monkeypatch):
    seen = []

    def noted(scan, *_, suitability, **__):
        seen.append((scan.shape, {one.code for one in suitability.findings}))
        raise UnfitError

    monkeypatch.setattr(module, "score_scan", noted)
    folder = tmp_path / "mixed"
    shutil.copytree(patient_folder, folder)
    make_study(folder, 5, name="other{}.dcm")
    _, alone = scored
    names = tuple(path.name for path in sorted(patient_folder.iterdir()))
    with_names = replace(task_at(folder), places=(Place(path=str(folder), names=names),))
    by_uid = replace(
        task_at(folder),
        places=(Place(path=str(folder)),),
        study_instance_uid=alone.study_instance_uid,
    )
    for task in (with_names, by_uid):
        score_task(task, options_for(tmp_path))
        shape, codes = seen.pop()
        assert shape == (22, 192, 192)
        assert not codes & {"SEVERAL_STUDIES", "SEVERAL_PATIENTS"}


def test_a_study_in_an_archive_is_read_from_it(tmp_path):
    archive = tmp_path / "a.zip"
    files = make_study(tmp_path / "files", 1) + make_study(tmp_path / "more", 2)
    with zipfile.ZipFile(archive, "w") as stream:
        for number, file in enumerate(files):
            stream.write(file, f"{number}.dcm")
    task = task_at(archive, places=(Place(path=str(archive), names=("3.dcm", "4.dcm", "5.dcm")),))
    outcome = score_task(task, options_for(tmp_path))
    assert outcome.status == "unfit"


def break_empty(folder):
    folder.mkdir()


def break_text(folder):
    folder.mkdir()
    (folder / "a.txt").write_text("Patient: Doe, John")


def break_cut(folder):
    for file in make_study(folder, 1):
        file.write_bytes(file.read_bytes()[:300])


def break_zeros(folder):
    for file in make_study(folder, 1):
        file.write_bytes(bytes(5000))


def break_pixels(folder):
    for file in make_study(folder, 1):
        data = file.read_bytes()
        file.write_bytes(data[:-20])


def break_zip(folder):
    folder.write_bytes(b"PK\x03\x04" + bytes(100))


def break_nifti(folder):
    folder.mkdir()
    (folder / "a.nii.gz").write_bytes(b"\x1f\x8b nothing more")


@pytest.mark.parametrize(
    "broken",
    [break_empty, break_text, break_cut, break_zeros, break_pixels, break_zip, break_nifti],
)
def test_a_broken_study_is_unreadable_with_a_reason_in_one_line(tmp_path, broken):
    broken(tmp_path / "study")
    outcome = outcome_of(tmp_path / "study", tmp_path)
    assert outcome.status == "unreadable"
    assert outcome.reason
    assert "\n" not in outcome.reason
    assert "Doe" not in outcome.reason
    assert outcome.exam_row is None


def test_a_scan_that_is_not_fit_says_why(tmp_path):
    make_study(tmp_path / "study", 1)
    outcome = outcome_of(tmp_path / "study", tmp_path)
    assert (outcome.status, outcome.error) == ("unfit", "UnfitError")
    assert outcome.reason.startswith("not fit for calcium scoring: ")


def test_a_study_without_ct_is_not_fit(tmp_path):
    make_study(tmp_path / "study", 1, tags={"Modality": "MR"})
    outcome = outcome_of(tmp_path / "study", tmp_path)
    assert (outcome.status, outcome.reason) == ("unfit", "no CT: the study has MR only")


@pytest.mark.usefixtures("scored_before")
def test_a_series_that_a_list_names_is_scored_or_says_why_not(exam, patient_folder, tmp_path):
    uid = exam.result.scan.series_instance_uid
    named = replace(task_at(patient_folder), series_instance_uid=uid)
    assert score_task(named, options_for(tmp_path)).status == "scored"
    make_study(tmp_path / "study", 1)
    unfit = replace(task_at(tmp_path / "study"), series_instance_uid="2.25.1001.1")
    outcome = score_task(unfit, options_for(tmp_path))
    assert outcome.status == "unfit"
    other = replace(unfit, series_instance_uid="2.25.7")
    assert score_task(other, options_for(tmp_path)).status == "unreadable"


def test_a_study_that_is_no_longer_there_failed_and_is_tried_again(tmp_path):
    outcome = outcome_of(tmp_path / "gone", tmp_path)
    assert (outcome.status, outcome.error) == ("failed", "FileNotFoundError")
    assert outcome.reason == "its files cannot be read: no such file or directory"


def test_a_place_with_another_study_than_wanted_is_unreadable(tmp_path):
    make_study(tmp_path / "study", 1)
    task = replace(task_at(tmp_path / "study"), study_instance_uid="2.25.7")
    outcome = score_task(task, options_for(tmp_path))
    assert outcome.reason == "the study is no longer where it was found"


def test_a_scan_that_needs_more_memory_than_allowed_is_refused_before_it_is_read(
    patient_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "read_series", None)
    outcome = outcome_of(patient_folder, tmp_path, memory_mb=355)
    assert (outcome.status, outcome.error) == ("failed", "TooLargeError")
    assert outcome.reason == (
        "22 slices of 192 x 192 need up to 358 MB, a worker may use 355 MB: give --memory 0.5G"
    )


@pytest.mark.parametrize(
    ("raised", "status", "error", "reason"),
    [
        (MemoryError(), "failed", "MemoryError", "more memory was needed than a worker may use"),
        (PeerError("away"), "failed", "PeerError", "away"),
        (OSError(5, "Input/output error"), "failed", "OSError", "its files cannot be read: input"),
        (KeyError("Doe^John"), "failed", "KeyError", r"a defect of corcal \(KeyError at "),
        (RecursionError(), "failed", "RecursionError", "a defect of corcal"),
    ],
)
def test_whatever_goes_wrong_is_an_outcome(tmp_path, monkeypatch, raised, status, error, reason):
    def broken(*_):
        raise raised

    monkeypatch.setattr(module, "catalog_of", broken)
    outcome = outcome_of(tmp_path, tmp_path)
    assert (outcome.status, outcome.error) == (status, error)
    assert "Doe" not in outcome.reason
    assert re.match(reason, outcome.reason)


def test_a_scan_without_a_heart_is_told_apart_from_one_that_is_not_fit(
    patient_folder, tmp_path, monkeypatch
):
    def no_heart(*_, **__):
        msg = "nothing can be found automatically: no heart was found in the scan"
        raise UnfitError(msg)

    monkeypatch.setattr(module, "score_scan", no_heart)
    outcome = outcome_of(patient_folder, tmp_path)
    assert outcome.status == "no_heart"
    assert "no heart was found" in outcome.reason


def no_space(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.usefixtures("scored_before")
@pytest.mark.parametrize("place", ["catalog_of", "write_whole"])
def test_a_full_disk_is_no_fault_of_the_scan(patient_folder, tmp_path, monkeypatch, place):
    monkeypatch.setattr(module, place, no_space)
    with pytest.raises(OutputError, match="the results cannot be written: no space left"):
        outcome_of(patient_folder, tmp_path, pictures=True)


@pytest.mark.usefixtures("scored_before")
def test_a_segmentation_that_cannot_be_written_is_no_fault_of_the_scan(
    patient_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("corcal.interop.dicom.segmentation.save_whole", no_space)
    with pytest.raises(OutputError, match="no space left on device"):
        outcome_of(patient_folder, tmp_path, segmentations=True)


@pytest.mark.usefixtures("scored_before")
def test_a_score_is_kept_where_its_picture_or_segmentation_cannot_be_made(
    patient_folder, tmp_path, monkeypatch
):
    def refuse(*_, **__):
        msg = "it cannot be drawn"
        raise UnfitError(msg)

    monkeypatch.setattr("corcal.report.projection.projection_sheet", refuse)
    monkeypatch.setattr("corcal.interop.dicom.segmentation.require_dicom", refuse)
    outcome = outcome_of(patient_folder, tmp_path, pictures=True, segmentations=True)
    assert (outcome.status, outcome.picture, outcome.segmentation) == ("scored", None, None)


_LOADED_BEFORE = """
import sys
from corcal.cohort.score_task import load_all, score_task
from corcal.cohort.types import BatchOptions, Task

options = BatchOptions(out=sys.argv[2])
load_all(options)
before = set(sys.modules)
outcome = score_task(Task(key="k", source=sys.argv[1]), options)
print(outcome.status, sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_first_scan_waits_for_no_library(patient_folder, tmp_path):
    # tomllib, of the standard library, reads the tables of risks: a hundredth of a second
    command = [sys.executable, "-c", _LOADED_BEFORE, patient_folder, tmp_path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "scored ['tomllib']\n"


def test_a_link_behind_which_nobody_may_look_costs_a_study_nothing(tmp_path, monkeypatch):
    make_study(tmp_path / "a", 1)
    (tmp_path / "a" / "closed").symlink_to(tmp_path)
    real = Path.is_file

    def is_file(path):
        if path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "is_file", is_file)
    place = str(tmp_path / "a")
    task = Task(key="k", source=place, places=(Place(path=place),))
    assert score_task(task, options_for(tmp_path)).status == "unfit"
