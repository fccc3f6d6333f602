"""Real processes at one store: writing at once, and killed in the middle."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from corcal.errors import StateError
from corcal.store import folder, importing
from corcal.store.folder import DataFolder, Incoming
from corcal.store.records import ExamState, JobState
from corcal.store.store import Store
from store.conftest import Place
from store.study_maker import SLICES, VOXELS, add_exam, files_of, result_for, write_study

FORK = multiprocessing.get_context("fork")
WORKERS = 3
STEPS = 8


def run_all(target: Callable[..., None], arguments: list[tuple[object, ...]]) -> list[int | None]:
    """Run a function in a process for each of the arguments; gives their exit codes."""
    processes = [FORK.Process(target=target, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def write_steps(place: Place, exam: str, who: str) -> None:
    """What a reader's process does."""
    with place.open() as store:
        for number in range(STEPS):
            store.add_event(exam, "assign", by=who, after=number)


def work(place: Place, who: str) -> None:
    """What a worker's process does: every job that it gets hold of."""
    with place.open() as store:
        while (job := store.jobs.claim(who)) is not None:
            exam = str(job.exam_id)
            store.set_state(exam, ExamState.SCORING, by=who)
            store.jobs.renew(job, progress=0.5)
            store.add_result(exam, result_for(store, exam), voxels=VOXELS, by=who, claim=job)


def import_one(place: Place, path: Path) -> None:
    """What an upload's process does."""
    with place.open() as store:
        store.import_study(path, job_kind="score")


def test_several_processes_write_one_history_without_gaps(
    store: Store, study: Path, place: Place
) -> None:
    (exam,) = store.import_study(study).exams
    names = [f"reader {number}" for number in range(WORKERS)]
    assert run_all(write_steps, [(place, exam, name) for name in names]) == [0] * WORKERS
    events = store.events(exam, after=1)
    assert [event.sequence for event in events] == list(range(2, 2 + WORKERS * STEPS))
    for name in names:
        assert [event.after for event in events if event.by == name] == list(range(STEPS))


def test_uploads_and_workers_at_once_end_with_every_exam_scored_once(
    place: Place, tmp_path: Path
) -> None:
    paths = [tmp_path / str(number) for number in range(4)]
    for number, path in enumerate(paths, start=1):
        write_study(path, study_uid=f"2.25.{number}", series_uid=f"2.25.{number}.1", hu=number)
    # One study comes twice at the same time
    assert run_all(import_one, [(place, path) for path in [*paths, paths[0]]]) == [0] * 5
    with place.open() as store:
        assert len(store.jobs.of(states=[JobState.QUEUED])) == 4
        assert run_all(work, [(place, f"w{number}") for number in range(WORKERS)]) == [0] * WORKERS
        page = store.worklist()
        assert [exam.state for exam in page.exams] == [ExamState.TO_REVIEW] * 4
        assert [exam.latest_version for exam in page.exams] == [1] * 4
        assert {job.attempts for job in store.jobs.of()} == {1}
        assert store.verify().is_whole
        assert len(files_of(store)) == 4 * SLICES + 1  # and one file of voxels for all


def kill_at(call: int, owner: object, name: str) -> None:
    """Kill this process in place of the nth call of a function."""
    real = getattr(owner, name)
    calls = iter(range(1, call))

    def counted(*args: object, **options: object) -> object:
        if next(calls, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)

    setattr(owner, name, counted)


def killed_import(place: Place, path: Path, call: int, owner: object, name: str) -> None:
    """An import that is killed on the way."""
    with place.open() as store:
        kill_at(call, owner, name)
        store.import_study(path, job_kind="score")


# Where it dies, and whether the study is in the store nevertheless
DEATHS = [
    pytest.param(5, Incoming, "receive", False, id="while copying"),
    pytest.param(1, Incoming, "announce", False, id="all copied"),
    pytest.param(1, DataFolder, "place", False, id="announced"),
    pytest.param(5, Path, "replace", False, id="some files in their places"),
    pytest.param(1, importing, "_known", False, id="all files in their places"),
    pytest.param(1, importing, "_new_exam", False, id="rows half written"),
    pytest.param(1, importing, "insert_job", False, id="rows written"),
    pytest.param(1, importing, "ImportReport", True, id="committed"),
    pytest.param(1, folder.shutil, "rmtree", True, id="before tidying"),
]


@pytest.mark.parametrize(("call", "owner", "name", "is_there"), DEATHS)
def test_an_import_killed_at_any_point_is_whole_or_absent(
    place: Place, study: Path, call: int, owner: object, name: str, is_there: bool
) -> None:
    place.open().close()
    (code,) = run_all(killed_import, [(place, study, call, owner, name)])
    assert code == -signal.SIGKILL
    with place.open() as store:
        assert not list((store.folder.root / "incoming").iterdir())
        expected = SLICES if is_there else 0
        assert len(files_of(store)) == expected
        assert store.verify().file_count == expected
        assert store.verify().is_whole
        assert store.worklist().total == len(store.jobs.of()) == int(is_there)
        # and the next attempt succeeds, or has nothing to do
        report = store.import_study(study, job_kind="score")
        assert report.new_file_count == SLICES - expected
        assert store.worklist().total == len(store.jobs.of()) == 1
        assert store.verify().is_whole


def killed_delete(place: Place, patient: str, call: int, owner: object, name: str) -> None:
    """A deletion that is killed on the way."""
    with place.open() as store:
        kill_at(call, owner, name)
        store.delete_patient(patient, by="eva")


def test_a_deletion_that_is_killed_is_finished_by_the_next_one(
    store: Store, place: Place, study: Path
) -> None:
    (exam,) = store.import_study(study).exams
    patient = store.exam(exam).patient.id
    run_all(killed_delete, [(place, patient, 4, DataFolder, "remove")])
    assert store.worklist().total == 0
    assert 0 < len(files_of(store)) < SLICES
    with place.open() as again:
        assert files_of(again) == set()
        assert again.verify().is_whole
        assert len(again.tombstones()) == 1


def killed_worker(place: Place) -> None:
    """A worker that dies with its result in its hands."""
    with place.open() as store:
        job = store.jobs.claim("killed", lease_s=0.0)
        assert job is not None
        exam = str(job.exam_id)
        store.set_state(exam, ExamState.SCORING)
        kill_at(1, importing, "_known")
        store.add_result(exam, result_for(store, exam), voxels=VOXELS, claim=job)


def test_a_killed_worker_leaves_the_job_to_the_next_one(place: Place, tmp_path: Path) -> None:
    with place.open() as store:
        exam = add_exam(store, tmp_path / "in", 1)
        store.jobs.enqueue("score", exam_id=exam)
        assert run_all(killed_worker, [(place,)]) == [-signal.SIGKILL]
        assert store.exam(exam).state is ExamState.SCORING
        work(place, "next")
        found = store.exam(exam)
        assert (found.state, found.latest_version) == (ExamState.TO_REVIEW, 1)
        assert store.jobs.of()[0].attempts == 2
        assert len(files_of(store)) == SLICES + 1
        with pytest.raises(StateError, match="lost"):
            store.jobs.finish(store.jobs.of()[0])
