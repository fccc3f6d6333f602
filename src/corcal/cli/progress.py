"""A progress bar that appears only when a step takes longer than a second."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from corcal.progress import Progress

__all__ = ["progress_bar"]

PATIENCE_S = 1.0  # what is quicker needs no bar


class _LateBar:
    """Starts a rich progress bar once a step has lasted `PATIENCE_S`."""

    def __init__(self) -> None:
        self.bar: Any = None
        self.tasks: dict[str, Any] = {}
        self.started = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` units of `what` are finished."""
        if self.bar is None:
            if time.monotonic() - self.started < PATIENCE_S:
                return
            self._start()
        if what not in self.tasks:
            self.tasks[what] = self.bar.add_task(what, total=total)
        self.bar.update(self.tasks[what], completed=done, total=total)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self.bar.start()

    def stop(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.stop()


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give a listener that draws on stderr if a person watches it, and on nothing otherwise."""
    from corcal.progress import no_progress

    if not sys.stderr.isatty():
        yield no_progress
        return
    bar = _LateBar()
    try:
        yield bar
    finally:
        bar.stop()
