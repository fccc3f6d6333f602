"""What happens, told to those who listen: server-sent events without patient data."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool

from corcal.errors import CorcalError
from corcal.serve.problems import Problem
from corcal.store.records import ExamRecord, Job, JobState, SortKey, WorklistQuery
from corcal.store.store import Store

__all__ = ["Notices", "exam_notice"]

_POLL_S = 0.5
_HEARTBEAT_S = 15.0
_RECENT = 100
_MOST_WAITING = 1000
MOST_OF_ONE = 20  # tabs of one person
MOST_LISTENERS = 500
_log = logging.getLogger(__name__)


class Notices:
    """Looks at the store while somebody listens, and tells what has changed.

    Workers are other processes, and so may be other servers at the same database: the store is
    what all of them share.

    Parameters
    ----------
    store : Store
        The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: dict[asyncio.Queue[str | None], str] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Tell all listeners; from any thread."""
        if self._loop is not None and self._listeners:
            self._loop.call_soon_threadsafe(self._send, _message(event, data))

    def require_room(self, login: str) -> None:
        """Refuse who listens too often already.

        Raises
        ------
        Problem
            429.
        """
        theirs = sum(one == login for one in self._listeners.values())
        if theirs >= MOST_OF_ONE or len(self._listeners) >= MOST_LISTENERS:
            raise Problem(429, "too_many_listeners", "too many connections listen for events")

    async def listen(self, login: str, may_stay: Callable[[], bool]) -> AsyncIterator[str]:
        """Give the messages from now on.

        Parameters
        ----------
        login : str
            Who listens.
        may_stay : callable
            Asked now and then whether they may still do so, in another thread.

        Yields
        ------
        str
            Ends when they may not, or the server ends.
        """
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[str | None] = asyncio.Queue(_MOST_WAITING)
        self._listeners[queue] = login
        asked = time.monotonic()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            yield ": hello\n\n"
            while not self._is_over:
                try:
                    message = await asyncio.wait_for(queue.get(), _HEARTBEAT_S)
                except TimeoutError:
                    message = ": still here\n\n"
                if time.monotonic() - asked >= _HEARTBEAT_S:
                    asked = time.monotonic()
                    if not await run_in_threadpool(may_stay):
                        return
                if message is None:
                    return
                yield message
        finally:
            self._listeners.pop(queue, None)

    def close(self) -> None:
        """Let all listeners go."""
        self._is_over = True
        for queue in list(self._listeners):
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)
        if self._task is not None:
            self._task.cancel()

    def _send(self, message: str) -> None:
        for queue in list(self._listeners):
            with contextlib.suppress(asyncio.QueueFull):  # who does not read is told by polling
                queue.put_nowait(message)

    async def _watch(self) -> None:
        look = _Look(self._store)
        while self._listeners:
            try:
                for message in await run_in_threadpool(look.changes):
                    self._send(message)
            except CorcalError as exc:
                _log.warning("cannot look for changes: %s", exc)
            await asyncio.sleep(_POLL_S)


class _Look:
    """What was seen of the store last time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: datetime | None = None
        self._jobs: dict[str, tuple[JobState, float, str | None]] = {}

    def _recent(self, count: int) -> tuple[ExamRecord, ...]:
        query = WorklistQuery(sort=SortKey.CHANGED, descending=True, limit=count)
        return self._store.worklist(query).exams

    def changes(self) -> list[str]:
        """Give a message for each exam and job that is not as it was."""
        with self._store.at_once():
            active = self._store.jobs.of(states=(JobState.QUEUED, JobState.RUNNING))
            exams = self._recent(1)
            if active or self._jobs or (exams and exams[0].changed_at != self._seen):
                exams = self._recent(_RECENT)
        jobs = {job.id: job for job in active}
        for gone in self._jobs.keys() - jobs.keys():
            with contextlib.suppress(CorcalError):
                jobs[gone] = self._store.jobs.get(gone)
        now = {key: (job.state, job.progress, job.progress_text) for key, job in jobs.items()}
        changed = [jobs[key] for key, value in now.items() if self._jobs.get(key) != value]
        fresh = [one for one in exams if self._seen is None or one.changed_at > self._seen]
        is_first = self._seen is None
        self._seen = max((one.changed_at for one in exams), default=self._seen)
        self._jobs = {k: v for k, v in now.items() if v[0] in (JobState.QUEUED, JobState.RUNNING)}
        if is_first:
            return []
        by_exam = {job.exam_id: job for job in changed if job.exam_id}
        touched = {one.id for one in fresh}
        also = [one for one in exams if one.id in by_exam and one.id not in touched]
        told = [_message("exam", exam_notice(e, by_exam.get(e.id))) for e in [*fresh, *also]]
        return told + [_message("job", _job_notice(job)) for job in changed]


def exam_notice(exam: ExamRecord, job: Job | None) -> dict[str, Any]:
    """Say where an exam stands, without who it is of."""
    return {
        "id": exam.id,
        "state": str(exam.state),
        "state_reason": exam.reason,
        "progress": progress_of(job),
        "version": exam.latest_version,
    }


def progress_of(job: Job | None) -> dict[str, Any] | None:
    """Say how far a job is; nothing of one that is over."""
    if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
        return None
    return {"step": job.progress_text or "waiting", "fraction": job.progress}


def _job_notice(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "exam_id": job.exam_id,
        "state": str(job.state),
        "progress": progress_of(job),
        "error": job.error,
    }


def _message(event: str, data: dict[str, Any]) -> str:
    return f"event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


Listener = Callable[[], AsyncIterator[str]]
