"""``corcal calibrate`` as its user runs it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corcal.phantom.dicom import write_scan
from corcal.phantom.qrm import simulate_qrm

Run = Callable[..., Any]

METHODS = ["integrated", "lesion_integrated", "volume_fraction", "threshold"]


@pytest.fixture(scope="module")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("qrm")
    write_scan(folder / "scan", simulate_qrm(seed=11).scan)
    return folder / "scan"


def test_tables_for_a_person_fit_into_eighty_columns(
    run_corcal: Run, phantom_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = run_corcal("calibrate", phantom_folder)
    assert done.code == 0
    assert done.err == ""
    for word in ("QRM cardiac phantom", "large high", "small low", "78.54", "mass factor 0.7"):
        assert word in done.out
    assert "…" not in done.out
    assert "published" not in done.out.lower()
    assert all(len(line) <= 80 for line in done.out.splitlines())


def test_json_is_all_that_is_printed(run_corcal: Run, phantom_folder: Path) -> None:
    done = run_corcal("calibrate", phantom_folder, "--json", "-")
    assert done.code == 0
    record = json.loads(done.out)
    assert record["software"] == "corcal"
    assert record["published"] is None
    report = record["report"]
    assert [one["method"] for one in report["methods"]] == METHODS
    assert len(report["cylinders"]) == 9
    large_high = report["cylinders"][2]
    assert large_high["name"] == "large high"
    assert large_high["true_mass_mg"] == pytest.approx(78.54, abs=0.005)
    # 0.8 mg of noise in the simulated scan: 4 sd
    assert large_high["masses"][0]["mass_mg"] == pytest.approx(78.54, abs=3.2)
    assert report["rods"]["calibration_mg_per_cm3_hu"] == pytest.approx(0.722, rel=0.02)


def test_a_folder_gets_the_json_and_a_picture(
    run_corcal: Run, phantom_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "folder"
    done = run_corcal("calibrate", phantom_folder, "--out", out, "--json", tmp_path / "a.json")
    assert done.code == 0
    assert sorted(file.name for file in out.iterdir()) == ["calibration.json", "calibration.png"]
    assert (out / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "calibration.json").read_text() == (tmp_path / "a.json").read_text()
    assert f"wrote {out / 'calibration.png'}" in done.out


def test_a_published_scan_needs_a_table(run_corcal: Run, phantom_folder: Path) -> None:
    done = run_corcal("calibrate", phantom_folder, "--published-scan", "Large_rep1")
    assert done.code == 2
    assert "give its folder with --published" in done.err


def test_what_is_not_there_is_one_plain_line(run_corcal: Run, tmp_path: Path) -> None:
    done = run_corcal("calibrate", tmp_path / "nothing")
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


@pytest.mark.shared
@pytest.mark.parametrize("series", ["coca-gated/0", "chest-philips-5mm"])
def test_a_patient_ends_in_one_plain_line_and_no_number(
    run_corcal: Run, shared_dir: Path, series: str
) -> None:
    done = run_corcal("calibrate", shared_dir / "data" / series, "--json", "-")
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("corcal: no QRM cardiac phantom in the ")
    assert "nine cylinders" in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.shared
def test_the_real_scan_is_put_beside_what_was_published(run_corcal: Run, shared_dir: Path) -> None:
    folder = shared_dir / "data" / "qrm-phantom-canon" / "dicom"
    done = run_corcal("calibrate", folder)
    assert done.code == 0
    assert "Canon_Aquilion_One_Vision, Large_rep1 (closest Agatston scores" in done.out
    for word in ("published, Agatston", "8.26", "published, integrated", "4.04"):
        assert word in done.out
