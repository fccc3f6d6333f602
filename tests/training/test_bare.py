"""Hearts whose arteries have little fat beside them."""

import numpy as np
from scipy.spatial import cKDTree
from training.bare import bare

from corcal.phantom.patient import draw_patient
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import Grid

SEEDS = range(900_000, 900_120)


def changed():
    return [bare(draw_patient(seed, burden="mild", variety=0.7), seed) for seed in SEEDS]


def test_arteries_and_veins_are_never_thinner_and_many_are_much_wider() -> None:
    artery, vein = np.array(
        [(s.variation.artery_scale, s.variation.vein_scale) for s in changed()]
    ).T
    assert artery.min() >= 1.0
    assert vein.min() >= 1.0
    for scales, most in ((artery, 1.5), (vein, 1.6)):
        low, high = np.quantile(scales, [0.25, 0.75])
        assert 1.0 < low < 0.5 * (1.0 + most) < high < most


def test_half_of_the_hearts_have_sunk_arteries_and_four_of_ten_hardly_any_fat() -> None:
    made = changed()
    sunk = np.array([s.variation.sunk_mm for s in made])
    assert 0.38 < (sunk > 0).mean() < 0.62
    assert sunk.max() > 5.0
    lean = [s.epicardial_fat_mm <= 2.0 and s.variation.groove_fat <= 0.6 for s in made]
    assert 0.28 < np.mean(lean) < 0.6


def test_calcium_and_person_stay() -> None:
    for seed, spec in zip(SEEDS, changed(), strict=True):
        plain = draw_patient(seed, burden="mild", variety=0.7)
        assert (spec.plaques, spec.age_years, spec.heart_scale) == (
            plain.plaques,
            plain.age_years,
            plain.heart_scale,
        )


def test_the_same_seed_gives_the_same_heart() -> None:
    spec = draw_patient(7, burden="mild", variety=0.7)
    assert bare(spec, 3) == bare(spec, 3) != bare(spec, 4)


def test_the_mitral_ring_stays_off_an_artery_at_the_bottom_of_its_groove() -> None:
    chest = Grid(origin_mm=(-110, -110, -130), spacing_mm=(10, 5, 5), shape=(26, 48, 54))
    drawn = [bare(draw_patient(seed, variety=1.0), seed) for seed in range(900_000, 900_030)]
    for spec in [spec for spec in drawn if spec.variation.sunk_mm][:4]:
        thorax = Thorax(spec, chest, field_mm=4.0, only_courses=True)
        artery, ring = thorax.courses["lcx"], thorax.courses["mitral_annulus"]
        away, nearest = cKDTree(artery.points_mm).query(ring.points_mm)
        wall = away - artery.radius_mm[nearest]
        assert wall.min() > 0.8 * spec.variation.ring_off_mm, spec.seed
