"""Kill server and workers at random moments under load: every upload ends scored exactly once.

``python -m benchmarks.serve_kills [UPLOADS [KILLS]]``: by default 20 uploads and ten kills, with
``kill -9``, of the server or of one of its workers in turn.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import numpy as np

from corcal.ct.scan import Acquisition, Patient
from corcal.phantom.dicom import write_series
from corcal.store.store import Store

QUICK = Path(__file__).parent / "quick_scoring"
_API = "/api/v1"
_START_S = 120.0


@dataclass
class Server:
    """``corcal serve`` in a process of its own, that can be killed and started again.

    Attributes
    ----------
    source : Path or None
        Folder with another `corcal` than the installed one, such as of an earlier commit.
    """

    data: Path
    port: int
    source: Path | None = None
    process: subprocess.Popen[str] | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def start(self) -> None:
        """Start it, and log in by its link the first time."""
        paths = [str(QUICK), *([] if self.source is None else [str(self.source)])]
        environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(paths)}
        environment.pop("CORCAL_DATABASE", None)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "corcal", "serve", "--no-browser"),
                *("--port", str(self.port), "--data", str(self.data)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        link = ""
        for line in self.process.stdout or ():
            if "/start/" in line:
                link = line.strip()
                break
        self._wait()
        if not self.cookies:
            with httpx2.Client() as client:
                self.cookies = dict(client.get(link).cookies)
            self.csrf = self.get("/session")["csrf_token"]

    def get(self, path: str) -> dict:
        """Ask something."""
        with self.client() as client:
            return client.get(_API + path).raise_for_status().json()

    def client(self) -> httpx2.Client:
        """Make a client that is logged in."""
        return httpx2.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            cookies=self.cookies,
            headers={"X-CSRF-Token": self.csrf},
            timeout=60,
        )

    def upload(self, folder: Path) -> str:
        """Upload a study, again and again until the server has said that it has it; the job."""
        while True:
            try:
                return self._upload(folder)
            except (httpx2.TransportError, httpx2.HTTPStatusError):
                time.sleep(0.3)

    def _upload(self, folder: Path) -> str:
        with self.client() as client:
            key = client.post(f"{_API}/uploads").raise_for_status().json()["id"]
            for number, path in enumerate(sorted(folder.iterdir())):
                url = f"{_API}/uploads/{key}/files/{number}"
                client.put(url, content=path.read_bytes()).raise_for_status()
            for _ in range(100):
                with contextlib.suppress(httpx2.TransportError):
                    finished = client.post(f"{_API}/uploads/{key}/finish").raise_for_status()
                    return str(finished.json()["job_id"])
                time.sleep(0.3)
        message = "the server did not come back"
        raise RuntimeError(message)

    def cpu_s(self) -> float:
        """Give the processor time that the server itself has used, without its workers."""
        process = 0 if self.process is None else self.process.pid
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def workers(self) -> list[int]:
        """Process numbers of its workers."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if b"serve-worker" in words and str(self.data).encode() in words:
                        found.append(int(entry.name))
        return found

    def kill(self) -> None:
        """Kill the server alone; its workers find that out."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def stop(self) -> None:
        """End it as a person does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def _wait(self) -> None:
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            with contextlib.suppress(httpx2.TransportError), httpx2.Client() as client:
                if client.get(f"http://127.0.0.1:{self.port}{_API}/health").status_code == 200:
                    return
            time.sleep(0.1)
        message = "the server does not answer"
        raise RuntimeError(message)


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(
    data: Path, studies: Sequence[Path], *, kills: int, seed: int, wait_s: float = 600.0
) -> Counter[str]:
    """Upload studies one after the other while processes are killed; how their exams ended.

    Returns
    -------
    Counter
        ``"scored once"`` for each exam with exactly one result; anything else is a failure.
    """
    chance = random.Random(seed)  # noqa: S311  (moments, not secrets)
    server = Server(data, free_port())
    server.start()
    try:
        _load(server, studies, kills, chance)
        _settled(server, len(studies), wait_s)
    finally:
        server.stop()
    return _outcome(data)


def _load(server: Server, studies: Sequence[Path], kills: int, chance: random.Random) -> None:
    """Upload from another thread, and kill from this one."""
    uploading = threading.Thread(target=lambda: [server.upload(one) for one in studies])
    uploading.start()
    for number in range(kills):
        time.sleep(chance.uniform(0.5, 4.0))
        workers = server.workers()
        if number % 2 and workers:
            os.kill(chance.choice(workers), signal.SIGKILL)
        else:
            server.kill()
            server.start()
    uploading.join()


def _settled(server: Server, count: int, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        counts = server.get("/exams?limit=1")["counts"]
        if sum(counts.values()) == count == counts["to_review"]:
            return
        time.sleep(0.5)


def _outcome(data: Path) -> Counter[str]:
    with Store(data) as store:
        ended: Counter[str] = Counter()
        for exam in store.worklist().exams:
            results = sum(step.kind == "result" for step in store.events(exam.id))
            is_once = results == 1 and exam.latest_version == 1 and exam.state == "to_review"
            ended["scored once" if is_once else f"{exam.state}, {results} results"] += 1
        return ended


def simulated_studies(root: Path, count: int) -> list[Path]:
    """Write small studies, each of a patient of its own."""
    folders = []
    for number in range(count):
        hu = np.full((24, 64, 64), 40, np.int16)
        hu[8:10, 20:24, 20:24] = 300 + number
        folders.append(root / str(number))
        write_series(
            folders[-1],
            hu,
            spacing_mm=(3.0, 0.5, 0.5),
            origin_mm=(0.0, 0.0, 0.0),
            patient=Patient(patient_id=f"SIMULATED-{number}", name="Simulated^Patient"),
            acquisition=Acquisition(modality="CT", kvp=120.0, date="2026-01-02"),
            uid_seed=number,
        )
    return folders


def main(uploads: int = 20, kills: int = 10) -> None:
    """Run it, and say how it ended."""
    with tempfile.TemporaryDirectory() as made:
        studies = simulated_studies(Path(made) / "studies", uploads)
        began = time.monotonic()
        ended = run(Path(made) / "data", studies, kills=kills, seed=int(time.time()))
        print(f"{uploads} uploads, {kills} kills, {time.monotonic() - began:.0f} s: {dict(ended)}")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
