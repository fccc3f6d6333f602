"""What may be sent: DICOM objects, whole, of one patient, each once; and no name of a file told."""

import shutil

import pytest
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless

from corcal.errors import InputError
from corcal.interop.send.objects import find_objects
from interop.send.slice_maker import make_slice

NAMED = "Mustermann_Erika"


@pytest.fixture
def folder(tmp_path):
    """A folder that is named after its patient, as people do."""
    made = tmp_path / NAMED
    made.mkdir()
    return made


def changed(path, to, **elements):
    """Write a slice with other elements."""
    ds = dcmread(path)
    for name, value in elements.items():
        setattr(ds, name, value)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.save_as(to, enforce_file_format=True)
    return to


def refusal(*paths, **options):
    """The message, which names no file."""
    with pytest.raises(InputError) as caught:
        find_objects(list(paths), **options)
    assert "Mustermann" not in str(caught.value)
    assert ".dcm" not in str(caught.value)
    return str(caught.value)


def test_a_folder_gives_its_dicom_objects_by_content_in_the_order_of_names(folder):
    first = make_slice(folder / "b", number=1)
    second = make_slice(folder / "c", number=2, syntax=JPEGLSLossless)
    shutil.move(second, folder / "a_report.pdf")  # what it is called does not matter
    (folder / "notes.dcm").write_text("not DICOM, whatever it is called")
    (folder / ".half.dcm.part").write_bytes(first.read_bytes()[:500])
    (folder / ".cache").mkdir()
    shutil.copy(first, folder / ".cache" / "x.dcm")
    found = find_objects([folder])
    assert [one.path.name for one in found.objects] == ["a_report.pdf", first.name]
    assert [one.transfer_syntax_uid for one in found.objects] == [
        JPEGLSLossless,
        "1.2.840.10008.1.2.1",
    ]
    assert found.objects[1].size_bytes == first.stat().st_size
    assert (found.passed_over, found.repeated) == (1, 0)
    assert "Mustermann" not in repr(found)


def test_an_index_is_no_object(folder):
    one = make_slice(folder, number=1)
    index = dcmread(one)
    index.SOPClassUID = index.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    index.save_as(folder / "DICOMDIR", enforce_file_format=True)
    assert find_objects([folder]).passed_over == 1
    assert (
        refusal(folder / "DICOMDIR") == "path 1 is not a DICOM object: it is a DICOMDIR, an index"
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"{}" * 400, b"\0" * 400])
def test_a_file_that_is_no_dicom_is_refused_by_its_place(folder, content):
    good = make_slice(folder / "good")
    bad = folder / "bad.dcm"
    bad.write_bytes(content)
    assert refusal(good, bad).startswith("path 2 is not a DICOM object: no DICM at byte 128")


def test_a_path_that_is_not_there_and_a_folder_without_objects_are_refused(folder):
    assert refusal(folder / "absent.dcm") == "path 1 does not exist"
    assert refusal(folder) == "there is no DICOM object in what was given: nothing to send"


@pytest.mark.parametrize("syntax", [None, JPEGLSLossless])
def test_a_file_that_ends_early_is_not_sent(folder, syntax):
    path = make_slice(folder, syntax=syntax)
    uid = dcmread(path).SOPInstanceUID
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    expected = f"{uid} is damaged: the file ends early"
    assert refusal(path) == f"path 1 cannot be sent: {expected}"
    assert refusal(folder) == f"file 1 (by name) of path 1 cannot be sent: {expected}"


def test_an_object_without_pixels_that_ends_early_is_not_sent(exam_folder, folder):
    report = folder / "sr.dcm"
    content = (exam_folder / "objects" / "structured_report.dcm").read_bytes()
    report.write_bytes(content)
    assert len(find_objects([report]).objects) == 1
    report.write_bytes(content[:-20])
    assert "the file ends early" in refusal(report)


def test_a_file_that_ends_in_its_header_is_not_sent(folder):
    path = make_slice(folder)
    content = path.read_bytes()
    path.write_bytes(content[:200])
    assert "lacks the SOP class, SOP instance or transfer syntax" in refusal(path)
    start = (
        132
        + 12
        + dcmread(path.with_name(path.name), force=True).file_meta.get(
            "FileMetaInformationGroupLength", 0
        )
    )
    path.write_bytes(content[:start])  # meta information, and nothing that it is about
    assert "cannot be sent" in refusal(path)


def test_a_deflated_object_is_read_and_sent_as_it_is(folder):
    path = make_slice(folder, syntax=DeflatedExplicitVRLittleEndian)
    (one,) = find_objects([path]).objects
    assert one.transfer_syntax_uid == DeflatedExplicitVRLittleEndian
    assert one.size_bytes == path.stat().st_size
    content = path.read_bytes()
    start = 132 + 12 + dcmread(path).file_meta.FileMetaInformationGroupLength
    path.write_bytes(content[:start] + b"\xff" * 1000)  # no block of a deflated stream begins so
    assert "is damaged: its header cannot be read" in refusal(path)
    path.write_bytes(content[:-200])
    assert "the file ends early" in refusal(path)


def test_meta_information_of_another_object_is_refused(folder):
    path = make_slice(folder)
    ds = dcmread(path)
    ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds.save_as(path)
    assert refusal(path).endswith("1.2.3: its file meta information belongs to another object")


def test_a_file_that_may_not_be_read_is_refused(folder, monkeypatch):
    path = make_slice(folder)

    def forbidden(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)
    assert refusal(path) == "path 1 cannot be sent: it cannot be read"


def test_the_same_file_twice_is_sent_once_and_two_of_one_uid_are_refused(folder):
    path = make_slice(folder)
    shutil.copy(path, folder / "again.dcm")
    found = find_objects([folder, path])
    assert (len(found.objects), found.repeated) == (1, 2)
    changed(path, folder / "other.dcm", SeriesDescription="other")
    assert refusal(folder).startswith("two different files have the SOP Instance UID 1.2.826")


def test_objects_of_several_patients_are_not_sent_by_accident(folder):
    path = make_slice(folder)
    changed(path, folder / "2.dcm", SOPInstanceUID="2.25.2", PatientID="P-18")
    message = refusal(folder)
    assert message == "the objects belong to 2 patients: give one, or allow it (--several-patients)"
    assert len(find_objects([folder], several_patients=True).objects) == 2


@pytest.mark.parametrize(
    ("first", "second", "count"),
    [
        ({"PatientID": "1"}, {"PatientID": "1", "IssuerOfPatientID": "A"}, 1),
        (
            {"PatientID": "1", "IssuerOfPatientID": "B"},
            {"PatientID": "1", "IssuerOfPatientID": "A"},
            2,
        ),
        ({"PatientID": "1", "PatientName": "A^B"}, {"PatientID": "1", "PatientName": "A B"}, 1),
        ({"PatientID": "", "PatientName": "A^B"}, {"PatientID": "", "PatientName": "A^C"}, 2),
        ({"PatientID": "", "PatientName": "A^B"}, {"PatientID": "", "PatientName": "a^b"}, 1),
        ({"PatientID": "1"}, {"PatientID": ""}, 2),
    ],
)
def test_patients_are_told_apart_by_identifier_and_without_one_by_name(
    folder, tmp_path, first, second, count
):
    base = make_slice(tmp_path / "base")
    changed(base, folder / "1.dcm", SOPInstanceUID="2.25.1", **first)
    changed(base, folder / "2.dcm", SOPInstanceUID="2.25.2", **second)
    if count == 1:
        assert len(find_objects([folder]).objects) == 2
    else:
        assert f"belong to {count} patients" in refusal(folder)
