"""The roof of the left atrium over the left main."""

from dataclasses import replace

import numpy as np
import pytest

from corcal.phantom.patient import draw_patient
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid

CHEST = Grid(origin_mm=(-110, -110, -130), spacing_mm=(10, 5, 5), shape=(26, 48, 54))
SEEDS = range(4)


def _heart(seed: int, **changes: float) -> Thorax:
    spec = draw_patient(seed, variety=1.0)
    spec = replace(spec, variation=replace(spec.variation, **changes))
    return Thorax(spec, CHEST, field_mm=3.0, only_courses=True)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[Thorax, Thorax]]:
    """The same hearts with an open cleft, and with a roof of 16 mm from 2 mm above the artery."""
    return [(_heart(seed), _heart(seed, roof_mm=16.0, roof_above_mm=2.0)) for seed in SEEDS]


def _fat(thorax: Thorax, low_mm: float, high_mm: float) -> int:
    """Cells of fat within 12 mm of the left main's middle, at heights above its top."""
    main = thorax.courses["left_main"].points_mm
    x, y, z = np.moveaxis(thorax.heart.grid.points(), -1, 0)
    near = np.hypot(x - main[:, 0].mean(), y - main[:, 1].mean()) < 12.0
    above = z - main[:, 2].max()
    fat = (thorax.heart.solid > 0) & (thorax.heart.sac < 0)
    return int((fat & near & (above >= low_mm) & (above < high_mm)).sum())


def test_the_fat_above_the_left_main_ends(pairs: list[tuple[Thorax, Thorax]]) -> None:
    before = sum(_fat(plain, 6.0, 14.0) for plain, _ in pairs)
    after = sum(_fat(roofed, 6.0, 14.0) for _, roofed in pairs)
    assert before > 100
    assert after < 0.6 * before, (before, after)


def test_what_lies_below_stays(pairs: list[tuple[Thorax, Thorax]]) -> None:
    for plain, roofed in pairs:
        z = plain.heart.grid.points()[..., 2]
        below = z < plain.courses["left_main"].points_mm[:, 2].max() + 2.0
        assert np.array_equal(plain.heart.chambers["la"][below], roofed.heart.chambers["la"][below])
        for name, course in plain.courses.items():
            if course.site.vessel is not None:
                assert np.array_equal(course.points_mm, roofed.courses[name].points_mm)


def test_arteries_and_vessels_keep_their_fat(pairs: list[tuple[Thorax, Thorax]]) -> None:
    for plain, roofed in pairs:
        was, now = (thorax.heart.chambers["la"] for thorax in (plain, roofed))
        new = (was > 0) & (now <= 0)
        assert new.any(), plain.spec.seed
        for course in plain.courses.values():
            if course.site.vessel is not None:
                away = course.tube.distance_on(plain.heart.grid, reach_mm=4.0)
                assert away[new].min() > 0.9
        assert plain.heart.vessels["pulmonary_trunk"][new].min() > 0.7
        assert plain.heart.sac[new].max() < 0


def test_without_a_roof_the_heart_is_the_same() -> None:
    plain, also = _heart(3), _heart(3, roof_above_mm=3.0)
    assert np.array_equal(plain.heart.solid, also.heart.solid)
