"""Outlines along the edges of pixels."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from corcal.review.outline import outline_polygons

SHAPE = (6, 6)


def polygons(*rows):
    mask = np.array([[mark == "#" for mark in row.ljust(6, ".")] for row in rows])
    full = np.zeros(SHAPE, bool)
    full[: len(rows)] = mask
    return outline_polygons(np.flatnonzero(full), SHAPE)


def area(polygon):
    """Signed, by the shoelace formula: positive if it runs clockwise on the screen."""
    y, x = np.array(polygon).T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def test_a_pixel_is_a_square_round_its_centre():
    assert polygons("", ".#") == (((0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)),)


def test_a_straight_side_has_two_corners():
    assert polygons("###") == (((-0.5, -0.5), (-0.5, 2.5), (0.5, 2.5), (0.5, -0.5)),)


def test_pixels_that_meet_at_a_corner_have_outlines_of_their_own():
    first, second = polygons("#.", ".#")
    assert first == ((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5))
    assert second == ((0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5))
    assert len(polygons(".#", "#.")) == 2


def test_an_outline_that_meets_another_pixel_at_a_corner_keeps_to_its_own():
    # the pixel at the left is met from below, before it has an outline of its own
    hook, alone = polygons("..#", "#.#", ".##")
    assert (area(hook), area(alone)) == (4.0, 1.0)
    assert (1.5, 0.5) in hook
    assert alone == ((0.5, -0.5), (0.5, 0.5), (1.5, 0.5), (1.5, -0.5))


def test_a_hole_runs_the_other_way_round():
    outer, hole = polygons("###", "#.#", "###")
    assert (area(outer), area(hole)) == (9.0, -1.0)


def test_nothing_has_no_outline():
    assert polygons("") == ()


@given(st.sets(st.integers(0, 35)))
def test_outlines_enclose_as_much_as_there_is(pixels):
    found = outline_polygons(np.array(sorted(pixels), np.int64), SHAPE)
    assert sum(area(one) for one in found) == len(pixels)
