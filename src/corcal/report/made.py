"""The part of the page that tells how a score was made, in words for a person."""

from corcal.report.certainty import automatic_parts
from corcal.report.markup import Markup, joined, tag
from corcal.report.sections import described_list
from corcal.report.words import (
    annotation_words,
    calibration_words,
    exam_date,
    kernel_words,
    moment_words,
)
from corcal.result import AnnotationRecord, Provenance, Result, ScanRecord

__all__ = ["how_it_was_made"]


def how_it_was_made(result: Result) -> Markup:
    """Tell everything that is needed to make the score again."""
    return described_list((*_about_score(result), *_about_scan(result.scan)), "made")


def _about_score(result: Result) -> tuple[tuple[str, str | None], ...]:
    made, score = result.provenance, result.score
    return (
        ("Scoring rule", f"{score.rule}: {made.rule_reason}"),
        ("Calcium threshold", f"{made.threshold_hu:g} HU"),
        ("Mass calibration", calibration_words(score)),
        ("How calcium was assigned", _assignment(made)),
        *automatic_parts(result),
        ("Checksum of the annotation", _checksum(made.annotation)),
        ("Reader", made.reader and tag("bdi", made.reader)),
        ("Why this series", made.series_reason),
        ("Software", f"{made.software} {made.software_version}"),
        ("Libraries", ", ".join(f"{name} {v}" for name, v in made.libraries.items())),
        ("Made", moment_words(made.created)),
    )


def _assignment(made: Provenance) -> Markup:
    """Say who told which calcium is coronary: a person's marks, or a method by its name."""
    if made.annotation is None:
        words = "by corcal itself" if made.method == "automatic" else made.method
        return joined(words)
    record = made.annotation
    how, what = annotation_words(record)
    regions = "1 region" if record.region_count == 1 else f"{record.region_count} regions"
    return joined(f"{how} ({what} ", tag("bdi", record.source), f", {regions})")


def _checksum(record: AnnotationRecord | None) -> Markup | None:
    return tag("code", f"sha256 {record.sha256}") if record is not None else None


def _about_scan(scan: ScanRecord) -> tuple[tuple[str, str | None], ...]:
    dy, dx = scan.pixel_spacing_mm
    thickness = _with_unit(scan.slice_thickness_mm, "mm thick, ") or ""
    gating = {True: "ECG-gated", False: "not ECG-gated", None: "not said in the headers"}
    number = "" if scan.series_number is None else f", number {scan.series_number}"
    return (
        ("Study", scan.study_description and tag("bdi", scan.study_description)),
        ("Series", joined(tag("bdi", scan.series_description or "without description"), number)),
        ("Series UID", scan.series_instance_uid and tag("code", scan.series_instance_uid)),
        ("Exam date", exam_date(scan)),
        ("Age at the exam", _with_unit(scan.patient.age_years, "years")),
        ("Scanner", " ".join(x for x in (scan.manufacturer, scan.model_name) if x)),
        ("Tube voltage", _with_unit(scan.kvp, "kV")),
        ("Kernel", kernel_words(scan.convolution_kernel)),
        ("Slices", f"{scan.shape[0]}, {thickness}{scan.increment_mm:g} mm apart"),
        ("Pixels", f"{dy:.3f} by {dx:.3f} mm"),
        ("Gating", gating[scan.is_gated]),
    )


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:g} {unit}"
