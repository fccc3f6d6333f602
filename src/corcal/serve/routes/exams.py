"""The worklist, and one exam of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from corcal.result import result_json
from corcal.serve.access import opened_exam, wrote_down
from corcal.serve.blind import blind_exams, require_sighted
from corcal.serve.models import ExamDetail, ExamFilter, ExamSearch, Key, Worklist, json_of
from corcal.serve.problems import Problem
from corcal.serve.routes.review import lock_of
from corcal.serve.rows import exam_rows, query_of, version_info
from corcal.serve.services import Admin, Reader, Service, Services, Viewer, principal_of
from corcal.serve.signed import name_of
from corcal.store.jobs import SCORE
from corcal.store.records import ExamState, JobState, WorklistQuery

__all__ = ["Number", "router"]

router = APIRouter(tags=["exams"])
Number = Annotated[int | None, Query(ge=1, le=100_000, description="The latest, if absent.")]
_OTHERS = 20  # exams of a patient that are listed beside one


@router.get("/exams", response_model=Worklist, summary="A page of the worklist")
def exams(services: Service, request: Request, query: Annotated[ExamFilter, Query()]) -> Response:
    """List exams; searching for a person is `POST /exams/search`, which keeps it out of URLs."""
    return _page(services, request, ExamSearch(**query.model_dump(by_alias=True)))


@router.post("/exams/search", response_model=Worklist, summary="Search the worklist")
def search(services: Service, request: Request, query: ExamSearch) -> Response:
    """List exams by words of a name, a number or a description as well; changes nothing."""
    return _page(services, request, query)


@router.get("/exams/{exam_id}", response_model=ExamDetail, summary="One exam")
def exam(services: Service, who: Viewer, request: Request, exam_id: Key) -> Response:
    """Give an exam with its versions, and the other exams of the patient."""
    patient = opened_exam(services, request, exam_id, "open").patient.id
    store = services.store
    with store.at_once():
        found = store.exam(exam_id)
        others = store.exams_of_patient(patient, limit=_OTHERS)
        blind = blind_exams(store, who.login)
        rows = exam_rows(
            [found, *(one for one in others if one.id != exam_id)],
            store=store,
            facts=services.facts,
            blind=blind,
        )
        versions = [
            version_info(one, author_name=name_of(store, one.created_by))
            for one in store.versions(exam_id)
        ]
        lock = lock_of(services, exam_id, who.login)
    detail = ExamDetail(
        row=rows[0],
        versions=[] if exam_id in blind else versions,
        lock=lock,
        previous=rows[1:],
    )
    return json_of(detail)


@router.get(
    "/exams/{exam_id}/result",
    summary="The record of a version",
    response_class=Response,
    responses={
        200: {
            "description": "result.json, as `corcal schema` describes it",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
def result(
    services: Service, who: Viewer, request: Request, exam_id: Key, version: Number = None
) -> Response:
    """Give the record of the latest or any earlier version."""
    opened_exam(services, request, exam_id, "result")
    require_sighted(services.store, exam_id, who)
    text = result_json(services.store.result(exam_id, version))
    return Response(text, media_type="application/json")


@router.post("/exams/{exam_id}/rescore", status_code=202, summary="Score again")
def rescore(services: Service, who: Reader, request: Request, exam_id: Key) -> dict[str, str]:
    """Score an exam that is not signed anew, such as after an update; reviews begin anew, too."""
    found = opened_exam(services, request, exam_id, "rescore")
    require_sighted(services.store, exam_id, who)
    if found.signed_version is not None:
        raise Problem(423, "final", "a signed exam is not scored again: make an addendum")
    active = [
        job
        for job in services.store.jobs.of(
            exam_id=exam_id, states=(JobState.QUEUED, JobState.RUNNING)
        )
        if job.kind == SCORE
    ]
    if found.state in (ExamState.UNFIT, ExamState.FAILED):
        services.store.set_state(exam_id, ExamState.WAITING, by=who.login)
    job = active[0] if active else services.store.jobs.enqueue(SCORE, exam_id=exam_id)
    return {"job_id": job.id}


@router.delete("/exams/{exam_id}", status_code=204, summary="Delete an exam")
def delete_exam(services: Service, who: Admin, request: Request, exam_id: Key) -> None:
    """Delete all that belongs to an exam, and the patient with their last one."""
    opened_exam(services, request, exam_id, "delete")
    services.store.delete_exam(exam_id, by=who.login)
    _gone(services, exam_id)


@router.delete("/patients/{patient_id}", status_code=204, summary="Delete a patient")
def delete_patient(services: Service, who: Admin, patient_id: Key) -> None:
    """Delete everything of a patient; that it was done remains, and nothing else."""
    services.store.patient(patient_id)
    _delete(services, patient_id, who.login)


def _delete(services: Services, patient_id: str, login: str) -> None:
    listed = services.store.worklist(WorklistQuery(patient=patient_id, limit=500)).exams
    services.store.delete_patient(patient_id, by=login)
    for one in listed:
        _gone(services, one.id)


def _gone(services: Services, exam_id: str) -> None:
    services.opened.forget(exam_id)
    services.sights.forget(exam_id)
    services.notices.publish("exam", {"id": exam_id, "state": "deleted", "version": 0})


def _page(services: Services, request: Request, search: ExamSearch) -> Response:
    store = services.store
    with store.at_once():  # a row and its state, its score and its job are of one moment
        page = store.worklist(query_of(search))
        blind = blind_exams(store, principal_of(request).login)
        rows = exam_rows(page.exams, store=store, facts=services.facts, blind=blind)
    wrote_down(services, request, "worklist")
    counts = {str(state): count for state, count in page.counts.items()}
    return json_of(Worklist(total=page.total, counts=counts, items=rows))
