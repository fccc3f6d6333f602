"""Simulated bodies on a coarse grid: what the anatomy networks are trained on.

Each body is a whole chest on cells of 3 mm: HU, structures, and the heights of the coronary
pathways around the heart. One seed gives one body. Seeds of training start at `FIRST_SEED`; those
below are left to tests and to the measurements of accuracy.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corcal.phantom.anatomy_truth import pathway_heights, structure_labels
from corcal.phantom.calcium import CELL_MM, deposit
from corcal.phantom.course import Course
from corcal.phantom.patient import BURDENS, Burden, PatientSpec, draw_patient
from corcal.phantom.render import Thorax
from corcal.phantom.scanner import hydroxyapatite_hu
from corcal.phantom.shapes import Grid
from training.far import sometimes_left_dominant
from training.lean import sometimes_lean, sometimes_sunk

__all__ = ["BODY_GRID", "FIRST_SEED", "HEART_GRID_CELLS", "Body", "make_bodies", "make_body"]

FIRST_SEED = 1_000_000
_CELL_MM = 3.0
_FIELD_MM = 4.5
_ORIGIN_MM = (-168.0, -150.0, -186.0)
_CELLS = (118, 104, 120)
BODY_GRID = Grid(origin_mm=_ORIGIN_MM, spacing_mm=(_CELL_MM,) * 3, shape=_CELLS)
HEART_GRID_CELLS = 64  # of the cube around the heart where pathways are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One simulated chest.

    Attributes
    ----------
    hu : float16 ndarray of shape (118, 104, 120)
        On `BODY_GRID`, noiseless.
    labels : uint8 ndarray, same shape
        `corcal.anatomy.Structure` codes.
    sac : bool ndarray, same shape
        Inside the pericardium.
    pathways : uint8 ndarray of shape (6, 64, 64, 64)
        Heights times 255, from cell `corner` of the grid on.
    corner : (z, y, x)
        First cell of the cube around the heart.
    """

    hu: NDArray[np.float16]
    labels: NDArray[np.uint8]
    sac: NDArray[np.bool_]
    pathways: NDArray[np.uint8]
    corner: tuple[int, int, int]


def make_body(seed: int) -> Body:
    """Simulate one body of the training set."""
    rng = np.random.default_rng([seed, 11])
    burdens: tuple[Burden, ...] = tuple(BURDENS)
    spec = draw_patient(
        seed, burden=burdens[int(rng.integers(4))], variety=float(rng.uniform(0.3, 1.2))
    )
    spec = sometimes_left_dominant(sometimes_sunk(sometimes_lean(spec, seed), seed), seed)
    thorax = Thorax(spec, BODY_GRID, field_mm=_FIELD_MM)
    hu = np.stack([thorax.plane(k) for k in range(_CELLS[0])])
    _add_calcium(hu, spec, thorax.courses, rng)
    labels = _on_body_grid(structure_labels(thorax.heart), thorax.heart.grid)
    sac = _on_body_grid(thorax.heart.sac < 0, thorax.heart.grid)
    corner = _corner(sac)
    points = BODY_GRID.points()[tuple(slice(c, c + HEART_GRID_CELLS) for c in corner)]
    heights = pathway_heights(thorax.courses, points)
    return Body(
        hu=hu.astype(np.float16),
        labels=labels.astype(np.uint8),
        sac=sac,
        pathways=np.rint(heights * 255).astype(np.uint8),
        corner=corner,
    )


def make_bodies(
    count: int, folder: Path, *, first_seed: int = FIRST_SEED, workers: int = 2
) -> None:
    """Simulate bodies into ``<seed>.npz`` files; those that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [s for s in range(first_seed, first_seed + count) if not _file(folder, s).exists()]
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(_save, wanted, [folder] * len(wanted)), 1):
            if done % 25 == 0:
                print(f"{done} of {len(wanted)} bodies", flush=True)


def _save(seed: int, folder: Path) -> None:
    body = make_body(seed)
    partial = folder / f"{seed}.partial.npz"
    np.savez_compressed(
        partial,
        hu=body.hu,
        labels=body.labels,
        sac=body.sac,
        pathways=body.pathways,
        corner=np.array(body.corner),
    )
    partial.rename(_file(folder, seed))


def _file(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.npz"


def _add_calcium(
    hu: NDArray[np.float32],
    spec: PatientSpec,
    courses: dict[str, Course],
    rng: np.random.Generator,
) -> None:
    """Add the contrast of each plaque to the cells that it lies in."""
    origin = np.array(_ORIGIN_MM)
    for plaque in spec.plaques:
        if rng.random() < 0.3:
            continue
        one = deposit(plaque, courses[plaque.branch])
        z, y, x = np.nonzero(one.density_mg_per_cm3)
        place = np.stack([x, y, z], axis=1) * CELL_MM + np.array(one.origin_mm) - origin
        cell = np.rint(place / _CELL_MM).astype(np.intp)[:, ::-1]
        inside = ((cell >= 0) & (cell < hu.shape)).all(axis=1)
        density = one.density_mg_per_cm3[z, y, x][inside] * (CELL_MM / _CELL_MM) ** 3
        np.add.at(hu, tuple(cell[inside].T), density * hydroxyapatite_hu(1.0, kvp=120.0))


def _on_body_grid(values: NDArray[np.generic], source: Grid) -> NDArray[np.generic]:
    index = []
    for axis, name in enumerate("zyx"):
        start = source.origin_mm["xyz".index(name)]
        at = np.rint((BODY_GRID.axis(name) - start) / source.spacing_mm[axis]).astype(np.intp)
        index.append(np.clip(at, 0, values.shape[axis] - 1))
    return values[np.ix_(*index)]


def _corner(sac: NDArray[np.bool_]) -> tuple[int, int, int]:
    z, y, x = (
        int(
            np.clip(
                round(float(np.nonzero(sac)[axis].mean())) - HEART_GRID_CELLS // 2,
                0,
                n - HEART_GRID_CELLS,
            )
        )
        for axis, n in enumerate(sac.shape)
    )
    return z, y, x


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    make_bodies(given.count, given.folder, workers=given.workers)


if __name__ == "__main__":
    main()
