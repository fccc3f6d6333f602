"""Texts as the store keeps and searches them."""

import re
import unicodedata

__all__ = ["clean", "fold", "iso_date"]

_DICOM_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


def clean(text: str | None) -> str | None:
    """Take out what a database cannot keep: control characters and halves of characters.

    Returns
    -------
    str or None
        ``None`` if nothing is left.
    """
    if text is None:
        return None
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return " ".join(kept.split()) or None


def fold(*texts: str | None) -> str:
    """Make texts comparable: no case, no accents, words parted by one space.

    The parts of a DICOM name (``Family^Given``) become words.
    """
    joined = " ".join(text for text in texts if text).replace("^", " ").replace("=", " ")
    plain = unicodedata.normalize("NFKD", joined.casefold())
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def iso_date(text: str | None) -> str | None:
    """Turn a DICOM date (``YYYYMMDD``) into ``YYYY-MM-DD``; ``None`` if it is none."""
    found = _DICOM_DATE.fullmatch((text or "").strip())
    return "-".join(found.groups()) if found else None
