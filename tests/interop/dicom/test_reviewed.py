"""What DICOM objects say of readers and reviews, and that every version is an object of its own."""

from dataclasses import replace

import pytest
from pydicom import dcmread

from corcal.interop.dicom import write_dicom
from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
from corcal.interop.dicom.encapsulated_pdf import write_encapsulated_pdf
from corcal.interop.dicom.identity import reader_name
from corcal.interop.dicom.statements import statements
from corcal.interop.dicom.structured_report import write_structured_report
from corcal.result import ReviewRecord
from interop.dicom.dicom_exams import CORONARY, make_exam
from result_maker import make_automatic_result, make_result

REVIEW = ReviewRecord(
    readers=("A. Eader", "B. Eader"),
    started="2026-01-03T09:00:00+00:00",
    finished="2026-01-03T09:05:00+00:00",
    event_count=7,
    change_count=3,
    candidates_by_reader=4,
    is_complete=True,
    proposed_by="automatic",
    proposed_rule="textbook",
    proposed_agatston=12.0,
)


def made_by(result, **made):
    return replace(result, provenance=replace(result.provenance, **made))


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (None, ""),
        (" ", ""),
        ("Eader^Rita", "Eader^Rita"),
        ("Dr. Rita Reader", "Dr. Rita Reader^"),  # one part alone ends with a caret
        ("Eader\\Other=Third", "Eader Other Third^"),  # neither two values nor two groups
        ("A\nB\x00", "A B^"),
        ("x" * 80, "x" * 63 + "^"),  # PN: 64 characters
        ("x^" + "y" * 80, "x^" + "y" * 62),
    ],
)
def test_a_reader_is_named_as_dicom_names_a_person(reader, name):
    assert reader_name(made_by(make_result(), reader=reader)) == name


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            made_by(make_automatic_result(), method="reviewed", reviewed=REVIEW),
            "Calcium found automatically by corcal 0.1.0 (corcal-thorax 1, corcal-lesions 1); "
            "reviewed by A. Eader, B. Eader",
        ),
        (
            made_by(make_result(), reviewed=replace(REVIEW, readers=(), is_complete=False)),
            "Calcium marked in an annotation (osirix), not found automatically; measured by "
            "corcal 0.1.0; reviewed by a reader; the review has not been completed",
        ),
        (
            made_by(make_automatic_result(), reader="A. Eader", model=None, detector=None),
            "Calcium found automatically by corcal 0.1.0, reader named for it: A. Eader, "
            "who has not signed it",
        ),
    ],
)
def test_a_report_says_who_stands_behind_the_calcium(result, said):
    assert statements(result)[1] == said


@pytest.mark.parametrize(
    ("made", "flags"),
    [
        ({"reader": "Eader^Rita"}, ("UNVERIFIED", "PRELIMINARY")),  # named, and nothing signed
        (
            {"reader": "Eader^Rita", "reviewed": replace(REVIEW, is_complete=False)},
            ("UNVERIFIED", "PRELIMINARY"),
        ),
        ({"reader": "Eader^Rita", "reviewed": REVIEW}, ("VERIFIED", "FINAL")),
        ({"reader": None, "reviewed": REVIEW}, ("UNVERIFIED", "FINAL")),  # the name is taken out
    ],
)
def test_a_report_is_final_once_a_reader_has_signed(tmp_path, dciodvfy, made, flags):
    exam = make_exam(CORONARY)
    signed = replace(exam, result=made_by(exam.result, **made))
    for kind, write in (
        ("Comprehensive3DSR", write_structured_report),
        ("ComprehensiveSR", write_cardiovascular_report),
    ):
        path = write(signed, tmp_path / f"{kind}.dcm")
        report = dcmread(path)
        assert (report.VerificationFlag, report.PreliminaryFlag) == flags
        assert dciodvfy(path, kind=kind) == []
        if report.VerificationFlag == "VERIFIED":
            (observer,) = report.VerifyingObserverSequence
            assert str(observer.VerifyingObserverName) == "Eader^Rita"
            assert observer.VerificationDateTime.startswith(report.ContentDate)
    pdf = dcmread(write_encapsulated_pdf(signed, b"%PDF-1.7", tmp_path / "pdf.dcm"))
    assert pdf.VerificationFlag == flags[0]


def test_every_object_of_a_later_version_of_a_review_has_a_uid_of_its_own(tmp_path):
    exam = make_exam(CORONARY)
    first = made_by(exam.result, method="reviewed", reviewed=REVIEW, reader="Eader^Rita")
    again = replace(REVIEW, event_count=8, finished="2026-01-04T09:00:00+00:00")
    versions = (
        first,
        made_by(first, created="2026-01-05T09:00:00+00:00"),  # signed again, nothing changed
        made_by(first, reviewed=again),
    )
    uids = []
    for number, result in enumerate(versions):
        paths = write_dicom(replace(exam, result=result), tmp_path / str(number))
        for path in paths:
            header = dcmread(path, stop_before_pixels=True)
            uids += [header.SOPInstanceUID, header.SeriesInstanceUID]
    assert len(uids) == len(set(uids)) == 2 * 3 * 3  # segmentation and two reports
