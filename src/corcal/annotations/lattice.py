"""How the grid of a mask lies on the grid of the scan: exactly, or not at all.

A mask is never resampled: that would move calcium over the threshold. Its axes may be permuted and
reversed, and it may cover a part of the scan or reach beyond it, but its voxels must be the
scan's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.ct.scan import CTScan
from corcal.errors import AnnotationError

__all__ = ["Lattice", "lattice_of"]

ALIGNMENT_TOLERANCE = 0.1  # of a voxel, at the furthest corner


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Exact map from the indices of a mask to the indices of the scan.

    Attributes
    ----------
    steps : int64 ndarray of shape (3, n)
        Change of the scan index (z, y, x) with each of the n indices of the mask: 0, 1 or -1.
    start : int64 ndarray of shape (3,)
        Scan index of the mask's first voxel.
    """

    steps: NDArray[np.int64]
    start: NDArray[np.int64]

    def voxels(self, index: NDArray[np.integer], scan: CTScan, *, where: str) -> NDArray[np.int64]:
        """Flat indices into the scan of voxels of the mask, ascending.

        Parameters
        ----------
        index : ndarray of shape (m, n)
            Of the mask.
        where : str
            What messages call the mask.

        Raises
        ------
        AnnotationError
            If one of them lies outside of the scan.
        """
        position = index.astype(np.int64) @ self.steps.T + self.start
        outside = ((position < 0) | (position >= scan.shape)).any(axis=1)
        if outside.any():
            first = tuple(int(i) for i in position[outside][0])
            msg = (
                f"{where} marks {np.count_nonzero(outside)} voxels outside of the scan, the first "
                f"at (z, y, x) {first} of {scan.shape}: it does not belong to this scan"
            )
            raise AnnotationError(msg)
        _, n_y, n_x = scan.shape
        z, y, x = position.T
        return np.sort((z * n_y + y) * n_x + x)


def lattice_of(
    scan: CTScan,
    *,
    origin_mm: NDArray[np.floating],
    axes_mm: NDArray[np.floating],
    shape: tuple[int, ...],
    where: str,
) -> Lattice:
    """Find the map of a mask's grid onto the scan's grid.

    Parameters
    ----------
    origin_mm : ndarray of shape (3,)
        Centre of the mask's first voxel in the patient, LPS.
    axes_mm : ndarray of shape (3, n)
        Step in the patient of each index of the mask, in mm.
    shape : tuple of n int
        Extent of the mask along each index.
    where : str
        What messages call the mask.

    Raises
    ------
    AnnotationError
        If the axes, the spacing or the positions are not those of the scan; says which.
    """
    to_scan = np.linalg.inv(scan.affine_lps[:3, :3])
    steps = to_scan @ np.asarray(axes_mm, dtype=np.float64)
    start = to_scan @ (np.asarray(origin_mm, dtype=np.float64) - scan.affine_lps[:3, 3])
    whole_steps, whole_start = np.rint(steps), np.rint(start)
    extent = np.maximum(np.array(shape) - 1, 0)
    drift = np.abs(steps - whole_steps) @ extent
    permuted = np.abs(whole_steps).sum(axis=0) == 1
    if not permuted.all() or (whole_steps @ whole_steps.T > 1).any():
        raise AnnotationError(_grid_message(scan, axes_mm, where))
    if (drift > ALIGNMENT_TOLERANCE).any():
        raise AnnotationError(_grid_message(scan, axes_mm, where))
    if (np.abs(start - whole_start) + drift > ALIGNMENT_TOLERANCE).any():
        offset = ", ".join(f"{part:.2f}" for part in start - whole_start)
        msg = (
            f"{where} lies between the voxels of the scan: its first voxel is off by ({offset}) "
            f"voxels in (z, y, x), allowed {ALIGNMENT_TOLERANCE}; masks are never resampled"
        )
        raise AnnotationError(msg)
    return Lattice(steps=whole_steps.astype(np.int64), start=whole_start.astype(np.int64))


def _grid_message(scan: CTScan, axes_mm: NDArray[np.floating], where: str) -> str:
    """Say how axes differ: in spacing, or else in orientation."""
    lengths = np.linalg.norm(axes_mm, axis=0)
    theirs = " x ".join(f"{length:.4f}" for length in lengths)
    ours = " x ".join(f"{length:.4f}" for length in scan.spacing_mm)
    steps = np.linalg.inv(scan.affine_lps[:3, :3]) @ axes_mm
    axis = np.abs(steps).argmax(axis=0)
    turned = np.abs(steps).sum(axis=0) - np.abs(steps).max(axis=0) > 0.01
    kind = "axes" if turned.any() or np.unique(axis).size < axis.size else "spacing"
    return (
        f"{where} has other {kind} than the scan: steps of {theirs} mm along its own axes, the "
        f"scan's are {ours} mm (z, y, x); masks are never resampled"
    )
