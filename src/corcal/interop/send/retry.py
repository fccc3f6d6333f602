"""How long to wait before another attempt."""

import time
from dataclasses import dataclass

from corcal.interop.send.types import SendOptions

__all__ = ["MAX_PAUSE_S", "Patience"]

MAX_PAUSE_S = 30.0  # also when a server asks for more


@dataclass(slots=True)
class Patience:
    """Counts the attempts since anything got through, and pauses between them.

    Attributes
    ----------
    options : SendOptions
        Number of attempts and first pause.
    """

    options: SendOptions
    _failed: int = 0

    def progressed(self) -> None:
        """Start counting anew: something got through."""
        self._failed = 0

    def tries_again(self, *, asked_s: float = 0.0) -> bool:
        """Pause and return true, or return false if it was the last attempt.

        Parameters
        ----------
        asked_s : float, optional
            How long the peer asks to wait; bounded by `MAX_PAUSE_S`.
        """
        self._failed += 1
        if self._failed >= self.options.attempts:
            return False
        pause = self.options.backoff_s * 2.0 ** (self._failed - 1)
        time.sleep(min(max(pause, asked_s), MAX_PAUSE_S))
        return True
