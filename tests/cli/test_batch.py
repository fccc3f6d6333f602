"""``corcal batch`` as its user meets it, also when it is killed."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace

import pytest
from pyarrow import parquet

from cohort_maker import make_study
from cohort_scorers import quick
from corcal.cli import batch_progress
from corcal.cli.batch_progress import BatchProgress, duration_words
from corcal.cohort.discover import folder_tree
from corcal.cohort.ledger import LEDGER_NAME, Ledger
from corcal.cohort.types import Task, ended

COMMAND = (sys.executable, "-m", "corcal")


@pytest.fixture
def quickly(monkeypatch):
    """Studies are not scored, and no process is started; their keys in the order of the work."""
    done = []

    def execute(tasks, options):
        for task in tasks:
            done.append(task.source)
            yield replace(quick(task, options), reason="not scored in this test")

    monkeypatch.setattr("corcal.cohort.local.hired", lambda *_, **__: nullcontext(execute))
    return done


def studies(root, count, *, slices=1):
    for number in range(count):
        make_study(root / f"study{number:02d}", number, slices=slices)
    return root


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_folder_of_studies_becomes_tables(run_corcal, tmp_path):
    root, out = studies(tmp_path / "data", 2, slices=3), tmp_path / "out"
    (root / "broken").mkdir()
    (root / "broken" / "a.nii").write_bytes(b"no volume")
    outcome = run_corcal("batch", root, "--out", out, "--workers", 1)
    assert outcome.code == 0, outcome.err
    assert "3 studies in " in outcome.out
    assert "1 unreadable" in outcome.out
    assert "2 unfit" in outcome.out
    assert f"wrote {out}/exams.parquet (0 exams)" in outcome.out
    assert "Traceback" not in outcome.err
    statuses = {row["source"]: row["status"] for row in rows_of(out / "status.csv")}
    assert statuses == {
        str(root / "broken" / "a.nii"): "unreadable",
        str(root / "study00"): "unfit",
        str(root / "study01"): "unfit",
    }
    assert parquet.read_table(out / "exams.parquet").num_rows == 0


def test_a_second_run_repeats_nothing_and_takes_what_is_new(run_corcal, tmp_path, quickly):
    root, out = studies(tmp_path / "data", 2), tmp_path / "out"
    run_corcal("batch", root, "--out", out)
    make_study(root / "study99", 99, slices=1)
    outcome = run_corcal("batch", root, "--out", out)
    assert [source[-2:] for source in quickly] == ["00", "01", "99"]
    assert "1 study in" in outcome.out
    assert "2 were finished before" in outcome.out
    outcome = run_corcal("batch", root, "--out", out)
    assert "nothing was left to do; 3 were finished before" in outcome.out
    run_corcal("batch", root, "--out", out, "--again", "unfit")
    assert len(quickly) == 6


def test_a_run_that_is_killed_repeats_none_of_what_is_finished(tmp_path):
    root, out = studies(tmp_path / "data", 60), tmp_path / "out"
    command = [*COMMAND, "batch", root, "--out", out, "--workers", "2", "--tables", "csv"]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ledger = out / LEDGER_NAME
    while killed.poll() is None and not (ledger.is_file() and ledger.read_bytes().count(b"\n") > 3):
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = ledger.read_bytes()
    whole = before[: before.rfind(b"\n") + 1]
    finished = {json.loads(line)["key"] for line in whole.splitlines()}
    assert 3 < len(finished) < 60
    ledger.write_bytes(before + b'{"key": "torn')  # as a power cut may leave it
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{len(finished)} were finished before" in again.stdout
    after = ledger.read_bytes()
    assert after.startswith(whole)
    keys = [json.loads(line)["key"] for line in after.splitlines()]
    assert len(keys) == len(set(keys)) == 60
    assert len(rows_of(out / "status.csv")) == 60


def test_a_batch_system_that_asks_to_stop_is_obeyed_and_told_how_to_go_on(tmp_path):
    root, out = studies(tmp_path / "data", 60), tmp_path / "out"
    command = [*COMMAND, "batch", root, "--out", out, "--workers", "1", "--tables", "csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        ledger = out / LEDGER_NAME
        while running.poll() is None and not (ledger.is_file() and ledger.stat().st_size):
            time.sleep(0.01)
        running.terminate()
        said, complained = (text.decode() for text in running.communicate())
    assert running.returncode == 130
    assert "stopped: the same command goes on where it stopped" in complained
    assert "Traceback" not in complained
    assert "status.csv" in said
    assert 0 < len(rows_of(out / "status.csv")) < 60


def test_a_list_is_scored_without_a_search(run_corcal, tmp_path, quickly):
    studies(tmp_path, 3)
    listed = tmp_path / "list.txt"
    listed.write_text("study02\nstudy00\n")
    outcome = run_corcal("batch", "--list", listed, "--out", tmp_path / "out")
    assert outcome.code == 0
    assert [source[-7:] for source in quickly] == ["study02", "study00"]
    assert not (tmp_path / "out" / "found.sqlite").exists()


def test_what_is_listed_twice_is_not_called_finished_before(run_corcal, tmp_path, quickly):
    studies(tmp_path, 2)
    listed = tmp_path / "list.txt"
    listed.write_text("study00\nstudy00\n")
    outcome = run_corcal("batch", "--list", listed, "--out", tmp_path / "out")
    assert "; 1 was listed twice" in outcome.out
    assert "finished before" not in outcome.out
    listed.write_text("study00\nstudy01\n")
    outcome = run_corcal("batch", "--list", listed, "--out", tmp_path / "out")
    assert "; 1 was finished before\n" in outcome.out
    assert len(quickly) == 2


def test_parts_of_an_array_job_share_one_search_and_do_each_study_once(
    run_corcal, tmp_path, quickly
):
    root, found = studies(tmp_path / "data", 9), tmp_path / "search"
    outcome = run_corcal("batch", root, "--out", found, "--find-only")
    assert f"9 studies found, kept in {found}/found.sqlite" in outcome.out
    assert quickly == []
    counts = []
    for part in (1, 2, 3):
        out = tmp_path / f"part{part}"
        options = ("--found", found / "found.sqlite", "--shard", f"{part}/3")
        assert run_corcal("batch", *options, "--out", out).code == 0
        counts.append(len(quickly) - sum(counts))
    assert sum(counts) == len(set(quickly)) == 9
    assert 0 < max(counts) < 9


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give ROOT, to search it, or --list FILE, or --found FILE"),
        (("data", "--list", "x"), "give ROOT, to search it, or --list FILE"),
        (("",), "an empty ROOT was given"),
        (("--list", "x", "--find-only"), "--find-only needs ROOT"),
        (("data", "--memory", "3 cats"), "'3 cats' is no size: write 3.2G or 800M"),
        (("data", "--memory", "500M"), "a process needs at least 600M"),
        (("data", "--shard", "4/3"), "'4/3' is no part: write 3/16"),
        (("data", "--shard", "0/3"), "'0/3' is no part"),
        (("data", "--storage", "anon"), "--storage takes NAME=VALUE, not 'anon'"),
        (("data", "--rule", "best"), "best"),
        (("data",), "no studies were found: DICOM, NIfTI"),
        (("nothing",), "the folder nothing cannot be searched: no such file"),
        (("nothing", "--find-only"), "the folder nothing cannot be searched: no such file"),
        (("--found", "nothing"), "nothing is not what --find-only leaves"),
        (("--list", "nothing"), "the list nothing cannot be read: no such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run_corcal, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    outcome = run_corcal("batch", *options, "--out", "out")
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    if "data" not in options:  # nothing is written before it is known that there is something
        assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_to_be_searched(run_corcal, tmp_path):
    (tmp_path / "a.txt").write_text("study00")
    outcome = run_corcal("batch", tmp_path / "a.txt", "--out", tmp_path / "out")
    assert "a.txt: not a folder; --list takes a file with one study a line" in outcome.err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_may_not_be_read_is_told(run_corcal, tmp_path, quickly, monkeypatch):
    root = studies(tmp_path / "data", 2)
    closed = root / "study01"
    real = os.scandir

    def scandir(path):  # root may read everything
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(folder_tree.os, "scandir", scandir)
    outcome = run_corcal("batch", root, "--out", tmp_path / "out")
    assert outcome.code == 0
    assert f"warning: 1 folder may not be read and was passed over: {closed}\n" in outcome.err
    assert quickly == [str(root / "study00")]
    outcome = run_corcal("batch", root, "--out", tmp_path / "out", "--find-only")
    assert "warning: 1 folder may not be read" in outcome.err


def test_another_rule_is_not_mixed_into_the_same_tables(run_corcal, tmp_path, quickly):
    root, out = studies(tmp_path / "data", 1), tmp_path / "out"
    run_corcal("batch", root, "--out", out)
    outcome = run_corcal("batch", root, "--out", out, "--rule", "siemens")
    assert outcome.code == 2
    assert "these results are scored by the rule textbook, not siemens" in outcome.err
    assert len(quickly) == 1


def test_results_of_another_release_are_gone_on_with_and_told(run_corcal, tmp_path, quickly):
    root, out = studies(tmp_path / "data", 1), tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text('{"rule": "textbook", "software_version": "0.0.1"}')
    outcome = run_corcal("batch", root, "--out", out)
    assert outcome.code == 0
    assert "warning: a part of these results was scored by corcal 0.0.1" in outcome.err
    assert len(quickly) == 1


def test_settings_that_cannot_be_kept_end_the_run(run_corcal, tmp_path, quickly, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("corcal.cohort.settings.write_whole", no_space)
    outcome = run_corcal("batch", studies(tmp_path / "data", 1), "--out", tmp_path / "out")
    assert outcome.code == 2
    assert "cannot write run.json: No space left on device" in outcome.err
    assert quickly == []


def test_two_runs_into_one_folder_are_refused(run_corcal, tmp_path):
    with Ledger(tmp_path / "out"):
        outcome = run_corcal("batch", tmp_path, "--out", tmp_path / "out")
    assert outcome.code == 2
    assert "another run is writing into this folder of results" in outcome.err


def test_without_pyarrow_tables_are_csv_and_that_is_said(
    run_corcal, tmp_path, quickly, monkeypatch
):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    root, out = studies(tmp_path / "data", 1), tmp_path / "out"
    refused = run_corcal("batch", root, "--out", out, "--tables", "parquet")
    assert refused.code == 2
    assert "Parquet needs pyarrow" in refused.err
    assert quickly == []
    outcome = run_corcal("batch", root, "--out", out)
    assert outcome.code == 0
    assert "pyarrow is not installed" in outcome.err
    assert (out / "exams.csv").is_file()


def test_nothing_of_a_scan_stays_in_the_scratch_folder(run_corcal, tmp_path, quickly):
    root, out = studies(tmp_path / "data", 1), tmp_path / "out"
    left = out / "scratch" / "corcal-scan-killed"
    left.mkdir(parents=True)
    (left / "000001.dcm").write_bytes(b"patient")
    run_corcal("batch", root, "--out", out)
    assert not (out / "scratch").exists()
    assert len(quickly) == 1


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(batch_progress.time, "monotonic", lambda: now[0])
    return now


def outcome_of(status):
    return ended(Task(key="k", source="s"), status, "why")


def test_the_rate_and_the_remaining_time_are_those_of_the_latest_studies(clock):
    progress = BatchProgress(is_live=False)
    progress.begin(10)
    progress.skip()
    assert progress.text() == ""
    for status in ("scored", "scored", "no_heart"):
        clock[0] += 2.0
        progress.listen(outcome_of(status))
    # 9 to do, 3 done in 6 s: 30 a minute, 6 left for 12 s
    assert progress.text() == "30.0 a minute, 12 s left: 2 scored, 1 no heart"


def test_a_log_gets_a_line_a_minute(clock, capsys):
    progress = BatchProgress(is_live=False)
    progress.looked(5, 1)
    clock[0] += 60.0
    progress.looked(90, 2)
    progress.begin(4)
    clock[0] += 60.0
    progress.listen(outcome_of("unfit"))
    progress.stop()
    assert capsys.readouterr().err.splitlines() == [
        "looking for studies: 90 files in 2 folders",
        "1 of 4 studies, 1.0 a minute, 3 min 0 s left: 1 unfit",
    ]


def test_a_person_sees_a_bar_that_moves(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    progress = BatchProgress(is_live=True)
    progress.looked(5, 1)
    progress.begin(2)
    progress.listen(outcome_of("scored"))
    progress._bar.refresh()
    progress.stop()
    shown = capsys.readouterr().err
    assert "1/2" in shown
    assert "1 scored" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (86400 * 3 + 7300, "3 d 2 h"),
    ],
)
def test_durations_are_said_in_the_two_units_that_matter(seconds, words):
    assert duration_words(seconds) == words
