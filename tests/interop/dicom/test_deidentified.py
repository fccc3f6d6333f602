"""No output of a de-identified exam holds an identifier, in any encoding; objects still agree."""

import io
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image
from pydicom import dcmread
from pypdf import PdfReader

from corcal.cli.report import command
from corcal.cli.report_formats import FORMATS
from corcal.ct.read import read_scan
from corcal.export import write_exam
from corcal.interop.deidentify import DEIDENTIFICATION_METHOD, Deidentifier, deidentified_exam
from corcal.interop.dicom import write_dicom
from corcal.interop.dicom.read_back import score_again
from corcal.interop.dicom.segmentation import write_segmentation
from corcal.pipeline import Options, score_path
from dicom_maker import FRAME_UID, SERIES_UID, STUDY_UID, make_series
from interop.dicom.dicom_exams import CORONARY, make_exam, make_scan, png

KEY = b"sixteen bytes ok"
TAGS = {
    "SpecificCharacterSet": "ISO_IR 192",
    "PatientName": "Quäkenbrück^Zsófia",
    "PatientID": "MRN-4711-XYZ",
    "PatientBirthDate": "19470823",
    "AccessionNumber": "ACC778899",
    "StudyID": "STUDY-5566",
    "StudyDate": "20230917",
    "SeriesDate": "20230917",
    "AcquisitionDate": "20230918",
    "ContentDate": "20230919",
    "StudyTime": "231741",
    "AcquisitionTime": "231842",
    "ContentTime": "231943",
    "StudyDescription": "Calcium for Dr Brinkhege",
    "SeriesDescription": "CaScore Ostercappeln",
    "ProtocolName": "Protocol Bramsche",
    "InstitutionName": "Klinikum Melle",
    "InstitutionAddress": "Engelgarten 3",
    "ReferringPhysicianName": "Brinkhege^Otto",
    "OperatorsName": "Tegeler^Ida",
    "StationName": "CTSTATION9",
    "DeviceSerialNumber": "SN-90210-77",
    "OtherPatientIDs": "OLD-0815-ABC",
    "PatientAddress": "Lange Str. 4",
    "ImageComments": "seen with Mrs Wellinghoff",
}
FILE_NAME = "Quakenbruck_{:04d}.dcm"
# What an output of the exam itself may hold, and a de-identified one may not. A name is looked for
# in its parts too.
IDENTIFIERS = (
    *("Quäkenbrück", "Quakenbruck", "Zsófia", "MRN-4711", "19470823", "1947-08-23"),
    *("ACC778899", "STUDY-5566", "20230917", "2023-09-17", "20230918", "2023-09-18"),
    *("20230919", "2023-09-19", "231741", "23:17:41", "231842", "23:18:42", "231943"),
    *("Brinkhege", "Ostercappeln", "Bramsche", "Melle", "Engelgarten", "Tegeler", "CTSTATION9"),
    *("SN-90210", "OLD-0815", "Lange Str", "Wellinghoff", "Leserin", "Quendoline"),
    *(STUDY_UID, SERIES_UID, FRAME_UID),
)
ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that names the patient, with a series that has every identifier."""
    folder = tmp_path_factory.mktemp("Quakenbruck")
    make_series(folder / "ct", hu=make_scan(CORONARY).hu, tags=TAGS, name=FILE_NAME)
    return folder


@pytest.fixture(scope="module")
def exam(folder):
    """Score the series by a segmentation whose file names the patient too."""
    made = make_exam(CORONARY, scan=read_scan(folder / "ct"))
    marks = write_segmentation(made, folder / "Quakenbruck.dcm")
    return score_path(
        folder / "ct",
        Options(annotations=marks, reader="Leserin^Quendoline", force=True),
    )


@pytest.fixture(scope="module")
def scored(exam, folder, tmp_path_factory):
    """The folder of the exam, as ``corcal score --out`` leaves it, and that of its scan."""
    out = tmp_path_factory.mktemp("scored")
    write_exam(exam, out)
    return out, folder / "ct"


@pytest.fixture(scope="module")
def hidden(exam):
    return deidentified_exam(exam, Deidentifier(KEY))


def write_every_output(scored, folder, *options):
    """Write every format of ``corcal report``, with the scan."""
    record, ct = scored
    arguments = [record, "--scan", ct, "--out", folder, "--format", ",".join(FORMATS), *options]
    done = CliRunner().invoke(command, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [path for path in folder.rglob("*") if path.is_file()], done.output


def contents(path):
    """Bytes of a file, and what is packed inside: text and streams of a PDF, texts of a PNG."""
    data = path.read_bytes()
    found = [data, path.name.encode()]
    if path.suffix == ".dcm":
        dataset = dcmread(path)
        if "EncapsulatedDocument" in dataset:
            found += pdf_contents(dataset.EncapsulatedDocument)
    if data.startswith(b"%PDF"):
        found += pdf_contents(data)
    if data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data)) as picture:
            found.append(repr(picture.info).encode())
    return found


def pdf_contents(data):
    reader = PdfReader(io.BytesIO(data))
    found = [page.extract_text().encode() for page in reader.pages]
    found.append(repr(reader.metadata).encode())
    for number in range(1, len(reader.xref_objStm) + sum(map(len, reader.xref.values())) + 1):
        part = reader.get_object(number)
        found.append(repr(part).encode())
        if hasattr(part, "get_data"):
            found.append(part.get_data())
    return found


def identifiers_in(paths):
    """(identifier, file) of each identifier that a file holds, in upper or lower case."""
    return {
        (word, path.name)
        for path in paths
        for content in map(bytes.lower, contents(path))
        for word in IDENTIFIERS
        for encoding in ENCODINGS
        if word.lower().encode(encoding) in content
    }


def test_the_outputs_of_the_exam_itself_hold_what_is_looked_for(scored, tmp_path):
    """Else the next test would find nothing because it looks for nothing."""
    paths, _ = write_every_output(scored, tmp_path)
    found = identifiers_in(paths)
    names = {word for word, _ in found}
    for word in ("Quäkenbrück", "MRN-4711", "19470823", "2023-09-18", "ACC778899", STUDY_UID):
        assert word in names
    for name in ("calcium_report.dcm", "report.pdf", "report.html"):
        assert "Quäkenbrück" in {word for word, place in found if place == name}, name
    # Nothing but the patient, the study and the record is repeated of the headers.
    assert not names & {"Melle", "Engelgarten", "Tegeler", "CTSTATION9", "SN-90210", "OLD-0815"}


def test_no_output_of_a_deidentified_report_holds_an_identifier(scored, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(KEY)
    paths, said = write_every_output(scored, tmp_path / "out", "--deidentify", "--key-file", key)
    written = {path.name for path in paths}
    expected = {name for each in FORMATS.values() for name in each.files}
    assert written == expected
    assert identifiers_in(paths) == set()
    assert not any(word in said for word in ("Quäkenbrück", "MRN-4711", STUDY_UID))


def test_no_label_map_of_a_deidentified_exam_holds_an_identifier(hidden, tmp_path):
    paths = write_dicom(hidden, tmp_path, labelmap=True)
    assert identifiers_in(paths) == set()


def test_all_objects_have_the_same_replacements(exam, hidden, tmp_path):
    hide = Deidentifier(KEY)
    objects = [
        dcmread(path)
        for path in write_dicom(
            hidden, tmp_path, pictures={"projection": png()}, documents={"report": b"%PDF-1 "}
        )
    ]
    assert len(objects) == 6
    days = hide.shift_days(exam.result.scan)
    for one in objects:
        assert one.StudyInstanceUID == hide.uid(STUDY_UID)
        assert one.PatientID == hide.patient_id("MRN-4711-XYZ")
        assert (str(one.PatientName), one.PatientBirthDate, one.PatientSex) == ("", "", "F")
        assert (one.AccessionNumber, one.StudyID, one.StudyTime) == ("", "", "")
        assert one.StudyDate == hidden.scan.series.study_date != ""
        assert one.PatientIdentityRemoved == "YES"
        assert one.DeidentificationMethod == DEIDENTIFICATION_METHOD
        assert len(DEIDENTIFICATION_METHOD) <= 64  # a Long String
    assert 1 <= days <= 3652
    images = {hide.uid(slice_.sop_instance_uid) for slice_ in exam.scan.slices}
    for sequence in (objects[4].SourceImageSequence, objects[5].SourceInstanceSequence):
        assert {item.ReferencedSOPInstanceUID for item in sequence} == images
    assert objects[0].FrameOfReferenceUID == hide.uid(FRAME_UID)
    assert objects[3].ReferencedSeriesSequence[0].SeriesInstanceUID == hide.uid(SERIES_UID)
    assert {one.BurnedInAnnotation for one in objects[4:]} == {"NO"}


def test_record_and_scan_agree_and_the_numbers_stay(exam, hidden):
    series, record = hidden.scan.series, hidden.result.scan
    assert series.study_instance_uid == record.study_instance_uid
    assert series.series_instance_uid == record.series_instance_uid
    assert series.frame_of_reference_uid == record.frame_of_reference_uid
    assert hidden.scan.patient == record.patient
    assert hidden.scan.acquisition.date == record.date
    assert tuple(one.sop_instance_uid for one in hidden.scan.slices) == record.sop_instance_uids
    assert hidden.result.score.total == exam.result.score.total
    assert hidden.result.lesions == exam.result.lesions
    assert hidden.scan.hu is exam.scan.hu
    # The exam itself is as it was.
    assert exam.scan.patient.name == "Quäkenbrück^Zsófia"


def test_the_score_is_computed_again_from_deidentified_objects(hidden, tmp_path):
    segmentation, report, *_ = write_dicom(hidden, tmp_path)
    again = score_again(hidden.scan, report=report, segmentation=segmentation)
    assert again.score.total == hidden.result.score.total


def test_the_same_key_gives_the_same_objects(exam, tmp_path):
    one, two = (deidentified_exam(exam, Deidentifier(KEY)) for _ in range(2))
    first = [path.read_bytes() for path in write_dicom(one, tmp_path / "a")]
    assert [path.read_bytes() for path in write_dicom(two, tmp_path / "b")] == first
    other = deidentified_exam(exam, Deidentifier(KEY + b"!"))
    uids = {dcmread(path).SOPInstanceUID for path in write_dicom(other, tmp_path / "c")}
    assert not uids & {dcmread(path).SOPInstanceUID for path in (tmp_path / "a").iterdir()}


@pytest.mark.dciodvfy
def test_deidentified_objects_have_no_error(hidden, tmp_path, dciodvfy):
    kinds = {
        "segmentation": "Segmentation",
        "structured_report": "Comprehensive3DSR",
        "cardiovascular_report": "ComprehensiveSR",
        "presentation_state": "GrayscaleSoftcopyPresentationState",
        "key_LAD": "SCImage",
        "report": "EncapsulatedPDF",
    }
    paths = write_dicom(
        hidden, tmp_path, pictures={"key_LAD": png()}, documents={"report": b"%PDF-1 "}
    )
    for path in paths:
        assert dciodvfy(path, kind=kinds[path.stem]) == []


def test_a_finding_that_names_a_file_names_it_no_more(exam):
    from corcal.ct.scan import Finding, Severity

    source = exam.scan.slices[0].source
    finding = Finding(code="X", severity=Severity.INFO, message=f"instance 1 ({source}) is odd")
    suitability = replace(exam.result.suitability, findings=(finding,))
    odd = replace(
        exam,
        scan=replace(exam.scan, findings=(finding,)),
        result=replace(exam.result, suitability=suitability),
    )
    hidden = deidentified_exam(odd, Deidentifier(KEY))
    for (one,) in (hidden.scan.findings, hidden.result.suitability.findings):
        assert one.message == "instance 1 ([removed]) is odd"
    assert hidden.scan.slices[0].source == "slice 1"


ALREADY_TAGS = {
    **dict.fromkeys(TAGS, None),
    "SpecificCharacterSet": "ISO_IR 192",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "by the archive",
    "PatientID": "case 7",
}


class TestAlreadyDeidentified:
    """Outputs of a scan without identifiers hold nothing that the scan did not."""

    @pytest.fixture
    def objects(self, tmp_path):
        make_series(tmp_path / "ct", hu=make_scan(CORONARY).hu, tags=ALREADY_TAGS)
        exam = make_exam(CORONARY, scan=read_scan(tmp_path / "ct"))
        image = dcmread(next((tmp_path / "ct").iterdir()))
        paths = write_dicom(
            exam, tmp_path, pictures={"history": png()}, documents={"report": b"%PDF-1 "}
        )
        return image, [dcmread(path) for path in paths]

    def test_what_the_header_lacks_is_empty_and_what_it_says_is_repeated(self, objects):
        image, written = objects
        keywords = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate",
                    "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
                    "PatientIdentityRemoved", "DeidentificationMethod")  # fmt: skip
        for one in written:
            for keyword in keywords:
                assert (one.get(keyword) or "") == (image.get(keyword) or ""), keyword
            assert one.get("BurnedInAnnotation", "NO") == "NO"

    def test_no_person_place_or_device_is_added(self, objects):
        _, written = objects
        personal = re.compile(r"Institution|Station|Operator|Physician|Address|OtherPatient")
        for one in written:
            named = [e.keyword for e in one.iterall() if personal.search(e.keyword) and e.value]
            assert named == []

    def test_a_method_that_is_not_said_is_not_made_up(self, tmp_path):
        tags = {**ALREADY_TAGS, "DeidentificationMethod": None}
        make_series(tmp_path / "ct", hu=make_scan(CORONARY).hu, tags=tags)
        series = read_scan(tmp_path / "ct").series
        assert series.deidentification_method == "not stated by the images"
        tags["PatientIdentityRemoved"] = "NO"
        make_series(tmp_path / "ct", hu=make_scan(CORONARY).hu, tags=tags)
        assert read_scan(tmp_path / "ct").series.deidentification_method is None
