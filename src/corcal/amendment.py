"""What a corrected report says of the one that it replaces."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from corcal.errors import InputError
from corcal.scoring.categories import CATEGORIES
from corcal.scoring.ranges import check_day, check_range
from corcal.words import MAX_READER, is_visible, is_words

__all__ = [
    "MAX_REASON",
    "Amendment",
    "check_amendment",
    "check_reader",
    "check_reason",
    "check_signed",
    "moment_told",
]

MAX_REASON = 2000  # characters: a few sentences, which have to fit on the first page
_SHA256_DIGITS = 64
# The form of ISO 8601 that corcal writes: weeks, ordinal days and moments of no zone are others.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", flags=re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """The signed report that this one corrects, and why.

    Attributes
    ----------
    reason : str
        Why it is corrected, in the words of whoever did so: one line, as `check_reason` has it.
    signed_before : str
        When the earlier report was signed, ISO 8601 with a zone (``2026-01-02T11:00:00+00:00``).
    reader_before : str or None
        Who signed it, as far as that is known: one line of at most `MAX_READER` characters.
    agatston_before : float
        Its total Agatston score.
    category_before : str or None
        Its category by the plain guide (``"1-100"``); ``None`` if it gave none.
    fit_before : bool or None
        Whether it called the scan fit for calcium scoring; ``None`` where that is not known.
    record_before : str or None
        Hash of its record (`corcal.result.record_key`), from which the UIDs of its DICOM objects
        follow; ``None`` where that is not known.
    """

    reason: str
    signed_before: str
    reader_before: str | None
    agatston_before: float
    category_before: str | None = None
    fit_before: bool | None = None
    record_before: str | None = None


def check_reason(reason: str, *, field: str = "reason") -> None:
    """Refuse what is no reason of a correction; `field` is what an error calls it.

    Raises
    ------
    InputError
        If it is empty or too long, shows nothing, or is no line of text: saying what is allowed.
    """
    length = len(reason.strip())
    if not 0 < length <= MAX_REASON:
        msg = f"{field} has {length} characters, allowed are 1 to {MAX_REASON}"
        raise InputError(msg)
    _check_line(field, reason)


def check_amendment(
    amendment: Amendment, *, agatston_at_most: float, days: tuple[str, str], created: str
) -> None:
    """Refuse what cannot be said of an earlier report.

    Parameters
    ----------
    amendment : Amendment
    agatston_at_most : float
        The highest score that the scan can have.
    days : (str, str)
        First and last day on which something can have been signed, ``YYYY-MM-DD``.
    created : str
        When the record that says it was made, ISO 8601, of UTC where no zone is told: nothing
        later was signed before. What is no moment is not known.

    Raises
    ------
    InputError
        Naming the field, what was found and what is allowed.
    """
    name = "provenance.amendment"
    check_reason(amendment.reason, field=f"{name}.reason")
    if amendment.reader_before is not None:
        check_reader(f"{name}.reader_before", amendment.reader_before)
    _check_before(f"{name}.signed_before", amendment.signed_before, days, created)
    check_range(f"{name}.agatston_before", amendment.agatston_before, 0, agatston_at_most)
    category = amendment.category_before
    if category is not None and category not in CATEGORIES:
        known = ", ".join(CATEGORIES)
        msg = f"{name}.category_before is no category of a score, allowed are {known}"
        raise InputError(msg)
    key = amendment.record_before
    if key is not None and (len(key) != _SHA256_DIGITS or set(key) - set("0123456789abcdef")):
        msg = f"{name}.record_before is no SHA-256: allowed are 64 hexadecimal digits"
        raise InputError(msg)


def check_reader(field: str, reader: str) -> None:
    """Refuse what no report could call a reader; `field` is what an error calls it.

    Raises
    ------
    InputError
        If it is too long, shows nothing, or is no line of text: saying what is allowed.
    """
    if len(reader) > MAX_READER:
        msg = f"{field} has {len(reader)} characters, allowed are 1 to {MAX_READER}"
        raise InputError(msg)
    _check_line(field, reader)


def _check_line(field: str, text: str) -> None:
    """Refuse what no page and no message could show as it is, without repeating any of it."""
    if not is_words(text):
        found = next(f"U+{ord(sign):04X}" for sign in text if not is_words(sign))
        msg = (
            f"{field} has the character {found}, allowed is one line of text without control "
            "characters, bytes that are no UTF-8 and marks that turn the direction of reading"
        )
        raise InputError(msg)
    if not is_visible(text):
        msg = f"{field} shows nothing, allowed is a text with a letter or a digit that can be seen"
        raise InputError(msg)


def check_signed(field: str, text: str) -> datetime:
    """Read the moment of a signature, which has a zone; `field` is what an error calls it.

    Raises
    ------
    InputError
        If it is none: what it is instead is not repeated.
    """
    signed = moment_told(text) if _MOMENT.fullmatch(text) else None
    if signed is None:
        msg = (
            f"{field} is no moment with its zone as of ISO 8601, allowed is one such as "
            "2026-01-02T11:00:00+00:00"
        )
        raise InputError(msg)
    return signed


def _check_before(field: str, text: str, days: tuple[str, str], created: str) -> None:
    signed = check_signed(field, text)
    check_day(field, text[:10], *days)
    made = moment_told(created)
    if made is not None and signed > made:
        msg = f"{field} is {text}, allowed is nothing later than provenance.created, {created}"
        raise InputError(msg)


def moment_told(text: str) -> datetime | None:
    """Read a moment, of UTC where no zone is told; ``None`` if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
