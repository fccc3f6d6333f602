"""The same region, written by four programs in four formats, is the same set of voxels."""

import numpy as np
import pytest

from annotations.annotation_maker import (
    label_image,
    make_scan,
    osirix_list,
    three_lesions,
    write_image,
    write_plist,
    write_rtstruct,
    write_seg,
)
from corcal.annotations import read_annotation

WRITERS = {
    "osirix_xml": lambda p, m, s: write_plist(p / "a.xml", osirix_list(m, s)),
    "osirix_binary": lambda p, m, s: write_plist(p / "a.plist", osirix_list(m, s), binary=True),
    "seg_binary": lambda p, m, s: write_seg(p / "a.dcm", m, s),
    "seg_labelmap": lambda p, m, s: write_seg(p / "a.dcm", m, s, kind="LABELMAP"),
    "rtstruct": lambda p, m, s: write_rtstruct(p / "a.dcm", m, s),
    "nifti": lambda p, m, _: write_image(p / "a.nii", label_image(m)),
    "nifti_gz": lambda p, m, _: write_image(p / "a.nii.gz", label_image(m)),
    "nrrd": lambda p, m, _: write_image(p / "a.nrrd", label_image(m)),
    "metaimage": lambda p, m, _: write_image(p / "a.mha", label_image(m)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_region_is_the_same_voxels_in_every_format(name, tmp_path):
    scan, labels = make_scan(), three_lesions()
    annotation = read_annotation(WRITERS[name](tmp_path, labels, scan), scan)
    flat = labels.ravel()
    np.testing.assert_array_equal(annotation.voxels.index, np.flatnonzero(flat))
    np.testing.assert_array_equal(annotation.voxels.site, flat[flat > 0])
    assert annotation.voxels.shape == scan.shape
    assert not annotation.findings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Three sites; RTSTRUCT and SEG and labels have one region a site, OsiriX one a slice and
        # connected part: two of the LAD, two of the RCA (two slices), one of the left main.
        ("osirix_xml", ("osirix", 5)),
        ("seg_binary", ("dicom_seg", 3)),
        ("seg_labelmap", ("dicom_seg", 3)),
        ("rtstruct", ("rtstruct", 3)),
        ("nifti", ("label_volume", 3)),
    ],
)
def test_the_format_is_told_and_regions_are_counted(name, expected, tmp_path):
    scan = make_scan()
    annotation = read_annotation(WRITERS[name](tmp_path, three_lesions(), scan), scan)
    assert (annotation.format, annotation.region_count) == expected


@pytest.mark.parametrize("name", WRITERS)
def test_the_format_is_told_by_the_content_whatever_the_name(name, tmp_path):
    scan = make_scan()
    path = WRITERS[name](tmp_path, three_lesions(), scan)
    renamed = path.rename(tmp_path / "annotation.txt")
    assert read_annotation(renamed, scan).voxels.index.size == np.count_nonzero(three_lesions())
