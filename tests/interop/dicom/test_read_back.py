"""From the written objects and the scan, the same score; what does not belong is refused."""

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from corcal.errors import InputError
from corcal.interop.dicom import write_dicom
from corcal.interop.dicom.read_back import read_structured_report, score_again
from corcal.interop.dicom.segmentation import write_segmentation
from corcal.interop.dicom.structured_report import write_structured_report
from corcal.lesions.sites import Site
from interop.dicom.dicom_exams import ALL_SITES, make_exam, make_scan


@pytest.mark.parametrize("rule", ["textbook", "siemens", "kvp100"])
@pytest.mark.parametrize("labelmap", [False, True], ids=["binary", "labelmap"])
def test_the_same_score_is_computed_again_to_the_last_digit(tmp_path, rule, labelmap):
    exam = make_exam(rule=rule)
    segmentation = write_segmentation(exam, tmp_path / "seg.dcm", labelmap=labelmap)
    report = write_structured_report(exam, tmp_path / "sr.dcm", segmentation=segmentation)
    again = score_again(exam.scan, report=report, segmentation=segmentation)
    ours = exam.result
    assert again.score.total == ours.score.total
    assert again.score.vessels == ours.score.vessels
    assert again.score.other_sites == ours.score.other_sites
    assert again.lesions == ours.lesions
    said = read_structured_report(report)
    assert said.total.values["agatston"] == again.score.total.agatston
    assert said.total.values["mass_mg"] == again.score.total.mass_mg


def test_a_score_of_zero_is_computed_again(tmp_path):
    exam = make_exam({})
    segmentation, report, _ = write_dicom(exam, tmp_path)
    again = score_again(exam.scan, report=report, segmentation=segmentation)
    assert again.score.total.agatston == 0
    assert again.lesions == ()


class TestRefusals:
    @pytest.fixture
    def objects(self, tmp_path):
        exam = make_exam({Site.LAD: (2, 10, 10)})
        segmentation, report, scores = write_dicom(exam, tmp_path)
        return exam, segmentation, report, scores

    def test_another_scan_is_refused(self, objects):
        exam, segmentation, report, _ = objects
        series = replace(exam.scan.series, series_instance_uid="2.25.99")
        with pytest.raises(InputError, match=r"is about series 2\.25\..*, the scan is 2\.25\.99"):
            score_again(replace(exam.scan, series=series), report=report, segmentation=segmentation)

    def test_another_segmentation_is_refused(self, objects, tmp_path):
        exam, _, report, _ = objects
        other = write_segmentation(exam, tmp_path / "other.dcm", labelmap=True)
        with pytest.raises(InputError, match=r"was written with segmentation 2\.25"):
            score_again(exam.scan, report=report, segmentation=other)

    def test_a_missing_segmentation_is_refused(self, objects, tmp_path):
        exam, _, report, _ = objects
        with pytest.raises(InputError, match=r"none\.dcm is not a readable DICOM Segmentation"):
            score_again(exam.scan, report=report, segmentation=tmp_path / "none.dcm")

    def test_what_is_no_measurement_report_of_corcal_is_refused(self, objects, tmp_path):
        _, segmentation, report, scores = objects
        foreign = dcmread(report)
        foreign.Manufacturer = "somebody"
        foreign.save_as(tmp_path / "foreign.dcm")
        for path in (segmentation, scores, tmp_path / "foreign.dcm"):
            with pytest.raises(InputError, match="is not a Comprehensive 3D SR that corcal has"):
                read_structured_report(path)

    def test_what_is_no_dicom_is_refused(self, tmp_path):
        (tmp_path / "x.dcm").write_bytes(b"not this")
        with pytest.raises(InputError, match=r"x\.dcm is not a readable report of corcal .Inv"):
            read_structured_report(tmp_path / "x.dcm")

    def test_flipped_bytes_raise_nothing_but_an_input_error(self, objects, tmp_path):
        content = objects[2].read_bytes()
        rng = np.random.default_rng(3)
        changed = tmp_path / "changed.dcm"
        for _ in range(60):
            flipped = bytearray(content)
            for place in rng.integers(132, len(content), size=2):
                flipped[place] = rng.integers(256)
            changed.write_bytes(flipped)
            with contextlib.suppress(InputError):
                read_structured_report(changed)


class TestFolder:
    def test_three_objects_are_written_and_nothing_else(self, tmp_path):
        paths = write_dicom(make_exam(ALL_SITES), tmp_path / "deep" / "folder")
        assert [path.name for path in paths] == [
            "segmentation.dcm",
            "structured_report.dcm",
            "cardiovascular_report.dcm",
        ]
        assert sorted(paths) == sorted((tmp_path / "deep" / "folder").iterdir())
        series = {dcmread(path).SeriesInstanceUID for path in paths}
        assert len(series) == 3

    def test_a_scan_without_uids_leaves_no_folder(self, tmp_path):
        exam = make_exam(ALL_SITES)
        slices = tuple(replace(one, sop_instance_uid=None) for one in exam.scan.slices)
        with pytest.raises(InputError, match=r"no SOPInstanceUID \(6 of 6 slices\)"):
            write_dicom(replace(exam, scan=replace(exam.scan, slices=slices)), tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_no_other_patient_data_than_those_of_the_header_are_in_it(self, tmp_path):
        bare = make_scan(ALL_SITES, patient=replace(make_scan(ALL_SITES).patient, name=None))
        for path in write_dicom(make_exam(scan=bare), tmp_path):
            assert "Müller".encode() not in path.read_bytes()
