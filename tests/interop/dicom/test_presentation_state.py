"""The presentation state: on the original images, round the very pixels that count."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from pydicom import dcmread

from corcal.ct.read import read_scan
from corcal.errors import InputError
from corcal.interop.dicom.presentation_state import (
    WINDOW_CENTER_HU,
    WINDOW_WIDTH_HU,
    can_point_at_images,
    write_presentation_state,
)
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.report.key_lesions import key_lesions
from corcal.report.slices import WINDOW_HU
from dicom_maker import AXIAL, PRONE, make_enhanced
from interop.dicom.dicom_exams import (
    ALL_SITES,
    CORONARY,
    make_exam,
    make_scan,
    read_exam,
)


def written(tmp_path, exam):
    return dcmread(write_presentation_state(exam, tmp_path / "pr.dcm"))


def outlined_pixels(annotation):
    """Pixels whose centre lies inside of an odd number of the outlines: (row, column)."""
    inside = set()
    for one in annotation.GraphicObjectSequence:
        assert (one.GraphicType, one.GraphicAnnotationUnits) == ("POLYLINE", "PIXEL")
        points = np.array(one.GraphicData, float).reshape(-1, 2)  # column, row
        assert one.NumberOfGraphicPoints == len(points)
        columns, rows = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5)
        odd = np.zeros(rows.shape, dtype=bool)
        for (x0, y0), (x1, y1) in pairwise(points):
            if x0 == x1:  # a vertical edge to the right of the point is crossed
                low, high = sorted((y0, y1))
                odd ^= (rows > low) & (rows < high) & (columns < x0)
        inside ^= {(int(y), int(x)) for y, x in np.argwhere(odd)}
    return inside


@pytest.mark.parametrize(
    "options",
    [
        {"orientation": AXIAL},
        {"orientation": PRONE},
        {"orientation": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)},  # feet first
        {"orientation": (0.0, 1.0, 0.0, 1.0, 0.0, 0.0)},  # rows and columns swapped
        {"orientation": (0.0, -1.0, 0.0, 1.0, 0.0, 0.0)},
        {"slope": 2.0, "intercept": -1000.0},
    ],
    ids=["supine", "prone", "feet first", "transposed", "turned", "another rescale"],
)
def test_outlines_enclose_the_dense_pixels_of_the_stored_image(tmp_path, options):
    """In the files themselves: what is outlined is 130 HU or more, and all of it is outlined."""
    exam = read_exam(tmp_path / "ct", **options)
    images = {str(i.SOPInstanceUID): i for i in map(dcmread, (tmp_path / "ct").iterdir())}
    state = written(tmp_path, exam)
    outlined = {}
    for annotation in state.GraphicAnnotationSequence:
        (reference,) = annotation.ReferencedImageSequence
        found = outlined.setdefault(str(reference.ReferencedSOPInstanceUID), set())
        found |= outlined_pixels(annotation)
    for uid, pixels in outlined.items():
        image = images[uid]
        hu = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        assert pixels == {(int(y), int(x)) for y, x in np.argwhere(hu >= 130)}
        assert float(state.RescaleSlope) == image.RescaleSlope
        assert float(state.RescaleIntercept) == image.RescaleIntercept
        (area,) = state.DisplayedAreaSelectionSequence
        assert list(area.DisplayedAreaBottomRightHandCorner) == [image.Columns, image.Rows]
    assert len(outlined) == 3  # LAD and LCX lie in the same slices


def test_it_refers_to_the_slice_of_each_arterys_largest_lesion(tmp_path):
    # Two lesions of the LAD: one of 2 slices x 20 voxels, one of a single slice.
    exam = read_exam(tmp_path / "ct", {Site.LAD: [(1, 2, 2), (4, 20, 20)], Site.RCA: (3, 30, 5)})
    keys = key_lesions(exam.result, exam.scan, exam.voxels)
    assert [key.site for key in keys] == [Site.LAD, Site.RCA]
    assert all(key.slice_index in key.lesion.slices for key in keys)
    state = written(tmp_path, exam)
    (series,) = state.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == exam.scan.series.series_instance_uid
    named = {str(item.ReferencedSOPInstanceUID) for item in series.ReferencedImageSequence}
    assert named == {exam.scan.slices[key.slice_index].sop_instance_uid for key in keys}


def test_each_artery_has_a_layer_with_its_colour_and_its_lesions_are_named(tmp_path):
    exam = read_exam(tmp_path / "ct")
    state = written(tmp_path, exam)
    layers = {item.GraphicLayer: item for item in state.GraphicLayerSequence}
    assert list(layers) == [site.label for site in CORONARY_SITES]
    colours = {tuple(item.GraphicLayerRecommendedDisplayCIELabValue) for item in layers.values()}
    assert len(colours) == 4
    ids = {lesion.site: lesion.id for lesion in exam.result.lesions}
    for annotation in state.GraphicAnnotationSequence:
        (text,) = annotation.TextObjectSequence
        artery = annotation.GraphicLayer
        assert text.UnformattedTextValue == f"{artery} {ids[artery]}"


def test_calcium_outside_the_arteries_is_not_outlined(tmp_path):
    exam = read_exam(tmp_path / "ct", {Site.LAD: (1, 2, 2), Site.AORTIC_VALVE: (1, 30, 30)})
    state = written(tmp_path, exam)
    assert {one.GraphicLayer for one in state.GraphicAnnotationSequence} == {"LAD"}


def test_the_window_is_that_of_the_pictures():
    low, high = WINDOW_HU
    assert ((low + high) / 2, high - low) == (WINDOW_CENTER_HU, WINDOW_WIDTH_HU)


def test_frames_of_an_enhanced_ct_are_referred_to_by_their_number(tmp_path, dciodvfy):
    order = [3, 0, 5, 1, 4, 2]  # frame 1 holds slice 3, and so on
    make_enhanced(tmp_path / "ct.dcm", hu=make_scan(CORONARY).hu, frame_order=order)
    scan = read_scan(tmp_path / "ct.dcm")
    exam = make_exam(CORONARY, scan=scan)
    state = written(tmp_path, exam)
    slices = {key.slice_index for key in key_lesions(exam.result, exam.scan, exam.voxels)}
    (instance,) = state.ReferencedSeriesSequence[0].ReferencedImageSequence
    assert instance.ReferencedSOPInstanceUID == scan.slices[0].sop_instance_uid
    assert instance.ReferencedSOPClassUID == scan.series.sop_class_uid
    assert {order[int(n) - 1] for n in instance.ReferencedFrameNumber} == slices
    for annotation in state.GraphicAnnotationSequence:
        (item,) = annotation.ReferencedImageSequence
        assert order[int(item.ReferencedFrameNumber) - 1] in slices
    errors = dciodvfy(tmp_path / "pr.dcm", kind="GrayscaleSoftcopyPresentationState")
    assert errors == []


def test_patient_study_and_moment_are_those_of_the_exam(tmp_path):
    exam = read_exam(tmp_path / "ct", tags={"PatientName": "Müller^Åsa", "StudyDate": "20250607",
                                            "SpecificCharacterSet": "ISO_IR 192"})  # fmt: skip
    state = written(tmp_path, exam)
    assert (str(state.PatientName), state.StudyDate) == ("Müller^Åsa", "20250607")
    assert state.StudyInstanceUID == exam.scan.series.study_instance_uid
    assert (state.Modality, state.ContentLabel) == ("PR", "CALCIUM")
    assert state.PresentationCreationDate == "20260102"
    assert "ContentDate" not in state  # a presentation state has none
    assert "research use only" in state.SeriesDescription


def test_writing_twice_gives_the_same_bytes(tmp_path):
    exam = read_exam(tmp_path / "ct")
    first = write_presentation_state(exam, tmp_path / "a.dcm").read_bytes()
    assert write_presentation_state(exam, tmp_path / "b.dcm").read_bytes() == first


@pytest.mark.dciodvfy
@pytest.mark.parametrize("pieces", [ALL_SITES, {Site.LAD: (0, 0, 0)}], ids=["all", "a corner"])
def test_it_has_no_error(tmp_path, dciodvfy, pieces):
    path = write_presentation_state(read_exam(tmp_path / "ct", pieces), tmp_path / "pr.dcm")
    assert dciodvfy(path, kind="GrayscaleSoftcopyPresentationState") == []


def test_a_lesion_at_the_edge_of_the_image_has_its_text_inside(tmp_path):
    exam = read_exam(tmp_path / "ct", {Site.LAD: (1, 0, 43)})  # columns 43 to 47 of 48
    (annotation,) = written(tmp_path, exam).GraphicAnnotationSequence
    assert list(annotation.TextObjectSequence[0].AnchorPoint) == [48, 0]


class TestRefusals:
    def test_without_coronary_calcium_there_is_nothing_to_point_at(self, tmp_path):
        exam = read_exam(tmp_path / "ct", {Site.AORTIC_VALVE: (1, 2, 2)})
        assert not can_point_at_images(exam)
        with pytest.raises(InputError, match="points at coronary calcium in the images"):
            write_presentation_state(exam, tmp_path / "pr.dcm")
        assert not (tmp_path / "pr.dcm").exists()

    def test_a_scan_that_was_not_read_from_images_is_refused(self, tmp_path):
        exam = make_exam(CORONARY)
        assert not can_point_at_images(exam)
        with pytest.raises(InputError, match="has no such calcium or no such images"):
            write_presentation_state(exam, tmp_path / "pr.dcm")

    def test_images_without_uids_are_refused(self, tmp_path):
        exam = read_exam(tmp_path / "ct")
        series = replace(exam.scan.series, study_instance_uid=None)
        with pytest.raises(InputError, match="this scan has no StudyInstanceUID"):
            write_presentation_state(
                replace(exam, scan=replace(exam.scan, series=series)), tmp_path / "pr.dcm"
            )

    def test_images_of_two_rescales_are_refused(self, tmp_path):
        # A presentation state has one rescale; the LAD and the RCA lie in slices of two.
        tags = {k: {"RescaleIntercept": -1000.0} for k in (4, 5)}
        exam = read_exam(tmp_path / "ct", {Site.LAD: (1, 2, 2), Site.RCA: (4, 20, 20)},
                         slice_tags=tags)  # fmt: skip
        assert not can_point_at_images(exam)
        with pytest.raises(InputError, match="all of one rescale"):
            write_presentation_state(exam, tmp_path / "pr.dcm")
