"""The pixels of a file as corcal reads them, held against those of pydicom."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels.processing import apply_rescale

from corcal.ct.dicom.header import read_instances
from corcal.ct.dicom.quiet import quiet_pydicom
from corcal.ct.files import Candidate, FileOpener
from corcal.ct.geometry import PlaneAxes
from corcal.ct.pixels import read_voxels
from corcal.ct.scan import AIR_HU
from corcal.ct.series import ImageHeader
from corcal.progress import no_progress

__all__ = ["compare_frames", "compare_pixels"]


def headers_of(path: Path) -> list[ImageHeader]:
    candidate = Candidate(path=path, source=path.name, member=None, size=path.stat().st_size)
    with FileOpener() as opener:
        return [instance.header for instance in read_instances(candidate, opener)]


def stored_hu(headers: list[ImageHeader]) -> NDArray[Any]:
    """Pixels after rescale, for objects as well that are no CT and have no rescale."""
    axes = PlaneAxes(transpose=False, flip_y=False, flip_x=False)
    rescaled = [
        replace(
            header,
            rescale_slope=header.rescale_slope or 1.0,
            rescale_intercept=header.rescale_intercept or 0.0,
        )
        for header in headers
    ]
    with FileOpener() as opener, quiet_pydicom():
        return read_voxels(rescaled, axes, opener, no_progress).hu


def compare_pixels(path: Path) -> None:
    headers = headers_of(path)
    (plane,) = stored_hu(headers)
    with quiet_pydicom():
        ds = dcmread(path)
        stored = ds.pixel_array
        expected = apply_rescale(stored, ds).astype(np.float32)
    padding = ds.get("PixelPaddingValue")
    if padding is not None:
        expected[stored == padding] = AIR_HU
    np.testing.assert_array_equal(plane, expected, err_msg=str(path))


def compare_frames(path: Path) -> None:
    """Compare the frames of an enhanced object with its functional groups."""
    headers = headers_of(path)
    ds = dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    frames = ds.PerFrameFunctionalGroupsSequence
    assert len(headers) == len(frames) == ds.NumberOfFrames
    planes = stored_hu(headers)
    for header, own, plane, stored in zip(headers, frames, planes, ds.pixel_array, strict=True):
        group = {element.keyword: element.value[0] for element in (*shared, *own)}
        measures = group["PixelMeasuresSequence"]
        rescale = group["PixelValueTransformationSequence"]
        position = group["PlanePositionSequence"].ImagePositionPatient
        orientation = group["PlaneOrientationSequence"].ImageOrientationPatient
        assert header.position_mm == tuple(position)
        assert header.orientation == tuple(orientation)
        assert header.pixel_spacing_mm == tuple(measures.PixelSpacing)
        assert header.slice_thickness_mm == measures.SliceThickness
        assert header.rescale_slope == rescale.RescaleSlope
        expected = stored * float(rescale.RescaleSlope) + float(rescale.RescaleIntercept)
        np.testing.assert_array_equal(plane, expected.astype(np.float32))
