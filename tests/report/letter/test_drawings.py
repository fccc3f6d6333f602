"""The scale and the people: right places, readable colours, words that fit."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from corcal.report.drawing import Drawing, text_width
from corcal.report.letter.case import PARTS, Case
from corcal.report.letter.icons import DARK, EDGE, LIGHT, icons_svg
from corcal.report.letter.language import letter_language, letter_languages
from corcal.report.letter.number import the_number
from corcal.report.letter.scale import FILLS, INK, INKS, scale_alt, scale_svg
from corcal.scoring.types import Interval
from report.letter.letter_cases import CASES, automatic, scored
from report.letter.reading import passages

ENGLISH = letter_language("en")
SVG = "{http://www.w3.org/2000/svg}"
WIDTH, PART = 400.0, 100.0


def parsed(svg):
    return ElementTree.fromstring(svg)  # noqa: S314 (a drawing of our own)


def scale(agatston, language=ENGLISH, text_pt=12.0):
    return parsed(scale_svg(Case(result=scored(agatston)), language, text_pt=text_pt))


def pin(drawing):
    """Place of the pin's tip: its path has three points, the last is the tip."""
    (data,) = (
        each.get("d")
        for each in drawing.iter(f"{SVG}path")
        if each.get("stroke") == "#FFFFFF" and each.get("fill") == INK
    )
    return float(data.split("L")[2].split()[0])


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


def test_words_on_the_scale_and_people_have_a_contrast_of_4_5():
    assert all(contrast(fill, ink) >= 4.5 for fill, ink in zip(FILLS, INKS, strict=True))
    assert contrast(INK, "#FFFFFF") >= 4.5
    assert contrast(DARK, LIGHT) >= 4.5
    assert contrast(EDGE, "#FFFFFF") >= 4.5


def test_the_parts_are_told_apart_by_lightness_alone():
    # WCAG asks 3 of parts of a drawing; neighbours have words on them too
    steps = [contrast(a, b) for a, b in pairwise(FILLS)]
    assert all(step >= 1.2 for step in steps)
    assert [luminance(x) for x in FILLS] == sorted((luminance(x) for x in FILLS), reverse=True)


@pytest.mark.parametrize(
    ("agatston", "part"),
    [
        (0.0, 0),
        (0.04, 1),
        (100.0, 1),
        (100.04, 2),
        (400.0, 2),
        (400.5, 3),
        (3000.0, 3),
        (90_000.0, 3),
    ],
)
def test_the_pin_is_in_the_part_of_the_score(agatston, part):
    assert part * PART < pin(scale(agatston)) < (part + 1) * PART
    assert Case(result=scored(agatston)).part == PARTS[part]


@pytest.mark.parametrize(
    ("agatston", "place"),
    [
        (0.0, 50.0),  # middle of the first part
        (50.0, 150.0),  # half of 0 to 100
        (250.0, 250.0),  # half of 100 to 400
        (2000.0, 350.0),  # 5 times 400: half of 25 times, by logarithm
    ],
)
def test_the_place_inside_a_part_follows_the_score(agatston, place):
    assert pin(scale(agatston)) == pytest.approx(place, abs=0.1)


def test_more_calcium_is_never_further_left():
    places = [pin(scale(each)) for each in (0, 1, 20, 90, 101, 300, 399, 401, 900, 4000)]
    assert places == sorted(places)


def test_an_interval_is_a_line_from_end_to_end():
    case = Case(result=automatic(210.7, 50.0, 250.0))
    drawing = parsed(scale_svg(case, ENGLISH, text_pt=12.0))
    lines = [each.get("d") for each in drawing.iter(f"{SVG}path") if each.get("fill") == "none"]
    assert len(lines) == 3
    ends = [float(point.split()[0]) for point in lines[0][1:].split("L")]
    assert ends == pytest.approx([150.0, 250.0], abs=0.1)


def test_an_interval_without_width_is_not_drawn():
    result = automatic(50.0, 50.0, 50.0)
    score = result.score
    total = replace(score.total, interval=Interval(low=50.0, high=50.0, level=0.95))
    case = Case(result=replace(result, score=replace(score, total=total)))
    assert b'fill="none"' not in scale_svg(case, ENGLISH, text_pt=12.0)


@pytest.mark.parametrize(
    ("low", "high", "is_drawn"),
    [
        # The mark of 250 is at 250 and 0.84 of the text of 14.5 wide: from 243.9 to 256.1.
        (245.0, 255.0, False),  # a line from 248.3 to 251.7: all of it is behind the mark
        (214.0, 286.0, False),  # 238.0 to 262.0: 5.9 stand out to each side, less than 12.2
        (212.0, 288.0, True),  # 237.3 to 262.7: 6.6 to each side
        (250.0, 304.0, False),  # to 268.0: 11.9 to one side
        (250.0, 307.0, True),  # to 269.0: 12.9
    ],
)
def test_a_line_that_the_mark_hides_is_neither_drawn_nor_spoken_of(low, high, is_drawn):
    case = Case(result=automatic(250.0, low, high))
    assert (b'fill="none"' in scale_svg(case, ENGLISH, text_pt=12.0)) is is_drawn
    said = "\n".join(passages(tuple(the_number(case, ENGLISH, text_pt=12.0))))
    assert f"lies between {low:.0f} and {high:.0f}." in said
    assert ("The thin line shows this." in said) is is_drawn


def test_a_short_interval_in_the_open_part_is_not_drawn():
    # 300 + 100 log(584 / 400) / log 25 = 311.8; 401 at the edge, 305; 623 at 313.8
    case = Case(result=automatic(584.0, 401.0, 623.0))
    assert b'fill="none"' not in scale_svg(case, ENGLISH, text_pt=12.0)


@pytest.mark.parametrize("code", letter_languages())
@pytest.mark.parametrize("text_pt", [9.0, 12.0, 18.0, 30.0])
def test_words_stay_in_their_part_and_in_the_picture(code, text_pt):
    language = letter_language(code)
    drawing = scale(123_456.0, language, text_pt)
    width, height = (float(each) for each in drawing.get("viewBox").split()[2:])
    assert width == WIDTH
    size = min(max(text_pt, 14.5), 20.0)
    words = [language.text(f"scale.{part}{end}") for part in PARTS for end in ("", "_range")]
    scales = [
        float(re.search(r"scale\(([\d.]+)\)", each.get("transform"))[1]) * 100
        for each in drawing.iter(f"{SVG}path")
        if each.get("transform")
    ]
    used = min(scales)
    assert used <= size + 1e-6
    assert all(text_width(each, used) <= PART for each in words)
    assert height < 0.4 * width


def test_the_scale_has_words_for_who_cannot_see_it():
    case = Case(result=scored(367.0))
    assert (
        "367 is in the part named moderate, which is for scores of 101\N{EN DASH}400"
        in scale_alt(case, ENGLISH)
    )
    assert "score of 0 is in the first part" in scale_alt(Case(result=scored(0.0)), ENGLISH)
    assert scale(367.0).find(f"{SVG}title").text == scale_alt(case, ENGLISH)


@pytest.mark.parametrize("count", [0, 1, 12, 99, 100])
def test_so_many_people_are_dark(count):
    drawing = parsed(icons_svg(count, alt="people"))
    heads = list(drawing.iter(f"{SVG}circle"))
    assert len(heads) == 100
    assert sum(each.get("fill") == DARK for each in heads) == count
    assert [each.get("fill") for each in heads[:count]] == [DARK] * count


def test_words_in_a_drawing_are_outlines_and_its_title_is_escaped():
    drawing = Drawing(width=10, height=5, title='a < b & "c"')
    drawing.text(5, 4, "Año 3", 4, fill="#000000")
    drawing.text(5, 4, " ", 4, fill="#000000")
    root = parsed(drawing.svg())
    assert root.find(f"{SVG}title").text == 'a < b & "c"'
    assert not list(root.iter(f"{SVG}text"))
    assert next(iter(root.iter(f"{SVG}path"))).get("d").startswith("M")


def test_bold_words_are_wider_and_a_longer_word_is_longer():
    assert text_width("moderate", 10, is_bold=True) > text_width("moderate", 10)
    assert text_width("moderate", 10) > text_width("mild", 10)
    assert text_width("mild", 20) == pytest.approx(2 * text_width("mild", 10))


def test_the_same_drawing_has_the_same_bytes():
    case = Case(result=scored(85.0))
    assert scale_svg(case, ENGLISH, text_pt=12.0) == scale_svg(case, ENGLISH, text_pt=12.0)


@pytest.mark.parametrize(
    ("code", "name", "careful"),
    [
        ("en", "little or none", "no calcium that counts was seen"),
        ("es", "poco o nada", "no se vio calcio suficiente para contarlo"),
    ],
)
def test_the_scale_of_a_zero_that_can_hide_calcium_does_not_say_none(code, name, careful):
    language = letter_language(code)
    for result, is_careful in ((CASES["not_gated_zero"](), True), (scored(0.0), False)):
        case = Case(result=result)
        drawing = scale_svg(case, language, text_pt=12.0).decode()
        assert (name in scale_alt(case, language)) is is_careful
        assert (careful in scale_alt(case, language)) is is_careful
        assert (name in drawing) is is_careful


@pytest.mark.parametrize("code", letter_languages())
def test_careful_words_of_the_first_part_fit_it_at_the_usual_size(code):
    words = letter_language(code).text("scale.none_limit")
    assert text_width(words, 14.5) <= 0.92 * PART
