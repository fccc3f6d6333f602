"""Types that several threads may read at once, described by msgspec before the first of them does.

msgspec describes a class when one is read for the first time, and keeps the description while it is
made where another thread finds it. To read by half a description ends the process
(a segmentation fault in msgspec 0.22): a server that answers its first two requests dies of it.
"""

import threading
from typing import TypeVar

import msgspec

__all__ = ["described"]

_Kind = TypeVar("_Kind")
_GATE = threading.Lock()
_KNOWN: dict[object, object] = {}


def described(kind: type[_Kind]) -> type[_Kind]:
    """Give a type that is ready to be read by any thread.

    Parameters
    ----------
    kind : type
        What `msgspec.convert` or `msgspec.json.decode` are to make; a union will do.

    Returns
    -------
    type
        The same.
    """
    if kind not in _KNOWN:
        with _GATE:
            _KNOWN[kind] = msgspec.json.Decoder(kind)
    return kind
