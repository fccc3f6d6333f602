"""Throw garbage at the node's port, and measure its memory: ``python -m benchmarks.node_garbage``.

In rounds: random bytes; PDUs of every kind with random content, cut off anywhere; lengths of 4 GB;
objects without an end; callers who send a byte now and then, and hold all connections they get. The
node has to answer C-ECHO after each round, and its memory must not grow from round to round.
"""

import contextlib
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pynetdicom import AE
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    P_DATA,
    ImplementationClassUIDNotification,
    MaximumLengthNotification,
)
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import CTImageStorage

from benchmarks.node_process import NODE, SENDER, Node, association_with
from benchmarks.serve_kills import free_port

_MB = 2**20
_OBJECT_MB = 64


def main(rounds: int = 3) -> None:
    """Run all kinds of garbage in rounds, and print the memory after each."""
    chance = random.Random(20260102)  # noqa: S311  (garbage, no secret)
    with tempfile.TemporaryDirectory() as made:
        node = Node(Path(made) / "disk" / "data", free_port(), workers=0)
        node.extra_limits = f"object_mb = {_OBJECT_MB}\nidle_s = 5.0"
        node.start()
        try:
            print(f"at the start: {_memory(node)}")
            for number in range(rounds):
                for name, throw in _KINDS.items():
                    throw(node.port, chance)
                    print(f"round {number + 1}, {name:16} {_memory(node)}, echo {_echo(node.port)}")
        finally:
            node.stop()


def _memory(node: Node) -> str:
    text = Path(f"/proc/{node.process.pid}/status").read_text(encoding="utf-8")
    found = dict(line.split(":", 1) for line in text.splitlines())
    now, peak = (int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return f"{now:.0f} MB now, {peak:.0f} MB at most, {found['Threads'].strip()} threads"


def _echo(port: int) -> str:
    """Ask for an association until there is one: garbage may have taken all for some seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 60:
        with association_with(port) as association:
            if association is not None:
                return f"after {time.monotonic() - began:.1f} s"
        time.sleep(0.2)
    return "NONE"


@contextlib.contextmanager
def _connected(port: int):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 20) as bare:
        yield bare


def request() -> bytes:
    """Give the bytes by which a known caller asks for an association."""
    asked = A_ASSOCIATE()
    asked.application_context_name = "1.2.840.10008.3.1.1.1"
    asked.calling_ae_title, asked.called_ae_title = SENDER, NODE
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16384
    implementation.implementation_class_uid = AE().implementation_class_uid
    asked.user_information = [length, implementation]
    context = build_context(CTImageStorage)
    context.context_id = 1
    asked.presentation_context_definition_list = [context]
    return bytes(A_ASSOCIATE_RQ(asked).encode())


def _fragment(data: bytes, header: int) -> bytes:
    primitive = P_DATA()
    primitive.presentation_data_value_list = [[1, bytes([header]) + data]]
    return bytes(P_DATA_TF(primitive).encode())


def _command() -> bytes:
    from pydicom.dataset import Dataset
    from pynetdicom.dsutils import encode

    asked = Dataset()
    asked.CommandGroupLength = 0
    asked.AffectedSOPClassUID = CTImageStorage
    asked.CommandField, asked.MessageID, asked.Priority = 1, 1, 0
    asked.CommandDataSetType, asked.AffectedSOPInstanceUID = 1, "1.2.3"
    return _fragment(encode(asked, True, True) or b"", 3)


def _random(port: int, chance: random.Random) -> None:
    for _ in range(200):
        with _connected(port) as bare:
            bare.sendall(chance.randbytes(chance.randint(1, 20_000)))


def _truncated(port: int, chance: random.Random) -> None:
    for number in range(200):
        with _connected(port) as bare:
            if number % 2:
                bare.sendall(request())
                bare.recv(2**16)
            content = chance.randbytes(chance.randint(4, 4000))
            kind = chance.randint(1, 7)
            pdu = struct.pack(">BBL", kind, 0, len(content)) + content
            bare.sendall(pdu[: chance.randint(1, len(pdu))])


def _oversized(port: int, chance: random.Random) -> None:
    for number in range(50):
        with _connected(port) as bare:
            if number % 2:
                bare.sendall(request())
                bare.recv(2**16)
            bare.sendall(struct.pack(">BBL", chance.choice((1, 4)), 0, 0xFFFFFFFF))
            for _ in range(64):
                bare.sendall(bytes(_MB))


def _endless(port: int, chance: random.Random) -> None:  # noqa: ARG001
    def one() -> None:
        with _connected(port) as bare:
            bare.sendall(request())
            bare.recv(2**16)
            bare.sendall(_command())
            piece = _fragment(bytes(2**17 - 16), 0)
            while True:
                bare.sendall(piece)

    _at_once(one, 8)


def _slow(port: int, chance: random.Random) -> None:  # noqa: ARG001
    def one() -> None:
        with _connected(port) as bare:
            for byte in request():
                bare.sendall(bytes([byte]))
                time.sleep(0.25)

    _at_once(one, 100)


def _at_once(one: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


_KINDS = {
    "random bytes": _random,
    "truncated PDUs": _truncated,
    "oversized": _oversized,
    "endless objects": _endless,
    "slow writers": _slow,
}


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
