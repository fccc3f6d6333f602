"""Connected components of sparse voxels, beside hand-worked cases and scipy's dense labelling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from corcal.errors import GeometryError
from corcal.lesions.components import find_runs, label_runs, label_slices, label_volume

STRUCTURES = {
    6: ndimage.generate_binary_structure(3, 1),
    18: ndimage.generate_binary_structure(3, 2),
    26: ndimage.generate_binary_structure(3, 3),
}
# In a slice: nothing connects to the slices above and below.
IN_SLICE = {4: STRUCTURES[6].copy(), 8: STRUCTURES[26].copy()}
for structure in IN_SLICE.values():
    structure[[0, 2]] = False

MASKS = hnp.arrays(
    bool, st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7)), elements=st.booleans()
)


def dense_labels(mask, structure):
    """Label with scipy, numbered from zero in the order of the first voxels."""
    labels, _ = ndimage.label(mask, structure)
    inside = labels[mask]
    _, first = np.unique(inside, return_index=True)
    order = np.argsort(np.argsort(first))
    return order[inside - 1] if inside.size else inside


@given(mask=MASKS, connectivity=st.sampled_from([4, 8]))
def test_slices_are_labelled_as_scipy_does(mask, connectivity):
    found = label_slices(np.flatnonzero(mask), mask.shape, connectivity=connectivity)
    assert found.tolist() == dense_labels(mask, IN_SLICE[connectivity]).tolist()


@given(mask=MASKS, connectivity=st.sampled_from([6, 18, 26]))
def test_volumes_are_labelled_as_scipy_does(mask, connectivity):
    found = label_volume(np.flatnonzero(mask), mask.shape, connectivity=connectivity)
    assert found.tolist() == dense_labels(mask, STRUCTURES[connectivity]).tolist()


@given(mask=MASKS, connectivity=st.sampled_from([18, 26]))
def test_building_on_the_slice_lesions_changes_nothing(mask, connectivity):
    runs = find_runs(np.flatnonzero(mask), mask.shape)
    known = label_runs(runs, 8)
    assert np.array_equal(
        label_runs(runs, connectivity, known=known), label_runs(runs, connectivity)
    )


@given(
    group=hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
        elements=st.integers(0, 3),
    ),
    connectivity=st.sampled_from([6, 26]),
)
def test_groups_are_labelled_as_if_each_were_alone(group, connectivity):
    index = np.flatnonzero(group)
    of_voxel = group.reshape(-1)[index]
    found = label_volume(index, group.shape, connectivity=connectivity, group=of_voxel)
    for code in np.unique(of_voxel):
        alone = dense_labels(group == code, STRUCTURES[connectivity])
        together = found[of_voxel == code]
        # The same partition: as many pairs of labels as there are labels on either side.
        pairs = set(zip(alone.tolist(), together.tolist(), strict=True))
        assert len(pairs) == len(set(alone.tolist())) == len(set(together.tolist()))
    owners = set(zip(found.tolist(), of_voxel.tolist(), strict=True))
    assert len(owners) == len(set(found.tolist()))


def test_a_spiral_is_one_component():
    # The ends meet only by going around: union-find needs several rounds.
    rows = [
        "#########",
        "........#",
        "#######.#",
        "#.....#.#",
        "#.###.#.#",
        "#.#...#.#",
        "#.#####.#",
    ]
    rows += ["#.......#", "#########"]
    mask = np.array([[[c == "#" for c in row] for row in rows]])
    assert set(label_slices(np.flatnonzero(mask), mask.shape, connectivity=4).tolist()) == {0}


def test_diagonal_pixels_connect_by_eight_and_not_by_four():
    index = np.array([0, 3])  # (0, 0) and (1, 1) of a 2 x 2 slice
    assert label_slices(index, (1, 2, 2), connectivity=8).tolist() == [0, 0]
    assert label_slices(index, (1, 2, 2), connectivity=4).tolist() == [0, 1]


def test_voxels_of_neighbouring_slices_touch_by_face_edge_and_corner():
    # (0, 0, 0) and a voxel of the next slice of a 2 x 2 x 2 scan.
    for other, touching in ((4, {6, 18, 26}), (5, {18, 26}), (6, {18, 26}), (7, {26})):
        for connectivity in (6, 18, 26):
            labels = label_volume(np.array([0, other]), (2, 2, 2), connectivity=connectivity)
            assert (labels[1] == 0) is np.bool_(connectivity in touching)


def test_a_row_does_not_go_on_in_the_next_one():
    # Last pixel of the first row, first pixel of the second: neighbours in memory only.
    assert label_slices(np.array([4, 5]), (1, 2, 5), connectivity=8).tolist() == [0, 1]


def test_a_slice_does_not_go_on_in_the_next_one():
    # Last row of slice 0 and first row of slice 1, same column.
    assert label_volume(np.array([6, 9]), (2, 3, 3), connectivity=26).tolist() == [0, 1]


def test_a_run_through_several_whole_rows_is_split_at_their_ends():
    runs = find_runs(np.arange(12), (1, 3, 4))
    assert runs.first.tolist() == [0, 4, 8]
    assert runs.last.tolist() == [3, 7, 11]
    assert runs.length.tolist() == [4, 4, 4]


def test_no_voxels_have_no_labels():
    nothing = np.zeros(0, dtype=np.int64)
    assert label_slices(nothing, (2, 3, 4), connectivity=8).size == 0
    assert label_volume(nothing, (2, 3, 4), connectivity=26).size == 0


@pytest.mark.parametrize("index", [[3, 2], [2, 2], [-1, 2], [2, 24]])
def test_indices_that_do_not_ascend_within_the_scan_are_refused(index):
    with pytest.raises(GeometryError, match="must ascend strictly within a scan of shape"):
        label_slices(np.array(index), (2, 3, 4), connectivity=8)


def test_groups_that_do_not_match_the_voxels_are_refused():
    with pytest.raises(GeometryError, match="index must be 1-D and group match it"):
        label_slices(np.array([1, 2]), (2, 3, 4), connectivity=8, group=np.array([1]))
