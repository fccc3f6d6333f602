"""Volume files that lie: of where their voxels are, of how many, of what they mean."""

import gzip
import os
import struct
import tracemalloc
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.find import find_series
from corcal.ct.nifti_header import read_nifti_header
from corcal.ct.read import read_scan
from corcal.ct.scan import AIR_HU
from corcal.ct.volume_checks import check_data, not_finite
from corcal.errors import InputError
from dicom_maker import demo_hu

HU = demo_hu((3, 4, 5)).astype("<i2")  # 60 voxels, 120 bytes
RAW = HU.tobytes()
ITSELF = "a file of this name must hold its voxels itself"
BESIDE = "its voxels must be in one file beside it|which is not there or no plain file"
UNCLEAR = "its header has an unclear or repeated line"


def nrrd(last: str = "", *, encoding: str = "raw", kind: str = "short") -> str:
    return (
        f"NRRD0004\ntype: {kind}\ndimension: 3\nspace: left-posterior-superior\nsizes: 5 4 3\n"
        "space directions: (0.5,0,0) (0,0.5,0) (0,0,3)\nkinds: domain domain domain\n"
        f"endian: little\nencoding: {encoding}\nspace origin: (0,0,0)\n{last}"
        + ("\n\n" if last else "\n")
    )


def meta(last: str = "ElementDataFile = LOCAL", *, more: str = "", kind: str = "MET_SHORT") -> str:
    return (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"{more}ElementSpacing = 0.5 0.5 3\nDimSize = 5 4 3\nElementType = {kind}\n{last}\n"
    )


def packed(stream: bytes, size: int | None = None) -> bytes:
    size = len(stream) if size is None else size
    return meta(more=f"CompressedData = True\nCompressedDataSize = {size}\n").encode() + stream


def nifti(data: bytes = RAW, **fields: tuple[str, int, tuple[float, ...]]) -> bytes:
    """A header by hand: 5 x 4 x 3 voxels of int16, 0.5 x 0.5 x 3 mm, by sform and pixdim."""
    head = bytearray(352)
    base = {
        "size": ("i", 0, (348,)), "dim": ("8h", 40, (3, 5, 4, 3, 1, 1, 1, 1)),
        "kind": ("2h", 70, (4, 16)), "pixdim": ("4f", 76, (1, 0.5, 0.5, 3)),
        "offset": ("f", 108, (352,)), "slope": ("2f", 112, (1, 0)), "units": ("B", 123, (2,)),
        "codes": ("2h", 252, (0, 1)),
        "sform": ("12f", 280, (-0.5, 0, 0, 0, 0, -0.5, 0, 0, 0, 0, 3, 0)),
    }  # fmt: skip
    for layout, place, values in (base | fields).values():
        struct.pack_into(f"<{layout}", head, place, *values)
    head[344:348] = b"n+1\0"
    return bytes(head) + data


def kind_of(code: int, bits: int) -> dict[str, tuple[str, int, tuple[float, ...]]]:
    return {"kind": ("2h", 70, (code, bits))}


def sized(*sizes: int) -> dict[str, tuple[str, int, tuple[float, ...]]]:
    return {"dim": ("8h", 40, (3, *sizes, 1, 1, 1, 1))}


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


GOOD = {
    "a.nii": nifti(),
    "a.nii.gz": gzip.compress(nifti()),
    "a.nrrd": nrrd().encode() + RAW,
    "b.nrrd": nrrd(encoding="gzip").encode() + gzip.compress(RAW),
    "c.nrrd": nrrd("byte skip: -1").encode() + RAW,
    "d.nrrd": nrrd("# a remark\nkey:=a: value").replace("\n", "\r\n").encode() + RAW,
    "e.nrrd": nrrd(encoding="ascii").encode() + " ".join(map(str, HU.ravel())).encode(),
    "a.mha": meta().encode() + RAW,
    "b.mha": packed(zlib.compress(RAW)),
    "c.mha": packed(gzip.compress(RAW)),
    "f.nrrd": nrrd(encoding="gzip").encode() + gzip.compress(RAW[:50]) + gzip.compress(RAW[50:]),
    "b.nii.gz": gzip.compress(nifti()[:400]) + gzip.compress(nifti()[400:]),
    "a.nhdr": nrrd("data file: voxels.raw").encode(),
    "b.nhdr": nrrd("Datafile: voxels.gz", encoding="gzip").encode(),
    "a.mhd": meta("ElementDataFile = voxels.raw").encode(),
    "b.mhd": meta("ElementDataFile = longer.raw", more="HeaderSize = -1\n").encode(),
    "c.mhd": meta("ElementDataFile = longer.raw", more="HeaderSize = 7\n").encode(),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_formed_is_read(tmp_path: Path, name: str) -> None:
    put(tmp_path / "voxels.raw", RAW)
    put(tmp_path / "voxels.gz", gzip.compress(RAW))
    put(tmp_path / "longer.raw", bytes(7) + RAW)
    np.testing.assert_array_equal(read_scan(put(tmp_path / name, GOOD[name])).hu, HU)


ESCAPES = [
    ("a.nrrd", nrrd("data file: {}"), ITSELF),
    ("b.nrrd", nrrd("DATAFILE: {}"), ITSELF),
    ("c.nrrd", nrrd("data file:{}"), ITSELF),
    ("d.nrrd", nrrd("data file: LIST\n{}"), UNCLEAR),
    ("e.nrrd", nrrd("# remark\rdata file: {}"), "its header is not text"),
    ("a.nhdr", nrrd("data file: {}"), BESIDE),
    ("b.nhdr", nrrd("data file:=ok.raw\ndata file: {}"), UNCLEAR),
    ("c.nhdr", nrrd("data file: ok.raw\nData  File: {}"), UNCLEAR),
    ("d.nhdr", nrrd("data file: link.raw"), BESIDE),
    ("e.nhdr", nrrd("data file: pipe"), BESIDE),
    ("f.nhdr", nrrd("data file: .."), BESIDE),
    ("a.mha", meta("ElementDataFile = {}"), ITSELF),
    ("b.mha", meta("ElementDataFile = LIST\n{}"), ITSELF),
    ("c.mha", meta("elementdatafile = LOCAL\nElementDataFile = {}"), UNCLEAR),
    ("d.mha", meta("ElementDataFile: {}\nElementDataFile = LOCAL"), UNCLEAR),
    # MetaIO takes the next line for the third number, and then reads the one after it.
    ("e.mha", meta("Offset = 1 2\nElementDataFile = LOCAL\nElementDataFile = {}"), UNCLEAR),
    ("a.mhd", meta("ElementDataFile = {}"), BESIDE),
    ("b.mhd", meta("elementdatafile = ok.raw\nElementDataFile = {}"), UNCLEAR),
    ("c.mhd", meta("Offset = 1 2\nElementDataFile = ok.raw\nElementDataFile = {}"), UNCLEAR),
    ("d.mhd", meta("ElementDataFile = link.raw"), BESIDE),
    ("e.mhd", meta("ElementDataFile = pipe"), BESIDE),
]


@pytest.mark.parametrize(("name", "header", "reason"), ESCAPES)
def test_no_header_leads_out_of_its_file_or_folder(
    tmp_path: Path, name: str, header: str, reason: str
) -> None:
    secret = put(tmp_path / "secret.raw", RAW)
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "link.raw").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    put(folder / "ok.raw", RAW)
    path = put(folder / name, header.replace("{}", str(secret)).encode())
    if name.endswith(("nrrd", "mha")):
        path.write_bytes(path.read_bytes() + RAW)
    with pytest.raises(InputError, match=rf"^{name}: .*({reason})"):
        read_scan(path)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
def test_a_line_that_is_not_understood_is_not_repeated_to_the_world(
    tmp_path: Path, name: str
) -> None:
    line = "Doe^Jane 1950\n"
    header = nrrd(line) if name == "a.nrrd" else meta(f"{line}ElementDataFile = LOCAL")
    with pytest.raises(InputError, match=rf"^{name}: its header has an unclear or [\w ]+$"):
        read_scan(put(tmp_path / name, header.encode() + RAW))


@pytest.mark.parametrize(
    ("name", "header", "reason"),
    [
        ("a.nrrd", nrrd("data file: {}"), ITSELF),
        ("a.mha", meta("ElementDataFile = {}"), ITSELF),
        ("a.nhdr", nrrd("data file: a.raw"), "unpack the archive first"),
        ("a.mhd", meta("ElementDataFile = a.raw"), "unpack the archive first"),
    ],
)
def test_no_header_leads_out_of_an_archive(
    tmp_path: Path, name: str, header: str, reason: str
) -> None:
    secret = put(tmp_path / "secret.raw", RAW)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, header.replace("{}", str(secret)))
        archive.writestr("a.raw", RAW)
    with pytest.raises(InputError, match=reason):
        read_scan(tmp_path / "a.zip")


def test_a_text_header_without_an_end_is_refused(tmp_path: Path) -> None:
    for name, line in (("a.nrrd", "a:=b\n"), ("a.mha", "A = b\n")):
        header = (nrrd() if name == "a.nrrd" else meta("Name = a")).rstrip("\n") + "\n"
        path = put(tmp_path / name, header + line * 300_000)
        with pytest.raises(InputError, match=rf"^{name}: "):
            read_scan(path)


NOISE = np.random.default_rng(1).bytes(12000)
FLOATS = HU.astype("<f4").tobytes()
COUNTS = [
    # 119 or 121 bytes of 120, compressed: the libraries fill up, or stop, without a word.
    ("a.mha", packed(zlib.compress(RAW[:-1])), "has 119 bytes of voxels, 120 are needed"),
    ("b.mha", packed(zlib.compress(RAW + b"\1")), "more than 120 bytes .* declares 120"),
    ("c.mha", packed(zlib.compress(RAW)[:-20]), "compressed voxels are truncated"),
    ("d.mha", packed(zlib.compress(RAW), 9), "header declares 9"),
    # MetaIO takes the first member for all, and leaves the rest of the memory as it was.
    ("g.mha", packed(gzip.compress(RAW[:50]) + gzip.compress(RAW[50:])), "voxels are damaged"),
    # Without their size it does not find them, and says nothing that a program hears.
    ("h.mha", meta(more="CompressedData = True\n").encode() + zlib.compress(RAW), "DataSize"),
    ("a.nrrd", nrrd(encoding="gzip").encode() + gzip.compress(RAW[:-1]), "119 .*120 are needed"),
    ("b.nrrd", nrrd(encoding="gzip").encode() + gzip.compress(RAW + b"\1"), "more than 120"),
    ("c.nrrd", nrrd(encoding="ascii").encode() + b"1 " * 59, "59 numbers .*60 are needed"),
    ("a.nii.gz", gzip.compress(nifti(RAW[:-1])), "119 bytes of voxels, 120 are needed"),
    ("b.nii.gz", gzip.compress(nifti(RAW + b"\1")), "more than 120 bytes"),
    ("c.nii.gz", gzip.compress(nifti(NOISE, **sized(50, 40, 3)))[:-20], "voxels are truncated"),
    ("e.mha", meta(kind="MET_DOUBLE").encode() + FLOATS, "240 bytes of voxels, 480 are needed"),
    ("f.mha", meta(kind="MET_LONG_LONG").encode() + FLOATS, "240 bytes .*480 are needed"),
    ("d.nrrd", nrrd(kind="int64").encode() + FLOATS, "240 bytes .*480 are needed"),
    ("a.nii", nifti(RAW[:-1]), "119 bytes of voxels, 120 are needed"),
    ("b.nii", nifti(RAW * 2), "has 240 bytes of voxels, its header declares 120"),
]


@pytest.mark.parametrize(("name", "content", "reason"), COUNTS)
def test_other_than_the_declared_number_of_voxels_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(InputError, match=rf"^{name}: .*{reason}"):
        read_scan(put(tmp_path / name, content))


def offset(value: float) -> dict[str, tuple[str, int, tuple[float, ...]]]:
    return {"offset": ("f", 108, (value,))}


def steps(z: float, *, sform: float = 3) -> dict[str, tuple[str, int, tuple[float, ...]]]:
    rows = (-0.5, 0, 0, 0, 0, -0.5, 0, 0, 0, 0, sform, 0)
    return {"pixdim": ("4f", 76, (1, 0.5, 0.5, z)), "sform": ("12f", 280, rows)}


CONTRADICTIONS = [
    (nifti(RAW[:60], **kind_of(4, 8)), "values of 8 bits and datatype 4, which has 16 bits"),
    (nifti(RAW, **kind_of(2, 1)), "values of 1 bits and datatype 2, which has 8 bits"),
    (nifti(RAW, **kind_of(0, 16)), "datatype 0, which is not supported"),
    (nifti(RAW, **offset(351)), "byte 351 .*must be 352 or more"),
    (nifti(RAW, **offset(0)), "byte 0 "),
    (nifti(RAW, **offset(-5)), "byte -5 "),
    (nifti(RAW, **offset(352.5)), "byte 352.5 "),
    (nifti(RAW, **offset(float("nan"))), "byte nan "),
    (nifti(RAW, **steps(3, sform=6)), "sform .* 0.5 x 0.5 x 6, its pixdim of 0.5 x 0.5 x 3"),
    (nifti(RAW, **steps(3, sform=3.031)), "sform has a spacing"),  # 1.03 %
    (nifti(RAW, **steps(3, sform=float("nan"))), "sform has a spacing of 0.5 x 0.5 x nan"),
    (nifti(RAW, **steps(0)), "pixdim. is 0.5 x 0.5 x 0"),
    (nifti(RAW, **steps(-3)), "pixdim. is 0.5 x 0.5 x -3"),
    (nifti(RAW, **steps(float("inf"))), "pixdim. is 0.5 x 0.5 x inf"),
]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize(("content", "reason"), CONTRADICTIONS)
def test_a_nifti_header_that_contradicts_itself_is_refused(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    content = gzip.compress(content) if name.endswith("gz") else content
    with pytest.raises(InputError, match=rf"^{name}: .*{reason}"):
        read_scan(put(tmp_path / name, content))


def test_spacings_of_a_nifti_header_may_differ_by_a_percent(tmp_path: Path) -> None:
    scan = read_scan(put(tmp_path / "a.nii", nifti(RAW, **steps(3, sform=3.029))))  # 0.97 %
    assert scan.spacing_mm == (3.0, 0.5, 0.5)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
@pytest.mark.parametrize("width", ["f4", "f8"])
def test_voxels_without_a_value_are_air_in_every_format(
    tmp_path: Path, name: str, width: str
) -> None:
    values = HU.astype(f"<{width}")
    values[0, 1, 2], values[2, 3, 4], values[1, 0, 0] = np.nan, np.inf, -np.inf
    data = values.tobytes()
    code = {"f4": (16, 32), "f8": (64, 64)}[width]
    kind = {"f4": "float", "f8": "double"}[width]
    content = {
        "a.nii": nifti(data, **kind_of(*code)),
        "a.nii.gz": gzip.compress(nifti(data, **kind_of(*code))),
        "a.nrrd": nrrd(kind=kind).encode() + data,
        "a.mha": meta(kind=f"MET_{kind.upper()}").encode() + data,
    }[name]
    scan = read_scan(put(tmp_path / name, content))
    expected = np.where(np.isfinite(values), HU, AIR_HU)
    np.testing.assert_array_equal(scan.hu, expected)
    (padding,) = (item for item in scan.findings if item.code == "PIXEL_PADDING")
    assert padding.message.startswith("3 voxels without a value")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2])
def test_nifti_values_are_checked_in_either_byte_order_and_version(
    order: str, version: int, tmp_path: Path
) -> None:
    """A header and two voxels by hand, after the NIfTI-1 and NIfTI-2 standards."""
    head = bytearray(352 if version == 1 else 544)
    sizes = (3, 2, 1, 1, 1, 1, 1, 1)
    if version == 1:
        struct.pack_into(f"{order}i", head, 0, 348)
        struct.pack_into(f"{order}8h", head, 40, *sizes)
        struct.pack_into(f"{order}2h", head, 70, 64, 64)  # type float64, bits
        struct.pack_into(f"{order}4f", head, 76, 1, 0.5, 0.5, 3)
        struct.pack_into(f"{order}f", head, 108, 352)
        head[344:348] = b"n+1\0"
    else:
        struct.pack_into(f"{order}i8s", head, 0, 540, b"n+2\0\r\n\x1a\n")
        struct.pack_into(f"{order}2h", head, 12, 64, 64)
        struct.pack_into(f"{order}8q", head, 16, *sizes)
        struct.pack_into(f"{order}4d", head, 104, 1, 0.5, 0.5, 3)
        struct.pack_into(f"{order}q", head, 168, 544)
    for values, wrong in (((1.0, 2.0), []), ((1.0, np.nan), [1]), ((-np.inf, 2.0), [0])):
        path = put(tmp_path / "a.nii", bytes(head) + struct.pack(f"{order}2d", *values))
        header = read_nifti_header(path, ".nii")
        check_data(header)
        assert not_finite(header).tolist() == wrong


@pytest.mark.parametrize("value", [1e300, -1e39])
def test_values_beyond_single_precision_are_refused(tmp_path: Path, value: float) -> None:
    values = HU.astype("<f8")
    values[0, 1, 2] = value
    path = put(tmp_path / "a.mha", meta(kind="MET_DOUBLE").encode() + values.tobytes())
    with pytest.raises(InputError, match=r"^a\.mha: 1 voxels have values that are no HU"):
        read_scan(path)


def test_a_small_file_that_inflates_to_gigabytes_is_refused_unopened(tmp_path: Path) -> None:
    # 4096 x 4096 x 65 x 2 bytes are 2 GiB and 32 MiB.
    head = nifti(b"", **sized(4096, 4096, 65))
    path = put(tmp_path / "a.nii.gz", gzip.compress(head + bytes(2**20)))
    with pytest.raises(InputError, match=r"declares 4096 x 4096 x 65 voxels.*2147483648 bytes"):
        read_scan(path)
    assert [item.code for item in find_series(path).series[0].findings][-1] == "TOO_LARGE"


def test_no_more_is_inflated_than_the_header_needs(tmp_path: Path) -> None:
    bomb = gzip.compress(nifti() + bytes(2**28))
    path = put(tmp_path / "a.nii.gz", bomb[:-8])  # its end is never reached
    tracemalloc.start()
    with pytest.raises(InputError, match="more than 120 bytes"):
        read_scan(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**25


def test_libraries_print_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    # A sheared sform and a truncated header make ITK and the NIfTI library complain.
    rows = (-0.5, 0, 0, 0, 0, -0.5, 0, 0, 0, 0.1, 3, 0)
    sheared = nifti(RAW, sform=("12f", 280, rows), codes=("2h", 252, (1, 1)))
    for name, content in (
        ("a.nii", sheared),
        ("b.nii", nifti(RAW, codes=("2h", 252, (0, 0)))),
        ("c.mha", meta("Offset = 1\nElementDataFile = LOCAL").encode() + RAW),
        ("d.nrrd", nrrd("space units: cm").encode() + RAW),
    ):
        with suppress(InputError):
            read_scan(put(tmp_path / name, content))
    assert capfd.readouterr() == ("", "")
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"
