"""Reviews: what is proposed, what readers change, what it comes to."""

import json
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from corcal.review import ReviewState, event_json
from corcal.review.replay import lowest_threshold_hu
from corcal.scoring.rules import RULES
from corcal.serve.access import opened_exam
from corcal.serve.models import Key, LockInfo, json_of
from corcal.serve.opened import Opened, Review
from corcal.serve.review_models import (
    AddEvents,
    CandidateInfo,
    Changed,
    LoggedEvent,
    ReviewInfo,
    ScoreTable,
)
from corcal.serve.review_wire import (
    candidate_info,
    edit_of,
    labels_bytes,
    labels_patch,
    score_table,
    site_infos,
)
from corcal.serve.services import Reader, Service, Services, Viewer
from corcal.serve.signed import require_unsigned
from corcal.store.records import ExamState

__all__ = ["lock_of", "router"]

router = APIRouter(tags=["review"])
_LABELS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get("/exams/{exam_id}/review", response_model=ReviewInfo, summary="The review as it is")
def review(services: Service, who: Viewer, request: Request, exam_id: Key) -> Response:
    """Give candidates, score and settings; a blind reader sees no proposals."""
    exam = opened_exam(services, request, exam_id, "review")
    opened = services.opened.get(exam_id)
    blind = opened.blind_for(who.login)
    now = opened.review(blind)
    state, is_blind = now.state, blind is not None
    found = ReviewInfo(
        sequence=state.sequence,
        threshold_hu=state.rule.threshold_hu,
        lowest_threshold_hu=lowest_threshold_hu(state),
        rule=state.rule_name,
        rules=[name for name, one in RULES.items() if _reaches(state, one.threshold_hu)],
        sites=site_infos(),
        candidates=_candidates(state, list(state.candidates), is_blind=is_blind),
        score=_score(opened, state, is_blind=is_blind),
        can_undo=state.can_undo,
        can_redo=state.can_redo,
        lock=lock_of(services, exam_id, who.login),
        is_final=exam.state is ExamState.FINAL and not is_blind,
        is_blind=is_blind,
    )
    return json_of(found)


@router.get(
    "/exams/{exam_id}/review/labels",
    summary="The candidate of each voxel",
    response_class=Response,
    responses=_LABELS,
)
def labels(services: Service, who: Viewer, exam_id: Key) -> Response:
    """Give a count n, n flat indices, n candidates: all little-endian uint32."""
    services.store.exam(exam_id)
    opened = services.opened.get(exam_id)
    state = opened.review(opened.blind_for(who.login)).state
    return Response(
        labels_bytes(state),
        media_type="application/octet-stream",
        headers={"ETag": f'"{opened.base}-{state.sequence}"'},
    )


@router.post("/exams/{exam_id}/review/events", response_model=Changed, summary="Edit")
def add_events(
    services: Service, who: Reader, request: Request, exam_id: Key, given: AddEvents
) -> Response:
    """Append edits; 409 tells who was faster, and nothing is lost; 423 if the exam is final."""
    exam = opened_exam(services, request, exam_id, "edit")
    opened = services.opened.get(exam_id)
    blind = opened.blind_for(who.login)
    if blind is None:
        require_unsigned(services.store, exam)
    start = opened.review(blind).state
    edits = tuple(edit_of(one, start) for one in given.events)
    before, after = opened.add(edits, by=who.login, expected=given.expected_sequence, blind=blind)
    if blind is None:
        services.locks.touch(exam_id, who.login, who.name)
        note = {"exam_id": exam_id, "sequence": after.state.sequence, "user": who.name}
        services.notices.publish("review", note)
    return json_of(_changed(opened, before, after, is_blind=blind is not None))


@router.get("/exams/{exam_id}/review/events", response_model=list[LoggedEvent], summary="The log")
def log(services: Service, who: Viewer, request: Request, exam_id: Key) -> list[LoggedEvent]:
    """Give all events of the review, undone ones too, as they were made."""
    opened_exam(services, request, exam_id, "review log")
    opened = services.opened.get(exam_id)
    made = [json.loads(event_json(one)) for one in opened.review(opened.blind_for(who.login)).log]
    return [
        LoggedEvent(
            sequence=one["sequence"],
            type=one["edit"]["type"],
            user=one["reader"],
            at=datetime.fromisoformat(one["when"]),
            edit=one["edit"],
        )
        for one in made
    ]


@router.post("/exams/{exam_id}/review/lock", response_model=LockInfo, summary="Work at an exam")
def hold(services: Service, who: Reader, exam_id: Key) -> LockInfo:
    """Tell others that one works at an exam; every minute, else it is taken for left."""
    services.store.exam(exam_id)
    held = services.locks.touch(exam_id, who.login, who.name)
    return LockInfo(user=held.name, since=held.since)


@router.delete("/exams/{exam_id}/review/lock", status_code=204, summary="Leave an exam")
def leave(services: Service, who: Reader, exam_id: Key) -> None:
    """Tell others that one has left an exam."""
    services.locks.leave(exam_id, who.login)


def lock_of(services: Services, exam_id: str, login: str) -> LockInfo | None:
    """Say who else works at an exam."""
    held = services.locks.holder(exam_id)
    if held is None or held.login == login:
        return None
    return LockInfo(user=held.name, since=held.since)


def _changed(opened: Opened, before: Review, after: Review, *, is_blind: bool) -> Changed:
    old, state = before.state, after.state
    is_other_rule = old.rule.name != state.rule.name
    changed = [
        number
        for number, one in state.candidates.items()
        if is_other_rule or old.candidates.get(number) is not one
    ]
    patch = labels_patch(old, state)
    return Changed(
        sequence=state.sequence,
        changed=_candidates(state, changed, is_blind=is_blind),
        removed=[number for number in old.candidates if number not in state.candidates],
        labels_changed=patch != _NO_VOXELS,
        labels_patch=patch,
        score=_score(opened, state, is_blind=is_blind),
        can_undo=state.can_undo,
        can_redo=state.can_redo,
        threshold_hu=state.rule.threshold_hu,
        rule=state.rule_name,
    )


_NO_VOXELS = "AAAAAA=="  # the count 0


def _candidates(state: ReviewState, numbers: list[int], *, is_blind: bool) -> list[CandidateInfo]:
    return [candidate_info(state, number, is_blind=is_blind) for number in numbers]


def _score(opened: Opened, state: ReviewState, *, is_blind: bool) -> ScoreTable:
    score = opened.measured(state).score
    return score_table(state, score, opened.result, is_blind=is_blind)


def _reaches(state: ReviewState, threshold_hu: float) -> bool:
    return threshold_hu >= lowest_threshold_hu(state)
