"""How far the total moves when the same patient comes in another image.

``python -m benchmarks.study_stress`` scores real and simulated scans as they are, and shifted, cut
to the heart, turned by 10 degrees, on other pixels, and stored feet first and prone. The change is
that of automatic over true, both of the same image: where pixels are interpolated the score itself
changes a little, whoever reads it. True is what the expert marked, or where the simulation put
calcium. The anatomy is found anew in every image.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.detection_cases import real_scan, simulated_case
from benchmarks.detection_runs import JUDGES, judged_by
from benchmarks.harness import machine
from benchmarks.ridges import HEART_PARTS
from benchmarks.transforms import Marked, regridded, rotated, stored_as, window
from corcal.anatomy.types import Anatomy
from corcal.ct.suitability import Suitability, assess_scan
from corcal.errors import CorcalError
from corcal.evaluate.agreement.lesion_match import coronary_scores
from corcal.pipeline import Options, score_scan
from corcal.scoring.rules import DEFAULT_RULE, RULES

__all__ = ["Change", "change_percent", "heart_window", "main"]

REAL = ("coca-gated/1", "coca-gated/2")
SEEDS = (300_008, 300_001)  # moderate and severe disease
AIM_PERCENT = 5.0
_SHIFT = (1, 11, -17)  # slices cut off at the bottom; pixels
_DEGREES = 10.0
_MARGIN_MM = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One image of one patient; `percent` is ``None`` where it was refused."""

    scan: str
    image: str
    automatic: float | None
    true: float
    percent: float | None
    verdict: str


def change_percent(
    automatic: float, true: float, first_automatic: float, first_true: float
) -> float:
    """Change of automatic over true, in per cent of what it was; infinite from zero to more."""
    if first_automatic == 0 or first_true == 0 or true == 0:
        return 0.0 if automatic == first_automatic else np.inf
    return 100.0 * ((automatic / true) / (first_automatic / first_true) - 1.0)


def heart_window(
    marked: Marked, anatomy: Anatomy
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """First voxel and shape of the box around the heart, with a margin of 15 mm."""
    cells = np.argwhere(np.isin(anatomy.labels, HEART_PARTS))
    mm = cells * np.array(anatomy.spacing_mm) + anatomy.origin_mm
    step, size = np.array(marked.scan.spacing_mm), np.array(marked.scan.shape)
    low = np.clip(np.floor((mm.min(axis=0) - _MARGIN_MM) / step), 0, size - 1).astype(int)
    high = np.clip(np.ceil((mm.max(axis=0) + _MARGIN_MM) / step) + 1, low + 1, size).astype(int)
    z, y, x = low.tolist()
    n_z, n_y, n_x = (high - low).tolist()
    return (z, y, x), (n_z, n_y, n_x)


def _images(marked: Marked, anatomy: Anatomy, folder: Path) -> dict[str, Callable[[], Marked]]:
    """Every image of a patient, each made when it is asked for."""
    shape = marked.scan.shape
    return {
        "shifted": lambda: window(marked, _SHIFT, (shape[0] - _SHIFT[0], *shape[1:])),
        "cut to the heart": lambda: window(marked, *heart_window(marked, anatomy)),
        f"turned by {_DEGREES:g} degrees": lambda: rotated(marked, _DEGREES),
        f"turned by {-_DEGREES:g} degrees": lambda: rotated(marked, -_DEGREES),
        "pixels 1.25 times as wide": lambda: regridded(marked, 1.25),
        "pixels 0.8 times as wide": lambda: regridded(marked, 0.8),
        "feet first": lambda: stored_as(marked, "FFS", folder / "FFS"),
        "prone": lambda: stored_as(marked, "HFP", folder / "HFP"),
        "feet first and prone": lambda: stored_as(marked, "FFP", folder / "FFP"),
    }


def study(name: str, marked: Marked, suitability: Suitability) -> list[Change]:
    """Score a scan and every other image of it."""
    exam = score_scan(marked.scan, Options(), suitability=suitability)
    automatic, true = exam.result.score.total.agatston, _true(marked)
    first = Change(
        scan=name,
        image="as it is",
        automatic=automatic,
        true=true,
        percent=0.0,
        verdict=str(suitability.verdict),
    )
    changes = [first]
    with tempfile.TemporaryDirectory() as folder:
        for image, make in _images(marked, exam.anatomy, Path(folder)).items():
            changes.append(_change(name, image, make(), first, suitability))
    return changes


def _change(name: str, image: str, made: Marked, first: Change, suitability: Suitability) -> Change:
    """Score one image; what the product's own check would say of it is the verdict."""
    true = _true(made)
    try:
        exam = score_scan(made.scan, Options(), suitability=suitability)
        automatic = exam.result.score.total.agatston
    except CorcalError as exc:
        return Change(
            scan=name, image=image, automatic=None, true=true, percent=None, verdict=str(exc)
        )
    percent = change_percent(automatic, true, first.automatic or 0.0, first.true)
    verdict = str(assess_scan(made.scan).verdict)
    return Change(
        scan=name, image=image, automatic=automatic, true=true, percent=percent, verdict=verdict
    )


def _true(marked: Marked) -> float:
    return coronary_scores(marked.scan, marked.voxels, rule=RULES[DEFAULT_RULE])[0]


def main() -> None:
    """Read the command line, study each scan, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scans", nargs="*", default=list(REAL))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--matrix", type=int, default=512)
    parser.add_argument("--keep", type=Path, help="folder of simulated scans")
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(machine())
    print(f"\n{'scan':16}{'image':28}{'automatic':>10}{'true':>10}{'change':>9}   verdict")
    changes: list[Change] = []
    with judged_by(given.judge):
        for name in given.scans:
            real = real_scan(name)
            if real is None or real.expert is None:
                print(f"{name}: skipped, the real scans of CORCAL_SHARED are absent")
                continue
            marked = Marked(scan=real.scan, voxels=real.expert)
            changes += _printed(study(name, marked, real.suitability))
        for seed in given.seeds:
            made = simulated_case(seed, matrix=given.matrix, keep=given.keep)
            marked = Marked(scan=made.scan, voxels=made.voxels)
            changes += _printed(study(f"seed {seed}", marked, assess_scan(made.scan)))
    known = [abs(one.percent) for one in changes if one.percent is not None]
    if known:
        verdict = "met" if max(known) < AIM_PERCENT and len(known) == len(changes) else "MISSED"
        print(f"\nlargest change {max(known):.1f} %, aim below {AIM_PERCENT:g} %: {verdict}")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(changes), indent=2))


def _printed(changes: list[Change]) -> list[Change]:
    for one in changes:
        automatic = "-" if one.automatic is None else f"{one.automatic:.1f}"
        percent = "-" if one.percent is None else f"{one.percent:+.1f} %"
        print(
            f"{one.scan:16}{one.image:28}{automatic:>10}{one.true:10.1f}{percent:>9}   "
            f"{one.verdict}",
            flush=True,
        )
    return changes


if __name__ == "__main__":
    main()
