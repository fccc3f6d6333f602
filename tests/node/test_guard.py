"""Garbage on the port: it neither takes the node down nor fills its memory."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from pynetdicom.pdu import A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import P_DATA

from corcal.node import guard
from node.intake_maker import Receiver, calling, connected, receiving, with_limits
from store.postgres_cluster import temporary_folder

ABORT, REJECTED = 0x07, 0x03


@pytest.fixture(scope="module")
def node() -> Iterator[Receiver]:
    """A node that gives a caller two seconds."""
    with (
        temporary_folder() as folder,
        receiving(folder / "data", with_limits(idle_s=2.0, object_mb=1)) as node,
    ):
        yield node


def request() -> bytes:
    """Give the bytes by which a known caller asks for an association."""
    from pynetdicom import AE
    from pynetdicom.pdu_primitives import (
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        MaximumLengthNotification,
    )
    from pynetdicom.presentation import build_context
    from pynetdicom.sop_class import CTImageStorage

    asked = A_ASSOCIATE()
    asked.application_context_name = "1.2.840.10008.3.1.1.1"
    asked.calling_ae_title, asked.called_ae_title = "CT1", "CORCAL"
    length, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received = 16384
    implementation.implementation_class_uid = AE().implementation_class_uid
    asked.user_information = [length, implementation]
    context = build_context(CTImageStorage)
    context.context_id = 1
    asked.presentation_context_definition_list = [context]
    return bytes(A_ASSOCIATE_RQ(asked).encode())


def associated(node: Receiver) -> socket.socket:
    """Open an association by hand."""
    bare = connected(node.port)
    bare.sendall(request())
    assert bare.recv(1) == b"\x02"
    bare.recv(2**16)
    return bare


def fragment(data: bytes, *, header: int, context: int = 1) -> bytes:
    """Give a PDU with one fragment of a message."""
    primitive = P_DATA()
    primitive.presentation_data_value_list = [[context, bytes([header]) + data]]
    return bytes(P_DATA_TF(primitive).encode())


def command() -> bytes:
    """Give the command of a C-STORE."""
    from pydicom.dataset import Dataset
    from pynetdicom.dsutils import encode

    asked = Dataset()
    asked.CommandGroupLength = 0
    asked.AffectedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    asked.CommandField, asked.MessageID, asked.Priority = 1, 1, 0
    asked.CommandDataSetType = 1
    asked.AffectedSOPInstanceUID = "1.2.3"
    return encode(asked, True, True) or b""


def is_ended(bare: socket.socket, *, within_s: float = 20.0) -> bool:
    """Whether the node ends a connection, with an abort or without."""
    bare.settimeout(within_s)
    try:
        while bare.recv(4096):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def is_answered(node: Receiver) -> bool:
    """Whether C-ECHO is answered; asked again where the machine was too slow for two seconds."""
    for _ in range(5):
        with calling(node.port) as association:
            if association.is_established and association.send_c_echo().get("Status") == 0:
                return True
        time.sleep(0.5)
    return False


def test_random_bytes_end_the_connection_and_nothing_else(node: Receiver) -> None:
    chance = random.Random(7)  # noqa: S311  (garbage, no secret)
    for size in (1, 6, 7, 100, 5000):
        with connected(node.port) as bare:
            bare.sendall(chance.randbytes(size))
            bare.shutdown(socket.SHUT_WR)
            assert is_ended(bare)
    for kind in range(1, 8):
        with connected(node.port) as bare:
            bare.sendall(struct.pack(">BBL", kind, 0, 400) + chance.randbytes(400))
            assert is_ended(bare)
    assert is_answered(node)


def test_a_pdu_of_four_gigabytes_is_not_waited_for(node: Receiver) -> None:
    for kind in (0x01, 0x04):
        with connected(node.port) as bare:
            bare.sendall(struct.pack(">BBL", kind, 0, 0xFFFFFFFF) + bytes(1000))
            assert is_ended(bare, within_s=1.8)
    with associated(node) as bare:
        bare.sendall(struct.pack(">BBL", 0x04, 0, guard.MOST_PDU_BYTES + 1))
        assert is_ended(bare, within_s=1.8)
    assert any("a PDU of 4294967295 bytes" in one.why for one in node.refusals())


def test_a_silent_caller_and_one_who_drips_are_not_waited_for(node: Receiver) -> None:
    with connected(node.port) as silent, connected(node.port) as drips, associated(node) as idle:
        over = threading.Event()

        def drip() -> None:
            for byte in request():
                if over.wait(0.2):
                    return
                try:
                    drips.sendall(bytes([byte]))
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        ended = [is_ended(one) for one in (silent, idle, drips)]
        dripped = thread.is_alive()  # it was ended in the middle of its request
        over.set()
        thread.join()
    assert ended == [True, True, True]
    assert dripped


def test_a_message_that_comes_in_many_small_pieces_has_to_come_fast_enough(
    node: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SLOWEST_BYTES_PER_S", 10**9)
    # A busy machine may be silent for two seconds between two pieces: that is not tried here
    monkeypatch.setattr(node.intake.ae._server.ae, "network_timeout", 60.0)
    with associated(node) as bare:
        bare.sendall(fragment(command(), header=3))
        for _ in range(100):
            try:
                bare.sendall(fragment(b"\0\0", header=0))
            except OSError:
                break
            time.sleep(0.05)
        assert is_ended(bare)
    assert any("slower than" in one.why for one in node.refusals())
    node.intake.tick()
    assert node.files("receiving") == []


@pytest.mark.parametrize(
    ("pieces", "why"),
    [
        ([fragment(bytes(40_000), header=1)] * 2, "a command of more than"),
        ([fragment(command(), header=3)] + [fragment(bytes(2**17), header=0)] * 18, "twice the"),
        ([fragment(b"\xff" * 40, header=3)], "cannot be decoded"),
        ([fragment(command().replace(b"1.2.3", b"1/../"), header=3)], ""),
        ([fragment(command(), header=3, context=99)], "not agreed on"),
        ([fragment(bytes(2**18), header=0)] * 17, "a message of more than"),
    ],
)
def test_a_message_beyond_its_limits_ends_the_association(
    node: Receiver, pieces: list[bytes], why: str
) -> None:
    with associated(node) as bare:
        for piece in pieces:
            try:
                bare.sendall(piece)
            except OSError:
                break
        assert is_ended(bare)
    assert any(why in one.why for one in node.refusals()), node.refusals()
    until = time.monotonic() + 10
    while node.files("receiving") and time.monotonic() < until:
        node.intake.tick()
        time.sleep(0.05)
    assert node.files("receiving") == []


def test_an_empty_fragment_ends_the_association(node: Receiver) -> None:
    with associated(node) as bare:
        bare.sendall(b"\x04\0" + struct.pack(">L", 5) + struct.pack(">LB", 1, 1))
        assert is_ended(bare)


def test_messages_before_the_answer_are_bounded(
    node: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    keep = node.intake.spool.keep

    def slow(*args: object, **kwargs: object) -> object:
        held.wait(5)
        return keep(*args, **kwargs)

    monkeypatch.setattr(node.intake.spool, "keep", slow)
    with associated(node) as bare:
        for _ in range(12):
            try:
                bare.sendall(fragment(command(), header=3) + fragment(b"\0\0", header=2))
            except OSError:
                break
        assert is_ended(bare, within_s=4)
        held.set()
    assert any("messages before an answer" in one.why for one in node.refusals())


def test_connections_are_bounded_and_a_caller_who_knows_how_still_comes_in(
    node: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SPARE_CONNECTIONS", 2)
    monkeypatch.setattr(node.intake.ae, "associations", 2)
    with contextlib.ExitStack() as stack:
        for bare in [stack.enter_context(connected(node.port)) for _ in range(12)]:
            assert is_ended(bare)
    assert any("connections are open" in one.why for one in node.refusals())
    assert is_answered(node)
