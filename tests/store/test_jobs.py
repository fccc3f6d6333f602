"""Work that is done once, whoever dies at it."""

from pathlib import Path

import pytest

from corcal.errors import InputError, NotFoundError, StateError
from corcal.store.records import ExamState, Job, JobState
from corcal.store.store import Store
from store.study_maker import result_for

DEAD_AT_ONCE = -1.0


def claim(store: Store, worker: str = "w", **options: object) -> Job:
    """A claim that must succeed."""
    found = store.jobs.claim(worker, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_oldest_job_comes_first_and_to_one_worker_alone(store: Store) -> None:
    first = store.jobs.enqueue("score", payload={"priority": 1})
    second = store.jobs.enqueue("send")
    held = claim(store, "a")
    assert (held.id, held.state, held.attempts, held.worker) == (first.id, "running", 1, "a")
    assert held.payload == {"priority": 1}
    assert claim(store, "b").id == second.id
    assert store.jobs.claim("c") is None
    assert [job.id for job in store.jobs.of()] == [second.id, first.id]


def test_a_worker_may_ask_for_what_it_can_do(store: Store) -> None:
    store.jobs.enqueue("score")
    wanted = store.jobs.enqueue("send")
    assert store.jobs.claim("w", kinds=["print"]) is None
    assert claim(store, kinds=["print", "send"]).id == wanted.id


def test_progress_is_visible_and_keeps_the_claim(store: Store) -> None:
    job = store.jobs.enqueue("score")
    held = claim(store, lease_s=5.0)
    renewed = store.jobs.renew(held, progress=0.25, text="reading", lease_s=500.0)
    assert renewed.lease_until is not None
    assert held.lease_until is not None
    assert renewed.lease_until > held.lease_until
    assert (store.jobs.get(job.id).progress, store.jobs.get(job.id).progress_text) == (
        0.25,
        "reading",
    )
    assert store.jobs.renew(held, progress=7.0).progress == 1.0
    assert store.jobs.renew(held).progress_text == "reading"
    done = store.jobs.finish(held)
    assert (done.state, done.lease_until, done.error) == (JobState.DONE, None, None)
    assert done.finished_at is not None
    assert store.jobs.of(states=[JobState.RUNNING]) == ()


def test_a_dead_worker_loses_its_claim_and_not_the_work(store: Store) -> None:
    store.jobs.enqueue("score")
    dead = claim(store, "a", lease_s=DEAD_AT_ONCE)
    alive = claim(store, "b")
    assert (alive.id, alive.attempts) == (dead.id, 2)
    for act in (store.jobs.finish, store.jobs.renew, store.jobs.release):
        with pytest.raises(StateError, match="the claim on the job is lost: it is running, at"):
            act(dead)
    with pytest.raises(StateError, match="the claim on the job is lost"):
        store.jobs.fail(dead, "late")
    assert store.jobs.finish(alive).state is JobState.DONE


def test_a_job_that_kills_every_worker_ends_and_its_exam_has_failed(
    store: Store, study: Path
) -> None:
    (exam,) = store.import_study(study, job_kind="score").exams
    other = store.jobs.enqueue("send")
    for _ in range(3):
        claim(store, kinds=["score"], lease_s=DEAD_AT_ONCE)
        store.set_state(exam, ExamState.SCORING)
    assert claim(store).id == other.id  # the next one, in the same breath
    (job,) = store.jobs.of(exam_id=exam)
    assert (job.state, job.error) == (JobState.FAILED, "the worker has died 3 times at it")
    assert (store.exam(exam).state, store.exam(exam).reason) == (ExamState.FAILED, job.error)


def test_a_failure_is_tried_again_as_often_as_allowed(store: Store) -> None:
    store.jobs.enqueue("send", max_attempts=2)
    assert store.jobs.fail(claim(store), "no network", retry=True).state is JobState.QUEUED
    last = store.jobs.fail(claim(store), "no network", retry=True)
    assert (last.state, last.error, last.attempts) == (JobState.FAILED, "no network", 2)
    store.jobs.enqueue("send")
    assert store.jobs.fail(claim(store), " ").error == "no reason was given"


def test_a_failed_job_leaves_an_exam_with_a_result_alone(store: Store, study: Path) -> None:
    (exam,) = store.import_study(study).exams
    store.add_result(exam, result_for(store, exam))
    store.jobs.enqueue("send", exam_id=exam)
    store.jobs.fail(claim(store), "no network")
    assert store.exam(exam).state is ExamState.TO_REVIEW


def test_a_job_that_is_given_back_has_lost_no_attempt(store: Store) -> None:
    store.jobs.enqueue("score", max_attempts=1)
    held = claim(store)
    assert store.jobs.release(held).state is JobState.QUEUED
    again = claim(store)
    with pytest.raises(StateError, match="lost"):
        store.jobs.finish(held)
    assert store.jobs.finish(again).state is JobState.DONE


def test_what_is_no_job_is_refused(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no such job"):
        store.jobs.get("0" * 32)
    with pytest.raises(InputError, match="at least one attempt, not 0"):
        store.jobs.enqueue("score", max_attempts=0)
    with pytest.raises(NotFoundError, match="no such exam"):
        store.jobs.enqueue("score", exam_id="0" * 32)
