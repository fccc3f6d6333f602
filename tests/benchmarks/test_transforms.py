"""The same patient in another image: voxels stay where they were in the patient."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.study_stress import change_percent, heart_window
from benchmarks.transforms import Marked, regridded, rotated, stored_as, window

from corcal.anatomy.types import Anatomy, ModelRecord, Structure
from corcal.errors import GeometryError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.physics import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition

SHAPE = (4, 40, 40)


def marked_square(spacing_mm=(3.0, 0.5, 0.5)) -> Marked:
    """A square of 500 HU, 10 pixels wide, in slice 2, off the middle; marked as LAD."""
    hu = np.zeros(SHAPE, np.int16)
    hu[2, 8:18, 20:30] = 500
    scanner = Scanner(matrix=SHAPE[1:], pixel_spacing_mm=spacing_mm[1])
    scan = scan_from_volume(
        hu,
        spacing_mm=spacing_mm,
        origin_mm=(-10.0, -20.0, 100.0),
        acquisition=simulated_acquisition(
            scanner, date="2024-01-01", time="10:00:00", description="square", is_gated=True
        ),
        uid_seed="transforms",
    )
    index = np.flatnonzero(hu)
    return Marked(
        scan=scan,
        voxels=SiteVoxels(
            shape=SHAPE, index=index, site=np.full(index.size, int(Site.LAD), np.uint8)
        ),
    )


def centre_mm(marked: Marked) -> np.ndarray:
    """Mean of the marked voxels in the patient."""
    zyx = np.stack(np.unravel_index(marked.voxels.index, marked.scan.shape), axis=1)
    return marked.scan.to_patient_mm(zyx.mean(axis=0)[None])[0]


def test_a_window_that_begins_outside_has_air_there_and_keeps_places() -> None:
    given = marked_square()
    moved = window(given, (1, -5, 3), (3, 40, 40))
    assert moved.scan.shape == (3, 40, 40)
    assert np.all(moved.scan.hu[:, :5] == -1024)
    assert np.all(moved.scan.hu[:, :, 37:] == -1024)
    assert np.all(moved.scan.hu[1, 13:23, 17:27] == 500)  # 8 + 5, 20 - 3
    assert moved.voxels.index.size == 100
    assert centre_mm(moved) == pytest.approx(centre_mm(given))
    assert moved.scan.slices[0].sop_instance_uid == given.scan.slices[1].sop_instance_uid
    assert moved.scan.slices[0].position_mm == pytest.approx(tuple(moved.scan.affine_lps[:3, 3]))


@pytest.mark.parametrize(("first", "count"), [(-1, 4), (1, 4)])
def test_a_window_cannot_have_slices_that_are_not_there(first: int, count: int) -> None:
    with pytest.raises(GeometryError, match="of 4"):
        window(marked_square(), (first, 0, 0), (count, 40, 40))


def test_a_quarter_turn_moves_every_pixel_exactly() -> None:
    given = marked_square()
    turned = rotated(given, 90.0)
    # One of the two quarter turns: both leave the values as they are.
    assert np.array_equal(turned.scan.hu[2], np.rot90(given.scan.hu[2], 1)) or np.array_equal(
        turned.scan.hu[2], np.rot90(given.scan.hu[2], -1)
    )
    # 10 x 10 pixels, grown by one on each side
    assert turned.voxels.index.size == 144
    assert np.count_nonzero(turned.scan.hu.flat[turned.voxels.index] == 500) == 100


def test_another_field_of_view_keeps_places_and_areas() -> None:
    given = marked_square()
    coarse = regridded(given, 1.25)
    assert coarse.scan.shape == (4, 32, 32)
    assert coarse.scan.spacing_mm == (3.0, 0.625, 0.625)
    # The square is 5 mm wide, 8 pixels of 0.625 mm, from 8 * 0.5 = 4 mm on: pixel 6.4.
    bright = np.argwhere(coarse.scan.hu[2] > 250)
    assert 7 <= np.ptp(bright[:, 0]) + 1 <= 9
    centre = coarse.scan.to_patient_mm(np.array([[2, *bright.mean(axis=0)]]))[0]
    assert centre == pytest.approx(centre_mm(given), abs=0.35)
    # The outer corner of the image stays: its first pixel's centre minus half a pixel.
    corner = coarse.scan.affine_lps[:3, 3] - 0.5 * np.array([0.625, 0.625, 0])
    assert corner == pytest.approx([-10.25, -20.25, 100.0])


@pytest.mark.parametrize("position", ["HFS", "FFS", "HFP", "FFP"])
def test_the_reader_undoes_every_way_of_storing(position: str, tmp_path: Path) -> None:
    given = marked_square()
    back = stored_as(given, position, tmp_path)
    assert back.scan.acquisition.patient_position == position
    assert np.array_equal(back.scan.hu, given.scan.hu)
    assert centre_mm(back) == pytest.approx(centre_mm(given))


def test_the_change_is_that_of_automatic_over_true() -> None:
    # 90 of 100 before, 99 of 110 after: the same nine tenths
    assert change_percent(99.0, 110.0, 90.0, 100.0) == pytest.approx(0.0)
    # 104.5 of 110: 95 % instead of 90 %, 5.56 % more
    assert change_percent(104.5, 110.0, 90.0, 100.0) == pytest.approx(100 * (0.95 / 0.9 - 1))
    assert change_percent(0.0, 5.0, 0.0, 5.0) == 0.0
    assert change_percent(3.0, 5.0, 0.0, 5.0) == np.inf


def test_the_window_of_the_heart_has_its_margin_and_ends_with_the_scan() -> None:
    marked = marked_square(spacing_mm=(3.0, 2.0, 2.0))  # 12 x 80 x 80 mm
    structures = np.zeros((len(Structure), 3, 10, 10), np.float32)
    structures[Structure.BACKGROUND] = 1.0
    structures[Structure.BACKGROUND, 1, 4:7, 0:3] = 0.0
    structures[Structure.LEFT_ATRIUM, 1, 4:7, 0:3] = 1.0
    anatomy = Anatomy(
        structures=structures,
        pathways=None,
        origin_mm=(0.0, 10.0, 2.0),
        spacing_mm=(4.0, 4.0, 4.0),
        model=ModelRecord(name="none", version="1", sha256=None, trusted=True),
    )
    start, shape = heart_window(marked, anatomy)
    # y: cells at 26 to 34 mm, 11 to 49 with the margin, pixels 5 (10 mm) to 25 (50 mm);
    # x: 2 to 10 mm, cut at 0, to 25 mm, pixel 13; z: the whole scan.
    assert start == (0, 5, 0)
    assert shape == (4, 21, 14)
