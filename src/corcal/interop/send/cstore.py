"""Delivery by C-STORE: each object as the bytes that it has, on as few associations as it takes."""

import logging
from collections.abc import Iterator, Sequence

from pynetdicom import build_context
from pynetdicom.association import Association

from corcal.interop.send.address import DicomAddress
from corcal.interop.send.association import (
    MAX_CONTEXTS,
    Caller,
    NotOpened,
    as_they_are,
    refusals,
)
from corcal.interop.send.retry import Patience
from corcal.interop.send.types import Arrival, Delivery, OutgoingObject, SendOptions
from corcal.interop.send.words import (
    failure_words,
    is_out_of_resources,
    is_warning,
    syntax_name,
    warning_words,
)
from corcal.progress import Progress

__all__ = ["store"]

_logger = logging.getLogger(__name__)

_MAX_MESSAGE_ID = 65535
_SUCCESS = 0x0000
_ENDED = "the association ended before it was sent"
_NO_ANSWER = "the association ended, or time was up, before the archive said that it has it"


def store(
    objects: Sequence[OutgoingObject],
    address: DicomAddress,
    *,
    options: SendOptions,
    progress: Progress,
) -> tuple[Delivery, ...]:
    """Send objects to an application entity.

    A presentation context is proposed for each pair of SOP class and transfer syntax, so that the
    peer takes or refuses each pair by itself; nothing is ever transcoded. What the peer could not
    take for lack of resources, and what was left when an association ended, is tried again.

    Returns
    -------
    tuple of Delivery
        In the order of `objects`.
    """
    caller = Caller(address, options)
    told: dict[str, Delivery] = {}
    with as_they_are():
        for batch in _batches(objects):
            reached = _Batch(caller, batch, told, progress, total=len(objects)).deliver()
            if not reached:
                break
    rest = next((each.reason for each in told.values() if each.arrival is Arrival.NOT_SENT), "")
    return tuple(
        told.get(one.sop_instance_uid) or _delivery(one, Arrival.NOT_SENT, rest) for one in objects
    )


def _batches(objects: Sequence[OutgoingObject]) -> Iterator[list[OutgoingObject]]:
    """Cut the objects where an association would need too many presentation contexts."""
    batch: list[OutgoingObject] = []
    pairs: set[tuple[str, str]] = set()
    for one in objects:
        if _pair(one) not in pairs and len(pairs) == MAX_CONTEXTS:
            yield batch
            batch, pairs = [], set()
        pairs.add(_pair(one))
        batch.append(one)
    yield batch


def _pair(one: OutgoingObject) -> tuple[str, str]:
    return one.sop_class_uid, one.transfer_syntax_uid


def _delivery(one: OutgoingObject, arrival: Arrival, reason: str = "") -> Delivery:
    return Delivery(
        sop_class_uid=one.sop_class_uid,
        sop_instance_uid=one.sop_instance_uid,
        arrival=arrival,
        reason=reason,
    )


class _Batch:
    """Objects whose presentation contexts fit into one association."""

    def __init__(
        self,
        caller: Caller,
        batch: Sequence[OutgoingObject],
        told: dict[str, Delivery],
        progress: Progress,
        *,
        total: int,
    ) -> None:
        self.caller = caller
        self.pending = list(batch)
        self.told = told
        self.progress = progress
        self.total = total

    def deliver(self) -> bool:
        """Send until everything is settled or patience ends; tell if the peer was there."""
        patience = Patience(self.caller.options)
        reached = False
        while self.pending:
            pairs = dict.fromkeys(map(_pair, self.pending))
            association = self.caller.open([build_context(*pair) for pair in pairs])
            if isinstance(association, NotOpened):
                reason = association.reason
                can_pass = association.is_transient
                unsettled = {}
            else:
                reached = can_pass = True
                before = len(self.pending)
                unsettled = self._send_all(association)
                reason = _ENDED
                if len(self.pending) < before:
                    patience.progressed()
            if not self.pending:
                return True
            _logger.info("%d objects are left: %s", len(self.pending), reason)
            if not can_pass or not patience.tries_again():
                self._give_up(unsettled, reason)
        return reached

    def _give_up(self, unsettled: dict[str, Delivery], reason: str) -> None:
        for one in self.pending:
            last = unsettled.get(one.sop_instance_uid)
            self.told.setdefault(
                one.sop_instance_uid, last or _delivery(one, Arrival.NOT_SENT, reason)
            )
        self.pending = []

    def _send_all(self, association: Association) -> dict[str, Delivery]:
        """Send what is pending on one association; return what is worth another attempt.

        What was under way when the association ended goes to the end of the line: an object that
        brings the peer down must not keep the others from arriving.
        """
        refused = refusals(association)
        unsettled: dict[str, Delivery] = {}
        for number, one in enumerate(tuple(self.pending)):
            if _pair(one) in refused:
                reason = f"{refused[_pair(one)]}; offered: {syntax_name(one.transfer_syntax_uid)}"
                self._settle(one, _delivery(one, Arrival.REFUSED, reason))
                continue
            delivery, can_pass = _send(association, one, number)
            if not can_pass:
                self._settle(one, delivery)
            else:
                unsettled[one.sop_instance_uid] = delivery
                self.pending.remove(one)
                self.pending.append(one)
            if delivery.arrival in (Arrival.UNCONFIRMED, Arrival.NOT_SENT):
                # It has ended, even where pynetdicom has not noticed yet: what is sent on it now
                # is waited for in vain.
                return unsettled
        association.release()  # does nothing if nothing was accepted
        return unsettled

    def _settle(self, one: OutgoingObject, delivery: Delivery) -> None:
        self.told[one.sop_instance_uid] = delivery
        self.pending.remove(one)
        self.progress(len(self.told), self.total, "sending")


def _send(association: Association, one: OutgoingObject, number: int) -> tuple[Delivery, bool]:
    """Send one object; tell whether what went wrong may pass."""
    try:
        answer = association.send_c_store(one.path, msg_id=number % _MAX_MESSAGE_ID + 1)
    except OSError:
        association.abort()  # the peer waits for the rest
        return _delivery(one, Arrival.NOT_SENT, "its file can no longer be read"), False
    except RuntimeError:  # the association ended since it was asked
        return _delivery(one, Arrival.NOT_SENT, _ENDED), True
    status = answer.get("Status")
    if status is None:
        return _delivery(one, Arrival.UNCONFIRMED, _NO_ANSWER), True
    if status == _SUCCESS:
        return _delivery(one, Arrival.ARRIVED), False
    if is_warning(status):
        return _delivery(one, Arrival.ARRIVED, warning_words(status)), False
    return _delivery(one, Arrival.REFUSED, failure_words(status)), is_out_of_resources(status)
