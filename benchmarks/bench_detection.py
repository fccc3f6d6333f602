"""Automatic scores from folder to result: time and memory, warm and cold, by the size of the scan.

``python -m benchmarks.bench_detection`` measures a real gated scan of 57 slices and a simulated
chest CT of 300 slices (a minute to make; ``--work FOLDER`` keeps it), and the chest once more with
every second slice, for how time and memory grow. Warm is a process that has scored before; cold is
a whole process, from its start to its end. Beside it, in the same run and in turns: reading alone
with SimpleITK, and the networks of the feasibility study alone, on arrays of the shape that this
scan has there, without its candidates and rules.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.detection_runs import JUDGES, judged_by
from benchmarks.harness import cold_runs, compare, gated_scan_folder, machine

__all__ = ["main", "prototype_shapes"]

CHEST_SEED = 300_004
CHEST_SLICES = 300
LIMITS = {"gated warm": 1.5, "gated cold": 2.5, "chest warm": 4.0}  # seconds on two cores
LIMIT_MB = 1000.0
_CELL_MM, _BOX, _PAD, _MULTIPLE = 5.0, (40, 48, 48), 4, 8  # of the feasibility study
# As published, on processors that are not this one: not measured here.
PUBLISHED = (
    ("TotalSegmentator, fast mode, CPU", "about 70 s"),
    ("AI-CAC, CPU", "about 305 s"),
)


class Warm(msgspec.Struct, kw_only=True):
    """What a child process measured of one folder."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    median_s: float
    peak_mb: float
    total: float


def main() -> None:
    """Read the command line; measure in child processes, so that each has its own peak memory."""
    given = _arguments()
    if given.child is not None:
        _child(given)
        return
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        work = given.work or Path(temporary)
        folders = _folders(work, gated_only=given.gated_only)
        cold = {name: _cold(folder, given) for name, folder in folders.items()}
        warm = {name: _warm(folder, given) for name, folder in folders.items()}
    _print_cold(cold)
    _print_growth(warm)
    _print_limits(warm, cold)
    print("\nquoted as published, on other machines, not measured here:")
    for name, text in PUBLISHED:
        print(f"  {name:44}{text}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", type=Path, help="folder that keeps the simulated chest CT")
    parser.add_argument("--gated-only", action="store_true")
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--child", choices=("simulate", "cold", "warm"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _folders(work: Path, *, gated_only: bool) -> dict[str, Path]:
    """Folders of the scans, made if they are not there."""
    gated = gated_scan_folder()
    folders = {} if gated is None else {"gated": gated / "dicom"}
    if gated is None:
        print("gated: skipped, the real scans of CORCAL_SHARED are absent")
    if gated_only:
        return folders
    chest, half = work / "chest", work / "chest-half"
    if not chest.is_dir():
        print("simulating the chest CT", flush=True)
        _run_child("simulate", chest, 1, "rules")
    if not half.is_dir():
        half.mkdir()
        for file in sorted(chest.iterdir())[::2]:
            shutil.copy(file, half / file.name)
    return {**folders, "chest": chest, "chest, every second slice": half}


def _child(given: argparse.Namespace) -> None:
    if given.child == "simulate":
        _simulate_chest(given.folder)
        return
    with judged_by(given.judge):
        if given.child == "cold":
            _score(given.folder)
        else:
            sys.stdout.flush()
            print(msgspec.json.encode(_measure_warm(given.folder, given.rounds)).decode())


def _run_child(child: str, folder: Path, rounds: int, judge: str) -> str:
    """Run this module in a process of its own; give what it printed."""
    command = [
        sys.executable, "-m", "benchmarks.bench_detection", "--child", child,
        "--folder", str(folder), "--rounds", str(rounds), "--judge", judge,
    ]  # fmt: skip
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _simulate_chest(folder: Path) -> None:
    """Write a chest CT of 300 slices of 2 mm every millimetre: every second is a scan as well."""
    from dataclasses import replace

    from benchmarks.detection_cases import VARIETY
    from corcal.phantom.dicom import write_scan
    from corcal.phantom.patient import draw_patient
    from corcal.phantom.protocol import draw_protocol
    from corcal.phantom.thorax import simulate_exam

    spec = draw_patient(CHEST_SEED, burden="moderate", variety=VARIETY)
    protocol = draw_protocol(CHEST_SEED, kind="chest", spec=spec)
    scanner = replace(
        protocol.scanner, slice_thickness_mm=2.0, increment_mm=1.0, noise_sd_hu=20.0, kvp=120.0
    )
    protocol = replace(protocol, scanner=scanner, scan_length_mm=float(CHEST_SLICES))
    part = folder.with_name(folder.name + ".part")
    write_scan(part, simulate_exam(spec, protocol).scan)
    part.rename(folder)


def _score(folder: Path) -> float:
    from corcal.pipeline import Options, score_path

    return score_path(folder, Options()).result.score.total.agatston


def _measure_warm(folder: Path, rounds: int) -> Warm:
    """Take the peak of scoring alone, then the times in turns with the peers."""
    from corcal.anatomy.network import NetworkSource
    from corcal.ct.find import find_series
    from corcal.ct.suitability import choose_series
    from corcal.lesions import classifier, detect

    total = _score(folder)
    _score(folder)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    scan = choose_series(find_series(folder)).scan
    anatomy, judge = NetworkSource().locate(scan), classifier.load_classifier()
    contenders: dict[str, Callable[[], object]] = {
        "corcal, folder to result": lambda: _score(folder),
        "of which reading and checks": lambda: choose_series(find_series(folder)),
        "of which the anatomy": lambda: NetworkSource().locate(scan),
        "of which the lesions": lambda: detect.detect(scan, anatomy, classifier=judge),
        "SimpleITK, reading alone": lambda: _simpleitk(folder),
    }
    prototype = _prototype(scan.shape, scan.spacing_mm)
    if prototype is not None:
        contenders["feasibility study, networks alone"] = prototype
    title = f"{' x '.join(map(str, scan.shape))} voxels"
    median = compare(title, contenders, repeats=rounds)["corcal, folder to result"]
    return Warm(
        shape=scan.shape,
        spacing_mm=scan.spacing_mm,
        median_s=median,
        peak_mb=peak_mb,
        total=total,
    )


def _simpleitk(folder: Path) -> object:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(reader.Execute())


def prototype_shapes(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> list[tuple[int, int, int]]:
    """Shapes of the arrays that the feasibility study's network saw of a scan: one or two passes.

    Cells of 5 mm, four more on each side, filled up to multiples of eight; a second pass on a box
    around the heart where the first is larger.
    """
    cells = tuple(max(8, round(n * s / _CELL_MM)) for n, s in zip(shape, spacing_mm, strict=True))
    passes = [cells]
    if any(n > box for n, box in zip(cells, _BOX, strict=True)):
        passes.append(tuple(min(n, box) for n, box in zip(cells, _BOX, strict=True)))
    return [
        tuple(-(-(n + 2 * _PAD) // _MULTIPLE) * _MULTIPLE for n in one)  # type: ignore[misc]
        for one in passes
    ]


def _prototype(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> Callable[[], object] | None:
    """Make a run of the feasibility study's network, if its file is here."""
    import numpy as np
    import onnxruntime as ort

    default = Path(__file__).resolve().parents[2] / "shared"
    file = Path(os.environ.get("CORCAL_SHARED", default)) / "prototype" / "prototype_net.onnx"
    if not file.exists():
        return None
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    session = ort.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rng = np.random.default_rng(0)
    arrays = [
        rng.uniform(-1, 1, (1, 2, *one)).astype(np.float32)
        for one in prototype_shapes(shape, spacing_mm)
    ]
    return lambda: [session.run(None, {name: one}) for one in arrays]


def _cold(folder: Path, given: argparse.Namespace) -> tuple[float, float]:
    """Median seconds and peak MB of whole processes: the command, or a child that has rules."""
    command = [str(Path(sys.executable).with_name("corcal")), "score", str(folder), "--json", "-"]
    if given.judge == "rules":
        command = [
            sys.executable, "-m", "benchmarks.bench_detection", "--child", "cold",
            "--folder", str(folder), "--judge", "rules",
        ]  # fmt: skip
    runs = cold_runs(command, max(1, given.rounds // 2 + 1))
    return statistics.median(run.seconds for run in runs), max(run.peak_mb for run in runs)


def _warm(folder: Path, given: argparse.Namespace) -> Warm:
    """Measure in a child, print its table, give its figures."""
    *table, figures = _run_child("warm", folder, given.rounds, given.judge).splitlines()
    print("\n".join(table), flush=True)
    return msgspec.json.decode(figures, type=Warm)


def _print_cold(cold: dict[str, tuple[float, float]]) -> None:
    print(f"\n{'cold, whole processes':32}{'median s':>10}{'peak MB':>9}")
    for name, (seconds, peak_mb) in cold.items():
        print(f"{name:32}{seconds:10.2f}{peak_mb:9.0f}")


def _print_growth(warm: dict[str, Warm]) -> None:
    print(f"\n{'warm':32}{'Mvoxel':>8}{'median s':>10}{'s/Mvoxel':>10}{'peak MB':>9}", end="")
    print(f"{'MB/Mvoxel':>11}{'Agatston':>10}")
    for name, one in warm.items():
        mega = _megavoxels(one)
        print(
            f"{name:32}{mega:8.1f}{one.median_s:10.2f}{one.median_s / mega:10.4f}"
            f"{one.peak_mb:9.0f}{one.peak_mb / mega:11.1f}{one.total:10.1f}"
        )
    whole, half = warm.get("chest"), warm.get("chest, every second slice")
    if whole and half:
        print(
            f"{_megavoxels(whole) / _megavoxels(half):.2f} times the voxels: "
            f"{whole.median_s / half.median_s:.2f} times the time, "
            f"{whole.peak_mb / half.peak_mb:.2f} times the memory"
        )


def _megavoxels(one: Warm) -> float:
    n_z, n_y, n_x = one.shape
    return n_z * n_y * n_x / 1e6


def _print_limits(warm: dict[str, Warm], cold: dict[str, tuple[float, float]]) -> None:
    """Compare with what is aimed at, on a quiet machine of two cores."""
    found = {f"{name} warm": one.median_s for name, one in warm.items()}
    found |= {f"{name} cold": seconds for name, (seconds, _) in cold.items()}
    print("\naims, two quiet cores")
    for name, limit in LIMITS.items():
        if name in found:
            verdict = "met" if found[name] < limit else "MISSED"
            print(f"  {name:44}{found[name]:7.2f} s, below {limit:g} s: {verdict}")
    if "gated" in cold:
        peak = max(cold["gated"][1], warm["gated"].peak_mb)
        verdict = "met" if peak < LIMIT_MB else "MISSED"
        print(f"  {'gated memory':44}{peak:7.0f} MB, below {LIMIT_MB:g} MB: {verdict}")


if __name__ == "__main__":
    main()
