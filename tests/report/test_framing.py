"""The box of a picture: around the heart, and around all coronary calcium."""

from dataclasses import replace

import numpy as np

from corcal.ct.scan import CTScan
from corcal.lesions.sites import Site
from corcal.report.calcium import counted_calcium
from corcal.report.framing import Frame, detail_frame, heart_frame
from report.scored_scan import MIDDLE, SHAPE, SPACING_MM, box, make_scan, with_calcium


def frame_of(pieces: dict[Site, list[tuple[slice, slice, slice]]]) -> Frame:
    result, scan, voxels = with_calcium(pieces)
    return heart_frame(scan, counted_calcium(result, scan, voxels))


def large_scan() -> CTScan:
    """The small scan in the corner of one that is 400 mm wide: room for a frame to choose."""
    hu = np.full((20, 400, 400), -800, dtype=np.int16)
    small = make_scan()
    hu[:, 100:196, 60:156] = small.hu
    return replace(small, hu=hu)


def middle_of(frame: Frame) -> tuple[float, float]:
    return sum(frame.y) / 2, sum(frame.x) / 2


def no_calcium(scan: CTScan) -> Frame:
    result, _, voxels = with_calcium({})
    result = replace(result, scan=replace(result.scan, shape=scan.shape))
    return heart_frame(scan, counted_calcium(result, scan, replace(voxels, shape=scan.shape)))


def test_the_frame_is_around_the_ball_of_soft_tissue() -> None:
    frame = no_calcium(large_scan())
    y, x = middle_of(frame)
    # the ball is centred at y 100 + 44, x 60 + 52; the frame lies 16 mm further to the right side
    assert abs(y - 144) <= 4
    assert abs(x - (112 - 16)) <= 4
    assert frame.y[1] - frame.y[0] == 160
    assert frame.x[1] - frame.x[0] == 160


def test_the_middle_of_the_heart_is_told_from_the_corner_of_the_frame() -> None:
    frame = no_calcium(make_scan())
    found = [
        start + mm / step
        for (start, _), mm, step in zip(
            (frame.z, frame.y, frame.x), frame.heart_mm, SPACING_MM, strict=True
        )
    ]
    assert np.allclose(found, MIDDLE, atol=2.5)


def test_soft_tissue_far_from_the_spine_is_not_the_heart() -> None:
    scan = large_scan()
    hu = scan.hu.copy()
    hu[:, 200:300, 280:380] = 60  # 60 mm high, larger than the ball, 200 mm beside the spine
    hu[:, 240:260, 100:120] = 600  # spine
    y, x = middle_of(no_calcium(replace(scan, hu=hu)))
    assert abs(y - 144) <= 4
    assert abs(x - 96) <= 4


def test_the_wall_of_the_chest_is_not_the_heart() -> None:
    scan = large_scan()
    hu = scan.hu.copy()
    hu[:, :32] = 60  # 32 mm deep, cut by the edge of the scan: its largest ball is of 16 mm
    y, x = middle_of(no_calcium(replace(scan, hu=hu)))
    assert abs(y - 144) <= 4
    assert abs(x - 96) <= 4


def test_the_abdomen_is_not_the_heart() -> None:
    scan = large_scan()
    below = np.full((20, 400, 400), 60, dtype=np.int16)  # 60 mm without lung
    hu = np.concatenate((below, scan.hu))
    scan = replace(scan, hu=hu, slices=scan.slices + scan.slices)
    frame = no_calcium(scan)
    y, x = middle_of(frame)
    assert abs(y - 144) <= 4
    assert abs(x - 96) <= 4
    assert abs(frame.z[0] * 3.0 + frame.heart_mm[0] - (20 + 10) * 3.0) <= 6


def test_a_scan_without_soft_tissue_is_framed_in_its_middle() -> None:
    scan = replace(large_scan(), hu=np.full((20, 400, 400), -1000, dtype=np.int16))
    y, x = middle_of(no_calcium(scan))
    assert abs(y - 199.5) <= 1
    assert abs(x - (199.5 - 16)) <= 1


def test_a_small_scan_is_shown_whole() -> None:
    frame = frame_of({})
    assert (frame.y, frame.x) == ((0, SHAPE[1]), (0, SHAPE[2]))


def test_coronary_calcium_is_always_inside_and_other_calcium_need_not_be() -> None:
    scan = large_scan()
    result, _, _ = with_calcium({})
    result = replace(result, scan=replace(result.scan, shape=scan.shape))
    far = (10 * 400 + 350) * 400 + np.arange(340, 350)
    _, _, voxels = with_calcium({Site.LAD: [box(0, 0, 0, size=2)]})
    hu = scan.hu.copy()
    hu.reshape(-1)[far] = 500
    scan = replace(scan, hu=hu)
    for site, is_inside in ((Site.RCA, True), (Site.BONE, False)):
        sites = np.full(far.size, site, dtype=np.uint8)
        there = replace(voxels, shape=scan.shape, index=far.astype(np.int64), site=sites)
        frame = heart_frame(scan, counted_calcium(result, scan, there))
        assert (frame.y[1] > 350 and frame.x[1] > 350) is is_inside


def test_an_enlarged_view_is_a_square_of_forty_millimetres() -> None:
    frame = detail_frame(make_scan(), np.array([[44, 50], [46, 53]]), 10)
    assert frame.z == (10, 11)
    assert frame.y[1] - frame.y[0] == frame.x[1] - frame.x[0] == 40
    assert frame.y[0] < 44 - 10
    assert frame.x[1] > 53 + 10
