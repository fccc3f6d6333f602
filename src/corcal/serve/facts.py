"""What a row of the worklist says beyond the store's own columns, kept for each version."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from corcal.exam_numbers import gating
from corcal.scoring.categories import category_of
from corcal.store.records import ExamRecord
from corcal.store.store import Store

__all__ = ["FactCache", "ResultFacts"]

_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFacts:
    """What is read from a result for its row."""

    kind: str
    is_gated: bool | None
    category: str


class FactCache:
    """Facts of versions; a version never changes, so neither do they."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[str, int], ResultFacts] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, exam: ExamRecord) -> ResultFacts | None:
        """Give the facts of the latest version of an exam, if it has any."""
        if exam.latest is None:
            return None
        key = exam.id, exam.latest.version
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        result = self._store.result(*key)
        facts = ResultFacts(
            kind=str(result.suitability.kind),
            is_gated=gating(result),
            category=category_of(result.score.total.agatston),
        )
        with self._lock:
            self._known[key] = facts
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return facts
