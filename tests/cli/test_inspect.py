import io
import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from corcal.cli.inspect import command
from corcal.ct.find import find_series
from corcal.ct.suitability import choose_series, series_folder
from corcal.errors import InputError
from dicom_maker import make_series
from suitability_maker import chest_hu

UID = "1.2.826.0.1.3680043.8.498.1.1"
GATED = {
    "Modality": "CT",
    "SeriesDescription": "CaSc 3.0 B35f",
    "SeriesNumber": 3,
    "KVP": 120,
    "ConvolutionKernel": "B35f",
    "ScanOptions": "TP70PC0901",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "BodyPartExamined": "CHEST",
}


def chest_folder(folder, *, uid=UID, hu=None, **tags):
    """Write a chest in pixels of 2 mm: quick, and unfit for that reason alone."""
    voxels = chest_hu(width_mm=240) if hu is None else hu
    make_series(folder, hu=voxels, spacing_mm=(3.0, 2.0, 2.0), series_uid=uid, tags=GATED | tags)
    return folder


def run(*args):
    # the table is laid out for the terminal's width: the same one wherever the tests run
    outcome = CliRunner(env={"COLUMNS": "120"}).invoke(
        command, [str(arg) for arg in args], catch_exceptions=False
    )
    assert outcome.exit_code == 0
    return outcome


@pytest.fixture(scope="module")
def two_series(tmp_path_factory):
    """A calcium scan and a localizer, and a text file among them."""
    folder = tmp_path_factory.mktemp("study")
    fine = chest_hu(width_mm=200).repeat(4, axis=1).repeat(4, axis=2)
    make_series(folder / "a", hu=fine, spacing_mm=(3.0, 0.5, 0.5), tags=GATED)
    make_series(
        folder / "b",
        hu=np.zeros((1, 64, 64)),
        series_uid="1.2.3",
        tags={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesNumber": 1},
    )
    (folder / "notes.txt").write_text("no scan")
    return folder


def test_json_on_stdout_is_json_alone_with_the_promised_keys(two_series):
    outcome = run(two_series, "--json", "-")
    told = json.loads(outcome.stdout)
    assert outcome.stderr == ""
    assert set(told) == {"schema_version", "answer", "chosen", "findings", "series", "skipped"}
    assert told["schema_version"] == "1.1"
    assert told["chosen"] == UID
    assert told["findings"] == []
    assert told["skipped"] == [{"source": "notes.txt", "reason": told["skipped"][0]["reason"]}]
    gated = next(item for item in told["series"] if item["kind"] == "gated_calcium")
    assert gated["series_instance_uid"] == UID
    assert gated["slice_count"] == 50
    assert gated["series_number"] == 3
    assert gated["key"] == UID
    assert gated["folder"] == "a"
    assert gated["description"] == "CaSc 3.0 B35f"
    assert gated["modality"] == "CT"
    assert gated["spacing_mm"] == pytest.approx([3.0, 0.5, 0.5])
    assert gated["stack"] is None
    assert gated["verdict"] == "fit"
    assert gated["summary"].startswith("This is an ECG-gated calcium scan")
    for item in told["series"]:
        for found in item["findings"]:
            assert set(found) == {"code", "severity", "message"}
            assert found["severity"] in {"info", "warning", "error"}


def test_the_first_line_answers_whether_there_is_a_calcium_scan(two_series):
    first = run(two_series).stdout.splitlines()[0]
    assert first == "Yes: series 3 is an ECG-gated calcium scan, 50 slices"


def test_the_text_shows_every_series_with_its_findings(two_series):
    text = run(two_series).stdout
    assert "a localizer (scout, topogram)" in text
    assert "[LOCALIZER]" in text
    assert "[VOXELS_MEASURED]" in text
    assert f"series key: {UID} (for --series)" in text
    assert "skipped notes.txt: not an image" in text


def test_headers_alone_are_judged_without_reading_voxels(two_series, monkeypatch):
    def refuse(*_, **__):
        msg = "voxels were read"
        raise AssertionError(msg)

    monkeypatch.setattr("corcal.ct.read.read_series", refuse)
    told = json.loads(run(two_series, "--json", "-", "--headers-only").stdout)
    gated = next(item for item in told["series"] if item["kind"] == "gated_calcium")
    assert "VOXELS_MEASURED" not in {found["code"] for found in gated["findings"]}


def test_json_into_a_file_leaves_the_text_on_stdout(two_series, tmp_path):
    text = run(two_series, "--json", tmp_path / "told.json").stdout
    assert text.startswith("Yes")
    assert json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))["series"]


def test_an_unfit_calcium_scan_is_told_as_such(tmp_path):
    first = run(chest_folder(tmp_path)).stdout.splitlines()[0]  # pixels of 2 mm
    assert first == (
        "No: series 3 is an ECG-gated calcium scan, 50 slices, but it cannot be scored"
    )


def test_an_angiogram_is_no_calcium_scan(tmp_path):
    hu = chest_hu(width_mm=240, blood_hu=350)
    first = run(chest_folder(tmp_path, hu=hu)).stdout.splitlines()[0]
    assert first == (
        "No: this series cannot be scored for coronary calcium; it is a CT with contrast agent"
    )


def test_a_chest_ct_is_offered_with_care(tmp_path):
    fine = chest_hu(width_mm=200).repeat(4, axis=1).repeat(4, axis=2)
    tags = GATED | {"ScanOptions": None, "SeriesDescription": "LDCT"}
    make_series(tmp_path, hu=fine, spacing_mm=(3.0, 0.5, 0.5), tags=tags)
    first = run(tmp_path).stdout.splitlines()[0]
    assert first == (
        "No calcium scan, but series 3 is a non-gated CT of the chest without contrast, "
        "50 slices: it can be scored, with care"
    )


def test_pixels_that_cannot_be_decoded_make_a_series_unreadable(tmp_path):
    files = make_series(tmp_path, hu=chest_hu(width_mm=240), tags=GATED)
    files[4].write_bytes(files[4].read_bytes()[:-5000])
    told = json.loads(run(tmp_path, "--json", "-").stdout)
    assert [item["verdict"] for item in told["series"]] == ["unfit"]
    assert told["series"][0]["kind"] == "unreadable"


def test_control_characters_of_a_description_do_not_reach_the_terminal(tmp_path):
    text = run(chest_folder(tmp_path, SeriesDescription="a\x1b[31m\x07b")).stdout
    assert "ECG-gated" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_a_description_is_shown_as_it_is_and_not_as_markup(tmp_path):
    assert "a[bold]b" in run(chest_folder(tmp_path, SeriesDescription="a[bold]b")).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_the_text_survives_any_encoding_of_the_terminal(two_series, monkeypatch, encoding):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", stream)
    command.main([str(two_series), "--headers-only"], standalone_mode=False)
    stream.seek(0)
    assert stream.read().startswith("Yes: series 3")


def test_a_path_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        command.main([str(tmp_path / "nothing")], standalone_mode=False)


def test_no_patient_data_is_shown(tmp_path):
    folder = chest_folder(
        tmp_path, PatientName="Doe^Jane", PatientID="4711", PatientBirthDate="19500101"
    )
    outcome = run(folder, "--json", tmp_path / "told.json")
    for text in (outcome.stdout, (tmp_path / "told.json").read_text(encoding="utf-8")):
        for secret in ("Doe", "4711", "1950"):
            assert secret not in text


def test_the_answer_by_headers_alone_says_so(two_series, tmp_path):
    first = run(two_series, "--headers-only").stdout.splitlines()[0]
    assert first.endswith("is an ECG-gated calcium scan, 50 slices (by its headers alone)")
    unfit = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    make_series(tmp_path / "a", hu=np.zeros((1, 64, 64)), series_uid="1.1", tags=unfit)
    make_series(tmp_path / "b", hu=np.zeros((1, 64, 64)), series_uid="1.2", tags=unfit)
    first = run(tmp_path, "--headers-only").stdout.splitlines()[0]
    assert first == (
        "No: none of 2 series can be scored for coronary calcium (by their headers alone)"
    )


def test_a_problem_is_told_once(tmp_path):
    text = run(chest_folder(tmp_path)).stdout
    assert text.count("the pixels are 2.00 mm") == 1
    assert "it cannot be scored.\n" in text.replace(" \n", " ").replace("be \nscored", "be scored")


@pytest.fixture(scope="module")
def two_patients(tmp_path_factory):
    """The better scan is the second of the list, and both have one number."""
    folder = tmp_path_factory.mktemp("patients")
    fine = chest_hu(width_mm=200).repeat(4, axis=1).repeat(4, axis=2)
    for name, width, who in (("a", 0.6, "4711"), ("b", 0.5, "0815")):
        tags = GATED | {"PatientID": who, "PatientName": f"Doe^{who}"}
        make_series(
            folder / name,
            hu=fine,
            spacing_mm=(3.0, width, width),
            series_uid=f"1.2.{ord(name)}",
            study_uid=f"1.3.{200 - ord(name)}",
            tags=tags,
        )
    return folder


def test_the_answer_names_the_series_that_is_scored(two_patients):
    choice = choose_series(find_series(two_patients))
    told = json.loads(run(two_patients, "--json", "-").stdout)
    assert [item["folder"] for item in told["series"]] == ["b", "a"]
    assert told["chosen"] == choice.series.key
    assert told["answer"].startswith(f"Yes: series 3 in {series_folder(choice.series)} is ")
    assert choice.suitability.findings[0].code == "SEVERAL_PATIENTS"
    assert told["findings"] == [
        {
            "code": "SEVERAL_PATIENTS",
            "severity": "warning",
            "message": choice.suitability.findings[0].message,
        }
    ]


def test_the_text_tells_series_of_one_number_apart(two_patients):
    text = run(two_patients).stdout
    heading = next(line for line in text.splitlines() if "what it is" in line)
    assert "folder" in heading
    assert "[SEVERAL_PATIENTS]" in text
    assert "Series 3 in a: This is" in text
    assert "Series 3 in b: This is" in text
    for secret in ("Doe", "4711", "0815"):
        assert secret not in text


def test_an_unfit_scan_among_others_of_its_number_is_named_with_its_folder(tmp_path):
    for name in ("a", "b"):
        chest_folder(tmp_path / name, uid=f"1.2.{ord(name)}")
    first = run(tmp_path, "--headers-only").stdout.splitlines()[0]
    assert first.startswith("No: series 3 in a is an ECG-gated calcium scan")


def test_series_of_one_folder_have_no_column_for_it(tmp_path):
    assert "folder" not in run(chest_folder(tmp_path)).stdout


def test_a_series_without_uid_is_told_by_a_key_that_selects_it(tmp_path):
    for name in ("a", "b"):
        chest_folder(tmp_path / name, SeriesInstanceUID=None)
    text = run(tmp_path).stdout
    for series in find_series(tmp_path).series:
        assert f"series key: {series.key} (for --series)" in text
        assert choose_series(find_series(tmp_path), series=series.key).series == series


def test_one_file_of_a_series_is_told_to_be_one_of_many(tmp_path):
    files = make_series(tmp_path, tags=GATED)
    assert "  give the folder that holds the whole series\n" in run(files[0]).stdout


def test_many_skipped_files_of_one_reason_are_one_line(tmp_path):
    chest_folder(tmp_path)
    for name in ("a.txt", "b.xml", "c.XML", "d.txt"):
        (tmp_path / name).write_text("no scan")
    lines = [line for line in run(tmp_path).stdout.splitlines() if line.startswith("skipped")]
    assert lines == ["skipped 4 files (a.txt, b.xml, c.XML ...): not an image"]


@pytest.mark.shared
def test_a_real_calcium_scan_is_answered_with_yes(shared_dir):
    told = json.loads(run(shared_dir / "data" / "coca-gated" / "1", "--json", "-").stdout)
    assert told["answer"] == "Yes: series 3 is an ECG-gated calcium scan, 57 slices"
    assert [(item["kind"], item["verdict"]) for item in told["series"]] == [
        ("gated_calcium", "fit")
    ]


@pytest.mark.shared
def test_the_odd_series_are_all_unfit(shared_dir):
    told = json.loads(run(shared_dir / "data" / "dicom-odd", "--json", "-").stdout)
    assert {item["verdict"] for item in told["series"]} == {"unfit"}
    assert told["answer"] == "No: none of 5 series can be scored for coronary calcium"


@pytest.mark.shared
def test_a_real_series_without_uid_is_selected_by_the_key_that_is_shown(shared_dir):
    folder = shared_dir / "data" / "coca-nongated"
    told = json.loads(run(folder, "--json", "-", "--headers-only").stdout)
    keys = {item["folder"]: item["key"] for item in told["series"]}
    choice = choose_series(find_series(folder), series=keys["2/dicom"])
    assert choice.series.slice_count == 70


@pytest.mark.shared
def test_several_real_patients_are_answered_with_the_one_that_is_scored(shared_dir):
    folder = shared_dir / "data" / "coca-gated"
    told = json.loads(run(folder, "--json", "-").stdout)
    choice = choose_series(find_series(folder))
    assert told["chosen"] == choice.series.key
    assert told["answer"].startswith(f"Yes: series 3 in {series_folder(choice.series)} is ")
    assert [item["code"] for item in told["findings"]] == ["SEVERAL_PATIENTS"]
    assert choice.suitability.verdict == "caution"
