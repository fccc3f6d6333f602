"""Objects of real scans: valid under real headers, and the same score from them."""

import numpy as np
import pytest

from corcal.ct.read import read_scan
from corcal.interop.dicom import write_dicom
from corcal.interop.dicom.read_back import read_structured_report, score_again
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Options, score_path
from interop.dicom.dicom_exams import make_exam, png

KINDS = (
    "Segmentation",
    "Comprehensive3DSR",
    "ComprehensiveSR",
    "GrayscaleSoftcopyPresentationState",
    "SCImage",
    "SCImage",
    "EncapsulatedPDF",
)

pytestmark = [pytest.mark.shared, pytest.mark.dciodvfy]


def write_all(exam, folder):
    pictures = {"projection": png(), "key_LAD": png()}
    return write_dicom(exam, folder, pictures=pictures, documents={"report": b"%PDF-1.7 "})


def check_score(exam, segmentation, report):
    again = score_again(exam.scan, report=report, segmentation=segmentation)
    assert again.score.total == exam.result.score.total
    assert again.lesions == exam.result.lesions
    said = read_structured_report(report)
    assert said.total.values["agatston"] == exam.result.score.total.agatston > 0
    assert said.series_instance_uid == exam.scan.series.series_instance_uid


def test_a_gated_scan_leaves_objects_that_give_its_score_again(shared_dir, tmp_path, dciodvfy):
    folder = shared_dir / "data" / "coca-gated" / "1"
    exam = score_path(folder, Options(annotations=folder / "calcium.xml"))
    paths = write_all(exam, tmp_path)
    check_score(exam, *paths[:2])
    # De-identification has left UIDs that are none, and a reference has to repeat them; of these
    # alone the validator may speak, and sum them up.
    summary = "Error - Dicom dataset contains invalid data values for Value Representations"
    for path, kind in zip(paths, KINDS, strict=True):
        errors = dciodvfy(path, kind=kind)
        assert [line for line in errors if "UID" not in line and line != summary] == []


@pytest.mark.parametrize("name", ["chest-philips-5mm", "qrm-phantom-canon/dicom"])
def test_a_scan_with_a_sound_header_leaves_valid_objects(shared_dir, tmp_path, dciodvfy, name):
    scan = read_scan(shared_dir / "data" / name)
    dense = np.flatnonzero(scan.hu[scan.shape[0] // 2] >= 300)  # bone or an insert: whatever it is
    index = dense + (scan.shape[0] // 2) * scan.shape[1] * scan.shape[2]
    site = np.full(index.size, Site.LAD, dtype=np.uint8)
    voxels = SiteVoxels(shape=scan.shape, index=index, site=site)
    exam = make_exam({}, scan=scan, voxels=voxels, automatic=False)
    paths = write_all(exam, tmp_path)
    check_score(exam, *paths[:2])
    for path, kind in zip(paths, KINDS, strict=True):
        assert dciodvfy(path, kind=kind) == []
