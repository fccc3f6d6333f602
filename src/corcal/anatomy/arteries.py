"""The courses of the arteries once more, on finer cells.

The left main is 1 cm long and an artery 4 mm wide: on cells of 4 mm their courses blur into one
another where they meet. A network of its own looks at the 12 cm around them on cells of 2.5 mm, and
what it says takes the place of the first answer there.
"""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.outputs import run_on_cells
from corcal.anatomy.resample import Grid, resample
from corcal.anatomy.types import PATHWAYS
from corcal.ct.scan import CTScan
from corcal.models import LoadedModel

__all__ = ["closer_pathways"]

NEAR_CELL_MM, NEAR_CELLS = 2.5, 48  # 120 mm; the network is trained on it
_LEAST_HEIGHT = 0.1  # of a course that counts for where the box lies
_FADE_MM = 10.0  # over which the closer answer replaces the first one, from the edge of its box on

_Floats = NDArray[np.float32]


def closer_pathways(model: LoadedModel, scan: CTScan, pathways: _Floats, grid: Grid) -> _Floats:
    """Look again at where the pathways run.

    Parameters
    ----------
    model : LoadedModel
        Gives ``pathways`` on cells of 2.5 mm.
    scan : CTScan
        The scan.
    pathways : float32 ndarray of shape (6, n_z, n_y, n_x)
        The first answer.
    grid : Grid
        Its cells.

    Returns
    -------
    float32 ndarray of shape (6, n_z, n_y, n_x)
        On the same cells: the closer answer in the middle of its box, the first one outside, and
        from one to the other over 10 mm. Where no pathway was seen the first answer stays.

    Raises
    ------
    InputError
        If the model does not give what it should.
    """
    near = _box_around(pathways, grid)
    if near is None:
        return pathways
    cells = resample(scan, near)
    closer = np.clip(run_on_cells(model, cells, "pathways", len(PATHWAYS)), 0.0, 1.0)
    share = np.ones(grid.shape, np.float32)
    for axis in range(3):
        weights, inside = _onto(near, grid, axis)
        closer = np.moveaxis(np.tensordot(weights, closer, axes=(1, axis + 1)), 0, axis + 1)
        share = np.minimum(share, inside.reshape([-1 if k == axis else 1 for k in range(3)]))
    return np.asarray(share * closer + (1.0 - share) * pathways, np.float32)


def _box_around(pathways: _Floats, grid: Grid) -> Grid | None:
    """Give the finer cells around the middle of the pathways; none if there are no pathways."""
    heights = np.where(pathways > _LEAST_HEIGHT, pathways, 0.0).sum(axis=0, dtype=np.float64)
    total = heights.sum()
    if total <= 0:
        return None
    middle = [
        float(heights.sum(axis=others) @ np.arange(heights.shape[axis])) / total
        for axis, others in enumerate(((1, 2), (0, 2), (0, 1)))
    ]
    half = 0.5 * NEAR_CELL_MM * (NEAR_CELLS - 1)
    z, y, x = (o + grid.cell_mm * m - half for o, m in zip(grid.origin_mm, middle, strict=True))
    return Grid(origin_mm=(z, y, x), cell_mm=NEAR_CELL_MM, shape=(NEAR_CELLS,) * 3)


def _onto(near: Grid, grid: Grid, axis: int) -> tuple[_Floats, _Floats]:
    """Give weights that interpolate linearly from `near` to `grid` along an axis, (n, 48).

    With them, (n,), how far inside of `near` a cell of `grid` lies: 0 at its edge, 1 from
    `_FADE_MM` on.
    """
    place = grid.origin_mm[axis] + grid.cell_mm * np.arange(grid.shape[axis])
    cell = (place - near.origin_mm[axis]) / near.cell_mm
    weights = np.maximum(0.0, 1.0 - np.abs(cell[:, None] - np.arange(near.shape[axis])))
    inside = np.minimum(cell, near.shape[axis] - 1 - cell) * near.cell_mm / _FADE_MM
    return weights.astype(np.float32), np.clip(inside, 0.0, 1.0).astype(np.float32)
