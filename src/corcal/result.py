"""The one record of a scored exam: versioned, serialisable, the contract between all rooms."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from corcal.anatomy.types import ModelRecord
from corcal.ct.scan import Finding, Patient
from corcal.ct.suitability.verdict import SeriesKind, Verdict
from corcal.errors import InputError
from corcal.followup.types import Followup
from corcal.lesions.sites import Vessel
from corcal.risk.interpretation_types import Interpretation
from corcal.scoring.record import check_score
from corcal.scoring.types import Lesion, Score

__all__ = [
    "RESEARCH_USE",
    "SCHEMA_VERSION",
    "AnnotationRecord",
    "Provenance",
    "Result",
    "ReviewAdvice",
    "ReviewRecord",
    "ScanRecord",
    "SuitabilityRecord",
    "read_result",
    "result_from_json",
    "result_json",
    "schema_json",
]

SCHEMA_VERSION = "1.3"
# Two types of one name: what stood in the schema first keeps it.
_SCHEMA_NAMES = {
    "corcal.ct.suitability.verdict.Verdict": "Verdict",
    "corcal.followup.types.Verdict": "ChangeVerdict",
}
RESEARCH_USE = "For research use only. Not a medical device; not for diagnosis."
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecord:
    """Which scan was scored, and how it was made.

    `accession_number` is that of the order (DICOM AccessionNumber), and `patient_id_issuer` who
    gave the identifier of the patient (IssuerOfPatientID); ``None`` where the headers are silent.
    """

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
    accession_number: str | None = field(default=None, repr=False)
    patient_id_issuer: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitabilityRecord:
    """Whether the scan is fit for calcium scoring, and why."""

    kind: SeriesKind
    verdict: Verdict
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRecord:
    """The annotation that told which calcium is coronary."""

    format: str
    source: str
    sha256: str
    region_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRecord:
    """What readers did to a proposed score, in numbers; the log of the review has the rest.

    Attributes
    ----------
    readers : tuple of str
        Everyone with an entry in the log, in the order of their first.
    started, finished : str or None
        Time of the first and of the last entry, UTC, ISO 8601; ``None`` if there is none.
    event_count : int
        Entries of the log, undone ones and comments included.
    change_count : int
        Edits in force.
    candidates_by_reader : int
        Candidates that a reader assigned, also to the site that was proposed.
    is_complete : bool
        Whether a reader decided about everything that the score could depend on, or confirmed it.
    proposed_by : str
        ``"automatic"`` or ``"annotation"``.
    proposed_rule : str
        Rule that the exam was scored by before the review.
    proposed_agatston : float
        Total Agatston score before the review, by that rule.
    """

    readers: tuple[str, ...]
    started: str | None
    finished: str | None
    event_count: int
    change_count: int
    candidates_by_reader: int
    is_complete: bool
    proposed_by: Literal["automatic", "annotation"]
    proposed_rule: str
    proposed_agatston: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How the score came about: enough to make it again.

    `method` is ``"automatic"``, ``"annotation"``, or ``"reviewed"`` once a reader has reviewed
    either of them.
    """

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
    model: ModelRecord | None = None
    """Which model found the anatomy; ``None`` where a person marked the calcium."""
    detector: ModelRecord | None = None
    """Which model told coronary calcium from the rest; ``None`` where a person did."""
    reviewed: ReviewRecord | None = None
    """What a review changed; ``None`` before one."""

    @property
    def is_automatic(self) -> bool:
        """Whether no person has said which calcium is coronary: not by marks, nor in a review."""
        return self.annotation is None and self.reviewed is None

    @property
    def is_signed(self) -> bool:
        """Whether a reader has reviewed the exam to its end: from then on reports are final.

        A reader who is only named (``corcal score --reader``) has signed nothing.
        """
        return self.reviewed is not None and self.reviewed.is_complete


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAdvice:
    """Whether a person should look at an automatic score before it is used, and why.

    Attributes
    ----------
    advised : bool
        Every score is a proposal; this one has a doubt that can be named.
    reasons : tuple of str
        One sentence each; empty if not advised.
    """

    advised: bool
    reasons: tuple[str, ...]


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
    review: ReviewAdvice | None = None
    interpretation: Interpretation | None = None
    """What the score means for the person; ``None`` until somebody has asked."""
    followup: Followup | None = None
    """How the exam compares with earlier ones; ``None`` where none was compared."""


def result_json(result: Result) -> str:
    """Serialise a result: indented JSON with a final newline, keys in the order of the schema."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n"


def read_result(path: Path | str) -> Result:
    """Read a ``result.json`` back.

    Raises
    ------
    InputError
        If the file is not a result of a schema version that this release reads, or its score
        contradicts itself.
    """
    name = Path(path).name
    try:
        text = Path(path).read_bytes()
    except OSError as exc:
        msg = f"cannot read {name}: {exc.strerror}"
        raise InputError(msg) from exc
    return result_from_json(text, name=name)


def result_from_json(text: bytes, *, name: str) -> Result:
    """Read a result from its JSON; `name` is what an error calls it.

    Raises
    ------
    InputError
        As `read_result` does.
    """
    version = _decoded(text, _Versioned, f"{name} is not a corcal result").schema_version
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        msg = f"{name} has schema version {version}; this release reads {SCHEMA_VERSION}"
        raise InputError(msg)
    result = _decoded(text, Result, f"{name} does not follow the schema {SCHEMA_VERSION}")
    try:
        check_score(result.score)
    except InputError as exc:
        msg = f"{name} contradicts itself: {exc}"
        raise InputError(msg) from exc
    return result


def _decoded(text: bytes, kind: type[_Kind], otherwise: str) -> _Kind:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, InputError) as exc:
        msg = f"{otherwise}: {exc}"
        raise InputError(msg) from exc
    except RecursionError as exc:
        msg = f"{otherwise}: it is nested too deeply"
        raise InputError(msg) from exc


def schema_json() -> str:
    """Give the JSON schema (draft 2020-12) of a result, as text with a final newline."""
    schema: dict[str, Any] = msgspec.json.schema(Result)
    definitions = schema["$defs"]
    definitions["Result"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    for name in ("Score", "RuleScore"):
        definitions[name]["properties"]["vessels"]["required"] = [str(vessel) for vessel in Vessel]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "corcal result",
        "version": SCHEMA_VERSION,
    }
    text = json.dumps(head | schema, indent=2) + "\n"
    for qualified, name in _SCHEMA_NAMES.items():
        text = text.replace(qualified, name)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Versioned:
    """The one field that every version of the record has."""

    schema_version: str
