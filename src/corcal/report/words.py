"""What the record keeps as codes, in words for a person."""

import re
from datetime import UTC, datetime

from corcal.anatomy.types import ModelRecord
from corcal.ct.suitability.verdict import KIND_WORDS
from corcal.exam_numbers import gating, is_zero_by_limit
from corcal.lesions.sites import Vessel
from corcal.report.amounts import shown
from corcal.report.markup import Markup, tag
from corcal.result import AnnotationRecord, Result, ScanRecord, SuitabilityRecord
from corcal.scoring.types import Interval, Score

__all__ = [
    "ARTERY_NAMES",
    "NOTHING_MARKED",
    "SLICES_COUNTED",
    "annotation_words",
    "calibration_words",
    "amount_of",
    "exam_date",
    "exam_label",
    "interval_range",
    "interval_words",
    "gating_words",
    "is_automatic",
    "is_not_gated",
    "kernel_words",
    "kind_words",
    "label_markup",
    "model_words",
    "moment_words",
    "regions_words",
    "scanner_words",
    "sentence",
    "score_name",
    "slices_words",
    "suitability_words",
    "who_checked",
    "zero_words",
]

ARTERY_NAMES = {
    Vessel.LM: "Left main",
    Vessel.LAD: "Left anterior descending",
    Vessel.LCX: "Left circumflex",
    Vessel.RCA: "Right coronary",
}
"""Each artery in full."""

NOTHING_MARKED = (
    "The annotation marks nothing. The score is 0 because of that, whatever the scan shows."
)
"""To be said where a score of zero follows from an empty annotation."""

SLICES_COUNTED = "Slices are counted from 0 at the feet."

_CALIBRATIONS = {
    "scan": "measured on an insert in the scan",
    "header_patient": "from the scan's header",
    "header_device": "from the scan's header",
    "default": "from the literature",
}
_FORMATS = {  # who marked the calcium, as far as the format tells, and what the file is
    "osirix": ("marked by a person", "OsiriX/Horos file"),
    "dicom_seg": ("marked in a file given with the scan", "DICOM segmentation"),
    "rtstruct": ("marked in a file given with the scan", "DICOM structure set"),
    "label_volume": ("marked in a file given with the scan", "label volume"),
}
_VERDICTS = {
    "fit": "it is fit for calcium scoring",
    "caution": "it can be scored, and the score must be read with care",
    "unfit": "it is not fit for calcium scoring",
}
_GATING = {True: "ECG-gated", False: "not ECG-gated", None: "not said in the headers"}
_WHOLE_FROM = 10.0  # an interval that ends above this is written without decimals
_KINDS = {kind.value: words for kind, words in KIND_WORDS.items()}
_DICOM_TAG = re.compile(r" \([0-9A-Fa-f]{4},[0-9A-Fa-f]{4}\)")


def exam_label(scan: ScanRecord) -> str:
    """Name an exam: by its date, else by its series as far as the headers tell."""
    if scan.date:
        return scan.date
    number = None if scan.series_number is None else f"series {scan.series_number}"
    known = (number, scan.series_description)
    return ", ".join(("Exam of unknown date", *(part for part in known if part)))


def exam_date(scan: ScanRecord) -> str:
    """Write when the exam was made; a time without a date is none."""
    if not scan.date:
        return "not in the headers"
    return " ".join(part for part in (scan.date, scan.time) if part)


def label_markup(label: str) -> Markup:
    """Make what the page calls an exam; a date is never broken over two lines."""
    is_date = re.fullmatch(r"\d{4}-\d{2}-\d{2}", label, flags=re.ASCII)
    return tag("bdi", label, class_="date" if is_date else None)


def moment_words(moment: str) -> str:
    """Write an ISO 8601 moment for people, in UTC: ``2026-01-02 11:00:00 UTC``."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    if parsed.tzinfo is None:
        return moment
    return parsed.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def is_automatic(result: Result) -> bool:
    """Whether corcal found the calcium by itself, and nobody marked or reviewed it."""
    return result.provenance.is_automatic


def who_checked(result: Result) -> str:
    """Say who stands for a score: ``"No reader has checked it."``.

    Only a signature counts (`corcal.result.Provenance.is_signed`), as in every output: who is
    named as its reader need not have seen it.
    """
    made = result.provenance
    if made.is_signed:
        return f"Signed by {made.reader or 'a reader'}."
    if made.reader:
        return f"Reader named for it: {made.reader}, who has not signed it."
    return "No reader has checked it." if made.is_automatic else "No reader has signed it."


def is_not_gated(result: Result) -> bool:
    """Whether the scan is known to have been made without ECG gating."""
    return gating(result) is False


def score_name(result: Result) -> str:
    """Name what was scored: an automatic score without gating is not called the same thing."""
    if is_automatic(result) and is_not_gated(result):
        return "Agatston-equivalent, from a scan without ECG gating"
    return "Agatston score"


def interval_words(interval: Interval) -> str:
    """Write an interval with its level.

    Examples
    --------
    >>> interval_words(Interval(low=0.0, high=4.25, level=0.95))
    '95 % interval 0 to 4.2'
    """
    return f"{100 * interval.level:g} % interval {interval_range(interval)}"


def interval_range(interval: Interval) -> str:
    """Write the ends of an interval: ``87 to 140``."""
    digits = 0 if interval.high >= _WHOLE_FROM else 1
    return f"{shown(interval.low, digits)} to {shown(interval.high, digits)}"


def zero_words(result: Result) -> str:
    """Say what a score of zero means; empty for every other score.

    An annotation without any region may be a finding or a file that was exported empty: it does
    not tell that there is no calcium.
    """
    annotation = result.provenance.annotation
    if result.score.total.agatston > 0:
        return ""
    is_empty = any(finding.code == "ANNOTATION_EMPTY" for finding in result.suitability.findings)
    if is_empty or (annotation is not None and annotation.region_count == 0):
        return "no calcium was marked"
    if annotation is not None:
        return "no coronary calcium among what was marked"
    limit = "that reaches the limit of counting " if is_zero_by_limit(result) else ""
    return f"no coronary calcium {limit}was found"


def calibration_words(score: Score, *, with_detail: bool = True) -> str:
    """Say which mass factor was used, where it comes from, and in detail why."""
    source = _CALIBRATIONS.get(score.mass_calibration, score.mass_calibration)
    detail = _DICOM_TAG.sub("", score.mass_calibration_detail)
    why = f": {detail}" if detail and with_detail else ""
    return f"{score.calibration_mg_per_cm3_hu:.4g} mg/cm³ per HU, {source}{why}"


def annotation_words(record: AnnotationRecord) -> tuple[str, str]:
    """Say who marked the calcium, and what the file is: ``("marked by a person", "..file")``."""
    return _FORMATS.get(record.format, ("marked in a file given with the scan", record.format))


def kernel_words(kernel: str | None) -> str | None:
    """Write a kernel of several values, which DICOM parts by backslashes: ``I30f, 3``."""
    return kernel and ", ".join(part.strip() for part in kernel.split("\\"))


def kind_words(kind: str) -> str:
    """Write the kind of a series in words."""
    return _KINDS.get(kind, kind)


def sentence(text: str) -> str:
    """Begin with a capital and end with a point, as messages that stand alone do."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def suitability_words(record: SuitabilityRecord) -> str:
    """Say what the series is, and whether it is fit for scoring."""
    words = _VERDICTS.get(record.verdict, record.verdict)
    return f"The series is {kind_words(record.kind)}: {words}."


def amount_of(value: float | None, unit: str) -> str | None:
    """Write a setting of the scan with its unit: ``"120 kV"``; ``None`` if it is not known."""
    return None if value is None else f"{value:g} {unit}"


def slices_words(scan: ScanRecord) -> str:
    """Write number, thickness and distance of the slices: ``"48, 3 mm thick, 3 mm apart"``."""
    thickness = amount_of(scan.slice_thickness_mm, "mm thick, ") or ""
    return f"{scan.shape[0]}, {thickness}{scan.increment_mm:g} mm apart"


def gating_words(scan: ScanRecord) -> str:
    """Say what the headers say of ECG gating."""
    return _GATING[scan.is_gated]


def scanner_words(scan: ScanRecord) -> str:
    """Name the scanner; empty if it is not known."""
    return " ".join(x for x in (scan.manufacturer, scan.model_name) if x)


def regions_words(record: AnnotationRecord) -> str:
    """Count the regions of an annotation: ``"1 region"``."""
    return "1 region" if record.region_count == 1 else f"{record.region_count} regions"


def model_words(record: ModelRecord) -> str:
    """Name a model with its version."""
    return f"{record.name} {record.version}"
