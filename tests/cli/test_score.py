"""``corcal score``: what it prints, what it writes, how it ends."""

import csv
import errno
import json
import re
from dataclasses import replace
from functools import partial

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk

from corcal.anatomy.totalsegmentator import TotalSegmentatorSource
from corcal.cli.score_text import score_text
from corcal.ct.findings import finding
from corcal.ct.read import read_scan
from corcal.interop.dicom.read_back import read_structured_report
from corcal.lesions.classifier import load_classifier
from corcal.lesions.rules import RuleClassifier
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.result import read_result, schema_json
from corcal.scoring.rules import RULES
from corcal.scoring.types import Interval
from dicom_maker import make_series
from report.automatic_scan import make_anatomy
from report.clinician.clinician_cases import stent
from report.test_doubts import with_chances
from true_detection import SURE, automatic_of

SPACING_MM = (3.0, 0.5, 0.5)
SHAPE = (40, 128, 128)


@pytest.fixture
def exam(tmp_path):
    """A block of water in air with one lesion (worked case d: 14 Agatston), and its label map."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[:, 16:112, 16:112] = 40
    hu[20, 60:62, 60:64] = 399  # 8 pixels = 2 mm2, weight 3
    hu[21, 60:62, 60:64] = 401  # 8 pixels = 2 mm2, weight 4: 6 + 8 = 14
    make_series(tmp_path / "scan", hu=hu, spacing_mm=SPACING_MM, origin_mm=(0.0, 0.0, 0.0))
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[20:22, 58:66, 58:66] = 2  # LAD
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, tmp_path / "labels.nrrd")
    return tmp_path


def score(run_corcal, exam, *options):
    # A block of water is no thorax: --force measures it nevertheless.
    scan, labels = exam / "scan", exam / "labels.nrrd"
    return run_corcal("score", scan, "--annotations", labels, "--force", *options)


def test_the_worked_case_d_is_14_agatston_on_the_terminal(run_corcal, exam):
    outcome = score(run_corcal, exam)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("Agatston score 14.0 ")
    assert "For research use only." in outcome.out


def test_json_on_stdout_is_nothing_but_json(run_corcal, exam):
    outcome = score(run_corcal, exam, "--json", "-")
    document = json.loads(outcome.out)
    jsonschema.validate(document, json.loads(schema_json()))
    assert outcome.err == ""
    assert document["score"]["total"]["agatston"] == pytest.approx(14.0)
    assert document["score"]["vessels"]["LAD"]["agatston"] == pytest.approx(14.0)
    assert document["score"]["vessels"]["RCA"]["agatston"] == 0
    assert document["provenance"]["annotation"]["source"] == "labels.nrrd"


def test_a_folder_holds_the_record_and_the_tables(run_corcal, exam):
    out = exam / "out"
    outcome = score(run_corcal, exam, "--out", out)
    assert outcome.code == 0, outcome.err
    names = ["calcium.npz", "exam.csv", "lesions.csv", "result.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    (row,) = csv.DictReader((out / "lesions.csv").read_text(encoding="utf-8").splitlines())
    (lesion,) = read_result(out / "result.json").lesions
    assert float(row["agatston"]) == lesion.agatston == pytest.approx(14.0)


def test_pictures_are_drawn_when_asked_for(run_corcal, exam):
    out = exam / "out"
    outcome = score(run_corcal, exam, "--out", out, "--pictures")
    assert outcome.code == 0, outcome.err
    for name in ("slices.png", "projection.png", "projection_inset.png", "key_LAD.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    assert "14.0" in (out / "index.html").read_text(encoding="utf-8")


def test_key_images_of_an_earlier_exam_do_not_stay(run_corcal, exam):
    out = exam / "out"
    out.mkdir()
    for name in ("key_LM.png", "key_LAD.png", "other.png"):
        (out / name).write_bytes(b"of an earlier exam")
    assert score(run_corcal, exam, "--out", out, "--pictures").code == 0
    assert not (out / "key_LM.png").exists()
    assert (out / "key_LAD.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "other.png").read_bytes() == b"of an earlier exam"


OF_AN_AUTOMATIC_EXAM = ("anatomy.png", "index.html", "report.pdf", "letter.html", "fhir.json")
OF_AN_AUTOMATIC_EXAM_AS_DICOM = ("structured_report.dcm", "key_RCA.dcm", "labelmap.dcm")


def test_what_was_written_of_another_score_does_not_stay_beside_the_new_one(run_corcal, exam):
    out = exam / "out"
    out.mkdir()
    (out / "result.json").write_text("{}", encoding="utf-8")
    outdated = (*OF_AN_AUTOMATIC_EXAM, *OF_AN_AUTOMATIC_EXAM_AS_DICOM)
    for name in (*outdated, "my_notes.pdf"):
        (out / name).write_bytes(b"of an earlier exam")
    outcome = score(run_corcal, exam, "--out", out)
    assert outcome.code == 0, outcome.err
    names = {"calcium.npz", "exam.csv", "lesions.csv", "result.json", "my_notes.pdf"}
    assert {path.name for path in out.iterdir()} == names
    told = " ".join(outcome.out.split()).partition("removed, of the score before: ")[2]
    assert sorted(told.split(", ")) == sorted(outdated)


def test_in_a_folder_without_a_record_nothing_is_taken_for_an_output(run_corcal, exam):
    out = exam / "out"
    out.mkdir()
    (out / "report.pdf").write_bytes(b"of the referring physician")
    outcome = score(run_corcal, exam, "--out", out)
    assert "removed" not in outcome.out
    assert (out / "report.pdf").read_bytes() == b"of the referring physician"


def test_what_was_read_is_not_removed(run_corcal, exam):
    out = exam / "out"
    out.mkdir()
    (out / "result.json").write_text("{}", encoding="utf-8")
    (exam / "labels.nrrd").rename(out / "labelmap.dcm")  # the name of an output
    (exam / "labels.nrrd").symlink_to(out / "labelmap.dcm")
    assert score(run_corcal, exam, "--out", out).code == 0
    assert (out / "labelmap.dcm").exists()


REPORTED = {
    *("calcium.npz", "exam.csv", "lesions.csv", "result.json", "index.html"),
    *("slices.png", "projection.png", "projection_inset.png", "key_LAD.png"),
    *("report.pdf", "report.html", "letter.pdf", "letter.html"),
    *("fhir.json", "report.hl7", "data_dictionary.csv"),
}


def test_one_call_scores_interprets_and_reports(run_corcal, exam):
    out = exam / "out"
    outcome = score(
        *(run_corcal, exam, "--out", out, "--report", "--language", "es-MX"),
        *("--sending-facility", "ST MARY", "--receiving-application", "RIS"),
        *("--age", "61", "--sex", "female", "--race", "white"),
    )
    assert outcome.code == 0, outcome.err
    names = {path.name for path in out.iterdir()}
    dicom = {name for name in names if name.endswith(".dcm")}
    assert names - dicom == REPORTED
    assert {"segmentation.dcm", "structured_report.dcm", "calcium_report.dcm"} <= dicom
    said = [line for line in outcome.out.splitlines() if line.startswith("wrote ")]
    assert len(said) == len(set(said)) == len(names)
    assert 'lang="es"' in (out / "letter.html").read_text(encoding="utf-8")
    meaning = read_result(out / "result.json").interpretation
    assert (meaning.person.age_years, meaning.agatston) == (61, pytest.approx(14.0))
    message = (out / "report.hl7").read_text("utf-8")
    assert message.startswith("MSH|^~\\&|CORCAL|ST MARY|RIS||")
    # what is kept gives the same reports again
    again = run_corcal("report", out, "--format", "clinician,fhir", "--out", exam / "again")
    assert again.code == 0, again.err
    for name in ("report.html", "fhir.json"):
        assert (exam / "again" / name).read_bytes() == (out / name).read_bytes()


def test_reports_of_a_person_of_whom_nothing_is_known(run_corcal, exam):
    make_series(
        *(exam / "nobody",),
        hu=read_scan(exam / "scan").hu,
        spacing_mm=SPACING_MM,
        origin_mm=(0.0, 0.0, 0.0),
        tags={"PatientAge": None, "PatientSex": None, "PatientBirthDate": None},
    )
    outcome = run_corcal(
        *("score", exam / "nobody", "--annotations", exam / "labels.nrrd", "--force"),
        *("--out", exam / "out", "--report"),
    )
    assert outcome.code == 0, outcome.err
    assert read_result(exam / "out" / "result.json").interpretation.person is None


def test_the_record_has_the_number_of_the_order_and_the_issuer(run_corcal, exam):
    make_series(
        *(exam / "ordered",),
        hu=read_scan(exam / "scan").hu,
        spacing_mm=SPACING_MM,
        origin_mm=(0.0, 0.0, 0.0),
        tags={"AccessionNumber": "ACC-7", "IssuerOfPatientID": "HOSPITAL"},
    )
    outcome = run_corcal(
        *("score", exam / "ordered", "--annotations", exam / "labels.nrrd", "--force"),
        *("--json", exam / "result.json"),
    )
    assert outcome.code == 0, outcome.err
    scan = read_result(exam / "result.json").scan
    assert (scan.accession_number, scan.patient_id_issuer) == ("ACC-7", "HOSPITAL")


def test_reports_of_a_scan_that_is_no_dicom_have_no_dicom_objects(run_corcal, exam):
    image = sitk.GetImageFromArray(read_scan(exam / "scan").hu)
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, exam / "scan.nrrd")
    outcome = run_corcal(
        *("score", exam / "scan.nrrd", "--annotations", exam / "labels.nrrd", "--force"),
        *("--out", exam / "out", "--report"),
    )
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (exam / "out").iterdir()} == REPORTED
    (said,) = (line for line in outcome.err.splitlines() if "No DICOM objects" in line)
    assert "has no StudyInstanceUID" in said
    assert said.endswith("not a copy in another format")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--report"], "--report needs a folder"),
        (["--sending-facility", "X"], "what fills the head of the HL7 message is for --report"),
        (["--receiving-facility", "A^B^C^D"], "4 parts, allowed are 1 to 3"),
        (["--out", "out", "--report", "--language", "xx"], "there is no letter in 'xx'"),
        (["--out", "out", "--age", "61"], "what describes the person is for --report"),
        (["--out", "out", "--report", "--age", "7"], "18 to"),
        (["--out", "labels.nrrd", "--json", "labels.nrrd"], "would replace what is read"),
    ],
)
def test_what_a_report_cannot_be_made_of_is_told_first(
    run_corcal, exam, options, said, monkeypatch
):
    monkeypatch.chdir(exam)
    before = (exam / "labels.nrrd").read_bytes()
    outcome = score(run_corcal, exam, *options)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err
    assert not (exam / "out").exists()
    assert (exam / "labels.nrrd").read_bytes() == before


def test_the_scan_is_not_replaced_by_what_is_written_of_it(run_corcal, exam):
    scan = exam / "scan"
    sorted(scan.iterdir())[3].rename(scan / "exam.csv")
    before = (scan / "exam.csv").read_bytes()
    outcome = score(run_corcal, exam, "--out", scan)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "exam.csv would replace what is read" in outcome.err
    assert (scan / "exam.csv").read_bytes() == before
    assert not (scan / "result.json").exists()


def test_dicom_objects_are_written_when_asked_for(run_corcal, exam):
    out = exam / "out"
    outcome = score(run_corcal, exam, "--out", out, "--dicom")
    assert outcome.code == 0, outcome.err
    for name in ("segmentation.dcm", "structured_report.dcm", "cardiovascular_report.dcm"):
        assert (out / name).read_bytes()[128:132] == b"DICM"
        assert f"wrote {out / name}" in outcome.out
    total = read_structured_report(out / "structured_report.dcm").total
    assert total.values["agatston"] == read_result(out / "result.json").score.total.agatston


def test_dicom_objects_of_a_scan_that_is_none_are_refused_in_one_line(run_corcal, exam):
    image = sitk.GetImageFromArray(read_scan(exam / "scan").hu)
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, exam / "scan.nrrd")
    out = exam / "out"
    outcome = run_corcal(
        *("score", exam / "scan.nrrd", "--annotations", exam / "labels.nrrd", "--force"),
        *("--out", out, "--dicom"),
    )
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "this scan has no StudyInstanceUID" in outcome.err
    assert not out.exists()


def test_the_record_keeps_the_reader_and_the_rule(run_corcal, exam):
    outcome = score(run_corcal, exam, "--json", "-", "--reader", "R. Eader", "--rule", "siemens")
    provenance = json.loads(outcome.out)["provenance"]
    assert (provenance["reader"], provenance["rule"]) == ("R. Eader", "siemens")
    assert provenance["rule_reason"] == "chosen by the user"
    assert provenance["slices_with_calcium"] == [20, 21]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--rule", "houndsfield"], 2, "houndsfield.*textbook"),
        (["--series", "1.2.3"], 2, "1.2.3"),
        (["--pictures"], 2, "--pictures needs a folder"),
        (["--dicom"], 2, "--dicom needs a folder"),
        (
            ["--anatomy", "totalsegmentator"],
            2,
            "--anatomy totalsegmentator finds the heart, .* --annotations: leave one of them out",
        ),
        (["--annotations", "missing.xml"], 2, "annotation cannot be opened: No such file"),
    ],
)
def test_a_wrong_option_is_named(run_corcal, exam, options, code, message):
    outcome = score(run_corcal, exam, *options)
    assert outcome.code == code
    assert outcome.out == ""
    assert outcome.err.count("\n") == 1
    assert re.search(message, outcome.err), outcome.err


def test_an_unfit_scan_ends_with_code_3_and_the_reason(run_corcal, exam):
    outcome = run_corcal("score", exam / "scan", "--annotations", exam / "labels.nrrd")
    assert outcome.code == 3
    assert outcome.err.count("\n") == 1


@pytest.fixture
def found(monkeypatch):
    """Automatic detection that takes the marks of the block of water for its own findings."""
    given = {}

    def find(scan, rule, *, source):
        given.update(rule=rule.name, source=source)
        hu = scan.hu
        where = np.flatnonzero(hu >= 399)
        voxels = SiteVoxels(
            shape=hu.shape, index=where, site=np.full(where.size, Site.LAD, dtype=np.uint8)
        )
        return automatic_of(scan, voxels, make_anatomy())

    monkeypatch.setattr("corcal.pipeline.find_calcium", find)
    return given


def score_alone(run_corcal, exam, *options):
    return run_corcal("score", exam / "scan", "--force", *options)


def test_without_an_annotation_the_calcium_is_found(run_corcal, exam, found):
    outcome = score_alone(run_corcal, exam)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("Agatston score 14.0 ")
    assert "\nFound automatically, not checked by a reader; 95 % interval " in outcome.out
    assert "\nProbability of each category: 0: " in outcome.out
    assert "\nReview advised: the scan is not fit for calcium scoring" in outcome.out
    assert found == {"rule": "textbook", "source": None}


def test_what_a_person_marked_has_no_interval(run_corcal, exam):
    out = score(run_corcal, exam).out
    for word in ("automatic", "interval", "Probability", "Review"):
        assert word not in out


@pytest.mark.usefixtures("found")
def test_an_automatic_score_fits_a_terminal_of_80_columns(run_corcal, exam):
    lines = score_alone(run_corcal, exam).out.splitlines()
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.usefixtures("found")
def test_the_json_of_an_automatic_score_has_its_certainty_and_follows_the_schema(run_corcal, exam):
    document = json.loads(score_alone(run_corcal, exam, "--json", "-").out)
    jsonschema.validate(document, json.loads(schema_json()))
    score, (lesion,) = document["score"], document["lesions"]
    interval = score["total"]["interval"]
    assert interval["low"] <= 14.0 <= interval["high"]
    assert sum(score["category_probabilities"].values()) == pytest.approx(1.0)
    assert lesion["probabilities"]["LAD"] == SURE
    assert lesion["why"][0]["text"] == "L1 was put there"
    assert document["provenance"]["method"] == "automatic"
    assert document["provenance"]["annotation"] is None
    assert document["provenance"]["detector"]["name"] == "truth"
    assert document["review"]["advised"] is True


@pytest.mark.usefixtures("found")
def test_pictures_of_an_automatic_score_show_the_anatomy_and_each_decision(run_corcal, exam):
    out = exam / "out"
    outcome = score_alone(run_corcal, exam, "--out", out, "--pictures")
    assert outcome.code == 0, outcome.err
    for name in ("slices.png", "projection.png", "anatomy.png", "decisions.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
        assert f"wrote {out / name}" in outcome.out
    assert read_result(out / "result.json").review is not None


def test_the_heart_is_found_by_whom_the_user_wants(run_corcal, exam, found):
    assert score_alone(run_corcal, exam, "--anatomy", "built-in").code == 0
    assert found["source"] is None
    assert score_alone(run_corcal, exam, "--anatomy", "totalsegmentator").code == 0
    assert isinstance(found["source"], TotalSegmentatorSource)


def test_totalsegmentator_that_is_not_installed_is_one_line(
    run_corcal, exam, monkeypatch, tmp_path
):
    monkeypatch.setattr("corcal.lesions.classifier.load_classifier", RuleClassifier)
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = score_alone(run_corcal, exam, "--anatomy", "totalsegmentator")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "TotalSegmentator" in outcome.err
    assert "install" in outcome.err


def test_an_anatomy_source_that_does_not_exist_is_named(run_corcal, exam):
    outcome = score_alone(run_corcal, exam, "--anatomy", "crystal-ball")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "crystal-ball" in outcome.err
    assert "totalsegmentator" in outcome.err


def test_a_missing_model_is_one_line(run_corcal, exam, monkeypatch):
    monkeypatch.setattr("corcal.models.load.known_models", dict)
    outcome = score_alone(run_corcal, exam)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "no model 'lesions' in this release" in outcome.err


def test_a_model_of_unknown_hash_is_one_line(run_corcal, exam, monkeypatch, tmp_path):
    file = tmp_path / "other.onnx"
    file.write_bytes(b"another program")
    strange = partial(load_classifier, path=file)
    monkeypatch.setattr("corcal.lesions.classifier.load_classifier", strange)
    outcome = score_alone(run_corcal, exam)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "other.onnx of model 'lesions' has SHA-256" in outcome.err


def test_where_no_heart_was_found_there_is_no_score_but_a_reason(run_corcal, exam, monkeypatch):
    lost = finding("HEART_NOT_FOUND", "no heart was found in the scan")
    anatomy = replace(make_anatomy(heart=False), findings=(lost,))
    monkeypatch.setattr("corcal.lesions.classifier.load_classifier", RuleClassifier)
    monkeypatch.setattr("corcal.anatomy.network.NetworkSource.locate", lambda *_: anatomy)
    outcome = score_alone(run_corcal, exam)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (3, "", 1)
    assert "no heart was found in the scan (--annotations scores what" in outcome.err


def test_the_schema_is_printed(run_corcal):
    outcome = run_corcal("schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(outcome.out))


def test_help_names_every_rule(run_corcal):
    text = run_corcal("score", "--help").out.replace("\n", " ")
    assert [name for name in RULES if name not in text] == []


def test_the_terminal_marks_an_artery_that_metal_lies_on():
    plain = stent()
    lines = score_text(plain).splitlines()
    assert [line.split()[0] for line in lines if line.endswith("  metal")] == ["LAD"]
    assert "metal: not all of the artery is scoreable" in lines
    assert max(map(len, score_text(plain).splitlines())) <= 80


def test_the_terminal_shows_the_interval_of_each_artery_and_marks_doubtful_ones():
    sure, doubtful = {"LAD": 0.99, "LM": 0.01}, {"LAD": 0.6, "LM": 0.4}
    for chances, mark in ((sure, ""), (doubtful, " ?")):
        result = with_chances(chances)
        interval = Interval(low=3.0, high=40.0, level=0.95)
        total = replace(result.score.total, interval=interval)
        vessels = {
            name: replace(part, interval=interval) for name, part in result.score.vessels.items()
        }
        score = replace(result.score, total=total, vessels=vessels)
        lines = score_text(replace(result, score=score)).splitlines()
        [head] = [line for line in lines if "volume mm3" in line]
        [lad] = [line for line in lines if line.startswith("LAD")]
        assert "95 % interval" in head
        assert lad.startswith(f"LAD{mark} ")
        assert lad[: head.index("interval") + len("interval")].endswith(" 3 to 40")
        legend = "?: a lesion there is doubtful, less than 90 % probable"
        assert (legend in lines) is bool(mark)


def test_an_exam_that_cannot_be_written_leaves_the_one_before_whole(run_corcal, exam, monkeypatch):
    out = exam / "out"
    assert score(run_corcal, exam, "--out", out, "--pictures").code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device", "exam.csv")

    monkeypatch.setattr("corcal.export.write_exam_table", full)
    outcome = score(run_corcal, exam, "--out", out)
    assert outcome.code == 2
    assert "No space left on device" in outcome.err
    assert ".corcal-" not in outcome.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert score(run_corcal, exam, "--out", exam / "new").code == 2
    assert not (exam / "new").exists()


def test_a_record_that_cannot_be_written_is_named_and_the_folder_is_there(run_corcal, exam):
    outcome = score(run_corcal, exam, "--out", exam / "out", "--json", "/dev/full")
    assert outcome.code == 2
    assert "/dev/full" in outcome.err
    assert (exam / "out" / "result.json").is_file()


def test_a_folder_in_the_place_of_a_file_is_named_and_nothing_is_replaced(run_corcal, exam):
    out = exam / "out"
    assert score(run_corcal, exam, "--out", out).code == 0
    before = (out / "result.json").read_bytes()
    (out / "index.html").mkdir()
    outcome = score(run_corcal, exam, "--out", out, "--pictures", "--rule", "siemens")
    assert outcome.code == 2
    assert f"{out / 'index.html'}" in outcome.err
    assert (out / "result.json").read_bytes() == before
    assert not list(out.glob(".corcal-*"))
