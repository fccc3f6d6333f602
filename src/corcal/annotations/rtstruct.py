"""DICOM RT Structure Sets: closed planar contours in patient mm."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from corcal.annotations.dicom_reference import check_frame_of_reference, other_series
from corcal.annotations.names import site_of_name
from corcal.annotations.nesting import united_pixels
from corcal.annotations.polygon import MAX_CONTOUR_POINTS, polygon_pixels
from corcal.annotations.regions import Annotation, Region, combine
from corcal.annotations.slices import (
    MAX_COORDINATE,
    check_in_slice,
    nearest_slice,
    off_slice_finding,
)
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError

__all__ = ["read_structure_set"]

# How contours of one structure on a slice are combined. DICOM PS3.3 C.8.8.6.3 has a type of its
# own for the exclusive or: plain contours drawn twice, or over each other, do not cancel.
_COMBINED = {"CLOSED_PLANAR": united_pixels, "CLOSEDPLANAR_XOR": polygon_pixels}

# Some programs draw through the centres of the outermost pixels, and write mm with two decimals:
# half of 0.01 mm in a pixel of 0.25 mm.
BOUNDARY_TOLERANCE_PX = 0.02


def read_structure_set(dataset: Dataset, scan: CTScan) -> Annotation:
    """Read the closed planar contours of all structures.

    Closed planar contours of one structure on one slice are united, and one that lies wholly
    inside of another is a hole; those of the type for it are combined by exclusive or. A structure
    without contours needs no name that is known.

    Raises
    ------
    AnnotationError
        If a name is unknown, a contour does not lie in the scan, the frame of reference is
        another, or a number belongs to two structures.
    """
    structures = _structures(dataset)
    regions, distances, ignored = [], [], 0
    for entry in dataset.get("ROIContourSequence", []):
        contours = list(entry.get("ContourSequence", []))
        closed = [c for c in contours if c.get("ContourGeometricType") in _COMBINED]
        ignored += len(contours) - len(closed)
        if not closed:
            continue
        structure = structures.get(int(entry.ReferencedROINumber), Dataset())
        check_frame_of_reference(structure.get("ReferencedFrameOfReferenceUID"), scan)
        where = f"structure {int(entry.ReferencedROINumber)}"
        site = site_of_name(str(structure.get("ROIName", "")), where=where)
        where += f" ({site.label})"
        contours_mm = [(str(c.ContourGeometricType), _points(c, where)) for c in closed]
        index, off = _voxels(contours_mm, scan, where)
        distances.extend(off)
        regions.append(Region(name=where, site=site, index=index))
    found = [
        *_ignored(ignored),
        *_without_pixels(regions),
        *off_slice_finding(distances),
        *other_series(set(_referenced_series(dataset)), scan),
    ]
    return combine(regions, scan, annotation_format="rtstruct", findings=found)


def _structures(dataset: Dataset) -> dict[int, Dataset]:
    """Structures by their number."""
    structures: dict[int, Dataset] = {}
    for item in dataset.get("StructureSetROISequence", []):
        number = int(item.ROINumber)
        if number in structures:
            msg = f"structure {number} is described twice; each ROI Number must be one structure's"
            raise AnnotationError(msg)
        structures[number] = item
    return structures


def _points(contour: Dataset, where: str) -> NDArray[np.float64]:
    numbers = np.atleast_1d(np.array(contour.get("ContourData") or [], dtype=np.float64))
    if not numbers.size or numbers.size % 3 or not (np.abs(numbers) <= MAX_COORDINATE).all():
        msg = (
            f"{where} has a contour of {numbers.size} numbers; points need three finite ones each, "
            f"up to {MAX_COORDINATE:g}"
        )
        raise AnnotationError(msg)
    return numbers.reshape(-1, 3)


def _voxels(
    contours: list[tuple[str, NDArray[np.float64]]], scan: CTScan, where: str
) -> tuple[NDArray[np.int64], list[float]]:
    """Flat indices of the voxels of a structure, and the distances of contours from slices."""
    on_slice: dict[int, list[tuple[str, NDArray[np.float64]]]] = defaultdict(list)
    distances = []
    for kind, mm in contours:
        z, distance = nearest_slice(scan, mm, where=where)
        xy = scan.to_index(mm)[:, :0:-1]
        check_in_slice(scan, xy, where=where)
        on_slice[z].append((kind, xy))
        distances.append(distance)
    size = scan.shape[1] * scan.shape[2]
    index = [
        _combined(outlines, scan, where) + z * size for z, outlines in sorted(on_slice.items())
    ]
    return np.concatenate(index), distances


def _combined(
    outlines: list[tuple[str, NDArray[np.float64]]], scan: CTScan, where: str
) -> NDArray[np.int64]:
    """Pixels of all contours of a structure on one slice."""
    kinds = sorted({kind for kind, _ in outlines})
    if len(kinds) > 1:
        msg = f"{where} mixes {' and '.join(kinds)} contours on one slice; one type is needed"
        raise AnnotationError(msg)
    count = sum(len(xy) for _, xy in outlines)
    if count > MAX_CONTOUR_POINTS:
        msg = f"{where} has {count} points on one slice, allowed are {MAX_CONTOUR_POINTS}"
        raise AnnotationError(msg)
    pixels = _COMBINED[kinds[0]]
    return pixels([xy for _, xy in outlines], scan.shape[1:], tolerance_px=BOUNDARY_TOLERANCE_PX)


def _referenced_series(dataset: Dataset) -> Iterator[str]:
    for frame in dataset.get("ReferencedFrameOfReferenceSequence", []):
        for study in frame.get("RTReferencedStudySequence", []):
            for series in study.get("RTReferencedSeriesSequence", []):
                if series.get("SeriesInstanceUID"):
                    yield str(series.SeriesInstanceUID)


def _ignored(count: int) -> list[Finding]:
    if not count:
        return []
    message = f"{count} contours are points or open lines, which enclose no area; left out"
    return [finding("ANNOTATION_REGION_IGNORED", message)]


def _without_pixels(regions: list[Region]) -> list[Finding]:
    small = [region.name for region in regions if not region.index.size]
    if not small:
        return []
    message = f"{len(small)} structures hold no pixel centre, first {small[0]}"
    return [finding("ANNOTATION_REGION_WITHOUT_PIXELS", message)]
