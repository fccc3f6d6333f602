"""The folder of an exam and its scan give back the exam, and nothing but the exam."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from corcal.ct.scan import Patient
from corcal.errors import GeometryError, InputError
from corcal.exam_folder import CALCIUM_NAME, RESULT_NAME, read_exam, write_calcium
from corcal.export import write_exam
from corcal.interop.deidentify import Deidentifier
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Exam
from corcal.result import read_result, result_json
from corcal.scoring.measure import measure
from dicom_maker import make_series
from exam_maker import SHAPE, SPACING_MM, exam_of, water


@pytest.fixture
def made(tmp_path):
    """A scan on disk, its exam, and the folder of the exam."""
    make_series(tmp_path / "scan", hu=water(), spacing_mm=SPACING_MM)
    exam = exam_of(tmp_path / "scan")
    write_exam(exam, tmp_path / "exam")
    return tmp_path, exam


def test_folder_and_scan_give_back_the_exam(made):
    folder, exam = made
    again = read_exam(folder / "exam", folder / "scan")
    assert again.result == exam.result
    assert again.voxels.shape == exam.voxels.shape
    np.testing.assert_array_equal(again.voxels.index, exam.voxels.index)
    np.testing.assert_array_equal(again.voxels.site, exam.voxels.site)
    np.testing.assert_array_equal(again.scan.hu, exam.scan.hu)
    assert measure(again.scan, again.voxels).score == exam.result.score


def test_an_exam_without_any_calcium_comes_back_too(made, tmp_path):
    _, exam = made
    nothing = SiteVoxels(shape=SHAPE, index=np.empty(0, np.int64), site=np.empty(0, np.uint8))
    zero = measure(exam.scan, nothing)
    record = replace(exam.result, score=zero.score, lesions=())
    write_exam(Exam(result=record, scan=exam.scan, voxels=nothing), tmp_path / "zero")
    again = read_exam(tmp_path / "zero", tmp_path / "scan")
    assert again.voxels.index.size == 0
    assert again.result.score.total.agatston == 0


def test_the_same_exam_gives_the_same_bytes(made, tmp_path):
    _, exam = made
    for name in "ab":
        write_calcium(exam.scan, exam.voxels, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_calcium_holds_nothing_of_the_patient(made):
    folder, exam = made
    data = (folder / "exam" / CALCIUM_NAME).read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        content = b"".join(archive.read(name) for name in names)
    assert names == {
        f"{name}.npy"
        for name in ("format", "shape", "index_steps", "site", "spacing_mm", "affine_lps")
    } | {"hu_sha256.npy"}
    scan = exam.result.scan
    for word in (scan.patient.patient_id, scan.study_instance_uid, *scan.sop_instance_uids):
        assert word.encode() not in content


def test_the_scan_is_found_among_other_series(made):
    folder, exam = made
    other = folder / "scan" / "other"
    make_series(other, hu=water(lesion_hu=700), spacing_mm=SPACING_MM, series_uid="2.25.77")
    again = read_exam(folder / "exam", folder / "scan")
    assert again.scan.series.series_instance_uid == exam.scan.series.series_instance_uid


def test_a_record_that_was_interpreted_since_is_given_with_the_exam(made):
    folder, exam = made
    newer = replace(exam.result, provenance=replace(exam.result.provenance, reader="R. Eader"))
    assert read_exam(folder / "exam", folder / "scan", result=newer).result is newer


@pytest.mark.usefixtures("made")
def test_a_scan_of_other_values_is_another_scan(tmp_path):
    make_series(tmp_path / "noisy", hu=water(lesion_hu=401), spacing_mm=SPACING_MM)
    with pytest.raises(InputError, match="the scan in noisy is not the one of the record"):
        read_exam(tmp_path / "exam", tmp_path / "noisy")


@pytest.mark.parametrize(
    "geometry",
    [
        {"spacing_mm": (3.0, 0.5, 0.6)},
        {"spacing_mm": SPACING_MM, "origin_mm": (1.0, 2.0, 3.5)},
    ],
)
@pytest.mark.usefixtures("made")
def test_a_scan_at_another_place_is_another_scan(tmp_path, geometry):
    make_series(tmp_path / "moved", hu=water(), **geometry)
    with pytest.raises(InputError, match="the scan in moved is not the one of the record"):
        read_exam(tmp_path / "exam", tmp_path / "moved")


@pytest.mark.usefixtures("made")
def test_a_copy_of_the_scan_with_other_identifiers_is_told_from_another_scan(tmp_path):
    make_series(tmp_path / "copy", hu=water(), spacing_mm=SPACING_MM, series_uid="2.25.77")
    with pytest.raises(InputError, match=r"its series .*are called otherwise .*de-identified"):
        read_exam(tmp_path / "exam", tmp_path / "copy")


def test_a_record_that_was_deidentified_does_not_go_with_the_original_scan(made):
    folder, exam = made
    clean = Deidentifier(b"0123456789abcdef")(exam.result)
    (folder / "exam" / RESULT_NAME).write_text(result_json(clean), encoding="utf-8")
    with pytest.raises(InputError, match="its patient and study and series and images are called"):
        read_exam(folder / "exam", folder / "scan")


def test_a_record_of_another_patient_does_not_go_with_the_scan(made):
    _, exam = made
    other = replace(exam.result, scan=replace(exam.result.scan, patient=Patient(patient_id="X")))
    folder = made[0]
    with pytest.raises(InputError, match="its patient is called otherwise"):
        read_exam(folder / "exam", folder / "scan", result=other)


def test_a_record_with_other_lesions_does_not_go_with_the_calcium(made):
    folder, exam = made
    (lesion,) = exam.result.lesions
    other = replace(exam.result, lesions=(replace(lesion, voxel_count=17),))
    with pytest.raises(InputError, match="1 lesions that are not the 1 of the record"):
        read_exam(folder / "exam", folder / "scan", result=other)


def test_calcium_of_another_shape_does_not_go_with_the_record(made):
    folder, exam = made
    other = replace(exam.result, scan=replace(exam.result.scan, shape=(6, 32, 33)))
    with pytest.raises(InputError, match=r"calcium\.npz is of another exam than the record"):
        read_exam(folder / "exam", folder / "scan", result=other)


def test_a_folder_of_an_older_release_says_how_to_go_on(made):
    folder, _ = made
    (folder / "exam" / CALCIUM_NAME).unlink()
    with pytest.raises(InputError, match=r"no calcium\.npz in exam.*corcal score --out"):
        read_exam(folder / "exam", folder / "scan")


def test_the_folder_that_lacks_the_calcium_is_named_from_inside_it(made, monkeypatch):
    folder, _ = made
    (folder / "exam" / CALCIUM_NAME).unlink()
    monkeypatch.chdir(folder / "exam")
    with pytest.raises(InputError, match=r"no calcium\.npz in exam: "):
        read_exam(".", folder / "scan")


def rewritten(path, **changed):
    """Write the file again with other content."""
    with np.load(path) as stored:
        content = dict(stored) | changed
    np.savez_compressed(path, **content)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"format": np.int64(2)}, "has format 2; this release reads 1"),
        ({"site": np.full(48, 99, np.uint8)}, "a site that this release does not know"),
        (
            {"site": np.full(47, 2, np.uint8)},
            r"calcium\.npz is damaged, or none of corcal's files: score the scan again",
        ),
        (
            {"affine_lps": np.eye(3)},
            r"calcium\.npz is damaged, or none of corcal's files: score the scan again",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(made, changed, said):
    folder, _ = made
    rewritten(folder / "exam" / CALCIUM_NAME, **changed)
    with pytest.raises(InputError, match=said):
        read_exam(folder / "exam", folder / "scan")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 no archive"])
def test_a_damaged_file_is_told(made, content):
    folder, _ = made
    (folder / "exam" / CALCIUM_NAME).write_bytes(content)
    with pytest.raises(InputError, match=r"calcium\.npz is damaged.* corcal score --out") as caught:
        read_exam(folder / "exam", folder / "scan")
    assert "Error" not in str(caught.value)
    assert "BadZip" not in str(caught.value)


def test_a_file_that_the_disk_does_not_give_is_not_called_damaged(made, monkeypatch):
    folder, _ = made

    def refused(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("corcal.exam_folder.read_whole", refused)
    with pytest.raises(InputError, match=r"calcium\.npz cannot be read: Permission denied"):
        read_exam(folder / "exam", folder / "scan")


def test_a_scan_that_lost_a_slice_says_so(made):
    folder, _ = made
    lowest, *_ = sorted((folder / "scan").iterdir())[2:]
    lowest.unlink()
    with pytest.raises(InputError, match=r"increment|spacing|missing"):
        read_exam(folder / "exam", folder / "scan")


def test_a_scan_without_identifiers_is_known_by_its_values(made, tmp_path):
    _, exam = made
    image = sitk.GetImageFromArray(exam.scan.hu)
    image.SetSpacing(SPACING_MM[::-1])
    sitk.WriteImage(image, tmp_path / "scan.nrrd")
    plain = exam_of(tmp_path / "scan.nrrd")
    write_exam(plain, tmp_path / "plain")
    assert read_exam(tmp_path / "plain", tmp_path / "scan.nrrd").result == plain.result


def test_voxels_of_another_scan_are_not_written(made, tmp_path):
    _, exam = made
    other = SiteVoxels(shape=(6, 32, 33), index=np.array([1]), site=np.array([2], np.uint8))
    with pytest.raises(GeometryError, match="not of a scan of shape"):
        write_calcium(exam.scan, other, tmp_path / "calcium.npz")


def test_the_record_of_the_folder_is_the_one_that_is_read(made):
    folder, exam = made
    assert read_result(folder / "exam" / RESULT_NAME) == exam.result
