"""The command from a cold start: time and peak memory of whole processes."""

import statistics
import sys
from pathlib import Path

from benchmarks.harness import cold_runs, gated_scan_folder, machine

__all__ = ["main"]

ROUNDS = 7


def main() -> None:
    """Print time and peak memory of the commands that people wait for."""
    corcal = str(Path(sys.executable).with_name("corcal"))
    commands = {"corcal --help": [corcal, "--help"]}
    folder = gated_scan_folder()
    if folder is not None:
        annotations = ["--annotations", str(folder / "calcium.xml")]
        scan = str(folder / "dicom")
        commands["corcal score, 57 slices, --json -"] = [
            corcal, "score", scan, *annotations, "--json", "-",
        ]  # fmt: skip
        commands["corcal inspect, 57 slices"] = [corcal, "inspect", scan, "--json", "-"]
    print(f"\ncold commands   ({ROUNDS} rounds, whole processes)")
    print(f"  {'':44}{'median s':>10}{'min s':>9}{'max s':>9}{'peak MB':>9}")
    for name, command in commands.items():
        runs = cold_runs(command, ROUNDS)
        seconds = [run.seconds for run in runs]
        peak = max(run.peak_mb for run in runs)
        print(
            f"  {name:44}{statistics.median(seconds):10.3f}{min(seconds):9.3f}"
            f"{max(seconds):9.3f}{peak:9.0f}"
        )


if __name__ == "__main__":
    print(machine())
    main()
