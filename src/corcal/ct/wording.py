"""Header values in messages: short, printable, and nothing that a damaged header swallowed.

A damaged length makes an element swallow those that follow it, the patient's name among them.
What such a value says is worth nothing, and is not repeated.
"""

import re

__all__ = ["shown_code", "shown_text", "shown_uid"]

_UNREADABLE = "unreadable"
_CODE = re.compile(r"[A-Z0-9 _]{1,16}(\\[A-Z0-9 _]{1,16}){0,3}")  # CS, PS3.5 6.2
_UID = re.compile(r"[0-9.]{1,64}")  # UI, PS3.5 6.2
_TEXT_LENGTH = 64  # LO, PS3.5 6.2


def shown_code(value: str | None) -> str:
    """Return a code string (CS) as messages show it, or that it is missing or unreadable."""
    if not value:
        return "missing"
    return value if _CODE.fullmatch(value) else _UNREADABLE


def shown_uid(value: str | None) -> str:
    """Return a UID as messages show it, or that it is missing or unreadable."""
    if not value:
        return "missing"
    return value if _UID.fullmatch(value) else _UNREADABLE


def shown_text(value: str) -> str:
    """Return a free text as messages show it, or that it is unreadable."""
    return value if len(value) <= _TEXT_LENGTH and value.isprintable() else _UNREADABLE
