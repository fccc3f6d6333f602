"""Values of DICOM elements, read tolerantly: a malformed value is a missing one.

pydicom converts (and judges) an element when it is first accessed. For the few tags that each of a
thousand slices is asked for, that is slow and noisy; `Tags` decodes the raw bytes itself.
"""

import math
import struct
from collections.abc import Sequence

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException

__all__ = ["CONVERSION_ERRORS", "Scope", "Tags"]

# What converting bytes of unknown origin with pydicom may raise (found by damaging files).
CONVERSION_ERRORS = (
    BytesLengthException,
    EOFError,
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    OSError,
)


class Tags:
    """The elements of one data set, or of one item of a sequence.

    Every getter returns ``None`` (or an empty tuple) for an element that is missing, empty, or
    malformed. Numbers are finite.
    """

    __slots__ = ("_ds",)

    def __init__(self, ds: Dataset) -> None:
        self._ds = ds

    def __contains__(self, tag: int) -> bool:
        return tag in self._ds

    def texts(self, tag: int) -> tuple[str, ...]:
        """Values of a multi-valued text element, stripped."""
        value = self._value(tag)
        if value is None:
            return ()
        if isinstance(value, bytes):
            parts: Sequence[object] = value.decode("latin-1").split("\\")
        elif isinstance(value, str) or not isinstance(value, Sequence):
            parts = (value,)
        else:
            parts = value
        stripped = tuple(str(part).strip(" \0\r\n\t") for part in parts)
        return stripped if any(stripped) else ()

    def text(self, tag: int) -> str | None:
        """Value of a text element, with all its parts if there are several."""
        return "\\".join(self.texts(tag)) or None

    def decoded(self, tag: int) -> str | None:
        """Value of a text element in its character set (names, descriptions)."""
        if tag not in self._ds:
            return None
        try:
            text = str(self._ds[tag].value or "").strip(" \0")
        except CONVERSION_ERRORS:
            return self.text(tag)
        return text or None

    def uid(self, tag: int) -> str | None:
        """First value of a UID element."""
        values = self.texts(tag)
        return values[0] or None if values else None

    def numbers(self, tag: int, count: int) -> tuple[float, ...] | None:
        """Exactly `count` decimal numbers (DS, IS)."""
        texts = self.texts(tag)
        if len(texts) != count:
            return None
        try:
            values = tuple(float(text) for text in texts)
        except ValueError:
            return None
        return values if all(math.isfinite(value) for value in values) else None

    def number(self, tag: int) -> float | None:
        """One decimal number (DS, IS): the first, if there are several."""
        texts = self.texts(tag)
        try:
            value = float(texts[0]) if texts else math.nan
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def integer(self, tag: int) -> int | None:
        """One integer string (IS), also if it is written as a decimal one."""
        value = self.number(tag)
        return int(value) if value is not None and value == int(value) else None

    def ushort(self, tag: int, *, signed: bool = False) -> int | None:
        """One 16-bit integer (US; SS if `signed`, whatever the element claims)."""
        values = self._binary(tag, "h" if signed else "H")
        if not values:
            return None
        value = int(values[0])
        if signed and value > 0x7FFF:  # decoded by pydicom as the unsigned type that was declared
            return value - 0x10000
        if not signed and value < 0:
            return value + 0x10000
        return value

    def floats(self, tag: int, code: str) -> tuple[float, ...]:
        """Binary floating-point numbers: code "f" (FL) or "d" (FD)."""
        return tuple(v for v in self._binary(tag, code) if math.isfinite(v))

    def items(self, tag: int) -> tuple["Tags", ...]:
        """Items of a sequence."""
        if tag not in self._ds:
            return ()
        try:
            value = self._ds[tag].value
        except CONVERSION_ERRORS:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            return ()
        return tuple(Tags(item) for item in value if isinstance(item, Dataset))

    def _binary(self, tag: int, code: str) -> tuple[float, ...]:
        element = self._ds.get_item(tag)
        value = self._value(tag)
        if isinstance(value, bytes):
            width = struct.calcsize(code)
            count = len(value) // width
            order = (
                "<"
                if not isinstance(element, RawDataElement)
                else ("<" if element.is_little_endian else ">")
            )
            return struct.unpack(f"{order}{count}{code}", value[: count * width])
        if isinstance(value, int | float):
            return (value,)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return tuple(v for v in value if isinstance(v, int | float))
        return ()

    def _value(self, tag: int) -> object:
        element = self._ds.get_item(tag)
        if isinstance(element, DataElement | RawDataElement):
            return element.value
        return None


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
