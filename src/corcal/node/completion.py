"""From the spool into the store: studies that are complete, each once, whatever is killed when.

A study is moved out of the spool as a whole, imported with its job in one transaction, and removed.
A process that is killed in between finds the folder again at its next start, and what it does again
then finds what is there already.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from corcal.errors import CorcalError, InputError, StateError
from corcal.node import take
from corcal.node.late import weigh_late_images
from corcal.node.object_header import first_header
from corcal.node.orders import Asked, OrderDesk
from corcal.node.refusals import Refusals
from corcal.node.rules import NodeRules
from corcal.node.spool import DESCRIPTION, Spool, Taken
from corcal.node.types import OrderAnswer, StudySummary
from corcal.store.jobs import SCORE
from corcal.store.records import ImportReport
from corcal.store.store import AUTOMATIC, Store

__all__ = ["RECEIVED", "Completion"]

RECEIVED = "received"
"""The step of an exam's history that tells from whom images came."""
_AGAIN_S, _MOST_AGAIN_S = 1.0, 60.0
_AT_ONCE_S = 2.0  # after that others have their turn
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _InHand:
    """A study that was taken, and how far it is."""

    taken: Taken
    answer: OrderAnswer | None = None
    report: ImportReport | None = None
    next_at: float = 0.0
    wait_s: float = _AGAIN_S


class Completion:
    """Takes complete studies into the store.

    Parameters
    ----------
    store : Store
        Where to.
    spool : Spool
        Where from.
    rules : NodeRules
        What is taken, and when a study is complete.
    refusals : Refusals
        Where studies that are not taken are written down.
    wanted : callable, optional
        Called with each exam that came in: asks for earlier scans of its patient.
    orders : OrderDesk, optional
        Asks the worklist.
    """

    def __init__(
        self,
        store: Store,
        *,
        spool: Spool,
        rules: NodeRules,
        refusals: Refusals,
        wanted: Callable[[str], None] | None = None,
        orders: OrderDesk | None = None,
    ) -> None:
        self._orders = orders
        self._store, self._spool, self._rules = store, spool, rules
        self._refusals, self._wanted = refusals, wanted
        self._in_hand = {one.folder.name: _InHand(taken=one) for one in spool.taken()}
        self.counts: Counter[str] = Counter()

    @property
    def in_hand(self) -> int:
        """Number of studies on their way into the store."""
        return len(self._in_hand)

    def tick(self) -> None:
        """Take what is complete, and go on with what is not in the store yet, for some seconds."""
        for key in self._spool.complete(self._rules.node.quiet_s):
            taken = self._spool.take(key)
            self._in_hand[taken.folder.name] = _InHand(taken=taken)
        self._spool.clear(self._rules.node.quiet_s)
        until = time.monotonic() + _AT_ONCE_S
        for name, one in list(self._in_hand.items()):
            if one.next_at <= time.monotonic() and self._is_done(one):
                del self._in_hand[name]
                if self._orders is not None:
                    self._orders.forget(name)
            if time.monotonic() > until:
                return

    def _is_done(self, one: _InHand) -> bool:
        """Go on with a study; whether it is done with."""
        try:
            return self._go_on(one)
        except (CorcalError, OSError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else exc
            _log.warning("a study could not be taken in now: %s", why)
            self.counts["delays"] += 1
            one.next_at = time.monotonic() + one.wait_s
            one.wait_s = min(2 * one.wait_s, _MOST_AGAIN_S)
            return False

    def _go_on(self, one: _InHand) -> bool:
        study = one.taken.summary
        if one.report is None:
            answer = self._asked(one.taken)
            if answer is Asked.WAITING:
                one.next_at = time.monotonic() + _AGAIN_S
                return False
            one.answer = answer if isinstance(answer, OrderAnswer) else None
            decision = take.decide(study, self._rules, answer=one.answer)
            if not decision.taken:
                self._refuse(study, decision.why)
                self._spool.end(one.taken)
                return True
            try:
                one.report = self._imported(one)
            except InputError as exc:
                self._refuse(study, f"set aside: {exc}")
                self._spool.set_aside(one.taken)
                return True
        if not self._is_weighed(one.report):
            one.next_at = time.monotonic() + _AGAIN_S
            return False
        if self._wanted is not None:
            for exam_id in one.report.exams:
                self._wanted(exam_id)
        self._spool.end(one.taken)
        self.counts["studies"] += 1
        return True

    def _asked(self, taken: Taken) -> OrderAnswer | Asked | None:
        """Ask the worklist about a study, where the rules need to know before it is taken."""
        desk = self._orders
        if desk is None or not desk.is_asked_first or taken.summary.is_fetched:
            return None
        header = first_header(taken.folder)
        return Asked.AWAY if header is None else desk.ask(taken.folder.name, header.question)

    def _imported(self, one: _InHand) -> ImportReport:
        """Import a study, and tell its exams from whom it came and for which order."""
        taken, study = one.taken, one.taken.summary
        report = self._store.import_study(taken.folder, by=AUTOMATIC, job_kind=SCORE)
        skipped = [why for source, why in report.skipped if not source.endswith(DESCRIPTION)]
        if skipped:
            self._refuse(study, f"{len(skipped)} of {study.images} objects not kept: {skipped[0]}")
        for exam_id in report.exams:
            self._tell(exam_id, taken)
            if self._orders is not None:
                self._orders.want(exam_id, one.answer)
        _log.info("a study of %d objects was taken in from %s", study.images, study.peer)
        return report

    def _tell(self, exam_id: str, taken: Taken) -> None:
        """Write into an exam's history, once, from whom these images came."""
        study, batch = taken.summary, taken.folder.name.rpartition(".")[2]
        told = [step for step in self._store.events(exam_id) if step.kind == RECEIVED]
        if any(step.after["batch"] == batch for step in told):
            return
        after = {
            "batch": batch,
            "peer": study.peer,
            "aet": study.calling_aet,
            "images": study.images,
            "late": bool(told) or study.is_reopened,
            "fetched": study.is_fetched,
            "first_image_at": study.first_image_at.isoformat(),
            "last_image_at": study.last_image_at.isoformat(),
        }
        self._store.add_event(exam_id, RECEIVED, by=AUTOMATIC, after=after)

    def _is_weighed(self, report: ImportReport) -> bool:
        """Weigh late images of exams that were there before; False if one is being scored."""
        for exam_id in report.exams:
            if exam_id in report.new_exams:
                continue
            try:
                if not weigh_late_images(self._store, exam_id):
                    return False
            except StateError:  # somebody was faster: what is there now is weighed again
                return False
        return True

    def _refuse(self, study: StudySummary, why: str) -> None:
        self.counts["studies_refused"] += 1
        self._refusals.add("study", why, aet=study.calling_aet, address=study.address)
