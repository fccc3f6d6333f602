"""Candidates of small scans with a known answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from corcal.errors import GeometryError, InputError
from corcal.lesions import find_candidates

# Two slices of 3 x 5: a lesion of three voxels over both slices, and one voxel apart.
SCAN = np.array(
    [
        [[0, 130, 250, 0, 0], [0, 129, 0, 0, 0], [0, 0, 0, 0, 400]],
        [[0, 0, 0, 140, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    ],
    dtype=np.int16,
)


def test_candidates_are_the_voxels_at_or_above_the_threshold():
    found = find_candidates(SCAN)
    assert found.index.tolist() == [1, 2, 14, 18]
    assert found.hu.tolist() == [130, 250, 400, 140]
    assert found.hu.dtype == np.int16
    assert found.threshold_hu == 130.0


def test_slice_lesions_stay_in_their_slice_and_lesions_do_not():
    found = find_candidates(SCAN)
    assert found.slice_lesion.tolist() == [0, 0, 1, 2]
    assert found.pixel_count.tolist() == [2, 1, 1]
    assert found.peak_hu.tolist() == [250, 400, 140]
    assert found.lesion.tolist() == [0, 0, 1, 0]  # (0, 0, 2) and (1, 0, 3) share an edge
    assert found.lesion_count == 2


def test_faces_alone_connect_less():
    found = find_candidates(SCAN, connectivity=6)
    assert found.lesion.tolist() == [0, 0, 1, 2]


def test_a_threshold_between_integers_excludes_the_lower_one():
    assert find_candidates(SCAN, threshold_hu=129.5).index.tolist() == [1, 2, 14, 18]
    assert find_candidates(SCAN, threshold_hu=129.0).index.tolist() == [1, 2, 6, 14, 18]


def test_values_that_are_not_integers_are_compared_as_they_are():
    hu = np.array([[[129.99, 130.0, np.nan, np.inf, -np.inf]]], dtype=np.float32)
    assert find_candidates(hu).index.tolist() == [1]


@pytest.mark.parametrize("threshold", [401.0, 40000.0])
def test_a_scan_without_calcium_has_no_candidates(threshold):
    found = find_candidates(SCAN, threshold_hu=threshold)
    assert found.index.size == found.lesion.size == found.peak_hu.size == 0
    assert found.lesion_count == 0


def test_a_view_in_another_order_gives_the_same_candidates():
    flipped = np.ascontiguousarray(SCAN[:, :, ::-1])[:, :, ::-1]
    strided = np.asfortranarray(SCAN)
    for scan in (flipped, strided):
        found = find_candidates(scan)
        assert found.index.tolist() == [1, 2, 14, 18]
        assert found.hu.tolist() == [130, 250, 400, 140]


def test_a_scan_is_left_as_it_is_even_if_it_may_not_be_written():
    scan = SCAN.copy()
    scan.flags.writeable = False
    find_candidates(scan)
    assert np.array_equal(scan, SCAN)


@given(
    hu=hnp.arrays(
        np.int16,
        st.tuples(st.integers(1, 11), st.integers(1, 5), st.integers(1, 5)),
        elements=st.sampled_from([-1024, 0, 129, 130, 131, 500]),
    )
)
def test_slabs_join_without_a_seam(hu):
    found = find_candidates(hu)
    assert found.index.tolist() == np.flatnonzero(hu >= 130).tolist()
    assert found.hu.tolist() == hu[hu >= 130].tolist()
    for lesion, (count, peak) in enumerate(zip(found.pixel_count, found.peak_hu, strict=True)):
        values = found.hu[found.slice_lesion == lesion]
        assert (values.size, values.max()) == (count, peak)


def test_an_image_is_not_a_scan():
    with pytest.raises(GeometryError, match=r"need a \(z, y, x\) array, got shape \(3, 5\)"):
        find_candidates(SCAN[0])


def test_a_threshold_must_be_a_number():
    with pytest.raises(InputError, match="must be a finite number, got nan"):
        find_candidates(SCAN, threshold_hu=float("nan"))
