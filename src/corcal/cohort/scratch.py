"""Where scans from elsewhere are while they are scored, and that nothing of them stays there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corcal.cohort.types import BatchOptions, task_key

__all__ = ["clean_scratch", "scratch_folder"]


def scratch_folder(out: Path, parent: Path | None) -> Path:
    """Name the folder of a run, which no other run uses: that of its results, or of `parent`."""
    if parent is None:
        return out.absolute() / "scratch"
    return parent.absolute() / f"corcal-scratch-{task_key(str(out.absolute()))[:8]}"


@contextmanager
def clean_scratch(options: BatchOptions) -> Iterator[None]:
    """Remove what a killed process has left, before a run and after it.

    The run holds its ledger: nobody else is at work there.
    """
    if options.scratch is not None:
        shutil.rmtree(options.scratch, ignore_errors=True)
    try:
        yield
    finally:
        if options.scratch is not None:
            shutil.rmtree(options.scratch, ignore_errors=True)
