"""Read corcal's own DICOM objects back, and compute the score again from them.

A foreign Segmentation is scored like any other annotation (`corcal.annotations`); this is for the
report that corcal wrote, and for the proof that report, segmentation and scan say the same.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from corcal.annotations import read_annotation
from corcal.ct.scan import CTScan
from corcal.errors import InputError
from corcal.interop.dicom.identity import MANUFACTURER, Tracking
from corcal.interop.dicom.source import header_values
from corcal.interop.dicom.terms import AGATSTON_THRESHOLD, CALCIUM_MEASURES, COMMENT
from corcal.scoring.measure import Measurement, measure
from corcal.scoring.rules import rule_named

__all__ = ["GroupNumbers", "ReportNumbers", "read_structured_report", "score_again"]

COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_TRACKING_IDENTIFIER, _TRACKING_UID, _PARAMETER = "112039", "112040", "111002"
_FIELDS = {one.name.value: one.field for one in CALCIUM_MEASURES}
_LESION = re.compile(r"Lesion (\S+) of the exam")
_SITE = re.compile(r"Site (\S+)")

# What pydicom raises on damaged files, and what reading finds missing in foreign ones.
_MALFORMED = (InvalidDicomError, BytesLengthException, AttributeError, LookupError, TypeError,
              ValueError, StopIteration, NotImplementedError, EOFError, OSError,
              MemoryError, struct.error, zlib.error)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNumbers:
    """One measurement group of a report.

    Attributes
    ----------
    site : str or None
        `Site.label`; ``None`` for the total.
    lesion_id : str or None
        `Lesion.id`; ``None`` for the total and for a site.
    tracking : Tracking
        By which the finding is known across exams.
    values : dict
        By the name of the field in the result: ``"agatston"``, ``"volume_mm3"`` ...
    centroid_mm : (x, y, z) or None
        Of a lesion, patient LPS, in single precision as DICOM keeps it.
    """

    site: str | None
    lesion_id: str | None
    tracking: Tracking
    values: dict[str, float]
    centroid_mm: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNumbers:
    """What a report of corcal says.

    Attributes
    ----------
    series_instance_uid : str
        The series that was scored.
    segmentation_uid : str or None
        SOPInstanceUID of the segmentation that the report was written with.
    rule : str
        Scoring rule of all numbers.
    threshold_hu : float
        Its threshold.
    total : GroupNumbers
        The four arteries together.
    sites : tuple of GroupNumbers
        The arteries, then other sites with calcium.
    lesions : tuple of GroupNumbers
        In the order of the result.
    statements : tuple of str
        What is said in words.
    """

    series_instance_uid: str
    segmentation_uid: str | None
    rule: str
    threshold_hu: float
    total: GroupNumbers
    sites: tuple[GroupNumbers, ...]
    lesions: tuple[GroupNumbers, ...]
    statements: tuple[str, ...]


def read_structured_report(path: Path) -> ReportNumbers:
    """Read a report that `corcal.interop.dicom.structured_report` wrote.

    Raises
    ------
    InputError
        If the file is no such report.
    """
    try:
        with header_values():
            return _report(_own(path))
    except _MALFORMED as exc:
        msg = f"{path.name} is not a readable report of corcal ({type(exc).__name__})"
        raise InputError(msg) from exc


def score_again(scan: CTScan, *, report: Path, segmentation: Path) -> Measurement:
    """Measure the voxels of the segmentation under the rule of the report.

    Parameters
    ----------
    scan : CTScan
        The scan that was scored, read again.
    report, segmentation : Path
        What corcal wrote of it.

    Returns
    -------
    Measurement
        Equal to that of the report in every number of its rule. What other rules would have
        counted beyond it is not in a segmentation.

    Raises
    ------
    InputError
        If the three do not belong together, or one of them cannot be read.
    """
    said = read_structured_report(report)
    ours = scan.series.series_instance_uid
    if said.series_instance_uid != ours:
        msg = f"{report.name} is about series {said.series_instance_uid}, the scan is {ours}"
        raise InputError(msg)
    try:
        with header_values():
            uid = str(dcmread(segmentation, stop_before_pixels=True).SOPInstanceUID)
    except _MALFORMED as exc:
        msg = f"{segmentation.name} is not a readable DICOM Segmentation"
        raise InputError(msg) from exc
    if said.segmentation_uid != uid:
        msg = f"{report.name} was written with segmentation {said.segmentation_uid}, this is {uid}"
        raise InputError(msg)
    return measure(scan, read_annotation(segmentation, scan).voxels, rule=rule_named(said.rule))


def _own(path: Path) -> Dataset:
    """Read a report, and refuse one that corcal has not written."""
    dataset = dcmread(path)
    if dataset.SOPClassUID != COMPREHENSIVE_3D_SR or dataset.Manufacturer != MANUFACTURER:
        msg = f"{path.name} is not a Comprehensive 3D SR that corcal has written"
        raise InputError(msg)
    return dataset


def _report(dataset: Dataset) -> ReportNumbers:
    (container,) = (item for item in dataset.ContentSequence if item.ValueType == "CONTAINER")
    groups = list(container.ContentSequence)
    numbers = [_group(item) for item in groups]
    segmentations, images = _evidence(dataset)
    return ReportNumbers(
        series_instance_uid=images[0],
        segmentation_uid=segmentations[0] if segmentations else None,
        rule=_rule(groups[0]),
        threshold_hu=next(_number(item) for item in _named(groups[0], AGATSTON_THRESHOLD.value)),
        total=numbers[0],
        sites=tuple(one for one in numbers[1:] if one.lesion_id is None),
        lesions=tuple(one for one in numbers[1:] if one.lesion_id is not None),
        statements=tuple(str(item.TextValue) for item in _named(dataset, COMMENT.value)),
    )


def _evidence(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Return the segmentations (instances) and the scanned series that the report rests on."""
    segmentations, series = [], []
    for study in dataset.CurrentRequestedProcedureEvidenceSequence:
        for one in study.ReferencedSeriesSequence:
            instances = one.ReferencedSOPSequence
            if instances[0].ReferencedSOPClassUID in _SEGMENTATIONS:
                segmentations += [str(item.ReferencedSOPInstanceUID) for item in instances]
            else:
                series.append(str(one.SeriesInstanceUID))
    return segmentations, series


def _group(item: Dataset) -> GroupNumbers:
    comments = [str(one.TextValue) for one in _named(item, COMMENT.value)]
    tracking = Tracking(
        *(str(one.TextValue) for one in _named(item, _TRACKING_IDENTIFIER)),
        *(str(one.UID) for one in _named(item, _TRACKING_UID)),
    )
    values = {
        _FIELDS[code]: _number(one)
        for one in item.ContentSequence
        if one.ValueType == "NUM" and (code := _code(one)) in _FIELDS
    }
    places = [one.GraphicData for one in item.ContentSequence if one.ValueType == "SCOORD3D"]
    return GroupNumbers(
        site=_first(comments, _SITE.fullmatch),
        lesion_id=_first(comments, _LESION.fullmatch),
        tracking=tracking,
        values=values,
        centroid_mm=tuple(float(one) for one in places[0]) if places else None,  # type: ignore[arg-type]
    )


def _first(texts: list[str], match: Callable[[str], re.Match[str] | None]) -> str | None:
    """Return the first group of the first text that matches."""
    return next((found[1] for text in texts if (found := match(text))), None)


def _rule(group: Dataset) -> str:
    parameters = dict(str(item.TextValue).split("=", 1) for item in _named(group, _PARAMETER))
    return parameters["rule"]


def _named(item: Dataset, code: str) -> Iterator[Dataset]:
    return (one for one in item.ContentSequence if _code(one) == code)


def _code(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _number(item: Dataset) -> float:
    """Return the floating-point value, which has every digit, else the decimal one."""
    value = item.MeasuredValueSequence[0]
    return float(value.get("FloatingPointValue", value.NumericValue))
