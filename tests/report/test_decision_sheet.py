"""Each of the largest decisions is shown closely, with its probabilities and its reasons."""

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


def test_coronary_lesions_come_first_then_doubtful_rejections() -> None:
    # the valve is certain, and larger than both
    texts = texts_of(sheet_of(VALVE, ANNULUS, LESION))
    assert texts.index("LAD ?") < texts.index("mitral annulus ?")
    assert "aortic valve" not in texts
    assert any("Not shown here: 1." in text for text in texts)


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
    sheet = sheet_of(LESION)
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
    ("coronary", "doubtful", "shown"),
    [(3, 0, (3, 0)), (20, 0, (15, 0)), (20, 2, (13, 2)), (20, 9, (10, 5)), (4, 20, (4, 11))],
)
def test_places_are_shared(coronary: int, doubtful: int, shown: tuple[int, int]) -> None:
    dense = row(coronary, Site.LAD, sure=0.99) + row(doubtful, Site.PERICARDIUM, sure=0.6)
    sheet = sheet_of(*dense)
    texts = texts_of(sheet)
    bold = [t.get_text() for t in sheet.figure.texts if t.get_fontweight() == "bold"]
    assert (bold.count("LAD"), bold.count("pericardium ?")) == shown
    assert len(sheet.figure.axes) == sum(shown) <= MAX_DECISIONS
    left_out = coronary + doubtful - sum(shown)
    assert any(f"Not shown here: {left_out}." in t for t in texts) is (left_out > 0)


def test_with_nothing_open_the_largest_rejections_are_shown() -> None:
    assert "aortic valve" in texts_of(sheet_of(VALVE))


def test_with_nothing_at_all_the_sheet_says_so() -> None:
    sheet = sheet_of()
    assert sheet.figure.axes == []
    assert "No coronary calcium was found; no other candidate." in texts_of(sheet)


def test_long_reasons_are_wrapped_and_bounded() -> None:
    long = Dense(site=Site.LAD, at=(10, 30, 50), why=("many words " * 30,) * 4)
    sheet = sheet_of(long, Dense(site=Site.LCX, at=(20, 30, 50)))
    sheet.pixels()
    lines = [t for t in sheet.figure.texts if "many words" in t.get_text()]
    assert len(lines) == 5
    assert lines[-1].get_text().endswith("…")
    second = sheet.figure.axes[1].bbox.x0
    assert all(t.get_window_extent().x1 < second for t in lines)


def test_a_piece_of_a_split_lesion_says_so() -> None:
    scan, detection = with_dense([LESION])
    decision = replace(detection.decisions[0], split_from=3)
    texts = texts_of(decisions_sheet(scan, replace(detection, decisions=(decision,))))
    assert "slice 10, part of a lesion" in texts


def test_a_detection_of_another_scan_is_refused(tmp_path: Path) -> None:
    _, detection = with_dense([])
    with pytest.raises(GeometryError, match="cannot be drawn on a scan of"):
        decision_sheet(make_scan((4, 20, 20)), detection, tmp_path / "a.png")
