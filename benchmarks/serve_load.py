"""The server under readers: a worklist of 200 exams, and 25 readers who work at once.

``python -m benchmarks.serve_load [EXAMS [READERS [SECONDS]]]`` starts a server with small simulated
exams, and measures what a reader waits for. Readers pause half a second to two seconds between
their requests; pixels are not among them.
"""

import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.serve_kills import Server, free_port, simulated_studies
from corcal.store.jobs import SCORE
from corcal.store.store import Store

_API = "/api/v1"
_PAUSE_S = (0.5, 2.0)


def _percentile(seconds: list[float], part: float) -> str:
    ordered = sorted(seconds)
    return f"{1000 * ordered[min(int(part * len(ordered)), len(ordered) - 1)]:.0f} ms"


def _fill(data: Path, studies: list[Path]) -> None:
    with Store(data) as store:
        for one in studies:
            store.import_study(one, job_kind=SCORE)


def _scored(server: Server, count: int) -> None:
    while server.get("/exams?limit=1")["counts"]["to_review"] < count:
        time.sleep(1)


def _worklist(server: Server) -> None:
    """Time the first page and searches, one after the other."""
    with server.client() as client:
        listed, found = [], []
        for number in range(30):
            began = time.perf_counter()
            client.get(f"{_API}/exams?limit=200").raise_for_status()
            listed.append(time.perf_counter() - began)
            began = time.perf_counter()
            client.post(f"{_API}/exams/search", json={"q": f"simulated-{number}"})
            found.append(time.perf_counter() - began)
    print(f"worklist of all exams: median {1000 * statistics.median(listed):.0f} ms, "
          f"search: median {1000 * statistics.median(found):.0f} ms, "
          f"p95 {_percentile(found, 0.95)}")  # fmt: skip


def _read(server: Server, exam: str, until: float, seed: int, times: list[float]) -> None:
    """Work at an exam as a reader does: look, assign, undo, ask for the numbers."""
    chance = random.Random(seed)  # noqa: S311  (pauses, not secrets)
    with server.client() as client:
        review = client.get(f"{_API}/exams/{exam}/review").raise_for_status().json()
        number, sequence = review["candidates"][0]["id"], review["sequence"]
        while time.monotonic() < until:
            time.sleep(chance.uniform(*_PAUSE_S))
            events = f"{_API}/exams/{exam}/review/events"
            assign = {"type": "assign", "candidates": [number], "site": chance.choice(_SITES)}
            call = chance.choice(("assign", "assign", "worklist", "exam", "review"))
            began = time.perf_counter()
            if call == "assign":
                body = {"expected_sequence": sequence, "events": [assign]}
                sequence = client.post(events, json=body).raise_for_status().json()["sequence"]
            elif call == "worklist":
                client.post(f"{_API}/exams/search", json={"q": "sim"}).raise_for_status()
            else:
                path = f"/exams/{exam}" + ("/review" if call == "review" else "")
                client.get(_API + path).raise_for_status()
            times.append(time.perf_counter() - began)


_SITES = ("LM", "LAD", "LCX", "RCA", None)


def main(exams: int = 200, readers: int = 25, seconds: float = 30) -> None:
    """Run it, and print what was measured."""
    print(machine())
    with tempfile.TemporaryDirectory() as made:
        _fill(Path(made) / "data", simulated_studies(Path(made) / "studies", exams))
        server = Server(Path(made) / "data", free_port())
        server.start()
        try:
            _scored(server, exams)
            _worklist(server)
            listed = server.get(f"/exams?limit={readers}")["items"]
            until, times = time.monotonic() + seconds, []
            threads = [
                threading.Thread(target=_read, args=(server, row["id"], until, n, times))
                for n, row in enumerate(listed)
            ]
            for one in threads:
                one.start()
            for one in threads:
                one.join()
        finally:
            server.stop()
        print(f"{readers} readers, {len(times)} requests in {seconds:.0f} s: median "
              f"{1000 * statistics.median(times):.0f} ms, p95 {_percentile(times, 0.95)}, "
              f"slowest {1000 * max(times):.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
