r"""Names of files as text that every table, database and page can hold, and back.

A name on a disk is any bytes. Python keeps those that are not UTF-8 as unpaired surrogates, which
no file of text takes. They are written as ``\x`` and two hexadecimal digits; where a name itself
has these four characters, their backslash is written as ``\x5c``, so that each text is one name.
"""

import os
import re

__all__ = ["read_name", "written_name"]

_TO_WRITE = re.compile(r"\\(?=x(?:[89a-f][0-9a-f]|5c))|[\ud800-\udfff]")
_TO_READ = re.compile(r"\\x([89a-f][0-9a-f]|5c)")


def written_name(name: str) -> str:
    r"""Write a name.

    Parameters
    ----------
    name : str
        As the system gives it: ``/st\udce9`` for the bytes ``/st\xe9``.

    Returns
    -------
    str
        Can be encoded as UTF-8; most names are as they were.
    """
    return _TO_WRITE.sub(_escaped, name)


def read_name(text: str) -> str:
    """Read what `written_name` wrote."""
    if os.sep == "\\":  # there a backslash is between folders, and names are no bytes
        return text
    return _TO_READ.sub(lambda found: os.fsdecode(bytes.fromhex(found[1])), text)


def _escaped(found: re.Match[str]) -> str:
    if found[0] == "\\":
        return "\\" if os.sep == "\\" else r"\x5c"
    return f"\\x{ord(found[0]) & 0xFF:02x}"
