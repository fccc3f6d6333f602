"""Results of a run, and exam folders, as a study of agreement takes them."""

import numpy as np
import pytest

from corcal.cohort.finished import finished_scans, is_finished
from corcal.cohort.ledger import LEDGER_NAME, Ledger
from corcal.cohort.score_task import score_task
from corcal.cohort.types import BatchOptions, Outcome, Task
from corcal.errors import InputError
from corcal.evaluate.agreement.references import GivenReference, find_references
from corcal.evaluate.agreement.scored import evaluate_finished
from corcal.exam_folder import write_calcium
from corcal.result import result_json
from interop.dicom.dicom_exams import read_exam


def outcome(**more):
    known = {"key": "k", "source": "/data/7/dicom", "status": "scored"} | more
    return Outcome(**known)


@pytest.fixture
def results(tmp_path):
    """Make a folder of results of some outcomes."""

    def make(*outcomes):
        with Ledger(tmp_path / "results") as ledger:
            for one in outcomes:
                ledger.add(one)
        return tmp_path / "results"

    return make


@pytest.fixture(scope="module")
def scored(patient_folder, tmp_path_factory):
    """Results of a simulated patient's scan, with its segmentation."""
    out = tmp_path_factory.mktemp("results")
    task = Task(key="patient", source=str(patient_folder))
    with Ledger(out) as ledger:
        ledger.add(score_task(task, BatchOptions(out=str(out), segmentations=True)))
    return out


def test_a_row_of_the_table_is_an_automatic_score(results):
    row = {
        "rule": "textbook", "total_agatston": 12.0, "LAD_agatston": 12, "RCA_agatston": 0.0,
        "total_agatston_low": 5.0, "total_agatston_high": 30.0, "total_agatston_level": 0.95,
        "probability_score_1_100": 0.75, "probability_score_0": 0.25, "review_advised": True,
        "series_kind": "gated_calcium", "suitability_verdict": "fit", "accession_number": "A-1",
    }  # fmt: skip
    folder = results(
        outcome(series_instance_uid="1.2", study_instance_uid="1.3", exam_row=row),
        outcome(key="bad", source="/data/8", status="no_heart", reason="no heart was found"),
        outcome(key="bare", source="/data/9", exam_row={"total_agatston": 0.0}),
    )
    found, failed, bare = finished_scans(folder)
    automatic = found.automatic
    assert (automatic.scores.total, automatic.scores.vessels) == (12.0, {"LAD": 12.0, "RCA": 0.0})
    assert (automatic.interval.low, automatic.interval.high) == (5.0, 30.0)
    assert automatic.category_probabilities == {"0": 0.25, "1-100": 0.75, "101-400": 0, ">400": 0}
    assert (automatic.review_advised, automatic.kind) == (True, "gated_calcium")
    assert found.keys == ("1.2", "1.3", "A-1", "k")
    assert (failed.automatic, failed.failure) == (None, "no heart was found")
    assert (bare.automatic.interval, bare.automatic.category_probabilities) == (None, None)
    assert bare.automatic.review_advised is None


def test_a_segmentation_of_a_run_agrees_with_itself(scored):
    references = find_references(scored / "segmentations")
    finished = list(finished_scans(scored))
    report = evaluate_finished(finished, references)
    (row,) = report.scans
    assert row.failure is None
    assert row.reference.total == pytest.approx(row.automatic.total, rel=1e-9) != 0
    assert report.lesions.found.count == report.lesions.found.total > 0
    assert report.lesions.false_count == 0


def test_a_scan_that_is_gone_is_told(results, patient_folder):
    here = str(patient_folder)
    folder = results(
        outcome(exam_row={"total_agatston": 1.0}),
        outcome(
            key="o", source=here, series_instance_uid="1.2.3", exam_row={"total_agatston": 1.0}
        ),
    )
    known = [GivenReference(name=str(n), keys=(k,), annotation=folder) for n, k in enumerate("ko")]
    gone, other = evaluate_finished(list(finished_scans(folder)), known).scans
    assert "cannot be read" in gone.failure
    assert other.failure == "the series that was scored is no longer where it was"


@pytest.fixture
def exams(tmp_path):
    """Two exam folders, and their scans under the same names."""
    for name in ("a", "b"):
        exam = read_exam(tmp_path / "scans" / name)
        folder = tmp_path / "exams" / name
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(result_json(exam.result), encoding="utf-8")
        write_calcium(exam.scan, exam.voxels, folder / "calcium.npz")
    return tmp_path / "exams"


def test_exam_folders_are_found_to_two_levels(exams, tmp_path):
    assert is_finished(exams)
    assert is_finished(tmp_path)
    assert is_finished(exams / "a")
    assert not is_finished(tmp_path / "scans")
    assert not is_finished(tmp_path / "lost")
    assert [one.name for one in finished_scans(exams)] == ["a", "b"]
    assert [one.name for one in finished_scans(exams / "a")] == ["a"]
    with pytest.raises(InputError, match="scans is no output of corcal batch, and no exam folder"):
        list(finished_scans(tmp_path / "scans"))


def test_an_exam_folder_gives_its_voxels_with_its_scan(exams, tmp_path):
    (found, _) = finished_scans(exams, scans=tmp_path / "scans")
    scan, voxels = found.opened()
    assert voxels.shape == scan.shape
    assert np.count_nonzero(voxels.site) > 0
    assert found.place == str(tmp_path / "scans" / "a")
    (single,) = finished_scans(exams / "a", scans=tmp_path / "scans" / "a")
    assert single.opened()[0].shape == scan.shape


def test_an_exam_folder_without_its_scan_says_what_is_missing(exams):
    (found, _) = finished_scans(exams)
    with pytest.raises(InputError, match="give --scans"):
        found.opened()
    assert found.place == ""


def test_an_exam_that_cannot_be_read_is_damaged_and_the_others_are_not(exams):
    (exams / "a" / "result.json").write_text("{", encoding="utf-8")
    damaged, found = finished_scans(exams)
    assert (damaged.name, damaged.automatic, damaged.is_damaged) == ("a", None, True)
    assert damaged.failure.startswith("result.json is not a corcal result")
    assert (found.name, found.is_damaged) == ("b", False)


def test_a_link_that_leads_back_multiplies_no_exam(exams):
    (exams / "loop").symlink_to(".")
    (exams / "up").symlink_to("..")
    assert [one.name for one in finished_scans(exams)] == ["a", "b"]


def test_the_ledger_is_what_tells_a_run(tmp_path):
    assert not is_finished(tmp_path)
    (tmp_path / LEDGER_NAME).write_text("", encoding="utf-8")
    assert is_finished(tmp_path)
    assert list(finished_scans(tmp_path)) == []
