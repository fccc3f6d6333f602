"""``corcal node`` as a process that benchmarks kill, how they call it, and a small disk for it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import CTImageStorage

from benchmarks.serve_kills import QUICK

__all__ = ["NODE", "SENDER", "STRANGER", "Node", "association_with", "filled_up", "small_disk"]

SENDER, STRANGER, NODE = "CT1", "STRANGER", "CORCAL"
_START_S = 240.0


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
