"""Calcium mass, and the choice of its calibration."""

import numpy as np
import pytest

from corcal.errors import InputError
from corcal.scoring import MassCalibration, choose_mass_calibration, measure
from corcal.scoring.mass import calibration_from_insert, estimate_patient_width_mm
from scoring.small_scans import block_scan, make_scan

SMALL, MEDIUM, LARGE = DEVICE = (0.743, 0.779, 0.812)


def body_scan(width_mm, *, field_mm=500.0, **acquisition):
    """Make a scan of a box of soft tissue on a thin table, in air, with 5 mm pixels."""
    size = int(field_mm / 5)
    hu = np.full((5, size, size), -1000)
    columns = int(width_mm / 5)
    left = (size - columns) // 2
    hu[:, 20:60, max(left, 0) : left + columns] = 40
    hu[:, 65:69, :] = 100  # 20 mm of table over the whole width
    return make_scan(hu, (3.0, 5.0, 5.0), **acquisition)


def test_mass_is_factor_times_volume_times_mean():
    # 4 voxels of 0.75 mm3, mean 250 HU, 0.8 mg/cm3/HU: 0.8 x 3 x 250 / 1000 = 0.6 mg.
    scan, voxels = block_scan([[200, 300, 200, 300]])
    calibration = MassCalibration(calibration_mg_per_cm3_hu=0.8, source="scan", detail="rods")
    found = measure(scan, voxels, calibration=calibration)
    assert found.score.total.mass_mg == pytest.approx(0.6)
    assert found.score.total.mean_hu == 250.0
    assert found.lesions[0].mass_mg == pytest.approx(0.6)
    assert found.score.mass_calibration == "scan"
    assert found.score.mass_calibration_detail == "rods"
    assert found.score.calibration_mg_per_cm3_hu == 0.8


def test_an_insert_is_measured_against_water():
    # 200 mg/cm3 at 260 HU, water at 10 HU: 200 / 250.
    found = calibration_from_insert(density_mg_per_cm3=200, insert_hu=260, water_hu=10)
    assert found.calibration_mg_per_cm3_hu == pytest.approx(0.8)
    assert found.source == "scan"
    assert "200 mg/cm3" in found.detail


def test_an_insert_like_water_is_refused():
    with pytest.raises(InputError, match=r"insert of 5\.0 HU is not denser than water of 5\.0 HU"):
        calibration_from_insert(density_mg_per_cm3=200, insert_hu=5.0, water_hu=5.0)


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_must_be_positive(factor):
    with pytest.raises(InputError, match="must be a positive number of mg/cm3/HU"):
        MassCalibration(calibration_mg_per_cm3_hu=factor, source="scan", detail="")


def test_the_factor_of_the_patient_comes_first():
    scan = body_scan(350, mass_factor_patient=0.765, mass_factors_device=DEVICE)
    found = choose_mass_calibration(scan)
    assert (found.source, found.calibration_mg_per_cm3_hu) == ("header_patient", 0.765)


@pytest.mark.parametrize(
    ("width", "factor", "size"),
    [
        (315, SMALL, "small"),
        (320, MEDIUM, "medium"),
        (380, MEDIUM, "medium"),
        (385, LARGE, "large"),
    ],
)
def test_the_factor_of_the_device_follows_the_width_of_the_patient(width, factor, size):
    found = choose_mass_calibration(body_scan(width, mass_factors_device=DEVICE))
    assert (found.source, found.calibration_mg_per_cm3_hu) == ("header_device", factor)
    assert f"for a {size} patient" in found.detail
    assert f"{width} mm wide" in found.detail


def test_a_body_that_the_field_of_view_cuts_is_taken_as_medium():
    found = choose_mass_calibration(body_scan(200, field_mm=200.0, mass_factors_device=DEVICE))
    assert found.calibration_mg_per_cm3_hu == MEDIUM
    assert "assumed because the field of view cuts the body" in found.detail


def test_the_table_is_not_part_of_the_patient():
    assert estimate_patient_width_mm(body_scan(300)) == 300.0


def test_the_width_is_taken_a_quarter_of_the_way_down_from_the_head():
    # Nine slices, feet first in memory: (3 x 8) // 4 = slice 6 of 0 to 8.
    hu = np.repeat(body_scan(300).hu[:1], 9, axis=0)
    hu[6] = body_scan(350).hu[0]
    assert estimate_patient_width_mm(make_scan(hu, (3.0, 5.0, 5.0))) == 350.0


@pytest.mark.parametrize(("width", "seen"), [(480, 480.0), (490, None)])
def test_the_width_needs_ten_millimetres_of_air_on_both_sides(width, seen):
    assert estimate_patient_width_mm(body_scan(width)) == seen


def test_air_has_no_width():
    assert estimate_patient_width_mm(make_scan(np.full((2, 4, 4), -1000))) is None


@pytest.mark.parametrize(
    "header",
    [
        {"mass_factor_patient": 0.0},
        {"mass_factor_patient": 0.000743},  # mg/mm3/HU, or anything: not guessed
        {"mass_factors_device": (0.7, 0.0, 0.8)},
        {"mass_factor_patient": 743.0},
    ],
)
def test_a_factor_of_another_unit_is_not_used_and_that_is_said(header):
    found = choose_mass_calibration(body_scan(350, **header))
    assert found.source == "default"
    assert "the factors in the header are not between" in found.detail


@pytest.mark.parametrize(
    ("kvp", "filter_type", "kernel", "factor", "words"),
    [
        (120.0, None, None, 0.78, "phantom scans at 120 kVp (0.71 to 0.93"),
        (None, None, None, 0.78, "phantom scans at 120 kVp (0.71 to 0.93"),
        (100.0, None, None, 0.78 * 130 / 147, "scaled to 100 kVp by 130/147 HU"),
        (100.0, "SN", None, 0.78 * 130 / 143, "scaled to 100 kVp by 130/143 HU"),
        (140.0, None, None, 0.78, "120 kVp, though the scan has 140 kVp"),
        (100.0, None, "Sa36f", 0.78, "120 kVp, as the kernel Sa36f shows calcium at any kVp"),
    ],
)
def test_the_default_says_what_it_rests_on(kvp, filter_type, kernel, factor, words):
    scan = body_scan(350, kvp=kvp, filter_type=filter_type, convolution_kernel=kernel)
    found = choose_mass_calibration(scan)
    assert found.source == "default"
    assert found.calibration_mg_per_cm3_hu == pytest.approx(factor)
    assert words in found.detail
