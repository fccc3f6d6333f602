"""Storage commitment with archives that answer on our association, on their own, or not at all."""

import ssl
import threading

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, build_role, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from corcal.errors import InputError
from corcal.interop.send import Arrival, Commitment, SendOptions, commitment, deliver
from corcal.interop.send.types import TlsFiles
from interop.send.peers import dicom_peer
from ports import free_port

EXPLICIT = "1.2.840.10008.1.2.1"
ARCHIVE = {
    CTImageStorage: [EXPLICIT],
    StorageCommitmentPushModel: [EXPLICIT, "1.2.840.10008.1.2"],
}
COMMIT = SendOptions(commit=True, backoff_s=0.01, answer_s=5, commit_s=5)
HASTY = SendOptions(commit=True, backoff_s=0.01, answer_s=5, commit_s=0.3)


def sent(slices, handlers, *, options=COMMIT, contexts=ARCHIVE, count=1, **peer_options):
    with dicom_peer(contexts=contexts, handlers=handlers, **peer_options) as peer:
        return deliver(slices(*[None] * count), peer.address, options=options)


def report_of(request, *, failed=(), left_out=(), transaction=None):
    """The answer to a request: all committed but those that are named."""
    answer = Dataset()
    answer.TransactionUID = transaction or request.TransactionUID
    answer.ReferencedSOPSequence = [
        item
        for number, item in enumerate(request.ReferencedSOPSequence)
        if number not in failed and number not in left_out
    ]
    if failed:
        answer.FailedSOPSequence = [request.ReferencedSOPSequence[number] for number in failed]
        for item in answer.FailedSOPSequence:
            item.FailureReason = 0x0112
    return answer


def send_report(association, report):
    kind = 2 if "FailedSOPSequence" in report else 1
    return association.send_n_event_report(
        report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )


def answering(make_report, *, status=0):
    """Answer on the association of the request, soon after it."""

    def asked(event):
        request = event.action_information
        if make_report is not None:
            report = make_report(request)
            threading.Timer(0.05, send_report, (event.assoc, report)).start()
        return status, None

    return [(evt.EVT_N_ACTION, asked)]


def test_an_answer_on_our_association_is_heard(slices):
    report = sent(slices, answering(report_of), count=2)
    assert [one.commitment for one in report.deliveries] == [Commitment.COMMITTED] * 2
    assert [one.commitment_reason for one in report.deliveries] == ["", ""]
    assert report.is_complete


def test_what_is_not_committed_is_told_with_its_reason(slices):
    handlers = answering(lambda request: report_of(request, failed=(1,), left_out=(2,)))
    report = sent(slices, handlers, count=3)
    assert [(one.commitment, one.commitment_reason) for one in report.deliveries] == [
        (Commitment.COMMITTED, ""),
        (Commitment.FAILED, "no such object instance (0x0112)"),
        (Commitment.FAILED, "the archive's answer does not mention it"),
    ]
    assert not report.is_complete  # though everything arrived
    assert {one.arrival for one in report.deliveries} == {Arrival.ARRIVED}


def test_an_archive_that_offers_no_commitment_is_told_and_is_no_failure(slices):
    report = sent(slices, [], contexts={CTImageStorage: [EXPLICIT]})
    (one,) = report.deliveries
    assert one.commitment is Commitment.NOT_OFFERED
    assert one.commitment_reason == "the archive does not offer storage commitment"
    assert report.is_complete


def test_a_request_that_is_refused_is_a_failure(slices):
    (one,) = sent(slices, answering(None, status=0x0213)).deliveries
    assert one.commitment is Commitment.FAILED
    assert one.commitment_reason == (
        "the archive refuses the request: resource limitation (0x0213)"
    )


def test_an_answer_about_something_else_is_not_taken_for_ours(slices):
    handlers = answering(lambda request: report_of(request, transaction="1.2.3"))
    (one,) = sent(slices, handlers, options=HASTY).deliveries
    assert one.commitment is Commitment.FAILED
    assert one.commitment_reason.startswith("no answer within 0.3 s")


def test_an_answer_that_is_none_is_not_taken_for_one(slices):
    def broken(request):
        report = report_of(request, failed=(0,))
        report.FailedSOPSequence[0].FailureReason = [1, 2]
        return report

    (one,) = sent(slices, answering(broken), options=HASTY).deliveries
    assert one.commitment_reason.startswith("no answer within 0.3 s")


def test_an_archive_that_hangs_up_without_an_answer_is_not_waited_for(slices):
    def asked(event):
        threading.Timer(0.05, event.assoc.abort).start()
        return 0, None

    long = SendOptions(commit=True, backoff_s=0.01, answer_s=5, commit_s=3000)
    (one,) = sent(slices, [(evt.EVT_N_ACTION, asked)], options=long).deliveries
    assert one.commitment is Commitment.FAILED
    assert "ended the association without an answer" in one.commitment_reason
    assert "--listen" in one.commitment_reason


def test_an_archive_that_hangs_up_at_the_request_is_a_failure(slices):
    def asked(event):
        event.assoc.abort()
        return 0x0110, None

    (one,) = sent(slices, [(evt.EVT_N_ACTION, asked)]).deliveries
    assert (one.commitment, one.commitment_reason) == (
        Commitment.FAILED,
        "no answer to the request",
    )


def test_an_association_that_ends_before_the_request_is_a_failure(slices, monkeypatch):
    def ended(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("pynetdicom.association.Association.send_n_action", ended)
    (one,) = sent(slices, []).deliveries
    assert one.commitment_reason == "no answer to the request"


def test_an_archive_that_is_gone_by_then_is_a_failure(slices, monkeypatch):
    def gone(*_args, **_kwargs):
        return commitment.NotOpened(reason="nobody listens there", is_transient=True)

    monkeypatch.setattr(commitment.Caller, "open_patiently", gone)
    (one,) = sent(slices, []).deliveries
    assert (one.commitment, one.commitment_reason) == (
        Commitment.FAILED,
        "nobody listens there",
    )


def test_what_has_not_arrived_is_not_asked_for(slices):
    with dicom_peer(lambda _event, _seen: 0xC000, contexts=ARCHIVE) as peer:
        (one,) = deliver(slices(None), peer.address, options=COMMIT).deliveries
    assert (one.arrival, one.commitment) == (Arrival.REFUSED, None)


def call_back(port, report, *, tls=None):
    """Answer as many archives do: on an association of their own, in the role of the SCP."""
    ae = AE(ae_title="PEER")
    association = ae.associate(
        "127.0.0.1",
        port,
        ae_title="CORCAL",
        contexts=[build_context(StorageCommitmentPushModel, EXPLICIT)],
        ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
        tls_args=None if tls is None else (tls, "127.0.0.1"),
    )
    assert association.is_established
    status, _ = send_report(association, report)
    association.release()
    return status.Status


def calling_back(port, statuses, *, tls=None):
    def asked(event):
        report = report_of(event.action_information)
        wrong = report_of(event.action_information, transaction="1.2.3")

        def answer():
            statuses.append(call_back(port, wrong, tls=tls))
            statuses.append(call_back(port, report, tls=tls))

        threading.Timer(0.05, answer).start()
        return 0, None

    return [(evt.EVT_N_ACTION, asked)]


def test_an_answer_on_an_association_of_the_archive_is_heard_where_we_listen(slices):
    port, statuses = free_port(), []
    options = SendOptions(commit=True, listen=("127.0.0.1", port), answer_s=5, commit_s=10)
    (one,) = sent(slices, calling_back(port, statuses), options=options).deliveries
    assert (one.commitment, one.commitment_reason) == (Commitment.COMMITTED, "")
    assert statuses[0] == 0x0115  # about another transaction: invalid argument


def test_a_port_that_is_taken_is_told(slices):
    with dicom_peer(contexts=ARCHIVE) as peer:
        options = SendOptions(commit=True, listen=("127.0.0.1", peer.address.port))
        with pytest.raises(InputError, match=r"cannot listen at port .*: Address already in use"):
            deliver(slices(None), peer.address, options=options)


def test_to_be_called_back_over_tls_we_need_a_certificate(slices, certificates):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.authority)
    server.load_cert_chain(certificates.server)
    archive = ssl.create_default_context(cafile=certificates.authority)
    archive.load_cert_chain(certificates.server)
    port, statuses = free_port(), []
    ours = TlsFiles(ca_file=certificates.authority, client_cert=certificates.client)
    options = SendOptions(
        commit=True, listen=("127.0.0.1", port), answer_s=5, commit_s=10, tls=ours
    )
    handlers = calling_back(port, statuses, tls=archive)
    (one,) = sent(slices, handlers, options=options, tls=server).deliveries
    assert one.commitment is Commitment.COMMITTED
    bare = SendOptions(
        commit=True, listen=("127.0.0.1", port), tls=TlsFiles(ca_file=certificates.authority)
    )
    with pytest.raises(InputError, match="a certificate is needed"):
        sent(slices, [], options=bare, tls=server)
