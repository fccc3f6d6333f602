"""Plaques of 1 to 30 Agatston put into real scans: which are found, and what is found besides.

``python -m benchmarks.study_insertion`` puts plaques along the arteries of real scans, where the
anatomy model says that they run, and prints how many are found by size, with real noise and real
surroundings. A plaque's nominal score is that of its noiseless image. A plaque is shown if the rule
counts any of it in the image with noise (a perfect reader would mark it), and found if any of what
it touches is counted as coronary.

Limits: the places come from the model that is measured. They are moved sideways at random, and must
lie in some fat, but where the model is wrong about an artery nothing is put, and nothing can be
missed. False lesions are those that touch neither a plaque nor what the expert marked.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection_cases import GATED, NONGATED_ZERO, RealScan, real_scan
from benchmarks.detection_runs import JUDGES, Given, judged_by
from benchmarks.harness import machine
from benchmarks.insertion_places import Place, choose_places
from corcal.anatomy.network import NetworkSource
from corcal.ct.scan import CTScan
from corcal.evaluate.agreement.lesion_match import match_lesions
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.insert import Inserted, LesionOrder, insert_lesions
from corcal.phantom.motion import STILL, Motion
from corcal.pipeline import Exam, Options, score_scan
from corcal.scoring.agatston import find_slice_lesions
from corcal.scoring.rules import DEFAULT_RULE, RULES

__all__ = ["Outcome", "main", "together"]

SIZES = (1.0, 2.0, 5.0, 10.0, 30.0)  # Agatston
_MASS_MG = (0.05, 80.0)
_HALVINGS = 9
_NEAR_SIZE = 0.35  # relative: a score is a step function of the mass, small ones more so
# Of a chest CT without gating: a usual way of the right coronary artery in a beat.
_FREE = Motion(kind="free", way_mm=5.0, turn_per_beat=0.5, slices_together=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one plaque."""

    scan: str
    size: float
    site: str
    agatston: float
    background_hu: float
    shown: bool
    found: bool
    found_as: str | None


def orders_of_size(
    scan: CTScan, places: Sequence[Place], *, motion: Motion
) -> dict[float, list[LesionOrder]]:
    """Find for every place and size the mass whose noiseless image has that score, by halving.

    Places where a size cannot be met within 35 % are left out of it: in thick slices a small score
    may not exist.
    """
    pairs = [(place, size) for place in places for size in SIZES]
    low, high = np.log(np.tile(_MASS_MG, (len(pairs), 1))).T
    best = np.full(len(pairs), np.inf)
    mass = np.zeros(len(pairs))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        orders = [
            _order(k, place, float(np.exp(m)))
            for k, ((place, _), m) in enumerate(zip(pairs, middle, strict=True))
        ]
        made = insert_lesions(scan, orders, motion=motion)
        score = np.array([one.agatston for one in made.lesions])
        wanted = np.array([size for _, size in pairs])
        off = np.abs(score / wanted - 1)
        mass = np.where(off < best, np.exp(middle), mass)
        best = np.minimum(best, off)
        low, high = np.where(score < wanted, middle, low), np.where(score < wanted, high, middle)
    orders_of: dict[float, list[LesionOrder]] = {size: [] for size in SIZES}
    for k, (place, size) in enumerate(pairs):
        if best[k] <= _NEAR_SIZE:
            orders_of[size].append(_order(k, place, float(mass[k])))
    return orders_of


def _order(number: int, place: Place, mass_mg: float) -> LesionOrder:
    return LesionOrder(
        id=str(number),
        site=place.site,
        path_mm=place.path_mm,
        position=place.position,
        mass_mg=mass_mg,
        # Larger plaques are denser, as in the simulated patients.
        density_mg_per_cm3=float(np.clip(350 + 150 * np.log1p(mass_mg), 200, 1200)),
        angle_deg=place.angle_deg,
        seed=place.seed,
    )


def together(first: SiteVoxels | None, second: SiteVoxels) -> SiteVoxels:
    """Join two sets of voxels of one scan; where both have a voxel, the second says what it is."""
    if first is None:
        return second
    only = ~np.isin(first.index, second.index)
    index = np.concatenate([first.index[only], second.index])
    order = np.argsort(index)
    site = np.concatenate([first.site[only], second.site])
    return SiteVoxels(shape=second.shape, index=index[order], site=site[order])


def _outcomes(
    name: str, size: float, orders: Sequence[LesionOrder], made: Inserted, exam: Exam
) -> list[Outcome]:
    """Tell the plaques apart, and see which are shown and found."""
    scan, touched = made.scan, made.voxels
    zyx = np.stack(np.unravel_index(touched.index, scan.shape), axis=1)
    centres = np.array([one.centre_mm for one in made.lesions])
    away = np.linalg.norm(scan.to_patient_mm(zyx)[:, None] - centres, axis=2)
    owner = away.argmin(axis=1)
    counted = _counted(scan, exam.voxels)
    site_of = exam.voxels.site[np.searchsorted(exam.voxels.index, counted)]
    outcomes = []
    for k, (order, lesion) in enumerate(zip(orders, made.lesions, strict=True)):
        own = touched.index[owner == k]
        alone = SiteVoxels(
            shape=scan.shape, index=own, site=np.full(own.size, int(order.site), np.uint8)
        )
        sites = site_of[np.isin(counted, own)]
        outcomes.append(
            Outcome(
                scan=name,
                size=size,
                site=order.site.label,
                agatston=lesion.agatston,
                background_hu=lesion.background_hu,
                shown=_counted(scan, alone).size > 0,
                found=sites.size > 0,
                found_as=Site(int(np.bincount(sites).argmax())).label if sites.size else None,
            )
        )
    return outcomes


def _counted(scan: CTScan, voxels: SiteVoxels) -> NDArray[np.int64]:
    """Flat indices of the coronary voxels that the rule counts."""
    kept = np.isin(voxels.site, CORONARY_SITES)
    coronary = SiteVoxels(shape=voxels.shape, index=voxels.index[kept], site=voxels.site[kept])
    values = scan.hu[np.unravel_index(coronary.index, scan.shape)]
    rule = RULES[DEFAULT_RULE]
    lesions = find_slice_lesions(values, coronary, rule=rule, spacing_mm=scan.spacing_mm)
    return np.asarray(coronary.index[lesions.voxel], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """One scan with plaques of one size in it; size 0 is the scan as it is."""

    scan: str
    size: float
    round: int
    false_lesions: int
    largest_false: float
    outcomes: tuple[Outcome, ...]


def study_scan(real: RealScan, *, rounds: int, seed: int, judge: str) -> list[Studied]:
    """Score a scan as it is and with plaques of each size, at other places in each round."""
    motion = STILL if real.name in GATED else _FREE
    with judged_by(judge):
        source = Given(NetworkSource().locate(real.scan))
        studied = [_studied(real, source, None, [], 0.0, 0)]
        for number in range(rounds):
            own = seed + number
            places = choose_places(real.scan, source.anatomy, seed=own)
            by_size = orders_of_size(real.scan, places, motion=replace(motion, seed=own))
            for size, orders in by_size.items():
                if not orders:  # thick slices may not be able to show so small a score
                    continue
                made = insert_lesions(real.scan, orders, motion=replace(motion, seed=own))
                studied.append(_studied(real, source, made, orders, size, number))
    return studied


def _studied(
    real: RealScan,
    source: Given,
    made: Inserted | None,
    orders: Sequence[LesionOrder],
    size: float,
    number: int,
) -> Studied:
    """Score, and compare with what was put in and what the expert marked.

    The anatomy is found anew where plaques were put in: they must not disturb it either.
    """
    scan = real.scan if made is None else made.scan
    options = Options(anatomy=source) if made is None else Options()
    exam = score_scan(scan, options, suitability=real.suitability)
    none = SiteVoxels(shape=scan.shape, index=np.zeros(0, np.int64), site=np.zeros(0, np.uint8))
    truth = together(real.expert, none if made is None else made.voxels)
    false = match_lesions(scan, truth, exam.voxels).false
    return Studied(
        scan=real.name,
        size=size,
        round=number,
        false_lesions=len(false),
        largest_false=max((one.agatston for one in false), default=0.0),
        outcomes=() if made is None else tuple(_outcomes(real.name, size, orders, made, exam)),
    )


def main() -> None:
    """Read the command line, study each scan, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--scans",
        nargs="+",
        default=[*GATED, NONGATED_ZERO],
        help="names below the folder data of CORCAL_SHARED, such as %(default)s",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--judge", choices=JUDGES, default="trained")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(machine())
    studied: list[Studied] = []
    for name in given.scans:
        real = real_scan(name)
        if real is None:
            print(f"{name}: skipped, CORCAL_SHARED has no data/{name}/dicom")
            continue
        studied += study_scan(real, rounds=given.rounds, seed=given.seed, judge=given.judge)
        print(f"{name}: done", flush=True)
    if not studied:
        parser.error("none of these scans is there")
    _print_found(studied)
    _print_false(studied)
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(studied), indent=2))


def _print_found(studied: Sequence[Studied]) -> None:
    """Print what was found, by size for every scan and for all gated ones, and by artery."""
    every = [one for each in studied for one in each.outcomes]
    groups = {"gated, all": [one for one in every if one.scan in GATED]}
    for one in every:
        groups.setdefault(one.scan, []).append(one)
    for site in CORONARY_SITES:
        groups[f"gated, {site.label}"] = [
            one for one in groups["gated, all"] if one.site == site.label
        ]
    print(f"\n{'plaques':20}{'Agatston':>9}{'put in':>8}{'shown':>8}{'found':>8}", end="")
    print(f"{'of all':>9}{'of shown':>10}{'right artery':>14}{'in fat':>8}")
    for name, group in groups.items():
        for size in SIZES:
            own = [one for one in group if one.size == size]
            if own:
                print(_line(name, size, own))


def _line(name: str, size: float, own: Sequence[Outcome]) -> str:
    shown = [one for one in own if one.shown]
    found = [one for one in own if one.found]
    right = sum(one.found_as == one.site for one in found)
    both = sum(one.found for one in shown)
    fat = sum(one.background_hu < 0 for one in own)
    return (
        f"{name:20}{size:9g}{len(own):8d}{len(shown):8d}{len(found):8d}"
        f"{_part(len(found), len(own)):>9}{_part(both, len(shown)):>10}"
        f"{_part(right, len(found)):>14}{_part(fat, len(own)):>8}"
    )


def _part(count: int, of: int) -> str:
    return f"{count / of:.2f}" if of else "-"


def _print_false(studied: Sequence[Studied]) -> None:
    """Print how many false lesions a scan has, as it is and with plaques of each size."""
    print(f"\n{'false lesions a scan':24}{'as it is':>10}", end="")
    print("".join(f"{size:>8g}" for size in SIZES) + f"{'largest, Agatston':>20}")
    by_scan: dict[str, dict[float, list[Studied]]] = defaultdict(lambda: defaultdict(list))
    for one in studied:
        by_scan[one.scan][one.size].append(one)
    for name, sizes in by_scan.items():
        means = [
            float(np.mean([one.false_lesions for one in sizes[size]])) if sizes[size] else np.nan
            for size in (0.0, *SIZES)
        ]
        largest = max(one.largest_false for own in sizes.values() for one in own)
        cells = "".join("       -" if np.isnan(mean) else f"{mean:8.2f}" for mean in means[1:])
        print(f"{name:24}{means[0]:10.2f}{cells}{largest:20.1f}")


if __name__ == "__main__":
    main()
