"""Cutting a candidate: along a line, or by what a brush has painted."""

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.components import label_volume
from corcal.review.events import SplitByBrush, SplitByLine
from corcal.review.runs import voxels_of
from corcal.review.state import Candidate, ReviewState

__all__ = ["cut_by_brush", "cut_by_line", "parted"]

_Pair = tuple[dict[int, Candidate], dict[int, Candidate]]
_Array = NDArray[np.float64]
_NEAR_PX = 1.5  # neighbours are at most the root of 2 apart in their slice
# Half of the 26 neighbours, as steps of (slices, rows, columns): touching is mutual
_STEPS = tuple(
    (dz, dy, dx)
    for dz in (-1, 0, 1)
    for dy in (-1, 0, 1)
    for dx in (-1, 0, 1)
    if (dz, dy, dx) > (0, 0, 0)
)


def cut_by_line(state: ReviewState, edit: SplitByLine) -> _Pair:
    """Part a candidate along a line.

    Returns
    -------
    before, after : dict
        The candidate, and its parts in the order of their first voxels.

    Raises
    ------
    InputError
        If the line does not run all the way through the candidate.
    """
    n_z, _, _ = state.scan.shape
    if not 0 <= edit.slice < n_z:
        msg = f"slice {edit.slice} is none of the scan; allowed 0 to {n_z - 1}"
        raise InputError(msg)
    one = state.candidate(edit.candidate)
    ends = sorted((edit.start, edit.end))  # which end was drawn first must not matter
    part = _parts(one.index, state.scan.shape, np.array(ends[0]), np.array(ends[1]))
    if not part.any():
        msg = f"the line does not part candidate {one.id}: it must run all the way through it"
        raise InputError(msg)
    return parted(state, one, part)


def cut_by_brush(state: ReviewState, edit: SplitByBrush) -> _Pair:
    """Part what was painted from the rest of a candidate.

    Raises
    ------
    InputError
        If none of the candidate was painted, or all of it.
    """
    one = state.candidate(edit.candidate)
    painted = np.isin(one.index, voxels_of(edit.voxels, state.scan.shape))
    if painted.all() or not painted.any():
        much = "all" if painted.all() else "none"
        msg = f"the brush painted {much} of candidate {one.id}: a cut needs a part of it"
        raise InputError(msg)
    return parted(state, one, painted.astype(np.int64))


def parted(state: ReviewState, one: Candidate, part: NDArray[np.integer]) -> _Pair:
    """Put parts in the place of a candidate: they are what it was, under new ids.

    Parameters
    ----------
    state : ReviewState
        Gives the ids.
    one : Candidate
        That is cut.
    part : integer ndarray of shape (n,)
        Part of each of its voxels.
    """
    _, first, number = np.unique(part, return_index=True, return_inverse=True)
    after = {}
    for place, k in enumerate(np.argsort(first)):
        made = state.next_id + place
        after[made] = Candidate(
            id=made,
            index=one.index[number == k],
            site=one.site,
            is_by_reader=one.is_by_reader,
            proposal=one.proposal,
        )
    return {one.id: one}, after


def _parts(
    index: NDArray[np.int64], shape: tuple[int, int, int], start: _Array, end: _Array
) -> NDArray[np.int64]:
    """Part of each voxel after a cut; all 0 if it parts nothing.

    Voxels of one side of the whole line are connected as they are; connections between the sides
    count unless the drawn part of the line crosses them. Centres on the line are of the side to
    the right of a line that runs down, and above one that runs level.
    """
    place = np.stack(np.unravel_index(index, shape), axis=1)[:, 1:].astype(np.float64)
    along = end - start
    length = float(np.hypot(*along))
    away = ((place - start) @ np.array([along[1], -along[0]])) / length  # px, signed
    group = label_volume(index, shape, connectivity=26, group=(away > 0).astype(np.int8))
    left, right = _links(index, shape, away)
    share = away[left] / (away[left] - away[right])
    crossing = place[left] + share[:, None] * (place[right] - place[left])
    reached = (crossing - start) @ along / length**2
    cut = (reached >= 0.0) & (reached <= 1.0)
    whole = _joined(group, left, right)
    apart = _joined(group, left[~cut], right[~cut])
    if np.unique(whole).size == np.unique(apart).size:
        return np.zeros(index.size, np.int64)
    touched = np.isin(apart, apart[np.concatenate([left[cut], right[cut]])])
    apart[~touched] = apart[touched][0]  # what the line does not touch stays with the first part
    return apart


def _links(
    index: NDArray[np.int64], shape: tuple[int, int, int], away: _Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of neighbours on different sides of a line, as positions in `index`."""
    near = np.flatnonzero(np.abs(away) <= _NEAR_PX)
    place = np.stack(np.unravel_index(index[near], shape), axis=1)
    lefts, rights = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in _STEPS:
        other = place + np.array(step)
        inside = ((other >= 0) & (other < np.array(shape))).all(axis=1)
        wanted = np.ravel_multi_index(tuple(other[inside].T), shape)
        at = np.minimum(np.searchsorted(index, wanted), index.size - 1)
        found = index[at] == wanted
        lefts.append(near[inside][found])
        rights.append(at[found])
    left, right = np.concatenate(lefts), np.concatenate(rights)
    differ = (away[left] > 0) != (away[right] > 0)
    return left[differ], right[differ]


def _joined(
    group: NDArray[np.integer], left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Join the groups of some pairs of voxels; each is named by its smallest group."""
    root = list(range(int(group.max(initial=-1)) + 1))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for a, b in zip(group[left].tolist(), group[right].tolist(), strict=True):
        low, high = sorted((find(a), find(b)))
        root[high] = low
    names = np.array([find(one) for one in range(len(root))], np.int64)
    return np.asarray(names[group])
