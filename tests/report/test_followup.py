"""A comparison as text and as a chart."""

from datetime import date

import pytest

from corcal.followup import compare
from corcal.report.followup_chart import draw_followup, followup_figure
from corcal.report.followup_text import followup_text
from followup.exam_maker import between, exam, later


def series(*scores):
    """Exams two years apart, each with its interval and four arteries."""
    return [
        exam(
            score,
            date(2010 + 2 * k, 3, 1),
            interval=between(0.8 * score, 1.3 * score + 3),
            vessels={"LM": 0.0, "LAD": score, "LCX": 0.0, "RCA": 0.0},
            vessel_intervals={"LAD": between(0.8 * score, 1.3 * score + 3)},
        )
        for k, score in enumerate(scores)
    ]


def test_the_table_has_one_row_an_exam():
    lines = followup_text(compare(series(100.0, 5000.0))).splitlines()
    assert lines[0].split() == [
        "date",
        "Agatston",
        "interval",
        *("LM", "LAD", "LCX", "RCA"),
        "volume",
        "mass",
    ]
    assert lines[1].split() == ["mm3", "mg"]
    assert len(lines[1]) == len(lines[0])
    assert lines[2].split() == [
        "2010-03-01",
        "100.0",
        *("80", "to", "133"),
        *("0", "100.0", "0", "0"),
        *("100.0", "\N{EN DASH}"),
    ]
    assert lines[3].split()[:2] == ["2012-03-01", "5000"]


@pytest.mark.parametrize("scores", [(0.0, 0.0), (100.0, 160.0), (1.0, 20.0, 300.0, 5000.0)])
def test_no_line_is_wider_than_a_terminal(scores):
    text = followup_text(compare(series(*scores), statin_started=date(2011, 1, 1)))
    assert max(len(line) for line in text.splitlines()) <= 80


def test_every_method_and_check_is_told_with_its_source_and_mark():
    found = compare(series(100.0, 300.0))
    text = " ".join(followup_text(found).split())
    for one in (*found.whole.methods, *found.whole.certainty.checks):
        assert f"{one.label}: {one.reading}" in text
        assert one.source is None or f"[{one.source}, {one.mark}]" in text
    for one in found.sources:
        assert f"- {one.key} ({one.mark})" in text


def test_what_does_not_apply_is_told_with_the_reason():
    text = " ".join(followup_text(compare([exam(0.0), later(50.0)])).split())
    assert "Percent per year, simple: does not apply, because the first score is 0" in text


def test_exams_that_are_not_alike_have_numbers_and_no_methods():
    text = followup_text(compare([exam(100.0), later(900.0, kvp=100.0)]))
    assert "2023-01-02     900.0" in text
    assert "no verdict" in " ".join(text.split())
    assert "Square-root rule" not in text


def test_several_exams_are_told_step_by_step():
    text = followup_text(compare(series(10.0, 200.0, 500.0)))
    assert text.count("Step, ") == 2
    assert text.count("First to last, 2010-03-01 to 2014-03-01") == 1


@pytest.mark.parametrize(
    "exams",
    [
        series(0.0, 0.0),
        series(0.0, 3.0, 5000.0),
        series(12.0, 300.0, 900.0, 2500.0, 3600.0, 5000.0),
        [exam(100.0), exam(120.0)],
        [exam(100.0), later(900.0, kvp=100.0)],
    ],
    ids=["zeros", "three", "six", "one day, no arteries", "not comparable"],
)
def test_a_chart_is_a_png_of_one_size(tmp_path, exams):
    path = draw_followup(compare(exams, statin_started=date(2011, 1, 1)), tmp_path / "chart.png")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(content[16:20], "big") == 1210  # 11 inches of 110 dots
    assert int.from_bytes(content[20:24], "big") == 594


def test_the_chart_shows_scores_intervals_and_the_verdict():
    figure = followup_figure(compare(series(100.0, 300.0)))
    assert figure.get_suptitle() == (
        "First exam to last: an increase larger than measurement error"
    )
    total = figure.axes[0]
    assert {text.get_text() for text in total.texts} == {"100", "300"}
    assert total.get_ylim()[1] > 393  # the upper end of the second interval
    spans = [part.get_segments()[0][:, 1].tolist() for part in total.collections]
    assert spans == [[80.0, 133.0], [240.0, 393.0]]
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "bands of ACC/AHA 2026: 100, 300, 1000",
        "95 % interval",
    ]


def test_the_arteries_share_one_scale():
    figure = followup_figure(compare(series(100.0, 300.0)))
    assert {axes.get_title() for axes in figure.axes[1:]} == {"LM", "LAD", "LCX", "RCA"}
    assert len({axes.get_ylim() for axes in figure.axes[1:]}) == 1


def test_exams_that_are_not_alike_are_joined_by_dots():
    figure = followup_figure(compare([exam(100.0), later(900.0, kvp=100.0)]))
    assert figure.axes[0].lines[0].get_linestyle() == ":"
    assert "no verdict" in figure.get_suptitle()
    assert "not comparable" in [text.get_text() for text in figure.legends[0].texts]


def test_the_start_of_a_statin_is_marked():
    followup = compare(series(100.0, 300.0), statin_started=date(2011, 5, 1))
    figure = followup_figure(followup)
    assert "statin started 2011-05-01" in [text.get_text() for text in figure.legends[0].texts]
