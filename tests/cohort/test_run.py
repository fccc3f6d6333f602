"""A run: what is finished is not done again, and what is listed twice is done once."""

import pytest

from cohort_scorers import options_for, quick, scored, task_of
from corcal.cohort.ledger import Ledger, read_outcomes
from corcal.cohort.run import MAX_PEER_ERRORS, run
from corcal.cohort.types import ended
from corcal.errors import PeerError


def executor_of(make, seen):
    """An executor that does tasks here, and notes which."""

    def execute(tasks, options):
        for task in tasks:
            seen.append(task.source)
            yield make(task, options)

    return execute


def test_a_second_run_does_only_what_the_first_has_not_finished(tmp_path):
    options, seen = options_for(tmp_path), []
    with Ledger(tmp_path) as ledger:
        first = run([task_of("a"), task_of("b")], options, ledger, executor_of(quick, seen))
        skips = []
        second = run(
            [task_of(name) for name in "abc"],
            options,
            ledger,
            executor_of(quick, seen),
            skip=lambda: skips.append(1),
        )
    assert seen == ["a", "b", "c"]
    assert (first.done, first.skipped, dict(first.counts)) == (2, 0, {"unfit": 2})
    assert (second.done, second.skipped, len(skips)) == (1, 2, 2)


def test_a_task_that_comes_twice_is_done_once(tmp_path):
    seen = []
    with Ledger(tmp_path) as ledger:
        options = options_for(tmp_path)
        first = run([task_of("a")] * 3, options, ledger, executor_of(quick, seen))
        second = run([task_of("a")] * 3, options, ledger, executor_of(quick, seen))
    assert seen == ["a"]
    assert (first.done, first.skipped, first.repeated) == (1, 0, 2)
    assert (second.done, second.skipped, second.repeated) == (0, 3, 0)


def test_a_listener_hears_of_an_outcome_when_it_is_in_the_ledger(tmp_path):
    heard = []

    def listen(outcome):
        assert outcome in list(read_outcomes(tmp_path))
        heard.append(outcome.source)

    with Ledger(tmp_path) as ledger:
        made = executor_of(lambda task, _: scored(task), [])
        run([task_of("a")], options_for(tmp_path), ledger, made, listen=listen)
    assert heard == ["a"]


def test_tasks_are_made_when_they_are_needed(tmp_path):
    made = []

    def tasks():
        for number in range(5):
            made.append(number)
            yield task_of(str(number))

    def one_only(tasks, options):
        yield quick(next(tasks), options)

    with Ledger(tmp_path) as ledger:
        run(tasks(), options_for(tmp_path), ledger, one_only)
    assert made == [0]


def test_a_server_that_is_away_ends_the_run_and_not_one_scan_after_the_other(tmp_path):
    seen = []
    away = executor_of(lambda task, _: ended(task, "failed", "no", error="PeerError"), seen)
    with Ledger(tmp_path) as ledger:
        with pytest.raises(
            PeerError, match="20 studies in a row could not be fetched: no; the same"
        ):
            run([task_of(str(n)) for n in range(99)], options_for(tmp_path), ledger, away)
        assert ledger.finished() == set()
    assert len(seen) == MAX_PEER_ERRORS
