"""Annotations that are DICOM objects: which one it is, and whether it is about this scan."""

import struct
import warnings
import zlib
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset, read_preamble
from pydicom.uid import DeflatedExplicitVRLittleEndian

from corcal.annotations.dicom_seg import read_segmentation
from corcal.annotations.regions import Annotation
from corcal.annotations.rtstruct import read_structure_set
from corcal.ct.scan import CTScan
from corcal.errors import AnnotationError

__all__ = ["read_dicom_annotation"]

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"

MAX_INFLATED_BYTES = 2**29  # of a deflated object; pydicom itself inflates without any limit

_CHUNK_BYTES = 2**20

# What pydicom raises on damaged files: lengths that run out, values that do not parse, elements
# that are missing, decoders that give up.
_MALFORMED = (InvalidDicomError, BytesLengthException, AttributeError, LookupError, TypeError,
              ValueError, ArithmeticError, NotImplementedError, RuntimeError, EOFError, OSError,
              MemoryError, struct.error, zlib.error)  # fmt: skip


def read_dicom_annotation(path: Path, scan: CTScan) -> Annotation:
    """Read a DICOM Segmentation or RT Structure Set.

    Raises
    ------
    AnnotationError
        If the file is another object, is damaged, or is not about the scan.
    """
    try:
        with warnings.catch_warnings():
            # Odd values of foreign files matter only where they are used, and are checked there.
            warnings.simplefilter("ignore")
            _check_inflated_size(path)
            return _read(dcmread(path, force=True), scan)
    except AnnotationError:
        raise
    except _MALFORMED as exc:
        detail = " ".join(str(exc).split())[:120] or "its content cannot be read"
        msg = f"the DICOM annotation is damaged or incomplete: {detail}"
        raise AnnotationError(msg) from exc


def _check_inflated_size(path: Path) -> None:
    """Refuse a deflated object that would fill the memory."""
    with path.open("rb") as stream:
        read_preamble(stream, force=True)
        meta = read_dataset(
            stream,
            is_implicit_VR=False,
            is_little_endian=True,
            stop_when=lambda tag, *_: tag.group != 2,
        )
        if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
            return
        inflater, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while data := inflater.unconsumed_tail or stream.read(_CHUNK_BYTES):
            count += len(inflater.decompress(data, _CHUNK_BYTES))
            if count > MAX_INFLATED_BYTES:
                msg = f"the deflated annotation inflates to more than {MAX_INFLATED_BYTES} bytes"
                raise AnnotationError(msg)


def _read(dataset: Dataset, scan: CTScan) -> Annotation:
    uid = dataset.get("SOPClassUID")
    if uid in {SEGMENTATION, LABEL_MAP_SEGMENTATION}:
        return read_segmentation(dataset, scan)
    if uid == RT_STRUCTURE_SET:
        return read_structure_set(dataset, scan)
    name = getattr(uid, "name", None) or "an object without SOP class"
    msg = f"the annotation is DICOM {name}; a Segmentation or an RT Structure Set is needed"
    raise AnnotationError(msg)
