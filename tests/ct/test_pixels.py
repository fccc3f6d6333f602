"""Stored values become HU: rescale, padding, type."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian

from corcal.ct.read import read_scan
from corcal.ct.scan import AIR_HU, CTScan, Finding, Severity
from corcal.errors import SeriesError
from dicom_maker import demo_hu, make_series


def codes(scan: CTScan) -> set[str]:
    return {item.code for item in scan.findings}


def padding_of(scan: CTScan) -> Finding:
    (found,) = (item for item in scan.findings if item.code == "PIXEL_PADDING")
    return found


def test_the_voxels_of_a_scan_are_read_only(tmp_path: Path) -> None:
    make_series(tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        read_scan(tmp_path).hu[0, 0, 0] = 1


def test_each_slice_is_rescaled_by_its_own_slope(tmp_path: Path) -> None:
    # Stored 10 and 10: 10 * 2 - 1000 = -980 in the lower, 10 * 1 - 1024 = -1014 in the upper slice
    hu = np.stack([np.full((4, 4), -980), np.full((4, 4), -1014)]).astype(np.int16)
    files = make_series(tmp_path, hu=np.full((2, 4, 4), -1014))
    ds = dcmread(files[0])
    ds.RescaleSlope, ds.RescaleIntercept = 2, -1000
    ds.save_as(files[0])
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == np.int16
    np.testing.assert_array_equal(scan.hu, hu)
    assert "RESCALE_VARIES" in codes(scan)


def test_a_broken_slope_gives_float32(tmp_path: Path) -> None:
    # stored 1, 2, 3, 4 with slope 0.3: 0.3, 0.6, 0.9, 1.2 - 10
    hu = (np.arange(1, 5).reshape(1, 2, 2).repeat(2, axis=0) * 0.3 - 10).astype(np.float64)
    make_series(tmp_path, hu=hu, slope=0.3, intercept=-10)
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == np.float32
    np.testing.assert_array_equal(scan.hu, hu.astype(np.float32))


def test_a_broken_slope_that_gives_integers_is_int16(tmp_path: Path) -> None:
    hu = np.array([[[2, 4], [6, 8]]] * 2)  # stored 4, 8, 12, 16
    make_series(tmp_path, hu=hu, slope=0.5, intercept=0)
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == np.int16
    np.testing.assert_array_equal(scan.hu, hu)


@pytest.mark.parametrize(("largest", "dtype"), [(32767, np.int16), (32768, np.float32)])
def test_hu_beyond_16_bits_are_kept_as_float32(tmp_path: Path, largest: int, dtype: type) -> None:
    hu = np.zeros((2, 3, 3))
    hu[1, 2, 2] = largest
    make_series(tmp_path, hu=hu, bits_stored=16, intercept=-1024)
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == dtype
    assert scan.hu.max() == largest
    assert scan.hu.min() == 0


def test_values_are_not_clipped_below_air(tmp_path: Path) -> None:
    hu = np.full((2, 3, 3), -3024)
    make_series(tmp_path, hu=hu, signed=True, bits_stored=16, intercept=-1024)
    assert read_scan(tmp_path).hu.max() == -3024


def test_padding_around_the_image_becomes_air_and_is_information(tmp_path: Path) -> None:
    hu = np.full((2, 4, 4), 40)
    hu[:, 0, :] = -2000
    tags = {"PixelPaddingValue": -2000}
    make_series(tmp_path, hu=hu, signed=True, bits_stored=16, intercept=0, tags=tags)
    scan = read_scan(tmp_path)
    assert (scan.hu[:, 0, :] == AIR_HU).all()
    assert (scan.hu[:, 1:, :] == 40).all()
    assert padding_of(scan).severity is Severity.INFO
    assert "25.0%" in padding_of(scan).message


@pytest.mark.parametrize(
    ("value", "limit", "is_believed"),
    [
        (24, 524, True),  # -1000 to -500 HU: air and lung
        (24, 525, False),  # to -499 HU
        (1154, 4095, False),  # 130 HU and more: all calcium
        (4095, 1154, False),
        (0, 4095, False),  # everything
        (1164, 1164, False),  # one value: 140 HU
    ],
)
def test_padding_that_tissue_may_be_is_not_believed_and_warned_of(
    tmp_path: Path, value: int, limit: int, is_believed: bool
) -> None:
    hu = np.full((2, 6, 6), 40)
    hu[:, 0], hu[:, 1, 2] = -1000, -499
    hu[:, 3:5, 3:5] = 140
    tags = {"PixelPaddingValue": value, "PixelPaddingRangeLimit": limit}
    make_series(tmp_path, hu=hu, tags=tags)
    scan = read_scan(tmp_path)
    if is_believed:
        np.testing.assert_array_equal(scan.hu, np.where(hu == -1000, AIR_HU, hu))
        assert padding_of(scan).severity is Severity.INFO
        return
    np.testing.assert_array_equal(scan.hu, hu)
    assert padding_of(scan).severity is Severity.WARNING
    limits = sorted((value - 1024, limit - 1024))
    assert f"({limits[0]} to {limits[1]} HU): the tags were not" in padding_of(scan).message


def test_tags_of_padding_that_no_voxel_has_are_not_told(tmp_path: Path) -> None:
    hu = np.full((2, 4, 4), 40)
    hu[:, 0] = -1000
    make_series(tmp_path, hu=hu, tags={"PixelPaddingValue": 3000})
    assert codes(read_scan(tmp_path)) == set()


@pytest.mark.parametrize("padding", [-2000, 32767])
def test_padding_inside_of_the_image_is_warned_of(tmp_path: Path, padding: int) -> None:
    hu = np.full((2, 8, 8), 40)
    hu[:, :2], hu[0, 4:6, 4:6] = padding, padding
    tags = {"PixelPaddingValue": padding}
    make_series(tmp_path, hu=hu, signed=True, bits_stored=16, intercept=0, tags=tags)
    scan = read_scan(tmp_path)
    assert (scan.hu[0, 4:6, 4:6] == AIR_HU).all()
    assert padding_of(scan).severity is Severity.WARNING
    assert ", 4 of them inside of the image: calcium there" in padding_of(scan).message


@pytest.mark.parametrize(("value", "limit"), [(90, 100), (100, 90)])
def test_a_range_of_padding_includes_both_limits(tmp_path: Path, value: int, limit: int) -> None:
    stored = np.array([[[89, 90, 95, 100, 101]]] * 2)
    tags = {"PixelPaddingValue": value, "PixelPaddingRangeLimit": limit}
    make_series(tmp_path, hu=stored - 1024, tags=tags)
    assert read_scan(tmp_path).hu[0, 0].tolist() == [-935, AIR_HU, AIR_HU, AIR_HU, -923]


def test_negative_padding_declared_as_unsigned_is_understood(tmp_path: Path) -> None:
    # GE: signed pixels, padding -2000, which an implicit header may carry as US 63536
    hu = np.full((2, 4, 4), 40)
    hu[:, :, 0] = -2000 - 1024
    for path in make_series(tmp_path, hu=hu, signed=True, bits_stored=16):
        ds = dcmread(path)
        ds.add_new("PixelPaddingValue", "US", 63536)
        ds.save_as(path)
    scan = read_scan(tmp_path)
    assert (scan.hu[:, :, 0] == AIR_HU).all()
    assert (scan.hu[:, :, 1:] == 40).all()


def test_padding_outside_of_the_stored_bits_is_padding(tmp_path: Path) -> None:
    # 63536 in a 12-bit image: its low bits, 2096, would read as 1072 HU
    hu = np.full((2, 4, 4), 40)
    for path in make_series(tmp_path, hu=hu):
        ds = dcmread(path)
        stored = np.frombuffer(ds.PixelData, "<u2").copy()
        stored[:4] = 63536
        ds.PixelData = stored.tobytes()
        ds.add_new("PixelPaddingValue", "US", 63536)
        ds.save_as(path)
    scan = read_scan(tmp_path)
    assert (scan.hu[:, 0] == AIR_HU).all()
    assert (scan.hu[:, 1:] == 40).all()


def test_padding_under_an_overlay_is_padding(tmp_path: Path) -> None:
    # An old overlay in bit 12 on top of padding 24, which would be -1000 HU
    hu = np.full((2, 4, 4), 40)
    hu[:, 0] = 24 - 1024
    for path in make_series(tmp_path, hu=hu, tags={"PixelPaddingValue": 24}):
        ds = dcmread(path)
        ds.PixelData = (np.frombuffer(ds.PixelData, "<u2") | 0x1000).astype("<u2").tobytes()
        ds.save_as(path)
    scan = read_scan(tmp_path)
    assert (scan.hu[:, 0] == AIR_HU).all()
    assert (scan.hu[:, 1:] == 40).all()


def test_padding_with_a_broken_slope_is_air(tmp_path: Path) -> None:
    hu = np.full((2, 4, 4), 10.1)  # stored 3367, slope 0.3
    hu[:, 0] = -970.0  # stored 100
    make_series(tmp_path, hu=hu, slope=0.3, intercept=-1000, tags={"PixelPaddingValue": 100})
    scan = read_scan(tmp_path)
    assert (scan.hu[:, 0] == AIR_HU).all()
    assert np.allclose(scan.hu[:, 1:], 10.1)


@pytest.mark.parametrize("tag", ["RescaleSlope", "RescaleIntercept"])
def test_a_missing_rescale_is_refused(tmp_path: Path, tag: str) -> None:
    make_series(tmp_path, slice_tags={3: {tag: None}})
    with pytest.raises(SeriesError, match=rf"{tag}.*missing.*instance 4 \(IM-0004\.dcm\)"):
        read_scan(tmp_path)


def test_a_rescale_slope_of_zero_is_refused(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"RescaleSlope": 0})
    with pytest.raises(SeriesError, match=r"RescaleSlope \(0028,1053\)"):
        read_scan(tmp_path)


def test_values_declared_to_be_something_else_than_hu_are_refused(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"RescaleType": "Z_EFF"})
    with pytest.raises(SeriesError, match="declared to be Z_EFF, not HU"):
        read_scan(tmp_path)


def test_an_unspecified_rescale_type_is_a_warning(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"RescaleType": "US"})
    assert "RESCALE_NOT_HU" in codes(read_scan(tmp_path))


def test_an_absent_rescale_type_means_hu(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"RescaleType": None})
    assert codes(read_scan(tmp_path)) == set()


@pytest.mark.parametrize(
    "tags",
    [
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
    ],
)
def test_colour_and_inverted_images_are_refused(tmp_path: Path, tags: dict[str, object]) -> None:
    make_series(tmp_path, tags=tags)
    with pytest.raises(SeriesError, match="CT values are MONOCHROME2 with 1"):
        read_scan(tmp_path)


def test_a_sound_series_has_no_findings(tmp_path: Path) -> None:
    make_series(tmp_path, hu=demo_hu())
    assert read_scan(tmp_path).findings == ()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("RescaleSlope", "10001"),
        ("RescaleSlope", "1E19"),
        ("RescaleSlope", "-1E300"),
        ("RescaleSlope", "1E-8"),
        ("RescaleIntercept", "1000001"),
        ("RescaleIntercept", "-1E30"),
    ],
)
def test_a_rescale_beyond_every_scanner_is_refused_by_the_header(
    tmp_path: Path, tag: str, value: str
) -> None:
    make_series(tmp_path, slice_tags={3: {tag: value}})
    with pytest.raises(SeriesError, match=rf"{tag} .* of instance 4 \(IM-0004\.dcm\) is "):
        read_scan(tmp_path)


@pytest.mark.parametrize(("slope", "allowed"), [("245", False), ("244", True), ("244.5", False)])
def test_values_beyond_a_million_hu_are_refused(tmp_path: Path, slope: str, allowed: bool) -> None:
    # stored 4095 x 244 = 999 180; x 244.5 = 1 001 227.5; x 245 = 1 003 275
    stored = np.zeros((2, 4, 4))
    stored[1, 2, 2] = 4095
    tags = {"RescaleSlope": slope, "RescaleIntercept": "0"}
    make_series(tmp_path, hu=stored, intercept=0, tags=tags)
    if allowed:
        assert read_scan(tmp_path).hu.max() == 999180
        return
    with pytest.raises(SeriesError, match=r"instance 2 .* values of up to 1\.0\d+e\+06 HU"):
        read_scan(tmp_path)


@pytest.mark.parametrize("value", [b"1\\2 ", b"1_0 ", b"0x1 ", b"1,5 "])
def test_a_malformed_slope_is_refused(tmp_path: Path, value: bytes) -> None:
    for path in make_series(tmp_path):
        data = path.read_bytes()
        assert data.count(b"(\0S\x10DS\x04\x001.0 ") == 1
        path.write_bytes(data.replace(b"(\0S\x10DS\x04\x001.0 ", b"(\0S\x10DS\x04\0" + value))
    with pytest.raises(SeriesError, match=r"RescaleSlope \(0028,1053\) is missing, malformed"):
        read_scan(tmp_path)


@pytest.mark.parametrize("value", [2, 257, 65535])
def test_a_pixel_representation_that_does_not_exist_is_refused(tmp_path: Path, value: int) -> None:
    make_series(tmp_path, tags={"PixelRepresentation": value})
    with pytest.raises(SeriesError, match=r"PixelRepresentation \(0028,0103\) is missing or mal"):
        read_scan(tmp_path)


@pytest.mark.parametrize(("vr", "allowed"), [("OB", True), ("OW", False)])
def test_bytes_in_big_endian_words_are_refused_and_not_swapped(
    tmp_path: Path, vr: str, allowed: bool
) -> None:
    hu = demo_hu((2, 4, 6)) % 250
    for path in make_series(
        tmp_path,
        hu=hu,
        bits_allocated=8,
        bits_stored=8,
        intercept=0,
        transfer_syntax=ExplicitVRBigEndian,
    ):
        data = path.read_bytes()
        before = b"\x7f\xe0\x00\x10"
        at = data.index(before)
        path.write_bytes(data[: at + 4] + vr.encode() + data[at + 6 :])
    if allowed:
        np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)
        return
    with pytest.raises(SeriesError, match="8 bits in big-endian words"):
        read_scan(tmp_path)
