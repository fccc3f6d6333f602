import io
import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from corcal.cli.inspect import command
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
    outcome = CliRunner().invoke(command, [str(arg) for arg in args], catch_exceptions=False)
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
    assert set(told) == {"schema_version", "answer", "series", "skipped"}
    assert told["schema_version"] == "1.0"
    assert told["skipped"] == [{"source": "notes.txt", "reason": told["skipped"][0]["reason"]}]
    gated = next(item for item in told["series"] if item["kind"] == "gated_calcium")
    assert gated["series_instance_uid"] == UID
    assert gated["slice_count"] == 50
    assert gated["series_number"] == 3
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
    assert UID in text
    assert "skipped notes.txt" in text


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
    assert first == "No: none of 1 series can be scored for coronary calcium"


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


def test_control_characters_of_a_description_do_not_reach_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")  # a narrow table would break the description
    folder = chest_folder(tmp_path, SeriesDescription="a\x1b[31m\x07[bold]b")
    text = run(folder).stdout
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]b" in text.replace("\n", "")


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
