"""Who works at an exam: advice for others, which hinders nobody."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Holder", "Locks"]

_QUIET_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who works at an exam, and since when."""

    login: str
    name: str
    since: datetime
    seen: float


class Locks:
    """Who works at which exam; who is quiet for three minutes has gone."""

    def __init__(self) -> None:
        self._known: dict[str, Holder] = {}
        self._lock = threading.Lock()

    def touch(self, exam_id: str, login: str, name: str) -> Holder:
        """Tell that somebody works at an exam; gives who holds it."""
        now = time.monotonic()
        with self._lock:
            held = self._held(exam_id, now)
            since = held.since if held is not None and held.login == login else datetime.now(UTC)
            if held is None or held.login == login:
                held = Holder(login=login, name=name, since=since, seen=now)
                self._known[exam_id] = held
            return held

    def holder(self, exam_id: str) -> Holder | None:
        """Give who works at an exam."""
        with self._lock:
            return self._held(exam_id, time.monotonic())

    def leave(self, exam_id: str, login: str) -> None:
        """Tell that somebody has left."""
        with self._lock:
            held = self._known.get(exam_id)
            if held is not None and held.login == login:
                del self._known[exam_id]

    def _held(self, exam_id: str, now: float) -> Holder | None:
        held = self._known.get(exam_id)
        if held is not None and now - held.seen > _QUIET_S:
            del self._known[exam_id]
            return None
        return held
