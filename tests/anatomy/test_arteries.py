"""The second look at the arteries: where it lies, and how it takes the place of the first."""

import numpy as np
import pytest

from corcal.anatomy.arteries import closer_pathways
from corcal.anatomy.resample import Grid
from scoring.small_scans import make_scan

GRID = Grid(origin_mm=(2.0, -6.0, 4.0), cell_mm=4.0, shape=(48, 48, 48))
MIDDLE_MM = np.array([90.0, 80.0, 105.0])  # of the course that the first answer sees


class Second:
    """A model that draws the LAD along x through a place, and keeps where it was asked."""

    def __init__(self, y_mm, z_mm):
        self.course_mm = (z_mm, y_mm)
        self.inputs = ("volume",)
        self.seen = None

    def run(self, feeds):
        self.seen = feeds["volume"][0, 0]
        # The scan tells each cell's place: its HU is its height (see `told_scan`).
        z_mm = self.seen
        out = np.zeros((1, 6, *self.seen.shape), np.float32)
        out[0, 1] = np.exp(-0.5 * ((z_mm - self.course_mm[0]) / 5.0) ** 2)
        return {"pathways": out}


def told_scan():
    """A scan whose HU is the height above its first slice, in mm."""
    hu = np.repeat(3 * np.arange(70), 100 * 100).reshape(70, 100, 100).astype(np.int16)
    return make_scan(hu, (3.0, 2.0, 2.0))


def places(grid):
    return [
        o + grid.cell_mm * np.arange(n) for o, n in zip(grid.origin_mm, grid.shape, strict=True)
    ]


def first_answer(at_mm=MIDDLE_MM):
    z, y, x = np.meshgrid(*places(GRID), indexing="ij")
    square = (z - at_mm[0]) ** 2 + (y - at_mm[1]) ** 2 + (x - at_mm[2]) ** 2
    out = np.zeros((6, *GRID.shape), np.float32)
    out[1] = 0.4 * np.exp(-0.5 * square / 10.0**2)
    out[2] = 0.05  # everywhere, but too low to say where the box lies
    return out


def test_inside_its_box_the_second_look_counts_and_outside_the_first():
    first, model = first_answer(), Second(0.0, 96.0)
    out = closer_pathways(model, told_scan(), first, GRID)
    z, y, x = places(GRID)
    deep = np.ix_(*(np.abs(p - m) < 48 for p, m in zip((z, y, x), MIDDLE_MM, strict=True)))
    wanted = np.exp(-0.5 * ((z - 96.0) / 5.0) ** 2)
    heights = out[1][deep]
    near = np.broadcast_to(wanted[np.abs(z - MIDDLE_MM[0]) < 48][:, None, None], heights.shape)
    np.testing.assert_allclose(heights, near, atol=0.04)
    assert out[2][deep].max() == 0.0
    far = [np.abs(p - m) > 60 for p, m in zip((z, y, x), MIDDLE_MM, strict=True)]
    outside = far[0][:, None, None] | far[1][:, None] | far[2]
    np.testing.assert_array_equal(out[:, outside], first[:, outside])


def test_the_box_has_the_pathways_in_its_middle():
    model = Second(0.0, 96.0)
    closer_pathways(model, told_scan(), first_answer(), GRID)
    heights = model.seen[:, 24, 24]  # mm above the first slice
    assert heights.shape == (48,)
    assert np.diff(heights)[10:30] == pytest.approx(2.5, abs=1e-3)
    assert 0.5 * (heights[23] + heights[24]) == pytest.approx(MIDDLE_MM[0], abs=0.5)


def test_from_one_answer_to_the_other_it_goes_smoothly():
    first = first_answer()
    first[3] = 0.8  # the second look sees no RCA
    out = closer_pathways(Second(0.0, 96.0), told_scan(), first, GRID)
    # The RCA counts for the middle: it is everywhere, so the box lies in the middle of the grid.
    profile = out[3][:, 24, 24]
    assert profile[0] == pytest.approx(0.8)
    assert profile[24] == 0.0
    assert np.abs(np.diff(profile)).max() <= 0.8 * 4.0 / 10.0 + 1e-6


def test_without_pathways_nothing_is_looked_at():
    model, none = Second(0.0, 96.0), np.zeros((6, *GRID.shape), np.float32)
    assert closer_pathways(model, told_scan(), none, GRID) is none
    assert model.seen is None
