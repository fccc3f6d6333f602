"""Outlines of pixels: closed polygons along their edges."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Polygon", "outline_polygons"]

Polygon = tuple[tuple[float, float], ...]
_Corner = tuple[int, int]

# The edges of a pixel, each from corner to corner with the pixel on its right: which neighbour has
# to be absent, as a step of (row, column); and the two corners, from the pixel's first one.
_EDGES = (
    ((-1, 0), (0, 0), (0, 1)),  # above it, towards the right
    ((0, 1), (0, 1), (1, 1)),  # to its right, downwards
    ((1, 0), (1, 1), (1, 0)),  # below it, towards the left
    ((0, -1), (1, 0), (0, 0)),  # to its left, upwards
)


def outline_polygons(pixels: NDArray[np.integer], shape: tuple[int, int]) -> tuple[Polygon, ...]:
    """Trace the outlines of a set of pixels.

    Parameters
    ----------
    pixels : integer ndarray of shape (n,)
        Flat C-order indices into a slice.
    shape : (n_y, n_x)
        Of the slice.

    Returns
    -------
    tuple of tuple of (y, x)
        Corners of closed polygons, half numbers: pixel (0, 0) is the square from -0.5 to 0.5.
        Outer ones run clockwise on the screen, holes the other way round. Pixels that meet at a
        corner alone have outlines of their own.

    Examples
    --------
    >>> outline_polygons(np.array([0]), (2, 2))
    (((-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)),)
    """
    rows, columns = np.divmod(np.asarray(pixels, np.int64), shape[1])
    corner = np.array([rows.min(initial=0), columns.min(initial=0)]) - 1
    extent = (rows.max(initial=0) - corner[0] + 2, columns.max(initial=0) - corner[1] + 2)
    mask = np.zeros(extent, np.bool_)
    mask[rows - corner[0], columns - corner[1]] = True
    ends = _edges(mask)
    polygons = []
    while ends:
        polygons.append(_traced(ends))
    y0, x0 = corner.tolist()
    return tuple(tuple((y + y0 - 0.5, x + x0 - 0.5) for y, x in one) for one in polygons)


def _edges(mask: NDArray[np.bool_]) -> dict[_Corner, list[_Corner]]:
    """Find the ends of the edges that start at each corner; the mask has an empty border."""
    ends: dict[_Corner, list[_Corner]] = {}
    for (dy, dx), start, end in _EDGES:
        is_edge = mask & ~np.roll(mask, (-dy, -dx), axis=(0, 1))
        for y, x in np.argwhere(is_edge).tolist():
            ends.setdefault((y + start[0], x + start[1]), []).append((y + end[0], x + end[1]))
    return dict(sorted(ends.items()))


def _traced(ends: dict[_Corner, list[_Corner]]) -> list[_Corner]:
    """Follow one polygon and take its edges out; straight runs become one side."""
    start = next(iter(ends))
    way = [start, _taken(ends, start, None)]
    while way[-1] != start:
        way.append(_taken(ends, way[-1], way[-2]))
    way.pop()
    before, after = [way[-1], *way[:-1]], [*way[1:], way[0]]
    return [
        here
        for last, here, then in zip(before, way, after, strict=True)
        if (here[0] - last[0], here[1] - last[1]) != (then[0] - here[0], then[1] - here[1])
    ]


def _taken(ends: dict[_Corner, list[_Corner]], here: _Corner, last: _Corner | None) -> _Corner:
    """Take the next edge; where two pixels meet at a corner, the one that turns right."""
    choices = ends[here]
    chosen = choices[0]
    if len(choices) > 1 and last is not None:
        step = (here[0] - last[0], here[1] - last[1])
        right = (here[0] + step[1], here[1] - step[0])
        chosen = right if right in choices else choices[0]
    choices.remove(chosen)
    if not choices:
        del ends[here]
    return chosen
