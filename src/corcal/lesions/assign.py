"""Which artery, voxel by voxel: a coronary piece that runs from one artery into another is cut."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import sample
from corcal.lesions.classifier import SITES
from corcal.lesions.fields import Fields
from corcal.lesions.pieces import Pieces
from corcal.lesions.shape import measure_shapes
from corcal.lesions.sites import CORONARY_SITES
from corcal.lesions.split import join_small_parts, renumbered

__all__ = ["MIN_PART_MM", "MIN_PART_SHARE", "split_between_arteries"]

MIN_PART_MM = 3.0  # one slice of a calcium scan: shorter parts are a matter of where a voxel ends
MIN_PART_SHARE = 0.2  # of the piece's voxels
_LEAST_COHERENCE = 0.6  # of a part's summed evidence: its artery has to be clearly the one there
_LEAST_EVIDENCE = 1e-3  # an artery that the classifier excludes takes no voxel
_CORONARY = [SITES.index(site) for site in CORONARY_SITES]

_Array = NDArray[np.float64]


def split_between_arteries(
    pieces: Pieces, probabilities: _Array, fields: Fields
) -> tuple[Pieces, _Array]:
    """Cut coronary pieces where the artery changes.

    The evidence of an artery in a voxel is the height of its pathway there times the root of its
    probability for the whole piece (which speaks for the middle of the piece more than its ends).
    Each part must be at least `MIN_PART_MM` long, hold `MIN_PART_SHARE` of the voxels, and have
    60 % of its evidence for its own artery; else the piece stays whole.

    Parameters
    ----------
    pieces : Pieces
        That were decided about.
    probabilities : float64 ndarray of shape (n, 14)
        Of each piece.
    fields : Fields
        With the pathways.

    Returns
    -------
    pieces, probabilities
        As given for everything that was not cut. A part keeps the piece's probability of being
        coronary, and shares it out by its own evidence.
    """
    if not pieces.count:
        return pieces, probabilities
    share = probabilities[:, _CORONARY]
    divided = np.sort(share, axis=1)[:, -2] > _LEAST_EVIDENCE
    long = measure_shapes(pieces).extent_mm.max(axis=1) >= 2 * MIN_PART_MM
    chosen = (share.sum(axis=1) > 0.5) & divided & long
    rows = np.flatnonzero(chosen[pieces.piece])
    if not rows.size:
        return pieces, probabilities
    places = pieces.places_mm()[rows]
    evidence = _evidence(pieces.piece[rows], places, share, fields)
    part, owner, artery = _parts(pieces.piece[rows], evidence.argmax(axis=1))
    keep = _is_part(part, artery, places, evidence, owner, pieces.spacing_mm)
    cut = renumbered(pieces, rows, join_small_parts(part, keep, owner, places))
    return cut, _shared_out(pieces, cut, rows, evidence, probabilities)


def _evidence(
    piece: NDArray[np.int32], places: NDArray[np.float32], share: _Array, fields: Fields
) -> _Array:
    """Evidence of each artery in each voxel, rows sum to 1."""
    heights = sample(fields.anatomy, fields.pathways[: len(CORONARY_SITES)], places)
    evidence = np.maximum(heights.T, _LEAST_EVIDENCE) * np.sqrt(np.maximum(share[piece], 1e-9))
    return np.asarray(evidence / evidence.sum(axis=1, keepdims=True))


def _parts(
    piece: NDArray[np.int32], artery: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Part of each voxel, and piece and artery of each part."""
    names, part = np.unique(
        piece.astype(np.int64) * len(CORONARY_SITES) + artery, return_inverse=True
    )
    return part.astype(np.int64), names // len(CORONARY_SITES), names % len(CORONARY_SITES)


def _is_part(
    part: NDArray[np.int64],
    artery: NDArray[np.int64],
    places: NDArray[np.float32],
    evidence: _Array,
    owner: NDArray[np.int64],
    spacing_mm: tuple[float, float, float],
) -> NDArray[np.bool_]:
    """Whether each part is long, large and clear enough to stand for itself."""
    count = artery.size
    size = np.bincount(part, minlength=count)
    whole = np.bincount(owner, weights=size)[owner]
    length = np.zeros(count)
    for axis, step in enumerate(spacing_mm):
        top, low = np.full(count, -np.inf), np.full(count, np.inf)
        np.maximum.at(top, part, places[:, axis])
        np.minimum.at(low, part, places[:, axis])
        length = np.maximum(length, top - low + step)
    own = evidence[np.arange(part.size), artery[part]]
    clear = np.bincount(part, weights=own, minlength=count) / size >= _LEAST_COHERENCE
    keep = (length >= MIN_PART_MM) & (size >= MIN_PART_SHARE * whole) & clear
    alone = np.bincount(owner, weights=keep)[owner] < 2  # one part of a piece: nothing is cut
    return np.asarray(keep & ~alone)


def _shared_out(
    pieces: Pieces,
    cut: Pieces,
    rows: NDArray[np.intp],
    evidence: _Array,
    probabilities: _Array,
) -> _Array:
    """Probabilities of the pieces after cutting."""
    old = np.zeros(cut.count, np.int64)
    old[cut.piece] = pieces.piece
    out = probabilities[old].copy()
    parts_of = np.bincount(old, minlength=pieces.count)
    new = cut.piece[rows]
    mean = np.stack(
        [np.bincount(new, weights=one, minlength=cut.count) for one in evidence.T], axis=1
    )
    for piece in np.flatnonzero(parts_of[old] > 1):
        total = out[piece, _CORONARY].sum()
        out[piece, _CORONARY] = total * mean[piece] / mean[piece].sum()
    return out
