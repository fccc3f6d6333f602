"""Tasks, outcomes, and scorers that stand in for the real one, also in other processes."""

import os
import signal
import time
from pathlib import Path

from corcal.cohort.memory import limit_process
from corcal.cohort.types import BatchOptions, Outcome, OutputError, Task, ended, task_key

__all__ = [
    "allocate",
    "crashing",
    "die",
    "full",
    "options_for",
    "quick",
    "scored",
    "slow",
    "task_of",
]


def task_of(name: str) -> Task:
    return Task(key=task_key(name), source=name)


def options_for(folder: Path, **options) -> BatchOptions:
    return BatchOptions(out=str(folder), **options)


def scored(task: Task, *, agatston: float = 14.0) -> Outcome:
    """An outcome as of a scan with one lesion."""
    return Outcome(
        key=task.key,
        source=task.source,
        status="scored",
        study_instance_uid="2.25.1",
        series_instance_uid="2.25.2",
        exam_row={
            "total_agatston": agatston,
            "total_lesion_count": 1,
            "is_gated": True,
            "review_advised": False,
            "rule_textbook_threshold_hu": 130.0,
            "rule_textbook_total_agatston": agatston,
        },
        lesion_rows=({"id": "L1", "site": "LAD", "agatston": agatston, "slices": [1, 2]},),
        certainty=0.9,
        finished="2026-01-02T03:04:05+00:00",
    )


def quick(task: Task, _: BatchOptions) -> Outcome:
    """Score nothing, at once."""
    return ended(task, "unfit", f"done by {os.getpid()}")


def slow(task: Task, _: BatchOptions) -> Outcome:
    """Take a minute for what is called so."""
    if "slow" in task.source:
        time.sleep(60)
    return ended(task, "unfit", "quick")


def crashing(task: Task, options: BatchOptions) -> Outcome:
    """Die of every task called bad, and once of every task called once."""
    if "bad" in task.source:
        os.kill(os.getpid(), signal.SIGSEGV)
    mark = Path(options.out) / f"{task.key}.died"
    if "once" in task.source and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return ended(task, "unfit", "survived")


def die(*_: object) -> None:
    """Stand in for a process that dies before it is ready."""
    os._exit(3)


def full(task: Task, _: BatchOptions) -> Outcome:
    """Find no room to write."""
    msg = f"the results cannot be written: no space left on device ({task.key})"
    raise OutputError(msg)


def allocate(limit_mb: int, wanted_mb: int, pipe) -> None:
    """Ask for memory under a limit, and tell how much there was."""
    limit_process(limit_mb)
    try:
        pipe.send(len(bytearray(wanted_mb * 2**20)))
    except MemoryError:
        pipe.send("refused")
