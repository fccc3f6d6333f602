"""The outbox: what is routed once, in both databases, and jobs that wait."""

from pathlib import Path

import pytest

from corcal.errors import NotFoundError, StateError
from corcal.store.outgoing import DELIVER, Stage
from corcal.store.records import ExamState, JobState
from corcal.store.store import Store
from store.study_maker import result_for


@pytest.fixture
def exam(store: Store, study: Path) -> str:
    """An exam with a result, made after routing began."""
    assert store.outgoing.begin()
    assert not store.outgoing.begin()
    (key,) = store.import_study(study).exams
    store.add_result(key, result_for(store, key))
    return key


def test_a_version_goes_into_the_outbox_once(store: Store, exam: str) -> None:
    (one,) = store.outgoing.unrouted()
    assert (one.exam_id, one.version, one.stage) == (exam, 1, Stage.MADE)
    assert store.outgoing.route(one, ["b", "a"], why="both", max_attempts=3) == 2
    assert store.outgoing.unrouted() == ()
    store.sign(exam, by="anna", version=1)
    (signed,) = store.outgoing.unrouted()
    assert signed.stage is Stage.SIGNED
    assert store.outgoing.route(signed, ["b", "c"], why="c", max_attempts=3) == 1
    assert {one.rule for one in store.outgoing.of()} == {"a", "b", "c"}
    assert store.outgoing.counts() == {(rule, JobState.QUEUED): 1 for rule in "abc"}
    assert store.jobs.counts() == {(DELIVER, JobState.QUEUED): 3}
    with pytest.raises(NotFoundError, match="no such delivery"):
        store.outgoing.get("f" * 32)


def test_a_delivery_ends_with_its_note_or_not_at_all(store: Store, exam: str) -> None:
    (one,) = store.outgoing.unrouted()
    store.outgoing.route(one, ["a"], why="a", max_attempts=3)
    claim = store.jobs.claim("w", kinds=[DELIVER])
    assert claim is not None
    store.outgoing.finish(claim, "delivered", by="corcal", after={"rule": "a"})
    with pytest.raises(StateError, match="the claim on the job is lost"):
        store.outgoing.finish(claim, "delivered", by="corcal", after={"rule": "a"})
    assert [each.kind for each in store.events(exam)].count("delivered") == 1
    assert store.outgoing.of(states=[JobState.DONE], exam_id=exam)[0].finished_at is not None


@pytest.mark.usefixtures("exam")
def test_a_job_that_went_wrong_waits_and_may_be_revived(store: Store) -> None:
    (one,) = store.outgoing.unrouted()
    store.outgoing.route(one, ["a"], why="a", max_attempts=2)
    claim = store.jobs.claim("w")
    assert claim is not None
    store.jobs.fail(claim, "away", retry=True, delay_s=3600)
    assert store.jobs.claim("w") is None
    (waiting,) = store.outgoing.of()
    assert (waiting.error, waiting.next_at is not None) == ("away", True)
    assert store.outgoing.revive(max_attempts=2) == 0  # it is not dead yet
    assert not store.outgoing.is_superseded(waiting)


def test_a_delivery_that_is_given_up_is_no_failed_exam(store: Store, study: Path) -> None:
    (waits,) = store.import_study(study).exams
    store.jobs.enqueue(DELIVER, exam_id=waits, max_attempts=1)
    claim = store.jobs.claim("w")
    assert claim is not None
    store.jobs.fail(claim, "away")
    assert store.exam(waits).state is ExamState.WAITING


@pytest.mark.usefixtures("exam")
def test_an_archive_answers_a_request_once(store: Store) -> None:
    (one,) = store.outgoing.unrouted()
    store.outgoing.route(one, ["a"], why="a", max_attempts=2)
    (delivery,) = store.outgoing.of()
    out = store.outgoing
    out.ask_commitment(delivery.id, "2.25.1", 4)
    assert out.get(delivery.id).committed is None  # not answered yet
    assert out.answer_commitment("2.25.1", committed=3)
    assert not out.answer_commitment("2.25.1", committed=4)
    assert not out.answer_commitment("2.25.9", committed=4)
    partly = out.get(delivery.id)
    assert (partly.committed, partly.commitment) == (
        False,
        "the archive has taken over 3 of 4 objects",
    )
    out.ask_commitment(delivery.id, "2.25.2", 4)
    assert out.answer_commitment("2.25.2", committed=4)
    assert out.get(delivery.id).committed is True
