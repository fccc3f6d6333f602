"""``corcal figure``: pictures that can be used alone."""

from dataclasses import replace

import pytest

from corcal.ct.suitability import SeriesKind
from corcal.exam_folder import CALCIUM_NAME, RESULT_NAME
from corcal.export import write_exam
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import result_json
from corcal.risk.types import Person, Race, Sex
from dicom_maker import make_series
from exam_maker import SPACING_MM, exam_of, water
from result_maker import make_automatic_result


@pytest.fixture
def folder(tmp_path):
    """A scan, and the folder of its exam, whose person is known."""
    make_series(tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM)
    exam = exam_of(tmp_path / "scan")
    woman = Person(age_years=61, sex=Sex.FEMALE, race=Race.WHITE)
    told = with_interpretation(exam.result, interpret_result(exam.result, woman))
    write_exam(replace(exam, result=told), tmp_path / "exam")
    return tmp_path


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_with_the_scan_all_that_can_be_drawn_is_drawn(run_corcal, folder):
    out = folder / "new" / "out"
    outcome = run_corcal(
        *("figure", folder / "exam", "--scan", folder / "scan", "--format", "png,svg"),
        *("--out", out),
    )
    assert outcome.code == 0, outcome.err
    stems = ("montage", "projection", "key_LAD", "percentile")
    wanted = [f"{stem}.{ending}" for stem in stems for ending in ("png", "svg")]
    assert names_in(out) == set(wanted)
    assert outcome.out.splitlines() == [f"wrote {out / name}" for name in wanted]
    for path in out.iterdir():
        start = b"\x89PNG" if path.suffix == ".png" else b"<?xml"
        assert path.read_bytes().startswith(start)


def test_without_the_scan_what_needs_none_is_drawn(run_corcal, folder):
    out = folder / "out"
    outcome = run_corcal("figure", folder / "exam" / RESULT_NAME, "--out", out)
    assert outcome.code == 0, outcome.err
    assert names_in(out) == {"percentile.png"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--what", "montage"], "montage needs the scan: give --scan PATH"),
        (["--what", "percentile,history"], "history needs earlier exams in the record"),
        (["--what", "chart"], "'chart' is not a picture; allowed are montage, projection, key"),
        (["--format", "gif"], "'gif' is not a format; allowed are png, svg"),
        (["--scan", "other"], "the scan in other is not the one of the record"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(run_corcal, folder, options, said, monkeypatch):
    make_series(folder / "other", hu=water(lesion_hu=500), spacing_mm=SPACING_MM)
    monkeypatch.chdir(folder)
    outcome = run_corcal("figure", "exam", *options, "--out", "out")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err
    assert not (folder / "out").exists()


NOTHING = "no coronary calcium that reaches the limit of counting was found"


@pytest.fixture
def zero(tmp_path):
    """The same without calcium: scored automatically, on a scan that is not gated."""
    make_series(tmp_path / "scan", hu=water(lesion_hu=40), spacing_mm=SPACING_MM)
    exam = exam_of(tmp_path / "scan")
    judged = replace(exam.result.suitability, kind=SeriesKind.CHEST_NONCONTRAST)
    made = make_automatic_result().provenance
    result = replace(exam.result, suitability=judged, provenance=made)
    write_exam(replace(exam, result=result), tmp_path / "exam")
    return tmp_path


@pytest.mark.parametrize("what", ["montage,projection,key", "key,montage,projection"])
def test_of_a_zero_the_key_is_missing_and_the_others_are_written(run_corcal, zero, what):
    outcome = run_corcal(
        *("figure", zero / "exam", "--scan", zero / "scan"),
        *("--what", what, "--format", "svg", "--out", zero / "out"),
    )
    assert outcome.code == 0
    assert names_in(zero / "out") == {"montage.svg", "projection.svg"}
    assert outcome.err == f"not drawn: key shows lesions that count, and there is none: {NOTHING}\n"
    title = (zero / "out" / "montage.svg").read_text(encoding="utf-8")
    assert f"without ECG gating 0: {NOTHING}. Automatic: for a reader to check." in title


def test_the_key_alone_of_a_zero_is_refused_with_the_same_words(run_corcal, zero):
    outcome = run_corcal(
        *("figure", zero / "exam", "--scan", zero / "scan", "--what", "key"),
        *("--out", zero / "out"),
    )
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert f"key shows lesions that count, and there is none: {NOTHING}" in outcome.err
    assert not (zero / "out").exists()


def test_what_is_empty_does_not_excuse_what_is_not_given(run_corcal, zero):
    outcome = run_corcal(
        *("figure", zero / "exam", "--scan", zero / "scan", "--what", "montage,key,history"),
        *("--out", zero / "out"),
    )
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "history needs earlier exams" in outcome.err
    assert not (zero / "out").exists()


def test_a_record_of_which_nothing_can_be_drawn_says_what_each_picture_needs(run_corcal, folder):
    exam = exam_of(folder / "scan")
    (folder / "bare.json").write_text(result_json(exam.result), encoding="utf-8")
    outcome = run_corcal("figure", folder / "bare.json", "--out", folder / "out")
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    for word in ("--scan PATH", "corcal interpret", "corcal compare"):
        assert word in outcome.err


def test_a_scan_beside_the_pictures_is_not_replaced(run_corcal, folder):
    out = folder / "scan"
    slices = sorted(out.iterdir())
    slices[2].rename(out / "key_LAD.png")  # files of a scan may have any name
    before = (out / "key_LAD.png").read_bytes()
    outcome = run_corcal("figure", folder / "exam", "--scan", out, "--out", out)
    assert outcome.code == 2
    assert "key_LAD.png would replace what is read" in outcome.err
    assert (out / "key_LAD.png").read_bytes() == before


def test_a_folder_without_its_calcium_says_how_to_go_on(run_corcal, folder):
    (folder / "exam" / CALCIUM_NAME).unlink()
    outcome = run_corcal(
        *("figure", folder / "exam", "--scan", folder / "scan", "--out", folder / "out")
    )
    assert outcome.code == 2
    assert "corcal score --out" in outcome.err


@pytest.mark.parametrize("name", ["key_LAD", "percentile"])
def test_no_picture_names_the_patient(run_corcal, folder, name):
    out = folder / "out"
    run_corcal(
        *("figure", folder / "exam", "--scan", folder / "scan", "--format", "png,svg"),
        *("--out", out),
    )
    patient = exam_of(folder / "scan").result.scan.patient
    for ending in ("png", "svg"):
        data = (out / f"{name}.{ending}").read_bytes()
        assert patient.patient_id.encode() not in data
        assert patient.name.split("^")[0].encode() not in data
