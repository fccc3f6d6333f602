"""What is delivered, how, and what became of it."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from corcal.errors import InputError

__all__ = [
    "Arrival",
    "Commitment",
    "Credentials",
    "Delivery",
    "DeliveryReport",
    "OutgoingObject",
    "SendOptions",
    "TlsFiles",
]

_BOUNDS = {
    "connect_s": (0.1, 600.0),
    "answer_s": (0.1, 600.0),
    "commit_s": (0.1, 3600.0),
    "attempts": (1, 10),
    "backoff_s": (0.0, 60.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingObject:
    """A DICOM file that can be sent as it is.

    Attributes
    ----------
    path : Path
        Where it is; in no message, since a file name may tell who the patient is.
    sop_class_uid, sop_instance_uid, transfer_syntax_uid : str
        As the file meta information and the data set agree on.
    size_bytes : int
        Of the whole file.
    """

    path: Path = field(repr=False)
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    size_bytes: int


class Arrival(Enum):
    """What is known of an object after sending."""

    ARRIVED = "arrived"  # the archive said that it has it
    REFUSED = "refused"  # the archive said that it does not take it
    UNCONFIRMED = "unconfirmed"  # it was sent, and no answer says what became of it
    NOT_SENT = "not sent"


class Commitment(Enum):
    """Whether the archive has taken over the responsibility for keeping an object."""

    COMMITTED = "committed"
    NOT_OFFERED = "not offered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one object.

    Attributes
    ----------
    sop_class_uid, sop_instance_uid : str
        Which object.
    arrival : Arrival
        What is known.
    reason : str
        Why it did not arrive, or what the archive remarks on it; may be empty.
    commitment : Commitment or None
        ``None`` where storage commitment was not asked for, or the object has not arrived.
    commitment_reason : str
        Why it is not committed; may be empty.
    """

    sop_class_uid: str
    sop_instance_uid: str
    arrival: Arrival
    reason: str = ""
    commitment: Commitment | None = None
    commitment_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What became of everything that was to be delivered.

    Attributes
    ----------
    address : str
        Where to.
    deliveries : tuple of Delivery
        One an object, in the order in which they were given.
    """

    address: str
    deliveries: tuple[Delivery, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything arrived, and no commitment that was offered has failed."""
        return all(
            one.arrival is Arrival.ARRIVED and one.commitment is not Commitment.FAILED
            for one in self.deliveries
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files for TLS.

    Attributes
    ----------
    ca_file : Path or None
        Authorities that may have signed the archive's certificate; ``None`` for those that the
        operating system trusts.
    client_cert, client_key : Path or None
        Who calls; the key may be in the file of the certificate.
    """

    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Value of the HTTP header ``Authorization``: never shown, never logged."""

    authorization: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """How to deliver.

    Attributes
    ----------
    calling : str
        Our application entity title.
    commit : bool
        Whether to ask for storage commitment of what arrived (C-STORE only).
    listen : tuple of (str, int) or None
        Host and port at which the archive may open an association for its answer about
        commitment. Without it, only an answer on our own association is heard.
    connect_s, answer_s, commit_s : float
        How long to wait, in seconds, for a connection, for an answer, for a commitment.
    attempts : int
        How often to try without any object getting through, before giving up.
    backoff_s : float
        Pause before the second attempt; doubles with each further one.
    tls : TlsFiles
        For ``dicoms://`` and ``https://``.
    credentials : Credentials or None
        For DICOMweb.
    credentials_in_clear : bool
        Whether they may travel unencrypted to another machine.

    Raises
    ------
    InputError
        If a time or the number of attempts is out of `_BOUNDS`.
    """

    calling: str = "CORCAL"
    commit: bool = False
    listen: tuple[str, int] | None = None
    connect_s: float = 10.0
    answer_s: float = 30.0
    commit_s: float = 60.0
    attempts: int = 3
    backoff_s: float = 1.0
    tls: TlsFiles = field(default_factory=TlsFiles)
    credentials: Credentials | None = None
    credentials_in_clear: bool = False

    def __post_init__(self) -> None:
        """Refuse what would wait for ever, or not at all."""
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                msg = f"{name} is {value:g}, allowed {low:g} to {high:g}"
                raise InputError(msg)
