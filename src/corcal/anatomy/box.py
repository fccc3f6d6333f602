"""The box of cells around the heart that an anatomy is given on."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["BOX_CELLS", "CELL_MM", "SIDE_MULTIPLE", "Cells", "place_box"]

CELL_MM = 4.0  # of the anatomy's grid; the networks are trained on it
BOX_CELLS = 48  # least side of the box around the heart: 192 mm, as in training
MAX_BOX_CELLS = 80
SIDE_MULTIPLE = 8  # sides that the networks can halve three times
MARGIN_MM = 12.0  # around what was found, which errs by a cell or so

Cells = tuple[int, int, int]


def place_box(
    heart: NDArray[np.bool_], inside: tuple[slice, slice, slice], *, factor: int = 1
) -> tuple[Cells, Cells]:
    """Place the box: the heart in its middle, and none of the scan left out for nothing.

    Parameters
    ----------
    heart : bool ndarray of shape (n_z, n_y, n_x)
        Where the heart is, on the cells of the whole scan or on coarser ones.
    inside : tuple of slice
        The cells of the whole scan's grid that lie in the scan, along z, y and x.
    factor : int
        How many of these cells a side of a cell of `heart` has.

    Returns
    -------
    start : (z, y, x)
        First cell of the box on the whole scan's grid; may be negative.
    shape : (n_z, n_y, n_x)
        Cells of the box: 48 along each side, more where the heart is larger. A box that fits
        into the scan lies in it, and one that is larger than the scan holds all of it.
    """
    start, shape = [], []
    for axis, scan in enumerate(inside):
        low, high = _extent(heart, axis, scan, factor)
        needed = high - low + 2 * MARGIN_MM / CELL_MM
        size = SIDE_MULTIPLE * int(np.ceil(needed / SIDE_MULTIPLE))
        size = min(max(size, BOX_CELLS), MAX_BOX_CELLS)
        first = round((low + high - size) / 2)
        ends = sorted((scan.start, scan.stop - size))
        start.append(min(max(first, ends[0]), ends[1]))
        shape.append(size)
    return (start[0], start[1], start[2]), (shape[0], shape[1], shape[2])


def _extent(heart: NDArray[np.bool_], axis: int, scan: slice, factor: int) -> tuple[int, int]:
    """First and last cell (exclusive) of the heart along an axis; without one, the middle."""
    others = tuple(a for a in range(3) if a != axis)
    where = np.flatnonzero(heart.any(axis=others))
    if len(where) == 0:
        middle = (scan.start + scan.stop) // 2
        return middle, middle
    return int(where[0]) * factor, (int(where[-1]) + 1) * factor
