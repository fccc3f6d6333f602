"""Everything that corcal raises on purpose.

The tree::

    CorcalError                exit code
    ├── InputError             2   what was given cannot be used
    │   ├── SeriesError        2   no scan can be made of this series (damaged, mixed, empty ...)
    │   │   └── GeometryError  2   its slices do not form a volume
    │   └── AnnotationError    2   the annotation cannot be read or does not belong to the scan
    └── UnfitError             3   the scan was read, but is not fit for calcium scoring

A message names what was found, where, and what would be accepted, on one line, and carries no
patient data: no name, no patient identifier, no date of birth.
"""

__all__ = [
    "AnnotationError",
    "CorcalError",
    "GeometryError",
    "InputError",
    "SeriesError",
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


class UnfitError(CorcalError):
    """The scan was read, but it is not fit for calcium scoring."""

    exit_code = 3
