"""What a score means: the person, percentile, risk, guidance, and the earlier exams."""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel

from corcal.interpreted import interpret_result
from corcal.result import RESEARCH_USE, Result
from corcal.risk.person import PERSON_FIELDS
from corcal.serve.access import opened_exam
from corcal.serve.meaning import (
    PersonInput,
    followup_of,
    person_of,
    present_result,
    with_meaning,
)
from corcal.serve.models import Key
from corcal.serve.opened import PERSON, Opened
from corcal.serve.problems import Problem
from corcal.serve.services import Reader, Service, Viewer
from corcal.serve.sessions import Principal

__all__ = ["router"]

router = APIRouter(tags=["meaning"])
_JSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
_SVG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/svg+xml": {}}}}


@router.get("/person-fields", summary="What can be told of a person")
def person_fields() -> list[dict[str, Any]]:
    """List the fields of the risk form with label, unit and range: one table for all."""
    return [
        {
            "name": each.name,
            "label": each.label,
            "unit": each.unit,
            "low": each.low,
            "high": each.high,
            "choices": None if each.choices is None else [str(one) for one in each.choices],
            "is_whole": each.is_whole,
            "is_required": each.is_required,
            "definition": each.definition,
        }
        for each in PERSON_FIELDS.values()
    ]


@router.get("/exams/{exam_id}/person", summary="What is known of the person")
def known(services: Service, request: Request, exam_id: Key) -> dict[str, Any]:
    """Give what was told of the person last, over what the scan's headers say."""
    opened_exam(services, request, exam_id, "person")
    opened = services.opened.get(exam_id)
    person = person_of(opened.person, opened.result)
    facts = msgspec.to_builtins(person) if person is not None else opened.person or {}
    return {name: value for name, value in facts.items() if value is not None}


@router.post(
    "/exams/{exam_id}/person",
    summary="Tell of the person",
    response_class=Response,
    responses=_JSON,
)
def tell(
    services: Service,
    who: Reader,
    request: Request,
    exam_id: Key,
    given: Annotated[PersonInput, Body()],  # type: ignore[valid-type]
) -> Response:
    """Keep what is known of the person with the review, and say what the score means then."""
    opened_exam(services, request, exam_id, "tell person")
    opened = services.opened.get(exam_id)
    facts = _facts(given)
    result = _present(opened, who)
    meaning = interpret_result(result, person_of(facts, opened.result))
    services.store.add_event(exam_id, PERSON, by=who.login, after=facts)
    return _json(meaning)


@router.get(
    "/exams/{exam_id}/interpretation",
    summary="What the score means",
    response_class=Response,
    responses=_JSON,
)
def interpretation(services: Service, who: Viewer, request: Request, exam_id: Key) -> Response:
    """Say what the score of the review as it is now means for the person as far as known."""
    opened_exam(services, request, exam_id, "interpretation")
    opened = services.opened.get(exam_id)
    result = _present(opened, who)
    return _json(interpret_result(result, person_of(opened.person, opened.result)))


@router.get(
    "/exams/{exam_id}/followup",
    summary="How the exam compares with earlier ones",
    response_class=Response,
    responses=_JSON,
)
def followup(services: Service, who: Viewer, request: Request, exam_id: Key) -> Response:
    """Compare the exams of the patient; 404 if there is no other one."""
    opened_exam(services, request, exam_id, "followup")
    opened = services.opened.get(exam_id)
    found = followup_of(services.store, exam_id, _present(opened, who))
    return _json(found, {"statement": RESEARCH_USE})


@router.get(
    "/exams/{exam_id}/charts/{chart}.svg",
    summary="A chart",
    response_class=Response,
    responses=_SVG,
)
def chart(
    services: Service,
    who: Viewer,
    request: Request,
    exam_id: Key,
    chart: Annotated[Literal["percentile", "history"], Path()],
    size: Annotated[
        Literal["full", "small"], Query(description="`small` is for a column of 280 pixels on.")
    ] = "full",
) -> Response:
    """Draw the percentile curves or the history; 404 says what is missing for it."""
    from corcal.report.figures import Subject, draw_figures, why_not
    from corcal.report.insets import draw_inset

    opened_exam(services, request, exam_id, f"chart {chart}")
    opened = services.opened.get(exam_id)
    result = with_meaning(services.store, opened, _present(opened, who))
    subject = Subject(result=result)
    reason = why_not(chart, subject)
    if reason is not None:
        raise Problem(404, "no_chart", reason.partition(": corcal")[0])
    if size == "small":
        drawn = draw_inset(chart, subject)
    else:
        drawn = draw_figures(subject, (chart,))[chart].data("svg")
    return Response(drawn, media_type="image/svg+xml")


def _present(opened: Opened, who: Principal) -> Result:
    """Give the record of the review that this person sees; nothing to a blind reader."""
    if opened.blind_for(who.login) is not None:
        raise Problem(403, "blind", "while you read blind, nothing is shown of other reads")
    return present_result(opened, opened.review(), reader=who.name)


def _facts(given: BaseModel) -> dict[str, Any]:
    return given.model_dump(mode="json", exclude_none=True)


def _json(record: Any, more: dict[str, str] | None = None) -> Response:
    content = msgspec.json.encode(msgspec.to_builtins(record) | (more or {}))
    return Response(content, media_type="application/json")
