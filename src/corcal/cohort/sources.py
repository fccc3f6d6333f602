"""What kind of place an address names: this machine, a DICOMweb server, or an object store."""

import re
from enum import StrEnum

__all__ = ["Kind", "kind_of"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters: C:\ is a drive


class Kind(StrEnum):
    """Where scans are."""

    LOCAL = "local"
    WEB = "web"
    OBJECTS = "objects"


def kind_of(source: str) -> Kind:
    """Tell what an address is: ``http(s)://`` a DICOMweb server, other schemes fsspec's."""
    found = _SCHEME.match(source)
    if found is None:
        return Kind.LOCAL
    return Kind.WEB if found[1].lower() in ("http", "https") else Kind.OBJECTS
