"""The chart shows the score where it is among the curves, at any size and for any score."""

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from corcal.errors import InputError
from corcal.report.percentile_chart import draw_percentile_chart, percentile_sheet
from corcal.risk.percentiles import percentile_curves
from corcal.risk.sources import source
from corcal.risk.types import Race, Sex

WHITE_MAN = {"age_years": 55, "sex": Sex.MALE, "race": Race.WHITE}


def point_of(sheet):
    (axes,) = sheet.figure.axes
    (line,) = [line for line in axes.lines if line.get_marker() == "o"]
    return line


def words_of(sheet):
    (axes,) = sheet.figure.axes
    texts = [*sheet.figure.texts, *axes.texts]
    return [text.get_text() for text in texts]


@pytest.mark.parametrize(
    ("agatston", "width_px"), [(0, 560), (0.4, 560), (30, 1200), (5000, 560), (50000, 1200)]
)
def test_the_point_is_at_age_and_score_inside_the_panel(agatston, width_px):
    sheet = percentile_sheet(agatston, **WHITE_MAN, width_px=width_px)
    (axes,) = sheet.figure.axes
    line = point_of(sheet)
    assert list(line.get_xdata()) == [55]
    assert line.get_ydata()[0] == pytest.approx(np.log(agatston + 1))
    low, high = axes.get_ylim()
    assert low < line.get_ydata()[0] < high
    # seen: the blue of the marker is in the picture where the point is
    column, up = axes.transData.transform((55, np.log1p(agatston)))
    pixel = sheet.pixels()[int(sheet.height_px - up), int(column)]
    assert list(pixel[:3]) == [0, 0x72, 0xB2]


@pytest.mark.parametrize(
    ("agatston", "age", "width_px"),
    [(0, 45, 560), (5000, 84, 560), (30, 64, 1200), (5000, 45, 1200), (30, 84, 560)],
)
def test_no_text_leaves_the_picture_or_covers_another(agatston, age, width_px):
    sheet = percentile_sheet(
        agatston, age_years=age, sex=Sex.MALE, race=Race.CHINESE, width_px=width_px
    )
    (axes,) = sheet.figure.axes
    sheet.pixels()  # puts the label of the axis in its place
    texts = [*sheet.figure.texts, *axes.texts, axes.xaxis.label]
    boxes = [text.get_window_extent() for text in texts]
    for text, box in zip(texts, boxes, strict=True):
        assert 0 <= box.x0 < box.x1 <= sheet.width_px, text
        assert 0 <= box.y0 < box.y1 <= sheet.height_px, text
    for (text, box), (other, other_box) in combinations(zip(texts, boxes, strict=True), 2):
        # boxes are as high as the font; letters are not
        assert not box.shrunk(1, 0.7).overlaps(other_box.shrunk(1, 0.7)), (text, other)


@pytest.mark.parametrize("reference", ["mesa", "hoff"])
def test_the_curves_are_those_of_the_reference(reference):
    race = Race.WHITE if reference == "mesa" else None
    sheet = percentile_sheet(30, age_years=55, sex=Sex.MALE, race=race, reference=reference)
    (axes,) = sheet.figure.axes
    drawn = [tuple(line.get_ydata()) for line in axes.lines if len(line.get_xdata()) > 2]
    curves = percentile_curves(reference, Sex.MALE, race)
    expected = [tuple(np.log1p(scores)) for scores in curves.scores.values()]
    assert drawn == expected
    footer = " ".join(words_of(sheet))
    assert source(curves.source).citation.split(",")[0] in footer


@pytest.mark.parametrize(
    ("agatston", "given", "words"),
    [
        (30, WHITE_MAN, "64th percentile"),
        (30, WHITE_MAN, "Higher than in 64 of 100 White men of 55 years of the MESA study."),
        (0, WHITE_MAN, "no calcium: no percentile"),
        (0, WHITE_MAN, "56 of 100 White men of 55 years of the MESA study have calcium."),
        (5000, WHITE_MAN, "99th percentile or higher"),
        (1, WHITE_MAN | {"age_years": 84}, "below the 1st percentile"),
        (120, {"age_years": 62, "sex": Sex.FEMALE, "race": Race.BLACK}, "91st percentile"),
        (250, {"age_years": 55, "sex": Sex.MALE, "reference": "hoff"}, "75th to 90th percentile"),
        (0, {"age_years": 55, "sex": Sex.MALE, "reference": "hoff"}, "below the 25th percentile"),
        (999, {"age_years": 55, "sex": Sex.MALE, "reference": "hoff"}, "90th percentile or higher"),
    ],
)
def test_the_heading_says_what_the_chart_shows(agatston, given, words):
    assert words in words_of(percentile_sheet(agatston, **given))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"age_years": 44}, "no chart: age is 44 years; MESA covers 45 to 84 years"),
        ({"age_years": 12}, "18 to 110 years"),
        ({"race": Race.OTHER}, "white, black, hispanic, chinese, got race other"),
        ({"reference": "x"}, "curves of mesa and hoff"),
        ({"width_px": 100}, "560 to 3000 pixels wide, got 100"),
    ],
)
def test_a_chart_that_cannot_be_drawn_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        percentile_sheet(30, **(WHITE_MAN | given))


@pytest.mark.parametrize(("agatston", "written"), [(137.04, "137"), (9.96, "10.0"), (0.04, "<0.1")])
def test_the_score_has_the_digits_that_matter(agatston, written):
    assert words_of(percentile_sheet(agatston, **WHITE_MAN)).count(written) == 2


def test_the_paper_is_white():
    sheet = percentile_sheet(30, **WHITE_MAN, width_px=600)
    assert sheet.pixels()[0, 0].min() == 255


def test_the_file_is_the_same_each_time(tmp_path):
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        draw_percentile_chart(file, 30, **WHITE_MAN, width_px=600)
    assert files[0].read_bytes() == files[1].read_bytes()
    with Image.open(files[0]) as picture:
        assert picture.size == (600, 500)
