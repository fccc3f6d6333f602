"""The tables say what the result says, to the last bit, and are safe to open."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.scan import Finding, Patient, Severity
from corcal.errors import InputError
from corcal.interop.tables import (
    EXAM_COLUMNS,
    LESION_COLUMNS,
    RULE_COLUMNS,
    TABLE_COLUMNS,
    columns_as_markdown,
    write_exam_table,
    write_lesion_table,
)
from corcal.result import Result, ReviewRecord
from corcal.scoring.types import RuleScore
from result_maker import make_automatic_result, make_result

VESSELS = ("LM", "LAD", "LCX", "RCA")
DOCS = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def exam_row(result: Result, folder: Path) -> dict[str, str]:
    write_exam_table([result], folder / "exam.csv")
    (row,) = rows_of(folder / "exam.csv")
    return row


def with_scan(**changes: object) -> Result:
    result = make_result()
    return replace(result, scan=replace(result.scan, **changes))


def test_a_lesion_reads_back_as_it_was(tmp_path: Path) -> None:
    result = make_result()
    third = 1.0 / 3.0  # has no short decimal form: must come back to the last bit
    lesion = replace(result.lesions[0], agatston=third, mass_mg=1e-17)
    write_lesion_table(replace(result, lesions=(lesion,)), tmp_path / "lesions.csv")
    (row,) = rows_of(tmp_path / "lesions.csv")
    assert row["id"] == "L1"
    assert row["site"] == "LAD"
    assert row["is_coronary"] == "true"
    assert float(row["agatston"]) == third
    assert float(row["mass_mg"]) == 1e-17
    assert tuple(float(row[f"centroid_{axis}_mm"]) for axis in "xyz") == (1.0, -2.0, 3.0)
    assert row["slices"] == "1;2"
    for name in ("volume_mm3", "area_mm2", "peak_hu", "mean_hu"):
        assert float(row[name]) == getattr(lesion, name)
    assert int(row["voxel_count"]) == 16
    assert int(row["slice_lesion_count"]) == 2


def test_a_lesion_outside_the_arteries_is_told_apart(tmp_path: Path) -> None:
    result = make_result()
    valve = replace(result.lesions[0], site="aortic_valve")
    write_lesion_table(replace(result, lesions=(valve,)), tmp_path / "lesions.csv")
    assert rows_of(tmp_path / "lesions.csv")[0]["is_coronary"] == "false"


def test_an_exam_without_lesions_leaves_the_header_alone(tmp_path: Path) -> None:
    write_lesion_table(replace(make_result(), lesions=()), tmp_path / "lesions.csv")
    lines = (tmp_path / "lesions.csv").read_bytes().split(b"\r\n")
    assert lines[0].decode().split(",") == [column.name for column in LESION_COLUMNS]
    assert lines[1:] == [b""]


def test_every_vessel_score_of_an_exam_reads_back(tmp_path: Path) -> None:
    result = make_result()
    row = exam_row(result, tmp_path)
    scores = {"total": result.score.total} | result.score.vessels
    for whose, score in scores.items():
        for name in ("agatston", "volume_mm3", "mass_mg", "area_mm2", "lesion_count"):
            assert float(row[f"{whose}_{name}"]) == getattr(score, name), (whose, name)


def test_a_measure_that_was_not_taken_is_empty_and_a_zero_is_not(tmp_path: Path) -> None:
    row = exam_row(make_result(), tmp_path)
    assert row["total_volume_fraction_mass_mg"] == ""
    assert row["RCA_agatston"] == "0.0"
    assert row["aortic_valve_agatston"] == ""


@pytest.mark.parametrize(
    ("code", "severity", "cell"),
    [
        (None, None, "0.0"),
        ("HEART_CUT", Severity.INFO, "0.0"),  # no more than its surface is uncertain by
        ("HEART_CUT", Severity.WARNING, ""),
        ("HEART_CUT_ABOVE", Severity.WARNING, ""),
    ],
)
def test_a_valve_that_was_looked_at_and_is_free_of_calcium_has_a_zero(
    tmp_path: Path, code: str | None, severity: Severity | None, cell: str
) -> None:
    result = make_automatic_result()
    cut = Finding(code=code or "", severity=severity or Severity.INFO, message="cut")
    found = () if code is None else (cut,)
    told = replace(result, suitability=replace(result.suitability, findings=found))
    row = exam_row(told, tmp_path)
    assert (row["aortic_valve_agatston"], row["mitral_annulus_volume_mm3"]) == (cell, cell)
    assert row["aortic_valve_lesion_count"] == cell.removesuffix(".0")
    assert row["ascending_aorta_agatston"] == ""


def test_calcium_of_another_site_has_its_own_columns(tmp_path: Path) -> None:
    result = make_result()
    valve = replace(result.score.vessels["LAD"], agatston=77.25)
    score = replace(result.score, other_sites={"aortic_valve": valve})
    row = exam_row(replace(result, score=score), tmp_path)
    assert float(row["aortic_valve_agatston"]) == 77.25
    assert float(row["total_agatston"]) == 14.0


def test_the_rules_and_the_provenance_are_in_the_row(tmp_path: Path) -> None:
    row = exam_row(make_result(), tmp_path)
    assert float(row["rule_textbook_threshold_hu"]) == 130.0
    assert float(row["rule_textbook_total_agatston"]) == 14.0
    assert [float(row[f"rule_textbook_{v}_agatston"]) for v in VESSELS] == [0.0, 14.0, 0.0, 0.0]
    assert row["rule"] == "textbook"
    assert row["annotation_sha256"] == "0" * 64
    assert row["software_version"] == "0.1.0"
    assert row["suitability_codes"] == "KVP"
    assert (row["row_spacing_mm"], row["column_spacing_mm"]) == ("0.5", "0.5")
    assert row["is_gated"] == "true"


def test_exams_of_different_rules_share_one_header(tmp_path: Path) -> None:
    first = make_result()
    rule = RuleScore(rule="ge", threshold_hu=130.0, total=9.5, vessels=dict.fromkeys(VESSELS, 1.5))
    second = replace(first, score=replace(first.score, by_rule={"ge": rule}))
    write_exam_table([first, second], tmp_path / "exams.csv")
    one, two = rows_of(tmp_path / "exams.csv")
    assert (one["rule_textbook_total_agatston"], one["rule_ge_total_agatston"]) == ("14.0", "")
    assert (two["rule_textbook_total_agatston"], two["rule_ge_total_agatston"]) == ("", "9.5")


def test_an_exam_without_an_annotation_has_empty_cells_for_it(tmp_path: Path) -> None:
    result = make_result()
    bare = replace(result, provenance=replace(result.provenance, annotation=None))
    assert exam_row(bare, tmp_path)["annotation_format"] == ""


def test_silent_gating_tags_are_neither_true_nor_false(tmp_path: Path) -> None:
    assert exam_row(with_scan(is_gated=None), tmp_path)["is_gated"] == ""
    assert exam_row(with_scan(is_gated=False), tmp_path)["is_gated"] == "false"


def test_names_and_dates_of_birth_stay_out_of_the_table(tmp_path: Path) -> None:
    patient = Patient(patient_id="P7", name="Doe^Jane", birth_date="1961-03-04", sex="F")
    row = exam_row(with_scan(patient=patient), tmp_path)
    assert row["patient_id"] == "P7"
    text = (tmp_path / "exam.csv").read_text(encoding="utf-8")
    assert "Doe" not in text
    assert "1961" not in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_looks_like_a_formula_is_made_text(start: str, tmp_path: Path) -> None:
    row = exam_row(with_scan(series_description=f"{start}1+cmd|' /C calc'!A0"), tmp_path)
    assert row["series_description"] == f"'{start}1+cmd|' /C calc'!A0"


def test_a_negative_number_is_no_formula(tmp_path: Path) -> None:
    write_lesion_table(make_result(), tmp_path / "lesions.csv")
    assert rows_of(tmp_path / "lesions.csv")[0]["centroid_y_mm"] == "-2.0"


def test_commas_quotes_line_breaks_and_other_scripts_survive(tmp_path: Path) -> None:
    text = 'Ca, "score"\n3 mm \u05db\u05d4\u05df \u5c71\u7530'
    assert exam_row(with_scan(series_description=text), tmp_path)["series_description"] == text


def test_numbers_of_numpy_are_written_as_numbers(tmp_path: Path) -> None:
    assert exam_row(with_scan(kvp=np.float64(120.5)), tmp_path)["kvp"] == "120.5"


@pytest.mark.parametrize("name", TABLE_COLUMNS)
def test_no_two_columns_of_a_table_share_a_name(name: str) -> None:
    assert max(Counter(column.name for column in TABLE_COLUMNS[name]).values()) == 1


@pytest.mark.parametrize("column", LESION_COLUMNS + EXAM_COLUMNS, ids=lambda column: column.name)
def test_a_column_with_a_unit_ends_with_it(column: object) -> None:
    endings = {
        "mm": "_mm",
        "mm²": "_mm2",
        "mm³": "_mm3",
        "mg": "_mg",
        "HU": "_hu",
        "mg/cm³/HU": "_mg_per_cm3_hu",
        "years": "_years",
        "kV": "kvp",
        "1": "",
        "percent": "",
        "": "",
    }
    assert column.name.endswith(endings[column.unit])


@pytest.mark.parametrize("columns", [LESION_COLUMNS, EXAM_COLUMNS, RULE_COLUMNS])
def test_the_documentation_has_every_column(columns: tuple[object, ...]) -> None:
    assert columns_as_markdown(columns) in DOCS.read_text(encoding="utf-8")


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write the table exam\.csv: No such file"):
        write_exam_table([make_result()], tmp_path / "missing" / "exam.csv")


def test_a_review_stands_in_the_row_of_its_exam_and_an_exam_without_one_has_empty_cells() -> None:
    review = ReviewRecord(
        readers=("Dr. A", "Dr. B"),
        started="2026-01-03T09:00:00+00:00",
        finished="2026-01-03T09:05:00+00:00",
        event_count=7,
        change_count=3,
        candidates_by_reader=4,
        is_complete=False,
        proposed_by="automatic",
        proposed_rule="ge",
        proposed_agatston=391.25,
    )
    base = make_result()
    result = replace(base, provenance=replace(base.provenance, method="reviewed", reviewed=review))
    cells = {c.name: c.value(result) for c in EXAM_COLUMNS if c.name.startswith("reviewed_")}
    assert cells == {
        "reviewed_readers": "Dr. A; Dr. B",
        "reviewed_started": "2026-01-03T09:00:00+00:00",
        "reviewed_finished": "2026-01-03T09:05:00+00:00",
        "reviewed_event_count": 7,
        "reviewed_change_count": 3,
        "reviewed_candidates_by_reader": 4,
        "reviewed_is_complete": False,
        "reviewed_proposed_by": "automatic",
        "reviewed_proposed_rule": "ge",
        "reviewed_proposed_agatston": 391.25,
    }
    without = [c.value(base) for c in EXAM_COLUMNS if c.name in cells]
    assert without == [None] * len(cells)


def test_a_lesion_of_a_reviewed_exam_says_who_decided() -> None:
    (lesion,) = make_result().lesions
    (origin,) = (column for column in LESION_COLUMNS if column.name == "origin")
    decided = [origin.value(replace(lesion, origin=each)) for each in ("reader", "automatic", None)]
    assert decided == ["reader", "automatic", None]
