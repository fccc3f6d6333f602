"""Finding the insert: wherever it lies, and never where there is none."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from corcal.ct.read import read_scan
from corcal.ct.scan import CTScan, SliceSource
from corcal.errors import UnfitError
from corcal.evaluate.qrm import find_insert, slice_width_mm
from corcal.evaluate.qrm_rods import find_rods
from corcal.phantom.qrm import QRM_SCANNER, simulate_qrm
from corcal.phantom.scanner import KERNELS, Scanner

from .conftest import Measured, place_errors_mm

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "turned by 100 degrees, large pixels, 100 kVp, without fat ring": (
        {"pixel_spacing_mm": 0.78, "kvp": 100.0},
        {"rotation_deg": 100.0, "size": "medium"},
    ),
    "off the middle, small pixels, overlapping slices": (
        {"pixel_spacing_mm": 0.39, "increment_mm": 1.5},
        {"rotation_deg": -70.0, "centre_mm": (5.0, -10.0, 8.0)},
    ),
    "thin and noisy": (
        {"slice_thickness_mm": 1.0, "increment_mm": 1.0, "noise_sd_hu": 35.0},
        {"centre_mm": (0.7, -18.4, 10.3)},
    ),
    "sharp kernel": ({"kernel": KERNELS["sharp"], "noise_sd_hu": 40.0}, {}),
}


def still(scan: CTScan, hu: np.ndarray) -> CTScan:
    """The same scan with other voxels."""
    return replace(scan, hu=hu)


@pytest.mark.parametrize("case", list(CASES))
def test_the_nine_cylinders_and_the_rods_are_found(case: str) -> None:
    changes, placing = CASES[case]
    truth = simulate_qrm(replace(QRM_SCANNER, **changes), seed=4, **placing)
    insert = find_insert(truth.scan)
    # The design's step and radius are true to 0.3 mm for the simulated phantom; centres of mass in
    # this noise add 0.1 mm. An aperture leaves the blur twice that room.
    assert np.abs(place_errors_mm(truth, insert)).max() < 0.45
    rods = find_rods(truth.scan, insert)
    water, hydroxyapatite = truth.rods
    # The mean over a rod-sized disc varies by 0.7 HU here, 1.5 HU in thin slices: 4 sd
    assert rods.hydroxyapatite_hu == pytest.approx(hydroxyapatite.hu, abs=4.0)
    assert rods.water_hu == pytest.approx(water.hu, abs=4.0)
    for seen, rod in ((rods.hydroxyapatite_index, hydroxyapatite), (rods.water_index, water)):
        index = truth.scan.to_index(np.array([rod.centre_mm]))[0]
        off = (np.array(seen) - index[1:]) * truth.scan.spacing_mm[1:]
        assert np.hypot(*off) < 2.0  # the measured disc is 3.1 mm smaller than the rod


def test_the_blur_of_the_scan_is_measured_on_the_rod() -> None:
    # FWHM^2 of the image = point spread^2 + pixel^2 / 12 * 5.545 (a pixel's box): both by design
    for name in ("sharp", "medium"):
        kernel = KERNELS[name]
        scanner = replace(QRM_SCANNER, kernel=kernel, noise_sd_hu=0.0)
        truth = simulate_qrm(scanner, seed=0)
        rods = find_rods(truth.scan, find_insert(truth.scan))
        # The fit sees the rod's edge over pixels: 10 % for the edge's curvature and sampling
        assert rods.psf_fwhm_mm == pytest.approx(kernel.psf_fwhm_mm, rel=0.1, abs=0.25)
        assert rods.diameter_mm == pytest.approx(20.0, abs=0.15)


def test_rod_slices_are_wholly_rod(simulated_measured: Measured, simulated: Any) -> None:
    rod = simulated.rods[1]
    dz = simulated.scan.spacing_mm[0]
    bottom = simulated.scan.slices[0].position_mm[2]
    low = rod.centre_mm[2] - rod.length_mm / 2
    high = rod.centre_mm[2] + rod.length_mm / 2
    for k in simulated_measured.report.rods.slices:
        middle = bottom + k * dz
        assert low <= middle - 1.5 + 0.2  # half of a slice of 3 mm, and where the edge is seen
        assert middle + 1.5 - 0.2 <= high


def test_a_flipped_scan_has_the_same_cylinders(simulated: Any) -> None:
    # mirrored left to right the spokes turn the other way round: low and medium density change
    # sides, and each is still called by its name
    mirrored = find_insert(still(simulated.scan, simulated.scan.hu[:, :, ::-1].copy()))
    straight = find_insert(simulated.scan)
    width = simulated.scan.shape[2] - 1
    for one, other in zip(straight.places, mirrored.places, strict=True):
        assert one.cylinder == other.cylinder
        assert other.index[2] == pytest.approx(width - one.index[2], abs=0.3)
        assert other.index[1] == pytest.approx(one.index[1], abs=0.3)


def test_upside_down_the_rods_are_looked_for_on_the_other_side(simulated: Any) -> None:
    turned = still(simulated.scan, simulated.scan.hu[::-1].copy())
    rods = find_rods(turned, find_insert(turned))
    assert rods.slices[-1] < find_insert(turned).centre_index[0]
    assert rods.water_hu == pytest.approx(simulated.rods[0].hu, abs=4.0)


def test_the_phantom_without_calcium_is_no_insert(simulated: Any) -> None:
    hu = simulated.scan.hu.copy()
    z = round(find_insert(simulated.scan).centre_index[0])
    hu[z - 3 : z + 4] = hu[z - 8 : z - 1]
    with pytest.raises(UnfitError, match="no QRM cardiac phantom in the 47 slices"):
        find_insert(still(simulated.scan, hu))


def test_two_of_three_spokes_are_no_insert(simulated: Any) -> None:
    hu = simulated.scan.hu.copy()
    insert = find_insert(simulated.scan)
    z, y, x = (round(i) for i in insert.places[2].index)  # large, high density
    hu[z - 3 : z + 4, y - 12 : y + 13, x - 12 : x + 13] = 71
    with pytest.raises(UnfitError, match="nine cylinders"):
        find_insert(still(simulated.scan, hu))


def test_large_cylinders_without_medium_ones_are_no_insert(simulated: Any) -> None:
    hu = simulated.scan.hu.copy()
    insert = find_insert(simulated.scan)
    for place in insert.places[3:6]:
        z, y, x = (round(i) for i in place.index)
        hu[z - 3 : z + 4, y - 9 : y + 10, x - 9 : x + 10] = 71
    with pytest.raises(UnfitError, match="no QRM cardiac phantom"):
        find_insert(still(simulated.scan, hu))


def test_three_equal_spots_are_no_insert(simulated: Any) -> None:
    # all three spokes as dense as the low one: the pattern without its densities
    hu = simulated.scan.hu.astype(np.int32)
    insert = find_insert(simulated.scan)
    for place, divisor in zip(insert.places, (1, 2, 4) * 3, strict=True):
        z, y, x = (round(i) for i in place.index)
        part = (slice(z - 3, z + 4), slice(y - 9, y + 10), slice(x - 9, x + 10))
        hu[part] = 71 + (hu[part] - 71) // divisor
    with pytest.raises(UnfitError, match="no QRM cardiac phantom"):
        find_insert(still(simulated.scan, hu.astype(np.int16)))


def test_without_rods_the_error_says_so(simulated: Any) -> None:
    hu = simulated.scan.hu.copy()
    z = round(find_insert(simulated.scan).centre_index[0])
    hu[z + 5 :] = hu[z - 6]
    scan = still(simulated.scan, hu)
    with pytest.raises(UnfitError, match=r"but not the rod of 200 mg/cm3: looked 12 to 60 mm"):
        find_rods(scan, find_insert(scan))


def test_without_water_the_error_says_so(simulated: Any) -> None:
    hu = simulated.scan.hu.copy()
    insert = find_insert(simulated.scan)
    rods = find_rods(simulated.scan, insert)
    y, x = (round(i) for i in rods.water_index)
    z = round(insert.centre_index[0])
    hu[z + 6 :, y - 24 : y + 25, x - 24 : x + 25] = 71
    y, x = (round(i) for i in rods.hydroxyapatite_index)
    distance = np.hypot(*(np.mgrid[: hu.shape[1], : hu.shape[2]] - np.array([[[y]], [[x]]])))
    hu[z + 6 :, distance < 10 / 0.488] = 311
    scan = still(simulated.scan, hu)
    with pytest.raises(UnfitError, match="but not the water rod"):
        find_rods(scan, find_insert(scan))


@pytest.mark.parametrize("shape", [(1, 64, 64), (3, 200, 16), (40, 128, 128)])
def test_noise_of_any_shape_is_no_insert(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    hu = (40 + 200 * rng.standard_normal(shape)).astype(np.int16)
    slices = tuple(
        SliceSource(
            source=str(k),
            sop_instance_uid=None,
            frame_number=None,
            instance_number=None,
            position_mm=(0.0, 0.0, float(k)),
        )
        for k in range(shape[0])
    )
    scan = CTScan(hu=hu, spacing_mm=(1.0, 0.8, 0.8), affine_lps=np.eye(4), slices=slices)
    with pytest.raises(UnfitError, match="no QRM cardiac phantom"):
        find_insert(scan)


def test_the_slice_is_as_wide_as_its_thickness_or_its_increment() -> None:
    def width(thickness: float, increment: float) -> float:
        scanner = Scanner(
            slice_thickness_mm=thickness,
            increment_mm=increment,
            noise_sd_hu=0.0,
            matrix=(64, 64),
            pixel_spacing_mm=3.0,
        )
        return slice_width_mm(simulate_qrm(scanner, seed=0).scan)

    assert width(3.0, 1.5) == 3.0
    assert width(1.5, 3.0) == 3.0


@pytest.mark.shared
@pytest.mark.parametrize(
    "series",
    [
        "coca-gated/0/dicom",
        "coca-gated/1/dicom",
        "coca-gated/2/dicom",
        "coca-nongated/1",
        "coca-nongated/2",
        "chest-philips-5mm",
    ],
)
def test_a_patient_is_no_phantom(shared_dir: Any, series: str) -> None:
    folder = shared_dir / "data" / series
    with pytest.raises(UnfitError, match="no QRM cardiac phantom"):
        find_insert(read_scan(folder))


@pytest.mark.shared
def test_the_real_insert_lies_where_it_does(canon: Measured) -> None:
    # by eye: slice 22 shows all nine, 21 and 23 the large ones; the middle is near (216, 257)
    assert canon.insert.centre_index[0] == pytest.approx(22.0, abs=0.5)
    assert canon.insert.centre_index[1:] == pytest.approx((216, 257), abs=4)
    assert canon.insert.large_radius_mm == pytest.approx(37.2, abs=0.5)
    assert canon.insert.residual_mm < 0.6
    high = canon.insert.places[2]
    assert high.index[1:] == pytest.approx((220.2, 180.1), abs=1.0)


@pytest.mark.shared
def test_the_real_rods_give_the_published_mass_factor(canon: Measured) -> None:
    # published for this scan, from one slice: 0.72225; one slice of rods is good to 0.7 %
    rods = canon.report.rods
    assert rods.calibration_mg_per_cm3_hu == pytest.approx(0.72225, rel=0.01)
    assert rods.slices == (31, 32, 33)  # 30 is partly rod, from 34 on the cone beam fades
    assert rods.diameter_mm == pytest.approx(20.0, abs=0.3)
