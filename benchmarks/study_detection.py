"""Automatic scores of simulated patients against their truth, and what other protocols lose.

``python -m benchmarks.study_detection --patients 300 --first-seed 300000 --keep FOLDER`` scores
patients whom training has not seen, and goes on where a killed run stopped. With ``--variant`` the
same patients are seen at doubled noise, at 100 kVp, in slices of 1 or 5 mm, or without gating;
``--table`` prints one line for every variant whose rows are in the folder.

The truth is scored by the same rule on the same image, from the voxels that the simulation put
calcium in. That is a reader who marks perfectly, not one who knows the patient: what noise, slices
and motion do to the calcium is in both scores, and only detection and assignment are measured.
"""

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.detection_cases import VARIANTS, draw_case, simulated_case
from benchmarks.detection_runs import (
    JUDGES,
    Measured,
    judged_by,
    line_heading,
    measure_all,
    models_key,
    read_row,
    report_line,
)
from benchmarks.harness import machine
from corcal.evaluate.agreement.records import AgreementReport
from corcal.evaluate.agreement.statistics import Estimate
from corcal.evaluate.agreement.study import ExamPair, Reference, compare_exam
from corcal.evaluate.agreement.summary import summarise
from corcal.evaluate.agreement.text import agreement_text
from corcal.pipeline import Options, score_scan

__all__ = ["has_metal", "main", "measure_patient"]

FIRST_SEED = 300_000


def measure_patient(
    seed: int, *, variant: str, judge: str, matrix: int, scans: Path | None
) -> Measured:
    """Simulate a patient, score the scan automatically, and compare with the truth."""
    start = time.perf_counter()
    made = simulated_case(seed, variant, matrix=matrix, keep=scans)
    simulated = time.perf_counter()
    with judged_by(judge):
        exam = score_scan(made.scan, Options())
    scored = time.perf_counter()
    pair = ExamPair(name=f"{variant}-{seed}", exam=exam, reference=Reference(voxels=made.voxels))
    return Measured(
        row=compare_exam(pair), simulate_s=simulated - start, score_s=scored - simulated
    )


def main() -> None:
    """Read the command line, measure, print."""
    given = _arguments()
    folder = given.keep / given.variant
    seeds = _seeds(given)
    if given.table:
        _print_table(given.keep, seeds, given.judge)
        return
    print(machine())
    work = partial(
        measure_patient,
        variant=given.variant,
        judge=given.judge,
        matrix=given.matrix,
        scans=folder / f"scans-{given.matrix}" if given.keep_scans else None,
    )
    found = measure_all(work, seeds, folder / models_key(given.judge), workers=given.workers)
    report = summarise([one.row for one in found])
    which = ", without metal" if given.without_metal else ""
    print(f"\n{given.variant}: seeds {seeds[0]} to {seeds[-1]}{which}, {given.judge}")
    print(agreement_text(report))
    print(_targets(report))
    print(_seconds(found))
    file = given.json or folder / f"agreement-{models_key(given.judge)}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    print(f"wrote {file}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--variant", choices=VARIANTS, default="base")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, required=True, help="folder of the rows")
    parser.add_argument("--keep-scans", action="store_true", help="30 MB a scan and more")
    parser.add_argument("--matrix", type=int, default=512)
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--without-metal",
        action="store_true",
        help="of these patients, those without stent, clip, lead, prosthesis or wire",
    )
    parser.add_argument("--table", action="store_true", help="one line for every variant")
    return parser.parse_args()


def _seeds(given: argparse.Namespace) -> Sequence[int]:
    """Seeds of the patients; metal in the chest tells of disease that is known already."""
    seeds = range(given.first_seed, given.first_seed + given.patients)
    if not given.without_metal:
        return seeds
    return [seed for seed in seeds if not has_metal(seed, given.variant)]


def has_metal(seed: int, variant: str = "base") -> bool:
    """Whether a patient of the study has any device."""
    spec, _ = draw_case(seed, variant)
    return any(one.kind.is_device for one in spec.confounders)


def _targets(report: AgreementReport) -> str:
    """Say which of the aims are met, by the estimates."""
    lesions, categories = report.lesions, report.categories
    rows = [("ICC of the total", one.icc, 0.99) for one in report.scores if one.name == "total"]
    if categories is not None:
        rows.append(("same category", categories.same.fraction, 0.95))
        rows.append(("zero called zero", categories.zero_called_zero.fraction, 0.97))
    if lesions is not None:
        rows.append(("right artery, of all calcium", lesions.right_artery_of_all, 0.97))
        rows.append(("right artery, of what was found", lesions.right_artery_of_found, 0.97))
    return "\n".join(["", "Aims", *(_target(*row) for row in rows)])


def _target(name: str, found: Estimate, least: float) -> str:
    if found.value is None:
        return f"{name:34}cannot be told"
    verdict = "met" if found.value >= least else "MISSED"
    spread = "" if found.low is None else f" ({found.low:.3f} to {found.high:.3f})"
    return f"{name:34}{found.value:.3f}{spread}, aim {least:.2f}: {verdict}"


def _seconds(found: list[Measured]) -> str:
    done = [one for one in found if one.row.failure is None]
    if not done:
        return ""
    simulate, score = (sum(column) / len(done) for column in _columns(done))
    return f"\nmean seconds a scan, one core: {simulate:.1f} to simulate, {score:.1f} to score"


def _columns(done: list[Measured]) -> tuple[list[float], list[float]]:
    return [one.simulate_s for one in done], [one.score_s for one in done]


def _print_table(keep: Path, seeds: Sequence[int], judge: str) -> None:
    """Print a line for every variant, of those seeds whose row is kept."""
    print(line_heading("variant"))
    for variant in VARIANTS:
        rows = [read_row(keep / variant / models_key(judge), seed) for seed in seeds]
        kept = [one.row for one in rows if one is not None]
        if kept:
            print(report_line(variant, summarise(kept)))


if __name__ == "__main__":
    main()
