"""Regions of interest that OsiriX and Horos write as a property list (XML or binary).

Two layouts are known: ``Images`` with ``ROIs`` each (what the COCA data set has), and the viewer's
own export (``ROI array``, or one ROI with ``ROIPoints``). The pixel rule and the evidence for it
are in ``docs/annotations.md``.
"""

import plistlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np
from numpy.typing import NDArray

from corcal.annotations.names import find_site, site_of_name
from corcal.annotations.osirix_place import RoiShape, RoiStatistics, place_rois
from corcal.annotations.polygon import MAX_CONTOUR_POINTS
from corcal.annotations.regions import Annotation, Region, combine
from corcal.annotations.slices import MAX_COORDINATE
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError

__all__ = ["read_osirix"]

MAX_STATISTIC = 1e9  # of a stored area or HU: far above any, and far below what overflows

_AREA_TYPES = frozenset({6, 9, 10, 11, 15, 20})  # rectangle, oval, polygons, pencil, brush
_BRUSH = 20
_MALFORMED = (ValueError, ExpatError, AttributeError, LookupError, TypeError,
              OverflowError, RecursionError, MemoryError)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roi:
    """One ROI as written, before it is placed in a scan."""

    name: str
    is_area: bool
    shape: RoiShape


def read_osirix(content: bytes, scan: CTScan) -> Annotation:
    """Read the ROIs of an OsiriX or Horos property list.

    Parameters
    ----------
    content : bytes
        The file: an XML or a binary property list.
    scan : CTScan
        The scan it was drawn on.

    Raises
    ------
    AnnotationError
        If it is no such list, a name is unknown, or a ROI does not lie in the scan.
    """
    rois = [
        _parse_roi(entry, number, at) for number, (entry, at) in enumerate(_entries(content), 1)
    ]
    areas = [roi for roi in rois if roi.is_area and roi.shape.point_count]
    placed, handled = place_rois(scan, [roi.shape for roi in areas])
    regions = [
        Region(
            name=roi.shape.where, site=site_of_name(roi.name, where=roi.shape.where), index=index
        )
        for roi, index in zip(areas, placed, strict=True)
    ]
    found = [*_dropped(rois), *_without_pixels(regions), *handled]
    return combine(regions, scan, annotation_format="osirix", findings=found)


def _entries(content: bytes) -> list[tuple[dict[str, Any], int | None]]:
    """List the ROI dictionaries with the zero-based number of their slice, if the file has it."""
    try:
        root = plistlib.loads(content.lstrip())
    except _MALFORMED as exc:
        detail = " ".join(str(exc).split())[:120] or "its content cannot be read"
        msg = f"the annotation is not a readable property list: {detail}"
        raise AnnotationError(msg) from exc
    if isinstance(root, dict) and isinstance(root.get("Images"), list):
        return [
            (roi, _slice_number(image, "ImageIndex", first=0))
            for image in root["Images"]
            for roi in _list_of(image, "ROIs")
        ]
    if isinstance(root, dict) and ("ROI array" in root or "ROIPoints" in root):
        single = [] if "ROI array" in root else [root]
        rois = _list_of(root, "ROI array") or single
        return [(roi, _slice_number(roi, "Slice", first=1)) for roi in rois]
    msg = "the property list holds no ROIs: it needs 'Images' (with 'ROIs'), or 'ROI array'"
    raise AnnotationError(msg)


def _list_of(owner: object, key: str) -> list[Any]:
    """Return the list under a key; missing is empty."""
    value = owner.get(key, []) if isinstance(owner, dict) else None
    if not isinstance(value, list):
        msg = f"the property list is malformed: {key!r} must be an array inside of a dict"
        raise AnnotationError(msg)
    return value


def _slice_number(owner: object, key: str, *, first: int) -> int | None:
    """Zero-based slice number under a key that counts from `first`."""
    value = owner.get(key) if isinstance(owner, dict) else None
    if not isinstance(value, int | float):
        return None
    if not abs(value) <= MAX_COORDINATE or value != int(value):
        msg = f"the property list is malformed: {key!r} must be a whole number of a slice"
        raise AnnotationError(msg)
    return int(value) - first


def _parse_roi(entry: object, number: int, slice_number: int | None) -> _Roi:
    where = f"ROI {number}"
    if not isinstance(entry, dict):
        msg = f"{where} is malformed: a dict is needed, found {type(entry).__name__}"
        raise AnnotationError(msg)
    name = entry.get("Name", "")
    if not isinstance(name, str):
        msg = f"{where} is malformed: its 'Name' must be a string, found {type(name).__name__}"
        raise AnnotationError(msg)
    if site := find_site(name):
        where += f" ({site.label})"
    px = _points(entry.get("Point_px", entry.get("ROIPoints")), 2, where)
    mm = _points(entry.get("Point_mm"), 3, where)
    if px is not None and mm is not None and len(px) != len(mm):
        msg = f"{where} has {len(px)} points in pixels and {len(mm)} in mm; they must be equal"
        raise AnnotationError(msg)
    if px is None and mm is None:
        msg = f"{where} has no points: 'Point_px', 'Point_mm' or 'ROIPoints' is needed"
        raise AnnotationError(msg)
    kind = entry.get("Type")
    shape = RoiShape(
        where=where,
        px=px,
        mm=mm,
        slice_number=slice_number,
        is_brush=kind == _BRUSH if isinstance(kind, int) else None,
        statistics=_statistics(entry, where),
    )
    # The viewer's own export has no type: one or two points are its mark and its ruler.
    is_area = kind in _AREA_TYPES if isinstance(kind, int) else shape.point_count not in {1, 2}
    return _Roi(name=name, is_area=is_area, shape=shape)


def _points(value: object, dimensions: int, where: str) -> NDArray[np.float64] | None:
    """Parse ``["(1.0, 2.0)", ...]`` or ``["{1, 2}", ...]``; ``None`` if the key is absent."""
    if value is None or (value == [] and dimensions == 3):
        return None
    if not isinstance(value, list):
        msg = f"{where} is malformed: its points must be an array"
        raise AnnotationError(msg)
    if len(value) > MAX_CONTOUR_POINTS:
        msg = f"{where} has {len(value)} points, allowed are {MAX_CONTOUR_POINTS}"
        raise AnnotationError(msg)
    points = np.array([_numbers(text, dimensions, where) for text in value], dtype=np.float64)
    return points.reshape(-1, dimensions)


def _numbers(text: object, dimensions: int, where: str) -> list[float]:
    parts = re.split(r"[,;\s]+", text.strip("(){}[] \t\r\n")) if isinstance(text, str) else []
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != dimensions or not all(abs(n) <= MAX_COORDINATE for n in numbers):
        shown = repr(text[:40]) if isinstance(text, str) else type(text).__name__
        msg = (
            f"{where} is malformed: {shown} is not a point of {dimensions} numbers up to "
            f"{MAX_COORDINATE:g}"
        )
        raise AnnotationError(msg)
    return numbers


def _statistics(entry: dict[str, Any], where: str) -> RoiStatistics | None:
    """Area and HU as the viewer stored them, if it stored all of them."""
    values = [entry.get(key) for key in ("Area", "Mean", "Min", "Max")]
    given = [value for value in values if isinstance(value, int | float)]
    if any(abs(value) > MAX_STATISTIC for value in given):
        msg = f"{where} is malformed: its area and HU must be numbers up to {MAX_STATISTIC:g}"
        raise AnnotationError(msg)
    numbers = [float(value) for value in given]
    if len(numbers) != len(values):
        return None
    area_cm2, mean, low, high = numbers
    return RoiStatistics(area_mm2=100 * area_cm2, mean_hu=mean, min_hu=low, max_hu=high)


def _dropped(rois: Sequence[_Roi]) -> list[Finding]:
    """Say which ROIs hold nothing to score."""
    found = []
    empty = [roi.shape.where for roi in rois if roi.is_area and not roi.shape.point_count]
    marks = [roi.shape.where for roi in rois if not roi.is_area]
    if empty:
        message = f"{len(empty)} of {len(rois)} ROIs have no points, first {empty[0]}"
        found.append(finding("ANNOTATION_EMPTY_REGION", message))
    if marks:
        message = f"{len(marks)} of {len(rois)} ROIs enclose no area, first {marks[0]}; left out"
        found.append(finding("ANNOTATION_REGION_IGNORED", message))
    return found


def _without_pixels(regions: Sequence[Region]) -> list[Finding]:
    small = [region.name for region in regions if not region.index.size]
    if not small:
        return []
    message = f"{len(small)} ROIs hold no pixel centre, first {small[0]}"
    return [finding("ANNOTATION_REGION_WITHOUT_PIXELS", message)]
