"""The demonstration goes the whole way, and what it leaves agrees with itself."""

import csv
from dataclasses import replace

import pytest

from corcal.cli import main
from corcal.demo import make_demo
from corcal.phantom.anatomy_truth import true_anatomy
from corcal.phantom.thorax import GATED_SCANNER, simulate_patient
from corcal.pipeline import Options, score_path
from corcal.result import read_result
from true_detection import automatic_of

# Pixels of 0.9 mm: quick to simulate, and still accepted for scoring
COARSE = replace(GATED_SCANNER, matrix=(256, 256), pixel_spacing_mm=0.9)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demonstration with a detector that knows the truth: what is tested is all around it."""
    folder = tmp_path_factory.mktemp("demo")
    known = {}

    def simulate(spec, **options):
        simulated = simulate_patient(spec, **options)
        known[simulated.scan.series.series_instance_uid] = (spec, simulated.voxels)
        return simulated

    def find(scan, rule, *, source):  # noqa: ARG001  (as it is called)
        spec, voxels = known[scan.series.series_instance_uid]
        return automatic_of(scan, voxels, true_anatomy(spec, scan))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("corcal.demo.simulate_patient", simulate)
        patch.setattr("corcal.pipeline.find_calcium", find)
        made = make_demo(folder, scanner=COARSE)
    return folder, made


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
        for picture in ("slices.png", "projection.png", "anatomy.png", "decisions.png"):
            assert (part / picture).read_bytes().startswith(b"\x89PNG")


def test_no_exam_was_given_any_marks_and_each_says_how_sure_it_is(demo):
    _, made = demo
    for exam in made.exams:
        made_by, total = exam.result.provenance, exam.result.score.total
        assert (made_by.method, made_by.annotation) == ("automatic", None)
        assert total.interval.low <= total.agatston <= total.interval.high
        assert exam.anatomy is not None
        assert exam.detection is not None


def test_the_page_of_both_exams_has_all_their_pictures(demo):
    _, made = demo
    page = made.page.read_text(encoding="utf-8")
    assert page.count("<img src=") == 8


def test_the_truth_is_the_score_of_the_marks_that_were_written(demo):
    folder, made = demo
    for number, truth in enumerate(made.truths, start=1):
        part = folder / f"exam-{number}"
        marked = score_path(part / "dicom", Options(annotations=part / "marks.nrrd")).result
        got = {name: vessel.agatston for name, vessel in marked.score.vessels.items()}
        assert got == pytest.approx({name: one.agatston for name, one in truth.vessels.items()})
        assert marked.provenance.method == "annotation"


def test_a_detector_that_is_right_finds_the_truth(demo):
    _, made = demo
    for exam, truth in zip(made.exams, made.truths, strict=True):
        assert exam.result.score.total.agatston == pytest.approx(truth.total.agatston)


def test_the_models_that_come_with_corcal_find_what_was_simulated(demo):
    folder, made = demo
    for number, truth in enumerate(made.truths, start=1):
        result = score_path(folder / f"exam-{number}" / "dicom").result
        total = truth.total.agatston
        assert result.score.total.agatston == pytest.approx(total, rel=0.1)
        assert result.score.total.interval.low <= total <= result.score.total.interval.high
        assert result.provenance.model.trusted
        assert result.provenance.detector.trusted


def test_the_command_tells_the_truth_beside_what_was_found(demo, capsys, monkeypatch, tmp_path):
    _, made = demo
    monkeypatch.setattr("corcal.demo.make_demo", lambda *_, **__: made)
    assert main(["demo", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for exam, truth in zip(made.exams, made.truths, strict=True):
        found = exam.result.score
        line = (
            f"simulated truth {truth.total.agatston:.1f}, found {found.total.agatston:.1f}, "
            "95 % interval "
        )
        assert line in said
        assert f"  truth  LM {truth.vessels['LM'].agatston:.1f}, LAD " in said
        assert f"  found  LM {found.vessels['LM'].agatston:.1f}, LAD " in said
    scores = [line for line in said.splitlines() if str(tmp_path) not in line]
    assert [line for line in scores if len(line) > 80] == []
