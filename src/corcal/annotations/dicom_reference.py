"""What DICOM annotations say about the scan they were made on."""

from pydicom.uid import UID

from corcal.ct.findings import finding
from corcal.ct.scan import CTScan, Finding
from corcal.errors import AnnotationError

__all__ = ["check_frame_of_reference", "other_series"]


def check_frame_of_reference(uid: str | None, scan: CTScan) -> None:
    """Refuse positions of another coordinate system.

    Silent if the scan or the annotation names none (a scan read from NIfTI does not).
    """
    ours = scan.series.frame_of_reference_uid
    if uid and ours and str(uid) != ours:
        msg = (
            f"the annotation is in frame of reference {_shown(uid)}, the scan in {ours}: their "
            "positions cannot be compared; it does not belong to this scan"
        )
        raise AnnotationError(msg)


def other_series(referenced: set[str], scan: CTScan) -> list[Finding]:
    """Report an annotation that names other series than the scan's.

    It is no error: another reconstruction of the same acquisition has the same voxels, and the
    positions were checked.
    """
    ours = scan.series.series_instance_uid
    if not referenced or ours is None or ours in referenced:
        return []
    message = f"the annotation was made on series {_shown(min(referenced))}, the scan is {ours}"
    return [finding("ANNOTATION_OTHER_SERIES", message)]


def _shown(uid: str) -> str:
    """Return a UID as it is, or say that it is none: a message has one line and no other text."""
    return str(uid) if UID(str(uid)).is_valid else "(not a valid UID)"
