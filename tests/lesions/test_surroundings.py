"""What lies around a piece, on slices made by hand."""

import numpy as np
import pytest

from corcal.lesions.pieces import Pieces
from corcal.lesions.surroundings import look_around
from lesions.heart_maker import make_scan

SHAPE = (9, 41, 41)


def _look(hu, mask, *, spacing_mm=(3.0, 1.0, 1.0)):
    index = np.flatnonzero(mask)
    pieces = Pieces(
        shape=hu.shape,
        spacing_mm=spacing_mm,
        index=index,
        hu=hu.ravel()[index],
        piece=np.zeros(index.size, np.int32),
        lesion=np.zeros(1, np.int32),
        full_volume_mm3=np.ones(1),
    )
    return look_around(make_scan(hu, spacing_mm=spacing_mm), pieces)


def _volume(value=40):
    return np.full(SHAPE, value, np.int16)


def _at(hu, *, size=2, value=500):
    hu[4, 20 : 20 + size, 20 : 20 + size] = value
    return hu == value


@pytest.mark.parametrize(
    ("value", "shares"),
    [
        (-90, (1.0, 0.0, 0.0)),
        (-159, (1.0, 0.0, 0.0)),
        (-161, (0.0, 0.0, 0.0)),
        (-14, (0.0, 0.0, 0.0)),
        (40, (0.0, 0.0, 0.0)),
        (-251, (0.0, 1.0, 0.0)),
        (130, (0.0, 0.0, 1.0)),
        (129, (0.0, 0.0, 0.0)),
    ],
)
def test_shares_of_fat_lung_and_bone_follow_the_values_around(value, shares):
    hu = _volume(value)
    around = _look(hu, _at(hu, value=value))  # the piece itself changes nothing
    assert (around.fat[0], around.lung[0], around.bright[0]) == pytest.approx(shares)


def test_half_fat_half_blood_is_half_fat():
    hu = _volume()
    hu[:, :, :21] = -90
    around = _look(hu, _at(hu))
    assert around.fat[0] == pytest.approx(0.5, abs=0.12)  # the border itself is a blur
    assert around.background_hu[0] == pytest.approx(40, abs=10)


def test_without_soft_tissue_there_is_no_background():
    hu = _volume(-90)
    assert np.isnan(_look(hu, _at(hu, value=-90)).background_hu[0])


def test_a_single_bright_pixel_is_smoothed_down_and_a_plate_is_not():
    # The middle weight of a sampled Gaussian of sigma 0.8 pixels is 0.4987 an axis: 0.2487.
    hu = _volume(0)
    speck = _look(hu, _at(hu, size=1)).smooth_peak_hu[0]
    assert speck == pytest.approx(0.2487 * 500, rel=0.02)
    plate = _volume(0)
    assert _look(plate, _at(plate, size=9)).smooth_peak_hu[0] == pytest.approx(500, abs=1)


def test_a_streak_beside_metal_is_seen():
    hu = _volume()
    hu[4, 23:26, 10:35] = -400
    assert _look(hu, _at(hu)).darkest_hu[0] < -220


def test_the_slice_with_most_calcium_is_the_main_one():
    hu = _volume()
    hu[3, 20, 20] = 900  # 771 above the threshold
    hu[4, 20:24, 20:24] = 300  # 16 x 171
    around = _look(hu, hu >= 300)
    assert around.main_slice.tolist() == [4]


@pytest.mark.parametrize(("increment", "steps"), [(3.0, 1), (1.0, 3), (5.0, 1)])
def test_above_and_below_are_about_three_millimetres_away(increment, steps):
    hu = _volume()
    mask = _at(hu)
    hu[4 + steps] = 90
    hu[4 - steps] = 10
    around = _look(hu, mask, spacing_mm=(increment, 1.0, 1.0))
    assert (around.above_hu[0], around.below_hu[0]) == (90.0, 10.0)


def test_beyond_the_first_slice_nothing_is_known():
    hu = _volume()
    hu[0, 20:22, 20:22] = 500
    around = _look(hu, hu == 500)
    assert np.isnan(around.below_hu[0])
    assert around.above_hu[0] == 40.0


def test_a_piece_at_the_edge_of_the_image_is_measured():
    hu = _volume()
    hu[4, 0:2, 39:41] = 500
    around = _look(hu, hu == 500)
    assert np.isfinite(around.smooth_peak_hu[0])
    assert around.background_hu[0] == pytest.approx(40, abs=15)


@pytest.mark.parametrize(("first", "seen"), [(26, False), (30, True)])
def test_the_edge_of_the_lung_is_no_streak(first, seen):
    # Lung from a column on; a dark column in tissue that is 2 or 6 pixels of 1 mm before it.
    hu = _volume()
    hu[4, :, first:] = -850
    hu[4, :, 24] = -500
    darkest = _look(hu, _at(hu)).darkest_hu[0]
    assert (darkest < -150) is np.bool_(seen)


def test_with_lung_on_all_sides_there_is_no_darkest_voxel():
    hu = _volume(-850)
    assert np.isinf(_look(hu, _at(hu)).darkest_hu[0])
