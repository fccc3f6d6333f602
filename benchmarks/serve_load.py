"""The server under readers: a worklist of 200 exams, and 25 readers who work at once.

``python -m benchmarks.serve_load [EXAMS [READERS [SECONDS]]] [--against SRC]`` starts a server with
small simulated exams, and measures what a reader waits for, and what a request costs the server's
processor: this is steady also on a machine that does other work. Readers pause half a second to two
seconds between their requests; pixels are not among them.

With ``--against``, the folder ``src`` of another commit, its server does the same, in turn with
this one's, and the ratios are printed.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.harness import machine
from benchmarks.serve_kills import Server, free_port, simulated_studies

_API = "/api/v1"
_PAUSE_S = (0.5, 2.0)
_ROUNDS = 3
_SITES = ("LM", "LAD", "LCX", "RCA", None)


@dataclass
class Load:
    """What a server did.

    Attributes
    ----------
    waits_s : list of float
        Of each request of a reader.
    cpu_s : list of float
        Processor time for each of them, a mean of each round.
    searches_s : list of float
        Of each search of the worklist, one after the other.
    """

    waits_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    searches_s: list[float] = field(default_factory=list)
    lists_s: list[float] = field(default_factory=list)


def _percentile(seconds: list[float], part: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)]


def _filled(server: Server, studies: list[Path]) -> None:
    """Send studies to a server, and wait until it has scored them."""
    server.start()
    for one in studies:
        server.upload(one)
    while server.get("/exams?limit=1")["counts"]["to_review"] < len(studies):
        time.sleep(1)


def _worklist(server: Server, load: Load) -> None:
    """Time the first page and searches, one after the other."""
    with server.client() as client:
        for number in range(30):
            began = time.perf_counter()
            client.get(f"{_API}/exams?limit=200").raise_for_status()
            load.lists_s.append(time.perf_counter() - began)
            began = time.perf_counter()
            body = {"q": f"simulated-{number}"}
            client.post(f"{_API}/exams/search", json=body).raise_for_status()
            load.searches_s.append(time.perf_counter() - began)


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


def _round(server: Server, readers: int, seconds: float, load: Load) -> None:
    listed = server.get(f"/exams?limit={readers}")["items"]
    times: list[float] = []
    spent, until = server.cpu_s(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_read, args=(server, row["id"], until, n, times))
        for n, row in enumerate(listed)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    load.waits_s += times
    load.cpu_s.append((server.cpu_s() - spent) / len(times))


def _print(name: str, load: Load, readers: int) -> None:
    def ms(seconds: float) -> str:
        return f"{1000 * seconds:.0f} ms"

    print(
        f"{name}: worklist median {ms(statistics.median(load.lists_s))}, "
        f"search median {ms(statistics.median(load.searches_s))}, "
        f"p95 {ms(_percentile(load.searches_s, 0.95))}"
    )
    print(
        f"  {readers} readers, {len(load.waits_s)} requests: median "
        f"{ms(statistics.median(load.waits_s))}, p95 {ms(_percentile(load.waits_s, 0.95))}, "
        f"slowest {ms(max(load.waits_s))}; processor time a request "
        f"{1000 * statistics.median(load.cpu_s):.1f} ms"
    )


def main(exams: int, readers: int, seconds: float, against: Path | None) -> None:
    """Run it, and print what was measured."""
    print(machine())
    sources = {"this": None} | ({} if against is None else {"other": against})
    with tempfile.TemporaryDirectory() as made:
        studies = simulated_studies(Path(made) / "studies", exams)
        servers = {
            name: Server(Path(made) / name, free_port(), source) for name, source in sources.items()
        }
        loads = {name: Load() for name in servers}
        try:
            for server in servers.values():
                _filled(server, studies)
            for name, server in servers.items():
                _worklist(server, loads[name])
            for _ in range(_ROUNDS):
                for name, server in servers.items():
                    _round(server, readers, seconds / _ROUNDS, loads[name])
        finally:
            for server in servers.values():
                server.stop()
    for name, load in loads.items():
        _print(name, load, readers)
    if against is not None:
        this, other = loads["this"], loads["other"]
        cpu = statistics.median(a / b for a, b in zip(this.cpu_s, other.cpu_s, strict=True))
        waits = _percentile(this.waits_s, 0.95) / _percentile(other.waits_s, 0.95)
        print(f"this to other: processor time {cpu:.2f}, p95 {waits:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exams", type=int, nargs="?", default=200)
    parser.add_argument("readers", type=int, nargs="?", default=25)
    parser.add_argument("seconds", type=float, nargs="?", default=30)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    if given.against is not None and not (given.against / "corcal").is_dir():
        parser.error(f"{given.against} has no corcal")
    main(given.exams, given.readers, given.seconds, given.against)
