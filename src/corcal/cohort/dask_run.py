"""Tasks done by the workers of a Dask cluster: on many machines, when one is too small.

Needs distributed, which does not come with corcal: ``pip install "corcal[dask]"``.

The scheduler never holds more than a window of tasks, so that a million of them cost no more of its
memory, or of this process's, than a thousand. A worker that dies is Dask's affair: its tasks go to
others. A task whose workers die again and again is set aside until nothing else is under way, and
done alone: if that kills the workers too, nobody else can have been the reason.
"""

import importlib
import itertools
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from corcal._version import __version__
from corcal.cohort.types import BatchOptions, Executor, Outcome, Task, ended
from corcal.errors import CorcalError, InputError, PeerError

if TYPE_CHECKING:
    from corcal.cohort.local import Scorer

__all__ = ["MAX_WINDOW", "Window", "run_dask"]

MAX_WINDOW = 4000
"""Tasks that the scheduler knows of at once, whatever the size of the cluster."""
_LEAST_WINDOW = 64
_PER_THREAD = 4  # waiting for each that is done: more than the network is ever slow
_PARTS = 4  # a window is filled in so many messages to the scheduler
_COUNT_S = 5.0  # how often the threads of the cluster are counted
_ALONE = 2  # the attempt that nothing else takes part in
_LOST = 3  # times a task may be forgotten by a scheduler that was started again

_CHATTY = ("client", "scheduler", "nanny", "batched", "comm", "core")

# A worker that dies in its first moments is not started again: Dask takes it for one that cannot be
# started at all. So the first scan waits a moment, in case that it kills.
_FIRST, _SETTLE_S = time.monotonic(), 1.0

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How many tasks are given to the scheduler at once.

    Attributes
    ----------
    least, most : int
        Its bounds; between them it is a few for every thread of the cluster.
    """

    least: int = _LEAST_WINDOW
    most: int = MAX_WINDOW

    def size(self, threads: int) -> int:
        """Give the size for a cluster of so many threads."""
        return max(self.least, min(self.most, _PER_THREAD * threads))


def run_dask(
    cluster: AbstractContextManager[Any],
    *,
    window: Window | None = None,
    scorer: "Scorer | None" = None,
) -> Executor:
    """Give the executor that scores with the workers of a Dask cluster.

    Parameters
    ----------
    cluster : context manager
        Gives the ``distributed.Client``, and closes it (`corcal.cohort.dask_cluster`).
    window : Window, optional
        How many tasks the scheduler is given at once.
    scorer : callable, optional
        What a worker does with a task, `score_task` if absent; found by its name in its module.

    Returns
    -------
    Executor
        Raises `OutputError` if the results cannot be written, and `PeerError` if the cluster is
        away or its workers cannot run this release of corcal.
    """

    def execute(tasks: Iterator[Task], options: BatchOptions) -> Iterator[Outcome]:
        with cluster as client, _quiet():
            yield from _Submission(client, options, scorer, window or Window()).work(tasks)

    return execute


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from telling of every worker that it loses, amid the progress of the run."""
    loggers = [logging.getLogger(f"distributed.{part}") for part in _CHATTY]
    levels = [one.level for one in loggers]
    try:
        for one in loggers:
            one.setLevel(logging.CRITICAL)
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)


def _do(task: Task, options: BatchOptions, scorer: "Scorer | None", version: str) -> Outcome:
    """Score on a worker: one scan a process at a time, and no longer than allowed."""
    if version != __version__:
        msg = f"a worker has corcal {__version__}, this is {version}: they must be the same"
        raise PeerError(msg)
    with _one_at_a_time:
        time.sleep(max(0.0, _FIRST + _SETTLE_S - time.monotonic()))
        with _deadline(options.time_limit_s):
            return (scorer or _score)(task, options)


def _score(task: Task, options: BatchOptions) -> Outcome:
    # numpy, SciPy and the networks: in the workers; once a process, then they stay
    from corcal.cohort.score_task import score_task

    return score_task(task, options)


class _deadline:  # noqa: N801  (a with-statement reads so)
    """Ends the process if a scan takes too long: nothing else ends a computation in a thread."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, _give_up)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _give_up() -> None:
    import os

    _log.warning("a scan took longer than allowed: this worker ends")
    os._exit(1)


class _Submission:
    """The tasks of a run that the scheduler knows of."""

    def __init__(
        self, client: Any, options: BatchOptions, scorer: "Scorer | None", window: Window
    ) -> None:
        self._distributed = distributed()
        self._client, self._options, self._scorer = client, options, scorer
        self._window, self._counted, self._size = window, float("-inf"), 0
        self._run, self._number = uuid.uuid4().hex, itertools.count()
        self._under_way: dict[tuple[str, str], tuple[Task, int]] = {}
        self._suspects: deque[Task] = deque()
        self._lost: dict[str, int] = {}
        self._done = self._distributed.as_completed()

    def work(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
        """Give tasks to the scheduler, and give what comes back, until there are none."""
        try:
            while True:
                self._refill(tasks)
                if not self._under_way:
                    if not self._suspects:
                        return
                    self._submit([self._suspects.popleft()], attempt=_ALONE)
                yield from self._news()
        except (OSError, TimeoutError, self._distributed.CancelledError) as exc:
            msg = f"the Dask cluster is away ({type(exc).__name__}); the same command goes on later"
            raise PeerError(msg) from exc

    def _refill(self, tasks: Iterator[Task]) -> None:
        """Fill the window in parts, so that the scheduler gets few and large messages."""
        if any(attempt == _ALONE for _, attempt in self._under_way.values()):
            return
        size = self._window_size()
        part = max(1, size // _PARTS)
        while len(self._under_way) + part <= size:
            taken = list(itertools.islice(tasks, part))
            if not taken:
                return
            self._submit(taken, attempt=1)

    def _window_size(self) -> int:
        now = time.monotonic()
        if now - self._counted > _COUNT_S:
            self._size = self._window.size(sum(self._client.nthreads().values()))
            self._counted = now
        return self._size

    def _submit(self, tasks: list[Task], *, attempt: int) -> None:
        # keys are pairs with one first half: of names alone, Dask would keep a group for each of a
        # million; and no run meets the keys of another, nor of a task that was given before
        keys = [("corcal-scan", f"{self._run}-{next(self._number)}") for _ in tasks]
        futures = self._client.map(
            _do,
            tasks,
            key=keys,
            options=self._options,
            scorer=self._scorer,
            version=__version__,
            pure=False,
        )
        for task, future in zip(tasks, futures, strict=True):
            self._under_way[future.key] = (task, attempt)
            self._done.add(future)

    def _news(self) -> Iterator[Outcome]:
        """Wait for what has ended, and take all of it."""
        batch = self._done.next_batch(block=True)
        good = {future.key: future for future in batch if future.status == "finished"}
        # of a result that was lost with its worker, and cannot be made again, there is none
        outcomes = self._client.gather(good, errors="skip")
        for future in batch:
            outcome = outcomes.get(future.key)
            if outcome is None and future.status in {"pending", "finished"}:
                self._done.add(future)  # lost with its worker on the way: it is made again
                continue
            task, attempt = self._under_way.pop(future.key)
            if outcome is not None:
                yield replace(outcome, attempts=attempt)
            else:
                yield from self._failed(task, attempt, future)
            future.release()

    def _failed(self, task: Task, attempt: int, future: Any) -> Iterator[Outcome]:
        """Decide about a task that Dask gives back without an outcome."""
        if future.status in {"cancelled", "lost"}:
            yield from self._again(task, attempt)
            return
        error = future.exception()
        if isinstance(error, self._distributed.KilledWorker):
            if attempt < _ALONE:
                self._suspects.append(task)
                return
            reason = (
                "workers died of it again and again, also when nothing else was under way, or it "
                f"took longer than {self._options.time_limit_s:g} s (--time-limit)"
            )
            yield replace(ended(task, "crashed", reason, error="Crash"), attempts=attempt)
            return
        if isinstance(error, CorcalError):
            raise error
        msg = f"the workers of the Dask cluster cannot run corcal ({type(error).__name__})"
        raise PeerError(msg) from error

    def _again(self, task: Task, attempt: int) -> Iterator[Outcome]:
        """Give a task anew that the scheduler has forgotten."""
        self._lost[task.key] = self._lost.get(task.key, 0) + 1
        if self._lost[task.key] > _LOST:
            reason = f"the Dask cluster lost it {_LOST + 1} times"
            yield replace(ended(task, "failed", reason, error="PeerError"), attempts=attempt)
            return
        self._submit([task], attempt=attempt)


def distributed() -> Any:
    """Import distributed: it is an extra, and takes half a second.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return importlib.import_module("distributed")
    except ImportError as exc:
        msg = 'a Dask cluster needs distributed, which is not installed: pip install "corcal[dask]"'
        raise InputError(msg) from exc
