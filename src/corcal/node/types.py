"""What the parts of the node hand each other: a study that came in, and what is done with it."""

from dataclasses import dataclass, field
from datetime import datetime

from corcal.interop.order import Order

__all__ = ["OrderAnswer", "Question", "StudySummary", "TakeDecision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySummary:
    """A study in the spool, as far as its headers and its senders tell; no pixel data.

    Attributes
    ----------
    study_instance_uid : str
        Of all its images; a valid UID.
    peer : str
        `Peer.name` of who sent the first image, by AE title, address and certificate together.
    calling_aet : str
        AE title that this sender called itself by.
    address : str
        IP address that it called from.
    modalities : tuple of str
        Modality of each series, each once, sorted.
    descriptions : tuple of str
        StudyDescription and SeriesDescription, each once, as they came. Not for logs.
    images : int
        SOP instances in the spool.
    bytes : int
        Their size.
    patient_key : str
        Hash of patient's number, name and date of birth: the same for the same person, and telling
        nothing of them.
    is_reopened : bool
        A part of this study was taken in before: these are late images.
    is_fetched : bool
        All of it came because this node asked for it (C-MOVE): an earlier study, to compare with.
    first_image_at, last_image_at : datetime
        When the first and the last of these images came; after a restart of the node, that moment.
    """

    study_instance_uid: str
    peer: str
    calling_aet: str
    address: str
    modalities: tuple[str, ...]
    descriptions: tuple[str, ...] = field(repr=False)
    images: int
    bytes: int
    patient_key: str
    is_reopened: bool
    is_fetched: bool
    first_image_at: datetime
    last_image_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDecision:
    """Whether a study is taken in.

    Attributes
    ----------
    taken : bool
        If not, its images are removed from the spool, and this is written down.
    why : str
        Which rule decided, in one line without patient data.
    """

    taken: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """By what a study is looked for in the worklist; never printed by ``repr``."""

    accession_number: str | None = field(default=None, repr=False)
    study_instance_uid: str | None = field(default=None, repr=False)
    patient_id: str | None = field(default=None, repr=False)
    birth_date: str | None = field(default=None, repr=False)
    study_date: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAnswer:
    """What the worklist says of a study.

    Attributes
    ----------
    why : str
        Whether an order was found, or why none is used; one line without patient data.
    order : Order or None
        The order, of the same patient.
    is_mismatch : bool
        The order that was found is of another patient, as far as can be told.
    """

    why: str
    order: Order | None = field(default=None, repr=False)
    is_mismatch: bool = False
