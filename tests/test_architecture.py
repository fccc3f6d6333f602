"""The table of the rooms in docs/architecture.md says what the code imports."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "corcal"
# What every room may use is not told of each of them.
SHARED = {"_version", "described", "error_place", "errors", "progress", "whole_file", "words"}
EVERYTHING = "all below"


def rooms_of_page():
    """Each room's cell of what it imports, in the order of the table."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", text.split("## Inside")[0], flags=re.M)
    return dict(rows)


def rooms_of_code():
    names = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    return {name for name in names if not name.startswith("__")} - SHARED


def imported_by(room):
    folder = PACKAGE / room
    files = folder.rglob("*.py") if folder.is_dir() else [folder.with_suffix(".py")]
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "corcal":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("corcal."):
                found.add(node.module.split(".")[1])
    return found & rooms_of_code() - {room}


def test_every_room_has_its_row():
    assert set(rooms_of_page()) == rooms_of_code()


@pytest.mark.parametrize("room", sorted(rooms_of_code()))
def test_a_room_imports_what_its_row_names_and_only_rooms_below_it(room):
    page = rooms_of_page()
    found = imported_by(room)
    if page[room] != EVERYTHING:
        assert found == set(re.findall(r"`(\w+)`", page[room]))
    order = list(page)
    assert all(order.index(other) > order.index(room) for other in found)


def test_every_step_of_finding_lesions_has_its_row():
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    inside = text.split("## Inside `lesions`")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", inside, flags=re.M)
    told = set(re.findall(r"`(\w+)`", " ".join(cells)))
    modules = {path.stem for path in (PACKAGE / "lesions").glob("*.py")} - {"__init__", "detect"}
    assert told == modules
