"""What certainty and interpretation add to the tables, and the dictionary of all columns."""

import csv
import io
from pathlib import Path

import pytest

from corcal.interop.columns import Kind
from corcal.interop.tables import (
    EXAM_COLUMNS,
    LESION_COLUMNS,
    RULE_COLUMNS,
    dictionary_csv,
    write_exam_table,
    write_lesion_table,
)
from corcal.result import Result
from interop.exam_cases import (
    CASES,
    full_result,
    not_gated_result,
    other_person_result,
    zero_result,
)
from result_maker import make_automatic_result, make_result

NEW = ("category_", "percentile_", "arterial_age_", "risk_")


def exam_row(result: Result, folder: Path) -> dict[str, str]:
    write_exam_table([result], folder / "exam.csv")
    with (folder / "exam.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, strict=True)
    return row


def test_intervals_and_category_probabilities_read_back(tmp_path: Path) -> None:
    row = exam_row(make_automatic_result(), tmp_path)
    ends = ("low", "high", "level")
    assert [float(row[f"total_agatston_{end}"]) for end in ends] == [8.5, 25.0, 0.95]
    assert [float(row[f"RCA_agatston_{end}"]) for end in ends] == [0.0, 3.0, 0.95]
    names = ("0", "1_100", "101_400", "above_400")
    assert [float(row[f"probability_score_{name}"]) for name in names] == [0.1, 0.9, 0.0, 0.0]
    assert (row["review_advised"], row["review_reasons"]) == ("true", "a lesion is doubtful")
    assert (row["anatomy_model_name"], row["lesion_model_name"]) == (
        "corcal-thorax",
        "corcal-lesions",
    )


def test_where_a_person_decided_certainty_is_empty(tmp_path: Path) -> None:
    row = exam_row(make_result(), tmp_path)
    for name in (
        "total_agatston_low",
        "LAD_agatston_high",
        "probability_score_0",
        "review_advised",
    ):
        assert row[name] == ""


def test_without_gating_there_is_no_percentile_and_no_risk_with_the_calcium(tmp_path: Path) -> None:
    row = exam_row(not_gated_result(), tmp_path)
    empty = ("percentile_", "arterial_age_", "risk_mesa_chd_with_cac")
    assert {cell for name, cell in row.items() if name.startswith(empty)} == {""}
    assert float(row["risk_mesa_chd"]) > 0


def test_whom_the_meaning_is_of_stands_beside_it(tmp_path: Path) -> None:
    names = ("person_age_years", "person_sex", "person_other_than_headers")
    row = exam_row(other_person_result(), tmp_path)
    assert (row["age_years"], row["sex"]) == ("61.0", "F")
    assert [row[name] for name in names] == ["66.0", "male", "age_years;sex"]
    row = exam_row(full_result(), tmp_path)
    assert [row[name] for name in names] == ["61.0", "female", ""]


def test_without_an_interpretation_its_columns_are_empty(tmp_path: Path) -> None:
    row = exam_row(make_automatic_result(), tmp_path)
    told = {name: cell for name, cell in row.items() if name.startswith(NEW)}
    assert len(told) > 40
    assert set(told.values()) == {""}


def test_the_interpretation_reads_back(tmp_path: Path) -> None:
    result = full_result()
    row, meaning = exam_row(result, tmp_path), result.interpretation
    for scheme, category in meaning.categories.items():
        assert row[f"category_{scheme}"] == category.code
    mesa = meaning.percentile["mesa"]
    assert int(row["percentile_mesa"]) == mesa.value
    assert int(row["percentile_mesa_p_nonzero"]) == mesa.p_nonzero
    assert {
        percent: float(row[f"percentile_mesa_score_at_{percent}"]) for percent in mesa.scores
    } == mesa.scores
    assert row["percentile_mesa_group"] == mesa.group
    assert int(row["percentile_hoff_at_least"]) == meaning.percentile["hoff"].at_least
    assert float(row["arterial_age_years"]) == meaning.arterial_age.years
    assert float(row["arterial_age_low_years"]) == meaning.arterial_age.low
    risk = meaning.risk
    for name in ("mesa_chd", "mesa_chd_with_cac", "pce"):
        assert float(row[f"risk_{name}"]) == getattr(risk, name)
    assert row["risk_score2"] == ""  # no region is known
    told = {key: row[f"risk_prevent_{key}"] for key in risk.prevent}
    assert told == {key: "" if one is None else repr(one) for key, one in risk.prevent.items()}
    assert row["risk_prevent_model"] == risk.prevent_model == "prevent"


def test_a_score_of_zero_has_no_percentile_and_a_probability_of_calcium(tmp_path: Path) -> None:
    row = exam_row(zero_result(), tmp_path)
    assert (row["total_agatston"], row["category_plain"]) == ("0.0", "0")
    assert row["percentile_mesa"] == ""
    assert int(row["percentile_mesa_p_nonzero"]) > 0


def test_the_probabilities_of_a_lesion_read_back(tmp_path: Path) -> None:
    result = make_automatic_result()
    write_lesion_table(result, tmp_path / "lesions.csv")
    with (tmp_path / "lesions.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file, strict=True)
    (lesion,) = result.lesions
    assert {site: float(row[f"probability_{site}"]) for site in lesion.probabilities} == (
        lesion.probabilities
    )
    assert row["why"] == "2.0 mm from the LAD; fat lies around it"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("columns", [LESION_COLUMNS, EXAM_COLUMNS], ids=["lesions", "exams"])
def test_a_cell_is_of_the_kind_that_the_dictionary_says(columns: tuple, case: str) -> None:
    result = CASES[case]()
    records = result.lesions if columns is LESION_COLUMNS else (result,)
    kinds = {
        Kind.TEXT: str,
        Kind.NUMBER: (float, int),
        Kind.INTEGER: int,
        Kind.BOOLEAN: bool,
        Kind.INTEGERS: tuple,
    }
    for column in columns:
        for cell in map(column.value, records):
            assert cell is None or isinstance(cell, kinds[column.kind]), column.name
            assert column.kind is Kind.BOOLEAN or not isinstance(cell, bool), column.name


def test_the_dictionary_has_every_column_once() -> None:
    rows = list(csv.DictReader(io.StringIO(dictionary_csv(), newline=""), strict=True))
    assert [(row["table"], row["column"]) for row in rows] == [
        *(("lesions", column.name) for column in LESION_COLUMNS),
        *(("exams", column.name) for column in EXAM_COLUMNS + RULE_COLUMNS),
    ]
    assert all(row["description"].endswith(".") for row in rows)
    assert {row["kind"] for row in rows} == {kind.value for kind in Kind}


def test_the_dictionary_says_what_the_letter_v_of_cac_drs_is() -> None:
    (column,) = (each for each in EXAM_COLUMNS if each.name == "category_cac_drs")
    assert column.description == (
        "Class of the score: CAC-DRS. V in place of A: from a scan without ECG gating, derived "
        "from the score, not a visual estimate."
    )
