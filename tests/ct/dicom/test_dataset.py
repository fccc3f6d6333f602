"""The header parser agrees with pydicom, element for element."""

import io
import random
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from corcal.ct.dicom.charsets import decode_text
from corcal.ct.dicom.dataset import HeaderError, RawDataset, read_header
from corcal.ct.dicom.quiet import quiet_pydicom
from dicom_maker import LOSSLESS_SYNTAXES, demo_hu, make_enhanced, make_series


def assert_same(ours: RawDataset, theirs: Dataset) -> None:
    tags = theirs.keys()  # iterating the data set itself would convert its elements
    assert set(ours.elements) == {int(tag) for tag in tags}
    for tag in ours.elements:
        element = theirs.get_item(tag)
        if isinstance(element, RawDataElement) and element.VR not in ("SQ", "UN"):
            assert (ours.value(tag) or b"") == (element.value or b""), f"{tag:08X}"
        with quiet_pydicom():
            value = theirs[tag].value
        if isinstance(value, Sequence):
            items = ours.items(tag)
            assert len(items) == len(value), f"{tag:08X}"
            for mine, other in zip(items, value, strict=True):
                assert_same(mine, other)


def compare(path: Path) -> None:
    with path.open("rb") as file:
        ours = read_header(file)
    with quiet_pydicom():
        theirs = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        assert_same(ours, theirs)
        assert ours.transfer_syntax() == str(
            theirs.file_meta.get("TransferSyntaxUID", ours.transfer_syntax())
        )


# Deflated data sets are unpacked before they are parsed.
PARSED_SYNTAXES = [s for s in LOSSLESS_SYNTAXES if s != "1.2.840.10008.1.2.1.99"]


@pytest.mark.parametrize("syntax", PARSED_SYNTAXES, ids=lambda uid: uid.name)
def test_headers_of_every_syntax_agree_with_pydicom(tmp_path: Path, syntax: str) -> None:
    compare(make_series(tmp_path, transfer_syntax=syntax)[0])


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize("undefined", [True, False])
def test_nested_sequences_agree_with_pydicom(tmp_path: Path, syntax: str, undefined: bool) -> None:
    path = make_enhanced(tmp_path / "a.dcm", transfer_syntax=syntax, hu=demo_hu((40, 8, 8)))
    ds = pydicom.dcmread(path)
    for element in ds.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    ds.save_as(path)
    compare(path)


@pytest.mark.shared
def test_headers_of_real_scans_agree_with_pydicom(shared_dir: Path) -> None:
    files = sorted((shared_dir / "data").rglob("dicom*/**/*"))
    chosen = [path for path in files if path.is_file() and path.suffix != ".csv"][::5]
    assert len(chosen) > 50
    for path in chosen:
        compare(path)


def test_an_unknown_sequence_of_undefined_length_is_implicit_inside() -> None:
    # (0009,1001) UN undefined { item { (0008,0060) implicit "CT" } } then (0010,0020) LO "ABCD"
    inner = struct.pack("<HHI", 0x0008, 0x0060, 2) + b"CT"
    data = (
        struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2)
        + b"CT"
        + struct.pack("<HH2sHI", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFFF)
        + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
        + inner
        + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
        + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        + struct.pack("<HH2sH", 0x0010, 0x0020, b"LO", 4)
        + b"ABCD"
    )
    ds = read_header(io.BytesIO(data))
    assert ds.value(0x00100020) == b"ABCD"
    assert ds.items(0x00091001)[0].value(0x00080060) == b"CT"


def test_an_implicit_data_set_that_claims_to_be_explicit_is_read(tmp_path: Path) -> None:
    path = make_series(tmp_path, transfer_syntax="1.2.840.10008.1.2")[0]
    data = path.read_bytes()
    assert b"1.2.840.10008.1.2\0" in data
    path.write_bytes(data.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2.1\0\0"[:18]))
    with path.open("rb") as file:
        assert read_header(file).value(0x00080060) == b"CT"


def test_sequences_nested_without_end_are_refused() -> None:
    start = struct.pack("<HH2sH", 0x0008, 0x0060, b"CS", 2) + b"CT"
    level = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    with pytest.raises(HeaderError, match="more than 32 nested sequences"):
        read_header(io.BytesIO(start + level * 5000))


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_any_bytes_give_a_data_set_or_a_header_error(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "parser" / "a.dcm"
    if not path.exists():
        make_enhanced(path, hu=demo_hu((3, 4, 4)))
    rng = random.Random(seed)  # noqa: S311
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 20)):
        data[rng.randrange(132, len(data))] = rng.choice((0, 0xFF, 0xFE, rng.randrange(256)))
    try:
        ds = read_header(io.BytesIO(bytes(data)))
        for tag in ds.elements:
            ds.items(tag)
    except HeaderError:
        pass


def test_a_header_longer_than_one_read_is_complete(tmp_path: Path) -> None:
    tags = {
        "ImageComments": "x" * 10_000,
        "SegmentedRedPaletteColorLookupTableData": b"\1\2" * 90_000,
    }
    path = make_series(tmp_path, tags=tags)[0]
    with path.open("rb") as file:
        ds = read_header(file)
    assert ds.value(0x00204000) == b"x" * 10_000
    assert ds.pixels is not None
    compare(path)


@pytest.mark.parametrize(
    ("value", "character_sets", "expected"),
    [
        (b"Yamada^Tarou", ("ISO 2022 IR 13", "ISO 2022 IR 87"), "Yamada^Tarou"),
        ("Müller^Zoë".encode("latin-1"), ("ISO_IR 100",), "Müller^Zoë"),
        ("Müller^Zoë".encode("latin-1"), (), "Müller^Zoë"),
        ("Müller^Zoë".encode(), ("ISO_IR 192",), "Müller^Zoë"),
        ("Жук".encode("iso8859_5"), ("ISO_IR 144",), "Жук"),
        ("Δίας".encode("iso8859_7"), ("ISO_IR 126",), "Δίας"),
        ("王^小东".encode("gb18030"), ("GB18030",), "王^小东"),
        # PS3.5 H.3.1: Japanese with escape sequences
        (
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B",
            ("", "ISO 2022 IR 87"),
            "Yamada^Tarou=山田^太郎",
        ),
        (b"M\xfcller", ("ISO_IR 192",), "M\ufffdller"),
        (b"M\xfcller", ("no such set",), "Müller"),
    ],
)
def test_names_are_decoded_in_their_character_set(
    value: bytes, character_sets: tuple[str, ...], expected: str
) -> None:
    assert decode_text(value, character_sets) == expected
