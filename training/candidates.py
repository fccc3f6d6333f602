"""Tables of candidates: what the classifier is trained on.

Simulated patients of many kinds, imaged by many protocols, go through the product's own line
(anatomy by the trained networks, candidates, features); the simulation knows what each is.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from training.lesion_table import table_of

FIRST_SEED = 2_000_000


def make_tables(
    count: int, folder: Path, *, first_seed: int = FIRST_SEED, workers: int = 2
) -> None:
    """Simulate scans into ``<seed>.npz`` tables; those that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        s for s in range(first_seed, first_seed + count) if not (folder / f"{s}.npz").exists()
    ]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(_save, wanted, [folder] * len(wanted)), 1):
            if done % 20 == 0:
                print(f"{done} of {len(wanted)} scans", flush=True)


def _save(seed: int, folder: Path) -> None:
    table = table_of(seed)
    partial = folder / f"{seed}.partial"
    with partial.open("wb") as file:
        np.savez(file, **table)
    partial.rename(folder / f"{seed}.npz")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    make_tables(given.count, given.folder, workers=given.workers)


if __name__ == "__main__":
    main()
