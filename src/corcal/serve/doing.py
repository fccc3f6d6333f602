"""What each kind of job does."""

import contextlib
import gc
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from corcal.errors import ConflictError, InputError, PeerError, UnfitError
from corcal.progress import Progress
from corcal.serve.files import CANDIDATES, THUMBNAIL
from corcal.serve.taking_in import check_archives, take_in
from corcal.serve.uploads import IMPORT
from corcal.store.jobs import SCORE
from corcal.store.records import ExamRecord, ExamState, Job
from corcal.store.store import AUTOMATIC, Store

__all__ = ["DOCUMENTS", "DOINGS", "SEND", "SENT", "Beat", "Doing", "make_documents"]

DOCUMENTS = "documents"
"""The kind of job that makes the files of a version."""
SEND = "send"
"""The kind of job that delivers the DICOM objects of a version."""
SENT = "sent"
"""The step of an exam's history that tells what became of a delivery."""
_UNPACKED_BYTES = 16 * 2**30
_MOST_FILES = 20  # about as many files a version has: for the progress alone


class Beat(Protocol):
    """Who is told how far a job is."""

    def step(self, fraction: float, text: str) -> None:
        """Tell a new step at once."""

    def reading(self, done: int, total: int, what: str) -> None:
        """Tell how far the reading is."""


def _score(store: Store, job: Job, beat: Beat) -> None:
    """Score an exam; its result, and the end of the job, are one transaction."""
    exam = store.set_state(job.exam_id or "", ExamState.SCORING)
    try:
        _score_exam(store, exam, job, beat)
    except UnfitError as exc:
        store.set_state(exam.id, ExamState.UNFIT, reason=_without_advice(str(exc)))
        store.jobs.finish(job)


def _without_advice(reason: str) -> str:
    """Take out what is advice for the command line."""
    return reason.replace(" (--force scores it nevertheless)", "")


def _score_exam(store: Store, exam: ExamRecord, job: Job, beat: Beat) -> None:
    from corcal.pipeline import Options, score_path
    from corcal.review import candidates_of
    from corcal.review.candidates_file import candidates_to_bytes
    from corcal.serve.thumbnail import thumbnail_png

    options = Options(series=exam.series if exam.is_series_fixed else None)
    progress: Progress = beat.reading
    with store.originals_folder(exam.id) as folder:
        scored = score_path(folder, options, progress=progress)
    beat.step(0.95, "keeping the result")
    store.add_result(
        exam.id,
        scored.result,
        voxels=scored.voxels,
        by=AUTOMATIC,
        attachments={
            CANDIDATES: candidates_to_bytes(candidates_of(scored)),
            THUMBNAIL: thumbnail_png(scored.scan, scored.voxels),
        },
        expected_version=exam.latest_version,
        claim=job,
    )


def _import(store: Store, job: Job, beat: Beat) -> None:
    """Take an upload in; doing so again after a kill finds what is there already."""
    payload = job.payload or {}
    folder = store.folder.root / "uploads" / str(payload["upload"])
    try:
        check_archives(folder, most_bytes=_UNPACKED_BYTES)
        exams = take_in(store, folder, by=str(payload["by"]), progress=beat.reading)
    except InputError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    store.jobs.renew(job, text=" ".join(exams))
    store.jobs.finish(job)
    shutil.rmtree(folder, ignore_errors=True)


def _documents(store: Store, job: Job, beat: Beat) -> None:
    """Make the files of a version, and send them on if that was asked for."""
    exam_id, payload = job.exam_id or "", job.payload or {}
    version = int(payload["version"])
    make_documents(store, exam_id, version, beat)
    if payload.get("send_to"):
        sent = {"version": version, "to": payload["send_to"], "address": payload["address"]}
        store.jobs.enqueue(SEND, exam_id=exam_id, payload=sent)
    store.jobs.finish(job)


def make_documents(store: Store, exam_id: str, version: int, beat: Beat) -> None:
    """Make the files of a version; those that are there already are never made again.

    Raises
    ------
    InputError
        If the version has no voxels.
    """
    from corcal.pipeline import Exam
    from corcal.serve.documents import documents_of
    from corcal.serve.scans import scan_of_version

    voxels = store.voxels(exam_id, version)
    if voxels is None:
        msg = "this version has no voxels: its files cannot be made"
        raise InputError(msg)
    scan = scan_of_version(store, exam_id, version)
    exam = Exam(result=store.result(exam_id, version), scan=scan, voxels=voxels)
    files: dict[str, bytes] = {}
    # highdicom reads tables of 22 MB, which the collector would go through again and again: 2 s
    gc.disable()
    try:
        for name, data in documents_of(exam):
            files[name] = data
            beat.reading(len(files), _MOST_FILES, "making files")
    finally:
        gc.enable()
    with contextlib.suppress(ConflictError):  # made before a kill: what is there is never changed
        store.attach(exam_id, version, files)


def _send(store: Store, job: Job, beat: Beat) -> None:
    """Deliver the DICOM objects of a version, and write down what arrived."""
    from corcal.interop.send import deliver
    from corcal.interop.send.address import parse_address
    from corcal.interop.send.objects import find_objects

    exam_id, payload = job.exam_id or "", job.payload or {}
    version = int(payload["version"])
    with tempfile.TemporaryDirectory() as made:
        for name in store.attachments(exam_id, version):
            if name.endswith(".dcm"):
                (Path(made) / name).write_bytes(store.attachment(exam_id, name, version))
        objects = find_objects([Path(made)]).objects
        beat.step(0.2, "sending")
        report = deliver(objects, parse_address(str(payload["address"])))
    arrived = sum(one.arrival.value == "arrived" for one in report.deliveries)
    what = {"to": payload["to"], "version": version, "objects": len(objects), "arrived": arrived}
    store.add_event(exam_id, SENT, by=AUTOMATIC, after=what)
    if not report.is_complete:
        msg = f"{arrived} of {len(objects)} objects have arrived at {payload['to']}"
        raise PeerError(msg)
    store.jobs.finish(job)


Doing = Callable[[Store, Job, Beat], None]
DOINGS: Mapping[str, Doing] = {SCORE: _score, IMPORT: _import, DOCUMENTS: _documents, SEND: _send}
"""What a worker does for each kind of job."""
