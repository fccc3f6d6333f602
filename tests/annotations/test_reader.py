"""What is no annotation is refused in one line."""

import gzip
import os
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from annotations.annotation_maker import (
    ct_datasets,
    make_scan,
    osirix_list,
    three_lesions,
    write_plist,
)
from corcal.annotations import read_annotation, reader
from corcal.errors import AnnotationError

NOT_ANNOTATIONS = {
    "empty": (b"", "empty file"),
    "json": (b'{"Images": []}', "none of the known formats; accepted are an OsiriX"),
    "text": (b"Patient: none\n", "none of the known formats"),
    "zip": (b"PK\x03\x04" + bytes(2000), "none of the known formats"),
    "gzip of text": (gzip.compress(b"hello"), "none of the known formats"),
    "cut gzip": (gzip.compress(bytes(range(256)) * 99)[:40], "damaged gzip"),
    "DICOM head": (bytes(128) + b"DICM", "an object without SOP class"),
    "DICOM and noise": (bytes(128) + b"DICM" + b"\xff" * 500, "DICOM"),
    "short nifti": (bytes(344) + b"n+1\0", "damaged or not supported"),
}


@pytest.mark.parametrize("name", NOT_ANNOTATIONS)
def test_what_is_no_annotation_is_refused_in_one_line(name, tmp_path):
    content, message = NOT_ANNOTATIONS[name]
    path = tmp_path / "calcium.xml"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=message) as caught:
        read_annotation(path, make_scan())
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "content", "message"),
    [
        (
            "osirix.plistlib.loads",
            b"bplist00",
            "not a readable property list: its content cannot be read",
        ),
        (
            "dicom_object.dcmread",
            bytes(128) + b"DICM",
            "damaged or incomplete: its content cannot be read",
        ),
    ],
)
def test_no_name_of_an_exception_is_shown(place, content, message, tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise ValueError

    monkeypatch.setattr(f"corcal.annotations.{place}", refuse)
    path = tmp_path / "calcium"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=message):
        read_annotation(path, make_scan())


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match="cannot be opened: No such file"):
        read_annotation(tmp_path / "none.xml", make_scan())
    with pytest.raises(AnnotationError, match="cannot be opened: Is a directory"):
        read_annotation(tmp_path, make_scan())


def test_a_pipe_or_a_device_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(AnnotationError, match="opened: it is no regular file; one readable fi"):
            read_annotation(path, make_scan())


def test_a_ct_image_is_not_an_annotation(tmp_path):
    ct_datasets(make_scan())[0].save_as(tmp_path / "ct.dcm", enforce_file_format=False)
    with pytest.raises(AnnotationError, match="is DICOM CT Image Storage; a Segmentation or"):
        read_annotation(tmp_path / "ct.dcm", make_scan())


def test_a_dicom_object_without_preamble_is_recognised(tmp_path):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    ds.save_as(tmp_path / "sr.dcm", enforce_file_format=False)
    assert (tmp_path / "sr.dcm").read_bytes()[128:132] != b"DICM"
    with pytest.raises(AnnotationError, match="is DICOM Comprehensive SR Storage"):
        read_annotation(tmp_path / "sr.dcm", make_scan())


def test_files_far_too_large_are_not_read(tmp_path, monkeypatch):
    path = write_plist(tmp_path / "a.xml", osirix_list(three_lesions(), make_scan()))
    monkeypatch.setattr(reader, "MAX_PLIST_BYTES", path.stat().st_size - 1)
    with pytest.raises(AnnotationError, match=r"the property list has \d+ bytes, allowed are"):
        read_annotation(path, make_scan())
    monkeypatch.setattr(reader, "MAX_FILE_BYTES", path.stat().st_size - 1)
    with pytest.raises(AnnotationError, match=r"the annotation has \d+ bytes, allowed are"):
        read_annotation(path, make_scan())


def test_a_vessel_table_for_named_regions_is_refused(tmp_path):
    path = write_plist(tmp_path / "a.xml", {"Images": []})
    with pytest.raises(AnnotationError, match="a vessel table belongs to a label volume"):
        read_annotation(path, make_scan(), vessel_table={1: "LAD"})


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n  ", b""])
def test_a_property_list_may_begin_with_a_byte_order_mark_or_blanks(before, tmp_path):
    content = b'<plist version="1.0"><dict><key>Images</key><array/></dict></plist>'
    (tmp_path / "a").write_bytes(before + content)
    assert read_annotation(tmp_path / "a", make_scan()).format == "osirix"
