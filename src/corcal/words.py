"""What a line of text is that people wrote: a name, or why something was done."""

import unicodedata

__all__ = ["MAX_READER", "is_visible", "is_words"]

MAX_READER = 200  # characters of a reader's name
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Control characters, halves of characters (a byte that is no UTF-8), ends of lines and paragraphs.
_NO_WORDS = frozenset(("Cc", "Cs", "Zl", "Zp"))
# Letters and symbols by their category, which are drawn as nothing (Unicode, 23.7): the fillers of
# Hangul, the empty pattern of Braille.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def is_words(text: str) -> bool:
    """Whether a text is one line, without control characters and marks that turn its direction."""
    return not any(unicodedata.category(c) in _NO_WORDS or c in _TURNING for c in text)


def is_visible(text: str) -> bool:
    """Whether a text shows anything: a letter, a number, a symbol or a punctuation mark."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _EMPTY for c in text)
