"""Label volumes: tables of labels, 3D Slicer's names, any axes, never resampled."""

import gzip
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from annotations.annotation_maker import (
    ORIGIN_MM,
    SHAPE,
    SPACING_MM,
    label_image,
    make_scan,
    three_lesions,
    write_image,
)
from corcal.annotations import read_annotation
from corcal.annotations.write import write_label_volume
from corcal.errors import AnnotationError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels

LABELS = three_lesions()


@pytest.fixture
def scan():
    return make_scan()


def as_labels(annotation):
    labels = np.zeros(np.prod(SHAPE), dtype=np.uint8)
    labels[annotation.voxels.index] = annotation.voxels.site
    return labels.reshape(SHAPE)


def test_without_a_table_labels_are_the_codes_of_sites(tmp_path, scan):
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[0].ravel()[1:15] = range(1, 15)
    annotation = read_annotation(write_image(tmp_path / "a.nii.gz", label_image(labels)), scan)
    assert annotation.voxels.site.tolist() == [int(site) for site in Site]


TABLES = {
    "a.json": json.dumps({"10": "LAD", "20": "Right coronary artery", "30": "aortic valve"}),
    "b.csv": "label,site\n10,LAD\n20,Right coronary artery\n30,aortic valve\n",
    "c.txt": "10,LAD\r\n20,RCA\r\n\r\n30,aortic_valve,extra\r\n",
}
OTHER = np.select([LABELS == 1, LABELS == 2, LABELS == 4], [30, 10, 20]).astype(np.int16)
SITES = np.where(LABELS == 1, Site.AORTIC_VALVE, LABELS)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_json_or_csv_gives_labels_their_sites(name, tmp_path, scan):
    table = tmp_path / name
    table.write_text(TABLES[name], encoding="utf-8-sig")
    path = write_image(tmp_path / "labels.nrrd", label_image(OTHER))
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan, vessel_table=table)), SITES)


def test_a_mapping_is_a_table_too(tmp_path, scan):
    path = write_image(tmp_path / "labels.mha", label_image(OTHER))
    table = {10: "LAD", 20: "RCA", 30: "aortic valve", 40: "bone"}
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan, vessel_table=table)), SITES)


def test_labels_that_are_in_no_table_are_named(tmp_path, scan):
    path = write_image(tmp_path / "labels.nii", label_image(OTHER))
    with pytest.raises(AnnotationError, match="labels 20, 30 are not in the default table"):
        read_annotation(path, scan)
    with pytest.raises(AnnotationError, match=r"labels 30 are not in the vessel table, .*10 LAD"):
        read_annotation(path, scan, vessel_table={10: "LAD", 20: "RCA"})


def test_a_name_of_the_table_that_means_no_site_is_refused(tmp_path, scan):
    path = write_image(tmp_path / "labels.nii", label_image(OTHER))
    with pytest.raises(AnnotationError, match="label 20 has the name 'ramus'"):
        read_annotation(path, scan, vessel_table={10: "LAD", 20: "ramus", 30: "LM"})


BAD_TABLES = [
    ("{", "not valid JSON"),
    ('["LAD"]', "must be a JSON object"),
    ('{"a": "LAD"}', "'a' is not a label"),
    ('{"1": "LAD", "1": "RCA"}', "label 1 twice"),
    ("1\n2\n", "two columns"),
    ("", "two columns"),
    ("label,site\n1.5,LAD\n", "'1.5' is not a label"),
    (f'{{"{"9" * 5000}": "LAD"}}', "'9{40}' is not a label"),
    (f"{'9' * 5000},LAD\n", "'9{40}' is not a label"),
]


@pytest.mark.parametrize(("text", "message"), BAD_TABLES)
def test_a_table_that_cannot_be_used_says_why(text, message, tmp_path, scan):
    (tmp_path / "table").write_text(text)
    path = write_image(tmp_path / "labels.nii", label_image(OTHER))
    with pytest.raises(AnnotationError, match=message):
        read_annotation(path, scan, vessel_table=tmp_path / "table")


def test_a_table_that_is_not_there_or_not_text_says_why(tmp_path, scan):
    path = write_image(tmp_path / "labels.nii", label_image(OTHER))
    with pytest.raises(AnnotationError, match="vessel table cannot be read: No such file"):
        read_annotation(path, scan, vessel_table=tmp_path / "none.csv")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AnnotationError, match="not UTF-8"):
        read_annotation(path, scan, vessel_table=tmp_path / "bytes")


def test_a_table_that_is_a_pipe_or_a_device_or_too_large_is_not_read(tmp_path, scan):
    path = write_image(tmp_path / "labels.nii", label_image(OTHER))
    os.mkfifo(tmp_path / "pipe")
    for table in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(AnnotationError, match="table cannot be read: it is no regular file"):
            read_annotation(path, scan, vessel_table=table)
    (tmp_path / "large.csv").write_text("10,LAD\n20,RCA\n30,LM\n" + " " * 2**20)
    with pytest.raises(AnnotationError, match="vessel table has more than 1048576 bytes"):
        read_annotation(path, scan, vessel_table=tmp_path / "large.csv")


def slicer_image(array, segments, *, vector=False):
    image = sitk.GetImageFromArray(array, isVector=vector)
    image.SetSpacing(SPACING_MM[::-1])
    image.SetOrigin(ORIGIN_MM)
    for key, value in segments.items():
        image.SetMetaData(key, value)
    return image


def test_the_segment_names_of_a_slicer_file_are_used(tmp_path, scan):
    segments = {
        "Segment0_Name": "LAD", "Segment0_LabelValue": "10", "Segment0_Layer": "0",
        "Segment1_Name": "RCA", "Segment1_LabelValue": "20", "Segment1_Layer": "0",
        "Segment2_Name": "Aortic valve", "Segment2_LabelValue": "30", "Segment2_Layer": "0",
    }  # fmt: skip
    path = write_image(tmp_path / "a.seg.nrrd", slicer_image(OTHER, segments))
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), SITES)
    # A table of the caller goes before the names in the file.
    table = {10: "LM", 20: "LM", 30: "LM"}
    assert set(read_annotation(path, scan, vessel_table=table).voxels.site) == {Site.LM}


@pytest.mark.parametrize("old", [False, True])
def test_overlapping_segments_of_a_slicer_file_are_layers(old, tmp_path, scan):
    layers = np.zeros((*SHAPE, 2), dtype=np.uint8)
    layers[1, 2, 3:6, 0] = 1
    layers[1, 2, 5:8, 1] = 1
    segments = {"Segment0_Name": "LAD", "Segment1_Name": "LCX"}
    if not old:
        segments |= {"Segment0_LabelValue": "1", "Segment1_LabelValue": "1"}
        segments |= {"Segment0_Layer": "0", "Segment1_Layer": "1"}
    path = write_image(tmp_path / "a.seg.nrrd", slicer_image(layers, segments, vector=True))
    annotation = read_annotation(path, scan)
    assert annotation.voxels.site.tolist() == [Site.LAD] * 3 + [Site.LCX] * 2
    assert [f.code for f in annotation.findings] == ["ANNOTATION_OVERLAP"]


def test_several_values_a_voxel_are_refused_outside_of_slicer(tmp_path, scan):
    colours = np.zeros((*SHAPE, 3), dtype=np.uint8)
    path = write_image(tmp_path / "a.nrrd", slicer_image(colours, {}, vector=True))
    with pytest.raises(AnnotationError, match="has 3 values a voxel"):
        read_annotation(path, scan)


@pytest.mark.parametrize("orientation", ["RAI", "LPS", "RAS", "SPL", "AIR"])
def test_axes_in_any_order_and_direction_are_mapped_by_coordinates(orientation, tmp_path, scan):
    turned = sitk.DICOMOrient(label_image(LABELS), orientation)
    path = write_image(tmp_path / "a.nii.gz", turned)
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)


def test_a_cropped_volume_and_a_larger_one_are_placed_by_coordinates(tmp_path, scan):
    image = label_image(LABELS)
    cropped = image[4:, 3:, 1:4]  # x, y, z: without the left main
    expected = np.where(LABELS == Site.LM, 0, LABELS)
    path = write_image(tmp_path / "a.nrrd", cropped)
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), expected)
    path = write_image(tmp_path / "b.nrrd", sitk.ConstantPad(image, [3, 2, 1], [1, 2, 3], 0))
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)


def test_labels_outside_of_the_scan_are_refused(tmp_path, scan):
    path = write_image(
        tmp_path / "a.nrrd", sitk.ConstantPad(label_image(LABELS), [1, 0, 0], [0] * 3, 2)
    )
    with pytest.raises(AnnotationError, match="120 voxels outside of the scan"):  # 5 x 24
        read_annotation(path, scan)


# A tenth of a voxel of 0.4 mm is 0.04 mm.
@pytest.mark.parametrize(("shift", "fits"), [(0.039, True), (0.041, False)])
def test_a_tenth_of_a_voxel_off_is_accepted_and_more_is_refused(shift, fits, tmp_path, scan):
    origin = (ORIGIN_MM[0] + shift, *ORIGIN_MM[1:])
    path = write_image(tmp_path / "a.nrrd", label_image(LABELS, origin_mm=origin))
    if fits:
        np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)
    else:
        with pytest.raises(AnnotationError, match=r"off by \(0\.00, 0\.00, 0\.10\) voxels"):
            read_annotation(path, scan)


def test_another_spacing_is_refused_even_if_it_drifts_slowly(tmp_path, scan):
    # 0.002 mm a column is 0.16 voxels after 31 columns.
    spacing = (3.0, 0.5, 0.402)
    path = write_image(tmp_path / "a.nrrd", label_image(LABELS, spacing_mm=spacing))
    with pytest.raises(AnnotationError, match=r"other spacing.*3\.0000 x 0\.5000 x 0\.4020 mm"):
        read_annotation(path, scan)


def test_a_spacing_of_twice_the_scans_is_refused(tmp_path, scan):
    path = write_image(tmp_path / "a.nrrd", label_image(LABELS, spacing_mm=(3.0, 0.5, 0.8)))
    with pytest.raises(AnnotationError, match=r"other spacing.*0\.8000 mm"):
        read_annotation(path, scan)


def test_turned_axes_are_refused(tmp_path, scan):
    image = label_image(LABELS)
    image.SetDirection([0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1])
    with pytest.raises(AnnotationError, match="has other axes than the scan"):
        read_annotation(write_image(tmp_path / "a.nrrd", image), scan)


def test_whole_numbers_stored_as_floats_are_labels(tmp_path, scan):
    path = write_image(tmp_path / "a.nii", label_image(LABELS.astype(np.float32)))
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_values_that_are_no_whole_numbers_are_refused(value, tmp_path, scan):
    labels = LABELS.astype(np.float32)
    labels[0, 0, 0] = value
    path = write_image(tmp_path / "a.nrrd", label_image(labels))
    with pytest.raises(AnnotationError, match="1 values that are not whole numbers"):
        read_annotation(path, scan)


def test_a_volume_of_zeros_means_that_no_calcium_was_found_on_whatever_grid(tmp_path, scan):
    path = write_image(tmp_path / "a.nii", label_image(np.zeros(SHAPE, dtype=np.uint8)))
    annotation = read_annotation(path, scan)
    assert (annotation.voxels.index.size, annotation.region_count) == (0, 0)
    assert [f.code for f in annotation.findings] == ["ANNOTATION_EMPTY"]


def test_two_and_four_dimensions_are_refused(tmp_path, scan):
    path = write_image(tmp_path / "a.nrrd", sitk.GetImageFromArray(LABELS[0]))
    with pytest.raises(AnnotationError, match="has 2 dimensions"):
        read_annotation(path, scan)
    path = write_image(
        tmp_path / "b.nii", sitk.GetImageFromArray(np.stack([LABELS] * 2), isVector=False)
    )
    with pytest.raises(AnnotationError, match="has 4 dimensions"):
        read_annotation(path, scan)


def test_a_volume_much_larger_than_the_scan_is_refused_before_it_is_loaded(tmp_path, scan):
    header = (
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 100000 100000 100000\nencoding: raw\n"
        "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"
        "space origin: (0,0,0)\n\n"
    )
    (tmp_path / "a.nrrd").write_text(header)
    with pytest.raises(AnnotationError, match=r"declares \(100000, 100000, 100000\) voxels"):
        read_annotation(tmp_path / "a.nrrd", scan)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
def test_a_truncated_volume_ends_in_one_plain_line_without_folders(name, tmp_path, scan):
    rng = np.random.default_rng(1)
    labels = rng.integers(1, 5, size=SHAPE).astype(np.uint8)
    content = write_image(tmp_path / name, label_image(labels)).read_bytes()
    for end in (20, 400, len(content) // 2, len(content) - 20):
        (tmp_path / f"cut{name[1:]}").write_bytes(content[:end])
        with pytest.raises(AnnotationError) as caught:
            read_annotation(tmp_path / f"cut{name[1:]}", scan)
        assert "\n" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


def test_a_gzip_file_is_read_no_further_than_its_header_declares(tmp_path, scan):
    """Three megabytes follow the labels, and their end is missing: it is never reached."""
    plain = write_image(tmp_path / "a.nii", label_image(LABELS)).read_bytes()
    noise = np.random.default_rng(1).bytes(3 * 2**20)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain + noise)[:-100_000])
    with pytest.raises(AnnotationError, match=r"it has more than 3840 bytes.*declares 3840"):
        read_annotation(tmp_path / "b.nii.gz", scan)  # 5 x 24 x 32 bytes


HOSTILE = [
    ("a.nrrd", "data file: {}", "must hold its voxels itself"),
    ("labels", "data file: {}", "must hold its voxels itself"),
    ("a.nhdr", "data file: {}", "must be in one file beside it"),
    ("a.nhdr", "data file:=ok.raw\ndata file: {}", "unclear or repeated line 'data file'"),
    ("a.mha", "ElementDataFile = {}", "must hold its voxels itself"),
    ("a.mhd", "ElementDataFile = {}", "must be in one file beside it"),
    ("a.mhd", "ElementDataFile = ../secret.raw", "must be in one file beside it"),
    ("a.mhd", "elementdatafile = ok.raw\nElementDataFile = {}", "unclear or repeated line"),
    ("a.mhd", "ElementDataFile = pipe", "not there or no plain file"),
]


@pytest.mark.parametrize(("name", "last", "reason"), HOSTILE)
def test_no_header_leads_out_of_its_file_or_folder(name, last, reason, tmp_path, scan):
    secret = tmp_path / "secret.raw"
    secret.write_bytes(LABELS.astype(np.uint8).tobytes())
    folder = tmp_path / "given"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "ok.raw").write_bytes(secret.read_bytes())
    if last.lower().startswith("element"):
        header = "ObjectType = Image\nNDims = 3\nDimSize = 32 24 5\nElementType = MET_UCHAR\n"
    else:
        header = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 32 24 5\nencoding: raw\n"
    (folder / name).write_text(header + last.format(secret) + "\n\n")
    with pytest.raises(AnnotationError, match=f"^the label volume is .*{reason}") as caught:
        read_annotation(folder / name, scan)
    assert str(tmp_path) not in str(caught.value)


def test_a_label_volume_whose_header_contradicts_itself_is_refused(tmp_path, scan):
    path = write_image(tmp_path / "a.nii", label_image(LABELS.astype(np.int16)))
    content = bytearray(path.read_bytes())
    struct.pack_into("<h", content, 72, 8)  # bitpix
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match="values of 8 bits and datatype 4, which has 16"):
        read_annotation(path, scan)


@pytest.mark.parametrize("value", [1e300, -1e300, 2.0**31])
def test_numbers_too_large_for_labels_are_refused(value, tmp_path, scan):
    labels = LABELS.astype(np.float64)
    labels[0, 0, 0] = value
    path = write_image(tmp_path / "a.nrrd", label_image(labels))
    with pytest.raises(AnnotationError, match=r"holds the label .*at most 2147483647 is a label"):
        read_annotation(path, scan)


def test_the_library_prints_nothing(tmp_path, scan, capfd):
    path = write_image(tmp_path / "a.nii", label_image(LABELS))
    content = bytearray(path.read_bytes())
    struct.pack_into("<2h", content, 252, 0, 0)  # neither qform nor sform: ITK warns
    path.write_bytes(content)
    with pytest.raises(AnnotationError):
        read_annotation(path, scan)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a.nrrd", "a.nii.gz", "a.mha"])
def test_what_corcal_writes_it_reads_back(name, tmp_path, scan):
    index = np.flatnonzero(LABELS)
    voxels = SiteVoxels(shape=SHAPE, index=index, site=LABELS.ravel()[index])
    write_label_volume(tmp_path / name, scan, voxels)
    np.testing.assert_array_equal(as_labels(read_annotation(tmp_path / name, scan)), LABELS)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_nifti_labels_that_are_no_numbers_are_refused_and_not_read_as_zero(
    suffix, dtype, value, tmp_path, scan
):
    labels = LABELS.astype(dtype)
    path = write_image(tmp_path / f"a{suffix}", label_image(labels))
    np.testing.assert_array_equal(as_labels(read_annotation(path, scan)), LABELS)
    labels[-1, -1, -1] = labels[0, 0, 0] = value
    with pytest.raises(AnnotationError, match="holds 2 values that are not finite"):
        read_annotation(write_image(path, label_image(labels)), scan)
