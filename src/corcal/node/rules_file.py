"""The rules file: TOML into `NodeRules`, with errors that name the line and the key."""

import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from corcal.ct.suitability.verdict import Verdict
from corcal.errors import InputError
from corcal.interop.send.address import DicomAddress, ae_title, parse_address
from corcal.node.admission import networks_of
from corcal.node.destinations import Destination, destination_of, impossible_formats, usual_formats
from corcal.node.rules import (
    FetchBy,
    Limits,
    Network,
    NodeRules,
    NodeSettings,
    Peer,
    PriorRule,
    Role,
    SendFormat,
    SendRule,
    TakeRule,
    TlsFiles,
    When,
    WorklistRule,
)
from corcal.node.toml_tables import Table, TomlFile, read_toml

__all__ = ["rules_of"]

_TABLES = ("node", "limits", "tls", "peer", "take", "send", "priors", "worklist")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}")
_PORT = (1, 65535)


def rules_of(path: Path) -> NodeRules:
    """Read a rules file; see `corcal.node.rules.read_rules`."""
    return _rules(read_toml(path), path.parent)


def _rules(file: TomlFile, folder: Path) -> NodeRules:
    for name in file.parsed:
        if name not in _TABLES:
            file.refuse(name, 0, None, f"is not known; known are {', '.join(_TABLES)}")
    peers = tuple(_peer(table, folder) for table in file.several("peer"))
    for number, one in enumerate(peers):
        if any(one.name == other.name for other in peers[:number]):
            file.refuse("peer", number, "name", f'"{one.name}" is there twice')
    has_worklist = "worklist" in file.parsed
    send = tuple(_send(table, peers, folder) for table in file.several("send"))
    for number, rule in enumerate(send):
        if any(rule.name == other.name for other in send[:number]):
            file.refuse("send", number, "name", f'"{rule.name}" is there twice')
    return NodeRules(
        node=_node(file.one("node"), folder),
        limits=_limits(file.one("limits")),
        tls=_tls(file.one("tls"), folder) if "tls" in file.parsed else None,
        peers=peers,
        take=tuple(
            _take(table, peers, has_worklist=has_worklist) for table in file.several("take")
        ),
        send=send,
        priors=_priors(file.one("priors"), peers) if "priors" in file.parsed else None,
        worklist=_worklist(file.one("worklist"), peers) if has_worklist else None,
    )


def _node(table: Table, folder: Path) -> NodeSettings:
    token = table.text("http_token_file", "")
    usual = NodeSettings()
    made = NodeSettings(
        aet=_title(table, "aet", usual.aet),
        host=table.text("host", usual.host),
        port=table.whole("port", usual.port, *_PORT),
        http_host=table.text("http_host", usual.http_host),
        http_port=table.whole("http_port", usual.http_port, 0, _PORT[1]),
        http_token_file=folder / token if token else None,
        quiet_s=table.number("quiet_s", usual.quiet_s, 0.1, 3600),
        workers=table.whole("workers", usual.workers, 0, 64),
    )
    table.done()
    return made


def _limits(table: Table) -> Limits:
    usual = Limits()
    made = Limits(
        associations=table.whole("associations", usual.associations, 1, 1000),
        object_mb=table.whole("object_mb", usual.object_mb, 1, 4096),
        objects_per_minute=table.whole(
            "objects_per_minute", usual.objects_per_minute, 1, 10_000_000
        ),
        study_images=table.whole("study_images", usual.study_images, 1, 1_000_000),
        idle_s=table.number("idle_s", usual.idle_s, 0.1, 3600),
        disk_free_mb=table.whole("disk_free_mb", usual.disk_free_mb, 0, 10_000_000),
    )
    table.done()
    return made


def _tls(table: Table, folder: Path) -> TlsFiles:
    made = TlsFiles(
        certificate=folder / table.needed("certificate"),
        key=folder / table.needed("key"),
        client_ca=folder / table.needed("client_ca"),
        server_ca=folder / trusted if (trusted := table.text("server_ca", "")) else None,
    )
    table.done()
    for key in ("certificate", "key", "client_ca", "server_ca"):
        path = getattr(made, key)
        if path is not None and not _is_file(path):
            table.refuse(key, "names a file that is not there")
    return made


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder into which one may not look
        return False


def _title(table: Table, key: str, default: str = "") -> str:
    text = table.text(key, default) or table.needed(key)
    try:
        return ae_title(text, of="")
    except InputError:
        table.refuse(key, "has 1 to 16 ASCII characters, and no backslash")


def _name(table: Table) -> str:
    name = table.needed("name")
    if not _NAME.fullmatch(name):
        table.refuse("name", "has up to 40 letters, digits, spaces, hyphens, dots")
    return name


def _peer(table: Table, folder: Path) -> Peer:
    token = table.text("token_file", "")
    has_port, port = table.has("port"), table.whole("port", 104, *_PORT)
    made = Peer(
        name=_name(table),
        aet=_title(table, "aet"),
        host=table.text("host", "") or None,
        port=port if has_port else None,
        addresses=_networks(table),
        roles=frozenset(table.words("roles", Role, (Role.SEND, Role.QUERY))),
        dicomweb=table.text("dicomweb", "") or None,
        token_file=folder / token if token else None,
        is_tls=table.flag("tls", default=False),
    )
    if (made.host is None) != (made.port is None):
        table.refuse("port" if has_port else "host", "and the other belong together: give both")
    if made.dicomweb:
        _require_web(table, made.dicomweb)
    if table.has("roles") and Role.SEND in made.roles and not networks_of(made):
        table.refuse(
            "roles", 'has "send", which needs addresses: nobody is let in by a host\'s name'
        )
    table.done()
    return made


def _require_web(table: Table, url: str) -> None:
    if not url.lower().startswith(("https://", "http://")):
        table.refuse("dicomweb", "is an address that begins with https:// or http://")
    try:
        parse_address(url)
    except InputError:
        form = "https://host/path or https://host:port/path, without a user, a password, ? or #"
        table.refuse("dicomweb", f"is no address that can be called: write {form}")


def _networks(table: Table) -> tuple[Network, ...]:
    found = []
    for text in table.texts("addresses"):
        try:
            found.append(ip_network(text))
        except ValueError:
            problem = f'has "{text}", which is no address or network such as 10.1.0.0/16'
            table.refuse("addresses", problem)
    return tuple(found)


def _senders(table: Table, peers: tuple[Peer, ...]) -> tuple[str, ...]:
    names = table.texts("from")
    for name in names:
        if all(name != peer.name for peer in peers):
            table.refuse("from", f'names "{name}", and there is no [[peer]] of that name')
    return names


def _take(table: Table, peers: tuple[Peer, ...], *, has_worklist: bool) -> TakeRule:
    usual = TakeRule()
    made = TakeRule(
        senders=_senders(table, peers),
        modality=table.texts("modality", usual.modality),
        description=table.pattern("description"),
        procedure=table.pattern("procedure"),
        suitable=table.words("suitable", Verdict, usual.suitable),
        score=table.flag("score", default=True),
    )
    table.done()
    if made.procedure is not None and not has_worklist:
        table.refuse("procedure", "is what the worklist says: name one in [worklist]")
    return made


def _send(table: Table, peers: tuple[Peer, ...], folder: Path) -> SendRule:
    usual = SendRule(name="", to="")
    token = table.text("token_file", "")
    has_limit = table.has("max_agatston")
    limit = table.number("max_agatston", 0, 0, 1e6)
    to = table.needed("to")
    destination = _destination(table, to, peers, folder)
    kind, archive = destination.kind, destination.archive
    made = SendRule(
        name=_name(table),
        to=to,
        formats=tuple(dict.fromkeys(table.words("formats", SendFormat, usual_formats(kind)))),
        when=table.word("when", When, usual.when),
        senders=_senders(table, peers),
        description=table.pattern("description"),
        verdict=table.words("verdict", Verdict, usual.verdict),
        max_agatston=limit if has_limit else None,
        despite_review_advice=table.flag("despite_review_advice", default=False),
        commit=table.flag("commit", default=False),
        token_file=folder / token if token else None,
    )
    table.done()
    if made.commit and not isinstance(archive, DicomAddress):
        table.refuse("commit", "asks for storage commitment, which goes by C-STORE alone")
    for wrong in impossible_formats(made, kind):
        table.refuse("formats", f'has "{wrong}", which cannot go to this destination')
    return made


def _destination(table: Table, to: str, peers: tuple[Peer, ...], folder: Path) -> Destination:
    try:
        found = destination_of(to, peers, base=folder)
        has_port = not found.url or urlsplit(found.url).port != 0
    except InputError as exc:
        table.refuse("to", str(exc))
    except ValueError:  # brackets that do not close, a port that is none
        has_port = False
    if not has_port or (found.url and re.search(r"\s", found.url)):
        form = "https://host/path, https://host:port/path with a port from 1 to 65535, or"
        table.refuse("to", f"is no address that can be called: write {form} mllp://host:port")
    return found


def _priors(table: Table, peers: tuple[Peer, ...]) -> PriorRule:
    usual = PriorRule(source="")
    made = PriorRule(
        source=table.needed("from"),
        by=table.word("by", FetchBy, usual.by),
        years=table.whole("years", usual.years, 1, 100),
        at_most=table.whole("at_most", usual.at_most, 1, 50),
    )
    table.done()
    peer = _asked_peer(table, made.source, peers)
    if made.by is FetchBy.DICOM and peer.host is None:
        table.refuse("from", f'names "{made.source}", which has no host and port')
    if made.by is FetchBy.DICOM and not networks_of(peer):
        problem = "which has no addresses, and so could not send what is asked for"
        table.refuse("from", f'names "{made.source}", {problem}')
    if made.by is FetchBy.DICOMWEB and peer.dicomweb is None:
        table.refuse("from", f'names "{made.source}", which has no dicomweb address')
    return made


def _worklist(table: Table, peers: tuple[Peer, ...]) -> WorklistRule:
    usual = WorklistRule(source="")
    made = WorklistRule(
        source=table.needed("from"),
        answer_s=table.number("answer_s", usual.answer_s, 0.5, 10),
        wait_minutes=table.number("wait_minutes", usual.wait_minutes, 0, 24 * 60),
    )
    table.done()
    if _asked_peer(table, made.source, peers).host is None:
        table.refuse("from", f'names "{made.source}", which has no host and port')
    return made


def _asked_peer(table: Table, name: str, peers: tuple[Peer, ...]) -> Peer:
    """Give the peer that a table names to be asked."""
    peer = next((one for one in peers if one.name == name), None)
    if peer is None:
        table.refuse("from", f'names "{name}", and there is no [[peer]] of that name')
    if Role.QUERY not in peer.roles:
        table.refuse("from", f'names "{name}", which does not have the role "query"')
    return peer
