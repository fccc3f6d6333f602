"""The application entity: C-ECHO, C-STORE, and the message that a study is complete."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    InstanceAvailabilityNotification,
    StorageCommitmentPushModel,
    Verification,
)

from corcal.errors import CorcalError, InputError
from corcal.node.admission import Admission, Pace, tls_context
from corcal.node.guard import MAX_PDU_BYTES, GuardedServer, Guards
from corcal.node.object_header import file_meta, is_uid
from corcal.node.receiving import Receiving, Refused, Status
from corcal.node.refusals import Refusals
from corcal.node.rules import NodeRules, Role
from corcal.node.spool import Kept, Sender, Spool

__all__ = ["STORED_CLASSES", "TRANSFER_SYNTAXES", "NodeAE"]

_log = logging.getLogger(__name__)

_STORAGE = "1.2.840.10008.5.1.4.1.1."
STORED_CLASSES = tuple(
    _STORAGE + one
    for one in (
        *("2", "2.1", "2.2"),  # CT: classic, enhanced, legacy converted
        *("7", "7.1", "7.2", "7.3", "7.4"),  # secondary capture
        *("11.1",),  # presentation state
        *("66.4", "66.7"),  # segmentation, label map
        *("88.11", "88.22", "88.33", "88.34"),  # structured reports
        "88.67",  # dose report: comes with every study
        "104.1",  # encapsulated PDF
    )
)
_SYNTAX = "1.2.840.10008.1.2"
# What `corcal.ct` decodes, without deflated objects: they are inflated in memory
TRANSFER_SYNTAXES = (
    *(_SYNTAX + ".1", _SYNTAX),
    *(_SYNTAX + ".4." + one for one in ("70", "57", "80", "81", "90", "91")),
    *(_SYNTAX + ".4." + one for one in ("201", "202", "203", "50", "51")),
    *(_SYNTAX + ".5", _SYNTAX + ".2"),
)
_REJECTED, _BY_USER = 0x01, 0x01  # permanent; PS3.8 9.3.4
_UNKNOWN_CALLER, _UNKNOWN_CALLED = 0x03, 0x07
_FOR_NOW, _BY_PROVIDER, _TOO_MANY = 0x02, 0x03, 0x02
_ASSOCIATE_S = 10.0  # for the request, once a connection is open
_PATIENCE_S = 10.0  # how long an object waits where its peer sends too fast
_WAIT_S = 0.05
_MB = 2**20
_SUCCESS, _INVALID = 0x0000, 0x0115
_STOP_S = 5.0
_OTHER_ENCODING = 0x04  # transfer syntaxes not supported, PS3.8 9.3.3.2
_MOST_NAMED = 3  # kinds of objects in a line


Answered = Callable[[Dataset, int], bool]


class NodeAE(Guards):
    """Takes associations, and puts what they bring into the spool.

    Parameters
    ----------
    rules : NodeRules
        Who may come in, and how much.
    spool : Spool
        Where objects go.
    refusals : Refusals
        Where refusals are written down.
    answered : callable, optional
        Takes an archive's answer about storage commitment: its data set, and the type of
        event; says whether it was asked for.
    """

    def __init__(
        self,
        rules: NodeRules,
        *,
        spool: Spool,
        refusals: Refusals,
        answered: Answered | None = None,
    ) -> None:
        self._answered = answered
        self._rules, self._spool, self._refusals = rules, spool, refusals
        self._admission = Admission(rules)
        self.idle_s = rules.limits.idle_s
        self.associations = rules.limits.associations
        self.tls = None if rules.tls is None else tls_context(rules.tls)
        self.counts: Counter[str] = Counter()
        self._coming: dict[Receiving, Association] = {}
        self._lock = threading.Lock()
        self._server: GuardedServer | None = None

    def start(self) -> None:
        """Listen.

        Raises
        ------
        InputError
            If nothing can listen at this address.
        """
        node = self._rules.node
        server_class = type("NodeServer", (GuardedServer,), {"guards": self})
        ae = self._entity()
        try:
            server = ae.make_server(
                (node.host, node.port),
                evt_handlers=[
                    (evt.EVT_REQUESTED, self._requested),
                    (evt.EVT_ACCEPTED, self._accepted),
                    (evt.EVT_C_STORE, self._store),
                    (evt.EVT_N_CREATE, self._notified),
                    (evt.EVT_N_EVENT_REPORT, self._reported),
                ],
                server_class=server_class,
            )
        except OSError as exc:
            msg = f"cannot listen at port {node.port} of {node.host}: {exc.strerror}"
            raise InputError(msg) from exc
        self._server = cast(GuardedServer, server)
        ae._servers.append(server)
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name="node-ae"
        ).start()

    def stop(self) -> None:
        """Take no more associations, and abort those that are open."""
        if self._server is None:
            return
        server, self._server = self._server, None
        open_ones = [one for one in server.active_associations if one.is_established]
        server.shutdown()
        for association in open_ones:
            association.abort(block=False)
        until = time.monotonic() + _STOP_S
        for association in open_ones:
            association.join(max(0.0, until - time.monotonic()))
        self.tidy()

    @property
    def is_listening(self) -> bool:
        """Whether associations are taken."""
        return self._server is not None

    @property
    def port(self) -> int:
        """Where associations are taken; the system's choice if the rules say 0."""
        return 0 if self._server is None else int(self._server.server_address[1])

    @property
    def open_associations(self) -> int:
        """Number of associations that are established."""
        server = self._server
        if server is None:
            return 0
        return sum(one.is_established for one in server.active_associations)

    def tidy(self) -> None:
        """Remove what was on its way in when its association ended."""
        with self._lock:
            lost = [one for one, whose in self._coming.items() if not whose.is_alive()]
            for one in lost:
                del self._coming[one]
        for one in lost:
            one.discard()
            self.counts["cut_off"] += 1

    def _entity(self) -> AE:
        ae = AE(ae_title=self._rules.node.aet)
        ae.maximum_pdu_size = MAX_PDU_BYTES
        ae.maximum_associations = 10**6  # counted in `_requested`, without those that only knock
        ae.acse_timeout = min(_ASSOCIATE_S, self.idle_s)
        ae.dimse_timeout = ae.network_timeout = self.idle_s
        ae.add_supported_context(Verification)
        ae.add_supported_context(InstanceAvailabilityNotification)
        # An archive calls in the role of the SCP; some do not negotiate it
        ae.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        for uid in STORED_CLASSES:
            ae.add_supported_context(uid, list(TRANSFER_SYNTAXES))
        return ae

    # --- what the guards ask

    def may_connect(self, address: str) -> bool:
        """Whether any peer calls from this address."""
        return self._admission.may_connect(address)

    def begin(self, association: Association) -> Receiving:
        """Begin to receive an object."""
        limits = self._rules.limits
        received = self._spool.begin(
            most_bytes=limits.object_mb * _MB, free_bytes=limits.disk_free_mb * _MB
        )
        with self._lock:
            self._coming[received] = association
        return received

    def meta(self, association: Association, message: C_STORE_RQ, context_id: int) -> bytes | None:
        """Make what precedes an object's data set in its file."""
        context = association._accepted_cx.get(context_id)
        command = message.command_set
        sop_class = str(command.get("AffectedSOPClassUID", ""))
        sop_instance = str(command.get("AffectedSOPInstanceUID", ""))
        if context is None or sop_class != context.abstract_syntax or not is_uid(sop_instance):
            return None
        return file_meta(
            sop_class_uid=sop_class,
            sop_instance_uid=sop_instance,
            transfer_syntax_uid=str(context.transfer_syntax[0]),
        )

    def refused(self, kind: str, why: str, *, aet: str = "", address: str = "") -> None:
        """Take note of what was refused."""
        self.counts[f"refused_{kind}"] += 1
        self._refusals.add(kind, why, aet=aet, address=address)

    # --- what pynetdicom asks

    def _requested(self, event: Any) -> None:
        """Reject an association that is not wanted."""
        association = event.assoc
        request = association.requestor.primitive
        aet, address = str(request.calling_ae_title), association.requestor.address
        rejection, why = self._rejection(aet, str(request.called_ae_title), address)
        if rejection is None:
            self.counts["associations"] += 1
            return
        self.refused("association", why, aet=aet, address=address)
        association.acse.send_reject(*rejection)
        association.kill()

    def _accepted(self, event: Any) -> None:
        """Take note of an association that can bring nothing: its caller says no more than that."""
        association = event.assoc
        if association.accepted_contexts:
            return
        offered = dict.fromkeys(map(_offer, association.rejected_contexts))
        named = ", ".join([*offered][:_MOST_NAMED])
        why = f"offers nothing that is taken here: {named}"
        requestor = association.requestor
        aet, address = str(requestor.primitive.calling_ae_title), requestor.address
        self.refused("association", why, aet=aet, address=address)

    def _rejection(
        self, aet: str, called: str, address: str
    ) -> tuple[tuple[int, int, int] | None, str]:
        if called != self._rules.node.aet:
            return (_REJECTED, _BY_USER, _UNKNOWN_CALLED), f"called {called!r} instead of us"
        if self._admission.peer(aet, address) is None:
            why = "no peer of this AE title calls from this address"
            return (_REJECTED, _BY_USER, _UNKNOWN_CALLER), why
        if self.open_associations >= self.associations:
            why = f"{self.associations} associations are open"
            return (_FOR_NOW, _BY_PROVIDER, _TOO_MANY), why
        return None, ""

    def _store(self, event: Any) -> int:
        """Answer C-STORE: success once the object is on disk, durably, and not before."""
        received = cast(Receiving | None, event.request._dataset_file)
        requestor = event.assoc.requestor
        aet, address = str(requestor.primitive.calling_ae_title), requestor.address
        try:
            return self._kept(received, aet, address, mover=_mover(event.request))
        except Refused as exc:
            self.refused("object", exc.why, aet=aet, address=address)
            return int(exc.status)
        except (OSError, CorcalError) as exc:  # a full disk, or a database that is away
            reason = exc.strerror if isinstance(exc, OSError) else exc
            why = f"it cannot be kept here: {reason}"
            self.refused("object", why, aet=aet, address=address)
            return int(Status.NO_ROOM)
        finally:
            if received is not None:
                received.discard()
                with self._lock:
                    self._coming.pop(received, None)

    def _kept(self, received: Receiving | None, aet: str, address: str, *, mover: str) -> int:
        peer = self._admission.peer(aet, address)
        is_asked = mover == self._rules.node.aet and peer is not None and Role.QUERY in peer.roles
        if peer is None or not (is_asked or Role.SEND in peer.roles):
            raise Refused(Status.NOT_AUTHORISED, "its sender may not send what was not asked for")
        if received is None:
            raise Refused(Status.NOT_UNDERSTOOD, "it has no data set")
        self._wait_for_pace(self._admission.pace(peer))
        received.finish()
        sender = Sender(peer=peer.name, aet=aet, address=address, is_asked=is_asked)
        kept = self._spool.keep(received, sender)
        self.counts["received" if kept is Kept.NEW else "duplicates"] += 1
        self.counts["bytes"] += received.size
        return int(Status.SUCCESS)

    def _wait_for_pace(self, pace: Pace) -> None:
        """Let a peer that sends too fast wait; refuse where that does not help."""
        until = time.monotonic() + _PATIENCE_S
        while not pace.take():
            if time.monotonic() > until:
                most = self._rules.limits.objects_per_minute
                raise Refused(Status.NO_ROOM, f"a peer may send {most} objects a minute")
            time.sleep(_WAIT_S)

    def _notified(self, event: Any) -> tuple[int, Dataset | None]:
        """Take an Instance Availability Notification (PS3.4 annex R).

        Whoever sends it says which objects of a study are available: if all of them have come, the
        study is complete.
        """
        try:
            study, named = _named(event.attribute_list)
        except (AttributeError, TypeError, ValueError, KeyError):
            self.refused("message", "a notification that cannot be read")
            return _INVALID, None
        if all(self._spool.has(study, one) for one in named):
            self._spool.announce(study)
        return _SUCCESS, None

    def _reported(self, event: Any) -> tuple[int, Dataset | None]:
        """Hand on an archive's answer about storage commitment."""
        if self._answered is None:
            return _INVALID, None
        try:
            is_ours = self._answered(event.event_information, int(event.event_type or 0))
        except (CorcalError, AttributeError, TypeError, ValueError) as exc:
            _log.warning("an answer about storage commitment was not taken: %s", type(exc).__name__)
            return _INVALID, None
        return (_SUCCESS if is_ours else _INVALID), None


def _offer(context: PresentationContext) -> str:
    """Name what was offered: a kind of objects, or the encoding of one that is taken otherwise."""
    kind = UID(context.abstract_syntax or "").name
    if context.result != _OTHER_ENCODING:
        return kind
    return f"{kind} as {' or '.join(UID(one).name for one in context.transfer_syntax)}"


def _mover(request: Any) -> str:
    """Give the AE title of who asked the sender for an object by C-MOVE."""
    return str(getattr(request, "MoveOriginatorApplicationEntityTitle", None) or "").strip()


def _named(notification: Dataset) -> tuple[str, set[str]]:
    """Give the study and the objects that a notification names."""
    study = str(notification.StudyInstanceUID)
    named = {
        str(item.ReferencedSOPInstanceUID)
        for series in notification.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    if not is_uid(study) or not named:
        msg = "no study, or nothing of it"
        raise ValueError(msg)
    return study, named
