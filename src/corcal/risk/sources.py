"""Every source of the room: the citation of each number and sentence, and how sure it is.

One entry a publication, in ``tables/sources.toml``. Every category, percentile, estimate and
statement names its source by the entry's key, and `corcal sources` prints them all.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from corcal.errors import InputError
from corcal.risk.types import Mark, Source

__all__ = ["source", "sources"]


@cache
def sources() -> Mapping[str, Source]:
    """Return every source by its key, in the order of the keys.

    Examples
    --------
    >>> next(iter(sources()))
    'accaha2026'
    """
    import tomllib  # a few milliseconds, which commands without a source need not wait for

    text = (files("corcal.risk") / "tables" / "sources.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    return MappingProxyType({key: _source(key, entry) for key, entry in entries.items()})


def source(key: str) -> Source:
    """Return the source with this key.

    Parameters
    ----------
    key : str
        Such as ``"mcclelland2006"``.

    Returns
    -------
    Source
        Its citation and mark.

    Raises
    ------
    InputError
        If there is none with this key.

    Examples
    --------
    >>> source("mcclelland2009").doi
    '10.1016/j.amjcard.2008.08.031'
    """
    known = sources()
    if key not in known:
        msg = f"no source has the key {key!r}; known are {', '.join(known)}"
        raise InputError(msg)
    return known[key]


def _source(key: str, entry: dict[str, Any]) -> Source:
    return Source(
        key=key,
        citation=entry["citation"],
        year=entry["year"],
        doi=entry.get("doi"),
        mark=Mark(entry["mark"]),
        used_for=entry["used_for"],
    )
