"""Signing: the version that is final, its files, and how it is opened again."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from corcal.amended import amended
from corcal.result import RESEARCH_USE, Result, result_json
from corcal.review import Confirm
from corcal.serve.access import opened_exam
from corcal.serve.blind import require_sighted
from corcal.serve.documents import RESULT, media_type
from corcal.serve.doing import DOCUMENTS
from corcal.serve.files import OWN_FILES
from corcal.serve.meaning import present_result, with_meaning
from corcal.serve.models import Key
from corcal.serve.opened import BLIND_DONE, Opened, Review
from corcal.serve.problems import Problem
from corcal.serve.review_models import (
    AddendumRequest,
    MakingState,
    Signed,
    SignRequest,
    VersionFile,
    VersionFiles,
)
from corcal.serve.services import READER, Reader, Service, Services, principal_of
from corcal.serve.sessions import Principal
from corcal.serve.signed import require_unsigned
from corcal.store.late import LATE_IMAGES
from corcal.store.records import ExamState, JobState, ResultKind
from corcal.store.store import Store

__all__ = ["router"]

router = APIRouter(tags=["signing"])
STATEMENT = f"I have reviewed this exam and stand for its calcium score. {RESEARCH_USE}"
_OPENED_AGAIN = ("addendum", LATE_IMAGES)  # events whose reason is that of the addendum
_NO_REASON = "The exam was opened again after it had been signed."
VersionNumber = Annotated[int, Path(ge=1, le=100_000)]
FileName = Annotated[str, Path(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,60}\.[a-z0-9]{1,5}$")]
_FILE: dict[str, Any] = {"content": {"application/octet-stream": {}}}


@router.post(
    "/exams/{exam_id}/sign", response_model=Signed, status_code=201, summary="Sign a review"
)
def sign(
    services: Service, who: Reader, request: Request, exam_id: Key, given: SignRequest
) -> Signed:
    """Freeze the review as a final version; its files are made, and sent if asked for.

    A blind reader's read is closed instead: it is kept for the agreement, and signs nothing.
    """
    opened_exam(services, request, exam_id, "sign")
    opened = services.opened.get(exam_id)
    blind = opened.blind_for(who.login)
    address = _address(services, given.send_to)
    with opened.lock:
        if blind is None:
            require_unsigned(services.store, services.store.exam(exam_id))
        review = _confirmed(opened, given.expected_sequence, who, blind)
        if blind is not None:
            return _close_blind(services, opened, review, who)
        version = _sign(services, opened, review, who)
    payload = {"version": version, "send_to": given.send_to, "address": address}
    services.store.jobs.enqueue(DOCUMENTS, exam_id=exam_id, payload=payload)
    services.locks.leave(exam_id, who.login)
    return Signed(version=version)


@router.post(
    "/exams/{exam_id}/addendum", response_model=Signed, status_code=201, summary="Open again"
)
def addendum(
    services: Service, who: Reader, request: Request, exam_id: Key, given: AddendumRequest
) -> Signed:
    """Open a signed exam again: the review goes on; the signed version stays as it is."""
    exam = opened_exam(services, request, exam_id, "addendum")
    require_sighted(services.store, exam_id, who)
    if exam.state is not ExamState.FINAL:
        raise Problem(409, "state", f"the exam is {exam.state}: only a signed one has an addendum")
    services.store.set_state(exam_id, ExamState.TO_REVIEW, by=who.login)
    services.store.add_event(exam_id, "addendum", by=who.login, after={"reason": given.reason})
    return Signed(version=exam.latest_version)


@router.get(
    "/exams/{exam_id}/versions/{version}/files",
    response_model=VersionFiles,
    summary="The files of a version",
)
def files(
    services: Service, request: Request, exam_id: Key, version: VersionNumber
) -> VersionFiles:
    """List the files of a version, and whether more are being made."""
    opened_exam(services, request, exam_id, "files")
    require_sighted(services.store, exam_id, principal_of(request))
    _require_version(services, exam_id, version)
    names = [n for n in services.store.attachments(exam_id, version) if n not in OWN_FILES]
    return VersionFiles(
        state=_making(services, exam_id, version),
        files=[
            VersionFile(name=name, media_type=media_type(name)) for name in sorted({RESULT, *names})
        ],
    )


@router.post(
    "/exams/{exam_id}/versions/{version}/files",
    response_model=VersionFiles,
    status_code=202,
    summary="Make the files of a version",
    dependencies=[READER],
)
def make_files(
    services: Service, request: Request, exam_id: Key, version: VersionNumber
) -> VersionFiles:
    """Make the files of any version, such as to look at a report before it is signed."""
    opened_exam(services, request, exam_id, "make files")
    require_sighted(services.store, exam_id, principal_of(request))
    _require_version(services, exam_id, version)
    if _making(services, exam_id, version) in ("none", "failed"):
        services.store.jobs.enqueue(DOCUMENTS, exam_id=exam_id, payload={"version": version})
    return files(services, request, exam_id, version)


@router.get(
    "/exams/{exam_id}/versions/{version}/files/{name}",
    summary="One file of a version",
    response_class=Response,
    responses={200: _FILE},
)
def file(
    services: Service, request: Request, exam_id: Key, version: VersionNumber, name: FileName
) -> Response:
    """Give a file as an attachment; the name tells nothing of the patient."""
    opened_exam(services, request, exam_id, f"file {name}"[:64])
    require_sighted(services.store, exam_id, principal_of(request))
    _require_version(services, exam_id, version)
    if name in OWN_FILES:
        raise Problem(404, "not_found", "the version has no such file")
    if name == RESULT:
        data = result_json(services.store.result(exam_id, version)).encode()
    else:
        data = services.store.attachment(exam_id, name, version)
    return Response(
        data,
        media_type=media_type(name),
        headers={"Content-Disposition": f'attachment; filename="v{version}_{name}"'},
    )


def _confirmed(opened: Opened, expected: int, who: Principal, blind: str | None) -> Review:
    """Give the review that a reader stands for: what they saw last, and the word that it is so."""
    opened.refresh()
    review = opened.review(blind)
    if review.state.sequence == expected and review.state.is_confirmed:
        return review
    return opened.add((Confirm(),), by=who.login, expected=expected, blind=blind)[1]


def _sign(services: Services, opened: Opened, review: Review, who: Principal) -> int:
    store = services.store
    reviewed = present_result(opened, review, reader=who.name)
    exam = store.exam(opened.exam_id)
    require_unsigned(store, exam)  # once more: the version that is expected is of this very moment
    told = with_meaning(store, opened, reviewed)
    reason = None
    if exam.signed_version is not None:
        reason = _reason(services, opened.exam_id)
        told = _amended(store, told, exam.signed_version, exam.id, reason)
    made = store.add_result(
        opened.exam_id,
        told,
        ResultKind.READER,
        voxels=review.state.voxels(),
        by=who.login,
        note=reason,
        expected_version=exam.latest_version,
        statement=STATEMENT,
    )
    return made.version


def _close_blind(services: Services, opened: Opened, review: Review, who: Principal) -> Signed:
    score = opened.measured(review.state).score
    after = {
        "reader": who.login,
        "agatston": score.total.agatston,
        "vessels": {name: one.agatston for name, one in score.vessels.items()},
        "rule": score.rule,
        "base": opened.base,
        "sequence": review.state.sequence,
    }
    services.store.add_event(opened.exam_id, BLIND_DONE, by=who.login, after=after)
    return Signed(version=None)


def _reason(services: Services, exam_id: str) -> str:
    """Give why the signed exam was opened again: what was said, or came, since the signature."""
    history = services.store.events(exam_id)
    signed = max((one.sequence for one in history if one.kind == "signed"), default=0)
    since = [one for one in history if one.sequence > signed and one.kind in _OPENED_AGAIN]
    return str(since[-1].after["reason"]) if since else _NO_REASON


def _amended(store: Store, told: Result, version: int, exam_id: str, reason: str) -> Result:
    """Say in the record which signed version it corrects."""
    signature = store.versions(exam_id)[version - 1].signature
    signed = None if signature is None else signature.signed_at.isoformat(timespec="seconds")
    before = store.result(exam_id, version)
    return amended(told, before, reason=reason, signed=signed, is_one_exam=True)


def _address(services: Services, name: str | None) -> str | None:
    if name is None:
        return None
    found = services.settings.send_to.get(name)
    if found is None:
        known = ", ".join(sorted(services.settings.send_to)) or "none"
        raise Problem(422, "send_to", f"no archive has this name; there are: {known}")
    return found


def _require_version(services: Services, exam_id: str, version: int) -> None:
    if all(one.version != version for one in services.store.versions(exam_id)):
        raise Problem(404, "not_found", f"the exam has no version {version}")


def _making(services: Services, exam_id: str, version: int) -> MakingState:
    for job in services.store.jobs.of(exam_id=exam_id):
        if job.kind == DOCUMENTS and (job.payload or {}).get("version") == version:
            return _STATES[job.state]
    return "none"


_STATES: dict[JobState, MakingState] = {
    JobState.QUEUED: "making",
    JobState.RUNNING: "making",
    JobState.DONE: "ready",
    JobState.FAILED: "failed",
}
