"""DICOM Segmentations: binary, fractional and label map.

Read frame by frame with pydicom, tolerantly: programs differ in what they put around the frames,
while a frame's own plane, spacing and segment tell all that is needed.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from corcal.annotations.dicom_reference import check_frame_of_reference, other_series
from corcal.annotations.lattice import Lattice, lattice_of
from corcal.annotations.names import GENERAL_SNOMED_SITES, SNOMED_SITES, find_site, site_of_name
from corcal.annotations.regions import Annotation, Region, combine
from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

__all__ = ["read_segmentation"]

MAX_FRAME_PIXELS = 2**30  # all frames together: 16 segments of a scan of 256 slices

_KINDS = ("BINARY", "FRACTIONAL", "LABELMAP")
_BACKGROUND = 0  # DICOM Supplement 243: number of what is no segment in a label map


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Voxels of one segment in one frame."""

    segment: int
    index: NDArray[np.int64]


def read_segmentation(dataset: Dataset, scan: CTScan) -> Annotation:
    """Read the segments of a Segmentation.

    A segment's site is told by the SNOMED CT codes of its anatomic region and its property type,
    else by its label. A segment without voxels needs neither.

    Raises
    ------
    AnnotationError
        If a site is unknown, a frame does not lie on the voxels of the scan, the frame of
        reference is another, or what tells the meaning of the pixels is missing: it is never
        guessed.
    """
    check_frame_of_reference(dataset.get("FrameOfReferenceUID"), scan)
    parts, found = _parts(dataset, scan)
    by_segment: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    for part in parts:
        by_segment[part.segment].append(part.index)
    segments = _segments(dataset)
    regions = [
        Region(
            name=f"segment {number}",
            site=_site(number, segments.get(number)),
            index=np.unique(np.concatenate(index)),
        )
        for number, index in sorted(by_segment.items())
    ]
    referenced = {
        str(item.SeriesInstanceUID)
        for item in dataset.get("ReferencedSeriesSequence", [])
        if item.get("SeriesInstanceUID")
    }
    found.extend(other_series(referenced, scan))
    return combine(regions, scan, annotation_format="dicom_seg", findings=found)


def _segments(dataset: Dataset) -> dict[int, Dataset]:
    """Descriptions of segments by their number."""
    segments: dict[int, Dataset] = {}
    for item in dataset.get("SegmentSequence", []):
        number = int(item.SegmentNumber)
        if number in segments:
            msg = f"segment {number} is described twice; each Segment Number must be one segment's"
            raise AnnotationError(msg)
        segments[number] = item
    return segments


def _site(number: int, segment: Dataset | None) -> Site:
    """Site of a segment by its codes, else by its label."""
    where = f"segment {number}"
    if segment is None:
        msg = f"{where} has frames but is not described in the Segment Sequence"
        raise AnnotationError(msg)
    codes = _snomed_codes(segment)
    label = str(segment.get("SegmentLabel", ""))
    named = find_site(label)
    coded = {SNOMED_SITES[code] for code in codes if code in SNOMED_SITES}
    meant = coded | ({named} if named else set())
    if len(meant) > 1:
        labels = ", ".join(sorted(site.label for site in coded))
        spoken = named.label if named else "no site"
        msg = f"{where} contradicts itself: its codes mean {labels}, its label means {spoken}"
        raise AnnotationError(msg)
    general = [GENERAL_SNOMED_SITES[code] for code in codes if code in GENERAL_SNOMED_SITES]
    return next(iter([*meant, *general]), None) or site_of_name(label, where=where)


def _snomed_codes(segment: Dataset) -> list[str]:
    """SNOMED CT codes of a segment; retired SNOMED-RT ones are translated."""
    from pydicom.sr._snomed_dict import mapping

    codes = []
    for keyword in ("AnatomicRegionSequence", "SegmentedPropertyTypeCodeSequence"):
        for item in segment.get(keyword, []):
            value, scheme = str(item.get("CodeValue", "")), item.get("CodingSchemeDesignator")
            if scheme in {"SRT", "SNM3", "99SDM"}:
                value = mapping["SRT"].get(value, "")
            codes.append(value if scheme in {"SCT", "SRT", "SNM3", "99SDM"} else "")
    return codes


def _parts(dataset: Dataset, scan: CTScan) -> tuple[list[_Part], list[Finding]]:
    """Voxels of all frames."""
    kind = _kind(dataset)
    frames = _frames(dataset)
    found: list[Finding] = []
    if kind == "FRACTIONAL":
        frames, found = _cut_at_half(frames, dataset.get("MaximumFractionalValue"))
    elif kind == "BINARY" and frames.max(initial=0) > 1:
        msg = (
            f"the Segmentation is BINARY in {int(dataset.BitsAllocated)} bits and has the pixel "
            f"value {frames.max()}; accepted are 0 and 1, or FRACTIONAL or LABELMAP"
        )
        raise AnnotationError(msg)
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence", []))
    if len(groups) != len(frames):
        msg = f"the Segmentation has {len(frames)} frames and describes {len(groups)} of them"
        raise AnnotationError(msg)
    shared = (list(dataset.get("SharedFunctionalGroupsSequence", [])) or [Dataset()])[0]
    padding = int(dataset.get("PixelPaddingValue", _BACKGROUND))
    parts = []
    for number, (frame, group) in enumerate(zip(frames, groups, strict=True), 1):
        if not frame.any():
            continue
        where = f"frame {number} of the Segmentation"
        lattice = _lattice(group, shared, frame, scan, where)
        if kind == "LABELMAP":
            values = [int(v) for v in np.unique(frame) if v not in {_BACKGROUND, padding}]
        else:
            values = [_segment_number(group, shared, where)]
        for value in values:
            chosen = frame == value if kind == "LABELMAP" else frame != 0
            index = lattice.voxels(np.argwhere(chosen), scan, where=where)
            parts.append(_Part(segment=value, index=index))
    return parts, found


def _kind(dataset: Dataset) -> str:
    """Return what the pixels mean."""
    kind = str(dataset.get("SegmentationType") or "")
    if kind not in _KINDS:
        has = f"the Segmentation Type {kind[:40]!r}" if kind else "no Segmentation Type"
        msg = f"the Segmentation has {has}; accepted are {', '.join(_KINDS)}"
        raise AnnotationError(msg)
    return kind


def _frames(dataset: Dataset) -> NDArray[np.integer]:
    """Pixels of all frames, shape (frames, rows, columns)."""
    count = int(dataset.get("NumberOfFrames", 1))
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if count * rows * columns > MAX_FRAME_PIXELS:
        msg = (
            f"the Segmentation declares {count} frames of {rows} x {columns} pixels, allowed are "
            f"{MAX_FRAME_PIXELS} pixels"
        )
        raise AnnotationError(msg)
    frames: NDArray[np.integer] = dataset.pixel_array.reshape(count, rows, columns)
    return frames


def _cut_at_half(
    frames: NDArray[np.integer], maximum: object
) -> tuple[NDArray[np.integer], list[Finding]]:
    """Make a fractional segmentation binary: in at one half of the maximum and above."""
    highest = int(frames.max(initial=0))
    if not isinstance(maximum, int) or maximum < max(highest, 1):
        has = "no" if maximum is None else f"the {str(maximum)[:40]!r}"
        msg = (
            f"the Segmentation is FRACTIONAL, has {has} Maximum Fractional Value and pixels up to "
            f"{highest}; accepted is a maximum from 1 that no pixel exceeds"
        )
        raise AnnotationError(msg)
    between = int(np.count_nonzero((frames > 0) & (frames < maximum)))
    message = f"{between} voxels have a fraction between 0 and 1; those from 0.5 on were taken"
    found = [finding("ANNOTATION_FRACTIONAL", message)] if between else []
    return (frames >= 0.5 * maximum).astype(np.uint8), found


def _lattice(
    group: Dataset, shared: Dataset, frame: NDArray[np.integer], scan: CTScan, where: str
) -> Lattice:
    """Map of a frame's (row, column) to the scan."""
    position = _macro(group, shared, "PlanePositionSequence", where).ImagePositionPatient
    orientation = _macro(group, shared, "PlaneOrientationSequence", where).ImageOrientationPatient
    spacing = _macro(group, shared, "PixelMeasuresSequence", where).PixelSpacing
    along_row, down_column = np.array(orientation, dtype=np.float64).reshape(2, 3)
    axes = np.stack((down_column * float(spacing[0]), along_row * float(spacing[1])), axis=1)
    return lattice_of(
        scan,
        origin_mm=np.array(position, dtype=np.float64),
        axes_mm=axes,
        shape=frame.shape,
        where=where,
    )


def _segment_number(group: Dataset, shared: Dataset, where: str) -> int:
    macro = _macro(group, shared, "SegmentIdentificationSequence", where)
    return int(macro.ReferencedSegmentNumber)


def _macro(group: Dataset, shared: Dataset, keyword: str, where: str) -> Dataset:
    """Return a functional group of a frame, its own or the shared one."""
    sequence = group.get(keyword) or shared.get(keyword)
    if not sequence:
        msg = f"{where} has no {keyword}, which tells where it lies or what it is"
        raise AnnotationError(msg)
    item: Dataset = sequence[0]
    return item
