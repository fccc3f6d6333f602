"""Which pixels a polygon covers: the pixel-centre rule, with the boundary included."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_CONTOUR_POINTS", "polygon_pixels"]

# On one slice, of one region. The longest outlines of a heart have some hundred points; the time
# that a contour takes grows with its points times the rows that each edge crosses.
MAX_CONTOUR_POINTS = 10_000

_EDGES_AT_ONCE = 1024  # bounds memory: an edge may cross all rows and columns of a slice

Points = NDArray[np.float64]


def polygon_pixels(
    contours: Sequence[Points], shape: tuple[int, int], *, tolerance_px: float
) -> NDArray[np.int64]:
    """Find the pixels whose centre lies inside of, or on, a set of closed contours.

    A pixel belongs to the region if its centre is inside by the even-odd rule over all contours
    (so a contour inside of another is a hole, and a keyhole polygon has its hole), or if its
    centre lies on one of the contours.

    Parameters
    ----------
    contours : sequence of ndarray of shape (n, 2)
        x and y of the corners in pixels; whole numbers are pixel centres. Closed by themselves.
        One or two corners make a region too: a point or a line of pixels.
    shape : (n_y, n_x)
        Of the slice. What lies outside is cut off.
    tolerance_px : float
        A centre closer to a contour than this, along the row or along the column, is on it.

    Returns
    -------
    int64 ndarray of shape (n,)
        Flat C-order indices into the slice, ascending. Empty if no centre is inside.
    """
    corners = np.concatenate(contours) if contours else np.zeros((0, 2))
    if not corners.size:
        return np.zeros(0, dtype=np.int64)
    low = np.floor(corners.min(axis=0) - tolerance_px).astype(np.int64)
    high = np.ceil(corners.max(axis=0) + tolerance_px).astype(np.int64)
    width, height = np.maximum(high - low + 1, 1)
    inside = np.zeros((height, width), dtype=np.bool_)
    boundary = np.zeros_like(inside)
    for contour in contours:
        start = contour - low
        end = np.roll(start, -1, axis=0)
        for first in range(0, len(contour), _EDGES_AT_ONCE):
            edges = slice(first, first + _EDGES_AT_ONCE)
            # Parity of all edges is the parity of the parities of some of them.
            inside ^= _interior(start[edges], end[edges], (int(height), int(width)))
            _mark_boundary(boundary, start[edges], end[edges], tolerance_px)
    y, x = np.nonzero(inside | boundary)
    y, x = y + low[1], x + low[0]
    kept = (y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])
    return np.asarray(y[kept] * shape[1] + x[kept], dtype=np.int64)


def _interior(start: Points, end: Points, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Even-odd interior: along each row, every edge crossed turns inside to outside and back."""
    # Half-open in y: a corner on a row counts for one of its two edges, so parity stays right.
    y_low = np.ceil(np.minimum(start[:, 1], end[:, 1])).astype(np.int64)
    y_high = np.ceil(np.maximum(start[:, 1], end[:, 1])).astype(np.int64)
    edge, y = _steps(y_low, y_high - y_low)
    x = _at(start[edge], end[edge], y, axis=1)
    columns = shape[1] + 1
    turn = y * columns + np.clip(np.ceil(x).astype(np.int64), 0, shape[1])
    turns = np.bincount(turn, minlength=shape[0] * columns).reshape(shape[0], columns)
    return np.asarray(np.cumsum(turns, axis=1)[:, :-1] % 2 == 1)


def _mark_boundary(
    boundary: NDArray[np.bool_], start: Points, end: Points, tolerance_px: float
) -> None:
    """Mark pixel centres on the edges: at corners, and where edges cross rows and columns."""
    points = [start]
    for axis in (0, 1):
        low = np.ceil(np.minimum(start[:, axis], end[:, axis])).astype(np.int64)
        high = np.floor(np.maximum(start[:, axis], end[:, axis])).astype(np.int64)
        count = np.where(start[:, axis] == end[:, axis], 0, np.maximum(high - low + 1, 0))
        edge, whole = _steps(low, count)
        other = _at(start[edge], end[edge], whole, axis=axis)
        points.append(np.stack((whole, other) if axis == 0 else (other, whole), axis=1))
    point = np.concatenate(points)
    nearest = np.rint(point).astype(np.int64)
    x, y = nearest[np.abs(point - nearest).max(axis=1) <= tolerance_px].T
    boundary[y, x] = True


def _steps(
    first: NDArray[np.int64], count: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Enumerate ``first[i], first[i] + 1, ...`` (``count[i]`` of them) for all edges i."""
    edge = np.repeat(np.arange(first.size), count)
    before = np.repeat(np.cumsum(count) - count, count)
    return edge, first[edge] + np.arange(edge.size) - before


def _at(start: Points, end: Points, whole: NDArray[np.int64], *, axis: int) -> Points:
    """Other coordinate of edges where their coordinate `axis` is a given whole number."""
    run = end[:, axis] - start[:, axis]
    along = (whole - start[:, axis]) / run
    other = 1 - axis
    return np.asarray(start[:, other] + along * (end[:, other] - start[:, other]))
