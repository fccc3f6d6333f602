"""Refuse a number of a record that cannot be: in one line, with its field and what is allowed."""

import math
from dataclasses import dataclass
from datetime import date

from corcal.errors import InputError
from corcal.scoring.agatston import REFERENCE_INCREMENT_MM

__all__ = ["MAX_HU", "Space", "check_day", "check_equal", "check_range"]

MAX_HU = 1e6  # beyond what CT stores, metal and extended scales included
_MAX_DENSITY_FACTOR = 4
_ROUNDING = 1e-6  # relative: sums of a few thousand voxels, written with all their digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What a scan can hold: no amount of calcium in it is larger.

    Attributes
    ----------
    shape : (n_z, n_y, n_x)
    spacing_mm : (dz, dy, dx)
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    @property
    def voxel_count(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    @property
    def volume_mm3(self) -> float:
        """Volume of all voxels."""
        return self.voxel_count * math.prod(self.spacing_mm)

    @property
    def area_mm2(self) -> float:
        """Area of all slices together."""
        return self.voxel_count * math.prod(self.spacing_mm[1:])

    @property
    def agatston(self) -> float:
        """Score of a scan in which every voxel is as dense as counts."""
        return _MAX_DENSITY_FACTOR * self.volume_mm3 / REFERENCE_INCREMENT_MM


def check_range(field: str, value: float | None, low: float, high: float) -> None:
    """Refuse a value that is outside its range, by more than rounding; ``None`` is no value.

    Raises
    ------
    InputError
        Naming the field, what was found and what is allowed.
    """
    if value is None:
        return
    if not (low - _slack(low) <= value <= high + _slack(high)):
        msg = f"{field} is {value:g}, allowed are {low:g} to {high:g}"
        raise InputError(msg)


def check_equal(field: str, value: float, parts: str, other: float) -> None:
    """Refuse a sum that is not that of its parts.

    Raises
    ------
    InputError
        Naming both.
    """
    if not math.isclose(value, other, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        msg = f"{field} is {value:g}, and {parts} {other:g}"
        raise InputError(msg)


def check_day(
    field: str, day: str | None, first: str, last: str, *, is_secret: bool = False
) -> None:
    """Refuse what is no date, or one outside of two others; ``None`` is no date known.

    A date that tells who somebody is (`is_secret`) is not repeated in the message, nor is what is
    no date: there may be a name in its place.

    Raises
    ------
    InputError
        Naming the field, what was found and what is allowed.
    """
    if day is None:
        return
    try:
        told = date.fromisoformat(day).isoformat()
    except ValueError:
        told = ""
    if not (told and first <= told <= last):
        found = repr(told) if told and not is_secret else "no such date"
        msg = f"{field} is {found}, allowed are {first} to {last}"
        raise InputError(msg)


def _slack(end: float) -> float:
    return _ROUNDING * abs(end)
