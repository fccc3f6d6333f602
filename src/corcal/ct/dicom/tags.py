"""Values of DICOM elements, read tolerantly: a malformed value is a missing one."""

import math
import re
import struct

from corcal.ct.dicom.charsets import decode_text
from corcal.ct.dicom.dataset import HeaderError, RawDataset

__all__ = ["Scope", "Tags"]

# Binary numbers by the representation that an explicit encoding states, as in `struct`
_BINARY_CODES = {b"US": "H", b"SS": "h", b"UL": "I", b"SL": "i", b"FL": "f", b"FD": "d"}
_BLANK = " \0\r\n\t"
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)  # DS, IS
# No text has these inside; all that an element of a damaged length swallows has.
_CONTROL = re.compile(r"[\0-\x08\x0B\x0E-\x1A\x1C-\x1F]")


class Tags:
    """The elements of one data set, or of one item of a sequence.

    Every getter returns ``None`` (or an empty tuple) for an element that is missing, empty, or
    malformed. Numbers are finite. Where the encoding states another representation than the tag
    should have (a slope as FD, rows as UL), the bytes are what it states.
    """

    __slots__ = ("_ds",)

    def __init__(self, ds: RawDataset) -> None:
        self._ds = ds

    def __contains__(self, tag: int) -> bool:
        return tag in self._ds.elements

    def texts(self, tag: int) -> tuple[str, ...]:
        """Values of a multi-valued text element, stripped."""
        value = self._ds.value(tag)
        if value is None:
            return ()
        code = _BINARY_CODES.get(self._ds.elements[tag].vr)
        if code is not None:
            return tuple(repr(number) for number in self._unpacked(tag, code))
        stripped = tuple(part.strip(_BLANK) for part in value.decode("latin-1").split("\\"))
        return stripped if any(stripped) and not any(map(_CONTROL.search, stripped)) else ()

    def text(self, tag: int) -> str | None:
        """Value of a text element, with all its parts if there are several."""
        return "\\".join(self.texts(tag)) or None

    def decoded(self, tag: int) -> str | None:
        """Value of a text element in its character set, with all its parts if there are several.

        For names and descriptions (LO, PN, SH): code strings, numbers and UIDs are ASCII.
        """
        value = self._ds.value(tag)
        if value is None:
            return None
        parts = decode_text(value, self._ds.character_sets).split("\\")
        stripped = tuple(part.strip(_BLANK) for part in parts)
        if not any(stripped) or any(map(_CONTROL.search, stripped)):
            return None
        return "\\".join(stripped)

    def uid(self, tag: int) -> str | None:
        """First value of a UID element."""
        values = self.texts(tag)
        return values[0] or None if values else None

    def numbers(self, tag: int, count: int) -> tuple[float, ...] | None:
        """Exactly `count` decimal numbers (DS, IS)."""
        texts = self.texts(tag)
        if len(texts) != count:
            return None
        if not all(map(_DECIMAL.fullmatch, texts)):
            return None
        values = tuple(float(text) for text in texts)
        return values if all(math.isfinite(value) for value in values) else None

    def number(self, tag: int) -> float | None:
        """One decimal number (DS, IS): the first, if there are several."""
        texts = self.texts(tag)
        if not texts or not _DECIMAL.fullmatch(texts[0]):
            return None
        value = float(texts[0])
        return value if math.isfinite(value) else None

    def integer(self, tag: int) -> int | None:
        """One integer string (IS), also if it is written as a decimal one."""
        value = self.number(tag)
        return int(value) if value is not None and value == int(value) else None

    def ushort(self, tag: int, *, signed: bool = False) -> int | None:
        """One 16-bit integer (US; SS if `signed`, whatever the element claims)."""
        value = self._whole(tag, "h" if signed else "H")
        low = -(2**15) if signed else 0
        return value if value is not None and low <= value < low + 2**16 else None

    def ulong(self, tag: int) -> int | None:
        """One 32-bit integer (UL)."""
        value = self._whole(tag, "I")
        return value if value is not None and 0 <= value < 2**32 else None

    def floats(self, tag: int, code: str) -> tuple[float, ...]:
        """Binary floating-point numbers: code "f" (FL) or "d" (FD)."""
        return tuple(v for v in self._binary(tag, code) if math.isfinite(v))

    def items(self, tag: int) -> tuple["Tags", ...]:
        """Items of a sequence."""
        try:
            return tuple(Tags(item) for item in self._ds.items(tag))
        except HeaderError:
            return ()

    def _whole(self, tag: int, code: str) -> int | None:
        values = self._binary(tag, code)
        if not values or not math.isfinite(values[0]) or values[0] != int(values[0]):
            return None
        return int(values[0])

    def _binary(self, tag: int, code: str) -> tuple[float, ...]:
        """Numbers that should be binary ones of this code."""
        element = self._ds.elements.get(tag)
        if element is None:
            return ()
        if element.vr in (b"DS", b"IS"):
            return self.numbers(tag, len(self.texts(tag))) or ()
        stated = _BINARY_CODES.get(element.vr, code)
        return self._unpacked(tag, code if stated in "hH" and code in "hH" else stated)

    def _unpacked(self, tag: int, code: str) -> tuple[float, ...]:
        value = self._ds.value(tag) or b""
        width = struct.calcsize(code)
        count = len(value) // width
        # What is UN is little endian, whatever is around it (PS3.5 6.2.2).
        order = "<" if self._ds.elements[tag].vr == b"UN" else self._ds.order
        return struct.unpack(f"{order}{count}{code}", value[: count * width])


class Scope:
    """Where to look for the attributes of one frame.

    Parameters
    ----------
    top : Tags
        The data set.
    groups : sequence of Tags
        Items that hold functional groups of the frame: its own first, then the shared one. Empty
        for a classic object.
    """

    __slots__ = ("_groups", "top")

    def __init__(self, top: Tags, groups: tuple[Tags, ...] = ()) -> None:
        self.top = top
        self._groups = groups

    def find(self, sequence: int, tag: int) -> Tags:
        """Return the item that holds `tag`: of the macro `sequence`, or the data set itself."""
        for group in self._groups:
            for item in group.items(sequence):
                if tag in item:
                    return item
        return self.top
