"""Images that come late: the study is scored again, or its reader is told."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from corcal import pipeline
from corcal.errors import StateError
from corcal.node.late import weigh_late_images
from corcal.serve.opened import OpenedExams
from corcal.serve.scans import scan_of_version
from corcal.serve.worker import work_once
from corcal.store.jobs import SCORE
from corcal.store.late import LATE_IMAGES
from corcal.store.records import ExamState, JobState
from exam_maker import exam_of
from node.intake_maker import Receiver, receiving, sent, study
from store.postgres_cluster import temporary_folder

EARLY, ALL = 12, 16
"""Images of the study that come first, and images that there are."""


@dataclass
class Case:
    """A study of which four images have not come yet."""

    node: Receiver
    images: list[Path]
    exam: str

    def work(self) -> None:
        while work_once(self.node.store, name="worker"):
            pass

    def late(self) -> None:
        sent(self.node.port, self.images[EARLY:])
        self.node.intake.tick()

    def told(self) -> list[str]:
        return [
            step.after["reason"]
            for step in self.node.store.events(self.exam)
            if step.kind == LATE_IMAGES
        ]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    def score_path(path, options=None, *, progress):  # noqa: ARG001
        return exam_of(path)

    monkeypatch.setattr(pipeline, "score_path", score_path)
    with temporary_folder() as folder, receiving(folder / "data") as node:
        images = study(folder / "sent", images=ALL)
        sent(node.port, images[:EARLY])
        node.intake.tick()
        (exam,) = node.store.worklist().exams
        yield Case(node, images, exam.id)


def test_late_images_are_scored_as_a_new_version_and_the_old_one_stays_readable(case: Case) -> None:
    case.work()
    case.late()
    assert case.told() == ["4 images came after it was scored: 16 would be scored now, 12 were"]
    case.work()
    store = case.node.store
    shapes = [store.result(case.exam, version).scan.shape[0] for version in (1, 2)]
    assert shapes == [EARLY, ALL]
    assert store.exam(case.exam).state is ExamState.TO_REVIEW
    assert scan_of_version(store, case.exam, 1).shape[0] == EARLY
    assert scan_of_version(store, case.exam, 2).shape[0] == ALL
    assert case.node.files("spool", "taking") == []


def test_a_signed_exam_is_shown_to_its_reader_again_and_not_overwritten(case: Case) -> None:
    case.work()
    store = case.node.store
    store.sign(case.exam, by="reader", version=1)
    case.late()
    case.work()
    exam = store.exam(case.exam)
    assert (exam.state, exam.signed_version, exam.latest_version) == (ExamState.TO_REVIEW, 1, 1)
    assert len(case.told()) == 1
    # what was signed can still be opened, though its series has more images now
    opened = OpenedExams(store, most_bytes=2**30).get(case.exam)
    assert opened.scan.shape[0] == EARLY


def test_late_images_of_an_exam_that_waits_need_no_further_job(case: Case) -> None:
    case.late()
    jobs = case.node.store.jobs.of(exam_id=case.exam)
    assert [job.state for job in jobs] == [JobState.QUEUED]
    case.work()
    assert case.node.store.result(case.exam).scan.shape[0] == ALL
    assert case.told() == []


def test_late_images_wait_while_an_exam_is_being_scored(case: Case) -> None:
    store = case.node.store
    job = store.jobs.claim("worker", kinds=(SCORE,))
    assert job is not None
    case.late()
    assert len(case.node.files("taking")) == ALL - EARLY
    with pytest.raises(StateError, match="is being scored"):
        store.take_late_images(
            case.exam, content="x", reason="y", job_kind=SCORE, expected_version=0
        )
    store.jobs.release(job)
    assert weigh_late_images(store, case.exam)


def test_the_same_late_images_open_an_exam_once(case: Case) -> None:
    case.work()
    case.late()
    store = case.node.store
    store.jobs.finish(store.jobs.claim("worker", kinds=(SCORE,)))  # scored, and still of 12
    assert weigh_late_images(store, case.exam)
    assert len(case.told()) == 1


def test_an_exam_that_had_failed_is_scored_again_with_its_late_images(case: Case) -> None:
    store = case.node.store
    job = store.jobs.claim("worker", kinds=(SCORE,))
    store.jobs.fail(job, "too few slices", retry=False)
    assert store.exam(case.exam).state is ExamState.FAILED
    case.late()
    assert store.exam(case.exam).state is ExamState.WAITING
    case.work()
    assert store.result(case.exam).scan.shape[0] == ALL


def test_images_that_are_not_scored_leave_an_exam_as_it_is(case: Case) -> None:
    """A localizer after the series that was scored."""
    case.work()
    folder = case.images[0].parent.parent
    other = study(folder / "other", images=2, series=9)
    sent(case.node.port, other)
    case.node.intake.tick()
    assert case.told() == []
    assert case.node.store.exam(case.exam).latest_version == 1
