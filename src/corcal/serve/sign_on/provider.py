"""The provider of sign-on: its discovery document, its keys, and the tokens it gives.

The protocol (RFC 6749, RFC 7636, OpenID Connect Core 1.0) is Authlib's, the signatures are
joserfc's; here it is decided what is believed.
"""

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any

from corcal.errors import InputError, PeerError
from corcal.interop.send.web import opener
from corcal.serve.sign_on.flow import Flow
from corcal.serve.sign_on.settings import SignOn, is_safe

__all__ = ["Provider", "RefusedError"]

# Signatures that only the provider can make: none, and those by a shared secret, are not among them
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LEEWAY_S = 60  # by which clocks may differ
_KEPT_S = 3600.0
_AGAIN_S = 30.0  # keys are asked for anew at most so often
_TIMEOUT_S = 10.0
_MOST_BYTES = 2**20
_FORM = "application/x-www-form-urlencoded"


class RefusedError(InputError):
    """What the provider has given is not believed, or it has refused."""


class Provider:
    """A provider of sign-on.

    Parameters
    ----------
    settings : SignOn
        Where it is.
    secret : str or None
        What this server proves itself by.

    Raises
    ------
    InputError
        If Authlib is not installed, or the file of authorities cannot be used.
    """

    def __init__(self, settings: SignOn, secret: str | None) -> None:
        try:
            import authlib.oidc.core  # noqa: F401  (the extra that only sign-on needs)
        except ModuleNotFoundError as exc:
            msg = f"sign-on needs the package {exc.name}: install corcal[sso]"
            raise InputError(msg) from exc
        self.settings, self._secret = settings, secret
        try:
            context = ssl.create_default_context(cafile=settings.ca_file)
        except OSError as exc:
            msg = "ca_file of sign-on is not there, or holds no PEM certificate"
            raise InputError(msg) from exc
        is_here = settings.issuer.startswith("http://")
        self._opener = opener(context, is_here=is_here)
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def login_address(self, flow: Flow) -> str:
        """Give the address that a browser signs on at."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        address: str = prepare_grant_uri(
            self._place("authorization_endpoint"),
            self.settings.client_id,
            "code",
            redirect_uri=self.settings.callback,
            scope=list(self.settings.scopes),
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
        return address

    def logout_address(self) -> str | None:
        """Give the address that a browser signs off at, if the provider has one."""
        from authlib.common.urls import add_params_to_uri

        if "end_session_endpoint" not in self._metadata():
            return None
        back = [
            ("client_id", self.settings.client_id),
            ("post_logout_redirect_uri", f"{self.settings.server}/"),
        ]
        address: str = add_params_to_uri(self._place("end_session_endpoint"), back)
        return address

    def claims(self, code: str, flow: Flow) -> dict[str, Any]:
        """Give what the provider says of somebody, for the code that their browser has brought.

        Raises
        ------
        RefusedError
            If the code is not taken, or the token is not one for this sign-on.
        PeerError
            If the provider does not answer as one.
        """
        token = self._token(code, flow)
        given = token.get("id_token")
        if not isinstance(given, str):
            msg = "the provider of sign-on has given no ID token"
            raise RefusedError(msg)
        claims = self._checked(given, flow, token.get("access_token"))
        return self._userinfo(token.get("access_token"), claims) | claims

    def _token(self, code: str, flow: Flow) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        body = prepare_token_request(
            "authorization_code",
            redirect_uri=self.settings.callback,
            code=code,
            code_verifier=flow.verifier,
        )
        headers = {"Content-Type": _FORM, "Accept": "application/json"}
        auth = ClientAuth(self.settings.client_id, self._secret, self._method())
        place = self._place("token_endpoint")
        _, headers, body = auth.prepare("POST", place, headers, body)
        return self._asked(place, headers=headers, body=body.encode())

    def _method(self) -> str:
        """Say how this server proves itself: as the provider takes it, by header rather."""
        if self._secret is None:
            return "none"
        taken = self._metadata().get("token_endpoint_auth_methods_supported")
        only_in_body = isinstance(taken, list) and "client_secret_basic" not in taken
        return "client_secret_post" if only_in_body else "client_secret_basic"

    def _checked(self, given: str, flow: Flow, access_token: Any) -> dict[str, Any]:
        """Check signature, issuer, audience, times and nonce of an ID token (Core 1.0, 3.1.3.7)."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        try:
            token = self._decoded(given)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": flow.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": access_token,
                },
            )
            claims.validate(leeway=_LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as exc:
            # Only the kind: what a token holds is somebody's
            what = getattr(exc, "claim", None) or getattr(exc, "error", None)
            msg = f"the ID token of sign-on is not believed ({what or type(exc).__name__})"
            raise RefusedError(msg) from None
        return dict(claims)

    def _decoded(self, given: str) -> Any:
        """Check the signature; keys that are not known are asked for once more."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        said = self._metadata().get("id_token_signing_alg_values_supported")
        allowed = [one for one in _ALGORITHMS if not isinstance(said, list) or one in said]
        registry = JWSRegistry(algorithms=allowed or _ALGORITHMS, strict_check_header=False)
        place = self._place("jwks_uri")
        keys: Any = self._kept(place)
        try:
            return jwt.decode(given, KeySet.import_key_set(keys), registry=registry)
        except InvalidKeyIdError:
            keys = self._kept(place, newer_s=_AGAIN_S)
            return jwt.decode(given, KeySet.import_key_set(keys), registry=registry)

    def _userinfo(self, access_token: Any, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Ask for further claims, where the provider has a place for them."""
        if "userinfo_endpoint" not in self._metadata() or not isinstance(access_token, str):
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        more = self._asked(self._place("userinfo_endpoint"), headers=headers)
        if more.get("sub") != claims["sub"]:  # Core 1.0, 5.3.2: somebody else's
            msg = "the provider of sign-on has told of somebody else"
            raise RefusedError(msg)
        return more

    def _metadata(self) -> dict[str, Any]:
        found = self._kept(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.settings.issuer:
            msg = "the discovery document of sign-on is of another issuer than the settings"
            raise PeerError(msg)
        return found

    def _place(self, name: str) -> str:
        found = self._metadata().get(name)
        if not isinstance(found, str) or not is_safe(found.partition("?")[0]):
            msg = f"the discovery document of sign-on has no {name} with https://"
            raise PeerError(msg)
        return found

    def _kept(self, place: str, *, newer_s: float = _KEPT_S) -> dict[str, Any]:
        """Give a document of the provider, as it was not longer ago than said."""
        with self._lock:
            known = self._known.get(place)
        if known is not None and time.monotonic() - known[0] < newer_s:
            return known[1]
        found = self._asked(place, headers={"Accept": "application/json"})
        with self._lock:
            self._known[place] = (time.monotonic(), found)
        return found

    def _asked(
        self, place: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> dict[str, Any]:
        """Ask the provider something; redirects are not followed, and answers have a size."""
        request = urllib.request.Request(place, data=body, headers=dict(headers))  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                data = answer.read(_MOST_BYTES + 1)
            found = json.loads(data) if len(data) <= _MOST_BYTES else None
        except urllib.error.HTTPError as exc:
            with exc:
                msg = f"the provider of sign-on answers {exc.code}"
            if body is not None and exc.code in (400, 401, 403):
                raise RefusedError(msg) from None
            raise PeerError(msg) from None
        except (OSError, HTTPException, ValueError, RecursionError) as exc:
            msg = f"the provider of sign-on cannot be asked ({type(exc).__name__})"
            raise PeerError(msg) from None
        if not isinstance(found, dict):
            msg = "the provider of sign-on answers with what is no document"
            raise PeerError(msg)
        return found
