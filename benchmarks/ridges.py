"""Lines along which the arteries run, out of the heights of an anatomy's pathways."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from corcal.anatomy.sampling import distance_map
from corcal.anatomy.types import Anatomy, Pathway, Structure

__all__ = ["HEART_PARTS", "ridge_line"]

_LEAST_PEAK = 0.3  # of the heights near the heart: below it the source knows no course
_LEAST_HEIGHT = 0.4  # of a cell that the line may cross, relative to that peak
_NEAR_HEART_MM = 12.0
# The line goes on for 7 mm beyond the ends of an artery, so that a mere spot is 14 mm long.
_LEAST_LENGTH_MM = 15.0
_SMOOTH_POINTS = 1.0  # sigma, in cells along the line
HEART_PARTS = (
    Structure.LEFT_VENTRICLE,
    Structure.RIGHT_VENTRICLE,
    Structure.LEFT_ATRIUM,
    Structure.RIGHT_ATRIUM,
    Structure.AORTIC_ROOT,
    Structure.EPICARDIAL_FAT,
)
_FORWARD = [
    step
    for step in np.ndindex(3, 3, 3)
    if step > (1, 1, 1)  # each pair of neighbours once
]


def ridge_line(anatomy: Anatomy, pathway: Pathway) -> NDArray[np.float64] | None:
    """Trace the longest course of a pathway.

    Parameters
    ----------
    anatomy : Anatomy
        With pathways.
    pathway : Pathway
        Which one; of an artery with branches, the longest way from end to end.

    Returns
    -------
    float64 ndarray of shape (n, 3) or None
        Points along (z, y, x) in mm, in the frame of `Anatomy`, about a cell apart, from one end
        to the other; the order of the ends means nothing. ``None`` if it is shorter than 15 mm,
        or nothing near the heart is high.
    """
    if anatomy.pathways is None:
        return None
    height = np.where(_near_heart(anatomy), anatomy.pathways[pathway], np.float32(0))
    peak = float(height.max())
    if peak < _LEAST_PEAK:
        return None
    cells = _largest(height > _LEAST_HEIGHT * peak)
    if len(cells) < 2:
        return None
    graph = _graph(cells, height, np.array(anatomy.spacing_mm))
    first = int(dijkstra(graph, indices=0).argmax())
    far, before = dijkstra(graph, indices=first, return_predecessors=True)
    rows = _walk(before, int(far.argmax()))
    points = np.array([_centre(height, cells[row]) for row in rows])
    points = points * anatomy.spacing_mm + anatomy.origin_mm
    ends = points[[0, -1]]
    points = ndimage.gaussian_filter1d(points, _SMOOTH_POINTS, axis=0, mode="nearest")
    points[[0, -1]] = ends
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    return points if length >= _LEAST_LENGTH_MM else None


def _near_heart(anatomy: Anatomy) -> NDArray[np.bool_]:
    heart = np.isin(anatomy.labels, HEART_PARTS)
    return np.asarray(distance_map(heart, anatomy.spacing_mm) < _NEAR_HEART_MM)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Cells of the largest piece, shape (n, 3)."""
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        return np.zeros((0, 3), np.intp)
    return np.argwhere(labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()))


def _graph(
    cells: NDArray[np.intp], height: NDArray[np.float32], step_mm: NDArray[np.float64]
) -> coo_matrix:
    """Join neighbouring cells; the way along the ridge is the shortest."""
    number = np.full(height.shape, -1)
    number[tuple(cells.T)] = np.arange(len(cells))
    padded = np.pad(number, 1, constant_values=-1)
    at = height[tuple(cells.T)].astype(np.float64)
    rows, columns, weights = [], [], []
    for step in _FORWARD:
        offset = np.array(step) - 1
        other = padded[tuple((cells + 1 + offset).T)]
        here = np.flatnonzero(other >= 0)
        there = other[here]
        length = float(np.linalg.norm(offset * step_mm))
        rows += [here, there]
        columns += [there, here]
        weights += [length / np.square(0.5 * (at[here] + at[there]))] * 2
    joined = [np.concatenate(one) for one in (weights, rows, columns)]
    return coo_matrix((joined[0], (joined[1], joined[2])), shape=(len(cells),) * 2).tocsr()


def _walk(before: NDArray[np.int32], last: int) -> list[int]:
    """Go back from the last cell to the first."""
    rows = [last]
    while before[rows[-1]] >= 0:
        rows.append(int(before[rows[-1]]))
    return rows


def _centre(height: NDArray[np.float32], cell: NDArray[np.intp]) -> NDArray[np.float64]:
    """Centre of the heights around a cell, in cells: finer than the grid."""
    low = np.maximum(cell - 1, 0)
    part = height[tuple(slice(a, b + 2) for a, b in zip(low, cell, strict=True))].astype(np.float64)
    return np.array(ndimage.center_of_mass(part * part)) + low
