"""Every transfer syntax gives back the voxels that were written."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import (
    JPEG2000,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.errors import SeriesError
from dicom_maker import LOSSLESS_SYNTAXES, NATIVE_SYNTAXES, demo_hu, make_series

COMPRESSED = [syntax for syntax in LOSSLESS_SYNTAXES if syntax not in NATIVE_SYNTAXES]


@pytest.mark.parametrize("syntax", LOSSLESS_SYNTAXES, ids=lambda uid: uid.name)
@pytest.mark.parametrize(
    ("bits_stored", "signed", "intercept"),
    [(12, False, -1024), (12, True, 0), (16, True, 0), (16, False, -32768), (13, True, -24)],
)
def test_every_lossless_syntax_returns_the_same_voxels(
    tmp_path: Path, syntax: str, bits_stored: int, signed: bool, intercept: int
) -> None:
    hu = np.clip(demo_hu((3, 40, 36)), -1024, 2047)
    make_series(
        tmp_path,
        hu=hu,
        transfer_syntax=syntax,
        bits_stored=bits_stored,
        signed=signed,
        intercept=intercept,
    )
    scan = read_scan(tmp_path)
    assert scan.hu.dtype == np.int16
    np.testing.assert_array_equal(scan.hu, hu)


@pytest.mark.parametrize(
    ("syntax", "tolerance_hu"), [(JPEG2000, 2), (JPEGLSNearLossless, 2), (JPEGExtended12Bit, 2)]
)
def test_lossy_syntaxes_come_close(tmp_path: Path, syntax: str, tolerance_hu: int) -> None:
    row, column = np.mgrid[0:48, 0:40]
    plane = 100 * np.sin(column / 7) + 50 * np.cos(row / 5) + 300
    hu = np.stack([plane, plane + 20]).round().astype(np.int16)
    make_series(tmp_path, hu=hu, transfer_syntax=syntax)
    assert np.abs(read_scan(tmp_path).hu - hu).max() <= tolerance_hu


def test_an_image_once_compressed_with_loss_says_so(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"LossyImageCompression": "01"})
    assert "LOSSY_COMPRESSION" in {item.code for item in read_scan(tmp_path).findings}


def test_pixels_of_32_and_8_bits_are_read(tmp_path: Path) -> None:
    hu = demo_hu((2, 6, 5))
    make_series(tmp_path / "32", hu=hu, bits_allocated=32, bits_stored=20, signed=True)
    np.testing.assert_array_equal(read_scan(tmp_path / "32").hu, hu)
    small = np.clip(hu, 0, 255)
    make_series(tmp_path / "8", hu=small, bits_allocated=8, bits_stored=8, intercept=0)
    np.testing.assert_array_equal(read_scan(tmp_path / "8").hu, small)


def test_odd_pixel_bytes_are_padded_in_the_file_and_not_in_the_scan(tmp_path: Path) -> None:
    # 3 x 5 pixels of one byte: 15 bytes, 16 in the file
    hu = np.arange(30, dtype=np.int16).reshape(2, 3, 5)
    make_series(tmp_path, hu=hu, bits_allocated=8, bits_stored=8, intercept=0)
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


def test_an_overlay_above_the_stored_bits_is_not_part_of_the_hu(tmp_path: Path) -> None:
    hu = np.clip(demo_hu((2, 6, 5)), -1024, 1000)
    files = make_series(tmp_path, hu=hu, bits_stored=12)
    ds = dcmread(files[0])
    stored = np.frombuffer(ds.PixelData, "<u2") | 0x1000  # bit 12 is the first unused one
    ds.PixelData = stored.astype("<u2").tobytes()
    ds.save_as(files[0])
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


def test_pixels_in_the_high_bits_are_shifted_down(tmp_path: Path) -> None:
    hu = np.clip(demo_hu((2, 6, 5)), -1024, 1000)
    for path in make_series(tmp_path, hu=hu, bits_stored=12):
        ds = dcmread(path)
        ds.PixelData = (np.frombuffer(ds.PixelData, "<u2") << 4).astype("<u2").tobytes()
        ds.HighBit = 15
        ds.save_as(path)
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


def test_signed_jpeg2000_whose_codestream_says_unsigned_is_read_as_signed(tmp_path: Path) -> None:
    # 12 bits hold -1000 as 3096: the header (signed) is right, the codestream (unsigned) is not.
    hu = np.full((2, 40, 36), -1000, dtype=np.int16)
    hu[:, :4] = 700
    files = make_series(tmp_path, hu=hu + 1024, intercept=0, transfer_syntax=ExplicitVRLittleEndian)
    for path in files:
        ds = dcmread(path)
        unsigned = (hu[0] & 0x0FFF).astype("<u2")
        ds.PixelData = unsigned.tobytes()
        ds.RescaleIntercept = 0
        ds.compress(JPEG2000Lossless, generate_instance_uid=False)
        ds.PixelRepresentation = 1
        ds.save_as(path)
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


@pytest.mark.parametrize("syntax", COMPRESSED, ids=lambda uid: uid.name)
def test_a_truncated_compressed_file_is_refused_by_name(tmp_path: Path, syntax: str) -> None:
    files = make_series(tmp_path, transfer_syntax=syntax)
    data = files[2].read_bytes()
    files[2].write_bytes(data[: len(data) - 600])
    with pytest.raises(SeriesError, match=r"instance 3 \(IM-0003\.dcm\).*truncated"):
        read_scan(tmp_path)


@pytest.mark.parametrize("syntax", COMPRESSED, ids=lambda uid: uid.name)
def test_a_damaged_codestream_is_refused_by_name(tmp_path: Path, syntax: str) -> None:
    files = make_series(tmp_path, transfer_syntax=syntax)
    data = bytearray(files[1].read_bytes())
    start = data.index(b"\xfe\xff\x00\xe0", data.index(b"\xe0\x7f\x10\x00"))
    second = data.index(b"\xfe\xff\x00\xe0", start + 4) + 8  # behind the offset table
    data[second : second + 64] = b"\xab" * 64
    files[1].write_bytes(bytes(data))
    with pytest.raises(SeriesError, match=r"instance 2 \(IM-0002\.dcm\)"):
        read_scan(tmp_path)


def test_a_codestream_of_another_size_than_the_header_is_refused(tmp_path: Path) -> None:
    for path in make_series(tmp_path, transfer_syntax=JPEGLSLossless):
        ds = dcmread(path)
        ds.Rows, ds.Columns = 20, 18
        ds.save_as(path)
    with pytest.raises(SeriesError, match="compressed pixels"):
        read_scan(tmp_path)


def test_an_unknown_transfer_syntax_is_named(tmp_path: Path) -> None:
    files = make_series(tmp_path, transfer_syntax=RLELossless)
    for path in files:
        ds = dcmread(path)
        ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"  # MPEG-2
        ds.save_as(path)
    with pytest.raises(SeriesError, match=r"transfer syntax 1\.2\.840\.10008\.1\.2\.4\.100"):
        read_scan(tmp_path)


def test_slices_of_several_syntaxes_form_one_scan(tmp_path: Path) -> None:
    hu = demo_hu((3, 40, 36))
    make_series(tmp_path / "a", hu=hu, transfer_syntax=JPEGLosslessSV1)
    make_series(tmp_path / "b", hu=hu, transfer_syntax=ExplicitVRLittleEndian)
    (tmp_path / "a" / "IM-0002.dcm").unlink()
    (tmp_path / "b" / "IM-0001.dcm").unlink()
    (tmp_path / "b" / "IM-0003.dcm").unlink()
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


def test_headers_without_a_preamble_are_accepted(tmp_path: Path) -> None:
    hu = demo_hu()
    make_series(tmp_path, hu=hu, preamble=False)
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)
    make_series(tmp_path / "x", hu=hu, preamble=False, transfer_syntax="1.2.840.10008.1.2")
    assert find_series(tmp_path / "x").series[0].slice_count == 5
