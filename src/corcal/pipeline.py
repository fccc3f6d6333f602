"""The straight line: what was given, in; a scored exam, out. One step a statement."""

import hashlib
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from corcal._version import __version__
from corcal.anatomy.types import Anatomy, AnatomySource
from corcal.annotations import Annotation, read_annotation
from corcal.automatic import Automatic, find_calcium, with_certainty
from corcal.ct.find import find_series
from corcal.ct.scan import CTScan, Finding, Patient
from corcal.ct.series import Catalog
from corcal.ct.suitability import Suitability, Verdict, assess_scan, choose_series
from corcal.ct.suitability.verdict import by_severity, verdict_with
from corcal.errors import AnnotationError, InputError, UnfitError
from corcal.lesions.decision import Detection
from corcal.lesions.voxels import SiteVoxels
from corcal.progress import Progress, no_progress
from corcal.result import (
    HEADER_DAYS,
    HEADER_RANGES,
    SCHEMA_VERSION,
    AnnotationRecord,
    Provenance,
    Result,
    ScanRecord,
    SuitabilityRecord,
)
from corcal.scoring.measure import Measurement, measure
from corcal.scoring.rules import DEFAULT_RULE, ScoringRule, rule_named

__all__ = ["Exam", "Options", "score_path", "score_scan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may choose about a score.

    Attributes
    ----------
    annotations : path or None
        File that says which calcium is coronary (`corcal.annotations.read_annotation`). Without
        one, corcal finds it by itself.
    vessel_table : path or None
        For label volumes: which label is which site.
    rule : str
        Name of the scoring rule (`corcal.scoring.rules.RULES`).
    series : str or None
        SeriesInstanceUID to score instead of the one that corcal would choose.
    reader : str or None
        Who marked or checked the calcium; kept in the provenance.
    anatomy : AnatomySource or None
        Who says where the heart is; corcal's own networks by default.
    force : bool
        Score a scan whose verdict is unfit; the verdict stays in the result. Needs `series` where
        there are several.
    """

    annotations: Path | str | None = None
    vessel_table: Path | str | None = None
    rule: str = DEFAULT_RULE
    series: str | None = None
    reader: str | None = None
    anatomy: AnatomySource | None = None
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """A scored exam together with what it was scored from.

    Attributes
    ----------
    result : Result
        The record: what is kept and passed on.
    scan : CTScan
        The scan that was scored.
    voxels : SiteVoxels
        Where the calcium of each site was looked for.
    anatomy : Anatomy or None
        Where the heart was found; ``None`` where a person marked the calcium.
    detection : Detection or None
        What each candidate was taken for; ``None`` where a person marked the calcium.
    """

    result: Result
    scan: CTScan
    voxels: SiteVoxels
    anatomy: Anatomy | None = None
    detection: Detection | None = None


def score_path(
    path: Path | str,
    options: Options | None = None,
    *,
    progress: Progress = no_progress,
    check_patient: Callable[[Patient], None] | None = None,
) -> Exam:
    """Score the best series of a folder, a file or an archive.

    Parameters
    ----------
    path : path
        A folder searched to any depth, one file, or a zip archive.
    options : Options, optional
        The person's choices.
    progress : Progress, optional
        Told of each step's advance.
    check_patient : callable, optional
        Given the patient of the headers before anything is scored; what it raises ends the call.

    Returns
    -------
    Exam
        Result, scan and voxels.

    Raises
    ------
    InputError
        If nothing usable was given.
    UnfitError
        If a scan was read that is not fit for scoring.
    """
    options = options or Options()
    rule_named(options.rule)  # a misspelt rule is told before the reading, not after it
    catalog = find_series(path, progress=progress)
    choice = choose_series(catalog, series=_wanted(catalog, options), progress=progress)
    if check_patient is not None:
        check_patient(choice.scan.patient)
    return score_scan(
        choice.scan, options, suitability=choice.suitability, series_reason=choice.reason
    )


def score_scan(
    scan: CTScan,
    options: Options,
    *,
    suitability: Suitability | None = None,
    series_reason: str = "given as a scan in memory",
) -> Exam:
    """Score one scan: check, find or read its calcium, measure, record.

    Parameters
    ----------
    scan : CTScan
        The scan.
    options : Options
        The person's choices.
    suitability : Suitability, optional
        The verdict on the series; made from the scan alone if absent.
    series_reason : str
        Why this series, for the provenance.

    Returns
    -------
    Exam
        Result, scan and voxels.

    Raises
    ------
    InputError
        If the annotation does not belong to the scan, or a model is missing.
    UnfitError
        If the scan is unfit and `Options.force` is not set.
    """
    suitability = suitability or assess_scan(scan)
    _require_fit(suitability, force=options.force)
    rule = rule_named(options.rule)
    marked = _marked(scan, options, rule)
    measurement = measure(scan, marked.voxels, rule=rule)
    review, found = None, marked.automatic
    if found is not None:
        # The verdict as it was before: anatomy, detection and rule are reasons by themselves
        measurement, review = with_certainty(measurement, found, scan, rule, suitability)
    result = Result(
        schema_version=SCHEMA_VERSION,
        scan=_scan_record(scan),
        suitability=_suitability_record(suitability, marked.findings + measurement.findings),
        score=measurement.score,
        lesions=measurement.lesions,
        provenance=_provenance(options, rule, measurement, marked, series_reason),
        review=review,
    )
    return Exam(
        result=result,
        scan=scan,
        voxels=marked.voxels,
        anatomy=found.anatomy if found else None,
        detection=found.detection if found else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """The calcium of a scan, by a person or by corcal itself."""

    voxels: SiteVoxels
    findings: tuple[Finding, ...]
    annotation: AnnotationRecord | None = None
    automatic: Automatic | None = None


def _marked(scan: CTScan, options: Options, rule: ScoringRule) -> _Marked:
    if options.annotations is not None:
        return _marked_by_person(scan, Path(options.annotations), options)
    found = find_calcium(scan, rule, source=options.anatomy)
    return _Marked(
        voxels=found.detection.voxels,
        findings=found.anatomy.findings + found.detection.findings,
        automatic=found,
    )


def _marked_by_person(scan: CTScan, path: Path, options: Options) -> _Marked:
    annotation = _annotation_of(scan, path, options)
    return _Marked(
        voxels=annotation.voxels,
        findings=annotation.findings,
        annotation=AnnotationRecord(
            format=annotation.format,
            source=path.name.encode(errors="replace").decode(),  # a name may be no UTF-8 text
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            region_count=annotation.region_count,
        ),
    )


def _wanted(catalog: Catalog, options: Options) -> str | None:
    """Return the series that the person wants: named, or meant by forcing the only one."""
    if options.series is not None or not options.force:
        return options.series
    if len(catalog.series) > 1:
        keys = ", ".join(one.key for one in catalog.series)
        msg = f"--force scores a series that you name with --series; there are {keys}"
        raise InputError(msg)
    return catalog.series[0].key


def _require_fit(suitability: Suitability, *, force: bool) -> None:
    if suitability.verdict is Verdict.UNFIT and not force:
        reasons = "; ".join(f.message for f in suitability.findings if f.severity == "error")
        msg = f"not fit for calcium scoring: {reasons} (--force scores it nevertheless)"
        raise UnfitError(msg)


def _suitability_record(suitability: Suitability, later: tuple[Finding, ...]) -> SuitabilityRecord:
    """Record the judgement on the scan together with what was found while scoring it."""
    return SuitabilityRecord(
        kind=suitability.kind,
        verdict=verdict_with(suitability.verdict, later),
        findings=by_severity((*suitability.findings, *later)),
    )


def _annotation_of(scan: CTScan, path: Path, options: Options) -> Annotation:
    table = Path(options.vessel_table) if options.vessel_table is not None else None
    try:
        return read_annotation(path, scan, vessel_table=table)
    except AnnotationError as exc:
        series = scan.series.series_instance_uid or scan.slices[0].source
        msg = f"annotation {path.name} for series {series}: {exc}"
        raise AnnotationError(msg) from exc


def _scan_record(scan: CTScan) -> ScanRecord:
    acquisition, series = scan.acquisition, scan.series
    return ScanRecord(
        patient=replace(
            scan.patient,
            age_years=_kept("age_years", scan.patient.age_years),
            birth_date=_kept_day(scan.patient.birth_date),
        ),
        study_instance_uid=series.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
        series_number=series.series_number,
        study_description=acquisition.study_description,
        series_description=acquisition.series_description,
        modality=acquisition.modality,
        manufacturer=acquisition.manufacturer,
        model_name=acquisition.model_name,
        date=_kept_day(acquisition.date),
        time=acquisition.time,
        kvp=_kept("kvp", acquisition.kvp),
        convolution_kernel=acquisition.convolution_kernel,
        slice_thickness_mm=_kept("slice_thickness_mm", acquisition.slice_thickness_mm),
        increment_mm=scan.spacing_mm[0],
        pixel_spacing_mm=scan.spacing_mm[1:],
        shape=scan.shape,
        is_gated=acquisition.is_gated,
        sop_instance_uids=tuple(source.sop_instance_uid for source in scan.slices),
        accession_number=series.accession_number,
        patient_id_issuer=series.patient_id_issuer,
    )


def _kept(name: str, value: float | None) -> float | None:
    """Keep a number of the headers unless it cannot be one: a record with it is not read back."""
    low, high = HEADER_RANGES[name]
    return value if value is not None and low <= value <= high else None


def _kept_day(day: str | None) -> str | None:
    """Keep a day of the headers unless it stands for none, as 9999-12-31 does."""
    return day if day is not None and HEADER_DAYS[0] <= day <= HEADER_DAYS[1] else None


def _provenance(
    options: Options,
    rule: ScoringRule,
    measurement: Measurement,
    marked: _Marked,
    series_reason: str,
) -> Provenance:
    automatic = marked.automatic
    return Provenance(
        software="corcal",
        software_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rule=rule.name,
        rule_reason="the default" if rule.name == DEFAULT_RULE else "chosen by the user",
        threshold_hu=rule.threshold_hu,
        series_reason=series_reason,
        method="annotation" if automatic is None else "automatic",
        annotation=marked.annotation,
        reader=options.reader,
        slices_with_calcium=tuple(
            sorted({z for lesion in measurement.lesions for z in lesion.slices})
        ),
        libraries={"numpy": np.__version__, "python": platform.python_version()},
        model=automatic.anatomy.model if automatic else None,
        detector=automatic.detector if automatic else None,
    )
