"""Which artery each voxel of a coronary piece belongs to."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.sampling import sample, voxels_mm
from corcal.anatomy.types import Anatomy, Pathway
from corcal.ct.scan import CTScan
from corcal.lesions.pieces import Pieces
from corcal.lesions.sites import CORONARY_SITES

__all__ = ["artery_of_voxels"]

_LEAST_PART = 0.2  # of a piece, or it is no part of its own
_LEAST_MM = 3.0
_ARTERIES = (Pathway.LM, Pathway.LAD, Pathway.LCX, Pathway.RCA)
_FLOOR = 0.02  # so that an artery is never impossible because its pathway is a little off


def artery_of_voxels(
    scan: CTScan,
    anatomy: Anatomy,
    pieces: Pieces,
    probabilities: NDArray[np.float32],
    coronary: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Split coronary pieces that run from one artery into another.

    Parameters
    ----------
    scan, anatomy
        The scan and its anatomy.
    pieces : Pieces
        All pieces.
    probabilities : float32 ndarray of shape (m, sites)
        Of each piece.
    coronary : bool ndarray of shape (m,)
        Which pieces were decided to be coronary.

    Returns
    -------
    uint8 ndarray of shape (n,)
        `Site` code of each voxel of the coronary pieces, 0 for the other voxels. A piece has one
        artery, unless a part of at least a fifth of it and 3 mm lies nearer to another artery
        that the classifier thinks possible.
    """
    codes = np.array([int(site) for site in CORONARY_SITES])
    of_piece = codes[probabilities[:, codes].argmax(axis=1)] if len(pieces) else codes[:0]
    out = np.where(coronary, of_piece, 0).astype(np.uint8)[pieces.piece]
    if anatomy.pathways is None:
        return np.asarray(out)
    points = voxels_mm(scan.shape, scan.spacing_mm, pieces.index)
    for k in np.flatnonzero(coronary):
        voxels = slice(int(pieces.start[k]), int(pieces.start[k + 1]))
        where = points[voxels]
        if float(np.ptp(where, axis=0).max()) < 2 * _LEAST_MM:
            continue
        heights = sample(anatomy, anatomy.pathways[list(_ARTERIES)], where) + _FLOOR
        best = codes[(heights * probabilities[k, codes][:, None]).argmax(axis=0)]
        out[voxels] = _parts(best, where, int(of_piece[k]))
    return np.asarray(out)


def _parts(best: NDArray[np.integer], points: NDArray[np.float32], main: int) -> NDArray[np.uint8]:
    """Keep the parts that are large enough; the rest goes to the piece's own artery."""
    out = np.full(len(best), main, np.uint8)
    for code in np.unique(best):
        part = best == code
        if part.mean() >= _LEAST_PART and float(np.ptp(points[part], axis=0).max()) >= _LEAST_MM:
            out[part] = code
    return out
