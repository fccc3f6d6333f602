"""What the header of a received object says, and whether it is whole."""

from pathlib import Path

import pytest
from pydicom import dcmread

from corcal.errors import InputError
from corcal.node import object_header as module
from corcal.node.object_header import (
    file_meta,
    is_uid,
    key_of,
    known_objects,
    read_object_header,
    same_dataset,
)
from node.intake_maker import EXPLICIT, study

META = file_meta(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
    sop_instance_uid="1.2.3",
    transfer_syntax_uid=EXPLICIT,
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return study(tmp_path / "sent", images=1)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.3", True),
        ("1." + "2" * 62, True),
        ("1." + "2" * 63, False),
        ("1.02", True),
        ("", False),
        ("1..2", False),
        ("1.2/../3", False),
        ("1.2\n", False),
        ("１.2", False),  # noqa: RUF001  (a digit of another script)
    ],
)
def test_a_uid_is_digits_and_points_and_at_most_64_of_them(text: str, expected: bool) -> None:
    assert is_uid(text) is expected


def test_a_key_tells_nothing_of_what_it_names() -> None:
    assert key_of("1.2.3") == key_of("1.2.3") != key_of("1.2.4")
    assert set(key_of("../../etc")) <= set("0123456789abcdef")


def test_the_file_meta_is_what_pydicom_reads_and_does_not_count_as_content(
    image: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.dcm"
    other.write_bytes(META + _dataset_of(image))
    read = dcmread(other).file_meta
    assert (read.MediaStorageSOPInstanceUID, read.TransferSyntaxUID) == ("1.2.3", EXPLICIT)
    assert same_dataset(image, other)
    other.write_bytes(META + _dataset_of(image) + b"\0")
    assert not same_dataset(image, other)


@pytest.mark.parametrize(
    ("keyword", "value", "why"),
    [
        ("StudyInstanceUID", "", "it has no valid StudyInstanceUID"),
        ("PixelData", bytes(100), "its pixels are cut off: 4608 bytes are needed, 100 are there"),
    ],
)
def test_an_object_that_lacks_something_is_refused(
    image: Path, keyword: str, value: object, why: str
) -> None:
    dataset = dcmread(image)
    setattr(dataset, keyword, value)
    dataset.save_as(image)
    image.write_bytes(META + _dataset_of(image))
    with pytest.raises(InputError, match=why):
        read_object_header(image)


def test_a_data_set_that_begins_with_another_file_meta_is_refused(image: Path) -> None:
    image.write_bytes(META + META[132:] + _dataset_of(image))
    read_object_header(image)  # the same elements once more say nothing else
    smuggled = b"\x02\0\x16\0AE\x04\0EVIL"
    image.write_bytes(META + smuggled + _dataset_of(image))
    with pytest.raises(InputError, match="holds file meta information"):
        read_object_header(image)


def _dataset_of(path: Path) -> bytes:
    """Give what follows the file meta: SpecificCharacterSet begins it."""
    whole = path.read_bytes()
    return whole[whole.index(b"\x08\x00\x05\x00CS") :]


def test_bytes_that_are_no_data_set_are_refused(image: Path) -> None:
    image.write_bytes(image.read_bytes()[:400] + b"\xff" * 3000)
    with pytest.raises(InputError, match=r"cannot be read|no valid"):
        read_object_header(image)


def test_a_header_is_read_within_bounds(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HEADER_BYTES", 600)
    with pytest.raises(InputError):
        read_object_header(image)


def test_files_that_are_no_objects_are_not_known(image: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    found = known_objects([image, tmp_path / "text", tmp_path / "absent"])
    assert list(found.values()) == [image]
