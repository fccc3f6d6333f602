"""Cells hold the mean of what they cover, whatever the ratio of voxel and cell."""

import numpy as np
import pytest

from corcal.anatomy.resample import Grid, coarser, cover, cut_box, resample
from corcal.ct.scan import AIR_HU
from corcal.errors import InputError
from scoring.small_scans import make_scan


def line(values, step_mm, *, axis=0, other_mm=4.0):
    """A scan with one row of voxels along `axis`, thick in the others."""
    shape = [1, 1, 1]
    shape[axis] = len(values)
    spacing = [other_mm] * 3
    spacing[axis] = step_mm
    return make_scan(np.asarray(values).reshape(shape), tuple(spacing))


def cells_along(scan, start_mm, count, *, axis=0, cell_mm=4.0):
    """Cells of a row along `axis`; the scan's other sides are one cell."""
    origin, shape = [0.0, 0.0, 0.0], [1, 1, 1]
    origin[axis], shape[axis] = start_mm, count
    return resample(
        scan, Grid(origin_mm=tuple(origin), cell_mm=cell_mm, shape=tuple(shape))
    ).reshape(-1)


def slow_mean(values, step, start, cell, *, samples=4000):
    """The mean over a cell of the values interpolated between centres, by sampling."""
    at = start + ((np.arange(samples) + 0.5) / samples - 0.5) * cell
    at = at[(at > -step / 2) & (at < (len(values) - 0.5) * step)]
    return np.interp(at / step, np.arange(len(values)), values).mean()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_cell_of_two_voxels_is_their_mean_with_a_little_of_the_neighbours(axis):
    # Voxels of 2 mm, a cell of 4 mm over the second and third of them: from 1 to 5 mm, in voxels
    # 0.5 to 2.5. Interpolated linearly, voxel 0 (a hat around 0) has the area 1/8 of its own
    # width there, voxels 1 and 2 have 7/8 each, voxel 3 has 1/8: over a width of 2 that is
    # 1/16, 7/16, 7/16, 1/16.
    scan = line([0, 160, 320, 0], 2.0, axis=axis)
    assert cells_along(scan, 3.0, 1, axis=axis)[0] == pytest.approx(7 / 16 * 480)
    scan = line([160, 0, 0, 320], 2.0, axis=axis)
    assert cells_along(scan, 3.0, 1, axis=axis)[0] == pytest.approx(1 / 16 * 480)


@pytest.mark.parametrize("step", [0.37, 1.0, 2.5, 3.0, 4.0, 5.0, 9.0])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_linear_ramp_stays_one_wherever_the_cells_are(step, axis):
    count = int(60 / step) + 2
    scan = line(np.arange(count) * 10.0, step, axis=axis)  # 10 HU a voxel
    length = (count - 1) * step  # between the first and the last centre it is a ramp
    start = 2.3
    cells = int((length - start - 2.0) / 4.0) + 1
    centres = start + 4.0 * np.arange(cells)
    got = cells_along(scan, start, cells, axis=axis)
    np.testing.assert_allclose(got, centres / step * 10.0, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("step", [0.4, 1.3, 3.0, 5.0, 11.0])
def test_it_is_the_mean_of_the_interpolated_scan(step):
    rng = np.random.default_rng(3)
    values = rng.integers(-900, 900, int(50 / step) + 1)
    scan = line(values, step)
    got = cells_along(scan, -0.4 * step + 2.1, 9)
    want = [slow_mean(values, step, -0.4 * step + 2.1 + 4.0 * k, 4.0) for k in range(9)]
    np.testing.assert_allclose(got, want, atol=1.0)


def test_a_constant_stays_itself_up_to_the_edge_of_the_scan():
    scan = make_scan(np.full((5, 40, 31), -77), (5.0, 0.9, 0.7))
    grid = cover(scan, cell_mm=4.0)
    # 25 x 36 x 21.7 mm in 7 x 9 x 6 cells, centred: the outermost ones are covered over
    # (25 - 5 * 4) / 2 = 2.5 mm in z, 4 mm in y and (21.7 - 4 * 4) / 2 = 2.85 mm in x.
    assert grid.shape == (7, 9, 6)
    np.testing.assert_allclose(resample(scan, grid), -77, rtol=1e-6)


def test_the_grid_that_covers_a_scan_has_it_in_its_middle():
    scan = make_scan(np.zeros((10, 8, 8)), (3.0, 1.0, 1.0))
    # 30 mm need 8 cells, made 16; from centre to centre the scan is 27 mm, the grid 60 mm.
    grid = cover(scan, cell_mm=4.0, multiple=16)
    assert grid.shape == (16, 16, 16)
    assert grid.origin_mm[0] == pytest.approx(13.5 - 30.0)
    assert grid.spacing_mm == (4.0, 4.0, 4.0)


@pytest.mark.parametrize(("start_mm", "is_inside"), [(-0.5, True), (-0.51, False)])
def test_a_cell_counts_as_in_the_scan_from_half_of_it_on(start_mm, is_inside):
    # Voxels of 1 mm: the scan begins at -0.5 mm; a cell of 4 mm centred there is half covered.
    scan = line([100] * 20, 1.0)
    assert cells_along(scan, start_mm, 1)[0] == (100 if is_inside else AIR_HU)


def test_far_outside_of_the_scan_there_is_air():
    scan = line([100] * 4, 1.0)
    np.testing.assert_array_equal(cells_along(scan, 100.0, 3), AIR_HU)
    np.testing.assert_array_equal(cells_along(scan, -100.0, 3), AIR_HU)


def test_padding_below_air_counts_as_air():
    np.testing.assert_array_equal(cells_along(line([-3000] * 9, 1.0), 4.0, 1), AIR_HU)


def test_a_scan_of_one_slice_has_its_value_in_the_cells_that_it_fills():
    scan = line([50], 5.0)
    np.testing.assert_array_equal(cells_along(scan, -4.0, 3), [AIR_HU, 50, AIR_HU])


def test_integer_and_float_scans_give_the_same_cells():
    hu = np.random.default_rng(1).integers(-1000, 1000, (9, 50, 50)).astype(np.int16)
    grid = cover(make_scan(hu, (3.0, 0.6, 0.6)), cell_mm=4.0)
    whole = resample(make_scan(hu, (3.0, 0.6, 0.6)), grid)
    np.testing.assert_array_equal(
        whole, resample(make_scan(hu.astype(np.float32), (3.0, 0.6, 0.6)), grid)
    )


def test_a_box_of_the_grid_is_the_same_as_a_box_of_the_cells():
    hu = np.random.default_rng(2).integers(-1000, 1000, (20, 60, 70)).astype(np.int16)
    scan = make_scan(hu, (2.5, 0.8, 0.9))
    grid = cover(scan, cell_mm=4.0)
    start, shape = (-2, 3, 4), (8, 8, 20)
    box = resample(scan, grid.box(start, shape))
    np.testing.assert_allclose(box, cut_box(resample(scan, grid), start, shape), atol=1e-3)
    assert (box[:2] == AIR_HU).all()
    assert (box[2:, :, :5] > AIR_HU).all()


def test_a_box_beside_the_cells_is_air():
    np.testing.assert_array_equal(
        cut_box(np.zeros((4, 4, 4), np.float32), (9, 0, 0), (2, 2, 2)), AIR_HU
    )


def test_coarser_cells_are_the_means_of_their_parts():
    hu = np.random.default_rng(4).integers(-1000, 1000, (24, 40, 40)).astype(np.int16)
    scan = make_scan(hu, (2.0, 0.8, 0.8))  # 48 x 32 x 32 mm, 12 x 8 x 8 cells of 4 mm
    fine, coarse = cover(scan, cell_mm=4.0), cover(scan, cell_mm=8.0)
    assert coarse.shape == (6, 4, 4)
    np.testing.assert_allclose(coarser(resample(scan, fine), 2), resample(scan, coarse), atol=1e-2)


def test_sides_that_the_factor_does_not_divide_are_refused():
    with pytest.raises(InputError, match=r"\(4, 5, 4\) are not multiples of the factor 2"):
        coarser(np.zeros((4, 5, 4), np.float32), 2)
