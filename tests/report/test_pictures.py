"""Pictures show the calcium that counts, where it is, in the colour of its artery."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from corcal.ct.scan import Patient
from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.report.canvas import Box, Sheet
from corcal.report.colours import rgb, site_colour
from corcal.report.projection import projection, projection_sheet
from corcal.report.slices import MAX_SLICES, _names_that_fit, axial_montage, montage_sheet
from report.scored_scan import SPACING_MM, box, with_calcium

FILL = 0.6  # opacity of the fill in a slice
SITES = list(CORONARY_SITES)


def pixel_at(sheet: Sheet, panel: int, mm: tuple[float, float]) -> tuple[int, int]:
    """Row and column of the picture at a place (x, y) of a panel."""
    column, up = sheet.figure.axes[panel].transData.transform(mm)
    return math.floor(sheet.height_px - up), math.floor(column)


def colour_at(sheet: Sheet, panel: int, mm: tuple[float, float]) -> NDArray[np.int64]:
    return sheet.pixels()[pixel_at(sheet, panel, mm)].astype(int)


def is_colour(picture: NDArray[np.uint8], site: Site) -> NDArray[np.bool_]:
    """Where a picture has the pure colour of a site: its swatches and the core of its lines."""
    return np.abs(picture.astype(int) - rgb(site_colour(site))).max(axis=-1) <= 12


def panel_of(sheet: Sheet, number: int) -> NDArray[np.uint8]:
    """The pixels of one panel."""
    left, bottom, right, top = sheet.figure.axes[number].bbox.extents
    height = sheet.height_px
    return sheet.pixels()[round(height - top) : round(height - bottom), round(left) : round(right)]


def texts_of(sheet: Sheet) -> str:
    return "\n".join(text.get_text() for text in sheet.figure.texts)


def is_grey(picture: NDArray[np.uint8]) -> bool:
    """Whether nothing in a picture has a colour; paper and muted text are a little blue."""
    return int(np.ptp(picture.astype(int), axis=-1).max()) <= 24


@pytest.mark.parametrize("draw", [axial_montage, projection])
@pytest.mark.parametrize("pieces", [{}, {Site.LAD: [box(10, 40, 50)]}])
def test_a_picture_is_a_png_of_1500_pixels(draw: object, pieces: dict, tmp_path: Path) -> None:
    draw(*with_calcium(pieces), tmp_path / "picture.png")
    with Image.open(tmp_path / "picture.png") as image:
        assert image.format == "PNG"
        assert image.width == 1500
        assert 500 < image.height < 2000


@pytest.mark.parametrize("site", SITES)
def test_a_lesion_is_filled_with_the_colour_of_its_artery(site: Site) -> None:
    sheet = montage_sheet(*with_calcium({site: [box(10, 40, 50)]}))
    # the calcium of 500 HU is white in the window; six tenths of the colour lie over it
    expected = FILL * np.array(rgb(site_colour(site))) + (1 - FILL) * 255
    for x, y in ((50, 40), (53, 40), (50, 43), (53, 43)):  # the corners of the box
        assert np.abs(colour_at(sheet, 0, (x, y)) - expected).max() <= 12
    for x, y in ((48.4, 41.5), (55, 41.5), (51.5, 38.4)):  # beside it
        assert np.abs(colour_at(sheet, 0, (x, y)) - expected).max() > 40


def test_the_fill_ends_where_the_voxels_end() -> None:
    # the box is 4 pixels of 1 mm from x 50 and y 40: its edges are at 49.5 and 53.5, 39.5 and 43.5
    sheet = montage_sheet(*with_calcium({Site.LAD: [box(10, 40, 50)]}))
    for inside in ((49.65, 41.5), (53.35, 41.5), (51.5, 39.65), (51.5, 43.35)):
        assert np.ptp(colour_at(sheet, 1, inside)) > 100
    for outside in ((49.35, 41.5), (53.65, 41.5), (51.5, 39.35), (51.5, 43.65)):
        assert np.ptp(colour_at(sheet, 1, outside)) == 0


@pytest.mark.parametrize("site", SITES)
def test_the_outline_runs_at_two_millimetres(site: Site) -> None:
    sheet = montage_sheet(*with_calcium({site: [box(10, 40, 50)]}))
    line = is_colour(sheet.pixels(), site)
    # the box ends at x = 53.5 mm: its outline crosses the row of its middle at 55.5 mm
    row, column = pixel_at(sheet, 0, (55.5, 41.5))
    assert line[row - 1 : row + 2, column - 2 : column + 3].any()
    row, column = pixel_at(sheet, 0, (58.5, 41.5))
    assert not line[row - 2 : row + 3, column - 2 : column + 3].any()


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_only_arteries_with_calcium_have_a_colour(sheet_of: object) -> None:
    picture = sheet_of(*with_calcium({Site.LCX: [box(10, 40, 50)]})).pixels()
    assert is_colour(picture, Site.LCX).any()
    for site in (Site.LM, Site.LAD, Site.RCA):
        assert not is_colour(picture, site).any()


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_without_calcium_nothing_is_coloured(sheet_of: object) -> None:
    assert is_grey(sheet_of(*with_calcium({})).pixels())


def test_without_calcium_the_picture_says_so() -> None:
    sheet = montage_sheet(*with_calcium({}))
    assert "no coronary calcium" in texts_of(sheet)
    assert len(sheet.figure.axes) == 6


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_an_annotation_that_marks_nothing_is_told_in_the_heading(sheet_of: object) -> None:
    result, scan, voxels = with_calcium({})
    annotation = replace(result.provenance.annotation, region_count=0)
    empty = replace(result, provenance=replace(result.provenance, annotation=annotation))
    assert texts_of(sheet_of(empty, scan, voxels)).split("\n")[:3] == [
        "Agatston score",
        "0",
        "no calcium was marked",
    ]
    marked = texts_of(sheet_of(result, scan, voxels))
    assert "no coronary calcium among what was marked" in marked
    assert "no calcium was marked" not in marked


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
@pytest.mark.parametrize("pieces", [{}, {Site.AORTIC_VALVE: [box(10, 40, 50)]}])
def test_a_picture_has_a_margin_on_every_side(sheet_of: object, pieces: dict) -> None:
    picture = sheet_of(*with_calcium(pieces)).pixels().astype(int)
    inked = np.abs(picture - picture[0, 0]).max(axis=-1) > 8
    for edge in (inked[:26], inked[-16:], inked[:, :24], inked[:, -24:]):
        assert not edge.any()


def test_with_calcium_the_picture_does_not_say_that_there_is_none() -> None:
    sheet = montage_sheet(*with_calcium({Site.LM: [box(10, 40, 50)]}))
    assert "no coronary calcium" not in texts_of(sheet)


@pytest.mark.parametrize(("hu", "is_coloured"), [(129, False), (130, True)])
def test_a_marked_voxel_below_the_threshold_is_not_coloured(hu: int, is_coloured: bool) -> None:
    sheet = montage_sheet(*with_calcium({Site.LAD: [box(10, 40, 50)]}, hu=hu))
    assert is_colour(panel_of(sheet, 0), Site.LAD).any() == is_coloured


@pytest.mark.parametrize(("size", "is_coloured"), [(1, True), (0, False)])
def test_a_speck_too_small_for_the_rule_is_not_coloured(size: int, is_coloured: bool) -> None:
    # pixels of 1 mm2: the rule keeps one pixel; at 0.5 mm2 a pixel, it does not keep one
    result, scan, voxels = with_calcium({Site.LAD: [box(10, 40, 50, size=1)]})
    if size == 0:
        scan = replace(scan, spacing_mm=(3.0, 0.5, 1.0))
    sheet = montage_sheet(result, scan, voxels)
    assert is_colour(panel_of(sheet, 0), Site.LAD).any() == is_coloured


def test_calcium_that_does_not_count_is_outlined_without_a_colour() -> None:
    pieces = {Site.AORTIC_VALVE: [box(10, 40, 50, depth=12)]}
    sheet = montage_sheet(*with_calcium(pieces))
    assert is_grey(sheet.pixels())
    assert "not counted: aortic valve 14.0" in texts_of(sheet)
    assert "no coronary calcium" in texts_of(sheet)
    assert any(axes.collections for axes in sheet.figure.axes)


def slices_of(sheet: Sheet) -> list[int]:
    return [int(line.split()[1]) for line in texts_of(sheet).split("\n") if line[:6] == "slice "]


def test_the_lesion_that_comes_first_of_those_not_counted_has_its_slice_at_the_end() -> None:
    # a valve in two slices, most of it in slice 14; a granuloma of more pixels; the artery apart
    valve = [(slice(13, 15), slice(40, 44), slice(50, 54)), box(14, 44, 50, size=6)]
    pieces = {
        Site.LAD: [box(8, 40, 50), box(5, 40, 50)],
        Site.AORTIC_VALVE: valve,
        Site.OTHER: [box(17, 40, 50, size=8)],
    }
    sheet = montage_sheet(*with_calcium(pieces))
    assert slices_of(sheet) == [8, 5, 14]
    assert "not counted: aortic valve 14.0" in texts_of(sheet)
    assert "not in this picture: other 14.0" in texts_of(sheet)
    assert "mm, not counted" in texts_of(sheet)
    assert sheet.figure.axes[2].collections  # the dashed outline


def test_of_what_is_not_counted_the_doubtful_lesion_comes_first() -> None:
    pieces = {
        Site.LAD: [box(8, 40, 50), box(5, 40, 50)],
        Site.AORTIC_VALVE: [box(12, 40, 50)],
        Site.MITRAL_ANNULUS: [box(14, 40, 50)],
    }
    result, scan, voxels = with_calcium(pieces)
    chances = {"aortic_valve": {"aortic_valve": 0.95, "LM": 0.05}}
    chances["mitral_annulus"] = {"mitral_annulus": 0.7, "LCX": 0.3}
    scores = {"aortic_valve": 300.0, "mitral_annulus": 20.0}
    lesions = tuple(
        replace(
            one, agatston=scores.get(one.site, one.agatston), probabilities=chances.get(one.site)
        )
        for one in result.lesions
    )
    sheet = montage_sheet(replace(result, lesions=lesions), scan, voxels)
    assert slices_of(sheet) == [8, 5, 14]
    sure = tuple(replace(one, probabilities=None) for one in lesions)
    assert slices_of(montage_sheet(replace(result, lesions=sure), scan, voxels)) == [8, 5, 12]


def test_no_slice_is_added_where_one_shows_the_lesion_that_comes_first() -> None:
    pieces = {Site.LAD: [box(8, 40, 50), box(5, 40, 50)]}
    valve = [box(8, 50, 60), box(14, 40, 50, size=6)]
    sheet = montage_sheet(*with_calcium(pieces | {Site.AORTIC_VALVE: valve}))
    assert slices_of(sheet) == [8, 5]
    # another lesion in a slice that is shown does not stand for it
    bone = {Site.AORTIC_VALVE: valve[1:], Site.BONE: valve[:1]}
    assert slices_of(montage_sheet(*with_calcium(pieces | bone))) == [8, 5, 14]


@pytest.mark.parametrize(("count", "is_added"), [(11, True), (12, False)])
def test_a_slice_is_added_where_there_is_room(count: int, is_added: bool) -> None:
    pieces = {Site.LAD: [box(z, 40, 50) for z in range(count)], Site.BONE: [box(15, 40, 50)]}
    sheet = montage_sheet(*with_calcium(pieces))
    assert len(sheet.figure.axes) == MAX_SLICES
    assert (15 in slices_of(sheet)) is is_added
    where = "not counted" if is_added else "not counted, not in this picture"
    assert f"{where}: bone 14.0" in texts_of(sheet)


def test_sites_that_are_not_shown_are_named_apart() -> None:
    # the slice of the bone has more; that of the valve comes first
    pieces = {
        Site.LAD: [box(8, 40, 50), box(5, 40, 50)],
        Site.AORTIC_VALVE: [box(12, 40, 50)],
        Site.BONE: [box(14, 40, 50, size=6)],
    }
    text = texts_of(montage_sheet(*with_calcium(pieces)))
    assert "not counted: aortic valve 14.0; not counted, not in this picture: bone 14.0" in text


def test_calcium_that_does_not_count_is_outlined_in_the_projections() -> None:
    sheet = projection_sheet(*with_calcium({Site.AORTIC_VALVE: [box(10, 40, 50)]}))
    for axes in sheet.figure.axes:
        (outline,) = axes.collections
        assert outline.get_linestyles()[0][1] is not None  # dashed
    assert is_grey(sheet.pixels())
    assert "not counted: aortic valve 14.0" in texts_of(sheet)


def test_calcium_outside_the_frame_is_not_said_to_be_in_the_projections() -> None:
    case = with_calcium({Site.LAD: [box(10, 40, 50)], Site.BONE: [box(10, 90, 2)]})
    far = np.pad(case[1].hu, ((0, 0), (0, 200), (0, 0)), constant_values=-800)
    result, scan, voxels = case
    shape = far.shape
    index = np.ravel_multi_index(np.unravel_index(voxels.index, voxels.shape), shape)
    bone = np.array([np.ravel_multi_index((10, 280, 50), shape)])  # 280 mm from the front
    far.reshape(-1)[bone] = 900
    is_artery = voxels.site == Site.LAD
    voxels = SiteVoxels(
        shape=shape,
        index=np.append(index[is_artery], bone),
        site=np.append(voxels.site[is_artery], np.uint8(Site.BONE)),
    )
    result = replace(result, scan=replace(result.scan, shape=shape))
    scan = replace(scan, hu=far)
    for sheet_of in (montage_sheet, projection_sheet):
        sheet = sheet_of(result, scan, voxels)
        assert "not counted, not in this picture: bone 14.0" in texts_of(sheet)
        assert len(sheet.figure.axes) == 2


def test_a_long_list_of_other_sites_stays_within_the_picture() -> None:
    others = [site for site in Site if site not in CORONARY_SITES]
    pieces = {site: [box(10, 28 + 4 * k, 50, size=3)] for k, site in enumerate(others)}
    result, scan, voxels = with_calcium(pieces)
    much = {k: replace(v, agatston=12345.6) for k, v in result.score.other_sites.items()}
    result = replace(result, score=replace(result.score, other_sites=much))
    sheet = montage_sheet(result, scan, voxels)
    ends = [t.get_window_extent().x1 for t in sheet.figure.texts]
    assert max(ends) < 1500 - 20
    for site in others:
        assert site.label.replace("_", " ") in texts_of(sheet).replace("\n", " ")


def test_below_a_slice_each_site_is_named_with_its_lesions() -> None:
    pieces = {
        Site.LAD: [box(10, 40, 50)],
        Site.ASCENDING_AORTA: [box(10, 30, 40)],
        Site.DESCENDING_AORTA: [box(10, 60, 60)],
    }
    lines = texts_of(montage_sheet(*with_calcium(pieces))).split("\n")
    assert {"LAD L1", "aorta L2", "desc. aorta L3"} <= set(lines)
    assert not any("other" in line for line in lines)


def test_names_below_a_slice_are_as_many_as_have_room() -> None:
    sheet = Sheet(width_px=800, height_px=200, top_px=0)
    lesions = {
        Site.LM: ("L1",),
        Site.LAD: tuple(f"L{k}" for k in range(2, 12)),
        Site.BONE: ("L12",),
    }

    def named(width: float) -> list[str]:
        box = Box(left=0, top=0, width=width, height=50)
        return [text for _, text in _names_that_fit(sheet, box, lesions)]

    assert named(800) == ["LM L1", "LAD L2 L3 L4 L5 L6 L7 L8 L9 L10 L11", "bone L12"]
    assert named(350) == ["LM L1", "LAD L2 L3 L4 +7", "bone L12"]
    assert named(260) == ["LM L1", "LAD L2 +9", "bone"]
    assert named(190) == ["LM", "LAD", "bone"]
    assert named(120) == ["LM", "LAD"]


def test_calcium_that_does_not_count_keeps_its_grey() -> None:
    # 150 HU in a window from -125 to 225: 255 * 275 / 350 = 200
    sheet = montage_sheet(*with_calcium({Site.AORTIC_VALVE: [box(0, 40, 50, depth=20)]}, hu=150))
    assert colour_at(sheet, 0, (51.5, 41.5)).tolist() == pytest.approx([200] * 3, abs=1)


def test_more_slices_than_fit_leave_out_the_least_important() -> None:
    # fourteen slices with 16 pixels each, but slices 3 and 12 with 4: these two are left out
    boxes = [box(z, 40, 50, size=2 if z in (3, 12) else 4) for z in range(2, 16)]
    sheet = montage_sheet(*with_calcium({Site.LAD: boxes}))
    assert len(sheet.figure.axes) == MAX_SLICES
    assert slices_of(sheet) == [15, 14, 13, 11, 10, 9, 8, 7, 6, 5, 4, 2]


def test_calcium_in_one_slice_is_also_shown_enlarged() -> None:
    sheet = montage_sheet(*with_calcium({Site.RCA: [box(10, 40, 50)]}))
    whole, enlarged = sheet.figure.axes
    assert np.ptp(enlarged.get_xlim()) < np.ptp(whole.get_xlim())
    assert (
        is_colour(panel_of(sheet, 1), Site.RCA).sum()
        > is_colour(panel_of(sheet, 0), Site.RCA).sum()
    )


def test_a_slice_is_named_by_number_position_and_lesions() -> None:
    pieces = {Site.LM: [box(10, 40, 50)], Site.RCA: [box(10, 40, 40), box(12, 40, 40)]}
    text = texts_of(montage_sheet(*with_calcium(pieces)))
    assert "slice 10" in text
    assert "z \N{MINUS SIGN}70.0 mm" in text  # -100 + 10 * 3
    assert "LM L1" in text
    assert "RCA L2" in text
    assert "RCA L3" in text


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_the_heading_has_the_numbers_of_the_result(sheet_of: object) -> None:
    pieces = {Site.LAD: [box(10, 40, 50)], Site.RCA: [box(10, 40, 40)]}
    lines = texts_of(sheet_of(*with_calcium(pieces))).split("\n")
    assert lines[:2] == ["Agatston score", "28.0"]
    assert lines[2:10] == ["LM", "0", "LAD", "14.0", "LCX", "0", "RCA", "14.0"]


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_no_picture_tells_who_the_patient_is_but_every_one_what_it_may_be_used_for(
    sheet_of: object,
) -> None:
    result, scan, voxels = with_calcium({Site.LAD: [box(10, 40, 50)]})
    patient = Patient(patient_id="SECRET-1", name="Doe^Jane", birth_date="1950-01-01", sex="F")
    result = replace(result, scan=replace(result.scan, patient=patient))
    text = texts_of(sheet_of(result, scan, voxels))
    for part in ("SECRET", "Doe", "Jane", "1950", "2026"):
        assert part not in text
    assert "For research use only" in text


@pytest.mark.parametrize("sheet_of", [montage_sheet, projection_sheet])
def test_the_bar_is_ten_millimetres_long(sheet_of: object) -> None:
    for axes in sheet_of(*with_calcium({Site.LAD: [box(10, 40, 50)]})).figure.axes:
        for line in axes.lines:
            part = np.ptp(line.get_xdata())  # of the width of the panel
            assert part * np.ptp(axes.get_xlim()) == pytest.approx(10.0)


def test_edges_are_named_as_they_are_shown() -> None:
    result, scan, voxels = with_calcium({Site.LAD: [box(10, 30, 60)]})
    letters = [
        [t.get_text() for t in a.texts[:4]] for a in montage_sheet(result, scan, voxels).figure.axes
    ]
    assert letters == [["R", "L", "A", "P"]] * 2
    sheet = projection_sheet(result, scan, voxels)
    assert [[t.get_text() for t in a.texts[:4]] for a in sheet.figure.axes] == [
        ["R", "L", "A", "P"],
        ["R", "L", "H", "F"],
    ]


def test_x_runs_to_the_right_edge_and_y_to_the_lower_one() -> None:
    sheet = montage_sheet(*with_calcium({Site.LAD: [box(10, 40, 50)]}))
    row, column = pixel_at(sheet, 0, (50, 40))
    lower, _ = pixel_at(sheet, 0, (50, 45))
    _, further = pixel_at(sheet, 0, (55, 40))
    assert lower > row
    assert further > column


def test_seen_from_the_front_the_head_is_at_the_top() -> None:
    # LAD in slice 14, towards the head; RCA in slice 6
    pieces = {Site.LAD: [box(14, 40, 50)], Site.RCA: [box(6, 40, 50)]}
    front = panel_of(projection_sheet(*with_calcium(pieces)), 1)
    rows = [np.nonzero(is_colour(front, site).any(axis=1))[0].mean() for site in pieces]
    assert rows[0] < rows[1]
    # and the grey of the heart is as high as the calcium says: nothing is flipped alone
    result, scan, voxels = with_calcium(pieces)
    hu = scan.hu.copy()
    hu[:9] = -800
    half = panel_of(projection_sheet(result, replace(scan, hu=hu), voxels), 1).mean(axis=(1, 2))
    assert half[: half.size // 2].mean() > half[half.size // 2 :].mean()


@pytest.mark.parametrize("denser", [Site.LAD, Site.LCX])
def test_where_arteries_cross_the_denser_one_is_seen_and_both_are_outlined(denser: Site) -> None:
    pieces = {Site.LAD: [box(8, 40, 50)], Site.LCX: [box(12, 40, 50)]}
    result, scan, voxels = with_calcium(pieces)
    hu = scan.hu.copy()
    hu[pieces[denser][0]] = 900
    sheet = projection_sheet(result, replace(scan, hu=hu), voxels)
    # coordinates count from the frame, which here begins with the first row and column
    x, y = 51.5 * SPACING_MM[2], 41.5 * SPACING_MM[1]
    seen = colour_at(sheet, 0, (x, y))
    apart = {site: np.abs(seen - rgb(site_colour(site))).max() for site in pieces}
    assert min(apart, key=apart.__getitem__) is denser
    sheet = projection_sheet(result, scan, voxels)
    front = panel_of(sheet, 1)
    assert all(is_colour(front, site).any() for site in pieces)


@pytest.mark.parametrize("draw", [axial_montage, projection])
def test_drawing_twice_gives_the_same_file(draw: object, tmp_path: Path) -> None:
    case = with_calcium({Site.LAD: [box(10, 40, 50, depth=3)]})
    for name in ("one.png", "two.png"):
        draw(*case, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize("draw", [axial_montage, projection])
def test_a_result_of_another_scan_is_refused(draw: object, tmp_path: Path) -> None:
    result, scan, voxels = with_calcium({Site.LAD: [box(10, 40, 50)]})
    other = replace(result, scan=replace(result.scan, shape=(20, 96, 95)))
    with pytest.raises(GeometryError, match=r"result of shape \(20, 96, 95\)"):
        draw(other, scan, voxels, tmp_path / "picture.png")


@pytest.mark.parametrize("draw", [axial_montage, projection])
def test_a_place_that_cannot_be_written_is_told(draw: object, tmp_path: Path) -> None:
    case = with_calcium({Site.LAD: [box(10, 40, 50)]})
    with pytest.raises(InputError, match=r"cannot write the picture a\.png: No such file"):
        draw(*case, tmp_path / "missing" / "a.png")


def test_large_bone_is_taken_out_from_the_front_and_calcium_of_an_artery_is_not() -> None:
    result, scan, voxels = with_calcium({Site.LAD: [box(10, 50, 50)]})
    hu = scan.hu.copy()
    hu[8:14, 30:42, 40:70] = 1000  # 6 * 12 * 30 voxels of 3 mm3: 6480 mm3, in front of the heart
    sheet = projection_sheet(result, replace(scan, hu=hu), voxels)
    from_feet, from_front = panel_of(sheet, 0), panel_of(sheet, 1)
    assert (from_feet.min(axis=-1) >= 250).mean() > 0.02  # seen from the feet bone stays white
    assert (from_front.min(axis=-1) >= 250).mean() < 0.01  # letters and bar alone
    assert is_colour(from_front, Site.LAD).any()


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    code = (
        "import sys, matplotlib\n"
        "sys.path.insert(0, 'tests')\n"
        "def settings():\n"  # looking at the backend would choose one, and import pyplot
        "    names = set(matplotlib.rcParams) - {'backend'}\n"
        "    return {name: matplotlib.rcParams[name] for name in names}\n"
        "before = settings()\n"
        "from report.scored_scan import with_calcium\n"
        "from corcal.report.projection import projection_sheet\n"
        "from corcal.report.slices import montage_sheet\n"
        "montage_sheet(*with_calcium({})).pixels()\n"
        "projection_sheet(*with_calcium({})).pixels()\n"
        "assert settings() == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_asking_for_the_room_does_not_import_matplotlib() -> None:
    code = (
        "import sys, corcal.report.slices, corcal.report.projection, corcal.report.overview\n"
        "assert not {'matplotlib', 'scipy', 'PIL'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
