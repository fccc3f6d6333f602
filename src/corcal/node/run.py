"""Run the node: one process that receives, and workers that score and deliver."""

import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from corcal.error_place import place_of
from corcal.errors import CorcalError, InputError
from corcal.node import commitment, http, priors, route
from corcal.node.intake import Intake
from corcal.node.rules import NodeRules
from corcal.serve.settings import Settings
from corcal.serve.supervisor import Supervisor
from corcal.store.store import Store
from corcal.whole_file import write_whole

__all__ = ["FOLDER", "RUNNING", "is_running", "run_node"]

FOLDER = "node"
"""The node's folder inside the data folder."""
RUNNING = "running.json"
"""What a running node says of itself, in its folder."""
_LOCK = "lock"
_LOOK_S = 0.5
_TELL_S = 2.0
_log = logging.getLogger(__name__)


def run_node(
    data: Path,
    rules: NodeRules,
    *,
    rules_path: Path | None = None,
    database: str | None = None,
    say: Callable[[str], None],
    stop: threading.Event,
    with_workers: bool = True,
) -> None:
    """Receive, score and deliver until told to stop.

    Parameters
    ----------
    data : Path
        The data folder.
    rules : NodeRules
        Of the node.
    rules_path : Path, optional
        Their file, for the workers.
    database : str, optional
        As of `Store`.
    say : callable
        Takes the line for the person who started it.
    stop : Event
        Ends it.
    with_workers : bool
        Whether to start them; `corcal serve` has its own.

    Raises
    ------
    InputError
        If another node works at this data folder, or nothing can listen at the address.
    """
    with Store(data, database=database) as store, _alone(data / FOLDER):
        route.begin(store)
        intake = Intake(
            store,
            rules,
            data / FOLDER,
            wanted=lambda exam_id: _want(store, exam_id, rules),
            answered=lambda answer, kind: commitment.answered(store, answer, kind),
        )
        settings = Settings(
            data=data,
            database=database,
            workers=rules.node.workers if with_workers else 0,
            node_rules=rules_path,
        )
        supervisor = Supervisor(settings, store)
        intake.start()
        supervisor.start()
        served = None
        try:
            served = http.start(rules, intake, store)
            say(f"corcal takes studies as {rules.node.aet} at port {intake.ae.port}")
            _loop(intake, store, rules, data / FOLDER / RUNNING, stop)
        finally:
            if served is not None:
                served.stop()
            intake.stop()
            supervisor.stop()
            (data / FOLDER / RUNNING).unlink(missing_ok=True)


def _want(store: Store, exam_id: str, rules: NodeRules) -> None:
    priors.wanted(store, exam_id, rules)


def _loop(
    intake: Intake, store: Store, rules: NodeRules, running: Path, stop: threading.Event
) -> None:
    began, told = datetime.now(UTC), 0.0
    while not stop.is_set():
        try:
            intake.tick()
            route.tick(store, rules)
            if time.monotonic() - told >= _TELL_S:
                told = time.monotonic()
                _tell(intake, rules, running, began)
        except (CorcalError, OSError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else exc
            _log.warning("the node goes on, although: %s", why)
        except Exception as exc:  # noqa: BLE001  (the outermost loop: the node goes on)
            _log.error("a defect of corcal: %s at %s", type(exc).__name__, place_of(exc))
        stop.wait(_LOOK_S)


def _tell(intake: Intake, rules: NodeRules, running: Path, began: datetime) -> None:
    """Write down how the node is doing, for `corcal node status`."""
    told = {
        "pid": os.getpid(),
        "since": began.isoformat(timespec="seconds"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "aet": rules.node.aet,
        "host": rules.node.host,
        "port": intake.ae.port,
        "trouble": intake.ready(),
        "figures": asdict(intake.figures()),
    }
    write_whole(running, json.dumps(told))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the node's folder alone.

    Raises
    ------
    InputError
        If another process holds it.
    """
    folder.mkdir(exist_ok=True, mode=0o700)
    with (folder / _LOCK).open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            msg = "another node works at this data folder"
            raise InputError(msg) from exc
        yield


def is_running(folder: Path) -> bool:
    """Whether a node works at its folder."""
    try:
        with (folder / _LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
