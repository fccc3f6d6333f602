"""The progress bar: only for a person, only for what takes long."""

import io
import sys

from corcal.cli import progress as bars
from corcal.progress import no_progress


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


def watch(monkeypatch):
    # Not a fixture: pytest puts its own stream in place when the test itself begins.
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_nobody_watches_a_pipe(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with bars.progress_bar() as told:
        assert told is no_progress


def test_a_quick_step_shows_no_bar(monkeypatch):
    terminal = watch(monkeypatch)
    with bars.progress_bar() as told:
        told(1, 2, "reading")
        told(2, 2, "reading")
    assert terminal.getvalue() == ""


def test_a_long_step_shows_what_it_does(monkeypatch):
    terminal = watch(monkeypatch)
    monkeypatch.setattr(bars, "PATIENCE_S", 0.0)
    with bars.progress_bar() as told:
        told(1, 2, "reading")
        told(2, 2, "reading")
    assert "reading" in terminal.getvalue()
    assert "100 %" in terminal.getvalue()
