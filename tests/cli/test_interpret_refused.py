"""``corcal interpret``: what it refuses, and which files it does not replace."""

import json

import pytest

from corcal.result import result_json
from result_maker import make_result

PERSON = ("--age", "60", "--sex", "male")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--agatston", "5", "--age", "12", "--sex", "male"), "18 to 110 years"),
        (("--agatston", "5", "--age", "12"), "18 to 110 years"),  # also where nobody is known
        (("--agatston", "5", "--age", "nan", "--sex", "male"), "18 to 110 years"),
        (("--agatston", "5", *PERSON, "--systolic", "1200"), "60 to 260 mmHg"),
        (("--agatston", "5", *PERSON, "--total-cholesterol", "5.2"), "looks like mmol/L"),
        (
            ("--agatston", "5", *PERSON, "--total-cholesterol", "200", "--unit", "mmol/l"),
            "50 to 1000 mg/dL",
        ),
        (("--agatston", "5", *PERSON, "--hdl", "nan"), "8 to 200 mg/dL"),
        (("--agatston", "5", *PERSON, "--hdl", "50 mg"), "mg/dL or mmol/L"),
        (("--agatston", "5", *PERSON, "--creatinine", "88"), "0.1 to 30 mg/dL"),
        (("--agatston", "5", *PERSON, "--creatinine", "high"), "0.1 to 30 mg/dL"),
        (("--agatston", "5", "--creatinine", "1"), "give --age and --sex"),
        (("--agatston", "5", *PERSON, "--creatinine", "1", "--egfr", "90"), "not both"),
        (("--agatston", "5", *PERSON, "--race", "martian"), "'white', 'black', 'hispanic'"),
        (("--agatston", "5", *PERSON, "--region", "nowhere"), "'low', 'moderate', 'high'"),
        (("--agatston", "5", *PERSON, "--sdi", "2.5"), "1 to 10"),
        (("--agatston", "-1", *PERSON), "from 0 up"),
        (("--agatston", "nan", *PERSON), "from 0 up"),
        (("--agatston", "inf"), "from 0 up"),
        (("--agatston", "5", *PERSON, "--guideline", "mine"), "accaha2026"),
        (("--agatston", "5", "--guideline", "mine"), "'accaha2026', 'escc2025'"),
        (("--agatston", "5", "--vessel", "LAD=5", "--vessel", "LAD=5"), "given twice"),
        (("--agatston", "5", "--vessel", "RAD=5"), "LM, LAD, LCX, RCA"),
        (("--agatston", "5", "--vessel", "LAD=-5"), "from 0 up"),
        (("--agatston", "5", "--vessel", "LAD"), "NAME=SCORE"),
        (("--agatston", "5", "--vessel", "LAD=9"), "add up to 9"),
        (("--agatston", "5", "--into", "x.json"), "give the PATH of one"),
        (("--agatston", "5", "--chart", "x.png"), "age and sex are not known"),
        (("--agatston", "5", "--age", "95", "--sex", "male", "--chart", "x.png"), "30 to 90"),
        (("x.json", "--stent"), "PATH has its own"),
        ((), "give the PATH of a result"),
        (("x.json", "--agatston", "5"), "PATH has its own"),
        (("no-such.json",), "cannot read no-such.json"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(run_corcal, args, message):
    outcome = run_corcal("interpret", *args)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def test_a_folder_without_a_result_is_told(run_corcal, tmp_path):
    outcome = run_corcal("interpret", tmp_path)
    assert outcome.code == 2
    assert "no result.json in" in outcome.err


def scored_at(path):
    path.write_text(result_json(make_result()), encoding="utf-8")
    return path


@pytest.mark.parametrize("option", ["--json", "--chart"])
def test_an_output_does_not_replace_the_result(run_corcal, tmp_path, option):
    path = scored_at(tmp_path / "result.json")
    before = path.read_bytes()
    for place in (path, tmp_path):
        told = run_corcal("interpret", place, "--age", 60, "--sex", "male", option, path)
        assert told.code == 2
        assert "would replace what is read" in told.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("option", ["--json", "--chart"])
def test_two_outputs_are_two_files(run_corcal, tmp_path, option):
    path = scored_at(tmp_path / "result.json")
    before = path.read_bytes()
    args = ("interpret", path, "--age", 60, "--sex", "male", option)
    new = tmp_path / "new.json"
    assert run_corcal(*args, new, "--into", new).code == 2
    assert not new.exists()
    assert run_corcal(*args, path, "--into", path).code == 2
    assert path.read_bytes() == before


def test_what_is_no_file_is_refused_before_anything_is_written(run_corcal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = scored_at(tmp_path / "result.json")
    assert "--into is a file" in run_corcal("interpret", path, "--into", "-").err
    assert "empty name" in run_corcal("interpret", path, "--json", "").err
    # no percentile at 20 years: the chart is refused, and nothing is left behind
    args = ("--age", 20, "--sex", "male", "--into", "new.json", "--chart", "c.png")
    assert run_corcal("interpret", path, *args).code == 2
    assert [each.name for each in tmp_path.iterdir()] == ["result.json"]


def test_into_a_link_replaces_what_it_leads_to(run_corcal, tmp_path):
    path = scored_at(tmp_path / "result.json")
    link = tmp_path / "link.json"
    link.symlink_to(path)
    assert run_corcal("interpret", link, "--age", 60, "--sex", "female", "--into", link).code == 0
    assert link.is_symlink()
    assert json.loads(path.read_text(encoding="utf-8"))["interpretation"]["person"]


def test_an_egfr_of_another_age_is_not_kept(run_corcal, tmp_path):
    path = scored_at(tmp_path / "result.json")
    args = ("interpret", path, "--sex", "female")
    run_corcal(*args, "--age", 61, "--creatinine", ".9", "--into", path)
    same = json.loads(run_corcal(*args, "--smoker", "--json", "-").out)
    other = json.loads(run_corcal(*args, "--age", 70, "--json", "-").out)
    assert same["person"]["egfr"] > 60
    assert other["person"]["egfr"] is None


def test_a_creatinine_that_nobody_has_is_named_as_it_was_typed(run_corcal):
    person = ("--agatston", 0, "--age", 30, "--sex", "male")
    for typed in ("0.1", "0.01", "31", "9 umol/L"):
        told = run_corcal("interpret", *person, "--creatinine", typed)
        assert told.code == 2
        assert "creatinine of" in told.err
    assert run_corcal("interpret", *person, "--creatinine", "1e0").code == 0
