"""Simulated bodies on coarse grids: what the anatomy networks are trained on.

A whole body is a chest on cells of 3 mm: HU, structures, and the heights of the coronary pathways
around the heart. A near one is the heart alone on cells of 2 mm, for the network that looks at the
arteries closely. One seed gives one body. Seeds of training start at `FIRST_SEED`; those below are
left to tests and to the measurements of accuracy.
"""

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
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
from training.bare import bare
from training.far import sometimes_left_dominant
from training.lean import sometimes_lean, sometimes_sunk

__all__ = [
    "BODY_GRID",
    "FIRST_NEAR_SEED",
    "FIRST_SEED",
    "Body",
    "load_bodies",
    "make_bodies",
    "make_body",
    "make_near_body",
]

FIRST_SEED, FIRST_NEAR_SEED = 1_000_000, 1_500_000
_CELL_MM = 3.0
_FIELD_MM = 4.5
_ORIGIN_MM = (-168.0, -150.0, -186.0)
_CELLS = (118, 104, 120)
BODY_GRID = Grid(origin_mm=_ORIGIN_MM, spacing_mm=(_CELL_MM,) * 3, shape=_CELLS)
_HEART_CELLS = 64  # of the cube around the heart where pathways are kept
_NEAR_CELL_MM, _NEAR_FIELD_MM, _NEAR_CELLS = 2.0, 3.0, 84


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One simulated chest, or the heart in it.

    Attributes
    ----------
    hu : float16 ndarray of shape (n_z, n_y, n_x)
        Noiseless: (118, 104, 120) on `BODY_GRID`, or (84, 84, 84) around the heart.
    labels : uint8 ndarray, same shape
        `corcal.anatomy.Structure` codes.
    sac : bool ndarray, same shape
        Inside the pericardium.
    pathways : uint8 ndarray of shape (6, n, n, n)
        Heights times 255, from cell `corner` of the grid on: a cube around the heart.
    corner : (z, y, x)
        First cell of that cube.
    cell_mm : float
        Side of a cell.
    """

    hu: NDArray[np.float16]
    labels: NDArray[np.uint8]
    sac: NDArray[np.bool_]
    pathways: NDArray[np.uint8]
    corner: tuple[int, int, int]
    cell_mm: float = _CELL_MM

    @property
    def heart_cells(self) -> int:
        """Side of the cube around the heart."""
        return self.pathways.shape[1]


def make_body(seed: int) -> Body:
    """Simulate one whole body of the training set."""
    spec, rng = _draw(seed)
    thorax = Thorax(spec, BODY_GRID, field_mm=_FIELD_MM)
    hu = _painted(thorax, spec, BODY_GRID, rng)
    labels = _on(BODY_GRID, structure_labels(thorax.heart), thorax.heart.grid)
    sac = _on(BODY_GRID, thorax.heart.sac < 0, thorax.heart.grid)
    corner = _corner(sac)
    points = BODY_GRID.points()[tuple(slice(c, c + _HEART_CELLS) for c in corner)]
    heights = pathway_heights(thorax.courses, points)
    return Body(
        hu=hu.astype(np.float16),
        labels=labels.astype(np.uint8),
        sac=sac,
        pathways=np.rint(heights * 255).astype(np.uint8),
        corner=corner,
    )


def make_near_body(seed: int) -> Body:
    """Simulate the heart of one patient, whose arteries have little fat beside them."""
    spec, rng = _draw(seed)
    spec = bare(spec, seed)
    probe = Thorax(spec, BODY_GRID, field_mm=2 * _FIELD_MM, only_courses=True)
    middle = np.concatenate([course.points_mm for course in probe.courses.values()]).mean(axis=0)
    x, y, z = middle - 0.5 * _NEAR_CELL_MM * (_NEAR_CELLS - 1)
    grid = Grid(
        origin_mm=(float(x), float(y), float(z)),
        spacing_mm=(_NEAR_CELL_MM,) * 3,
        shape=(_NEAR_CELLS,) * 3,
    )
    thorax = Thorax(spec, grid, field_mm=_NEAR_FIELD_MM)
    heights = pathway_heights(thorax.courses, grid.points())
    return Body(
        hu=_painted(thorax, spec, grid, rng).astype(np.float16),
        labels=_on(grid, structure_labels(thorax.heart), thorax.heart.grid).astype(np.uint8),
        sac=_on(grid, thorax.heart.sac < 0, thorax.heart.grid),
        pathways=np.rint(heights * 255).astype(np.uint8),
        corner=(0, 0, 0),
        cell_mm=_NEAR_CELL_MM,
    )


def make_bodies(count: int, folder: Path, *, near: bool = False, workers: int = 2) -> None:
    """Simulate bodies into ``<seed>.npz`` files; those that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    first = FIRST_NEAR_SEED if near else FIRST_SEED
    wanted = [s for s in range(first, first + count) if not _file(folder, s).exists()]
    save = partial(_save, make_near_body if near else make_body, folder)
    with ProcessPoolExecutor(workers) as pool:
        for done, _ in enumerate(pool.map(save, wanted), 1):
            if done % 25 == 0:
                print(f"{done} of {len(wanted)} bodies", flush=True)


def load_bodies(folder: Path, *, most: int | None = None) -> list[Body]:
    """Read bodies in the order of their seeds."""
    files = sorted(p for p in folder.glob("*.npz") if "partial" not in p.name)[:most]
    bodies = []
    for file in files:
        with np.load(file) as z:
            z_, y_, x_ = (int(v) for v in z["corner"])
            bodies.append(
                Body(
                    hu=z["hu"],
                    labels=z["labels"],
                    sac=z["sac"],
                    pathways=z["pathways"],
                    corner=(z_, y_, x_),
                    cell_mm=float(z["cell_mm"]) if "cell_mm" in z else _CELL_MM,
                )
            )
    return bodies


def _draw(seed: int) -> tuple[PatientSpec, np.random.Generator]:
    rng = np.random.default_rng([seed, 11])
    burdens: tuple[Burden, ...] = tuple(BURDENS)
    spec = draw_patient(
        seed, burden=burdens[int(rng.integers(4))], variety=float(rng.uniform(0.3, 1.2))
    )
    return sometimes_left_dominant(sometimes_sunk(sometimes_lean(spec, seed), seed), seed), rng


def _painted(
    thorax: Thorax, spec: PatientSpec, grid: Grid, rng: np.random.Generator
) -> NDArray[np.float32]:
    hu = np.stack([thorax.plane(k) for k in range(grid.shape[0])])
    _add_calcium(hu, grid, spec, thorax.courses, rng)
    return hu


def _save(make: Callable[[int], Body], folder: Path, seed: int) -> None:
    body = make(seed)
    unfinished = folder / f"{seed}.partial.npz"
    np.savez_compressed(
        unfinished,
        hu=body.hu,
        labels=body.labels,
        sac=body.sac,
        pathways=body.pathways,
        corner=np.array(body.corner),
        cell_mm=np.array(body.cell_mm),
    )
    unfinished.rename(_file(folder, seed))


def _file(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.npz"


def _add_calcium(
    hu: NDArray[np.float32],
    grid: Grid,
    spec: PatientSpec,
    courses: dict[str, Course],
    rng: np.random.Generator,
) -> None:
    """Add the contrast of each plaque to the cells that it lies in."""
    origin, cell_mm = np.array(grid.origin_mm), grid.spacing_mm[0]
    for plaque in spec.plaques:
        if rng.random() < 0.3:
            continue
        one = deposit(plaque, courses[plaque.branch])
        z, y, x = np.nonzero(one.density_mg_per_cm3)
        place = np.stack([x, y, z], axis=1) * CELL_MM + np.array(one.origin_mm) - origin
        cell = np.rint(place / cell_mm).astype(np.intp)[:, ::-1]
        inside = ((cell >= 0) & (cell < hu.shape)).all(axis=1)
        density = one.density_mg_per_cm3[z, y, x][inside] * (CELL_MM / cell_mm) ** 3
        np.add.at(hu, tuple(cell[inside].T), density * hydroxyapatite_hu(1.0, kvp=120.0))


def _on(grid: Grid, values: NDArray[np.generic], source: Grid) -> NDArray[np.generic]:
    index = []
    for axis, name in enumerate("zyx"):
        start = source.origin_mm["xyz".index(name)]
        at = np.rint((grid.axis(name) - start) / source.spacing_mm[axis]).astype(np.intp)
        index.append(np.clip(at, 0, values.shape[axis] - 1))
    return values[np.ix_(*index)]


def _corner(sac: NDArray[np.bool_]) -> tuple[int, int, int]:
    z, y, x = (
        int(
            np.clip(
                round(float(np.nonzero(sac)[axis].mean())) - _HEART_CELLS // 2,
                0,
                n - _HEART_CELLS,
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
    parser.add_argument("--near", action="store_true", help="the heart alone, on cells of 2 mm")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    make_bodies(given.count, given.folder, near=given.near, workers=given.workers)


if __name__ == "__main__":
    main()
