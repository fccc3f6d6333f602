"""Storage commitment as a user: an archive is asked to take over what was delivered (PS3.4 J).

The request goes out with the delivery. The answer comes on the same association, or hours later on
one that the archive opens to the node: what is asked is in the store, so that any process of the
node, also after a restart, can take the answer.
"""

import logging
from collections.abc import Sequence
from threading import Event
from typing import Any
from uuid import uuid4

from pydicom.dataset import Dataset
from pynetdicom import build_context, evt
from pynetdicom.association import Association
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from corcal.interop.send.address import DicomAddress
from corcal.interop.send.association import Caller, NotOpened
from corcal.interop.send.types import Delivery as SentObject
from corcal.interop.send.types import SendOptions
from corcal.interop.send.words import failure_words
from corcal.store.outgoing import Delivery
from corcal.store.store import Store

__all__ = ["answered", "ask"]

_REQUEST = 1  # Action Type ID, PS3.4 J.3.2.1
_HERE_S = 3.0  # how long the answer may take on the association of the request
_SUCCESS, _INVALID_ARGUMENT = 0x0000, 0x0115
_log = logging.getLogger(__name__)


def ask(
    store: Store,
    delivery: Delivery,
    objects: Sequence[SentObject],
    address: DicomAddress,
    options: SendOptions,
) -> None:
    """Ask an archive to take over what has arrived; that it does not is no failed delivery.

    Parameters
    ----------
    delivery : Delivery
        Whose objects they are.
    objects : sequence of SentObject
        What has arrived.
    address : DicomAddress
        Of the archive.
    options : SendOptions
        Who calls, and how long to wait.
    """
    transaction_uid = f"2.25.{uuid4().int}"
    store.outgoing.ask_commitment(delivery.id, transaction_uid, len(objects))
    problem = _request(transaction_uid, objects, Caller(address, options), _Here(store))
    if problem is not None:
        store.outgoing.answer_commitment(transaction_uid, problem=problem)
        _log.warning("not committed: %s", problem, extra={"rule": delivery.rule})


def answered(store: Store, information: Dataset, event_type: int | None = None) -> bool:
    """Take an archive's answer (N-EVENT-REPORT) about an earlier request.

    Parameters
    ----------
    information : Dataset
        With the transaction and the objects.
    event_type : int, optional
        1: everything is taken over; 2: something is not. The sequences decide.

    Returns
    -------
    bool
        Whether it is the first answer to a request of ours.
    """
    try:
        transaction_uid = str(information.get("TransactionUID", ""))
        taken = {
            str(item.get("ReferencedSOPInstanceUID", ""))
            for item in information.get("ReferencedSOPSequence") or ()
        }
        failed = [
            int(item.get("FailureReason") or 0)
            for item in information.get("FailedSOPSequence") or ()
        ]
    except (AttributeError, TypeError, ValueError):  # not what the standard says it is
        _log.info("an answer about storage commitment cannot be read (event type %s)", event_type)
        return False
    problem = None
    if failed:
        problem = f"{len(failed)} objects are not taken over: {failure_words(failed[0])}"
    return store.outgoing.answer_commitment(transaction_uid, committed=len(taken), problem=problem)


class _Here:
    """Takes an answer that comes on the association of the request."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._came, self._thanked = Event(), Event()

    @property
    def handlers(self) -> list[Any]:
        """What is bound to the association."""
        return [(evt.EVT_N_EVENT_REPORT, self._take), (evt.EVT_PDU_SENT, self._thank)]

    def wait(self) -> None:
        """Wait a little for it, and until our word of it is on its way."""
        if self._came.wait(_HERE_S):
            self._thanked.wait(_HERE_S)

    def _take(self, event: Any) -> tuple[int, None]:
        is_ours = answered(self._store, event.event_information, event.event_type)
        self._came.set()
        return (_SUCCESS if is_ours else _INVALID_ARGUMENT), None

    def _thank(self, event: Any) -> None:
        if self._came.is_set() and isinstance(event.pdu, P_DATA_TF):
            self._thanked.set()


def _request(
    transaction_uid: str, objects: Sequence[SentObject], caller: Caller, here: _Here
) -> str | None:
    """Send the N-ACTION; say what went wrong, or nothing."""
    association = caller.open_patiently(
        [build_context(StorageCommitmentPushModel)], handlers=here.handlers
    )
    if isinstance(association, NotOpened):
        return association.reason
    if not association.is_established:
        return "the archive does not offer storage commitment"
    try:
        status = _act(association, transaction_uid, objects)
        if status == _SUCCESS:
            here.wait()
            return None
    finally:
        association.release()
    if status is None:
        return "no answer to the request"
    return f"the archive refuses the request: {failure_words(status)}"


def _act(
    association: Association, transaction_uid: str, objects: Sequence[SentObject]
) -> int | None:
    request = Dataset()
    request.TransactionUID = transaction_uid
    request.ReferencedSOPSequence = [_reference(one) for one in objects]
    try:
        answer, _ = association.send_n_action(
            request, _REQUEST, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
    except RuntimeError:  # the association ended since it was opened
        return None
    status = answer.get("Status")
    return None if status is None else int(status)


def _reference(one: SentObject) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.sop_class_uid
    item.ReferencedSOPInstanceUID = one.sop_instance_uid
    return item
