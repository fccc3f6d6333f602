"""Whether an archive has taken over what was delivered, whenever it says so."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from corcal.interop.send import Arrival, DicomAddress, SendOptions
from corcal.interop.send.types import Delivery as SentObject
from corcal.node import commitment
from corcal.store.outgoing import Delivery
from corcal.store.store import Store
from interop.send.peers import ECHO_ONLY, dicom_peer
from node.conftest import Scored
from ports import free_port

QUICK = SendOptions(attempts=1, answer_s=5, connect_s=1, backoff_s=0)
OFFERS = {StorageCommitmentPushModel: ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]}
OBJECTS = tuple(
    SentObject(sop_class_uid="1.2", sop_instance_uid=f"1.2.{number}", arrival=Arrival.ARRIVED)
    for number in (1, 2)
)
# pynetdicom leaves a socket that was never connected to the garbage collector
LEFT_SOCKET = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed <socket.socket:ResourceWarning",
)


@pytest.fixture
def store(scored: Scored) -> Store:
    (one,) = scored.store.outgoing.unrouted()
    scored.store.outgoing.route(one, ["out"], why="out: sent", max_attempts=3)
    return scored.store


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitment, "_HERE_S", 2.0)


def delivery(store: Store) -> Delivery:
    (found,) = store.outgoing.of()
    return found


def answer(request: Dataset, *, failed: int = 0, left_out: int = 0) -> Dataset:
    """Take over all objects but the first ones."""
    items = list(request.ReferencedSOPSequence)
    report = Dataset()
    report.TransactionUID = request.TransactionUID
    report.ReferencedSOPSequence = items[failed + left_out :]
    if failed:
        report.FailedSOPSequence = items[:failed]
        for item in report.FailedSOPSequence:
            item.FailureReason = 0x0112
    return report


def asked(
    store: Store, act: Callable[[Any], int], *, contexts: Any = OFFERS
) -> tuple[bool | None, str | None]:
    """Ask an archive; what is known then."""
    handlers = [(evt.EVT_N_ACTION, lambda event: (act(event), None))]
    with dicom_peer(contexts=contexts, handlers=handlers) as peer:
        commitment.ask(store, delivery(store), OBJECTS, peer.address, QUICK)
    found = delivery(store)
    return found.committed, found.commitment


def soon(event: Any, report: Dataset) -> int:
    """Answer on the association of the request."""
    model = (StorageCommitmentPushModel, StorageCommitmentPushModelInstance)
    threading.Timer(0.05, event.assoc.send_n_event_report, (report, 1, *model)).start()
    return 0


def test_an_answer_at_once_is_taken(store: Store) -> None:
    assert asked(store, lambda event: soon(event, answer(event.action_information))) == (
        True,
        None,
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"failed": 1}, "1 objects are not taken over: no such object instance (0x0112)"),
        ({"left_out": 1}, "the archive has taken over 1 of 2 objects"),
    ],
)
def test_what_is_not_taken_over_is_told(store: Store, options: dict[str, int], why: str) -> None:
    told = asked(store, lambda event: soon(event, answer(event.action_information, **options)))
    assert told == (False, why)


def test_an_answer_may_come_later_and_elsewhere(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitment, "_HERE_S", 0.05)
    requests: list[Dataset] = []

    def keep(event: Any) -> int:
        requests.append(event.action_information)
        return 0

    assert asked(store, keep) == (None, None)  # nothing is known yet
    assert commitment.answered(store, answer(requests[0]))
    assert delivery(store).committed is True
    assert not commitment.answered(store, answer(requests[0]))  # once


def test_a_request_that_is_refused_or_not_offered_is_told(store: Store) -> None:
    assert asked(store, lambda _: 0x0213)[1] == (
        "the archive refuses the request: resource limitation (0x0213)"
    )
    assert asked(store, lambda _: 0, contexts=ECHO_ONLY)[1] == (
        "the archive does not offer storage commitment"
    )

    def hang_up(event: Any) -> int:
        event.assoc.abort()
        return 0

    assert asked(store, hang_up)[1] == "no answer to the request"


@LEFT_SOCKET
def test_an_archive_that_is_gone_meanwhile_is_told(store: Store) -> None:
    address = DicomAddress(called="PEER", host="127.0.0.1", port=free_port())
    commitment.ask(store, delivery(store), OBJECTS, address, QUICK)
    assert "no connection" in (delivery(store).commitment or "")


def test_an_answer_that_cannot_be_read_is_not_taken(store: Store) -> None:
    odd = Dataset()
    odd.FailedSOPSequence = [Dataset()]
    assert not commitment.answered(store, odd)
    odd.FailedSOPSequence[0].add_new(0x00081197, "LO", "many")
    assert not commitment.answered(store, odd, 2)
