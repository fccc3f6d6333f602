"""Read an annotation: tell by its content what a file is, and hand it to the reader of that."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path

from corcal.annotations.regions import Annotation
from corcal.ct.scan import CTScan
from corcal.errors import AnnotationError

__all__ = ["read_annotation"]

MAX_FILE_BYTES = 2**30  # far above any annotation of a CT, far below what fills a memory
MAX_PLIST_BYTES = 2**26  # the largest ROI files of a heart are below 1 MB

_HEAD_BYTES = 1024
_ACCEPTED = (
    "accepted are an OsiriX or Horos property list, a DICOM Segmentation or RT Structure Set, and "
    "a label volume in NIfTI, NRRD or MetaImage"
)


def read_annotation(
    path: Path, scan: CTScan, *, vessel_table: Path | Mapping[int, str] | None = None
) -> Annotation:
    """Read which voxels of a scan a person assigned to which site.

    Parameters
    ----------
    path : Path
        One file; what it is, is told by its content, whatever its name.
    scan : CTScan
        The scan that was annotated.
    vessel_table : Path or mapping of int to str, optional
        For a label volume: the site of each label, as a JSON or CSV file or as a mapping. Without
        it the names inside a 3D Slicer segmentation are used, else the codes of `Site`.

    Returns
    -------
    Annotation
        With no voxels if the file is a valid annotation that marks none: the reader found no
        calcium.

    Raises
    ------
    AnnotationError
        If the file cannot be read, is not an annotation, names a site that is not known, or does
        not lie on the voxels of the scan.
    """
    path = Path(path)
    head = _head(path)
    kind = _kind(head)
    if kind == "label_volume":
        from corcal.annotations.label_volume import read_label_volume  # SimpleITK is slow to import

        return read_label_volume(path, head, scan, vessel_table=vessel_table)
    if vessel_table is not None:
        msg = "a vessel table belongs to a label volume; this annotation names its regions itself"
        raise AnnotationError(msg)
    if kind == "osirix":
        from corcal.annotations.osirix import read_osirix

        return read_osirix(_content(path), scan)
    from corcal.annotations.dicom_object import read_dicom_annotation  # pydicom: likewise

    return read_dicom_annotation(path, scan)


def _head(path: Path) -> bytes:
    """First bytes of a file, decompressed if it is gzip."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as stream:
                head = b"\x1f\x8b" + stream.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "damaged gzip"
        msg = f"the annotation cannot be opened: {reason}; one readable file is needed"
        raise AnnotationError(msg) from exc
    if not size:
        msg = f"the annotation is an empty file; {_ACCEPTED}"
        raise AnnotationError(msg)
    if size > MAX_FILE_BYTES:
        msg = f"the annotation has {size} bytes, allowed are {MAX_FILE_BYTES}"
        raise AnnotationError(msg)
    return head


def _kind(head: bytes) -> str:
    """Tell what a file is by its first bytes."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"bplist") or text.startswith((b"<?xml", b"<!DOCTYPE plist", b"<plist")):
        return "osirix"
    if head[128:132] == b"DICM" or head[:4] in _DICOM_STARTS:
        return "dicom"
    plain = head[2:] if head[:2] == b"\x1f\x8b" else head
    if _is_nifti(plain) or head.startswith(b"NRRD") or text.startswith((b"ObjectType", b"NDims")):
        return "label_volume"
    msg = f"the annotation is none of the known formats; {_ACCEPTED}"
    raise AnnotationError(msg)


# A DICOM file without its preamble begins with the first element of group 2 or 8.
_DICOM_STARTS = (b"\x02\x00\x00\x00", b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")


def _is_nifti(head: bytes) -> bool:
    """NIfTI-1 has its magic at byte 344, NIfTI-2 at byte 4."""
    return head[344:347] in {b"n+1", b"ni1"} or head[4:7] in {b"n+2", b"ni2"}


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_PLIST_BYTES:
        msg = f"the property list has {size} bytes, allowed are {MAX_PLIST_BYTES}"
        raise AnnotationError(msg)
    return path.read_bytes()
