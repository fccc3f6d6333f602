"""Passwords: argon2id hashes, and how often somebody may guess."""

import threading
import time
from collections import deque

from corcal.errors import InputError

__all__ = ["GuessLimit", "hash_password", "is_right"]

MIN_LENGTH = 12  # NIST SP 800-63B-4 asks for 15 alone, 8 with a second factor; no rules of kinds
MAX_LENGTH = 256  # a longer one is work for the server and no safer


def hash_password(password: str) -> str:
    """Hash a password with argon2id, by the parameters of argon2-cffi (RFC 9106, low memory).

    Raises
    ------
    InputError
        If it is too short or too long.
    """
    from argon2 import PasswordHasher  # only where there are accounts

    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        msg = f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters, this one {len(password)}"
        raise InputError(msg)
    return PasswordHasher().hash(password)


def is_right(password: str, hashed: str | None) -> bool:
    """Tell whether a password is the one of a hash; takes as long where there is no hash."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        found = PasswordHasher().verify(hashed or _nobody(), password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return found and hashed is not None


_nobodys_hash: list[str] = []


def _nobody() -> str:
    """Give a hash that no password has: who guesses logins must not learn which exist."""
    if not _nobodys_hash:
        import secrets

        _nobodys_hash.append(hash_password(secrets.token_hex(32)))
    return _nobodys_hash[0]


class GuessLimit:
    """Counts failed logins, by account and by address.

    Parameters
    ----------
    most : int
        Failures within the window that one key may have.
    window_s : float
        Seconds.
    """

    _MAX_KEYS = 10_000  # against somebody who fills the memory with made-up logins

    def __init__(self, *, most: int = 5, window_s: float = 300.0) -> None:
        self._most, self._window_s = most, window_s
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, *keys: str) -> float:
        """Say how long the keys have to wait; 0 if they may try."""
        with self._lock:
            return max((self._wait(key) for key in keys), default=0.0)

    def failed(self, *keys: str) -> None:
        """Count a failure of each key."""
        now = time.monotonic()
        with self._lock:
            if len(self._failures) > self._MAX_KEYS:
                self._failures = {k: v for k, v in self._failures.items() if self._wait(k) > 0}
            for key in keys:
                self._failures.setdefault(key, deque(maxlen=self._most)).append(now)

    def forget(self, *keys: str) -> None:
        """Forget the failures of those who got in."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait(self, key: str) -> float:
        known = self._failures.get(key)
        if known is None or len(known) < self._most:
            return 0.0
        return max(0.0, known[0] + self._window_s - time.monotonic())
