"""The fitted wall of the aorta, on discs of known size."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.anatomy.types import Structure
from corcal.lesions.aortic_wall import ASCENDING, DESCENDING, fit_wall
from lesions.heart_maker import CELL_MM, CELLS, make_anatomy, make_scan

CENTRE, RADIUS = (60.0, 62.0), 15.0  # (y, x) in mm
SHAPE, SPACING = (30, 128, 128), (3.0, 1.0, 1.0)


def _tube(structure=Structure.ASCENDING_AORTA, *, off_mm=(0.0, 0.0)):
    """A coarse tube along z, its middle off by a few mm, as a network would give it."""
    anatomy = make_anatomy()
    _, y, x = np.meshgrid(*(np.arange(n) * CELL_MM for n in CELLS), indexing="ij")
    inside = np.hypot(y - CENTRE[0] - off_mm[0], x - CENTRE[1] - off_mm[1]) < RADIUS
    inside &= (np.arange(CELLS[0]) < 20)[:, None, None]
    structures = np.zeros_like(anatomy.structures)
    structures[0] = ~inside
    structures[structure] = inside
    return replace(anatomy, structures=structures)


def _disc(*, noise_hu=0.0, lean=0.0):
    """Blood in fat; `lean` moves the centre by mm a slice."""
    z, y, x = np.meshgrid(
        *(np.arange(n) * d for n, d in zip(SHAPE, SPACING, strict=True)), indexing="ij"
    )
    hu = np.full(SHAPE, -90.0)
    edge = RADIUS - np.hypot(y - CENTRE[0], x - CENTRE[1] - lean * z)
    hu += 130.0 * np.clip(edge + 0.5, 0, 1)  # blood 40 HU, one pixel of partial volume
    hu += np.random.default_rng(3).normal(0, noise_hu, SHAPE) if noise_hu else 0
    return hu.astype(np.float32)


@pytest.mark.parametrize("noise_hu", [0.0, 20.0])
def test_a_disc_is_fitted_to_a_fraction_of_a_pixel(noise_hu):
    wall = fit_wall(make_scan(_disc(noise_hu=noise_hu)), _tube(off_mm=(3.0, -3.0)))
    assert wall.radius_mm == pytest.approx(np.full(wall.z_mm.size, RADIUS), abs=0.4)
    assert wall.centre_mm == pytest.approx(np.tile(CENTRE, (wall.z_mm.size, 1)), abs=0.3)
    assert wall.quality.min() > 0.9


def test_distances_are_negative_inside_and_positive_outside():
    wall = fit_wall(make_scan(_disc()), _tube())
    y, x = CENTRE
    places = np.array([[30.0, y, x], [30.0, y + RADIUS, x], [30.0, y, x - RADIUS - 5.0]])
    distance, quality = wall.signed_distance(places)
    assert distance == pytest.approx([-RADIUS, 0.0, 5.0], abs=0.4)
    assert quality.min() > 0.9


def test_above_the_tube_there_is_no_distance():
    wall = fit_wall(make_scan(_disc()), _tube())  # the coarse tube ends at 80 mm
    distance, quality = wall.signed_distance(np.array([[88.0, *CENTRE]]))
    assert np.isnan(distance[0])
    assert quality[0] == 0.0


def test_an_aorta_that_leans_is_followed():
    wall = fit_wall(make_scan(_disc(lean=0.1)), _tube())
    assert wall.centre_mm[:, 1] == pytest.approx(CENTRE[1] + 0.1 * wall.z_mm, abs=0.5)


def test_blood_that_touches_a_third_of_the_circle_does_not_move_it_much():
    hu = _disc(noise_hu=10.0)
    hu[:, :, int(CENTRE[1] + 10) :] = 40.0  # all angles within 48 degrees of +x: 27 %
    wall = fit_wall(make_scan(hu), _tube())
    assert wall.radius_mm == pytest.approx(np.full(wall.z_mm.size, RADIUS), abs=0.7)
    assert wall.centre_mm[:, 1] == pytest.approx(CENTRE[1], abs=0.7)
    assert 0.6 < wall.quality.mean() < 0.85


def test_calcium_in_the_wall_does_not_push_it_out():
    hu = _disc()
    hu[10:14, int(CENTRE[0] + RADIUS) - 1 : int(CENTRE[0] + RADIUS) + 1, 57:67] = 900.0
    wall = fit_wall(make_scan(hu), _tube())
    distance, _ = wall.signed_distance(np.array([[36.0, CENTRE[0] + RADIUS, CENTRE[1]]]))
    assert abs(distance[0]) < 1.0


def test_a_slightly_oval_aorta_is_followed_by_the_surface():
    _, y, x = np.meshgrid(
        *(np.arange(n) * d for n, d in zip(SHAPE, SPACING, strict=True)), indexing="ij"
    )
    oval = np.hypot((y - CENTRE[0]) / 14.0, (x - CENTRE[1]) / 16.0) < 1
    wall = fit_wall(make_scan(np.where(oval, 40.0, -90.0).astype(np.float32)), _tube())
    y0, x0 = CENTRE
    distance, _ = wall.signed_distance(np.array([[30.0, y0 + 14, x0], [30.0, y0, x0 + 16]]))
    assert np.abs(distance).max() < 0.8  # a circle would be off by 1 mm


def test_nothing_is_fitted_where_there_is_no_edge():
    assert fit_wall(make_scan(np.full(SHAPE, 40, np.int16)), _tube()) is None


def test_nothing_is_fitted_where_the_anatomy_knows_no_aorta():
    assert fit_wall(make_scan(_disc()), _tube(), DESCENDING) is None
    assert fit_wall(make_scan(_disc()), _tube(Structure.DESCENDING_AORTA), ASCENDING) is None
    assert fit_wall(make_scan(_disc()), _tube(Structure.DESCENDING_AORTA), DESCENDING) is not None


def test_a_third_of_the_circle_is_enough_beside_what_the_coarse_mask_knows():
    # fat only at angles of 60 degrees to either side of +y; blood everywhere else
    hu = _disc(noise_hu=15.0)
    _, y, x = np.meshgrid(
        *(np.arange(n) * d for n, d in zip(SHAPE, SPACING, strict=True)), indexing="ij"
    )
    elsewhere = np.abs(np.arctan2(x - CENTRE[1], y - CENTRE[0])) > np.pi / 3
    hu[elsewhere] = 40.0
    wall = fit_wall(make_scan(hu), _tube(off_mm=(2.0, 0.0)))
    places = np.array([[30.0, CENTRE[0] + RADIUS, CENTRE[1]]])
    distance, quality = wall.signed_distance(places)
    assert abs(distance[0]) < 0.5
    assert 0.25 < quality[0] < 0.5
    assert wall.radius_mm == pytest.approx(np.full(wall.z_mm.size, RADIUS), abs=1.5)
