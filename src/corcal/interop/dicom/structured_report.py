"""The measurements of an exam as a Comprehensive 3D SR document (TID 1500, Measurement Report)."""

from collections.abc import Mapping
from pathlib import Path

import highdicom as hd
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from corcal.ct.suitability.verdict import SeriesKind
from corcal.errors import InputError
from corcal.interop.dicom.document import observation_context, save_document, text
from corcal.interop.dicom.groups import Segments, measurement_groups
from corcal.interop.dicom.identity import Tracking, exam_key, segmentation_uid
from corcal.interop.dicom.segmentation import SEGMENTATION_KINDS
from corcal.interop.dicom.source import ScoredExam, header_values, require_dicom
from corcal.interop.dicom.statements import statements
from corcal.interop.dicom.terms import CARDIAC_CT_FOR_CALCIUM, COMMENT, CT_OF_ANY_REGION
from corcal.result import Result

__all__ = ["write_structured_report"]

SERIES_NUMBER = 9002


def write_structured_report(
    exam: ScoredExam,
    path: Path,
    *,
    segmentation: Path | None = None,
    tracking: Mapping[str, Tracking] | None = None,
) -> Path:
    """Write the measurements of an exam as a DICOM Structured Report.

    A measurement group for the total, for each of the four arteries whatever its score, for each
    other site with calcium, and for each lesion. Every number is one of the result, with every
    digit (as the floating-point value of the item).

    Parameters
    ----------
    exam : Exam
        A scored exam of a DICOM series.
    path : Path
        File to write; replaced if it exists.
    segmentation : Path, optional
        What `corcal.interop.dicom.segmentation.write_segmentation` wrote of the exam: the groups
        of sites then refer to its segments.
    tracking : mapping, optional
        By `Lesion.id`: the tracking of a lesion that was found again in this exam. Without it a
        lesion has a tracking of its own.

    Returns
    -------
    Path
        The file. `corcal.interop.dicom.read_back` reads it.

    Raises
    ------
    InputError
        If the scan has no UIDs to refer to, or the segmentation is of another series.
    """
    require_dicom(exam.scan)
    with header_values():
        segments = _segments(segmentation, exam) if segmentation is not None else None
        header = segments.header if segments is not None else None
        refers = str(header.SOPInstanceUID) if header is not None else ""
        return save_document(
            hd.sr.Comprehensive3DSR,
            _content(exam, segments, tracking)[0],
            exam,
            path,
            name="calcium measurements",
            series_number=SERIES_NUMBER,
            segmentation=header,
            variant=_variant(refers, tracking),
            variant_before=_variant_before(exam.result, header, tracking),
        )


def _variant(refers: str, tracking: Mapping[str, Tracking] | None) -> str:
    return f"{refers} {sorted((tracking or {}).items())}"


def _variant_before(
    result: Result, segmentation: Dataset | None, tracking: Mapping[str, Tracking] | None
) -> str | None:
    """Give the variant of the report that is corrected, if it was made as this one is."""
    amendment = result.provenance.amendment
    if amendment is None or amendment.record_before is None or tracking:
        return None
    if segmentation is None:
        return _variant("", None)
    kind = SEGMENTATION_KINDS.get(str(segmentation.SOPClassUID), "")
    if str(segmentation.SOPInstanceUID) != segmentation_uid(kind, exam_key(result)):
        return None
    return _variant(segmentation_uid(kind, amendment.record_before), None)


def _content(
    exam: ScoredExam, segments: Segments | None, tracking: Mapping[str, Tracking] | None
) -> hd.sr.MeasurementReport:
    result = exam.result
    is_calcium_scan = result.suitability.kind is SeriesKind.GATED_CALCIUM
    report = hd.sr.MeasurementReport(
        observation_context=observation_context(result),
        procedure_reported=CARDIAC_CT_FOR_CALCIUM if is_calcium_scan else CT_OF_ANY_REGION,
        imaging_measurements=measurement_groups(
            result, exam.scan, segments=segments, tracking=tracking
        ),
    )
    # The template is extensible and its order is not significant: what must not be overlooked
    # stands before the measurements.
    items = report[0].ContentSequence
    for sentence in statements(result):
        items.insert(len(items) - 1, text(COMMENT, sentence))
    return report


def _segments(path: Path, exam: ScoredExam) -> Segments:
    """Read the header of the segmentation, and check that it is of the exam."""
    try:
        header = dcmread(path, stop_before_pixels=True)
        numbers = {
            str(item.SegmentLabel): int(item.SegmentNumber) for item in header.SegmentSequence
        }
        of = str(header.ReferencedSeriesSequence[0].SeriesInstanceUID)
    except (OSError, InvalidDicomError, AttributeError, LookupError, ValueError) as exc:
        msg = f"{path.name} is not a DICOM Segmentation that corcal has written"
        raise InputError(msg) from exc
    ours = str(exam.scan.series.series_instance_uid)
    if of != ours:
        msg = f"the segmentation {path.name} is of series {of}, the exam of {ours}"
        raise InputError(msg)
    return Segments(header=_reference(header), numbers=numbers)


def _reference(header: Dataset) -> Dataset:
    """Keep what a reference needs."""
    kept = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(kept, keyword, header[keyword].value)
    return kept
