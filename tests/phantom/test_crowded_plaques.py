"""Plaques that are ordered at one place lie side by side: calcium is no denser than it is."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.lesions.sites import Site
from corcal.phantom.calcium import CELL_MM, Deposit, deposit, deposits_of
from corcal.phantom.course import Course
from corcal.phantom.spec import Plaque

_DENSEST = 1.25 / 0.75  # of the ordered density: core over edge, and the mean lies between them


def _straight(length_mm: float = 40.0) -> Course:
    z = np.arange(-0.5 * length_mm, 0.5 * length_mm + 0.1, 1.0)
    points = np.stack([0 * z, 0 * z, z], axis=1)
    return Course(name="straight", site=Site.LAD, points_mm=points, radius_mm=np.full(len(z), 2.0))


def _plaque(seed: int, *, mass_mg: float = 8.0) -> Plaque:
    return Plaque(
        id=f"p{seed}",
        site=Site.LAD,
        branch="straight",
        position=0.5,
        angle_deg=90.0,
        mass_mg=mass_mg,
        density_mg_per_cm3=800.0,
        seed=seed,
    )


def _density(deposits: list[Deposit]) -> dict[tuple[int, ...], float]:
    """Sum of all deposits in each cell of the common lattice."""
    total: dict[tuple[int, ...], float] = {}
    for one in deposits:
        corner = np.rint(np.array(one.origin_mm) / CELL_MM).astype(int)
        for z, y, x in np.argwhere(one.density_mg_per_cm3 > 0):
            cell = (int(x + corner[0]), int(y + corner[1]), int(z + corner[2]))
            total[cell] = total.get(cell, 0.0) + float(one.density_mg_per_cm3[z, y, x])
    return total


def test_three_plaques_at_one_place_keep_their_mass_and_are_no_denser() -> None:
    courses = {"straight": _straight()}
    alone = [deposit(_plaque(seed), courses["straight"]) for seed in (1, 2, 3)]
    assert max(_density(alone).values()) > 1.2 * _DENSEST * 800  # else there is nothing to show
    made = deposits_of([_plaque(1), _plaque(2), _plaque(3)], courses)
    assert [one.mass_mg for one in made] == pytest.approx([8.0] * 3, rel=1e-5)
    assert max(_density(made).values()) < _DENSEST * 800


def test_a_plaque_that_is_far_from_the_others_is_as_if_it_were_alone() -> None:
    courses = {"straight": _straight()}
    far = replace(_plaque(2), position=0.95)
    _, made = deposits_of([_plaque(1), far], courses)
    assert np.array_equal(
        made.density_mg_per_cm3, deposit(far, courses["straight"]).density_mg_per_cm3
    )


def test_a_full_wall_takes_less_mass_and_not_more_density() -> None:
    courses = {"straight": _straight(length_mm=6.0)}
    orders = [_plaque(seed, mass_mg=60.0) for seed in range(4)]
    made = deposits_of(orders, courses)
    assert sum(one.mass_mg for one in made) < 0.9 * 240
    assert max(_density(made).values()) < _DENSEST * 800


def test_a_plaque_without_any_room_is_left_out() -> None:
    courses = {"straight": _straight(length_mm=4.0)}
    made = deposits_of([_plaque(seed, mass_mg=150.0) for seed in range(8)], courses)
    assert 0 < len(made) < 8
    assert all(one.mass_mg > 0 for one in made)
