"""Sets of voxels as runs."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from corcal.errors import InputError
from corcal.review.runs import SliceRuns, runs_of, voxels_of

SHAPE = (3, 4, 5)  # 20 pixels a slice


def test_runs_stay_in_their_slice_and_go_over_the_ends_of_rows():
    # slice 0: pixels 3, 4, 5 (over the end of the first row) and 19; slice 1: its first two
    index = np.array([3, 4, 5, 19, 20, 21])
    assert runs_of(index, SHAPE) == (
        SliceRuns(slice=0, runs=((3, 3), (19, 1))),
        SliceRuns(slice=1, runs=((0, 2),)),
    )


def test_no_voxels_are_no_runs():
    assert runs_of(np.zeros(0, np.int64), SHAPE) == ()
    assert voxels_of((), SHAPE).size == 0


@given(st.sets(st.integers(0, 59)))
def test_runs_give_the_voxels_back(voxels):
    index = np.array(sorted(voxels), np.int64)
    assert np.array_equal(voxels_of(runs_of(index, SHAPE), SHAPE), index)


def test_voxels_that_are_painted_twice_are_there_once():
    brush = (SliceRuns(slice=1, runs=((0, 2),)), SliceRuns(slice=1, runs=((1, 2),)))
    assert voxels_of(brush, SHAPE).tolist() == [20, 21, 22]


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (((-1, 2),), "a start of 0 or above"),
        (((1, 0),), "a length above 0"),
        (((1, 3), (3, 1)), "must ascend and not overlap"),
        (((5, 1), (1, 1)), "must ascend and not overlap"),
        (((0, 1),) * 100_001, "100001 runs in slice 1; allowed 100000"),
    ],
)
def test_runs_that_are_none_are_refused(runs, message):
    with pytest.raises(InputError, match=message):
        SliceRuns(slice=1, runs=runs)


@pytest.mark.parametrize(
    ("brush", "message"),
    [
        (SliceRuns(slice=3, runs=((0, 1),)), "slice 3 is none of the scan; allowed 0 to 2"),
        (SliceRuns(slice=-1, runs=((0, 1),)), "slice -1 is none of the scan"),
        (SliceRuns(slice=0, runs=((18, 3),)), "ends at pixel 21; allowed 20"),
        (SliceRuns(slice=0, runs=((0, 10**15),)), "allowed 20"),
    ],
)
def test_runs_outside_of_the_scan_are_refused(brush, message):
    with pytest.raises(InputError, match=message):
        voxels_of((brush,), SHAPE)
