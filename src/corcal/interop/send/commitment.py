"""Storage commitment (PS3.4 annex J): the archive is asked to take over the responsibility.

The request (N-ACTION) and the answer (N-EVENT-REPORT) are two messages, and many archives open an
association of their own for the answer: then we have to listen, at a port that they know.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, build_context, evt
from pynetdicom.association import Association
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from corcal.errors import InputError
from corcal.interop.send.address import DicomAddress
from corcal.interop.send.association import QUIET_END, Caller, NotOpened
from corcal.interop.send.tls import server_context
from corcal.interop.send.types import Arrival, Commitment, Delivery, SendOptions
from corcal.interop.send.words import failure_words

__all__ = ["with_commitment"]

_logger = logging.getLogger(__name__)

_REQUEST_STORAGE_COMMITMENT = 1  # action type, PS3.4 J.3.2
_SUCCESS = 0x0000
_INVALID_ARGUMENT = 0x0115
_LOOK_EVERY_S = 0.05
_MAX_CALLERS = 5
_SYNTAXES: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@dataclass(slots=True)
class _Answer:
    """The answer to one request, filled in by whichever association it comes on."""

    transaction_uid: str
    committed: set[str] = field(default_factory=set)
    failed: dict[str, int] = field(default_factory=dict)
    came: threading.Event = field(default_factory=threading.Event)
    thanked: threading.Event = field(default_factory=threading.Event)

    @property
    def handlers(self) -> list[Any]:
        """What is bound to an association that the answer may come on."""
        return [(evt.EVT_N_EVENT_REPORT, self.take), (evt.EVT_PDU_SENT, self.thank), QUIET_END]

    def thank(self, event: Any) -> None:
        """Note that our response to the answer is sent: the association may end now."""
        if self.came.is_set() and isinstance(event.pdu, P_DATA_TF):
            self.thanked.set()

    def take(self, event: Any) -> tuple[int, Dataset | None]:
        """Take an N-EVENT-REPORT; one about something else is refused."""
        try:
            report = event.event_information
            if report.get("TransactionUID") != self.transaction_uid or self.came.is_set():
                return _INVALID_ARGUMENT, None
            for item in report.get("ReferencedSOPSequence") or ():
                self.committed.add(str(item.get("ReferencedSOPInstanceUID", "")))
            for item in report.get("FailedSOPSequence") or ():
                uid = str(item.get("ReferencedSOPInstanceUID", ""))
                self.failed[uid] = int(item.get("FailureReason") or 0)
        except (AttributeError, TypeError, ValueError):  # not what the standard says it is
            _logger.info("an answer about storage commitment cannot be read")
            return _INVALID_ARGUMENT, None
        self.came.set()
        return _SUCCESS, None


def with_commitment(
    deliveries: Sequence[Delivery], address: DicomAddress, *, options: SendOptions
) -> tuple[Delivery, ...]:
    """Ask for storage commitment of what has arrived, and wait for the answer.

    Returns
    -------
    tuple of Delivery
        With their `Commitment`, where they have arrived.

    Raises
    ------
    InputError
        If nothing can listen where `options.listen` says.
    """
    arrived = [one for one in deliveries if one.arrival is Arrival.ARRIVED]
    if not arrived:
        return tuple(deliveries)
    answer = _Answer(transaction_uid=f"2.25.{uuid4().int}")
    with _listener(answer, address, options):
        trouble = _ask(arrived, answer, address, options)
    return tuple(
        _committed(one, answer, trouble) if one.arrival is Arrival.ARRIVED else one
        for one in deliveries
    )


def _committed(one: Delivery, answer: _Answer, trouble: tuple[Commitment, str] | None) -> Delivery:
    """Say of an object what the answer says of it."""
    uid = one.sop_instance_uid
    if trouble is not None:
        state, reason = trouble
    elif uid in answer.failed:
        state, reason = Commitment.FAILED, failure_words(answer.failed[uid])
    elif uid in answer.committed:
        state, reason = Commitment.COMMITTED, ""
    else:
        state, reason = Commitment.FAILED, "the archive's answer does not mention it"
    return replace(one, commitment=state, commitment_reason=reason)


def _ask(
    arrived: Sequence[Delivery], answer: _Answer, address: DicomAddress, options: SendOptions
) -> tuple[Commitment, str] | None:
    """Request commitment and wait; return what went wrong for all, or nothing."""
    caller = Caller(address, options, idle_s=options.commit_s)
    association = caller.open_patiently(
        [build_context(StorageCommitmentPushModel, _SYNTAXES)],
        handlers=answer.handlers,
    )
    if isinstance(association, NotOpened):
        return Commitment.FAILED, association.reason
    if not association.is_established:
        return Commitment.NOT_OFFERED, "the archive does not offer storage commitment"
    try:
        return _request(association, arrived, answer) or _wait(association, answer, options)
    finally:
        association.release()


def _request(
    association: Association, arrived: Sequence[Delivery], answer: _Answer
) -> tuple[Commitment, str] | None:
    """Send the N-ACTION."""
    request = Dataset()
    request.TransactionUID = answer.transaction_uid
    request.ReferencedSOPSequence = [_reference(one) for one in arrived]
    try:
        status, _ = association.send_n_action(
            request,
            _REQUEST_STORAGE_COMMITMENT,
            StorageCommitmentPushModel,
            StorageCommitmentPushModelInstance,
        )
    except RuntimeError:  # the association ended since it was opened
        status = Dataset()
    code = status.get("Status")
    if code is None:
        return Commitment.FAILED, "no answer to the request"
    if code != _SUCCESS:
        return Commitment.FAILED, f"the archive refuses the request: {failure_words(code)}"
    return None


def _reference(one: Delivery) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.sop_class_uid
    item.ReferencedSOPInstanceUID = one.sop_instance_uid
    return item


def _wait(
    association: Association, answer: _Answer, options: SendOptions
) -> tuple[Commitment, str] | None:
    """Wait for the answer, as long as there is a way for it to come."""
    for _ in range(max(1, round(options.commit_s / _LOOK_EVERY_S))):
        if answer.came.wait(_LOOK_EVERY_S):
            answer.thanked.wait(options.answer_s)
            return None
        if not association.is_established and options.listen is None:
            reason = "the archive ended the association without an answer, and nothing listens"
            return Commitment.FAILED, f"{reason} for one on its own (--listen)"
    hint = "" if options.listen else ", on our association; nothing listens for another (--listen)"
    return Commitment.FAILED, f"no answer within {options.commit_s:g} s{hint}"


@contextmanager
def _listener(answer: _Answer, address: DicomAddress, options: SendOptions) -> Iterator[None]:
    """Listen for associations that the archive opens for its answer."""
    if options.listen is None:
        yield
        return
    ae = AE(ae_title=options.calling)
    ae.maximum_associations = _MAX_CALLERS
    ae.network_timeout = ae.acse_timeout = ae.dimse_timeout = options.answer_s
    # The archive calls in the role of the SCP; some do not negotiate it.
    ae.add_supported_context(StorageCommitmentPushModel, _SYNTAXES, scu_role=True, scp_role=True)
    ae.add_supported_context(Verification)
    try:
        server = ae.start_server(
            options.listen,
            block=False,
            ssl_context=server_context(options.tls) if address.is_tls else None,
            evt_handlers=answer.handlers,
        )
    except OSError as exc:
        msg = f"cannot listen at port {options.listen[1]}: {exc.strerror or 'not possible'}"
        raise InputError(msg) from exc
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
