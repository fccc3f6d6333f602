"""Where the workers are: a scheduler that runs already, or a cluster that is started for the run.

What is particular to a site (queue, account, image, volumes) is Dask's own configuration: the
sections ``jobqueue.slurm`` and ``kubernetes`` of its YAML files.
"""

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from corcal.cohort.dask_run import distributed
from corcal.cohort.local import MAX_ATTEMPTS, worker_count
from corcal.cohort.types import DEFAULT_MEMORY_MB
from corcal.errors import InputError, PeerError

__all__ = ["STARTED", "dask_client"]

STARTED = ("local", "slurm", "kubernetes")
"""Clusters that are started for a run, and end with it."""

_SCALED = ("local", "slurm")  # Kubernetes keeps its pods by itself
_CONNECT_S = 30.0
_KEEP_S = 10.0  # how often missing workers are asked for
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_EXTRA = {"slurm": "dask_jobqueue", "kubernetes": "dask_kubernetes.operator"}
_DISTRIBUTION = {"slurm": "dask-jobqueue", "kubernetes": "dask-kubernetes"}

# A scan that kills its worker is begun once more, as on one machine; and a worker is given the scan
# that it does and no other, so that none is lost with it that it had not begun.
_SCHEDULER = {
    "distributed.scheduler.allowed-failures": MAX_ATTEMPTS - 1,
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.deploy.lost-worker-timeout": "5s",  # then its place is free for another
}
# The scheduler of Kubernetes is another process: it reads the same from its environment.
_SCHEDULER_ENV = {
    f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": str(value)
    for name, value in _SCHEDULER.items()
}


@contextmanager
def dask_client(
    where: str, *, workers: int | None = None, memory_mb: int = DEFAULT_MEMORY_MB
) -> Iterator[Any]:
    """Connect to a cluster, started for it if need be.

    Parameters
    ----------
    where : str
        Address of a scheduler (``tcp://host:8786``), path of its scheduler file, or one of
        `STARTED`.
    workers : int, optional
        Of a cluster that is started: how many processes, each with one core. By default those
        that this machine has room for; SLURM and Kubernetes need the number.
    memory_mb : int
        Of a cluster that is started: what a worker may use; Dask ends one that uses more.

    Yields
    ------
    distributed.Client

    Raises
    ------
    InputError
        If a package that is needed is not installed, or the number of workers is missing.
    PeerError
        If the scheduler does not answer.
    """
    dask = distributed()
    with ExitStack() as stack:
        if where in STARTED:
            stack.enter_context(importlib.import_module("dask").config.set(_SCHEDULER))
            cluster = stack.enter_context(_started(dask, where, workers, memory_mb))
            if where in _SCALED:
                stack.enter_context(_kept(cluster, workers or worker_count(memory_mb)))
            yield stack.enter_context(dask.Client(cluster))
            return
        is_file = os.path.sep in where and "://" not in where
        address = {"scheduler_file": where} if is_file else {"address": where}
        try:
            client = dask.Client(**address, timeout=_CONNECT_S, name="corcal-batch")
        except (OSError, TimeoutError, ValueError) as exc:
            msg = f"no Dask scheduler answers at {where} ({type(exc).__name__})"
            raise PeerError(msg) from exc
        yield stack.enter_context(client)


@contextmanager
def _kept(cluster: Any, workers: int) -> Iterator[None]:
    """Keep a cluster at its size: what starts a worker again does not always manage to.

    A job that a queue ended for its time is one such case, a worker that dies while it is being
    started another.
    """
    over = threading.Event()

    def keep() -> None:
        while not over.wait(_KEEP_S):
            cluster.scale(workers)

    keeper = threading.Thread(target=keep, name="corcal-dask-workers", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _started(dask: Any, where: str, workers: int | None, memory_mb: int) -> Any:
    """Start a cluster of one kind."""
    if where == "local":
        return dask.LocalCluster(
            n_workers=workers or worker_count(memory_mb),
            threads_per_worker=1,
            processes=True,
            memory_limit=memory_mb * 2**20,
            dashboard_address="127.0.0.1:0",  # two runs on a machine are no conflict
            env=_ONE_THREAD,
        )
    if workers is None:
        msg = f"--scheduler {where} needs --workers: how many processes may be started"
        raise InputError(msg)
    module = _module(where)
    site = importlib.import_module("dask").config  # what it says is added to, not replaced
    if where == "slurm":
        prologue = site.get("jobqueue.slurm.job-script-prologue", None) or []
        cluster = module.SLURMCluster(
            cores=1,
            processes=1,
            memory=f"{memory_mb}MiB",
            job_script_prologue=[
                *prologue,
                *(f"export {name}={value}" for name, value in _ONE_THREAD.items()),
            ],
        )
        cluster.scale(workers)
        return cluster
    env = site.get("kubernetes.env", None) or {}
    if not isinstance(env, dict):  # Kubernetes' own way to write it
        env = {one["name"]: one.get("value", "") for one in env}
    return module.KubeCluster(
        name=f"corcal-{os.getpid()}",
        n_workers=workers,
        resources={"limits": {"cpu": "1", "memory": f"{memory_mb}Mi"}},
        worker_command="dask-worker --nthreads 1",
        env={**env, **_ONE_THREAD, **_SCHEDULER_ENV},
    )


def _module(where: str) -> Any:
    try:
        return importlib.import_module(_EXTRA[where])
    except ImportError as exc:
        name = _DISTRIBUTION[where]
        msg = f"--scheduler {where} needs {name}, which is not installed: pip install {name}"
        raise InputError(msg) from exc
