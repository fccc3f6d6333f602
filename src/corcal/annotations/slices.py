"""Which slice of the scan a flat contour lies on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError

__all__ = ["MAX_COORDINATE", "check_in_slice", "nearest_slice", "off_slice_finding"]

MAX_COORDINATE = (
    1e6  # in mm or pixels: a kilometre is no position in a patient, and 1e308 overflows
)
OFF_SLICE_TOLERANCE = 0.1  # of the increment: beyond it, the contour is between slices
# Of the increment: beyond it, the contour was not drawn on a slice of this scan. A half would take
# contours of a second acquisition whose slices lie midway between these.
MAX_OFF_SLICE = 0.25


def nearest_slice(scan: CTScan, mm: NDArray[np.float64], *, where: str) -> tuple[int, float]:
    """Find the slice that contour points lie on.

    Parameters
    ----------
    mm : ndarray of shape (n, 3)
        Patient positions, LPS.
    where : str
        What messages call the contour.

    Returns
    -------
    slice : int
    distance : float
        Largest distance of a point from it, in increments.

    Raises
    ------
    AnnotationError
        If a point is further than a quarter of the increment from every slice.
    """
    z = scan.to_index(mm)[:, 0]
    nearest = int(np.clip(np.rint(z.mean()), 0, scan.shape[0] - 1))
    distance = float(np.abs(z - nearest).max())
    if distance > MAX_OFF_SLICE:
        low, high = scan.slices[0].position_mm[2], scan.slices[-1].position_mm[2]
        msg = (
            f"{where} lies at z {mm[:, 2].min():.2f} to {mm[:, 2].max():.2f} mm, further than a "
            f"quarter of the increment from every slice; the slices lie at {low:.2f} to "
            f"{high:.2f} mm, every {scan.spacing_mm[0]:.2f} mm: it does not belong to this scan"
        )
        raise AnnotationError(msg)
    return nearest, distance


def check_in_slice(scan: CTScan, xy: NDArray[np.float64], *, where: str) -> None:
    """Refuse a contour with a point outside of the image.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Column and row, whole numbers at pixel centres. A contour around the outermost pixels may
        reach one pixel out.
    """
    limit = np.array([scan.shape[2], scan.shape[1]])
    if ((xy <= -1) | (xy >= limit)).any():
        (left, top), (right, bottom) = xy.min(axis=0), xy.max(axis=0)
        msg = (
            f"{where} spans columns {left:.1f} to {right:.1f} and rows {top:.1f} to {bottom:.1f}; "
            f"the image has columns 0 to {limit[0] - 1} and rows 0 to {limit[1] - 1}: it does not "
            "belong to this scan"
        )
        raise AnnotationError(msg)


def off_slice_finding(distances: Sequence[float]) -> list[Finding]:
    """Say how many contours lie between slices, if any do."""
    off = [distance for distance in distances if distance > OFF_SLICE_TOLERANCE]
    if not off:
        return []
    message = (
        f"{len(off)} of {len(distances)} contours lie off their slice by up to {max(off):.2f} of "
        "the increment; the nearest slice was taken"
    )
    return [finding("ANNOTATION_OFF_SLICE", message)]
