"""The segmentation: whose it is, what its segments are, and that its pixels are what was scored."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from corcal.annotations import read_annotation
from corcal.ct.read import read_scan
from corcal.ct.scan import Patient, SeriesIdentity
from corcal.errors import GeometryError, InputError
from corcal.interop.dicom.segmentation import counted_voxels, write_segmentation
from corcal.interop.dicom.terms import SITE_TERMS
from corcal.lesions.sites import CORONARY_SITES, Site
from dicom_maker import AXIAL, PRONE, make_enhanced, make_series
from interop.dicom.dicom_exams import (
    ALL_SITES,
    CORONARY,
    counted_labels,
    make_exam,
    make_scan,
    marks,
)

KINDS = pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "labelmap"])


def as_labels(voxels):
    labels = np.zeros(np.prod(voxels.shape), dtype=np.uint8)
    labels[voxels.index] = voxels.site
    return labels.reshape(voxels.shape)


def written(tmp_path, exam, **options):
    return dcmread(write_segmentation(exam, tmp_path / "seg.dcm", **options))


@KINDS
def test_reading_it_back_gives_the_voxels_that_were_scored(tmp_path, labelmap):
    exam = make_exam()
    path = write_segmentation(exam, tmp_path / "seg.dcm", labelmap=labelmap)
    annotation = read_annotation(path, exam.scan)
    np.testing.assert_array_equal(as_labels(annotation.voxels), counted_labels(exam))
    assert annotation.findings == ()


def test_the_margin_of_a_mark_that_does_not_count_is_not_in_it():
    exam = make_exam()
    assert counted_voxels(exam).index.size == 7 * 2 * 4 * 5  # 7 pieces of 2 x 4 x 5 voxels
    assert exam.voxels.index.size > counted_voxels(exam).index.size


def test_a_speck_that_the_rule_does_not_count_is_not_in_it(tmp_path):
    # 1 pixel of 0.205 mm2 is below the 1 mm2 of the textbook rule, and counts for Siemens.
    scan = make_scan({})
    hu = scan.hu.copy()
    hu[1, 5, 5] = 300
    scan = replace(scan, hu=hu)
    voxels = marks(scan.shape, {Site.LAD: (1, 4, 4)})
    for rule, count in (("textbook", 0), ("siemens", 1)):
        exam = make_exam({}, scan=scan, voxels=voxels, rule=rule)
        path = write_segmentation(exam, tmp_path / f"{rule}.dcm")
        assert read_annotation(path, scan).voxels.index.size == count


def test_only_frames_with_calcium_are_written(tmp_path):
    # Each piece lies in two slices: 7 segments x 2 slices.
    seg = written(tmp_path, make_exam())
    assert int(seg.NumberOfFrames) == 14
    assert all(frame.any() for frame in seg.pixel_array)


def test_patient_and_study_are_those_of_the_scan(tmp_path):
    exam = make_exam()
    seg = written(tmp_path, exam)
    assert (seg.PatientID, str(seg.PatientName)) == ("P-17", "Müller^Åsa")
    assert (seg.PatientBirthDate, seg.PatientSex) == ("19660504", "F")
    assert seg.StudyInstanceUID == exam.scan.series.study_instance_uid
    assert (seg.StudyDate, seg.StudyTime, seg.StudyID) == ("20260102", "093000.5", "77")
    assert seg.AccessionNumber == "A-5"
    assert seg.FrameOfReferenceUID == exam.scan.series.frame_of_reference_uid
    assert seg.SeriesInstanceUID != exam.scan.series.series_instance_uid
    assert (seg.Modality, seg.Manufacturer) == ("SEG", "corcal")
    assert "research use only" in seg.SeriesDescription


def test_study_data_of_the_header_travel_from_the_files_to_the_segmentation(tmp_path):
    tags = {"StudyDate": "20250607", "StudyTime": "081500.25", "StudyID": "S-9"}
    make_series(tmp_path / "ct", hu=make_scan(CORONARY).hu, tags=tags)
    scan = read_scan(tmp_path / "ct")
    seg = written(tmp_path, make_exam(CORONARY, scan=scan))
    assert {key: seg[key].value for key in tags} == tags


def test_each_frame_refers_to_the_image_it_was_made_on(tmp_path):
    exam = make_exam({Site.LAD: (2, 10, 10)})
    seg = written(tmp_path, exam)
    uids = [source.sop_instance_uid for source in exam.scan.slices]
    slices = []
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (item,) = frame.DerivationImageSequence[0].SourceImageSequence
        k = uids.index(item.ReferencedSOPInstanceUID)
        assert item.ReferencedSOPClassUID == exam.scan.series.sop_class_uid
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(position, exam.scan.slices[k].position_mm, atol=1e-9)
        slices.append(k)
    assert sorted(slices) == [2, 3]
    (series,) = seg.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == exam.scan.series.series_instance_uid
    referenced = [item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence]
    assert sorted(referenced) == sorted(uids[2:4])


def test_a_segment_is_a_site_with_its_codes_and_its_tracking(tmp_path):
    seg = written(tmp_path, make_exam())
    assert [item.SegmentLabel for item in seg.SegmentSequence] == [site.label for site in ALL_SITES]
    lad = seg.SegmentSequence[1]
    assert lad.AnatomicRegionSequence[0].CodeValue == "59438005"
    assert lad.SegmentedPropertyTypeCodeSequence[0].CodeValue == "237897009"
    assert lad.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "49755003"
    assert lad.TrackingID == "calcium LAD"
    other = seg.SegmentSequence[-1]
    assert "AnatomicRegionSequence" not in other  # it is nowhere in particular


@pytest.mark.parametrize(
    ("automatic", "kind", "family"),
    [(False, "SEMIAUTOMATIC", "123109"), (True, "AUTOMATIC", "123110")],
)
def test_it_says_whether_a_person_marked_the_calcium(tmp_path, automatic, kind, family):
    seg = written(tmp_path, make_exam(CORONARY, automatic=automatic))
    for item in seg.SegmentSequence:
        assert item.SegmentAlgorithmType == kind
        algorithm = item.SegmentationAlgorithmIdentificationSequence[0]
        assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == family


@pytest.mark.parametrize("reader", [None, "Eader^Rita"])
def test_the_reader_is_the_creator_of_its_content_and_the_element_is_there_without_one(
    tmp_path, reader
):
    exam = make_exam(CORONARY)
    made = replace(exam.result.provenance, reader=reader)
    seg = written(tmp_path, replace(exam, result=replace(exam.result, provenance=made)))
    assert str(seg.ContentCreatorName) == (reader or "")


@KINDS
def test_a_score_of_zero_is_four_empty_segments(tmp_path, labelmap):
    exam = make_exam({})
    seg = written(tmp_path, exam, labelmap=labelmap)
    arteries = [site.label for site in CORONARY_SITES]
    described = [item.SegmentLabel for item in seg.SegmentSequence if item.SegmentNumber]
    assert described == arteries
    assert not seg.pixel_array.any()
    annotation = read_annotation(tmp_path / "seg.dcm", exam.scan)
    assert annotation.voxels.index.size == 0


def test_noise_is_no_segment(tmp_path):
    pieces = {Site.LAD: (2, 10, 10), Site.NOISE: (4, 20, 20)}
    exam = make_exam(pieces)
    seg = written(tmp_path, exam)
    assert [item.SegmentLabel for item in seg.SegmentSequence] == ["LAD"]


@pytest.mark.parametrize("site", SITE_TERMS, ids=lambda site: site.label)
def test_every_site_that_can_be_a_segment_is_read_back_as_itself(tmp_path, site):
    exam = make_exam({site: (2, 10, 10)})
    path = write_segmentation(exam, tmp_path / "seg.dcm")
    np.testing.assert_array_equal(
        as_labels(read_annotation(path, exam.scan).voxels), counted_labels(exam)
    )


@pytest.mark.parametrize(
    "options",
    [
        {"orientation": AXIAL},
        {"orientation": PRONE},
        {"orientation": (0.0, 1.0, 0.0, 1.0, 0.0, 0.0)},  # stored with rows and columns swapped
        {"tilt_deg": 12.0},
    ],
    ids=["supine", "prone", "transposed", "tilted"],
)
def test_a_pixel_lies_where_the_stored_image_has_its_calcium(tmp_path, options):
    """PS3.3 C.7.6.2.1.1 on both sides: the patient position of each set pixel, in the CT files."""
    files = make_series(tmp_path / "ct", hu=make_scan(CORONARY).hu, **options)
    images = {image.SOPInstanceUID: image for image in map(dcmread, files)}
    scan = read_scan(tmp_path / "ct")
    exam = make_exam(CORONARY, scan=scan)
    seg = written(tmp_path, exam)
    plane = seg.SharedFunctionalGroupsSequence[0]
    axes = plane_axes(plane.PlaneOrientationSequence[0], plane.PixelMeasuresSequence[0])
    found = 0
    for frame, pixels in zip(seg.PerFrameFunctionalGroupsSequence, seg.pixel_array, strict=True):
        origin = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, float)
        (item,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert "SpatialLocationsPreserved" not in item
        image = images[item.ReferencedSOPInstanceUID]
        for row_column in np.argwhere(pixels):
            assert stored_hu(image, origin + axes @ row_column) >= 130
            found += 1
    assert found == 4 * 2 * 4 * 5


def plane_axes(orientation, measures):
    """mm a step of the row index, and of the column index; shape (3, 2)."""
    along_row, down_column = np.array(orientation.ImageOrientationPatient, float).reshape(2, 3)
    dy, dx = map(float, measures.PixelSpacing)
    return np.stack((down_column * dy, along_row * dx), axis=1)


def stored_hu(image, place):
    axes = plane_axes(image, image)
    offset = place - np.array(image.ImagePositionPatient, float)
    index, residual, *_ = np.linalg.lstsq(axes, offset, rcond=None)
    assert residual.sum() < 1e-6  # in the plane of the image
    row, column = np.rint(index).astype(int)
    np.testing.assert_allclose(index, (row, column), atol=1e-3)
    return int(image.pixel_array[row, column]) + int(image.RescaleIntercept)


def test_frames_of_an_enhanced_ct_are_referred_to_by_their_number(tmp_path, dciodvfy):
    order = [3, 0, 5, 1, 4, 2]  # frame 1 holds slice 3, and so on
    make_enhanced(tmp_path / "ct.dcm", hu=make_scan(CORONARY).hu, frame_order=order)
    scan = read_scan(tmp_path / "ct.dcm")
    exam = make_exam({Site.LAD: (2, 10, 10)}, scan=scan)
    seg = written(tmp_path, exam)
    slices = []
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (item,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert item.ReferencedSOPInstanceUID == scan.slices[0].sop_instance_uid
        assert item.ReferencedSOPClassUID == scan.series.sop_class_uid
        k = order[int(item.ReferencedFrameNumber) - 1]
        position = frame.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(position, scan.slices[k].position_mm, atol=1e-6)
        slices.append(k)
    assert sorted(slices) == [2, 3]
    (instance,) = seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert instance.ReferencedSOPInstanceUID == scan.slices[0].sop_instance_uid
    assert dciodvfy(tmp_path / "seg.dcm", kind="Segmentation") == []


def test_writing_twice_gives_the_same_bytes_and_another_record_another_object(tmp_path):
    exam = make_exam()
    first = write_segmentation(exam, tmp_path / "a.dcm").read_bytes()
    assert write_segmentation(exam, tmp_path / "b.dcm").read_bytes() == first
    changed = replace(exam.result.provenance, reader="R. Eader")
    other = replace(exam, result=replace(exam.result, provenance=changed))
    uids = {
        dcmread(write_segmentation(one, tmp_path / "c.dcm", labelmap=kind)).SOPInstanceUID
        for one in (exam, other)
        for kind in (False, True)
    }
    assert len(uids) == 4


class TestConformance:
    @KINDS
    @pytest.mark.dciodvfy
    @pytest.mark.parametrize("pieces", [ALL_SITES, {}], ids=["all sites", "score 0"])
    def test_no_segmentation_has_an_error(self, tmp_path, dciodvfy, labelmap, pieces):
        path = write_segmentation(make_exam(pieces), tmp_path / "seg.dcm", labelmap=labelmap)
        assert dciodvfy(path, kind="Segmentation") == []

    @pytest.mark.dciodvfy
    def test_no_segmentation_of_a_nameless_patient_has_an_error(self, tmp_path, dciodvfy):
        scan = make_scan(CORONARY, patient=Patient())
        bare = replace(scan.series, accession_number=None, study_date=None, study_time=None)
        exam = make_exam(CORONARY, scan=replace(scan, series=bare))
        assert dciodvfy(write_segmentation(exam, tmp_path / "a.dcm"), kind="Segmentation") == []


class TestRefusals:
    def test_a_scan_without_uids_is_refused_and_told_what_it_lacks(self, tmp_path):
        exam = make_exam()
        bare = replace(exam, scan=replace(exam.scan, series=SeriesIdentity()))
        with pytest.raises(InputError, match="no StudyInstanceUID, SeriesInstanceUID, FrameOf"):
            write_segmentation(bare, tmp_path / "seg.dcm")
        assert list(tmp_path.iterdir()) == []

    def test_slices_without_uids_are_counted(self, tmp_path):
        exam = make_exam()
        slices = tuple(
            replace(one, sop_instance_uid=None) if k < 2 else one
            for k, one in enumerate(exam.scan.slices)
        )
        bare = replace(exam, scan=replace(exam.scan, slices=slices))
        with pytest.raises(InputError, match=r"no SOPInstanceUID \(2 of 6 slices\): score the"):
            write_segmentation(bare, tmp_path / "seg.dcm")

    def test_a_result_of_another_scan_is_refused(self, tmp_path):
        exam = make_exam()
        record = replace(exam.result.scan, shape=(1, 2, 3))
        other = replace(exam, result=replace(exam.result, scan=record))
        with pytest.raises(GeometryError, match=r"of shape \(1, 2, 3\) does not belong"):
            write_segmentation(other, tmp_path / "seg.dcm")

    def test_nothing_is_left_behind_where_it_cannot_be_written(self, tmp_path):
        (tmp_path / "seg.dcm").mkdir()
        with pytest.raises(IsADirectoryError):
            write_segmentation(make_exam(), tmp_path / "seg.dcm")
        assert [path.name for path in tmp_path.iterdir()] == ["seg.dcm"]


@pytest.mark.parametrize(
    "patient",
    [
        Patient(patient_id="X" * 80, name="Y" * 90, birth_date="1950-01-01", sex="O"),
        Patient(patient_id="weiß\\schwarz", name="a=b=c=d", sex=None),
        Patient(patient_id="  7 ", name="山田^太郎=やまだ^たろう"),
    ],
    ids=["too long", "odd characters", "ideographs"],
)
def test_a_patient_is_named_as_the_scan_names_them_however_odd(tmp_path, patient):
    exam = make_exam(CORONARY, scan=make_scan(CORONARY, patient=patient))
    path = write_segmentation(exam, tmp_path / "seg.dcm")
    content = path.read_bytes()
    assert patient.patient_id.encode() in content
    assert patient.name.encode() in content
