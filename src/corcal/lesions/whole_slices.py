"""A slice lesion goes to one artery where a cut through it would change the score.

The Agatston score weighs a slice lesion by its maximum. Where corcal ends one artery and begins the
next in the middle of one, each part has a maximum of its own: the total would hang on a boundary
that no reader could draw twice. So such a slice lesion is not cut: all of it belongs to the artery
that most of it was given to. Readers part calcium at a fork in the same way, slice by slice.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corcal.lesions.components import label_slices
from corcal.lesions.pieces import Pieces, agatston_of
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["keep_slices_whole"]


def keep_slices_whole(
    pieces: Pieces, sites: NDArray[np.uint8]
) -> tuple[Pieces, NDArray[np.integer]]:
    """Give slice lesions that several arteries share to one of them, where that changes the score.

    Parameters
    ----------
    pieces : Pieces
        After all cutting.
    sites : uint8 ndarray of shape (count,)
        What each was decided to be. Only pieces of the coronary arteries change.

    Returns
    -------
    pieces : Pieces
        With the same voxels. A piece that lost all of its slices is gone. The four arteries
        together score what they would score as one.
    kept : integer ndarray of shape (new count,)
        Number that each piece had before.
    """
    rows = np.flatnonzero(np.isin(sites, CORONARY_SITES)[pieces.piece])
    index, hu, piece = pieces.index[rows], pieces.hu[rows], pieces.piece[rows]
    artery = sites[piece]
    apart, whole = (
        agatston_of(index, hu, group, shape=pieces.shape, spacing_mm=pieces.spacing_mm)
        for group in (artery, np.zeros_like(artery))
    )
    label = label_slices(index, pieces.shape, connectivity=8)
    changes = np.bincount(label, weights=apart != whole) > 0
    if not changes.any():
        return pieces, np.arange(pieces.count)
    piece = piece.copy()
    for one in np.flatnonzero(changes):
        mine = label == one
        most = np.bincount(artery[mine]).argmax()
        piece[mine] = np.bincount(piece[mine & (artery == most)]).argmax()
    moved = pieces.piece.copy()
    moved[rows] = piece
    kept, renumbered = np.unique(moved, return_inverse=True)
    left = replace(
        pieces,
        piece=renumbered.astype(np.int32),
        lesion=pieces.lesion[kept],
        full_volume_mm3=pieces.full_volume_mm3[kept],
    )
    return left, kept
