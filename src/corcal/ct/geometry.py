"""The geometry of a stack of slices, from ImagePositionPatient and ImageOrientationPatient alone.

Conventions: patient coordinates are DICOM LPS (x to the left, y to the back, z to the head), in mm.
The canonical axes of `CTScan` are reached by a signed permutation: nothing is resampled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity
from corcal.ct.series import ImageHeader

__all__ = ["PlaneAxes", "StackGeometry", "heights_of", "label", "measure_stack", "same_position"]

# How far apart two positions may be and still be the same one: above the rounding of headers
# (0.001 mm), far below the smallest increment in use (0.1 mm).
SAME_POSITION_MM = 0.02
# Regular spacing. Tables report positions rounded to 0.1 mm (that is, +-0.05 mm), so that much, or
# 1 % of the increment, says nothing about the slices. SCCT practice (clinical reference, section 8)
# accepts irregular increments up to 10 % with a warning; beyond, area times increment is no volume.
ROUNDING_MM = 0.05
ROUNDING_FRACTION = 0.01
IRREGULAR_FRACTION = 0.10
_EPSILON_MM = 1e-6  # of adding decimal numbers in binary
# In-plane deviation of a slice from the straight line of the others: rounding, then visible, and
# from half a pixel on, lesions of neighbouring slices no longer lie above each other.
SHIFT_ROUNDING_MM = 0.1
SHIFT_PIXELS = 0.5
ORIENTATION_TOLERANCE = 0.01  # of length and of orthogonality; headers round to 4 digits or more
TILT_REPORTED_DEG = 0.5  # below it, a stack of 20 cm drifts by less than 2 mm
ALONG_TABLE_DEG = 1.0
THICKNESS_FRACTION = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneAxes:
    """How a stored slice becomes a canonical one: transposed first, then flipped."""

    transpose: bool
    flip_y: bool
    flip_x: bool

    @property
    def is_identity(self) -> bool:
        """Whether stored slices are canonical already."""
        return not (self.transpose or self.flip_y or self.flip_x)

    def apply(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Return a view of the stored slice (rows, columns) in canonical axes (y, x)."""
        turned = plane.T if self.transpose else plane
        return turned[:: -1 if self.flip_y else 1, :: -1 if self.flip_x else 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGeometry:
    """A stack that forms a volume.

    Attributes
    ----------
    order : tuple of int
        Which image is the lowest slice, the next ..., towards the head.
    spacing_mm : (dz, dy, dx)
        In canonical axes; dz is the mean increment along the slice normal.
    affine_lps : ndarray of shape (4, 4)
        Canonical index (z, y, x, 1) to patient mm.
    positions_mm : tuple of (x, y, z)
        Centre of canonical voxel [k, 0, 0] of each slice.
    axes : PlaneAxes
        From stored to canonical slices.
    """

    order: tuple[int, ...]
    spacing_mm: tuple[float, float, float]
    affine_lps: NDArray[np.float64]
    positions_mm: tuple[tuple[float, float, float], ...]
    axes: PlaneAxes


def measure_stack(
    images: Sequence[ImageHeader],
) -> tuple[StackGeometry | None, tuple[Finding, ...]]:
    """Order the slices towards the head and measure their increment.

    Parameters
    ----------
    images : sequence of ImageHeader
        Of one size, orientation and pixel spacing, all present; no two at one position that are
        copies of each other.

    Returns
    -------
    StackGeometry or None
        ``None`` if the slices do not form a volume: then a finding of severity ERROR says why.
    tuple of Finding
    """
    if len(images) < 2:
        message = (
            f"{label(images[0])} is the only slice: its increment cannot be measured, at least 2 "
            "slices are needed"
        )
        return None, (finding("SINGLE_SLICE", message),)
    row, column, problems = _directions(images[0])
    if problems:
        return None, problems
    positions = np.array([image.position_mm for image in images], dtype=np.float64)
    normal = np.cross(row, column)
    normal *= np.sign(normal[2]) / np.linalg.norm(normal)
    heights = positions @ normal
    order = np.argsort(heights, kind="stable")
    sorted_images = [images[int(k)] for k in order]
    findings = _spacing_findings(sorted_images, heights[order])
    if heights[order[-1]] - heights[order[0]] > SAME_POSITION_MM:
        findings += _shift_findings(positions[order], heights[order], normal, images[0])
    if not _has_error(findings):
        findings += _thickness_findings(images, heights)
    if _has_error(findings):
        return None, findings
    return _geometry(order, positions[order], heights[order], (row, column), images[0]), findings


def heights_of(images: Sequence[ImageHeader], first: ImageHeader) -> NDArray[np.float64]:
    """Heights of images along the slice normal of `first` (along z, if it states none), in mm."""
    normal = np.array([0.0, 0.0, 1.0])
    if first.orientation is not None:
        stated = np.cross(first.orientation[:3], first.orientation[3:])
        length = float(np.linalg.norm(stated))
        normal = stated / length if length > 0 else normal
    positions: NDArray[np.float64] = np.array([image.position_mm for image in images], np.float64)
    heights: NDArray[np.float64] = positions @ normal
    return heights


def same_position(first: ImageHeader, second: ImageHeader) -> bool:
    """Whether two images are at one place."""
    if first.position_mm is None or second.position_mm is None:
        return False
    return all(
        abs(a - b) < SAME_POSITION_MM
        for a, b in zip(first.position_mm, second.position_mm, strict=True)
    )


def label(image: ImageHeader) -> str:
    """Name an image in a message: by instance or frame number and file."""
    if image.frame_number is not None:
        return f"frame {image.frame_number} of {image.source}"
    if image.instance_number is not None:
        return f"instance {image.instance_number} ({image.source})"
    return image.source


def _has_error(findings: Sequence[Finding]) -> bool:
    return any(item.severity is Severity.ERROR for item in findings)


def _directions(
    image: ImageHeader,
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[Finding, ...]]:
    """Direction of rows and of columns as unit vectors, and what is wrong with them."""
    values = np.array(image.orientation, dtype=np.float64)
    row, column = values[:3], values[3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if (
        max(abs(length - 1) for length in lengths) > ORIENTATION_TOLERANCE
        or abs(row @ column) > ORIENTATION_TOLERANCE
    ):
        message = (
            f"ImageOrientationPatient of {label(image)} is {_list(values)}: two orthogonal vectors "
            "of length 1 are needed"
        )
        return row, column, (finding("BAD_ORIENTATION", message),)
    row, column = row / lengths[0], column / lengths[1]
    normal = np.cross(row, column)
    if abs(normal[2]) < max(abs(normal[0]), abs(normal[1])):
        plane = "sagittal" if abs(normal[0]) > abs(normal[1]) else "coronal"
        message = f"the slices are {plane} ({label(image)}): axial slices are needed"
        return row, column, (finding("NOT_AXIAL", message),)
    return row, column, ()


def _spacing_findings(
    images: Sequence[ImageHeader], heights: NDArray[np.float64]
) -> tuple[Finding, ...]:
    """Judge the increments of slices sorted by height."""
    increments = np.diff(heights)
    if increments.min() < SAME_POSITION_MM:
        return (_repeated(images, increments),)
    # The lower median: of two increments, 5 and 10 mm, the larger is the one with a slice missing.
    typical = float(np.sort(increments)[(len(increments) - 1) // 2])
    mean = float(increments.mean())
    grid_error = np.abs(heights - (heights[0] + mean * np.arange(len(heights)))).max()
    spread = float(np.abs(increments - typical).max()) / typical
    rounding = min(ROUNDING_MM, IRREGULAR_FRACTION * typical)
    if grid_error <= rounding + _EPSILON_MM or spread <= ROUNDING_FRACTION:
        return ()
    if spread <= IRREGULAR_FRACTION:
        message = (
            f"the increment varies from {increments.min():.3f} to {increments.max():.3f} mm; its "
            f"mean, {mean:.3f} mm, is used (up to {IRREGULAR_FRACTION:.0%} is accepted)"
        )
        return (finding("IRREGULAR_SPACING", message),)
    multiples = np.rint(increments / typical)
    off_grid = np.abs(increments - multiples * typical) > IRREGULAR_FRACTION * typical
    if off_grid.any() or multiples.min() < 1:
        worst = int(np.argmax(np.abs(increments - typical)))
        message = (
            f"the increment varies from {increments.min():.3f} to {increments.max():.3f} mm (most "
            f"are about {typical:.3f} mm), first between {label(images[worst])} and "
            f"{label(images[worst + 1])}: at most {IRREGULAR_FRACTION:.0%} is accepted"
        )
        return (finding("IRREGULAR_SPACING", message, Severity.ERROR),)
    return (_missing(images, heights, multiples, typical),)


def _repeated(images: Sequence[ImageHeader], increments: NDArray[np.float64]) -> Finding:
    pairs = np.flatnonzero(increments < SAME_POSITION_MM)
    first = int(pairs[0])
    involved = len({*pairs.tolist(), *(pairs + 1).tolist()})
    message = (
        f"{involved} different slices share positions, first {label(images[first])} and "
        f"{label(images[first + 1])}: one slice at each position is needed"
    )
    return finding("REPEATED_POSITIONS", message)


def _missing(
    images: Sequence[ImageHeader],
    heights: NDArray[np.float64],
    multiples: NDArray[np.float64],
    typical: float,
) -> Finding:
    gaps = np.flatnonzero(multiples > 1)
    k = int(gaps[0])
    count = int(multiples[k]) - 1
    total = int((multiples - 1).sum())
    elsewhere = f", and {total - count} elsewhere" if total > count else ""
    message = (
        f"{count} {'slice is' if count == 1 else 'slices are'} missing between {label(images[k])} "
        f"at {heights[k]:.2f} mm and {label(images[k + 1])} at {heights[k + 1]:.2f} mm{elsewhere}: "
        f"the increment of the others is {typical:.3f} mm, a stack without gaps is needed"
    )
    return finding("MISSING_SLICES", message)


def _shift_findings(
    positions: NDArray[np.float64],
    heights: NDArray[np.float64],
    normal: NDArray[np.float64],
    image: ImageHeader,
) -> tuple[Finding, ...]:
    """Judge where the slices lie in their planes: tilt, oblique stacks, jumps."""
    drift = (positions[-1] - positions[0]) / (heights[-1] - heights[0])  # mm per mm of height
    straight = positions[0] + np.outer(heights - heights[0], drift)
    jump = float(np.linalg.norm(positions - straight, axis=1).max())
    pixel = min(image.pixel_spacing_mm or (1.0, 1.0))
    findings: tuple[Finding, ...] = ()
    if jump > SHIFT_ROUNDING_MM:
        severe = jump > SHIFT_PIXELS * pixel
        message = (
            f"slices are shifted in their plane by up to {jump:.2f} mm against a straight stack: "
            f"at most half a pixel ({SHIFT_PIXELS * pixel:.2f} mm) is accepted"
        )
        findings = (
            finding("IN_PLANE_SHIFT", message, Severity.ERROR if severe else Severity.WARNING),
        )
    shear_deg = float(np.degrees(np.arctan(np.linalg.norm(drift - normal))))
    tilt_deg = float(np.degrees(np.arccos(min(1.0, abs(normal[2])))))
    return findings + _tilt_findings(drift, shear_deg, tilt_deg)


def _tilt_findings(
    drift: NDArray[np.float64], shear_deg: float, tilt_deg: float
) -> tuple[Finding, ...]:
    if shear_deg <= TILT_REPORTED_DEG:
        if tilt_deg <= ALONG_TABLE_DEG:
            return ()
        message = f"the slices are tilted by {tilt_deg:.1f} degrees against the axial plane"
        return (finding("OBLIQUE_SLICES", message),)
    off_table = np.degrees(np.arccos(min(1.0, abs(drift[2]) / float(np.linalg.norm(drift)))))
    if off_table <= ALONG_TABLE_DEG:
        message = (
            f"the gantry was tilted by {shear_deg:.1f} degrees: the volume is sheared and kept so, "
            "with the increment along the slice normal"
        )
        return (finding("GANTRY_TILT", message),)
    message = (
        f"the stack leans by {shear_deg:.1f} degrees against its slice normal, and not along the "
        "table, as gantry tilt would"
    )
    return (finding("IN_PLANE_SHIFT", message),)


def _thickness_findings(
    images: Sequence[ImageHeader], heights: NDArray[np.float64]
) -> tuple[Finding, ...]:
    """Compare the increment with the nominal thickness, which is used for nothing else."""
    thicknesses = {image.slice_thickness_mm for image in images}
    thickness = thicknesses.pop()
    if thickness is None or thicknesses:
        return ()
    increment = float(np.ptp(heights)) / (len(images) - 1)
    tolerance = max(ROUNDING_MM, THICKNESS_FRACTION * thickness)
    sizes = f"slices of {thickness:g} mm every {increment:g} mm"
    if increment < thickness - tolerance:
        message = f"{sizes} overlap; scores use the increment"
        return (finding("OVERLAPPING_SLICES", message),)
    if increment > thickness + tolerance:
        message = f"{sizes} leave gaps of {increment - thickness:g} mm that were not scanned"
        return (finding("SLICE_GAPS", message),)
    return ()


def _geometry(
    order: NDArray[np.intp],
    positions: NDArray[np.float64],
    heights: NDArray[np.float64],
    directions: tuple[NDArray[np.float64], NDArray[np.float64]],
    image: ImageHeader,
) -> StackGeometry:
    """Build the canonical geometry of a stack that passed all checks."""
    row, column = directions
    row_spacing, column_spacing = image.pixel_spacing_mm or (1.0, 1.0)
    along_columns = (column * row_spacing, image.rows or 1)  # one step down the rows
    along_rows = (row * column_spacing, image.columns or 1)
    transpose = abs(row[1]) + abs(column[0]) > abs(row[0]) + abs(column[1])
    (step_y, n_y), (step_x, n_x) = (
        (along_rows, along_columns) if transpose else (along_columns, along_rows)
    )
    flip_y, flip_x = bool(step_y[1] < 0), bool(step_x[0] < 0)
    corner = np.zeros(3)
    if flip_y:
        corner = corner + (n_y - 1) * step_y
    if flip_x:
        corner = corner + (n_x - 1) * step_x
    count = len(positions)
    affine = np.eye(4)
    affine[:3, 0] = (positions[-1] - positions[0]) / (count - 1)
    affine[:3, 1] = -step_y if flip_y else step_y
    affine[:3, 2] = -step_x if flip_x else step_x
    affine[:3, 3] = positions[0] + corner
    return StackGeometry(
        order=tuple(int(k) for k in order),
        spacing_mm=(
            float((heights[-1] - heights[0]) / (count - 1)),
            column_spacing if transpose else row_spacing,
            row_spacing if transpose else column_spacing,
        ),
        affine_lps=affine + 0.0,  # no negative zeros
        positions_mm=tuple((float(x), float(y), float(z)) for x, y, z in positions + corner),
        axes=PlaneAxes(transpose=bool(transpose), flip_y=flip_y, flip_x=flip_x),
    )


def _list(values: NDArray[np.float64]) -> str:
    return "\\".join(f"{value:g}" for value in values)
