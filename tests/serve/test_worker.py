"""What workers do with jobs, and what becomes of them when something goes wrong."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corcal import pipeline
from corcal.ct.read import read_scan
from corcal.errors import SeriesError, UnfitError
from corcal.interop import send
from corcal.interop.send.types import Arrival, Delivery, DeliveryReport
from corcal.pipeline import Exam
from corcal.serve import worker
from corcal.serve.doing import DOCUMENTS, SEND, SENT
from corcal.serve.worker import work_once
from corcal.store.jobs import SCORE
from corcal.store.records import ExamState, Job, JobState
from corcal.store.store import Store
from serve.serve_maker import NAME, scored_exam, write_scan
from store.postgres_cluster import temporary_folder


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store without a server."""
    monkeypatch.delenv("CORCAL_DATABASE", raising=False)
    with temporary_folder() as folder, Store(folder / "data") as store:
        yield store


@pytest.fixture
def waiting(own: Store, tmp_path: Path) -> str:
    """An exam with its job."""
    write_scan(tmp_path / "scan")
    (exam,) = own.import_study(tmp_path / "scan", job_kind=SCORE).exams
    return exam


def only_job(store: Store, exam: str) -> Job:
    (job,) = store.jobs.of(exam_id=exam)
    return job


def scoring(monkeypatch: pytest.MonkeyPatch, outcome: Exception | Exam) -> list[Path]:
    """Make the pipeline give or raise something; the folders that it was called with."""
    asked: list[Path] = []

    def score_path(path, options=None, *, progress):  # noqa: ARG001
        asked.append(path)
        progress(1, 2, "reading headers")
        progress(2, 2, "reading headers")
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(pipeline, "score_path", score_path)
    return asked


def test_a_scored_exam_is_to_be_reviewed(
    own: Store, waiting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = scored_exam(own, tmp_path / "other", 2)
    scan = read_scan(tmp_path / "scan")
    voxels = own.voxels(other)
    assert voxels is not None
    result = own.result(other)
    record = replace(
        result,
        scan=replace(
            result.scan,
            study_instance_uid=scan.series.study_instance_uid,
            series_instance_uid=scan.series.series_instance_uid,
        ),
    )
    asked = scoring(monkeypatch, Exam(result=record, scan=scan, voxels=voxels))
    assert work_once(own, kinds=(SCORE,), name="test")
    exam, job = own.exam(waiting), only_job(own, waiting)
    assert (exam.state, exam.latest_version) == (ExamState.TO_REVIEW, 1)
    assert (job.state, job.progress, job.worker) == (JobState.DONE, 1.0, "test")
    assert own.attachments(waiting) == ("candidates.npz", "thumbnail.png")
    assert not asked[0].exists()
    assert not work_once(own, kinds=(SCORE,), name="test")


def test_an_unfit_scan_says_why(own: Store, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scoring(monkeypatch, UnfitError("contrast was given (--force scores it nevertheless)"))
    work_once(own, name="test")
    exam = own.exam(waiting)
    assert (exam.state, exam.reason) == (ExamState.UNFIT, "contrast was given")
    assert only_job(own, waiting).state is JobState.DONE


def test_a_damaged_scan_fails_at_once(
    own: Store, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scoring(monkeypatch, SeriesError("slice 3 is missing"))
    work_once(own, name="test")
    exam = own.exam(waiting)
    assert (exam.state, exam.reason) == (ExamState.FAILED, "slice 3 is missing")
    assert only_job(own, waiting).attempts == 1


def test_a_defect_is_tried_again_and_tells_no_patient(
    own: Store, waiting: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scoring(monkeypatch, ValueError(NAME))
    with caplog.at_level(logging.DEBUG):
        for attempt in (1, 2, 3):
            assert work_once(own, name="test")
            assert only_job(own, waiting).attempts == attempt
    assert not work_once(own, name="test")
    exam = own.exam(waiting)
    assert (exam.state, exam.reason) == (ExamState.FAILED, "a defect of corcal (ValueError)")
    assert "ValueError at" in caplog.text
    assert NAME not in caplog.text


def test_a_job_of_a_deleted_patient_is_nobodys(
    own: Store, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def score_path(*_: object, **__: object) -> None:
        own.delete_patient(own.exam(waiting).patient.id, by="admin")
        msg = "the images are gone"
        raise SeriesError(msg)

    monkeypatch.setattr(pipeline, "score_path", score_path)
    assert work_once(own, name="test")
    assert not own.jobs.of()


def test_the_files_of_a_version_are_made_once(own: Store, tmp_path: Path) -> None:
    exam = scored_exam(own, tmp_path)
    job = own.jobs.enqueue(DOCUMENTS, exam_id=exam, payload={"version": 1})
    assert work_once(own, kinds=(DOCUMENTS,), name="test")
    assert own.jobs.get(job.id).error is None
    names = set(own.attachments(exam, 1))
    assert {
        *("report.pdf", "report.html", "letter.pdf", "letter.html", "result.json"),
        *("fhir.json", "report.hl7", "exam.csv", "lesions.csv"),
        *("segmentation.dcm", "structured_report.dcm", "calcium_report.dcm"),
    } <= names
    report = own.attachment(exam, "report.pdf", 1)
    assert report.startswith(b"%PDF")
    own.jobs.enqueue(DOCUMENTS, exam_id=exam, payload={"version": 1})
    assert work_once(own, kinds=(DOCUMENTS,), name="test")
    assert own.attachment(exam, "report.pdf", 1) == report
    _test_delivery(own, exam)


def _test_delivery(store: Store, exam: str) -> None:
    """The same exam's objects are delivered, and what arrived is written down."""
    sent: list[int] = []

    def deliver(objects, address):
        sent.append(len(objects))
        arrival = Arrival.ARRIVED if len(sent) > 1 else Arrival.REFUSED
        deliveries = tuple(
            Delivery(
                sop_class_uid=one.sop_class_uid,
                sop_instance_uid=one.sop_instance_uid,
                arrival=arrival,
            )
            for one in objects
        )
        return DeliveryReport(address=str(address), deliveries=deliveries)

    payload = {"version": 1, "to": "archive", "address": "dicom://A@127.0.0.1:104"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(send, "deliver", deliver)
        job = store.jobs.enqueue(SEND, exam_id=exam, payload=payload)
        work_once(store, kinds=(SEND,), name="test")
        assert store.jobs.get(job.id).state is JobState.QUEUED  # tried again
        work_once(store, kinds=(SEND,), name="test")
    assert store.jobs.get(job.id).state is JobState.DONE
    told = [one.after for one in store.events_of_kind(SENT)]
    assert [one["arrived"] for one in told] == [0, sent[1]]
    assert sent[0] >= 5


def test_a_version_without_voxels_has_no_files(own: Store, tmp_path: Path) -> None:
    exam = scored_exam(own, tmp_path)
    own.add_result(exam, own.result(exam), "reader")
    job = own.jobs.enqueue(DOCUMENTS, exam_id=exam, payload={"version": 2})
    work_once(own, kinds=(DOCUMENTS,), name="test")
    assert "no voxels" in str(own.jobs.get(job.id).error)


def test_a_claim_is_renewed_while_the_work_goes_on(
    own: Store, waiting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_FIRST_BEAT_S", 0.01)
    seen: list[tuple[float, str | None]] = []

    def score_path(*_: object, progress, **__: object) -> None:
        progress(1, 2, "reading headers")
        while only_job(own, waiting).progress_text != "reading headers":
            time.sleep(0.01)
        job = only_job(own, waiting)
        seen.append((job.progress, job.progress_text))
        msg = "enough"
        raise SeriesError(msg)

    monkeypatch.setattr(pipeline, "score_path", score_path)
    work_once(own, name="test")
    assert seen == [(0.15, "reading headers")]
