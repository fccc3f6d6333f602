"""The number of the order and the issuer of the identifier: from the headers into every output."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import hl7
from fhir.resources.R4B.bundle import Bundle
from pydicom import dcmread

from corcal.ct.read import read_scan
from corcal.interop.deidentify import Deidentifier, deidentified_exam
from corcal.interop.dicom.segmentation import write_segmentation
from corcal.interop.fhir import fhir_bundle, fhir_json
from corcal.interop.hl7v2 import hl7_message
from corcal.interop.tables import write_exam_table
from corcal.result import Result, result_from_json, result_json
from dicom_maker import make_series
from exam_maker import SPACING_MM, exam_of, water
from result_maker import make_result

KEY = b"sixteen bytes ok"
ACCESSION, ISSUER = "ACC-2023^7", "St. Mary"
TAGS = {"AccessionNumber": ACCESSION, "IssuerOfPatientID": ISSUER, "PatientID": "4711"}


def ordered(accession: str | None = ACCESSION, issuer: str | None = ISSUER) -> Result:
    result = make_result()
    scan = replace(result.scan, accession_number=accession, patient_id_issuer=issuer)
    return replace(result, scan=scan)


def resource(result: Result, kind: str) -> dict:
    entries = fhir_bundle(result)["entry"]
    return next(each["resource"] for each in entries if each["resource"]["resourceType"] == kind)


def test_the_headers_say_it_and_dicom_objects_repeat_it(tmp_path: Path) -> None:
    make_series(tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM, tags=TAGS)
    series = read_scan(tmp_path / "scan").series
    assert (series.accession_number, series.patient_id_issuer) == (ACCESSION, ISSUER)
    exam = exam_of(tmp_path / "scan")
    made = dcmread(write_segmentation(exam, tmp_path / "seg.dcm"))
    assert (made.AccessionNumber, made.IssuerOfPatientID) == (ACCESSION, ISSUER)
    hidden = deidentified_exam(exam, Deidentifier(KEY))
    bare = dcmread(write_segmentation(hidden, tmp_path / "bare.dcm"))
    assert (bare.AccessionNumber, "IssuerOfPatientID" in bare) == ("", False)


def test_the_message_names_order_and_assigning_authority() -> None:
    message = hl7.parse(hl7_message(ordered()))
    assert str(message.segment("PID")[3]) == "SIM-1^^^St. Mary^PI"
    assert [str(message.segment("OBR")[n]) for n in (2, 18)] == ["ACC-2023\\S\\7"] * 2
    plain = hl7.parse(hl7_message(ordered(None, None)))
    assert str(plain.segment("PID")[3]) == "SIM-1^^^^PI"
    assert [str(plain.segment("OBR")[n]) for n in (2, 18)] == ["", ""]


def test_the_bundle_refers_to_the_order_by_its_number() -> None:
    Bundle.model_validate_json(fhir_json(ordered()))
    number = {
        "type": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/v2-0203",
                    "code": "ACSN",
                    "display": "Accession ID",
                }
            ]
        },
        "value": ACCESSION,
    }
    order = [{"type": "ServiceRequest", "identifier": number}]
    assert resource(ordered(), "DiagnosticReport")["basedOn"] == order
    study = resource(ordered(), "ImagingStudy")
    assert study["basedOn"] == order
    assert study["identifier"][-1] == number
    (identifier,) = resource(ordered(), "Patient")["identifier"]
    assert identifier.pop("type")["coding"][0]["code"] == "PI"
    assert identifier == {"value": "SIM-1", "assigner": {"display": ISSUER}}
    plain = ordered(None, None)
    assert "basedOn" not in resource(plain, "DiagnosticReport")
    (unissued,) = resource(plain, "Patient")["identifier"]
    assert unissued.keys() == {"type", "value"}


def test_one_identifier_of_two_issuers_is_two_patients() -> None:
    names = {resource(ordered(issuer=each), "Patient")["id"] for each in (None, "A", "B")}
    assert len(names) == 3


def test_the_table_has_both(tmp_path: Path) -> None:
    write_exam_table([ordered()], tmp_path / "exam.csv")
    with (tmp_path / "exam.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["accession_number"], row["patient_id_issuer"]) == (ACCESSION, ISSUER)


def test_deidentified_neither_is_left_not_even_in_a_sentence() -> None:
    result = ordered()
    made = replace(result.provenance, rule_reason=f"asked for in {ACCESSION} by {ISSUER}")
    text = result_json(Deidentifier(KEY)(replace(result, provenance=made)))
    assert ACCESSION not in text
    assert ISSUER not in text


def test_a_record_of_an_older_release_has_neither() -> None:
    old = json.loads(result_json(ordered()))
    for name in ("accession_number", "patient_id_issuer"):
        del old["scan"][name]
    old["schema_version"] = "1.2"
    scan = result_from_json(json.dumps(old).encode(), name="old.json").scan
    assert (scan.accession_number, scan.patient_id_issuer) == (None, None)
    assert ACCESSION not in repr(ordered())
