"""What the workers of a test's Dask cluster do with a task: small, and found by name there."""

import math
import os
import time

from corcal.cohort.types import BatchOptions, Outcome, OutputError, Task

__all__ = ["score_number"]


def score_number(task: Task, _: BatchOptions) -> Outcome:
    """Make a row with a number of many digits; some sources end the worker, or the disk."""
    if task.source == "deadly":
        os._exit(3)
    if task.source == "full":
        msg = "the results cannot be written: no space left on device"
        raise OutputError(msg)
    if task.source == "defect":
        msg = "not of corcal"
        raise ZeroDivisionError(msg)
    time.sleep(0.01)
    value = math.fsum(math.sqrt(ord(char)) for char in task.key)
    return Outcome(
        key=task.key, source=task.source, status="scored", exam_row={"total_agatston": value}
    )
