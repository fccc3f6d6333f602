"""A freehand region: what is dense inside gets a site, whatever candidate it was part of."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.annotations.polygon import polygon_pixels
from corcal.errors import InputError
from corcal.lesions.components import label_volume
from corcal.lesions.sites import Site
from corcal.review.candidates import values_at
from corcal.review.cut import parted
from corcal.review.events import MarkRegion, site_named
from corcal.review.state import Candidate, ReviewState

__all__ = ["mark_region"]

_ON_THE_LINE_PX = 1e-6  # a centre closer to the line than this is on it

_Index = NDArray[np.int64]
_Pair = tuple[dict[int, Candidate], dict[int, Candidate]]


def mark_region(state: ReviewState, edit: MarkRegion) -> _Pair:
    """Give what is dense within a polygon to a site.

    Returns
    -------
    before, after : dict
        Candidates that were touched; in their place the parts inside with the new site, the parts
        outside as they were, and new candidates of what was in none. A candidate that lies inside
        as a whole keeps its id.

    Raises
    ------
    InputError
        If nothing inside reaches the threshold, or there is nothing to remove.
    """
    pixels = _pixels(state, edit)
    site = None if edit.site is None else site_named(edit.site)
    before: dict[int, Candidate] = {}
    after: dict[int, Candidate] = {}
    is_dense = False
    for one in state.candidates.values():
        inside = _inside(one.index, pixels, edit)
        if not inside.any():
            continue
        is_dense |= bool(_dense(state, one.index[inside]).any())
        before[one.id] = one
        after |= _with_site(_numbered_on(state, after), one, inside, site)
    if site is not None:
        fresh = _fresh(state, edit, np.flatnonzero(pixels))
        after |= _new_candidates(_numbered_on(state, after), fresh, site)
        is_dense |= bool(fresh.size)
    if not is_dense:
        what = "no candidate that reaches" if site is None else "nothing at or above"
        msg = (
            f"there is {what} {state.rule.threshold_hu:g} HU in this region of slices "
            f"{edit.first_slice} to {edit.last_slice}"
        )
        raise InputError(msg)
    return before, after


def _pixels(state: ReviewState, edit: MarkRegion) -> NDArray[np.bool_]:
    """Pixels of a slice that lie inside, flat."""
    n_z, n_y, n_x = state.scan.shape
    if edit.last_slice >= n_z:
        msg = f"slice {edit.last_slice} is none of the scan; allowed 0 to {n_z - 1}"
        raise InputError(msg)
    corners = np.array(edit.points, np.float64)[:, ::-1]  # as x and y
    corners = np.clip(corners, -1.0, [n_x, n_y])  # what lies outside of the slice encloses nothing
    inside = np.zeros(n_y * n_x, np.bool_)
    inside[polygon_pixels([corners], (n_y, n_x), tolerance_px=_ON_THE_LINE_PX)] = True
    return inside


def _inside(index: _Index, pixels: NDArray[np.bool_], edit: MarkRegion) -> NDArray[np.bool_]:
    z, place = np.divmod(index, pixels.size)
    return np.asarray((z >= edit.first_slice) & (z <= edit.last_slice) & pixels[place])


def _dense(state: ReviewState, index: _Index) -> NDArray[np.bool_]:
    values = values_at(state.scan, index)
    return np.asarray((values >= state.rule.threshold_hu) & np.isfinite(values))


def _numbered_on(state: ReviewState, after: dict[int, Candidate]) -> ReviewState:
    """Give the same state with ids that follow those already made."""
    return replace(state, next_id=max([state.next_id, *(number + 1 for number in after)]))


def _with_site(
    state: ReviewState, one: Candidate, inside: NDArray[np.bool_], site: Site | None
) -> dict[int, Candidate]:
    """Give the part of a candidate that lies inside to a site."""
    if inside.all():
        return {one.id: replace(one, site=site, is_by_reader=True)}
    _, parts = parted(state, one, inside.astype(np.int64))
    first_inside = one.index[inside][0]
    return {
        number: replace(part, site=site, is_by_reader=True)
        if part.index[0] == first_inside
        else part
        for number, part in parts.items()
    }


def _fresh(state: ReviewState, edit: MarkRegion, pixels: _Index) -> _Index:
    """Dense voxels inside that are in no candidate, ascending."""
    _, n_y, n_x = state.scan.shape
    parts = []
    for z in range(edit.first_slice, edit.last_slice + 1):
        values = state.scan.hu[z].reshape(-1)[pixels]
        is_dense = (values >= state.rule.threshold_hu) & np.isfinite(values)
        parts.append(z * n_y * n_x + pixels[is_dense])
    dense = np.concatenate(parts)
    return np.asarray(dense[state.owners(dense) < 0])


def _new_candidates(state: ReviewState, fresh: _Index, site: Site) -> dict[int, Candidate]:
    """Make a candidate of each connected group of voxels."""
    label = label_volume(fresh, state.scan.shape, connectivity=26)
    return {
        state.next_id + k: Candidate(
            id=state.next_id + k, index=fresh[label == k], site=site, is_by_reader=True
        )
        for k in range(int(label.max(initial=-1)) + 1)
    }
