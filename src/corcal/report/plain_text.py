"""Text as people may see it: what no page can show is replaced, nothing is interpreted."""

import re
import unicodedata
from typing import Literal

__all__ = [
    "in_lines",
    "in_one_line",
    "isolated",
    "runs_right_to_left",
    "shown_text",
    "with_units_kept",
    "writing_direction",
]

_LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
# Embeddings, overrides and isolates turn the order of what follows, up to a name's last letter
# shown as its first; whole text in one direction needs none of them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\ufff9-\ufffc]"
)
_BEFORE_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|mm³|mm²|mm|cm|HU|kV|mAs|mg/dL|mmol/L|mmHg|mL|mg|kg|mSv|mGy)(?!\w))"
)
_AFTER_SIGN = re.compile(r"(?<=[<>≤≥]) (?=\d)")
_RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}


def shown_text(text: str) -> str:
    r"""Make text that any page can show.

    Line ends of every kind become ``\n``, tabs a space. Control characters and what is no character
    become U+FFFD. Marks that turn the direction of writing are left out: they could show a name
    backwards.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> shown_text("a\r\nb\x00c\u202ed")
    'a\nb�cd'
    """
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    text = _TURNS.sub("", text)
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
    """`text` where no line ends between a number and its unit or sign: the space holds them."""
    return _AFTER_SIGN.sub("\N{NO-BREAK SPACE}", _BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", text))


def writing_direction(language: str) -> Literal["ltr", "rtl"]:
    """Direction in which a language (BCP 47) is written."""
    return "rtl" if language.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"
