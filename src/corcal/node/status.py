"""What `corcal node status` shows: also of a node that does not run."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corcal.node import outbox
from corcal.node.refusals import read_refusals
from corcal.node.run import FOLDER, RUNNING, is_running
from corcal.store.records import JobState, WorklistQuery
from corcal.store.store import Store

__all__ = ["node_status", "status_lines"]

_MOST_REFUSALS = 20
_MB = 2**20


def node_status(store: Store, data: Path) -> dict[str, Any]:
    """Collect how the node is doing, for people and for programs.

    Parameters
    ----------
    store : Store
        Open.
    data : Path
        Its data folder.
    """
    folder = data / FOLDER
    running = is_running(folder)
    counts = store.worklist(WorklistQuery(limit=1)).counts
    jobs = Counter(
        f"{job.kind} {job.state}"
        for job in store.jobs.of(states=(JobState.QUEUED, JobState.RUNNING, JobState.FAILED))
    )
    return {
        "is_running": running,
        "node": _told(folder) if running else None,
        "coming_in": _folders(folder / "spool"),
        "being_taken": _folders(folder / "taking"),
        "set_aside": _folders(folder / "set_aside"),
        "exams": {str(state): count for state, count in counts.items() if count},
        "jobs": dict(sorted(jobs.items())),
        "deliveries": list(outbox.summary(store)),
        "refused": [
            {
                "at": one.at,
                "kind": one.kind,
                "why": one.why,
                "aet": one.aet,
                "address": one.address,
                "count": one.count,
            }
            for one in [*read_refusals(folder)][-_MOST_REFUSALS:]
        ],
    }


def status_lines(status: dict[str, Any]) -> Iterator[str]:
    """Say it to a person."""
    yield from _process_lines(status)
    coming = status["coming_in"]
    yield f"coming in       {_studies(coming)}"
    if status["being_taken"]["studies"]:
        yield f"being taken in  {_studies(status['being_taken'])}"
    if status["set_aside"]["studies"]:
        yield f"set aside       {_studies(status['set_aside'])}: nothing of use in them"
    yield f"exams           {_named(status['exams']) or 'none'}"
    yield f"jobs            {_named(status['jobs']) or 'none that wait or failed'}"
    yield from status["deliveries"]
    if not status["refused"]:
        yield "refused         nothing"
        return
    yield "refused"
    for one in status["refused"]:
        who = " at ".join(part for part in (one["aet"], one["address"]) if part) or "unknown"
        times = f" ({one['count']} times)" if one["count"] > 1 else ""
        yield f"  {one['at']}  {one['kind']:<11} {who}: {one['why']}{times}"


def _process_lines(status: dict[str, Any]) -> Iterator[str]:
    node = status["node"]
    if node is None:
        yield "node            " + ("starting" if status["is_running"] else "not running")
        return
    figures = node["figures"]
    yield f"node            {node['aet']} at {node['host']}:{node['port']}, since {node['since']}"
    if node["trouble"]:
        yield f"trouble         {node['trouble']}"
    opened, total = figures["associations_open"], figures["associations_total"]
    yield f"associations    {opened} open, {total} so far"
    yield (
        f"objects         {figures['objects_received']} received, "
        f"{figures['objects_duplicate']} there already, {figures['objects_refused']} refused, "
        f"{figures['objects_cut_off']} cut off"
    )
    yield f"studies         {figures['studies_taken']} taken in"
    yield f"free            {figures['disk_free_mb']} MB of the disk"


def _told(folder: Path) -> dict[str, Any] | None:
    """Read what a running node says of itself; None if it has said nothing yet."""
    try:
        told: dict[str, Any] = json.loads((folder / RUNNING).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return told


def _folders(folder: Path) -> dict[str, int]:
    """Count studies, objects and bytes; folders may go away meanwhile."""
    found = {"studies": 0, "objects": 0, "bytes": 0}
    for study in folder.glob("*"):
        found["studies"] += 1
        for path in study.glob("[0-9a-f]*"):
            try:
                found["bytes"] += path.stat().st_size
            except FileNotFoundError:
                continue
            found["objects"] += 1
    return found


def _studies(found: dict[str, int]) -> str:
    size = f"{found['bytes'] / _MB:.1f} MB"
    return f"{found['studies']} studies, {found['objects']} objects, {size}"


def _named(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
