"""Age and sex that are typed against the headers of the scan: they may be somebody else's."""

import json

import pytest

from corcal.result import result_json
from dicom_maker import make_series
from exam_maker import SPACING_MM, water
from result_maker import make_result

LIMIT_OF_AGE = "The age typed (63) is not that of the scan's header (61)."


@pytest.fixture
def record(tmp_path):
    """The record of a woman of 61 years."""
    path = tmp_path / "result.json"
    path.write_text(result_json(make_result()), encoding="utf-8")
    return path


def limits_in(text):
    return [each["text"] for each in json.loads(text)["limits"] if each["about"] == "headers"]


def test_another_sex_than_in_the_headers_is_refused_with_both_named(run_corcal, record):
    told = run_corcal("interpret", record, "--sex", "male")
    assert told.code == 2
    assert "the sex typed (male) is not that of the scan's header (female)" in told.err
    assert "--trust-typed" in told.err
    assert told.out == ""


def test_another_sex_is_taken_on_purpose_and_kept_in_the_record(run_corcal, record):
    told = run_corcal("interpret", record, "--sex", "male", "--trust-typed", "--json", "-")
    assert told.code == 0, told.err
    said = "The sex typed (male) is not that of the scan's header (female)."
    assert limits_in(told.out) == [said]
    assert f"caution: {said}" in told.err


@pytest.mark.parametrize(("age", "limits"), [("62", []), ("60", []), ("63", [LIMIT_OF_AGE])])
def test_an_age_more_than_a_year_off_is_taken_with_a_caution(run_corcal, record, age, limits):
    told = run_corcal("interpret", record, "--age", age, "--sex", "female", "--json", "-")
    assert told.code == 0, told.err
    assert limits_in(told.out) == limits
    assert told.err.count("caution: ") == len(limits)


def test_the_caution_comes_first_on_the_screen_and_reaches_report_and_letter(run_corcal, record):
    told = run_corcal("interpret", record, "--age", "63", "--into", record)
    assert " ".join(told.out.split()).count(LIMIT_OF_AGE) == 2  # in short, and among the limits
    folder = record.parent / "out"
    made = run_corcal("report", record, "--format", "clinician,patient", "--out", folder)
    assert made.code == 0, made.err
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "The age typed (63) is not that of the scan" in report
    assert "may be those of another person" in report
    letter = (folder / "letter.html").read_text(encoding="utf-8")
    assert "made for an age of 63. The data of your scan say 61." in letter
    assert "another sex" not in letter


def test_another_sex_is_refused_before_anything_is_scored(run_corcal, tmp_path, monkeypatch):
    make_series(tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM, tags={"PatientSex": "F"})
    monkeypatch.setattr("corcal.pipeline.score_scan", lambda *_, **__: pytest.fail("it was scored"))
    args = ("score", tmp_path / "scan", "--force", "--out", tmp_path / "out", "--report")
    told = run_corcal(*args, "--age", "61", "--sex", "male")
    assert told.code == 2
    assert "the sex typed (male) is not that of the scan's header (female)" in told.err
    assert not (tmp_path / "out").exists()
