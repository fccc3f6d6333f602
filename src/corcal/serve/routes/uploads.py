"""Uploads: numbered files, then one job that takes them in."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from corcal.serve.access import wrote_down
from corcal.serve.models import (
    FileReceived,
    JobInfo,
    Key,
    ProgressInfo,
    UploadFinished,
    UploadStarted,
)
from corcal.serve.notices import progress_of
from corcal.serve.problems import Problem
from corcal.serve.services import Reader, Service, Services
from corcal.serve.uploads import IMPORT, no_room_told
from corcal.store.records import Job, JobState

__all__ = ["router"]

router = APIRouter(tags=["uploads"])
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/uploads", response_model=UploadStarted, status_code=201, summary="Begin an upload")
def begin(services: Service, who: Reader) -> UploadStarted:
    """Begin an upload; it is forgotten after a day without a file."""
    return UploadStarted(id=services.uploads.begin(who.login))


@router.put(
    "/uploads/{upload_id}/files/{number}",
    response_model=FileReceived,
    summary="Send one file",
    openapi_extra=_FILE_BODY,
)
async def receive(
    services: Service,
    who: Reader,
    request: Request,
    upload_id: Key,
    number: Annotated[int, Path(ge=0, lt=1_000_000)],
) -> FileReceived:
    """Take the bytes of a DICOM file, a zip, a NIfTI ... under a number; a name is never used."""
    upload = services.uploads.get(upload_id, who.login)
    path, size, is_whole = upload.path(number), 0, False
    try:
        with no_room_told(), path.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                upload.more(len(piece), of_file=size)
                file.write(piece)
        is_whole = True
    finally:
        upload.ended(number, path, size, is_whole=is_whole)
    return FileReceived(number=number, size=size, files=upload.file_count)


@router.post(
    "/uploads/{upload_id}/finish",
    response_model=UploadFinished,
    status_code=202,
    summary="Take an upload in",
)
def finish(services: Service, who: Reader, request: Request, upload_id: Key) -> UploadFinished:
    """Take what was sent into the store and score it; doing so twice does it once."""
    known = _job_of(services, upload_id, who.login)
    if known is not None:  # the answer to the first request was lost on its way
        return UploadFinished(job_id=known.id, exam_ids=_exams(known))
    upload = services.uploads.get(upload_id, who.login)
    if not upload.file_count:
        raise Problem(422, "no_files", "the upload has no files")
    job = services.store.jobs.enqueue(IMPORT, payload={"upload": upload_id, "by": who.login})
    services.uploads.close(upload_id)
    wrote_down(services, request, "upload")
    return UploadFinished(job_id=job.id, exam_ids=[])


@router.delete("/uploads/{upload_id}", status_code=204, summary="Forget an upload")
def forget(services: Service, who: Reader, upload_id: Key) -> None:
    """Remove an upload that is not finished, and its files."""
    services.uploads.get(upload_id, who.login)
    services.uploads.remove(upload_id)


@router.get("/jobs/{job_id}", response_model=JobInfo, summary="Where a job stands")
def job(services: Service, job_id: Key) -> JobInfo:
    """Tell how far a job is, and which exams an import has brought."""
    return _info(services.store.jobs.get(job_id))


def _job_of(services: Services, upload_id: str, login: str) -> Job | None:
    """Give the job of an upload that was finished by this user."""
    wanted = {"upload": upload_id, "by": login}
    for job in services.store.jobs.of():
        if job.kind == IMPORT and job.payload == wanted:
            return job
    return None


def _info(job: Job) -> JobInfo:
    progress = progress_of(job)
    return JobInfo(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        exam_id=job.exam_id,
        exam_ids=_exams(job),
        progress=None if progress is None else ProgressInfo(**progress),
        error=job.error,
        created_at=job.created_at,
    )


def _exams(job: Job) -> list[str]:
    if job.kind != IMPORT or job.state is not JobState.DONE:
        return [job.exam_id] if job.exam_id else []
    return (job.progress_text or "").split()
