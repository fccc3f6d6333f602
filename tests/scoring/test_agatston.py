"""The Agatston score by hand-worked cases. Pixels of 0.5 x 0.5 = 0.25 mm2, slices of 3 mm."""

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions import Site
from corcal.scoring import measure, rule_named
from corcal.scoring.agatston import find_slice_lesions
from scoring.small_scans import block_scan, make_scan, voxels_of


def total(slices, *, spacing_mm=(3.0, 0.5, 0.5), rule="textbook"):
    scan, voxels = block_scan(slices, spacing_mm=spacing_mm)
    return measure(scan, voxels, rule=rule_named(rule)).score.total.agatston


def test_case_a_three_pixels_are_less_than_one_square_millimetre():
    assert total([[250, 250, 250]]) == 0.0  # 0.75 mm2


def test_case_b_four_pixels_with_a_peak_of_199_score_one():
    assert total([[130, 150, 199, 140]]) == 1.0  # 1 x 1.0 mm2


@pytest.mark.parametrize(("peak", "score"), [(200, 2.0), (300, 3.0), (400, 4.0)])
def test_case_c_the_peak_weighs_the_whole_group(peak, score):
    assert total([[130, 130, peak, 130]]) == score


def test_case_d_two_slices_are_weighed_apart():
    # 2 mm2 of weight 3 and 2 mm2 of weight 4; one weight for the 3-D object would give 16.
    assert total([[399] * 8, [401] * 8]) == 14.0


def test_case_e_half_the_increment_is_half_the_score():
    assert total([[399] * 8, [401] * 8], spacing_mm=(1.5, 0.5, 0.5)) == 7.0


@pytest.mark.parametrize(
    ("peak", "score"),
    [
        (129, 0.0),
        (130, 1.0),
        (199, 1.0),
        (200, 2.0),
        (299, 2.0),
        (300, 3.0),
        (399, 3.0),
        (400, 4.0),
        (3071, 4.0),
    ],
)
def test_both_sides_of_each_bound(peak, score):
    assert total([[peak] * 4]) == score


@pytest.mark.parametrize(
    ("hu", "score"), [(129.999, 0.0), (130.0, 1.0), (199.9, 1.0), (200.0, 2.0)]
)
def test_values_that_are_not_integers_are_compared_as_they_are(hu, score):
    values = np.full((1, 1, 4), hu)
    found = measure(make_scan(values), voxels_of(np.full((1, 1, 4), Site.LAD)))
    assert found.score.total.agatston == score


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_never_count(missing):
    values = np.array([[[150.0, 150.0, 150.0, 150.0, missing]]], dtype=np.float32)
    found = measure(make_scan(values), voxels_of(np.full(values.shape, Site.LAD)))
    assert found.score.total.agatston == 1.0
    assert found.score.total.peak_hu == 150.0
    assert found.score.total.volume_mm3 == 3.0


def test_pixels_that_touch_by_a_corner_are_one_lesion():
    # Two pixels of 0.25 mm2 diagonal to two more: 1 mm2 together, nothing apart.
    hu = [[[150, 150, 0, 0], [0, 0, 150, 150]]]
    scan, voxels = make_scan(hu), voxels_of(np.full((1, 2, 4), Site.RCA))
    assert measure(scan, voxels).score.total.agatston == 1.0


def test_the_peak_of_one_group_does_not_weigh_another():
    # 4 pixels of 150 and 4 pixels of 450 with tissue between: 1 x 1 + 4 x 1.
    assert total([[150] * 4 + [50] + [450] * 4]) == 5.0


def test_neighbouring_sites_are_never_connected():
    # Eight pixels in a row, half LM, half LAD, peak in the LAD: 1 x 1 and 4 x 1, not 4 x 2.
    hu = np.full((1, 1, 8), 150)
    hu[0, 0, 7] = 450
    site = np.array([[[Site.LM] * 4 + [Site.LAD] * 4]])
    vessels = measure(make_scan(hu), voxels_of(site)).score.vessels
    assert vessels["LM"].agatston == 1.0
    assert vessels["LAD"].agatston == 4.0


def test_sites_that_are_too_small_apart_do_not_make_a_lesion_together():
    site = np.array([[[Site.LM] * 3 + [Site.LAD] * 3]])
    found = measure(make_scan(np.full((1, 1, 6), 200)), voxels_of(site))
    assert found.score.total.agatston == 0.0


def test_calcium_outside_of_the_sites_does_not_count():
    hu = np.full((1, 1, 8), 450)
    site = np.array([[[0] * 4 + [Site.LAD] * 4]])
    assert measure(make_scan(hu), voxels_of(site)).score.total.agatston == 4.0


def test_rows_do_not_go_on_at_the_other_side_of_the_image():
    # Two pixels at the end of a row and two at the start of the next one are not neighbours.
    hu = [[[0, 0, 0, 150, 150], [150, 150, 0, 0, 0]]]
    scan, voxels = make_scan(hu), voxels_of(np.full((1, 2, 5), Site.LAD))
    assert measure(scan, voxels).score.total.agatston == 0.0


def test_slices_do_not_lend_each_other_area():
    # 3 pixels (0.75 mm2) in each of two slices: too small in both.
    assert total([[300, 300, 300], [300, 300, 300]]) == 0.0


def test_the_increment_counts_and_not_the_thickness():
    # 3 mm slices every 1.5 mm: scaled by the thickness, case d would give 14.
    hu = np.full((2, 1, 8), 399)
    hu[1] = 401
    scan = make_scan(hu, (1.5, 0.5, 0.5), slice_thickness_mm=3.0)
    found = measure(scan, voxels_of(np.full(hu.shape, Site.LAD)))
    assert found.score.total.agatston == 7.0


def test_area_follows_both_pixel_spacings():
    # 4 pixels of 0.4 x 0.7 mm = 1.12 mm2 of weight 2.
    assert total([[200] * 4], spacing_mm=(3.0, 0.4, 0.7)) == pytest.approx(2.24)


@pytest.mark.parametrize(
    ("rule", "pixels", "score"),
    [
        # 0.5 mm pixels: 0.5 mm2 are 2 of them, 1 mm2 are 4. Weight 2.
        ("textbook", 3, 0.0),
        ("textbook", 4, 2.0),
        ("ge", 4, 0.0),
        ("ge", 5, 2.5),
        ("siemens", 1, 0.5),
        ("philips", 2, 0.0),
        ("philips", 3, 1.5),
        ("canon", 2, 0.0),
        ("canon", 3, 1.5),
    ],
)
def test_both_sides_of_the_smallest_lesion_of_each_vendor(rule, pixels, score):
    assert total([[200] * pixels], rule=rule) == score


@pytest.mark.parametrize(
    ("rule", "peak", "weight"),
    [
        ("kvp70", 206, 0),
        ("kvp70", 207, 1),
        ("kvp70", 636, 4),
        ("kvp80", 176, 0),
        ("kvp80", 271, 2),
        ("kvp100", 146, 0),
        ("kvp100", 147, 1),
        ("kvp100", 225, 1),
        ("kvp100", 226, 2),
        ("kvp100", 452, 4),
        ("kvp135", 118, 0),
        ("kvp135", 119, 1),
        ("kvp135", 274, 3),
        ("sn100", 142, 0),
        ("sn100", 220, 2),
    ],
)
def test_bounds_of_the_rules_of_other_tube_voltages(rule, peak, weight):
    assert total([[peak] * 4], rule=rule) == weight


def test_nothing_gives_an_empty_set_of_slice_lesions():
    voxels = voxels_of(np.zeros((2, 3, 3)))
    found = find_slice_lesions(
        np.zeros(0, dtype=np.int16),
        voxels,
        rule=rule_named("textbook"),
        spacing_mm=(3.0, 0.5, 0.5),
    )
    assert found.site.size == 0
    assert found.agatston(Site) == 0.0


def test_values_must_match_the_voxels():
    with pytest.raises(GeometryError, match=r"\(2,\) values for \(4,\) voxels"):
        find_slice_lesions(
            np.zeros(2),
            voxels_of(np.full((1, 1, 4), Site.LAD)),
            rule=rule_named("textbook"),
            spacing_mm=(3.0, 0.5, 0.5),
        )
