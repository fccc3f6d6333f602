"""From when to when certificates are valid, as their files say.

Python's own library tells this of no certificate but that of a connection that stands; the few
fields before it are read here as X.509 lays them out (RFC 5280, 4.1), in DER (X.690).
"""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from corcal.errors import InputError

__all__ = ["validity"]

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_SEQUENCE, _VERSION, _UTC_TIME, _LONG_TIME = 0x30, 0xA0, 0x17, 0x18
_BEFORE_VALIDITY = 3  # serial number, signature algorithm, issuer
_LONG_LENGTH = 0x80
_MOST_BYTES = 2**22
_UTC_PIVOT = 50  # RFC 5280, 4.1.2.5.1: YY from 50 on is 19YY


def validity(path: Path) -> tuple[tuple[datetime, datetime], ...]:
    """Say from when to when each certificate of a PEM file is valid.

    Raises
    ------
    InputError
        If it holds none, or one that cannot be read.
    """
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            pieces = file.read(_MOST_BYTES).split(_BEGIN)[1:]
        found = tuple(_validity(piece) for piece in pieces)
    except (OSError, ValueError, IndexError) as exc:
        msg = "it holds a certificate that cannot be read"
        raise InputError(msg) from exc
    if not found:
        msg = "it holds no PEM certificate"
        raise InputError(msg)
    return found


def _validity(piece: str) -> tuple[datetime, datetime]:
    der = ssl.PEM_cert_to_DER_cert(_BEGIN + piece.partition(_END)[0] + _END)
    signed, _ = _value(_value(der, _SEQUENCE)[0], _SEQUENCE)
    if signed[0] == _VERSION:
        signed = _value(signed)[1]
    for _ in range(_BEFORE_VALIDITY):
        signed = _value(signed)[1]
    times, _ = _value(signed, _SEQUENCE)
    after = _value(times)[1]
    return _moment(times), _moment(after)


def _value(der: bytes, tag: int | None = None) -> tuple[bytes, bytes]:
    """Split off the first value; what follows it."""
    if tag is not None and der[0] != tag:
        msg = f"a certificate has tag {der[0]:#04x} where {tag:#04x} belongs"
        raise ValueError(msg)
    length, start = der[1], 2
    if length >= _LONG_LENGTH:
        start += length - _LONG_LENGTH
        length = int.from_bytes(der[2:start], "big")
    return der[start : start + length], der[start + length :]


def _moment(der: bytes) -> datetime:
    text = _value(der)[0].decode("ascii")
    if der[0] == _UTC_TIME:
        text = ("19" if int(text[:2]) >= _UTC_PIVOT else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
