"""Where something lies, in words that a reader can follow."""

import pytest

from corcal.lesions.places import slices_named


@pytest.mark.parametrize(
    ("slices", "words"),
    [
        ((0,), "slice 0"),
        ((4, 4), "slice 4"),
        ((4, 5), "slices 4 to 5"),
        ((6, 4), "slices 4, 6"),
        ((9, 1, 2, 3, 5), "slices 1 to 3, 5, 9"),
        ((1, 3, 5, 7, 9), "slices 1, 3, 5 and more"),
    ],
)
def test_neighbours_are_one_run_and_no_more_than_three_runs_are_named(slices, words):
    assert slices_named(slices) == f"{words} (from 0 at the feet)"
