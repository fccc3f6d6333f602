"""The node beside the server, its workers, its log, and the commands for it."""

import io
import json
import logging
import shutil
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from corcal.cli import main
from corcal.node.json_logs import JsonFormatter, set_up_node_logs
from corcal.node.rules import When, read_rules
from corcal.node.run import FOLDER, is_running
from corcal.serve import supervisor
from corcal.serve.settings import Settings
from corcal.serve.supervisor import Supervisor
from corcal.store.outgoing import DELIVER
from corcal.store.store import Store
from node.conftest import Scored
from node.delivering import rules_file
from ports import free_port

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(autouse=True)
def _logs_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CORCAL_DATABASE", raising=False)
    names = ("corcal", "uvicorn", "pynetdicom")
    before = [(logging.getLogger(name), list(logging.getLogger(name).handlers)) for name in names]
    yield
    for logger, handlers in before:
        logger.handlers[:] = handlers
        logger.propagate = True


def node_rules(folder: Path, *, port: int | None = None) -> Path:
    where = f"[node]\nport = {port or free_port()}\nhttp_port = {free_port()}\n"
    return rules_file(folder, where + "[limits]\ndisk_free_mb = 0\n")


def test_a_server_runs_the_node_and_has_the_workers_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = node_rules(tmp_path)
    given: list[Settings] = []

    def serve(settings: Settings, **_: object) -> None:
        assert is_running(settings.data / FOLDER)
        given.append(settings)

    monkeypatch.setattr("corcal.serve.run.run_server", serve)
    assert main(["serve", "--data", str(tmp_path / "data"), "--node", str(path)]) == 0
    assert given[0].node_rules == path
    port = read_rules(path).node.port
    assert f"corcal takes studies as CORCAL at port {port}" in capsys.readouterr().out
    # Two at one folder are refused, and rules that cannot be used too
    path.write_text("[node]\nprot = 1\n")
    assert main(["serve", "--data", str(tmp_path / "data"), "--node", str(path)]) == 2
    assert "node.prot is not known here" in capsys.readouterr().err
    path.write_text(f"[node]\nhost = '203.0.113.1'\nport = {port}\n")
    assert main(["serve", "--data", str(tmp_path / "data"), "--node", str(path)]) == 2
    assert f"cannot listen at port {port} of 203.0.113.1" in capsys.readouterr().err


def test_deliveries_and_searches_have_workers_of_their_own(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    make = subprocess.Popen

    def starting(command: list[str], **_: object) -> "subprocess.Popen[bytes]":
        started.append(command)
        return make(["true"], stdin=subprocess.PIPE)

    monkeypatch.setattr(supervisor.subprocess, "Popen", starting)
    settings = Settings(data=tmp_path, node_rules=tmp_path / "node.toml")
    slots = Supervisor(settings, store)._slots
    assert [slot.kinds for slot in slots][2:] == [("deliver",), ("priors",)]
    watching = Supervisor(settings, store)
    watching._start(slots[2])
    assert started[0][-4:] == ["--kind", "deliver", "--node", str(tmp_path / "node.toml")]
    assert slots[2].process is not None
    slots[2].process.communicate()
    assert len(Supervisor(Settings(data=tmp_path), store)._slots) == 2


def test_a_worker_of_the_node_can_deliver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, object]] = []
    monkeypatch.setattr("os.nice", lambda _: 0)
    monkeypatch.setattr("corcal.serve.worker.run_jobs", lambda _data, **how: given.append(how))
    call = ["serve-worker", "--data", str(tmp_path)]
    assert main(call) == 0
    assert main([*call, "--node", str(tmp_path / "node.toml")]) == 0
    plain, node = (set(how["doings"]) for how in given)  # type: ignore[call-overload]
    assert node - plain == {DELIVER, "priors"}


def test_what_was_given_up_is_tried_again_by_command(
    scored: Scored, capsys: pytest.CaptureFixture[str]
) -> None:
    store = scored.store
    (one,) = store.outgoing.unrouted()
    store.outgoing.route(one, ["out"], why="out: sent", max_attempts=1)
    claim = store.jobs.claim("w", kinds=[DELIVER])
    assert claim is not None
    store.jobs.fail(claim, "the archive is away")
    (dead,) = store.outgoing.of()
    data = ["--data", str(store.folder.root)]
    assert main(["node", "retry", *data, "zzz"]) == 2
    assert "no delivery that was given up begins with 'zzz'" in capsys.readouterr().err
    assert main(["node", *data, "retry", dead.id[:8]]) == 0
    assert main(["node", "retry", *data]) == 0
    assert capsys.readouterr().out == "1 deliveries are tried again\n0 deliveries are tried again\n"


def test_a_line_of_the_log_is_json_without_what_a_file_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    set_up_node_logs()
    log = logging.getLogger("corcal.node.test")
    log.info("delivered", extra={"rule": "out", "version": 2, "patient": "4711"})
    try:
        int("PATIENT 4711")
    except ValueError:
        log.exception("a defect")
    logging.getLogger("pynetdicom.transport").error("no connection")  # the delivery says it, once
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "corcal.node.test",
        "message": "delivered",
        "rule": "out",
        "version": 2,
    }
    assert (second["level"], second["error"]) == ("error", "ValueError")
    assert second["where"].startswith("test_a_line_of_the_log")
    assert "4711" not in stream.getvalue()
    assert isinstance(JsonFormatter(), logging.Formatter)


def test_the_example_of_the_rules_can_be_used_and_is_safe() -> None:
    rules = read_rules(DEPLOY / "node.toml")
    assert [rule.when for rule in rules.send] == [When.SIGNED]
    assert rules.node.http_host == "127.0.0.1"
    assert rules.priors is not None


def test_what_is_deployed_runs_commands_that_there_are() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "corcal-node.service")
    service = dict(unit["Service"])
    assert service["ExecStart"].startswith("/opt/corcal/bin/corcal node --data /var/lib/corcal")
    assert (service["CapabilityBoundingSet"], service["UMask"]) == ("", "0077")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert set(compose["services"]) == {"node", "web", "postgres", "orthanc"}
    assert compose["services"]["node"]["command"][0] == "node"
    assert compose["services"]["node"]["read_only"] is True
    for name, one in compose["services"].items():
        assert one["logging"]["options"]["max-size"] == "10m", name  # no log fills the disk
    assert {name for name, one in compose["services"].items() if "healthcheck" in one} == {
        *("node", "web", "postgres"),
    }
    assert compose["services"]["web"]["environment"]["TZ"] == "${TZ:-UTC}"
    archive = json.loads((DEPLOY / "orthanc.json").read_text())
    rules = read_rules(DEPLOY / "node.toml")
    assert archive["DicomModalities"]["CORCAL"]["Port"] == rules.node.port
    peer = rules.peer("PACS")
    assert peer is not None
    assert (peer.aet, peer.port) == (archive["DicomAet"], archive["DicomPort"])


def test_what_the_container_is_made_of_is_there_and_is_given_to_the_builder() -> None:
    copied = [
        path
        for line in (DEPLOY / "Containerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for path in line.split()[1:-1]
    ]
    assert "src" in copied
    listed = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    assert listed[1] == "*"  # nothing else goes there: no scans, no environments
    assert {f"!{path}" for path in copied} == {one for one in listed if one.startswith("!")}
    assert all((DEPLOY.parent / path).exists() for path in copied)


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is absent: install the system package systemd")
    units = sorted(DEPLOY.glob("corcal-*"))
    assert len(units) == 3
    for unit in units:  # what they start is not installed here
        text = unit.read_text().replace("/opt/corcal/bin/corcal", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    command = [program, "verify", *(str(tmp_path / unit.name) for unit in units)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
