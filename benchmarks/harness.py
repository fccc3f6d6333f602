"""Interleaved timing: the machine may be noisy, the ratio within one run is what counts."""

import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Process", "cold_runs", "compare", "gated_scan_folder", "machine", "run_process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a whole process cost: seconds of the clock and of the processor, peak memory in MB."""

    seconds: float
    busy_s: float
    peak_mb: float


def machine() -> str:
    """Name the processor, the cores that this process may use, and the Python."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, Python {platform.python_version()}, {platform.system()}"


def compare(
    title: str, contenders: Mapping[str, Callable[[], object]], *, repeats: int = 9
) -> dict[str, float]:
    """Time callables in turn, A B C A B C ..., after one warm-up each, and print a table.

    Returns
    -------
    dict
        Median seconds of each contender. The printed ratio is the median of the ratios, round by
        round, to the first one.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(repeats):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    reference = next(iter(times.values()))
    print(f"\n{title}   ({repeats} rounds)")
    print(f"  {'':44}{'median s':>10}{'min s':>9}{'max s':>9}{'ratio':>8}")
    for name, values in times.items():
        ratio = statistics.median(v / r for v, r in zip(values, reference, strict=True))
        middle = statistics.median(values)
        print(f"  {name:44}{middle:10.3f}{min(values):9.3f}{max(values):9.3f}{ratio:8.2f}")
    return {name: statistics.median(values) for name, values in times.items()}


def run_process(command: list[str], *, env: Mapping[str, str] | None = None) -> Process:
    """Run a command to its end, without its output.

    Raises
    ------
    RuntimeError
        If it ends with another exit code than 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        msg = f"{' '.join(command[:2])} ended with exit code {process.returncode}"
        raise RuntimeError(msg)
    return Process(
        seconds=seconds,
        busy_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024.0,
    )


def cold_runs(command: list[str], rounds: int) -> list[Process]:
    """Run a command several times with its modules compiled, as pip leaves them.

    A checkout whose modules may not be written beside their sources (PYTHONDONTWRITEBYTECODE)
    compiles them in each process, which no installation does. The first run, which compiles them
    here, is not counted.
    """
    with tempfile.TemporaryDirectory(prefix="corcal-bytecode-") as cache:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPYCACHEPREFIX"] = cache
        return [run_process(command, env=env) for _ in range(rounds + 1)][1:]


def gated_scan_folder() -> Path | None:
    """Folder of the real gated scan that the figures in docs/speed.md are from, if it is here."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("CORCAL_SHARED", default)) / "data" / "coca-gated" / "1"
    return folder if folder.is_dir() else None
