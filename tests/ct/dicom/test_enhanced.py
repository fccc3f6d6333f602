"""Enhanced multi-frame CT: one file, many slices."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from corcal.ct.find import find_series
from corcal.ct.read import read_scan
from corcal.errors import GeometryError, SeriesError
from dicom_maker import SERIES_UID, demo_hu, make_enhanced


@pytest.mark.parametrize("per_frame", [True, False])
@pytest.mark.parametrize(
    "syntax",
    [
        "1.2.840.10008.1.2.1",
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        RLELossless,
        JPEGLSLossless,
        JPEG2000Lossless,
    ],
)
def test_frames_in_any_order_form_the_scan(tmp_path: Path, syntax: str, per_frame: bool) -> None:
    hu = demo_hu((4, 40, 36))
    make_enhanced(
        tmp_path / "ct.dcm",
        hu=hu,
        transfer_syntax=syntax,
        per_frame=per_frame,
        frame_order=[2, 0, 3, 1],
    )
    scan = read_scan(tmp_path / "ct.dcm")
    np.testing.assert_array_equal(scan.hu, hu)
    assert [one.frame_number for one in scan.slices] == [2, 4, 1, 3]
    assert scan.spacing_mm == pytest.approx((3.0, 0.5, 0.5))
    assert scan.acquisition.slice_thickness_mm == 3.0


def test_each_frame_is_rescaled_by_its_own_slope(tmp_path: Path) -> None:
    hu = np.stack([np.full((4, 4), 100), np.full((4, 4), 200)])
    # stored (hu + 1024) / slope: 1124 with slope 1, 612 with slope 2
    make_enhanced(tmp_path / "ct.dcm", hu=hu, slopes=[1.0, 2.0])
    np.testing.assert_array_equal(read_scan(tmp_path).hu, hu)


def test_stacks_named_by_the_object_are_told_apart(tmp_path: Path) -> None:
    hu = demo_hu((6, 8, 8))
    make_enhanced(
        tmp_path / "ct.dcm",
        hu=hu,
        stack_ids=["1", "1", "1", "2", "2", "2"],
        heights_mm=[0, 3, 6, 100, 103, 106],
    )
    catalog = find_series(tmp_path)
    assert [one.key for one in catalog.series] == [f"{SERIES_UID}#1", f"{SERIES_UID}#2"]
    np.testing.assert_array_equal(read_scan(tmp_path, series_uid=f"{SERIES_UID}#2").hu, hu[3:])


def test_frames_without_a_position_are_refused_by_number(tmp_path: Path) -> None:
    path = make_enhanced(tmp_path / "ct.dcm")
    ds = dcmread(path)
    del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    ds.save_as(path)
    with pytest.raises(SeriesError, match=r"ImagePositionPatient.*frame 3 of ct\.dcm"):
        read_scan(path)


def test_fewer_frame_items_than_frames_are_refused(tmp_path: Path) -> None:
    path = make_enhanced(tmp_path / "ct.dcm")
    ds = dcmread(path)
    ds.PerFrameFunctionalGroupsSequence = ds.PerFrameFunctionalGroupsSequence[:3]
    ds.save_as(path)
    with pytest.raises(SeriesError, match=r"missing or malformed in frame 4 of ct\.dcm"):
        read_scan(path)


def test_more_frames_than_pixels_are_refused(tmp_path: Path) -> None:
    path = make_enhanced(tmp_path / "ct.dcm", tags={"NumberOfFrames": 500_000})
    with pytest.raises(SeriesError, match="500000 slices"):
        read_scan(path)


def test_a_missing_frame_leaves_a_gap(tmp_path: Path) -> None:
    make_enhanced(tmp_path / "ct.dcm", heights_mm=[0, 3, 6, 12, 15])
    with pytest.raises(GeometryError, match=r"between frame 3 of ct\.dcm at 6\.00 mm and frame 4"):
        read_scan(tmp_path)


def test_unspecified_values_of_an_enhanced_object_are_not_hu(tmp_path: Path) -> None:
    path = make_enhanced(tmp_path / "ct.dcm", per_frame=False)
    ds = dcmread(path)
    item = ds.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0]
    item.RescaleType = "US"
    ds.save_as(path)
    with pytest.raises(SeriesError, match=r"declared to be unspecified \(US\), not HU"):
        read_scan(path)


def test_acquisition_is_read_from_the_functional_groups(tmp_path: Path) -> None:
    path = make_enhanced(tmp_path / "ct.dcm", per_frame=False)
    ds = dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    for keyword in ("KVP", "ConvolutionKernel"):
        delattr(ds, keyword)
    x_ray, reconstruction, cardiac = Dataset(), Dataset(), Dataset()
    x_ray.KVP = 100
    reconstruction.ConvolutionKernel = "Qr36"
    cardiac.NominalPercentageOfCardiacPhase = 70.0
    shared.CTXRayDetailsSequence = Sequence([x_ray])
    shared.CTReconstructionSequence = Sequence([reconstruction])
    shared.CardiacSynchronizationSequence = Sequence([cardiac])
    ds.CardiacSynchronizationTechnique = "PROSPECTIVE"
    ds.save_as(path)
    acquisition = read_scan(path).acquisition
    assert (acquisition.kvp, acquisition.convolution_kernel) == (100, "Qr36")
    assert (acquisition.is_gated, acquisition.cardiac_phase_percent) == (True, 70)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, ExplicitVRLittleEndian])
def test_frames_and_their_items_must_be_as_many(tmp_path: Path, syntax: str) -> None:
    path = make_enhanced(tmp_path / "e.dcm", transfer_syntax=syntax)
    ds = dcmread(path)
    ds.PerFrameFunctionalGroupsSequence.append(ds.PerFrameFunctionalGroupsSequence[0])
    ds.save_as(path)
    with pytest.raises(SeriesError, match=r"e\.dcm has 5 frames and 6 items that place them"):
        read_scan(tmp_path)


@pytest.mark.parametrize("has_offsets", [True, False])
def test_more_compressed_frames_than_declared_are_refused(
    tmp_path: Path, has_offsets: bool
) -> None:
    path = make_enhanced(tmp_path / "e.dcm", transfer_syntax=RLELossless)
    ds = dcmread(path)
    frames = list(generate_frames(ds.PixelData, number_of_frames=5))
    ds.PixelData = encapsulate(frames, has_bot=has_offsets)
    ds.NumberOfFrames = 4
    del ds.PerFrameFunctionalGroupsSequence[4]
    ds.save_as(path)
    with pytest.raises(SeriesError, match="4 frames are declared, 5 are in its compressed pixels"):
        read_scan(tmp_path)
