"""Text of headers as other programs can take it."""

import re

__all__ = ["without_controls"]

# C0 without tab and line ends, C1, and the halves of a broken UTF-16 pair. Joiners and direction
# marks stay: names in Arabic, Persian and Indian scripts need them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def without_controls(text: str | None) -> str:
    """Leave out control characters, except tabs and line ends; ``None`` is no text."""
    return _CONTROL.sub("", text or "")
