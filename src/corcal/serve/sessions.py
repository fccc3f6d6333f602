"""Who is logged in: sessions of browsers, tokens of programs, the one-time link."""

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass, field, replace

from corcal.store.records import Role

__all__ = ["Principal", "Session", "Sessions", "StartLink", "digest"]

_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request.

    Attributes
    ----------
    csrf : str or None
        What a request that changes something has to bring; ``None`` for a token, which no browser
        sends by itself.
    """

    user_id: str
    login: str
    name: str
    role: Role
    csrf: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a browser; the cookie itself is not kept, only its hash."""

    login: str
    csrf: str = field(repr=False)
    began: float
    seen: float


class Sessions:
    """The sessions of a server.

    Parameters
    ----------
    idle_s, most_s : int
        Seconds without a request after which one ends, and after which any ends.
    """

    def __init__(self, *, idle_s: int, most_s: int) -> None:
        self._idle_s, self._most_s = idle_s, most_s
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, login: str) -> tuple[str, Session]:
        """Begin a session: the value of its cookie, and the session."""
        value, now = secrets.token_urlsafe(_BYTES), time.time()
        session = Session(login=login, csrf=secrets.token_urlsafe(_BYTES), began=now, seen=now)
        with self._lock:
            self._known = {k: one for k, one in self._known.items() if self._lives(one, now)}
            self._known[digest(value)] = session
        return value, session

    def find(self, value: str) -> Session | None:
        """Give the session of a cookie, if it has not ended."""
        key, now = digest(value), time.time()
        with self._lock:
            found = self._known.get(key)
            if found is None or not self._lives(found, now):
                self._known.pop(key, None)
                return None
            self._known[key] = replace(found, seen=now)
            return found

    def end(self, value: str) -> None:
        """End a session."""
        with self._lock:
            self._known.pop(digest(value), None)

    def end_all(self, login: str) -> None:
        """End all sessions of a user."""
        with self._lock:
            self._known = {k: one for k, one in self._known.items() if one.login != login}

    def _lives(self, one: Session, now: float) -> bool:
        return now - one.seen < self._idle_s and now - one.began < self._most_s


class StartLink:
    """The token of a link that opens one session, once."""

    def __init__(self) -> None:
        self.token: str | None = secrets.token_urlsafe(_BYTES)
        self._lock = threading.Lock()

    def use(self, token: str) -> bool:
        """Tell whether the token is the right one; it is used up then."""
        with self._lock:
            is_it = self.token is not None and secrets.compare_digest(self.token, token)
            if is_it:
                self.token = None
            return is_it


def digest(value: str) -> str:
    """Hash a random value: what is kept cannot be sent."""
    return hashlib.sha256(value.encode()).hexdigest()
