"""pynetdicom's server, with limits where it has none.

What it lacks, and what is done about it here:

- It listens to everybody, in as many threads as there are connections: addresses and the number of
  connections are checked before a thread is made.
- It shakes hands over TLS in the thread that takes connections, without a limit of time: a silent
  caller stops the server. Here the thread of the connection does so, and not for long.
- It reads a PDU of any declared length (32 bits) into memory, and waits for its bytes forever:
  lengths and times are bounded.
- It gathers the fragments of a message in memory, however many: data sets go to disk, everything
  else has a limit, and a message that comes too slowly ends the association.
- Where bytes surprise its state machine, threads of it die with a traceback on the screen: here
  the association ends.
"""

import logging
import socket
import ssl
import threading
import time
from typing import Any, cast

from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.fsm import InvalidEventError
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.transport import (
    AssociationSocket,
    RequestHandler,
    ThreadedAssociationServer,
)

from corcal.node.receiving import Receiving

__all__ = ["MAX_PDU_BYTES", "GuardedServer", "Guards"]

_log = logging.getLogger(__name__)

MAX_PDU_BYTES = 2**17  # that we ask for; DCMTK sends no longer ones
MOST_PDU_BYTES = 2**20  # that we read: a request for 128 contexts has 100 kB, some exceed ours
MOST_COMMAND_BYTES = 2**16  # a command has some 200
MOST_DATASET_BYTES = 2**22  # of messages other than C-STORE
MOST_WAITING = 4  # messages that were not answered yet; we agree to one at a time
SLOWEST_BYTES_PER_S = 2**14  # an image of 0.5 MB in half a minute
HANDSHAKE_S = 10.0
SPARE_CONNECTIONS = 16  # which may be open beyond the associations, before they are rejected


class Guards:
    """What the server asks before it lets anything happen; the node overrides it.

    Attributes
    ----------
    idle_s : float
        How long a PDU may take, and how long an association may be silent.
    associations : int
        Which may be open.
    tls : SSLContext or None
        Of the port.
    """

    idle_s: float = 30.0
    associations: int = 16
    tls: ssl.SSLContext | None = None

    def may_connect(self, address: str) -> bool:
        """Whether anybody may call from this address."""
        raise NotImplementedError

    def begin(self, association: Association) -> Receiving:
        """Begin to receive an object."""
        raise NotImplementedError

    def meta(self, association: Association, message: C_STORE_RQ, context_id: int) -> bytes | None:
        """Make what precedes an object's data set in its file; None ends the association."""
        raise NotImplementedError

    def refused(self, kind: str, why: str, *, aet: str = "", address: str = "") -> None:
        """Take note of what was refused."""
        raise NotImplementedError


class GuardedServer(ThreadedAssociationServer):
    """A server that bounds who comes in, how many at once, and what they send."""

    request_queue_size = 128
    daemon_threads = True
    guards: Guards

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._shaking = 0
        self._count_lock = threading.Lock()
        kwargs["request_handler"] = GuardedHandler
        super().__init__(*args, **kwargs)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Say whether a connection is taken; `socketserver` closes it otherwise."""
        address = str(client_address[0])
        if not self.guards.may_connect(address):
            self.guards.refused("connection", "no peer calls from this address", address=address)
            return False
        most = self.guards.associations + SPARE_CONNECTIONS
        if len(self.active_associations) + self._shaking >= most:
            self.guards.refused("connection", f"{most} connections are open", address=address)
            return False
        with self._count_lock:
            self._shaking += 1
        return True

    def shaken(self) -> None:
        """Note that a connection has become an association, or nothing."""
        with self._count_lock:
            self._shaking -= 1

    def get_request(self) -> Any:
        """Take a connection; hands are shaken in its own thread."""
        listening = cast(socket.socket, self.socket)
        return listening.accept()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what went wrong with a connection, without a traceback on the screen."""
        _log.warning("a connection from %s could not be served", client_address[0])


class GuardedHandler(RequestHandler):
    """Makes a guarded association of a connection."""

    server: GuardedServer

    def handle(self) -> None:
        """Shake hands, if the port is encrypted, and start the association."""
        try:
            if self._is_trusted():
                super().handle()
        finally:
            self.server.shaken()

    def _is_trusted(self) -> bool:
        guards = self.server.guards
        connection = cast(socket.socket, self.request)
        connection.settimeout(HANDSHAKE_S)
        if guards.tls is not None:
            try:
                self.request = guards.tls.wrap_socket(connection, server_side=True)
            except OSError as exc:  # ssl.SSLError is one
                why = getattr(exc, "reason", None) or type(exc).__name__
                guards.refused(
                    "connection", f"TLS failed: {why}", address=str(self.client_address[0])
                )
                connection.close()
                return False
        cast(socket.socket, self.request).settimeout(guards.idle_s)
        return True

    def _create_association(self) -> Association:
        association = super()._create_association()
        guards = self.server.guards
        _bound_reading(association, guards)
        _end_quietly(association)
        association.dimse = _Messages(association, guards)
        association.dul.daemon = True  # a caller who has not asked yet does not hold up the end
        return association


def _bound_reading(association: Association, guards: Guards) -> None:
    """Let the socket of an association read PDUs of bounded length, in bounded time.

    pynetdicom makes the socket where it makes the association: only its `recv` is replaced.
    """
    service = cast(AssociationSocket, association.dul.socket)

    def recv(nr_bytes: int) -> bytearray:
        if nr_bytes > MOST_PDU_BYTES:
            guards.refused(
                "message",
                f"a PDU of {nr_bytes} bytes, at most {MOST_PDU_BYTES} are read",
                aet=association.requestor.ae_title,
                address=association.requestor.address,
            )
            msg = "the PDU is too long"
            raise OSError(msg)
        return _read(cast(socket.socket, service.socket), nr_bytes, guards.idle_s)

    service.recv = recv  # type: ignore[method-assign]


def _read(connection: socket.socket, count: int, most_s: float) -> bytearray:
    """Read so many bytes, or those that came before the end of the connection.

    Raises
    ------
    TimeoutError
        If they do not come in time, however many small pieces come.
    """
    data = bytearray(count)
    view, at = memoryview(data), 0
    until = time.monotonic() + most_s
    try:
        while at < count:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
            got = connection.recv_into(view[at:])
            if not got:
                break
            at += got
    finally:
        view.release()
        connection.settimeout(most_s)
    return data[:at]


def _end_quietly(association: Association) -> None:
    """Let an association whose state machine is surprised end, without a traceback."""
    service = association.dul
    act = service.state_machine.do_action

    def do_action(event: str) -> None:
        try:
            act(event)
        except InvalidEventError:
            _log.debug("an association ended out of turn (%s)", event)
            service.kill_dul()
        except Exception as exc:  # noqa: BLE001  (the outermost frame of a thread: hostile bytes)
            _log.info("an association ended by %s (%s)", type(exc).__name__, event)
            service.kill_dul()

    service.state_machine.do_action = do_action  # type: ignore[method-assign]


class _Messages(DIMSEServiceProvider):
    """Gathers messages of an association: data sets of C-STORE on disk, others within limits."""

    def __init__(self, association: Association, guards: Guards) -> None:
        super().__init__(association)
        self._guards = guards
        self._is_over = False
        self._forget()

    def _forget(self) -> None:
        self._began: float | None = None
        self._command_bytes = self._bytes = 0
        self._receiving: Receiving | None = None

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take what came in one PDU, fragment by fragment."""
        if self._is_over:
            return
        try:
            for value in primitive.presentation_data_value_list:
                why = self._take(*value)
                if why:
                    self._end(why)
                    return
        except Exception as exc:  # noqa: BLE001  (decoders meet hostile bytes here)
            self._end(f"a message that cannot be decoded ({type(exc).__name__})")

    def _take(self, context_id: int, data: bytes) -> str:
        """Take one fragment; why the association has to end, if it has to."""
        if not data:
            return "an empty fragment of a message"
        why = self._beyond(data)
        if why:
            return why
        one = P_DATA()
        one.presentation_data_value_list = [[context_id, data]]  # type: ignore[list-item]
        super().receive_primitive(one)
        if self.message is None:  # that was all of it
            self._forget()
            return ""
        return self._prepared(context_id)

    def _beyond(self, data: bytes) -> str:
        """Count a fragment, and say which limit it exceeds, if any."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        if data[0] & 1:
            self._command_bytes += len(data)
        else:
            self._bytes += len(data)
        if self._command_bytes > MOST_COMMAND_BYTES:
            return f"a command of more than {MOST_COMMAND_BYTES} bytes"
        if self._receiving is not None and self._receiving.is_excessive:
            return "an object of more than twice the allowed size"
        if self._receiving is None and self._bytes > MOST_DATASET_BYTES:
            return f"a message of more than {MOST_DATASET_BYTES} bytes"
        if self.msg_queue.qsize() > MOST_WAITING:
            return f"more than {MOST_WAITING} messages before an answer"
        if now - self._began > self._guards.idle_s + self._bytes / SLOWEST_BYTES_PER_S:
            return f"a message slower than {SLOWEST_BYTES_PER_S} bytes a second"
        return ""

    def _prepared(self, context_id: int) -> str:
        """Give the data set of a C-STORE a file, once its command has come."""
        message = self.message
        if not isinstance(message, C_STORE_RQ) or self._receiving is not None:
            return ""
        meta = self._guards.meta(self.assoc, message, context_id)
        if meta is None:
            return "an object with a UID that is none, or of a context that was not agreed on"
        self._receiving = self._guards.begin(self.assoc)
        self._receiving.start(meta)
        message._data_set_file = self._receiving  # type: ignore[assignment]
        message._data_set_path = self._receiving.path
        return ""

    def _end(self, why: str) -> None:
        """End the association, as pynetdicom does where a message is invalid."""
        self._is_over = True
        requestor = self.assoc.requestor
        self._guards.refused("message", why, aet=requestor.ae_title, address=requestor.address)
        if self._receiving is not None:
            self._receiving.discard()
        self.dul.event_queue.put("Evt19")
