"""Distances that end at a reach are those of the whole grid, cut off there."""

import numpy as np
import pytest
from scipy import ndimage

from corcal.anatomy.sampling import distance_within, surrounding_box

SPACING_MM = (2.5, 1.0, 1.5)


@pytest.mark.parametrize("reach_mm", [0.5, 4.0, 9.0, 200.0])
@pytest.mark.parametrize("corner", [False, True])
def test_as_the_whole_grid_cut_off(reach_mm: float, corner: bool) -> None:
    mask = np.zeros((14, 20, 17), np.bool_)
    mask[3:5, 6:9, 7] = True
    mask[4, 7, 10] = True
    if corner:
        mask[-1, -1, -1] = True
    whole = ndimage.distance_transform_edt(~mask, sampling=SPACING_MM)
    found = distance_within(mask, SPACING_MM, reach_mm)
    np.testing.assert_array_equal(found, np.minimum(whole, reach_mm))
    assert (found == 0).sum() == mask.sum()


def test_nothing_is_out_of_reach() -> None:
    found = distance_within(np.zeros((3, 4, 5), np.bool_), SPACING_MM, 7.0)
    np.testing.assert_array_equal(found, np.full((3, 4, 5), 7.0))


def test_the_box_is_wider_by_the_reach_and_ends_at_the_grid() -> None:
    mask = np.zeros((9, 9, 9), np.bool_)
    mask[1:3, 4, 7] = True
    assert surrounding_box(mask, (2, 1, 3)) == (slice(0, 5), slice(3, 6), slice(4, 11))
