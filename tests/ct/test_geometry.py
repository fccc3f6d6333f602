"""Order, increment and canonical axes, from positions and orientations alone."""

import math
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import Severity
from corcal.errors import GeometryError
from dicom_maker import AXIAL, CORONAL, PRONE, SAGITTAL, demo_hu, make_series

# All eight ways to store an axial slice
ORIENTATIONS = [
    AXIAL,
    PRONE,
    (-1, 0, 0, 0, 1, 0),
    (1, 0, 0, 0, -1, 0),
    (0, 1, 0, 1, 0, 0),
    (0, -1, 0, 1, 0, 0),
    (0, 1, 0, -1, 0, 0),
    (0, -1, 0, -1, 0, 0),
]


def findings_of(folder: Path) -> dict[str, Severity]:
    return {item.code: item.severity for item in find_series(folder).series[0].findings}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_axial_orientation_gives_the_identical_scan(
    tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    hu = demo_hu((4, 7, 5))
    make_series(tmp_path, hu=hu, spacing_mm=(2.5, 0.4, 0.7), orientation=orientation)
    scan = read_scan(tmp_path)
    np.testing.assert_array_equal(scan.hu, hu)
    assert scan.spacing_mm == pytest.approx((2.5, 0.4, 0.7))
    # index (z, y, x) to x, y, z: dz along z, dy along y, dx along x, from the maker's origin
    expected = [[0, 0, 0.7, -50], [0, 0.4, 0, -60], [2.5, 0, 0, -70], [0, 0, 0, 1]]
    np.testing.assert_allclose(scan.affine_lps, expected, atol=1e-6)
    np.testing.assert_allclose(scan.slices[1].position_mm, (-50, -60, -67.5), atol=1e-6)


def test_instance_numbers_do_not_order_slices(tmp_path: Path) -> None:
    hu = demo_hu()
    numbers = {k: {"InstanceNumber": n} for k, n in enumerate([3, 1, 5, 2, 4])}
    make_series(tmp_path, hu=hu, slice_tags=numbers)
    scan = read_scan(tmp_path)
    np.testing.assert_array_equal(scan.hu, hu)
    assert [one.instance_number for one in scan.slices] == [3, 1, 5, 2, 4]


def test_the_increment_is_measured_and_the_thickness_only_reported(tmp_path: Path) -> None:
    make_series(tmp_path, spacing_mm=(1.5, 0.5, 0.5), tags={"SliceThickness": 3})
    scan = read_scan(tmp_path)
    assert scan.spacing_mm[0] == pytest.approx(1.5)
    assert scan.acquisition.slice_thickness_mm == 3
    assert findings_of(tmp_path) == {"OVERLAPPING_SLICES": Severity.INFO}


def test_an_increment_above_the_thickness_leaves_gaps(tmp_path: Path) -> None:
    make_series(tmp_path, spacing_mm=(3.0, 0.5, 0.5), tags={"SliceThickness": 2.5})
    assert findings_of(tmp_path) == {"SLICE_GAPS": Severity.WARNING}


def test_gantry_tilt_shears_the_volume_visibly(tmp_path: Path) -> None:
    make_series(tmp_path, spacing_mm=(3.0, 0.5, 0.5), tilt_deg=15)
    scan = read_scan(tmp_path)
    assert findings_of(tmp_path) == {"GANTRY_TILT": Severity.WARNING}
    assert scan.spacing_mm == pytest.approx((3.0, 0.5, 0.5))  # along the normal
    # The table moves along z by 3 / cos(15 degrees).
    step = (0, 0, 3 / math.cos(math.radians(15)))
    np.testing.assert_allclose(scan.affine_lps[:3, 0], step, atol=1e-5)


@pytest.mark.parametrize(("tilt", "expected"), [(0.4, set()), (0.6, {"GANTRY_TILT"})])
def test_tilt_is_reported_from_half_a_degree(
    tmp_path: Path, tilt: float, expected: set[str]
) -> None:
    make_series(tmp_path, tilt_deg=tilt)
    assert set(findings_of(tmp_path)) == expected


def test_slices_tilted_without_shear_are_oblique(tmp_path: Path) -> None:
    tilt = math.radians(5)
    iop = [1, 0, 0, 0, math.cos(tilt), -math.sin(tilt)]
    normal = np.array([0, math.sin(tilt), math.cos(tilt)])
    per_slice = {
        k: {"ImageOrientationPatient": iop, "ImagePositionPatient": list(3.0 * k * normal)}
        for k in range(5)
    }
    make_series(tmp_path, slice_tags=per_slice)
    assert findings_of(tmp_path) == {"OBLIQUE_SLICES": Severity.WARNING}


def test_a_stack_that_leans_away_from_the_table_is_no_tilt(tmp_path: Path) -> None:
    per_slice = {k: {"ImagePositionPatient": [1.0 * k, 0, 3.0 * k]} for k in range(5)}
    make_series(tmp_path, slice_tags=per_slice)
    assert findings_of(tmp_path) == {"IN_PLANE_SHIFT": Severity.WARNING}


@pytest.mark.parametrize(
    ("shift_mm", "severity"), [(0.09, None), (0.2, Severity.WARNING), (0.5, Severity.ERROR)]
)
def test_a_slice_shifted_in_its_plane_is_seen(
    tmp_path: Path, shift_mm: float, severity: Severity | None
) -> None:
    # pixels of 0.5 mm: half a pixel is 0.25 mm
    shifted = {2: {"ImagePositionPatient": [-50.0 + shift_mm, -60.0, -64.0]}}
    make_series(tmp_path, slice_tags=shifted)
    assert findings_of(tmp_path).get("IN_PLANE_SHIFT") == severity


@pytest.mark.parametrize("orientation", [SAGITTAL, CORONAL])
def test_sagittal_and_coronal_slices_are_refused(
    tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    make_series(tmp_path, orientation=orientation)
    with pytest.raises(GeometryError, match="axial slices are needed"):
        read_scan(tmp_path)


def test_an_orientation_that_is_none_is_refused(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"ImageOrientationPatient": [1, 0, 0, 0.5, 1, 0]})
    with pytest.raises(GeometryError, match="two orthogonal vectors"):
        read_scan(tmp_path)


def test_a_single_slice_is_refused(tmp_path: Path) -> None:
    make_series(tmp_path, hu=demo_hu((1, 4, 4)))
    with pytest.raises(GeometryError, match="at least 2 slices are needed"):
        read_scan(tmp_path)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        # positions rounded to 0.1 mm, true increment 0.75 mm
        ([0, 0.8, 1.5, 2.2, 3.0], {}),
        # one slice 0.05 mm off: rounding; 0.06 mm off, 2 % of 3 mm: more than rounding
        ([0, 3.0, 6.05, 9.0, 12.0], {}),
        ([0, 3.0, 6.06, 9.0, 12.0], {"IRREGULAR_SPACING": Severity.WARNING}),
        # 9 % and 11 % of 3 mm
        ([0, 3.0, 6.27, 9.27, 12.27], {"IRREGULAR_SPACING": Severity.WARNING}),
        ([0, 3.0, 6.33, 9.33, 12.33], {"IRREGULAR_SPACING": Severity.ERROR}),
        ([0, 3.0, 7.5, 10.5, 13.5], {"IRREGULAR_SPACING": Severity.ERROR}),
        ([0, 3.0, 6.0, 12.0, 15.0], {"MISSING_SLICES": Severity.ERROR}),
    ],
)
def test_the_increment_may_vary_only_a_little(
    tmp_path: Path, heights: list[float], expected: dict[str, Severity]
) -> None:
    make_series(tmp_path, heights_mm=heights, tags={"SliceThickness": None})
    assert findings_of(tmp_path) == expected


def test_an_accepted_irregular_increment_is_the_mean(tmp_path: Path) -> None:
    make_series(tmp_path, heights_mm=[0, 3.0, 6.2, 9.2, 12.2])  # 12.2 / 4
    assert read_scan(tmp_path).spacing_mm[0] == pytest.approx(3.05)


def test_missing_slices_are_counted_and_placed(tmp_path: Path) -> None:
    # increments 3, 9, 3, 6: two slices are missing behind instance 2, one behind instance 4
    make_series(tmp_path, heights_mm=[0, 3, 12, 15, 21])
    message = (
        r"2 slices are missing between instance 2 \(IM-0002\.dcm\) at 3\.00 mm and instance 3 "
        r"\(IM-0003\.dcm\) at 12\.00 mm, and 1 elsewhere: the increment of the others is 3\.000 mm"
    )
    with pytest.raises(GeometryError, match=message):
        read_scan(tmp_path)


def test_of_two_increments_the_larger_one_has_the_missing_slice(tmp_path: Path) -> None:
    make_series(tmp_path, hu=demo_hu((3, 4, 4)), heights_mm=[0, 10, 15])
    with pytest.raises(GeometryError, match="1 slice is missing between instance 1"):
        read_scan(tmp_path)


def test_indices_and_patient_positions_are_inverse(tmp_path: Path) -> None:
    make_series(tmp_path, tilt_deg=10)
    scan = read_scan(tmp_path)
    index = np.array([[1.5, 2.0, 3.0]])
    np.testing.assert_allclose(scan.to_index(scan.to_patient_mm(index)), index)
    np.testing.assert_allclose(
        scan.to_patient_mm(np.array([[2.0, 0.0, 0.0]]))[0], scan.slices[2].position_mm, atol=1e-6
    )


def test_a_series_lists_its_images_towards_the_head(tmp_path: Path) -> None:
    make_series(tmp_path, heights_mm=[12, 9, 6, 3, 0])
    series = find_series(tmp_path).series[0]
    assert [image.instance_number for image in series.images] == [5, 4, 3, 2, 1]
    assert series.spacing_mm == pytest.approx((3.0, 0.5, 0.5))
