"""Run the command as its user does, and look at what comes out."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from corcal.cli import main


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def run_corcal(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run ``corcal ARGS`` in this process."""

    def run(*args: object) -> Outcome:
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Outcome(code=code, out=captured.out, err=captured.err)

    return run
