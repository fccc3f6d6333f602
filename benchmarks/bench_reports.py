"""The reports of one exam: every default format, from the cold command and one by one.

The peer of a whole process is a process that imports what cannot be done without (highdicom and
typst) and nothing else: what is above it is corcal's own work. Processor seconds stand beside those
of the clock, as they say the same on a machine that does other things.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.harness import gated_scan_folder, machine, run_process

__all__ = ["main"]

ROUNDS = 5
_PERSON = ("--age", "61", "--sex", "female", "--race", "white", "--systolic", "143")
_LIBRARIES = "import highdicom, typst"


def main() -> None:
    """Print what the reports of one exam cost, beside the libraries that they are made with."""
    folder = gated_scan_folder()
    if folder is None:
        print("\nreports: the real scan is not here")
        return
    with tempfile.TemporaryDirectory() as root:
        _compare(folder, Path(root))
        _formats(folder, Path(root))


def _compare(folder: Path, root: Path) -> None:
    """Run whole processes in turn: the libraries, all formats without and with DICOM."""
    corcal, scan = str(Path(sys.executable).with_name("corcal")), str(folder / "dicom")
    exam = str(root / "exam")
    marks = ("--annotations", str(folder / "calcium.xml"))
    _run([corcal, "score", scan, *marks, "--out", exam, "--report", *_PERSON])
    report = [corcal, "report", exam, "--out", str(root / "out")]
    commands = {
        "import of the libraries alone": [sys.executable, "-c", _LIBRARIES],
        "corcal report, without the scan": report,
        "corcal report --scan, 57 slices, all": [*report, "--scan", scan],
    }
    _table("whole processes", {name: lambda c=c: _run(c) for name, c in commands.items()})


def _formats(folder: Path, root: Path) -> None:
    """Write one format after the other in a warm process.

    The peer is pydicom, writing one slice of the scan.
    """
    from pydicom import dcmread

    from corcal.cli.records import exam_of
    from corcal.cli.report import pictures_for
    from corcal.cli.report_formats import FORMATS, chosen_formats
    from corcal.cli.report_request import Request
    from corcal.result import read_result

    file = root / "exam" / "result.json"
    result = read_result(file)
    exam = exam_of(file, result, folder / "dicom")
    chosen = chosen_formats(None, exam)
    pictures = pictures_for(chosen, result, file.parent, exam)
    out = root / "formats"
    out.mkdir()
    image = dcmread(next(path for path in (folder / "dicom").iterdir() if path.is_file()))

    def written(name: str) -> Callable[[], tuple[float, float]]:
        def run() -> tuple[float, float]:
            request = Request(
                result=result, folder=out, formats=chosen, exam=exam, pictures=pictures
            )
            return _timed(lambda: FORMATS[name].write(request))

        return run

    peer = {"pydicom writes one slice": lambda: _timed(lambda: image.save_as(out / "slice.dcm"))}
    _table("one format, warm", peer | {name: written(name) for name in chosen})


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    start, busy = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - start, time.process_time() - busy


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds of the clock and of the processor, of one whole process."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = run_process(command, env=environment)
    return run.seconds, run.busy_s


def _table(title: str, contenders: Mapping[str, Callable[[], tuple[float, float]]]) -> None:
    """Run all in turn after one warm-up each; the ratio is of processor seconds to the first."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            runs[name].append(run())
    first = next(iter(runs.values()))
    print(f"\nreports: {title}   ({ROUNDS} rounds)")
    print(f"  {'':40}{'median s':>10}{'min s':>9}{'processor s':>13}{'ratio':>9}")
    for name, values in runs.items():
        wall, busy = zip(*values, strict=True)
        ratio = statistics.median(v[1] / f[1] for v, f in zip(values, first, strict=True))
        print(
            f"  {name:40}{statistics.median(wall):10.3f}{min(wall):9.3f}"
            f"{statistics.median(busy):13.3f}{ratio:9.2f}"
        )


if __name__ == "__main__":
    print(machine())
    main()
