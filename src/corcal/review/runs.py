"""Sets of voxels as runs, slice by slice: what a brush sends and what a screen draws."""

import itertools
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError

__all__ = ["SliceRuns", "runs_of", "voxels_of"]

_MAX_RUNS = 100_000  # in one slice: more than half the pixels of 512 x 512, each on its own


class SliceRuns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pixels of one slice as runs.

    Attributes
    ----------
    slice : int
        Zero-based index of the slice, counted from the feet.
    runs : tuple of (start, length)
        Ascending runs that do not overlap. ``start`` is the flat C-order index of the first pixel
        within the slice (row times columns plus column); a run may go on in the next row.
    """

    slice: int
    runs: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(self.runs) > _MAX_RUNS:
            msg = f"{len(self.runs)} runs in slice {self.slice}; allowed {_MAX_RUNS}"
            raise InputError(msg)
        if any(start < 0 or length < 1 for start, length in self.runs):
            msg = f"a run of slice {self.slice} needs a start of 0 or above and a length above 0"
            raise InputError(msg)
        if any(one[0] + one[1] > other[0] for one, other in itertools.pairwise(self.runs)):
            msg = f"the runs of slice {self.slice} must ascend and not overlap"
            raise InputError(msg)


def voxels_of(slices: Sequence[SliceRuns], shape: tuple[int, int, int]) -> NDArray[np.int64]:
    """Turn runs into flat indices.

    Parameters
    ----------
    slices : sequence of SliceRuns
        In any order.
    shape : (n_z, n_y, n_x)
        Of the scan.

    Returns
    -------
    int64 ndarray of shape (n,)
        Flat C-order indices into the scan, ascending, each once.

    Raises
    ------
    InputError
        If a slice or a run lies outside of the scan.
    """
    size = shape[1] * shape[2]
    parts = [np.zeros(0, np.int64)]
    for one in slices:
        if not 0 <= one.slice < shape[0]:
            msg = f"slice {one.slice} is none of the scan; allowed 0 to {shape[0] - 1}"
            raise InputError(msg)
        if one.runs and sum(one.runs[-1]) > size:
            msg = f"a run of slice {one.slice} ends at pixel {sum(one.runs[-1])}; allowed {size}"
            raise InputError(msg)
        parts += [one.slice * size + np.arange(start, start + n) for start, n in one.runs]
    return np.unique(np.concatenate(parts))


def runs_of(index: NDArray[np.int64], shape: tuple[int, int, int]) -> tuple[SliceRuns, ...]:
    """Turn flat indices into runs.

    Parameters
    ----------
    index : int64 ndarray of shape (n,)
        Flat C-order indices into the scan, strictly ascending.
    shape : (n_z, n_y, n_x)
        Of the scan.

    Returns
    -------
    tuple of SliceRuns
        One a slice that has voxels, ascending.
    """
    if not index.size:
        return ()
    size = shape[1] * shape[2]
    starts = np.flatnonzero(np.diff(index, prepend=-2) != 1)
    starts = np.union1d(starts, np.searchsorted(index, np.unique(index // size) * size))
    first = index[starts]
    length = np.diff(starts, append=index.size)
    z, place = np.divmod(first, size)
    cuts = np.flatnonzero(np.diff(z)) + 1
    return tuple(
        SliceRuns(slice=int(own[0]), runs=tuple(zip(at.tolist(), n.tolist(), strict=True)))
        for own, at, n in zip(
            np.split(z, cuts), np.split(place, cuts), np.split(length, cuts), strict=True
        )
    )
