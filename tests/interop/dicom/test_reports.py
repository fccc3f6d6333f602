"""The reports: every number of the result in them, with every digit, and what is said in words."""

import re
from dataclasses import replace

import pytest
from pydicom import dcmread

from corcal.ct.scan import Patient, SeriesIdentity
from corcal.ct.suitability import SeriesKind
from corcal.errors import InputError
from corcal.interop.dicom.cardiovascular_report import write_cardiovascular_report
from corcal.interop.dicom.identity import Tracking
from corcal.interop.dicom.read_back import read_structured_report
from corcal.interop.dicom.segmentation import write_segmentation
from corcal.interop.dicom.structured_report import write_structured_report
from corcal.interop.dicom.terms import CALCIUM_MEASURES, TEMPLATE_3905_MEASURES
from corcal.lesions.sites import CORONARY_SITES, Site
from corcal.result import RESEARCH_USE
from interop.dicom.dicom_exams import ALL_SITES, CORONARY, make_exam, make_scan

ARTERIES = [site.label for site in CORONARY_SITES]
CORONARY_ONLY = {one.field for one in CALCIUM_MEASURES if one.coronary_only}


def report_of(tmp_path, exam, **options):
    return write_structured_report(exam, tmp_path / "sr.dcm", **options)


def expected(score, *, is_coronary=True):
    """Numbers of the result that a group should have, exactly."""
    fields = [one.field for one in CALCIUM_MEASURES if is_coronary or not one.coronary_only]
    known = {name: getattr(score, name, None) for name in fields}
    return {name: value for name, value in known.items() if value is not None}


@pytest.mark.parametrize("pieces", [ALL_SITES, CORONARY, {}], ids=["all", "coronary", "zero"])
def test_every_number_of_the_measurement_report_is_that_of_the_result(tmp_path, pieces):
    exam = make_exam(pieces)
    said, score = read_structured_report(report_of(tmp_path, exam)), exam.result.score
    assert said.total.values == expected(score.total)
    sites = {one.site: one.values for one in said.sites}
    assert list(sites)[:4] == ARTERIES
    assert sites == {
        label: expected(one, is_coronary=label in ARTERIES)
        for label, one in (score.vessels | score.other_sites).items()
    }
    assert [one.lesion_id for one in said.lesions] == [one.id for one in exam.result.lesions]
    for read, lesion in zip(said.lesions, exam.result.lesions, strict=True):
        assert read.site == lesion.site
        assert read.values == expected(lesion, is_coronary=lesion.site in ARTERIES)
        assert read.centroid_mm == pytest.approx(lesion.centroid_mm, rel=1e-6)
    assert (said.rule, said.threshold_hu) == ("textbook", 130.0)


def test_the_numbers_of_the_test_have_digits_that_a_decimal_string_loses(tmp_path):
    """DS has 16 characters; that the report is exact is proved by numbers with more."""
    mass = make_exam().result.score.total.mass_mg
    assert len(repr(mass)) > 16
    text = report_of(tmp_path, make_exam())
    (total,) = [read_structured_report(text).total]
    assert total.values["mass_mg"] == mass


def numbers(item):
    """(name code, unit code, value) of the numeric items below an item, nested ones too."""
    for one in item.get("ContentSequence", []):
        if one.ValueType == "NUM":
            measured = one.MeasuredValueSequence[0]
            unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
            value = measured.get("FloatingPointValue", measured.NumericValue)
            yield one.ConceptNameCodeSequence[0].CodeValue, unit, float(value)


def children(item, value_type):
    return [one for one in item.ContentSequence if one.ValueType == value_type]


def test_every_number_of_the_cardiovascular_report_is_that_of_the_result(tmp_path):
    exam = make_exam()
    report = dcmread(write_cardiovascular_report(exam, tmp_path / "cv.dcm"))
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "3900"
    findings, summary = children(report, "CONTAINER")
    total, section = children(findings, "CONTAINER")
    score = exam.result.score

    def rows(of):
        return [
            (one.name.value, one.unit.value, float(getattr(of, one.field)))
            for one in TEMPLATE_3905_MEASURES
        ]

    how = [
        ("122657", "[hnsf'U]", 130.0),
        ("122659", "mg/[hnsf'U].cm3", score.calibration_mg_per_cm3_hu),
    ]
    assert list(numbers(total)) == how + rows(score.total)
    assert len(children(section, "CONTAINER")) == 4
    for artery, site in zip(children(section, "CONTAINER"), CORONARY_SITES, strict=True):
        (scoring,) = children(artery, "CONTAINER")
        assert list(numbers(scoring)) == rows(score.vessels[site.label])
    assert summary.ContentSequence[0].TextValue == RESEARCH_USE


def test_a_non_coronary_site_has_no_coronary_score(tmp_path):
    said = read_structured_report(report_of(tmp_path, make_exam()))
    valve = next(one for one in said.sites if one.site == "aortic_valve")
    assert not CORONARY_ONLY & set(valve.values)
    assert valve.values["volume_mm3"] > 0


def test_sites_refer_to_their_segments_and_lesions_to_their_centroids(tmp_path):
    exam = make_exam()
    path = write_segmentation(exam, tmp_path / "seg.dcm")
    seg = dcmread(path)
    report = dcmread(report_of(tmp_path, exam, segmentation=path))
    (container,) = children(report, "CONTAINER")
    total, *groups = container.ContentSequence
    assert children(total, "IMAGE") == []
    for number, group in enumerate(groups[:7], 1):
        assert group.ContentTemplateSequence[0].TemplateIdentifier == "1411"
        (reference,) = children(group, "IMAGE")[0].ReferencedSOPSequence
        assert reference.ReferencedSOPInstanceUID == seg.SOPInstanceUID
        assert reference.ReferencedSegmentNumber == number
        assert tracking_uid(group) == seg.SegmentSequence[number - 1].TrackingUID
    for group in groups[7:]:
        (place,) = children(group, "SCOORD3D")
        assert place.GraphicType == "POINT"
        frame = place.ReferencedFrameOfReferenceUID
        assert frame == exam.scan.series.frame_of_reference_uid


def tracking_uid(group):
    (item,) = [
        one
        for one in children(group, "UIDREF")
        if one.ConceptNameCodeSequence[0].CodeValue == "112040"
    ]
    return item.UID


def test_a_vessel_without_calcium_has_its_zero_and_no_finding(tmp_path):
    exam = make_exam({Site.LAD: (2, 10, 10)})
    path = write_segmentation(exam, tmp_path / "seg.dcm")
    report = dcmread(report_of(tmp_path, exam, segmentation=path))
    (container,) = children(report, "CONTAINER")
    _, main, lad, *_ = container.ContentSequence
    for group, has in ((main, False), (lad, True)):
        names = [one.ConceptNameCodeSequence[0].CodeValue for one in group.ContentSequence]
        assert ("121071" in names) is has  # Finding
        assert ("121191" in names) is has  # Referenced Segment
    assert ("450360000", "1", 0.0) in list(numbers(main))


def test_evidence_is_every_image_of_the_scan_and_the_segmentation(tmp_path):
    exam = make_exam()
    path = write_segmentation(exam, tmp_path / "seg.dcm")
    report = dcmread(report_of(tmp_path, exam, segmentation=path))
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == exam.scan.series.study_instance_uid
    named = {
        item.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
    images = {one.sop_instance_uid for one in exam.scan.slices}
    assert named == images | {dcmread(path).SOPInstanceUID}


def test_nobody_has_signed_it(tmp_path):
    for path in (
        report_of(tmp_path, make_exam()),
        write_cardiovascular_report(make_exam(), tmp_path / "cv.dcm"),
    ):
        report = dcmread(path)
        assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
        assert report.PreliminaryFlag == "PRELIMINARY"


class TestTracking:
    def vessels(self, tmp_path, exam):
        said = read_structured_report(report_of(tmp_path, exam))
        return [one.tracking for one in (said.total, *said.sites)]

    def moved(self, exam, **patient):
        """The same patient's next exam: another study and series."""
        series = SeriesIdentity(
            study_instance_uid="2.25.901",
            series_instance_uid="2.25.902",
            frame_of_reference_uid="2.25.903",
            sop_class_uid=exam.scan.series.sop_class_uid,
        )
        scan = replace(exam.scan, series=series, patient=replace(exam.scan.patient, **patient))
        return replace(exam, scan=scan)

    def test_a_vessel_is_the_same_in_the_next_exam_of_the_patient(self, tmp_path):
        exam = make_exam()
        next_exam = self.moved(exam, name="Other^Spelling", age_years=63.0)
        assert self.vessels(tmp_path, exam) == self.vessels(tmp_path, next_exam)

    @pytest.mark.parametrize("change", [{"patient_id": "P-18"}, {"birth_date": "1966-05-05"}])
    def test_a_vessel_of_another_patient_is_another(self, tmp_path, change):
        exam = make_exam()
        ours = self.vessels(tmp_path, exam)
        theirs = self.vessels(tmp_path, self.moved(exam, **change))
        assert not {one.uid for one in ours} & {one.uid for one in theirs}

    def test_without_an_identifier_a_vessel_is_the_same_within_the_study(self, tmp_path):
        exam = make_exam(scan=make_scan(ALL_SITES, patient=Patient()))
        assert self.vessels(tmp_path, exam) == self.vessels(tmp_path, exam)
        assert self.vessels(tmp_path, exam) != self.vessels(tmp_path, self.moved(exam))

    def test_every_finding_of_an_exam_has_its_own(self, tmp_path):
        exam = make_exam({Site.LAD: [(1, 2, 2), (1, 20, 20), (4, 30, 30)], Site.RCA: (2, 30, 5)})
        said = read_structured_report(report_of(tmp_path, exam))
        tracked = [one.tracking for one in (said.total, *said.sites, *said.lesions)]
        assert len({one.uid for one in tracked}) == len(tracked) == 1 + 4 + 4
        assert len({one.identifier for one in tracked}) == len(tracked)

    def test_a_lesion_of_a_series_is_the_same_in_every_record_of_it(self, tmp_path):
        exam = make_exam()
        later = replace(exam.result.provenance, created="2030-01-01T00:00:00+00:00")
        again = replace(exam, result=replace(exam.result, provenance=later))
        first, second = (
            read_structured_report(report_of(tmp_path, one)).lesions for one in (exam, again)
        )
        assert [one.tracking for one in first] == [one.tracking for one in second]

    def test_a_lesion_that_was_found_again_keeps_what_it_had(self, tmp_path):
        known = Tracking("LAD lesion of 2021", "2.25.4711")
        path = report_of(tmp_path, make_exam(), tracking={"L2": known})
        lesions = {one.lesion_id: one.tracking for one in read_structured_report(path).lesions}
        assert lesions["L2"] == known
        assert lesions["L1"] != known


class TestWords:
    def words(self, tmp_path, exam):
        return read_structured_report(report_of(tmp_path, exam)).statements

    def test_research_use_comes_first(self, tmp_path):
        assert self.words(tmp_path, make_exam())[0] == RESEARCH_USE

    def test_an_automatic_score_says_so_and_how_sure_it_is(self, tmp_path):
        words = self.words(tmp_path, make_exam(automatic=True))
        assert re.search(
            r"found automatically by corcal .*corcal-thorax 1.*, not checked by a reader", words[1]
        )
        assert words[2] == "95 % interval of the Agatston score: 0.1 to 1234.567890123"
        assert "Review advised: a lesion is doubtful" in words

    def test_a_marked_score_claims_no_interval(self, tmp_path):
        words = self.words(tmp_path, make_exam())
        assert words[1].startswith("Calcium marked in an annotation (osirix), not found automat")
        assert not any("interval" in sentence for sentence in words)

    @pytest.mark.parametrize(
        ("is_gated", "kind", "start"),
        [
            (True, SeriesKind.GATED_CALCIUM, "ECG-gated scan"),
            (None, SeriesKind.GATED_CALCIUM, "ECG-gated scan"),
            (False, SeriesKind.GATED_CALCIUM, "Scan without ECG gating: the score is an Agatston"),
            (None, SeriesKind.CHEST_NONCONTRAST, "Scan without ECG gating"),
            (None, SeriesKind.UNKNOWN, "The headers do not say whether"),
        ],
    )
    def test_gating_is_always_stated(self, tmp_path, is_gated, kind, start):
        exam = make_exam(CORONARY)
        result = replace(
            exam.result,
            scan=replace(exam.result.scan, is_gated=is_gated),
            suitability=replace(exam.result.suitability, kind=kind),
        )
        words = self.words(tmp_path, replace(exam, result=result))
        assert sum(sentence.startswith(start) for sentence in words) == 1

    def test_warnings_about_the_scan_are_repeated_with_their_codes(self, tmp_path):
        assert "warning: 100 kVp, not 120 [KVP]" in self.words(tmp_path, make_exam())

    def test_the_file_of_the_annotation_is_not_named(self, tmp_path):
        path = report_of(tmp_path, make_exam())
        assert b"calcium.xml" not in path.read_bytes()  # it may hold a patient's name

    def test_a_reader_is_an_observer(self, tmp_path):
        exam = make_exam()
        made = replace(exam.result.provenance, reader="Eader^Rita")
        report = dcmread(
            report_of(tmp_path, replace(exam, result=replace(exam.result, provenance=made)))
        )
        assert [str(one.PersonName) for one in children(report, "PNAME")] == ["Eader^Rita"]


def test_the_procedure_is_a_calcium_scan_only_where_it_was_one(tmp_path):
    exam = make_exam(CORONARY)
    chest = replace(exam.result.suitability, kind=SeriesKind.CHEST_NONCONTRAST)
    for one, code in (
        (exam, "426005005"),
        (replace(exam, result=replace(exam.result, suitability=chest)), "25045-6"),
    ):
        report = dcmread(report_of(tmp_path, one))
        procedure = {
            item.ConceptNameCodeSequence[0].CodeValue: item.ConceptCodeSequence[0].CodeValue
            for item in children(report, "CODE")
        }
        assert procedure["121058"] == code


def test_writing_twice_gives_the_same_bytes(tmp_path):
    exam = make_exam()
    for write in (write_structured_report, write_cardiovascular_report):
        first = write(exam, tmp_path / "a.dcm").read_bytes()
        assert write(exam, tmp_path / "b.dcm").read_bytes() == first


def test_patient_and_study_are_those_of_the_scan(tmp_path):
    exam = make_exam()
    for write in (write_structured_report, write_cardiovascular_report):
        report = dcmread(write(exam, tmp_path / "a.dcm"))
        assert (report.PatientID, str(report.PatientName)) == ("P-17", "Müller^Åsa")
        assert report.StudyInstanceUID == exam.scan.series.study_instance_uid
        assert (report.StudyDate, report.StudyTime) == ("20260102", "093000.5")


class TestConformance:
    @pytest.mark.dciodvfy
    @pytest.mark.parametrize("automatic", [False, True])
    @pytest.mark.parametrize("pieces", [ALL_SITES, {}], ids=["all sites", "score 0"])
    def test_no_report_has_an_error(self, tmp_path, dciodvfy, pieces, automatic):
        exam = make_exam(pieces, automatic=automatic)
        seg = write_segmentation(exam, tmp_path / "seg.dcm")
        report = report_of(tmp_path, exam, segmentation=seg)
        assert dciodvfy(report, kind="Comprehensive3DSR") == []
        scores = write_cardiovascular_report(exam, tmp_path / "cv.dcm")
        assert dciodvfy(scores, kind="ComprehensiveSR") == []

    @pytest.mark.dciodvfy
    def test_the_validator_would_find_an_error(self, tmp_path, dciodvfy):
        report = dcmread(report_of(tmp_path, make_exam(CORONARY)))
        del report.CompletionFlag
        report.save_as(tmp_path / "bad.dcm")
        errors = dciodvfy(tmp_path / "bad.dcm", kind="Comprehensive3DSR")
        assert any("CompletionFlag" in line for line in errors)

    def test_dsrdump_prints_the_numbers_and_the_words(self, tmp_path, dsrdump):
        exam = make_exam(automatic=True)
        score = exam.result.score.total
        for path in (
            report_of(tmp_path, exam),
            write_cardiovascular_report(exam, tmp_path / "cv.dcm"),
        ):
            printed = dsrdump(path)
            shown = re.search(r'"Coronary artery calcium score"\)="([^"]+)" \(1,UCUM', printed)[1]
            assert float(shown) == pytest.approx(score.agatston, rel=1e-12)
            for sentence in (RESEARCH_USE, "not checked by a reader", "0.1 to 1234.567890123"):
                assert sentence in printed


class TestRefusals:
    @pytest.mark.parametrize("write", [write_structured_report, write_cardiovascular_report])
    def test_a_scan_without_uids_is_refused(self, tmp_path, write):
        exam = make_exam()
        bare = replace(exam, scan=replace(exam.scan, series=SeriesIdentity()))
        with pytest.raises(InputError, match="this scan has no StudyInstanceUID"):
            write(bare, tmp_path / "sr.dcm")

    def test_a_segmentation_of_another_series_is_refused(self, tmp_path):
        exam = make_exam()
        path = write_segmentation(exam, tmp_path / "seg.dcm")
        series = replace(exam.scan.series, series_instance_uid="2.25.99")
        other = replace(exam, scan=replace(exam.scan, series=series))
        with pytest.raises(
            InputError, match=r"seg.dcm is of series 2\.25\..*, the exam of 2.25.99"
        ):
            report_of(tmp_path, other, segmentation=path)

    def test_what_is_no_segmentation_is_refused(self, tmp_path):
        (tmp_path / "x.dcm").write_bytes(b"no DICOM")
        with pytest.raises(InputError, match=r"x.dcm is not a DICOM Segmentation"):
            report_of(tmp_path, make_exam(), segmentation=tmp_path / "x.dcm")
