"""From a slice of the scan back to the pixels of its image."""

import numpy as np
import pytest

from corcal.ct.geometry import PlaneAxes
from corcal.ct.read import read_scan
from corcal.ct.scan import StoredPlane
from dicom_maker import PRONE, make_series

SHAPE = (5, 7)  # of the canonical slice


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("flip_y", [False, True])
@pytest.mark.parametrize("flip_x", [False, True])
def test_a_pixel_is_found_where_reading_took_it_from(transpose, flip_y, flip_x):
    shape = SHAPE[::-1] if transpose else SHAPE
    stored = np.arange(35).reshape(shape)
    turned = PlaneAxes(transpose=transpose, flip_y=flip_y, flip_x=flip_x).apply(stored)
    plane = StoredPlane(
        transpose=transpose, flip_y=flip_y, flip_x=flip_x, rescale_slope=1.0, rescale_intercept=0.0
    )
    for place in np.argwhere(turned >= 0):
        row, column = plane.to_stored(place[np.newaxis], SHAPE)[0].astype(int)
        assert stored[row, column] == turned[tuple(place)]


def test_a_half_of_a_pixel_stays_a_half():
    plane = StoredPlane(
        transpose=False, flip_y=True, flip_x=False, rescale_slope=1.0, rescale_intercept=0.0
    )
    assert plane.to_stored(np.array([[0.5, 1.25]]), SHAPE).tolist() == [[3.5, 1.25]]


def test_a_scan_remembers_how_its_images_were_stored(tmp_path):
    make_series(tmp_path, orientation=PRONE, slope=2.0, intercept=-1024.0)
    stored = {one.stored for one in read_scan(tmp_path).slices}
    assert stored == {
        StoredPlane(
            transpose=False,
            flip_y=True,
            flip_x=True,
            rescale_slope=2.0,
            rescale_intercept=-1024.0,
        )
    }
