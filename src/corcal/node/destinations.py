"""Where a [[send]] rule sends to, and which files of a version go there."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from corcal.errors import InputError
from corcal.interop.send.address import Address, DicomAddress, is_loopback, parse_address
from corcal.node.rules import Peer, SendFormat, SendRule

__all__ = [
    "Destination",
    "Kind",
    "destination_of",
    "files_for",
    "impossible_formats",
    "usual_formats",
]


class Kind(StrEnum):
    """The ways on which a result leaves."""

    DICOM = "dicom"  # C-STORE, or STOW-RS
    FHIR = "fhir"  # a transaction, posted
    HL7 = "hl7"  # MLLP
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to.

    Attributes
    ----------
    kind : Kind
        By which way.
    archive : DicomAddress, WebAddress or None
        Of DICOM.
    url : str
        Of FHIR.
    host, port, is_tls
        Of HL7.
    folder : Path or None
        Of a folder.
    """

    kind: Kind
    archive: Address | None = None
    url: str = ""
    host: str = ""
    port: int = 0
    is_tls: bool = False
    folder: Path | None = None


_F = SendFormat
_USUAL = {
    Kind.DICOM: (_F.SR, _F.SEG, _F.PDF),
    Kind.FHIR: (_F.FHIR,),
    Kind.HL7: (_F.HL7,),
    Kind.FOLDER: (_F.SR, _F.SEG, _F.PDF, _F.FHIR, _F.HL7),
}
_POSSIBLE = {
    Kind.DICOM: (_F.SR, _F.SEG, _F.PDF, _F.KEY),
    Kind.FHIR: (_F.FHIR,),
    Kind.HL7: (_F.HL7,),
    Kind.FOLDER: tuple(SendFormat),
}
# Names of the files that a version has, see `corcal.serve.documents`
_FILES = {
    _F.SR: ("structured_report.dcm", "cardiovascular_report.dcm"),
    _F.SEG: ("segmentation.dcm",),
    _F.PDF: ("calcium_report.dcm",),
    _F.KEY: (
        *("projection.dcm", "key_LM.dcm", "key_LAD.dcm", "key_LCX.dcm", "key_RCA.dcm"),
        "presentation_state.dcm",
    ),
    _F.FHIR: ("fhir.json",),
    _F.HL7: ("report.hl7",),
}
_FORMS = (
    'the name of a [[peer]], "https://..." of a FHIR server, "mllp://host:port" or '
    '"mllps://host:port", or a folder that begins with / or ./'
)


def destination_of(to: str, peers: tuple[Peer, ...], *, base: Path) -> Destination:
    """Understand what a rule says of where to.

    Parameters
    ----------
    to : str
        Of the rule.
    peers : tuple of Peer
        Those that it may name.
    base : Path
        Where relative folders begin: the folder of the rules file.

    Raises
    ------
    InputError
        If it is none of what is possible, or would send patient data unencrypted over HTTP.
    """
    peer = next((one for one in peers if one.name == to), None)
    if peer is not None:
        return Destination(kind=Kind.DICOM, archive=_archive(peer))
    if to.startswith(("/", "./")):
        return Destination(kind=Kind.FOLDER, folder=base / to)
    parts = urlsplit(to)
    if parts.scheme in ("https", "http") and parts.hostname:
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            msg = "would send patient data unencrypted: use https://"
            raise InputError(msg)
        return Destination(kind=Kind.FHIR, url=to.rstrip("/"), is_tls=parts.scheme == "https")
    if parts.scheme in ("mllp", "mllps") and parts.hostname and _port(to):
        is_tls = parts.scheme == "mllps"
        return Destination(kind=Kind.HL7, host=parts.hostname, port=_port(to), is_tls=is_tls)
    msg = f"is none of {_FORMS}"
    raise InputError(msg)


def usual_formats(kind: Kind) -> tuple[SendFormat, ...]:
    """Say what is sent that way where the rule does not say."""
    return _USUAL[kind]


def impossible_formats(rule: SendRule, kind: Kind) -> tuple[SendFormat, ...]:
    """Say which formats of a rule cannot go that way."""
    return tuple(one for one in rule.formats if one not in _POSSIBLE[kind])


def files_for(rule: SendRule, kind: Kind, present: tuple[str, ...]) -> tuple[str, ...]:
    """Name the files of a version that a rule sends, as far as it has them."""
    wanted = [name for one in rule.formats for name in _FILES[one]]
    if kind is Kind.FOLDER and SendFormat.PDF in rule.formats:
        wanted.append("report.pdf")
    return tuple(name for name in wanted if name in present)


def _archive(peer: Peer) -> Address:
    if peer.host is not None and peer.port is not None:
        return DicomAddress(called=peer.aet, host=peer.host, port=peer.port, is_tls=peer.is_tls)
    if peer.dicomweb is not None:
        return parse_address(peer.dicomweb)
    msg = "names a [[peer]] that has neither host and port nor a dicomweb address"
    raise InputError(msg)


def _port(to: str) -> int:
    try:
        return urlsplit(to).port or 0
    except ValueError:
        return 0
