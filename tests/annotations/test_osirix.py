"""OsiriX and Horos property lists: where ROIs lie and which pixels they cover."""

import dataclasses

import numpy as np
import pytest

from annotations.annotation_maker import (
    SHAPE,
    SPACING_MM,
    make_scan,
    osirix_roi,
    write_plist,
)
from corcal.annotations import read_annotation
from corcal.ct.scan import Acquisition
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site

# A brush of the two pixels (row 2, columns 3 and 4), as the viewer contours it.
K = 1 / 255
BRUSH = np.array(
    [(3, 1 + K), (2 + K, 2), (3, 3 - K), (4, 3 - K), (5 - K, 2), (4, 1 + K)], dtype=float
)
BRUSH_PIXELS = {(1, 2, 3), (1, 2, 4)}
SQUARE = np.array([(3, 2), (5, 2), (5, 4), (3, 4)], dtype=float)  # drawn by hand
LAD = "Left Anterior Descending Artery"


def read(tmp_path, rois, scan=None, image_index=1):
    content = {"Images": [{"ImageIndex": image_index, "NumberOfROIs": len(rois), "ROIs": rois}]}
    path = write_plist(tmp_path / "calcium.xml", content)
    return read_annotation(path, make_scan() if scan is None else scan)


def voxels(annotation):
    z, y, x = np.unravel_index(annotation.voxels.index, annotation.voxels.shape)
    return set(zip(z.tolist(), y.tolist(), x.tolist(), strict=True))


def codes(annotation):
    return [found.code for found in annotation.findings]


def without(roi, *keys):
    return {key: value for key, value in roi.items() if key not in keys}


def test_a_brush_is_the_pixels_that_its_contour_goes_around(tmp_path):
    annotation = read(tmp_path, [osirix_roi(LAD, BRUSH, make_scan(), 1)])
    assert voxels(annotation) == BRUSH_PIXELS
    assert set(annotation.voxels.site) == {Site.LAD}
    assert annotation.findings == ()


def test_a_polygon_drawn_by_hand_counts_pixels_from_the_corner(tmp_path):
    # From 3 to 5 by 2 to 4 in pixels counted from the corner: columns 3 and 4, rows 2 and 3.
    annotation = read(tmp_path, [osirix_roi(LAD, SQUARE, make_scan(), 1, Type=11)])
    assert voxels(annotation) == {(1, 2, 3), (1, 2, 4), (1, 3, 3), (1, 3, 4)}


def test_without_a_type_the_kinks_of_a_brush_tell_it_from_a_polygon(tmp_path):
    brush = without(osirix_roi(LAD, BRUSH, make_scan(), 1), "Type")
    assert voxels(read(tmp_path, [brush])) == BRUSH_PIXELS
    # 3.25 to 5.25 by 2.25 to 4.25 counted from the corner: centres 3.5, 4.5 and 2.5, 3.5.
    drawn = without(osirix_roi(LAD, SQUARE + 0.25, make_scan(), 1), "Type")
    assert voxels(read(tmp_path, [drawn])) == {(1, 2, 3), (1, 2, 4), (1, 3, 3), (1, 3, 4)}


def test_mm_alone_give_the_same_pixels(tmp_path):
    scan = make_scan()
    brush = without(osirix_roi(LAD, BRUSH, scan, 1), "Point_px")
    assert voxels(read(tmp_path, [brush])) == BRUSH_PIXELS
    drawn = without(osirix_roi(LAD, SQUARE, scan, 1, Type=11), "Point_px")
    assert voxels(read(tmp_path, [drawn])) == {(1, 2, 3), (1, 2, 4), (1, 3, 3), (1, 3, 4)}


def test_mm_of_a_viewer_that_subtracts_no_half_pixel_are_understood(tmp_path):
    roi = osirix_roi(LAD, BRUSH, make_scan(), 1)
    shifted = osirix_roi(LAD, BRUSH + 0.5, make_scan(), 1)
    roi["Point_mm"] = shifted["Point_mm"]
    assert voxels(read(tmp_path, [roi])) == BRUSH_PIXELS


@pytest.mark.parametrize("flip", [(-1, -1), (-1, 1), (1, -1)])
def test_a_scan_stored_the_other_way_round_is_matched_by_the_mm(flip, tmp_path):
    """Stored columns or rows run against the scan's axes, as in a prone or feet-first series."""
    scan = make_scan()
    last = np.array([SHAPE[2] - 1, SHAPE[1] - 1])
    stored = np.where(np.array(flip) < 0, last - BRUSH, BRUSH)
    # mm: the stored pixel less half a pixel, along the stored axes.
    canonical = np.where(np.array(flip) < 0, last - (stored - 0.5), stored - 0.5)
    index = np.column_stack((np.full(len(canonical), 1), canonical[:, 1], canonical[:, 0]))
    roi = {
        "Name": LAD,
        "Type": 20,
        "Point_px": [f"({x:.6f}, {y:.6f})" for x, y in stored],
        "Point_mm": [f"({x:.6f}, {y:.6f}, {z:.6f})" for x, y, z in scan.to_patient_mm(index)],
    }
    assert voxels(read(tmp_path, [roi])) == BRUSH_PIXELS


def statistics(hu, pixel_area_mm2):
    return {
        "Area": len(hu) * pixel_area_mm2 / 100,
        "Mean": float(np.mean(hu)),
        "Min": float(min(hu)),
        "Max": float(max(hu)),
    }


def scan_with_two_bright_pixels(z=1):
    hu = np.zeros(SHAPE, dtype=np.int16)
    hu[z, 2, 3:5] = 200, 300
    return make_scan(hu)


def test_statistics_of_the_viewer_that_agree_are_silent(tmp_path):
    scan = scan_with_two_bright_pixels()
    stored = statistics([200, 300], 0.2)
    assert codes(read(tmp_path, [osirix_roi(LAD, BRUSH, scan, 1, **stored)], scan)) == []


@pytest.mark.parametrize("changed", [{"Area": 0.006}, {"Mean": 251.0}, {"Min": 198}, {"Max": 302}])
def test_statistics_of_the_viewer_that_differ_are_a_finding(changed, tmp_path):
    scan = scan_with_two_bright_pixels()
    stored = {**statistics([200, 300], 0.2), **changed}
    annotation = read(tmp_path, [osirix_roi(LAD, BRUSH, scan, 1, **stored)], scan)
    assert codes(annotation) == ["ANNOTATION_STATISTICS_DIFFER"]
    assert "1 of 1 ROIs, first ROI 1 (LAD)" in annotation.findings[0].message


def test_without_mm_slices_are_counted_from_the_feet_with_a_warning(tmp_path):
    roi = without(osirix_roi(LAD, BRUSH, make_scan(), 1), "Point_mm")
    annotation = read(tmp_path, [roi], image_index=3)
    assert {z for z, _, _ in voxels(annotation)} == {3}
    assert codes(annotation) == ["ANNOTATION_SLICE_BY_INDEX", "ANNOTATION_ORIENTATION_ASSUMED"]
    assert "from the feet" in annotation.findings[0].message


def test_without_mm_the_stored_statistics_can_say_that_slices_count_from_the_head(tmp_path):
    scan = scan_with_two_bright_pixels(z=1)
    roi = osirix_roi(LAD, BRUSH, scan, 1, **statistics([200, 300], 0.2))
    annotation = read(tmp_path, [without(roi, "Point_mm")], scan, image_index=3)
    assert {z for z, _, _ in voxels(annotation)} == {1}  # of five slices, 3 from the head is 1
    assert "counted from the head" in annotation.findings[0].message


def test_without_mm_statistics_that_fit_no_slice_are_refused(tmp_path):
    scan = scan_with_two_bright_pixels(z=1)
    roi = osirix_roi(LAD, BRUSH, scan, 1, **statistics([200, 300], 0.2))
    with pytest.raises(AnnotationError, match="found in no order of slices"):
        read(tmp_path, [without(roi, "Point_mm")], scan, image_index=2)


def stored_without_mm(flip, **extra):
    """The brush in a series whose columns or rows run against the scan's axes, pixels only."""
    last = np.array([SHAPE[2] - 1, SHAPE[1] - 1])
    stored = np.where(np.array(flip) < 0, last - BRUSH, BRUSH)
    return {"Name": LAD, "Type": 20, "Point_px": [f"({x}, {y})" for x, y in stored], **extra}


@pytest.mark.parametrize("flip", [(1, 1), (-1, -1), (-1, 1), (1, -1)])
@pytest.mark.parametrize("image_index", [1, 3])
def test_without_mm_the_stored_statistics_tell_which_way_columns_and_rows_run(
    flip, image_index, tmp_path
):
    scan = scan_with_two_bright_pixels(z=1)
    roi = stored_without_mm(flip, **statistics([200, 300], 0.2))
    annotation = read(tmp_path, [roi], scan, image_index=image_index)
    assert voxels(annotation) == BRUSH_PIXELS
    assert codes(annotation) == ["ANNOTATION_SLICE_BY_INDEX"]
    message = annotation.findings[0].message
    assert ("columns" in message, "rows in reverse" in message) == (flip[0] < 0, flip[1] < 0)


def test_without_mm_statistics_that_fit_two_directions_tell_none(tmp_path):
    hu = np.array(scan_with_two_bright_pixels(z=1).hu)
    hu[1, 2, [SHAPE[2] - 5, SHAPE[2] - 4]] = 200, 300  # and in the mirrored columns
    roi = stored_without_mm((1, 1), **statistics([200, 300], 0.2))
    annotation = read(tmp_path, [roi], make_scan(hu))
    assert codes(annotation) == ["ANNOTATION_SLICE_BY_INDEX", "ANNOTATION_ORIENTATION_ASSUMED"]


@pytest.mark.parametrize("position", ["HFP", "FFS", "FFP", "HFDR"])
def test_without_mm_and_statistics_a_scan_that_is_not_head_first_and_supine_is_refused(
    position, tmp_path
):
    supine, other = (
        dataclasses.replace(make_scan(), acquisition=Acquisition(patient_position=p))
        for p in ("HFS", position)
    )
    rois = [stored_without_mm((1, 1))]
    assert "ANNOTATION_ORIENTATION_ASSUMED" in codes(read(tmp_path, rois, supine))
    with pytest.raises(AnnotationError, match=f"the patient lay '{position}', not 'HFS'"):
        read(tmp_path, rois, other)


@pytest.mark.parametrize("number", [-1, 5, None])
def test_without_mm_a_slice_number_outside_of_the_scan_is_refused(number, tmp_path):
    roi = without(osirix_roi(LAD, BRUSH, make_scan(), 1), "Point_mm")
    content = {"Images": [{"ROIs": [roi]}]}
    if number is not None:
        content["Images"][0]["ImageIndex"] = number
    path = write_plist(tmp_path / "a.xml", content)
    with pytest.raises(AnnotationError, match=r"ROI 1 \(LAD\) has no position.*slices 0 to 4"):
        read_annotation(path, make_scan())


def at_height(dz_mm):
    """Slice 4, the last one, and a bit above it."""
    roi = osirix_roi(LAD, BRUSH, make_scan(), 4)
    x, y, z = make_scan().to_patient_mm(np.array([[4.0, 0, 0]]))[0]
    assert (x, y) == (-60, -210)
    roi["Point_mm"] = [f"{point.rsplit(',', 1)[0]}, {z + dz_mm})" for point in roi["Point_mm"]]
    return roi


def test_a_roi_off_its_slice_is_taken_silently_to_a_tenth_of_the_increment(tmp_path):
    assert codes(read(tmp_path, [at_height(0.09 * SPACING_MM[0])])) == []


def test_a_roi_between_slices_is_taken_visibly_to_a_quarter_of_the_increment(tmp_path):
    annotation = read(tmp_path, [at_height(0.24 * SPACING_MM[0])])
    assert {z for z, _, _ in voxels(annotation)} == {4}
    assert codes(annotation) == ["ANNOTATION_OFF_SLICE"]


def test_a_roi_further_than_a_quarter_of_the_increment_from_every_slice_is_refused(tmp_path):
    # Slices from -150 to -138 mm; the ROI is 0.26 increments above the last one.
    with pytest.raises(AnnotationError, match=r"ROI 1 \(LAD\) lies at z -137.22.*-150.00 to -138"):
        read(tmp_path, [at_height(0.26 * SPACING_MM[0])])


def test_a_roi_outside_of_the_image_is_refused(tmp_path):
    roi = osirix_roi(LAD, BRUSH + np.array([28, 0]), make_scan(), 1)  # columns 31 and 32 of 32
    with pytest.raises(AnnotationError, match=r"spans columns 30.0 to 33.0.*columns 0 to 31"):
        read(tmp_path, [roi])


def test_a_roi_on_the_outermost_pixels_is_inside(tmp_path):
    roi = osirix_roi(LAD, BRUSH + np.array([27, 21]), make_scan(), 1)  # columns 30 and 31, row 23
    assert voxels(read(tmp_path, [roi])) == {(1, 23, 30), (1, 23, 31)}


def test_pixels_and_mm_that_contradict_each_other_are_refused(tmp_path):
    roi = osirix_roi(LAD, BRUSH, make_scan(), 1)
    other = make_scan(origin_mm=(-59.0, -210.0, -150.0))  # 1 mm is 2.5 pixels of 0.4 mm
    with pytest.raises(AnnotationError, match=r"column 3\.00.* and at column 0\.50.*not belong"):
        read(tmp_path, [roi], other)


def test_the_viewers_own_export_is_read_with_slices_from_one(tmp_path):
    points = [f"{{{x:.5f}, {y:.5f}}}" for x, y in BRUSH]
    roi = {"Name": "LAD", "ROIPoints": points, "Slice": 2}
    path = write_plist(tmp_path / "a.xml", {"ROI array": [roi, {**roi, "Name": "RCA", "Slice": 4}]})
    annotation = read_annotation(path, make_scan())
    assert voxels(annotation) == {(z, 2, x) for z in (1, 3) for x in (3, 4)}
    assert codes(annotation) == ["ANNOTATION_SLICE_BY_INDEX", "ANNOTATION_ORIENTATION_ASSUMED"]


def test_the_viewers_own_export_of_one_roi_has_no_slice_and_is_refused(tmp_path):
    points = [f"{{{x}, {y}}}" for x, y in BRUSH]
    path = write_plist(tmp_path / "a.xml", {"Name": "LAD", "ROIPoints": points})
    with pytest.raises(AnnotationError, match="no position in mm and no slice number"):
        read_annotation(path, make_scan())


def test_erased_rois_are_a_note_and_may_have_any_name(tmp_path):
    erased = {"Name": "?", "Type": 20, "Point_px": [], "Point_mm": [], "Area": 0.0}
    annotation = read(tmp_path, [osirix_roi(LAD, BRUSH, make_scan(), 1), erased])
    assert voxels(annotation) == BRUSH_PIXELS
    assert codes(annotation) == ["ANNOTATION_EMPTY_REGION"]
    assert annotation.region_count == 1


def test_marks_that_enclose_no_area_are_left_out_visibly(tmp_path):
    ruler = osirix_roi("12 mm", BRUSH[:2], make_scan(), 1, Type=5)
    annotation = read(tmp_path, [osirix_roi(LAD, BRUSH, make_scan(), 1), ruler])
    assert voxels(annotation) == BRUSH_PIXELS
    assert codes(annotation) == ["ANNOTATION_REGION_IGNORED"]


def test_a_roi_between_pixel_centres_is_left_out_visibly(tmp_path):
    tiny = np.array([(3.6, 2.6), (4.4, 2.6), (4.4, 3.4)])
    annotation = read(tmp_path, [osirix_roi(LAD, tiny, make_scan(), 1, Type=11)])
    assert codes(annotation) == ["ANNOTATION_REGION_WITHOUT_PIXELS", "ANNOTATION_EMPTY"]
    assert annotation.region_count == 0


@pytest.mark.parametrize("content", [{"Images": []}, {"Images": [{"ROIs": []}]}, {"ROI array": []}])
def test_a_list_without_rois_means_that_no_calcium_was_found(content, tmp_path):
    annotation = read_annotation(write_plist(tmp_path / "a.xml", content), make_scan())
    assert (annotation.voxels.index.size, annotation.region_count) == (0, 0)
    assert codes(annotation) == ["ANNOTATION_EMPTY"]
    assert annotation.findings[0].severity == "warning"


def test_an_unknown_name_is_refused_with_the_accepted_ones(tmp_path):
    roi = osirix_roi("Kalk", BRUSH, make_scan(), 1)
    with pytest.raises(AnnotationError, match=r"ROI 1 has the name 'Kalk'.*LM, LAD, LCX, RCA, asc"):
        read(tmp_path, [roi])


def test_a_voxel_of_two_sites_goes_to_the_first_and_is_counted(tmp_path):
    scan = make_scan()
    rois = [
        osirix_roi("RCA", BRUSH, scan, 1),
        osirix_roi("LCX", BRUSH + np.array([1, 0]), scan, 1),  # columns 4 and 5: shares column 4
        osirix_roi("RCA", BRUSH, scan, 1),  # the same once more is no conflict
    ]
    annotation = read(tmp_path, rois)
    assert annotation.voxels.site.tolist() == [Site.RCA, Site.RCA, Site.LCX]
    assert codes(annotation) == ["ANNOTATION_OVERLAP"]
    assert annotation.findings[0].message.startswith("1 voxels")


def test_calcium_that_touches_the_annotated_one_and_is_in_no_roi_is_reported(tmp_path):
    hu = np.zeros(SHAPE, dtype=np.int16)
    hu[1, 2, 3:5] = 200
    hu[1, 3, 5] = 130  # diagonal neighbour of column 4
    hu[1, 4, 6] = 130  # and its neighbour
    hu[1, 10, 10] = 500  # elsewhere
    hu[2, 2, 3] = 500  # in the next slice
    scan = make_scan(hu)
    annotation = read(tmp_path, [osirix_roi(LAD, BRUSH, scan, 1)], scan)
    assert codes(annotation) == ["ANNOTATION_CLIPS_LESION"]
    assert annotation.findings[0].message.startswith("2 voxels (0.4 mm2)")
    hu[1, 3, 5] = 129
    assert codes(read(tmp_path, [osirix_roi(LAD, BRUSH, scan, 1)], make_scan(hu))) == []


FAULTS = [
    ({"Point_px": "(1, 2)"}, "points must be an array"),
    ({"Point_px": ["(1, 2, 3)"] * 6}, r"'\(1, 2, 3\)' is not a point of 2 numbers"),
    ({"Point_px": ["(nan, 2)"] * 6}, "not a point of 2 numbers"),
    ({"Point_mm": ["(1, 2)"] * 6}, "not a point of 3 numbers"),
    ({"Point_px": ["(1, 2)"] * 5}, "5 points in pixels and 6 in mm"),
    ({"Point_px": ["(1e308, 2)"] * 6}, "not a point of 2 numbers up to 1e+06".replace("+", r"\+")),
    ({"Point_mm": ["(1, -1e308, 2)"] * 6}, "not a point of 3 numbers"),
    ({"Point_px": [{"x": 1}] * 6}, "dict is not a point of 2 numbers"),
    ({"Point_px": ["(1, 2)"] * 10_001}, "has 10001 points, allowed are 10000"),
    ({"Name": ["LAD"]}, "its 'Name' must be a string, found list"),
    ({"Area": 1e10, "Mean": 1, "Min": 1, "Max": 1}, "area and HU must be numbers up to 1e"),
]


@pytest.mark.parametrize(("changed", "message"), FAULTS)
def test_malformed_points_are_named(changed, message, tmp_path):
    roi = {**osirix_roi(LAD, BRUSH, make_scan(), 1), **changed}
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, [roi])


def test_a_roi_without_points_or_of_another_kind_is_named(tmp_path):
    with pytest.raises(AnnotationError, match="ROI 1 has no points"):
        read(tmp_path, [{"Name": "x"}])
    with pytest.raises(AnnotationError, match="ROI 1 is malformed: a dict is needed, found str"):
        read(tmp_path, ["x"])
    path = write_plist(tmp_path / "a.xml", {"Images": [{"ROIs": "none"}]})
    with pytest.raises(AnnotationError, match="'ROIs' must be an array"):
        read_annotation(path, make_scan())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1.5, 1e7])
def test_a_slice_number_that_is_no_whole_number_is_refused(number, tmp_path):
    roi = without(osirix_roi(LAD, BRUSH, make_scan(), 1), "Point_mm")
    with pytest.raises(AnnotationError, match="'ImageIndex' must be a whole number of a slice"):
        read(tmp_path, [roi], image_index=number)
