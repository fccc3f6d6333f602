"""From the store's records to what goes over the wire."""

from collections.abc import Container, Iterable

from corcal.serve.facts import FactCache
from corcal.serve.models import (
    VERSION_KINDS,
    ExamRow,
    ExamSearch,
    PatientInfo,
    ProgressInfo,
    VersionInfo,
)
from corcal.serve.notices import progress_of
from corcal.store.records import (
    ExamRecord,
    ExamState,
    Job,
    JobState,
    ResultVersion,
    SortKey,
    WorklistQuery,
)
from corcal.store.store import Store

__all__ = ["exam_rows", "query_of", "version_info"]

_UNSEEN = dict.fromkeys(("agatston", "category", "review_advised", "signed_by", "signed_at"))
_SORT = {
    "exam_date": SortKey.SCAN_DATE,
    "name": SortKey.NAME,
    "agatston": SortKey.AGATSTON,
    "state": SortKey.STATE,
    "imported": SortKey.IMPORTED,
    "updated_at": SortKey.CHANGED,
}


def exam_rows(
    exams: Iterable[ExamRecord], *, store: Store, facts: FactCache, blind: Container[str]
) -> list[ExamRow]:
    """Make the rows of exams, with how far the jobs of those that wait are.

    The scores of the exams in `blind` are left out.
    """
    listed = list(exams)
    busy = any(one.state in (ExamState.WAITING, ExamState.SCORING) for one in listed)
    active = (JobState.QUEUED, JobState.RUNNING)
    jobs = {job.exam_id: job for job in store.jobs.of(states=active)} if busy else {}
    rows = [_row(one, facts, jobs.get(one.id)) for one in listed]
    return [row.model_copy(update=_UNSEEN) if row.id in blind else row for row in rows]


def query_of(search: ExamSearch) -> WorklistQuery:
    """Make the store's query of what was asked."""
    return WorklistQuery(
        text=search.q,
        states=tuple(search.state),
        verdicts=tuple(search.verdict),
        date_from=search.date_from,
        date_to=search.date_to,
        agatston_min=search.agatston_min,
        agatston_max=search.agatston_max,
        patient=search.patient,
        sort=_SORT[search.sort.removeprefix("-")],
        descending=search.sort.startswith("-"),
        offset=search.offset,
        limit=search.limit,
    )


def version_info(one: ResultVersion, *, author_name: str) -> VersionInfo:
    """Describe a version; its author by the name that people read, too."""
    is_signed = one.signature is not None
    return VersionInfo(
        number=one.version,
        kind=VERSION_KINDS[one.kind, is_signed],
        is_signed=is_signed,
        created_at=one.created_at,
        author=one.created_by,
        author_name=author_name,
        note=one.note,
        agatston=one.total_agatston,
    )


def _row(exam: ExamRecord, facts: FactCache, job: Job | None) -> ExamRow:
    latest, known, who = exam.latest, facts.of(exam), exam.patient
    signature = None if latest is None else latest.signature
    progress = progress_of(job)
    return ExamRow(
        id=exam.id,
        patient=PatientInfo(
            id=who.id,
            name=who.name,
            patient_id=who.patient_id,
            birth_date=who.birth_date,
            sex=who.sex,
        ),
        exam_date=exam.scan_date,
        description=exam.series_description or exam.study.description,
        state=exam.state,
        state_reason=exam.reason,
        agatston=None if latest is None else latest.total_agatston,
        category=None if known is None else known.category,
        verdict=None if latest is None else latest.verdict,
        kind=None if known is None else known.kind,
        is_gated=None if known is None else known.is_gated,
        review_advised=None if latest is None else latest.is_review_advised,
        signed_by=None if signature is None else signature.signed_by,
        signed_at=None if signature is None else signature.signed_at,
        progress=None if progress is None else ProgressInfo(**progress),
        version=exam.latest_version,
        updated_at=exam.changed_at,
    )
