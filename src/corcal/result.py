"""The one record of a scored exam: versioned, serialisable, the contract between all rooms."""

import codecs
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import msgspec

from corcal.amendment import Amendment, check_amendment
from corcal.anatomy.types import ModelRecord
from corcal.ct.scan import Finding, Patient
from corcal.ct.suitability.verdict import SeriesKind, Verdict
from corcal.described import described
from corcal.errors import InputError
from corcal.followup.types import Followup
from corcal.lesions.sites import Vessel
from corcal.risk.interpretation_types import Interpretation
from corcal.risk.person import check_person
from corcal.scoring.ranges import Space, check_day, check_equal, check_range
from corcal.scoring.record import check_score
from corcal.scoring.types import Contested, Lesion, Score
from corcal.whole_file import read_whole

__all__ = [
    "HEADER_DAYS",
    "HEADER_RANGES",
    "RESEARCH_USE",
    "SCHEMA_VERSION",
    "Amendment",
    "AnnotationRecord",
    "Provenance",
    "Result",
    "ReviewAdvice",
    "ReviewRecord",
    "ScanRecord",
    "SuitabilityRecord",
    "check_result",
    "read_result",
    "record_key",
    "result_from_json",
    "result_json",
    "schema_json",
]

SCHEMA_VERSION = "1.4"
# A newer record says more than is read here: what it corrects or is about must not be left out.
_READ_VERSIONS = ("1.0", "1.1", "1.2", "1.3", SCHEMA_VERSION)
# Two types of one name: what stood in the schema first keeps it.
_SCHEMA_NAMES = {
    "corcal.ct.suitability.verdict.Verdict": "Verdict",
    "corcal.followup.types.Verdict": "ChangeVerdict",
}
RESEARCH_USE = "For research use only. Not a medical device; not for diagnosis."
_SHOWN = 40  # characters of what is no version
_MAX_SIZE, _MIN_SPACING_MM, _MAX_SPACING_MM = 100_000, 1e-3, 1000.0
HEADER_DAYS = ("1900-01-01", "2300-12-31")
"""First and last day of a scan or a birth: where names were taken out, dates lie in the future."""

HEADER_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"kvp": (0.0, 1000.0), "slice_thickness_mm": (0.0, 1000.0), "age_years": (0.0, 999.0)}
)
"""What headers may say and a record keeps: a number beyond is none."""

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
    amendment: Amendment | None = None
    """Which signed report this one corrects; ``None`` for a first report."""

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
    contested : tuple of Contested
        The candidates that reasons are about, also those that are no lesion; the largest 20.
    """

    advised: bool
    reasons: tuple[str, ...]
    contested: tuple[Contested, ...] = ()


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


def record_key(result: Result, *, software_version: str) -> str:
    """Hash all that a record says, and who writes it: another record, another key (SHA-256)."""
    return hashlib.sha256((result_json(result) + software_version).encode()).hexdigest()


def read_result(path: Path | str) -> Result:
    """Read a ``result.json`` back.

    Raises
    ------
    InputError
        If the file is too large or no result of a schema version that this release reads, a number
        or a date in it cannot be, or what it says contradicts itself: one line that names the
        field, what was found and what is allowed.
    """
    name = Path(path).name
    try:
        text = read_whole(Path(path))
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
    text = text.removeprefix(codecs.BOM_UTF8)  # editors of Windows put it there
    version = _decoded(text, _Versioned, f"{name} is not a corcal result").schema_version
    if version not in _READ_VERSIONS:
        msg = (
            f"{name} has schema version {version[:_SHOWN]}; this release reads "
            f"{_READ_VERSIONS[0]} to {SCHEMA_VERSION}"
        )
        raise InputError(msg)
    result = _decoded(text, Result, f"{name} does not follow the schema {SCHEMA_VERSION}")
    try:
        check_result(result)
    except InputError as exc:
        msg = f"{name} is not to be believed: {exc}"
        raise InputError(msg) from exc
    return result


def check_result(result: Result) -> None:
    """Refuse a record with what cannot be, or with two things that cannot be together.

    Raises
    ------
    InputError
        Naming the first such field, what was found and what is allowed.
    """
    scan, made = result.scan, result.provenance
    _check_scan(scan)
    space = Space(shape=scan.shape, spacing_mm=(scan.increment_mm, *scan.pixel_spacing_mm))
    check_score(result.score, result.lesions, space)
    _check_provenance(made, result.score, space)
    for at in made.slices_with_calcium:
        check_range("provenance.slices_with_calcium", at, 0, scan.shape[0] - 1)
    if result.interpretation is not None:
        _check_meaning(result.interpretation, result.score)


def _check_scan(scan: ScanRecord) -> None:
    for size in scan.shape:
        check_range("scan.shape", size, 1, _MAX_SIZE)
    for name, spacing in (
        ("scan.increment_mm", scan.increment_mm),
        *(("scan.pixel_spacing_mm", one) for one in scan.pixel_spacing_mm),
    ):
        check_range(name, spacing, _MIN_SPACING_MM, _MAX_SPACING_MM)
    for name, limits in HEADER_RANGES.items():
        owner = scan.patient if name == "age_years" else scan
        check_range(f"scan.{name}", getattr(owner, name), *limits)
    check_day("scan.date", scan.date, *HEADER_DAYS, is_secret=True)
    born = scan.patient.birth_date
    check_day("scan.patient.birth_date", born, *HEADER_DAYS, is_secret=True)


def _check_provenance(made: Provenance, score: Score, space: Space) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()  # clocks differ
    days = (HEADER_DAYS[0], tomorrow)
    check_day("provenance.created", made.created[:10], *days)
    if made.rule != score.rule:
        msg = f"provenance.rule is {made.rule!r}, allowed is that of the score, {score.rule!r}"
        raise InputError(msg)
    own = score.by_rule[score.rule].threshold_hu
    check_equal("provenance.threshold_hu", made.threshold_hu, "that of its rule is", own)
    if made.amendment is not None:
        check_amendment(
            made.amendment, agatston_at_most=space.agatston, days=days, created=made.created
        )
    review = made.reviewed
    if review is None:
        return
    check_range(
        "provenance.reviewed.proposed_agatston", review.proposed_agatston, 0, space.agatston
    )
    for name in ("event_count", "change_count", "candidates_by_reader"):
        check_range(f"provenance.reviewed.{name}", getattr(review, name), 0, space.voxel_count)
    for name, moment in (("started", review.started), ("finished", review.finished)):
        check_day(f"provenance.reviewed.{name}", moment and moment[:10], *days)


def _check_meaning(meaning: Interpretation, score: Score) -> None:
    """Check that it is of this score, and that what is a probability or a percentage is one."""
    check_equal("interpretation.agatston", meaning.agatston, "the score has", score.total.agatston)
    for name, found in meaning.percentile.items():
        for percent in (found.value, found.at_least, found.at_most, found.p_nonzero):
            check_range(f"interpretation.percentile.{name}", percent, 0, 100)
    for each in meaning.estimates:
        check_range(f"interpretation.estimates: {each.model}", each.fraction, 0, 1)
    risk = meaning.risk
    for fraction in (risk.mesa_chd, risk.mesa_chd_with_cac, risk.pce, risk.score2):
        check_range("interpretation.risk", fraction, 0, 1)
    for name, each_fraction in risk.prevent.items():
        check_range(f"interpretation.risk.prevent.{name}", each_fraction, 0, 1)
    if meaning.person is not None:
        check_person(meaning.person)


def _decoded(text: bytes, kind: type[_Kind], otherwise: str) -> _Kind:
    try:
        return msgspec.json.decode(text, type=described(kind))
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
