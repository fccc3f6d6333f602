"""The records of a measurement."""

import numpy as np
import pytest

from corcal.errors import GeometryError
from corcal.lesions import Site
from corcal.scoring import MassCalibration, measure, rule_named
from scoring.small_scans import block_scan, make_scan, voxels_of

RODS = MassCalibration(calibration_mg_per_cm3_hu=0.8, source="scan", detail="rods")


def two_vessels_and_a_valve():
    """LAD: 4 px of 450 over two slices and 4 px of 150 apart. RCA: 5 px. Valve: 6 px."""
    hu = np.full((3, 5, 16), 40)
    site = np.zeros(hu.shape, dtype=np.uint8)
    hu[0, 1, 1:5], site[0, 1, 1:5] = 450, Site.LAD
    hu[1, 1, 1:5], site[1, 1, 1:5] = 250, Site.LAD
    hu[0, 3, 10:14], site[0, 3, 10:14] = 150, Site.LAD
    hu[2, 3, 1:6], site[2, 3, 1:6] = 300, Site.RCA
    hu[2, 1, 9:15], site[2, 1, 9:15] = 500, Site.AORTIC_VALVE
    return make_scan(hu), voxels_of(site)


def test_every_vessel_is_there_with_its_own_numbers():
    score = measure(*two_vessels_and_a_valve()).score
    assert list(score.vessels) == ["LM", "LAD", "LCX", "RCA"]
    assert {name: site.agatston for name, site in score.vessels.items()} == {
        "LM": 0.0,
        "LAD": 4.0 + 2.0 + 1.0,
        "LCX": 0.0,
        "RCA": 3 * 1.25,
    }
    assert score.total.agatston == 10.75


def test_a_vessel_without_calcium_is_zero_and_has_no_mean():
    empty = measure(*two_vessels_and_a_valve()).score.vessels["LM"]
    assert (empty.agatston, empty.volume_mm3, empty.volume_interpolated_mm3) == (0.0, 0.0, 0.0)
    assert (empty.mass_mg, empty.integrated_mass_mg, empty.volume_fraction_mass_mg) == (0, 0, 0)
    assert (empty.area_mm2, empty.lesion_count, empty.slice_lesion_count) == (0.0, 0, 0)
    assert empty.mean_hu is empty.peak_hu is empty.mean_density_factor is None


def test_counts_means_and_peaks_of_a_vessel():
    lad = measure(*two_vessels_and_a_valve()).score.vessels["LAD"]
    assert (lad.lesion_count, lad.slice_lesion_count) == (2, 3)
    assert lad.area_mm2 == 3.0
    assert lad.volume_mm3 == 9.0
    assert lad.mean_hu == pytest.approx((450 + 250 + 150) / 3)
    assert lad.peak_hu == 450.0
    assert lad.mean_density_factor == pytest.approx(7 / 3)


def test_other_sites_are_measured_and_never_part_of_the_total():
    score = measure(*two_vessels_and_a_valve()).score
    assert list(score.other_sites) == ["aortic_valve"]
    assert score.other_sites["aortic_valve"].agatston == 4 * 1.5
    assert score.total.agatston == sum(site.agatston for site in score.vessels.values())
    assert score.total.peak_hu == 450.0
    assert score.total.lesion_count == 3
    assert all(rule.total <= 10.75 for rule in score.by_rule.values())


def test_lesions_come_in_descending_score_with_numbers_for_names():
    lesions = measure(*two_vessels_and_a_valve()).lesions
    found = [(lesion.id, lesion.site, lesion.agatston) for lesion in lesions]
    assert found == [
        ("L1", "LAD", 6.0),
        ("L2", "aortic_valve", 6.0),
        ("L3", "RCA", 3.75),
        ("L4", "LAD", 1.0),
    ]


def test_a_lesion_tells_its_place_and_its_parts():
    first = measure(*two_vessels_and_a_valve(), calibration=RODS).lesions[0]
    assert first.slices == (0, 1)
    assert (first.voxel_count, first.slice_lesion_count) == (8, 2)
    # Columns 1 to 4 of 0.5 mm, row 1, slices 0 and 1 of 3 mm: x = 2.5 x 0.5, y = 0.5, z = 1.5.
    assert first.centroid_mm == pytest.approx((1.25, 0.5, 1.5))
    assert (first.peak_hu, first.mean_hu) == (450.0, 350.0)
    assert (first.area_mm2, first.volume_mm3) == (2.0, 6.0)
    assert first.mass_mg == pytest.approx(0.8 * 6.0 * 350 / 1000)


def test_coronary_lesions_add_up_to_the_total():
    found = measure(*two_vessels_and_a_valve(), calibration=RODS)
    coronary = [lesion for lesion in found.lesions if lesion.site in found.score.vessels]
    for quantity in ("agatston", "volume_mm3", "mass_mg", "area_mm2", "slice_lesion_count"):
        total = getattr(found.score.total, quantity)
        assert sum(getattr(lesion, quantity) for lesion in coronary) == pytest.approx(total)


def test_touching_lesions_of_two_vessels_stay_two():
    hu = np.full((1, 3, 10), 40)
    hu[0, 1, 1:9] = 300
    site = np.zeros(hu.shape, dtype=np.uint8)
    site[0, 1, 1:5], site[0, 1, 5:9] = Site.LM, Site.LAD
    lesions = measure(make_scan(hu), voxels_of(site)).lesions
    assert [lesion.site for lesion in lesions] == ["LM", "LAD"]


def test_slices_are_joined_to_a_lesion_even_by_a_corner():
    # The last pixel of (0, 1, 1:5) and the first of (1, 2, 5:9) share nothing but a corner.
    hu = np.full((2, 4, 10), 40)
    hu[0, 1, 1:5] = hu[1, 2, 5:9] = 250
    lesions = measure(make_scan(hu), voxels_of(np.full(hu.shape, Site.LAD))).lesions
    assert [(lesion.slices, lesion.slice_lesion_count) for lesion in lesions] == [((0, 1), 2)]
    hu[1] = np.roll(hu[1], 1, axis=1)
    assert len(measure(make_scan(hu), voxels_of(np.full(hu.shape, Site.LAD))).lesions) == 2


def test_by_rule_has_the_rule_in_use_and_every_vendor():
    by_rule = measure(*two_vessels_and_a_valve()).score.by_rule
    assert set(by_rule) == {"textbook", "ge", "siemens", "philips", "canon"}
    assert by_rule["textbook"].total == 10.75
    assert by_rule["ge"].total == 3.75  # only the RCA is larger than 1 mm2
    assert by_rule["ge"].vessels == {"LM": 0.0, "LAD": 0.0, "LCX": 0.0, "RCA": 3.75}


@pytest.mark.parametrize("name", ["textbook", "ge", "siemens", "philips", "canon", "kvp80"])
def test_the_score_is_the_one_of_its_rule(name):
    found = measure(*two_vessels_and_a_valve(), rule=rule_named(name))
    assert found.score.rule == name
    assert found.score.total.agatston == found.score.by_rule[name].total
    assert found.score.by_rule[name].threshold_hu == rule_named(name).threshold_hu


def test_another_tube_voltage_is_offered_its_rule_and_scored_without_it():
    scan, voxels = block_scan([[140] * 4])
    scan = make_scan(scan.hu, kvp=100.0)
    found = measure(scan, voxels)
    assert found.score.rule == "textbook"
    assert found.score.total.agatston == 1.0
    assert found.score.by_rule["kvp100"].total == 0.0
    offers = [finding for finding in found.findings if finding.code == "KVP_RULE_OFFERED"]
    assert len(offers) == 1
    assert "scored at 130 HU although the tube voltage is 100 kVp" in offers[0].message


def test_a_rule_that_was_chosen_is_not_offered_again():
    scan, voxels = block_scan([[140] * 4])
    found = measure(make_scan(scan.hu, kvp=100.0), voxels, rule=rule_named("kvp100"))
    assert found.score.total.agatston == 0.0
    assert "KVP_RULE_OFFERED" not in {finding.code for finding in found.findings}


@pytest.mark.parametrize(
    ("rule", "kvp", "is_wrong"),
    [("kvp80", 120.0, True), ("kvp80", 80.0, False), ("kvp80", None, True), ("ge", 120.0, False)],
)
def test_a_rule_of_another_tube_voltage_is_told(rule, kvp, is_wrong):
    scan, voxels = block_scan([[300] * 4])
    found = measure(make_scan(scan.hu, kvp=kvp), voxels, rule=rule_named(rule))
    assert ("RULE_NOT_FOR_KVP" in {finding.code for finding in found.findings}) is is_wrong


def test_a_mass_factor_of_the_literature_is_a_finding():
    scan, voxels = two_vessels_and_a_valve()
    assert [f.code for f in measure(scan, voxels).findings] == ["MASS_FACTOR_DEFAULT"]
    assert measure(scan, voxels, calibration=RODS).findings == ()


def test_an_empty_annotation_is_a_score_of_zero():
    scan, _ = two_vessels_and_a_valve()
    found = measure(scan, voxels_of(np.zeros(scan.shape)))
    assert found.score.total.agatston == 0.0
    assert found.score.total.diffusivity is None
    assert found.score.total.vessels_involved == 0
    assert found.lesions == ()
    assert found.score.other_sites == {}


def test_voxels_of_another_scan_are_refused():
    scan, _ = two_vessels_and_a_valve()
    with pytest.raises(GeometryError, match=r"of a scan of shape \(1, 2, 3\), this one has"):
        measure(scan, voxels_of(np.ones((1, 2, 3))))


def test_a_scan_that_is_a_view_in_another_order_is_measured_alike():
    scan, voxels = two_vessels_and_a_valve()
    view = np.ascontiguousarray(scan.hu[::-1])[::-1]
    assert measure(make_scan(view), voxels) == measure(scan, voxels)


def blurred_balls(*centres, background=40.0, shape=(9, 60, 60)):
    """Soft balls of calcium in tissue, 3 x 0.5 x 0.5 mm."""
    z, y, x = np.indices(shape) * np.array([3.0, 0.5, 0.5]).reshape(3, 1, 1, 1)
    hu = np.full(shape, background)
    for cz, cy, cx in centres:
        squared = ((z - cz) / 2.5) ** 2 + ((y - cy) / 1.2) ** 2 + ((x - cx) / 1.2) ** 2
        hu += 500 * np.exp(-squared / 2)
    return np.round(hu).astype(np.int16)


def dense_voxels(hu, sites):
    """Label voxels of at least 130 HU by the nearest of some columns of the image."""
    site = np.zeros(hu.shape, dtype=np.uint8)
    for code, columns in sites.items():
        site[:, :, columns][hu[:, :, columns] >= 130] = code
    return voxels_of(site)


def test_the_threshold_free_masses_see_the_calcium_below_the_threshold():
    hu = blurred_balls((12.0, 15.0, 15.0))
    scan, voxels = make_scan(hu), dense_voxels(hu, {Site.LAD: slice(None)})
    lad = measure(scan, voxels, calibration=RODS).score.vessels["LAD"]
    # The ball: 500 HU x (2 pi)^1.5 x 2.5 x 1.2 x 1.2 mm3 x 0.8 / 1000. The region ends 1.5 mm
    # from the dense voxels and leaves a rest of the Gaussian out.
    truth = 0.8 * 500 * (2 * np.pi) ** 1.5 * 2.5 * 1.2 * 1.2 / 1000
    assert lad.integrated_mass_mg == pytest.approx(truth, rel=0.03)
    # Displacing tissue of 40 HU: 250 / (250 - 40) more.
    assert lad.volume_fraction_mass_mg == pytest.approx(lad.integrated_mass_mg * 250 / 210)


def ball_with_a_speck(columns):
    """A soft ball around row 30, column 30, and a speck of 2 x 2 pixels of 600 HU beside it."""
    hu = blurred_balls((12.0, 15.0, 15.0))
    site = np.where(hu >= 130, np.uint8(Site.LAD), np.uint8(0))
    hu[4, 30:32, columns] = 600
    return hu, site


def lad_mass(hu, site):
    found = measure(make_scan(hu), voxels_of(site), calibration=RODS)
    return found.score.vessels["LAD"].integrated_mass_mg


# The ball reaches 130 HU at 1.2 mm x sqrt(2 ln(500/90)) = 2.2 mm, its region ends 1.5 mm further.
APART, TOUCHING = slice(36, 38), slice(35, 37)


def test_calcium_beside_a_lesion_is_not_part_of_its_mass():
    alone = lad_mass(*ball_with_a_speck(slice(0, 0)))
    hu, site = ball_with_a_speck(APART)
    # Counted, the speck would add 0.8 x 4 x 0.75 mm3 x 560 HU / 1000 = 1.3 mg to 22 mg. What is
    # lost with its voxels is the ball's own blur behind it.
    assert alone - 0.2 < lad_mass(hu, site) < alone
    site[hu == 600] = Site.RCA
    assert alone - 0.2 < lad_mass(hu, site) < alone


def test_calcium_that_a_lesion_touches_is_its_own_unless_it_is_marked_otherwise():
    alone = lad_mass(*ball_with_a_speck(slice(0, 0)))
    hu, site = ball_with_a_speck(TOUCHING)
    assert lad_mass(hu, site) > alone + 1.0
    for site_of_speck in (Site.LM, Site.RCA):  # before and after the LAD
        site[hu == 600] = site_of_speck
        assert alone - 0.5 < lad_mass(hu, site) < alone


def test_what_a_lesion_touches_by_a_corner_is_its_own_too():
    # Four marked pixels of 500 HU, and 200 HU beyond a corner that nobody marked, in 40 HU:
    # 0.8 x (4 x 460 + 160) HU x 0.75 mm3 / 1000.
    hu = np.full((3, 40, 40), 40)
    hu[1, 20, 18:22] = 500
    site = np.where(hu == 500, np.uint8(Site.LAD), np.uint8(0))
    hu[1, 21, 22] = 200
    assert lad_mass(hu, site) == pytest.approx(1.2)


def test_a_mass_that_one_lesion_lacks_is_not_the_mass_of_the_vessel():
    # The second ball is in fat: its background is not tissue.
    hu = blurred_balls((12.0, 15.0, 8.0), (12.0, 15.0, 22.0))
    hu[:, :, 30:] = np.where(hu[:, :, 30:] < 130, -100, hu[:, :, 30:])
    voxels = dense_voxels(hu, {Site.LAD: slice(0, 30), Site.RCA: slice(30, 60)})
    vessels = measure(make_scan(hu), voxels, calibration=RODS).score
    assert vessels.vessels["LAD"].integrated_mass_mg is not None
    assert vessels.vessels["RCA"].integrated_mass_mg is None
    assert vessels.total.integrated_mass_mg is None
    assert vessels.total.mass_mg > 0
