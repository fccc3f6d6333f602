"""The files of a version that are the program's own, not for giving away."""

__all__ = ["CANDIDATES", "OWN_FILES", "THUMBNAIL"]

CANDIDATES = "candidates.npz"
"""What a review starts from, of an automatic version."""
THUMBNAIL = "thumbnail.png"
"""The small picture of the worklist."""
OWN_FILES = frozenset({CANDIDATES, THUMBNAIL})
