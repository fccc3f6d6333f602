"""The command line's own rules: help, exit codes, one plain line for each error."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import corcal.__main__
import corcal.cli
from corcal.errors import SeriesError, UnfitError


def test_help_lists_every_command(run_corcal):
    outcome = run_corcal("--help")
    assert outcome.code == 0
    for name in corcal.cli.COMMANDS:
        assert f"  {name} " in outcome.out


@pytest.mark.parametrize("name", corcal.cli.COMMANDS)
def test_every_command_explains_itself(run_corcal, name):
    outcome = run_corcal(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: corcal {name}")


def test_help_imports_no_heavy_library():
    heavy = "numpy scipy pydicom SimpleITK matplotlib rich highdicom msgspec"
    code = (
        "import sys; from corcal.cli import main; main(['--help']); "
        f"print([m for m in '{heavy}'.split() if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize("args", [["nonsense"], ["score"], ["score", "--frobnicate", "x"]])
def test_a_wrong_call_is_one_line_and_code_2(run_corcal, args):
    outcome = run_corcal(*args)
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("corcal: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SeriesError("two\nlines"), 2, "corcal: two lines\n"),
        (UnfitError("contrast"), 3, "corcal: contrast\n"),
        (FileNotFoundError(2, "No such file", "x.dcm"), 2, "corcal: cannot use x.dcm: No such"),
        (MemoryError("secret"), 2, "corcal: memory did not suffice for so many voxels: "),
        (
            MemoryError("Unable to allocate 175. MiB for an array with shape (350, 512, 512)"),
            2,
            "corcal: memory did not suffice for so many voxels (another 175 MiB were asked for): ",
        ),
        (ZeroDivisionError("secret"), 1, "corcal: a defect of corcal (ZeroDivisionError)"),
        (KeyboardInterrupt(), 130, "\ncorcal: interrupted\n"),
    ],
)
def test_no_traceback_reaches_the_user(run_corcal, monkeypatch, error, code, line):
    @click.command("score")
    def failing() -> None:
        raise error

    monkeypatch.setattr("corcal.cli.score.command", failing)
    outcome = run_corcal("score")
    assert outcome.code == code
    assert outcome.err.startswith(line)
    assert "Traceback" not in outcome.err
    assert "secret" not in outcome.err


def test_debug_shows_where(run_corcal, monkeypatch):
    @click.command("score")
    def failing() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("corcal.cli.score.command", failing)
    with pytest.raises(ZeroDivisionError):
        run_corcal("--debug", "score")


def test_without_a_command_the_help_is_shown(run_corcal):
    outcome = run_corcal()
    assert outcome.code == 2
    assert outcome.err.startswith("Usage: corcal")
    assert "Commands:" in outcome.err


def run_program(*args, **streams):
    program = [sys.executable, "-m", "corcal", *args]
    return subprocess.run(program, text=True, check=False, **streams)


def test_a_reader_that_goes_away_is_no_error_of_ours():
    reading, writing = os.pipe()
    os.close(reading)
    ended = run_program("schema", stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told():
    with Path("/dev/full").open("w") as full:
        ended = run_program("schema", stdout=full, stderr=subprocess.PIPE)
    assert ended.returncode == 2
    assert "the disk is full" in ended.stderr


def test_closed_output_is_told():
    shell = f"{sys.executable} -m corcal schema >&-"
    ended = subprocess.run(shell, shell=True, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S602
    assert ended.returncode == 2
    assert ended.stderr == "corcal: standard output is closed: nothing could be said\n"


@pytest.mark.parametrize("args", [["inspect", ""], ["score", ""], ["score", "x", "--out", ""]])
def test_an_empty_path_is_not_the_current_folder(run_corcal, args):
    outcome = run_corcal(*args)
    assert outcome.code == 2
    assert "an empty path was given" in outcome.err


def test_what_a_file_name_holds_does_not_steer_the_terminal(run_corcal):
    outcome = run_corcal("inspect", "no\x1b[31m such\x07")
    assert outcome.code == 2
    assert outcome.err.removesuffix("\n").isprintable()


def test_the_program_looks_for_no_cycles_as_it_ends(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["corcal", "--version"])
    try:
        assert corcal.__main__.main() == 0
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
