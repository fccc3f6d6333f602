"""DICOM Segmentations: sites from codes and labels, frames on the voxels of the scan or refused."""

import contextlib
import copy
import dataclasses

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import DeflatedExplicitVRLittleEndian

from annotations.annotation_maker import (
    SHAPE,
    SNOMED,
    make_scan,
    three_lesions,
    write_seg,
)
from corcal.annotations import dicom_object, read_annotation
from corcal.ct.scan import SeriesIdentity
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

LABELS = three_lesions()
PLAIN = codes.SCT.Tissue


@pytest.fixture
def scan():
    return make_scan()


@pytest.fixture
def seg(tmp_path, scan):
    """A Segmentation that tests change before it is read."""
    return dcmread(write_seg(tmp_path / "seg.dcm", LABELS, scan))


def read(ds, scan, tmp_path):
    ds.save_as(tmp_path / "changed.dcm")
    return read_annotation(tmp_path / "changed.dcm", scan)


def found(annotation):
    return [f.code for f in annotation.findings]


def as_labels(annotation):
    labels = np.zeros(np.prod(SHAPE), dtype=np.uint8)
    labels[annotation.voxels.index] = annotation.voxels.site
    return labels.reshape(SHAPE)


def test_sites_come_from_the_property_type_whatever_the_label(tmp_path, scan):
    labels = {site: f"calcium {int(site)}" for site in Site}
    path = write_seg(tmp_path / "a.dcm", LABELS, scan, segment_labels=labels)
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)


def test_sites_come_from_the_label_where_codes_are_general(tmp_path, scan):
    general = dict.fromkeys(Site, PLAIN)
    path = write_seg(tmp_path / "a.dcm", LABELS, scan, type_codes=general)
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)


def test_the_anatomic_region_tells_the_site_too_in_old_codes_too(seg, scan, tmp_path):
    for segment, old in zip(seg.SegmentSequence, ["T-43107", "T-43110", "T-43200"], strict=True):
        segment.SegmentLabel = "calcium"
        segment.SegmentedPropertyTypeCodeSequence[0].CodeValue = PLAIN.value
        region = Dataset()
        region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = old, "SRT", "artery"
        segment.AnatomicRegionSequence = [region]
    np.testing.assert_array_equal(as_labels(read(seg, scan, tmp_path)), LABELS)


def test_a_general_code_gives_way_to_a_label_and_else_means_its_name(tmp_path, scan):
    general = {**SNOMED, Site.LAD: codes.SCT.LeftCoronaryArtery}
    mask = np.where(LABELS == Site.LAD, LABELS, 0)
    path = write_seg(tmp_path / "a.dcm", mask, scan, type_codes=general)
    assert set(read_annotation(path, scan).voxels.site) == {Site.LAD}
    unnamed = write_seg(
        tmp_path / "b.dcm", mask, scan, type_codes=general, segment_labels={Site.LAD: "x"}
    )
    assert set(read_annotation(unnamed, scan).voxels.site) == {Site.LM}


def test_a_segment_whose_code_and_label_contradict_each_other_is_refused(tmp_path, scan):
    path = write_seg(tmp_path / "a.dcm", LABELS, scan, segment_labels={Site.LAD: "RCA"})
    with pytest.raises(AnnotationError, match="segment 2 contradicts itself: its codes mean LAD, "):
        read_annotation(path, scan)


def test_a_segment_without_a_known_site_is_refused_unless_it_is_empty(seg, scan, tmp_path):
    heart = copy.deepcopy(seg.SegmentSequence[0])
    heart.SegmentNumber, heart.SegmentLabel = 4, "heart"
    heart.SegmentedPropertyTypeCodeSequence[0].CodeValue = "80891009"
    seg.SegmentSequence.append(heart)
    np.testing.assert_array_equal(as_labels(read(seg, scan, tmp_path)), LABELS)
    seg.SegmentSequence[1].SegmentLabel = "heart"
    seg.SegmentSequence[1].SegmentedPropertyTypeCodeSequence[0].CodeValue = "80891009"
    with pytest.raises(AnnotationError, match="segment 2 has the name 'heart', which no site has"):
        read(seg, scan, tmp_path)


def test_a_fractional_segmentation_is_cut_at_one_half_visibly(tmp_path, scan):
    fractions = np.zeros((*SHAPE, 1), dtype=np.float32)
    fractions[1, 2, 3:7, 0] = 0.25, 0.5, 0.75, 1.0  # of 255: 64, 128, 191, 255; one half is 127.5
    mask = np.where(fractions[..., 0] > 0, Site.LAD, 0).astype(np.uint8)
    path = write_seg(tmp_path / "a.dcm", mask, scan, kind="FRACTIONAL", fractions=fractions)
    annotation = read_annotation(path, scan)
    expected = np.zeros(SHAPE, dtype=bool)
    expected[1, 2, 4:7] = True
    np.testing.assert_array_equal(as_labels(annotation) > 0, expected)
    assert found(annotation) == ["ANNOTATION_FRACTIONAL"]
    assert annotation.findings[0].message.startswith("3 voxels")


def test_a_fractional_segmentation_of_zeros_and_ones_is_silent(tmp_path, scan):
    masks = np.stack([s == LABELS for s in (1, 2, 4)], axis=-1).astype(np.float32)
    path = write_seg(tmp_path / "a.dcm", LABELS, scan, kind="FRACTIONAL", fractions=masks)
    annotation = read_annotation(path, scan)
    np.testing.assert_array_equal(as_labels(annotation), LABELS)
    assert found(annotation) == []


def frames(seg):
    return seg.PerFrameFunctionalGroupsSequence


def position(frame):
    return frame.PlanePositionSequence[0].ImagePositionPatient


def test_frames_stored_the_other_way_round_are_mapped_by_their_coordinates(seg, scan, tmp_path):
    """Rows and columns reversed, with the position of the other corner, frames from the head."""
    pixels = seg.pixel_array[::-1, ::-1, ::-1]
    seg.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    seg.PerFrameFunctionalGroupsSequence = list(frames(seg))[::-1]
    far = scan.to_patient_mm(np.array([[0.0, SHAPE[1] - 1, SHAPE[2] - 1]]))[0]
    for frame in frames(seg):
        position(frame)[:2] = list(far[:2])
    shared = seg.SharedFunctionalGroupsSequence[0]
    shared.PlaneOrientationSequence[0].ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
    np.testing.assert_array_equal(as_labels(read(seg, scan, tmp_path)), LABELS)


def test_cropped_frames_are_placed_by_their_coordinates(seg, scan, tmp_path):
    pixels = seg.pixel_array[:, 2:, 3:]  # keeps all but the left main, at row 0
    seg.Rows, seg.Columns = pixels.shape[1:]
    seg.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    if len(seg.PixelData) % 2:
        seg.PixelData += b"\0"
    corner = scan.to_patient_mm(np.array([[0.0, 2, 3]]))[0]
    for frame in frames(seg):
        position(frame)[:2] = list(corner[:2])
    expected = np.where(LABELS == Site.LM, 0, LABELS)
    np.testing.assert_array_equal(as_labels(read(seg, scan, tmp_path)), expected)


# dx = 0.4 mm, dy = 0.5 mm, dz = 3 mm: a tenth of a voxel is 0.04, 0.05 and 0.3 mm.
@pytest.mark.parametrize(("axis", "allowed", "refused"), [(0, 0.039, 0.041), (2, 0.29, 0.31)])
def test_frames_a_tenth_of_a_voxel_off_are_accepted_and_more_is_refused(
    axis, allowed, refused, seg, scan, tmp_path
):
    for shift, fits in ((allowed, True), (refused - allowed, False)):
        for frame in frames(seg):
            position(frame)[axis] = float(position(frame)[axis]) + shift
        if fits:
            np.testing.assert_array_equal(as_labels(read(seg, scan, tmp_path)), LABELS)
        else:
            with pytest.raises(AnnotationError, match=r"frame 1 .*lies between the voxels"):
                read(seg, scan, tmp_path)


def test_frames_of_another_pixel_spacing_are_refused(seg, scan, tmp_path):
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.PixelSpacing = [0.5, 0.41]
    with pytest.raises(AnnotationError, match=r"other spacing.*0\.5000 x 0\.4100 mm.*0\.4000 mm"):
        read(seg, scan, tmp_path)


def test_frames_turned_against_the_scan_are_refused(seg, scan, tmp_path):
    plane = seg.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    plane.ImageOrientationPatient = [0.8, 0.6, 0, -0.6, 0.8, 0]
    with pytest.raises(AnnotationError, match="has other axes than the scan"):
        read(seg, scan, tmp_path)


def test_voxels_outside_of_the_scan_are_refused(seg, scan, tmp_path):
    for frame in frames(seg):
        position(frame)[2] = float(position(frame)[2]) + 6.0  # two slices up: the top is at 4
    with pytest.raises(AnnotationError, match=r"outside of the scan, the first at .z, y, x. \(6"):
        read(seg, scan, tmp_path)


def test_another_frame_of_reference_is_refused(seg, scan, tmp_path):
    seg.FrameOfReferenceUID = "1.2.3"
    with pytest.raises(AnnotationError, match=r"frame of reference 1\.2\.3, the scan in"):
        read(seg, scan, tmp_path)


def test_another_series_of_the_same_voxels_is_a_warning(seg, tmp_path):
    scan = make_scan()
    seg.ReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3"
    annotation = read(seg, scan, tmp_path)
    np.testing.assert_array_equal(as_labels(annotation), LABELS)
    assert found(annotation) == ["ANNOTATION_OTHER_SERIES"]


def test_a_scan_without_uids_is_matched_by_coordinates_alone(seg, tmp_path):
    scan = dataclasses.replace(make_scan(), series=SeriesIdentity())
    seg.FrameOfReferenceUID = "1.2.3"
    assert found(read(seg, scan, tmp_path)) == []


def test_a_segmentation_of_empty_frames_means_that_no_calcium_was_found(seg, scan, tmp_path):
    seg.PixelData = bytes(len(seg.PixelData))
    annotation = read(seg, scan, tmp_path)
    assert annotation.voxels.index.size == 0
    assert found(annotation) == ["ANNOTATION_EMPTY"]


def fractional(path, scan):
    mask = np.where(LABELS == Site.LAD, 1, 0).astype(np.uint8)
    pixels = mask[..., None].astype(np.float32)
    return dcmread(write_seg(path, mask * Site.LAD, scan, kind="FRACTIONAL", fractions=pixels))


@pytest.mark.parametrize(("maximum", "shown"), [(None, "no Max"), (0, "'0' Max"), (254, "'254' M")])
def test_a_maximum_fractional_value_is_never_guessed(maximum, shown, tmp_path, scan):
    ds = fractional(tmp_path / "a.dcm", scan)
    assert ds.MaximumFractionalValue == 255  # which its pixels reach
    ds.MaximumFractionalValue = maximum
    with pytest.raises(AnnotationError, match=f"FRACTIONAL, has .*{shown}.* pixels up to 255; acc"):
        read(ds, scan, tmp_path)


@pytest.mark.parametrize(
    ("kind", "shown"), [(None, "no Segmentation Type"), ("", "no Seg"), ("XYZ", "Type 'XYZ'")]
)
def test_a_segmentation_type_is_never_guessed(kind, shown, seg, scan, tmp_path):
    seg.SegmentationType = kind
    with pytest.raises(AnnotationError, match=f"{shown}.*; accepted are BINARY, FRACTIONAL, LABEL"):
        read(seg, scan, tmp_path)
    del seg.SegmentationType
    with pytest.raises(AnnotationError, match="no Segmentation Type"):
        read(seg, scan, tmp_path)


@pytest.mark.parametrize("high", [1, 2])
def test_a_binary_segmentation_in_eight_bits_holds_zeros_and_ones(high, tmp_path, scan):
    ds = fractional(tmp_path / "a.dcm", scan)
    ds.SegmentationType = "BINARY"
    ds.PixelData = (np.frombuffer(ds.PixelData, dtype=np.uint8) // 255 * high).tobytes()
    if high == 1:
        expected = np.where(LABELS == Site.LAD, Site.LAD, 0)
        np.testing.assert_array_equal(as_labels(read(ds, scan, tmp_path)), expected)
        return
    with pytest.raises(AnnotationError, match="BINARY in 8 bits and has the pixel value 2; accep"):
        read(ds, scan, tmp_path)


def test_a_number_of_two_segments_is_refused(seg, scan, tmp_path):
    seg.SegmentSequence[1].SegmentNumber = 1
    with pytest.raises(AnnotationError, match="segment 1 is described twice"):
        read(seg, scan, tmp_path)


def test_flipped_bytes_raise_nothing_but_an_annotation_error(scan, tmp_path):
    content = write_seg(tmp_path / "a.dcm", LABELS, scan).read_bytes()
    rng = np.random.default_rng(3)
    changed = tmp_path / "changed.dcm"
    for _ in range(150):
        flipped = bytearray(content)
        for place in rng.integers(132, len(content), size=2):
            flipped[place] = rng.integers(256)
        changed.write_bytes(flipped)
        with contextlib.suppress(AnnotationError):
            read_annotation(changed, scan)


@pytest.mark.parametrize("has_preamble", [True, False])
def test_a_deflated_segmentation_is_read_up_to_a_size_and_no_further(
    has_preamble, seg, scan, tmp_path, monkeypatch
):
    seg.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    seg.save_as(tmp_path / "a.dcm")
    path = tmp_path / "b.dcm"
    path.write_bytes((tmp_path / "a.dcm").read_bytes()[0 if has_preamble else 132 :])
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)
    monkeypatch.setattr(dicom_object, "MAX_INFLATED_BYTES", 1000)
    monkeypatch.setattr(dicom_object, "dcmread", None)  # not reached
    with pytest.raises(AnnotationError, match="inflates to more than 1000 bytes"):
        read_annotation(path, scan)


def damage_pixels(seg):
    seg.PixelData = seg.PixelData[:10]


def damage_groups(seg):
    del seg.PerFrameFunctionalGroupsSequence[0]


def damage_position(seg):
    del frames(seg)[0].PlanePositionSequence


def damage_number(seg):
    for frame in frames(seg):
        frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9


def damage_size(seg):
    seg.NumberOfFrames = 10**8


def damage_rows(seg):
    del seg.Rows


DAMAGE = [
    (damage_pixels, "damaged or incomplete"),
    (damage_groups, "4 frames and describes 3 of them"),
    (damage_position, "frame 1 of the Segmentation has no PlanePositionSequence"),
    (damage_number, "segment 9 has frames but is not described"),
    (damage_size, "declares 100000000 frames"),
    (damage_rows, "damaged or incomplete"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE)
def test_a_damaged_segmentation_ends_in_one_plain_line(damage, message, seg, scan, tmp_path):
    damage(seg)
    with pytest.raises(AnnotationError, match=message) as caught:
        read(seg, scan, tmp_path)
    assert "\n" not in str(caught.value)


def test_every_truncation_of_a_segmentation_is_refused_or_complete(scan, tmp_path):
    content = write_seg(tmp_path / "a.dcm", LABELS, scan).read_bytes()
    cut = tmp_path / "cut.dcm"
    for end in range(132, len(content) - 200, 41):
        cut.write_bytes(content[:end])
        with pytest.raises(AnnotationError):
            read_annotation(cut, scan)
