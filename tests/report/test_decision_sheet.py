"""Each decision that matters is shown closely, with its probabilities and its reasons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from corcal.errors import GeometryError
from corcal.lesions.sites import Site
from corcal.report.canvas import Sheet
from corcal.report.colours import rgb, site_colour
from corcal.report.decision_order import ORDER_WORDS
from corcal.report.decision_sheet import DETAIL_MM, MAX_DECISIONS, decision_sheet, decisions_sheet
from report.automatic_scan import Dense, make_scan, with_dense

LESION = Dense(site=Site.LAD, at=(10, 30, 50), agatston=45.2, sure=0.75, rival=Site.LM)
VALVE = Dense(site=Site.AORTIC_VALVE, at=(14, 60, 60), agatston=400.0)
ANNULUS = Dense(site=Site.MITRAL_ANNULUS, at=(5, 80, 70), agatston=30.0, sure=0.7, rival=Site.LCX)


def sheet_of(*dense: Dense) -> Sheet:
    return decisions_sheet(*with_dense(dense))


def texts_of(sheet: Sheet) -> list[str]:
    return [text.get_text() for text in sheet.figure.texts]


def row(count: int, site: Site, *, sure: float) -> list[Dense]:
    return [
        Dense(
            site=site,
            at=(k, 20 + 40 * (site is Site.LAD), 20 + 4 * k),
            agatston=100.0 - k,
            sure=sure,
            rival=Site.RCA,
        )
        for k in range(count)
    ]


def test_the_sheet_is_a_png_of_1500_pixels(tmp_path: Path) -> None:
    decision_sheet(*with_dense([LESION]), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert image.width == 1500


def titles_of(sheet: Sheet) -> list[str]:
    """Titles of the tiles: bold, below the title of the sheet, and no numbers."""
    bold = [text.get_text() for text in sheet.figure.texts if text.get_fontweight() == "bold"]
    return [text for text in bold if text != "Decisions" and not text[0].isdigit()]


SURE = Dense(site=Site.RCA, at=(20, 30, 50), agatston=300.0)
DISPUTED = Dense(site=Site.MITRAL_ANNULUS, at=(22, 80, 70), agatston=27.4, second=Site.LCX)


def test_what_could_change_the_score_comes_first_and_bone_not_at_all() -> None:
    bone = Dense(site=Site.BONE, at=(25, 10, 10), agatston=9000.0)
    sheet = sheet_of(bone, VALVE, SURE, LESION, ANNULUS, DISPUTED)
    assert [title.split(" ", 1)[1] for title in titles_of(sheet)] == [
        "mitral annulus",  # the second detector counts it
        "mitral annulus ?",  # 30 x 0.3
        "RCA",
        "LAD ?",  # the artery is doubtful, and that changes no total
        "aortic valve",
    ]
    assert "Not shown here: 1." in " ".join(texts_of(sheet))


def test_the_heading_says_how_the_decisions_are_ordered() -> None:
    texts = texts_of(sheet_of(LESION))
    assert ORDER_WORDS in " ".join(texts)


def test_what_the_second_detector_decides_is_said() -> None:
    assert "the second detector takes it for LCX" in texts_of(sheet_of(DISPUTED))
    assert not any("second detector takes" in text for text in texts_of(sheet_of(LESION)))


def test_each_tile_has_the_name_of_its_lesion_and_noise_has_none() -> None:
    noise = Dense(site=Site.NOISE, at=(2, 20, 20), agatston=80.0, sure=0.8, rival=Site.LCX)
    sheet = sheet_of(LESION, VALVE, noise)
    # names follow what was measured: cubes of the same size in the order of their sites
    assert titles_of(sheet) == ["noise ?", "L1 LAD ?", "L2 aortic valve"]


def test_what_is_too_small_to_count_has_no_tile() -> None:
    sheet = sheet_of(LESION, replace(SURE, agatston=0.0))
    assert len(sheet.figure.axes) == 1
    assert any("; 1 too small to count." in text for text in texts_of(sheet))
    assert not any("Not shown here" in text for text in texts_of(sheet))


def test_a_zero_shows_what_is_too_small_to_count_and_says_so() -> None:
    sheet = sheet_of(replace(SURE, agatston=0.0))
    assert len(sheet.figure.axes) == 1
    assert "slice 20, too small to count" in texts_of(sheet)


def test_what_lies_elsewhere_fills_up_a_few() -> None:
    others = [Dense(site=Site.OTHER, at=(k, 20, 20 + 4 * k), agatston=9.0 - k) for k in range(8)]
    assert len(sheet_of(LESION, *others).figure.axes) == 6
    assert len(sheet_of(*row(7, Site.LAD, sure=0.99), *others).figure.axes) == 7


def test_a_long_title_ends_within_its_tile() -> None:
    wide = Dense(site=Site.DESCENDING_AORTA, at=(10, 30, 50), sure=0.5, rival=Site.BONE)
    sheet = sheet_of(wide, VALVE)
    sheet.pixels()
    (title,) = [t for t in sheet.figure.texts if t.get_text() == "L1 descending aorta ?"]
    (left,) = [t for t in sheet.figure.texts if t.get_text() == "L2 aortic valve"]
    assert left.get_window_extent().x1 < sheet.figure.axes[1].bbox.x0
    assert title.get_window_extent().x1 <= sheet.figure.axes[1].bbox.x0 + 463 + 1


def test_a_decision_shows_score_slice_probabilities_and_reasons() -> None:
    texts = texts_of(sheet_of(LESION))
    for part in ("45.2", "slice 10", "LAD", "75 %", "LM", "25 %", *LESION.why):
        assert part in texts
    assert "noise" not in texts


def test_a_bar_is_as_long_as_its_site_is_probable() -> None:
    artists = sheet_of(LESION).figure.artists
    bars = [a for a in artists if isinstance(a, Rectangle) and a.get_height() < 0.02]
    lad, lm = (
        [p.get_width() for p in bars if p.get_facecolor()[:3] == pytest.approx(wanted)]
        for wanted in (tuple(c / 255 for c in rgb(site_colour(s))) for s in (Site.LAD, Site.LM))
    )
    assert min(lm) / max(lad) == pytest.approx(0.25 / 0.75, rel=0.01)


def test_a_cut_out_is_30_mm_wide_also_at_the_edge_of_the_scan() -> None:
    sheet = sheet_of(LESION, Dense(site=Site.RCA, at=(3, 0, 0), agatston=1.0))
    for axes in sheet.figure.axes:
        left, right = axes.get_xlim()
        low, high = axes.get_ylim()
        assert right - left == pytest.approx(DETAIL_MM)
        assert low - high == pytest.approx(DETAIL_MM)


def test_the_lesion_is_in_the_middle_of_its_cut_out_and_outlined() -> None:
    sheet = sheet_of(replace(LESION, sure=0.95))
    # columns 50 to 52 and rows 30 to 32: the middle is at (51, 31) mm
    (axes,) = sheet.figure.axes
    assert np.mean(axes.get_xlim()) == pytest.approx(51.0)
    assert np.mean(axes.get_ylim()) == pytest.approx(31.0)
    # the outline runs half a millimetre outside the edge at 52.5 mm
    column, up = axes.transData.transform((53.0, 31.0))
    y, x = int(sheet.height_px - up), int(column)
    near = sheet.pixels()[y - 1 : y + 2, x - 2 : x + 3].astype(int)
    assert (np.abs(near - rgb(site_colour(Site.LAD))).max(axis=-1) <= 40).any()


@pytest.mark.parametrize(
    ("coronary", "aortic", "shown"),
    [(3, 0, (3, 0)), (20, 0, (15, 0)), (20, 2, (13, 2)), (20, 9, (12, 3)), (4, 20, (4, 11))],
)
def test_places_are_kept_for_calcium_of_heart_and_aorta(
    coronary: int, aortic: int, shown: tuple[int, int]
) -> None:
    dense = row(coronary, Site.LAD, sure=0.99) + row(aortic, Site.PERICARDIUM, sure=0.99)
    sheet = sheet_of(*dense)
    names = [title.split(" ", 1)[1] for title in titles_of(sheet)]
    assert (names.count("LAD"), names.count("pericardium")) == shown
    assert len(sheet.figure.axes) == sum(shown) <= MAX_DECISIONS
    left_out = coronary + aortic - sum(shown)
    assert (f"Not shown here: {left_out}." in " ".join(texts_of(sheet))) is (left_out > 0)


@pytest.mark.parametrize("site", [Site.AORTIC_VALVE, Site.OTHER, Site.BONE])
def test_with_nothing_open_the_rejections_are_shown(site: Site) -> None:
    assert len(sheet_of(replace(VALVE, site=site)).figure.axes) == 1


def test_with_nothing_at_all_the_sheet_says_so() -> None:
    sheet = sheet_of()
    assert sheet.figure.axes == []
    assert "No coronary calcium was found. No other candidate." in texts_of(sheet)


@pytest.mark.parametrize(("words", "told"), [(30, 1), (9, 2), (3, 4)])
def test_long_reasons_are_wrapped_and_told_whole_as_many_as_there_is_room_for(words, told) -> None:
    why = tuple(f"{k}: {'many words ' * words}end" for k in range(4))
    sheet = sheet_of(
        Dense(site=Site.LAD, at=(10, 30, 50), why=why), Dense(site=Site.LCX, at=(20, 30, 50))
    )
    sheet.pixels()
    lines = [t for t in sheet.figure.texts if "many words" in t.get_text() or "end" in t.get_text()]
    whole = " ".join(" ".join(t.get_text().split()) for t in lines)
    assert whole == " ".join(" ".join(reason.split()) for reason in why[:told])
    second = sheet.figure.axes[1].bbox.x0
    assert all(t.get_window_extent().x1 < second for t in lines)


def test_a_piece_of_a_split_lesion_says_so() -> None:
    result, scan, detection = with_dense([LESION])
    decision = replace(detection.decisions[0], split_from=3)
    texts = texts_of(decisions_sheet(result, scan, replace(detection, decisions=(decision,))))
    assert "slice 10, part of a lesion" in texts


def test_a_part_of_a_lesion_says_how_much_the_whole_has() -> None:
    parts = [
        replace(LESION, at=(10, 30, 50), agatston=30.0),
        replace(LESION, at=(11, 30, 50), agatston=12.5),
    ]
    texts = texts_of(sheet_of(*parts))
    assert texts.count("L1 LAD ?") == 2
    assert texts.count("Agatston of 42.5") == 2
    # what was judged is not known: both have the voxels of the whole, as many in either slice
    assert texts.count("slice 11, part of a lesion") == 2


def test_a_detection_of_another_scan_is_refused(tmp_path: Path) -> None:
    result, _, detection = with_dense([])
    with pytest.raises(GeometryError, match="cannot be drawn on a scan of"):
        decision_sheet(result, make_scan((4, 20, 20)), detection, tmp_path / "a.png")
