"""What the store hands out: plain records, apart from the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "AuditEntry",
    "Event",
    "ExamRecord",
    "ExamState",
    "ExamTombstone",
    "ImportReport",
    "Job",
    "JobState",
    "PatientRecord",
    "ResultKind",
    "ResultVersion",
    "Role",
    "Signature",
    "SortKey",
    "StudyRecord",
    "Tombstone",
    "User",
    "VerifyReport",
    "WorklistPage",
    "WorklistQuery",
]


class ExamState(StrEnum):
    """Where an exam stands."""

    WAITING = "waiting"  # imported, not scored yet
    SCORING = "scoring"  # a worker is at it
    TO_REVIEW = "to_review"  # has a result that nobody has signed
    FINAL = "final"  # its latest result is signed
    UNFIT = "unfit"  # not fit for calcium scoring; `reason` says why
    FAILED = "failed"  # could not be scored; `reason` says why


class ResultKind(StrEnum):
    """Whose result a version is."""

    AUTOMATIC = "automatic"
    READER = "reader"
    ADDENDUM = "addendum"  # a reader's, after a version was signed


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Role(StrEnum):
    """What a user may do; each may also do what those below it may."""

    ADMIN = "admin"
    READER = "reader"
    VIEWER = "viewer"


class SortKey(StrEnum):
    """What a worklist is sorted by; exams without a value come last.

    States are in the order in which an exam goes through them, that of `ExamState`.
    """

    SCAN_DATE = "scan_date"
    NAME = "name"
    AGATSTON = "agatston"
    STATE = "state"
    IMPORTED = "imported"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """A person; never printed by ``repr``. `id` is random and tells nothing."""

    id: str
    patient_id: str | None = field(repr=False)
    name: str | None = field(repr=False)
    birth_date: str | None = field(repr=False)
    sex: str | None = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """A study of a patient."""

    id: str
    patient_id: str
    study_instance_uid: str | None
    accession_number: str | None = field(repr=False)
    description: str | None
    study_date: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signed a version, and when."""

    version: int
    signed_at: datetime
    signed_by: str
    statement: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultVersion:
    """What is known of one version of a result without reading the record itself.

    Attributes
    ----------
    version : int
        Counts from 1 within the exam.
    note : str or None
        Why it was made, as an addendum says.
    signature : Signature or None
        Present if this version was signed; it is then final.
    """

    id: str
    exam_id: str
    version: int
    kind: ResultKind
    created_at: datetime
    created_by: str
    note: str | None
    schema_version: str
    rule: str
    method: str
    scan_date: str | None
    total_agatston: float
    verdict: str
    is_review_advised: bool | None
    has_voxels: bool
    signature: Signature | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamRecord:
    """An exam with its study, its patient, and what its latest result says.

    Attributes
    ----------
    series : str or None
        Key of the series (`corcal.ct.series.Series.key`): the one that was scored, or that will
        be as far as headers can tell.
    is_series_fixed : bool
        A person chose this series: no other one is tried.
    reason : str or None
        Why it is unfit or failed; present in these states alone.
    latest_version : int
        Number of results so far, 0 for none.
    signed_version : int or None
        The version that is valid. With a later unsigned one the state is "to_review": an addendum
        is open.
    event_count : int
        The last `Event.sequence`, 0 for none.
    latest : ResultVersion or None
        Of `latest_version`.
    """

    id: str
    patient: PatientRecord
    study: StudyRecord
    series: str | None
    is_series_fixed: bool
    series_description: str | None
    scan_date: str | None
    state: ExamState
    reason: str | None
    latest_version: int
    signed_version: int | None
    event_count: int
    created_at: datetime
    changed_at: datetime
    latest: ResultVersion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of an exam's history.

    Attributes
    ----------
    sequence : int
        Counts from 1 within the exam, without gaps.
    kind : str
        The caller's word (``"assign"``, ``"split"``, ``"undo"`` ...); the store itself writes
        ``"state"``, ``"result"`` and ``"signed"``.
    before, after : JSON value
        What was changed, from what to what.
    """

    exam_id: str
    sequence: int
    at: datetime
    by: str
    kind: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistQuery:
    """Which exams of the worklist, and in which order.

    Attributes
    ----------
    text : str
        Words that must all begin or be part of the patient's name or number, the accession number
        or the study's description; case and accents do not matter.
    states, verdicts : tuple of str
        Any of these; empty for all. Exams without a result have no verdict.
    date_from, date_to : str or None
        Date of the scan, ``YYYY-MM-DD``, both included.
    agatston_min, agatston_max : float or None
        Total Agatston score of the latest result, both included.
    patient : str or None
        `PatientRecord.id`: the exams of one person.
    offset, limit : int
        The page; at most `MAX_LIMIT` exams.
    """

    text: str = ""
    states: tuple[ExamState, ...] = ()
    verdicts: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    agatston_min: float | None = None
    agatston_max: float | None = None
    patient: str | None = None
    sort: SortKey = SortKey.SCAN_DATE
    descending: bool = True
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistPage:
    """A page of the worklist.

    Attributes
    ----------
    total : int
        Exams that fit the query, on all pages.
    counts : mapping of ExamState to int
        Exams in each state that fit the query but for its `states`.
    """

    exams: tuple[ExamRecord, ...]
    total: int
    counts: Mapping[ExamState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import brought.

    Attributes
    ----------
    exams : tuple of str
        Identifiers of the exams of what was given, new or known.
    new_exams : tuple of str
        Those that were made now, or set back to "waiting" because their study has new images.
    file_count, new_file_count : int
        Files that belong to image series, and those of them that the store did not have.
    skipped : tuple of (source, reason)
        Files that were not kept.
    """

    exams: tuple[str, ...]
    new_exams: tuple[str, ...]
    file_count: int
    new_file_count: int
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work to be done once.

    Attributes
    ----------
    attempts : int
        How often it was claimed; the number of the claim that this record stands for.
    progress : float
        0 to 1.
    lease_until : datetime or None
        Until when the worker that runs it is believed to be alive.
    """

    id: str
    kind: str
    exam_id: str | None
    payload: Any = field(repr=False)
    state: JobState
    progress: float
    progress_text: str | None
    attempts: int
    max_attempts: int
    error: str | None
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may log in."""

    id: str
    login: str
    name: str | None
    role: Role
    password_hash: str | None = field(repr=False)
    issuer: str | None
    subject: str | None
    is_active: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what with whose data. `origin` is where the request came from."""

    at: datetime
    by: str
    action: str
    patient_id: str | None
    exam_id: str | None
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamTombstone:
    """That an exam was deleted whose patient has others; nothing of them."""

    exam_id: str
    patient_id: str
    deleted_at: datetime
    deleted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """That a patient was deleted, and nothing else of them."""

    patient_id: str
    deleted_at: datetime
    deleted_by: str
    exam_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """Whether every file and every record is what it was when it was kept.

    Attributes
    ----------
    missing, damaged : tuple of str
        SHA-256 of files that are not there, or whose content has another hash.
    damaged_results : tuple of str
        Identifiers of result versions whose record has another hash.
    """

    file_count: int
    result_count: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    damaged_results: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing or damaged."""
        return not (self.missing or self.damaged or self.damaged_results)
