"""A run on a Dask cluster: whole whatever dies, never more than a window at once."""

import sys
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import distributed
import pytest

import corcal
from cohort.dask_scorers import score_number
from corcal.cohort import dask_cluster, dask_run
from corcal.cohort.dask_cluster import dask_client
from corcal.cohort.dask_run import Window, run_dask
from corcal.cohort.types import BatchOptions, OutputError, Task, task_key
from corcal.errors import InputError, PeerError

SMALL = Window(least=8, most=8)
ENDS = (("a", "pending"), ("b", "finished"))


def tasks_of(*sources):
    return [Task(key=task_key(source, str(n)), source=source) for n, source in enumerate(sources)]


def rows_of(outcomes):
    return sorted((one.key, one.status, one.exam_row["total_agatston"]) for one in outcomes)


@pytest.fixture(scope="module")
def client():
    """Two worker processes."""
    with dask_client("local", workers=2, memory_mb=1000) as found:
        yield found


def test_workers_that_are_not_started_again_are_replaced(monkeypatch):
    sizes = []
    monkeypatch.setattr(dask_cluster, "_KEEP_S", 0.01)
    with dask_cluster._kept(SimpleNamespace(scale=sizes.append), 3):
        while len(sizes) < 2:
            time.sleep(0.01)
    assert set(sizes) == {3}


@pytest.fixture
def run(client, tmp_path):
    """Do tasks on the cluster, which stays for the next test."""

    @contextmanager
    def kept():
        yield client

    def doing(tasks, *, window=SMALL, **options):
        executor = run_dask(kept(), window=window, scorer=score_number)
        return executor(iter(tasks), BatchOptions(out=str(tmp_path), **options))

    return doing


def test_a_worker_that_is_killed_midway_changes_no_digit_of_the_table(client, run, tmp_path):
    tasks = tasks_of(*["scan"] * 60)
    here = [score_number(task, BatchOptions(out=str(tmp_path))) for task in tasks]
    outcomes = []
    for outcome in run(tasks):
        outcomes.append(outcome)
        if len(outcomes) == 20:
            victim = next(iter(client.scheduler_info()["workers"]))
            pid = client.run(lambda: __import__("os").getpid(), workers=[victim])[victim]
            __import__("os").kill(pid, 9)
    assert len(outcomes) == 60
    assert rows_of(outcomes) == rows_of(here)


def test_a_scan_that_kills_workers_is_named_and_takes_no_other_with_it(run):
    outcomes = list(run(tasks_of(*["scan"] * 5, "deadly", *["scan"] * 5)))
    assert sorted(one.status for one in outcomes) == ["crashed", *["scored"] * 10]
    crashed = next(one for one in outcomes if one.status == "crashed")
    assert (crashed.source, crashed.attempts) == ("deadly", 2)
    assert "also when nothing else was under way" in crashed.reason


def test_a_scan_that_takes_too_long_ends_its_worker(monkeypatch, tmp_path):
    ended = threading.Event()
    monkeypatch.setattr(dask_run, "_give_up", ended.set)

    def slow(task, options):
        assert ended.wait(10)
        return score_number(task, options)

    options = BatchOptions(out=str(tmp_path), time_limit_s=0.01)
    dask_run._do(tasks_of("scan")[0], options, slow, corcal.__version__)
    assert ended.is_set()


def test_a_scan_that_is_in_time_ends_nothing(monkeypatch, tmp_path):
    ended = threading.Event()
    monkeypatch.setattr(dask_run, "_give_up", ended.set)
    options = BatchOptions(out=str(tmp_path), time_limit_s=0.05)
    dask_run._do(tasks_of("scan")[0], options, score_number, corcal.__version__)
    assert not ended.wait(0.2)


def test_the_scheduler_never_has_more_than_a_window_of_tasks(run):
    taken, given, most = 0, 0, 0

    def endless():
        nonlocal taken
        for task in tasks_of(*["scan"] * 40):
            taken += 1
            yield task

    for _ in run(endless()):
        most = max(most, taken - given)
        given += 1
    assert given == 40
    assert most <= 8


def test_a_full_disk_ends_the_run(run):
    with pytest.raises(OutputError, match="no space left on device"):
        list(run(tasks_of("scan", "full")))


def test_an_error_that_is_not_of_corcal_ends_the_run_as_the_fault_of_the_cluster(run):
    with pytest.raises(PeerError, match=r"workers .* cannot run corcal \(ZeroDivisionError\)"):
        list(run(tasks_of("defect")))


def test_workers_of_another_release_are_refused(run, monkeypatch):
    monkeypatch.setattr(dask_run, "__version__", "99.0")
    with pytest.raises(PeerError, match=r"a worker has corcal \S+, this is 99\.0"):
        list(run(tasks_of("scan")))


def test_tasks_that_the_scheduler_forgets_are_given_again(client, run):
    outcomes = []
    for outcome in run(tasks_of(*["scan"] * 30)):
        outcomes.append(outcome)
        if len(outcomes) == 5:
            keys = [key for key in client.futures if key[0] == "corcal-scan"]
            client.cancel([distributed.Future(key, client) for key in keys])
    assert len({one.key for one in outcomes}) == len(outcomes) == 30


def test_a_task_that_is_forgotten_again_and_again_is_failed(monkeypatch):
    monkeypatch.setattr(dask_run, "_LOST", -1)
    task = tasks_of("scan")[0]
    submission = dask_run._Submission(None, None, None, SMALL)
    (outcome,) = submission._failed(task, 1, SimpleNamespace(status="cancelled"))
    assert (outcome.status, outcome.error) == ("failed", "PeerError")


def test_a_result_that_is_lost_with_its_worker_is_waited_for(client):
    # One was done when it was looked at and is not any more, one is lost while it is fetched.
    task = tasks_of("scan")[0]
    futures = [SimpleNamespace(key=key, status=status) for key, status in ENDS]
    again = []
    submission = dask_run._Submission(client, None, None, SMALL)
    submission._client = SimpleNamespace(gather=lambda *_, **__: {})
    submission._done = SimpleNamespace(next_batch=lambda **_: futures, add=again.append)
    submission._under_way = {future.key: (task, 1) for future in futures}
    assert list(submission._news()) == []
    assert again == futures
    assert len(submission._under_way) == 2


def test_a_cluster_that_goes_away_ends_the_run(run, monkeypatch):
    def gone(*_, **__):
        raise OSError

    outcomes = run(tasks_of(*["scan"] * 40))  # more than can be under way when the first is done
    next(outcomes)
    monkeypatch.setattr(dask_run._Submission, "_news", gone)
    with pytest.raises(PeerError, match="the Dask cluster is away"):
        list(outcomes)


def test_the_window_grows_with_the_cluster_up_to_its_bound():
    assert [Window().size(threads) for threads in (1, 100, 1000, 100_000)] == [64, 400, 4000, 4000]


def test_a_scheduler_that_runs_is_found_by_address_and_by_file(client, tmp_path):
    client.wait_for_workers(2, timeout=60)
    with dask_client(client.scheduler.address) as found:
        assert len(found.nthreads()) == 2
    file = tmp_path / "scheduler.json"
    file.write_text(f'{{"address": "{client.scheduler.address}"}}', encoding="utf-8")
    with dask_client(str(file)) as found:
        assert len(found.nthreads()) == 2


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_S", 0.2)
    with (
        pytest.raises(PeerError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 "),
        dask_client("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize(("where", "package"), [("slurm", "jobqueue"), ("kubernetes", "kubern")])
def test_clusters_that_are_started_need_their_package_and_a_number(where, package):
    with pytest.raises(InputError, match="needs --workers"), dask_client(where):
        pass
    with (
        pytest.raises(InputError, match=f"pip install dask-{package}"),
        dask_client(where, workers=2),
    ):
        pass


def test_without_distributed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'pip install "corcal\[dask\]"'), dask_client("local"):
        pass


@pytest.fixture
def started(client, monkeypatch):
    """Put recorders in the place of the packages that start clusters."""
    calls = []

    class Cluster:
        def __init__(self, **options):
            calls.append(options)
            self.scheduler_address = client.scheduler.address

        def __enter__(self):
            return client.cluster

        def __exit__(self, *_):
            pass

        def scale(self, workers):
            calls.append(workers)

    fake = SimpleNamespace(SLURMCluster=Cluster, KubeCluster=Cluster)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", fake)
    monkeypatch.setitem(sys.modules, "dask_kubernetes.operator", fake)
    return calls


def test_slurm_gets_a_job_a_worker_and_keeps_what_the_site_says(started):
    import dask

    with (
        dask.config.set({"jobqueue.slurm.job-script-prologue": ["module load python"]}),
        dask_client("slurm", workers=7, memory_mb=3000),
    ):
        options, how = started
    assert (options["cores"], options["processes"], options["memory"]) == (1, 1, "3000MiB")
    assert options["job_script_prologue"][0] == "module load python"
    assert "export OMP_NUM_THREADS=1" in options["job_script_prologue"]
    assert how == 7


def test_kubernetes_gets_a_pod_a_worker_and_keeps_what_the_site_says(started):
    import dask

    site = [{"name": "SCRATCH", "value": "/run/token"}]
    with (
        dask.config.set({"kubernetes.env": site}),
        dask_client("kubernetes", workers=3, memory_mb=3000),
    ):
        (options,) = started
    assert options["n_workers"] == 3
    assert options["resources"] == {"limits": {"cpu": "1", "memory": "3000Mi"}}
    assert options["env"]["SCRATCH"] == "/run/token"
    assert options["env"]["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] == "1"
