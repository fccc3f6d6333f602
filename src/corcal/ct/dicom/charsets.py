"""Text of DICOM elements in the character set of its data set (PS3.3 C.12.1.1.2)."""

from corcal.ct.dicom.quiet import quiet_pydicom

__all__ = ["decode_text"]

# Single-byte sets and the two Unicode-like ones, which stand alone and need no escape sequences.
_CODECS = {
    "": "latin-1",
    "ISO_IR 6": "latin-1",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "iso8859_11",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
_ESCAPE = 0x1B


def decode_text(value: bytes, character_sets: tuple[str, ...]) -> str:
    """Decode the value of a text element; what cannot be decoded is replaced, never an error."""
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    codec = _CODECS.get(character_sets[0] if character_sets else "")
    if codec is not None and len(character_sets) < 2:
        return value.decode(codec, errors="replace")
    return _decode_with_escapes(value, character_sets)


def _decode_with_escapes(value: bytes, character_sets: tuple[str, ...]) -> str:
    """Decode ISO 2022 code extensions (Japanese, Korean, Chinese)."""
    from pydicom.charset import convert_encodings, decode_bytes  # for these rare sets alone

    with quiet_pydicom():
        try:
            codecs = convert_encodings(list(character_sets))
            return decode_bytes(value, codecs, {0x0A, 0x0C, 0x0D, 0x3D, 0x5C, 0x5E})
        except (LookupError, ValueError):
            return value.decode("latin-1")
