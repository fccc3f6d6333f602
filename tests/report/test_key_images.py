"""Key images show the largest lesion of each artery, and cover nothing of it."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.colours import rgb, site_colour
from corcal.report.key_images import key_images, key_sheets
from report.measured_scan import with_measured
from report.reviewed_result import reviewed
from report.scored_scan import box
from result_maker import make_automatic_result, make_result

SITES = list(CORONARY_SITES)


def texts_of(sheet):
    return [text.get_text() for text in sheet.figure.texts]


def pixel_at(sheet, x_mm, y_mm):
    column, up = sheet.figure.axes[0].transData.transform((x_mm, y_mm))
    return math.floor(sheet.height_px - up), math.floor(column)


def is_colour(picture, site):
    return np.abs(picture.astype(int) - rgb(site_colour(site))).max(axis=-1) <= 12


def test_each_artery_with_a_lesion_has_a_square_picture():
    pieces = {Site.RCA: [box(5, 40, 50)], Site.LM: [box(9, 30, 60)], Site.BONE: [box(2, 60, 50)]}
    images = key_images(*with_measured(pieces))
    assert list(images) == ["key_LM", "key_RCA"]
    for data in images.values():
        with Image.open(io.BytesIO(data)) as picture:
            assert (picture.format, picture.size) == ("PNG", (700, 700))


@pytest.mark.parametrize("pieces", [{}, {Site.AORTIC_VALVE: [box(5, 40, 50)]}])
def test_without_coronary_calcium_there_is_no_picture(pieces):
    assert key_images(*with_measured(pieces)) == {}


def test_the_lesion_with_the_highest_score_is_shown_with_its_name_and_number():
    # 500 HU weighs 4: 9 mm2 in the lesion of slice 4 score 36, 25 mm2 in that of slice 12 score 100
    pieces = {Site.LAD: [box(4, 40, 50, size=3), box(12, 40, 50, size=5)]}
    (sheet,) = key_sheets(*with_measured(pieces)).values()
    # slice 12 of 3 mm from -100 mm lies at -64 mm
    assert texts_of(sheet)[:5] == [
        "LAD",
        "L1",
        "Agatston 100.0",
        "z \N{MINUS SIGN}64.0 mm",
        "slice 12",
    ]


def test_numbers_are_those_of_the_result():
    result, scan, voxels = with_measured({Site.LAD: [box(4, 40, 50)]})
    (lesion,) = result.lesions
    other = replace(result, lesions=(replace(lesion, id="L7", agatston=0.04),))
    (sheet,) = key_sheets(other, scan, voxels).values()
    assert texts_of(sheet)[:3] == ["LAD", "L7", "Agatston <0.1"]


@pytest.mark.parametrize(
    ("chances", "said"),
    [
        ({"LCX": 0.65, "LM": 0.22, "LAD": 0.13}, "LCX 65 %, LM 22 %"),
        ({"LCX": 0.81, "LM": 0.02, "mitral_annulus": 0.17}, "LCX 81 %, mitral annulus 17 %"),
        ({"LCX": 0.899, "LM": 0.101}, "LCX 90 %, LM 10 %"),
        ({"LCX": 0.9, "LM": 0.1}, ""),
        (None, ""),
    ],
)
def test_an_artery_that_is_not_certain_stands_in_the_corner_with_the_next(chances, said):
    result, scan, voxels = with_measured({Site.LCX: [box(4, 40, 50)]})
    (lesion,) = result.lesions
    doubtful = replace(result, lesions=(replace(lesion, probabilities=chances),))
    (sheet,) = key_sheets(doubtful, scan, voxels).values()
    assert [text for text in texts_of(sheet) if "%" in text] == ([said] if said else [])


AUTOMATIC = make_automatic_result().provenance


def case_of(chances, *, provenance=AUTOMATIC, is_complete=None, name="L1"):
    """One lesion of the LM, so probable; a reader has begun, ended, or not looked at it."""
    result, scan, voxels = with_measured({Site.LM: [box(4, 40, 50)]})
    (lesion,) = result.lesions
    lesions = (replace(lesion, id=name, probabilities=chances),)
    result = replace(result, provenance=provenance, lesions=lesions)
    if is_complete is not None:
        result = reviewed(result, is_complete=is_complete)
    return result, scan, voxels


def key_of(*args, **options):
    (sheet,) = key_sheets(*case_of(*args, **options)).values()
    return sheet


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ["Automatic: for a reader to check."]),
        ({"is_complete": False}, ["Automatic, review not finished: for a reader to check."]),
        ({"is_complete": True}, []),
        ({"provenance": make_result().provenance}, []),  # marked by a person
    ],
)
def test_a_picture_says_by_itself_that_nobody_has_checked_it(options, said):
    sheet = key_of({"LM": 0.5, "ascending_aorta": 0.26}, **options)
    assert [text for text in texts_of(sheet) if "reader" in text] == said
    panel = sheet.figure.axes[0].bbox
    for text in sheet.figure.texts[-2:] if said else sheet.figure.texts[-1:]:
        assert text.get_window_extent().y1 <= panel.y0  # nothing of the slice is covered


@pytest.mark.parametrize(
    ("chance", "is_complete", "name"),
    [
        (0.5, None, "L1 ?"),
        (0.899, None, "L1 ?"),
        (0.9, None, "L1"),
        (0.5, False, "L1 ?"),
        (0.5, True, "L1"),
    ],
)
def test_a_doubtful_lesion_has_a_mark_and_its_probability_until_somebody_signs(
    chance, is_complete, name
):
    texts = texts_of(key_of({"LM": chance, "LCX": 1 - chance}, is_complete=is_complete))
    assert texts[:2] == ["LM", name]
    assert any("%" in text for text in texts) is name.endswith("?")


@pytest.mark.parametrize("name", ["L1", "L1234567"])
@pytest.mark.parametrize("is_complete", [None, False])
def test_no_text_passes_the_edge_or_lies_over_another(name, is_complete):
    chances = {"LM": 0.46, "descending_aorta": 0.44}
    result, scan, voxels = case_of(chances, is_complete=is_complete, name=name)
    wide = replace(result, lesions=(replace(result.lesions[0], agatston=123456.7),))
    (sheet,) = key_sheets(wide, scan, voxels).values()
    texts = [*sheet.figure.texts, *sheet.figure.axes[0].texts]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for k, (words, here) in enumerate(boxes):
        assert here.x0 >= 0, words
        assert here.x1 <= 700, words
        assert here.y0 >= 0, words
        assert not [other for other, there in boxes[k + 1 :] if there.overlaps(here)], words


def test_the_slice_is_the_one_with_most_of_the_lesion():
    pieces = {Site.LCX: [box(6, 40, 50), box(7, 40, 50, size=6), box(8, 40, 50, size=5)]}
    (sheet,) = key_sheets(*with_measured(pieces)).values()
    assert "slice 7" in texts_of(sheet)


def test_of_slices_with_as_much_of_it_the_densest_is_shown():
    pieces = {Site.LCX: [box(6, 40, 50), box(7, 40, 50), box(8, 40, 50)]}
    result, scan, voxels = with_measured(pieces)
    hu = scan.hu.copy()
    hu[7, 40, 50] = 501
    (sheet,) = key_sheets(result, replace(scan, hu=hu), voxels).values()
    assert "slice 7" in texts_of(sheet)


@pytest.mark.parametrize("site", SITES)
def test_the_lesion_is_outlined_at_two_millimetres_and_not_filled(site):
    (sheet,) = key_sheets(*with_measured({site: [box(10, 40, 50)]})).values()
    picture = sheet.pixels()
    line = is_colour(picture, site)
    # the box ends at x = 53.5 mm: its outline crosses the row of its middle at 55.5 mm, give or
    # take half a cell of the grid of 0.5 mm that it is drawn on; 16.8 pixels are 1 mm
    row, column = pixel_at(sheet, 55.5, 41.5)
    assert line[row, column - 6 : column + 7].any()
    assert not line[row, column + 12 : column + 40].any()
    for x in (50.0, 51.5, 53.0):
        red, green, blue = picture[pixel_at(sheet, x, 41.5)]
        assert red == green == blue == 255


@pytest.mark.parametrize(("size", "width_mm"), [(1, 40), (10, 40), (11, 41), (40, 70)])
def test_the_frame_leaves_15_mm_around_the_lesion_and_has_40_at_least(size, width_mm):
    # pixels of 1 mm: from the first to the last of n pixels are n - 1 mm
    (sheet,) = key_sheets(*with_measured({Site.LAD: [box(10, 30, 30, size=size)]})).values()
    left, right = sheet.figure.axes[0].get_xlim()
    assert right - left == pytest.approx(width_mm, abs=1)


@pytest.mark.parametrize("corner", [(0, 0), (92, 92), (0, 92)])
def test_a_lesion_at_the_edge_of_the_scan_is_inside_its_picture(corner):
    y, x = corner
    (sheet,) = key_sheets(*with_measured({Site.RCA: [box(10, y, x)]})).values()
    axes = sheet.figure.axes[0]
    assert axes.get_xlim()[0] <= x - 0.5 < x + 3.5 <= axes.get_xlim()[1]
    assert axes.get_ylim()[1] <= y - 0.5 < y + 3.5 <= axes.get_ylim()[0]
    assert is_colour(sheet.pixels(), Site.RCA).any()


def test_a_scan_narrower_than_the_frame_keeps_its_proportions():
    result, scan, voxels = with_measured({Site.LAD: [box(10, 44, 50)]})
    flat = replace(scan, spacing_mm=(3.0, 0.25, 1.0))  # 96 rows of 0.25 mm: 24 mm high
    (sheet,) = key_sheets(result, flat, voxels).values()
    box_px = sheet.figure.axes[0].bbox
    assert box_px.height / box_px.width == pytest.approx(24 / 40, abs=0.01)


def test_other_calcium_is_outlined_thinly_and_dashed_outside_the_arteries():
    pieces = {
        Site.LAD: [box(10, 40, 50, size=6), box(10, 40, 62)],
        Site.LCX: [box(10, 52, 50, size=3)],
        Site.AORTIC_VALVE: [box(10, 32, 50, size=3)],
    }
    sheet = key_sheets(*with_measured(pieces))["key_LAD"]
    lines = [
        (part.get_linewidths()[0], part.get_linestyles()[0][1] is not None)
        for part in sheet.figure.axes[0].collections
    ]
    assert lines == [(1.1, False), (1.1, False), (1.1, True), (2.6, False)]


def test_calcium_far_from_the_lesion_is_not_outlined():
    pieces = {Site.LAD: [box(10, 40, 20)], Site.LCX: [box(10, 40, 60)], Site.RCA: [box(3, 40, 20)]}
    sheet = key_sheets(*with_measured(pieces))["key_LAD"]
    assert len(sheet.figure.axes[0].collections) == 1


def test_a_picture_has_orientation_scale_and_the_statement_of_research_use():
    result, scan, voxels = with_measured({Site.LAD: [box(10, 40, 50)]})
    (sheet,) = key_sheets(result, scan, voxels).values()
    assert [t.get_text() for t in sheet.figure.axes[0].texts] == ["R", "L", "A", "P", "10 mm"]
    assert result.provenance.statement in texts_of(sheet)


def test_drawing_twice_gives_the_same_bytes():
    case = with_measured({Site.LAD: [box(10, 40, 50)]})
    assert key_images(*case) == key_images(*case)


def test_voxels_of_another_exam_are_refused():
    result, scan, _ = with_measured({Site.LAD: [box(10, 40, 50)]})
    _, _, voxels = with_measured({Site.LAD: [box(10, 40, 60)]})
    with pytest.raises(InputError, match="0 lesions that are not the 1 of the record"):
        key_images(result, scan, voxels)


def test_a_result_of_another_shape_is_refused():
    result, scan, voxels = with_measured({Site.LAD: [box(10, 40, 50)]})
    other = replace(result, scan=replace(result.scan, shape=(20, 96, 95)))
    with pytest.raises(GeometryError, match=r"result of shape \(20, 96, 95\)"):
        key_images(other, scan, voxels)


@pytest.mark.parametrize("is_complete", [None, True])
def test_the_words_over_the_slice_begin_inside_of_it(is_complete):
    sheet = key_of({"LM": 0.5, "LCX": 0.5}, is_complete=is_complete)
    panel = sheet.figure.axes[0].bbox
    over = [t.get_window_extent() for t in sheet.figure.texts]
    over = [box for box in over if box.y0 > panel.y0]
    assert len(over) >= 5
    assert all(box.x0 >= panel.x0 + 10 for box in over)
