"""Outlines of pixels, exactly along their edges."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["pixel_outlines"]

_Corner = tuple[int, int]
# For each side: the neighbour across it, and its edge from corner to corner, clockwise on a screen.
_SIDES: tuple[tuple[_Corner, _Corner, _Corner], ...] = (
    ((-1, 0), (0, 0), (0, 1)),
    ((0, 1), (0, 1), (1, 1)),
    ((1, 0), (1, 1), (1, 0)),
    ((0, -1), (1, 0), (0, 0)),
)


def pixel_outlines(pixels: NDArray[np.integer]) -> list[NDArray[np.float64]]:
    """Trace the borders of a set of pixels, those of holes too.

    Parameters
    ----------
    pixels : integer ndarray of shape (n, 2)
        Zero-based (row, column) of each.

    Returns
    -------
    list of float64 ndarray of shape (m, 2)
        Closed polygons: (row, column) of corners, the first one again as the last. Corner (0, 0) is
        the top left corner of pixel (0, 0), whose centre is (0.5, 0.5). Pixels that touch at a
        corner alone may be of one polygon or of two.
    """
    inside = {(int(row), int(column)) for row, column in pixels}
    ends: dict[_Corner, list[_Corner]] = {}
    for row, column in sorted(inside):
        for (down, right), start, end in _SIDES:
            if (row + down, column + right) not in inside:
                first = (row + start[0], column + start[1])
                ends.setdefault(first, []).append((row + end[0], column + end[1]))
    polygons = []
    while ends:
        polygons.append(_corners(_loop(ends)))
    return polygons


def _loop(ends: dict[_Corner, list[_Corner]]) -> list[_Corner]:
    """Follow edges until they close, and take them out."""
    start = next(iter(ends))
    path = [start]
    while len(path) == 1 or path[-1] != start:
        here = path[-1]
        path.append(ends[here].pop())
        if not ends[here]:
            del ends[here]
    return path[:-1]


def _corners(path: list[_Corner]) -> NDArray[np.float64]:
    """Drop the points on straight lines, and close the polygon."""
    points = np.array(path, dtype=np.float64)
    before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
    turns = ((points - before) != (after - points)).any(axis=1)
    kept = points[turns]
    return np.concatenate((kept, kept[:1]))
