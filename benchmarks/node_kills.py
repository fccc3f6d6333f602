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

import contextlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import CTImageStorage

from benchmarks.serve_kills import QUICK, free_port
from corcal.ct.scan import Acquisition, Patient
from corcal.interop.send.association import as_they_are
from corcal.node.object_header import known_objects, same_dataset
from corcal.node.run import FOLDER
from corcal.phantom.dicom import write_series
from corcal.store.store import Store

SENDER, STRANGER, NODE = "CT1", "STRANGER", "CORCAL"
_START_S = 240.0
_MB = 2**20
_ABORTS = 0.01  # of the objects: after so many, an association is aborted on average


@dataclass
class Node:
    """``corcal node`` in a process of its own, that can be killed and started again."""

    data: Path
    port: int
    quiet_s: float = 8.0
    workers: int = 2
    process: subprocess.Popen[bytes] | None = None
    memory_mb: float = 0.0
    extra_limits: str = ""

    @property
    def log(self) -> Path:
        """What it says; not on its own disk."""
        return self.data.parent.parent / "node.log"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "node.toml").write_text(self._rules(), encoding="utf-8")
        environment = dict(os.environ) | {
            "PYTHONPATH": str(QUICK),
            "CORCAL_QUICK_PAUSE_S": "0.1",
        }
        environment.pop("CORCAL_DATABASE", None)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "corcal", "node", "--data", str(self.data)],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
            )
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            with association_with(self.port) as association:
                if association is not None:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        message = f"the node does not listen: {self.log.read_text(encoding='utf-8')[-500:]}"
        raise RuntimeError(message)

    def kill(self) -> None:
        """Kill it at once; its workers find that out."""
        self._note_memory()
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End it as a system does."""
        self._note_memory()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def _note_memory(self) -> None:
        if self.process is None:
            return
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    self.memory_mb = max(self.memory_mb, int(line.split()[1]) / 1024)

    def _rules(self) -> str:
        return f"""
            [node]
            aet = "{NODE}"
            port = {self.port}
            http_port = 0
            quiet_s = {self.quiet_s}
            workers = {self.workers}
            [limits]
            disk_free_mb = 1
            associations = 16
            {self.extra_limits}
            [[peer]]
            name = "scanner"
            aet = "{SENDER}"
            addresses = ["127.0.0.1"]
        """


@contextlib.contextmanager
def association_with(port: int, *, aet: str = SENDER) -> Iterator[Association | None]:
    """Open an association for CT images, if the node takes it; released at the end.

    pynetdicom does not close its socket where the other side has gone: that is done here.
    """
    ae = AE(ae_title=aet)
    ae.connection_timeout, ae.acse_timeout, ae.dimse_timeout = 5, 10, 30
    ae.add_requested_context(CTImageStorage, "1.2.840.10008.1.2.1")
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:  # nobody listens
        yield None
        return
    opened: list[socket.socket] = []
    association = ae.associate(
        "127.0.0.1",
        port,
        ae_title=NODE,
        evt_handlers=[(evt.EVT_CONN_OPEN, lambda event: opened.append(_socket_of(event.assoc)))],
    )
    try:
        yield association if association.is_established else None
    finally:
        if association.is_established:
            association.release()
        for one in opened:
            one.close()


def _socket_of(association: Association) -> socket.socket:
    return association.dul.socket.socket


@dataclass
class Sender:
    """Sends studies until all their objects were answered by success."""

    port: int
    chance: random.Random
    answered: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)

    def send(self, folder: Path) -> None:
        """Send one study."""
        left = {path: str(dcmread(path).SOPInstanceUID) for path in sorted(folder.iterdir())}
        while left:
            with association_with(self.port) as association:
                if association is None:
                    self.statuses["no association"] += 1
                    time.sleep(0.3)
                    continue
                for path in list(left):
                    if not self._is_sent(association, path):
                        break
                    self.answered.add(left.pop(path))
        if self.chance.random() < 0.1:  # some send everything twice
            self._send_again(folder)

    def _is_sent(self, association: Association, path: Path) -> bool:
        if self.chance.random() < _ABORTS:
            self.statuses["aborted"] += 1
            _abort_midway(association, path)
            return False
        try:
            status = association.send_c_store(path).get("Status")
        except (RuntimeError, ValueError):  # it is over
            status = None
        self.statuses["no answer" if status is None else f"0x{status:04X}"] += 1
        if status != 0 and association.is_established:
            time.sleep(0.5)
        return status == 0

    def _send_again(self, folder: Path) -> None:
        with association_with(self.port) as association:
            for path in sorted(folder.iterdir()) if association else ():
                with contextlib.suppress(RuntimeError, ValueError):
                    association.send_c_store(path)
                    self.statuses["again"] += 1


def _abort_midway(association: Association, path: Path) -> None:
    """Cut the connection while an object is being sent, without a word."""
    service = association.dul.socket
    whole = service.send

    def half(data: bytes) -> None:
        if len(data) > 1024:  # the data set, not the command
            whole(data[: len(data) // 2])
            service._shutdown_socket()
            return
        whole(data)

    service.send = half
    with contextlib.suppress(RuntimeError, ValueError, OSError):
        association.send_c_store(path)
    association.abort(block=False)


def strangers(port: int, cut_off: Path, over: threading.Event) -> Counter[str]:
    """Try to send without being known, and objects that end early."""
    found: Counter[str] = Counter()
    while not over.wait(1.0):
        with association_with(port, aet=STRANGER) as association:
            found["stranger not taken" if association is None else "STRANGER TAKEN"] += 1
        with association_with(port) as association, contextlib.suppress(RuntimeError, ValueError):
            if association is not None:
                status = association.send_c_store(cut_off).get("Status")
                found[f"cut off: {'no answer' if status is None else hex(status)}"] += 1
    return found


def simulated_studies(root: Path, count: int, *, images: int = 12) -> list[Path]:
    """Write small studies, each of a patient of its own."""
    folders = []
    for number in range(count):
        hu = np.full((images, 48, 48), 40, np.int16)
        hu[3:5, 20:24, 20:24] = 300 + number % 1000
        folders.append(root / f"{number:04d}")
        write_series(
            folders[-1],
            hu,
            spacing_mm=(5.0, 0.5, 0.5),
            origin_mm=(0.0, 0.0, 0.0),
            patient=Patient(patient_id=f"SIMULATED-{number}", name="Simulated^Patient"),
            acquisition=Acquisition(modality="CT", kvp=120.0, date="2026-01-02"),
            uid_seed=f"node-{number}",
        )
    return folders


def cut_off_object(root: Path) -> Path:
    """Write an image whose pixels end early, of a study of its own."""
    path = sorted(simulated_studies(root, 1)[0].iterdir())[0]
    dataset = dcmread(path)
    dataset.StudyInstanceUID = dataset.StudyInstanceUID + ".9"
    dataset.SOPInstanceUID = dataset.SOPInstanceUID + ".9"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path)
    path.write_bytes(path.read_bytes()[:-1000])
    return path


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
    from corcal.store.records import WorklistQuery

    offset = 0
    while page := store.worklist(WorklistQuery(offset=offset, limit=100)).exams:
        yield from (exam.id for exam in page)
        offset += len(page)


@contextlib.contextmanager
def small_disk(folder: Path, *, size_mb: int) -> Iterator[None]:
    """Mount a tmpfs."""
    folder.mkdir(parents=True)
    options = f"size={size_mb}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def filled_up(folder: Path, *, for_s: float) -> None:
    """Fill a disk to its last byte, for some seconds."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(b"\0")
    until = time.monotonic() + for_s
    while time.monotonic() < until:  # what others free meanwhile is filled, too
        with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
            file.write(bytes(4096))
        time.sleep(0.05)
    ballast.unlink()


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
