"""Which part of a scan shows the heart, by its anatomy where that was found."""

import numpy as np
from numpy.typing import NDArray

from corcal.anatomy.types import Anatomy, Pathway, Structure
from corcal.ct.scan import CTScan
from corcal.report.anatomy_lines import HEART
from corcal.report.calcium import CountedCalcium
from corcal.report.framing import Frame, heart_frame
from corcal.report.pieces import Piece

__all__ = ["heart_box"]

_SMALLEST_HEART_ML = 100.0  # less is no heart that could be framed
_TAIL = 0.002  # share of its cells that may lie outside: single cells far away are errors
_MARGIN_MM = 10.0
_BELOW_MM, _ABOVE_MM = 3.0, 15.0  # slices below the apex, and above the left main
_PIECE_MARGIN_MM = 12.0
_REJECTED_REACH_MM = 25.0  # the frame widens this far for what was not taken for coronary
_CERTAIN_HEIGHT = 0.5  # of a pathway that is where it is said to be


def heart_box(scan: CTScan, anatomy: Anatomy, pieces: tuple[Piece, ...]) -> Frame:
    """Frame the heart and what was decided about.

    Parameters
    ----------
    scan : CTScan
        The scan.
    anatomy : Anatomy
        Of the scan. If no heart was found in it, soft tissue between the lungs is framed.
    pieces : tuple of Piece
        Coronary ones are always inside, others that must be seen if they are near.

    Returns
    -------
    Frame
        From below the apex to above the left main; rows and columns with a margin.
    """
    inside = anatomy.structures[list(HEART)].sum(axis=0) > 0.5
    cell_ml = float(np.prod(anatomy.spacing_mm)) / 1000.0
    if inside.sum() * cell_ml < _SMALLEST_HEART_ML:
        return heart_frame(scan, _coronary_calcium(scan, pieces))
    low, high = np.array([_extent_mm(inside, anatomy, axis) for axis in range(3)]).T
    middle = (low + high) / 2
    high[0] = min(_top_mm(anatomy, high[0]) + _ABOVE_MM, high[0] + _ABOVE_MM)
    low[0] = _apex_mm(anatomy, low[0]) - _BELOW_MM
    low[1:] -= _MARGIN_MM
    high[1:] += _MARGIN_MM
    low, high = _widened(low, high, pieces, np.array(scan.spacing_mm))
    ranges = []
    for a, b, step, n in zip(low, high, scan.spacing_mm, scan.shape, strict=True):
        start = min(max(0, int(a / step)), n - 1)
        ranges.append((start, min(n, max(start + 1, int(np.ceil(b / step)) + 1))))
    corner = np.array([r[0] for r in ranges]) * scan.spacing_mm
    z, y, x = (middle - corner).tolist()
    return Frame(z=ranges[0], y=ranges[1], x=ranges[2], heart_mm=(z, y, x))


def _coronary_calcium(scan: CTScan, pieces: tuple[Piece, ...]) -> CountedCalcium:
    """Give the coronary pieces as calcium, for framing alone."""
    coronary = [p for p in pieces if p.is_coronary]
    empty = np.zeros((0, 3), np.int64)
    return CountedCalcium(
        position=np.concatenate([empty, *(p.position for p in coronary)]),
        site=np.repeat(
            np.array([p.site for p in coronary], np.uint8), [len(p.position) for p in coronary]
        ),
        agatston_by_slice=np.zeros(scan.shape[0]),
    )


def _extent_mm(inside: NDArray[np.bool_], anatomy: Anatomy, axis: int) -> tuple[float, float]:
    """Range of a structure along an axis, without its last few cells."""
    others = tuple(k for k in range(3) if k != axis)
    share = np.cumsum(inside.sum(axis=others)) / inside.sum()
    first, last = np.searchsorted(share, (_TAIL, 1.0 - _TAIL))
    origin, step = anatomy.origin_mm[axis], anatomy.spacing_mm[axis]
    return float(origin + first * step), float(origin + last * step)


def _apex_mm(anatomy: Anatomy, heart_bottom_mm: float) -> float:
    """Height of the lowest chamber; of the heart, if none was found."""
    ventricles = anatomy.structures[[Structure.LEFT_VENTRICLE, Structure.RIGHT_VENTRICLE]]
    inside = ventricles.sum(axis=0) > 0.5
    return _extent_mm(inside, anatomy, 0)[0] if inside.any() else heart_bottom_mm


def _top_mm(anatomy: Anatomy, heart_top_mm: float) -> float:
    """Height of the left main; of the top of the root, then of the heart, where it is unknown."""
    if anatomy.pathways is not None:
        line = anatomy.pathways[Pathway.LM] > _CERTAIN_HEIGHT
        if line.any():
            return _extent_mm(line, anatomy, 0)[1]
    root = anatomy.structures[Structure.AORTIC_ROOT] > 0.5
    return _extent_mm(root, anatomy, 0)[1] if root.any() else heart_top_mm


def _widened(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    pieces: tuple[Piece, ...],
    spacing_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Widen a box (mm) until it holds what must be seen."""
    low, high = low.copy(), high.copy()
    least, most = low - _REJECTED_REACH_MM, high + _REJECTED_REACH_MM
    for piece in pieces:
        if not piece.must_be_seen:
            continue
        first = piece.position.min(axis=0) * spacing_mm
        last = piece.position.max(axis=0) * spacing_mm
        if not piece.is_coronary and not ((first > least) & (last < most)).all():
            continue
        margin = np.array([0.0, _PIECE_MARGIN_MM, _PIECE_MARGIN_MM])
        along = slice(0 if piece.is_open else 1, 3)  # certain rejections add no slices
        low[along] = np.minimum(low, first - margin)[along]
        high[along] = np.maximum(high, last + margin)[along]
    return low, high
