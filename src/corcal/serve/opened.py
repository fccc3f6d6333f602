"""Exams that are open: their voxels and their review, in memory for the next request.

What is here follows from the store alone and can be forgotten at any time: the scan from its
originals, the candidates from their file, the review from its log. The log is in the store's
history of the exam, one step for each request, as events of kind ``"review"``.
"""

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import numpy as np

from corcal.ct.scan import CTScan
from corcal.errors import ConflictError
from corcal.result import Result
from corcal.review import (
    Candidates,
    Edit,
    Event,
    ReviewState,
    apply,
    event_json,
    measured,
    read_event,
    replay,
)
from corcal.review.candidates import Proposer
from corcal.review.candidates_file import candidates_from_bytes
from corcal.scoring.measure import Measurement
from corcal.serve.files import CANDIDATES
from corcal.serve.problems import Problem
from corcal.serve.scans import scan_of_candidates
from corcal.serve.signed import name_of, require_unsigned
from corcal.store import records
from corcal.store.store import Store

__all__ = ["BLIND_DONE", "BLIND_READ", "PERSON", "REVIEW", "Opened", "OpenedExams", "Review"]

REVIEW = "review"
PERSON = "person"
BLIND_READ = "blind_read"
BLIND_DONE = "blind_done"
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review of an exam: its log, and what follows from it."""

    log: tuple[Event, ...]
    state: ReviewState

    @property
    def last_reader(self) -> str | None:
        """Who made the last event."""
        return self.log[-1].reader if self.log else None


@dataclass(slots=True)
class _History:
    """What the exam's history says, as far as it was read."""

    seen: int = 0
    logs: dict[str | None, list[Event]] = field(default_factory=dict)
    person: dict[str, Any] | None = None
    blind: set[str] = field(default_factory=set)
    is_rescored: bool = False

    def read(self, steps: tuple[records.Event, ...], base: int) -> None:
        """Read on."""
        for step in steps:
            self.seen = step.sequence
            after = step.after if isinstance(step.after, dict) else {}
            if step.kind == REVIEW and after.get("base") == base:
                found = [read_event(json.dumps(one)) for one in after["events"]]
                self.logs.setdefault(after.get("blind"), []).extend(found)
            elif step.kind == PERSON:
                self.person = after
            elif step.kind == BLIND_READ:
                self.blind.add(str(after["reader"]))
            elif step.kind == BLIND_DONE:
                self.blind.discard(str(after["reader"]))
            elif step.kind == "result" and after.get("kind") == "automatic":
                self.is_rescored |= int(after["version"]) > base


class Opened:
    """An exam that is open.

    Attributes
    ----------
    exam_id : str
        Of the exam.
    base : int
        The automatic version that its reviews start from.
    result : Result
        The record of that version.
    scan : CTScan
        The scan.
    lock : RLock
        Held while a review is changed.
    """

    def __init__(
        self, store: Store, exam_id: str, *, base: int, scan: CTScan, candidates: Candidates
    ) -> None:
        self.exam_id, self.base, self.scan = exam_id, base, scan
        self.result: Result = store.result(exam_id, base)
        self.lock = threading.RLock()
        self._store, self._candidates = store, candidates
        self._history = _History()
        self._reviews: dict[str | None, Review] = {}
        self._measured: tuple[ReviewState, Measurement] | None = None

    def refresh(self) -> None:
        """Read what has been written into the exam's history meanwhile, by whomever."""
        with self.lock:
            steps = self._store.events(self.exam_id, after=self._history.seen)
            self._history.read(steps, self.base)

    @property
    def is_stale(self) -> bool:
        """Whether the exam was scored again since."""
        return self._history.is_rescored

    @property
    def person(self) -> dict[str, Any] | None:
        """What is known of the person, as it was given last."""
        return self._history.person

    def blind_for(self, login: str) -> str | None:
        """Give the login whose review this reader works at: their own while they read blind."""
        return login if login in self._history.blind else None

    def review(self, blind: str | None = None) -> Review:
        """Give the review as it is now; that of a blind reader if one is named."""
        with self.lock:
            log = self._history.logs.get(blind, [])
            known = self._reviews.get(blind)
            if known is None:
                state = replay(self._start(blind), self.scan, [])
                known = Review(log=(), state=state)
            state = known.state
            for event in log[len(known.log) :]:
                state = apply(state, event)
            now = Review(log=tuple(log), state=state)
            self._reviews[blind] = now
            return now

    def measured(self, state: ReviewState) -> Measurement:
        """Measure a state; the last one that was measured is remembered."""
        known = self._measured
        if known is not None and known[0] is state:
            return known[1]
        found = measured(state)
        self._measured = (state, found)
        return found

    def add(
        self, edits: tuple[Edit, ...], *, by: str, expected: int, blind: str | None = None
    ) -> tuple[Review, Review]:
        """Append edits to a review: all of them or, if one cannot be, none.

        Parameters
        ----------
        edits : tuple of Edit
            In their order.
        by : str
            Login of the reader.
        expected : int
            Number of the last event that the reader has seen.
        blind : str or None
            Of whose blind read.

        Returns
        -------
        before, after : Review

        Raises
        ------
        Problem
            409, if somebody else was faster.
        InputError
            If an edit cannot be.
        """
        with self.lock:
            for attempt in range(_TRIES):
                before = self._expected(expected, blind, is_fresh=not attempt)
                after = _extended(before, edits, by)
                new = [json.loads(event_json(one)) for one in after.log[len(before.log) :]]
                step = {"base": self.base, "blind": blind, "events": new}
                try:
                    made = self._store.add_event(
                        self.exam_id, REVIEW, by=by, after=step, expected_sequence=self._seen
                    )
                except ConflictError:  # a step of another kind, or another server's reader
                    continue
                self._reviews[blind] = after
                self._history.read((made,), self.base)
                return before, after
        raise Problem(503, "busy", "the exam is being changed by others: try again")

    @property
    def _seen(self) -> int:
        return self._history.seen

    def _expected(self, expected: int, blind: str | None, *, is_fresh: bool) -> Review:
        """Give the review that a reader has seen; who opened it a moment ago asks once less."""
        review = self.review(blind)
        if not is_fresh or review.state.sequence != expected:
            self.refresh()
            review = self.review(blind)
        if review.state.sequence != expected:
            self._refuse(review, is_blind=blind is not None)
        return review

    def _refuse(self, review: Review, *, is_blind: bool) -> NoReturn:
        """Tell who was faster: by a signature, or by an edit."""
        if not is_blind:
            require_unsigned(self._store, self._store.exam(self.exam_id))
        last = review.last_reader
        user = None if last is None else name_of(self._store, last)
        raise Problem(
            409,
            "conflict",
            f"{user or 'another reader'} has changed this review meanwhile: it was loaded anew",
            sequence=review.state.sequence,
            user=user,
        )

    def _start(self, blind: str | None) -> Candidates:
        return self._candidates if blind is None else _without_proposals(self._candidates)


def _extended(before: Review, edits: tuple[Edit, ...], by: str) -> Review:
    state, log = before.state, list(before.log)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    for edit in edits:
        event = Event(sequence=state.sequence + 1, reader=by, when=now, edit=edit)
        state = apply(state, event)
        log.append(event)
    return Review(log=tuple(log), state=state)


def _without_proposals(candidates: Candidates) -> Candidates:
    """Give the candidates as somebody sees them who has not seen what corcal made of them."""
    return replace(
        candidates,
        site=np.zeros_like(candidates.site),
        why=((),) * candidates.count,
        probabilities=None,
        proposer=Proposer.ANNOTATION,
    )


class OpenedExams:
    """The exams that are open, the last used ones.

    Parameters
    ----------
    store : Store
        Where they come from.
    most_bytes : int
        How much memory their voxels may take; the exam of the last request always stays.
    """

    def __init__(self, store: Store, *, most_bytes: int) -> None:
        self._store, self._most_bytes = store, most_bytes
        self._known: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()
        self._opening: dict[str, threading.Lock] = {}

    def get(self, exam_id: str) -> Opened:
        """Give an exam, from memory or the store, with its history up to now.

        Raises
        ------
        NotFoundError
            If there is no such exam, or its images are gone.
        Problem
            409, if it has no result yet.
        """
        with self._lock:
            known = self._known.get(exam_id)
            gate = self._opening.setdefault(exam_id, threading.Lock())
        with gate:  # two who ask for the same exam wait for one reading of it
            known = self._known.get(exam_id) if known is None else known
            if known is not None:
                known.refresh()
            if known is None or known.is_stale:
                known = self._open(exam_id)
                known.refresh()
        with self._lock:
            self._known[exam_id] = known
            self._known.move_to_end(exam_id)
            while len(self._known) > 1 and self._bytes > self._most_bytes:
                gone, _ = self._known.popitem(last=False)
                self._opening.pop(gone, None)
        return known

    @property
    def _bytes(self) -> int:
        return sum(one.scan.hu.nbytes for one in self._known.values())

    def forget(self, exam_id: str) -> None:
        """Take an exam out of memory, such as when it was deleted."""
        with self._lock:
            self._known.pop(exam_id, None)
            self._opening.pop(exam_id, None)

    def _open(self, exam_id: str) -> Opened:
        automatic = [
            one.version
            for one in self._store.versions(exam_id)
            if one.kind is records.ResultKind.AUTOMATIC
        ]
        if not automatic:
            raise Problem(409, "no_result", "the exam has no result yet that could be reviewed")
        base = automatic[-1]
        if CANDIDATES not in self._store.attachments(exam_id, base):
            msg = "the exam was scored without candidates to review: score it again"
            raise Problem(409, "no_candidates", msg)
        data = self._store.attachment(exam_id, CANDIDATES, base)
        candidates = candidates_from_bytes(data)
        scan = scan_of_candidates(self._store, exam_id, base, candidates)
        return Opened(self._store, exam_id, base=base, scan=scan, candidates=candidates)
