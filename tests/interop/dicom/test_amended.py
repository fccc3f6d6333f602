"""DICOM objects of a corrected exam: they name the ones that they take the place of."""

from dataclasses import replace

import pytest
from pydicom import dcmread

from corcal.amended import amended
from corcal.interop.deidentify import Deidentifier, deidentified_exam
from corcal.interop.dicom import write_dicom
from corcal.interop.dicom.encapsulated_pdf import write_encapsulated_pdf
from corcal.interop.dicom.identity import Tracking
from corcal.interop.dicom.statements import statements
from corcal.interop.dicom.structured_report import write_structured_report
from interop.dicom.dicom_exams import CORONARY, make_exam
from interop.dicom.test_reviewed import REVIEW, made_by

REPORTS = {"structured_report": "Comprehensive3DSR", "cardiovascular_report": "ComprehensiveSR"}


def first_exam():
    exam = make_exam(CORONARY)
    made = {"method": "reviewed", "reviewed": REVIEW, "reader": "A. Eader"}
    return replace(exam, result=made_by(exam.result, **made))


def corrected_exam():
    exam = first_exam()
    later = made_by(exam.result, created="2026-01-05T10:00:00+00:00")
    return replace(exam, result=amended(later, exam.result, reason="Bone was counted."))


def predecessor(path):
    (study,) = dcmread(path).PredecessorDocumentsSequence
    (series,) = study.ReferencedSeriesSequence
    (instance,) = series.ReferencedSOPSequence
    return (
        study.StudyInstanceUID,
        series.SeriesInstanceUID,
        instance.ReferencedSOPClassUID,
        instance.ReferencedSOPInstanceUID,
    )


@pytest.mark.parametrize("labelmap", [False, True])
def test_reports_name_those_that_they_take_the_place_of(tmp_path, labelmap):
    write_dicom(first_exam(), tmp_path / "first", labelmap=labelmap)
    write_dicom(corrected_exam(), tmp_path / "second", labelmap=labelmap)
    for name in REPORTS:
        before = dcmread(tmp_path / "first" / f"{name}.dcm")
        assert predecessor(tmp_path / "second" / f"{name}.dcm") == (
            before.StudyInstanceUID,
            before.SeriesInstanceUID,
            before.SOPClassUID,
            before.SOPInstanceUID,
        )
        assert "PredecessorDocumentsSequence" not in before


def test_a_report_without_segmentation_names_the_one_without(tmp_path):
    before = dcmread(write_structured_report(first_exam(), tmp_path / "first.dcm"))
    after = write_structured_report(corrected_exam(), tmp_path / "second.dcm")
    assert predecessor(after)[3] == before.SOPInstanceUID


def test_what_cannot_be_known_is_not_named(tmp_path):
    exam = corrected_exam()
    tracked = {"L1": Tracking("LAD lesion 1", "2.25.1")}
    path = write_structured_report(exam, tmp_path / "tracked.dcm", tracking=tracked)
    assert "PredecessorDocumentsSequence" not in dcmread(path)
    segmentation = write_dicom(first_exam(), tmp_path / "first")[0]  # not that of this record
    path = write_structured_report(exam, tmp_path / "other.dcm", segmentation=segmentation)
    assert "PredecessorDocumentsSequence" not in dcmread(path)
    unknown = replace(exam.result.provenance.amendment, record_before=None)
    unnamed = replace(exam, result=made_by(exam.result, amendment=unknown))
    path = write_structured_report(unnamed, tmp_path / "unnamed.dcm")
    assert "PredecessorDocumentsSequence" not in dcmread(path)


def test_reports_say_what_they_correct_with_every_digit():
    result = corrected_exam().result
    awkward = replace(result.provenance.amendment, agatston_before=1234.567890123)
    told = statements(made_by(result, amendment=awkward))
    assert told[1] == (
        "Addendum: this report corrects the one signed on 2026-01-02 11:00:00 UTC by A. Eader."
    )
    assert told[2:4] == (
        "Reason: Bone was counted.",
        f"Agatston score then 1234.567890123, now {result.score.total.agatston!r}.",
    )


def test_the_report_in_dicom_is_called_an_addendum(tmp_path):
    pdf = b"%PDF-1.7 "
    titles = [
        dcmread(write_encapsulated_pdf(exam, pdf, tmp_path / "report.dcm")).DocumentTitle
        for exam in (first_exam(), corrected_exam())
    ]
    assert titles == ["Coronary calcium report", "Coronary calcium report, addendum"]
    written = write_dicom(corrected_exam(), tmp_path, documents={"calcium_report": pdf})[-1]
    assert dcmread(written).DocumentTitle == "Calcium report, addendum"


@pytest.mark.dciodvfy
def test_corrected_reports_have_no_error(tmp_path, dciodvfy):
    write_dicom(corrected_exam(), tmp_path)
    for name, kind in REPORTS.items():
        assert dciodvfy(tmp_path / f"{name}.dcm", kind=kind) == []


def test_corrected_reports_keep_to_the_standard(tmp_path, dicom_validator):
    write_dicom(corrected_exam(), tmp_path)
    for name in REPORTS:
        assert dicom_validator(tmp_path / f"{name}.dcm") == []


def test_without_identity_no_reader_and_no_earlier_object_is_named(tmp_path):
    hidden = deidentified_exam(corrected_exam(), Deidentifier(b"secret of sixteen"))
    amendment = hidden.result.provenance.amendment
    assert (amendment.reader_before, amendment.record_before) == (None, None)
    assert amendment.reason == "[removed]"
    assert amendment.signed_before[:10] < "2026-01-02"
    assert amendment.agatston_before == make_exam(CORONARY).result.score.total.agatston
    for path in write_dicom(hidden, tmp_path):
        data = path.read_bytes()
        assert b"Eader" not in data
        assert b"Bone" not in data
        assert b"2026-01-02" not in data
    assert "PredecessorDocumentsSequence" not in dcmread(tmp_path / "structured_report.dcm")
