"""What goes over the wire: sessions, exams, uploads, jobs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from corcal.ct.suitability.verdict import Verdict
from corcal.store.records import ExamState, ResultKind, Role
from corcal.words import is_words

__all__ = [
    "ExamDetail",
    "ExamRow",
    "ExamSearch",
    "Health",
    "JobInfo",
    "Login",
    "PatientInfo",
    "ProblemInfo",
    "ProgressInfo",
    "SessionInfo",
    "UploadFinished",
    "UploadStarted",
    "UserInfo",
    "VersionInfo",
    "Words",
    "Worklist",
    "example",
    "json_of",
]

Key = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["0123456789abcdef0123456789abcdef"])]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-01-02"])]


def _words(value: str) -> str:
    if not is_words(value):
        message = "control characters are no part of a name"
        raise ValueError(message)
    return value


Words = Annotated[str, AfterValidator(_words)]
"""Text of one line: no control characters, and none that turn the direction of reading."""
_KEY = "0123456789abcdef0123456789abcdef"
_WHEN = "2026-01-02T11:00:00Z"


def example(**fields: Any) -> ConfigDict:
    """Give a model's configuration: no unknown fields, and an example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


def json_of(model: BaseModel) -> Response:
    """Write what goes over the wire: it was checked when it was made, and is not checked again."""
    return Response(model.model_dump_json(), media_type="application/json")


class ProblemInfo(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no such exam in the store",
                    "code": "not_found",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    code: str


class Health(BaseModel):
    """That the server answers."""

    model_config = example(status="ok", version="0.1.0")

    status: Literal["ok"]
    version: str


class Login(BaseModel):
    """A name and a password."""

    model_config = example(name="reader", password="a password of twelve or more")  # noqa: S106

    name: Annotated[Words, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=256, repr=False)]


class UserInfo(BaseModel):
    """A user."""

    id: Key
    name: str
    login: str
    role: Role


class SessionInfo(BaseModel):
    """Who is logged in, and what requests that change something have to bring."""

    model_config = example(
        user={"id": _KEY, "name": "A. Reader", "login": "reader", "role": "reader"},
        csrf_token="b0c1",  # noqa: S106
        version="0.1.0",
        research_use="For research use only.",
        mode="personal",
        send_to=["archive"],
        sign_on=False,
    )

    user: UserInfo
    csrf_token: str | None
    version: str
    research_use: str
    mode: Literal["personal", "department"]
    send_to: list[str]
    sign_on: bool


class PatientInfo(BaseModel):
    """Who was scanned; `id` is random and tells nothing."""

    id: Key
    name: str | None
    patient_id: str | None
    birth_date: str | None
    sex: str | None


class ProgressInfo(BaseModel):
    """How far a job is, 0 to 1."""

    step: str
    fraction: float


class ExamRow(BaseModel):
    """A row of the worklist."""

    model_config = example(
        id=_KEY,
        patient={
            "id": _KEY,
            "name": "Simulated^Patient",
            "patient_id": "DEMO-1",
            "birth_date": "1961-05-03",
            "sex": "F",
        },
        exam_date="2026-01-02",
        description="Calcium score 3.0 mm",
        state="to_review",
        state_reason=None,
        agatston=123.4,
        category="101-400",
        verdict="fit",
        kind="gated_calcium",
        is_gated=True,
        review_advised=True,
        signed_by=None,
        signed_at=None,
        progress=None,
        version=1,
        updated_at=_WHEN,
    )

    id: Key
    patient: PatientInfo
    exam_date: str | None
    description: str | None
    state: ExamState
    state_reason: str | None
    agatston: float | None
    category: str | None
    verdict: str | None
    kind: str | None
    is_gated: bool | None
    review_advised: bool | None
    signed_by: str | None
    signed_at: datetime | None
    progress: ProgressInfo | None
    version: int
    updated_at: datetime


class Worklist(BaseModel):
    """A page of the worklist; `counts` are of all states that the rest of the query finds."""

    total: int
    counts: dict[str, int]
    items: list[ExamRow]


_SORT = Literal[
    "exam_date", "-exam_date", "name", "-name", "agatston", "-agatston",
    "state", "-state", "imported", "-imported", "updated_at", "-updated_at",
]  # fmt: skip


class ExamFilter(BaseModel):
    """Which exams, and in which order; no patient data, so that it may stand in an address."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    state: list[ExamState] = []
    verdict: list[Verdict] = []
    sort: _SORT = "-exam_date"
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    date_from: Annotated[Day | None, Field(alias="from")] = None
    date_to: Annotated[Day | None, Field(alias="to")] = None
    agatston_min: Annotated[float | None, Field(ge=0)] = None
    agatston_max: Annotated[float | None, Field(ge=0)] = None


class ExamSearch(ExamFilter):
    """The same with words of a name, a number or a description: patient data, so in a body."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={"examples": [{"q": "simul", "state": ["to_review"], "limit": 50}]},
    )

    q: Annotated[Words, Field(max_length=200)] = ""
    patient: Key | None = None


class VersionInfo(BaseModel):
    """A version of a result; `final` and `addendum` are signed, and an addendum's note says why."""

    number: int
    kind: Literal["automatic", "reader", "final", "addendum"]
    is_signed: bool
    created_at: datetime
    author: str
    author_name: str
    note: str | None
    agatston: float


class LockInfo(BaseModel):
    """Who has an exam open for editing; it hinders nobody."""

    user: str
    since: datetime


class ExamDetail(BaseModel):
    """An exam with its versions, and the other exams of the patient, the newest first."""

    row: ExamRow
    versions: list[VersionInfo]
    lock: LockInfo | None
    previous: list[ExamRow]


class UploadStarted(BaseModel):
    """A new upload."""

    model_config = example(id=_KEY)

    id: Key


class FileReceived(BaseModel):
    """A file that has arrived whole."""

    model_config = example(number=0, size=526336, files=1)

    number: int
    size: int
    files: int


class UploadFinished(BaseModel):
    """An upload that is taken in by a job; its exams are told by the job when it is done."""

    model_config = example(job_id=_KEY, exam_ids=[])

    job_id: Key
    exam_ids: list[Key]


class JobInfo(BaseModel):
    """A job."""

    model_config = example(
        id=_KEY,
        kind="import",
        state="done",
        exam_id=None,
        exam_ids=[_KEY],
        progress=None,
        error=None,
        created_at=_WHEN,
    )

    id: Key
    kind: str
    state: Literal["queued", "running", "done", "failed"]
    exam_id: Key | None
    exam_ids: list[Key]
    progress: ProgressInfo | None
    error: str | None
    created_at: datetime


VERSION_KINDS: dict[
    tuple[ResultKind, bool], Literal["automatic", "reader", "final", "addendum"]
] = {
    (ResultKind.AUTOMATIC, False): "automatic",
    (ResultKind.AUTOMATIC, True): "final",
    (ResultKind.READER, False): "reader",
    (ResultKind.READER, True): "final",
    (ResultKind.ADDENDUM, False): "reader",
    (ResultKind.ADDENDUM, True): "addendum",
}
"""What the wire calls a version, by the store's kind and whether it is signed."""
