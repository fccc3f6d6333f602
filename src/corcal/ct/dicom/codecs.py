"""Compressed pixels of one frame, decoded by the installed plug-ins of pydicom."""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.series import ImageHeader, PixelLayout
from corcal.ct.wording import shown_uid

__all__ = ["DecodeError", "check_encapsulation", "decode_frame"]

_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
# The decoder to use where several can: the one that was compared voxel for voxel in the tests.
_PLUGINS = {
    "1.2.840.10008.1.2.5": "pydicom",
    "1.2.840.10008.1.2.4.50": "gdcm",
    "1.2.840.10008.1.2.4.57": "gdcm",
    "1.2.840.10008.1.2.4.70": "gdcm",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
}
# With what a JPEG or JPEG-LS (SOI) and a JPEG 2000 stream (SOC, SIZ) begin; RLE has no marker.
_IMAGE_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51")
_ITEM, _DELIMITER = 0xE000, 0xE0DD  # elements of group FFFE
# What the decoders raise on damaged data: pydicom wraps most in RuntimeError.
_DECODER_ERRORS = (
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    struct.error,
    EOFError,
    OverflowError,
)


class DecodeError(Exception):
    """A frame cannot be decoded; the message says why, for a sentence of the caller."""


def check_encapsulation(data: bytes, frame_count: int) -> None:
    """Check that the fragments of encapsulated pixel data are complete, and of as many frames.

    Decoders may make an image of half a stream; what a truncated file lacks is seen here. A frame
    may have several fragments if offsets or the starts of images tell the frames apart, or if it is
    the only one.

    Raises
    ------
    DecodeError
        If a fragment is cut off, the structure is damaged, or there are more or fewer frames.
    """
    start, begun = 0, 0
    lengths: list[int] = []
    while start + 8 <= len(data):
        group, element, length = struct.unpack_from("<HHI", data, start)
        if group != 0xFFFE or element not in (_ITEM, _DELIMITER):
            msg = "the fragments of its compressed pixels are damaged"
            raise DecodeError(msg)
        if element == _DELIMITER:
            break
        begun += bool(lengths) and data.startswith(_IMAGE_STARTS, start + 8)
        lengths.append(length)
        start += 8 + length
    else:
        _check_end(data, start)
    offsets = lengths[0] // 4 if lengths else 0
    fragments = max(len(lengths) - 1, 0)
    found = offsets or begun or (min(fragments, 1) if frame_count == 1 else fragments)
    if found != frame_count:
        msg = f"{frame_count} frames are declared, {found} are in its compressed pixels"
        raise DecodeError(msg)


def _check_end(data: bytes, start: int) -> None:
    """Check that fragments without a delimiter end where the data end."""
    if start != len(data):
        msg = (
            f"the file is truncated: a fragment of its compressed pixels should end at byte "
            f"{start}, {len(data)} are there"
        )
        raise DecodeError(msg)


def decode_frame(data: bytes, image: ImageHeader, layout: PixelLayout) -> NDArray[Any]:
    """Decode one frame.

    Parameters
    ----------
    data : bytes
        The value of PixelData: all fragments of all frames.
    image : ImageHeader
        Says which frame, and how large it is.
    layout : PixelLayout
        Of the image.

    Returns
    -------
    integer ndarray of shape (rows, columns)
        Stored values, with the signedness of the header.

    Raises
    ------
    DecodeError
        If the data are damaged or do not have the size of the header.
    """
    try:
        if image.transfer_syntax_uid == _JPEG_EXTENDED and layout.bits_stored > 8:
            plane = _decode_extended(data, image, layout)
        else:
            plane = _decode_by_pydicom(data, image, layout)
    except _DECODER_ERRORS as exc:
        msg = (
            f"its compressed pixels (transfer syntax {shown_uid(image.transfer_syntax_uid)}) are "
            "damaged"
        )
        raise DecodeError(msg) from exc
    if plane.shape != (image.rows, image.columns):
        msg = (
            f"its compressed pixels are {' x '.join(str(n) for n in plane.shape)}, its header says "
            f"{image.rows} x {image.columns}"
        )
        raise DecodeError(msg)
    return plane


def _decode_by_pydicom(data: bytes, image: ImageHeader, layout: PixelLayout) -> NDArray[Any]:
    from pydicom.pixels.decoders.base import get_decoder  # native series need not spend the time

    syntax = image.transfer_syntax_uid or ""
    options: dict[str, Any] = {
        "rows": image.rows,
        "columns": image.columns,
        "number_of_frames": layout.frame_count,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.is_signed),
        "pixel_keyword": "PixelData",
    }
    plane, _ = get_decoder(syntax).as_array(
        data,
        index=(image.frame_number or 1) - 1,
        raw=True,
        decoding_plugin=_PLUGINS.get(syntax, ""),
        **options,
    )
    return plane


def _decode_extended(data: bytes, image: ImageHeader, layout: PixelLayout) -> NDArray[Any]:
    """JPEG extended of 12 bits, which GDCM reads and pydicom's interface to it does not."""
    import gdcm  # 30 ms, for a rare format
    from pydicom.encaps import get_frame

    frame = get_frame(data, (image.frame_number or 1) - 1, number_of_frames=layout.frame_count)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    bitmap = gdcm.Image()
    bitmap.SetNumberOfDimensions(2)
    bitmap.SetDimensions((image.columns, image.rows, 1))
    bitmap.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    bitmap.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    bitmap.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(_JPEG_EXTENDED)))
    bits, signed = layout.bits_stored, int(layout.is_signed)
    bitmap.SetPixelFormat(gdcm.PixelFormat(1, layout.bits_allocated, bits, bits - 1, signed))
    buffer = bitmap.GetBuffer().encode("utf-8", "surrogateescape")
    dtype = np.dtype(f"{'i' if layout.is_signed else 'u'}{layout.bits_allocated // 8}")
    values = np.frombuffer(buffer, dtype=dtype)
    return values.reshape(image.rows or 0, image.columns or 0)
