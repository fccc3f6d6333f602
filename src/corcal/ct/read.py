"""Read a series as a scan."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corcal.ct.checks import MAX_HU
from corcal.ct.dicom.quiet import quiet_pydicom
from corcal.ct.files import FileOpener
from corcal.ct.find import find_series
from corcal.ct.findings import FINDINGS
from corcal.ct.geometry import PlaneAxes, StackGeometry, label, measure_stack
from corcal.ct.padding import padding_findings
from corcal.ct.pixels import Voxels, read_voxels
from corcal.ct.scan import CTScan, Finding, Severity, SliceSource, StoredPlane
from corcal.ct.series import Catalog, ImageHeader, Series
from corcal.ct.slice_values import slice_findings
from corcal.ct.values import value_findings
from corcal.ct.volume_files import read_volume
from corcal.errors import GeometryError, SeriesError
from corcal.progress import Progress, no_progress

__all__ = ["named_series", "read_scan", "read_series"]


def read_series(series: Series, *, progress: Progress = no_progress) -> CTScan:
    """Read the voxels of a series that `find_series` found.

    Parameters
    ----------
    series : Series
        Its files must still be where they were found.
    progress : Progress, optional
        Called after each slice.

    Returns
    -------
    CTScan
        In canonical axes, with all findings of the series.

    Raises
    ------
    GeometryError
        If the slices do not form a volume.
    SeriesError
        If the series has another finding of severity ERROR, or its pixels cannot be read. The
        message names the image.
    """
    for item in series.findings:
        if item.severity is Severity.ERROR:
            raise _error_of(item)
    if series.format != "dicom":
        return read_volume(series)
    geometry, seen = measure_stack(series.images)
    if geometry is None:
        raise _error_of(next(item for item in seen if item.severity is Severity.ERROR))
    images = [series.images[k] for k in geometry.order]
    with FileOpener() as opener, quiet_pydicom():
        voxels = read_voxels(images, geometry.axes, opener, progress)
    _check_range(voxels, images)
    voxels.hu.flags.writeable = False
    padding = padding_findings(voxels.padding, images, voxel_count=voxels.hu.size)
    return CTScan(
        hu=voxels.hu,
        spacing_mm=geometry.spacing_mm,
        affine_lps=geometry.affine_lps,
        slices=_sources(images, geometry),
        patient=series.patient,
        series=series.identity,
        acquisition=series.acquisition,
        findings=(
            *series.findings,
            *value_findings(voxels.hu),
            *slice_findings(voxels.hu),
            *padding,
        ),
    )


def read_scan(
    path: Path | str, *, series_uid: str | None = None, progress: Progress = no_progress
) -> CTScan:
    """Find and read one series: the only one that can be read, or the one that is named.

    Parameters
    ----------
    path : Path or str
        As for `find_series`.
    series_uid : str, optional
        SeriesInstanceUID, ``UID#2`` for a stack of it, or the name of a volume file.

    Raises
    ------
    InputError
        If nothing is found.
    SeriesError
        If the choice is not clear (the message lists the series), or the series cannot be read.
    """
    catalog = find_series(path, progress=progress)
    return read_series(named_series(catalog, series_uid), progress=progress)


def named_series(catalog: Catalog, series_uid: str | None = None) -> Series:
    """Return the named series, or the only one that can be read.

    Raises
    ------
    SeriesError
        If the choice is not clear; the message lists the keys to choose from.
    """
    wanted = catalog.series
    if series_uid is not None:
        exact = [one for one in wanted if one.key == series_uid]
        wanted = tuple(exact) or tuple(
            one for one in wanted if one.identity.series_instance_uid == series_uid
        )
        if not wanted:
            msg = f"there is no series {series_uid!r}; there are {_keys(catalog.series)}"
            raise SeriesError(msg)
    readable = [one for one in wanted if not _is_refused(one)]
    if len(readable) == 1:
        return readable[0]
    if len(wanted) == 1:
        return wanted[0]  # reading it says why it is refused
    what = "several series can" if readable else "none of the series can"
    msg = f"{what} be read, choose one of {_keys(tuple(readable) or wanted)}"
    raise SeriesError(msg)


def _is_refused(series: Series) -> bool:
    return any(item.severity is Severity.ERROR for item in series.findings)


def _keys(series: tuple[Series, ...]) -> str:
    return ", ".join(f"{one.key} ({one.slice_count} slices)" for one in series)


def _check_range(voxels: Voxels, images: Sequence[ImageHeader]) -> None:
    """Refuse values that no rescale to HU gives, naming the slice; 16 bits cannot hold them."""
    if voxels.hu.dtype == np.int16:
        return
    for plane, image in zip(voxels.hu, images, strict=True):
        largest = max(-float(plane.min()), float(plane.max()))
        if not largest <= MAX_HU:
            msg = f"{label(image)} has values of up to {largest:g} HU: at most {MAX_HU:g} are read"
            raise SeriesError(msg)


def _error_of(item: Finding) -> SeriesError:
    is_geometry = FINDINGS[item.code].topic == "geometry"
    return (GeometryError if is_geometry else SeriesError)(item.message)


def _sources(images: list[ImageHeader], geometry: StackGeometry) -> tuple[SliceSource, ...]:
    return tuple(
        SliceSource(
            source=image.source,
            sop_instance_uid=image.sop_instance_uid,
            frame_number=image.frame_number,
            instance_number=image.instance_number,
            position_mm=position,
            stored=_stored(image, geometry.axes),
        )
        for image, position in zip(images, geometry.positions_mm, strict=True)
    )


def _stored(image: ImageHeader, axes: PlaneAxes) -> StoredPlane:
    return StoredPlane(
        transpose=axes.transpose,
        flip_y=axes.flip_y,
        flip_x=axes.flip_x,
        rescale_slope=image.rescale_slope or 1.0,
        rescale_intercept=image.rescale_intercept or 0.0,
    )
