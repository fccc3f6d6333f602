"""Starts the worker processes, and starts them again when they die."""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from corcal.errors import CorcalError
from corcal.serve.doing import DOCUMENTS, SEND
from corcal.serve.settings import Settings
from corcal.serve.uploads import IMPORT
from corcal.store.jobs import SCORE
from corcal.store.outgoing import DELIVER
from corcal.store.records import JobState
from corcal.store.store import Store

__all__ = ["NODE_KINDS", "OTHER_KINDS", "Supervisor"]

OTHER_KINDS = (IMPORT, DOCUMENTS, SEND)
"""What a worker of its own does, so that nobody waits behind a scan that is being scored."""
PRIORS = "priors"
"""The kind of job that fetches earlier scans; like deliveries, done by the node alone."""
NODE_KINDS = (DELIVER, PRIORS)
_LOOK_S = 0.5
_AGAIN_S = 1.0
_MOST_AGAIN_S = 30.0
_HEALTHY_S = 60.0
_STOP_S = 5.0
_MOST_KILLS = 12
_KILLED = (-9, -15)
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Slot:
    """A place for a worker process."""

    kinds: tuple[str, ...]
    name: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = 0.0


class Supervisor:
    """The worker processes of a server.

    Parameters
    ----------
    settings : Settings
        How many, and where the data are.
    store : Store
        To give back what a dead worker held.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._slots = [_Slot(kinds=(SCORE,)) for _ in range(settings.workers)]
        if settings.workers:
            self._slots.append(_Slot(kinds=OTHER_KINDS))
        if settings.workers and settings.node_rules is not None:
            # Of their own: an archive that does not answer keeps nobody else waiting
            self._slots += [_Slot(kinds=(kind,)) for kind in NODE_KINDS]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="supervisor")
        self._count = 0

    def start(self) -> None:
        """Start the workers."""
        if self._slots:
            self._thread.start()

    def stop(self) -> None:
        """Ask the workers to give their jobs back and go; kill those that do not."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        processes = [slot.process for slot in self._slots if slot.process is not None]
        for process in processes:
            _close_input(process)
        until = time.monotonic() + _STOP_S
        for process in processes:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _run(self) -> None:
        while not self._over.is_set():
            for slot in self._slots:
                self._tend(slot)
            self._over.wait(_LOOK_S)

    def _tend(self, slot: _Slot) -> None:
        """Start a worker that is not there; one that dies again and again waits longer."""
        if slot.process is not None:
            code = slot.process.poll()
            if code is None:
                return
            _log.warning("a worker ended with %d; another one is started", code)
            _close_input(slot.process)
            lived = time.monotonic() - slot.started
            slot.wait_s = _AGAIN_S if lived > _HEALTHY_S else min(2 * slot.wait_s, _MOST_AGAIN_S)
            slot.process = None
            self._give_back(slot.name, code)
            slot.started = time.monotonic()
        if time.monotonic() - slot.started >= slot.wait_s or not slot.started:
            self._start(slot)

    def _start(self, slot: _Slot) -> None:
        self._count += 1
        slot.name = f"{socket.gethostname()}-{os.getpid()}-{self._count}"
        command = [
            *(sys.executable, "-m", "corcal", "serve-worker"),
            *("--data", str(self._settings.data), "--name", slot.name),
            *(part for kind in slot.kinds for part in ("--kind", kind)),
        ]
        if self._settings.node_rules is not None:
            command += ["--node", str(self._settings.node_rules)]
        environment = dict(os.environ)
        if self._settings.database is not None:  # it holds a password: not on the command line
            environment["CORCAL_DATABASE"] = self._settings.database
        slot.process = subprocess.Popen(  # noqa: S603  (our own program)
            command, stdin=subprocess.PIPE, env=environment, start_new_session=True
        )
        slot.started = time.monotonic()
        slot.wait_s = max(slot.wait_s, _AGAIN_S)

    def _give_back(self, name: str, code: int) -> None:
        """Give back what a dead worker held, without waiting until its lease ends.

        One that was killed from outside did nothing wrong, within bounds; one that crashed is an
        attempt.
        """
        try:
            for job in self._store.jobs.of(states=(JobState.RUNNING,)):
                if job.worker != name:
                    continue
                if code in _KILLED and job.attempts < _MOST_KILLS:
                    self._store.jobs.release(job)
                else:
                    self._store.jobs.fail(job, f"the worker has crashed ({code})", retry=True)
        except CorcalError as exc:
            _log.warning("what a worker held comes back when its lease ends: %s", exc)


def _close_input(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
