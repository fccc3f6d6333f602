"""Send studies to the node while it is killed, its disk is filled, and associations are aborted.

``python -m benchmarks.node_kills [STUDIES [KILLS]]``: by default 200 studies of 12 small images by
8 associations at once, five times ``kill -9`` of the node, and its disk (a tmpfs of 128 MB, which
needs root) filled up once for some seconds. Senders do what archives do: what was not answered by
success is sent again, until it is. Meanwhile a caller who is not known, and one whose objects are
cut off, try their luck.

Scoring is by threshold (`benchmarks.quick_scoring`), as what is measured is that nothing is lost
and nothing is done twice; everything else is the product as it is: its node, its store, its table
of jobs, its workers.
"""

import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread

from benchmarks.node_process import Node, filled_up, small_disk
from benchmarks.node_senders import Sender, cut_off_object, simulated_studies, strangers
from benchmarks.serve_kills import free_port
from corcal.interop.send.association import as_they_are
from corcal.node.object_header import known_objects, same_dataset
from corcal.node.run import FOLDER
from corcal.store.records import WorklistQuery
from corcal.store.store import Store


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it ended."""

    exams: Counter[str]
    objects_answered: int
    objects_lost: int
    objects_changed: int
    left_over: int
    is_store_whole: bool
    statuses: Counter[str]
    strangers: Counter[str]
    sending_s: float
    all_s: float
    memory_mb: float


def run(
    data: Path,
    studies: Sequence[Path],
    *,
    kills: int,
    seed: int,
    associations: int = 8,
    fill: Callable[[], None] | None = None,
    cut_off: Path | None = None,
    quiet_s: float = 8.0,
    every_s: tuple[float, float] = (6.0, 14.0),
    wait_s: float = 900.0,
    work: Callable[[Store], None] | None = None,
) -> Outcome:
    """Send studies while the node is killed; how they ended.

    Parameters
    ----------
    fill : callable, optional
        Fills the disk up, and frees it again.
    work : callable, optional
        Does jobs in place of the node's workers.
    """
    chance = random.Random(seed)  # noqa: S311  (moments, not secrets)
    node = Node(data, free_port(), quiet_s=quiet_s, workers=2 if work is None else 0)
    node.start()
    senders = [
        Sender(node.port, random.Random(seed + number))  # noqa: S311
        for number in range(associations)
    ]
    began, over = time.monotonic(), threading.Event()
    with as_they_are(), ThreadPoolExecutor(associations + 1) as pool:
        tried = pool.submit(strangers, node.port, cut_off, over) if cut_off else None
        parts = [
            pool.submit(
                lambda one, some: [one.send(each) for each in some],
                sender,
                studies[n::associations],
            )
            for n, sender in enumerate(senders)
        ]
        for number in range(kills):
            time.sleep(chance.uniform(*every_s))
            node.kill()
            node.start()
            if fill is not None and number == kills // 2:
                fill()
        for part in parts:
            part.result()
        sending_s = time.monotonic() - began
        _settle(data, len(studies), wait_s, work)
        over.set()
        found = tried.result() if tried else Counter()
    node.stop()
    return _outcome(data, studies, senders, found, node, sending_s, time.monotonic() - began)


def _settle(data: Path, count: int, wait_s: float, work: Callable[[Store], None] | None) -> None:
    """Wait until every study has a result."""
    until = time.monotonic() + wait_s
    with Store(data) as store:
        while time.monotonic() < until:
            if work is not None:
                work(store)
            counts = store.worklist().counts
            if counts.get("to_review", 0) == sum(counts.values()) == count:
                return
            time.sleep(0.5)


def _outcome(
    data: Path,
    studies: Sequence[Path],
    senders: Sequence[Sender],
    found: Counter[str],
    node: Node,
    sending_s: float,
    all_s: float,
) -> Outcome:
    answered = set().union(*(one.answered for one in senders))
    lost = changed = 0
    exams: Counter[str] = Counter()
    with Store(data) as store:
        for folder in studies:
            sent = known_objects(sorted(folder.iterdir()))
            uid = str(dcmread(next(iter(sent.values()))).StudyInstanceUID)
            kept = known_objects(store.files_of_study(uid))
            lost += len((answered & set(sent)) - set(kept))
            changed += sum(not same_dataset(kept[one], sent[one]) for one in set(kept) & set(sent))
        for exam_id in _exam_ids(store):
            exam = store.exam(exam_id)
            results = sum(step.kind == "result" for step in store.events(exam_id))
            jobs = [job.state for job in store.jobs.of(exam_id=exam_id) if job.kind == "score"]
            is_once = results == exam.latest_version == 1 and jobs == ["done"]
            exams["scored once" if is_once else f"{exam.state}, {results} results, {jobs}"] += 1
        is_whole = store.verify().is_whole
    return Outcome(
        exams=exams,
        objects_answered=len(answered),
        objects_lost=lost,
        objects_changed=changed,
        left_over=sum(
            1
            for name in ("receiving", "spool", "taking", "set_aside")
            for _ in (data / FOLDER / name).iterdir()
        ),
        is_store_whole=is_whole,
        statuses=sum((one.statuses for one in senders), Counter()),
        strangers=found,
        sending_s=sending_s,
        all_s=all_s,
        memory_mb=node.memory_mb,
    )


def _exam_ids(store: Store) -> Iterator[str]:
    offset = 0
    while page := store.worklist(WorklistQuery(offset=offset, limit=100)).exams:
        yield from (exam.id for exam in page)
        offset += len(page)


def main(count: int = 200, kills: int = 5) -> None:
    """Run it, and say how it ended."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        studies = simulated_studies(root / "studies", count)
        cut_off = cut_off_object(root / "cut_off")
        with small_disk(root / "disk", size_mb=128):
            outcome = run(
                root / "disk" / "data",
                studies,
                kills=kills,
                seed=int(time.time()),
                fill=lambda: filled_up(root / "disk", for_s=8.0),
                cut_off=cut_off,
            )
    for name in Outcome.__dataclass_fields__:
        print(f"{name:18} {getattr(outcome, name)}")
    print(f"client memory      {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
