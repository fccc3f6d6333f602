"""``corcal compare`` as its user sees it."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from corcal.result import read_result, result_json
from corcal.scoring.types import Interval
from result_maker import consistent, make_automatic_result


def result_of(day, agatston, *, patient="SIM-1", kvp=120.0):
    """An automatic result with all its calcium in the LAD; volume as score."""
    base = make_automatic_result()
    interval = Interval(low=0.8 * agatston, high=1.3 * agatston + 3, level=0.95)
    part = {"agatston": agatston, "volume_mm3": agatston, "interval": interval}
    score = replace(
        base.score,
        total=replace(base.score.total, **part),
        vessels=base.score.vessels | {"LAD": replace(base.score.vessels["LAD"], **part)},
    )
    age = 61.0 + int(day[:4]) - 2020 if day else None
    person = replace(base.scan.patient, patient_id=patient, age_years=age)
    scan = replace(base.scan, date=day, kvp=kvp, patient=person)
    return consistent(replace(base, score=score, scan=scan))


@pytest.fixture
def written(tmp_path):
    """Write a result into a folder of its own, and give the folder."""

    def write(name, day, agatston, **options):
        folder = tmp_path / name
        folder.mkdir()
        text = result_json(result_of(day, agatston, **options))
        (folder / "result.json").write_text(text, encoding="utf-8")
        return folder

    return write


def flat(text):
    return " ".join(text.split())


def test_two_exams_are_compared_in_words(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    outcome = run_corcal("compare", second / "result.json", first)
    assert (outcome.code, outcome.err) == (0, "")
    assert "100.0 on 2020-01-02, 300.0 on 2023-01-02 (3.0 years apart)" in flat(outcome.out)
    assert "an increase that is larger than measurement error" in flat(outcome.out)
    assert "For research use only" in outcome.out
    assert "SIM-1" not in outcome.out


def test_the_json_has_everything(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    outcome = run_corcal("compare", first, second, "--json", "-", "--statin-started", "2021-05-01")
    document = json.loads(outcome.out)
    (change,) = document["changes"]
    assert change["verdict"] == "increase"
    assert change["span"] == "whole"
    methods = {one["key"]: one for one in change["methods"]}
    assert methods["per_year"]["value"] == pytest.approx(200 / 3)
    assert methods["cardia_mesa"]["is_progression"] is True
    assert methods["cardia_mesa"]["mark"] == "recalled"
    assert {one["key"] for one in change["certainty"]["checks"]} == {
        "square_root",
        "repeatability",
        "own_intervals",
    }
    assert document["statin_started"] == "2021-05-01"
    assert "hokanson2004" in {one["key"] for one in document["sources"]}
    assert document["statement"].startswith("For research use only")
    assert document["exams"][0]["patient_key"] is None


def test_files_are_written_and_told(run_corcal, written, tmp_path):
    first = written("a", "2020-01-02", 0.0)
    second = written("b", "2023-01-02", 5.0)
    target, chart = tmp_path / "followup.json", tmp_path / "followup.png"
    outcome = run_corcal("compare", first, second, "--json", target, "--chart", chart)
    assert outcome.code == 0
    assert f"wrote {target}" in outcome.out
    assert f"wrote {chart}" in outcome.out
    assert json.loads(target.read_text("utf-8"))["changes"]
    assert chart.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("is_newest_last", [True, False])
def test_the_newest_exam_is_kept_with_its_comparison(run_corcal, written, tmp_path, is_newest_last):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    given = (first, second) if is_newest_last else (second, first)
    into = tmp_path / "followed.json"
    outcome = run_corcal("compare", *given, "--into", into)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"wrote {into}" in outcome.out
    kept = read_result(into)
    assert kept.scan.date == "2023-01-02"
    assert kept.followup is not None
    assert kept.followup.whole.verdict == "increase"
    assert replace(kept, followup=None) == read_result(second / "result.json")


def test_exams_that_are_not_alike_have_no_verdict_and_code_0(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 900.0, kvp=100.0)
    outcome = run_corcal("compare", first, second)
    assert outcome.code == 0
    assert "no verdict" in flat(outcome.out)
    assert "tube voltage 120 kV and 100 kV" in flat(outcome.out)


def test_different_patients_are_refused_without_naming_them(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0, patient="SIM-2")
    outcome = run_corcal("compare", first, second)
    assert (outcome.code, outcome.out) == (2, "")
    assert "different patient identifiers" in outcome.err
    assert "SIM" not in outcome.err
    assert "--same-patient" in outcome.err
    told = run_corcal("compare", first, second, "--same-patient")
    assert told.code == 0
    assert "was told, not checked" in flat(told.out)


def test_a_missing_date_is_asked_for_and_can_be_given(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", None, 300.0)
    outcome = run_corcal("compare", first, second)
    assert outcome.code == 2
    assert "exam 2 has no date: give it with --date 2=YYYY-MM-DD" in outcome.err
    told = run_corcal("compare", first, second, "--date", "2=2023-01-02")
    assert told.code == 0
    assert "300.0 on 2023-01-02" in flat(told.out)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("3=2023-01-02", "--date is for exam 3, allowed 1 to 2"),
        ("0=2023-01-02", "--date is for exam 0, allowed 1 to 2"),
        ("2=9999-12-31", "--date 2 is 9999-12-31, which has not come yet"),
        ("2=0001-01-01", "the date of exam 2 must be 1900-01-01 to 2300-12-31"),
        ("1=1990-01-01", "exam 1: the record has the date 2020-01-02, and 1990-01-01 was given"),
        ("2023-01-02", "is not of the form 2=2021-05-03"),
        ("2=yesterday", "is not of the form 2=2021-05-03"),
    ],
)
def test_a_wrong_date_is_refused(run_corcal, written, given, said):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", None, 300.0)
    outcome = run_corcal("compare", first, second, "--date", given)
    assert outcome.code == 2
    assert said in outcome.err


def test_a_date_is_given_once(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", None, 300.0)
    twice = ("--date", "2=2023-01-02", "--date", "2=2024-01-02")
    outcome = run_corcal("compare", first, second, *twice)
    assert outcome.code == 2
    assert "--date was given twice for one exam" in outcome.err


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_statin_that_nobody_took_yet_is_refused(run_corcal, written, tmp_path, day):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    chart = tmp_path / "chart.png"
    outcome = run_corcal("compare", first, second, "--statin-started", day, "--chart", chart)
    assert (outcome.code, outcome.out) == (2, "")
    assert "statin" in outcome.err
    assert not chart.exists()


def test_dates_that_were_moved_ahead_are_taken_with_what_belongs_to_them(run_corcal, written):
    first = written("a", "2150-01-02", 100.0)
    second = written("b", "2153-01-02", 300.0)
    outcome = run_corcal("compare", first, second, "--statin-started", "2151-05-01")
    assert outcome.code == 0
    assert "on 2151-05-01" in flat(outcome.out)


@pytest.mark.parametrize(("option", "of"), [("--json", "b"), ("--chart", "b"), ("--into", "a")])
def test_a_record_that_is_read_is_not_replaced(run_corcal, written, tmp_path, option, of):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    record = tmp_path / of / "result.json"
    before = record.read_bytes()
    (tmp_path / "link.json").symlink_to(record)
    for target in (record, tmp_path / "link.json"):
        outcome = run_corcal("compare", first, second, option, target)
        assert (outcome.code, outcome.out) == (2, "")
        assert "would replace what is read" in outcome.err
    assert record.read_bytes() == before


@pytest.mark.parametrize("target", ["b", "b/result.json", "link.json"])
def test_the_record_of_the_newest_exam_may_take_the_comparison(
    run_corcal, written, tmp_path, target
):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    (tmp_path / "link.json").symlink_to(second / "result.json")
    before = read_result(second / "result.json")
    outcome = run_corcal("compare", second, first, "--into", tmp_path / target)
    assert (outcome.code, outcome.err) == (0, "")
    assert (tmp_path / "link.json").is_symlink()
    kept = read_result(second / "result.json")
    assert kept.followup is not None
    assert replace(kept, followup=None) == before
    assert [each.name for each in second.iterdir()] == ["result.json"]  # and no half of it


@pytest.mark.parametrize("name", ["a", "other", "empty"])
def test_a_folder_other_than_the_newest_exams_is_left_as_it_is(run_corcal, written, tmp_path, name):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    other = written("other", "2024-01-02", 400.0) / "result.json"
    (tmp_path / "empty").mkdir()
    before = (first / "result.json").read_bytes(), other.read_bytes()
    outcome = run_corcal("compare", first, second, "--into", tmp_path / name)
    assert (outcome.code, outcome.out) == (2, "")
    assert "is not the folder of the newest exam" in outcome.err
    assert ((first / "result.json").read_bytes(), other.read_bytes()) == before
    assert not any((tmp_path / "empty").iterdir())


def test_two_outputs_are_two_files(run_corcal, written, tmp_path):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    same = tmp_path / "out"
    outcome = run_corcal("compare", first, second, "--json", same, "--chart", same)
    assert outcome.code == 2
    assert "would replace what --json writes" in outcome.err
    assert not same.exists()


def test_a_scan_that_was_not_fit_has_no_verdict(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 900.0)
    path = second / "result.json"
    document = json.loads(path.read_text("utf-8"))
    document["suitability"]["kind"] = "contrast_ct"
    path.write_text(json.dumps(document), encoding="utf-8")
    outcome = run_corcal("compare", first, second)
    assert "suitability fit and not fit for calcium scoring" in flat(outcome.out)
    assert "larger than measurement error" not in flat(outcome.out)


def test_a_body_mass_index_moves_the_limit(run_corcal, written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 170.0)
    outcome = run_corcal("compare", first, second, "--bmi", "25")
    assert "exceeds 66.1" in flat(outcome.out)  # 17 + 48.9 + 11 - 10.84
    assert "10 to 100" in run_corcal("compare", first, second, "--bmi", "5").err


def test_one_exam_is_not_enough(run_corcal, written):
    outcome = run_corcal("compare", written("a", "2020-01-02", 100.0))
    assert outcome.code == 2
    assert "at least 2 exams, got 1" in outcome.err


def test_a_folder_without_a_result_is_told(run_corcal, written, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = run_corcal("compare", written("a", "2020-01-02", 1.0), tmp_path / "empty")
    assert outcome.code == 2
    assert "no result.json in the folder empty" in outcome.err


def test_a_file_that_is_no_result_is_told(run_corcal, written, tmp_path):
    other = tmp_path / "other.json"
    other.write_text("{}", encoding="utf-8")
    outcome = run_corcal("compare", written("a", "2020-01-02", 1.0), other)
    assert outcome.code == 2
    assert "other.json is not a corcal result" in outcome.err


def test_comparing_draws_no_heavy_library_in(written):
    first = written("a", "2020-01-02", 100.0)
    second = written("b", "2023-01-02", 300.0)
    heavy = "scipy pydicom SimpleITK matplotlib highdicom onnxruntime"
    code = (
        f"import sys; from corcal.cli import main; main(['compare', {str(first)!r}, "
        f"{str(second)!r}]); "
        f"print([m for m in '{heavy}'.split() if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"
