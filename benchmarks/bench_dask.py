"""What Dask costs a run: ``python -m benchmarks.bench_dask [--tasks 100000] [--scans FOLDER]``.

Tasks that do nothing go through the executor of `corcal.cohort.dask_run`, and their outcomes, as
large as real ones, into a ledger. Scheduler, workers and client are processes of their own, so that
the memory and the time of each is told apart. With ``--scans``, the studies of a folder are scored
by two workers of which one is killed midway, and by one process without Dask: the tables must be
the same to the last digit.
"""

import argparse
import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.harness import machine
from corcal.cohort.dask_cluster import dask_client
from corcal.cohort.dask_run import Window, run_dask
from corcal.cohort.discover import find_tasks
from corcal.cohort.discover.index import Index
from corcal.cohort.ledger import Ledger, read_outcomes
from corcal.cohort.local import Scorer, run_local
from corcal.cohort.run import run
from corcal.cohort.types import BatchOptions, Outcome, Task, task_key
from corcal.interop.columns import LESION_COLUMNS
from corcal.interop.exam_columns import EXAM_COLUMNS

_LESIONS = 6  # rows of a median scan with calcium
_MB = 2**20
_WINDOW = Window(least=1000)  # that of a cluster of 250 workers
_EVERY = 10_000  # outcomes: then memory is looked at
_UNTIL_S = 60.0  # for the cluster to be there


def score_nothing(task: Task, _: BatchOptions) -> Outcome:
    """Give an outcome of the usual size, at once."""
    row = {column.name: 123.456 for column in EXAM_COLUMNS}
    lesion = {column.name: 12.3456 for column in LESION_COLUMNS}
    return Outcome(
        key=task.key,
        source=task.source,
        status="scored",
        exam_row=row,
        lesion_rows=(lesion,) * _LESIONS,
        certainty=0.9,
        finished="2026-01-01T00:00:00+00:00",
    )


def _by_name() -> Scorer:
    """Give `score_nothing` as the workers find it.

    A function of ``__main__`` travels with its code in every task, which costs the scheduler six
    times what a name does; corcal's own are names.
    """
    scorer: Scorer = importlib.import_module("benchmarks.bench_dask").score_nothing
    return scorer


def simulated(count: int) -> Iterator[Task]:
    """Give tasks as a search of folders does, one by one."""
    for number in range(count):
        source = f"/data/cohort/site-{number % 17:02d}/patient-{number:07d}/study"
        yield Task(key=task_key(source), source=source, study_instance_uid=f"1.2.826.{number}")


@contextlib.contextmanager
def cluster(workers: int, folder: Path) -> Iterator[tuple[str, dict[str, psutil.Process]]]:
    """Start a scheduler and workers as processes of their own."""
    file = folder / "scheduler.json"
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error",
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "2.0",
    }
    where = ["--scheduler-file", str(file)]
    commands = {
        "scheduler": ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *where]
    }
    one = ["worker", *where, "--nthreads", "1", "--no-dashboard"]
    commands |= {f"worker {number}": one for number in range(workers)}
    started = {
        name: subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env=environment,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
        )
        for name, command in commands.items()
    }
    try:
        yield str(file), {name: psutil.Process(one.pid) for name, one in started.items()}
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait()


_Family = tuple[psutil.Process, ...]


def _family(process: psutil.Process) -> _Family:
    """Give a process and those that it started: a worker works in a child of its nanny."""
    return (process, *process.children(recursive=True))


def _rss(family: _Family) -> int:
    return sum(one.memory_info().rss for one in family)


def _cpu_s(family: _Family) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in family)


class Course:
    """How the memory of the processes goes with the outcomes."""

    def __init__(self, watched: dict[str, _Family], begun: float) -> None:
        self._watched, self._begun, self._done = watched, begun, 0
        self.marks: dict[int, dict[str, int]] = {}

    def listen(self, _: Outcome) -> None:
        """Look at the memory every now and then."""
        self._done += 1
        if self._done % _EVERY == 0:
            mb = {name: round(_rss(one) / _MB) for name, one in self._watched.items()}
            self.marks[self._done] = mb
            print(f"{self._done:8,} {time.perf_counter() - self._begun:7.0f} s {mb}", flush=True)


def overhead(count: int, workers: int) -> dict[str, Any]:
    """Measure the run of so many tasks that do nothing."""
    with tempfile.TemporaryDirectory() as scratch, cluster(workers, Path(scratch)) as found:
        file, processes = found
        limit = time.monotonic() + _UNTIL_S
        while not Path(file).exists() and time.monotonic() < limit:
            time.sleep(0.1)
        with dask_client(file) as client:
            client.wait_for_workers(workers, timeout=_UNTIL_S)
        watched = {"client": (psutil.Process(),)}
        watched |= {name: _family(one) for name, one in processes.items()}
        before = {name: _cpu_s(one) for name, one in watched.items()}
        options = BatchOptions(out=scratch)
        begun = time.perf_counter()
        course = Course(watched, begun)
        executor = run_dask(dask_client(file), scorer=_by_name(), window=_WINDOW)
        with Ledger(Path(scratch)) as ledger:
            tally = run(simulated(count), options, ledger, executor, listen=course.listen)
        wall = time.perf_counter() - begun
        cpu = {name: _cpu_s(one) - before[name] for name, one in watched.items()}
        size = (Path(scratch) / "ledger.jsonl").stat().st_size
    return {
        "tasks": tally.done,
        "wall_ms_a_task": 1000 * wall / count,
        "cpu_ms_a_task": {name: 1000 * value / count for name, value in cpu.items()},
        "mb": course.marks,
        "ledger_bytes_a_task": size / count,
    }


def same_table(scans: Path) -> dict[str, Any]:
    """Score a folder with a worker killed midway, and without Dask."""
    with tempfile.TemporaryDirectory() as scratch:
        tables = {}
        for name in ("here", "dask"):
            out = Path(scratch) / name
            options = BatchOptions(out=str(out))
            out.mkdir()
            tasks = find_tasks(str(scans), Index(out / "found.sqlite", str(scans))).tasks
            begun = time.perf_counter()
            executor = run_local(workers=1) if name == "here" else run_dask(_killed_midway())
            with Ledger(out) as ledger:
                run(tasks, options, ledger, executor)
            print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
            tables[name] = {one.key: _cells(one) for one in read_outcomes(out)}
    here, dask = tables["here"], tables["dask"]
    differ = [
        _difference(here[key], dask.get(key, {})) for key in here if here[key] != dask.get(key)
    ]
    return {"scans": len(here), "same": here == dask, "differ": differ}


def _cells(outcome: Outcome) -> dict[str, Any]:
    """Give all that the tables show of a scan, but for the moment in which it was scored."""
    row = {name: cell for name, cell in (outcome.exam_row or {}).items() if name != "created"}
    lesions = [dict(one) for one in outcome.lesion_rows]
    return row | {"status": outcome.status, "reason": outcome.reason, "lesions": lesions}


def _difference(here: dict[str, Any], dask: dict[str, Any]) -> dict[str, Any]:
    names = here.keys() | dask.keys()
    return {n: (here.get(n), dask.get(n)) for n in sorted(names) if here.get(n) != dask.get(n)}


@contextlib.contextmanager
def _killed_midway() -> Iterator[Any]:
    """Give two workers, one of which is killed when both have been at it for a while."""
    with dask_client("local", workers=2) as client:

        def kill() -> None:
            victim = next(iter(client.scheduler_info()["workers"]))
            pid = client.run(os.getpid, workers=[victim])[victim]
            os.kill(pid, signal.SIGKILL)
            print("one worker killed", flush=True)

        timer = threading.Timer(15, kill)
        timer.start()
        yield client
        timer.cancel()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scans", type=Path)
    given = parser.parse_args()
    print(machine())
    if given.scans is not None:
        print(json.dumps(same_table(given.scans), indent=2))
    if given.tasks:
        print(json.dumps(overhead(given.tasks, given.workers), indent=2))


if __name__ == "__main__":
    main()
