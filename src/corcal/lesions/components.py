"""Connected components of a sparse set of voxels, by runs along the rows.

Calcium fills a few per cent of a scan at most, so a labelling that visits every voxel of the volume
wastes nearly all of its time. Here voxels are first joined to runs (neighbours along ``x``), runs
are linked to the runs that they touch in the next row and the next slice, and the links are
resolved by union-find over the runs. Everything is numpy on whole arrays: scipy's graph module
alone would cost more to import than all of this costs to run.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corcal.errors import GeometryError

__all__ = ["Runs", "find_runs", "label_slices", "label_volume", "label_runs"]

Connectivity2D = Literal[4, 8]
Connectivity3D = Literal[6, 18, 26]

# Which rows a run can touch, as (slices ahead, rows ahead, whether diagonally along x). Only rows
# that come later in the scan are listed: touching is mutual.
_LINKS: dict[int, tuple[tuple[int, int, bool], ...]] = {
    4: ((0, 1, False),),
    8: ((0, 1, True),),
    6: ((0, 1, False), (1, 0, False)),
    18: ((0, 1, True), (1, 0, True), (1, -1, False), (1, 1, False)),
    26: ((0, 1, True), (1, 0, True), (1, -1, True), (1, 1, True)),
}

_Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Voxels joined along ``x``: the nodes of the graph whose components are lesions.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    first, last : int64 ndarray of shape (n_runs,)
        Flat index of the first and the last voxel of each run, ascending; a run stays in its row.
    group : integer ndarray of shape (n_runs,) or None
        Group of each run; runs of different groups never touch.
    """

    shape: tuple[int, int, int]
    first: _Index
    last: _Index
    group: NDArray[np.integer] | None = None

    @property
    def length(self) -> _Index:
        """Voxels of each run."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Runs in the form that finding their neighbours needs."""

    shape: tuple[int, int, int]
    first: NDArray[np.integer]  # flat index of the first voxel
    last: NDArray[np.integer]  # flat index of the last voxel
    start: NDArray[np.integer]  # flat index of the first voxel of the row
    y: NDArray[np.integer]  # row within the slice
    group: NDArray[np.integer] | None


def find_runs(
    index: NDArray[np.integer],
    shape: tuple[int, int, int],
    *,
    group: NDArray[np.integer] | None = None,
) -> Runs:
    """Join voxels that are neighbours along ``x`` and of the same group.

    Parameters
    ----------
    index : integer ndarray of shape (n,)
        Flat C-order index of each voxel, strictly ascending.
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    group : integer ndarray of shape (n,), optional
        Voxels of different groups are never joined.

    Returns
    -------
    Runs

    Raises
    ------
    GeometryError
        If the indices do not ascend strictly within the shape, or the groups do not match them.
    """
    flat: _Index = np.asarray(index, dtype=np.int64)
    _check(flat, shape, group)
    starts = np.empty(flat.size, dtype=bool)
    starts[:1] = True
    np.not_equal(flat[1:], flat[:-1] + 1, out=starts[1:])
    if group is not None:
        starts[1:] |= group[1:] != group[:-1]
    at, ends = _bounds(starts)
    n_x = shape[2]
    if np.any(flat[ends] // n_x != flat[at] // n_x):  # a run must not go on in the next row
        starts |= flat % n_x == 0
        at, ends = _bounds(starts)
    first, last = flat[at], flat[ends]
    return Runs(shape=shape, first=first, last=last, group=None if group is None else group[at])


def label_slices(
    index: NDArray[np.integer],
    shape: tuple[int, int, int],
    *,
    connectivity: Connectivity2D,
    group: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Label the connected components of each slice on its own.

    Parameters
    ----------
    index : integer ndarray of shape (n,)
        Flat C-order index of each voxel, strictly ascending.
    shape : (n_z, n_y, n_x)
        Shape of the scan.
    connectivity : 4 or 8
        Neighbours in the slice: by edges, or by edges and corners.
    group : integer ndarray of shape (n,), optional
        Voxels of different groups are never connected.

    Returns
    -------
    int32 ndarray of shape (n,)
        Zero-based label of each voxel. Components are numbered in the order of their first voxel,
        so labels ascend with the slices.
    """
    return _label(index, shape, connectivity, group)


def label_volume(
    index: NDArray[np.integer],
    shape: tuple[int, int, int],
    *,
    connectivity: Connectivity3D,
    group: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """Label the connected components of the volume.

    Parameters
    ----------
    index, shape, group
        As in `label_slices`.
    connectivity : 6, 18 or 26
        Neighbours by faces; by faces and edges; by faces, edges and corners.

    Returns
    -------
    int32 ndarray of shape (n,)
        Zero-based label of each voxel; components are numbered in the order of their first voxel.
    """
    return _label(index, shape, connectivity, group)


def label_runs(
    runs: Runs, connectivity: int, *, known: NDArray[np.int32] | None = None
) -> NDArray[np.int32]:
    """Label the connected components of runs.

    Parameters
    ----------
    runs : Runs
        Nodes of the graph.
    connectivity : 4, 8, 6, 18 or 26
        As in `label_slices` and `label_volume`.
    known : int32 ndarray of shape (n_runs,), optional
        Labels of the 8-connected components, if they are known already. They save the links within
        slices, and only 18 and 26 may build on them.

    Returns
    -------
    int32 ndarray of shape (n_runs,)
        Zero-based label of each run, in the order of the first voxels.
    """
    rows = _rows(runs)
    links = _LINKS[connectivity]
    if known is not None:
        links = tuple(link for link in links if link[0] == 1)
    pairs = [_touching(rows, *link) for link in links]
    left = np.concatenate([pair[0] for pair in pairs])
    right = np.concatenate([pair[1] for pair in pairs])
    if known is None:
        return _number(_union(runs.first.size, left, right))
    count = int(known.max(initial=-1)) + 1
    return _number(_union(count, known[left], known[right]))[known]


def _bounds(starts: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where runs start and end, given which voxels start one."""
    at = np.flatnonzero(starts)
    return at, np.append(at[1:], starts.size)[: at.size] - 1


def _check(index: _Index, shape: tuple[int, int, int], group: NDArray[np.integer] | None) -> None:
    """Refuse indices that do not ascend within the shape."""
    size = shape[0] * shape[1] * shape[2]
    if index.ndim != 1 or (group is not None and group.shape != index.shape):
        msg = f"index must be 1-D and group match it, got shapes {index.shape}"
        raise GeometryError(msg)
    if index.size and (index[0] < 0 or index[-1] >= size or not np.all(index[1:] > index[:-1])):
        msg = f"voxel indices must ascend strictly within a scan of shape {shape}"
        raise GeometryError(msg)


def _label(
    index: NDArray[np.integer],
    shape: tuple[int, int, int],
    connectivity: int,
    group: NDArray[np.integer] | None,
) -> NDArray[np.int32]:
    """Label voxels by the components of their runs."""
    runs = find_runs(index, shape, group=group)
    return np.repeat(label_runs(runs, connectivity), runs.length)


def _rows(runs: Runs) -> _Rows:
    """Split the flat indices of runs into rows and columns."""
    n_z, n_y, n_x = runs.shape
    # Half the width is half the memory traffic, and nearly every scan fits into 32 bits.
    is_small = (n_z + 2) * n_y * n_x < np.iinfo(np.int32).max
    kind: type[np.integer] = np.int32 if is_small else np.int64
    first: NDArray[np.integer] = runs.first.astype(kind)
    last: NDArray[np.integer] = runs.last.astype(kind)
    row = first // n_x
    return _Rows(
        shape=runs.shape, first=first, last=last, start=row * n_x, y=row % n_y, group=runs.group
    )


def _touching(
    rows: _Rows, slices_ahead: int, rows_ahead: int, diagonal: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pairs of runs (node, node) that touch across one step of rows and slices.

    Runs are ordered by their first and by their last voxel alike, so those that overlap an
    interval of a row are consecutive: two binary searches find them.
    """
    _, n_y, n_x = rows.shape
    step = (slices_ahead * n_y + rows_ahead) * n_x
    reach = 1 if diagonal else 0
    lowest = np.maximum(rows.first - reach, rows.start) + step
    highest = np.minimum(rows.last + reach, rows.start + n_x - 1) + step
    begin = np.searchsorted(rows.last, lowest, side="left")
    count = np.searchsorted(rows.first, highest, side="right") - begin
    if rows_ahead:  # a step off the slice must not land in its neighbour
        count[rows.y == (n_y - 1 if rows_ahead > 0 else 0)] = 0
    left = np.repeat(np.arange(count.size), count)
    right = np.arange(left.size) + np.repeat(begin - (np.cumsum(count) - count), count)
    if rows.group is None:
        return left, right
    same = rows.group[left] == rows.group[right]
    return left[same], right[same]


def _union(count: int, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the smallest node of the component of each of `count` nodes.

    Each round hooks every root that has a smaller neighbouring root to one of these, then flattens
    the trees. Parents are never larger than their children, so nothing can go round in a circle,
    and at least half of the roots that still have a neighbour vanish in a round.
    """
    parent = np.arange(count, dtype=np.int32)
    while left.size:
        low, high = np.minimum(left, right), np.maximum(left, right)
        parent[high] = low
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand
        left, right = parent[left], parent[right]
        apart = left != right
        left, right = left[apart], right[apart]
    return parent


def _number(root: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels that count components from zero, in the order of their smallest nodes."""
    is_root = root == np.arange(root.size, dtype=np.int32)
    return (np.cumsum(is_root, dtype=np.int32) - 1).astype(np.int32)[root]
