"""Tables of candidates: what the classifier is trained on.

Simulated patients of many kinds, imaged by many protocols, go through the product's own line
(anatomy by the trained networks, candidates, features); the simulation knows what each is. The
scans are kept, so that another network or other features need only the second step again.
"""

import argparse
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from training.cases import simulate_case

__all__ = ["FIRST_SEED", "make_tables", "simulate_scans"]

FIRST_SEED = 2_000_000


def simulate_scans(
    count: int, folder: Path, *, first_seed: int = FIRST_SEED, workers: int = 2
) -> None:
    """Simulate scans with their truth into ``<seed>.pickle``; those that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(first_seed, first_seed + count)
    missing = [seed for seed in seeds if not (folder / f"{seed}.pickle").exists()]
    _run(partial(_save_scan, folder), missing, workers)


def make_tables(scans: Path, folder: Path, *, count: int | None = None, workers: int = 2) -> None:
    """Describe the candidates of simulated scans into ``<seed>.npz`` tables."""
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(scans.glob("*.pickle"))[:count]
    _run(partial(_save_table, folder), files, workers)


def _run(work: Callable[..., None], items: Sequence[object], workers: int) -> None:
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(work, items), 1):
            if done % 20 == 0:
                print(f"{done} of {len(items)}", flush=True)


def _save_scan(folder: Path, seed: int) -> None:
    part = folder / f"{seed}.partial"
    part.write_bytes(pickle.dumps(simulate_case(seed), protocol=5))
    part.rename(folder / f"{seed}.pickle")


def _save_table(folder: Path, file: Path) -> None:
    from training.lesion_table import table_of  # the first step needs no detection

    # the file is our own, made by the first step
    case = pickle.loads(file.read_bytes())  # noqa: S301
    with (folder / f"{file.stem}.npz").open("wb") as out:
        np.savez(out, **table_of(case))


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["simulate", "describe"])
    parser.add_argument("scans", type=Path)
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if given.step == "simulate":
        simulate_scans(given.count, given.scans, first_seed=given.first_seed, workers=given.workers)
    else:
        make_tables(given.scans, given.tables, count=given.count, workers=given.workers)


if __name__ == "__main__":
    main()
