"""Processes: one that dies takes one scan with it, and none outlives the run."""

import multiprocessing
import os
import signal
from dataclasses import replace

import pytest

from cohort_scorers import crashing, die, full, options_for, quick, slow, task_of
from corcal.cohort import local
from corcal.cohort.local import hired, run_here, run_local, worker_count
from corcal.cohort.types import OutputError
from corcal.errors import CorcalError


def sources_by_status(outcomes):
    found = {}
    for one in outcomes:
        found.setdefault(one.status, []).append(one.source)
    return {status: sorted(names) for status, names in found.items()}


def test_all_tasks_are_done_by_other_processes_as_many_as_wanted(tmp_path):
    execute = run_local(workers=2, scorer=quick)
    tasks = [task_of(str(number)) for number in range(20)]
    outcomes = list(execute(iter(tasks), options_for(tmp_path)))
    assert {one.key for one in outcomes} == {one.key for one in tasks}
    by = {one.reason for one in outcomes}
    assert 1 <= len(by) <= 2
    assert f"done by {os.getpid()}" not in by
    assert {one.attempts for one in outcomes} == {1}


def test_no_task_is_taken_before_somebody_can_begin_it(tmp_path):
    taken = []

    def tasks():
        for number in range(50):
            taken.append(number)
            yield task_of(str(number))

    outcomes = run_local(workers=1, scorer=quick)(tasks(), options_for(tmp_path))
    for done in range(1, 4):
        next(outcomes)
        assert len(taken) == done
    outcomes.close()


def test_a_scan_that_kills_two_processes_is_called_crashed_and_one_is_not(tmp_path):
    names = ["1", "bad", "2", "once", "3"]
    execute = run_local(workers=1, scorer=crashing)
    outcomes = list(execute((task_of(name) for name in names), options_for(tmp_path)))
    assert sources_by_status(outcomes) == {"crashed": ["bad"], "unfit": ["1", "2", "3", "once"]}
    of = {one.source: one for one in outcomes}
    assert (of["bad"].attempts, of["once"].attempts, of["1"].attempts) == (2, 2, 1)
    assert of["bad"].reason == "2 processes died of it, the last of signal SIGSEGV"


def test_a_scan_that_takes_too_long_is_given_up_and_the_others_are_done(tmp_path):
    options = replace(options_for(tmp_path), time_limit_s=0.2)
    execute = run_local(workers=2, scorer=slow)
    outcomes = list(execute((task_of(name) for name in ("slow", "1", "2")), options))
    assert sources_by_status(outcomes) == {"failed": ["slow"], "unfit": ["1", "2"]}
    (late,) = (one for one in outcomes if one.status == "failed")
    assert (late.error, late.reason) == ("TimeLimit", "it took longer than 0.2 s (--time-limit)")


def test_results_that_cannot_be_written_end_the_run(tmp_path):
    execute = run_local(workers=1, scorer=full)
    with pytest.raises(OutputError, match="no space left on device"):
        list(execute(iter([task_of("a")]), options_for(tmp_path)))


def test_processes_end_with_the_run_also_in_the_middle_of_a_scan(tmp_path):
    outcomes = run_local(workers=2, scorer=slow)(
        (task_of(name) for name in ("slow", "1")), options_for(tmp_path)
    )
    next(outcomes)
    outcomes.close()
    assert multiprocessing.active_children() == []


def test_processes_are_there_before_the_first_task_is(tmp_path):
    options = options_for(tmp_path)
    with hired(options, workers=2, scorer=quick) as execute:
        first = {one.pid for one in multiprocessing.active_children()}
        assert len(first) == 2
        outcomes = list(execute((task_of(name) for name in "abcd"), options))
        assert {one.reason for one in outcomes} <= {f"done by {pid}" for pid in first}
        assert len(outcomes) == 4
    assert multiprocessing.active_children() == []


def test_processes_that_never_get_a_task_end_as_well(tmp_path):
    options = options_for(tmp_path)
    with hired(options, workers=2, scorer=quick) as execute:
        assert list(execute(iter([]), options)) == []
    with pytest.raises(KeyboardInterrupt), hired(options, workers=2, scorer=quick):
        raise KeyboardInterrupt
    assert multiprocessing.active_children() == []


def test_no_scan_is_blamed_for_a_process_that_died_before_it(tmp_path):
    options = options_for(tmp_path)
    with hired(options, workers=1, scorer=quick) as execute:
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()
        (outcome,) = execute(iter([task_of("a")]), options)
    assert (outcome.status, outcome.attempts) == ("unfit", 1)


def test_processes_that_cannot_load_what_they_need_end_the_run_and_blame_no_scan(
    tmp_path, monkeypatch
):
    broken = tmp_path / "broken" / "onnxruntime"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise AttributeError('no such symbol')")
    monkeypatch.syspath_prepend(broken.parent)
    options = options_for(tmp_path)
    with (
        hired(options, workers=1) as execute,
        pytest.raises(CorcalError, match="scoring cannot begin: AttributeError: no such symbol"),
    ):
        list(execute(iter([task_of("a")]), options))


def test_processes_that_die_before_they_begin_end_the_run_and_blame_no_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "_serve", die)
    options = options_for(tmp_path)
    told = "3 processes died before they could begin, the last of exit code 3: is there memory"
    with (
        hired(options, workers=1, scorer=quick) as execute,
        pytest.raises(CorcalError, match=told),
    ):
        list(execute(iter([task_of("a")]), options))


def test_ctrl_c_waits_until_a_process_has_begun():
    with local._undisturbed():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_variables_of_the_environment_are_as_before(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with local._one_thread():
        assert (os.environ["OMP_NUM_THREADS"], os.environ["MKL_NUM_THREADS"]) == ("1", "1")
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.parametrize(
    ("cores", "free_mb", "count"),
    [
        (8, 100_000, 8),
        (8, 600 + 2 * 3000, 2),
        (8, 600 + 3 * 3000 - 1, 2),
        (8, 100, 1),
        (4, None, 4),
    ],
)
def test_there_are_as_many_processes_as_cores_and_memory_allow(monkeypatch, cores, free_mb, count):
    monkeypatch.setattr(local, "_cores", lambda: cores)
    monkeypatch.setattr(local, "available_mb", lambda: free_mb)
    assert worker_count(3000) == count


def test_tasks_can_be_done_in_this_process(tmp_path):
    (outcome,) = run_here(iter([task_of(str(tmp_path / "nothing"))]), options_for(tmp_path))
    assert (outcome.status, outcome.error) == ("failed", "FileNotFoundError")
