"""Tasks done by processes of this machine, each with its own core, its own memory, its own models.

A process that dies, killed by the system for its memory or by a fault of a library, takes one scan
with it: the scan is begun again by another process, and given up if that dies as well. The pools of
the standard library give up all that is waiting in this case.

Processes are hired before there is anything to do: they import their libraries and load the
networks while studies are looked for.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from typing import TYPE_CHECKING

from corcal.cohort.memory import available_mb, limit_process
from corcal.cohort.types import BatchOptions, Executor, Outcome, OutputError, Task, ended
from corcal.errors import CorcalError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

__all__ = ["MAX_ATTEMPTS", "Scorer", "hired", "run_here", "run_local", "worker_count"]

MAX_ATTEMPTS = 2
MAX_FALSE_STARTS = 3
"""Processes in a row that die before they are ready: the fault is not that of their scans."""
_CLIENT_MB = 600.0  # for the process that finds the scans and writes the tables
_START_S = 120.0  # for a process to begin: importing from a slow disk takes long
# One core a process: their networks and their linear algebra would wait for one another
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Scorer = Callable[[Task, BatchOptions], Outcome]


def worker_count(memory_mb: int) -> int:
    """Say how many processes fit this machine: one a core, if memory allows; at least one."""
    cores = _cores()
    free_mb = available_mb()
    if free_mb is None:
        return cores
    return max(1, min(cores, int((free_mb - _CLIENT_MB) // memory_mb)))


def _cores() -> int:
    """Count the cores that this process may use: a batch system gives it some of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def hired(
    options: BatchOptions, *, workers: int, scorer: Scorer | None = None
) -> Iterator[Executor]:
    """Start processes, and give the executor that scores with them.

    Parameters
    ----------
    options : BatchOptions
        Of the run; those that the executor is called with must be the same.
    workers : int
        How many; never more than tasks can come.
    scorer : callable, optional
        As of `run_local`.

    Yields
    ------
    Executor
        Raises `OutputError` if the results cannot be written. The processes end with the ``with``
        block, whatever they are at.
    """
    crew = _Crew(workers, options, scorer or _score)

    def execute(tasks: Iterator[Task], _: BatchOptions) -> Iterator[Outcome]:
        return crew.work(tasks)

    try:
        crew.hire_all()
        yield execute
    finally:
        crew.dismiss()


def run_local(*, workers: int, scorer: Scorer | None = None) -> Executor:
    """Give the executor that scores with processes of this machine, started as they are needed.

    Parameters
    ----------
    workers : int
        How many.
    scorer : callable, optional
        What a process does with a task, `score_task` if absent; found by its name in its module.

    Returns
    -------
    Executor
        Raises `OutputError` if the results cannot be written.
    """

    def execute(tasks: Iterator[Task], options: BatchOptions) -> Iterator[Outcome]:
        crew = _Crew(workers, options, scorer or _score)
        try:
            yield from crew.work(tasks)
        finally:
            crew.dismiss()

    return execute


def run_here(tasks: Iterator[Task], options: BatchOptions) -> Iterator[Outcome]:
    """Score in this process, one task after the other: an executor for tests and for debuggers."""
    for task in tasks:
        yield _score(task, options)


def _score(task: Task, options: BatchOptions) -> Outcome:
    # numpy, SciPy and the networks: in the processes, not in the one that starts them
    from corcal.cohort.score_task import score_task

    return score_task(task, options)


@dataclass(slots=True, kw_only=True)
class _Worker:
    """A process and the task that it is at."""

    process: "SpawnProcess"
    pipe: "Connection"
    task: Task | None = None
    attempt: int = 0
    begun: float = field(default_factory=time.monotonic)
    is_new: bool = True


class _Crew:
    """The processes of a run."""

    def __init__(self, count: int, options: BatchOptions, scorer: Scorer) -> None:
        self._count, self._options, self._scorer = count, options, scorer
        self._workers: list[_Worker] = []
        self._again: deque[tuple[Task, int]] = deque()
        self._false_starts = 0

    def hire_all(self) -> None:
        """Start every process now."""
        while len(self._workers) < self._count:
            self._hire()

    def work(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """Hand out tasks, and give what comes back, until there are none."""
        is_over = False
        while True:
            while not is_over and self._has_room():
                work = self._next(tasks)
                if work is None:
                    is_over = True
                else:
                    self._hand(*work)
            if not any(worker.task for worker in self._workers):
                if not self._again:
                    return
                is_over = False
                continue
            yield from self._news()
            if self._again:
                is_over = False

    def dismiss(self) -> None:
        """End all processes at once."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()

    def _has_room(self) -> bool:
        return sum(worker.task is not None for worker in self._workers) < self._count

    def _next(self, tasks: Iterator[Task]) -> tuple[Task, int] | None:
        if self._again:
            return self._again.popleft()
        task = next(tasks, None)
        return None if task is None else (task, 1)

    def _hand(self, task: Task, attempt: int) -> None:
        worker = self._idle() or self._hire()
        worker.task, worker.attempt, worker.begun = task, attempt, time.monotonic()
        with contextlib.suppress(OSError):  # it is dead: the news say so
            worker.pipe.send(task)

    def _idle(self) -> _Worker | None:
        """Find a process without a task; one that has died of nothing is replaced, blaming none."""
        for worker in [one for one in self._workers if one.task is None]:
            if worker.process.is_alive():
                return worker
            self._forget(worker)
        return None

    def _hire(self) -> _Worker:
        ours, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        process = context.Process(
            target=_serve, args=(theirs, self._options, self._scorer), daemon=True
        )
        with _one_thread(), _undisturbed():
            process.start()
        theirs.close()
        worker = _Worker(process=process, pipe=ours)
        self._workers.append(worker)
        return worker

    def _news(self) -> Iterator[Outcome]:
        """Wait for the next answer, death, or time that is up."""
        busy = {worker.pipe: worker for worker in self._workers if worker.task is not None}
        for pipe in connection.wait(list(busy), timeout=self._patience()):
            worker = busy[pipe]  # type: ignore[index]
            try:
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._bury(worker)
                continue
            if answer is None:  # its libraries are loaded: now it begins
                worker.begun, worker.is_new = time.monotonic(), False
                self._false_starts = 0
            elif isinstance(answer, CorcalError):
                raise answer
            else:
                worker.task = None
                yield replace(answer, attempts=worker.attempt)
        for worker in list(self._workers):
            if worker.task is not None and self._rest(worker) <= 0:
                yield self._give_up(worker, worker.task)

    def _patience(self) -> float:
        """Say how long to wait until a scan must be given up."""
        rests = [self._rest(worker) for worker in self._workers if worker.task is not None]
        return max(0.0, min(rests))

    def _rest(self, worker: _Worker) -> float:
        limit = self._options.time_limit_s + (_START_S if worker.is_new else 0.0)
        return worker.begun + limit - time.monotonic()

    def _bury(self, worker: _Worker) -> Iterator[Outcome]:
        """Let another process begin the task of a dead one again, or call it crashed."""
        self._forget(worker)
        task = worker.task
        if task is None:
            return
        if worker.is_new:
            self._again.append((task, worker.attempt))
            return
        if worker.attempt < MAX_ATTEMPTS:
            self._again.append((task, worker.attempt + 1))
            return
        reason = f"{MAX_ATTEMPTS} processes died of it, the last of {_death(worker.process)}"
        yield replace(ended(task, "crashed", reason, error="Crash"), attempts=worker.attempt)

    def _forget(self, worker: _Worker) -> None:
        """Take a dead process off the list; end the run if none ever gets ready."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        self._false_starts += worker.is_new
        if self._false_starts >= MAX_FALSE_STARTS:
            msg = (
                f"{MAX_FALSE_STARTS} processes died before they could begin, the last of "
                f"{_death(worker.process)}: is there memory for them?"
            )
            raise CorcalError(msg)

    def _give_up(self, worker: _Worker, task: Task) -> Outcome:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        limit = self._options.time_limit_s
        reason = f"it took longer than {limit:g} s (--time-limit)"
        outcome = ended(task, "failed", reason, error="TimeLimit")
        return replace(outcome, attempts=worker.attempt, seconds=limit)


def _death(process: "SpawnProcess") -> str:
    """Say how a process ended."""
    code = process.exitcode
    if code is None or code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-code).name}"
    return f"signal {-code}"


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Start processes that use one core: libraries read these variables when they are loaded."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach while they begin; here it comes a moment later."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: "Connection", options: BatchOptions, scorer: Scorer) -> None:
    """Do tasks until there are no more, or whoever started this process is gone."""
    for one in (signal.SIGINT, signal.SIGTERM):  # for whoever started it: it decides
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what libraries warn of may name patients
    limit_process(options.memory_mb)
    _answer(pipe, _load(options) if scorer is _score else None)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        answer: Outcome | CorcalError
        try:
            answer = scorer(task, options)
        except OutputError as exc:
            answer = exc
        _answer(pipe, answer)


def _answer(pipe: "Connection", answer: Outcome | CorcalError | None) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more: the next `recv` says so
        pipe.send(answer)


def _load(options: BatchOptions) -> CorcalError | None:
    """Load what scoring needs, before the first scan is there; tell why it cannot be loaded."""
    try:
        from corcal.cohort.score_task import load_all

        load_all(options)
    except Exception as exc:  # noqa: BLE001  (whatever a broken library raises: no scan is at fault)
        lines = str(exc).splitlines() or [""]
        return CorcalError(f"scoring cannot begin: {type(exc).__name__}: {lines[0]}")
    return None


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)  # the main thread may be inside a computation that takes long
