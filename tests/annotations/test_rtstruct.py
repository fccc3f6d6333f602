"""RT Structure Sets: contours in patient mm on the slices of the scan."""

import numpy as np
import pytest

from annotations.annotation_maker import SHAPE, make_scan, structure_set
from corcal.annotations import read_annotation, rtstruct
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site


def contour(corners_xy, z=1.0):
    """Corners in pixels of slice z, whole numbers at pixel centres, as patient mm."""
    xy = np.array(corners_xy, dtype=float)
    index = np.column_stack((np.full(len(xy), z), xy[:, 1], xy[:, 0]))
    return make_scan().to_patient_mm(index)


SQUARE = [(2.5, 1.5), (4.5, 1.5), (4.5, 3.5), (2.5, 3.5)]  # columns 3 and 4, rows 2 and 3
SQUARE_PIXELS = {(1, 2, 3), (1, 2, 4), (1, 3, 3), (1, 3, 4)}


def read(ds, tmp_path, scan=None):
    ds.save_as(tmp_path / "rt.dcm", enforce_file_format=True)
    return read_annotation(tmp_path / "rt.dcm", make_scan() if scan is None else scan)


def voxels(annotation):
    z, y, x = np.unravel_index(annotation.voxels.index, annotation.voxels.shape)
    return set(zip(z.tolist(), y.tolist(), x.tolist(), strict=True))


def found(annotation):
    return [f.code for f in annotation.findings]


def test_a_structure_is_the_pixels_whose_centre_is_inside(tmp_path):
    annotation = read(structure_set({"Left Circumflex": [contour(SQUARE)]}), tmp_path)
    assert voxels(annotation) == SQUARE_PIXELS
    assert set(annotation.voxels.site) == {Site.LCX}
    assert annotation.findings == ()


def test_a_contour_through_the_centres_of_the_outermost_pixels_includes_them(tmp_path):
    through = contour([(3, 2), (4, 2), (4, 3), (3, 3)])
    assert voxels(read(structure_set({"LCX": [through]}), tmp_path)) == SQUARE_PIXELS


def test_mm_rounded_to_two_decimals_still_hit_the_centres(tmp_path):
    # 0.005 mm is 0.0125 pixels of 0.4 mm: within the tolerance of 0.02 pixels.
    through = contour([(3, 2), (4, 2), (4, 3), (3, 3)])
    shrunk = through + np.sign(through.mean(axis=0) - through) * 0.005
    assert voxels(read(structure_set({"LCX": [shrunk]}), tmp_path)) == SQUARE_PIXELS
    inside = through + np.sign(through.mean(axis=0) - through) * 0.02
    annotation = read(structure_set({"LCX": [inside]}), tmp_path)
    assert found(annotation) == ["ANNOTATION_REGION_WITHOUT_PIXELS", "ANNOTATION_EMPTY"]


def test_a_contour_inside_of_another_on_its_slice_is_a_hole(tmp_path):
    outer = [(0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5)]
    hole = [(2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5)]
    ds = structure_set({"LAD": [contour(outer), contour(hole), contour(hole, z=2)]})
    expected = {(1, r, c) for r in range(1, 6) for c in range(1, 6)} - {(1, 3, 3)}
    assert voxels(read(ds, tmp_path)) == expected | {(2, 3, 3)}


WIDE = [(0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5)]  # columns and rows 1 to 5
WIDE_PIXELS = {(1, r, c) for r in range(1, 6) for c in range(1, 6)}
SMALL = [(1.5, 1.5), (4.5, 1.5), (4.5, 4.5), (1.5, 4.5)]  # columns and rows 2 to 4
LONE = [(2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5)]  # the pixel (3, 3)
SMALL_PIXELS = {(1, r, c) for r in range(2, 5) for c in range(2, 5)}


def structure(*outlines, kind="CLOSED_PLANAR"):
    return structure_set({"LAD": [contour(o) for o in outlines]}, kind=kind)


def test_a_contour_that_is_drawn_twice_counts_once(tmp_path):
    assert voxels(read(structure(SQUARE, SQUARE), tmp_path)) == SQUARE_PIXELS
    backwards = [*SQUARE[2:], *SQUARE[:2]][::-1]
    assert voxels(read(structure(SQUARE, backwards, SQUARE), tmp_path)) == SQUARE_PIXELS


def test_contours_that_overlap_are_united(tmp_path):
    # Columns 1 to 3 and 3 to 5 of rows 1 to 5: column 3 is in both.
    left = [(0.5, 0.5), (3.5, 0.5), (3.5, 5.5), (0.5, 5.5)]
    right = [(2.5, 0.5), (5.5, 0.5), (5.5, 5.5), (2.5, 5.5)]
    assert voxels(read(structure(left, right), tmp_path)) == WIDE_PIXELS


def test_a_part_that_sticks_out_or_shares_a_side_is_no_hole(tmp_path):
    out = [(1.5, 0.3), (4.5, 0.3), (4.5, 3.5), (1.5, 3.5)]  # above WIDE, without a centre there
    assert voxels(read(structure(WIDE, out), tmp_path)) == WIDE_PIXELS
    side = [(0.5, 0.5), (3.5, 0.5), (3.5, 5.5), (0.5, 5.5)]
    assert voxels(read(structure(side, WIDE), tmp_path)) == WIDE_PIXELS


def test_a_hole_may_touch_the_outer_contour_in_a_point(tmp_path):
    corner = [(0.5, 0.5), (2.5, 1.5), (1.5, 2.5)]  # holds (1, 1) and (2, 2): on a line, x = y
    gone = {(1, 1, 1), (1, 2, 2)}
    assert voxels(read(structure(WIDE, corner), tmp_path)) == WIDE_PIXELS - gone | {(1, 2, 2)}


def test_an_island_lies_in_a_hole_whatever_is_drawn_twice(tmp_path):
    expected = WIDE_PIXELS - SMALL_PIXELS | {(1, 3, 3)}
    assert voxels(read(structure(LONE, WIDE, SMALL), tmp_path)) == expected
    twice = structure(SMALL, WIDE, LONE, WIDE, SMALL, LONE)
    assert voxels(read(twice, tmp_path)) == expected


def test_a_hole_of_one_contour_does_not_cut_into_another(tmp_path):
    # Rows 1 to 3 and columns 3 to 8, over a part of the hole of WIDE.
    over = [(2.5, 0.5), (8.5, 0.5), (8.5, 3.5), (2.5, 3.5)]
    covered = {(1, r, c) for r in range(1, 4) for c in range(3, 9)}
    expected = (WIDE_PIXELS - SMALL_PIXELS) | covered
    assert voxels(read(structure(WIDE, SMALL, over), tmp_path)) == expected


def test_contours_of_the_type_for_it_are_combined_by_exclusive_or(tmp_path):
    kind = "CLOSEDPLANAR_XOR"
    assert voxels(read(structure(SQUARE, kind=kind), tmp_path)) == SQUARE_PIXELS
    shifted = [(x + 1, y) for x, y in SQUARE]  # columns 4 and 5: column 4 is in both
    expected = {(1, r, c) for r in (2, 3) for c in (3, 5)}
    assert voxels(read(structure(SQUARE, shifted, kind=kind), tmp_path)) == expected
    mixed = structure(SQUARE, shifted, kind=kind)
    mixed.ROIContourSequence[0].ContourSequence[0].ContourGeometricType = "CLOSED_PLANAR"
    with pytest.raises(AnnotationError, match="mixes CLOSEDPLANAR_XOR and CLOSED_PLANAR contours"):
        read(mixed, tmp_path)


def test_a_keyhole_contour_has_its_hole(tmp_path):
    keyhole = [
        (0.5, 0.5), (5.5, 0.5), (5.5, 5.5), (0.5, 5.5), (0.5, 2.75),
        (2.5, 2.75), (2.5, 3.5), (3.5, 3.5), (3.5, 2.5), (2.5, 2.5), (2.5, 2.75), (0.5, 2.75),
    ]  # fmt: skip
    assert voxels(read(structure(keyhole, keyhole), tmp_path)) == WIDE_PIXELS - {(1, 3, 3)}


def test_a_number_of_two_structures_is_refused(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE)], "aorta": []})
    ds.StructureSetROISequence[1].ROINumber = 1
    with pytest.raises(AnnotationError, match="structure 1 is described twice"):
        read(ds, tmp_path)


def test_one_point_is_one_pixel(tmp_path):
    assert voxels(read(structure_set({"LAD": [contour([(7, 5)])]}), tmp_path)) == {(1, 5, 7)}


@pytest.mark.parametrize(("off", "codes"), [(0.09, []), (0.24, ["ANNOTATION_OFF_SLICE"])])
def test_a_contour_near_a_slice_is_taken_to_it(off, codes, tmp_path):
    annotation = read(structure_set({"LAD": [contour(SQUARE, z=1 + off)]}), tmp_path)
    assert voxels(annotation) == SQUARE_PIXELS
    assert found(annotation) == codes


def test_a_contour_beyond_the_stack_is_refused(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE, z=4.26)]})
    with pytest.raises(AnnotationError, match=r"structure 1 \(LAD\) lies at z -137\.22"):
        read(ds, tmp_path)


def test_a_contour_that_is_not_in_a_slice_is_refused(tmp_path):
    slanted = contour(SQUARE)
    slanted[0, 2] += 6.0  # one corner two slices up
    with pytest.raises(AnnotationError, match="further than a quarter of the increment"):
        read(structure_set({"LAD": [slanted]}), tmp_path)


def test_a_contour_outside_of_the_image_is_refused(tmp_path):
    ds = structure_set({"LAD": [contour([(30, 1), (33, 1), (33, 3)])]})
    with pytest.raises(AnnotationError, match=r"spans columns 30\.0 to 33\.0"):
        read(ds, tmp_path)


def test_open_lines_and_points_are_left_out_visibly(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE)]}, kind="OPEN_PLANAR")
    annotation = read(ds, tmp_path)
    assert found(annotation) == ["ANNOTATION_REGION_IGNORED", "ANNOTATION_EMPTY"]


def test_an_unknown_name_is_refused_unless_the_structure_is_empty(tmp_path):
    with pytest.raises(AnnotationError, match="structure 2 has the name 'BODY'"):
        read(structure_set({"LAD": [contour(SQUARE)], "BODY": [contour(SQUARE)]}), tmp_path)
    ds = structure_set({"LAD": [contour(SQUARE)], "BODY": []})
    assert voxels(read(ds, tmp_path)) == SQUARE_PIXELS


def test_another_frame_of_reference_is_refused_and_another_series_is_a_warning(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE)]})
    study = ds.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.RTReferencedSeriesSequence[0].SeriesInstanceUID = "1.2.3"
    assert found(read(ds, tmp_path)) == ["ANNOTATION_OTHER_SERIES"]
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3"
    with pytest.raises(AnnotationError, match="frame of reference"):
        read(ds, tmp_path)


def test_no_structures_mean_that_no_calcium_was_found(tmp_path):
    annotation = read(structure_set({}), tmp_path)
    assert (annotation.voxels.shape, annotation.region_count) == (SHAPE, 0)
    assert found(annotation) == ["ANNOTATION_EMPTY"]


def test_contour_data_that_are_no_points_are_named(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE)]})
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = ["1", "2", "3", "4"]
    with pytest.raises(AnnotationError, match=r"structure 1 \(LAD\) has a contour of 4 numbers"):
        read(ds, tmp_path)
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = None
    with pytest.raises(AnnotationError, match="a contour of 0 numbers"):
        read(ds, tmp_path)


def test_more_points_on_a_slice_than_any_structure_has_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(rtstruct, "MAX_CONTOUR_POINTS", 8)
    two = [contour(SQUARE), contour(SQUARE)]
    elsewhere = [contour(SQUARE, z=2)] * 2
    assert voxels(read(structure_set({"LAD": two + elsewhere}), tmp_path)) > SQUARE_PIXELS
    with pytest.raises(AnnotationError, match="has 12 points on one slice, allowed are 8"):
        read(structure_set({"LAD": [*two, contour(SQUARE)]}), tmp_path)


def test_coordinates_far_from_any_patient_are_refused(tmp_path):
    ds = structure_set({"LAD": [contour(SQUARE)]})
    ds.ROIContourSequence[0].ContourSequence[0].ContourData = ["1e300", "0", "-147"] * 3
    with pytest.raises(AnnotationError, match="three finite ones each, up to 1e"):
        read(ds, tmp_path)
