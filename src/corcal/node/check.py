"""What would keep the node from working, found before it is started: ``corcal node --check``.

The rules file itself is checked by its reader; here it is what the rules name, on this machine and,
if asked for, on the network. Each finding is one sentence, with what would be right.
"""

import errno
import getpass
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from corcal.errors import CorcalError, InputError, PeerError
from corcal.interop.send.address import DicomAddress
from corcal.node.admission import tls_context
from corcal.node.calling import caller_options
from corcal.node.certificates import validity
from corcal.node.destinations import Destination, Kind, destination_of
from corcal.node.rules import NodeRules, Peer
from corcal.node.run import FOLDER, is_running
from corcal.serve.settings import Settings
from corcal.store.folder import DataFolder

__all__ = ["Finding", "check", "check_peers"]

_EVERYBODY = stat.S_IRWXO
_SOON = timedelta(days=30)
_ANSWER_S = 10.0
_ANY = ("0.0.0.0", "::")  # noqa: S104  (to be recognised, not bound)
_MB = 2**20
_SERVE_PORT = Settings(data=Path()).port


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was found.

    Attributes
    ----------
    text : str
        One sentence: what is wrong, and what would be right.
    is_error : bool
        Whether the node would not work; else somebody should know.
    """

    text: str
    is_error: bool = True


def check(rules: NodeRules, data: Path, *, base: Path, database: str | None) -> tuple[Finding, ...]:
    """Look at what the rules name on this machine.

    Parameters
    ----------
    rules : NodeRules
        As they were read.
    data : Path
        The data folder.
    base : Path
        Folder of the rules file.
    database : str or None
        As of `corcal.store.store.Store`.
    """
    return (
        *_data_findings(rules, data, database),
        *_port_findings(rules, is_here=is_running(data / FOLDER)),
        *_token_findings(rules),
        *_tls_findings(rules),
        *_folder_findings(rules, base),
    )


def check_peers(rules: NodeRules, *, base: Path) -> tuple[Finding, ...]:
    """Ask every peer by C-ECHO, and whether somebody listens at every other destination.

    Nothing is sent but the question.
    """
    found = [_peer_finding(one, rules) for one in rules.peers]
    for rule in rules.send:
        destination = destination_of(rule.to, rules.peers, base=base)
        if destination.kind in (Kind.FHIR, Kind.HL7):
            found.append(_listening(f"[[send]] {rule.name}", *_place(destination)))
    return tuple(one for one in found if one is not None)


# --- this machine


def _data_findings(rules: NodeRules, data: Path, database: str | None) -> Iterator[Finding]:
    try:
        DataFolder(data).check(
            "postgresql" if (database or "").startswith("postgres") else "sqlite"
        )
    except CorcalError as exc:
        yield Finding(text=f"the data folder cannot be used: {exc}")
        return
    there = _nearest(data)
    why = _why_not_writable(there)
    if why is not None:
        which = "the data folder" if there == data else f"{there}, where the data folder would be,"
        yield Finding(
            text=f"{which} cannot be written by {_who()}: {why}; let it belong to {_who()}"
        )
        return
    found = os.statvfs(there)
    free_mb = found.f_bavail * found.f_frsize // _MB
    if free_mb < rules.limits.disk_free_mb:
        yield Finding(
            text=f"{free_mb} MB of the data folder's disk are free and limits.disk_free_mb asks "
            f"for {rules.limits.disk_free_mb}: make room, or ask for less"
        )


def _port_findings(rules: NodeRules, *, is_here: bool) -> Iterator[Finding]:
    node = rules.node
    listening = [("node.port", node.host, node.port)]
    if node.http_port:
        listening.append(("node.http_port", node.http_host, node.http_port))
        if node.port == node.http_port and _overlap(node.host, node.http_host):
            text = f"node.port and node.http_port are both {node.port}: give each a port of its own"
            yield Finding(text=text)
    for key, host, port in listening:
        if port == _SERVE_PORT:
            text = f"{key} is {port}, where corcal serve listens by default: choose another one"
            yield Finding(text=text, is_error=False)
        why = _why_not_bound(host, port, is_here=is_here)
        if why is not None:
            yield Finding(text=f"{key}: {why}")


def _why_not_bound(host: str, port: int, *, is_here: bool) -> str | None:
    """Say why nothing could listen there; the port of a node that runs here is in use rightly."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((host, port))
            one.listen(1)
    except PermissionError:
        return (
            f"{_who()} may not listen at port {port}: choose one from 1024 on, or give the service "
            "CAP_NET_BIND_SERVICE"
        )
    except socket.gaierror:
        return f"{host} is no address of this machine: give a number, such as 0.0.0.0 for all"
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            text = f"port {port} of {host} is in use by another program: end it, or choose another"
            return None if is_here else text
        return f"nothing can listen at port {port} of {host} ({exc.strerror})"
    except (ValueError, TypeError):  # a part of the name is empty, or too long
        return f"{host} is no name of a machine: give a number, such as 0.0.0.0 for all"
    return None


def _token_findings(rules: NodeRules) -> Iterator[Finding]:
    named = [("node.http_token_file", rules.node.http_token_file)]
    named += [(f"token_file of [[peer]] {one.name}", one.token_file) for one in rules.peers]
    named += [(f"token_file of [[send]] {one.name}", one.token_file) for one in rules.send]
    for key, path in named:
        if path is not None:
            yield from _secret_findings(key, path)


def _secret_findings(key: str, path: Path) -> Iterator[Finding]:
    try:
        is_empty = not path.read_bytes().strip()
        mode = path.stat().st_mode
    except OSError as exc:
        text = (
            f"{key}: {path.name} cannot be read by {_who()} ({exc.strerror}): it has to be a file"
        )
        yield Finding(text=f"{text} that {_who()} may read")
        return
    if is_empty:
        yield Finding(text=f"{key}: {path.name} is empty: it has to hold the token")
    if mode & _EVERYBODY:
        text = f"{key}: {path.name} can be read by everybody on this machine: chmod o= {path.name}"
        yield Finding(text=text, is_error=False)


def _tls_findings(rules: NodeRules) -> Iterator[Finding]:
    files = rules.tls
    if files is None:
        return
    yield from _secret_findings("tls.key", files.key)
    try:
        tls_context(files)
    except InputError as exc:
        yield Finding(text=f"{exc}: give files that do, all of them PEM")
    for key in ("certificate", "client_ca", "server_ca"):
        path = getattr(files, key)
        if path is not None:
            yield from _validity_findings(f"tls.{key}", path)


def _validity_findings(key: str, path: Path) -> Iterator[Finding]:
    try:
        found = validity(path)
    except InputError as exc:
        yield Finding(text=f"{key}: {path.name}: {exc}: give one")
        return
    now = _now()
    since, until = max(one[0] for one in found), min(one[1] for one in found)
    if since > now:
        text = f"is valid from {since:%Y-%m-%d} on: set the clock, or give one that is valid"
        yield Finding(text=f"{key}: {path.name} {text}")
    if until < now:
        yield Finding(text=f"{key}: {path.name} has expired on {until:%Y-%m-%d}: give a new one")
    elif until < now + _SOON:
        text = f"{key}: {path.name} expires on {until:%Y-%m-%d}: have a new one made"
        yield Finding(text=text, is_error=False)


def _folder_findings(rules: NodeRules, base: Path) -> Iterator[Finding]:
    for rule in rules.send:
        folder = destination_of(rule.to, rules.peers, base=base).folder
        if folder is None:
            continue
        why = _why_not_writable(_nearest(folder))
        if why is not None:
            text = f"[[send]] {rule.name}: its folder cannot be written by {_who()}: {why}"
            yield Finding(text=f"{text}; let it belong to {_who()}")


def _nearest(folder: Path) -> Path:
    """Give the folder, or what of its way is there; what cannot be asked for is given itself."""
    for one in (folder, *folder.absolute().parents):
        try:
            if one.exists():
                return one
        except OSError:  # a name that is too long, a folder into which one may not look
            return one
    return Path("/")


def _why_not_writable(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as exc:
        return exc.strerror or "it refuses"


# --- the network


def _peer_finding(peer: Peer, rules: NodeRules) -> Finding | None:
    """Ask a peer that can be called; who only calls us cannot be asked."""
    if peer.host is None or peer.port is None:
        return None
    # pynetdicom takes a second to import
    from corcal.interop.send.association import echo

    address = DicomAddress(called=peer.aet, host=peer.host, port=peer.port, is_tls=peer.is_tls)
    try:
        echo(address, options=caller_options(rules, answer_s=_ANSWER_S))
    except (PeerError, InputError) as exc:
        right = f"it has to answer C-ECHO of {rules.node.aet}, called {peer.aet}"
        return Finding(text=f"[[peer]] {peer.name} does not answer: {exc}; {right}")
    except UnicodeError:  # a part of the name is empty, or too long
        text = f"[[peer]] {peer.name}: {peer.host} is no name of a machine: give one, or a number"
        return Finding(text=text)
    return None


def _listening(which: str, host: str, port: int) -> Finding | None:
    try:
        socket.create_connection((host, port), timeout=_ANSWER_S).close()
    except OSError as exc:
        why = exc.strerror or "no answer"
        text = f"{which}: nobody listens at port {port} of {host} ({why}): a receiver has to"
        return Finding(text=text)
    except ValueError:  # a part of the name is empty, or too long
        return Finding(text=f"{which}: {host} is no name of a machine: give one, or a number")
    return None


def _place(destination: Destination) -> tuple[str, int]:
    if destination.kind is Kind.HL7:
        return destination.host, destination.port
    parts = urlsplit(destination.url)
    return parts.hostname or "", parts.port or (443 if destination.is_tls else 80)


def _now() -> datetime:
    return datetime.now(UTC)


def _overlap(one: str, other: str) -> bool:
    return one == other or one in _ANY or other in _ANY


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in a container
        return f"user {os.getuid()}"
