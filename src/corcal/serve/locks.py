"""Who works at an exam: advice for others, which hinders nobody."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from corcal.store.shared import Shared

__all__ = ["Holder", "Locks"]

_KIND = "holder"
_QUIET_S = 180.0
_AGAIN_S = 30.0  # an edit a second is not written down each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who works at an exam, and since when."""

    login: str
    name: str
    since: datetime


class Locks:
    """Who works at which exam, for all servers of a store; who is quiet has gone.

    Parameters
    ----------
    shared : Shared
        Where it is kept.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._told: dict[str, tuple[float, Holder]] = {}
        self._lock = threading.Lock()

    def touch(self, exam_id: str, login: str, name: str) -> Holder:
        """Tell that somebody works at an exam; gives who holds it."""
        moment = time.monotonic()
        with self._lock:
            told, known = self._told.get(exam_id, (0.0, None))
        if known is not None and known.login == login and moment - told < _AGAIN_S:
            return known
        mine = {"login": login, "name": name, "since": datetime.now(UTC).isoformat()}

        def hold(held: Any | None) -> Any:
            if held is None:
                return mine
            return held if held["login"] != login else mine | {"since": held["since"]}

        held = self.holder(exam_id)
        if held is None or held.login == login:
            held = _holder(self._shared.change(_KIND, exam_id, hold, lasts_s=_QUIET_S))
        with self._lock:
            self._told = {k: v for k, v in self._told.items() if moment - v[0] < _AGAIN_S}
            self._told[exam_id] = (moment, held)
        return held

    def holder(self, exam_id: str) -> Holder | None:
        """Give who works at an exam."""
        held = self._shared.get(_KIND, exam_id)
        return None if held is None else _holder(held)

    def leave(self, exam_id: str, login: str) -> None:
        """Tell that somebody has left."""
        with self._lock:
            self._told.pop(exam_id, None)
        held = self.holder(exam_id)
        if held is not None and held.login == login:
            self._shared.change(
                _KIND,
                exam_id,
                lambda found: found if found and found["login"] != login else None,
                lasts_s=_QUIET_S,
            )


def _holder(held: Any) -> Holder:
    since = datetime.fromisoformat(held["since"])
    return Holder(login=held["login"], name=held["name"], since=since)
