"""The same patient in another image: moved, cut, turned, on another grid, stored another way.

Each transform takes a scan with its marked voxels and gives both anew. Where the image has to be
interpolated its score changes a little whoever reads it, so what counts is automatic over true.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corcal.ct.find import find_series
from corcal.ct.read import read_series
from corcal.ct.scan import AIR_HU, CTScan
from corcal.errors import GeometryError
from corcal.lesions.voxels import SiteVoxels
from corcal.phantom.dicom import write_scan
from corcal.phantom.physics import MAX_HU, MIN_HU
from corcal.phantom.types import SIMULATED_PATIENT, simulated_uid

__all__ = ["Marked", "regridded", "rotated", "stored_as", "window"]

_ORDER = 3  # cubic: linear interpolation would smooth noise and peaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A scan and where its calcium is."""

    scan: CTScan
    voxels: SiteVoxels


def window(marked: Marked, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Marked:
    """Cut a window out of a scan; in the slice it may begin or end outside, where air is put.

    Parameters
    ----------
    marked : Marked
        The scan.
    start : (z, y, x)
        First voxel of the window; negative in y and x if it begins outside.
    shape : (n_z, n_y, n_x)
        Of the window.

    Returns
    -------
    Marked
        Each voxel that is left stays where it was in the patient.

    Raises
    ------
    GeometryError
        If it has slices that the scan has not.
    """
    scan = marked.scan
    if start[0] < 0 or start[0] + shape[0] > scan.shape[0]:
        msg = f"the window has slices {start[0]} to {start[0] + shape[0]} of {scan.shape[0]}"
        raise GeometryError(msg)
    inside = tuple(
        slice(max(at, 0), min(at + n, size))
        for at, n, size in zip(start, shape, scan.shape, strict=True)
    )
    place = tuple(
        slice(one.start - at, one.stop - at) for one, at in zip(inside, start, strict=True)
    )
    hu = np.full(shape, AIR_HU, scan.hu.dtype)
    hu[place] = scan.hu[inside]
    labels = np.zeros(shape, np.uint8)
    labels[place] = _labels(marked.voxels)[inside]
    affine = scan.affine_lps.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(start, np.float64)
    return _marked(scan, hu, labels, affine, scan.spacing_mm, first=start[0])


def rotated(marked: Marked, degrees: float) -> Marked:
    """Turn every slice around its middle, as if the patient had rolled; what enters is air."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = 0.5 * (np.array(marked.scan.shape[1:]) - 1)
    # Pixels are square in all scans that are turned here: voxels and mm turn alike.
    shape = marked.scan.shape[1:]
    hu, labels = _resampled(marked, turn, middle - turn @ middle, shape)
    return _marked(marked.scan, hu, labels, marked.scan.affine_lps, marked.scan.spacing_mm)


def regridded(marked: Marked, factor: float) -> Marked:
    """Reconstruct the same field on pixels that are `factor` times as wide."""
    scan = marked.scan
    shape = tuple(int(n / factor) for n in scan.shape[1:])
    offset = np.full(2, 0.5 * (factor - 1.0))  # the outer edges of the first pixels meet
    hu, labels = _resampled(marked, np.eye(2) * factor, offset, shape)
    affine = scan.affine_lps.copy()
    affine[:3, 3] += affine[:3, 1:3] @ offset
    affine[:3, 1:3] *= factor
    dz, dy, dx = scan.spacing_mm
    return _marked(scan, hu, labels, affine, (dz, dy * factor, dx * factor))


def stored_as(marked: Marked, position: str, folder: Path) -> Marked:
    """Write the scan as DICOM of another patient position, and read it back.

    The patient's own coordinates stay: rows and columns of a prone patient are stored turned, and
    the reader has to undo it. What is written has a simulated patient's name and UIDs.
    """
    scan = marked.scan
    acquisition = replace(scan.acquisition, patient_position=position)
    series = replace(
        scan.series,
        study_instance_uid=simulated_uid("stress", "study"),
        series_instance_uid=simulated_uid("stress", position),
        frame_of_reference_uid=simulated_uid("stress", "frame"),
    )
    slices = tuple(
        replace(one, sop_instance_uid=simulated_uid("stress", position, k))
        for k, one in enumerate(scan.slices)
    )
    hu = np.clip(scan.hu, MIN_HU, MAX_HU).astype(np.int16)
    stored = replace(
        scan,
        hu=hu,
        acquisition=acquisition,
        patient=SIMULATED_PATIENT,
        series=series,
        slices=slices,
    )
    write_scan(folder, stored)
    read = read_series(find_series(folder).series[0])
    if read.shape != scan.shape:
        msg = f"a scan of shape {scan.shape} came back with {read.shape}"
        raise GeometryError(msg)
    return Marked(scan=read, voxels=marked.voxels)


def _resampled(
    marked: Marked, matrix: NDArray[np.float64], offset: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.generic], NDArray[np.uint8]]:
    """Interpolate each slice at ``matrix @ (y, x) + offset``; marks by the nearest, grown.

    The marks grow by a pixel where nothing is marked: their border is rounded, and calcium that is
    left out of the truth by that would look like an error of detection.
    """
    scan, old = marked.scan, _labels(marked.voxels)
    hu = np.empty((scan.shape[0], *shape), scan.hu.dtype)
    labels = np.zeros(hu.shape, np.uint8)
    for k in range(scan.shape[0]):
        plane = ndimage.affine_transform(
            scan.hu[k].astype(np.float32),
            matrix,
            offset,
            output_shape=shape,
            order=_ORDER,
            cval=float(AIR_HU),
        )
        hu[k] = np.rint(plane) if hu.dtype.kind == "i" else plane
        if old[k].any():
            labels[k] = ndimage.affine_transform(
                old[k], matrix, offset, output_shape=shape, order=0, cval=0
            )
    grown = ndimage.grey_dilation(labels, size=(1, 3, 3))
    return hu, np.where(labels > 0, labels, grown)


def _labels(voxels: SiteVoxels) -> NDArray[np.uint8]:
    labels = np.zeros(voxels.shape, np.uint8)
    labels.flat[voxels.index] = voxels.site
    return labels


def _marked(
    scan: CTScan,
    hu: NDArray[np.generic],
    labels: NDArray[np.uint8],
    affine: NDArray[np.float64],
    spacing_mm: tuple[float, float, float],
    *,
    first: int = 0,
) -> Marked:
    """Make the scan and its marks of new voxels; its slices are those from `first` on."""
    hu.setflags(write=False)
    index = np.flatnonzero(labels)
    at = affine[:3, :3] @ np.array([np.arange(hu.shape[0]), [0] * hu.shape[0], [0] * hu.shape[0]])
    sources = tuple(
        replace(one, position_mm=tuple(place.tolist()))
        for one, place in zip(
            scan.slices[first : first + hu.shape[0]], at.T + affine[:3, 3], strict=True
        )
    )
    return Marked(
        scan=replace(scan, hu=hu, affine_lps=affine, spacing_mm=spacing_mm, slices=sources),
        voxels=SiteVoxels(shape=hu.shape, index=index, site=labels.flat[index]),
    )
