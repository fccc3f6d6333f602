"""What a person sees of a study: text of 80 columns and pictures, of one scan and of many."""

import re
from dataclasses import replace

import numpy as np
import pytest

from corcal.evaluate.agreement.lesion_match import COLUMNS, ROWS, Confusion, LesionMatch
from corcal.evaluate.agreement.pictures import PICTURES, draw_agreement
from corcal.evaluate.agreement.study import evaluate_exams, failed_scan
from corcal.evaluate.agreement.summary import summarise
from corcal.evaluate.agreement.text import agreement_text
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.types import Interval
from evaluate.agreement.study_maker import row_of
from evaluate.agreement.test_study import pair_of

STATED = {"0": 0.05, "1-100": 0.9, "101-400": 0.05, ">400": 0.0}


def simulated_rows(count):
    rng = np.random.default_rng(4)
    truth = rng.lognormal(4, 2, size=count) * (rng.random(count) > 0.3)
    rows = []
    for k, true in enumerate(truth):
        found = float(true * rng.normal(1, 0.1)) if true else float(k % 7 == 0)
        stated = Interval(low=0.9 * found, high=1.1 * found + 1, level=0.95)
        rows.append(
            row_of(f"scan-{k}", float(true), found, interval=stated, category_probabilities=STATED)
        )
    return rows


def one_exam():
    stated = Interval(low=1, high=5, level=0.95)
    return evaluate_exams([pair_of(interval=stated, probabilities=STATED, advised=True)])


def test_the_text_of_one_scan_says_what_cannot_be_said():
    text = agreement_text(one_exam())
    assert "Automatic against reference: 1 compared, 0 failed, 1 patient" in text
    assert re.search(r"^total +1  - +-  +-  1 of 1$", text, re.MULTILINE)
    assert re.search(r"^1 to 2 +1 of 2 \(0\.\d\d to 0\.\d\d\)$", text, re.MULTILINE)
    assert re.search(r"^a +4\.0 +3\.0 +1\.0 to 5\.0 +advised$", text, re.MULTILINE)
    assert "right artery: 1.000 of the calcium that was found" in text
    assert text.endswith("not for diagnosis.")


def test_an_artery_most_of_whose_calcium_is_elsewhere_is_named():
    lines = agreement_text(one_exam()).splitlines()
    named = [line for line in lines if "was found in it" in line]
    assert named == ["RCA: only 0.0 of 2.0 was found in it; if its score agrees, that is chance"]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_the_text_fits_into_eighty_columns(count):
    text = agreement_text(summarise(simulated_rows(count)))
    assert max(map(len, text.splitlines())) <= 80
    assert max(map(len, agreement_text(one_exam()).splitlines())) <= 80
    assert "nan" not in text
    assert "None" not in text


def test_a_long_study_lists_the_scans_of_another_category_alone():
    text = agreement_text(summarise([row_of("odd-one", 0, 2), *simulated_rows(30)]))
    listed = text.split("Scans of another category")[1]
    assert "odd-one" in listed
    assert "scan-1 " not in listed


def test_a_failure_is_one_line_with_its_reason():
    text = agreement_text(summarise([failed_scan("a/\nb", "two\nlines"), row_of("c", 1, 1)]))
    assert "  a/ b: two lines\n" in text


def test_the_table_has_the_reference_in_its_rows():
    text = agreement_text(summarise([row_of("a", 0, 50), row_of("b", 0, 50)]))
    zero = next(line for line in text.splitlines() if line.startswith("        0"))
    assert zero.split() == ["0", "0", "2", "0", "0"]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_pictures_are_drawn_of_few_and_of_many(tmp_path, count):
    drawn = draw_agreement(summarise(simulated_rows(count)), tmp_path)
    assert list(drawn) == ["scores", "differences", "categories"]  # no lesion was compared
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in drawn.values())


def test_all_pictures_are_drawn_where_lesions_were_compared(tmp_path):
    drawn = draw_agreement(one_exam(), tmp_path)
    assert list(drawn) == list(PICTURES)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(f"{n}.png" for n in PICTURES)


def test_nothing_is_drawn_of_a_study_of_failures(tmp_path):
    assert draw_agreement(summarise([failed_scan("a", "broken")]), tmp_path) == {}


def test_the_picture_of_the_categories_shows_the_table():
    from matplotlib.figure import Figure

    figure = Figure()
    _, draw = PICTURES["categories"]
    assert draw(figure, summarise([row_of("a", 0, 50), row_of("b", 0, 50), row_of("c", 500, 500)]))
    (axes,) = figure.axes
    shown = np.array([int(text.get_text()) for text in axes.texts]).reshape(4, 4)
    assert shown[CATEGORIES.index("0"), CATEGORIES.index("1-100")] == 2
    assert shown[3, 3] == 1
    assert shown.sum() == 3
    # Two are off by one: 2 / 3. By chance 2/3 (2/3 * 1 + 1/3 * 9) + 1/3 (2/3 * 4) = 10 / 3.
    assert axes.get_title() == "Same category: 1 of 3, quadratic kappa 0.800"


def test_the_picture_of_the_scores_has_the_reference_on_its_horizontal_axis():
    from matplotlib.figure import Figure

    figure = Figure()
    _, draw = PICTURES["scores"]
    assert draw(figure, summarise([row_of("a", 10, 20)]))
    same, other = figure.axes[0].collections
    assert same.get_offsets().tolist() == [[10, 20]]
    assert len(other.get_offsets()) == 0
    assert figure.axes[0].get_xlabel() == "reference, Agatston"
    left, right = figure.axes[0].get_xlim()
    assert left < 0
    assert right > 400


def test_a_scan_whose_calcium_is_in_another_artery_is_named():
    row = row_of("a", 100, 100)
    agatston = np.zeros((len(ROWS), len(COLUMNS)))
    agatston[ROWS.index("LAD"), COLUMNS.index("LM")] = 30.0
    agatston[ROWS.index("LAD"), COLUMNS.index("LAD")] = 61.0
    agatston[ROWS.index("LCX"), COLUMNS.index("LAD")] = 9.0  # less than a tenth
    confusion = Confusion(
        rows=ROWS,
        columns=COLUMNS,
        voxels=np.zeros_like(agatston, int).tolist(),
        agatston=agatston.tolist(),
    )
    match = LesionMatch(reference=(), false=(), confusion=confusion)
    lines = agreement_text(summarise([replace(row, match=match)])).splitlines()
    assert [line for line in lines if "are called" in line] == [
        "  a: 30.0 Agatston of the LAD are called LM"
    ]


def test_an_interval_without_a_width_is_left_out():
    text = agreement_text(summarise([row_of(f"s{k}", k, k) for k in range(1, 5)]))
    assert re.search(r"^total +4  1\.000 +", text, re.MULTILINE)
    assert "(1.000 to 1.000)" not in text
    assert "(+0.0 to +0.0)" not in text
