"""A provider of sign-on in a thread: discovery, keys, tokens; each answer can be spoiled."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

CLIENT, SECRET = "corcal-test", "a secret of the provider"


class IdentityProvider:
    """What the provider knows and says.

    Attributes
    ----------
    person : dict
        Claims of whoever signs on next.
    signed : callable or None
        Makes the ID token of these claims, in place of `sign`.
    asked : list
        Form and headers of each request for a token.
    """

    def __init__(self) -> None:
        self.keys = [ECKey.generate_key("P-256", {"kid": "first", "use": "sig"})]
        self.person: dict[str, Any] = {"sub": "17", "preferred_username": "anna"}
        self.signed: Callable[[dict[str, Any]], str] | None = None
        self.more: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.asked: list[tuple[dict[str, str], str]] = []
        self.key_requests = 0
        self._codes: dict[str, dict[str, str]] = {}
        self.issuer = ""

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/off?tenant=1",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        } | self.more

    def approve(self, address: str) -> dict[str, str]:
        """Let the browser's person in: what it is sent back with."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Give the tokens for a code, once, to whom it belongs."""
        self.asked.append((form, authorization))
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if challenge != asked["code_challenge"] or asked["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        if form["redirect_uri"] != asked["redirect_uri"] or authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        } | self.person
        made = self.sign(claims) if self.signed is None else self.signed(claims)
        return 200, {"id_token": made, "access_token": "an-access-token", "token_type": "Bearer"}

    def sign(self, claims: dict[str, Any], key: ECKey | OctKey | None = None) -> str:
        key = key or self.keys[-1]
        header = {"alg": "HS256" if isinstance(key, OctKey) else "ES256", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    """A token of the algorithm "none"."""
    parts = [json.dumps(one).encode() for one in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."


@contextmanager
def running(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """Let a provider answer at a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/.well-known/openid-configuration":
                self._answer(200, provider.discovery())
            elif path == "/keys":
                provider.key_requests += 1
                self._answer(200, KeySet(provider.keys).as_dict(private=False))
            elif path == "/me":
                self._answer(200, {"sub": provider.person["sub"]} | provider.userinfo)
            else:
                self._answer(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: one[0] for name, one in parse_qs(body).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
