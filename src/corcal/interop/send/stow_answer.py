"""The answer to STOW-RS: which objects a server took, and which it did not (PS3.18 10.5.3)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from corcal.interop.send.types import Arrival
from corcal.interop.send.words import failure_words, warning_words

__all__ = ["ObjectAnswer", "read_answer"]

_TAKEN, _FAILED = "00081199", "00081198"  # ReferencedSOPSequence, FailedSOPSequence
_INSTANCE = "00081155"
_WARNING_REASON, _FAILURE_REASON = "00081196", "00081197"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectAnswer:
    """What a server says of one object."""

    arrival: Arrival
    reason: str = ""


def read_answer(body: bytes) -> dict[str, ObjectAnswer]:
    """Read an answer in the DICOM JSON model.

    Parameters
    ----------
    body : bytes
        As received: anything else than such an answer names no object.

    Returns
    -------
    dict of str to ObjectAnswer
        By SOP Instance UID. An object that is named among both has failed.
    """
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(parsed, list) and len(parsed) == 1:  # some servers wrap it
        parsed = parsed[0]
    found: dict[str, ObjectAnswer] = {}
    for item in _values(parsed, _TAKEN):
        code = _number(item, _WARNING_REASON)
        reason = "" if code is None else warning_words(code)
        found[_uid(item)] = ObjectAnswer(arrival=Arrival.ARRIVED, reason=reason)
    for item in _values(parsed, _FAILED):
        code = _number(item, _FAILURE_REASON)
        reason = "the server gives no reason" if code is None else failure_words(code)
        found[_uid(item)] = ObjectAnswer(arrival=Arrival.REFUSED, reason=reason)
    found.pop("", None)
    return found


def _values(item: Any, tag: str) -> Iterator[Any]:
    """Values of an element, or nothing where something else is in its place."""
    element = item.get(tag) if isinstance(item, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    yield from values if isinstance(values, list) else ()


def _uid(item: Any) -> str:
    value = next(_values(item, _INSTANCE), "")
    return value.strip(" \0") if isinstance(value, str) else ""


def _number(item: Any, tag: str) -> int | None:
    value = next(_values(item, tag), None)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    is_code = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFF
    return value if is_code else None
