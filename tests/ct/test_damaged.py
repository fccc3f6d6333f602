"""Damaged series end in one clear line, never in a traceback of a library."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.ct.scan import Severity
from corcal.errors import CorcalError, GeometryError, InputError, SeriesError
from dicom_maker import demo_hu, make_series


def codes_of(folder: Path) -> set[str]:
    return {item.code for item in find_series(folder).series[0].findings}


def test_a_truncated_file_is_named_with_both_lengths(tmp_path: Path) -> None:
    files = make_series(tmp_path, hu=demo_hu((5, 10, 8)))
    data = files[2].read_bytes()
    files[2].write_bytes(data[:-60])
    # 10 x 8 pixels of 2 bytes
    message = r"instance 3 \(IM-0003\.dcm\): .*should have 160 bytes, 100 are there"
    with pytest.raises(SeriesError, match=message):
        read_scan(tmp_path)


def test_a_file_that_ends_before_its_pixels_is_named(tmp_path: Path) -> None:
    files = make_series(tmp_path)
    data = files[2].read_bytes()
    files[2].write_bytes(data[: data.index(b"\xe0\x7f\x10\x00")])
    with pytest.raises(SeriesError, match=r"instance 3 \(IM-0003\.dcm\) ends before its pixel"):
        read_scan(tmp_path)


def test_a_file_that_shrinks_between_finding_and_reading_is_named(tmp_path: Path) -> None:
    from corcal.ct.read import read_series

    files = make_series(tmp_path)
    series = find_series(tmp_path).series[0]
    files[1].write_bytes(files[1].read_bytes()[:-40])
    with pytest.raises(SeriesError, match=r"instance 2 \(IM-0002\.dcm\).*truncated"):
        read_series(series)
    files[1].unlink()
    with pytest.raises(SeriesError, match=r"instance 2 \(IM-0002\.dcm\) cannot be read any more"):
        read_series(series)


@pytest.mark.parametrize(("extra", "allowed"), [(-2, False), (0, True), (2, False)])
def test_pixel_data_of_another_length_are_refused(
    tmp_path: Path, extra: int, allowed: bool
) -> None:
    files = make_series(tmp_path, hu=demo_hu((3, 10, 8)))
    ds = dcmread(files[0])
    ds.PixelData = bytes(160 + extra)
    ds.save_as(files[0])
    if allowed:
        assert read_scan(tmp_path).shape == (3, 10, 8)
        return
    message = rf"the pixel data have {160 + extra} bytes, 160 are needed for 1 x 10 x 8 pixels"
    with pytest.raises(SeriesError, match=message):
        read_scan(tmp_path)


def test_an_empty_file_is_named_and_counted_as_damage(tmp_path: Path) -> None:
    make_series(tmp_path)
    (tmp_path / "IM-0006.dcm").write_bytes(b"")
    catalog = find_series(tmp_path)
    assert [(f.source, f.reason) for f in catalog.skipped] == [("IM-0006.dcm", "empty file")]
    assert codes_of(tmp_path) == {"DAMAGED_FILES"}


def test_a_file_cut_anywhere_is_counted_as_damage_or_refused(tmp_path: Path) -> None:
    files = make_series(tmp_path)
    data = files[-1].read_bytes()
    series_uid = data.index(b"\x20\x00\x0e\x00UI")
    for end in range(0, series_uid + 8, 7):
        files[-1].write_bytes(data[:end])
        found = [one for one in find_series(tmp_path).series if one.slice_count == 4]
        assert len(found) == 1, end
        assert {item.code for item in found[0].findings} == {"DAMAGED_FILES"}, end


def test_a_file_of_zeros_among_a_series_is_counted_as_damage(tmp_path: Path) -> None:
    files = make_series(tmp_path)
    files[-1].write_bytes(bytes(files[-1].stat().st_size))
    catalog = find_series(tmp_path)
    assert [f.reason for f in catalog.skipped] == ["damaged file: all bytes are zero"]
    assert codes_of(tmp_path) == {"DAMAGED_FILES"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"just text\n" * 50, "not DICOM, NIfTI, NRRD or MetaImage"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 300, "damaged DICOM file"),
        (b"\0" * 128 + b"DICM", "damaged DICOM file"),
        (b"\x08\x00\x05\x00CS", "not DICOM, NIfTI, NRRD or MetaImage"),
    ],
)
def test_one_file_that_is_no_image_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "given.dcm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"^given\.dcm: {reason}"):
        find_series(path)


@pytest.mark.parametrize(
    "tag",
    [
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "PixelRepresentation",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
    ],
)
def test_a_missing_tag_is_named_with_its_instance(tmp_path: Path, tag: str) -> None:
    make_series(tmp_path, slice_tags={1: {tag: None}})
    message = rf"{tag} \([0-9A-F]{{4}},[0-9A-F]{{4}}\) is missing .* instance 2 \(IM-0002\.dcm\):"
    with pytest.raises(SeriesError, match=message):
        read_scan(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"-50.0\\-60.0\\-70.0", b"-50.0\\-60.0      "),  # two numbers instead of three
        (b"-50.0\\-60.0\\-70.0", b"-50.0\\-60.0\\  nan"),
        (b"-50.0\\-60.0\\-70.0", b"-50.0\\-60.0\\here "),
    ],
)
def test_a_malformed_position_is_a_missing_one(tmp_path: Path, old: bytes, new: bytes) -> None:
    files = make_series(tmp_path)
    data = files[0].read_bytes()
    assert old in data
    files[0].write_bytes(data.replace(old, new))
    with pytest.raises(SeriesError, match=r"ImagePositionPatient \(0020,0032\) is missing or"):
        read_scan(tmp_path)


def test_several_images_without_a_tag_are_counted(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"PixelSpacing": None})
    with pytest.raises(SeriesError, match=r"instance 1 \(IM-0001\.dcm\) and 4 more"):
        read_scan(tmp_path)


def test_patients_under_one_series_uid_are_refused_without_their_names(tmp_path: Path) -> None:
    make_series(tmp_path, slice_tags={3: {"PatientID": "OTHER-SECRET"}})
    message = r"^2 patients share this series UID, first instance 1 .* and instance 4 "
    with pytest.raises(SeriesError, match=message) as caught:
        read_scan(tmp_path)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("patient_id", "other"),
    [
        ("", {"PatientName": "Other^SECRET"}),
        ("", {"PatientBirthDate": "19111111"}),
        ("", {"PatientSex": "M"}),
        ("SYNTHETIC-1", {"PatientID": "", "PatientName": "Other^SECRET"}),
        ("SYNTHETIC-1", {"PatientID": "SYNTHETIC-2"}),
    ],
)
def test_one_slice_of_another_patient_is_seen_without_an_id(
    tmp_path: Path, patient_id: str, other: dict[str, str]
) -> None:
    make_series(tmp_path, tags={"PatientID": patient_id}, slice_tags={3: other})
    with pytest.raises(
        SeriesError, match=r"^2 patients share .* instance 1 .* and instance 4 "
    ) as (caught):
        read_scan(tmp_path)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("patient_id", "other"),
    [
        ("", {"PatientName": "", "PatientBirthDate": "", "PatientSex": ""}),
        ("", {"PatientName": "SYNTHETIC^PATIENT^^"}),  # the same name as others write it
        ("SYNTHETIC-1", {"PatientID": "", "PatientName": ""}),
        ("SYNTHETIC-1", {"PatientName": "Married^Patient"}),  # the ID decides where all have it
    ],
)
def test_what_is_merely_missing_or_written_otherwise_is_no_other_patient(
    tmp_path: Path, patient_id: str, other: dict[str, str]
) -> None:
    make_series(tmp_path, tags={"PatientID": patient_id}, slice_tags={3: other})
    assert read_scan(tmp_path).findings == ()


def swallow(path: Path, start: bytes, end: bytes) -> None:
    """Change the length of the element at `start` to reach up to the element at `end`."""
    data = bytearray(path.read_bytes())
    first, after = data.find(start), data.find(end)
    data[first + 6 : first + 8] = (after - first - 8).to_bytes(2, "little")
    path.write_bytes(data)


@pytest.mark.parametrize(
    "start",
    [
        b"\x08\x00\x60\x00CS",  # Modality
        b"\x08\x00\x16\x00UI",  # SOPClassUID
        b"\x08\x00\x08\x00CS",  # ImageType
    ],
)
@pytest.mark.parametrize("count", [1, 5])
def test_a_damaged_length_shows_nothing_of_the_patient(
    tmp_path: Path, start: bytes, count: int
) -> None:
    for path in make_series(tmp_path, tags={"PatientName": "Secret^Jane"})[:count]:
        swallow(path, start, b"\x10\x00\x30\x00DA")
    series = find_series(tmp_path).series
    shown = repr([(one.findings, one.acquisition.modality, one.key) for one in series])
    assert "Secret" not in shown
    assert "SYNTHETIC" not in shown


@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")  # of the writer
def test_a_modality_that_is_no_code_is_not_repeated(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"Modality": "Secret^Jane"})
    with pytest.raises(SeriesError, match="modality unreadable, SOP class 1"):
        read_scan(tmp_path)


@pytest.mark.filterwarnings("ignore:The value length")  # of the writer
@pytest.mark.parametrize("kernel", ["x" * 65, "\x1b]0;pwn"])
def test_a_kernel_that_is_no_plain_text_is_not_repeated(tmp_path: Path, kernel: str) -> None:
    make_series(tmp_path, slice_tags={2: {"ConvolutionKernel": kernel}})
    with pytest.raises(SeriesError, match=r"2 kernels \(B35f and unreadable\)"):
        read_scan(tmp_path)


def test_studies_under_one_series_uid_are_refused(tmp_path: Path) -> None:
    make_series(tmp_path, slice_tags={3: {"StudyInstanceUID": "1.2.3"}})
    with pytest.raises(SeriesError, match="2 studies share this series UID"):
        read_scan(tmp_path)


@pytest.mark.parametrize(
    ("tags", "code", "error"),
    [
        ({"PixelSpacing": [0.5, 0.6]}, "MIXED_PIXEL_SPACING", GeometryError),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "MIXED_ORIENTATIONS", GeometryError),
        ({"FrameOfReferenceUID": "1.2.3"}, "MIXED_FRAMES_OF_REFERENCE", GeometryError),
        ({"KVP": 100}, "MIXED_ACQUISITION", SeriesError),
        ({"ConvolutionKernel": "B70f"}, "MIXED_ACQUISITION", SeriesError),
    ],
)
def test_slices_that_disagree_are_refused(
    tmp_path: Path, tags: dict[str, object], code: str, error: type[Exception]
) -> None:
    make_series(tmp_path, slice_tags={2: tags})
    assert code in codes_of(tmp_path)
    with pytest.raises(error, match=r"instance 1 .* and instance 3 "):
        read_scan(tmp_path)


def test_slices_of_several_sizes_are_refused(tmp_path: Path) -> None:
    make_series(tmp_path, hu=demo_hu((3, 10, 8)))
    make_series(tmp_path, hu=demo_hu((2, 8, 8)), first_instance=4, origin_mm=(-50, -60, -61))
    with pytest.raises(
        GeometryError, match=r"2 sizes \(rows, columns\) \(\(10, 8\) and \(8, 8\)\)"
    ):
        read_scan(tmp_path)


def test_spacings_that_differ_by_rounding_agree(tmp_path: Path) -> None:
    tags = {"PixelSpacing": [0.50001, 0.5], "ImageOrientationPatient": [1, 0.0001, 0, 0, 1, 0]}
    make_series(tmp_path, slice_tags={2: tags})
    assert codes_of(tmp_path) == set()


def test_a_header_that_declares_a_gigantic_image_is_refused_by_its_numbers(tmp_path: Path) -> None:
    for path in make_series(tmp_path, transfer_syntax="1.2.840.10008.1.2.5"):
        ds = dcmread(path)
        ds.Rows = ds.Columns = 65535
        ds.save_as(path)
    with pytest.raises(SeriesError, match="65535 x 65535"):
        read_scan(tmp_path)


def test_remarks_of_the_dicom_library_reach_neither_screen_nor_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    files = make_series(tmp_path)
    for path in files:
        data = path.read_bytes()
        path.write_bytes(
            data.replace(b"19500101", b"notadate").replace(b"\x01\x00CS", b"\x01\x00CS")
        )
    with caplog.at_level("INFO"):
        scan = read_scan(tmp_path)
    assert scan.patient.birth_date is None
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), syntax=st.sampled_from(["native", "implicit", "jpegls"]))
def test_bytes_changed_anywhere_end_in_a_scan_or_in_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, seed: int, syntax: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / f"fuzz-{syntax}"
    if not folder.exists():
        uid = {
            "native": "1.2.840.10008.1.2.1",
            "implicit": "1.2.840.10008.1.2",
            "jpegls": "1.2.840.10008.1.2.4.80",
        }[syntax]
        make_series(folder, hu=demo_hu((2, 20, 18)), transfer_syntax=uid)
    rng = random.Random(seed)  # noqa: S311
    path = folder / "IM-0001.dcm"
    original = path.read_bytes()
    data = bytearray(original)
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)) :]
    path.write_bytes(bytes(data))
    message = ""
    try:
        assert np.isfinite(read_scan(folder).hu).all()
    except CorcalError as error:
        message = str(error)
    finally:
        path.write_bytes(original)
    assert "\n" not in message


def test_an_error_of_the_headers_is_the_sentence_that_reading_raises(tmp_path: Path) -> None:
    make_series(tmp_path, heights_mm=[0, 3, 6, 12, 15])
    finding = find_series(tmp_path).series[0].findings[0]
    assert finding.severity is Severity.ERROR
    with pytest.raises(GeometryError) as caught:
        read_scan(tmp_path)
    assert str(caught.value) == finding.message
