"""One sign-on on its way: a value in the browser's cookie, and all that follows from it.

State, nonce and verifier (PKCE) are hashes of one random value that only the browser has which
began the sign-on. So an answer that was meant for another browser fits nothing, and the server
keeps nothing of those who begin and never come back.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass

__all__ = ["LASTS_S", "Flow"]

LASTS_S = 600
_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-on that was begun.

    Attributes
    ----------
    cookie : str
        What the browser keeps: when it began, and a random value.
    """

    cookie: str

    @classmethod
    def begin(cls) -> "Flow":
        """Begin one."""
        return cls(cookie=f"{int(time.time())}.{secrets.token_urlsafe(_BYTES)}")

    @property
    def state(self) -> str:
        """What the provider has to give back."""
        return self._follows("state")

    @property
    def nonce(self) -> str:
        """What the provider has to sign."""
        return self._follows("nonce")

    @property
    def verifier(self) -> str:
        """What proves to the provider that the code was asked for by us (RFC 7636)."""
        return self._follows("verifier")

    def is_answered_by(self, state: str) -> bool:
        """Whether an answer belongs to this sign-on, and came in time."""
        began, _, secret = self.cookie.partition(".")
        if not (began.isascii() and began.isdigit() and len(began) < 12 and secret):
            return False
        is_in_time = 0 <= time.time() - int(began) <= LASTS_S
        return secrets.compare_digest(self.state.encode(), state.encode()) and is_in_time

    def _follows(self, what: str) -> str:
        return hashlib.sha256(f"{what}:{self.cookie}".encode()).hexdigest()
