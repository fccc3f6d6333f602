"""What corcal reads of a header is what pydicom reads, for every tag that it uses.

On the files that pydicom is tested with, on odd real files, and on random data sets.
"""

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydicom import dcmread, dcmwrite
from pydicom.config import disable_value_validation
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

import corcal.ct.dicom
from corcal.ct.dicom.dataset import read_header
from corcal.ct.dicom.opening import open_dicom
from corcal.ct.dicom.quiet import quiet_pydicom
from corcal.ct.dicom.tags import Tags
from corcal.ct.files import FileOpener, SkipFile
from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.errors import CorcalError
from ct.dicom.pixel_peer import compare_pixels
from dicom_maker import demo_hu, make_series

PACKAGED = Path(pydicom.__file__).parent / "data"
NO_IMAGES = (".py", ".pyc", ".json", ".txt", ".md", ".dump", ".icc")
FILES = sorted(
    str(path.relative_to(PACKAGED))
    for path in PACKAGED.rglob("*")
    if path.is_file() and path.suffix not in NO_IMAGES
)
# pydicom reads these only if it is forced to; corcal does not.
NOT_DICOM = {
    "test_files/dicomdirtests/TINY_ALPHA/README",  # text
    "test_files/no_meta.dcm",  # begins with a stray blank
    "test_files/zipMR.gz",  # gzip
}
SEQUENCE_AND_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010, 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD)
# A sequence in which a file ends is lost to corcal, which needs none of such a file.
CUT_OFF = {"test_files/rtplan_truncated.dcm": 0x300A00B0}
WITHOUT_USED_TAGS = (
    "UN_sequence.dcm",
    "DICOMDIR-empty.dcm",
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
    "priv_SQ.dcm",
)
NUMERIC = ("DS", "IS", "FL", "FD", "US", "UL", "US or SS")
BLANK = " \0\r\n\t"


def used_tags() -> Iterator[int]:
    """Every tag that stands in the source of the reader."""
    for path in Path(corcal.ct.dicom.__file__).parent.glob("*.py"):
        for digits in re.findall(r"\b0x([0-9A-F]{8})\b", path.read_text()):
            tag = int(digits, 16)
            if dictionary_has_tag(tag) and tag not in SEQUENCE_AND_PIXELS and tag >> 16 != 2:
                yield tag


USED = sorted(set(used_tags()))


def is_sequence(tag: int) -> bool:
    return dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"


def by_pydicom(ds: Dataset, tag: int) -> tuple[Any, ...] | None:
    """Values of an element as Python numbers and stripped text; ``None`` if it is malformed."""
    try:
        value = ds[tag].value
    except (
        ValueError,
        TypeError,
        OverflowError,
        NotImplementedError,
        pydicom.errors.BytesLengthException,
    ):
        return None
    if value is None:
        return ()
    values = list(value) if isinstance(value, MultiValue | list) else [value]
    plain = tuple(v if isinstance(v, int | float) else str(v).strip(BLANK) for v in values)
    if dictionary_VR(tag) in NUMERIC and any(isinstance(v, str) for v in plain):
        return None
    return plain if any(v != "" for v in plain) else ()


def by_corcal(tags: Tags, tag: int, *, signed: bool) -> tuple[Any, ...]:
    """Values of an element, read as the reader reads elements of its representation."""
    vr = dictionary_VR(tag)
    if dictionary_VM(tag) == "1" and vr in ("DS", "IS"):
        one = tags.number(tag) if vr == "DS" else tags.integer(tag)
        return () if one is None else (one,)
    if vr in ("CS", "UI", "DA", "TM", "DT", "AS"):
        return tags.texts(tag)
    if vr in ("LO", "SH", "PN"):
        text = tags.decoded(tag)
        if vr == "PN" and text is not None:
            text = text.rstrip("=")  # pydicom leaves out component groups that are empty
        return () if text is None else tuple(text.split("\\"))
    if vr == "DS":
        return tags.numbers(tag, len(tags.texts(tag))) or ()
    if vr in ("FL", "FD"):
        return tags.floats(tag, "f" if vr == "FL" else "d")
    number = tags.ulong(tag) if vr == "UL" else tags.ushort(tag, signed=signed and " or " in vr)
    return () if number is None else (number,)


def assert_same_values(ours: Tags, theirs: Dataset, where: str = "") -> int:
    """Compare every used tag, in sequences as well; return how many values were compared."""
    signed = theirs.get("PixelRepresentation", 0) == 1
    compared = 0
    for tag in sorted({*USED, *(int(t) for t in list(theirs.keys()) if is_sequence(int(t)))}):
        name = f"{where}{tag:08X}"
        assert (tag in ours) == (tag in theirs), name
        if tag not in theirs:
            continue
        if is_sequence(tag):
            items = ours.items(tag)
            assert len(items) == len(theirs[tag].value), name
            for k, (mine, other) in enumerate(zip(items, theirs[tag].value, strict=True)):
                compared += assert_same_values(mine, other, f"{name}[{k}].")
            continue
        expected = by_pydicom(theirs, tag) or ()
        if dictionary_VM(tag) == "1" and dictionary_VR(tag) in ("DS", "IS", "US", "UL", "US or SS"):
            expected = expected[:1]  # the reader takes the first, if there are several
        found = by_corcal(ours, tag, signed=signed)
        assert found == expected, name
        compared += len(found)
    return compared


def compare(path: Path, *, cut_off: int | None = None) -> int:
    with FileOpener() as opener, open_dicom(opener, path, None) as file:
        ours = Tags(read_header(file))
    with quiet_pydicom():
        theirs = dcmread(path, stop_before_pixels=True, force=True)
        if cut_off is not None:
            assert cut_off not in ours
            del theirs[cut_off]
        return assert_same_values(ours, theirs)


def find_without_accident(path: Path) -> None:
    try:
        series = find_series(path).series
        assert series
        read_scan(path)
    except CorcalError:
        pass


def test_the_tags_of_the_reader_are_found_in_its_source() -> None:
    assert len(USED) > 80
    assert {0x00200032, 0x00281053, 0x00100010, 0x52009230} <= set(USED)
    assert len(FILES) > 150


@pytest.mark.parametrize("name", FILES)
def test_packaged_files_are_read_as_pydicom_reads_them(name: str) -> None:
    if name in NOT_DICOM:
        with FileOpener() as opener, pytest.raises(SkipFile, match="not DICOM"):
            open_dicom(opener, PACKAGED / name, None)
    else:
        compared = compare(PACKAGED / name, cut_off=CUT_OFF.get(name))
        assert (compared > 0) == (Path(name).name not in WITHOUT_USED_TAGS)


@pytest.mark.parametrize("name", FILES)
def test_packaged_files_give_series_or_one_clear_error(name: str) -> None:
    find_without_accident(PACKAGED / name)


@pytest.mark.shared
def test_odd_real_files_are_read_as_pydicom_reads_them(shared_dir: Path) -> None:
    files = [path for path in (shared_dir / "data" / "dicom-odd").rglob("*") if path.is_file()]
    assert len(files) >= 17
    for path in files:
        assert compare(path) > 30, path
        find_without_accident(path)


# Text of several scripts, and in what it is encoded; the last two names are misspelt and unknown.
TEXTS = ("", "SMITH^JANE", " blank ", "Zoë\\Ärzte", "Жук^Пётр", "王^小东=王", "ﾔﾏﾀﾞ^ﾀﾛｳ")
CHARACTER_SETS = {
    "": "latin-1",
    "ISO_IR 100": "latin-1",
    "ISO_IR 192": "utf-8",
    "ISO_IR 144": "iso8859_5",
    "GB18030": "gb18030",
    "ISO_IR 13": "shift_jis",
    "ISO 2022 IR 100": "latin-1",
    "ISO IR 100": "latin-1",
    "KLINGON": "latin-1",
}
BAD_NUMBERS = ("", " ", "abc", "1,5", "7 mm", "1.5.2", "--1", "0x10")
CODES = ("CT", "", " CT", "A\\B", "A\\\\B ", "\\", "1.2.3\0", "20250101", "lower case")
BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}


@st.composite
def numeric_value(draw: st.DrawFn, vr: str, order: str, whole: bool) -> bytes:
    """Bytes of one or several numbers; what is malformed stands alone."""
    numbers = draw(st.lists(st.integers(0, 2**15 - 1), max_size=6))
    if vr in BINARY:
        return struct.pack(f"{order}{len(numbers)}{BINARY[vr]}", *numbers)
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(BAD_NUMBERS)).encode()
    forms = st.sampled_from(("{}", " {} ", "+{}") + ("{}.125", "-{}e-1") * (not whole))
    text = "\\".join(draw(forms).format(number) for number in numbers)
    return (text + draw(st.sampled_from(("", " ", "\0")))).encode()


@st.composite
def raw_element(
    draw: st.DrawFn, tag: int, codec: str, implicit: bool, order: str
) -> RawDataElement:
    """Draw an element, legal or slightly not: its value is written as the bytes that it is."""
    vr = stated = dictionary_VR(tag).split(" or ")[0]
    if vr in NUMERIC:
        whole = vr not in ("DS", "FL", "FD")
        if not implicit and draw(st.integers(0, 3)) == 0:  # claims to be something else
            vr = draw(st.sampled_from((*BINARY, "DS", "IS")[: 8 if tag != 0x00280103 else 1]))
        value = draw(numeric_value(vr, order, whole or vr == "IS"))
    elif vr in ("LO", "SH", "PN"):
        text = draw(st.sampled_from(TEXTS)).encode(codec, errors="replace")
        value = text + draw(st.sampled_from((b"", b" ", b"\0")))
    else:
        value = draw(st.sampled_from(CODES)).encode()
    if (
        not implicit
        and order == "<"
        and vr == stated
        and vr in BINARY
        and draw(st.integers(0, 9)) == 0
    ):
        vr = "UN"
    return RawDataElement(BaseTag(tag), vr, len(value), value, 0, implicit, order == "<")


@st.composite
def random_dataset(
    draw: st.DrawFn, implicit: bool, order: str, codec: str = "latin-1", depth: int = 0
) -> Dataset:
    """Draw a data set of tags that the reader uses, private ones, and sequences of such."""
    ds = Dataset()
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(CHARACTER_SETS)))
        codec = CHARACTER_SETS[name]
        ds[0x00080005] = raw(0x00080005, "CS", name.encode(), implicit, order)
    # pydicom does not know the character set yet when it comes to a sequence of group 0004.
    tags = st.sampled_from([tag for tag in USED if tag > 0x00080005])
    for tag in draw(st.lists(tags, max_size=10, unique=True)):
        if is_sequence(tag) and depth < 3:
            inner = random_dataset(implicit, order, codec, depth + 1)
            ds[tag] = sequence(tag, draw(st.lists(inner, max_size=2)), draw(st.booleans()))
        elif not is_sequence(tag):
            ds[tag] = draw(raw_element(tag, codec, implicit, order))
    if draw(st.booleans()):
        ds[0x00210010] = raw(0x00210010, "LO", b"CORCAL", implicit, order)
        value = draw(st.binary(max_size=20))
        ds[0x00211001] = raw(0x00211001, "OB", value, implicit, order)
        inner = [Dataset()] if draw(st.booleans()) else []
        ds[0x00211002] = sequence(0x00211002, inner, draw(st.booleans()))
    ds.set_original_encoding(implicit, order == "<", ds._character_set)  # written as it is
    return ds


def raw(tag: int, vr: str, value: bytes, implicit: bool, order: str) -> RawDataElement:
    return RawDataElement(BaseTag(tag), vr, len(value), value, 0, implicit, order == "<")


def sequence(tag: int, items: list[Dataset], undefined_length: bool) -> DataElement:
    element = DataElement(tag, "SQ", Sequence(items))
    element.is_undefined_length = undefined_length
    for item in items:
        item.is_undefined_length_sequence_item = undefined_length
    return element


@pytest.mark.filterwarnings("ignore::UserWarning")  # what pydicom says of illegal values
@pytest.mark.parametrize(
    ("implicit", "order"),
    [(True, "<"), (False, "<"), (False, ">")],
    ids=["implicit", "explicit", "big endian"],
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_data_sets_are_read_as_pydicom_reads_them(
    implicit: bool, order: str, data: st.DataObject
) -> None:
    def written(ds: Dataset) -> bytes:
        buffer = BytesIO()
        dcmwrite(buffer, ds, implicit_vr=implicit, little_endian=order == "<")
        return buffer.getvalue()

    with quiet_pydicom(), disable_value_validation():
        encoded = data.draw(random_dataset(implicit, order).map(written))
        theirs = dcmread(BytesIO(encoded), force=True)
        compared = assert_same_values(Tags(read_header(BytesIO(encoded))), theirs)
    event(f"{compared // 10 * 10} values and more")


def test_the_uid_of_deflated_files_elsewhere_in_a_header_deflates_nothing(tmp_path: Path) -> None:
    tags = {"AvailableTransferSyntaxUID": DeflatedExplicitVRLittleEndian}
    path = make_series(tmp_path, hu=demo_hu((2, 10, 8)), tags=tags)[0]
    assert DeflatedExplicitVRLittleEndian.encode() in path.read_bytes()[:1024]
    assert read_scan(tmp_path).shape == (2, 10, 8)
    compare_pixels(path)


def test_meta_information_that_is_implicit_against_the_rules_is_read(tmp_path: Path) -> None:
    path = make_series(tmp_path, hu=demo_hu((2, 10, 8)))[0]
    ds = dcmread(path)
    uid = b"1.2.840.10008.1.2.1\0"
    meta = struct.pack("<HHI", 0x0002, 0x0010, len(uid)) + uid
    group_length = struct.pack("<HHII", 0x0002, 0x0000, 4, len(meta))
    body = BytesIO()
    dcmwrite(body, Dataset(ds), implicit_vr=False, little_endian=True)
    path.write_bytes(bytes(128) + b"DICM" + group_length + meta + body.getvalue())
    assert compare(path) > 30
    compare_pixels(path)


@pytest.mark.parametrize("undefined_length", [True, False])
def test_an_unknown_sequence_is_little_endian_whatever_is_around_it(undefined_length: bool) -> None:
    # PS3.5 6.2.2; pydicom takes the byte order of what is around it.
    number = struct.pack("<HHI", 0x0018, 0x9345, 8) + struct.pack("<d", 2.5)
    text = struct.pack("<HHI", 0x0008, 0x0104, 6) + b"Iodine"
    # Implicit: its length, 21580, is in bytes the letters LT, and no representation.
    trap = struct.pack("<HHI", 0x0009, 0x1001, 21580) + bytes(21580)
    inside = text + trap + number
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inside)) + inside
    length = len(item)
    if undefined_length:
        item += struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        length = 0xFFFFFFFF
    data = (
        struct.pack(">HH2sH", 0x0008, 0x0060, b"CS", 2)
        + b"CT"
        + struct.pack(">HH2sHI", 0x0018, 0x0012, b"UN", 0, length)
        + item
        + struct.pack(">HH2sHI", 0x0018, 0x9345, b"UN", 0, 8)
        + struct.pack("<d", 3.5)
        + struct.pack(">HH2sHd", 0x0018, 0x9345 + 1, b"FD", 8, 4.5)
        + struct.pack(">HH2sH", 0x0020, 0x0011, b"IS", 2)
        + b"7 "
    )
    tags = Tags(read_header(BytesIO(data)))
    (inner,) = tags.items(0x00180012)
    assert inner.decoded(0x00080104) == "Iodine"
    assert inner.floats(0x00189345, "d") == (2.5,)
    assert tags.floats(0x00189345, "d") == (3.5,)
    assert tags.floats(0x00189346, "d") == (4.5,)
    assert tags.integer(0x00200011) == 7


@pytest.mark.parametrize("boundary", [2**15, 2**17])  # what is read at first, and with the rest
@pytest.mark.parametrize("shift", range(-14, 16, 2))
def test_an_element_may_end_anywhere_about_the_end_of_what_is_read_at_once(
    tmp_path: Path, boundary: int, shift: int
) -> None:
    path = make_series(tmp_path, hu=demo_hu((1, 10, 8)))[0]
    ds = dcmread(path)
    block = ds.private_block(0x0021, "CORCAL", create=True)
    block.add_new(0x01, "OB", b"\xab\xcd")
    ds.save_as(path)
    short = path.read_bytes().index(b"\xab\xcd") + 2
    block[0x01].value = b"\xab\xcd" * ((boundary + shift - short) // 2 + 1)
    ds.save_as(path)
    assert path.read_bytes().rindex(b"\xab\xcd") + 2 == boundary + shift
    assert compare(path) > 30
    compare_pixels(path)
