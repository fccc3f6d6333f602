"""Whether the values of a scan can be Hounsfield units: one definition for every file format."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity

__all__ = ["HIGHEST_HU", "LEAST_AIR_HU", "enclosed_count", "value_findings", "voxels"]

# CT of a body holds air, about -1000 HU, and fat, about -100 HU. Without negative values a volume
# is a picture of grey values, or stored values without their rescale; without air it is cropped.
LEAST_AIR_HU = -500.0
HIGHEST_HU = 30710.0  # where the extended CT scale of scanners ends; the usual one ends at 3071
# The other limits are choices of corcal. Noise of 100 HU in the air of the lungs stays above the
# first; what scanners write around a round reconstruction (-2000, -3024) is below it.
HOLE_HU = -1500.0
DARK_HU = -900.0  # air, and the darkest of the lungs
LOWEST_AIR_HU = -1100.0  # the median of what is dark in a slice; measured -1013 to -905
LEAST_DARK_SHARE = 0.05  # of a slice: the blurred rim of a padding is less
_STEP = 2  # in rows and columns, where a median is taken
# Where a scanner's own scale of 12 bits ends, whatever its intercept: metal ends there, rightly.
_END_OF_SCALE_HU = 2500.0
_WEIGHED_UP_TO_HU = 400.0  # the Agatston weights grow up to here, doi:10.1016/0735-1097(90)90282-T
_FEWEST_CUT, _BELOW_HU = 50, 10.0  # as many voxels of the highest value; more than so far below it
_FEWEST_VALUES = 64  # of an image with noise; a drawn one may have many voxels of its highest value


def value_findings(hu: NDArray[Any]) -> tuple[Finding, ...]:
    """Say whether the values of a scan can be Hounsfield units.

    Parameters
    ----------
    hu : ndarray of shape (n_z, n_y, n_x)
        Padding has been set to air.

    Returns
    -------
    tuple of Finding
        One ``NOT_HU_VALUES``, or none; it is an error if there is no negative value at all. And
        ``VALUES_CUT_OFF``, if nothing is denser than a value that many voxels have; an error below
        400 HU.
    """
    return (*_not_hu(hu), *_cut_off(hu))


def _not_hu(hu: NDArray[Any]) -> tuple[Finding, ...]:
    low, high = float(hu.min()), float(hu.max())
    values = f"the values reach from {low:g} to {high:g}"
    if low >= 0:
        message = f"{values}: Hounsfield units, with air at about -1000, are needed"
        return (finding("NOT_HU_VALUES", message, Severity.ERROR),)
    if low > LEAST_AIR_HU:
        message = f"{values}, without any air: they may not be Hounsfield units"
        return (finding("NOT_HU_VALUES", message),)
    impossible = "; ".join(_impossible(hu))
    if not impossible:
        return ()
    return (finding("NOT_HU_VALUES", f"{impossible}: no tissue, air or metal has them"),)


def _cut_off(hu: NDArray[Any]) -> Iterator[Finding]:
    """Find that values were limited: bone and calcium end in a plateau, and not in a peak."""
    high = float(hu.max())
    if high >= _END_OF_SCALE_HU:
        return
    highest = int(np.count_nonzero(hu == high))
    near = int(np.count_nonzero(hu >= high - _BELOW_HU)) - highest
    if highest < _FEWEST_CUT or highest <= near or np.unique(hu).size < _FEWEST_VALUES:
        return
    told = f"{voxels(highest)} have {high:g} HU and none has more: the values were cut off there"
    if high < _WEIGHED_UP_TO_HU:
        yield finding(
            "VALUES_CUT_OFF",
            f"{told}, and a score needs what calcium has, up to 400 HU: give the scan as it was "
            "reconstructed",
            Severity.ERROR,
        )
    else:
        yield finding("VALUES_CUT_OFF", f"{told}; masses and peak values are too low")


def voxels(count: int) -> str:
    """Count voxels in words: ``"1 voxel"``, ``"2 voxels"``."""
    return f"{count} voxel{'' if count == 1 else 's'}"


def enclosed_count(mask: NDArray[np.bool_]) -> int:
    """Count what no way through the mask joins with the edge of its slice, diagonals included.

    Padding around a reconstruction reaches the edge; a hole inside of the image does not.
    """
    from scipy import ndimage  # only scans with such values need its time to import

    count = 0
    for plane in mask[mask.any(axis=(1, 2))]:
        parts, part_count = ndimage.label(plane, structure=np.ones((3, 3)))
        is_open = np.zeros(part_count + 1, dtype=np.bool_)
        is_open[0] = True  # what is not in the mask
        for edge in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
            is_open[edge] = True
        count += int(np.count_nonzero(~is_open[parts]))
    return count


def _impossible(hu: NDArray[Any]) -> Iterator[str]:
    """Name what no tissue, no air and no metal can be."""
    holes = enclosed_count(hu < HOLE_HU)
    if holes:
        yield f"{voxels(holes)} inside of the image of less than {HOLE_HU:g} HU"
    levels = [level for level in map(_dark_hu, hu) if level is not None and level < LOWEST_AIR_HU]
    if levels:
        yield f"air of {min(levels):.0f} HU in {len(levels)} of {len(hu)} slices"
    beyond = int(np.count_nonzero(hu > HIGHEST_HU))
    if beyond:
        yield f"{voxels(beyond)} of more than {HIGHEST_HU:g} HU"


def _dark_hu(plane: NDArray[Any]) -> float | None:
    """Return the median of the air of a slice without its lowest value, which may be padding."""
    part = plane[::_STEP, ::_STEP]
    dark = part[part < DARK_HU]
    if dark.size < LEAST_DARK_SHARE * part.size:
        return None
    dark = dark[dark > dark.min()]
    return float(np.median(dark)) if dark.size >= LEAST_DARK_SHARE * part.size else None
