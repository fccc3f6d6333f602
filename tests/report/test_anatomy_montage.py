"""A person sees the anatomy and every decision: named, in its colour, and nothing over another."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.anatomy_montage import anatomy_montage, anatomy_sheet
from corcal.report.canvas import Sheet
from corcal.report.colours import rgb, site_colour
from report.automatic_scan import FEW, Dense, make_anatomy, make_scan, many, with_dense


def sheet_of(dense: Sequence[Dense], **anatomy: bool) -> Sheet:
    result, scan, detection = with_dense(dense)
    return anatomy_sheet(result, scan, make_anatomy(**anatomy), detection)


def texts_of(sheet: Sheet) -> list[str]:
    return [text.get_text() for text in sheet.figure.texts]


def has_colour(sheet: Sheet, site: Site) -> bool:
    """Whether the axial panels have the pure colour of a site."""
    picture = sheet.pixels()[round(sheet.top_px) :].astype(int)
    return bool((np.abs(picture - rgb(site_colour(site))).max(axis=-1) <= 12).any())


@pytest.mark.parametrize("dense", [[], FEW])
def test_the_montage_is_a_png_of_1500_pixels(dense: list[Dense], tmp_path: Path) -> None:
    result, scan, detection = with_dense(dense)
    anatomy_montage(result, scan, make_anatomy(), detection, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.width == 1500


def test_each_decision_has_its_name() -> None:
    texts = texts_of(sheet_of(FEW))
    # lesions are named in the order of their sites, as cubes of one size measure alike
    for name in (
        "L1 LAD 45 · 97 %",
        "L2 RCA 9.1 · 72 % ?",
        "L3 aortic valve 12 · 97 %",
        "L4 mitral annulus 30 · 70 % ?\ncoronary 30 %",
        "noise 1.0",
    ):
        assert texts.count(name) == 1


def test_a_lesion_that_is_not_counted_and_doubtful_is_dashed_and_bears_a_mark() -> None:
    def named(sure: float) -> tuple[str, bool]:
        valve = Dense(
            site=Site.AORTIC_VALVE, at=(14, 60, 60), sure=sure, rival=Site.ASCENDING_AORTA
        )
        sheet = sheet_of([valve], heart=False, pathways=False)
        (line,) = (part for axes in sheet.figure.axes for part in axes.collections)
        (text,) = (t for t in texts_of(sheet) if "aortic valve" in t)
        return text, line.get_linestyles()[0][1] is not None

    assert named(0.58) == ("L1 aortic valve 20 · 58 % ?", True)
    assert named(0.90) == ("L1 aortic valve 20 · 90 %", False)


def test_what_the_second_detector_takes_a_lesion_for_stands_below_its_name() -> None:
    annulus = Dense(site=Site.MITRAL_ANNULUS, at=(5, 80, 70), agatston=27.4, second=Site.LCX)
    assert "L1 mitral annulus 27 · 97 %\nsecond detector: LCX" in texts_of(sheet_of([annulus]))


def test_bone_and_what_is_too_small_to_count_beside_a_score_have_no_name() -> None:
    bone = Dense(site=Site.BONE, at=(10, 30, 50), agatston=26740.0)
    spot = Dense(site=Site.LAD, at=(10, 60, 60), agatston=0.0)
    counted = Dense(site=Site.RCA, at=(12, 60, 35), agatston=15.0)
    (name,) = (text for text in texts_of(sheet_of([bone, spot, counted])) if " · " in text)
    assert "RCA 15" in name


def test_a_zero_names_what_is_too_small_to_count() -> None:
    spot = Dense(site=Site.LAD, at=(10, 60, 60), agatston=0.0)
    assert "L1 LAD too small · 97 %" in texts_of(sheet_of([spot]))


def test_parts_of_a_lesion_have_one_name_with_the_score_of_the_whole() -> None:
    parts = [
        Dense(site=Site.LAD, at=(10, 30, 50), agatston=30.0),
        Dense(site=Site.LAD, at=(11, 30, 50), agatston=12.0),
    ]
    assert [t for t in texts_of(sheet_of(parts)) if " · " in t] == ["L1 LAD 42 · 97 %"]


def test_a_lesion_that_is_named_in_another_slice_says_which_has_most_of_it() -> None:
    # 21 lesions take all slices; the last one is largest where no slice is left
    dense = [Dense(site=Site.LAD, at=(2 * k, 30, 50), agatston=90.0 - k) for k in range(21)]
    dense.append(Dense(site=Site.RCA, at=(6, 80, 50), agatston=2.0))
    dense.append(Dense(site=Site.RCA, at=(7, 79, 49), size=7, agatston=0.5))
    result, scan, detection = with_dense(dense, shape=(60, 120, 120))
    texts = texts_of(anatomy_sheet(result, scan, make_anatomy(), detection))
    assert "slice 7" not in texts
    assert any(t.endswith("(most in 7)") for t in texts if " RCA 2.5 " in t)


def test_lesions_have_the_colour_of_their_artery_and_rejections_none() -> None:
    sheet = sheet_of([FEW[0], FEW[2]], pathways=False)
    assert has_colour(sheet, Site.LAD)
    for site in (Site.LM, Site.LCX, Site.RCA):
        assert not has_colour(sheet, site)


def test_without_calcium_the_montage_shows_the_heart_and_says_so() -> None:
    sheet = sheet_of([], pathways=False)
    assert {"No coronary calcium was found.", "No other candidate."} <= set(texts_of(sheet))
    assert len(sheet.figure.axes) == 12 + 2
    assert not any(has_colour(sheet, site) for site in CORONARY_SITES)


def test_each_lesion_is_named_once_however_many_there_are() -> None:
    dense = many(30)
    texts = texts_of(sheet_of(dense))
    named = [t for t in texts if t[0] == "L" and t.split(" ")[0][1:].isdigit()]
    unnamed = sum(int(t.split(", ")[1].split(" ")[0]) for t in texts if "without a name" in t)
    assert len(named) == len(set(named))
    assert len(named) + unnamed == 30
    assert len(named) >= 20


def test_a_name_without_room_is_shortened() -> None:
    # a column in the middle: the whole names are wider than what is beside it
    column = [
        Dense(site=Site.LAD, at=(9, 32 + 9 * k, 57), agatston=100.0 + k, sure=0.8) for k in range(5)
    ]
    texts = texts_of(sheet_of(column))
    names = [t for t in texts if " LAD 10" in t]
    assert len(names) == 5
    assert any(t.endswith(" ?\n80 %") for t in names)  # what is doubtful keeps its probability
    assert any("· 80 % ?" in t for t in names)


def test_no_name_lies_over_another() -> None:
    sheet = sheet_of(many(30))
    sheet.pixels()
    boxes = [
        text.get_window_extent()
        for text in sheet.figure.texts
        if "·" in text.get_text() or text.get_text() in {"LV", "LA", "RV", "RA", "Ao", "PA"}
    ]
    assert len(boxes) > 20
    for k, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[k + 1 :])


def test_every_name_is_within_its_panel() -> None:
    sheet = sheet_of(many(30))
    sheet.pixels()
    panels = [axes.bbox for axes in sheet.figure.axes]
    for text in sheet.figure.texts:
        if "·" in text.get_text():
            box = text.get_window_extent()
            assert any(
                p.x0 <= box.x0 and box.x1 <= p.x1 and p.y0 <= box.y0 and box.y1 <= p.y1
                for p in panels
            )


def test_the_chambers_are_named_where_they_are() -> None:
    assert "LV" in texts_of(sheet_of([]))
    assert "LV" not in texts_of(sheet_of([], heart=False))


def test_the_pathway_glows_in_the_colour_of_its_artery() -> None:
    # cell (10, 6, 14) of 4 mm: x = 56, y = 24 mm, z = 40 mm, which is slice 13.3
    sheet = sheet_of([])
    caption = next(t for t in sheet.figure.texts if t.get_text() in {"slice 13", "slice 14"})
    number = [t for t in texts_of(sheet) if t.startswith("slice ")].index(caption.get_text())
    axes = sheet.figure.axes[number]
    column, up = axes.transData.transform((56.0, 24.0))
    red, green, blue = sheet.pixels()[int(sheet.height_px - up), int(column)].astype(int)
    assert red > green + 20
    assert red > blue + 30


@pytest.mark.parametrize("dense", [[], FEW])
def test_a_scan_without_a_heart_is_drawn_all_the_same(dense: list[Dense]) -> None:
    assert len(sheet_of(dense, heart=False, pathways=False).figure.axes) > 6


def test_what_is_not_shown_is_counted() -> None:
    shape = (60, 120, 120)
    dense = [Dense(site=Site.LAD, at=(2 * k, 30, 50), agatston=40.0 - k) for k in range(24)]
    result, scan, detection = with_dense(dense, shape=shape)
    texts = texts_of(anatomy_sheet(result, scan, make_anatomy(), detection))
    assert "Small ones on slices that are not shown: 3." in texts


def test_the_same_scan_gives_the_same_picture(tmp_path: Path) -> None:
    result, scan, detection = with_dense(FEW)
    for name in ("a.png", "b.png"):
        anatomy_montage(result, scan, make_anatomy(), detection, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_detection_of_another_scan_is_refused(tmp_path: Path) -> None:
    result, _, detection = with_dense([])
    with pytest.raises(GeometryError, match="cannot be drawn on a scan of"):
        anatomy_montage(
            result, make_scan((4, 20, 20)), make_anatomy(), detection, tmp_path / "a.png"
        )


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result, scan, detection = with_dense([])
    with pytest.raises(InputError, match=r"cannot write the picture a\.png"):
        anatomy_montage(result, scan, make_anatomy(), detection, tmp_path / "missing" / "a.png")
