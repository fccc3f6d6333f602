"""How a long step tells how far it is, without knowing who listens."""

from typing import Protocol

__all__ = ["Progress", "no_progress"]


class Progress(Protocol):
    """Called by a long step after each unit of work."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """Tell that `done` of `total` units of the step called `what` are finished."""


def no_progress(done: int, total: int, what: str) -> None:
    """Listen to nothing: the default of every long step."""
