"""What may be a name, of people and of what they make."""

import unicodedata

__all__ = ["is_words"]

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_words(text: str) -> bool:
    """Whether a text has neither control characters nor such as turn the direction of reading."""
    return not any(unicodedata.category(c) in ("Cc", "Cs") or c in _TURNING for c in text)
