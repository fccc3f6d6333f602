"""Who may come in: by address, AE title and certificate together, and how much of it."""

import ssl
import threading
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from corcal.errors import InputError
from corcal.node.rules import Network, NodeRules, Peer, TlsFiles

__all__ = ["Admission", "Pace", "networks_of", "tls_context"]


class Admission:
    """The allow-list.

    An AE title is a name that anybody can call themselves by: a caller is taken for a peer only if
    title and address are that peer's. With TLS, its certificate must be of our authority, too.

    Parameters
    ----------
    rules : NodeRules
        With the peers.
    """

    def __init__(self, rules: NodeRules) -> None:
        self._peers = rules.peers
        self._networks = {id(peer): networks_of(peer) for peer in rules.peers}
        self._paces = {
            peer.name: Pace(rules.limits.objects_per_minute / 60.0) for peer in rules.peers
        }

    def may_connect(self, address: str) -> bool:
        """Whether any peer calls from this address."""
        return any(self._is_from(peer, address) for peer in self._peers)

    def peer(self, aet: str, address: str) -> Peer | None:
        """Give the peer of this AE title at this address."""
        return next(
            (one for one in self._peers if one.aet == aet and self._is_from(one, address)), None
        )

    def pace(self, peer: Peer) -> "Pace":
        """Give what bounds the rate of a peer's objects."""
        return self._paces[peer.name]

    def _is_from(self, peer: Peer, address: str) -> bool:
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks[id(peer)])


def networks_of(peer: Peer) -> tuple[Network, ...]:
    """Give the networks that a peer calls from: those listed, else its own address."""
    if peer.addresses:
        return peer.addresses
    try:
        return (ip_network(peer.host),) if peer.host else ()
    except ValueError:  # a name: nobody is let in by what a name server says
        return ()


class Pace:
    """Bounds a rate, over a minute.

    Parameters
    ----------
    per_second : float
        Things a second on average; a minute's worth may come at once.
    clock : callable
        Seconds.
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = per_second, clock
        self._most = self._left = 60.0 * per_second
        self._at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one; whether there is one."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * self._rate)
            self._at = now
            if self._left < 1.0:
                return False
            self._left -= 1.0
            return True


class _LockedKeyError(Exception):
    """The key asks for a password."""


def _no_password() -> str:
    raise _LockedKeyError


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Make the context of an encrypted port: callers must show a certificate of our authority.

    Raises
    ------
    InputError
        If a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cafile=str(files.client_ca))
    except OSError as exc:  # ssl.SSLError is one
        msg = "client_ca of [tls] is not there, or holds no PEM certificate"
        raise InputError(msg) from exc
    try:
        context.load_cert_chain(str(files.certificate), str(files.key), password=_no_password)
    except _LockedKeyError as exc:
        msg = "the key of [tls] is locked by a password: give one that is not"
        raise InputError(msg) from exc
    except OSError as exc:
        msg = "certificate or key of [tls] is not there, is no PEM, or they do not belong together"
        raise InputError(msg) from exc
    return context
