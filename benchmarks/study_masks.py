"""Real geometry of heart, bone and coronary calcium in a simulated chest: what is found of it.

``python -m benchmarks.study_masks`` takes label maps of real chest CT (0.68 x 0.68 x 2.5 mm, not
gated) whose images are not to be had: heart, coronary calcium, and everything else that reaches the
threshold. Around each a chest CT is simulated (`benchmarks.mask_scene`), the automatic line scores
it, and two things are told: how far the heart that it found is the mask's, and what it took the
candidates for.

What it can show: that sizes, shapes and places of real calcium and real bone, and a real heart's
box, are enough to find the heart and to tell the coronary candidates from the rest. What it cannot:
the tissue is simulated, and so are all intensities. The inner structure of the heart (chambers,
grooves, aortic root, arteries) is the simulated patient's and meets the real one in its box only.
So a coronary candidate may lie beside the simulated artery, in muscle or in a chamber, which is
harder than reality; and soft tissue of the simulation, which the models were trained on, is easier.
The artery cannot be judged at all. Two masks, one of them without coronary calcium, prove nothing.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.detection_cases import SEEDS_BELOW, shared_data
from benchmarks.detection_runs import JUDGES, judged_by
from benchmarks.harness import machine
from benchmarks.mask_scene import (
    Mask,
    best_fit,
    candidates,
    dice,
    read_mask,
    simulated_chest,
    whole_heart,
)
from benchmarks.ridges import HEART_PARTS
from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan
from corcal.errors import CorcalError, InputError
from corcal.evaluate.agreement.lesion_match import match_lesions
from corcal.lesions.candidates import CALCIUM_THRESHOLD_HU
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Options, score_scan

__all__ = [
    "Group",
    "HeartFound",
    "MaskRow",
    "groups_of",
    "heart_found",
    "judged",
    "main",
    "near",
    "study",
    "totals",
]

LEAST_AGATSTON = 5.0
NEAR_MM = 10.0
SEEDS = (910_000, 910_001, 910_002, 910_003)
_FOLDER = "anatomy/nlst-heart-cac-masks"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartFound:
    """The heart that was found against the mask's, on the anatomy's grid."""

    dice: float
    centre_distance_mm: float
    found_ml: float
    mask_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Candidates of one kind, and what of them was called coronary.

    Attributes
    ----------
    name : str
        ``coronary``, ``spots`` or ``bone``.
    count, called : int
        Lesions above 5 Agatston; those of them with a voxel that was called coronary.
    agatston, called_agatston : float
        Of all lesions of the kind, also the small ones.
    """

    name: str
    count: int
    called: int
    agatston: float
    called_agatston: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRow:
    """One mask; `failure` says why nothing was scored."""

    name: str
    seed: int
    scale: tuple[float, float, float]
    sac_dice: float
    automatic: float | None = None
    heart: HeartFound | None = None
    groups: tuple[Group, ...] = ()
    elsewhere_agatston: float = 0.0
    review_reasons: tuple[str, ...] = ()
    failure: str | None = None


def heart_found(
    anatomy: Anatomy, heart: NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> HeartFound:
    """Compare chambers, root and epicardial fat with the mask's heart.

    Parameters
    ----------
    anatomy : Anatomy
        Of the scan.
    heart : bool ndarray
        At the scan's voxels; looked up at the nearest one of each cell.
    spacing_mm : (dz, dy, dx)
        Of the scan.
    """
    found = np.isin(anatomy.labels, HEART_PARTS)
    wanted, seen = heart, []
    for axis, count in enumerate(anatomy.shape):
        mm = anatomy.origin_mm[axis] + anatomy.spacing_mm[axis] * np.arange(count)
        index = np.rint(mm / spacing_mm[axis]).astype(np.intp)
        seen.append((index >= 0) & (index < heart.shape[axis]))
        wanted = np.take(wanted, index.clip(0, heart.shape[axis] - 1), axis=axis)
    wanted = wanted & seen[0][:, None, None] & seen[1][:, None] & seen[2]
    cell_ml = float(np.prod(anatomy.spacing_mm)) / 1000.0
    apart = np.inf
    if found.any() and wanted.any():
        between = np.argwhere(found).mean(axis=0) - np.argwhere(wanted).mean(axis=0)
        apart = float(np.linalg.norm(between * anatomy.spacing_mm))
    return HeartFound(
        dice=dice(found, wanted),
        centre_distance_mm=apart,
        found_ml=cell_ml * int(np.count_nonzero(found)),
        mask_ml=cell_ml * int(np.count_nonzero(wanted)),
    )


def near(
    heart: NDArray[np.bool_], spacing_mm: tuple[float, float, float], within_mm: float = NEAR_MM
) -> NDArray[np.bool_]:
    """Voxels of the heart, and those within a distance of it."""
    out = np.zeros(heart.shape, np.bool_)
    (box,) = ndimage.find_objects(heart.astype(np.uint8))
    grown = tuple(
        slice(max(one.start - pad, 0), one.stop + pad)
        for one, pad in zip(box, (int(within_mm / step) + 1 for step in spacing_mm), strict=True)
    )
    away = ndimage.distance_transform_edt(~heart[grown], sampling=spacing_mm)
    out[grown] = away <= within_mm
    return out


def judged(name: str, where: NDArray[np.bool_], scan: CTScan, automatic: SiteVoxels) -> Group:
    """Measure the candidates of one kind, and what was called coronary of them.

    The candidates are measured as if they were all of one artery: only which of them count as
    coronary is asked, not for which artery.
    """
    index = np.flatnonzero(where)
    voxels = SiteVoxels(
        shape=scan.shape, index=index, site=np.full(len(index), int(Site.LAD), np.uint8)
    )
    match = match_lesions(scan, voxels, automatic)
    large = [one for one in match.reference if one.agatston > LEAST_AGATSTON]
    return Group(
        name=name,
        count=len(large),
        called=sum(one.is_found for one in large),
        agatston=match.confusion.reference_agatston,
        called_agatston=match.confusion.found_agatston,
    )


def groups_of(mask: Mask, scan: CTScan, automatic: SiteVoxels) -> tuple[tuple[Group, ...], float]:
    """Measure the kinds of candidates in and around the heart, and what is called beside them.

    The blur puts calcium into the pixels beside a mask, so each candidate is grown by a pixel; a
    pixel of two kinds is coronary first, then a spot, then bone. Spots and bone farther than 10 mm
    from the heart are no group: called coronary, they count as beside.
    """
    around = near(whole_heart(mask.labels), mask.spacing_mm)
    dense = scan.hu >= CALCIUM_THRESHOLD_HU
    taken = np.zeros(scan.shape, np.bool_)
    groups = []
    for name, where in candidates(mask.labels).items():
        grown = ndimage.binary_dilation(where, np.ones((1, 3, 3))) & dense & ~taken
        if name != "coronary":
            grown &= around
        taken |= grown
        groups.append(judged(name, grown, scan, automatic))
    return tuple(groups), judged("beside", dense & ~taken, scan, automatic).called_agatston


def study(mask: Mask, seeds: list[int]) -> MaskRow:
    """Build the chest CT of a mask, score it, and compare."""
    fit = best_fit(mask, seeds)
    scan = simulated_chest(mask, fit)
    row = MaskRow(name=mask.name, seed=fit.spec.seed, scale=fit.scale, sac_dice=fit.dice)
    try:
        exam = score_scan(scan, Options())
    except CorcalError as exc:
        return replace(row, failure=str(exc))
    if exam.anatomy is None or exam.detection is None:
        return replace(row, failure="scored without anatomy")
    groups, elsewhere = groups_of(mask, scan, exam.detection.voxels)
    review = exam.result.review
    return replace(
        row,
        automatic=exam.result.score.total.agatston,
        heart=heart_found(exam.anatomy, whole_heart(mask.labels), mask.spacing_mm),
        groups=groups,
        elsewhere_agatston=elsewhere,
        review_reasons=review.reasons if review else (),
    )


def totals(rows: list[MaskRow]) -> tuple[Group, ...]:
    """Add up the groups of all masks, kind by kind."""
    names = list(dict.fromkeys(group.name for row in rows for group in row.groups))
    out = []
    for name in names:
        same = [group for row in rows for group in row.groups if group.name == name]
        out.append(
            Group(
                name=name,
                count=sum(one.count for one in same),
                called=sum(one.called for one in same),
                agatston=sum(one.agatston for one in same),
                called_agatston=sum(one.called_agatston for one in same),
            )
        )
    return tuple(out)


def main() -> None:
    """Read the command line, study each mask, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--masks", type=Path, help="folder of label maps (.nrrd)")
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not given.seeds or not all(0 <= seed < SEEDS_BELOW for seed in given.seeds):
        msg = f"seeds of measurements are 0 to {SEEDS_BELOW - 1}, got {given.seeds}"
        raise InputError(msg)
    data = shared_data()
    folder = given.masks or (data / _FOLDER if data else None)
    files = sorted(folder.glob("*.nrrd")) if folder else []
    if not files:
        print("skipped: the label maps of CORCAL_SHARED are absent")
        return
    print(machine())
    rows = []
    with judged_by(given.judge):
        for file in files:
            start = time.perf_counter()
            rows.append(study(read_mask(file), given.seeds))
            _print_row(rows[-1], time.perf_counter() - start)
    print(f"\nall {len(rows)} masks, candidates above {LEAST_AGATSTON:g} Agatston")
    _print_groups(totals(rows))
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2))


def _print_row(row: MaskRow, seconds: float) -> None:
    x, y, z = row.scale
    print(
        f"\n{row.name}: patient {row.seed}, scaled by {x:.2f} {y:.2f} {z:.2f} (x y z), "
        f"Dice of its pericardium {row.sac_dice:.3f}, {seconds:.0f} s"
    )
    if row.heart is None:
        print(f"  not scored: {row.failure}")
        return
    heart = row.heart
    print(
        f"  heart found: Dice {heart.dice:.3f}, centre {heart.centre_distance_mm:.1f} mm away, "
        f"{heart.found_ml:.0f} ml (mask {heart.mask_ml:.0f} ml)"
    )
    print(f"  automatic {row.automatic:.1f}, beside all candidates {row.elsewhere_agatston:.1f}")
    _print_groups(row.groups)
    for reason in row.review_reasons:
        print(f"  review: {reason}")


def _print_groups(groups: tuple[Group, ...]) -> None:
    print(f"  {'candidates':12}{'above 5':>8}{'called':>8}{'Agatston':>11}{'called':>10}")
    for one in groups:
        print(
            f"  {one.name:12}{one.count:8}{one.called:8}{one.agatston:11.1f}"
            f"{one.called_agatston:10.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
