"""Zip archives: read in memory, within limits, never by the names of their members."""

import io
import struct
import tempfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from corcal.ct import archive
from corcal.ct.dicom import header, opening
from corcal.ct.dicom.dataset import parse_meta
from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.errors import InputError
from dicom_maker import demo_hu, make_series


def zip_of(folder: Path, path: Path, **options: int) -> Path:
    with zipfile.ZipFile(path, "w", **options) as file:  # type: ignore[arg-type]
        for member in sorted(folder.rglob("*")):
            if member.is_file():
                file.write(member, member.relative_to(folder).as_posix())
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"])
def test_a_zip_gives_the_same_scan_as_its_folder(
    tmp_path: Path, compression: int, syntax: str
) -> None:
    hu = demo_hu()
    make_series(tmp_path / "in" / "deep", hu=hu, transfer_syntax=syntax)
    (tmp_path / "in" / "readme.txt").write_text("hello")
    given = zip_of(tmp_path / "in", tmp_path / "scan.zip", compression=compression)
    scan = read_scan(given)
    np.testing.assert_array_equal(scan.hu, hu)
    assert scan.slices[0].source == "deep/IM-0001.dcm"
    assert [file.source for file in find_series(given).skipped] == ["readme.txt"]


def test_a_zip_is_known_by_its_contents(tmp_path: Path) -> None:
    make_series(tmp_path / "in")
    given = zip_of(tmp_path / "in", tmp_path / "scan.bin")
    assert find_series(given).series[0].slice_count == 5


def test_nothing_of_a_zip_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import SimpleITK

    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    hu = demo_hu((4, 6, 5))
    (tmp_path / "in").mkdir()
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(hu), str(tmp_path / "in" / "heart.nii.gz"))
    scan = read_scan(zip_of(tmp_path / "in", tmp_path / "scan.zip"))
    assert scan.shape == (4, 6, 5)
    assert scan.slices[0].source == "heart.nii.gz"
    make_series(tmp_path / "dicom")
    read_scan(zip_of(tmp_path / "dicom", tmp_path / "dicom.zip"))
    assert list(scratch.iterdir()) == []


def test_members_whose_names_lead_out_of_the_archive_are_not_read(tmp_path: Path) -> None:
    path = make_series(tmp_path / "in")[0]
    names = ["../out.dcm", "/etc/out.dcm", "a/../../out.dcm", "..\\out.dcm", "C:\\out.dcm"]
    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as file:
        file.write(path, "good.dcm")
        for name in names:
            file.writestr(name, path.read_bytes())
    catalog = find_series(tmp_path / "scan.zip")
    assert catalog.series[0].slice_count == 1
    assert len(catalog.skipped) == len(names)
    assert all("leads out of the archive" in file.reason for file in catalog.skipped)


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    make_series(tmp_path / "in")
    data = bytearray(zip_of(tmp_path / "in", tmp_path / "scan.zip").read_bytes())
    start = 0
    while (start := data.find(b"PK\x01\x02", start)) >= 0:  # set the flag in the directory
        data[start + 8] |= 1
        start += 4
    (tmp_path / "scan.zip").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"scan\.zip: the zip archive is encrypted"):
        find_series(tmp_path / "scan.zip")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("MAX_MEMBERS", 4, "5 members in the archive, allowed are 4"),
        ("MAX_MEMBER_BYTES", 100, "largest member"),
        ("MAX_TOTAL_BYTES", 1000, "would unpack to"),
    ],
)
def test_an_archive_beyond_a_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int, message: str
) -> None:
    make_series(tmp_path / "in")
    given = zip_of(tmp_path / "in", tmp_path / "scan.zip")
    assert find_series(given).series
    monkeypatch.setattr(archive, name, value)
    with pytest.raises(InputError, match=message):
        find_series(given)


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "RATIO_APPLIES_FROM_BYTES", 10**6)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros.dcm", bytes(5 * 10**6))  # about 1000 : 1
    with pytest.raises(InputError, match=r"bomb\.zip: would grow \d+-fold.*allowed is 100-fold"):
        find_series(tmp_path / "bomb.zip")


def test_a_member_that_lies_about_its_size_is_not_unpacked_beyond_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "liar.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros.dcm", bytes(10**6))
    data = bytearray((tmp_path / "liar.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + offset
        struct.pack_into("<I", data, place, 200)
    (tmp_path / "liar.zip").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"zeros\.dcm: 'zeros\.dcm' of liar\.zip is damaged"):
        find_series(tmp_path / "liar.zip")


def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path) -> None:
    make_series(tmp_path / "in")
    inner = zip_of(tmp_path / "in", tmp_path / "inner.zip")
    path = make_series(tmp_path / "other")[0]
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as file:
        file.write(inner, "inner.zip")
        file.write(path, "a.dcm")
    skipped = find_series(tmp_path / "outer.zip").skipped
    assert [(f.source, f.reason) for f in skipped] == [
        ("inner.zip", "an archive among other files is not opened: give it by itself")
    ]


@pytest.mark.parametrize("keep", [10, 0.5])
def test_a_damaged_zip_is_refused(tmp_path: Path, keep: float) -> None:
    make_series(tmp_path / "in")
    given = zip_of(tmp_path / "in", tmp_path / "scan.zip")
    data = given.read_bytes()
    given.write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    with pytest.raises(InputError, match=r"scan\.zip: the zip archive is damaged or incomplete"):
        find_series(given)


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    (tmp_path / "empty.zip").write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match=r"empty\.zip: no image series in 0 files"):
        find_series(tmp_path / "empty.zip")


def test_members_compressed_by_an_unbounded_method_are_named(tmp_path: Path) -> None:
    path = make_series(tmp_path / "in")[0]
    with zipfile.ZipFile(tmp_path / "scan.zip", "w", zipfile.ZIP_LZMA) as file:
        file.write(path, "a.dcm")
        file.write(path, "b.dcm", compress_type=zipfile.ZIP_STORED)
    skipped = find_series(tmp_path / "scan.zip").skipped
    assert [(f.source, f.reason) for f in skipped] == [
        ("a.dcm", "compressed by another method than deflate")
    ]


def test_headers_unpack_a_member_without_keeping_it(tmp_path: Path) -> None:
    path = make_series(tmp_path / "in")[0]
    size = 200 * 2**20  # below the limit for one slice
    with (
        zipfile.ZipFile(tmp_path / "big.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("a.dcm", "w") as member,
    ):
        member.write(path.read_bytes())
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    tracemalloc.start()
    find_series(tmp_path / "big.zip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size / 4  # the library skips in pieces of 16 MB


def test_a_file_larger_than_a_slice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_series(tmp_path / "in")
    size = files[0].stat().st_size
    with files[2].open("ab") as file:
        file.write(bytes(100))
    monkeypatch.setattr(header, "MAX_CLASSIC_BYTES", size)
    found = find_series(zip_of(tmp_path / "in", tmp_path / "scan.zip"))
    assert [f.reason for f in found.skipped] == [
        f"{size + 100} bytes, more than an image of one slice has"
    ]
    assert {item.code for item in found.series[0].findings} >= {"DAMAGED_FILES"}


def test_a_deflated_file_that_grows_beyond_its_size_is_refused(tmp_path: Path) -> None:
    path = make_series(tmp_path, transfer_syntax="1.2.840.10008.1.2.1.99")[0]
    data = path.read_bytes()
    start = parse_meta(data)[1]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(zlib.decompress(data[start:], -15))
    for _ in range(100):  # 100 MB of zeros deflate to 0.1 MB
        bomb += packer.compress(bytes(2**20))
    path.write_bytes(data[:start] + bomb + packer.flush())
    tracemalloc.start()
    found = find_series(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [f.source for f in found.skipped] == [path.name]
    assert found.series[0].slice_count == 4
    assert peak < 2 * opening.RATIO_APPLIES_FROM_BYTES
