"""The commands of the store, as their user calls them."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Outcome
from corcal.store.store import Store
from store.study_maker import SLICES, result_for, write_study

Run = Callable[..., Outcome]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder that the environment names; it does not exist yet."""
    monkeypatch.setenv("CORCAL_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CORCAL_DATABASE", raising=False)
    return tmp_path / "data"


@pytest.fixture
def exams(data: Path, tmp_path: Path) -> tuple[str, str]:
    """A scored exam and an unfit one."""
    write_study(tmp_path / "a", patient_id="A", name="Meier^Anna", StudyDescription="CT heart")
    write_study(
        tmp_path / "b", patient_id="B", name="Huber^" + "x" * 40, study_uid="2.25.2", slices=11
    )
    with Store(data) as store:
        first, second = (store.import_study(tmp_path / name).exams[0] for name in "ab")
        store.add_result(first, result_for(store, first))
    return first, second


def test_what_is_imported_is_told_and_waits_for_scoring(
    run_corcal: Run, data: Path, tmp_path: Path
) -> None:
    write_study(tmp_path / "in" / "a")
    write_study(
        tmp_path / "in" / "b",
        patient_id="B",
        study_uid="2.25.2",
        series_uid="2.25.2.1",
        slices=11,
        hu=2,
    )
    (tmp_path / "in" / "notes.txt").write_text("x")
    first = run_corcal("import", tmp_path / "in")
    assert (first.code, first.err) == (0, "")
    assert "new, waiting\n" in first.out
    assert "new, unfit: an ECG-gated calcium scan: 11 slices cover 55 mm" in first.out
    assert f"{SLICES + 11} files, {SLICES + 11} of them new in the store" in first.out
    assert "1 not kept, first notes.txt" in first.out
    again = run_corcal("import", tmp_path / "in" / "a")
    assert "known, waiting" in again.out
    assert f"{SLICES} files, 0 of them new in the store" in again.out
    with Store(data) as store:
        assert [job.kind for job in store.jobs.of()] == ["score"]


def test_nothing_usable_is_an_error_of_one_line(
    run_corcal: Run, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("x")
    outcome = run_corcal("import", tmp_path / "notes.txt")
    assert outcome.code == 2
    assert outcome.err.startswith("corcal: notes.txt")
    assert outcome.err.count("\n") == 1
    assert data.is_dir()


def test_exams_are_listed_in_a_table(run_corcal: Run, exams: tuple[str, str]) -> None:
    first, second = exams
    lines = run_corcal("list").out.splitlines()
    assert lines[0].split() == ["exam", "date", "state", "Agatston", "patient", "description"]
    told = {line.split()[0]: line for line in lines[1:]}
    assert told[first[:12]].split()[1:5] == ["2025-01-01", "to_review", "14.0", "Meier^Anna"]
    assert told[first[:12]].endswith("CT heart")
    assert "unfit             -  Huber^xxxxxxxxxxxxxxxxxx  an ECG-gated" in told[second[:12]]


def test_exams_are_searched_and_filtered(run_corcal: Run, exams: tuple[str, str]) -> None:
    first, second = exams

    def listed(*options: object) -> list[str]:
        return [
            exam["id"] for exam in json.loads(run_corcal("list", *options, "--json").out)["exams"]
        ]

    assert listed("meier", "anna") == [first]
    assert listed("--state", "unfit", "--state", "failed") == [second]
    assert listed("--from", "2025-01-02") == []
    assert listed("--to", "2025-01-01", "--sort", "name") == [second, first]
    assert listed("--sort", "agatston") == [first, second]
    short = run_corcal("list", "--limit", "1").out
    assert "1 of 2 exams; --limit shows more" in short
    assert run_corcal("list", "nobody").out.endswith("no exams\n")


def test_listing_or_exporting_makes_no_store(run_corcal: Run, data: Path, tmp_path: Path) -> None:
    for call in (("list",), ("export", "abc", "--out", tmp_path / "x"), ("backup", tmp_path / "b")):
        outcome = run_corcal(*call)
        assert outcome.code == 2
        assert "there is no store in data: corcal import makes one" in outcome.err
    assert not data.exists()


def test_an_exam_is_exported_by_the_beginning_of_its_name(
    run_corcal: Run, exams: tuple[str, str], tmp_path: Path
) -> None:
    outcome = run_corcal("export", exams[0][:12], "--out", tmp_path / "exam.zip")
    assert (outcome.code, outcome.err) == (0, "")
    with zipfile.ZipFile(tmp_path / "exam.zip") as archive:
        assert {"exam.json", "events.json", "results/v1.json"} < set(archive.namelist())
    again = run_corcal("export", exams[0][:12], "--out", tmp_path / "exam.zip")
    assert (again.code, "exam.zip exists already" in again.err) == (2, True)
    assert "no such exam" in run_corcal("export", "xyz", "--out", tmp_path / "y").err


def test_a_backup_restores(run_corcal: Run, exams: tuple[str, str], tmp_path: Path) -> None:
    assert run_corcal("backup", tmp_path / "backup").code == 0
    outcome = run_corcal("restore", tmp_path / "backup", "--data", tmp_path / "other")
    assert (outcome.code, outcome.err) == (0, "")
    assert "restored 2 exams into" in outcome.out
    told = [
        run_corcal("list", "--json", "--data", tmp_path / name).out for name in ("data", "other")
    ]
    assert told[0] == told[1]
    assert exams[0] in told[0]
    refused = run_corcal("restore", tmp_path / "backup")
    assert (refused.code, "data exists already" in refused.err) == (2, True)
