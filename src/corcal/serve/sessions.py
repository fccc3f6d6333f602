"""Who makes a request: sessions of browsers, tokens of programs, the one-time link."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from corcal.serve.settings import Settings
from corcal.store.records import Role, User
from corcal.store.store import Store

__all__ = ["Principal", "Sessions", "StartLink", "digest", "new_secret"]

_BYTES = 32
TOKEN_PREFIX = "corcal_"  # noqa: S105  (so that a leaked one is recognised by scanners)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request.

    Attributes
    ----------
    csrf : str or None
        What a request that changes something has to bring; ``None`` for a token, which no browser
        sends by itself.
    session : str or None
        Value of the session's cookie.
    has_sign_on : bool
        Whether they come by sign-on, and have no password here.
    """

    user_id: str
    login: str
    name: str
    role: Role
    csrf: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    has_sign_on: bool = False


class Sessions:
    """The sessions and tokens of a server; the store keeps their hashes alone.

    Parameters
    ----------
    store : Store
        Where they are kept: they outlive the server.
    settings : Settings
        How long sessions last.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._logins = store.logins
        self._idle_s, self._most_s = settings.session_s, settings.session_most_s
        self._cookie_name = settings.cookie_name

    def begin(self, user: User) -> tuple[str, Principal]:
        """Begin a session: the value of its cookie, and who it is of."""
        self._logins.forget_ended(idle_s=self._idle_s, most_s=self._most_s)
        value = new_secret()
        self._logins.begin(digest(value), user.login)
        return value, _of_session(user, value)

    def of_request(self, headers: Headers, *, is_use: bool = True) -> Principal | None:
        """Give who a request is from, by its token or its cookie.

        Parameters
        ----------
        is_use : bool
            Whether the session goes on longer by it.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.by_token(token.strip())
        cookie = cookie_parser(headers.get("cookie", "")).get(self._cookie_name)
        return self.by_cookie(cookie, is_use=is_use) if cookie else None

    def by_cookie(self, value: str, *, is_use: bool = True) -> Principal | None:
        """Give who a cookie belongs to."""
        user = self._logins.user_of_session(
            digest(value), idle_s=self._idle_s, most_s=self._most_s, is_use=is_use
        )
        return None if user is None else _of_session(user, value)

    def by_token(self, value: str) -> Principal | None:
        """Give who a token belongs to."""
        user = self._logins.user_of_token(digest(value))
        return None if user is None else _principal(user)

    def end(self, value: str) -> None:
        """End a session."""
        self._logins.end(digest(value))


class StartLink:
    """The token of a link that opens one session, once."""

    def __init__(self) -> None:
        self.token: str | None = new_secret()
        self._lock = threading.Lock()

    def use(self, token: str) -> bool:
        """Tell whether the token is the right one; it is used up then."""
        with self._lock:
            is_it = self.token is not None and secrets.compare_digest(
                self.token.encode(), token.encode()
            )
            if is_it:
                self.token = None
            return is_it


def digest(value: str) -> str:
    """Hash a random value: what is kept cannot be sent."""
    return hashlib.sha256(value.encode()).hexdigest()


def new_secret() -> str:
    """Make a value that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def _of_session(user: User, value: str) -> Principal:
    """Give the one of a session; what it has to bring follows from the cookie, which is secret."""
    return _principal(user, csrf=digest(f"csrf:{value}"), session=value)


def _principal(user: User, *, csrf: str | None = None, session: str | None = None) -> Principal:
    return Principal(
        user_id=user.id,
        login=user.login,
        name=user.name or user.login,
        role=user.role,
        csrf=csrf,
        session=session,
        has_sign_on=user.issuer is not None,
    )
