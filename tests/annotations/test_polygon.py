"""Which pixels a polygon covers: answers counted by hand on squared paper."""

import numpy as np
import pytest

from corcal.annotations import polygon
from corcal.annotations.polygon import polygon_pixels

SHAPE = (6, 8)  # rows, columns


def pixels(*contours, tolerance_px=0.001):
    flat = polygon_pixels(
        [np.array(c, dtype=float) for c in contours], SHAPE, tolerance_px=tolerance_px
    )
    return {(int(i) // SHAPE[1], int(i) % SHAPE[1]) for i in flat}


def block(rows, columns):
    return {(r, c) for r in rows for c in columns}


def test_a_square_between_pixels_holds_the_centres_inside():
    square = [(1.5, 0.5), (4.5, 0.5), (4.5, 2.5), (1.5, 2.5)]
    assert pixels(square) == block((1, 2), (2, 3, 4))


def test_centres_on_the_contour_belong_to_it():
    square = [(2, 1), (4, 1), (4, 3), (2, 3)]  # through the centres of its outermost pixels
    assert pixels(square) == block((1, 2, 3), (2, 3, 4))


def test_a_contour_just_off_the_centres_excludes_them_and_just_around_includes_them():
    k = 1 / 255
    inner = [(1 + k, 1 + k), (3 - k, 1 + k), (3 - k, 3 - k), (1 + k, 3 - k)]
    outer = [(1 - k, 1 - k), (3 + k, 1 - k), (3 + k, 3 + k), (1 - k, 3 + k)]
    assert pixels(inner) == {(2, 2)}
    assert pixels(outer) == block((1, 2, 3), (1, 2, 3))


def test_the_tolerance_is_the_distance_at_which_a_centre_counts_as_on_the_contour():
    square = [(1.01, 1.01), (2.99, 1.01), (2.99, 2.99), (1.01, 2.99)]
    assert pixels(square, tolerance_px=0.009) == {(2, 2)}
    assert pixels(square, tolerance_px=0.011) == block((1, 2, 3), (1, 2, 3))


def test_a_contour_inside_of_another_is_a_hole_whose_rim_stays():
    outer = [(0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5)]  # 5 x 5 pixels
    hole = [(2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5)]  # the pixel (3, 3)
    assert pixels(outer, hole) == block(range(1, 6), range(1, 6)) - {(3, 3)}
    assert pixels(hole, outer) == pixels(outer, hole)


def test_a_keyhole_polygon_has_its_hole():
    keyhole = [
        (0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5), (0.5, 2.75),
        (2.5, 2.75), (2.5, 3.5), (3.5, 3.5), (3.5, 2.5), (2.5, 2.5), (2.5, 2.75), (0.5, 2.75),
    ]  # fmt: skip
    assert pixels(keyhole) == block(range(1, 6), range(1, 6)) - {(3, 3)}


def test_a_triangle_follows_its_slanted_edge():
    # x + y <= 3.2 from the corner (0, 0), which is itself on the contour
    assert pixels([(0, 0), (3.2, 0), (0, 3.2)]) == {
        (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0),
    }  # fmt: skip


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("step", [1, -1])
def test_neither_the_first_corner_nor_the_direction_matters(turn, step):
    corners = [(1, 1), (5, 2), (4, 4.5), (2, 4)]
    turned = (corners[turn:] + corners[:turn])[::step]
    assert pixels(turned) == pixels(corners)


def test_a_point_and_a_line_are_the_pixels_they_touch():
    assert pixels([(3, 2)]) == {(2, 3)}
    assert pixels([(1, 2), (4, 2)]) == block((2,), (1, 2, 3, 4))
    assert pixels([(1, 1), (3, 3)]) == {(1, 1), (2, 2), (3, 3)}


def test_a_contour_between_centres_and_no_contour_hold_nothing():
    assert pixels([(1.2, 1.2), (1.8, 1.2), (1.8, 1.8)]) == set()
    assert pixels() == set()


def test_what_lies_outside_of_the_slice_is_cut_off():
    assert pixels([(-2, -2), (0.5, -2), (0.5, 1.5), (-2, 1.5)]) == {(0, 0), (1, 0)}
    assert pixels([(20, 20), (22, 20), (22, 22)]) == set()


def test_a_random_polygon_is_what_a_slow_test_of_every_centre_says():
    rng = np.random.default_rng(7)
    for _ in range(50):
        corners = rng.uniform(-1, 8, size=(9, 2))
        assert pixels(corners, tolerance_px=0.0) == {
            (y, x) for y in range(SHAPE[0]) for x in range(SHAPE[1]) if _inside(corners, x, y)
        }


def test_a_contour_of_many_edges_is_the_same_in_parts(monkeypatch):
    corners = np.random.default_rng(8).uniform(0, 7, size=(40, 2))
    whole = pixels(corners)
    monkeypatch.setattr(polygon, "_EDGES_AT_ONCE", 3)
    assert pixels(corners) == whole


def _inside(corners, x, y):
    """Even-odd by a ray to the right, one edge after another."""
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
