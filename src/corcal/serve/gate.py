"""What every request passes: the name it called, who it is from, what goes out with the answer.

Plain ASGI, so that it comes before everything else: a request that is not allowed in is refused
before its body is read or its address is looked at.
"""

import asyncio
import logging
import re
import secrets
import socket
import time
from ipaddress import ip_address
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corcal.serve.pages import is_for_people, problem_page
from corcal.serve.problems import problem
from corcal.serve.sessions import Principal, Sessions
from corcal.serve.settings import Settings

__all__ = ["API", "CSP", "OPEN", "PRINCIPAL", "Gate"]

API = "/api/v1"
OPEN = frozenset({("GET", f"{API}/health"), ("GET", f"{API}/ready"), ("POST", f"{API}/session")})
"""What needs no login."""
PRINCIPAL = "corcal.principal"
"""Where the scope of a request says who it is from."""
CSP = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FILE = re.compile(rf"{API}/uploads/[0-9a-f]{{32}}/files/[0-9]+")
_BODY_S = 60.0  # in which a request comes as a whole
_PIECE_S = 60.0  # in which the next piece of an upload comes
_FOR_EVER = "public, max-age=31536000, immutable"
_HSTS = ("strict-transport-security", "max-age=31536000")
_log = logging.getLogger("corcal.serve.access")


class Gate:
    """The outermost layer of the application.

    Parameters
    ----------
    app : ASGI application
        What is inside.
    settings : Settings
        Of the server.
    sessions : Sessions
        Who a cookie or a token belongs to.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        sessions: Sessions,
    ) -> None:
        self._app, self._settings = app, settings
        self._sessions = sessions
        self._names = _own_names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            refusal = await self._refusal(scope)
            await (refusal or self._app)(scope, self._limited(scope, receive), dressed)
        finally:
            _write_access(scope, status, time.perf_counter() - began)

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers, method, path = Headers(scope=scope), scope["method"], scope["path"]
        if not self._is_ours(headers.get("host", "")):
            detail = "the server is not known by this name: see --allowed-host"
            return (
                problem_page(400, detail) if is_for_people(path) else problem(400, "host", detail)
            )
        if _is_foreign(headers):
            return problem(403, "origin", "the request comes from another site")
        if not path.startswith(API + "/") or (method, path) in OPEN:
            return None
        who = await run_in_threadpool(self._sessions.of_request, headers)
        if who is None:
            more = {"sign_on": self._settings.sign_on is not None}
            headers_back = {"WWW-Authenticate": "Bearer"}
            return problem(401, "login", "log in first", headers=headers_back, more=more)
        scope[PRINCIPAL] = who
        if self._is_too_long(path, headers.get("content-length", "")):
            return problem(413, "body_too_large", self._too_long)
        if method not in _SAFE and who.csrf is not None:
            given = headers.get("x-csrf-token", "")
            if not secrets.compare_digest(given.encode(), who.csrf.encode()):
                return problem(
                    403, "csrf", "the header X-CSRF-Token is missing or not the right one"
                )
        return None

    @property
    def _too_long(self) -> str:
        return f"a request may have {self._settings.limits.body_bytes} bytes"

    def _is_too_long(self, path: str, declared: str) -> bool:
        is_file = _FILE.fullmatch(path) is not None
        most = self._settings.limits.body_bytes
        return not is_file and declared.isdigit() and int(declared[:20]) > most

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Count what comes in, and how long it takes; uploads count their bytes themselves."""
        is_file = _FILE.fullmatch(scope["path"]) is not None
        most, come, is_whole = self._settings.limits.body_bytes, 0, False
        until = time.monotonic() + _BODY_S

        async def counting() -> Message:
            nonlocal come, is_whole
            if is_whole:  # what comes now is that the client has gone, some time
                return await receive()
            wait_s = _PIECE_S if is_file else until - time.monotonic()
            try:
                message = await asyncio.wait_for(receive(), wait_s)
            except TimeoutError:
                raise HTTPException(408) from None  # FastAPI lets this kind through
            is_whole = not message.get("more_body", False)
            come += len(message.get("body", b""))
            if come > most and not is_file:
                raise HTTPException(413)
            return message

        return counting

    def _is_ours(self, host: str) -> bool:
        """Whether a name is ours: any other was made to lead here by somebody else's DNS."""
        name = _without_port(host)
        if name in self._names:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True  # an address needs no DNS

    def _dress(self, scope: Scope, headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        is_asset = scope["path"].startswith("/assets/")  # named by their content
        headers.setdefault("cache-control", _FOR_EVER if is_asset else "private, no-store")
        if self._settings.is_secure:
            headers.setdefault(*_HSTS)


def _own_names(settings: Settings) -> frozenset[str]:
    own = {"localhost", settings.host, *settings.allowed_hosts}
    if settings.mode != "personal":
        own |= {socket.gethostname(), socket.getfqdn()}
    if settings.sign_on is not None:
        own.add(settings.sign_on.host)
    return frozenset(name.lower() for name in own)


def _without_port(host: str) -> str:
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site has sent this request."""
    origin = headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != headers.get("host", "").lower()


def _write_access(scope: Scope, status: int, seconds: float) -> None:
    """Write a line of the access log: the route, and nothing that a client could have written."""
    route: Any = scope.get("route")
    path = getattr(route, "path", None) or "-"
    who = scope.get(PRINCIPAL)
    login = who.login if isinstance(who, Principal) else "-"
    _log.info("%s %s %d %.0f ms %s", scope["method"], path, status, seconds * 1000, login)
