"""The part of the page that tells how a score was made, in words for a person."""

from corcal.report.amendment_words import ADDENDUM, amendment_words
from corcal.report.certainty import automatic_parts
from corcal.report.markup import Markup, joined, tag
from corcal.report.sections import described_list
from corcal.report.words import (
    amount_of,
    annotation_words,
    calibration_words,
    exam_date,
    gating_words,
    kernel_words,
    moment_words,
    regions_words,
    scanner_words,
    slices_words,
)
from corcal.result import AnnotationRecord, Provenance, Result, ScanRecord

__all__ = ["how_it_was_made"]


def how_it_was_made(result: Result) -> Markup:
    """Tell everything that is needed to make the score again."""
    return described_list((*_about_score(result), *_about_scan(result.scan)), "made")


def _about_score(result: Result) -> tuple[tuple[str, str | None], ...]:
    made, score = result.provenance, result.score
    return (
        (ADDENDUM, tag("bdi", " ".join(words)) if (words := amendment_words(result)) else None),
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
    if made.reviewed is not None:
        names = ", ".join(made.reviewed.readers)
        start = "by corcal" if made.annotation is None else "by marks"
        return joined(f"{start}, reviewed by ", tag("bdi", names) if names else "a reader")
    if made.annotation is None:
        words = "by corcal itself" if made.method == "automatic" else made.method
        return joined(words)
    record = made.annotation
    how, what = annotation_words(record)
    return joined(f"{how} ({what} ", tag("bdi", record.source), f", {regions_words(record)})")


def _checksum(record: AnnotationRecord | None) -> Markup | None:
    return tag("code", f"sha256 {record.sha256}") if record is not None else None


def _about_scan(scan: ScanRecord) -> tuple[tuple[str, str | None], ...]:
    dy, dx = scan.pixel_spacing_mm
    number = "" if scan.series_number is None else f", number {scan.series_number}"
    return (
        ("Study", scan.study_description and tag("bdi", scan.study_description)),
        ("Series", joined(tag("bdi", scan.series_description or "without description"), number)),
        ("Series UID", scan.series_instance_uid and tag("code", scan.series_instance_uid)),
        ("Exam date", exam_date(scan)),
        ("Age at the exam", amount_of(scan.patient.age_years, "years")),
        ("Scanner", scanner_words(scan)),
        ("Tube voltage", amount_of(scan.kvp, "kV")),
        ("Kernel", kernel_words(scan.convolution_kernel)),
        ("Slices", slices_words(scan)),
        ("Pixels", f"{dy:.3f} by {dx:.3f} mm"),
        ("Gating", gating_words(scan)),
    )
