"""Cutting along a line: what it parts, and what it leaves together."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.review import SplitByLine, measured, replay
from corcal.review.candidates import marked_candidates
from review.review_maker import by
from scoring.small_scans import make_scan


def of_picture(*slices):
    """The state of a review of one candidate, drawn with ``#``, a text a slice."""
    rows = [text.split() for text in slices]
    mask = np.array([[[mark == "#" for mark in row] for row in one] for one in rows])
    scan = make_scan(np.where(mask, 300, 40))
    index = np.flatnonzero(mask)
    marks = SiteVoxels(shape=mask.shape, index=index, site=np.full(index.size, Site.LAD, np.uint8))
    return replay(marked_candidates(scan, marks), scan, [])


def cut(state, start, end, *, z=0):
    """Sets of voxels of the parts, in the order of their first."""
    after, _ = by(state, SplitByLine(candidate=0, slice=z, start=start, end=end))
    shape = state.scan.shape
    return [
        {tuple(map(int, place)) for place in zip(*np.unravel_index(one.index, shape), strict=True)}
        for one in after.candidates.values()
    ]


BAR = "...... .####. .####. ......"
RING = "####### #.....# #.....# #.....# #######"


def test_a_line_across_a_bar_parts_it_in_two():
    left, right = cut(of_picture(BAR), (0.0, 2.5), (3.0, 2.5))
    assert left == {(0, 1, 1), (0, 1, 2), (0, 2, 1), (0, 2, 2)}
    assert right == {(0, 1, 3), (0, 1, 4), (0, 2, 3), (0, 2, 4)}


def test_the_direction_of_a_line_does_not_matter():
    assert cut(of_picture(BAR), (0.0, 2.5), (3.0, 2.5)) == cut(
        of_picture(BAR), (3.0, 2.5), (0.0, 2.5)
    )


def test_pixels_on_the_line_stay_together_on_one_side():
    for start, end in (((0.0, 2.0), (3.0, 2.0)), ((3.0, 2.0), (0.0, 2.0))):
        left, right = cut(of_picture(BAR), start, end)
        assert {x for _, _, x in left} == {1}
        assert {x for _, _, x in right} == {2, 3, 4}
    level, below = cut(of_picture(BAR), (1.0, 0.0), (1.0, 5.0))
    assert ({y for _, y, _ in level}, {y for _, y, _ in below}) == ({1}, {2})


def test_a_line_that_ends_inside_parts_nothing():
    with pytest.raises(InputError, match="does not part candidate 0: it must run all the way"):
        cut(of_picture(BAR), (0.0, 2.5), (1.4, 2.5))


def test_a_line_beside_a_candidate_parts_nothing():
    with pytest.raises(InputError, match="does not part candidate 0"):
        cut(of_picture(BAR), (0.0, 5.5), (3.0, 5.5))


def test_a_slice_that_is_none_of_the_scan_is_refused():
    with pytest.raises(InputError, match="slice 1 is none of the scan; allowed 0 to 0"):
        cut(of_picture(BAR), (0.0, 2.5), (3.0, 2.5), z=1)


def test_a_short_line_parts_a_branch_and_leaves_the_far_wall_whole():
    # a branch that leaves the right wall downwards: an endless line along row 2.5 would go through
    # both walls as well
    wall = ["#######..", "#.....#..", "#.....###", "#.....#.#", "#######.#"]
    ring, branch = cut(of_picture(" ".join(wall)), (2.5, 7.5), (2.5, 9.0))
    assert branch == {(0, 3, 8), (0, 4, 8)}
    assert len(ring) == 7 + 2 + 4 + 2 + 7
    with pytest.raises(InputError, match="does not part"):
        cut(of_picture(" ".join(wall)), (2.5, 5.5), (2.5, 6.5))  # the wall alone: round it goes


def test_one_cut_of_a_ring_parts_nothing_and_a_line_through_both_walls_does():
    with pytest.raises(InputError, match="does not part"):
        cut(of_picture(RING), (-1.0, 3.5), (2.0, 3.5))
    left, right = cut(of_picture(RING), (-1.0, 3.5), (5.0, 3.5))
    assert (len(left), len(right)) == (4 + 4 + 3, 3 + 3 + 3)  # columns 0 to 3, and 4 to 6


def test_a_diagonal_connection_is_cut_like_any_other():
    first, second = cut(of_picture("#.. .#. ..#"), (0.0, 1.0), (1.0, 0.0))
    assert (first, second) == ({(0, 0, 0)}, {(0, 1, 1), (0, 2, 2)})


def test_a_line_cuts_through_all_slices():
    low, high = cut(of_picture(BAR, BAR, BAR), (0.0, 2.5), (3.0, 2.5), z=1)
    assert {z for z, _, _ in low} == {z for z, _, _ in high} == {0, 1, 2}


def test_a_bridge_in_another_slice_beyond_the_line_keeps_it_together():
    bridge = "...... .####. .####. .####."
    with pytest.raises(InputError, match="does not part"):
        cut(of_picture(BAR, bridge), (0.0, 2.5), (2.4, 2.5))
    assert len(cut(of_picture(BAR, bridge), (0.0, 2.5), (4.0, 2.5))) == 2


def test_three_arms_that_meet_on_the_line_are_three_parts():
    arms = "#.#.# #.#.# ##### ..... ....."
    parts = cut(of_picture(arms), (1.5, -1.0), (1.5, 5.0))
    assert sorted(map(len, parts)) == [2, 2, 2, 5]


def test_what_the_line_does_not_touch_stays_with_the_first_part():
    # one candidate of two groups: marks of one site that a brush has left unconnected
    state = of_picture("####.. ...... ###### ......", "####.. ...... ###### ......")
    shape = state.scan.shape
    assert len(state.candidates) == 2
    both = replace(
        state.candidates[0],
        index=np.sort(np.concatenate([one.index for one in state.candidates.values()])),
    )
    joined = replace(state, candidates={0: both})
    parts = cut(joined, (1.0, 1.5), (3.0, 1.5))  # through the lower bar alone
    assert shape == (2, 4, 6)
    assert [len(one) for one in parts] == [2 * 4 + 2 * 2, 2 * 4]


def test_splitting_alone_changes_no_score():
    state = of_picture(BAR, BAR)
    after, _ = by(state, SplitByLine(candidate=0, slice=0, start=(0.0, 2.5), end=(3.0, 2.5)))
    assert measured(after) == measured(state)
