"""Levels of headings: none is skipped, because screen readers walk from one to the next."""

from corcal.report.document import Heading

__all__ = ["Outline"]


class Outline:
    """Gives the headings of one document their levels, in order; its title has level 1."""

    def __init__(self) -> None:
        self._last = 1

    def level(self, heading: Heading) -> int:
        """Level of the next heading, at most one below the heading before it."""
        self._last = min(heading.level + 1, self._last + 1)
        return self._last
