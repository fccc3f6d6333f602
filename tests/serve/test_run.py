"""The running server: its port, its link, its workers, and what it tells those who listen."""

import asyncio
import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import uvicorn

from corcal.cli import main
from corcal.errors import InputError
from corcal.serve import gate, patience, run, supervisor, worker
from corcal.serve.notices import MOST_OF_ONE, Notices
from corcal.serve.problems import Problem
from corcal.serve.run import run_server
from corcal.serve.settings import Mode, Settings
from corcal.serve.supervisor import Supervisor
from corcal.store.records import ExamState, JobState
from corcal.store.store import Store
from ports import free_port
from serve.serve_maker import API, NAME, scored_exam, write_scan
from store.postgres_cluster import temporary_folder


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for data."""
    monkeypatch.delenv("CORCAL_DATABASE", raising=False)
    with temporary_folder() as found:
        yield found


@pytest.fixture
def port() -> int:
    """A port that nobody listens at."""
    return free_port()


def test_a_server_says_its_link_and_opens_it(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[uvicorn.Server] = []
    said: list[str] = []
    opened: list[str] = []
    make = uvicorn.Server

    def remembered(config: uvicorn.Config) -> uvicorn.Server:
        servers.append(make(config))
        return servers[0]

    monkeypatch.setattr(patience, "HEAD_S", 0.5)
    monkeypatch.setattr(gate, "_BODY_S", 0.5)
    monkeypatch.setattr(uvicorn, "Server", remembered)
    monkeypatch.setattr(run.webbrowser, "open", opened.append)
    settings = Settings(data=folder / "data", port=port, workers=0)
    thread = threading.Thread(
        target=run_server, args=(settings,), kwargs={"say": said.append, "open_browser": True}
    )
    thread.start()
    until = time.monotonic() + 60
    while not opened and time.monotonic() < until:
        time.sleep(0.05)
    try:
        (link,) = opened
        assert link.startswith(f"http://127.0.0.1:{port}/start/")
        assert link in said[0]
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as client:
            assert client.get(link).status_code == 200
            assert client.get(f"{API}/session").json()["mode"] == "personal"
            assert client.get(f"{API}/ready").json()["status"] == "ok"
            with client.stream("GET", f"{API}/events") as events:
                assert events.headers["content-type"].startswith("text/event-stream")
                assert next(events.iter_lines()) == ": hello"
        assert _is_let_go(port, b"")
        assert _is_let_go(port, b"GET /api/v1/health HTTP/1.1\r\nHost: local")
        slow = b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"
        assert b" 408 " in _answer(port, slow)
    finally:
        servers[0].should_exit = True
        thread.join(30)
    assert not thread.is_alive()


def _answer(port: int, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 30) as client:
        client.sendall(data)
        return client.recv(4096)


def _is_let_go(port: int, data: bytes) -> bool:
    """Whether the server ends a connection on which no more comes than this."""
    try:
        return _answer(port, data) == b""
    except ConnectionResetError:
        return True


def test_a_port_that_is_taken_is_said(folder: Path, port: int) -> None:
    settings = Settings(data=folder / "data", port=port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(InputError, match=f"cannot listen at port {port} of 127.0.0.1"):
            run_server(settings, say=print, open_browser=False)
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("options", "mode", "is_secure"),
    [
        ([], Mode.PERSONAL, False),
        (["--accounts"], Mode.DEPARTMENT, False),
        (["--host", "0.0.0.0"], Mode.DEPARTMENT, False),  # noqa: S104
        (["--host", "0.0.0.0", "--proxy", "10.0.0.1"], Mode.DEPARTMENT, True),  # noqa: S104
        (["--tls-cert", "a.pem", "--tls-key", "b.pem"], Mode.PERSONAL, True),
    ],
)
def test_the_command_decides_who_may_come_in(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    mode: Mode,
    *,
    is_secure: bool,
) -> None:
    given: list[Settings] = []
    monkeypatch.setattr(run, "run_server", lambda settings, **_: given.append(settings))
    call = ["serve", "--data", str(folder / "data"), "--port", "1234", *options]
    assert main([*call, "--send-to", "archive=dicom://A@b:104"]) == 0
    (settings,) = given
    assert (settings.mode, settings.is_secure, settings.port) == (mode, is_secure, 1234)
    assert settings.send_to == {"archive": "dicom://A@b:104"}


def test_sign_on_needs_accounts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Settings] = []
    monkeypatch.setattr(run, "run_server", lambda settings, **_: given.append(settings))
    file = folder / "oidc.toml"
    file.write_text('issuer = "https://id.example"\nclient_id = "a"\nserver = "https://b.example"')
    monkeypatch.setenv("CORCAL_OIDC", str(file))
    monkeypatch.setenv("CORCAL_OIDC_SECRET", "not told")
    assert main(["serve", "--data", str(folder / "data")]) == 0
    (settings,) = given
    assert settings.sign_on is not None
    assert (settings.mode, settings.sign_on.issuer) == (Mode.DEPARTMENT, "https://id.example")
    assert settings.sign_on_secret == "not told"  # noqa: S105
    assert "not told" not in repr(settings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tls-cert", "a.pem"], "belong together"),
        (["--send-to", "archive"], "--send-to is NAME=ADDRESS"),
        (["--port", "0"], "is not in the range"),
    ],
)
def test_the_command_says_what_it_needs(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["serve", "--data", str(folder / "data"), *options]) == 2
    assert words in capsys.readouterr().err


def test_the_data_folder_comes_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Settings] = []
    monkeypatch.setenv("CORCAL_DATA", str(folder / "elsewhere"))
    monkeypatch.setattr(run, "run_server", lambda settings, **_: given.append(settings))
    assert main(["serve"]) == 0
    assert given[0].data == folder / "elsewhere"


def test_accounts_by_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("click.prompt", lambda *_, **__: "a long pass phrase")
    data = ["--data", str(folder / "data")]
    assert main(["user", "add", "anna", "--role", "admin", "--name", "Anna R.", *data]) == 0
    assert main(["user", "add", "bob", "--no-password", *data]) == 0
    assert main(["user", "password", "bob", *data]) == 0
    assert main(["user", "off", "bob", *data]) == 0
    assert main(["user", "off", "anna", *data]) == 2  # the last admin
    capsys.readouterr()
    assert main(["user", "list", *data]) == 0
    assert capsys.readouterr().out == "anna, admin\nbob, reader, switched off\n"
    with Store(folder / "data") as store:
        assert store.users.get("bob").password_hash is not None


def test_workers_are_started_again_and_their_jobs_given_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that sleeps is killed: its job is free at once, and another worker comes."""
    started: list[list[str]] = []
    make = subprocess.Popen

    def sleeper(command: list[str], **how: object) -> subprocess.Popen[bytes]:
        started.append(command)
        waits = "import sys; sys.stdin.buffer.read()"
        return make([sys.executable, "-c", waits], **how)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(supervisor.subprocess, "Popen", sleeper)
    monkeypatch.setattr(supervisor, "_LOOK_S", 0.02)
    monkeypatch.setattr(supervisor, "_AGAIN_S", 0.05)
    with Store(folder / "data") as store:
        watching = Supervisor(Settings(data=folder / "data", workers=1, database=None), store)
        watching.start()
        try:
            _until(lambda: len(started) == 2 and all(slot.process for slot in watching._slots))
            names = [command[command.index("--name") + 1] for command in started]
            killed = store.jobs.enqueue("score")
            crashed = store.jobs.enqueue("import")
            assert store.jobs.claim(names[0], kinds=("score",)) is not None
            assert store.jobs.claim(names[1], kinds=("import",)) is not None
            watching._slots[0].process.kill()  # type: ignore[union-attr]
            watching._slots[1].process.stdin.close()  # type: ignore[union-attr]
            _until(lambda: store.jobs.get(killed.id).state is JobState.QUEUED)
            _until(lambda: store.jobs.get(crashed.id).state is JobState.QUEUED)
            assert store.jobs.get(killed.id).max_attempts == 4  # as if it had not been tried
            assert store.jobs.get(crashed.id).max_attempts == 3
            _until(lambda: len(started) == 4)
        finally:
            watching.stop()
        assert all(slot.process.poll() is not None for slot in watching._slots)  # type: ignore[union-attr]
    assert started[0][started[0].index("--kind") + 1] == "score"


def _until(holds) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "it does not come to pass"
        time.sleep(0.02)


def test_a_worker_gives_its_job_back_when_it_is_to_stop(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(worker.os, "_exit", ended.append)
    monkeypatch.setattr(worker.sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with Store(folder / "data") as store:
        job = store.jobs.enqueue("score")
        claim = store.jobs.claim("me")
        assert claim is not None
        worker._wait_for_end(store, [claim], threading.Event())
        assert store.jobs.get(job.id).state is JobState.QUEUED
    assert ended == [0]


def test_a_worker_stops_with_its_input(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = socket.socketpair()
    stream = reading.makefile("rb")
    monkeypatch.setattr(worker.os, "_exit", lambda _: None)
    monkeypatch.setattr(worker.os, "nice", lambda _: 0)
    monkeypatch.setattr(worker.sys, "stdin", io.TextIOWrapper(stream))
    monkeypatch.setattr(worker, "IDLE_S", 0.02)
    with Store(folder / "data") as store:
        job = store.jobs.enqueue("riddle")
        threading.Timer(0.5, writing.close).start()
        call = ["serve-worker", "--data", str(folder / "data"), "--kind", "riddle"]
        assert main(call) == 0
        assert store.jobs.get(job.id).state is JobState.FAILED
    reading.close()


def test_listeners_are_told_what_changes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corcal.serve.notices._POLL_S", 0.02)
    monkeypatch.setattr("corcal.serve.notices._HEARTBEAT_S", 0.2)
    write_scan(tmp_path / "new", 2)
    with Store(folder / "data") as store:
        known = scored_exam(store, tmp_path / "old")
        notices = Notices(store)

        async def listen() -> list[str]:
            heard: list[str] = []
            listening = notices.listen("anna", lambda: True)
            heard.append(await anext(listening))
            await asyncio.sleep(0.2)  # the first look is only for what there is
            (exam,) = store.import_study(tmp_path / "new", job_kind="score").exams
            job = store.jobs.claim("worker")
            assert job is not None
            store.set_state(exam, ExamState.SCORING)
            store.jobs.renew(job, progress=0.3, text="scoring")
            notices.publish("review", {"exam_id": known, "sequence": 1, "user": "anna"})
            while not any('"fraction":0.3' in one and "event: exam" in one for one in heard):
                heard.append(await asyncio.wait_for(anext(listening), 30))
            store.jobs.fail(job, "damaged")
            while not any('"state":"failed"' in one and "event: job" in one for one in heard):
                heard.append(await asyncio.wait_for(anext(listening), 30))
            while not any("still here" in one for one in heard):
                heard.append(await asyncio.wait_for(anext(listening), 30))
            notices.close()
            heard += [one async for one in listening]
            return heard

        heard = asyncio.run(listen())
    everything = "".join(heard)
    assert heard[0] == ": hello\n\n"
    assert 'event: review\ndata: {"exam_id"' in everything
    assert '"state":"scoring"' in everything
    assert known not in "".join(one for one in heard if "event: exam" in one)
    assert NAME not in everything


def test_settings_show_no_secret(folder: Path) -> None:
    settings = Settings(data=folder, database="postgresql://a:geheim@b/c")
    assert "geheim" not in repr(replace(settings, port=1))


def test_who_may_not_stay_hears_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corcal.serve.notices._HEARTBEAT_S", 0.05)
    with Store(folder / "data") as store:
        notices, may = Notices(store), [True, False]

        async def listen() -> list[str]:
            heard = [one async for one in notices.listen("anna", lambda: may.pop(0))]
            notices.close()
            return heard

        assert asyncio.run(listen())[0] == ": hello\n\n"
        assert may == []


def test_nobody_listens_too_often(folder: Path) -> None:
    with Store(folder / "data") as store:
        notices = Notices(store)

        async def listen() -> None:
            several = [notices.listen("anna", lambda: True) for _ in range(MOST_OF_ONE)]
            for one in several:
                notices.require_room("anna")
                await anext(one)
            with pytest.raises(Problem, match="too many connections"):
                notices.require_room("anna")
            notices.require_room("bert")
            await several[0].aclose()
            notices.require_room("anna")
            notices.close()

        asyncio.run(listen())
