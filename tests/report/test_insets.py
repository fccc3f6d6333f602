"""The small charts of the clinician's report: marks where the numbers are, words that fit."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from math import log
from xml.etree import ElementTree

import pytest

from corcal.errors import InputError
from corcal.followup import compare
from corcal.interpreted import interpret_result
from corcal.report.figures import Subject
from corcal.report.followup_inset import _key, _key_width, _lines, followup_inset
from corcal.report.insets import draw_inset
from corcal.report.percentile_inset import percentile_inset
from corcal.risk.percentiles import percentile_curves
from corcal.risk.types import Person, Race, Sex
from followup.exam_maker import exam
from result_maker import make_automatic_result

SVG = "{http://www.w3.org/2000/svg}"
PERSON = {"age_years": 61.5, "sex": Sex.FEMALE, "race": Race.WHITE, "title": "A title & more"}
LEFT, RIGHT, TOP, BOTTOM = 64.0, 548.0, 34.0, 310.0  # of the percentile panel


def parsed(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 (a drawing of our own)


def circles(svg):
    return [
        (float(each.get("cx")), float(each.get("cy"))) for each in parsed(svg).iter(f"{SVG}circle")
    ]


def lines(svg, colour):
    """Points of each line of a colour."""
    return [
        [tuple(map(float, pair.split())) for pair in each.get("d")[1:].split("L")]
        for each in parsed(svg).iter(f"{SVG}path")
        if each.get("stroke") == colour and each.get("transform") is None
    ]


def test_the_point_is_at_the_completed_years_and_the_logarithm_of_the_score():
    ((x, y),) = circles(percentile_inset(100.0, **PERSON))
    # ages 45 to 84 over 64 to 548: the 61st year is 16 / 39 of the way
    assert x == pytest.approx(LEFT + 16 / 39 * (RIGHT - LEFT), abs=0.06)
    highest = 1.6 * max(percentile_curves("mesa", Sex.FEMALE, Race.WHITE).scores[90])
    share = (log(101) + 0.25) / (log(highest + 1) + 0.25)
    assert y == pytest.approx(BOTTOM - share * (BOTTOM - TOP), abs=0.06)


@pytest.mark.parametrize("score", [0.0, 0.4, 22.2, 9000.0])
def test_point_and_curves_stay_inside_the_panel(score):
    svg = percentile_inset(score, **PERSON)
    curves = lines(svg, "#2F5573")
    assert len(curves) == 4
    for x, y in [*circles(svg), *(point for curve in curves for point in curve)]:
        assert LEFT - 0.1 <= x <= RIGHT + 0.1
        assert TOP - 0.1 <= y <= BOTTOM + 0.1


def test_the_curves_of_hoff_are_steps_and_those_of_mesa_are_not():
    stepped = lines(percentile_inset(50.0, **PERSON | {"reference": "hoff"}), "#2F5573")[0]
    assert all(x0 == x1 or y0 == y1 for (x0, y0), (x1, y1) in pairwise(stepped))
    smooth = lines(percentile_inset(50.0, **PERSON), "#2F5573")[0]
    assert any(x0 != x1 and y0 != y1 for (x0, y0), (x1, y1) in pairwise(smooth))


def test_no_chart_is_drawn_of_a_person_whom_the_reference_does_not_cover():
    with pytest.raises(InputError, match="no chart"):
        percentile_inset(50.0, **PERSON | {"age_years": 44.0})


def test_the_same_numbers_give_the_same_bytes():
    followup = history(0, 40, 120)
    first = percentile_inset(50.0, **PERSON), followup_inset(followup, "t")
    assert first == (percentile_inset(50.0, **PERSON), followup_inset(followup, "t"))
    assert parsed(first[0]).findtext(f"{SVG}title") == "A title & more"


def test_a_chart_is_drawn_without_a_library_of_plots_or_fonts():
    code = (
        "import sys; from corcal.report.percentile_inset import percentile_inset;"
        "from corcal.risk.types import Sex;"
        "percentile_inset(5, age_years=60, sex=Sex.MALE, reference='hoff', title='Age, 100 %');"
        "import corcal.report.clinician, corcal.report.letter, corcal.report.followup_inset;"
        "print([name for name in ('matplotlib', 'fontTools') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def history(*scores, years=2, statin=None, changed=None):
    exams = [
        exam(float(score), date(2026 - years * (len(scores) - 1 - k), 1, 2))
        for k, score in enumerate(scores)
    ]
    if changed:
        exams[0] = replace(exams[0], **changed)
    return compare(exams, statin_started=statin)


def test_exams_stand_in_the_order_of_time_at_the_height_of_their_scores():
    followup = history(0, 50, 100)
    low, middle, high = circles(followup_inset(followup, "t"))
    assert low[0] < middle[0] < high[0]
    assert low[1] == pytest.approx(34 + 164, abs=0.1)  # zero is the foot of the panel
    assert middle[1] == pytest.approx((low[1] + high[1]) / 2, abs=0.2)


def test_of_many_exams_the_first_and_the_last_alone_have_their_score():
    def halos(*scores):
        svg = followup_inset(history(*scores), "t").decode()
        return len(re.findall('stroke="#FFFFFF"', svg))

    assert halos(*range(6)) == 6
    assert halos(*range(7)) == 2


def test_the_key_names_what_is_drawn_and_nothing_else():
    def signs(followup):
        """Lines that begin at the left edge of the drawing, or after other words of the key."""
        svg = followup_inset(followup, "t")
        colours = ("#8CBFDF", "#C4CAD2", "#007F5C", "#222222")
        found = {colour: lines(svg, colour) for colour in colours}
        return {
            colour for colour, each in found.items() if any(line[0][1] > 198 + 34 for line in each)
        }

    assert signs(history(0, 40)) == set()
    assert signs(history(0, 140)) == {"#C4CAD2"}  # the edge at 100 is in the panel
    assert signs(history(0, 40, statin=date(2025, 1, 1))) == {"#007F5C"}
    assert signs(history(20, 40, changed={"kvp": 100.0})) == {"#222222"}


def test_the_words_of_the_key_stay_within_the_drawing():
    followup = history(90, 140, statin=date(2025, 1, 1), changed={"kvp": 100.0})
    for line in _lines(list(_key(followup)), 600):
        assert sum(_key_width(words) for _, words in line) - 24 <= 600


def test_exams_of_one_month_have_an_axis_of_months_within_the_drawing():
    exams = [exam(10.0, date(2025, 12, 20)), exam(12.0, date(2026, 1, 10))]
    svg = followup_inset(compare(exams), "t")
    ticks = [line for line in lines(svg, "#4D5763") if line[0][1] == 198 and line[1][1] == 203]
    assert len(ticks) == 2  # December and January began within the 60 days, or January and February
    assert all(62 <= line[0][0] <= 592 for line in ticks)


SCREEN_PX = 270  # of a chart in the column of numbers of the narrowest screen with two columns


def type_of(svg) -> list[float]:
    """Type of each text, in units: what its outlines, 1000 units an em, are scaled by."""
    scales = re.findall(r"scale\((\d+\.\d+)\)", svg.decode())
    return [float(each) * 1000 for each in scales]


def subject_of(*scores):
    followup = history(*scores, years=1)
    result = make_automatic_result()
    meaning = interpret_result(result, Person(age_years=61, sex=Sex.FEMALE, race=Race.WHITE))
    return Subject(result=replace(result, interpretation=meaning, followup=followup))


@pytest.mark.parametrize("count", [2, 3, 12])
def test_letters_on_the_screen_have_eleven_pixels(count):
    subject = subject_of(*(40 * k for k in range(count)))
    for chart in ("percentile", "history"):
        svg = draw_inset(chart, subject)
        width = float(parsed(svg).get("width"))
        assert min(type_of(svg)) * SCREEN_PX / width >= 11


@pytest.mark.parametrize("count", [2, 5, 12])
@pytest.mark.parametrize("years", [0.01, 1, 8])
def test_dates_and_scores_stand_apart_in_a_narrow_chart(count, years):
    exams = [
        exam(1000.0 + k, date(2000, 1, 2) + timedelta(days=round(365 * years * k)))
        for k in range(count)
    ]
    svg = followup_inset(compare(exams), "t", width=470).decode()
    placed = [(float(x), float(y)) for x, y in re.findall(r"translate\((\S+) (\S+)\) scale", svg)]
    foot = 34 + 164 + 26  # the line of the dates
    dates = sorted(x for x, y in placed if y == foot)
    assert dates
    assert all(after - before >= 50 for before, after in pairwise(dates))
    assert dates[0] >= 0
    assert dates[-1] <= 470 - 50


def test_no_small_chart_is_drawn_of_what_is_not_there():
    nothing = Subject(result=make_automatic_result())
    with pytest.raises(InputError, match="earlier exams"):
        draw_inset("history", nothing)
    with pytest.raises(InputError, match="interpretation"):
        draw_inset("percentile", nothing)
