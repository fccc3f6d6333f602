"""Who sends to the node in benchmarks: scanners that lose their connection, strangers, studies."""

import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pynetdicom.association import Association

from benchmarks.node_process import STRANGER, association_with
from corcal.ct.scan import Acquisition, Patient
from corcal.phantom.dicom import write_series

__all__ = ["Sender", "cut_off_object", "simulated_studies", "strangers"]

_ABORTS = 0.01  # of the objects: after so many, an association is aborted on average


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
