from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from corcal.phantom.heart import Heart, reference_vessels
from corcal.phantom.heart_shape import heart_shape
from corcal.phantom.patient import draw_patient
from corcal.phantom.reference_heart import CHAMBERS
from corcal.phantom.render import Thorax
from corcal.phantom.shapes import FloatArray, Grid
from corcal.phantom.spec import Variation
from corcal.phantom.variety import varied

CHEST = Grid(origin_mm=(-110, -110, -130), spacing_mm=(10, 5, 5), shape=(26, 48, 54))


def test_no_variety_is_the_common_patient() -> None:
    spec = draw_patient(5)
    assert varied(spec, variety=0.0) is spec
    assert draw_patient(5, variety=0.0) == spec
    assert spec.variation == Variation()


def test_a_varied_patient_is_another_patient_with_the_same_calcium() -> None:
    common, wide = draw_patient(5), draw_patient(5, variety=1.0)
    assert wide == draw_patient(5, variety=1.0)
    assert wide.plaques == common.plaques
    assert (wide.sex, wide.age_years) == (common.sex, common.age_years)
    assert wide.heart_scale != common.heart_scale
    assert draw_patient(5, variety=1.0, heart_scale=1.1).heart_scale == 1.1


def test_wide_patients_span_what_people_span() -> None:
    drawn = [draw_patient(seed, variety=1.0) for seed in range(120)]

    def span(name: str) -> tuple[float, float]:
        values = [float(getattr(spec, name)) for spec in drawn]
        return min(values), max(values)

    for name, low, high in (
        ("heart_scale", 0.95, 1.3),
        ("epicardial_fat_mm", 1.0, 8.0),
        ("paracardial_fat_mm", 1.5, 18.0),
        ("subcutaneous_fat_mm", 5.0, 45.0),
    ):
        least, most = span(name)
        assert least < low, name
        assert most > high, name
    turns = np.array([spec.heart_rotation_deg for spec in drawn])
    assert np.all(np.ptp(turns, axis=0) > 30)
    for name in ("hernia_mm", "pericardial_effusion_mm", "pectus_mm", "oesophagus_air_mm"):
        share = np.mean([getattr(spec.variation, name) > 0 for spec in drawn])
        assert 0.01 < share < 0.6, name
    assert 0.1 < np.mean([spec.variation.arms_down for spec in drawn]) < 0.6


@pytest.mark.parametrize("seed", range(20))
def test_in_wide_patients_the_arteries_lie_in_fat_and_hang_together(seed: int) -> None:
    thorax = Thorax(draw_patient(seed, variety=1.0), CHEST, field_mm=4.0, only_courses=True)
    heart, tree = thorax.heart, thorax.courses
    for name, course in tree.items():
        if course.site.vessel is None:
            continue
        # within 10 mm of the aorta an artery is still leaving it; a left main can be shorter
        before = len(tree["left_main"].points_mm) if name in {"lad", "lcx"} else 0
        free = max(0, 10 - before) if before or name in {"left_main", "rca"} else 0
        points = course.points_mm[free:]
        assert _at(heart, heart.solid, points).min(initial=1.0) >= 0.0, name
        assert _at(heart, heart.sac, points).max(initial=-1.0) <= 0.0, name
    assert 20 < 2 * _ascending_radius(thorax) < 56  # mm, from thin to dilated
    root = np.minimum(heart.vessels["aortic_root"], heart.vessels["ascending_aorta"])
    for name in ("left_main", "rca"):
        assert abs(_at(heart, root, tree[name].points_mm[:1])[0]) < 2.5, name  # on the wall
    start = {name: course.points_mm[0] for name, course in tree.items()}
    for branch, parent in (("lad", "left_main"), ("lcx", "left_main"), ("first_diagonal", "lad")):
        away = np.linalg.norm(tree[parent].points_mm - start[branch], axis=1).min()
        assert away < 1.5, branch
    assert start["left_main"][0] > start["rca"][0] + 3  # to the left and back
    assert start["left_main"][1] > start["rca"][1] + 3
    # and not lower, but for a heart pitched by 20 degrees: 24 mm * sin(20 degrees) = 8 mm
    assert start["left_main"][2] > start["rca"][2] - 8


def test_arteries_that_are_sunk_lie_in_the_muscle_for_a_part_of_their_way() -> None:
    spec = draw_patient(3, variety=1.0)
    deep = replace(spec, variation=replace(spec.variation, sunk_mm=3.0))
    depths = {}
    for name, one in (("as drawn", spec), ("sunk", deep)):
        thorax = Thorax(one, CHEST, field_mm=3.0, only_courses=True)
        course = thorax.courses["lad"]
        above = _at(thorax.heart, thorax.heart.solid, course.points_mm) - course.radius_mm
        depths[name] = above[10:]  # the first centimetre leaves the aorta
    assert np.percentile(depths["as drawn"], 10) > -0.5
    assert np.percentile(depths["sunk"], 10) < -1.5
    assert np.percentile(depths["sunk"], 80) > -0.5  # and comes out of it again


@pytest.mark.parametrize("seed", range(20))
def test_in_wide_patients_the_left_main_leaves_below_the_pulmonary_bifurcation(seed: int) -> None:
    spec = draw_patient(seed, variety=1.0)
    thorax = Thorax(spec, CHEST, field_mm=5.0, only_courses=True)
    trunk = reference_vessels(spec)["pulmonary_trunk"]
    fork = thorax.placement.to_patient(trunk[-1:, :3])[0]
    drop = fork[2] - thorax.courses["left_main"].points_mm[0, 2]
    # 20 to 33 mm in three scans of people, at 3 mm slices
    assert 10 < drop < 45


@pytest.mark.parametrize("seed", range(6))
def test_in_wide_patients_no_artery_is_torn(seed: int) -> None:
    # A course is points about 1 mm apart: where it is pinched, points must not slide away from
    # each other along it, because no calcium would ever lie in the gap.
    tree = Thorax(draw_patient(seed, variety=1.0), CHEST, field_mm=4.0, only_courses=True).courses
    for name, course in tree.items():
        steps = np.linalg.norm(np.diff(course.points_mm, axis=0), axis=1)
        assert steps.max() < 2.5, name


def test_left_mains_are_as_long_as_in_people_and_branch_at_their_end() -> None:
    lengths = []
    for seed in range(12):
        tree = Thorax(
            draw_patient(seed, variety=1.0), CHEST, field_mm=4.0, only_courses=True
        ).courses
        main = tree["left_main"].points_mm
        lengths.append(np.linalg.norm(np.diff(main, axis=0), axis=1).sum())
        for name in ("lad", "lcx"):
            assert np.allclose(tree[name].points_mm[0], main[-1])
    # 10.5 +- 5.3 mm in CT angiograms of 300 adults; the mean of 12 has an error of 1.5 mm
    assert 7.0 < np.mean(lengths) < 14.0
    assert min(lengths) < 8.0


def test_a_blend_of_one_heart_is_that_heart_and_a_blend_of_two_lies_between() -> None:
    plain, other = heart_shape((1.0,)), heart_shape((0.0, 0.0, 1.0))
    half = heart_shape((0.5, 0.0, 0.5))
    assert plain.chambers["lv"] == CHAMBERS["lv"]
    assert other.chambers["rv"].centre_mm == (21, -21, -9)  # the template's own
    assert half.chambers["rv"].centre_mm == (19.5, -23.5, -11.5)
    points = np.array([[48.0, -5.0, -16.0], [0.0, 0.0, 300.0]])
    np.testing.assert_array_equal(plain.carried(points), points)
    moved = other.carried(points)
    assert np.linalg.norm(moved[0] - (46, 2, -8)) < 3.0  # with the ventricle that it lies in
    np.testing.assert_array_equal(moved[1], points[1])  # and far from the heart not at all


def _at(heart: Heart, field: FloatArray, points_mm: FloatArray) -> FloatArray:
    """Field at points (n, 3) by linear interpolation."""
    index = (points_mm - np.array(heart.grid.origin_mm))[:, ::-1] / heart.grid.spacing_mm[0]
    return np.asarray(map_coordinates(field, index.T, order=1, mode="nearest"))


def _ascending_radius(thorax: Thorax) -> float:
    return float(-thorax.heart.vessels["ascending_aorta"].min())
