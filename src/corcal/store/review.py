"""What happens to an exam: states, results, history, signatures."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from corcal.errors import ConflictError, InputError, NotFoundError, StateError
from corcal.result import Result, result_from_json, result_json
from corcal.store.reading import columns, exam_row, version_record
from corcal.store.records import Event, ExamState, ResultKind, ResultVersion
from corcal.store.tables import EventRow, ExamRow, ResultRow, SignatureRow, StudyRow, now
from corcal.store.words import clean

__all__ = [
    "TRANSITIONS",
    "append",
    "events",
    "events_of_kind",
    "insert_result",
    "result_row",
    "set_state",
    "sign",
]

_S = ExamState
# What may follow a state. "final" is reached by signing alone, and left by an addendum alone.
TRANSITIONS: Mapping[ExamState, frozenset[ExamState]] = {
    _S.WAITING: frozenset({_S.SCORING, _S.TO_REVIEW, _S.UNFIT, _S.FAILED}),
    _S.SCORING: frozenset({_S.WAITING, _S.TO_REVIEW, _S.UNFIT, _S.FAILED}),
    _S.TO_REVIEW: frozenset({_S.SCORING, _S.TO_REVIEW, _S.FINAL}),
    _S.FINAL: frozenset({_S.TO_REVIEW}),
    _S.UNFIT: frozenset({_S.WAITING, _S.SCORING, _S.TO_REVIEW}),
    _S.FAILED: frozenset({_S.WAITING, _S.SCORING, _S.TO_REVIEW}),
}
_WITH_REASON = frozenset({_S.UNFIT, _S.FAILED})
STORE_EVENTS = frozenset({"state", "result", "signed"})


def set_state(
    session: Session, exam_id: str, state: ExamState, *, by: str, reason: str | None = None
) -> None:
    """Bring an exam into a state, and write it into its history; the same state is no change."""
    exam = exam_row(session, exam_id, lock=True)
    reason = clean(reason)
    if (reason is not None) != (state in _WITH_REASON):
        msg = "the states unfit and failed need a reason, and the others have none"
        raise InputError(msg)
    if (state, reason) == (exam.state, exam.reason):
        return
    if state is ExamState.FINAL:
        msg = "an exam becomes final by a signature"
        raise StateError(msg)
    if state is ExamState.TO_REVIEW and not exam.latest_version:
        msg = "an exam without a result cannot be reviewed"
        raise StateError(msg)
    if state is ExamState.SCORING and exam.signed_version is not None:
        msg = "a signed exam is not scored again: a reader's addendum may follow"
        raise StateError(msg)
    before = {"state": exam.state, "reason": exam.reason}
    _move(exam, state, reason=reason)
    append(session, exam, "state", by=by, before=before, after={"state": state, "reason": reason})


def insert_result(
    session: Session,
    exam_id: str,
    result: Result,
    *,
    kind: ResultKind,
    by: str,
    note: str | None,
    voxels_sha256: str | None,
    expected_version: int | None,
) -> ResultVersion:
    """Add a version; the exam is then to be reviewed. See `Store.add_result`."""
    exam = exam_row(session, exam_id, lock=True)
    _require_latest(exam, expected_version)
    _require_same_study(session, exam, result)
    row = _result_row(exam, result, _kind_for(exam, kind), by=by, note=note)
    row.voxels_sha256 = voxels_sha256
    session.add(row)
    before = {"state": exam.state, "version": exam.latest_version}
    exam.latest_version = row.version
    _move(exam, ExamState.TO_REVIEW)
    _describe(exam, result)
    after = {"state": exam.state, "version": row.version, "kind": row.kind}
    append(session, exam, "result", by=by, before=before, after=after)
    session.flush()
    return version_record(row, None)


def sign(
    session: Session, exam_id: str, *, by: str, version: int, statement: str | None
) -> ResultVersion:
    """Sign the latest version of an exam, which becomes final. See `Store.sign`."""
    exam = exam_row(session, exam_id, lock=True)
    if ExamState(exam.state) is not ExamState.TO_REVIEW:
        msg = f"the exam is {exam.state}: only one that is to be reviewed can be signed"
        raise StateError(msg)
    _require_latest(exam, version)
    row = result_row(session, exam_id, version)
    signature = SignatureRow(result_id=row.id, signed_at=now(), signed_by=by, statement=statement)
    session.add(signature)
    before = {"state": exam.state, "version": exam.signed_version}
    exam.signed_version = version
    _move(exam, ExamState.FINAL)
    append(
        session, exam, "signed", by=by, before=before, after={"state": "final", "version": version}
    )
    session.flush()
    return version_record(row, signature)


def result_row(session: Session, exam_id: str, version: int | None) -> ResultRow:
    """Give a version of an exam's result, the latest one if none is named."""
    exam = exam_row(session, exam_id)
    wanted = exam.latest_version if version is None else version
    row = session.scalar(
        select(ResultRow).where(ResultRow.exam_id == exam_id, ResultRow.version == wanted)
    )
    if row is None:
        msg = f"the exam has no result of version {wanted}; it has {exam.latest_version} of them"
        raise NotFoundError(msg)
    return row


def append(
    session: Session,
    exam: ExamRow,
    kind: str,
    *,
    by: str,
    before: Any = None,
    after: Any = None,
) -> Event:
    """Write the next step into an exam's history; the exam's row is locked by the caller."""
    exam.event_count += 1
    exam.changed_at = now()
    row = EventRow(
        exam_id=exam.id,
        sequence=exam.event_count,
        at=exam.changed_at,
        by=by,
        kind=kind,
        before=before,
        after=after,
    )
    session.add(row)
    return _event(row)


def events(session: Session, exam_id: str, *, after: int = 0) -> tuple[Event, ...]:
    """List an exam's history, the first step first."""
    found = session.execute(_EVENTS, {"exam": exam_id, "seen": after}).all()
    if not found:
        exam_row(session, exam_id)
    return tuple(_event(row) for (row,) in found)


def events_of_kind(session: Session, *kinds: str) -> tuple[Event, ...]:
    """List the steps of some kinds of all exams, the first one first."""
    found = session.execute(_OF_KINDS, {"kinds": kinds})
    return tuple(_event(row) for (row,) in found)


_EVENT = columns(EventRow)
_EVENTS = (
    select(_EVENT)
    .where(EventRow.exam_id == bindparam("exam"), EventRow.sequence > bindparam("seen"))
    .order_by(EventRow.sequence)
)
_OF_KINDS = (
    select(_EVENT)
    .where(EventRow.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(EventRow.at, EventRow.exam_id, EventRow.sequence)
)


def _event(row: EventRow) -> Event:
    return Event(
        exam_id=row.exam_id,
        sequence=row.sequence,
        at=row.at,
        by=row.by,
        kind=row.kind,
        before=row.before,
        after=row.after,
    )


def _move(exam: ExamRow, state: ExamState, *, reason: str | None = None) -> None:
    if state != exam.state and state not in TRANSITIONS[ExamState(exam.state)]:
        allowed = ", ".join(sorted(TRANSITIONS[ExamState(exam.state)]))
        msg = f"the exam is {exam.state} and cannot become {state}; it can become {allowed}"
        raise StateError(msg)
    exam.state = state
    exam.reason = reason
    exam.changed_at = now()


def _kind_for(exam: ExamRow, kind: ResultKind) -> ResultKind:
    """After a signature only a reader changes anything, and what they make is an addendum."""
    if exam.signed_version is None:
        if kind is ResultKind.ADDENDUM:
            msg = "an addendum follows a signed version, and there is none"
            raise StateError(msg)
        return kind
    if kind is ResultKind.AUTOMATIC:
        msg = "a signed exam takes no automatic result: a reader's addendum may follow"
        raise StateError(msg)
    return ResultKind.ADDENDUM


def _require_latest(exam: ExamRow, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != exam.latest_version:
        msg = (
            f"version {expected_version} is not the latest any more: somebody has added version "
            f"{exam.latest_version}"
        )
        raise ConflictError(msg)


def _require_same_study(session: Session, exam: ExamRow, result: Result) -> None:
    """Refuse a result of another study: it would be of another patient."""
    study = session.get_one(StudyRow, exam.study_id)
    found = result.scan.study_instance_uid
    if found is not None and study.study_instance_uid not in (None, found):
        msg = "the result is of another study than the exam"
        raise InputError(msg)


def _result_row(
    exam: ExamRow, result: Result, kind: ResultKind, *, by: str, note: str | None
) -> ResultRow:
    record = result_json(result)
    result_from_json(record.encode(), name="the result")  # what cannot be read back is not kept
    return ResultRow(
        exam_id=exam.id,
        version=exam.latest_version + 1,
        kind=str(kind),
        created_by=by,
        note=note,
        record=record,
        record_sha256=hashlib.sha256(record.encode()).hexdigest(),
        schema_version=result.schema_version,
        rule=result.provenance.rule,
        method=result.provenance.method,
        scan_date=result.scan.date,
        total_agatston=result.score.total.agatston,
        verdict=str(result.suitability.verdict),
        is_review_advised=None if result.review is None else result.review.advised,
    )


def _describe(exam: ExamRow, result: Result) -> None:
    """Take over what scoring has found out about the series."""
    scan = result.scan
    exam.scan_date = scan.date or exam.scan_date
    uid = scan.series_instance_uid
    if uid is not None and (exam.series or "").split("#")[0] != uid:
        exam.series = uid
    exam.series_description = scan.series_description or exam.series_description


def add_event(
    session: Session,
    exam_id: str,
    kind: str,
    *,
    by: str,
    before: Any,
    after: Any,
    expected_sequence: int | None,
) -> Event:
    """Write a reader's step into an exam's history. See `Store.add_event`."""
    if kind in STORE_EVENTS:
        msg = f"the store itself writes events of kind {kind}: choose another word"
        raise InputError(msg)
    exam = exam_row(session, exam_id, lock=True)
    if expected_sequence is not None and expected_sequence != exam.event_count:
        msg = (
            f"step {expected_sequence} is not the last one any more: somebody has written up to "
            f"step {exam.event_count}"
        )
        raise ConflictError(msg)
    return append(session, exam, kind, by=by, before=before, after=after)
