"""Scores and marks in DICOM objects of other makers: of which scan, and of which artery."""

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from corcal.errors import InputError
from corcal.interop.dicom.foreign_scores import read_dicom_reference

SR, RTSTRUCT, CT = (
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.481.3",
    "1.2.840.10008.5.1.4.1.1.2",
)
SCORE, SITE, METHOD = ("450360000", "SCT"), ("363698007", "SCT"), ("370129005", "SCT")
LAD, RCA, CORONARY, AORTA = "59438005", "13647002", "41801008", "15825003"


def code(value, scheme):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "x"
    return item


def coded(concept, value, scheme="SCT"):
    item = Dataset()
    item.ValueType, item.RelationshipType = "CODE", "HAS CONCEPT MOD"
    item.ConceptNameCodeSequence = [code(*concept)]
    item.ConceptCodeSequence = [code(value, scheme)]
    return item


def number(value, *children, concept=SCORE):
    item = Dataset()
    item.ValueType, item.RelationshipType = "NUM", "CONTAINS"
    item.ConceptNameCodeSequence = [code(*concept)]
    measured = Dataset()
    measured.NumericValue = str(value)
    item.MeasuredValueSequence = [measured]
    item.ContentSequence = list(children)
    return item


def group(*children):
    item = Dataset()
    item.ValueType, item.RelationshipType = "CONTAINER", "CONTAINS"
    item.ContentSequence = list(children)
    return item


def reference_of(uid):
    series, study = Dataset(), Dataset()
    series.SeriesInstanceUID = uid
    study.ReferencedSeriesSequence = [series]
    return study


def save(path, kind, **elements):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = kind
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.99"
    dataset.SOPClassUID, dataset.StudyInstanceUID = kind, "1.2.3"
    for name, value in elements.items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def report(path, *content):
    return save(
        path,
        SR,
        CurrentRequestedProcedureEvidenceSequence=[reference_of("1.2.3.4")],
        ContentSequence=list(content),
    )


def test_a_site_is_that_of_the_number_or_of_the_group_around_it(tmp_path):
    path = report(
        tmp_path / "sr.dcm",
        number(12.5, coded(SITE, LAD)),
        group(coded(SITE, RCA), group(number(7))),
        number(19.5),
    )
    found = read_dicom_reference(path)
    assert found.scores == {"LAD": 12.5, "RCA": 7.0, "total": 19.5}
    assert (found.kind, found.series, found.study) == ("report", ("1.2.3.4",), "1.2.3")


def test_only_agatston_scores_of_coronary_arteries_count(tmp_path):
    path = report(
        tmp_path / "sr.dcm",
        number(3, coded(SITE, CORONARY), coded(METHOD, "112055", "DCM"), concept=("112058", "DCM")),
        number(99, coded(SITE, LAD), coded(METHOD, "112056", "DCM")),  # by volume
        number(98, coded(SITE, AORTA)),
        number(97, coded(SITE, RCA), concept=("112057", "DCM")),  # another quantity
    )
    assert read_dicom_reference(path).scores == {"total": 3.0}


def test_the_retired_codes_of_sites_are_known(tmp_path):
    path = report(tmp_path / "sr.dcm", number(4, coded(("G-C0E3", "SRT"), "T-43110", "SRT")))
    assert read_dicom_reference(path).scores == {"LAD": 4.0}


def test_the_same_score_twice_is_one_and_another_is_refused(tmp_path):
    path = report(tmp_path / "sr.dcm", number(4), number(4))
    assert read_dicom_reference(path).scores == {"total": 4.0}
    path = report(tmp_path / "sr.dcm", number(4), number(5))
    with pytest.raises(InputError, match=r"sr\.dcm says two scores of total: 4 and 5"):
        read_dicom_reference(path)


def test_a_report_without_a_score_is_told(tmp_path):
    with pytest.raises(InputError, match=r"sr\.dcm is a report without a coded calcium score"):
        read_dicom_reference(report(tmp_path / "sr.dcm", group()))


def test_a_report_that_nests_without_end_is_read_to_a_depth(tmp_path):
    item = number(4)
    for _ in range(60):
        item = group(item)
    with pytest.raises(InputError, match="without a coded calcium score"):
        read_dicom_reference(report(tmp_path / "sr.dcm", item))


def test_a_structure_set_says_of_which_series_it_is(tmp_path):
    series, study, frame = Dataset(), Dataset(), Dataset()
    series.SeriesInstanceUID = "1.2.3.4"
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    path = save(tmp_path / "rt.dcm", RTSTRUCT, ReferencedFrameOfReferenceSequence=[frame])
    found = read_dicom_reference(path)
    assert (found.kind, found.series, found.scores) == ("marks", ("1.2.3.4",), {})


def test_images_and_other_files_are_no_reference(tmp_path):
    assert read_dicom_reference(save(tmp_path / "ct.dcm", CT)) is None
    (tmp_path / "a.txt").write_text("no DICOM " * 50)
    assert read_dicom_reference(tmp_path / "a.txt") is None


def test_a_damaged_object_is_told(tmp_path):
    item = number(4)
    del item.MeasuredValueSequence[0].NumericValue
    with pytest.raises(InputError, match=r"sr\.dcm is a damaged DICOM object \(AttributeError\)"):
        read_dicom_reference(report(tmp_path / "sr.dcm", item))
