"""Copies, repeated acquisitions and localizers within one series UID."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import Severity
from corcal.errors import GeometryError, SeriesError
from dicom_maker import SERIES_UID, demo_hu, make_series


def test_identical_copies_are_dropped_visibly(tmp_path: Path) -> None:
    hu = demo_hu()
    files = make_series(tmp_path / "a", hu=hu)
    (tmp_path / "b").mkdir()
    for path in files[1:3]:
        shutil.copy(path, tmp_path / "b")
    scan = read_scan(tmp_path)
    np.testing.assert_array_equal(scan.hu, hu)
    assert [(item.code, item.severity) for item in scan.findings] == [
        ("DUPLICATE_SLICES", Severity.WARNING)
    ]
    assert "instance 2 (b/IM-0002.dcm) is an identical copy of instance 2 (a/IM-0002.dcm)" in (
        scan.findings[0].message
    )


def test_a_copy_with_another_rescale_is_no_copy(tmp_path: Path) -> None:
    make_series(tmp_path / "a")
    make_series(tmp_path / "b", tags={"RescaleIntercept": -1000})
    with pytest.raises(GeometryError, match="10 different slices share positions"):
        read_scan(tmp_path)


@pytest.mark.parametrize(
    ("keyword", "first", "second", "word"),
    [
        ("AcquisitionNumber", 1, 2, "acquisition number"),
        ("NominalPercentageOfCardiacPhase", 40.0, 75.0, "cardiac phase"),
        ("ScanOptions", "TP40PC0900", "TP75PC0900", "cardiac phase"),
        ("TriggerTime", 350, 700, "trigger time"),
        ("TemporalPositionIdentifier", 1, 2, "temporal position"),
        ("ConvolutionKernel", "B35f", "B70f", "kernel"),
        ("KVP", 80, 140, "tube voltage"),
    ],
)
def test_phases_of_one_series_uid_become_stacks(
    tmp_path: Path, keyword: str, first: object, second: object, word: str
) -> None:
    one, two = demo_hu(seed=1), demo_hu(seed=2)
    make_series(tmp_path / "a", hu=two, tags={keyword: second}, first_instance=1)
    make_series(tmp_path / "b", hu=one, tags={keyword: first}, first_instance=6)
    catalog = find_series(tmp_path)
    assert [series.key for series in catalog.series] == [f"{SERIES_UID}#1", f"{SERIES_UID}#2"]
    for series in catalog.series:
        assert [item.code for item in series.findings] == ["MULTIPLE_ACQUISITIONS"]
        assert f"2 stacks of slices that differ in {word}" in series.findings[0].message
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=f"{SERIES_UID}#1").hu, one)
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=f"{SERIES_UID}#2").hu, two)
    with pytest.raises(SeriesError, match="several series can be read, choose one of"):
        read_scan(tmp_path, series_uid=SERIES_UID)


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        ({"AcquisitionNumber": 77}, "acquisition number"),
        ({"AcquisitionTime": "235959"}, "acquisition time"),
        ({"NominalPercentageOfCardiacPhase": 40.0}, "cardiac phase"),
    ],
)
def test_acquisitions_whose_slices_interleave_become_stacks(
    tmp_path: Path, tags: dict[str, object], word: str
) -> None:
    # 3 mm and 3 mm, 1.5 mm apart: together they would pass for 10 slices every 1.5 mm.
    one, two = demo_hu(seed=1), demo_hu(seed=2)
    make_series(tmp_path / "a", hu=one)
    make_series(
        tmp_path / "b", hu=two, tags=tags, first_instance=6, origin_mm=(-50.0, -60.0, -68.5)
    )
    catalog = find_series(tmp_path)
    assert [series.key for series in catalog.series] == [f"{SERIES_UID}#1", f"{SERIES_UID}#2"]
    for series in catalog.series:
        assert f"2 stacks of slices that differ in {word}" in series.findings[0].message
        assert series.spacing_mm == pytest.approx((3.0, 0.5, 0.5))
    scans = [read_scan(tmp_path, series_uid=series.key).hu for series in catalog.series]
    assert {scan.tobytes() for scan in scans} == {one.tobytes(), two.tobytes()}


def test_one_slab_of_another_phase_between_two_stays_one_stack(tmp_path: Path) -> None:
    phases = {k: {"NominalPercentageOfCardiacPhase": 40.0} for k in range(3, 6)}
    make_series(
        tmp_path,
        hu=demo_hu((9, 6, 6)),
        tags={"NominalPercentageOfCardiacPhase": 75.0},
        slice_tags=phases,
    )
    assert read_scan(tmp_path).shape == (9, 6, 6)


def test_an_acquisition_number_of_its_own_for_each_slice_is_one_stack(tmp_path: Path) -> None:
    make_series(tmp_path, slice_tags={k: {"AcquisitionNumber": 9 - k} for k in range(5)})
    assert read_scan(tmp_path).findings == ()


def test_acquisitions_that_follow_each_other_stay_one_stack(tmp_path: Path) -> None:
    # Step-and-shoot: each table position is an acquisition of its own.
    numbers = {k: {"AcquisitionNumber": 1 + k // 2} for k in range(5)}
    make_series(tmp_path, slice_tags=numbers)
    assert read_scan(tmp_path).findings == ()


def test_steps_that_overlap_in_one_slice_are_refused_and_not_torn_apart(tmp_path: Path) -> None:
    # Two acquisitions of 5 slices that share one position: 9 positions, 5 of them are more than
    # half, so each would be a stack; with 3 acquisitions of 15 positions none is.
    for k in range(3):
        make_series(
            tmp_path / str(k),
            hu=demo_hu((5, 6, 6), seed=k),
            origin_mm=(-50, -60, 12.0 * k),
            first_instance=1 + 5 * k,
            tags={"AcquisitionNumber": k + 1},
        )
    with pytest.raises(GeometryError, match="4 different slices share positions"):
        read_scan(tmp_path)


def test_different_slices_at_one_position_that_nothing_tells_apart_are_refused(
    tmp_path: Path,
) -> None:
    make_series(tmp_path / "a", hu=demo_hu(seed=1))
    make_series(tmp_path / "b", hu=demo_hu(seed=2), first_instance=6)
    with pytest.raises(GeometryError, match="10 different slices share positions, first instance"):
        read_scan(tmp_path)


def test_localizers_of_the_same_series_are_listed_apart(tmp_path: Path) -> None:
    hu = demo_hu()
    make_series(tmp_path / "slices", hu=hu)
    make_series(
        tmp_path / "scout",
        hu=demo_hu((2, 12, 9)),
        first_instance=90,
        orientation=(1, 0, 0, 0, 0, -1),
        tags={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    )
    catalog = find_series(tmp_path)
    assert [(one.key, one.slice_count) for one in catalog.series] == [
        (f"{SERIES_UID}#1", 5),
        (f"{SERIES_UID}#2", 2),
    ]
    scan = read_scan(tmp_path)  # only one of them can be read
    np.testing.assert_array_equal(scan.hu, hu)
    assert [(item.code, item.severity) for item in scan.findings] == [("LOCALIZER", Severity.INFO)]
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=SERIES_UID).hu, hu)
