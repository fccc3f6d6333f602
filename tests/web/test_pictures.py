"""What the browser's run leaves behind for people who were not there."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / ".ci/pictures"

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def told(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PICTURES, folder], capture_output=True, text=True, check=False)


def test_it_is_said_where_the_pictures_are_and_how_many(tmp_path: Path) -> None:
    folder = tmp_path / "of a run"
    folder.mkdir()
    for name in ("01-login.png", "02-scoring.png", "notes.txt"):
        (folder / name).write_bytes(b"x")
    found = told(folder)
    assert found.returncode == 0
    assert found.stdout == f"pictures of the browser's run: 2 in {folder}\n"


def test_a_run_without_pictures_fails(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        found = told(folder)
        assert found.returncode == 1
        assert "0 in" in found.stdout


def test_the_pictures_lie_where_git_does_not_look() -> None:
    assert "artefacts/screens" in (ROOT / ".ci/run").read_text()
    assert "/artefacts/" in (ROOT / ".gitignore").read_text().splitlines()
