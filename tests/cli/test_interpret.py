"""``corcal interpret``: what it prints, and what goes into the record."""

import json
from dataclasses import replace

import jsonschema
import pytest

from corcal.ct.scan import Finding, Severity
from corcal.result import read_result, result_json, schema_json
from corcal.risk.guidance import GUIDELINES
from result_maker import make_automatic_result, make_result

KNOWN = (
    *("--age", 62, "--sex", "female", "--race", "black", "--systolic", 135),
    *("--total-cholesterol", 210, "--hdl", 50, "--ldl", 130, "--egfr", 90, "--bmi", 28),
    *("--no-diabetes", "--no-smoker", "--bp-medication", "--no-statin", "--no-family-history"),
)


def interpret_json(run_corcal, *args):
    outcome = run_corcal("interpret", *args, "--json", "-")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


@pytest.fixture
def result_file(tmp_path):
    path = tmp_path / "exam" / "result.json"
    path.parent.mkdir()
    path.write_text(result_json(make_automatic_result()), encoding="utf-8")
    return path


def test_the_keys_to_keep_are_there(run_corcal):
    told = interpret_json(run_corcal, "--agatston", 120, *KNOWN)
    plain = told["categories"]["plain"]
    assert (plain["code"], plain["source"]) == ("101-400", "patient_leaflets")
    assert {"code", "label", "reading", "source"} <= plain.keys()
    assert told["categories"]["cac_drs"]["code"] == "A2"
    # published: Black woman of 62 years with a score of 120: 91st percentile, 32 % above 0
    assert told["percentile"]["mesa"]["value"] == 91
    assert told["percentile"]["mesa"]["p_nonzero"] == 32
    assert told["arterial_age"]["years"] == pytest.approx(73.87, abs=0.005)  # 39.1 + 7.25 ln 121
    risk = told["risk"]
    for name in ("mesa_chd", "mesa_chd_with_cac", "pce"):
        assert 0 < risk[name] < 1
    outcomes = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")
    assert set(risk["prevent"]) == {*outcomes, *(f"{name}_30y" for name in outcomes)}
    assert all(0 < risk["prevent"][name] < 1 for name in outcomes)
    assert risk["prevent"]["ascvd_30y"] is None  # 30 years are told up to 59 years of age
    assert risk["score2"] is None  # no region
    assert {"id", "source", "text"} <= told["guidance"][0].keys()


def test_a_score_of_zero_has_no_percentile(run_corcal):
    told = interpret_json(
        run_corcal, "--agatston", 0, "--age", 55, "--sex", "male", "--race", "white"
    )
    assert told["percentile"]["mesa"]["value"] is None
    assert told["percentile"]["mesa"]["p_nonzero"] == 56  # published


def test_nothing_but_a_score_has_categories_and_what_is_missing(run_corcal):
    outcome = run_corcal("interpret", "--agatston", 120)
    assert outcome.code == 0, outcome.err
    assert "101-400" in outcome.out
    assert "Age and sex are not both known" in outcome.out
    assert "GUIDELINES" not in outcome.out


def test_every_line_fits_80_columns(run_corcal):
    outcome = run_corcal("interpret", "--agatston", 1200, *KNOWN, "--vessel", "LAD=1200")
    assert outcome.code == 0, outcome.err
    assert max(map(len, outcome.out.splitlines())) <= 80
    for title in (
        "IN SHORT",
        "WHAT IT IS",
        "COMPARED WITH WHOM",
        "RISK",
        "WHAT GUIDELINES SAY",
        "LIMITS",
    ):
        assert f"\n{title}" in outcome.out
    assert outcome.out.rstrip().endswith("not for diagnosis.")


@pytest.mark.parametrize(
    ("score", "words"), [(35, "97th percentile"), (999, "at or above the 99th")]
)
def test_a_percentile_is_said_and_the_last_one_is_open(run_corcal, score, words):
    # published: 97 for a Chinese American woman of 46 years with a score of 35
    person = ("--age", 46, "--sex", "female", "--race", "chinese")
    assert words in run_corcal("interpret", "--agatston", score, *person).out


def test_why_and_what_would_change_it_are_details(run_corcal):
    brief = run_corcal("interpret", "--agatston", 350, *KNOWN)
    full = run_corcal("interpret", "--agatston", 350, *KNOWN, "--details")
    assert "would change with: " not in brief.out
    assert "because: Agatston score 350 (at least 300, below 1000)" in full.out
    assert "would change with: " in full.out
    assert max(map(len, full.out.splitlines())) <= 80


def test_how_sure_a_statement_is_stands_beside_it_and_is_explained(run_corcal):
    outcome = run_corcal("interpret", "--agatston", 350, *KNOWN)
    assert "[class 1; evidence B-R; accaha2026.4.2.7-2; secondary]" in outcome.out
    assert "\n  from memory: not the words of the source: check it before use\n" in outcome.out
    full = run_corcal("interpret", "--agatston", 350, *KNOWN, "--details").out
    assert full.index("2026 ACC/AHA dyslip") < full.index("2018 AHA/ACC chol")


def test_superseded_guidelines_and_sources_are_details(run_corcal):
    brief = run_corcal("interpret", "--agatston", 350, *KNOWN).out
    full = run_corcal("interpret", "--agatston", 350, *KNOWN, "--details").out
    for words in ("2018 AHA/ACC chol", "Circulation 2006;113:30-37", "Who is tested"):
        assert words not in brief
        assert words in full
    assert "of superseded guidelines" in brief
    assert brief.count("- Lifestyle: ") < full.count("- Lifestyle: ")
    asked = ("--guideline", "accaha2018")
    alone = run_corcal("interpret", "--agatston", 350, *KNOWN, *asked).out
    assert "2018 AHA/ACC chol" in alone[alone.index("WHAT GUIDELINES SAY") :]


def test_the_main_points_stand_first(run_corcal):
    out = run_corcal("interpret", "--agatston", 350, *KNOWN).out
    points = out[out.index("IN SHORT") : out.index("WHAT IT IS")]
    for words in ("Score 350 (101-400): ", "MESA: ", "without the scan, ", "2026 ACC/AHA"):
        assert words in points
    assert points.count("\n") <= 22


@pytest.mark.parametrize(
    "told", [("--smoker",), ("--symptoms",), ("--diabetes",), ("--fh",), ("--no-gated",)]
)
def test_a_zero_that_does_not_reassure_is_told_as_such_before_anything_else(run_corcal, told):
    out = run_corcal("interpret", "--agatston", 0, "--age", 48, "--sex", "female", *told).out
    assert out.index("Caution: ") < out.index("WHAT IT IS")
    assert "low risk of a heart attack" not in " ".join(out.split())
    assert "Arterial age  " not in out


def test_a_scan_without_gating_is_doubted_first_even_of_nobody(run_corcal):
    out = run_corcal("interpret", "--agatston", 0, "--no-gated").out
    assert out.index("Caution: The scan was made without ECG gating") < out.index("Score 0")


def test_a_stent_is_known_disease(run_corcal):
    person = ("--age", 55, "--sex", "male", "--race", "white")
    told = interpret_json(run_corcal, "--agatston", 300, *person, "--stent")
    assert told["has_device_excluded"] is True
    assert told["person"]["has_known_ascvd"] is True
    assert told["arterial_age"]["years"] is told["percentile"]["mesa"]["value"] is None
    lead = interpret_json(run_corcal, "--agatston", 300, *person, "--device", "--no-known-ascvd")
    assert lead["percentile"]["mesa"]["value"] is not None
    told = run_corcal("interpret", "--agatston", 300, *person, "--stent", "--no-known-ascvd")
    assert (told.code, told.out) == (2, "")
    assert "contradicts --no-known-ascvd" in told.err


def test_a_device_is_told_before_the_disease_that_it_may_stand_for(run_corcal):
    person = ("--agatston", 300, "--age", 55, "--sex", "male")
    out = run_corcal("interpret", *person, "--device").out
    assert out.index("[general.device;") < out.index("[general.known-disease;")
    stent = run_corcal("interpret", *person, "--stent").out
    assert stent.index("[general.known-disease;") < stent.index("[general.device;")


def test_who_gives_mmol_gets_mmol(run_corcal):
    person = ("--agatston", 120, "--age", 60, "--sex", "male", "--race", "white", "--hdl")
    both = run_corcal("interpret", *person, "1.3 mmol/L").out
    assert "HDL cholesterol 50.3 mg/dL (1.3 mmol/L)" in " ".join(both.split())
    assert "(1.8 and 2.6 mmol/L)" in " ".join(both.split())  # goals of 70 and 100 mg/dL
    assert "mmol/L" not in run_corcal("interpret", *person, "50").out


def test_help_defines_what_counts_and_names_the_page(run_corcal):
    text = " ".join(run_corcal("interpret", "--help").out.split())
    assert "before 55 years, of a female one before 65" in text
    assert "docs/interpret.md" in text
    assert "docs/followup.md" in run_corcal("compare", "--help").out


def test_what_is_not_known_and_could_change_it_is_said_once(run_corcal):
    text = " ".join(run_corcal("interpret", "--agatston", 350, *KNOWN).out.split())
    assert text.count("Not known, and could change this: known cardiovascular disease") == 1


def test_the_difference_the_calcium_makes_is_said(run_corcal):
    # Hispanic man of 70 (published): 8.61 % without the scan, 3.06 % with a score of 0
    told = run_corcal(
        *("interpret", "--agatston", 0, "--age", 70, "--sex", "male", "--race", "hispanic"),
        *("--total-cholesterol", 190, "--hdl", 50, "--systolic", 130, "--bp-medication"),
        *("--no-diabetes", "--no-smoker", "--no-statin", "--no-family-history"),
    )
    assert "8.6 % without the scan, 3.1 %" in " ".join(told.out.split())


def test_a_result_gives_its_own_age_sex_arteries_and_certainty(run_corcal, result_file):
    told = interpret_json(run_corcal, result_file)
    assert told["agatston"] == 14.0
    assert (told["person"]["age_years"], told["person"]["sex"]) == (61.0, "female")
    assert told["vessels"]["LAD"] == 14.0
    assert told["categories"]["cac_drs"]["code"] == "A1/N1"
    assert told["certainty"]["is_sure"] is True  # 90 % for 1-100, of which 80 % is asked
    assert told["certainty"]["bands"] == ["1-9", "10-99"]  # 8.5 to 25 on both sides of 10
    assert told == interpret_json(run_corcal, result_file.parent)


def test_options_override_what_the_headers_say(run_corcal, result_file):
    told = interpret_json(run_corcal, result_file, "--age", 50, "--race", "white")
    assert told["person"]["age_years"] == 50.0
    assert told["person"]["sex"] == "female"
    assert told["percentile"]["mesa"]["value"] is not None


def test_an_uncertain_category_is_said(run_corcal, result_file):
    base = make_automatic_result()
    chances = {"0": 0.3, "1-100": 0.7, "101-400": 0.0, ">400": 0.0}
    doubtful = replace(base, score=replace(base.score, category_probabilities=chances))
    result_file.write_text(result_json(doubtful), encoding="utf-8")
    outcome = run_corcal("interpret", result_file)
    text = " ".join(outcome.out.split())
    assert "95 % interval 8.5 to 25" in text
    assert "The category is uncertain (0: 30 %, 1-100: 70 %)" in text


def test_a_scan_without_gating_or_with_metal_is_told_as_such(run_corcal, result_file):
    base = make_result()
    metal = Finding(code="DEVICE_PRESENT", severity=Severity.WARNING, message="a lead")
    strange = replace(
        base,
        scan=replace(base.scan, is_gated=False),
        suitability=replace(base.suitability, findings=(metal,)),
    )
    result_file.write_text(result_json(strange), encoding="utf-8")
    outcome = run_corcal("interpret", result_file)
    assert outcome.out.startswith("Agatston-equivalent, without ECG gating: 14\n")
    assert "Metal was left out of the score" in outcome.out
    assert "V1/N1" in outcome.out


def test_the_interpretation_goes_into_the_record_and_is_known_there(
    run_corcal, result_file, tmp_path
):
    into = tmp_path / "interpreted.json"
    outcome = run_corcal("interpret", result_file, "--race", "white", "--into", into)
    assert outcome.code == 0, outcome.err
    assert outcome.out.rstrip().endswith(f"wrote {into}")
    kept = read_result(into)
    assert kept.interpretation is not None
    assert kept.interpretation.categories["plain"].code == "1-100"
    assert replace(kept, interpretation=None) == make_automatic_result()
    jsonschema.validate(json.loads(into.read_text("utf-8")), json.loads(schema_json()))
    again = interpret_json(run_corcal, into)  # the race is known from the first time
    assert again["person"]["race"] == "white"


def test_into_the_folder_of_an_exam_is_into_its_record(run_corcal, result_file):
    folder = result_file.parent
    result_file.rename(folder / "result.json")
    outcome = run_corcal("interpret", folder, "--race", "white", "--into", folder)
    assert outcome.code == 0, outcome.err
    assert read_result(folder / "result.json").interpretation is not None


@pytest.mark.parametrize("is_folder", [True, False])
def test_the_record_of_another_exam_is_not_replaced(run_corcal, result_file, tmp_path, is_folder):
    base = make_automatic_result()
    other = replace(base, scan=replace(base.scan, series_instance_uid="2.25.99"))
    place = tmp_path / "other" / "result.json"
    place.parent.mkdir()
    place.write_text(result_json(other), encoding="utf-8")
    outcome = run_corcal("interpret", result_file, "--into", place.parent if is_folder else place)
    assert outcome.code == 2
    assert "result.json is the record of another exam: give the one of this exam" in outcome.err
    assert read_result(place) == other


def test_a_folder_without_a_record_is_not_that_of_the_exam(run_corcal, result_file, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    outcome = run_corcal("interpret", result_file, "--into", folder)
    assert outcome.code == 2
    assert "--into empty has no result.json: give the folder of the exam, or a file" in outcome.err


def test_a_file_that_is_no_record_is_not_replaced(run_corcal, result_file, tmp_path):
    notes = tmp_path / "notes.json"
    notes.write_text("{}", encoding="utf-8")
    outcome = run_corcal("interpret", result_file, "--into", notes)
    assert (outcome.code, notes.read_text("utf-8")) == (2, "{}")


def test_only_the_guideline_that_was_asked_for(run_corcal):
    key = next(iter(GUIDELINES))
    told = interpret_json(run_corcal, "--agatston", 350, *KNOWN, "--guideline", key)
    # cautions cannot be switched off
    assert {each["guideline"] for each in told["guidance"]} <= {key, "general"}
    assert key in {each["guideline"] for each in told["guidance"]}


@pytest.mark.parametrize(
    ("typed", "in_mg_dl"),
    [
        (("--unit", "mmol/l", "--total-cholesterol", "5.172"), 200.0),  # 5.172 / 0.02586
        (("--total-cholesterol", "5.172 mmol/L"), 200.0),
        (("--unit", "mmol/l", "--total-cholesterol", "200 mg/dL"), 200.0),
        (("--total-cholesterol", "200"), 200.0),
    ],
)
def test_cholesterol_is_taken_in_both_units(run_corcal, typed, in_mg_dl):
    told = interpret_json(run_corcal, "--agatston", 5, "--age", 60, "--sex", "male", *typed)
    assert told["person"]["total_cholesterol_mg_dl"] == pytest.approx(in_mg_dl)


@pytest.mark.parametrize(
    "typed", [("1.0",), ("88.4 umol/L",), ("88.4", "--unit", "mmol/l"), ("1.0 mg/dL",)]
)
def test_creatinine_becomes_an_egfr(run_corcal, typed):
    told = interpret_json(
        run_corcal, "--agatston", 5, "--age", 50, "--sex", "male", "--creatinine", *typed
    )
    # 142 x (1 / 0.9)^-1.2 x 0.9938^50 = 142 x 0.8812 x 0.7327
    assert told["person"]["egfr"] == pytest.approx(91.7, abs=0.1)


@pytest.mark.parametrize("age", [62, 40])  # of MESA; of Hoff alone
def test_the_score_is_drawn_among_the_percentiles(run_corcal, tmp_path, age):
    chart = tmp_path / "chart.png"
    outcome = run_corcal(
        *("interpret", "--agatston", 120, "--age", age, "--sex", "female", "--race", "black"),
        *("--chart", chart),
    )
    assert outcome.code == 0, outcome.err
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert outcome.out.rstrip().endswith(f"wrote {chart}")


@pytest.mark.parametrize("agatston", ["99.5", "299.5", "999.9", "100.4"])
def test_the_heading_does_not_round_into_another_class(run_corcal, agatston):
    out = run_corcal("interpret", "--agatston", agatston).out
    assert out.startswith(f"Agatston score {agatston}\n")


def test_the_lowest_percentile_is_below_the_first(run_corcal):
    person = ("--age", 84, "--sex", "male", "--race", "white")
    out = run_corcal("interpret", "--agatston", 0.5, *person).out
    assert "below the 1st percentile" in out
    assert "0th percentile of" not in out
