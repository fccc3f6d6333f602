"""How much memory a scan needs, and how much a process has used."""

import contextlib
import os
import sys
from pathlib import Path

from corcal.cohort.types import BatchOptions
from corcal.ct.series import Series
from corcal.errors import SeriesError

__all__ = [
    "PeakMemory",
    "TooLargeError",
    "available_mb",
    "limit_process",
    "needed_mb",
    "require_room",
]

# Measured from 56 to 1000 slices of 512 x 512, of 20 and 25 HU of noise: docs/batch.md
_BASE_MB = 350.0
_WRITERS_MB = 200.0  # matplotlib and highdicom
_BYTES_PER_VOXEL = 10.0
_BYTES_PER_FLOAT_VOXEL = 14.0  # HU that are no integers of 16 bits are kept as 32-bit floats
_HEADROOM = 1.25  # address space that is reserved and never used
_MB = 2**20
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class TooLargeError(SeriesError):
    """A series needs more memory than a worker may use."""


def needed_mb(series: Series, options: BatchOptions) -> float:
    """Estimate the memory of a process that scores a series, from its headers.

    Parameters
    ----------
    series : Series
        Headers only.
    options : BatchOptions
        What is written of it: the libraries that draw take memory of their own.

    Returns
    -------
    float
        An upper bound, MB of 2**20 bytes.
    """
    voxels = sum((image.rows or 0) * (image.columns or 0) for image in series.images)
    each = _BYTES_PER_VOXEL if _is_integer(series) else _BYTES_PER_FLOAT_VOXEL
    is_plain = not (options.pictures or options.segmentations)
    return _BASE_MB + (0.0 if is_plain else _WRITERS_MB) + voxels * each / _MB


def require_room(series: Series, options: BatchOptions) -> None:
    """Refuse a series that needs more than a worker may use.

    Raises
    ------
    TooLargeError
        If it does; the message names what would be enough.
    """
    needed = needed_mb(series, options)
    if needed > options.memory_mb:
        rows, columns = series.images[0].rows, series.images[0].columns
        msg = (
            f"{series.slice_count} slices of {rows} x {columns} need up to {needed:.0f} MB, a "
            f"worker may use {options.memory_mb} MB: give --memory {needed / 1000 + 0.1:.1f}G"
        )
        raise TooLargeError(msg)


class PeakMemory:
    """The most resident memory of this process since it was made."""

    def __init__(self) -> None:
        self._is_whole_life = True
        with contextlib.suppress(OSError):
            _CLEAR.write_text("5")  # Linux: sets the high-water mark back to what is used now
            self._is_whole_life = False

    def mb(self) -> float | None:
        """Tell it, MB of 2**20 bytes; where the mark cannot be set back, of the whole life."""
        if not self._is_whole_life:
            found = _status_mb("VmHWM")
            if found is not None:
                return found
        try:
            import resource  # not on every system
        except ImportError:
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (_MB if sys.platform == "darwin" else 1024)


def limit_process(memory_mb: float) -> None:
    """Let no allocation of this process go far beyond a limit; nothing where that is not known."""
    with contextlib.suppress(ImportError, OSError, ValueError, AttributeError):
        import resource

        most = int((memory_mb * _HEADROOM + _BASE_MB) * _MB)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def available_mb() -> float | None:
    """Tell how much memory new processes may use, by the machine and by its control group."""
    found = [one for one in (_machine_mb(), _group_mb()) if one is not None]
    return min(found, default=None)


def _machine_mb() -> float | None:
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    with contextlib.suppress(ValueError, OSError, AttributeError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _MB
    return None


def _group_mb(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Tell what is left of a container's or a batch job's memory: SLURM sets it this way."""
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):
            return (int((root / most).read_text()) - int((root / used).read_text())) / _MB
    return None


def _is_integer(series: Series) -> bool:
    values = (
        value
        for image in series.images
        for value in (image.rescale_slope, image.rescale_intercept)
        if value is not None
    )
    return all(value.is_integer() for value in values)


def _status_mb(name: str) -> float | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    return None
