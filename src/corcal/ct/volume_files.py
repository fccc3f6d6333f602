"""Volume files (NIfTI, NRRD, MetaImage): voxels and geometry, but nothing of patient or scanner."""

import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corcal.ct.checks import MAX_SIDE
from corcal.ct.files import Candidate, FileOpener, SkipFile, printable
from corcal.ct.findings import finding
from corcal.ct.padding import PaddingCounts, no_value_findings
from corcal.ct.pixels import fit_int16
from corcal.ct.quiet_itk import quiet_itk
from corcal.ct.scan import (
    AIR_HU,
    Acquisition,
    CTScan,
    Finding,
    Patient,
    SeriesIdentity,
    SliceSource,
)
from corcal.ct.series import ImageHeader, Series
from corcal.ct.slice_values import slice_findings
from corcal.ct.values import enclosed_count, value_findings
from corcal.ct.volume_checks import MAX_DATA_BYTES, VolumeHeader, check_data, not_finite
from corcal.ct.volume_formats import FORMATS, volume_suffix
from corcal.errors import InputError, SeriesError

__all__ = ["is_volume_name", "read_volume", "volume_series"]

OBLIQUE_DEG = 1.0
_ASSUMED = (
    "the file does not say how its axes lie in the patient: left and right, and head and feet, may "
    "be exchanged, and the score is then wrong"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Geometry of a volume file in canonical axes.

    `axes` says which array axis of the file (slowest first) becomes z, y and x; `flips`, which of
    the canonical axes are reversed.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    affine_lps: NDArray[np.float64]
    axes: tuple[int, int, int]
    flips: tuple[bool, bool, bool]


def is_volume_name(name: str) -> bool:
    """Whether the name ends as those of NIfTI, NRRD or MetaImage files do."""
    return volume_suffix(name) is not None


def volume_series(candidate: Candidate, opener: FileOpener) -> Series:
    """Read the header of a volume file as a series of slices in canonical order.

    Raises
    ------
    SkipFile
        If it is not what its name says, or is damaged.
    """
    suffix = volume_suffix(candidate.source) or ""
    try:
        with _on_disk(candidate.path, candidate.member, suffix, opener) as path:
            header = FORMATS[suffix].read_header(path, suffix)
            with quiet_itk():
                grid, findings = _measure(_reader(path, suffix), header, candidate.source)
            if grid is not None:
                check_data(header)
    except (RuntimeError, OSError) as exc:
        reason = f"not a readable {FORMATS[suffix].name} file"
        raise SkipFile(reason, is_damaged=True) from exc
    except InputError as exc:
        raise SkipFile(str(exc), is_damaged=True) from exc
    return Series(
        format=FORMATS[suffix].name,
        identity=SeriesIdentity(),
        acquisition=Acquisition(),
        patient=Patient(),
        images=_images(candidate, grid),
        spacing_mm=None if grid is None else grid.spacing_mm,
        findings=findings,
    )


def read_volume(series: Series) -> CTScan:
    """Read the voxels of a volume file.

    Raises
    ------
    SeriesError
        If the file cannot be read.
    """
    image = series.images[0]
    suffix = volume_suffix(image.source) or ""
    try:
        with FileOpener() as opener, _on_disk(image.path, image.member, suffix, opener) as path:
            header = FORMATS[suffix].read_header(path, suffix)
            with quiet_itk():
                reader = _reader(path, suffix)
                grid, problems = _measure(reader, header, image.source)
                voxels = _array(reader, header) if grid is not None else np.empty(0)
    except (RuntimeError, OSError) as exc:
        msg = f"{image.source}: the voxels cannot be read; the file is damaged or truncated"
        raise SeriesError(msg) from exc
    except InputError as exc:  # it has changed since it was found
        msg = f"{image.source}: {exc}"
        raise SeriesError(msg) from exc
    if grid is None:
        raise SeriesError(problems[-1].message)
    hu, padding, beyond_count = _canonical(voxels, grid)
    if beyond_count:
        msg = f"{image.source}: {beyond_count} voxels have values that are no HU, beyond 3e38"
        raise SeriesError(msg)
    hu.flags.writeable = False
    positions = _positions(grid)
    return CTScan(
        hu=hu,
        spacing_mm=grid.spacing_mm,
        affine_lps=grid.affine_lps,
        slices=tuple(
            SliceSource(
                source=image.source,
                sop_instance_uid=None,
                frame_number=None,
                instance_number=None,
                position_mm=position,
            )
            for position in positions
        ),
        findings=(
            *series.findings,
            *value_findings(hu),
            *slice_findings(hu),
            *no_value_findings(padding),
        ),
    )


@contextmanager
def _on_disk(path: Path, member: str | None, suffix: str, opener: FileOpener) -> Iterator[Path]:
    """Give a file that SimpleITK can open; a member of an archive exists only inside the block."""
    if member is None:
        yield path
        return
    if FORMATS[suffix].is_detached:
        msg = f"{printable(member)}: its voxels are in another file; unpack the archive first"
        raise InputError(msg)
    with tempfile.TemporaryDirectory(prefix="corcal-") as folder:
        copy = Path(folder) / f"volume{suffix}"  # never the member's own name
        with opener.open(path, member) as source:
            copy.write_bytes(source.read())
        yield copy


def _simple_itk() -> Any:
    """Import SimpleITK, which has no types, when a volume file needs it: DICOM need not wait."""
    return importlib.import_module("SimpleITK")


def _reader(path: Path, suffix: str) -> Any:
    reader = _simple_itk().ImageFileReader()
    reader.SetImageIO(FORMATS[suffix].itk_reader)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return reader


def _measure(
    reader: Any, header: VolumeHeader, name: str
) -> tuple[_Grid | None, tuple[Finding, ...]]:
    """Find the canonical geometry, and what is wrong with the volume."""
    unknown = finding(
        "HEADER_UNKNOWN",
        "the file says nothing of tube voltage, kernel, gating, contrast and patient",
    )
    told = (unknown,) if header.is_oriented else (unknown, finding("ORIENTATION_ASSUMED", _ASSUMED))
    size, dimension = reader.GetSize(), reader.GetDimension()
    if dimension < 3 or any(n != 1 for n in size[3:]) or reader.GetNumberOfComponents() != 1:
        shape = " x ".join(str(n) for n in size)
        message = (
            f"{name} holds {shape} values with {reader.GetNumberOfComponents()} components: one "
            "volume of three dimensions and one component is needed"
        )
        return None, (unknown, finding("BAD_PIXEL_FORMAT", message))
    if max(size[:2]) > MAX_SIDE or header.held_bytes > MAX_DATA_BYTES:
        message = (
            f"{name} declares {size[0]} x {size[1]} x {size[2]} voxels: at most {MAX_SIDE} a side "
            f"and {MAX_DATA_BYTES} bytes in all are read"
        )
        return None, (unknown, finding("TOO_LARGE", message))
    if size[2] < 2:
        message = f"{name} holds one slice: at least 2 are needed"
        return None, (unknown, finding("SINGLE_SLICE", message))
    direction = np.array(reader.GetDirection(), dtype=np.float64).reshape(dimension, dimension)
    spacing = np.array(reader.GetSpacing()[:3], dtype=np.float64)
    origin = np.array(reader.GetOrigin()[:3], dtype=np.float64)
    grid = _grid((size[0], size[1], size[2]), spacing, origin, direction[:3, :3])
    tilt = float(np.degrees(np.arccos(min(1.0, abs(grid.affine_lps[2, 0]) / grid.spacing_mm[0]))))
    if tilt <= OBLIQUE_DEG:
        return grid, told
    message = f"the slices are tilted by {tilt:.1f} degrees against the axial plane"
    return grid, (*told, finding("OBLIQUE_SLICES", message))


def _grid(
    size: tuple[int, int, int],
    spacing: NDArray[np.float64],
    origin: NDArray[np.float64],
    direction: NDArray[np.float64],
) -> _Grid:
    """Choose, for each patient axis, the image axis (i, j, k) that runs along it most."""
    along = max(
        permutations(range(3)), key=lambda p: sum(abs(direction[n, p[n]]) for n in range(3))
    )
    image_axes = along[::-1]  # for canonical z, y, x
    flips = tuple(bool(direction[2 - n, axis] < 0) for n, axis in enumerate(image_axes))
    affine = np.eye(4)
    for n, axis in enumerate(image_axes):
        step = direction[:, axis] * spacing[axis]
        affine[:3, n] = -step if flips[n] else step
        if flips[n]:
            origin = origin + (size[axis] - 1) * step
    affine[:3, 3] = origin
    z, y, x = image_axes
    return _Grid(
        shape=(size[z], size[y], size[x]),
        spacing_mm=(float(spacing[z]), float(spacing[y]), float(spacing[x])),
        affine_lps=affine + 0.0,  # no negative zeros
        axes=(2 - z, 2 - y, 2 - x),  # arrays have k first
        flips=(flips[0], flips[1], flips[2]),
    )


def _array(reader: Any, header: VolumeHeader) -> NDArray[Any]:
    voxels: NDArray[Any] = _simple_itk().GetArrayFromImage(reader.Execute())
    if header.float_type is not None:
        voxels.flat[not_finite(header)] = np.nan  # the NIfTI library makes them 0
    return voxels.reshape(voxels.shape[-3:])


def _canonical(
    voxels: NDArray[Any], grid: _Grid
) -> tuple[NDArray[np.int16] | NDArray[np.float32], PaddingCounts, int]:
    """Permute and flip into canonical axes; values that are not finite become air.

    Returns the HU, how many those are, and the number of values that single precision cannot hold.
    """
    turned = voxels.transpose(grid.axes)
    turned = turned[tuple(slice(None, None, -1 if flip else 1) for flip in grid.flips)]
    if turned.dtype == np.int16:
        return np.array(turned, order="C"), PaddingCounts(), 0
    with np.errstate(over="ignore"):  # they are counted
        exact = np.array(turned, dtype=np.float32, order="C")
    invalid = ~np.isfinite(exact)
    beyond_count = int(np.count_nonzero(np.isfinite(turned[invalid])))
    exact[invalid] = AIR_HU
    filled = int(np.count_nonzero(invalid))
    padding = PaddingCounts(filled=filled, enclosed=enclosed_count(invalid) if filled else 0)
    return fit_int16(exact), padding, beyond_count


def _positions(grid: _Grid) -> tuple[tuple[float, float, float], ...]:
    steps = np.outer(np.arange(grid.shape[0]), grid.affine_lps[:3, 0])
    return tuple((float(x), float(y), float(z)) for x, y, z in steps + grid.affine_lps[:3, 3])


def _images(candidate: Candidate, grid: _Grid | None) -> tuple[ImageHeader, ...]:
    """One header a slice, so that counting slices means the same for every format."""
    positions = ((0.0, 0.0, 0.0),) if grid is None else _positions(grid)
    directions = None if grid is None else _row_and_column(grid)
    return tuple(
        ImageHeader(
            path=candidate.path,
            source=candidate.source,
            member=candidate.member,
            sop_instance_uid=None,
            sop_class_uid=None,
            transfer_syntax_uid=None,
            instance_number=None,
            acquisition_number=None,
            frame_number=None,
            rows=None if grid is None else grid.shape[1],
            columns=None if grid is None else grid.shape[2],
            position_mm=None if grid is None else position,
            orientation=directions,
            pixel_spacing_mm=None if grid is None else grid.spacing_mm[1:],
            rescale_slope=1.0,
            rescale_intercept=0.0,
            pixel_padding=None,
            slice_thickness_mm=None,
            image_type=(),
        )
        for position in positions
    )


def _row_and_column(grid: _Grid) -> tuple[float, float, float, float, float, float]:
    row = grid.affine_lps[:3, 2] / grid.spacing_mm[2]
    column = grid.affine_lps[:3, 1] / grid.spacing_mm[1]
    a, b, c = (float(value) for value in row)
    d, e, f = (float(value) for value in column)
    return a, b, c, d, e, f
