"""Makes a node that receives, and callers who send to it; without workers."""

import atexit
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import numpy as np
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import CTImageStorage, Verification

from corcal.ct.scan import Acquisition, Patient
from corcal.interop.send.association import as_they_are
from corcal.node.intake import Intake
from corcal.node.refusals import Refusal, read_refusals
from corcal.node.rules import Limits, NodeRules, NodeSettings, Peer, Role
from corcal.phantom.dicom import write_series
from corcal.store.store import Store

NODE, SCANNER = "CORCAL", "CT1"
EXPLICIT = "1.2.840.10008.1.2.1"
HERE = ip_network("127.0.0.0/8")
RULES = NodeRules(
    node=NodeSettings(aet=NODE, port=0, http_port=0, quiet_s=0.0),
    limits=Limits(disk_free_mb=1, idle_s=30.0),
    peers=(
        Peer(name="scanner", aet=SCANNER, addresses=(HERE,), roles=frozenset({Role.SEND})),
        Peer(name="archive", aet="PACS", addresses=(HERE,), roles=frozenset({Role.QUERY})),
        Peer(name="elsewhere", aet="FAR", addresses=(ip_network("10.9.8.0/24"),)),
    ),
)


def with_limits(**limits: float) -> NodeRules:
    """Give the rules with other limits."""
    return replace(RULES, limits=replace(RULES.limits, **limits))


@dataclass
class Receiver:
    """A node that receives."""

    store: Store
    intake: Intake
    folder: Path

    @property
    def port(self) -> int:
        return self.intake.ae.port

    def refusals(self) -> list[Refusal]:
        self.intake.refusals.tick(everything=True)
        return list(read_refusals(self.folder))

    def files(self, *names: str) -> list[Path]:
        """What lies in the folders of the spool."""
        return [
            path
            for name in names
            for path in sorted((self.folder / name).rglob("*"))
            if path.is_file() and path.name != "study.json"
        ]


@cache
def _empty_store() -> Path:
    """Make a store with nothing in it, once: its tables take a while."""
    folder = Path(tempfile.mkdtemp()) / "data"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    with Store(folder):
        return folder


@contextmanager
def receiving(data: Path, rules: NodeRules = RULES) -> Iterator[Receiver]:
    """Receive in this process."""
    if not data.exists():
        shutil.copytree(_empty_store(), data)
    with Store(data) as store:
        intake = Intake(store, rules, data / "node")
        intake.start()
        try:
            yield Receiver(store=store, intake=intake, folder=data / "node")
        finally:
            intake.stop()


@contextmanager
def calling(port: int, *, aet: str = SCANNER, called: str = NODE) -> Iterator[Association]:
    """Open an association; it may be rejected."""
    ae = AE(ae_title=aet)
    ae.connection_timeout, ae.acse_timeout, ae.dimse_timeout = 20, 20, 60
    ae.add_requested_context(CTImageStorage, EXPLICIT)
    ae.add_requested_context(Verification)
    opened: list[socket.socket] = []
    association = ae.associate(
        "127.0.0.1",
        port,
        ae_title=called,
        evt_handlers=[
            (evt.EVT_CONN_OPEN, lambda event: opened.append(event.assoc.dul.socket.socket))
        ],
    )
    checkpoint = association._reactor_checkpoint
    _hold_reactor(association)
    try:
        yield association
    finally:
        checkpoint.__dict__.pop("set", None)
        checkpoint.set()
        if association.is_established:
            association.release()
        for one in opened:  # pynetdicom does not where the other side has gone
            one.close()


def _hold_reactor(association: Association) -> None:
    """Let nobody but the one who asked take the answer off the queue.

    A caller of pynetdicom pauses the thread that serves requests while it waits for an answer, and
    on a busy machine that thread may be past its pause, take the answer, and drop it.
    """
    association._reactor_checkpoint.clear()
    association._reactor_checkpoint.set = lambda: None
    while association.is_established and not association._is_paused:
        time.sleep(0.01)
    time.sleep(0.02)


def sent(port: int, paths: Sequence[Path], *, aet: str = SCANNER, mover: str = "") -> list[int]:
    """Send files as they are; the answers."""
    with as_they_are(), calling(port, aet=aet) as association:
        assert association.is_established
        asked = {"originator_aet": mover, "originator_id": 1} if mover else {}
        return [association.send_c_store(path, **asked).Status for path in paths]


def study(
    folder: Path, number: int = 1, *, images: int = 12, series: int = 1, lesion_hu: int = 400
) -> list[Path]:
    """Write a small study of a simulated patient."""
    hu = np.full((images, 48, 48), 40, np.int16)
    hu[3:5, 20:24, 20:24] = lesion_hu
    return list(
        write_series(
            folder,
            hu,
            spacing_mm=(5.0, 0.5, 0.5),
            origin_mm=(0.0, 0.0, 0.0),
            patient=Patient(patient_id=f"SIMULATED-{number}", name="Simulated^Patient"),
            acquisition=Acquisition(modality="CT", kvp=120.0, date="2026-01-02"),
            uid_seed=f"intake-{number}",
            series_number=series,
        )
    )


def connected(port: int) -> socket.socket:
    """Open a bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)
