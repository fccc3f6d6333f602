"""Who may come in: by address, title and certificate together."""

import socket
import ssl
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from corcal.errors import InputError
from corcal.node import guard
from corcal.node.admission import Admission, Pace, tls_context
from corcal.node.rules import NodeRules, Peer, TlsFiles
from interop.send.conftest import Certificates, certificates
from node.intake_maker import NODE, RULES, SCANNER, connected, receiving
from store.postgres_cluster import temporary_folder

__all__ = ["certificates"]  # the fixture

PEERS = NodeRules(
    peers=(
        Peer(name="by network", aet="A", addresses=(ip_network("10.1.0.0/16"),)),
        Peer(name="by host", aet="A", host="192.0.2.7"),
        Peer(name="by name", aet="A", host="pacs.example"),
        Peer(name="six", aet="S", addresses=(ip_network("2001:db8::/32"),)),
    )
)


@pytest.mark.parametrize(
    ("aet", "address", "peer"),
    [
        ("A", "10.1.255.255", "by network"),
        ("A", "10.2.0.0", None),
        ("A", "192.0.2.7", "by host"),
        ("A", "192.0.2.8", None),
        ("B", "10.1.0.1", None),
        ("A", "::ffff:10.1.0.1", "by network"),
        ("S", "2001:db8::5%eth0", "six"),
        ("S", "2001:db9::5", None),
        ("A", "pacs.example", None),
    ],
)
def test_a_peer_is_told_by_title_and_address_together(
    aet: str, address: str, peer: str | None
) -> None:
    found = Admission(PEERS).peer(aet, address)
    assert (found.name if found else None) == peer


def test_a_minute_of_objects_may_come_at_once_and_then_as_many_as_the_rate() -> None:
    now = 0.0
    pace = Pace(0.05, clock=lambda: now)  # 3 a minute
    assert [pace.take() for _ in range(4)] == [True, True, True, False]
    now = 19.0
    assert not pace.take()
    now = 20.5
    assert [pace.take(), pace.take()] == [True, False]


def test_an_encrypted_port_takes_who_has_a_certificate_of_its_authority(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "HANDSHAKE_S", 1.0)
    files = TlsFiles(
        certificate=certificates.server, key=certificates.server, client_ca=certificates.authority
    )
    with (
        temporary_folder() as folder,
        receiving(folder / "data", replace(RULES, tls=files)) as node,
    ):
        assert _is_shut_out(node.port, None)
        assert _is_shut_out(node.port, _context(certificates, own=False))
        with connected(node.port) as silent:  # does not shake hands: others do not wait for it
            assert _is_taken(node.port, _context(certificates, own=True))
            assert silent.recv(1) == b""
        whys = {one.why.partition(":")[0] for one in node.refusals()}
    assert whys == {"TLS failed"}


def _context(certificates: Certificates, *, own: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificates.authority))
    context.check_hostname = False
    if own:
        context.load_cert_chain(str(certificates.client))
    return context


def _is_shut_out(port: int, context: ssl.SSLContext | None) -> bool:
    """Whether the connection is ended before anything was answered."""
    with connected(port) as bare:
        if context is None:
            bare.sendall(bytes(200))
            return _is_over(bare)
        with context.wrap_socket(bare, server_hostname="localhost") as wrapped:
            return _is_over(wrapped)


def _is_over(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1)
    except OSError:
        return True


def _is_taken(port: int, context: ssl.SSLContext) -> bool:
    """Whether C-ECHO is answered."""
    ae = AE(ae_title=SCANNER)
    ae.acse_timeout = ae.dimse_timeout = 5
    ae.add_requested_context(Verification)
    association = ae.associate("127.0.0.1", port, ae_title=NODE, tls_args=(context, "localhost"))
    if not association.is_established:
        return False
    status = association.send_c_echo().get("Status")
    association.release()
    return status == 0


def test_files_of_an_encrypted_port_that_cannot_be_used_are_named(
    certificates: Certificates, tmp_path: Path
) -> None:
    good = TlsFiles(
        certificate=certificates.server, key=certificates.server, client_ca=certificates.authority
    )
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"client_ca of .tls. is not there"):
        tls_context(replace(good, client_ca=nothing))
    with pytest.raises(InputError, match=r"certificate or key of .tls. is not there"):
        tls_context(replace(good, key=nothing))
    with pytest.raises(InputError, match="locked by a password"):
        tls_context(
            replace(good, certificate=certificates.client_alone, key=certificates.locked_key)
        )
