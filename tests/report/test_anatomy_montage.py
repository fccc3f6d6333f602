"""A person sees the anatomy and every decision: named, in its colour, and nothing over another."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corcal.ct.scan import Finding, Severity
from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.anatomy_montage import anatomy_montage, anatomy_sheet
from corcal.report.canvas import Sheet
from corcal.report.colours import rgb, site_colour
from corcal.report.montage_heading import counted_words, scored_by
from corcal.report.pieces import lesion_pieces_of
from report.automatic_scan import MODEL, Dense, make_anatomy, make_scan, with_dense

FEW = [
    Dense(site=Site.LAD, at=(10, 30, 50), agatston=45.2),
    Dense(site=Site.RCA, at=(8, 60, 35), agatston=9.14, sure=0.72),
    Dense(site=Site.AORTIC_VALVE, at=(14, 60, 60), agatston=12.3),
    Dense(site=Site.MITRAL_ANNULUS, at=(5, 80, 70), agatston=30.0, sure=0.7, rival=Site.LCX),
    Dense(site=Site.NOISE, at=(6, 50, 50), size=1, agatston=1.0, sure=0.995),
]


def sheet_of(dense: Sequence[Dense], **anatomy: bool) -> Sheet:
    result, scan, detection = with_dense(dense)
    return anatomy_sheet(result, scan, make_anatomy(**anatomy), detection)


def texts_of(sheet: Sheet) -> list[str]:
    return [text.get_text() for text in sheet.figure.texts]


def has_colour(sheet: Sheet, site: Site) -> bool:
    """Whether the axial panels have the pure colour of a site."""
    picture = sheet.pixels()[round(sheet.top_px) :].astype(int)
    return bool((np.abs(picture - rgb(site_colour(site))).max(axis=-1) <= 12).any())


def many(count: int) -> list[Dense]:
    """Lesions close together in a few slices: a severe case."""
    sites = (Site.LAD, Site.LCX, Site.RCA, Site.LM)
    return [
        Dense(
            site=sites[k % 4],
            at=(5 + k % 5, 32 + 9 * (k // 5 % 6), 34 + 11 * (k % 5)),
            agatston=500.0 / (k + 1),
            sure=0.99 - 0.01 * k,
        )
        for k in range(count)
    ]


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


@pytest.mark.parametrize(
    "dense",
    [
        Dense(site=Site.BONE, at=(10, 30, 50), agatston=26740.0),
        Dense(site=Site.LAD, at=(10, 30, 50), agatston=0.0),
    ],
)
def test_bone_and_what_is_too_small_to_count_have_no_name(dense: Dense) -> None:
    assert not any("bone 2" in t or "LAD 0" in t for t in texts_of(sheet_of([dense])))


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


COUNTED = [
    (FEW, "2 coronary lesions (1 doubtful whether coronary).",
     "Left out: 2 lesions elsewhere (1 doubtful whether coronary), 1 of noise."),
    (FEW[:1], "1 coronary lesion.", "No other candidate."),
    (FEW[2:3], "No coronary calcium was found.", "Left out: 1 lesion elsewhere."),
    ([Dense(site=Site.LCX, at=(9, 30, 50), sure=0.65, rival=Site.LM),
      Dense(site=Site.RCA, at=(9, 60, 50), agatston=0.0),
      Dense(site=Site.OTHER, at=(9, 80, 50), sure=0.45, rival=Site.LYMPH_NODE),
      Dense(site=Site.OTHER, at=(9, 90, 50), agatston=0.0),
      Dense(site=Site.BONE, at=(9, 100, 50)),
      Dense(site=Site.DEVICE, at=(9, 110, 50), sure=0.6, rival=Site.LAD)],
     "1 coronary lesion (1 whose artery is doubtful); 1 too small to count.",
     "Left out: 1 lesion elsewhere (1 whose site is doubtful), 1 too small to count, "
     "2 of bone or device (1 doubtful whether coronary)."),
]  # fmt: skip


@pytest.mark.parametrize(("dense", "coronary", "others"), COUNTED)
def test_lesions_are_counted_in_words(dense: list[Dense], coronary: str, others: str) -> None:
    assert counted_words(lesion_pieces_of(*with_dense(dense))) == (coronary, others)
    words = " ".join(texts_of(sheet_of(dense)))
    assert coronary in words
    assert others in words


def test_another_rule_is_named_with_what_it_scores() -> None:
    result, _, _ = with_dense([])
    assert scored_by(result) == "Agatston by the textbook rule."
    other = replace(result, score=replace(result.score, rule="philips"))
    assert scored_by(other) == (
        "Agatston of lesions by the rule philips, of what has no number by the textbook rule."
    )


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
    assert any(t.endswith(" ?") and "%" not in t for t in names)
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


def test_an_anatomy_without_arteries_says_so() -> None:
    texts = texts_of(sheet_of(FEW, pathways=False))
    assert any("does not know where the arteries run" in text for text in texts)
    assert not any("does not know" in text for text in texts_of(sheet_of(FEW)))


@pytest.mark.parametrize("dense", [[], FEW])
def test_a_scan_without_a_heart_is_drawn_all_the_same(dense: list[Dense]) -> None:
    assert len(sheet_of(dense, heart=False, pathways=False).figure.axes) > 6


def test_the_model_is_named_with_the_beginning_of_its_hash() -> None:
    result, scan, detection = with_dense([])
    anatomy = make_anatomy()
    assert "Anatomy: corcal-test 2 (sha256 ab12ab12)" in texts_of(
        anatomy_sheet(result, scan, anatomy, detection)
    )
    unknown = replace(anatomy, model=replace(MODEL, sha256=None, trusted=False))
    assert "Anatomy: corcal-test 2 (not known to this release)" in texts_of(
        anatomy_sheet(result, scan, unknown, detection)
    )


def test_findings_are_told_as_far_as_there_is_room() -> None:
    result, scan, detection = with_dense([])
    found = [
        Finding(code="X", severity=Severity.WARNING, message=f"finding {k} " + "word " * 60)
        for k in range(4)
    ]
    anatomy = replace(make_anatomy(), findings=tuple(found[:1]))
    texts = texts_of(
        anatomy_sheet(result, scan, anatomy, replace(detection, findings=tuple(found[1:])))
    )
    told = [text for text in texts if text.startswith("finding")]
    assert [text[:9] for text in told] == ["finding 0", "finding 1"]
    assert told[1].endswith("(+2)")


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


def test_the_heading_ends_before_the_overviews() -> None:
    sheet = sheet_of(many(30))
    sheet.pixels()
    left = min(axes.bbox.x0 for axes in sheet.figure.axes[-2:])
    for text in sheet.figure.texts:
        box = text.get_window_extent()
        if box.y0 > sheet.height_px - sheet.top_px and text.get_text() not in {
            "coronal",
            "sagittal",
        }:
            assert box.x1 < left or box.y1 < sheet.height_px - sheet.top_px


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
