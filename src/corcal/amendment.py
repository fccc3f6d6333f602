"""What a corrected report says of the one that it replaces."""

from dataclasses import dataclass
from datetime import datetime

from corcal.errors import InputError
from corcal.scoring.ranges import check_day, check_range

__all__ = ["MAX_REASON", "Amendment", "check_amendment"]

MAX_REASON = 2000  # characters: a few sentences, which have to fit on the first page
_SHA256_DIGITS = 64
_SHOWN = 40  # characters of what is no moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """The signed report that this one corrects, and why.

    Attributes
    ----------
    reason : str
        Why it is corrected, in the words of whoever did so.
    signed_before : str
        When the earlier report was signed, ISO 8601.
    reader_before : str or None
        Who signed it, as far as that is known.
    agatston_before : float
        Its total Agatston score.
    category_before : str or None
        Its category by the plain guide (``"1-100"``); ``None`` if it gave none.
    record_before : str or None
        Hash of its record (`corcal.result.record_key`), from which the UIDs of its DICOM objects
        follow; ``None`` where that is not known.
    """

    reason: str
    signed_before: str
    reader_before: str | None
    agatston_before: float
    category_before: str | None = None
    record_before: str | None = None


def check_amendment(
    amendment: Amendment, *, agatston_at_most: float, days: tuple[str, str]
) -> None:
    """Refuse what cannot be said of an earlier report.

    Parameters
    ----------
    amendment : Amendment
    agatston_at_most : float
        The highest score that the scan can have.
    days : (str, str)
        First and last day on which something can have been signed, ``YYYY-MM-DD``.

    Raises
    ------
    InputError
        Naming the field, what was found and what is allowed.
    """
    name, length = "provenance.amendment", len(amendment.reason.strip())
    if not 0 < length <= MAX_REASON:
        msg = f"{name}.reason has {length} characters, allowed are 1 to {MAX_REASON}"
        raise InputError(msg)
    _check_moment(f"{name}.signed_before", amendment.signed_before)
    check_day(f"{name}.signed_before", amendment.signed_before[:10], *days)
    check_range(f"{name}.agatston_before", amendment.agatston_before, 0, agatston_at_most)
    key = amendment.record_before
    if key is not None and (len(key) != _SHA256_DIGITS or set(key) - set("0123456789abcdef")):
        msg = f"{name}.record_before is no SHA-256: allowed are 64 hexadecimal digits"
        raise InputError(msg)


def _check_moment(field: str, text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError as exc:
        msg = f"{field} is {text[:_SHOWN]!r}, allowed is a moment as of ISO 8601"
        raise InputError(msg) from exc
