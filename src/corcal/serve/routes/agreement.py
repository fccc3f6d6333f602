"""Agreement of scores, and blind second reads."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from corcal.errors import ConflictError
from corcal.evaluate.agreement.statistics import Estimate
from corcal.scoring.categories import CATEGORIES
from corcal.serve.access import opened_exam, wrote_down
from corcal.serve.agreement import (
    LEAST,
    agreement_of,
    automatic_pairs,
    reader_pairs,
    told_of,
)
from corcal.serve.blind import open_blind_reads
from corcal.serve.models import Day, Key, Words, example
from corcal.serve.opened import BLIND_DONE, BLIND_READ
from corcal.serve.problems import Problem
from corcal.serve.services import Admin, Service, Viewer
from corcal.store.records import Role

__all__ = ["router"]

router = APIRouter(tags=["agreement"])
_Login = Annotated[Words, Field(min_length=1, max_length=100)]


class AgreementRequest(BaseModel):
    """Which scores to compare."""

    model_config = example(kind="automatic_reader", readers=[]) | {"populate_by_name": True}

    kind: Literal["automatic_reader", "reader_reader"]
    date_from: Annotated[Day | None, Field(alias="from")] = None
    date_to: Annotated[Day | None, Field(alias="to")] = None
    readers: Annotated[list[_Login], Field(max_length=2)] = []


class EstimateInfo(BaseModel):
    """A statistic with its interval (95 %); without a value, `lacks` says why it has none."""

    value: float | None
    low: float | None
    high: float | None
    lacks: str | None


class Point(BaseModel):
    """A pair in the plot of Bland and Altman."""

    mean: float
    difference: float
    exam_id: Key


class BlandAltmanInfo(BaseModel):
    """Bias and limits of agreement; without limits, `lacks` says why there are none."""

    bias: float | None
    low: float | None
    high: float | None
    lacks: str | None
    bias_interval: EstimateInfo
    points: list[Point]


class TableInfo(BaseModel):
    """Exams by category: rows are the first score, columns the second."""

    labels: list[str]
    counts: list[list[int]]


class AgreementInfo(BaseModel):
    """How well two scores agree; the difference is second minus first.

    Limits, ICC and kappa need `least_patients` patients.
    """

    n: int
    patients: int
    least_patients: int
    first: str
    second: str
    icc: EstimateInfo
    bland_altman: BlandAltmanInfo
    kappa: EstimateInfo
    table: TableInfo


class BlindRequest(BaseModel):
    """Who reads an exam without its proposals."""

    model_config = example(reader="areader")

    reader: _Login


class BlindInfo(BaseModel):
    """A blind read that is open."""

    exam_id: Key
    reader: str
    asked_by: str
    asked_at: datetime


@router.post("/agreement", response_model=AgreementInfo, summary="Agreement of scores")
def agreement(
    services: Service, who: Viewer, request: Request, given: AgreementRequest
) -> AgreementInfo:
    """Compare automatic scores with signed ones, or two readers; changes nothing."""
    if any(one.after["reader"] == who.login for one in open_blind_reads(services.store)):
        raise Problem(403, "blind", "while you read blind, nothing is shown of other reads")
    wrote_down(services, request, "agreement")
    days: dict[str, Any] = {"date_from": given.date_from, "date_to": given.date_to}
    if given.kind == "automatic_reader":
        pairs = automatic_pairs(services.store, **days, readers=given.readers)
        names = ("signed", "automatic")
    else:
        pairs = reader_pairs(services.store, **days, readers=given.readers)
        both = (*given.readers, "first reader", "second reader")
        names = (both[0], both[1]) if len(given.readers) > 1 else ("first", "second")
    found, lacks = told_of(agreement_of(pairs))
    return AgreementInfo(
        n=len(pairs),
        patients=len({one.patient_id for one in pairs}),
        least_patients=LEAST,
        first=names[0],
        second=names[1],
        icc=_estimate(found.icc, lacks.icc),
        bland_altman=BlandAltmanInfo(
            bias=found.bias.value,
            low=found.lower_limit.value,
            high=found.upper_limit.value,
            lacks=lacks.limits,
            bias_interval=_estimate(found.bias, lacks.bias),
            points=[
                Point(
                    mean=(one.first + one.second) / 2,
                    difference=one.second - one.first,
                    exam_id=one.exam_id,
                )
                for one in pairs
            ],
        ),
        kappa=_estimate(found.kappa, lacks.kappa),
        table=TableInfo(labels=list(CATEGORIES), counts=found.table.tolist()),
    )


@router.post(
    "/exams/{exam_id}/blind-reads",
    response_model=BlindInfo,
    status_code=201,
    summary="Ask for a blind read",
)
def ask(
    services: Service, who: Admin, request: Request, exam_id: Key, given: BlindRequest
) -> BlindInfo:
    """Ask a reader for a second read without proposals; only one who has not read it already."""
    opened_exam(services, request, exam_id, "ask blind read")
    reader = services.store.users.get(given.reader)
    if reader.role is Role.VIEWER or not reader.is_active:
        raise Problem(422, "reader", "a viewer reads no exams: name an active reader")
    services.opened.get(exam_id)  # without a result there is nothing to read
    steps = services.store.events(exam_id)
    if any(step.by == reader.login and step.kind in _READING for step in steps):
        msg = "this reader has worked at the exam already: a blind read would not be blind"
        raise ConflictError(msg)
    if any(s.kind == BLIND_READ and s.after["reader"] == reader.login for s in steps):
        msg = "this reader was asked already"
        raise ConflictError(msg)
    step = services.store.add_event(
        exam_id, BLIND_READ, by=who.login, after={"reader": reader.login}
    )
    return BlindInfo(exam_id=exam_id, reader=reader.login, asked_by=who.login, asked_at=step.at)


_READING = frozenset({"review", "signed", BLIND_DONE})


@router.get("/blind-reads", response_model=list[BlindInfo], summary="One's open blind reads")
def mine(services: Service, who: Viewer) -> list[BlindInfo]:
    """List the blind reads that one was asked for and has not closed; an admin sees all."""
    return [
        BlindInfo(
            exam_id=step.exam_id, reader=step.after["reader"], asked_by=step.by, asked_at=step.at
        )
        for step in open_blind_reads(services.store)
        if who.role is Role.ADMIN or step.after["reader"] == who.login
    ]


def _estimate(one: Estimate, lacks: str | None) -> EstimateInfo:
    return EstimateInfo(value=one.value, low=one.low, high=one.high, lacks=lacks)
