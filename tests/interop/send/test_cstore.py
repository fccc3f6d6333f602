"""C-STORE to peers that refuse, hang up, fall silent or are not there."""

import socket
import ssl
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless
from pynetdicom import AE, _config, build_context, evt
from pynetdicom.fsm import StateMachine
from pynetdicom.sop_class import CTImageStorage

from corcal.errors import InputError, PeerError
from corcal.interop.send import Arrival, DicomAddress, SendOptions, deliver, echo
from corcal.interop.send.association import QUIET_END
from corcal.interop.send.objects import find_objects
from corcal.interop.send.types import TlsFiles
from dicom_maker import make_series
from interop.send.peers import ECHO_ONLY, dicom_peer, plain_peer
from ports import free_port

EXPLICIT = "1.2.840.10008.1.2.1"
# pynetdicom leaves a socket that was never connected to the garbage collector
LEFT_SOCKET = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning",
    "ignore:unclosed <socket.socket:ResourceWarning",
)
QUICK = SendOptions(backoff_s=0.01, connect_s=5, answer_s=5)
HASTY = SendOptions(backoff_s=0.01, connect_s=0.5, answer_s=0.5, attempts=2)


def arrivals(report):
    return [one.arrival for one in report.deliveries]


def reasons(report):
    return [one.reason for one in report.deliveries]


def test_what_arrives_is_the_data_set_byte_for_byte(slices):
    objects = slices(None, RLELossless)
    with dicom_peer(contexts={CTImageStorage: [EXPLICIT, RLELossless]}) as peer:
        report = deliver(objects, peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.ARRIVED] * 2
    assert report.is_complete
    for one, data in zip(objects, peer.data, strict=True):
        assert one.path.read_bytes().endswith(data)
        assert len(data) > one.size_bytes - 1000
    assert peer.associations == 1
    assert _config.STORE_SEND_CHUNKED_DATASET is False  # left as it was found


def test_what_a_library_would_write_otherwise_is_left_as_it_is(slices):
    """A group length (0008,0000), retired: pydicom drops it when it writes a data set."""
    (one,) = slices(None)
    content = one.path.read_bytes()
    start = 132 + 12 + dcmread(one.path).file_meta.FileMetaInformationGroupLength
    retired = b"\x08\0\0\0UL\x04\0\x10\0\0\0"
    one.path.write_bytes(content[:start] + retired + content[start:])
    with dicom_peer() as peer:
        assert deliver([one], peer.address, options=QUICK).is_complete
    assert peer.data == [retired + content[start:]]


def test_a_transfer_syntax_that_is_refused_is_told_for_its_object_and_never_transcoded(slices):
    """The peer takes explicit CT, and with it nothing of what the JPEG 2000 has inside."""
    objects = slices(None, JPEG2000Lossless, JPEGLSLossless)
    with dicom_peer(contexts={CTImageStorage: [EXPLICIT, JPEGLSLossless]}) as peer:
        report = deliver(objects, peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.ARRIVED, Arrival.REFUSED, Arrival.ARRIVED]
    assert reasons(report)[1] == (
        "the archive does not take this transfer syntax; "
        "offered: JPEG 2000 Image Compression (Lossless Only) (1.2.840.10008.1.2.4.90)"
    )
    assert not report.is_complete


def test_explicit_is_not_turned_into_implicit_for_a_peer_that_takes_only_that(slices):
    with dicom_peer(contexts={CTImageStorage: ["1.2.840.10008.1.2"]}) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.REFUSED]
    assert peer.stored == []


def test_a_sop_class_that_is_refused_is_told_without_another_attempt(slices):
    with dicom_peer(contexts=ECHO_ONLY) as peer:
        report = deliver(slices(None, RLELossless), peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.REFUSED] * 2
    assert reasons(report)[0].startswith("the archive does not take this SOP class; offered:")
    assert peer.associations == 1


@pytest.mark.parametrize(
    ("status", "arrival", "reason", "attempts"),
    [
        (0x0000, Arrival.ARRIVED, "", 1),
        (0xB000, Arrival.ARRIVED, "the archive changed data elements (0xB000)", 1),
        (0xB006, Arrival.ARRIVED, "the archive discarded data elements (0xB006)", 1),
        (0xB0FF, Arrival.ARRIVED, "warning (0xB0FF)", 1),
        (0x0124, Arrival.REFUSED, "not authorised (0x0124)", 1),
        (0xA900, Arrival.REFUSED, "data set does not match its SOP class (0xA900)", 1),
        (0xC123, Arrival.REFUSED, "data set not understood (0xC123)", 1),
        (0xA700, Arrival.REFUSED, "out of resources (0xA700)", 3),  # it may pass
        (0x9999, Arrival.REFUSED, "failure (0x9999)", 1),
    ],
)
def test_each_status_is_told_in_words(slices, status, arrival, reason, attempts):
    with dicom_peer(lambda _event, _seen: status) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert (arrivals(report), reasons(report)) == ([arrival], [reason])
    assert peer.associations == attempts


def test_what_a_peer_could_not_take_for_a_moment_is_sent_again(slices):
    def full_once(_event, seen):
        return 0xA700 if seen.associations == 1 else 0

    with dicom_peer(full_once) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert report.is_complete
    assert peer.associations == 2


def test_the_free_text_of_a_peer_is_in_no_report(slices, caplog):
    """It may repeat what it dislikes."""

    def refuse(_event, _):
        answer = Dataset()
        answer.Status = 0xC000
        answer.ErrorComment = "Mustermann^Erika is unknown"
        return answer

    caplog.set_level("DEBUG", logger="corcal")
    with dicom_peer(handlers=[(evt.EVT_C_STORE, refuse, [None])]) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert reasons(report) == ["data set not understood (0xC000)"]
    assert "Mustermann" not in caplog.text


def test_a_peer_that_hangs_up_midway_is_called_again_for_what_is_left(slices):
    """It takes one object an association: three associations for three objects."""

    def one_each(event, seen):
        if len(seen.stored) < seen.associations:
            return 0
        event.assoc.abort()
        return 0x0110

    objects = slices(None, RLELossless, JPEGLSLossless)
    syntaxes = [EXPLICIT, RLELossless, JPEGLSLossless]
    with dicom_peer(one_each, contexts={CTImageStorage: syntaxes}) as peer:
        report = deliver(objects, peer.address, options=QUICK)
    assert report.is_complete
    assert set(peer.stored) == {one.sop_instance_uid for one in objects}


def test_an_object_that_brings_the_peer_down_does_not_keep_the_others_from_arriving(slices):
    objects = slices(None, RLELossless, JPEGLSLossless)
    poison = objects[0].sop_instance_uid

    def fall(event, _seen):
        if event.request.AffectedSOPInstanceUID == poison:
            event.assoc.abort()
            return 0x0110
        return 0

    syntaxes = [EXPLICIT, RLELossless, JPEGLSLossless]
    with dicom_peer(fall, contexts={CTImageStorage: syntaxes}) as peer:
        report = deliver(objects, peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.UNCONFIRMED, Arrival.ARRIVED, Arrival.ARRIVED]
    assert reasons(report)[0] == (
        "the association ended, or time was up, before the archive said that it has it"
    )


@LEFT_SOCKET
def test_a_peer_that_is_not_there_is_told_after_all_attempts(slices):
    address = DicomAddress(called="NOBODY", host="127.0.0.1", port=free_port())
    report = deliver(slices(None, RLELossless), address, options=QUICK)
    assert arrivals(report) == [Arrival.NOT_SENT] * 2
    assert set(reasons(report)) == {"no connection: nobody listens there, or not within 5 s"}
    with pytest.raises(PeerError, match="nobody listens there"):
        echo(address, options=QUICK)


def test_a_host_that_has_no_address_is_told(slices, monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    address = DicomAddress(called="PEER", host="pacs.invalid", port=104)
    report = deliver(slices(None), address, options=QUICK)
    assert reasons(report) == ["its host name is not known"]


def test_a_peer_that_never_answers_costs_bounded_time(slices):
    """Two attempts of half a second each, not for ever; the bound of the test is generous."""
    with plain_peer() as (port, _):
        address = DicomAddress(called="SILENT", host="127.0.0.1", port=port)
        before = time.monotonic()
        report = deliver(slices(None), address, options=HASTY)
        assert time.monotonic() - before < 30
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report)[0].startswith("the archive hung up, or gave no answer within 0.5 s")


def test_a_peer_that_stops_answering_in_the_middle_costs_bounded_time(slices):
    def sleep(_event, _seen):
        time.sleep(1.5)
        return 0

    with dicom_peer(sleep) as peer:
        report = deliver(slices(None), peer.address, options=HASTY)
    assert arrivals(report) == [Arrival.UNCONFIRMED]


def test_a_peer_that_stops_reading_costs_bounded_time(tmp_path):
    """12 MB do not fit into the buffers between the two; without a limit, writing never ends."""
    (path,) = make_series(tmp_path, hu=np.zeros((1, 2048, 3072), dtype=np.int16))
    is_over = threading.Event()

    def stall(event):
        if type(event.pdu).__name__ == "P_DATA_TF":
            is_over.wait(20)

    with dicom_peer(handlers=[(evt.EVT_PDU_RECV, stall)]) as peer:
        before = time.monotonic()
        report = deliver(find_objects([path]).objects, peer.address, options=HASTY)
        took_s = time.monotonic() - before
        is_over.set()
    assert arrivals(report) == [Arrival.UNCONFIRMED]
    assert took_s < 15


def test_a_file_that_vanishes_is_told_and_the_others_arrive(slices):
    objects = slices(None, None, None)
    objects[1].path.unlink()
    with dicom_peer() as peer:
        report = deliver(objects, peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.ARRIVED, Arrival.NOT_SENT, Arrival.ARRIVED]
    assert reasons(report)[1] == "its file can no longer be read"
    assert "slices" not in repr(report)  # no file name


def test_more_kinds_of_objects_than_an_association_can_name_travel_on_two(slices, monkeypatch):
    monkeypatch.setattr("corcal.interop.send.cstore.MAX_CONTEXTS", 2)
    objects = slices(None, RLELossless, JPEGLSLossless, None)
    syntaxes = [EXPLICIT, RLELossless, JPEGLSLossless]
    told = []
    with dicom_peer(contexts={CTImageStorage: syntaxes}) as peer:
        report = deliver(
            objects, peer.address, options=QUICK, progress=lambda *step: told.append(step)
        )
    assert report.is_complete
    assert peer.associations == 2
    assert told == [(done, 4, "sending") for done in (1, 2, 3, 4)]


def test_a_peer_that_is_busy_is_tried_again_and_one_that_dislikes_us_is_not(slices):
    with dicom_peer(maximum_associations=1) as busy:
        taken = AE(ae_title="OTHER").associate(
            "127.0.0.1", busy.address.port, contexts=[build_context(CTImageStorage)]
        )
        report = deliver(slices(None), busy.address, options=QUICK)
        taken.release()
    assert reasons(report) == [
        "the archive rejects the association: its limit of associations is reached"
    ]
    assert busy.associations == 4  # one is somebody else's
    with dicom_peer(require_called_aet=True) as strict:
        address = DicomAddress(called="OTHER", host="127.0.0.1", port=strict.address.port)
        report = deliver(slices(None), address, options=QUICK)
    assert reasons(report)[0].endswith("it has another AE title than the one called")
    assert strict.associations == 1


def test_a_peer_that_takes_only_tiny_pieces_is_no_archive(slices):
    with dicom_peer(maximum_pdu_size=6) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert reasons(report) == ["it takes no PDU of a usable length"]


def test_echo_says_why_it_failed():
    with dicom_peer(contexts=ECHO_ONLY) as peer:
        assert echo(peer.address, options=QUICK) == f"{peer.address} answers (C-ECHO)"
    with dicom_peer() as peer, pytest.raises(PeerError, match="takes associations, but no C-ECHO"):
        echo(peer.address, options=QUICK)


def failed_echo(handlers):
    """Why an echo failed, without the address."""
    with dicom_peer(contexts=ECHO_ONLY, handlers=handlers) as peer:
        with pytest.raises(PeerError) as caught:
            echo(peer.address, options=QUICK)
        return str(caught.value).removeprefix(f"{peer.address}: ")


def test_an_echo_that_fails_or_is_not_answered_is_told(monkeypatch):
    def hang_up(event):
        event.assoc.abort()
        return 0x0110

    def ended(_association):
        raise RuntimeError

    assert failed_echo([(evt.EVT_C_ECHO, lambda _: 0x0122)]) == "C-ECHO failed (0x0122)"
    assert failed_echo([(evt.EVT_C_ECHO, hang_up)]) == "no answer to C-ECHO within 5 s"
    monkeypatch.setattr("pynetdicom.association.Association.send_c_echo", ended)
    assert failed_echo([]) == "no answer to C-ECHO within 5 s"


def test_an_association_that_ends_between_two_objects_leaves_them_unsent(slices, monkeypatch):
    def ended(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("pynetdicom.association.Association.send_c_store", ended)
    with dicom_peer() as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report) == ["the association ended before it was sent"]


def test_an_association_whose_ends_are_crossed_ends_without_a_traceback():
    """As by an abort of ours (event 15) after the peer's has ended it (state 1)."""
    ended = []

    class Service:
        def kill_dul(self):
            ended.append(self)

    service = Service()
    service.state_machine = StateMachine(service)
    _, quiet = QUIET_END
    for _ in range(2):  # told of each transition, it steps in once
        quiet(SimpleNamespace(assoc=SimpleNamespace(dul=service)))
    service.state_machine.do_action("Evt15")
    assert ended == [service]


def test_objects_travel_encrypted_and_both_sides_are_known(slices, certificates):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(certificates.server)
    ours = TlsFiles(
        ca_file=certificates.authority,
        client_cert=certificates.client_alone,
        client_key=certificates.client_key,
    )
    with dicom_peer(tls=server) as peer:
        options = SendOptions(backoff_s=0.01, answer_s=5, tls=ours)
        assert deliver(slices(None), peer.address, options=options).is_complete


def test_a_peer_whose_certificate_is_not_trusted_gets_nothing(slices, certificates):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificates.server)
    with dicom_peer(tls=server) as peer:
        report = deliver(slices(None), peer.address, options=QUICK)
    assert arrivals(report) == [Arrival.NOT_SENT]
    assert reasons(report)[0].endswith("or its certificate is not accepted")
    assert peer.stored == []


@pytest.mark.parametrize(
    "wrong", [{"answer_s": 601}, {"answer_s": 0}, {"attempts": 11}, {"commit_s": float("nan")}]
)
def test_no_option_makes_it_wait_for_ever(wrong):
    with pytest.raises(InputError, match=r"is .*, allowed"):
        SendOptions(**wrong)
