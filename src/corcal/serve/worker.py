"""A process that does the jobs of the store, one after the other, until it is told to stop.

The queue is the store's own table of jobs, so that an exam and its job, and a result and the end
of its job, are one transaction each: whatever is killed when, no upload is lost and none is scored
twice. A queue in a database of its own (such as huey's) cannot promise that.
"""

import contextlib
import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from corcal.error_place import place_of
from corcal.errors import (
    CorcalError,
    InputError,
    NotFoundError,
    StateError,
    StoreError,
    UnavailableError,
    UnfitError,
)
from corcal.serve.doing import DOINGS, Doing
from corcal.store.records import Job
from corcal.store.store import Store

__all__ = ["IDLE_S", "LEASE_S", "run_jobs", "work_once"]

LEASE_S = 15.0
_RENEW_S = 4.0
_FIRST_BEAT_S = 1.0  # the first beats are for those who look on
IDLE_S = 0.3
_READING_ENDS = 0.3  # of the progress that is shown; the rest of scoring tells nothing
_NO_DISK = (errno.ENOSPC, errno.EDQUOT)
_NO_DISK_S, _MOST_NO_DISK_S = 1.0, 30.0
_MOST_BACK = 100
_log = logging.getLogger(__name__)


class _Beat:
    """Renews the claim on a job while it is done, and tells how far it is."""

    def __init__(self, store: Store, job: Job) -> None:
        self._store, self.job = store, job
        self._progress, self._text = 0.0, "starting"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "_Beat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def step(self, fraction: float, text: str) -> None:
        """Tell a new step at once."""
        self._progress, self._text = fraction, text
        self._renew()

    def reading(self, done: int, total: int, what: str) -> None:
        """Tell how far the reading is, with the next beat."""
        self._progress, self._text = _READING_ENDS * done / max(total, 1), what
        if done == total:
            self._text = "scoring"

    def _renew(self) -> None:
        with contextlib.suppress(StoreError):  # lost: what is brought is refused
            self._store.jobs.renew(
                self.job, progress=self._progress, text=self._text, lease_s=LEASE_S
            )

    def _run(self) -> None:
        quick = _FIRST_BEAT_S
        while not self._over.wait(quick):
            self._renew()
            quick = min(quick * 1.5, _RENEW_S)


def run_jobs(
    data: Path,
    *,
    database: str | None,
    kinds: tuple[str, ...],
    name: str,
    doings: Mapping[str, Doing] = DOINGS,
) -> None:
    """Do jobs until standard input ends: who started this process has gone, or wants it to stop.

    Parameters
    ----------
    data : Path
        The data folder.
    database : str or None
        As of `Store`.
    kinds : tuple of str
        What this worker does; empty for everything that it can.
    name : str
        What it is called in the table of jobs.
    doings : mapping of str to callable
        What it can, by kind.
    """
    stop = threading.Event()
    with Store(data, database=database) as store:
        holder: list[Job] = []
        threading.Thread(target=_wait_for_end, args=(store, holder, stop), daemon=True).start()
        while not stop.is_set():
            try:
                is_idle = not work_once(store, kinds=kinds, name=name, holder=holder, doings=doings)
            except CorcalError as exc:
                _log.warning("the store could not be used: %s", exc)
                is_idle = True
            if is_idle:
                stop.wait(IDLE_S)


def work_once(
    store: Store,
    *,
    kinds: tuple[str, ...] = (),
    name: str,
    holder: list[Job] | None = None,
    doings: Mapping[str, Doing] = DOINGS,
) -> bool:
    """Do the next job, if there is one.

    Parameters
    ----------
    holder : list, optional
        Holds the job while it is done, for whoever has to give it back.

    Returns
    -------
    bool
        Whether there was one.
    """
    job = store.jobs.claim(name, kinds=kinds or tuple(doings), lease_s=LEASE_S)
    if job is None:
        return False
    held = [] if holder is None else holder
    held[:] = [job]
    try:
        with _Beat(store, job) as beat:
            _do(store, job, beat, doings)
    except (StateError, NotFoundError) as exc:
        _log.info("job %s is no longer this worker's: %s", job.id, exc)
    except UnavailableError as exc:  # the database cannot be used now: not the fault of this job
        _give_back(store, job, str(exc))
        return False
    except CorcalError as exc:
        _fail(store, job, str(exc), retry=not isinstance(exc, InputError | UnfitError))
    except OSError as exc:
        if exc.errno not in _NO_DISK:
            _log.error("job %s failed: %s at %s", job.id, type(exc).__name__, place_of(exc))
            _fail(store, job, f"a file could not be used ({exc.strerror})", retry=True)
            return True
        _give_back(store, job, exc.strerror or "no room")
        return False
    except Exception as exc:  # noqa: BLE001  (the outermost loop of a worker: the failure is kept with the job)
        _log.error("job %s failed: %s at %s", job.id, type(exc).__name__, place_of(exc))
        _fail(store, job, f"a defect of corcal ({type(exc).__name__})", retry=True)
    finally:
        held.clear()
    return True


def _do(store: Store, job: Job, beat: _Beat, doings: Mapping[str, Doing]) -> None:
    doing = doings.get(job.kind)
    if doing is None:
        msg = f"no worker of this release knows jobs of kind {job.kind}"
        raise InputError(msg)
    doing(store, job, beat)


def _fail(store: Store, job: Job, error: str, *, retry: bool) -> None:
    with contextlib.suppress(StateError, NotFoundError):
        store.jobs.fail(job, error, retry=retry)


def _give_back(store: Store, job: Job, why: str) -> None:
    """Give a job back that could not be done for want of a disk or a database, after a while.

    It counts as no attempt, within bounds: a job that itself fills the disk ends some time.
    """
    _log.warning("job %s could not be done now: %s", job.id, why)
    while True:
        time.sleep(min(_NO_DISK_S * job.attempts, _MOST_NO_DISK_S))
        try:
            if job.attempts < _MOST_BACK:
                store.jobs.release(job)
            else:
                store.jobs.fail(job, why, retry=True)
        except UnavailableError:
            continue
        except (StateError, NotFoundError):  # somebody else has it: its claim had run out
            pass
        return


def _wait_for_end(store: Store, holder: list[Job], stop: threading.Event) -> None:
    """Wait until standard input ends; give the job back then, and go at once."""
    sys.stdin.buffer.read()
    stop.set()
    for job in list(holder):
        with contextlib.suppress(CorcalError):
            store.jobs.release(job)
    os._exit(0)  # the main thread may be inside a computation that takes long
