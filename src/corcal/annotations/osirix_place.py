"""Where OsiriX and Horos ROIs lie in a scan, and which pixels they cover."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corcal.annotations.polygon import polygon_pixels
from corcal.annotations.slices import check_in_slice, nearest_slice, off_slice_finding
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError

__all__ = ["RoiShape", "RoiStatistics", "place_rois"]

Points = NDArray[np.float64]
Index = NDArray[np.int64]

# A brush is a mask of 0 and 255 in the viewer. It is written as the contour of that mask at level
# 1: 1/255 pixel off the centres of the pixels around it, and never through a centre.
BRUSH_KINK_PX = 1 / 255
BOUNDARY_TOLERANCE_PX = 0.001  # below the kink, or the pixels around a brush would be in it

# The viewer counts pixels from the corner of the first pixel, and subtracts this for the centre
# when it writes mm. A brush contour counts from the centre, and it subtracts all the same.
HALF_PIXEL = 0.5
ALIGNMENT_TOLERANCE_PX = 0.1  # between px and mm of one ROI; the file has six decimals
MEAN_TOLERANCE_HU = 0.05  # the viewer keeps single precision

_FLIPS = ((1, 1), (-1, -1), (-1, 1), (1, -1))  # of columns and rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """How the viewer counted slices, columns and rows, for ROIs without mm."""

    from_feet: bool = True
    flip: tuple[int, int] = _FLIPS[0]

    def __str__(self) -> str:
        reversed_ = [n for n, f in zip(("columns", "rows"), self.flip, strict=True) if f < 0]
        flipped = f", {' and '.join(reversed_)} in reverse" if reversed_ else ""
        return f"from the {'feet' if self.from_feet else 'head'}{flipped}"


_VIEWS = tuple(_View(from_feet=feet, flip=flip) for feet in (True, False) for flip in _FLIPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiStatistics:
    """What the viewer measured in the ROI."""

    area_mm2: float
    mean_hu: float
    min_hu: float
    max_hu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiShape:
    """The outline of a ROI as written.

    Attributes
    ----------
    where : str
        What messages call it: ``"ROI 3"``.
    px : ndarray of shape (n, 2) or None
        Column and row in the viewer's pixel coordinates.
    mm : ndarray of shape (n, 3) or None
        Patient position, LPS. One of `px` and `mm` is there, with at least one point.
    slice_number : int or None
        Zero-based, in the viewer's order.
    is_brush : bool or None
        ``None`` if the file does not say.
    statistics : RoiStatistics or None
        ``None`` if the file does not have all of them.
    """

    where: str
    px: Points | None
    mm: Points | None
    slice_number: int | None
    is_brush: bool | None
    statistics: RoiStatistics | None

    @property
    def point_count(self) -> int:
        """Corners of the outline; an erased ROI has none."""
        return max(0 if points is None else len(points) for points in (self.px, self.mm))


def place_rois(scan: CTScan, rois: Sequence[RoiShape]) -> tuple[list[Index], list[Finding]]:
    """Find the voxels of ROIs.

    Returns
    -------
    index : list of int64 ndarray
        Flat indices into the scan, ascending, one array a ROI.
    findings : list of Finding
        What was visibly handled.

    Raises
    ------
    AnnotationError
        If a ROI lies outside of the scan, its pixels and its mm contradict each other, or nothing
        tells where it lies.
    """
    found: list[Finding] = []
    view = _View()
    if unplaced := [roi for roi in rois if roi.mm is None]:
        view, found = _best_view(scan, unplaced)
    index = [_voxels(scan, roi, view) for roi in rois]
    verdicts = _verdicts(scan, rois, index)
    findings = off_slice_finding(
        [nearest_slice(scan, roi.mm, where=roi.where)[1] for roi in rois if roi.mm is not None]
    )
    return index, [*findings, *found, *_differing(rois, verdicts)]


def _best_view(scan: CTScan, rois: Sequence[RoiShape]) -> tuple[_View, list[Finding]]:
    """Find how slices, columns and rows of ROIs without mm were counted.

    Slices count from the feet, as in all ROIs of the COCA scans looked at, and columns and rows
    as in a scan head first and supine, unless the stored statistics say otherwise: a person can
    turn the viewer's order around, and a scan is held in canonical axes however it was stored.
    """
    placed = [[_voxels(scan, roi, view) for roi in rois] for view in _VIEWS]
    verdicts = [_verdicts(scan, rois, index) for index in placed]
    confirmed = [one.count(True) for one in verdicts]
    best = confirmed.index(max(confirmed))
    if not confirmed[best] and False in verdicts[best]:
        msg = (
            "ROIs have no position in mm, and the area and HU stored with them are found in no "
            "order of slices, columns and rows: the annotation does not belong to this scan"
        )
        raise AnnotationError(msg)
    message = (
        f"ROIs have no position in mm; their slice numbers were counted {_VIEWS[best]}, which "
        f"the stored statistics confirm for {confirmed[best]} of {len(rois)} ROIs"
    )
    found = [finding("ANNOTATION_SLICE_BY_INDEX", message)]
    rivals = [
        index
        for index, view, count in zip(placed, _VIEWS, confirmed, strict=True)
        if count == confirmed[best] and view.flip != _VIEWS[best].flip
    ]
    if all(_is_same(index, placed[best]) for index in rivals):
        return _VIEWS[best], found
    return _VIEWS[best], [*found, _assumed(scan)]


def _is_same(one: Sequence[Index], other: Sequence[Index]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _assumed(scan: CTScan) -> Finding:
    """Say that columns and rows were taken as they are; refuse that where it is likely wrong."""
    position = (scan.acquisition.patient_position or "").strip().upper()
    if position and position != "HFS":
        msg = (
            "ROIs have neither positions in mm nor statistics that tell which way their columns "
            f"and rows run, and the patient lay {position[:4]!r}, not 'HFS'; ROIs with Point_mm "
            "are needed"
        )
        raise AnnotationError(msg)
    message = (
        "ROIs have neither positions in mm nor statistics that tell which way their columns and "
        "rows run; those of a patient head first and supine are assumed"
    )
    return finding("ANNOTATION_ORIENTATION_ASSUMED", message)


def _verdicts(scan: CTScan, rois: Sequence[RoiShape], index: Sequence[Index]) -> list[bool | None]:
    return [_agrees(scan, roi, voxels) for roi, voxels in zip(rois, index, strict=True)]


def _differing(rois: Sequence[RoiShape], verdicts: Sequence[bool | None]) -> list[Finding]:
    wrong = [roi.where for roi, agrees in zip(rois, verdicts, strict=True) if agrees is False]
    if not wrong:
        return []
    checked = len(verdicts) - list(verdicts).count(None)
    message = (
        f"area or HU of {len(wrong)} of {checked} ROIs, first {wrong[0]}, are not those stored "
        "with them: another reconstruction was annotated, or the viewer simplified the outline"
    )
    return [finding("ANNOTATION_STATISTICS_DIFFER", message)]


def _voxels(scan: CTScan, roi: RoiShape, view: _View) -> Index:
    """Flat indices of the voxels of one ROI."""
    z = _slice(scan, roi, from_feet=view.from_feet)
    xy = _centre_coordinates(scan, roi, view)
    check_in_slice(scan, xy, where=roi.where)
    pixels = polygon_pixels([xy], scan.shape[1:], tolerance_px=BOUNDARY_TOLERANCE_PX)
    return pixels + z * scan.shape[1] * scan.shape[2]


def _slice(scan: CTScan, roi: RoiShape, *, from_feet: bool) -> int:
    """Slice by position in mm, else by number."""
    if roi.mm is not None:
        return nearest_slice(scan, roi.mm, where=roi.where)[0]
    count = scan.shape[0]
    if roi.slice_number is None or not 0 <= roi.slice_number < count:
        found = "no slice number" if roi.slice_number is None else f"slice {roi.slice_number}"
        msg = (
            f"{roi.where} has no position in mm and {found}; the scan has slices 0 to "
            f"{count - 1}: it does not belong to this scan"
        )
        raise AnnotationError(msg)
    return roi.slice_number if from_feet else count - 1 - roi.slice_number


def _centre_coordinates(scan: CTScan, roi: RoiShape, view: _View) -> Points:
    """Column and row in the scan, whole numbers at pixel centres."""
    if roi.px is None:
        return _from_mm(scan, roi)
    shift = 0.0 if _is_brush(roi, roi.px) else HALF_PIXEL
    return _in_scan_axes(scan, roi, roi.px - shift, view)


def _from_mm(scan: CTScan, roi: RoiShape) -> Points:
    """Only mm: give back to a brush the half pixel that the viewer took."""
    xy = scan.to_index(np.zeros((0, 3)) if roi.mm is None else roi.mm)[:, :0:-1]
    return xy + HALF_PIXEL if _is_brush(roi, xy + HALF_PIXEL) else xy


def _is_brush(roi: RoiShape, px: Points) -> bool:
    """Tell by the type, else by the kinks that only brush contours have."""
    if roi.is_brush is not None:
        return roi.is_brush
    off = np.abs(px - np.rint(px))
    near = np.minimum(np.abs(off), np.abs(off - BRUSH_KINK_PX)) < BOUNDARY_TOLERANCE_PX
    return bool(near.all())


def _in_scan_axes(scan: CTScan, roi: RoiShape, xy: Points, view: _View) -> Points:
    """Turn stored columns and rows into the scan's, which may run the other way.

    A scan is held in canonical axes however it was stored (prone, feet first); the mm of the ROI
    tell which of its axes are reversed. Without mm the view does.
    """
    last = np.array([scan.shape[2], scan.shape[1]]) - 1
    if roi.mm is None or roi.px is None:
        return np.where(np.array(view.flip) < 0, last, 0) + view.flip * xy
    mm_xy = scan.to_index(roi.mm)[:, :0:-1]
    for flip in _FLIPS:
        start = np.where(np.array(flip) < 0, last, 0)
        # Some versions of the viewer write mm without the half pixel.
        for shift in (HALF_PIXEL, 0.0):
            expected = start + flip * (roi.px - shift)
            if np.abs(expected - mm_xy).max() <= ALIGNMENT_TOLERANCE_PX:
                return np.asarray(start + flip * xy)
    column, row = roi.px[0]
    by_mm = mm_xy[0] + HALF_PIXEL
    msg = (
        f"{roi.where} begins at column {column:.2f}, row {row:.2f} by its pixels and at column "
        f"{by_mm[0]:.2f}, row {by_mm[1]:.2f} by its mm: it does not belong to this scan"
    )
    raise AnnotationError(msg)


def _agrees(scan: CTScan, roi: RoiShape, voxels: Index) -> bool | None:
    """Compare with the statistics stored for a brush; ``None`` if there is nothing to compare.

    Only a brush is the same set of pixels in the viewer and here: other shapes are filled there
    after cutting their corners down to whole pixels.
    """
    stored = roi.statistics
    if stored is None or roi.is_brush is not True:
        return None
    hu = scan.hu.reshape(-1)[voxels].astype(np.float64)
    if not hu.size or abs(stored.area_mm2 / scan.pixel_area_mm2 - hu.size) > 0.5:
        return False
    return bool(
        abs(hu.mean() - stored.mean_hu) <= MEAN_TOLERANCE_HU
        and abs(hu.min() - stored.min_hu) < 1
        and abs(hu.max() - stored.max_hu) < 1
    )
