"""From where an HL7 v2 message comes and where it goes, as its head names the places."""

import re
from dataclasses import dataclass

from corcal.errors import InputError

__all__ = ["UNIVERSAL_ID_TYPES", "Route"]

UNIVERSAL_ID_TYPES = (
    "DNS",
    "GUID",
    "HCD",
    "HL7",
    "ISO",
    "L",
    "M",
    "N",
    "Random",
    "UUID",
    "x400",
    "x500",
)
"""HL7 table 0301 as read for version 2.3.1; taken to be the same in 2.5.1, which was not read."""

_PARTED = "^"
_MAX_PARTS = 3  # of an HD: namespace, universal identifier, its type
_MAX_NAME, _MAX_ID = 20, 199  # characters of HD.1 and HD.2: HL7 v2.5.1, chapter 2A
_OID = re.compile(r"[012](\.(0|[1-9]\d*))+")  # ISO/IEC 8824: digits parted by points


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """From where a message comes and where it goes, as the hospital's engine names the places.

    Attributes
    ----------
    sending_facility, receiving_application, receiving_facility : str
        MSH-4, MSH-5, MSH-6, hierarchic designators (HD): a name of at most 20 characters; name,
        universal identifier of at most 199 and its type (`UNIVERSAL_ID_TYPES`), parted by ``^``:
        ``"ST MARY^2.25.7^ISO"``; or without the name, ``"^2.25.7^ISO"``. Empty where nobody asks
        for it.

    Raises
    ------
    InputError
        If one is no such designator.
    """

    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""

    def __post_init__(self) -> None:
        for name in ("sending_facility", "receiving_application", "receiving_facility"):
            if getattr(self, name):
                _check(name, getattr(self, name))


def _check(name: str, place: str) -> None:
    """Refuse what is no hierarchic designator of HL7 v2.5.1."""
    parts = [part.strip() for part in place.split(_PARTED)]
    if len(parts) > _MAX_PARTS:
        msg = f"{name} has {len(parts)} parts, allowed are 1 to {_MAX_PARTS}: NAME^UID^ISO"
        raise InputError(msg)
    if not any(parts) or not place.isprintable():
        msg = f"{name} names nothing, or has control characters; allowed is NAME or NAME^UID^ISO"
        raise InputError(msg)
    namespace, uid, kind = (*parts, "", "")[:_MAX_PARTS]
    for what, text, limit in (
        ("a name", namespace, _MAX_NAME),
        ("a universal identifier", uid, _MAX_ID),
    ):
        if len(text) > limit:
            msg = f"{name} has {what} of {len(text)} characters, allowed are {limit}"
            raise InputError(msg)
    _check_universal(name, uid, kind)


def _check_universal(name: str, uid: str, kind: str) -> None:
    """Refuse a universal identifier without a type, or one that is none of its type."""
    if bool(uid) != bool(kind):
        had, lacks = ("identifier", "type") if uid else ("type", "identifier")
        msg = f"{name} has a universal {had} without its {lacks}: NAME^UID^ISO, or NAME alone"
        raise InputError(msg)
    if kind and kind not in UNIVERSAL_ID_TYPES:
        allowed = ", ".join(UNIVERSAL_ID_TYPES)
        msg = f"{name} has the type {kind!r} of a universal identifier, allowed are {allowed}"
        raise InputError(msg)
    if kind == "ISO" and _OID.fullmatch(uid) is None:
        msg = f"{name} has no object identifier for the type ISO: digits parted by points, 2.25.7"
        raise InputError(msg)
