"""Windows are cut around their places, go on beyond borders, and know what is marked in them."""

import numpy as np

from corcal.lesions.windows import cut_windows
from lesions.heart_maker import make_scan


def _windows():
    hu = np.arange(2 * 20 * 30, dtype=np.int16).reshape(2, 20, 30)
    z, y, x = (np.array(axis) for axis in ([0, 1], [10, 0], [7, 29]))
    scan = make_scan(hu, spacing_mm=(3.0, 1.0, 2.0))
    return hu, cut_windows(scan, z, y, x, reach_mm=4.0, floor_hu=300.0)


def test_a_window_reaches_as_far_along_rows_as_along_columns():
    hu, windows = _windows()
    assert windows.hu.shape == (2, 9, 5)
    np.testing.assert_array_equal(windows.hu[0], np.maximum(hu[0, 6:15, 5:10], 300))
    assert windows.y0.tolist() == [6, -4]
    assert windows.x0.tolist() == [5, 27]


def test_beyond_the_border_its_pixels_go_on():
    hu, windows = _windows()
    np.testing.assert_array_equal(windows.hu[1, :5, 2:], np.tile(hu[1, :1, 29], (5, 3)))
    np.testing.assert_array_equal(windows.hu[1, 4:, 2], hu[1, :5, 29])


def test_a_pixel_is_marked_in_its_own_window_only_and_outside_of_it_not_at_all():
    _, windows = _windows()
    window, y, x = np.array([0, 1, 0, 1]), np.array([6, 0, 15, 0]), np.array([9, 27, 7, 26])
    inside = windows.marked(window, y, x)
    assert np.argwhere(inside).tolist() == [[0, 0, 4], [1, 4, 0]]
