"""The demonstration goes the whole way, and what it leaves agrees with itself."""

import csv
from dataclasses import replace

import pytest

from corcal.demo import make_demo
from corcal.phantom.thorax import GATED_SCANNER
from corcal.pipeline import Options, score_path
from corcal.result import read_result

# Pixels of 0.9 mm: quick to simulate, and still accepted for scoring
COARSE = replace(GATED_SCANNER, matrix=(256, 256), pixel_spacing_mm=0.9)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder, make_demo(folder, scanner=COARSE)


def test_both_exams_are_scored_gated_scans_of_one_patient_three_years_apart(demo):
    _, made = demo
    first, second = (exam.result for exam in made.exams)
    assert first.suitability.kind == second.suitability.kind == "gated_calcium"
    assert first.scan.patient.patient_id == second.scan.patient.patient_id
    assert int(second.scan.date[:4]) - int(first.scan.date[:4]) == 3
    assert 0 < first.score.total.agatston < second.score.total.agatston
    assert all(vessel.agatston > 0 for vessel in first.score.vessels.values())


def test_calcium_of_the_aorta_is_measured_and_not_counted(demo):
    _, made = demo
    score = made.exams[0].result.score
    assert score.other_sites["ascending_aorta"].agatston > 0
    total = sum(vessel.agatston for vessel in score.vessels.values())
    assert score.total.agatston == pytest.approx(total)


def test_the_folder_holds_all_that_the_page_promises(demo):
    folder, made = demo
    assert made.page == folder / "index.html"
    for number, exam in enumerate(made.exams, start=1):
        part = folder / f"exam-{number}"
        assert len(list((part / "dicom").iterdir())) == exam.scan.shape[0]
        assert read_result(part / "result.json") == exam.result
        rows = list(csv.DictReader((part / "lesions.csv").read_text("utf-8").splitlines()))
        assert [row["id"] for row in rows] == [lesion.id for lesion in exam.result.lesions]
        for picture in ("slices.png", "projection.png"):
            assert (part / picture).read_bytes().startswith(b"\x89PNG")


def test_scoring_the_written_files_again_gives_the_same_score(demo):
    folder, made = demo
    part = folder / "exam-1"
    again = score_path(part / "dicom", Options(annotations=part / "marks.nrrd")).result
    assert again.score == made.exams[0].result.score
    assert again.lesions == made.exams[0].result.lesions
