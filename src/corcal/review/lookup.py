"""What a screen asks of a review: what is here, what does it look like, and what is it."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corcal.errors import InputError
from corcal.lesions.decision import Reason
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.review.candidates import values_at
from corcal.review.outline import Polygon, outline_polygons
from corcal.review.runs import SliceRuns, runs_of
from corcal.review.state import Candidate, ReviewState
from corcal.scoring.agatston import find_slice_lesions

__all__ = [
    "CandidateMask",
    "CandidateSummary",
    "candidate_at",
    "candidate_masks",
    "candidate_outlines",
    "candidate_summaries",
    "candidate_summary",
]

_MOST_RADIUS_PX = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateMask:
    """The pixels of a candidate in one slice that reach the threshold in use.

    Attributes
    ----------
    id : int
        Of the candidate.
    site : str or None
        What it is now.
    is_by_reader : bool
        Whether a reader decided that.
    pixels : SliceRuns
        Runs of pixels.
    """

    id: int
    site: str | None
    is_by_reader: bool
    pixels: SliceRuns


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSummary:
    """One row of the list of candidates.

    Attributes
    ----------
    id : int
        Of the candidate.
    proposed_site : str or None
        What was proposed; ``None`` if nothing was.
    site : str or None
        What it is now; ``None`` if it is no calcium.
    is_by_reader : bool
        Whether a reader decided that.
    is_scored : bool
        Whether it is measured, in the arteries or elsewhere.
    agatston : float
        Its score by the rule in use, taken by itself and whatever its site: what depends on it.
        Where it touches calcium of the same site the two together can score more.
    volume_mm3 : float
        Of its voxels at or above the threshold.
    peak_hu : float
        Its maximum.
    slices : tuple of int
        Zero-based slices of its voxels, ascending.
    centroid_mm : (x, y, z)
        Mean of its voxel centres in the patient, LPS.
    centroid_index : (z, y, x)
        The same as a zero-based, fractional index.
    voxel_count : int
        All its voxels, also those below the threshold.
    why : tuple of Reason
        What carried the proposal; empty where a person proposed.
    probabilities : dict or None
        Of the proposal, by `Site.label`.
    """

    id: int
    proposed_site: str | None
    site: str | None
    is_by_reader: bool
    is_scored: bool
    agatston: float
    volume_mm3: float
    peak_hu: float
    slices: tuple[int, ...]
    centroid_mm: tuple[float, float, float]
    centroid_index: tuple[float, float, float]
    voxel_count: int
    why: tuple[Reason, ...]
    probabilities: dict[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measures:
    """What does not depend on the site."""

    agatston: float
    volume_mm3: float
    peak_hu: float
    slices: tuple[int, ...]
    centroid_mm: tuple[float, float, float]
    centroid_index: tuple[float, float, float]


def candidate_at(
    state: ReviewState, z: int, y: float, x: float, *, radius_px: float = 3.0
) -> Candidate | None:
    """Find the candidate at a place of a slice.

    Parameters
    ----------
    state : ReviewState
        Of a review.
    z : int
        Zero-based slice.
    y, x : float
        Row and column; whole numbers are pixel centres.
    radius_px : float
        How far a pixel may be, at most 50.

    Returns
    -------
    Candidate or None
        That of the nearest pixel that reaches the threshold in use; of equally near ones, the
        first of the slice. Pixels below the threshold are not drawn, and so are not met.

    Raises
    ------
    InputError
        If the slice is none of the scan, or the radius too large.
    """
    _check_slice(state, z)
    if not 0 <= radius_px <= _MOST_RADIUS_PX:
        msg = f"a radius of {radius_px:g} pixels; allowed 0 to {_MOST_RADIUS_PX:g}"
        raise InputError(msg)
    pixels = _pixels_around(state, y, x, radius_px)
    _, n_y, n_x = state.scan.shape
    index = np.sort(z * n_y * n_x + pixels)
    index = index[values_at(state.scan, index) >= state.rule.threshold_hu]
    owner = state.owners(index)
    index, owner = index[owner >= 0], owner[owner >= 0]
    if not index.size:
        return None
    row, column = np.divmod(index % (n_y * n_x), n_x)
    nearest = np.argmin((row - y) ** 2 + (column - x) ** 2)
    return state.candidates[int(owner[nearest])]


def candidate_masks(state: ReviewState, z: int) -> tuple[CandidateMask, ...]:
    """Give the pixels of every candidate in a slice.

    Returns
    -------
    tuple of CandidateMask
        In the order of the ids; those with no pixel at or above the threshold are left out.

    Raises
    ------
    InputError
        If the slice is none of the scan.
    """
    return tuple(
        CandidateMask(
            id=one.id,
            site=_label(one.site),
            is_by_reader=one.is_by_reader,
            pixels=runs_of(index, state.scan.shape)[0],
        )
        for one, index in _in_slice(state, z)
    )


def candidate_outlines(state: ReviewState, z: int) -> dict[int, tuple[Polygon, ...]]:
    """Give the outlines of every candidate in a slice, by id.

    Returns
    -------
    dict
        Closed polygons along the edges of the pixels at or above the threshold: corners as
        ``(y, x)``, half numbers, because whole numbers are pixel centres. Holes are polygons too.

    Raises
    ------
    InputError
        If the slice is none of the scan.
    """
    _, n_y, n_x = state.scan.shape
    return {
        one.id: outline_polygons(index % (n_y * n_x), (n_y, n_x))
        for one, index in _in_slice(state, z)
    }


def candidate_summaries(state: ReviewState) -> tuple[CandidateSummary, ...]:
    """List all candidates, in descending Agatston score; equal ones in the order of their ids."""
    rows = [candidate_summary(state, number) for number in state.candidates]
    return tuple(sorted(rows, key=lambda one: (-one.agatston, one.id)))


def candidate_summary(state: ReviewState, number: int) -> CandidateSummary:
    """Describe one candidate.

    Raises
    ------
    InputError
        If there is none of that id.
    """
    one = state.candidate(number)
    base, row = state.proposals, one.proposal
    measures = _measures(state, one)
    return CandidateSummary(
        id=one.id,
        proposed_site=None if row is None else _label(base.site_of(row)),
        site=_label(one.site),
        is_by_reader=one.is_by_reader,
        is_scored=state.is_scored(one),
        agatston=measures.agatston,
        volume_mm3=measures.volume_mm3,
        peak_hu=measures.peak_hu,
        slices=measures.slices,
        centroid_mm=measures.centroid_mm,
        centroid_index=measures.centroid_index,
        voxel_count=one.index.size,
        why=() if row is None else base.why[row],
        probabilities=None if row is None else base.probabilities_of(row),
    )


def _measures(state: ReviewState, one: Candidate) -> _Measures:
    """Measure a candidate by itself, once for each rule: its voxels never change."""
    key = (one.id, state.rule.name)
    if key not in state.memo:
        state.memo[key] = _measure(state, one)
    known: _Measures = state.memo[key]
    return known


def _measure(state: ReviewState, one: Candidate) -> _Measures:
    scan, rule = state.scan, state.rule
    values = values_at(scan, one.index)
    # any site will do: the voxels of one candidate are all of one
    alone = SiteVoxels(
        shape=scan.shape, index=one.index, site=np.full(one.index.size, Site.LAD, np.uint8)
    )
    found = find_slice_lesions(values, alone, rule=rule, spacing_mm=scan.spacing_mm)
    zyx = np.stack(np.unravel_index(one.index, scan.shape), axis=1)
    centre = zyx.mean(axis=0, keepdims=True)
    x, y, z = scan.to_patient_mm(centre)[0].tolist()
    at_z, at_y, at_x = centre[0].tolist()
    return _Measures(
        agatston=found.agatston((Site.LAD,)),
        volume_mm3=int((values >= rule.threshold_hu).sum()) * scan.voxel_volume_mm3,
        peak_hu=float(values.max()),
        slices=tuple(np.unique(zyx[:, 0]).tolist()),
        centroid_mm=(x, y, z),
        centroid_index=(at_z, at_y, at_x),
    )


def _in_slice(state: ReviewState, z: int) -> list[tuple[Candidate, NDArray[np.int64]]]:
    """Candidates of a slice with their flat indices at or above the threshold."""
    _check_slice(state, z)
    size = state.scan.shape[1] * state.scan.shape[2]
    found = []
    for one in state.candidates.values():
        if one.index[0] >= (z + 1) * size or one.index[-1] < z * size:
            continue
        low, high = np.searchsorted(one.index, (z * size, (z + 1) * size))
        index = one.index[low:high]
        index = index[values_at(state.scan, index) >= state.rule.threshold_hu]
        if index.size:
            found.append((one, index))
    return found


def _pixels_around(state: ReviewState, y: float, x: float, radius: float) -> NDArray[np.int64]:
    """Flat indices of the pixels of a slice within a radius."""
    _, n_y, n_x = state.scan.shape
    if not (np.isfinite(y) and np.isfinite(x)):
        msg = f"row and column must be finite numbers, got {y} and {x}"
        raise InputError(msg)
    reach = _disc(int(np.ceil(radius)) + 1)
    rows, columns = (np.array([round(y), round(x)]) + reach).T
    near = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    near &= (rows >= 0) & (rows < n_y) & (columns >= 0) & (columns < n_x)
    return np.asarray(rows[near] * n_x + columns[near], np.int64)


@cache
def _disc(reach: int) -> NDArray[np.int64]:
    """List the steps of a square around a pixel, shape (n, 2)."""
    steps = np.arange(-reach, reach + 1)
    return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)


def _check_slice(state: ReviewState, z: int) -> None:
    if not 0 <= z < state.scan.shape[0]:
        msg = f"slice {z} is none of the scan; allowed 0 to {state.scan.shape[0] - 1}"
        raise InputError(msg)


def _label(site: Site | None) -> str | None:
    return None if site is None else site.label
