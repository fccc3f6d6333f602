"""``corcal report``: the files it writes, that they agree, and what it refuses."""

import csv
import gc
import io
import itertools
import json
import os
import re
import sys
import threading
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import click
import hl7
import pytest
import SimpleITK as sitk
from pyarrow import parquet
from pydicom import dcmread
from pypdf import PdfReader

from corcal.cli.corrections import write_correction
from corcal.cli.report import pictures_for
from corcal.cli.report_formats import FORMATS, write_report
from corcal.cli.report_request import Request
from corcal.ct.scan import Patient
from corcal.errors import InputError
from corcal.exam_numbers import exam_numbers
from corcal.export import write_exam
from corcal.followup import compare
from corcal.interop.dicom.read_back import read_structured_report
from corcal.interpreted import interpret_result, with_interpretation
from corcal.result import read_result, result_json
from dicom_maker import make_series
from exam_maker import SPACING_MM, exam_of, water
from interop.exam_cases import full_result, made_by, signed_result

FILES = {
    "fhir": {"fhir.json"},
    "hl7": {"report.hl7"},
    "csv": {"exam.csv", "lesions.csv", "data_dictionary.csv"},
    "parquet": {"exam.parquet", "lesions.parquet"},
}
MACHINE = ",".join(FILES)
PEOPLE = {
    "clinician": {"report.pdf", "report.html"},
    "patient": {"letter.pdf", "letter.html"},
}
DICOM = {
    "seg": {"segmentation.dcm"},
    "sr": {"structured_report.dcm", "cardiovascular_report.dcm"},
    "pdf": {"calcium_report.dcm"},
    "key": {"projection.dcm", "key_LAD.dcm", "presentation_state.dcm"},
}
ASKED_FOR = {"labelmap": {"labelmap.dcm"}}  # DICOM that is written only if it is named
# Everything that tells who it is, in every way that a format writes it
ORIGINALS = (
    *("PAT-0815", "Mustermann", "Erika", "1957-08-12", "19570812"),
    *("2026-01-02", "20260102", "2021-05-03", "20210503"),
    *("10:20:30", "102030"),
    *("1.2.840.99.1", "1.2.840.99.2", "1.2.840.99.3", "1.2.840.99.4"),
    *("Dr. Reader", "Study of Erika", "Ca Mustermann", "mustermann.xml", "folder_erika"),
)


def known_result():
    """A result that names its person wherever a record can."""
    base = full_result()
    scan = replace(
        base.scan,
        patient=Patient(
            patient_id="PAT-0815",
            name="Mustermann^Erika",
            birth_date="1957-08-12",
            sex="F",
            age_years=61.0,
        ),
        study_instance_uid="1.2.840.99.1",
        series_instance_uid="1.2.840.99.2",
        frame_of_reference_uid="1.2.840.99.3",
        sop_instance_uids=("1.2.840.99.4", "1.2.840.99.5", None, None),
        study_description="Study of Erika",
        series_description="Ca Mustermann",
        date="2026-01-02",
        time="10:20:30",
    )
    made = replace(
        base.provenance,
        reader="Dr. Reader",
        series_reason="series 3 in folder_erika is the only one",
    )
    younger = replace(base.scan.patient, age_years=56.0)
    before = replace(base.scan, patient=younger, date="2021-05-03", series_instance_uid="1")
    followup = compare([exam_numbers(replace(base, scan=before)), exam_numbers(base)])
    return replace(base, scan=scan, provenance=made, followup=followup)


def texts_of(folder):
    """Give the text of every file; of Parquet that of its cells."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            yield path.name, json.dumps(parquet.read_table(path).to_pylist(), default=str)
        else:
            yield path.name, path.read_bytes().decode()


@pytest.fixture
def result_file(tmp_path):
    path = tmp_path / "exam" / "result.json"
    path.parent.mkdir()
    path.write_text(result_json(known_result()), encoding="utf-8")
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_every_format_of_machines_leaves_its_files_and_says_so(run_corcal, result_file, out):
    outcome = run_corcal("report", result_file, "--format", MACHINE, "--out", out)
    assert outcome.code == 0, outcome.err
    names = {path.name for path in out.iterdir()}
    assert names == set().union(*FILES.values())
    assert {line.rsplit("/", 1)[1] for line in outcome.out.splitlines()} == names


@pytest.mark.parametrize("name", FILES)
def test_a_format_alone_leaves_nothing_else(run_corcal, result_file, out, name):
    assert run_corcal("report", result_file, "--format", name, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == FILES[name]


def test_the_folder_of_an_exam_is_as_good_as_its_record(run_corcal, result_file, out):
    assert run_corcal("report", result_file.parent, "--format", "csv", "--out", out).code == 0
    assert run_corcal("report", result_file, "--format", "csv", "--out", out / "b").code == 0
    for name in FILES["csv"]:
        assert (out / name).read_bytes() == (out / "b" / name).read_bytes()


def test_all_formats_tell_the_same_score(run_corcal, result_file, out):
    run_corcal("report", result_file, "--format", MACHINE, "--out", out)
    wanted = known_result().score
    (row,) = csv.DictReader(io.StringIO((out / "exam.csv").read_text(encoding="utf-8"), newline=""))
    (cells,) = parquet.read_table(out / "exam.parquet").to_pylist()
    bundle = json.loads((out / "fhir.json").read_text(encoding="utf-8"))
    message = hl7.parse((out / "report.hl7").read_bytes().decode())
    for site, score in ({"total": wanted.total} | wanted.vessels).items():
        code = f"agatston-{site}"
        (observed,) = (
            entry["resource"]["valueQuantity"]["value"]
            for entry in bundle["entry"]
            if code in [c["code"] for c in entry["resource"].get("code", {}).get("coding", ())]
        )
        (segment,) = (s for s in message.segments("OBX") if f"{code}^" in str(s[3]))
        told = (float(row[f"{site}_agatston"]), cells[f"{site}_agatston"], observed)
        assert (*told, float(str(segment[5]))) == (score.agatston,) * 4


def test_originals_are_in_the_outputs_as_long_as_nobody_asks(run_corcal, result_file, out):
    run_corcal("report", result_file, "--format", MACHINE, "--out", out)
    told = "\n".join(text for _, text in texts_of(out))
    for word in ("PAT-0815", "Mustermann", "1957-08-12", "20260102", "1.2.840.99.1", "Dr. Reader"):
        assert word in told


def test_no_output_of_a_deidentified_exam_holds_an_original(run_corcal, result_file, out, tmp_path):
    key = tmp_path / "key"
    key.write_text("the same key each time", encoding="ascii")  # nothing here is left to chance
    outcome = run_corcal(
        *("report", result_file, "--format", MACHINE, "--out", out),
        *("--deidentify", "--key-file", key),
    )
    assert outcome.code == 0, outcome.err
    texts = dict(texts_of(out))
    assert texts.keys() == set().union(*FILES.values())
    for name, text in texts.items():
        found = [word for word in ORIGINALS if word.lower() in text.lower()]
        assert found == [], name
    for path in out.iterdir():  # metadata of Parquet as well
        assert not any(word.encode() in path.read_bytes() for word in ORIGINALS)


def test_files_without_names_are_not_put_beside_a_record(run_corcal, result_file):
    folder = result_file.parent
    result_file.rename(folder / "result.json")
    told = run_corcal("report", folder, "--deidentify", "--out", folder)
    assert told.code == 2
    assert "holds the result.json of an exam, which names the patient" in told.err
    assert names_in(folder) == {"result.json"}


def pdf_inside(folder):
    """The PDF inside of the bundle, and that inside of the message; ``None`` without one."""
    report = json.loads((folder / "fhir.json").read_text("utf-8"))["entry"][0]["resource"]
    forms = [b64decode(form["data"]) for form in report.get("presentedForm", [])]
    message = (folder / "report.hl7").read_bytes().decode().split("\r")
    values = [line.split("|")[5] for line in message if "|ED|" in line]
    return *(forms or [None]), *([b64decode(value.split("^")[4]) for value in values] or [None])


def test_the_report_is_inside_of_bundle_and_message_unless_it_is_left_out(
    run_corcal, result_file, out
):
    args = ("report", result_file, "--out", out, "--format")
    assert run_corcal(*args, "fhir,hl7,clinician").code == 0
    pdf = (out / "report.pdf").read_bytes()
    assert pdf_inside(out) == (pdf, pdf)
    assert run_corcal(*args, "fhir,hl7").code == 0  # without the file beside them, too
    assert pdf_inside(out) == (pdf, pdf)
    assert run_corcal(*args, "fhir,hl7", "--no-embed-pdf").code == 0
    assert pdf_inside(out) == (None, None)


def test_the_message_says_where_it_comes_from_and_where_it_goes(run_corcal, result_file, out):
    route = ("--sending-facility", "ST MARY", "--receiving-application", "RIS")
    args = ("report", result_file, "--out", out, "--format", "hl7", *route)
    assert run_corcal(*args, "--receiving-facility", "HOSPITAL^2.25.7^ISO").code == 0
    text = (out / "report.hl7").read_text("utf-8")
    assert text.startswith("MSH|^~\\&|CORCAL|ST MARY|RIS|HOSPITAL^2.25.7^ISO|")
    told = run_corcal(*args, "--receiving-facility", "A^B^C^D")
    assert (told.code, "4 parts, allowed are 1 to 3" in told.err) == (2, True)
    told = run_corcal(*args, "--receiving-application", "RIS^nouid")
    assert (told.code, "universal identifier without its type" in told.err) == (2, True)


def test_a_report_of_the_command_line_can_correct_a_signed_one(run_corcal, out, tmp_path):
    earlier, later = tmp_path / "first" / "result.json", tmp_path / "second.json"
    earlier.parent.mkdir()
    first = made_by(signed_result(), created="2026-01-01T10:00:00+00:00")
    earlier.write_text(result_json(first), encoding="utf-8")
    later.write_text(result_json(signed_result()), encoding="utf-8")
    args = ("report", later, "--out", out, "--format", "fhir,hl7,patient")
    assert run_corcal(*args, "--corrects", earlier.parent, "--reason", "Bone was counted").code == 0
    assert "|C|" in (out / "report.hl7").read_bytes().decode().split("\r")[3]
    assert "Reason: Bone was counted." in (out / "fhir.json").read_text("utf-8")
    assert "This letter replaces an earlier one" in (out / "letter.html").read_text("utf-8")
    alone = run_corcal(*args, "--reason", "Bone was counted")
    assert (alone.code, "--corrects and --reason belong together" in alone.err) == (2, True)


@pytest.fixture
def signed(tmp_path):
    """A signed record in a folder with its reports, and the one that corrects it beside it."""
    earlier, later = tmp_path / "first" / "result.json", tmp_path / "second.json"
    earlier.parent.mkdir()
    first = made_by(signed_result(), created="2026-01-01T10:00:00+00:00")
    earlier.write_text(result_json(first), encoding="utf-8")
    (earlier.parent / "report.hl7").write_text("as it was signed", encoding="utf-8")
    later.write_text(result_json(signed_result()), encoding="utf-8")
    return earlier, later


def correction(run_corcal, later, earlier, out):
    args = ("report", later, "--format", "hl7", "--reason", "Bone was counted")
    return run_corcal(*args, "--corrects", earlier, "--out", out)


def in_one_line(told, *words):
    return (told.code, told.out, told.err.count("\n")) == (2, "", 1) and all(
        word in told.err for word in words
    )


def test_signed_reports_are_not_replaced_by_those_of_the_correction(
    run_corcal, signed, tmp_path, monkeypatch
):
    earlier, later = signed
    folder = earlier.parent
    away = tmp_path / "away"
    away.mkdir()
    linked, link, copy = tmp_path / "linked", away / "link.json", away / "copy.json"
    linked.symlink_to(folder)
    link.symlink_to(earlier)
    copy.write_bytes(earlier.read_bytes())
    inside = folder / "away.json"
    inside.symlink_to(copy)
    monkeypatch.chdir(folder)
    named = [folder, earlier, link, copy, inside, Path("result.json"), Path("../first")]
    for given in named:
        for out in (folder, linked, Path(), Path("../first")):
            told = correction(run_corcal, later, given, out)
            words = ("is the folder of the earlier report (--corrects)", "give another folder")
            assert in_one_line(told, *words), (given, out)
    assert {one.name for one in folder.iterdir()} == {"result.json", "report.hl7", "away.json"}
    assert (folder / "report.hl7").read_text("utf-8") == "as it was signed"
    for out in (folder / "later", tmp_path):  # beside it, and above it, nothing is replaced
        assert correction(run_corcal, later, earlier, out).code == 0
        assert "|C|" in (out / "report.hl7").read_bytes().decode()
    assert (folder / "report.hl7").read_text("utf-8") == "as it was signed"


def test_a_folder_is_that_of_a_record_of_any_name_and_of_a_link(run_corcal, signed, tmp_path):
    earlier, later = signed
    real = tmp_path / "real" / "v2_result.json"
    links = tmp_path / "links"
    real.parent.mkdir()
    links.mkdir()
    earlier.rename(real)
    (links / "link.json").symlink_to(real)
    (tmp_path / "again").symlink_to(real.parent)
    for given, out in (
        (real, real.parent),
        (real, tmp_path / "again"),
        (links / "link.json", links),
        (links / "link.json", real.parent),
    ):
        told = correction(run_corcal, later, given, out)
        assert in_one_line(told, "is the folder of the earlier report"), (given, out)
        assert not (out / "report.hl7").exists()
    (links / "link.json").unlink()
    assert correction(run_corcal, later, real, links).code == 0


def other_forms(record):
    """The same signed record, as other bytes."""
    document = json.loads(record)
    yield json.dumps(document)
    yield json.dumps(document | {"interpretation": None})
    yield "\ufeff" + record


def test_the_earlier_record_is_found_in_other_bytes_and_under_any_name(
    run_corcal, signed, tmp_path, out
):
    earlier, later = signed
    record, copy = earlier.read_text("utf-8"), tmp_path / "copy.json"
    first = read_result(earlier)
    copy.write_text(
        result_json(with_interpretation(first, interpret_result(first, None))), encoding="utf-8"
    )
    out.mkdir()
    (out / "fhir.json").write_text("{}", encoding="utf-8")  # no record
    os.mkfifo(out / "pipe.json")
    for form, name in itertools.product(other_forms(record), ("result.json", "v2_RESULT.JSON")):
        (out / name).write_text(form, encoding="utf-8")
        told = correction(run_corcal, later, copy, out)
        assert in_one_line(told, "is the folder of the earlier report (--corrects)"), name
        assert not (out / "report.hl7").exists()
        (out / name).unlink()
    other = made_by(signed_result(), created="2026-01-01T09:00:00+00:00")
    (out / "result.json").write_text(result_json(other), encoding="utf-8")
    assert correction(run_corcal, later, copy, out).code == 0  # of the exam, and not corrected here


def test_reports_that_are_there_are_replaced_by_none_of_a_correction(run_corcal, signed, out):
    earlier, later = signed
    formats = ("--format", "patient,fhir,hl7,csv", "--no-embed-pdf")
    args = ("report", later, "--corrects", earlier, "--out", out, *formats, "--reason")
    assert run_corcal("report", earlier, "--out", out, *formats).code == 0
    before = {one.name: one.read_bytes() for one in out.iterdir()}
    assert in_one_line(run_corcal(*args, "Bone"), "is there already", "give another folder")
    for name in ("letter.html", "report.hl7", "lesions.csv"):  # any one of them is enough
        for one in out.iterdir():
            one.unlink()
        (out / name).write_bytes(before[name] + b" ")
        told = run_corcal(*args, "Bone")
        assert in_one_line(told, f"{name} is there already", "no report of this correction")
        assert {one.name: one.read_bytes() for one in out.iterdir()} == {name: before[name] + b" "}


def test_a_correction_is_written_twice_and_ended_but_not_put_in_the_place_of_another(
    run_corcal, signed, out
):
    earlier, later = signed
    args = ("report", later, "--corrects", earlier, "--out", out, "--format", "clinician,hl7,csv")
    first = run_corcal(*args, "--reason", "Bone")
    written = {one.name: one.read_bytes() for one in out.iterdir()}
    (out / "report.hl7").unlink()  # as if the first run had been killed
    (out / "mine.txt").write_text("of somebody else", encoding="utf-8")
    again = run_corcal(*args, "--reason", "Bone")
    assert (again.code, again.out) == (0, first.out)
    assert {one.name: one.read_bytes() for one in out.iterdir() if one.name in written} == written
    told = run_corcal(*args, "--reason", "Noise")
    assert in_one_line(told, "is there already")
    assert {one.name for one in out.iterdir()} == {*written, "mine.txt"}
    # an ordinary report replaces those that are there, as ever
    assert run_corcal("report", later, "--out", out, "--format", "hl7").code == 0
    assert (out / "report.hl7").read_bytes() != written["report.hl7"]


def test_a_report_of_something_that_the_correction_has_not_is_not_removed(scanned):
    folder, exam = scanned
    out = folder / "given"
    out.mkdir()
    (out / "key_LM.dcm").write_bytes(b"as it was signed")
    request = Request(result=exam.result, folder=out, formats=("key",), exam=exam)
    with pytest.raises(click.UsageError, match=r"key_LM\.dcm is there already"):
        write_correction(request)
    assert [one.name for one in out.iterdir()] == ["key_LM.dcm"]


def test_every_format_of_a_correction_is_the_same_twice(scanned):
    folder, exam = scanned
    out = folder / "given"
    for _ in range(2):
        request = Request(result=exam.result, folder=out, formats=tuple(FORMATS), exam=exam)
        written = {path: path.read_bytes() for path in write_correction(request)}
        assert len(written) > 15
        for path in [path for path in written if path.suffix in {".dcm", ".parquet"}][::2]:
            path.unlink()  # these are put there again, and the others are compared
    assert set(written) > set(out.iterdir())
    with pytest.raises(click.UsageError, match="is there already"):
        write_correction(replace(request, language="es", made={}))


def test_what_is_wrong_with_an_option_is_said_of_it(run_corcal, signed, out):
    earlier, later = signed
    args = ("report", later, "--format", "hl7", "--corrects", earlier, "--out", out, "--reason")
    for reason, words in (
        (" ", "--reason has 0 characters, allowed are 1 to 2000"),
        ("x" * 2001, "--reason has 2001 characters"),
        ("\x1b[31m", "--reason has the character U+001B"),
    ):
        assert in_one_line(run_corcal(*args, reason), f"corcal: {words}")
    told = run_corcal(*args, "x" * 2000, "--receiving-application", "X" * 21)
    assert in_one_line(told, "corcal: --receiving-application has a name of 21 characters")
    assert not out.exists()
    assert run_corcal(*args, "x" * 2000, "--receiving-application", "X" * 20).code == 0


def test_what_is_wrong_with_the_earlier_report_is_said_of_it(run_corcal, signed, out, tmp_path):
    earlier, later = signed
    empty, text, large = tmp_path / "empty", tmp_path / "text.json", tmp_path / "large.json"
    empty.mkdir()
    text.write_text("no record", encoding="utf-8")
    with large.open("wb") as stream:
        stream.truncate(64 * 10**6 + 1)
    names = {name: tmp_path / f"{name}.json" for name in ("reader", "created", "date", "pipe")}
    os.mkfifo(names["pipe"])
    for name, place in (
        ("reader", ("provenance", "reader")),
        ("created", ("provenance", "created")),
        ("date", ("scan", "date")),
    ):
        document = json.loads(earlier.read_text("utf-8"))
        document[place[0]][place[1]] = "Erika" * 60
        names[name].write_text(json.dumps(document), encoding="utf-8")
    for name, words in (
        ("reader", "provenance.reader has 300 characters, allowed are 1 to 200"),
        ("created", "created.json is not to be believed: provenance.created is no such date"),
        ("date", "date.json is not to be believed: scan.date is no such date"),
        ("pipe", "cannot read pipe.json: it is no regular file"),
    ):
        told = correction(run_corcal, later, names[name], out)
        assert in_one_line(told, f"the earlier report, --corrects {names[name]}: {words}")
        assert "Erika" not in told.err
    for given, words in (
        (tmp_path / "gone.json", "cannot read gone.json: No such file"),
        (empty, "no result.json in empty"),
        (text, "text.json is not a corcal result"),
        (large, "cannot read large.json: it has more than 64 MB"),
    ):
        told = correction(run_corcal, later, given, out)
        assert in_one_line(told, f"the earlier report, --corrects {given}: ", words)
        told = correction(run_corcal, given, earlier, out)
        assert in_one_line(told, words)
        assert "--corrects" not in told.err
    assert not out.exists()


def test_a_correction_of_another_patient_is_refused_before_anything_is_written(
    run_corcal, signed, out
):
    earlier, later = signed
    document = json.loads(later.read_text("utf-8"))
    document["scan"]["patient"]["patient_id"] = "SIM-2"
    later.write_text(json.dumps(document), encoding="utf-8")
    told = correction(run_corcal, later, earlier, out)
    assert in_one_line(told, "another patient than the corrected one, by the patient identifier")
    assert "SIM" not in told.err
    assert not out.exists()


def test_what_nobody_has_signed_is_not_corrected(run_corcal, result_file, out, tmp_path):
    later = tmp_path / "later.json"
    later.write_text(result_file.read_text("utf-8"), encoding="utf-8")
    args = ("report", later, "--out", out, "--corrects", result_file, "--reason", "Bone")
    told = run_corcal(*args, "--format", "hl7")
    assert (told.code, "nobody has signed the earlier report" in told.err) == (2, True)
    assert not out.exists()


def test_a_result_that_nobody_has_signed_corrects_nothing(run_corcal, out, tmp_path):
    earlier, later = tmp_path / "earlier.json", tmp_path / "later.json"
    first = made_by(signed_result(), created="2026-01-01T10:00:00+00:00")
    earlier.write_text(result_json(first), encoding="utf-8")
    later.write_text(result_json(signed_result(is_complete=False)), encoding="utf-8")
    args = ("report", later, "--out", out, "--corrects", earlier, "--reason", "Bone")
    told = run_corcal(*args, "--format", "hl7")
    assert (told.code, "signed in corcal serve" in told.err) == (2, True)
    assert told.err.count("\n") == 1
    assert not out.exists()


def test_a_key_file_gives_the_same_names_again(run_corcal, result_file, out, tmp_path):
    key = tmp_path / "key"
    for folder in ("one", "two"):
        outcome = run_corcal(
            *("report", result_file, "--format", "hl7,csv", "--out", out / folder),
            *("--deidentify", "--key-file", key),
        )
        assert outcome.code == 0, outcome.err
        assert "key is not kept" not in outcome.out
    for name in FILES["csv"] | FILES["hl7"]:
        assert (out / "one" / name).read_bytes() == (out / "two" / name).read_bytes()
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text(encoding="ascii"))
    assert key.stat().st_mode & 0o077 == 0


def test_a_key_file_without_an_end_is_refused(run_corcal, result_file, out):
    args = ("report", result_file, "--format", "csv", "--deidentify", "--out", out)
    told = run_corcal(*args, "--key-file", "/dev/zero")
    assert (told.code, told.err.count("\n"), "it is no regular file" in told.err) == (2, 1, True)
    assert not out.exists()


def test_without_a_key_file_names_differ_from_run_to_run(run_corcal, result_file, out):
    for folder in ("one", "two"):
        outcome = run_corcal(
            "report", result_file, "--format", "csv", "--out", out / folder, "--deidentify"
        )
        assert "The key is not kept: use --key-file" in outcome.out
    assert (out / "one" / "exam.csv").read_bytes() != (out / "two" / "exam.csv").read_bytes()


@pytest.mark.parametrize("names", ["word", "fhir,word", "", "fhir,,csv", "FHIR"])
def test_an_unknown_format_is_refused_with_the_allowed_ones(run_corcal, result_file, out, names):
    outcome = run_corcal("report", result_file, "--format", names, "--out", out)
    assert outcome.code == 2
    assert f"allowed are {', '.join(FORMATS)}" in outcome.err
    assert outcome.err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("nowhere.json",), "cannot read nowhere.json: No such file or directory"),
        (("empty",), "no result.json in empty: give a result"),
        (("text.json",), "text.json is not a corcal result"),
        (("exam", "--key-file", "key"), "--key-file is for --deidentify"),
        (("exam", "--deidentify", "--key-file", "short"), "the key has 5 bytes"),
        (("exam", "--deidentify", "--key-file", "exam"), "it is a folder"),
    ],
)
@pytest.mark.usefixtures("result_file")
def test_what_cannot_be_used_is_said_in_one_line(run_corcal, tmp_path, args, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("no", encoding="utf-8")
    (tmp_path / "short").write_text("short", encoding="utf-8")
    placed = [arg if arg.startswith("--") else tmp_path / arg for arg in args]
    outcome = run_corcal("report", *placed, "--format", "fhir", "--out", tmp_path / "out")
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_file_in_the_place_of_the_folder_is_told(run_corcal, result_file):
    outcome = run_corcal("report", result_file, "--format", "csv", "--out", result_file)
    assert outcome.code == 2
    assert "a file has the name of a folder that is needed" in outcome.err


def test_without_pyarrow_parquet_names_the_extra(run_corcal, result_file, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    outcome = run_corcal("report", result_file, "--format", "parquet", "--out", out)
    assert outcome.code == 2
    assert 'pip install "corcal[parquet]"' in outcome.err


def test_the_place_of_the_files_must_be_given(run_corcal, result_file):
    outcome = run_corcal("report", result_file)
    assert outcome.code == 2
    assert "--out" in outcome.err


@pytest.fixture
def scanned(tmp_path):
    """A scan, and the folder of its exam: (folder, exam)."""
    make_series(tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM)
    exam = exam_of(tmp_path / "scan")
    write_exam(exam, tmp_path / "exam")
    return tmp_path, exam


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_every_format_names_its_files_before_it_writes_them():
    every = FILES | PEOPLE | DICOM | ASKED_FOR
    for name, files in every.items():
        assert files <= set(FORMATS[name].files), name
    assert FORMATS.keys() == every.keys()


@pytest.mark.usefixtures("scanned")
def test_without_the_scan_everything_else_is_written(run_corcal, tmp_path):
    outcome = run_corcal("report", tmp_path / "exam", "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    machine = FILES["fhir"] | FILES["hl7"] | FILES["csv"]
    assert names_in(tmp_path / "out") == machine.union(*PEOPLE.values())


def test_with_the_scan_dicom_objects_are_written_too(run_corcal, scanned, tmp_path):
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--out", tmp_path / "out")
    )
    assert outcome.code == 0, outcome.err
    machine = FILES["fhir"] | FILES["hl7"] | FILES["csv"]
    everything = machine.union(*PEOPLE.values(), *DICOM.values())
    assert names_in(tmp_path / "out") == everything
    assert len(outcome.out.splitlines()) == len(everything)
    _, exam = scanned
    for name in set().union(*DICOM.values()):
        header = dcmread(tmp_path / "out" / name)
        assert header.StudyInstanceUID == exam.scan.series.study_instance_uid
        assert header.PatientID == exam.scan.patient.patient_id


@pytest.mark.usefixtures("scanned")
def test_key_images_of_another_record_do_not_stay_to_be_sent(run_corcal, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("key_RCA.dcm", "labelmap.dcm"):
        (out / name).write_bytes(b"of another record")
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--out", out),
        *("--format", "key"),
    )
    assert outcome.code == 0, outcome.err
    assert names_in(out) == DICOM["key"] | {"labelmap.dcm"}  # no format that was asked for


@pytest.mark.usefixtures("scanned")
def test_the_report_as_dicom_is_the_report(run_corcal, tmp_path):
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--out", tmp_path / "out"),
        *("--format", "pdf,clinician"),
    )
    assert outcome.code == 0, outcome.err
    inside = dcmread(tmp_path / "out" / "calcium_report.dcm").EncapsulatedDocument
    pdf = (tmp_path / "out" / "report.pdf").read_bytes()
    assert inside.rstrip(b"\0") == pdf.rstrip(b"\0")


@pytest.mark.usefixtures("scanned")
def test_the_measurements_refer_to_the_segmentation_beside_them(run_corcal, tmp_path):
    options = ("report", tmp_path / "exam", "--scan", tmp_path / "scan")
    run_corcal(*options, "--out", tmp_path / "both", "--format", "sr,seg")
    run_corcal(*options, "--out", tmp_path / "alone", "--format", "sr")
    uid = dcmread(tmp_path / "both" / "segmentation.dcm").SOPInstanceUID
    both, alone = (
        read_structured_report(tmp_path / name / "structured_report.dcm")
        for name in ("both", "alone")
    )
    assert both.segmentation_uid == uid
    assert alone.segmentation_uid is None
    assert names_in(tmp_path / "alone") == DICOM["sr"]


@pytest.mark.usefixtures("scanned")
def test_a_label_map_is_a_segmentation_of_its_own(run_corcal, tmp_path):
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--out", tmp_path / "out"),
        *("--format", "seg,labelmap"),
    )
    assert outcome.code == 0, outcome.err
    binary, label_map = (
        dcmread(tmp_path / "out" / name) for name in ("segmentation.dcm", "labelmap.dcm")
    )
    kinds = [binary.SegmentationType, label_map.SegmentationType]
    assert kinds == ["BINARY", "LABELMAP"]
    assert binary.SOPInstanceUID != label_map.SOPInstanceUID


def test_cycles_are_collected_again_once_the_report_is_written(run_corcal, result_file, out):
    assert run_corcal("report", result_file, "--format", "csv", "--out", out).code == 0
    assert gc.isenabled()
    gc.disable()
    try:
        assert run_corcal("report", result_file, "--format", "csv", "--out", out).code == 0
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("names", ["sr", "csv,seg", "pdf,key"])
def test_formats_that_refer_to_images_need_the_scan(run_corcal, result_file, out, names):
    outcome = run_corcal("report", result_file, "--format", names, "--out", out)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "the scan: give --scan PATH" in outcome.err
    assert names.split(",")[-1] in outcome.err
    assert not out.exists()


def test_a_scan_that_is_no_dicom_has_no_dicom_objects(run_corcal, tmp_path):
    image = sitk.GetImageFromArray(water())
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, tmp_path / "scan.nrrd")
    write_exam(exam_of(tmp_path / "scan.nrrd"), tmp_path / "exam")
    given = ("report", tmp_path / "exam", "--scan", tmp_path / "scan.nrrd")
    outcome = run_corcal(*given, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert not [name for name in names_in(tmp_path / "out") if name.endswith(".dcm")]
    assert outcome.err.startswith("No DICOM objects are written. ")
    assert outcome.err.count("\n") == 1
    assert not run_corcal(*given, "--out", tmp_path / "named", "--format", "csv").err
    outcome = run_corcal(*given, "--out", tmp_path / "none", "--format", "seg")
    assert outcome.code == 2
    assert "this scan has no StudyInstanceUID" in outcome.err
    assert "a copy in another format" in outcome.err
    assert not (tmp_path / "none").exists()


def test_dicom_without_uids_is_told_as_what_it_is(run_corcal, tmp_path):
    make_series(
        tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM, tags={"FrameOfReferenceUID": None}
    )
    write_exam(exam_of(tmp_path / "scan"), tmp_path / "exam")
    given = ("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--out", tmp_path / "out")
    outcome = run_corcal(*given)
    assert outcome.code == 0, outcome.err
    assert not [name for name in names_in(tmp_path / "out") if name.endswith(".dcm")]
    assert "has no FrameOfReferenceUID: score the series as the scanner sent it" in outcome.err
    assert "another format" not in outcome.err


def test_without_a_lesion_there_is_nothing_to_point_at(run_corcal, tmp_path):
    make_series(tmp_path / "scan", hu=water(lesion_hu=100), spacing_mm=SPACING_MM)
    write_exam(exam_of(tmp_path / "scan"), tmp_path / "exam")
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--format", "key"),
        *("--out", tmp_path / "out"),
    )
    assert outcome.code == 0, outcome.err
    assert names_in(tmp_path / "out") == {"projection.dcm"}


def test_a_format_that_refers_to_images_cannot_be_written_without_them(tmp_path):
    request = Request(result=known_result(), folder=tmp_path, formats=("seg",))
    with pytest.raises(InputError, match="the scan is needed: give --scan PATH"):
        FORMATS["seg"].write(request)


def test_pictures_come_from_the_folder_of_the_exam_or_are_drawn(scanned, tmp_path):
    _, exam = scanned
    formats = ("clinician",)
    drawn = pictures_for(formats, exam.result, tmp_path / "exam", exam)
    assert set(drawn) == {"projection", "projection_inset", "key_LAD"}
    assert pictures_for(formats, exam.result, tmp_path / "exam", None) == {}
    (tmp_path / "exam" / "key_LAD.png").write_bytes(drawn["key_LAD"])
    only = {"key_LAD": drawn["key_LAD"]}
    assert pictures_for(formats, exam.result, tmp_path / "exam", None) == only
    assert pictures_for(formats, exam.result, tmp_path / "exam", exam) == drawn
    assert pictures_for(("csv", "sr"), exam.result, tmp_path / "exam", exam) == {}


def test_no_dicom_object_of_a_deidentified_exam_names_the_patient(run_corcal, scanned, tmp_path):
    out = tmp_path / "out"
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", tmp_path / "scan", "--deidentify", "--out", out)
    )
    assert outcome.code == 0, outcome.err
    _, exam = scanned
    patient, series = exam.scan.patient, exam.scan.series
    for path in out.iterdir():
        data = path.read_bytes()
        for word in (patient.patient_id, patient.name, series.series_instance_uid):
            assert word.encode() not in data, path.name


@pytest.mark.usefixtures("scanned")
def test_the_letter_is_in_the_language_and_size_that_are_asked_for(run_corcal, tmp_path):
    given = ("report", tmp_path / "exam", "--format", "patient")
    for name, options in {
        "en": (),
        "es": ("--language", "es"),
        "large": ("--large-print",),
        "us": ("--paper", "us-letter"),
    }.items():
        outcome = run_corcal(*given, *options, "--out", tmp_path / name)
        assert outcome.code == 0, outcome.err
    letters = {n: (tmp_path / n / "letter.html").read_text(encoding="utf-8") for n in ("en", "es")}
    assert 'lang="en"' in letters["en"]
    assert 'lang="es"' in letters["es"]
    first = {n: PdfReader(tmp_path / n / "letter.pdf").pages[0] for n in ("en", "us")}
    assert [round(float(page.mediabox.height)) for page in first.values()] == [842, 792]
    pages = {n: len(PdfReader(tmp_path / n / "letter.pdf").pages) for n in ("en", "large")}
    assert pages["large"] >= pages["en"]


def test_a_language_without_a_letter_is_refused_with_those_that_there_are(
    run_corcal, result_file, out
):
    outcome = run_corcal("report", result_file, "--language", "xx", "--out", out)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "there is no letter in 'xx'; allowed are en, es" in outcome.err
    assert not out.exists()


@pytest.mark.parametrize("given", ["es-MX", "ES", "es_AR", "es-419-x-private"])
def test_a_region_has_the_letter_of_its_language(run_corcal, result_file, out, given):
    args = ("report", result_file, "--format", "patient", "--language", given, "--out", out)
    assert run_corcal(*args).code == 0
    assert '<html lang="es"' in (out / "letter.html").read_text("utf-8")


def test_english_has_a_letter_for_each_of_its_regions(run_corcal, result_file, out):
    args = ("report", result_file, "--format", "patient", "--language", "en-US", "--out", out)
    assert run_corcal(*args).code == 0
    assert '<html lang="en"' in (out / "letter.html").read_text("utf-8")


@pytest.mark.parametrize(
    "given", ["pt-BR", "es-", "es-MX!", "e", "esp", "-es", "en/../es", "mx-es"]
)
def test_a_tag_of_no_language_is_refused_as_it_was_given(run_corcal, result_file, out, given):
    told = run_corcal("report", result_file, "--language", given, "--out", out)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert f"there is no letter in {given!r}; allowed are en, es" in told.err
    assert not out.exists()


@pytest.mark.usefixtures("scanned")
def test_the_scan_beside_the_reports_is_not_replaced(run_corcal, tmp_path):
    scan = tmp_path / "scan"
    sorted(scan.iterdir())[1].rename(scan / "segmentation.dcm")
    before = (scan / "segmentation.dcm").read_bytes()
    outcome = run_corcal(
        *("report", tmp_path / "exam", "--scan", scan, "--format", "seg", "--out", scan)
    )
    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert "segmentation.dcm would replace what is read" in outcome.err
    assert (scan / "segmentation.dcm").read_bytes() == before


def test_a_key_file_is_not_replaced_by_a_report(run_corcal, result_file, out):
    out.mkdir()
    key = out / "fhir.json"
    key.write_text("the same key each time", encoding="ascii")
    outcome = run_corcal(
        *("report", result_file, "--format", "fhir", "--deidentify", "--key-file", key),
        *("--out", out),
    )
    assert outcome.code == 2
    assert key.read_text(encoding="ascii") == "the same key each time"


def test_the_dictionary_of_the_tables_is_printed_as_csv(run_corcal):
    outcome = run_corcal("schema", "--tables")
    assert outcome.code == 0
    rows = {row["column"]: row for row in csv.DictReader(io.StringIO(outcome.out, newline=""))}
    mass = rows["total_mass_mg"]
    assert (mass["table"], mass["kind"], mass["unit"]) == ("exams", "number", "mg")


def test_files_are_told_in_the_order_of_the_formats_whichever_is_written_first(
    run_corcal, result_file, tmp_path
):
    outcome = run_corcal("report", result_file, "--out", tmp_path, "--format", "fhir,patient")
    told = [Path(line.removeprefix("wrote ")).name for line in outcome.out.splitlines()]
    assert told == ["letter.pdf", "letter.html", "fhir.json"]


def test_a_document_that_cannot_be_set_is_one_line(run_corcal, result_file, tmp_path, monkeypatch):
    def fail(_document):
        msg = "the document cannot be set as PDF: no ink"
        raise InputError(msg)

    monkeypatch.setattr("corcal.report.document_pdf.document_pdf", fail)
    outcome = run_corcal("report", result_file, "--out", tmp_path, "--format", "patient,fhir")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "corcal: the document cannot be set as PDF: no ink\n"
    assert not (tmp_path / "letter.html").exists()


def test_a_document_is_set_once_for_all_formats_that_have_it(scanned, monkeypatch):
    folder, exam = scanned
    set_as_pdf = []

    def counted(document):
        set_as_pdf.append(document.title)
        return b"%PDF-1.7 a report"

    monkeypatch.setattr("corcal.report.document_pdf.document_pdf", counted)
    request = Request(
        result=exam.result, folder=folder / "out", formats=("clinician", "pdf"), exam=exam
    )
    write_report(request)
    assert set_as_pdf == ["Coronary calcium score"]
    assert not [each for each in threading.enumerate() if each.name.startswith("corcal")]
