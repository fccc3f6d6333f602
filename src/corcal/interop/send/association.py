"""Associations with an application entity: opened with patience, and why one did not open."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pynetdicom import AE, _config, build_context, evt
from pynetdicom.association import Association
from pynetdicom.fsm import InvalidEventError
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from corcal.errors import PeerError
from corcal.interop.send.address import DicomAddress
from corcal.interop.send.retry import Patience
from corcal.interop.send.tls import client_context
from corcal.interop.send.types import SendOptions

__all__ = [
    "MAX_CONTEXTS",
    "QUIET_END",
    "Caller",
    "NotOpened",
    "as_they_are",
    "echo",
    "refusals",
]

_logger = logging.getLogger(__name__)

MAX_CONTEXTS = 128  # of one association: odd numbers from 1 to 255 (PS3.8 9.3.2.2)
MIN_PDU_BYTES = 128  # a command must fit in a few; a peer that takes less is no archive
# PS3.8 9.3.4, table 9-21: (source, reason) of a rejection
_REJECTIONS = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "it does not know our AE title (--calling)",
    (1, 7): "it has another AE title than the one called",
    (2, 1): "no reason given (ACSE)",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "its limit of associations is reached",
}
_REJECTED_TRANSIENT = 2
# PS3.8 9.3.3.2: result of a presentation context
_CONTEXT_RESULTS = {
    1: "the archive does not want this kind of object",
    2: "the archive does not want this kind of object, and gives no reason",
    3: "the archive does not take this SOP class",
    4: "the archive does not take this transfer syntax",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOpened:
    """Why there is no association.

    Attributes
    ----------
    reason : str
        For a person.
    is_transient : bool
        Whether another attempt may succeed.
    """

    reason: str
    is_transient: bool


class Caller:
    """Opens associations with one archive.

    Parameters
    ----------
    address : DicomAddress
        The archive.
    options : SendOptions
        Who calls, and how long to wait.
    idle_s : float, optional
        How long an association may be silent, beyond the time for an answer.
    """

    def __init__(self, address: DicomAddress, options: SendOptions, *, idle_s: float = 0.0) -> None:
        self.address = address
        self.options = options
        self._tls = (client_context(options.tls), address.host) if address.is_tls else None
        self._ae = AE(ae_title=options.calling)
        self._ae.connection_timeout = options.connect_s
        self._ae.acse_timeout = options.answer_s
        self._ae.dimse_timeout = options.answer_s
        self._ae.network_timeout = options.answer_s + idle_s

    def open(
        self, contexts: Sequence[PresentationContext], *, handlers: Sequence[Any] = ()
    ) -> Association | NotOpened:
        """Try once to open an association.

        Returns
        -------
        Association or NotOpened
            An association on which the peer has taken none of the contexts is one too, closed
            already: `refusals` tells why.
        """
        watch = _Watch(self.options.answer_s)
        try:
            association = self._ae.associate(
                self.address.host,
                self.address.port,
                contexts=list(contexts),
                ae_title=self.address.called,
                tls_args=self._tls,
                evt_handlers=[*watch.handlers, *handlers],
            )
        except OSError:  # of looking up the host
            return NotOpened(reason="its host name is not known", is_transient=True)
        if 0 < (association.acceptor.maximum_length or 0) < MIN_PDU_BYTES:
            association.abort()
            return NotOpened(reason="it takes no PDU of a usable length", is_transient=False)
        if association.is_established or association.rejected_contexts:
            return association
        return self._why(watch)

    def open_patiently(
        self, contexts: Sequence[PresentationContext], *, handlers: Sequence[Any] = ()
    ) -> Association | NotOpened:
        """Open an association, trying again while the reason may pass."""
        patience = Patience(self.options)
        while True:
            association = self.open(contexts, handlers=handlers)
            if isinstance(association, Association) or not association.is_transient:
                return association
            _logger.info("no association: %s", association.reason)
            if not patience.tries_again():
                return association

    def _why(self, watch: "_Watch") -> NotOpened:
        """Say why an association was not established."""
        if watch.rejection is not None:
            result, source, reason = watch.rejection
            words = _REJECTIONS.get((source, reason), f"source {source}, reason {reason}")
            return NotOpened(
                reason=f"the archive rejects the association: {words}",
                is_transient=result == _REJECTED_TRANSIENT,
            )
        if watch.is_connected:
            text = (
                "the archive hung up, or gave no answer within "
                f"{self.options.answer_s:g} s, when an association was asked for"
            )
            return NotOpened(reason=text, is_transient=True)
        tls = ", or its certificate is not accepted" if self._tls else ""
        text = (
            f"no connection: nobody listens there, or not within {self.options.connect_s:g} s{tls}"
        )
        return NotOpened(reason=text, is_transient=True)


class _Watch:
    """What happens while an association is asked for.

    pynetdicom takes a rejection that comes with the end of the connection for a connection that
    failed, where its threads run in another order than it thinks: the PDU itself tells them apart.
    """

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self.is_connected = False
        self.rejection: tuple[int, int, int] | None = None

    @property
    def handlers(self) -> list[tuple[Any, Any]]:
        """What is bound to the association."""
        return [
            (evt.EVT_CONN_OPEN, self._connected),
            (evt.EVT_PDU_RECV, self._received),
            QUIET_END,
        ]

    def _connected(self, event: Any) -> None:
        self.is_connected = True
        # Without it, writing to a peer that has stopped reading would never end.
        event.assoc.dul.socket.socket.settimeout(self.patience_s)

    def _received(self, event: Any) -> None:
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            pdu = event.pdu
            self.rejection = (pdu.result or 0, pdu.source or 0, pdu.reason_diagnostic or 0)


def _end_quietly(event: Any) -> None:
    """Let an association whose ends are crossed end, without a traceback on the screen.

    When both sides end an association at once, pynetdicom's state machine is told of something
    that it does not expect, and its thread dies of an `InvalidEventError`: the association is over
    just the same.
    """
    service = event.assoc.dul
    machine = service.state_machine
    if getattr(machine.do_action, "is_quiet", False):
        return
    act = machine.do_action

    def do_action(name: str) -> None:
        try:
            act(name)
        except InvalidEventError:
            _logger.debug("an association ended out of turn (%s)", name)
            service.kill_dul()

    do_action.is_quiet = True  # type: ignore[attr-defined]
    machine.do_action = do_action


QUIET_END = (evt.EVT_FSM_TRANSITION, _end_quietly)


def refusals(association: Association) -> dict[tuple[str, str], str]:
    """Reasons by SOP class and transfer syntax, of what was proposed and not taken as proposed."""
    results = {each.context_id: each.result for each in association.rejected_contexts}
    accepted = {
        (str(each.abstract_syntax), str(each.transfer_syntax[0]))
        for each in association.accepted_contexts
    }
    proposed = {
        (str(each.abstract_syntax), str(syntax)): each.context_id
        for each in association.requestor.requested_contexts
        for syntax in each.transfer_syntax
    }
    return {
        pair: _CONTEXT_RESULTS.get(results.get(number) or 0, _CONTEXT_RESULTS[2])
        for pair, number in proposed.items()
        if pair not in accepted
    }


@contextmanager
def as_they_are() -> Iterator[None]:
    """Let pynetdicom send files byte for byte, in pieces, instead of decoding them."""
    before = _config.STORE_SEND_CHUNKED_DATASET
    _config.STORE_SEND_CHUNKED_DATASET = True
    try:
        yield
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = before


def echo(address: DicomAddress, *, options: SendOptions) -> str:
    """Ask with C-ECHO whether the archive is there.

    Raises
    ------
    PeerError
        If it cannot be reached, or refuses.
    """
    association = Caller(address, options).open_patiently([build_context(Verification)])
    if isinstance(association, NotOpened):
        msg = f"{address}: {association.reason}"
        raise PeerError(msg)
    if not association.is_established:
        msg = f"{address} takes associations, but no C-ECHO"
        raise PeerError(msg)
    try:
        status = association.send_c_echo().get("Status")
    except RuntimeError:  # it hung up in between
        status = None
    finally:
        association.release()
    if status is None:
        msg = f"{address}: no answer to C-ECHO within {options.answer_s:g} s"
        raise PeerError(msg)
    if status != 0:
        msg = f"{address}: C-ECHO failed (0x{status:04X})"
        raise PeerError(msg)
    return f"{address} answers (C-ECHO)"
