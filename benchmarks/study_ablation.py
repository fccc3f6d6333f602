"""What carries the result: automatic detection with one part taken away.

``python -m benchmarks.study_ablation --patients 60`` scores simulated patients (those that
study_detection kept, if ``--keep`` has them) and the three real gated scans, as it is and without
the pathways of the network, the fit of the aortic wall, the noise gate, and the trained classifier.
Nothing is trained again: what is measured is how much the whole leans on a part, not how well one
could do without it. Rows are kept as study_detection keeps them.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.detection_cases import GATED, VARIANTS, real_scan, simulated_case
from benchmarks.detection_runs import (
    ABLATIONS,
    JUDGES,
    Measured,
    ablated,
    line_heading,
    measure_all,
    models_key,
    report_line,
)
from benchmarks.harness import machine
from benchmarks.study_detection import FIRST_SEED
from corcal.anatomy.network import NetworkSource
from corcal.ct.scan import CTScan
from corcal.ct.suitability import Suitability
from corcal.evaluate.agreement.records import ScanRow
from corcal.evaluate.agreement.study import ExamPair, Reference, compare_exam
from corcal.evaluate.agreement.summary import summarise
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Options, score_scan

__all__ = ["main", "measure_patient"]


def measure_scan(
    name: str,
    scan: CTScan,
    truth: SiteVoxels,
    judge: str,
    *,
    suitability: Suitability | None = None,
) -> list[ScanRow]:
    """Score a scan with each of `ABLATIONS`, and compare with its truth."""
    anatomy = NetworkSource().locate(scan)
    rows = []
    for ablation in ABLATIONS:
        with ablated(ablation, anatomy, judge) as source:
            exam = score_scan(scan, Options(anatomy=source), suitability=suitability)
        pair = ExamPair(name=name, exam=exam, reference=Reference(voxels=truth))
        rows.append(compare_exam(pair))
    return rows


def measure_patient(
    seed: int, *, variant: str, judge: str, matrix: int, scans: Path | None
) -> Measured:
    """Measure one simulated patient: as it is, and with each ablation."""
    start = time.perf_counter()
    made = simulated_case(seed, variant, matrix=matrix, keep=scans)
    simulated = time.perf_counter()
    first, *others = measure_scan(f"{variant}-{seed}", made.scan, made.voxels, judge)
    return Measured(
        row=first,
        others=tuple(others),
        simulate_s=simulated - start,
        score_s=time.perf_counter() - simulated,
    )


def main() -> None:
    """Read the command line, measure, print the tables."""
    given = _arguments()
    print(machine())
    _study_real(given.judge)
    if not given.patients:
        return
    folder = given.keep / given.variant
    scans = folder / f"scans-{given.matrix}"
    work = partial(
        measure_patient,
        variant=given.variant,
        judge=given.judge,
        matrix=given.matrix,
        scans=scans if scans.is_dir() else None,
    )
    seeds = range(given.first_seed, given.first_seed + given.patients)
    rows = folder / f"ablation-{models_key(given.judge)}"
    found = measure_all(work, seeds, rows, workers=given.workers)
    print(f"\n{given.variant}: seeds {seeds[0]} to {seeds[-1]}, {given.judge}\n")
    print(line_heading("simulated patients"))
    # A patient who could not be scored has no ablations: the failure is that of all.
    columns = zip(*((one.row, *one.others) for one in found if one.others), strict=True)
    reports = {name: summarise(own) for name, own in zip(ABLATIONS, columns, strict=False)}
    for name, report in reports.items():
        print(report_line(name, report))
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(reports), indent=2))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=60, help="0: the real scans alone")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--variant", choices=VARIANTS, default="base")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, required=True, help="folder of study_detection")
    parser.add_argument("--matrix", type=int, default=512)
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _study_real(judge: str) -> None:
    """Print the totals, false lesions and right arteries of the real scans."""
    print(f"\n{'real scan':16}{'ablation':34}{'expert':>9}{'automatic':>11}{'false':>7}", end="")
    print(f"{'largest':>9}{'lesions found':>15}{'artery':>8}")
    for name in GATED:
        real = real_scan(name)
        if real is None or real.expert is None:
            print(f"{name}: skipped, the real scans of CORCAL_SHARED are absent")
            continue
        rows = measure_scan(name, real.scan, real.expert, judge, suitability=real.suitability)
        for ablation, row in zip(ABLATIONS, rows, strict=True):
            print(_real_line(ablation, row), flush=True)


def _real_line(ablation: str, row: ScanRow) -> str:
    match, reference, automatic = row.match, row.reference, row.automatic
    if match is None or reference is None or automatic is None:
        return f"{row.name:16}{ablation:34}not compared"
    found = f"{sum(one.is_found for one in match.reference)} of {len(match.reference)}"
    largest = max((one.agatston for one in match.false), default=0.0)
    table = match.confusion
    right = f"{table.right_artery_agatston / (table.found_agatston or 1.0):.2f}"
    return (
        f"{row.name:16}{ablation:34}{reference.total:9.1f}{automatic.total:11.1f}"
        f"{len(match.false):7d}{largest:9.1f}{found:>15}{right:>8}"
    )


if __name__ == "__main__":
    main()
