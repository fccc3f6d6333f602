"""The page on reviews: its example runs, and its table has every edit."""

import re
from pathlib import Path
from typing import get_args

from corcal.review import Edit
from corcal.scoring.rules import LOWEST_THRESHOLD_HU

PAGE = Path(__file__).resolve().parents[2] / "docs" / "review.md"


def test_the_example_runs_when_pasted(exam, monkeypatch):
    monkeypatch.setattr("corcal.pipeline.score_path", lambda _: exam)
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(block, PAGE.name, "exec"), names)  # noqa: S102  (the page's own example)
    assert names["state"].candidates[0].is_by_reader


def test_the_table_has_every_edit_with_its_fields():
    table = re.search(r"\| `type` .*?\n\n", PAGE.read_text("utf-8"), flags=re.DOTALL).group()
    for kind in get_args(Edit):
        (line,) = [row for row in table.splitlines() if f"`{kind.__struct_config__.tag}`" in row]
        for field in kind.__struct_fields__:
            assert f"`{field}`" in line, f"{field} of {kind.__name__}"


def test_the_lowest_threshold_is_said():
    assert f"anything from {LOWEST_THRESHOLD_HU:g} HU to below" in PAGE.read_text("utf-8")
