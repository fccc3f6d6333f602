"""The node over HTTP: is it well, how is it doing, and "this study is complete"."""

import asyncio
import json
import logging
import re
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from corcal.errors import CorcalError, InputError
from corcal.interop.send.address import is_loopback
from corcal.node.metrics import CONTENT_TYPE, metrics_text
from corcal.node.rules import NodeRules, NodeSettings
from corcal.store.store import Store

__all__ = ["NodeHttp", "Probe", "start"]

_MOST_BYTES = 4096
_MOST_CONNECTIONS = 64
_START_S = 10.0
_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)
_JSON = "application/json"
_log = logging.getLogger(__name__)

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Answer = tuple[int, str, str]


class Probe(Protocol):
    """What the intake is asked."""

    def ready(self) -> str | None:
        """Say why nothing can be taken now; None if it can."""

    def figures(self) -> Any:
        """Tell how it is doing: a dataclass of numbers."""

    def complete(self, study_instance_uid: str) -> bool:
        """Note that a study is complete; whether anything of it has come."""


class NodeHttp:
    """The node's HTTP server, in a thread of its own.

    Parameters
    ----------
    settings : NodeSettings
        Where it listens, and who may say that a study is complete.
    probe : Probe
        The intake.
    store : Store
        Of the node.
    """

    def __init__(self, settings: NodeSettings, probe: Probe, store: Store) -> None:
        # uvicorn takes a fifth of a second to import: only where it serves
        import uvicorn

        self._settings, self._probe, self._store = settings, probe, store
        self._token = _token(settings)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, daemon=True, name="node-http")
        self._socket: socket.socket | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return 0 if self._socket is None else int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Listen.

        Raises
        ------
        InputError
            If nothing can listen at this address.
        """
        host, port = self._settings.http_host, self._settings.http_port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(_MOST_CONNECTIONS)
        except OSError as exc:
            listening.close()
            msg = f"cannot listen at port {port} of {host} (http_port): {exc.strerror}"
            raise InputError(msg) from exc
        self._socket = listening
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_START_S)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket] if self._socket else None))

    async def _app(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI)."""
        if scope["type"] != "http":
            return
        status, kind, text = await self._answer(scope, receive)
        headers = [
            (b"content-type", kind.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        asked = (scope["method"], scope["path"])
        try:
            if asked == ("POST", "/studies/complete"):
                return await self._complete(scope, receive)
            read = _READ.get(asked)
            if read is None:
                return _json(404, {"error": f"known are {', '.join(_PLACES)}"})
            return await asyncio.to_thread(read, self)
        except CorcalError as exc:
            _log.warning("a request could not be answered: %s", exc)
            return _json(503, {"error": "the store cannot be used now"})

    def _health(self) -> Answer:
        return _json(200, {"status": "alive"})

    def _ready(self) -> Answer:
        why = self._probe.ready()
        if why is None:
            self._store.jobs.counts()  # a store that cannot be read takes nothing either
        return _json(200 if why is None else 503, {"ready": why is None, "why": why})

    def _metrics(self) -> Answer:
        return 200, CONTENT_TYPE, metrics_text(self._probe.figures(), self._store)

    async def _complete(self, scope: Message, receive: Receive) -> Answer:
        if not self._may_complete(dict(scope["headers"])):
            return _json(401, {"error": "a token is needed: Authorization: Bearer TOKEN"})
        body = await _body(receive)
        uid = _uid(body)
        if uid is None:
            return _json(422, {"error": 'send {"study_instance_uid": "1.2.3"}'})
        is_known = await asyncio.to_thread(self._probe.complete, uid)
        if not is_known:
            return _json(404, {"error": "nothing of this study has come"})
        return _json(202, {"complete": True})

    def _may_complete(self, headers: Mapping[bytes, bytes]) -> bool:
        if self._token is None:
            return is_loopback(self._settings.http_host)
        given = headers.get(b"authorization", b"")
        return secrets.compare_digest(given, b"Bearer " + self._token)


_READ: Mapping[tuple[str, str], Callable[[NodeHttp], Answer]] = {
    ("GET", "/health"): NodeHttp._health,
    ("GET", "/ready"): NodeHttp._ready,
    ("GET", "/metrics"): NodeHttp._metrics,
}
_PLACES = ("GET /health", "GET /ready", "GET /metrics", "POST /studies/complete")


def start(rules: NodeRules, probe: Probe, store: Store) -> NodeHttp | None:
    """Serve the node over HTTP, unless the rules say port 0.

    Raises
    ------
    InputError
        If nothing can listen at the address, or the file of the token cannot be read.
    """
    if rules.node.http_port == 0:
        return None
    served = NodeHttp(rules.node, probe, store)
    served.start()
    return served


def _json(status: int, value: Mapping[str, Any]) -> Answer:
    return status, _JSON, json.dumps(value) + "\n"


def _token(settings: NodeSettings) -> bytes | None:
    if settings.http_token_file is None:
        return None
    try:
        token = settings.http_token_file.read_bytes().strip()
    except OSError as exc:
        msg = f"the file of http_token_file cannot be read: {exc.strerror}"
        raise InputError(msg) from exc
    if not token:
        msg = "the file of http_token_file is empty"
        raise InputError(msg)
    return token


async def _body(receive: Receive) -> bytes:
    """Read a request's body, as far as it is short."""
    body = b""
    while len(body) <= _MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return body


def _uid(body: bytes) -> str | None:
    try:
        uid = json.loads(body)["study_instance_uid"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return uid if isinstance(uid, str) and _UID.fullmatch(uid) else None
