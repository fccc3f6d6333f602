"""What a run over many scans is made of: tasks, outcomes, options, and who does the work."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from corcal.errors import CorcalError
from corcal.interop.columns import Cell
from corcal.scoring.rules import DEFAULT_RULE

__all__ = [
    "DEFAULT_MEMORY_MB",
    "DEFAULT_TIME_LIMIT_S",
    "FULL_DISK",
    "STATUSES",
    "BatchOptions",
    "Executor",
    "Outcome",
    "OutputError",
    "Place",
    "Status",
    "Task",
    "ended",
    "task_key",
    "unwritable",
    "utc_now",
]

Status = Literal["scored", "unfit", "unreadable", "no_heart", "failed", "crashed"]
STATUSES: tuple[Status, ...] = get_args(Status)

DEFAULT_MEMORY_MB = 3200
"""What one worker may use: 1000 slices of 512 x 512 are scored within it."""
DEFAULT_TIME_LIMIT_S = 1800.0
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What the system says of a disk that takes nothing more: no scan is at fault."""
_KEY_DIGITS = 20  # hexadecimal: two of a million tasks are alike once in 2 * 10^12


class OutputError(CorcalError):
    """The results cannot be written: this ends the run, not the scan."""


def unwritable(exc: OSError) -> OutputError:
    """Give the error of results that the system does not take, without the name of a file."""
    what = os.strerror(exc.errno).lower() if exc.errno else type(exc).__name__
    advice = (
        "make room and give the same command again: what is finished stays finished"
        if exc.errno in (errno.ENOSPC, errno.EDQUOT)
        else "what is finished stays finished"
    )
    return OutputError(f"the results cannot be written: {what}; {advice}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Files of a study that lie together.

    Attributes
    ----------
    path : str
        A folder, an archive, or one file; absolute, or a URL.
    names : tuple of str or None
        Which files of the folder, or members of the archive; ``None`` for all of them. The folders
        in a folder are places of their own.
    """

    path: str
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One study to be scored; small, and it can be sent to another process.

    Attributes
    ----------
    key : str
        Its name in everything that a run writes: the same in every run (`task_key`).
    source : str
        Where it is: for people, and where `places` is empty also for whoever reads it.
    study_instance_uid : str or None
        Series of other studies that lie there as well are passed over.
    series_instance_uid : str or None
        The series to be scored, where a list names it; else the best of the study.
    places : tuple of Place
        Where its files are, if that is more than all of `source`.
    """

    key: str
    source: str
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    key, source, study_instance_uid, series_instance_uid : str
        Of the task; the UIDs of what was scored, where it was.
    status : Status
        ``scored``; ``unfit``: read, but not fit for scoring; ``unreadable``: no scan can be made
        of it; ``no_heart``: no heart was found in it; ``failed``: something else went wrong;
        ``crashed``: two processes died of it.
    reason : str or None
        One sentence without patient data; ``None`` exactly if scored.
    error : str or None
        Class of the error behind `reason`.
    seconds : float
        From the start of reading to the last file written.
    peak_mb : float or None
        Most resident memory of the process meanwhile; ``None`` where nobody can tell.
    attempts : int
        How often it was begun.
    finished : str
        When, UTC, ISO 8601.
    exam_row : mapping or None
        Cells of the table of exams by column, empty ones left out; ``None`` if not scored.
    lesion_rows : tuple of mapping
        The same for each lesion.
    certainty : float or None
        Probability of the likeliest category; ``None`` if not scored.
    picture, segmentation : str or None
        Files that were written, relative to the folder of the results.
    places : tuple of Place
        Of the task: where the images are.
    """

    key: str
    source: str
    status: Status
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    reason: str | None = None
    error: str | None = None
    seconds: float = 0.0
    peak_mb: float | None = None
    attempts: int = 1
    finished: str = ""
    exam_row: Mapping[str, Cell] | None = None
    lesion_rows: tuple[Mapping[str, Cell], ...] = ()
    certainty: float | None = None
    picture: str | None = None
    segmentation: str | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """What a person may choose about a run; it can be sent to another process.

    Attributes
    ----------
    out : str
        Folder of the results; workers on other machines see it under the same name.
    rule : str
        Name of the scoring rule.
    segmentations, pictures : bool
        Also write a DICOM segmentation, or a picture, of each scored scan.
    memory_mb : int
        What one worker may use. A scan that would need more is refused before it is read.
    time_limit_s : float
        A scan that takes longer is given up.
    scratch : str or None
        Where scans from elsewhere are kept while they are scored; a temporary folder if absent.
    storage : mapping
        Options of the object store, as fsspec takes them; secrets belong into the environment.
    """

    out: str
    rule: str = DEFAULT_RULE
    segmentations: bool = False
    pictures: bool = False
    memory_mb: int = DEFAULT_MEMORY_MB
    time_limit_s: float = DEFAULT_TIME_LIMIT_S
    scratch: str | None = None
    storage: Mapping[str, Any] = field(default_factory=dict)


Executor = Callable[[Iterator[Task], BatchOptions], Iterator[Outcome]]
"""Does tasks in any order, and gives what became of them; takes a new task only when it can begin
it soon, so that a million of them never live at once."""


def task_key(*parts: str | None) -> str:
    """Make the key of a task of what tells it from all others.

    Parameters
    ----------
    *parts : str or None
        UIDs where there are any: then the key is the same wherever the files lie; else the place.
    """
    text = "\x1f".join("" if part is None else part for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_DIGITS]


def ended(task: Task, status: Status, reason: str, *, error: str | None = None) -> Outcome:
    """Make the outcome of a task that was not scored.

    Parameters
    ----------
    task : Task
        The task.
    status : Status
        Any but ``scored``.
    reason : str
        Why, in one sentence without patient data.
    error : str, optional
        Class of the error behind it.
    """
    return Outcome(
        key=task.key,
        source=task.source,
        status=status,
        study_instance_uid=task.study_instance_uid,
        series_instance_uid=task.series_instance_uid,
        reason=" ".join(reason.split()),
        error=error,
        finished=utc_now(),
        places=task.places,
    )


def utc_now() -> str:
    """Give the time as outcomes have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
