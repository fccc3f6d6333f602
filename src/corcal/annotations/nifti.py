"""What tells a NIfTI file, compressed or not, by its first bytes."""

__all__ = ["GZIP_MAGIC", "is_nifti"]

GZIP_MAGIC = b"\x1f\x8b"


def is_nifti(head: bytes) -> bool:
    """Tell a single-file NIfTI-1 (magic at byte 344) or NIfTI-2 (at byte 4) by its first bytes."""
    return head[344:347] == b"n+1" or head[4:7] == b"n+2"
