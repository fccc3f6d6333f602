"""When the worklist is asked, and what is kept of its answer: never in the way of a score.

Each exam that comes in has a job that asks for its order, done by a thread of the node, and tried
again while the server is away. The answer is a step of the exam's history. What is sent of the exam
waits for it, as long as ``[worklist] wait_minutes`` says. Where a ``[[take]]`` rule looks for a
procedure, the question comes before the study is taken, and is waited for some seconds.
"""

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from corcal.error_place import place_of
from corcal.errors import CorcalError, PeerError, StateError
from corcal.interop.order import Order, OrderCode
from corcal.node.outbox import pause_s
from corcal.node.refusals import Refusals
from corcal.node.rules import NodeRules, SendFormat, WorklistRule
from corcal.node.types import OrderAnswer, Question
from corcal.store.records import Event, ExamRecord, Job, JobState
from corcal.store.store import AUTOMATIC, Store

__all__ = ["ORDER", "WORKLIST", "Asked", "OrderDesk", "answer_in", "is_awaited", "sends_orders"]

WORKLIST = "worklist"
"""The kind of job that asks for an exam's order; the node itself does it."""
ORDER = "order"
"""The step of an exam's history that tells for which order it was made, or why none is known."""
_MOST_ATTEMPTS = 10_000  # it ends by time
_MOST_PAUSE_S = 60.0
_AWAY_S = 20.0
_LOOK_S = 0.5
_STOP_S = 5.0
_WITH_ORDER = frozenset({SendFormat.HL7, SendFormat.FHIR})
_log = logging.getLogger(__name__)


class Asked(Enum):
    """What is known of a question that has no answer yet."""

    WAITING = "waiting"
    AWAY = "away"  # the server does not answer: go on without


class OrderDesk:
    """Asks the worklist.

    Parameters
    ----------
    store : Store
        Whose exams are asked about.
    rules : NodeRules
        With the worklist.
    refusals : Refusals
        Where orders of other patients are written down.
    """

    def __init__(self, store: Store, rules: NodeRules, refusals: Refusals) -> None:
        self._store, self._rules, self._refusals = store, rules, refusals
        self._rule = rules.worklist or WorklistRule(source="")
        self._questions: queue.SimpleQueue[tuple[str, Question]] = queue.SimpleQueue()
        self._answers: dict[str, OrderAnswer | Asked] = {}
        self._since: dict[str, float] = {}
        self._away_until = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="node-worklist")

    @property
    def is_asked_first(self) -> bool:
        """Whether a study is looked for in the worklist before it is taken."""
        return any(rule.procedure is not None for rule in self._rules.take)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question that is out is asked again after the next start."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._rule.answer_s + _STOP_S)

    def ask(self, key: str, question: Question) -> OrderAnswer | Asked:
        """Ask about a study that is not in the store yet; called again until there is an answer.

        Parameters
        ----------
        key : str
            Names the study here.
        """
        if key not in self._since:
            self._since[key] = time.monotonic()
            self._questions.put((key, question))
        found = self._answers.get(key, Asked.WAITING)
        is_late = time.monotonic() - self._since[key] > 2 * self._rule.answer_s
        return Asked.AWAY if found is Asked.WAITING and is_late else found

    def forget(self, key: str) -> None:
        """Let the answer about a study go."""
        self._since.pop(key, None)
        self._answers.pop(key, None)

    def want(self, exam_id: str, answer: OrderAnswer | None = None) -> None:
        """Write an answer into an exam's history, or see to it that somebody asks; once.

        Not for a study that was fetched to compare with.
        """
        told = self._store.events(exam_id)
        received = [each.after for each in told if each.kind == "received"]
        if received and all(each.get("fetched") for each in received):
            return
        if any(each.kind == ORDER for each in told):
            return
        if any(job.kind == WORKLIST for job in self._store.jobs.of(exam_id=exam_id)):
            return
        if answer is None:
            self._store.jobs.enqueue(WORKLIST, exam_id=exam_id, max_attempts=_MOST_ATTEMPTS)
            return
        self._store.add_event(exam_id, ORDER, by=AUTOMATIC, after=_written(answer))
        self._tell(answer, received)

    # --- the thread

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self._step()
            except CorcalError as exc:
                _log.warning("the worklist could not be asked now: %s", exc)
                self._over.wait(_LOOK_S)
            except Exception as exc:  # noqa: BLE001  (the outermost loop of the thread)
                _log.error("a defect of corcal: %s at %s", type(exc).__name__, place_of(exc))
                self._over.wait(_AWAY_S)

    def _step(self) -> None:
        """Answer who waits at the door, then one exam."""
        try:
            key, question = self._questions.get(timeout=_LOOK_S)
        except queue.Empty:
            if not self._is_away:
                self._do_job()
            return
        if key in self._since:
            self._answers[key] = self._answer(question) or Asked.AWAY

    def _do_job(self) -> None:
        job = self._store.jobs.claim("node", kinds=(WORKLIST,))
        if job is None:
            return
        exam = self._store.exam(job.exam_id or "")
        answer = self._answer(_question(exam))
        try:
            self._end(job, answer)
        except StateError:  # the claim was lost: it is asked again
            _log.info("an answer of the worklist came too late", extra={"exam": exam.id})

    def _end(self, job: Job, answer: OrderAnswer | None) -> None:
        if answer is None and datetime.now(UTC) < _until(job, self._rule):
            wait_s = min(pause_s(job.attempts), _MOST_PAUSE_S)
            why = "the worklist does not answer"
            self._store.jobs.fail(job, why, retry=True, delay_s=wait_s)
            return
        if answer is None:
            why = f"the worklist did not answer within {self._rule.wait_minutes:g} minutes"
            answer = OrderAnswer(why=why)
        self._store.outgoing.finish(job, ORDER, by=AUTOMATIC, after=_written(answer))
        received = [
            each.after for each in self._store.events(job.exam_id or "") if each.kind == "received"
        ]
        self._tell(answer, received)

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _answer(self, question: Question) -> OrderAnswer | None:
        """Ask; a server that has just not answered is left alone for a while."""
        if self._is_away:
            return None
        # pynetdicom takes a second to import; a node has it, `corcal node status` has not
        from corcal.node.worklist import find_order

        try:
            return find_order(question, self._rules)
        except PeerError as exc:
            _log.warning("the worklist is asked again later: %s", exc)
            self._away_until = time.monotonic() + _AWAY_S
            return None

    def _tell(self, answer: OrderAnswer, received: Iterable[Any]) -> None:
        """Write down that an order was found and not used."""
        if answer.is_mismatch:
            first = next(iter(received), None) or {"aet": ""}
            why = f"{answer.why}; it is sent without one"
            self._refusals.add("order", why, aet=str(first["aet"]))


def sends_orders(rules: NodeRules) -> bool:
    """Whether anything that is sent names the order."""
    return any(_WITH_ORDER.intersection(rule.formats) for rule in rules.send)


def is_awaited(store: Store, exam_id: str, rules: NodeRules) -> bool:
    """Whether what is sent of an exam waits for its order still."""
    if rules.worklist is None or not sends_orders(rules):
        return False
    states = (JobState.QUEUED, JobState.RUNNING)
    asked = [job for job in store.jobs.of(exam_id=exam_id, states=states) if job.kind == WORKLIST]
    return any(datetime.now(UTC) < _until(job, rules.worklist) for job in asked)


def answer_in(events: Iterable[Event]) -> OrderAnswer | None:
    """Read the answer out of an exam's history; ``None`` if there is none."""
    told = [each.after for each in events if each.kind == ORDER]
    if not told:
        return None
    last = told[-1]
    order = last.get("order")
    return OrderAnswer(why=str(last["why"]), order=None if order is None else _order(order))


def _written(answer: OrderAnswer) -> dict[str, Any]:
    order = None if answer.order is None else dataclasses.asdict(answer.order)
    return {"why": answer.why, "order": order}


def _order(told: dict[str, Any]) -> Order:
    code = told.get("procedure_code")
    return Order(**told | {"procedure_code": None if code is None else OrderCode(**code)})


def _question(exam: ExamRecord) -> Question:
    return Question(
        accession_number=exam.study.accession_number,
        study_instance_uid=exam.study.study_instance_uid,
        patient_id=exam.patient.patient_id,
        birth_date=exam.patient.birth_date,
        study_date=exam.study.study_date or exam.scan_date,
    )


def _until(job: Job, rule: WorklistRule) -> datetime:
    return job.created_at + timedelta(minutes=rule.wait_minutes)
