"""Volumes by hand-worked cases. T = 130 HU, pixels of 0.5 x 0.5 mm, slices of 3 mm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from corcal.lesions import Site
from corcal.scoring import measure
from corcal.scoring.volume import calcium_volume_mm3, interpolated_thickness_mm
from scoring.small_scans import block_scan, make_scan, voxels_of


def thickness(column, *, counted=None, increment_mm=3.0):
    """Thickness of the dense voxels of a column of one voxel a slice."""
    hu = np.array(column).reshape(-1, 1, 1)
    index = np.flatnonzero(hu >= 130) if counted is None else np.array(counted)
    return interpolated_thickness_mm(hu, index, threshold_hu=130.0, increment_mm=increment_mm)


def test_the_plain_volume_counts_voxels():
    # 16 voxels of 0.5 x 0.5 x 3 mm.
    assert calcium_volume_mm3(16, spacing_mm=(3.0, 0.5, 0.5)) == 12.0


def test_a_dense_voxel_reaches_far_into_the_slices_beside_it():
    # (450 - 130) / (450 - 50) = 0.8 of 3 mm to either side.
    assert thickness([50, 450, 50]) == pytest.approx([4.8])


def test_a_faint_voxel_is_thinner_than_its_slice():
    # (160 - 130) / (160 - 40) = 0.25 of 3 mm to either side.
    assert thickness([40, 160, 40]) == pytest.approx([1.5])


def test_a_voxel_at_the_threshold_has_no_thickness_between_tissue():
    assert thickness([50, 130, 50]).tolist() == [0.0]


def test_voxels_halfway_beyond_the_threshold_have_the_thickness_of_their_slice():
    # 130 lies halfway between 210 and 50.
    assert thickness([50, 210, 50]) == pytest.approx([3.0])


def test_neighbouring_calcium_is_shared_at_the_middle():
    # 0.5 + 0.8 of 3 mm each.
    assert thickness([50, 450, 450, 50]) == pytest.approx([3.9, 3.9])


def test_calcium_of_another_site_ends_at_the_middle():
    # The second voxel does not count (another site, or too small): 0.8 + 0.5 of 3 mm.
    assert thickness([50, 450, 450, 50], counted=[1]) == pytest.approx([3.9])


def test_the_ends_of_the_scan_count_as_in_the_plain_volume():
    assert thickness([450, 450]) == pytest.approx([3.0, 3.0])
    assert thickness([450]) == pytest.approx([3.0])


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_a_neighbour_without_a_value_counts_like_the_end_of_the_scan(missing):
    assert thickness([missing, 450.0, 50.0], counted=[1]) == pytest.approx([3.0 * (0.5 + 0.8)])


def test_the_interpolated_volume_of_a_lesion():
    # 4 pixels (1 mm2) of 450 HU in one slice between slices of 40 HU:
    # 2 x 3 mm x (450 - 130) / (450 - 40) = 4.6829 mm; plain volume 3 mm3.
    scan, voxels = block_scan([[40] * 4, [450] * 4, [40] * 4])
    score = measure(scan, voxels).score.total
    assert score.volume_mm3 == 3.0
    assert score.volume_interpolated_mm3 == pytest.approx(6 * 320 / 410)


def test_slice_lesions_below_the_smallest_lesion_have_no_volume():
    # 4 pixels count, 3 pixels (0.75 mm2) apart from them do not.
    scan, voxels = block_scan([[150] * 4 + [40] + [150] * 3])
    score = measure(scan, voxels).score.total
    assert score.area_mm2 == 1.0
    assert score.volume_mm3 == 3.0
    assert score.volume_interpolated_mm3 == 3.0


@given(
    hu=hnp.arrays(np.int16, st.integers(1, 5), elements=st.integers(-200, 900)),
    increment=st.sampled_from([1.5, 3.0]),
)
def test_thickness_is_the_limit_of_sampling_the_interpolated_column(hu, increment):
    # Callister's recipe on a grid of 1/1000 of the increment: interpolate, compare, count.
    fine = 1000
    at = (np.arange(len(hu) * fine) + 0.5) / fine - 0.5  # from the first face to the last one
    sampled = np.interp(at, np.arange(len(hu)), hu) >= 130
    # np.interp goes on with the end values, as the definition does; a slice below the threshold
    # owns what its neighbours reach into, so only the sum compares.
    expected = np.count_nonzero(sampled) * increment / fine
    found = thickness(hu, increment_mm=increment).sum()
    assert found == pytest.approx(expected, abs=len(hu) * 2 * increment / fine)


def test_sampling_at_the_pixel_size_is_near_the_exact_volume():
    # A ball of 6 mm radius, 3 mm slices, 0.5 mm pixels: isotropic samples of 0.5 mm, each in the
    # middle of its cell. (A grid with samples on the slices themselves counts both ends of every
    # column, and comes out 2 % larger.)
    z, y, x = np.mgrid[-5:6, -15:16, -15:16]
    distance = np.sqrt((3.0 * z) ** 2 + (0.5 * y) ** 2 + (0.5 * x) ** 2)
    hu = np.clip(40 + 400 * (6.0 - distance), 40, 600).astype(np.int16)
    grid = np.arange(0.25, 30.0, 0.5)
    below = (grid // 3.0).astype(int)
    part = (grid / 3.0 - below)[:, None, None]
    dense = hu[below] * (1 - part) + hu[below + 1] * part >= 130
    scan = make_scan(hu, (3.0, 0.5, 0.5))
    found = measure(scan, voxels_of(np.full(hu.shape, Site.LAD)))
    exact = found.score.total.volume_interpolated_mm3
    assert exact == pytest.approx(np.count_nonzero(dense) * 0.125, rel=0.01)
