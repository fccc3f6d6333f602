"""The Python of the README and of docs/python.md runs as it stands."""

import re
from pathlib import Path

import pytest

from corcal.demo import make_demo
from test_demo import COARSE

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def beside_a_demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    make_demo(folder / "demo", scanner=COARSE)
    return folder


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_on_the_page_runs_when_pasted(page, beside_a_demo, monkeypatch, capsys):
    monkeypatch.chdir(beside_a_demo)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)  # noqa: S102  (the page's own examples)
    assert "textbook" in capsys.readouterr().out
