"""The one record of a scored exam: versioned, serialisable, the contract between all rooms."""

from dataclasses import dataclass

from corcal.ct.scan import Finding, Patient
from corcal.scoring.types import Lesion, Score

__all__ = [
    "SCHEMA_VERSION",
    "AnnotationRecord",
    "Provenance",
    "Result",
    "ScanRecord",
    "SuitabilityRecord",
]

SCHEMA_VERSION = "1.0"
RESEARCH_USE = "For research use only. Not a medical device; not for diagnosis."


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """Which scan was scored, and how it was made."""

    patient: Patient
    study_instance_uid: str | None
    series_instance_uid: str | None
    frame_of_reference_uid: str | None
    series_number: int | None
    study_description: str | None
    series_description: str | None
    modality: str | None
    manufacturer: str | None
    model_name: str | None
    date: str | None
    time: str | None
    kvp: float | None
    convolution_kernel: str | None
    slice_thickness_mm: float | None
    increment_mm: float
    pixel_spacing_mm: tuple[float, float]
    shape: tuple[int, int, int]
    is_gated: bool | None
    sop_instance_uids: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitabilityRecord:
    """Whether the scan is fit for calcium scoring, and why."""

    kind: str
    verdict: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRecord:
    """The annotation that told which calcium is coronary."""

    format: str
    source: str
    sha256: str
    region_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How the score came about: enough to make it again."""

    software: str
    software_version: str
    created: str
    rule: str
    rule_reason: str
    threshold_hu: float
    series_reason: str
    method: str
    annotation: AnnotationRecord | None
    reader: str | None
    slices_with_calcium: tuple[int, ...]
    libraries: dict[str, str]
    statement: str = RESEARCH_USE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scored exam.

    Its JSON form is described by the schema that ``corcal schema`` prints. A result exists only
    for a scan that was scored: everything else is an error.
    """

    schema_version: str
    scan: ScanRecord
    suitability: SuitabilityRecord
    score: Score
    lesions: tuple[Lesion, ...]
    provenance: Provenance
