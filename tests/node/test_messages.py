"""HL7 over MLLP and FHIR over HTTP: what counts as arrived, and what does not."""

import contextlib
import json
import ssl
from pathlib import Path
from typing import Any

import pytest

from corcal.errors import PeerError
from corcal.interop.fhir import fhir_bundle
from corcal.interop.hl7v2 import hl7_message
from corcal.interop.send.tls import client_context
from corcal.interop.send.types import Credentials, TlsFiles
from corcal.node.fhir_post import post_bundle
from corcal.node.mllp import send_message
from corcal.store.records import JobState
from interop.send.peers import plain_peer, web_peer
from node.conftest import Scored
from node.delivering import history, route, rules_file, work
from ports import free_port
from result_maker import make_automatic_result

MESSAGE = b"MSH|^~\\&|CORCAL||||20260102||ORU^R01^ORU_R01|ID7|P|2.5.1\rPID|1||Zacharias\r"
ACCEPT = b"\x0bMSH|^~\\&|HIS||CORCAL||20260102||ACK^R01|9|P|2.5.1\rMSA|AA|ID7\r\x1c\r"
NOTICE = 'when = "automatic"\ndespite_review_advice = true\n'


def answering(*pieces: bytes) -> Any:
    """A receiver that reads a message, answers in pieces and hangs up."""

    def talk(connection: Any, got: list[bytes]) -> None:
        read = b""
        while not read.endswith(b"\x1c\r"):
            read += connection.recv(4096)
        got.append(read)
        for piece in pieces:
            connection.sendall(piece)
        with contextlib.suppress(OSError):  # whoever asked has hung up already
            connection.shutdown(2)

    return talk


def test_a_message_arrives_and_its_answer_is_read() -> None:
    # The answer comes in two pieces, after something that is no frame
    with plain_peer(answering(b"noise" + ACCEPT[:20], ACCEPT[20:])) as (port, got):
        send_message(MESSAGE, "127.0.0.1", port)
    assert got == [b"\x0b" + MESSAGE + b"\x1c\r"]


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (ACCEPT.replace(b"|AA|", b"|AE|"), r"it found an error \(MSA-1 AE\)"),
        (ACCEPT.replace(b"|AA|", b"|AR|"), r"it rejects the message \(MSA-1 AR\)"),
        (ACCEPT.replace(b"|AA|", b"|??|"), r"its answer has no known code \(MSA-1 \?\?\)"),
        (ACCEPT.replace(b"ID7", b"ID8"), "its answer is about another message"),
        (ACCEPT.replace(b"MSA", b"ZZZ"), "its answer is about another message, or none"),
        (b"\x0bno HL7\x1c\r", "its answer is about another message, or none"),
        (ACCEPT[:-2], "it hung up without a whole answer"),
        (b"x" * 70_000, "its answer is too long"),
    ],
)
def test_only_a_word_of_acceptance_counts(answer: bytes, match: str) -> None:
    with (
        plain_peer(answering(answer)) as (port, _),
        pytest.raises(PeerError, match=rf"127\.0\.0\.1:\d+: {match}") as error,
    ):
        send_message(MESSAGE, "127.0.0.1", port)
    assert "Zacharias" not in str(error.value)


def test_a_receiver_in_enhanced_mode_and_with_its_own_separator_is_understood() -> None:
    answer = b"\x0bMSH*^~\\&*HIS\rMSA*CA*ID7\r\x1c\r"
    with plain_peer(answering(answer)) as (port, _):
        send_message(MESSAGE, "127.0.0.1", port)


def test_silence_ends() -> None:
    with plain_peer() as (port, _), pytest.raises(PeerError, match=r"no answer within 0\.1 s"):
        send_message(MESSAGE, "127.0.0.1", port, answer_s=0.1)
    with pytest.raises(PeerError, match="no connection, or it broke"):
        send_message(MESSAGE, "127.0.0.1", free_port())


def test_a_receiver_without_tls_is_not_trusted(certificates: Any) -> None:
    context = client_context(TlsFiles(ca_file=certificates.authority))
    with (
        plain_peer(lambda connection, _: connection.sendall(b"hello, not TLS")) as (port, _),
        pytest.raises(PeerError, match="no encrypted connection"),
    ):
        send_message(MESSAGE, "127.0.0.1", port, context=context)


def taken(count: int, *, kind: str = "transaction-response", status: str = "201 Created") -> bytes:
    entry = [{"response": {"status": status}}] * count
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entry}).encode()


def bundle() -> tuple[bytes, int]:
    made = fhir_bundle(make_automatic_result())
    return json.dumps(made).encode(), len(made["entry"])


def test_a_transaction_arrives_with_its_token() -> None:
    data, count = bundle()
    answer = (200, {"Content-Type": "application/fhir+json"}, taken(count))
    with web_peer(lambda *_: answer) as seen:
        credentials = Credentials(authorization="Bearer t")
        url = str(seen.address)
        assert post_bundle(data, url, context=None, is_here=True, credentials=credentials) == count
    ((method, _, headers, body),) = seen.requests
    assert (method, body, headers["Authorization"]) == ("POST", data, "Bearer t")
    assert headers["Content-Type"] == "application/fhir+json"


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        ((200, {}, b"<html>"), "is no transaction response: nothing is known to be there"),
        ((200, {}, b"[]"), "is no transaction response"),
        ((200, {}, taken(2)), r"confirms 2 of \d+ resources"),
        ((200, {}, taken(99, status="412 no")), r"confirms 0 of \d+ resources"),
        ((200, {}, taken(99, kind="batch-response")), r"confirms 99 of \d+ resources"),
        (
            (422, {}, b"PATIENT Zacharias is wrong"),
            r"not take resources such as these \(HTTP 422\)",
        ),
        ((401, {}, b""), "credentials are needed"),
        ((404, {}, b""), r"does not take it: there is no FHIR server at this address"),
        ((409, {}, b"Zacharias"), r"does not take it: it contradicts what is there \(HTTP 409\)"),
        ((413, {}, b""), r"does not take it: too large for it \(HTTP 413\)"),
        ((500, {}, b"<html>"), r"does not take it: an error inside it \(HTTP 500\)"),
        ((307, {"Location": "http://elsewhere.invalid/"}, b""), "it redirects to another address"),
        (None, "cannot be reached, or gave no answer"),
    ],
)
def test_a_server_is_not_believed_without_its_word(answer: Any, match: str) -> None:
    data, _ = bundle()
    with web_peer(lambda *_: answer) as seen, pytest.raises(PeerError, match=match) as error:
        post_bundle(data, str(seen.address), context=None, is_here=True)
    assert "Zacharias" not in str(error.value)


def test_a_server_that_nobody_vouches_for_gets_nothing(certificates: Any) -> None:
    data, _ = bundle()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.server)
    with (
        web_peer(lambda *_: (200, {}, b""), tls=tls) as seen,
        pytest.raises(PeerError, match="its certificate is not one that is trusted"),
    ):
        post_bundle(data, str(seen.address), context=client_context(TlsFiles()), is_here=True)
    assert seen.requests == []


def test_both_are_ways_for_a_rule(scored: Scored, tmp_path: Path) -> None:
    store, exam = scored.store, scored.exam
    message = hl7_message(store.result(exam))
    control_id = message.split("|")[9].encode()
    count = len(fhir_bundle(store.result(exam))["entry"])
    answer = (200, {}, taken(count))
    accepted = ACCEPT.replace(b"ID7", control_id)
    (tmp_path / "token").write_text("t0ken")
    with web_peer(lambda *_: answer) as seen, plain_peer(answering(accepted)) as (port, got):
        text = f'[[send]]\nname = "his"\nto = "mllp://127.0.0.1:{port}"\n{NOTICE}'
        text += f'[[send]]\nname = "ehr"\nto = "{seen.address}"\ntoken_file = "token"\n{NOTICE}'
        path = rules_file(tmp_path, text)
        assert (route(store, path), work(store, path)) == (2, 2)
    assert {each.state for each in store.outgoing.of()} == {JobState.DONE}
    assert got[0].startswith(b"\x0bMSH|")
    assert seen.requests[0][2]["Authorization"] == "Bearer t0ken"
    assert sorted(each["rule"] for each in history(store, exam, "delivered")) == ["ehr", "his"]
