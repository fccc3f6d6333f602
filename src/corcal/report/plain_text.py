"""Text as people may see it: what no page can show is replaced, nothing is interpreted."""

import re
import unicodedata

__all__ = [
    "in_lines",
    "in_one_line",
    "isolated",
    "runs_right_to_left",
    "shown_text",
    "with_units_kept",
]

_LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
# Embeddings, overrides and isolates turn the order of what follows, up to a name's last letter
# shown as its first; whole text in one direction needs none of them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_DELETE = "\x7f"
_NOT_TEXT = re.compile("[\x80-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\ufff9-\ufffc]")
_BEFORE_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|mm³|mm²|mm|cm|HU|kV|mAs|mg/dL|mmol/L|mmHg|mL|mg|kg|mSv|mGy)(?!\w))"
)
_CONTROL_PICTURES = 0x2400  # the block that has a picture of each control character, in order


def shown_text(text: str) -> str:
    r"""Make text that any page can show.

    Line ends of every kind become ``\n``, tabs a space. Control characters become their pictures
    (U+2400 and up), what is no character becomes U+FFFD. Marks that turn the direction of writing
    are left out: they could show a name backwards.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> shown_text("a\r\nb\x00c\u202ed")
    'a\nb␀cd'
    """
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    text = _TURNS.sub("", text)
    text = text.replace(_DELETE, chr(_CONTROL_PICTURES + 0x21))
    text = _CONTROL.sub(
        lambda found: found[0] if found[0] == "\n" else chr(_CONTROL_PICTURES + ord(found[0])), text
    )
    return _NOT_TEXT.sub("\ufffd", text)


def in_lines(text: str) -> list[str]:
    """Lines of `text`, each as `shown_text` shows it; at least one."""
    return shown_text(text).split("\n")


def in_one_line(text: str) -> str:
    """`text` as `shown_text` shows it, with single spaces for all white space."""
    return " ".join(shown_text(text).split())


def runs_right_to_left(text: str) -> bool:
    """Whether a letter of `text` is written from right to left, as in Hebrew and Arabic."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


def isolated(text: str) -> str:
    """`text` between marks that keep its direction from turning what stands beside it."""
    return f"\u2068{text}\u2069"


def with_units_kept(text: str) -> str:
    """`text` where no line ends between a number and its unit: the space there holds them."""
    return _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text)
