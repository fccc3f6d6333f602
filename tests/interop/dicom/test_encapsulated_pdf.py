"""A PDF inside a DICOM object: byte for byte, of the right patient, with its sources."""

from dataclasses import replace

import pytest
from pydicom import dcmread

from corcal.ct.scan import Patient, SeriesIdentity
from corcal.errors import InputError
from corcal.interop.dicom import write_documents
from corcal.interop.dicom.encapsulated_pdf import write_encapsulated_pdf
from interop.dicom.dicom_exams import CORONARY, make_exam, make_scan

ODD, EVEN = b"%PDF-1.7 odd", b"%PDF-1.7 even"


def written(tmp_path, exam, pdf=ODD, **options):
    return dcmread(write_encapsulated_pdf(exam, pdf, tmp_path / "pdf.dcm", **options))


@pytest.mark.parametrize("pdf", [ODD, EVEN, b"%PDF-1.7 ends in zeros\0\0"])
def test_the_document_comes_out_as_it_went_in(tmp_path, pdf):
    document = written(tmp_path, make_exam(CORONARY), pdf)
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf
    assert len(document.EncapsulatedDocument) % 2 == 0
    assert document.MIMETypeOfEncapsulatedDocument == "application/pdf"


def test_it_says_what_it_is_and_what_it_was_made_of(tmp_path):
    exam = make_exam(CORONARY)
    document = written(tmp_path, exam, title="Coronary calcium report")
    assert document.DocumentTitle == "Coronary calcium report"
    (name,) = document.ConceptNameCodeSequence
    assert (name.CodeValue, name.CodingSchemeDesignator) == ("36934-8", "LN")
    assert name.CodeMeaning == "CT Heart for calcium scoring"
    sources = [item.ReferencedSOPInstanceUID for item in document.SourceInstanceSequence]
    assert sources == [one.sop_instance_uid for one in exam.scan.slices]
    assert (document.Modality, document.VerificationFlag) == ("DOC", "UNVERIFIED")


def test_patient_study_and_moments_are_those_of_the_exam(tmp_path):
    exam = make_exam(CORONARY)
    document = written(tmp_path, exam)
    assert (document.PatientID, str(document.PatientName)) == ("P-17", "Müller^Åsa")
    assert (document.PatientBirthDate, document.PatientSex) == ("19660504", "F")
    assert document.StudyInstanceUID == exam.scan.series.study_instance_uid
    assert (document.AccessionNumber, document.StudyDate) == ("A-5", "20260102")
    assert document.AcquisitionDateTime == "20260102100000"  # of the scan
    assert document.ContentDate == "20260102"  # of the record


@pytest.mark.parametrize(
    ("patient", "method", "expected"),
    [
        (Patient(patient_id="P-17"), None, "YES"),
        (Patient(name="A^B"), None, "YES"),
        (Patient(birth_date="1950-01-01"), None, "YES"),
        (Patient(sex="F", age_years=60.0), None, "NO"),
        (Patient(patient_id="ANON-1"), "keyed hash", "NO"),
    ],
)
def test_it_is_said_whether_a_page_may_name_the_patient(tmp_path, patient, method, expected):
    scan = make_scan(CORONARY, patient=patient)
    scan = replace(scan, series=replace(scan.series, deidentification_method=method))
    document = written(tmp_path, make_exam(CORONARY, scan=scan))
    assert document.BurnedInAnnotation == expected
    assert document.get("PatientIdentityRemoved") == (None if method is None else "YES")


def test_a_scan_of_unknown_date_leaves_the_moment_empty(tmp_path):
    scan = make_scan(CORONARY)
    scan = replace(scan, acquisition=replace(scan.acquisition, date=None))
    assert written(tmp_path, make_exam(CORONARY, scan=scan)).AcquisitionDateTime == ""


def test_documents_of_an_exam_are_one_series_and_titled_by_their_names(tmp_path):
    pdfs = {"calcium_report": ODD, "patient_letter_es": EVEN}
    paths = write_documents(make_exam(CORONARY), pdfs, tmp_path)
    assert [path.name for path in paths] == ["calcium_report.dcm", "patient_letter_es.dcm"]
    first, second = map(dcmread, paths)
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
    assert first.DocumentTitle == "Calcium report"
    assert second.DocumentTitle == "Patient letter es"


def test_writing_twice_gives_the_same_bytes_and_another_document_another_object(tmp_path):
    exam = make_exam(CORONARY)
    first = write_encapsulated_pdf(exam, ODD, tmp_path / "a.dcm").read_bytes()
    assert write_encapsulated_pdf(exam, ODD, tmp_path / "b.dcm").read_bytes() == first
    other = dcmread(write_encapsulated_pdf(exam, EVEN, tmp_path / "c.dcm"))
    assert other.SOPInstanceUID != dcmread(tmp_path / "a.dcm").SOPInstanceUID


@pytest.mark.dciodvfy
@pytest.mark.parametrize("patient", [make_scan({}).patient, Patient()], ids=["named", "nameless"])
def test_it_has_no_error(tmp_path, dciodvfy, patient):
    exam = make_exam(CORONARY, scan=make_scan(CORONARY, patient=patient))
    path = write_encapsulated_pdf(exam, ODD, tmp_path / "a.dcm")
    assert dciodvfy(path, kind="EncapsulatedPDF") == []


class TestRefusals:
    def test_what_is_no_pdf_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="a PDF begins with '%PDF-', these 5 bytes do not"):
            write_encapsulated_pdf(make_exam(CORONARY), b"<html", tmp_path / "a.dcm")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("title", ["", "x" * 1025])
    def test_a_title_that_does_not_fit_is_refused(self, tmp_path, title):
        with pytest.raises(InputError, match="characters, allowed are 1 to 1024"):
            write_encapsulated_pdf(make_exam(CORONARY), ODD, tmp_path / "a.dcm", title=title)

    def test_a_scan_without_uids_is_refused(self, tmp_path):
        exam = make_exam(CORONARY)
        bare = replace(exam, scan=replace(exam.scan, series=SeriesIdentity()))
        with pytest.raises(InputError, match="this scan has no StudyInstanceUID"):
            write_encapsulated_pdf(bare, ODD, tmp_path / "a.dcm")
