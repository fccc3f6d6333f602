import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.ct.read import read_scan
from corcal.ct.scan import Acquisition, CTScan
from corcal.errors import GeometryError, InputError
from corcal.lesions.sites import Site
from corcal.phantom.insert import LesionOrder, estimated_psf_mm, insert_lesions
from corcal.phantom.physics import Scanner
from corcal.phantom.types import scan_from_volume, simulated_acquisition

SCANNER = Scanner(kvp=120.0, matrix=(96, 96), pixel_spacing_mm=0.5, slice_thickness_mm=3.0)


def _scan(hu_value: int = 40, *, noise_hu: float = 0.0, scanner: Scanner = SCANNER) -> CTScan:
    rng = np.random.default_rng(4)
    hu = np.rint(hu_value + noise_hu * rng.standard_normal((12, 96, 96))).astype(np.int16)
    return scan_from_volume(
        hu,
        spacing_mm=(3.0, 0.5, 0.5),
        origin_mm=(100.0, -200.0, 50.0),
        acquisition=simulated_acquisition(scanner, date="2020-01-01"),
        uid_seed="insert",
    )


def _path() -> NDArray[np.float64]:
    # Along x in the middle of the scan: y = -200 + 24, z = 50 + 15 (slice 5).
    return np.array([[110.0, -176.0, 65.0], [124.0, -176.0, 65.0], [138.0, -176.0, 65.0]])


def _order(mass_mg: float = 10.0, **fields: object) -> LesionOrder:
    return LesionOrder(id="a", site=Site.LAD, path_mm=_path(), mass_mg=mass_mg, seed=3, **fields)  # type: ignore[arg-type]


def test_the_added_hu_give_back_the_mass() -> None:
    scan = _scan()
    made = insert_lesions(scan, [_order(10.0)])
    added = (made.scan.hu.astype(float) - scan.hu).sum() * scan.voxel_volume_mm3
    # 1.30 HU per mg/cm3 at 120 kVp: HU x mm3 / 1.30 / 1000 = mg.
    assert added / 1.30 / 1000.0 == pytest.approx(10.0, rel=0.02)
    (lesion,) = made.lesions
    assert lesion.mass_mg == pytest.approx(10.0, rel=1e-4)
    assert lesion.background_hu == 40.0
    assert not made.scan.hu.flags.writeable
    assert scan.hu.max() == 40  # the given scan is untouched


def test_the_lesion_lies_in_the_wall_of_its_path() -> None:
    (lesion,) = insert_lesions(_scan(), [_order(4.0, position=0.25)]).lesions
    x, y, z = lesion.centre_mm
    assert x == pytest.approx(117.0, abs=2.0)  # a quarter of the way from 110 to 138
    assert 0.5 < np.hypot(y + 176.0, z - 65.0) < 2.3  # outer radius 1.8 mm


def test_the_recorded_agatston_is_that_of_the_noiseless_image() -> None:
    scan = _scan()
    made = insert_lesions(scan, [_order(20.0, density_mg_per_cm3=600.0)])
    (lesion,) = made.lesions
    # By hand: no noise, so each slice is its pixels >= 130 HU, weighted by the slice's maximum.
    expected = 0.0
    for image in made.scan.hu:
        dense = image[image >= 130]
        if dense.size * 0.25 >= 1.0:  # one connected lesion of at least 1 mm2
            expected += dense.size * 0.25 * min(4, int(dense.max()) // 100)
    assert expected > 0
    # Rounding of the stored HU moves a pixel at a threshold.
    assert lesion.agatston == pytest.approx(expected, abs=2.0)


def test_noise_is_what_was_there_before() -> None:
    noisy = _scan(noise_hu=20.0)
    made = insert_lesions(noisy, [_order(5.0)])
    outside = np.ones(noisy.hu.size, bool)
    outside[made.voxels.index] = False
    change = np.abs(made.scan.hu.astype(int) - noisy.hu).ravel()
    assert change[outside].max() <= 4
    assert change[~outside].min() >= 3
    assert set(made.voxels.site.tolist()) == {int(Site.LAD)}


def test_more_mass_gives_more_agatston_and_a_little_mass_none() -> None:
    scores = [insert_lesions(_scan(), [_order(mass)]).lesions[0].agatston for mass in (0.1, 4, 16)]
    assert scores[0] == 0
    assert 0 < scores[1] < scores[2]


def test_a_sharp_kernel_and_a_low_voltage_give_a_higher_peak() -> None:
    def peak(scan: CTScan, **options: float) -> float:
        return insert_lesions(scan, [_order(3.0)], **options).lesions[0].peak_contrast_hu  # type: ignore[arg-type]

    plain = peak(_scan(), psf_fwhm_mm=1.5)
    assert peak(_scan(), psf_fwhm_mm=0.8) > 1.1 * plain
    # 100 kVp: 1 + 5.8e5 / 130 * (1/100^2 - 1/120^2) = 1.136
    at_100 = peak(_scan(scanner=replace(SCANNER, kvp=100.0)), psf_fwhm_mm=1.5)
    assert at_100 == pytest.approx(1.136 * plain, rel=0.002)


@pytest.mark.parametrize(
    ("kernel", "width_mm"),
    [
        ("B35f", 1.5),
        ("I30f", 1.6),
        ("Br40d", 1.35),
        ("B70f", 0.8),
        ("FC12", 1.5),
        ("FC51", 0.9),
        ("STANDARD", 1.5),
        ("LUNG", 0.8),
        ("B", 1.6),
        ("L", 0.9),
        (None, 1.5),
        ("unheard-of", 1.5),
    ],
)
def test_sharpness_is_estimated_from_the_kernels_name(kernel: str | None, width_mm: float) -> None:
    assert estimated_psf_mm(Acquisition(convolution_kernel=kernel)) == width_mm


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ([_order(), _order()], "two lesions have the same id"),
        ([replace(_order(), path_mm=_path() + 500.0)], "a would lie outside the scan"),
        ([replace(_order(), path_mm=0.1 * _path())], "path of lesion a is 2.8 mm long, needed 5"),
        ([_order(0.0)], r"lesion a has a mass of 0 mg, allowed are 1e-06 to 100000 mg"),
        ([_order(math.nan)], "a mass of nan mg, allowed"),
        ([_order(math.inf)], "a mass of inf mg, allowed"),
        ([_order(density_mg_per_cm3=-5.0)], "a density of -5 mg/cm3, allowed are 0.001 to 100000"),
        ([_order(density_mg_per_cm3=math.nan)], "a density of nan mg/cm3, allowed"),
        ([_order(radius_mm=0.0)], "a radius of 0 mm, allowed are 0.1 to 30 mm"),
        ([_order(radius_mm=math.nan)], "a radius of nan mm, allowed"),
        ([_order(position=1.5)], "a position of 1.5, allowed are 0 to 1"),
        ([_order(position=-0.5)], "a position of -0.5, allowed"),
        ([_order(position=math.nan)], "a position of nan, allowed"),
        ([_order(angle_deg=math.inf)], "an angle of inf degrees, allowed are -1e"),
        ([replace(_order(), seed=-1)], "has the seed -1, allowed are whole numbers from 0"),
        # of a type that it may not have, on purpose: callers are not always checked
        ([replace(_order(), seed=1.5)], "has the seed 1.5, allowed"),  # type: ignore[arg-type]
        ([replace(_order(), site="LAD")], "has the site 'LAD', allowed are members of Site"),  # type: ignore[arg-type]
        (
            [replace(_order(), path_mm=_path()[:, :2])],
            r"a path of shape \(3, 2\), allowed is \(n, 3\)",
        ),
        ([replace(_order(), path_mm=_path()[:1])], r"a path of shape \(1, 3\), allowed is"),
        ([replace(_order(), path_mm=np.nan * _path())], "3 points that are not finite"),
        (
            [replace(_order(), path_mm=np.repeat(_path(), 2, axis=0))],
            "points 0 and 1 of the path of lesion a are 0 mm apart, at least 0.001 mm are needed",
        ),
    ],
)
def test_an_order_that_cannot_be_met_is_refused(orders: list[LesionOrder], message: str) -> None:
    with pytest.raises(InputError, match=message):
        insert_lesions(_scan(), orders)


@pytest.mark.parametrize("psf_fwhm_mm", [0.0, -1.0, 0.39, math.nan, math.inf, 50.0])
def test_a_sharpness_that_no_scanner_has_is_refused(psf_fwhm_mm: float) -> None:
    with pytest.raises(
        InputError, match=rf"psf_fwhm_mm of {psf_fwhm_mm:g} mm, allowed are 0.4 to 10 mm"
    ):
        insert_lesions(_scan(), [_order()], psf_fwhm_mm=psf_fwhm_mm)


@pytest.mark.parametrize("angle_deg", [0.0, 90.0, 200.0])
def test_the_sharpest_image_that_the_pixels_can_carry_holds_the_mass(angle_deg: float) -> None:
    scan = _scan()
    made = insert_lesions(scan, [_order(1.0, angle_deg=angle_deg)], psf_fwhm_mm=0.4)
    added = (made.scan.hu.astype(float) - scan.hu).sum() * scan.voxel_volume_mm3
    assert added / 1.30 / 1000.0 == pytest.approx(1.0, rel=0.03)


def test_an_estimate_sharper_than_the_pixels_is_widened_to_them() -> None:
    scan = _scan()
    made = replace(scan.acquisition, convolution_kernel="B70f")  # 0.8 mm
    assert insert_lesions(replace(scan, acquisition=made), []).psf_fwhm_mm == 0.8
    wide = scan_from_volume(
        scan.hu,
        spacing_mm=(3.0, 1.25, 1.25),
        origin_mm=(0.0, 0.0, 0.0),
        acquisition=made,
        uid_seed="wide",
    )
    assert insert_lesions(wide, []).psf_fwhm_mm == 1.0  # 0.8 of a pixel


@pytest.mark.parametrize("kvp", [0.0, -80.0, 1e9, math.nan])
def test_a_voltage_that_no_tube_has_is_refused(kvp: float) -> None:
    scan = _scan()
    made = replace(scan.acquisition, kvp=kvp)
    with pytest.raises(InputError, match=rf"{re.escape(f'{kvp:g}')} kV, allowed are 40 to 200 kV"):
        insert_lesions(replace(scan, acquisition=made), [_order()])


@pytest.mark.parametrize(
    "shift_mm",
    [
        (0.0, 0.0, -16.2),  # 5.4 slices of 3 mm down: at slice -0.4
        (0.0, 0.0, 18.0),  # at the last slice's middle, its upper side beyond the end
        (0.0, -23.0, 0.0),  # 1 mm from the first row
        (-23.0, 0.0, 0.0),  # its middle 1 mm from the first column: 124 mm is column 48
    ],
)
def test_a_lesion_that_lies_partly_outside_is_refused(shift_mm: tuple[float, ...]) -> None:
    order = replace(_order(position=0.5), path_mm=_path() + np.array(shift_mm))
    with pytest.raises(
        InputError, match=r"only \d+\.\d % of lesion a would lie in the scan, needed 99"
    ):
        insert_lesions(_scan(), [order])


def test_a_lesion_near_the_border_has_all_its_mass() -> None:
    # 6 mm above the first slice's lower face: within the check's reach, and yet inside
    order = replace(_order(), path_mm=_path() - np.array([0.0, 0.0, 10.5]))
    scan = _scan()
    made = insert_lesions(scan, [order])
    added = (made.scan.hu.astype(float) - scan.hu).sum() * scan.voxel_volume_mm3
    assert added / 1.30 / 1000.0 == pytest.approx(10.0, rel=0.02)


def test_a_tilted_scan_is_refused() -> None:
    scan = _scan()
    affine = scan.affine_lps.copy()
    affine[1, 0] = 0.5  # each slice lies 0.5 mm further back: a tilt
    with pytest.raises(GeometryError, match="got a tilt"):
        insert_lesions(replace(scan, affine_lps=affine), [_order()])


@pytest.mark.shared
def test_a_lesion_is_put_into_a_real_scan(shared_dir: Path) -> None:
    scan = read_scan(shared_dir / "data" / "coca-gated" / "1")
    middle = scan.to_patient_mm(np.array([scan.shape]) / 2.0)[0]
    path = middle + np.array([[-10.0, 0.0, 0.0], [0.0, 0.0, 1.0], [10.0, 0.0, 0.0]])
    made = insert_lesions(
        scan, [LesionOrder(id="real", site=Site.RCA, path_mm=path, mass_mg=8.0, seed=1)]
    )
    added = (made.scan.hu.astype(float) - scan.hu).sum() * scan.voxel_volume_mm3
    assert added / 1.30 / 1000.0 == pytest.approx(8.0, rel=0.03)
    (lesion,) = made.lesions
    assert np.linalg.norm(lesion.centre_mm - middle) < 4.0
    assert made.scan.series == scan.series
