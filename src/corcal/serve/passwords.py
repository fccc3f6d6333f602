"""Passwords: argon2id hashes, and how often somebody may guess."""

import hashlib
import time
from typing import Any

from corcal.errors import InputError
from corcal.store.shared import Shared

__all__ = ["GuessLimit", "hash_password", "is_right"]

MIN_LENGTH = 12  # NIST SP 800-63B-4 asks for 15 alone, 8 with a second factor; no rules of kinds
MAX_LENGTH = 256  # a longer one is work for the server and no safer
WINDOW_S = 300.0
_MOST = {"login": 5, "from": 20}  # attempts within the window that may fail
_KIND = "guess"


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
    """Counts logins that failed, by account and by address, for all servers of a store.

    A login counts before it is looked at and is taken back when it was right: however many come at
    once, no more are looked at than may fail.

    Parameters
    ----------
    shared : Shared
        Where the counters are kept.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def attempt(self, *keys: str) -> float:
        """Count an attempt with each key.

        Parameters
        ----------
        *keys : str
            ``login:...`` or ``from:...``: an address may fail more often than an account, as many
            may be behind it.

        Returns
        -------
        float
            How long they have to wait, in seconds; 0 if they may try.
        """
        return max((self._counted(key) for key in keys), default=0.0)

    def succeeded(self, *keys: str) -> None:
        """Take an attempt with each key back."""
        for key in keys:
            self._shared.change(_KIND, _hashed(key), _without_last, lasts_s=WINDOW_S)

    def _counted(self, key: str) -> float:
        hashed, most, moment = _hashed(key), _MOST[key.partition(":")[0]], time.time()
        recent = _recent(self._shared.get(_KIND, hashed), moment)

        def count(known: Any | None) -> Any:
            nonlocal recent
            recent = _recent(known, moment)
            return [*recent, moment] if len(recent) < most else recent

        if len(recent) < most:  # who has to wait anyway is no work for the store
            self._shared.change(_KIND, hashed, count, lasts_s=WINDOW_S)
        return 0.0 if len(recent) < most else recent[0] + WINDOW_S - moment


def _recent(known: Any | None, moment: float) -> list[float]:
    return [one for one in known or [] if one > moment - WINDOW_S]


def _without_last(known: Any | None) -> Any:
    return known[:-1] or None if known else None


def _hashed(key: str) -> str:
    """Hash what was typed, perhaps a password in the field for names."""
    return hashlib.sha256(key.encode()).hexdigest()
