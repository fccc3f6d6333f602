"""Keep what ITK and the libraries in it print off the terminal: it holds paths, and is no report.

What they warn of is checked before, and what they cannot read is raised.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

__all__ = ["quiet_itk"]

_STDERR = 2  # the libraries in C write to the file, not to `sys.stderr`
_lock = RLock()  # one reading at a time: both settings are of the whole process


@contextmanager
def quiet_itk() -> Iterator[None]:
    """Silence ITK's warnings, and standard error of the process, inside the block."""
    process = importlib.import_module("SimpleITK").ProcessObject  # slow to import
    with _lock, _silent_stderr():
        displayed = process.GetGlobalWarningDisplay()
        process.SetGlobalWarningDisplay(False)
        try:
            yield
        finally:
            process.SetGlobalWarningDisplay(displayed)


@contextmanager
def _silent_stderr() -> Iterator[None]:
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # it is closed
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STDERR)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
