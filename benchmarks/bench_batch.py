"""``corcal batch``: studies a minute by one and by two processes, memory, and the search alone.

Beside the scaling stands that of two peers in the same run: filters of small arrays, which stay in
the cache of a core, and of arrays as large as a scan, which need the memory that all cores share.
Their processes share nothing else, and write nothing. What they lack of 2 no program gets on this
machine; what the command lacks of them is its own.

``python -m benchmarks.bench_batch [--studies 60] [--rounds 3] [--files 100000]``: simulated gated
scans of 56 slices of 512 x 512, as DICOM on disk. Runs take turns, so that whatever else the
machine does hits all of them alike.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.harness import machine
from corcal.ct.scan import CTScan
from corcal.phantom.dicom import write_scan, write_series
from corcal.phantom.patient import draw_patient
from corcal.phantom.thorax import simulate_patient

WANTED_SCALING = 1.8
THIN_SLICES = 1000
THIN_NOISE_HU = 25.0
# Peers: name, shape of the arrays, how many filters a process does, which takes some seconds
PEERS = (("in the cache", (32, 64, 64), 2000), ("in memory", (56, 512, 512), 12))
PEER = """
import sys
import numpy as np
from scipy import ndimage
*shape, pieces = map(int, sys.argv[1:])
hu = np.random.default_rng(1).normal(size=shape).astype(np.float32)
for _ in range(pieces):
    ndimage.gaussian_filter(hu, 1.0)
"""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TIMED = {"seconds", "peak_mb", "finished"}  # columns of the status that are not the same twice


def main() -> None:
    """Read the command line, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=100_000)
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulated = simulate_patient(draw_patient(11, burden="moderate")).scan
        _scoring(folder, simulated, given.studies, given.rounds)
        _thin(folder, simulated)
        _search(folder, given.files)


def _scoring(folder: Path, scan: CTScan, studies: int, rounds: int) -> None:
    root = folder / "studies"
    for number in range(studies):
        _write_copy(root / f"{number:03d}", scan, number)
    rates: dict[int, list[float]] = {1: [], 2: []}
    gains: dict[str, list[float]] = {name: [] for name, *_ in PEERS}
    tables = set()
    peak_mb = 0.0
    for turn in range(rounds):
        for workers in (1, 2):
            out = folder / f"out-{turn}-{workers}"
            seconds = _seconds(root, out, "--workers", str(workers))
            rates[workers].append(60 * studies / seconds)
            rows = _status(out)
            tables.add(str([{k: v for k, v in row.items() if k not in TIMED} for row in rows]))
            peak_mb = max(peak_mb, *(float(row["peak_mb"]) for row in rows))
        for name, shape, pieces in PEERS:
            gains[name].append(_peer_gain(shape, pieces))
    one, two = (statistics.median(rates[workers]) for workers in (1, 2))
    scaling = statistics.median(b / a for a, b in zip(rates[1], rates[2], strict=True))
    print(f"\n{studies} studies, whole command, medians of {rounds} rounds")
    print(f"  one process   {one:7.1f} a minute   {[round(rate, 1) for rate in rates[1]]}")
    print(f"  two processes {two:7.1f} a minute   {[round(rate, 1) for rate in rates[2]]}")
    verdict = "met" if scaling >= WANTED_SCALING else "MISSED"
    print(f"  scaling {scaling:.2f}, at least {WANTED_SCALING:g}: {verdict}")
    for name, found in gains.items():
        middle, each = statistics.median(found), [round(gain, 2) for gain in found]
        print(f"  peer: two processes that share nothing, {name}: {middle:.2f}   {each}")
    print(f"  most memory of a process {peak_mb:.0f} MB; same tables: {len(tables) == 1}")


def _thin(folder: Path, scan: CTScan) -> None:
    """Score a scan of a thousand thin slices within the default memory of a process."""
    root = folder / "thin"
    _write_thin(root, scan)
    out = folder / "out-thin"
    seconds = _seconds(root, out, "--workers", "1", "--seg", "--pictures")
    (row,) = _status(out)
    print(
        f"\n{THIN_SLICES} slices: {row['status']}, {float(row['peak_mb']):.0f} MB at most, "
        f"{float(row['seconds']):.1f} s, whole command {seconds:.1f} s"
    )


def _search(folder: Path, files: int) -> None:
    """Search a folder with very many files, and once more when nothing has changed."""
    root = folder / "many"
    root.mkdir()
    _write_many(root, files)
    out = folder / "out-many"
    first, again = (_seconds(root, out, "--find-only") for _ in range(2))
    print(f"\n{files} files in one folder: found in {first:.1f} s, again in {again:.1f} s")


def _peer_gain(shape: tuple[int, ...], pieces: int) -> float:
    """Say how much more two processes do than one in the same time, where nothing is shared."""
    command = [sys.executable, "-c", PEER, *map(str, (*shape, pieces))]
    return 2 * _peer_seconds(command, 1) / _peer_seconds(command, 2)


def _peer_seconds(command: list[str], processes: int) -> float:
    """Time so many processes at once: each does as much as one alone."""
    start = time.perf_counter()
    running = [subprocess.Popen(command, env=os.environ | ONE_THREAD) for _ in range(processes)]
    for one in running:
        if one.wait() != 0:
            msg = f"the peer ended with exit code {one.returncode}"
            raise RuntimeError(msg)
    return time.perf_counter() - start


def _seconds(root: Path, out: Path, *options: str) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "corcal", "batch", root, "--out", out, *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _status(out: Path) -> list[dict[str, str]]:
    with (out / "status.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write_copy(folder: Path, scan: CTScan, number: int) -> None:
    """Write the scan as that of another study."""
    write_series(
        folder,
        scan.hu,
        spacing_mm=scan.spacing_mm,
        origin_mm=tuple(scan.affine_lps[:3, 3]),
        patient=scan.patient,
        acquisition=scan.acquisition,
        uid_seed=f"batch {number}",
    )


def _write_thin(folder: Path, scan: CTScan) -> None:
    """Write the same body in a thousand slices: between two slices, with noise of their own."""
    rng = np.random.default_rng(1)
    place = np.linspace(0, scan.shape[0] - 1, THIN_SLICES)
    thin = np.empty((THIN_SLICES, *scan.shape[1:]), np.int16)
    for number, at in enumerate(place):
        below = min(int(at), scan.shape[0] - 2)
        part = at - below
        plane = (1 - part) * scan.hu[below] + part * scan.hu[below + 1]
        noisy = plane + rng.normal(0, THIN_NOISE_HU, plane.shape)
        thin[number] = np.rint(noisy).clip(-1024, 3071)
    increment = scan.spacing_mm[0] * (scan.shape[0] - 1) / (THIN_SLICES - 1)
    write_series(
        folder,
        thin,
        spacing_mm=(increment, *scan.spacing_mm[1:]),
        origin_mm=tuple(scan.affine_lps[:3, 3]),
        patient=scan.patient,
        acquisition=replace(scan.acquisition, slice_thickness_mm=0.5),
        uid_seed="thin",
    )


def _write_many(folder: Path, files: int) -> None:
    """Write one small image many times, a hundred to a study."""
    small = _small_scan()
    (first,) = write_scan(folder / "first", small)
    data = first.read_bytes()
    first.unlink()
    first.parent.rmdir()
    uid = small.series.study_instance_uid.encode()
    for number in range(files):
        study = str(100_000 + number // 100).encode()
        (folder / f"{number:06d}.dcm").write_bytes(data.replace(uid, uid[:-6] + study))


def _small_scan() -> CTScan:
    """Give a scan of one small slice."""
    from corcal.phantom.physics import MIN_HU
    from corcal.phantom.scanner import Scanner
    from corcal.phantom.types import SIMULATED_PATIENT, scan_from_volume, simulated_acquisition

    return scan_from_volume(
        np.full((1, 16, 16), MIN_HU, np.int16),
        spacing_mm=(3.0, 0.5, 0.5),
        origin_mm=(0.0, 0.0, 0.0),
        patient=SIMULATED_PATIENT,
        acquisition=simulated_acquisition(Scanner(), date="2026-01-02"),
        uid_seed="small",
        series_number=1,
    )


if __name__ == "__main__":
    main()
