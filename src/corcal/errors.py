"""Everything that corcal raises on purpose.

The tree::

    CorcalError                exit code
    ├── InputError             2   what was given cannot be used
    │   ├── SeriesError        2   no scan can be made of this series (damaged, mixed, empty ...)
    │   │   └── GeometryError  2   its slices do not form a volume
    │   └── AnnotationError    2   the annotation cannot be read or does not belong to the scan
    ├── StoreError             2   the store of exams refuses what was asked of it
    │   ├── NotFoundError      2   it has no such patient, exam, version, job or user
    │   ├── StateError         2   not in this state: a final exam is not scored again, for instance
    │   ├── ConflictError      2   somebody else has changed it meanwhile
    │   └── UnavailableError   2   its database cannot be used now: it is away, or its disk is full
    ├── UnfitError             3   the scan was read, but is not fit for calcium scoring
    └── PeerError              4   another system cannot be reached, or refuses

A message names what was found, where, and what would be accepted, on one line, and carries no
patient data: no name, no patient identifier, no date of birth.
"""

__all__ = [
    "AnnotationError",
    "ConflictError",
    "CorcalError",
    "GeometryError",
    "InputError",
    "NotFoundError",
    "PeerError",
    "SeriesError",
    "StateError",
    "StoreError",
    "UnavailableError",
    "UnfitError",
]


class CorcalError(Exception):
    """The root of all errors that corcal raises on purpose."""

    exit_code = 2


class InputError(CorcalError):
    """What was given cannot be used."""


class SeriesError(InputError):
    """No scan can be made of this series."""


class GeometryError(SeriesError):
    """The slices of a series do not form a volume, or two arrays do not match."""


class AnnotationError(InputError):
    """An annotation cannot be read, or does not belong to the scan."""


class StoreError(CorcalError):
    """The store of exams refuses what was asked of it."""


class NotFoundError(StoreError):
    """The store has no such patient, exam, version, job or user."""


class StateError(StoreError):
    """An exam or a job is not in a state in which this can be done."""


class ConflictError(StoreError):
    """Somebody else has changed it since it was read; read it again."""


class UnavailableError(StoreError):
    """The database cannot be used now; it may be later."""


class UnfitError(CorcalError):
    """The scan was read, but it is not fit for calcium scoring."""

    exit_code = 3


class PeerError(CorcalError):
    """Another system cannot be reached, or refuses what it was asked."""

    exit_code = 4
