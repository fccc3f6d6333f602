"""STOW-RS to servers that take all, some, nothing, or never answer."""

import json
import ssl
import time
from email import message_from_bytes
from email.policy import HTTP
from types import SimpleNamespace

import numpy as np
import pytest

from corcal.errors import InputError, PeerError
from corcal.interop.send import Arrival, SendOptions, WebAddress, deliver, echo
from corcal.interop.send.objects import find_objects
from corcal.interop.send.stow_answer import read_answer
from corcal.interop.send.types import Credentials, TlsFiles
from dicom_maker import make_series
from interop.send.peers import plain_peer, web_peer
from ports import free_port

QUICK = SendOptions(backoff_s=0.01, answer_s=5)
HASTY = SendOptions(backoff_s=0.01, answer_s=0.4, attempts=2)
JSON = {"Content-Type": "application/dicom+json"}
SECRET = "s3cret-token"  # noqa: S105


def files_in(handler, body):
    """The files of a request, taken apart by Python's own parser of multipart messages."""
    kind = f"Content-Type: {handler.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(kind + body, policy=HTTP)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "application/dicom"
    parts = list(message.iter_parts())
    assert {one.get_content_type() for one in parts} == {"application/dicom"}
    return [one.get_payload(decode=True) for one in parts]


def listing(taken=(), failed=()):
    """An answer in the DICOM JSON model; `taken` and `failed` are pairs of a UID and a reason."""

    def item(uid, tag, reason):
        found = {"00081155": {"vr": "UI", "Value": [uid]}}
        return found if reason is None else found | {tag: {"vr": "US", "Value": [reason]}}

    return json.dumps(
        {
            "00081199": {"vr": "SQ", "Value": [item(uid, "00081196", why) for uid, why in taken]},
            "00081198": {"vr": "SQ", "Value": [item(uid, "00081197", why) for uid, why in failed]},
        }
    ).encode()


def uids_in(handler, body, objects):
    """UIDs of the files that were posted, which must be the bytes of our files."""
    ours = {one.path.read_bytes(): one.sop_instance_uid for one in objects}
    return [ours[content] for content in files_in(handler, body)]


def taking(objects, *, refused=(), status=200):
    """Take all but the UIDs in `refused`."""

    def answer(handler, body):
        uids = uids_in(handler, body, objects)
        failed = [(uid, 0x0110) for uid in uids if uid in refused]
        taken = [(uid, None) for uid in uids if uid not in refused]
        return status, JSON, listing(taken, failed)

    return answer


def arrivals(report):
    return [one.arrival for one in report.deliveries]


def reasons(report):
    return [one.reason for one in report.deliveries]


def test_files_are_posted_as_they_are_and_what_is_taken_is_told(slices):
    objects = slices(None, None, None)
    with web_peer(taking(objects)) as server:
        told = []
        report = deliver(
            objects, server.address, options=QUICK, progress=lambda *step: told.append(step)
        )
    assert report.is_complete
    assert reasons(report) == ["", "", ""]
    ((method, path, headers, _),) = server.requests
    assert (method, path) == ("POST", "/dicom-web/studies")  # no UID, no patient in the URL
    assert headers["Accept"] == "application/dicom+json"
    assert "Authorization" not in headers
    assert told == [(3, 3, "sending")]


@pytest.mark.parametrize("status", [202, 409])
def test_what_a_server_took_and_what_not_is_told_object_by_object(slices, status):
    objects = slices(None, None, None)
    uids = [one.sop_instance_uid for one in objects]
    body = listing([(uids[0], None), (uids[2], 0xB000)], [(uids[1], 0xC122)])
    with web_peer(lambda *_: (status, JSON, body)) as server:
        report = deliver(objects, server.address, options=QUICK)
    assert [(one.arrival, one.reason) for one in report.deliveries] == [
        (Arrival.ARRIVED, ""),
        (Arrival.REFUSED, "transfer syntax not supported (0xC122)"),
        (Arrival.ARRIVED, "the archive changed data elements (0xB000)"),
    ]
    assert not report.is_complete
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<xml/>", b"[" * 100_000, b'{"00081199": 5}'])
def test_a_success_that_names_no_object_confirms_nothing(slices, body):
    """A server is known that passes over what it does not understand, and answers 200."""
    with web_peer(lambda *_: (200, {}, body)) as server:
        report = deliver(slices(None), server.address, options=QUICK)
    assert arrivals(report) == [Arrival.UNCONFIRMED]
    assert reasons(report) == ["the answer does not mention it (HTTP 200)"]


def test_one_object_that_a_server_cannot_stand_does_not_keep_the_others_from_arriving(slices):
    objects = slices(*[None] * 5)
    poison = objects[3].sop_instance_uid

    def answer(handler, body):
        uids = uids_in(handler, body, objects)
        if poison in uids:
            return 400, {}, b"Mustermann^Erika"
        return 200, JSON, listing([(uid, None) for uid in uids])

    with web_peer(answer) as server:
        report = deliver(objects, server.address, options=QUICK)
    assert arrivals(report).count(Arrival.ARRIVED) == 4
    assert report.deliveries[3].arrival is Arrival.REFUSED
    assert report.deliveries[3].reason == "it does not understand the request (HTTP 400)"
    assert "Mustermann" not in repr(report)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "credentials are needed, or are wrong (HTTP 401)"),
        (403, "the credentials do not allow it (HTTP 403)"),
        (404, "there is no DICOMweb store at this address (HTTP 404)"),
        (418, "it refuses (HTTP 418)"),
        (302, "it redirects to another address: give that one (HTTP 302)"),
    ],
)
def test_what_is_wrong_for_all_objects_is_asked_once(slices, monkeypatch, status, reason):
    monkeypatch.setattr("corcal.interop.send.stow.MAX_POST_COUNT", 1)
    headers = {"Location": "/elsewhere"} if status == 302 else {}
    with web_peer(lambda *_: (status, headers, b"")) as server:
        report = deliver(slices(None, None), server.address, options=QUICK)
        with pytest.raises(PeerError, match=rf"\(HTTP {status}\)$"):
            echo(server.address, options=QUICK)
    assert [(one.arrival, one.reason) for one in report.deliveries] == [
        (Arrival.REFUSED, reason),
        (Arrival.NOT_SENT, reason),
    ]
    assert [path for _, path, _, _ in server.requests if "?" not in path] == ["/dicom-web/studies"]


def test_objects_are_posted_in_portions(slices, monkeypatch):
    objects = slices(*[None] * 5)
    size = objects[0].size_bytes
    monkeypatch.setattr("corcal.interop.send.stow.MAX_POST_BYTES", 2 * size + size // 2)
    with web_peer(taking(objects)) as server:
        assert deliver(objects, server.address, options=QUICK).is_complete
    assert len(server.requests) == 3  # 2 + 2 + 1


def test_what_is_too_large_together_is_posted_in_halves(slices):
    objects = slices(*[None] * 3)

    def answer(handler, body):
        uids = uids_in(handler, body, objects)
        if len(uids) > 1:
            return 413, {}, b""
        return 200, JSON, listing([(uid, None) for uid in uids])

    with web_peer(answer) as server:
        assert deliver(objects, server.address, options=QUICK).is_complete
    assert len(server.requests) == 5  # 3, 1, 2, 1, 1


def test_a_server_that_is_busy_is_asked_again_and_not_for_ever(slices, monkeypatch):
    pauses = []
    # of the module alone: other threads sleep, too
    monkeypatch.setattr("corcal.interop.send.retry.time", SimpleNamespace(sleep=pauses.append))
    objects = slices(None)
    answers = iter([(503, {"Retry-After": "7"}, b""), (429, {"Retry-After": "soon"}, b"")])
    with web_peer(lambda *say: next(answers, None) or taking(objects)(*say)) as server:
        assert deliver(objects, server.address, options=QUICK).is_complete
    assert pauses == [7.0, 0.02]  # as asked; and doubled, where it was not said how long
    pauses.clear()
    with web_peer(lambda *_: (503, {"Retry-After": "86400"}, b"")) as server:
        report = deliver(objects, server.address, options=QUICK)
    assert reasons(report) == ["it is busy (HTTP 503)"]
    assert pauses == [30.0, 30.0]  # not for a day
    assert len(server.requests) == 3


def test_a_server_that_is_not_there_is_told(slices):
    url = f"http://127.0.0.1:{free_port()}/dicom-web"
    address = WebAddress(url=url, host="127.0.0.1", is_tls=False)
    report = deliver(slices(None, None), address, options=QUICK)
    assert arrivals(report) == [Arrival.NOT_SENT] * 2
    assert set(reasons(report)) == {"no connection: nobody listens there"}
    with pytest.raises(PeerError, match=f"^{url}: no connection: nobody listens there$"):
        echo(address, options=QUICK)


def test_a_server_that_never_answers_costs_bounded_time(slices):
    with plain_peer() as (port, _):
        address = WebAddress(url=f"http://127.0.0.1:{port}", host="127.0.0.1", is_tls=False)
        before = time.monotonic()
        report = deliver(slices(None), address, options=HASTY)
        assert time.monotonic() - before < 20
    assert arrivals(report) == [Arrival.UNCONFIRMED]
    assert reasons(report) == ["no answer within 0.4 s"]


def test_a_server_that_hangs_up_confirms_nothing(slices):
    with web_peer(lambda *_: None) as server:
        report = deliver(slices(None), server.address, options=QUICK)
    assert arrivals(report) == [Arrival.UNCONFIRMED]
    assert reasons(report) == ["the connection broke, or the answer was no HTTP"]
    assert len(server.requests) == 3


def test_a_server_that_refuses_before_it_has_read_all_is_heard(tmp_path):
    """It answers to the headers alone and hangs up, as servers do that want credentials."""
    (path,) = make_series(tmp_path, hu=np.zeros((1, 2048, 3072), dtype=np.int16))

    def refuse(connection, _got):
        connection.recv(2000)
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    with plain_peer(refuse) as (port, _):
        address = WebAddress(url=f"http://127.0.0.1:{port}", host="127.0.0.1", is_tls=False)
        report = deliver(find_objects([path]).objects, address, options=QUICK)
    assert reasons(report) == ["credentials are needed, or are wrong (HTTP 401)"]


def test_an_answer_without_an_end_is_not_read_to_its_end(slices, monkeypatch):
    monkeypatch.setattr("corcal.interop.send.stow.MAX_ANSWER_BYTES", 1000)
    with web_peer(lambda *_: (200, JSON, b"x" * 100_000)) as server:
        report = deliver(slices(None), server.address, options=HASTY)
    assert reasons(report) == ["its answer is too long, or takes too long"]


def test_a_file_that_vanishes_is_told_and_the_others_arrive(slices):
    objects = slices(None, None, None)
    gone = objects[1]
    rest = [one for one in objects if one is not gone]
    gone.path.unlink()
    with web_peer(taking(rest)) as server:
        report = deliver(objects, server.address, options=QUICK)
    assert arrivals(report) == [Arrival.ARRIVED, Arrival.NOT_SENT, Arrival.ARRIVED]
    assert reasons(report)[1] == "its file can no longer be read"


def test_a_file_that_vanishes_while_it_is_posted_is_told(slices, monkeypatch):
    objects = slices(None)

    def vanish(*_args, **_kwargs):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(type(objects[0].path), "open", vanish)
    with web_peer(lambda *_: (200, JSON, b"")) as server:
        report = deliver(objects, server.address, options=HASTY)
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report) == ["its file can no longer be read"]


def test_credentials_travel_in_the_header_and_are_shown_nowhere(slices, caplog):
    caplog.set_level("DEBUG")
    objects = slices(None)
    credentials = Credentials(authorization=f"Bearer {SECRET}")
    options = SendOptions(backoff_s=0.01, answer_s=5, credentials=credentials)
    with web_peer(taking(objects)) as server:
        report = deliver(objects, server.address, options=options)
    with web_peer(lambda *_: (200, JSON, b"[]")) as searched:
        echo(searched.address, options=options)
    assert [
        headers["Authorization"] for _, _, headers, _ in server.requests + searched.requests
    ] == [f"Bearer {SECRET}"] * 2
    for text in (caplog.text, repr(options), repr(report)):
        assert SECRET not in text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_credentials_do_not_follow_a_redirect(slices, status):
    credentials = Credentials(authorization=f"Bearer {SECRET}")
    options = SendOptions(backoff_s=0.01, answer_s=5, credentials=credentials)
    with (
        web_peer(lambda *_: (200, JSON, b"")) as other,
        web_peer(lambda *_: (status, {"Location": other.address.url}, b"")) as server,
    ):
        report = deliver(slices(None), server.address, options=options)
    assert reasons(report) == [f"it redirects to another address: give that one (HTTP {status})"]
    assert other.requests == []


def test_credentials_are_not_sent_in_clear_to_another_machine(slices, monkeypatch):
    credentials = Credentials(authorization=f"Bearer {SECRET}")
    far = WebAddress(url="http://pacs.invalid/dicom-web", host="pacs.invalid", is_tls=False)
    with pytest.raises(InputError, match="credentials would travel unencrypted: use https://"):
        deliver(slices(None), far, options=SendOptions(credentials=credentials))
    with pytest.raises(InputError, match="credentials would travel unencrypted"):
        echo(far, options=SendOptions(credentials=credentials))
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    allowed = SendOptions(
        credentials=credentials, credentials_in_clear=True, attempts=1, answer_s=5
    )
    with pytest.raises(PeerError, match="its host name is not known"):
        echo(far, options=allowed)


def test_a_proxy_is_not_asked_for_this_machine(slices, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    objects = slices(None)
    with web_peer(taking(objects)) as server:
        assert deliver(objects, server.address, options=QUICK).is_complete


def test_storage_commitment_is_not_asked_for_over_dicomweb(slices):
    address = WebAddress(url="http://127.0.0.1", host="127.0.0.1", is_tls=False)
    with pytest.raises(InputError, match=r"storage commitment .* is asked for over dicom://"):
        deliver(slices(None), address, options=SendOptions(commit=True))


def server_side(certificates, *, wants_client=False):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    context.load_cert_chain(certificates.server)
    context.verify_mode = ssl.CERT_REQUIRED if wants_client else ssl.CERT_NONE
    return context


def test_objects_travel_encrypted_and_both_sides_are_known(slices, certificates):
    objects = slices(None)
    files = TlsFiles(ca_file=certificates.authority, client_cert=certificates.client)
    options = SendOptions(backoff_s=0.01, answer_s=5, tls=files)
    with web_peer(taking(objects), tls=server_side(certificates, wants_client=True)) as server:
        assert deliver(objects, server.address, options=options).is_complete


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(slices, certificates):
    with web_peer(lambda *_: (200, JSON, b""), tls=server_side(certificates)) as server:
        report = deliver(slices(None), server.address, options=HASTY)
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report) == ["its certificate is not one that is trusted (--ca-file)"]
    assert server.requests == []


def test_a_server_that_speaks_no_tls_is_told(slices):
    with web_peer(lambda *_: (200, JSON, b"")) as server:
        url = server.address.url.replace("http://", "https://")
        address = WebAddress(url=url, host="127.0.0.1", is_tls=True)
        report = deliver(slices(None), address, options=HASTY)
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report)[0].startswith("no encrypted connection: it speaks no TLS")


@pytest.mark.parametrize("status", [405, 501])
def test_a_server_that_cannot_be_searched_may_still_store(status):
    with web_peer(lambda *_: (status, {}, b"")) as server:
        assert "takes no searches" in echo(server.address, options=QUICK)


def test_the_question_whether_a_server_is_there_asks_for_nobody():
    with web_peer(lambda *_: (204, {}, b"")) as server:
        assert echo(server.address, options=QUICK).endswith("answers (HTTP 204)")
    ((method, path, _, _),) = server.requests
    assert method == "GET"
    assert path.startswith("/dicom-web/studies?StudyInstanceUID=2.25.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (listing([("1.2", None)]), {"1.2": (Arrival.ARRIVED, "")}),
        (b"[" + listing([("1.2", None)]) + b"]", {"1.2": (Arrival.ARRIVED, "")}),
        (
            listing([("1.2", None)], [("1.2", 0xA700)]),  # named among both: it failed
            {"1.2": (Arrival.REFUSED, "out of resources (0xA700)")},
        ),
        (
            listing([], [("1.2", None)]),
            {"1.2": (Arrival.REFUSED, "the server gives no reason")},
        ),
        (listing([], [("1.2", "272")]), {"1.2": (Arrival.REFUSED, "processing failure (0x0110)")}),
        (listing([], [("1.2", True)]), {"1.2": (Arrival.REFUSED, "the server gives no reason")}),
        (listing([], [("1.2", 70000)]), {"1.2": (Arrival.REFUSED, "the server gives no reason")}),
        (listing([("", None)], [(5, 272)]), {}),
        (b'{"00081199": {"vr": "SQ", "Value": [5, {"00081155": []}, null]}}', {}),
        (b"\xff\xfe", {}),
    ],
)
def test_an_answer_is_read_whatever_it_holds(body, expected):
    found = {uid: (one.arrival, one.reason) for uid, one in read_answer(body).items()}
    assert found == expected
