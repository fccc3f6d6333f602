"""From rows to records, and the questions that are asked of exams."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    UnaryExpression,
    and_,
    bindparam,
    case,
    func,
    inspect,
    or_,
    select,
)
from sqlalchemy.orm import Bundle, InstrumentedAttribute, Session

from corcal.errors import InputError, NotFoundError
from corcal.store.records import (
    ExamRecord,
    ExamState,
    PatientRecord,
    ResultKind,
    ResultVersion,
    Signature,
    SortKey,
    StudyRecord,
    WorklistPage,
    WorklistQuery,
)
from corcal.store.tables import Base, ExamRow, PatientRow, ResultRow, SignatureRow, StudyRow
from corcal.store.words import fold

__all__ = [
    "MAX_LIMIT",
    "columns",
    "exam_record",
    "exam_row",
    "exams_of_patient",
    "find_exam",
    "version_record",
    "versions",
    "worklist",
]

MAX_LIMIT = 500  # exams of one page


def columns(table: type[Base], *, without: str = "") -> Bundle[Any]:
    """Give a table's columns as rows that are only read: cheaper than objects that may change."""
    names = (one.key for one in inspect(table).column_attrs if one.key != without)
    return Bundle(table.__tablename__, *(getattr(table, name) for name in names))


# A result's record is larger than the rest of a page of the worklist
_EXAM, _STUDY, _PATIENT = columns(ExamRow), columns(StudyRow), columns(PatientRow)
_RESULT, _SIGNATURE = columns(ResultRow, without="record"), columns(SignatureRow)
_STATE_ORDER = case({state.value: n for n, state in enumerate(ExamState)}, value=ExamRow.state)
_SORT_COLUMNS: dict[SortKey, ColumnElement[Any] | InstrumentedAttribute[Any]] = {
    SortKey.SCAN_DATE: ExamRow.scan_date,
    SortKey.NAME: PatientRow.sort_name,
    SortKey.AGATSTON: ResultRow.total_agatston,
    SortKey.STATE: _STATE_ORDER,
    SortKey.IMPORTED: ExamRow.created_at,
    SortKey.CHANGED: ExamRow.changed_at,
}


def exam_row(session: Session, exam_id: str, *, lock: bool = False) -> ExamRow:
    """Give an exam's row; with `lock`, nobody else changes it before this transaction ends.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    row = session.get(ExamRow, exam_id, with_for_update=lock or None)
    if row is None:
        msg = "there is no such exam in the store"
        raise NotFoundError(msg)
    return row


def exam_record(session: Session, exam_id: str) -> ExamRecord:
    """Give an exam with its study, patient and latest result."""
    found = session.execute(_ONE_EXAM, {"exam": exam_id}).one_or_none()
    if found is None:
        msg = "there is no such exam in the store"
        raise NotFoundError(msg)
    return _exam_record(found)


def exams_of_patient(session: Session, patient_id: str, *, limit: int) -> tuple[ExamRecord, ...]:
    """Give the exams of a patient, the newest first."""
    found = session.execute(_OF_PATIENT, {"patient": patient_id, "limit": limit})
    return tuple(_exam_record(row) for row in found)


def find_exam(session: Session, beginning: str) -> str:
    """Give the one exam whose identifier begins so. See `Store.find_exam`."""
    statement = select(ExamRow.id).where(ExamRow.id.startswith(beginning, autoescape=True))
    found = session.scalars(statement.limit(2)).all()
    if len(found) > 1:
        msg = "several exams begin so: give more of the identifier"
        raise InputError(msg)
    if not found:
        msg = "there is no such exam in the store"
        raise NotFoundError(msg)
    return found[0]


def versions(session: Session, exam_id: str) -> tuple[ResultVersion, ...]:
    """List the versions of an exam's result, the first one first."""
    exam_row(session, exam_id)
    rows = session.execute(_VERSIONS, {"exam": exam_id})
    return tuple(version_record(result, signature) for result, signature in rows)


def worklist(session: Session, query: WorklistQuery) -> WorklistPage:
    """Give a page of the exams that a query asks for."""
    if not (0 < query.limit <= MAX_LIMIT and query.offset >= 0):
        msg = f"a page has 1 to {MAX_LIMIT} exams and begins at 0 or later"
        raise InputError(msg)
    conditions = _conditions(query)
    counted = _joined(select(ExamRow.state, func.count())).group_by(ExamRow.state)
    counts = dict(session.execute(counted.where(*conditions)).all())
    by_state = {state: int(counts.get(state, 0)) for state in ExamState}
    page = _exams().where(*conditions)
    if query.states:
        page = page.where(ExamRow.state.in_(query.states))
    page = page.order_by(*_order(query)).offset(query.offset).limit(query.limit)
    return WorklistPage(
        exams=tuple(_exam_record(row) for row in session.execute(page)),
        total=sum(by_state[state] for state in query.states or ExamState),
        counts=by_state,
    )


def version_record(row: ResultRow, signature: SignatureRow | None) -> ResultVersion:
    """Make the record of a version, of a row or of its columns."""
    return ResultVersion(
        id=row.id,
        exam_id=row.exam_id,
        version=row.version,
        kind=ResultKind(row.kind),
        created_at=row.created_at,
        created_by=row.created_by,
        note=row.note,
        schema_version=row.schema_version,
        rule=row.rule,
        method=row.method,
        scan_date=row.scan_date,
        total_agatston=row.total_agatston,
        verdict=row.verdict,
        is_review_advised=row.is_review_advised,
        has_voxels=row.voxels_sha256 is not None,
        signature=None
        if signature is None or signature.id is None
        else Signature(
            version=row.version,
            signed_at=signature.signed_at,
            signed_by=signature.signed_by,
            statement=signature.statement,
        ),
    )


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(ExamRow)
        .join(StudyRow, StudyRow.id == ExamRow.study_id)
        .join(PatientRow, PatientRow.id == StudyRow.patient_id)
        .outerjoin(
            ResultRow,
            and_(ResultRow.exam_id == ExamRow.id, ResultRow.version == ExamRow.latest_version),
        )
    )


def _exams() -> Select[*tuple[Any, ...]]:
    statement = _joined(select(_EXAM, _STUDY, _PATIENT, _RESULT, _SIGNATURE))
    return statement.outerjoin(SignatureRow, SignatureRow.result_id == ResultRow.id)


_NEWEST_FIRST = (
    ExamRow.scan_date.desc().nulls_last(),
    ExamRow.created_at.desc(),
    ExamRow.id.asc(),
)
# Made once: to put a statement together takes longer than SQLite takes to answer it
_ONE_EXAM = _exams().where(ExamRow.id == bindparam("exam"))
_OF_PATIENT = (
    _exams()
    .where(PatientRow.id == bindparam("patient"))
    .order_by(*_NEWEST_FIRST)
    .limit(bindparam("limit"))
)
_VERSIONS = (
    select(_RESULT, _SIGNATURE)
    .outerjoin(SignatureRow, SignatureRow.result_id == ResultRow.id)
    .where(ResultRow.exam_id == bindparam("exam"))
    .order_by(ResultRow.version)
)


def _conditions(query: WorklistQuery) -> list[ColumnElement[bool]]:
    """Say what the query asks for, apart from the states."""
    conditions: list[ColumnElement[bool]] = [
        or_(
            PatientRow.search_text.contains(word, autoescape=True),
            StudyRow.search_text.contains(word, autoescape=True),
        )
        for word in fold(query.text).split()
    ]
    if query.verdicts:
        conditions.append(ResultRow.verdict.in_(query.verdicts))
    if query.patient is not None:
        conditions.append(PatientRow.id == query.patient)
    for value, column, is_lower in (
        (query.date_from, ExamRow.scan_date, True),
        (query.date_to, ExamRow.scan_date, False),
        (query.agatston_min, ResultRow.total_agatston, True),
        (query.agatston_max, ResultRow.total_agatston, False),
    ):
        if value is not None:
            conditions.append(column >= value if is_lower else column <= value)
    return conditions


def _order(query: WorklistQuery) -> Sequence[UnaryExpression[Any]]:
    """Sort by what was asked; then by date and by what is never the same twice."""
    column = _SORT_COLUMNS[query.sort]
    first = column.desc() if query.descending else column.asc()
    return first.nulls_last(), *_NEWEST_FIRST


def _exam_record(row: Row[*tuple[Any, ...]]) -> ExamRecord:
    exam: ExamRow
    study: StudyRow
    patient: PatientRow
    result: ResultRow
    signature: SignatureRow
    exam, study, patient, result, signature = row
    return ExamRecord(
        id=exam.id,
        patient=patient_record(patient),
        study=study_record(study),
        series=exam.series,
        is_series_fixed=exam.is_series_fixed,
        series_description=exam.series_description,
        scan_date=exam.scan_date,
        state=ExamState(exam.state),
        reason=exam.reason,
        latest_version=exam.latest_version,
        signed_version=exam.signed_version,
        event_count=exam.event_count,
        created_at=exam.created_at,
        changed_at=exam.changed_at,
        latest=None if result.id is None else version_record(result, signature),
    )


def patient_record(row: PatientRow) -> PatientRecord:
    """Make the record of a patient."""
    return PatientRecord(
        id=row.id,
        patient_id=row.patient_id,
        name=row.name,
        birth_date=row.birth_date,
        sex=row.sex,
        created_at=row.created_at,
    )


def study_record(row: StudyRow) -> StudyRecord:
    """Make the record of a study."""
    return StudyRecord(
        id=row.id,
        patient_id=row.patient_id,
        study_instance_uid=row.study_instance_uid,
        accession_number=row.accession_number,
        description=row.description,
        study_date=row.study_date,
        created_at=row.created_at,
    )
