"""How far a run over many scans is: a live bar for a person, a line now and then for a log."""

import sys
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from corcal.cohort.types import Outcome

__all__ = ["BatchProgress", "duration_words"]

_WINDOW = 200  # outcomes that the rate is taken of
_LINE_EVERY_S = 60.0
_REDRAW_A_SECOND = 4


class BatchProgress:
    """Tells on stderr how the search and the scoring go on.

    Parameters
    ----------
    is_live : bool
        Draw a bar that moves; else write a line once a minute.
    """

    def __init__(self, *, is_live: bool) -> None:
        self._is_live = is_live
        self._bar: Any = None
        self._task: Any = None
        self._total, self._skipped = 0, 0
        self._counts: Counter[str] = Counter()
        self._ends: deque[float] = deque(maxlen=_WINDOW)
        self._told = time.monotonic()

    def looked(self, files: int, places: int) -> None:
        """Tell how far the search is."""
        text = f"looking for studies: {files} files in {places} folders"
        if self._is_live:
            self._draw(text, total=None)
        else:
            self._line(text)

    def begin(self, total: int) -> None:
        """Tell how many studies there are."""
        self._total = total
        self._ends.append(time.monotonic())

    def skip(self) -> None:
        """Count a study that was finished before."""
        self._skipped += 1

    def listen(self, outcome: "Outcome") -> None:
        """Count what became of a study."""
        self._counts[outcome.status] += 1
        self._ends.append(time.monotonic())
        if self._is_live:
            self._draw(self.text(), total=self._total)
        else:
            done = self._skipped + self._counts.total()
            self._line(f"{done} of {self._total} studies, {self.text()}")

    def text(self) -> str:
        """Say rate, remaining time, and what became of the studies so far."""
        parts = [f"{count} {status.replace('_', ' ')}" for status, count in self._counts.items()]
        rate = self._per_second()
        if rate is None:
            return ", ".join(parts)
        rest = self._total - self._skipped - self._counts.total()
        return f"{60 * rate:.1f} a minute, {duration_words(rest / rate)} left: {', '.join(parts)}"

    def stop(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _per_second(self) -> float | None:
        """Take the rate of the latest outcomes: the first wait for the processes to start."""
        if len(self._ends) < 2 or self._ends[-1] <= self._ends[0]:
            return None
        return (len(self._ends) - 1) / (self._ends[-1] - self._ends[0])

    def _draw(self, text: str, *, total: int | None) -> None:
        if self._bar is None:
            self._start()
        done = self._skipped + self._counts.total()
        self._bar.update(self._task, description=text, completed=done, total=total)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bar = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(file=sys.stderr),
            refresh_per_second=_REDRAW_A_SECOND,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def _line(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told >= _LINE_EVERY_S:
            self._told = now
            click.echo(text, err=True)


def duration_words(seconds: float) -> str:
    """Say a duration in the two units that matter.

    >>> duration_words(59.6), duration_words(3725), duration_words(200000)
    ('1 min 0 s', '1 h 2 min', '2 d 8 h')
    """
    whole = round(seconds)
    for name, size, inner, inner_size in (
        ("d", 86400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= size:
            return f"{whole // size} {name} {whole % size // inner_size} {inner}"
    return f"{whole} s"
