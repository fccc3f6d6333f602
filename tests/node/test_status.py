"""What the node tells of itself and of what it refused."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from corcal.cli import group
from corcal.errors import InputError
from corcal.node import refusals as module
from corcal.node.refusals import Refusals, read_refusals
from corcal.node.run import run_node
from corcal.store.store import Store
from node.intake_maker import RULES, calling, sent, study


def test_a_refusal_is_written_once_and_more_of_the_same_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(tmp_path)
    for _ in range(3):
        refusals.add("association", "unknown", aet="A\nB", address="10.0.0.1")
    refusals.add("object", "too large", aet="C", address="10.0.0.1")
    refusals.tick()
    assert [one.count for one in read_refusals(tmp_path)] == [1, 1]
    now = module.time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: now + 61)
    refusals.tick()
    found = list(read_refusals(tmp_path))
    assert [(one.kind, one.count) for one in found] == [
        *[("association", 1), ("object", 1), ("association", 2)]
    ]
    assert found[0].aet == "A\N{REPLACEMENT CHARACTER}B"


def test_a_flood_of_refusals_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 2000)
    monkeypatch.setattr(module, "_MOST_OPEN", 5)
    refusals = Refusals(tmp_path)
    for number in range(100):
        refusals.add("association", "unknown", aet=str(number), address="10.0.0.1")
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) < 2500
    assert refusals.counts["association"] == 100


def test_what_was_cut_off_and_a_full_disk_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(tmp_path)
    refusals.add("object", "too large")
    path = tmp_path / "refusals.jsonl"
    path.write_text(path.read_text(encoding="utf-8") + '{"at": "2026', encoding="utf-8")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    assert len(list(read_refusals(tmp_path))) == 1
    monkeypatch.setattr(Path, "open", full)
    refusals.add("object", "of another study")


def status(data: Path, *options: str) -> str:
    return CliRunner().invoke(group, ["node", "--data", str(data), "status", *options]).output


def test_the_status_says_what_is_coming_in_and_what_was_refused(tmp_path: Path) -> None:
    data, stop, said = tmp_path / "data", threading.Event(), []
    rules = replace(RULES, node=replace(RULES.node, quiet_s=3600.0))
    with Store(data):
        assert "not running" in status(data)
        after = ["node", "status", "--data", str(data)]
        assert CliRunner().invoke(group, after).output == status(data)
    listening = threading.Event()

    def say(line: str) -> None:
        said.append(line)
        listening.set()

    thread = threading.Thread(
        target=run_node,
        args=(data, rules),
        kwargs={"say": say, "stop": stop, "with_workers": False},
    )
    thread.start()
    try:
        assert listening.wait(60)
        port = int(said[0].rpartition(" ")[2])
        sent(port, study(tmp_path / "sent", images=3))
        with calling(port, aet="STRANGER"):
            pass
        with pytest.raises(InputError, match="another node works"):
            run_node(data, rules, say=say, stop=stop)
        told = _until_told(data)
    finally:
        stop.set()
        thread.join()
    assert "CORCAL at 127.0.0.1" in told
    assert "1 studies, 3 objects" in told
    assert "STRANGER at 127.0.0.1: no peer of this AE title calls from this address" in told
    after = json.loads(status(data, "--json"))
    assert (after["is_running"], after["coming_in"]["objects"]) == (False, 3)


def _until_told(data: Path) -> str:
    """Ask until the node has said something."""
    for _ in range(100):
        told = status(data)
        if "3 received" in told:
            return told
        threading.Event().wait(0.2)
    return told


def test_the_rules_are_checked_without_a_node(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[node]\nport = 104\n", encoding="utf-8")
    asked = ["node", "--data", str(tmp_path / "data"), "--rules", str(rules), "--check"]
    assert "rules.toml can be used" in CliRunner().invoke(group, asked).output
    without = ["node", "--data", str(tmp_path / "data"), "--check"]
    assert "there are no rules" in CliRunner().invoke(group, without).output
