"""Read an annotation: tell by its content what a file is, and hand it to the reader of that."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path

from corcal.annotations.files import require_regular
from corcal.annotations.nifti import GZIP_MAGIC, is_nifti
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
    """First bytes of a file; of a gzip file, its magic and the first bytes of what it holds."""
    try:
        require_regular(path)
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if head.startswith(GZIP_MAGIC):
            with gzip.open(path) as stream:
                head = GZIP_MAGIC + stream.read(_HEAD_BYTES)
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
    # Without its preamble, a DICOM file begins with an early element of group 2 or 8.
    if head[128:132] == b"DICM" or (head[:2] in {b"\x02\0", b"\x08\0"} and head[3:4] == b"\0"):
        return "dicom"
    plain = head.removeprefix(GZIP_MAGIC)
    if is_nifti(plain) or head.startswith(b"NRRD") or text.startswith(_META_STARTS):
        return "label_volume"
    msg = f"the annotation is none of the known formats; {_ACCEPTED}"
    raise AnnotationError(msg)


_META_STARTS = (b"ObjectType", b"NDims", b"Comment =")  # MetaImage is lines of text


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_PLIST_BYTES:
        msg = f"the property list has {size} bytes, allowed are {MAX_PLIST_BYTES}"
        raise AnnotationError(msg)
    return path.read_bytes()
