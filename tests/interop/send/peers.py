"""Archives that misbehave, on this machine: application entities, plain sockets, web servers."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage, Verification

from corcal.interop.send import DicomAddress, WebAddress
from corcal.interop.send.association import QUIET_END

__all__ = ["Seen", "WebSeen", "dicom_peer", "plain_peer", "web_peer"]


@dataclass
class Seen:
    """What reached an application entity."""

    address: DicomAddress
    associations: int = 0
    stored: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)


@contextmanager
def dicom_peer(
    on_store: Any = None,
    *,
    contexts: Mapping[str, list[str]] | None = None,
    handlers: list[Any] | None = None,
    tls: ssl.SSLContext | None = None,
    **ae_options: Any,
) -> Iterator[Seen]:
    """Run an application entity.

    Parameters
    ----------
    on_store : callable, optional
        Given the pynetdicom event and `Seen`, returns the status of C-STORE; 0 by default.
    contexts : mapping, optional
        Transfer syntaxes by SOP class; explicit little endian CT by default.
    """
    ae = AE(ae_title="PEER")
    for name, value in ae_options.items():
        setattr(ae, name, value)
    for uid, syntaxes in (contexts or {CTImageStorage: ["1.2.840.10008.1.2.1"]}).items():
        ae.add_supported_context(uid, syntaxes, scu_role=True, scp_role=True)
    seen = Seen(address=DicomAddress(called="PEER", host="127.0.0.1", port=0))

    def stored(event: Any) -> int:
        status = 0 if on_store is None else on_store(event, seen)
        if status == 0 or status & 0xF000 == 0xB000:
            seen.stored.append(str(event.request.AffectedSOPInstanceUID))
            seen.data.append(event.request.DataSet.getvalue())
        return status

    def opened(_event: Any) -> None:
        seen.associations += 1

    server = ae.start_server(
        ("127.0.0.1", 0),
        block=False,
        ssl_context=tls,
        evt_handlers=[
            (evt.EVT_C_STORE, stored),
            (evt.EVT_CONN_OPEN, opened),
            QUIET_END,
            *(handlers or ()),
        ],
    )
    port = server.socket.getsockname()[1]
    seen.address = DicomAddress(called="PEER", host="127.0.0.1", port=port, is_tls=tls is not None)
    try:
        yield seen
    finally:
        server.shutdown()


ECHO_ONLY = {Verification: ["1.2.840.10008.1.2"]}


@contextmanager
def plain_peer(talk: Any = None) -> Iterator[tuple[int, list[bytes]]]:
    """Listen at a port; give each connection to `talk`, or leave it open and silent."""
    got: list[bytes] = []
    connections: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            if talk is not None:
                talk(connection, got)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], got
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            connection.close()
        thread.join(timeout=10)


@dataclass
class WebSeen:
    """What reached a web server."""

    address: WebAddress
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def web_peer(answer: Any, *, tls: ssl.SSLContext | None = None) -> Iterator[WebSeen]:
    """Run a web server; `answer`, given the handler and the body, returns (status, headers, body).

    ``None`` instead hangs up without an answer.
    """
    seen = WebSeen(address=WebAddress(url="", host="127.0.0.1", is_tls=tls is not None))

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(body)

        def do_GET(self) -> None:
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            seen.requests.append((self.command, self.path, dict(self.headers), body))
            said = answer(self, body)
            if said is None:
                self.close_connection = True
                return
            status, headers, content = said
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_args: Any) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    url = f"{scheme}://127.0.0.1:{server.server_address[1]}/dicom-web"
    seen.address = WebAddress(url=url, host="127.0.0.1", is_tls=tls is not None)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
