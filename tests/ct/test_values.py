"""Values that no tissue has are told, in DICOM as in volume files."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from corcal.ct.read import read_scan
from corcal.ct.scan import Finding, Severity
from corcal.ct.values import enclosed_count, value_findings
from dicom_maker import make_series
from suitability_maker import chest_hu


def said(hu: NDArray[np.generic]) -> str | None:
    """What is found, without what follows from it."""
    found = value_findings(hu)
    assert all(item.code == "NOT_HU_VALUES" for item in found)
    return found[0].message.partition(":")[0] if found else None


def of_dicom(folder: Path, hu: NDArray[np.generic], intercept: int = 0) -> list[Finding]:
    make_series(folder, hu=hu, signed=True, bits_stored=16, intercept=intercept)
    return [item for item in read_scan(folder).findings if item.code == "NOT_HU_VALUES"]


@pytest.mark.parametrize(
    ("limit", "severity"),
    [
        (129, Severity.ERROR),
        (399, Severity.ERROR),
        (400, Severity.WARNING),
        (1000, Severity.WARNING),
        (2500, None),
        (None, None),
    ],
)
def test_values_that_were_cut_off_are_told(limit: int | None, severity: Severity | None) -> None:
    rng = np.random.default_rng(3)
    hu = rng.normal(40, 20, (4, 60, 60)).round().astype(np.int16)
    hu[:, :20] = -1000
    hu[:, 40:50, 10:30] = rng.integers(300, 3072, (4, 10, 20))  # bone and metal
    found = [
        item
        for item in value_findings(hu if limit is None else np.minimum(hu, limit))
        if item.code == "VALUES_CUT_OFF"
    ]
    assert [item.severity for item in found] == ([severity] if severity else [])
    if severity:
        assert f"have {limit} HU and none has more" in found[0].message


@pytest.mark.parametrize(
    ("low", "severity"),
    [(0, Severity.ERROR), (-1, Severity.WARNING), (-499, Severity.WARNING), (-500, None)],
)
def test_the_same_is_asked_of_dicom_as_of_volume_files(
    tmp_path: Path, low: int, severity: Severity | None
) -> None:
    hu = np.full((3, 4, 5), 40)
    hu[0, 0, :2] = low, 1500
    found = of_dicom(tmp_path, hu)
    assert [item.severity for item in found] == ([severity] if severity else [])


def test_a_hole_inside_of_the_image_is_no_value_of_tissue(tmp_path: Path) -> None:
    hu = chest_hu()
    hu[20:22, 90:95, 100:104] = -32768
    (found,) = of_dicom(tmp_path, hu)
    assert found.severity is Severity.WARNING
    assert found.message.startswith("40 voxels inside of the image of less than -1500 HU: ")


@pytest.mark.parametrize(("low", "is_hole"), [(-1500, False), (-1501, True)])
def test_a_hole_is_below_1500_hu(low: int, is_hole: bool) -> None:
    hu = chest_hu()
    hu[20, 90, 100] = low
    assert (said(hu) == "1 voxel inside of the image of less than -1500 HU") is is_hole
    assert is_hole or said(hu) is None


@pytest.mark.parametrize("width_mm", [200, 400])  # inside of the chest, where no air is; around it
def test_what_scanners_write_around_a_round_reconstruction_is_accepted(width_mm: int) -> None:
    hu = chest_hu(width_mm=width_mm)
    place = np.arange(hu.shape[1]) - (hu.shape[1] - 1) / 2
    outside = place[:, None] ** 2 + place**2 > (hu.shape[1] / 2) ** 2
    for padding in (-1024, -2000, -3024, -32768):
        hu[:, outside] = padding
        assert said(hu) is None


@pytest.mark.parametrize("noise", [8, 100])
def test_noise_in_the_air_is_no_wrong_value(noise: int) -> None:
    # as of scanners that do not cut off at -1024
    hu = np.asarray(chest_hu(noise_hu=0), np.float32)
    hu += np.random.default_rng(4).normal(0.0, noise, hu.shape)
    assert hu.min() < -1024
    assert said(hu) is None


def test_slices_of_another_slope_are_told_by_their_air() -> None:
    hu = chest_hu().astype(np.float32)
    hu[1::2] *= 1.5
    told = said(hu)
    assert told is not None
    assert re.search(r"air of -15\d\d HU in 25 of 50 slices", told)


def test_air_of_a_little_below_its_value_is_accepted() -> None:
    # without noise: air of -1000 HU, and one voxel in a slice that may be padding
    hu = chest_hu(noise_hu=0).astype(np.float32)
    hu[:, 0, 0] = -1200
    hu[hu == -1000] = -1100
    assert said(hu) is None
    hu[hu == -1100] = -1101
    assert said(hu) == "air of -1101 HU in 50 of 50 slices"


@pytest.mark.parametrize(
    ("high", "expected"), [(30710, None), (30711, "1 voxel of more than 30710 HU")]
)
def test_no_scanner_has_values_above_its_scale(high: int, expected: str | None) -> None:
    hu = chest_hu()
    hu[20, 90, 100] = high
    assert said(hu) == expected


def test_enclosed_is_what_no_way_joins_to_the_edge_of_its_slice() -> None:
    mask = np.zeros((3, 6, 6), dtype=np.bool_)
    mask[0, 0], mask[0, 1, 1], mask[0, 2, 2] = True, True, True  # a diagonal from the edge
    mask[1, 2:4, 2:4] = True  # 4 enclosed, although the slices beside it end the volume
    mask[2] = True  # a slice without anything
    assert enclosed_count(mask) == 4
    assert enclosed_count(~mask[2:]) == 0
