"""Pictures as Secondary Capture: the same pixels, the right study, the slices they were made of."""

import errno
import io
import resource
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from corcal.ct.read import read_scan
from corcal.ct.scan import SeriesIdentity
from corcal.errors import InputError
from corcal.interop.dicom.key_images import write_key_images
from corcal.lesions.sites import Site
from dicom_maker import make_enhanced
from interop.dicom.dicom_exams import CORONARY, make_exam, make_scan, png

NAMES = ("projection", "key_LM", "key_LAD", "key_LCX", "key_RCA")


def written(tmp_path, exam, images=None):
    images = images or {name: png(seed=k) for k, name in enumerate(NAMES)}
    return {path.stem: dcmread(path) for path in write_key_images(exam, images, tmp_path)}


def test_the_pixels_are_those_of_the_picture(tmp_path):
    picture = png((31, 47))  # odd numbers: 31 x 47 x 3 bytes need padding
    capture = written(tmp_path, make_exam(CORONARY), {"key_LAD": picture})["key_LAD"]
    np.testing.assert_array_equal(capture.pixel_array, np.asarray(Image.open(io.BytesIO(picture))))
    assert (capture.PhotometricInterpretation, capture.SamplesPerPixel) == ("RGB", 3)


def test_a_picture_with_transparency_or_of_grey_is_taken(tmp_path):
    for mode in ("RGBA", "L", "P"):
        stream = io.BytesIO()
        Image.new(mode, (5, 4), 7 if mode != "RGBA" else (7, 7, 7, 255)).save(stream, "PNG")
        capture = written(tmp_path, make_exam(CORONARY), {"x": stream.getvalue()})["x"]
        assert capture.pixel_array.shape == (4, 5, 3)


def test_each_refers_to_the_slices_that_it_was_made_of(tmp_path):
    exam = make_exam(CORONARY)
    uids = [one.sop_instance_uid for one in exam.scan.slices]
    captures = written(tmp_path, exam)
    for name, capture in captures.items():
        named = [item.ReferencedSOPInstanceUID for item in capture.SourceImageSequence]
        lesion = next((x for x in exam.result.lesions if name == f"key_{x.site}"), None)
        assert named == (uids if lesion is None else [uids[z] for z in lesion.slices])
        assert {i.ReferencedSOPClassUID for i in capture.SourceImageSequence} == {
            exam.scan.series.sop_class_uid
        }
    lad = next(one for one in exam.result.lesions if one.site == "LAD")
    assert captures["key_LAD"].DerivationDescription == (
        f"Left anterior descending coronary artery: lesion {lad.id}, the largest, outlined"
    )
    assert "Projection" in captures["projection"].DerivationDescription


def test_a_full_disk_is_told_as_such_and_leaves_no_half_of_a_picture(tmp_path):
    small = tmp_path / "projection.dcm"
    small.write_bytes(b"as it was")
    exam, images = make_exam(CORONARY), {"projection": png((300, 300))}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an error instead
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
        with pytest.raises(OSError, match="File too large") as caught:
            write_key_images(exam, images, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(small))
    assert small.read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["projection.dcm"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_device_that_is_full_says_so(tmp_path):
    (tmp_path / "projection.dcm").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_key_images(make_exam(CORONARY), {"projection": png()}, tmp_path)
    assert caught.value.errno == errno.ENOSPC


def test_the_largest_of_two_lesions_is_meant(tmp_path):
    exam = make_exam({Site.LAD: [(1, 2, 2), (4, 20, 20)]})
    best = max(exam.result.lesions, key=lambda one: one.agatston)
    capture = written(tmp_path, exam, {"key_LAD": png()})["key_LAD"]
    assert f"lesion {best.id}, the largest" in capture.DerivationDescription


def test_frames_of_an_enhanced_ct_are_named(tmp_path):
    make_enhanced(tmp_path / "ct.dcm", hu=make_scan(CORONARY).hu, frame_order=[3, 0, 5, 1, 4, 2])
    exam = make_exam({Site.LAD: (2, 10, 10)}, scan=read_scan(tmp_path / "ct.dcm"))
    capture = written(tmp_path, exam, {"key_LAD": png()})["key_LAD"]
    (item,) = capture.SourceImageSequence
    assert item.ReferencedSOPInstanceUID == exam.scan.slices[0].sop_instance_uid
    assert sorted(item.ReferencedFrameNumber) == [1, 6]  # slices 3 and 2


def test_all_are_one_series_of_the_study(tmp_path):
    exam = make_exam(CORONARY)
    captures = list(written(tmp_path, exam).values())
    assert len({one.SeriesInstanceUID for one in captures}) == 1
    assert len({one.SOPInstanceUID for one in captures}) == len(NAMES)
    assert [one.InstanceNumber for one in captures] == [1, 2, 3, 4, 5]
    for one in captures:
        assert (one.PatientID, str(one.PatientName)) == ("P-17", "Müller^Åsa")
        assert one.StudyInstanceUID == exam.scan.series.study_instance_uid
        assert (one.DateOfSecondaryCapture, one.ContentDate) == ("20260102", "20260102")
        assert "research use only" in one.SeriesDescription


def test_only_a_picture_that_may_name_the_patient_is_said_to(tmp_path):
    exam = make_exam(CORONARY)
    captures = written(tmp_path, exam, {"key_LAD": png(), "projection": png(), "history": png()})
    said = {name: capture.BurnedInAnnotation for name, capture in captures.items()}
    assert said == {"key_LAD": "NO", "projection": "NO", "history": "YES"}


def test_the_same_picture_has_the_same_uid_and_another_one_another(tmp_path):
    exam = make_exam(CORONARY)
    uids = [
        written(tmp_path, exam, {"key_LAD": png(seed=k)})["key_LAD"].SOPInstanceUID
        for k in (1, 1, 2)
    ]
    assert uids[0] == uids[1] != uids[2]
    first = (tmp_path / "key_LAD.dcm").read_bytes()
    written(tmp_path, exam, {"key_LAD": png(seed=2)})
    assert (tmp_path / "key_LAD.dcm").read_bytes() == first


@pytest.mark.dciodvfy
def test_none_has_an_error(tmp_path, dciodvfy):
    images = dict.fromkeys(NAMES, png())
    for path in write_key_images(make_exam(CORONARY), images, tmp_path):
        assert dciodvfy(path, kind="SCImage") == []


class TestRefusals:
    @pytest.mark.parametrize("data", [b"", b"no picture", png()[:60], png()[:200]])
    def test_what_is_no_picture_is_refused_and_nothing_is_written(self, tmp_path, data):
        with pytest.raises(InputError, match="the picture key_LAD is not a PNG file that can be"):
            write_key_images(make_exam(CORONARY), {"x": png(), "key_LAD": data}, tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("name", ["", "../key", "key LAD", "1", "x" * 65])
    def test_a_name_that_is_no_file_name_is_refused(self, tmp_path, name):
        with pytest.raises(InputError, match="is no name of a picture: letters, digits"):
            write_key_images(make_exam(CORONARY), {name: png()}, tmp_path)

    def test_a_picture_of_an_artery_without_calcium_is_refused(self, tmp_path):
        exam = make_exam({Site.RCA: (2, 10, 10)})
        with pytest.raises(InputError, match="a picture key_LAD, and no lesion of the LAD"):
            write_key_images(exam, {"key_LAD": png()}, tmp_path)

    def test_a_scan_without_uids_is_refused(self, tmp_path):
        exam = make_exam(CORONARY)
        bare = replace(exam, scan=replace(exam.scan, series=SeriesIdentity()))
        with pytest.raises(InputError, match="this scan has no StudyInstanceUID"):
            write_key_images(bare, {"key_LAD": png()}, tmp_path)
