"""Whatever lies in a folder, its series are found and the rest is named."""

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from corcal.ct.files import FileOpener
from corcal.ct.find import find_series
from corcal.ct.read import read_scan, read_series
from corcal.ct.scan import Severity
from corcal.errors import InputError, SeriesError
from dicom_maker import SERIES_UID, demo_hu, make_series

OTHER_UID = "1.2.826.0.1.3680043.8.498.2.1"


def write_object(path: Path, sop_class: str, **elements: object) -> None:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.3.4"
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)


def test_series_are_found_at_any_depth_among_other_files(tmp_path: Path) -> None:
    make_series(tmp_path / "a" / "b" / "c", name="{:d}", hu=demo_hu((4, 6, 5)))
    make_series(tmp_path / "x", name="slice.{:03d}.bin", series_uid=OTHER_UID)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "renamed.dcm").write_text("neither is this, in spite of its name" * 20)
    catalog = find_series(tmp_path)
    assert {(one.key, one.slice_count) for one in catalog.series} == {
        (SERIES_UID, 4),
        (OTHER_UID, 5),
    }
    assert [(file.source, file.reason) for file in catalog.skipped] == [
        ("notes.txt", "not DICOM, NIfTI, NRRD or MetaImage"),
        ("renamed.dcm", "not DICOM, NIfTI, NRRD or MetaImage"),
    ]


def test_two_series_of_one_folder_are_kept_apart(tmp_path: Path) -> None:
    lower, upper = demo_hu(seed=1), demo_hu(seed=2)
    make_series(tmp_path, hu=lower, name="{:d}.a")
    make_series(tmp_path, hu=upper, name="{:d}.b", series_uid=OTHER_UID)
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=SERIES_UID).hu, lower)
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=OTHER_UID).hu, upper)


def test_reading_one_of_two_series_needs_a_choice(tmp_path: Path) -> None:
    make_series(tmp_path / "a")
    make_series(tmp_path / "b", series_uid=OTHER_UID)
    with pytest.raises(SeriesError, match=rf"choose one of {SERIES_UID} \(5 slices\), {OTHER_UID}"):
        read_scan(tmp_path)
    with pytest.raises(SeriesError, match=r"no series '1\.2\.3'; there are"):
        read_scan(tmp_path, series_uid="1.2.3")


def test_a_single_file_is_a_series_of_one_image(tmp_path: Path) -> None:
    path = make_series(tmp_path)[0]
    series = find_series(path).series[0]
    assert series.slice_count == 1
    assert [item.code for item in series.findings] == ["SINGLE_SLICE"]


def test_progress_is_told_for_each_file_and_each_slice(tmp_path: Path) -> None:
    make_series(tmp_path)
    told: list[tuple[int, int, str]] = []
    read_scan(tmp_path, progress=lambda *args: told.append(args))
    assert told[4] == (5, 5, "reading headers")
    assert told[9] == (5, 5, "reading slices")


def test_links_that_form_a_loop_do_not_hang(tmp_path: Path) -> None:
    make_series(tmp_path / "a")
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    catalog = find_series(tmp_path)
    assert [one.slice_count for one in catalog.series] == [5]
    assert [file.source for file in catalog.skipped] == ["broken"]


def test_a_link_to_itself_is_passed_over_visibly(tmp_path: Path) -> None:
    make_series(tmp_path)
    (tmp_path / "self").symlink_to("self")
    catalog = find_series(tmp_path)
    assert [one.slice_count for one in catalog.series] == [5]
    assert [(f.source, f.reason) for f in catalog.skipped] == [
        ("self", "too many levels of symbolic links")
    ]


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    make_series(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert [(f.source, f.reason) for f in find_series(tmp_path).skipped] == [
        ("pipe", "not a regular file")
    ]


def test_control_characters_of_file_names_are_not_printed(tmp_path: Path) -> None:
    make_series(tmp_path)
    (tmp_path / "red\x1b[31m.txt").write_text("x" * 200)
    assert find_series(tmp_path).skipped[0].source == "red?[31m.txt"


def test_dicomdir_is_passed_over_visibly(tmp_path: Path) -> None:
    make_series(tmp_path)
    write_object(tmp_path / "DICOMDIR", "1.2.840.10008.1.3.10")
    skipped = find_series(tmp_path).skipped
    assert skipped[0].source == "DICOMDIR"
    assert "index" in skipped[0].reason


def test_a_dose_report_is_listed_and_refused(tmp_path: Path) -> None:
    make_series(tmp_path)
    write_object(
        tmp_path / "dose",
        "1.2.840.10008.5.1.4.1.1.88.67",
        Modality="SR",
        SeriesInstanceUID=OTHER_UID,
        StudyInstanceUID="1.2",
    )
    report = next(one for one in find_series(tmp_path).series if one.key == OTHER_UID)
    assert report.slice_count == 0
    assert report.acquisition.modality == "SR"
    with pytest.raises(SeriesError, match=r"the objects \(SR\) have no pixels"):
        read_series(report)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"Modality": "MR", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "NOT_CT"),
        ({"Modality": None}, "NOT_CT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "SECONDARY_CAPTURE"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "LOCALIZER"),
    ],
)
def test_other_images_are_listed_and_refused(
    tmp_path: Path, tags: dict[str, object], code: str
) -> None:
    make_series(tmp_path, tags=tags)
    series = find_series(tmp_path).series[0]
    assert [(item.code, item.severity) for item in series.findings] == [(code, Severity.ERROR)]
    assert series.slice_count == 5
    with pytest.raises(SeriesError, match=r"needed"):
        read_series(series)


def test_files_without_a_series_uid_are_taken_by_folder_and_number(tmp_path: Path) -> None:
    # De-identified public data sets do this.
    hu = demo_hu()
    for name in ("a", "b"):
        make_series(
            tmp_path / name, hu=hu, tags={"SeriesInstanceUID": None, "StudyInstanceUID": None}
        )
    catalog = find_series(tmp_path)
    assert [one.key for one in catalog.series] == ["a/IM-0001.dcm", "b/IM-0001.dcm"]
    scan = read_scan(tmp_path, series_uid="b/IM-0001.dcm")
    np.testing.assert_array_equal(scan.hu, hu)
    assert scan.series.series_instance_uid is None
    assert "MISSING_SERIES_UID" in {item.code for item in scan.findings}


@pytest.mark.parametrize("empty", [True, False])
def test_a_folder_without_images_is_an_error(tmp_path: Path, empty: bool) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    if not empty:
        (folder / "a.txt").write_text("text")
        (folder / "b.txt").write_text("text")
    with pytest.raises(InputError, match=r"^given: no image series in [02] files.*is needed$"):
        find_series(folder)


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^nowhere: no such file or directory; a folder"):
        find_series(tmp_path / "nowhere")


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = make_series(tmp_path)
    allowed = FileOpener.open

    def refuse(self: FileOpener, path: Path, member: str | None) -> BinaryIO:
        if path == files[4]:
            raise PermissionError(13, "Permission denied")  # root, who runs tests, may read all
        return allowed(self, path, member)

    monkeypatch.setattr(FileOpener, "open", refuse)
    catalog = find_series(tmp_path)
    assert [(file.source, file.reason) for file in catalog.skipped] == [
        ("IM-0005.dcm", "cannot be opened: permission denied")
    ]
    assert [item.code for item in catalog.series[0].findings] == ["DAMAGED_FILES"]
    with pytest.raises(InputError, match=r"^IM-0005\.dcm: cannot be opened: permission denied$"):
        find_series(files[4])


def test_headers_say_who_and_how(tmp_path: Path) -> None:
    make_series(
        tmp_path,
        tags={
            "SpecificCharacterSet": "ISO_IR 192",
            "PatientName": "Müller^Zoë",
            "PatientBirthDate": "19600701",
            "AcquisitionDate": "20250701",
            "CTDIvol": 2.5,
            "CalciumScoringMassFactorPatient": 0.75,
            "CalciumScoringMassFactorDevice": [0.5, 0.625, 0.75],
            "Exposure": "35",
            "ContrastBolusAgent": "Iohexol",
            "FilterType": "FLAT",
        },
    )
    series = find_series(tmp_path).series[0]
    assert series.patient.name == "Müller^Zoë"
    assert series.patient.sex == "F"
    assert series.patient.age_years == pytest.approx(65.0, abs=0.01)
    acquisition = series.acquisition
    assert (acquisition.date, acquisition.time) == ("2025-07-01", "10:15:00")
    assert (acquisition.kvp, acquisition.convolution_kernel) == (120, "B35f")
    assert acquisition.ctdi_vol_mgy == 2.5
    assert acquisition.mass_factor_patient == 0.75
    assert acquisition.mass_factors_device == (0.5, 0.625, 0.75)
    assert acquisition.exposure_mas == 35
    assert acquisition.contrast_agent == "Iohexol"
    assert series.identity.series_number == 2


def test_patient_data_are_in_no_repr_and_no_message(tmp_path: Path) -> None:
    make_series(tmp_path, tags={"PatientName": "Secret^Name", "PatientID": "SECRET-ID"})
    catalog = find_series(tmp_path)
    assert "secret" not in repr(catalog).lower()


@pytest.mark.parametrize(
    ("age", "birth", "expected"),
    [
        ("061Y", None, 61.0),
        ("018M", None, 1.5),
        ("061Y", "18000101", 61.0),  # what de-identification leaves is no date
        ("061Y", "19450101", 80.0),
        ("old", None, None),
    ],
)
def test_age_comes_from_dates_or_from_its_tag(
    tmp_path: Path, age: str, birth: str | None, expected: float | None
) -> None:
    make_series(tmp_path, tags={"PatientBirthDate": birth})
    for path in tmp_path.iterdir():  # written as bytes: the library would object to "old"
        data = path.read_bytes()
        path.write_bytes(data.replace(b"075Y", age.ljust(4).encode()))
    found = find_series(tmp_path).series[0].patient.age_years
    assert found == (None if expected is None else pytest.approx(expected, abs=0.01))


@pytest.mark.parametrize("given", ["", b"scan", None, 3, ["scan"]])
def test_what_is_no_path_is_refused_and_never_taken_for_this_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: Any
) -> None:
    make_series(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="a path is needed"):
        find_series(given)
    assert len(find_series(".").series) == 1


def test_a_path_with_a_zero_byte_is_refused() -> None:
    with pytest.raises(InputError, match="zero byte"):
        find_series("scan\0s")
