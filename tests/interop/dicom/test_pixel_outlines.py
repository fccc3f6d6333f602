"""Outlines run along the edges of pixels, once round each part."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corcal.interop.dicom.pixel_outlines import pixel_outlines


def outline_of(*pixels):
    return [polygon.tolist() for polygon in pixel_outlines(np.array(pixels))]


def signed_area(polygon):
    """Shoelace formula; positive where the way round is clockwise on a screen."""
    y, x = polygon[:-1].T
    y1, x1 = polygon[1:].T
    return float((x * y1 - x1 * y).sum()) / 2


def test_one_pixel_has_four_corners_and_closes():
    # Pixel (2, 3) reaches from row 2 to 3 and from column 3 to 4.
    assert outline_of((2, 3)) == [[[2, 3], [2, 4], [3, 4], [3, 3], [2, 3]]]


def test_points_on_a_straight_edge_are_left_out():
    assert outline_of((0, 0), (0, 1), (0, 2)) == [[[0, 0], [0, 3], [1, 3], [1, 0], [0, 0]]]


def test_an_angle_has_six_corners():
    (polygon,) = outline_of((0, 0), (1, 0), (1, 1))
    assert len(polygon) == 7
    assert signed_area(np.array(polygon)) == 3


def test_parts_that_are_apart_have_an_outline_each():
    assert len(outline_of((0, 0), (0, 5))) == 2


def test_a_hole_has_an_outline_the_other_way_round():
    ring = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    areas = sorted(signed_area(polygon) for polygon in pixel_outlines(np.array(ring)))
    assert areas == [-1, 9]


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1))
def test_outlines_enclose_as_much_as_there_are_pixels(pixels):
    polygons = pixel_outlines(np.array(sorted(pixels)))
    assert sum(map(signed_area, polygons)) == len(pixels)
    assert all((polygon[0] == polygon[-1]).all() for polygon in polygons)
