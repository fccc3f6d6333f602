"""Which candidates are near enough to the heart to be looked at."""

import numpy as np
import pytest

from corcal.lesions.fields import FAR_MM, make_fields
from corcal.lesions.neighbourhood import NEAR_MM, lesions_near_heart, pericardium_mm
from lesions.heart_maker import empty_anatomy, make_anatomy, make_hu, make_scan, put

FIELDS = make_fields(make_anatomy())


def test_a_lesion_in_the_fat_of_the_heart_is_kept_whole():
    hu = put(make_hu(), slice(18, 20), slice(30, 32), slice(74, 76))
    found = lesions_near_heart(make_scan(hu), FIELDS)
    assert found.count == 1
    assert found.index.size == 8
    assert found.full_volume_mm3.tolist() == [8 * 3.0]


def test_a_rib_is_kept_only_as_far_as_it_is_near():
    # along x from the middle of the heart out: the sac ends 46 mm from (60, 58, 58)
    hu = put(make_hu(), slice(20, 21), slice(57, 60), slice(60, 128))
    scan = make_scan(hu)
    found = lesions_near_heart(scan, FIELDS)
    away = pericardium_mm(found.index, scan.shape, scan.spacing_mm, FIELDS)
    assert away.max() <= NEAR_MM
    assert found.zyx()[2].max() == pytest.approx(58 + 46 + NEAR_MM, abs=4.0)  # one cell
    assert found.full_volume_mm3.tolist() == [3 * 68 * 3.0]  # with all that lies beyond


def test_what_is_far_from_the_heart_is_no_candidate():
    hu = put(make_hu(), slice(0, 3), slice(0, 5), slice(0, 5))
    assert lesions_near_heart(make_scan(hu), FIELDS).count == 0


@pytest.mark.parametrize(("pixel_mm", "count"), [(0.7, 0), (0.71, 1)])
def test_a_single_pixel_needs_half_a_square_millimetre(pixel_mm, count):
    # 0.7^2 = 0.49 mm2, 0.71^2 = 0.504 mm2
    hu = make_hu()
    hu[:] = 0
    hu[20, 80, 80] = 400
    scan = make_scan(hu, spacing_mm=(3.0, pixel_mm, pixel_mm))
    assert lesions_near_heart(scan, FIELDS).count == count


def test_the_threshold_is_the_lowest_candidate():
    hu = put(make_hu(), slice(18, 20), slice(30, 32), slice(74, 76), 129)
    assert lesions_near_heart(make_scan(hu), FIELDS).count == 0
    assert lesions_near_heart(make_scan(hu), FIELDS, threshold_hu=129.0).count == 1


def test_without_a_heart_there_is_no_candidate():
    hu = put(make_hu(), slice(18, 20), slice(30, 32), slice(74, 76))
    found = lesions_near_heart(make_scan(hu), make_fields(empty_anatomy()))
    assert found.count == found.index.size == 0


def test_beyond_the_grid_of_the_anatomy_everything_is_far():
    away = pericardium_mm(np.array([0]), (1, 1, 1), (3.0, 1.0, 1.0), FIELDS)
    assert away.tolist() == [FAR_MM]  # the corner of the grid
    hu = np.zeros((60, 8, 8), np.int16)
    last = np.array([hu.size - 1])  # z = 177 mm, the grid ends at 118
    assert pericardium_mm(last, hu.shape, (3.0, 1.0, 1.0), FIELDS).tolist() == [FAR_MM]
