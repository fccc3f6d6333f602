"""Figures of the node for Prometheus, in its text format (version 0.0.4).

A few lines: a client library would bring a registry of its own, which forgets at every restart what
the store knows. What stands in the store is counted there, so that restarts lose nothing.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from corcal._version import __version__
from corcal.node import outbox
from corcal.store.records import JobState
from corcal.store.store import Store

__all__ = ["CONTENT_TYPE", "metrics_text"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Figures of the intake that only grow while it runs; all others go up and down
_COUNTERS = (
    *("associations_total", "objects_received", "objects_duplicate", "objects_refused"),
    *("objects_cut_off", "bytes_received", "connections_refused", "associations_refused"),
    *("messages_refused", "studies_taken", "studies_refused"),
)
_WAITING = (JobState.QUEUED, JobState.RUNNING)

Labels = Mapping[str, str]
Sample = tuple[Labels, float]


def metrics_text(figures: Any, store: Store) -> str:
    """Write all figures.

    Parameters
    ----------
    figures : dataclass
        Of the intake; its numbers become ``corcal_node_...``.
    store : Store
        Whose exams, jobs and deliveries are counted.

    Returns
    -------
    str
        Names of states and rules, and numbers: nothing of a patient.
    """
    lines = [*_metric("build_info", "gauge", [({"version": __version__}, 1)])]
    for field in dataclasses.fields(figures):
        value = getattr(figures, field.name)
        if isinstance(value, int | float):
            is_counter = field.name in _COUNTERS
            name = f"node_{field.name.removesuffix('_total')}" + ("_total" if is_counter else "")
            lines += _metric(name, "counter" if is_counter else "gauge", [({}, float(value))])
    lines += _of_the_store(store)
    return "\n".join(lines) + "\n"


def _of_the_store(store: Store) -> Iterable[str]:
    exams = store.worklist().counts
    yield from _metric(
        "exams", "gauge", [({"state": str(state)}, n) for state, n in sorted(exams.items())]
    )
    jobs = store.jobs.counts()
    yield from _metric(
        "jobs", "gauge", [({"kind": kind, "state": str(s)}, n) for (kind, s), n in jobs.items()]
    )
    sent = outbox.states(store)
    yield from _metric(
        "deliveries", "gauge", [({"rule": rule, "state": s}, n) for (rule, s), n in sent.items()]
    )
    began = [one.created_at for one in store.outgoing.of(states=_WAITING, limit=10_000)]
    oldest_s = (datetime.now(UTC) - min(began)).total_seconds() if began else 0.0
    yield from _metric("outbox_oldest_seconds", "gauge", [({}, max(oldest_s, 0.0))])


def _metric(name: str, kind: str, samples: Iterable[Sample]) -> list[str]:
    full = f"corcal_{name}"
    lines = [f"# TYPE {full} {kind}"]
    for labels, value in samples:
        said = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        lines.append(f"{full}{{{said}}} {value:.10g}" if said else f"{full} {value:.10g}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
