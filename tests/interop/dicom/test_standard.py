"""Every object against the tables of PS3.3, by dicom-validator: another reading than dciodvfy's."""

import pytest
from pydicom import dcmread

from corcal.interop.deidentify import Deidentifier, deidentified_exam
from corcal.interop.dicom import write_dicom
from interop.dicom.dicom_exams import ALL_SITES, make_exam, png, read_exam

NAMES = {
    "segmentation",
    "structured_report",
    "cardiovascular_report",
    "presentation_state",
    "projection",
    "key_LAD",
    "report",
}


def written(exam, folder, **options):
    pictures = {"projection": png(), "key_LAD": png()}
    documents = {"report": b"%PDF-1.7 "}
    return write_dicom(exam, folder, pictures=pictures, documents=documents, **options)


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    return {path.stem: path for path in written(read_exam(folder / "ct"), folder / "out")}


@pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "label map"])
def test_no_object_has_an_error(tmp_path, dicom_validator, labelmap):
    exam = read_exam(tmp_path / "ct", ALL_SITES)
    paths = written(exam, tmp_path / "out", labelmap=labelmap)
    assert {path.stem for path in paths} == NAMES
    assert {path.name: dicom_validator(path) for path in paths} == {path.name: [] for path in paths}


def test_no_object_of_an_automatic_score_of_zero_has_an_error(tmp_path, dicom_validator):
    for path in write_dicom(make_exam({}, automatic=True), tmp_path):
        assert dicom_validator(path) == []


def test_no_deidentified_object_has_an_error(tmp_path, dicom_validator):
    exam = read_exam(tmp_path / "ct", ALL_SITES)
    hidden = deidentified_exam(exam, Deidentifier(b"sixteen bytes ok"))
    for path in written(hidden, tmp_path / "out"):
        assert dicom_validator(path) == []


@pytest.mark.parametrize(
    ("name", "keyword", "value", "error"),
    [
        ("segmentation", "ContentLabel", None, "(0070,0080): TagMissing"),
        ("segmentation", "SegmentationType", "ROUND", "(0062,0001): EnumValueNotAllowed"),
        ("structured_report", "CompletionFlag", None, "(0040,A491): TagMissing"),
        ("cardiovascular_report", "ValueType", "", "(0040,A040): TagEmpty"),
        ("presentation_state", "RescaleType", None, "(0028,1054): TagMissing"),
        ("key_LAD", "ConversionType", None, "(0008,0064): TagMissing"),
        ("key_LAD", "EchoTime", 3, "(0018,0081): TagUnexpected"),
        ("report", "BurnedInAnnotation", "PERHAPS", "(0028,0301): EnumValueNotAllowed"),
    ],
)
def test_the_validator_would_find_an_error(
    tmp_path, dicom_validator, objects, name, keyword, value, error
):
    bad = dcmread(objects[name])
    if value is None:
        del bad[keyword]
    else:
        setattr(bad, keyword, value)
    bad.save_as(tmp_path / "bad.dcm")
    assert any(error in line for line in dicom_validator(tmp_path / "bad.dcm"))
