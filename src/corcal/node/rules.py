"""The node's rules: who may talk to it, what it takes, where results go, and when.

Everything has a default, and the defaults are safe: the node listens on the loopback address, knows
no peer, and sends nothing. `corcal.node.rules_file` reads the file.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from corcal.ct.suitability.verdict import Verdict

__all__ = [
    "FetchBy",
    "Limits",
    "Network",
    "NodeRules",
    "NodeSettings",
    "Peer",
    "PriorRule",
    "Role",
    "SendFormat",
    "SendRule",
    "TakeRule",
    "TlsFiles",
    "When",
    "WorklistRule",
    "read_rules",
]

Network = IPv4Network | IPv6Network


class Role(StrEnum):
    """What a peer may do, or be asked for."""

    SEND = "send"  # send us studies
    QUERY = "query"  # be asked for earlier studies of a patient, and send what was asked for


class SendFormat(StrEnum):
    """What is sent of a result."""

    SR = "sr"  # DICOM structured reports
    SEG = "seg"  # DICOM segmentation
    PDF = "pdf"  # the clinician's report as DICOM (as a file, where it goes into a folder)
    KEY = "key"  # key images and their outlines
    FHIR = "fhir"  # FHIR R4 bundle
    HL7 = "hl7"  # HL7 v2.5.1 ORU^R01


class When(StrEnum):
    """When a result may leave."""

    SIGNED = "signed"  # once a reader has signed it
    AUTOMATIC = "automatic"  # as soon as it is there, without anybody having seen it


class FetchBy(StrEnum):
    """How earlier scans are fetched."""

    DICOM = "dicom"
    DICOMWEB = "dicomweb"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """What the node is and where it listens.

    Attributes
    ----------
    aet : str
        Its application entity title.
    host, port : str, int
        Where associations are taken.
    http_host, http_port : str, int
        Where health, metrics and the message "study complete" are served; port 0 for not at all.
    http_token_file : Path or None
        Holds the token that the message "study complete" needs; without one, it is taken only
        where `http_host` is the loopback address.
    quiet_s : float
        A study is complete when no image of it has come for so long.
    workers : int
        Processes that score.
    """

    aet: str = "CORCAL"
    host: str = "127.0.0.1"
    port: int = 11112
    http_host: str = "127.0.0.1"
    http_port: int = 8422
    http_token_file: Path | None = None
    quiet_s: float = 30.0
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the node takes at most.

    Attributes
    ----------
    associations : int
        At the same time, of all peers together.
    object_mb : int
        Size of one object.
    objects_per_minute : int
        Of one peer.
    study_images : int
        Of one study.
    idle_s : float
        How long an association may be silent, or take over one message.
    disk_free_mb : int
        Below this nothing is taken any more.
    """

    associations: int = 16
    object_mb: int = 512
    objects_per_minute: int = 60_000
    study_images: int = 20_000
    idle_s: float = 30.0
    disk_free_mb: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files for encrypted connections.

    Attributes
    ----------
    certificate, key : Path
        Who we are, to who calls us and to whom we call.
    client_ca : Path
        Callers must show a certificate that this authority signed.
    server_ca : Path or None
        Authority of those whom we call; ``None`` for those that the operating system trusts.
    """

    certificate: Path
    key: Path
    client_ca: Path
    server_ca: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another system.

    Attributes
    ----------
    name : str
        What the other rules call it.
    aet : str
        Its application entity title.
    host, port : str or None, int or None
        Where it takes associations; needed by what is sent to it or asked of it.
    addresses : tuple of network
        From where it may call. Without any, only from `host`, if that is a number.
    roles : frozenset of Role
        What it may do.
    dicomweb : str or None
        Root of its DICOMweb service.
    token_file : Path or None
        Holds the token for it.
    is_tls : bool
        Whether it is called over TLS.
    """

    name: str
    aet: str
    host: str | None = None
    port: int | None = None
    addresses: tuple[Network, ...] = ()
    roles: frozenset[Role] = frozenset({Role.SEND, Role.QUERY})
    dicomweb: str | None = None
    token_file: Path | None = None
    is_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeRule:
    """Which studies are taken; the first rule that fits decides.

    Attributes
    ----------
    senders : tuple of str
        Names of peers (`from` in the file); empty for all.
    modality : tuple of str
        The study has images of one of these.
    description : Pattern or None
        Found in the description of the study or of a series.
    procedure : Pattern or None
        Found in the procedure that was ordered, as the worklist says: its number, its description,
        its code or what that means.
    suitable : tuple of Verdict
        What may be sent of a study taken by this rule: results with one of these verdicts.
    score : bool
        Whether the study is taken; False passes it over.
    """

    senders: tuple[str, ...] = ()
    modality: tuple[str, ...] = ("CT",)
    description: re.Pattern[str] | None = None
    procedure: re.Pattern[str] | None = None
    suitable: tuple[Verdict, ...] = (Verdict.FIT, Verdict.CAUTION)
    score: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRule:
    """Where results go; every rule that fits sends.

    Attributes
    ----------
    name : str
        What it is called in the log, in the status and in an exam's history; unique.
    to : str
        Name of a peer, ``https://`` address of a FHIR server, ``mllp://host:port``, or a folder.
    formats : tuple of SendFormat
        What is sent.
    when : When
        Once signed, or at once.
    senders : tuple of str
        Only studies that came from these peers; empty for all, also uploaded ones.
    description : Pattern or None
        Found in the description of the study or of the scored series.
    verdict : tuple of Verdict
        Only results with one of these.
    max_agatston : float or None
        Only results up to this score.
    despite_review_advice : bool
        Whether a result that asks for a look may go before anybody had one.
    commit : bool
        Whether the archive is asked to take over responsibility (storage commitment).
    token_file : Path or None
        Holds the token for a FHIR server.
    """

    name: str
    to: str
    formats: tuple[SendFormat, ...] = (SendFormat.SR, SendFormat.SEG, SendFormat.PDF)
    when: When = When.SIGNED
    senders: tuple[str, ...] = ()
    description: re.Pattern[str] | None = None
    verdict: tuple[Verdict, ...] = (Verdict.FIT, Verdict.CAUTION)
    max_agatston: float | None = None
    despite_review_advice: bool = False
    commit: bool = False
    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorRule:
    """Earlier scans of a patient, which are fetched to compare with.

    Attributes
    ----------
    source : str
        Name of the peer that is asked (`from` in the file).
    by : FetchBy
        C-FIND and C-MOVE to ourselves, or QIDO-RS and WADO-RS.
    years : int
        How far back.
    at_most : int
        Studies, the latest ones.
    """

    source: str
    by: FetchBy = FetchBy.DICOM
    years: int = 10
    at_most: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRule:
    """The worklist of the hospital, which knows what was ordered.

    Attributes
    ----------
    source : str
        Name of the peer that is asked (`from` in the file).
    answer_s : float
        How long it may take to answer.
    wait_minutes : float
        How long results wait for its answer; then they are sent without the order.
    """

    source: str
    answer_s: float = 5.0
    wait_minutes: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRules:
    """All rules."""

    node: NodeSettings = field(default_factory=NodeSettings)
    limits: Limits = field(default_factory=Limits)
    tls: TlsFiles | None = None
    peers: tuple[Peer, ...] = ()
    take: tuple[TakeRule, ...] = ()
    send: tuple[SendRule, ...] = ()
    priors: PriorRule | None = None
    worklist: WorklistRule | None = None

    def peer(self, name: str) -> Peer | None:
        """Give the peer of a name."""
        return next((one for one in self.peers if one.name == name), None)


def read_rules(path: Path) -> NodeRules:
    """Read the rules file.

    Parameters
    ----------
    path : Path
        TOML; the whole of it may be absent from the file, and everything has a default.

    Raises
    ------
    InputError
        If it cannot be read, or says something that cannot be meant; names line and key.
    """
    from corcal.node.rules_file import rules_of

    return rules_of(path)
