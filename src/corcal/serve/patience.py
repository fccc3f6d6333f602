"""Connections that say nothing, or a byte now and then, are let go."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_S", "PatientProtocol"]

HEAD_S = 20.0
"""Seconds in which a request's head has to come, from the connection or its first byte on."""


class PatientProtocol(H11Protocol):
    """HTTP that waits for a request as long as is sensible: uvicorn's own waits for ever."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait on, or no longer: whole requests have limits of their own, see `Gate`."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._overdue is None:
            self._overdue = self.loop.call_later(HEAD_S, self._let_go)

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _let_go(self) -> None:
        self._overdue = None
        if not self.transport.is_closing():
            self.transport.abort()
