"""The straight line, with marks and without, and what it refuses."""

import json
import os
from dataclasses import dataclass, replace

import numpy as np
import pytest

from annotations.annotation_maker import make_scan, osirix_list, three_lesions, write_plist
from corcal.ct.findings import finding
from corcal.ct.scan import Patient, Severity
from corcal.ct.suitability import SeriesKind, Suitability, Verdict
from corcal.ct.suitability.verdict import verdict_of
from corcal.errors import InputError
from corcal.lesions.sites import Site
from corcal.lesions.voxels import SiteVoxels
from corcal.pipeline import Options, score_path, score_scan
from corcal.result import SCHEMA_VERSION, result_from_json, result_json
from corcal.scoring.measure import measure
from corcal.scoring.rules import DEFAULT_RULE
from report.automatic_scan import Dense, make_anatomy, with_dense
from true_detection import automatic_of


@dataclass(frozen=True)
class Expected:
    """Agatston score of each vessel by the textbook rule."""

    LM: float = 0.0
    LAD: float = 0.0
    LCX: float = 0.0
    RCA: float = 0.0


# Computed apart from corcal: pixels whose centre is strictly inside a polygon (matplotlib's
# Path.contains_points), grouped by scikit-image's label, 8-connected; the mean and maximum HU of
# every region so found equal those that the viewer stored in the file.
COCA = {
    "0": Expected(RCA=5.8567),
    "1": Expected(LM=18.026, LAD=268.62, LCX=6.1548, RCA=74.590),
    "2": Expected(LAD=78.691, LCX=32.935),
}


@pytest.mark.shared
@pytest.mark.parametrize("case", COCA)
def test_an_annotated_gated_scan_has_the_score_of_an_independent_reading(shared_dir, case):
    folder = shared_dir / "data" / "coca-gated" / case
    result = score_path(folder / "dicom", Options(annotations=folder / "calcium.xml")).result
    got = {name: score.agatston for name, score in result.score.vessels.items()}
    expected = {name: getattr(COCA[case], name) for name in got}
    assert got == pytest.approx(expected, rel=1e-4)
    assert result.score.total.agatston == pytest.approx(sum(expected.values()), rel=1e-4)
    assert result.suitability.kind == "gated_calcium"
    assert result_from_json(result_json(result).encode(), name="it") == result
    assert sum(lesion.agatston for lesion in result.lesions) == pytest.approx(
        result.score.total.agatston
    )


@pytest.mark.shared
def test_the_same_input_gives_the_same_record(shared_dir):
    folder = shared_dir / "data" / "coca-gated" / "2"
    options = Options(annotations=folder / "calcium.xml")
    records = [json.loads(result_json(score_path(folder, options).result)) for _ in range(2)]
    for record in records:
        del record["provenance"]["created"]
    assert records[0] == records[1]


@pytest.mark.shared
def test_an_annotation_of_another_scan_is_refused(shared_dir):
    data = shared_dir / "data" / "coca-gated"
    with pytest.raises(InputError, match="does not belong to this scan"):
        score_path(data / "0" / "dicom", Options(annotations=data / "1" / "calcium.xml"))


@pytest.mark.shared
def test_a_scan_cropped_around_its_calcium_has_the_same_score(shared_dir):
    folder = shared_dir / "data" / "coca-gated" / "2"
    exam = score_path(folder / "dicom", Options(annotations=folder / "calcium.xml"))
    z0, y0, x0 = 5, 100, 60
    hu = exam.scan.hu[z0:, y0:480, x0:470].copy()
    affine = exam.scan.affine_lps.copy()
    affine[:3, 3] = exam.scan.to_patient_mm(np.array([[z0, y0, x0]]))[0]
    cropped = replace(exam.scan, hu=hu, affine_lps=affine, slices=exam.scan.slices[z0:])
    z, y, x = np.unravel_index(exam.voxels.index, exam.voxels.shape)
    index = np.ravel_multi_index((z - z0, y - y0, x - x0), hu.shape)
    voxels = SiteVoxels(shape=hu.shape, index=index, site=exam.voxels.site)
    part, whole = measure(cropped, voxels), exam.result
    assert part.score.total.agatston == pytest.approx(whole.score.total.agatston)
    assert part.score.vessels["LAD"].mass_mg == pytest.approx(whole.score.vessels["LAD"].mass_mg)
    assert part.lesions[0].centroid_mm == pytest.approx(whole.lesions[0].centroid_mm)


def never(*_, **__):
    msg = "nothing is to be looked for where a person has marked"
    raise ZeroDivisionError(msg)


def test_marks_stand_in_the_place_of_detection_and_carry_no_certainty(tmp_path, monkeypatch):
    monkeypatch.setattr("corcal.pipeline.find_calcium", never)
    scan = make_scan()
    path = tmp_path / "marks.xml"
    write_plist(path, osirix_list(three_lesions(), scan))
    exam = score_scan(scan, Options(annotations=path, force=True))
    result = exam.result
    assert result.provenance.method == "annotation"
    assert (exam.anatomy, exam.detection, result.review) == (None, None, None)
    assert result.score.total.interval is None
    assert result.score.category_probabilities is None
    assert all(lesion.probabilities is None and not lesion.why for lesion in result.lesions)
    assert (result.provenance.model, result.provenance.detector) == (None, None)


def test_without_marks_the_same_scan_gives_the_same_record(monkeypatch):
    _, scan, detection = with_dense([Dense(site=Site.LAD, at=(10, 60, 60))])
    found = automatic_of(scan, detection.voxels, make_anatomy())
    monkeypatch.setattr("corcal.pipeline.find_calcium", lambda *_, **__: found)
    records = [json.loads(result_json(score_scan(scan, Options(force=True)).result)) for _ in "ab"]
    for record in records:
        del record["provenance"]["created"]
    assert records[0] == records[1]
    assert records[0]["schema_version"] == SCHEMA_VERSION


def test_an_automatic_exam_counts_what_was_found_outside_the_arteries_apart(monkeypatch):
    _, scan, detection = with_dense(
        [
            Dense(site=Site.LAD, at=(10, 60, 60)),  # 9 mm2 of weight 4: 36
            Dense(site=Site.AORTIC_VALVE, at=(15, 40, 40), size=5),  # 25 mm2 of weight 4: 100
        ]
    )
    found = automatic_of(scan, detection.voxels, make_anatomy())
    monkeypatch.setattr("corcal.pipeline.find_calcium", lambda *_, **__: found)
    score = score_scan(scan, Options(force=True)).result.score
    assert score.total.agatston == pytest.approx(36.0)
    assert score.other_sites["aortic_valve"].agatston == pytest.approx(100.0)
    assert score.total.lesion_count == 1


# The verdict of a record is that of all of its findings

FIT = Suitability(
    kind=SeriesKind.GATED_CALCIUM,
    verdict=Verdict.FIT,
    findings=(finding("VOXELS_MEASURED", "blood pool 45 HU"),),
    summary="",
)
UNFIT = replace(FIT, verdict=Verdict.UNFIT, findings=(finding("NOT_HEART", "no heart"),))
CUT = finding("HEART_CUT", "the scan cuts the heart")
METAL = finding("DEVICE_PRESENT", "metal near the heart")


def scored(monkeypatch, *, judged=FIT, anatomy=(), detection=(), rule=DEFAULT_RULE):
    """The record of a scan of 120 kVp, found automatically with these findings."""
    _, scan, true = with_dense([Dense(site=Site.LAD, at=(10, 60, 60))])
    scan = replace(scan, acquisition=replace(scan.acquisition, kvp=120.0))
    found = automatic_of(scan, true.voxels, replace(make_anatomy(), findings=anatomy))
    found = replace(found, detection=replace(found.detection, findings=detection))
    monkeypatch.setattr("corcal.pipeline.find_calcium", lambda *_, **__: found)
    return score_scan(scan, Options(force=True, rule=rule), suitability=judged).result


@pytest.mark.parametrize(
    ("later", "judged", "expected"),
    [
        ({}, FIT, "fit"),
        ({"anatomy": (replace(CUT, severity=Severity.INFO),)}, FIT, "fit"),
        ({"anatomy": (CUT,)}, FIT, "caution"),
        ({"anatomy": (finding("ANATOMY_IMPLAUSIBLE", "a heart of 97 mL"),)}, FIT, "caution"),
        ({"detection": (METAL,)}, FIT, "caution"),
        ({"rule": "kvp80"}, FIT, "caution"),
        ({}, UNFIT, "unfit"),
        ({"detection": (METAL,)}, UNFIT, "unfit"),
    ],
)
def test_what_is_found_while_scoring_belongs_to_the_verdict(monkeypatch, later, judged, expected):
    record = scored(monkeypatch, judged=judged, **later).suitability
    assert record.verdict == expected == verdict_of(record.findings)


def test_the_gravest_finding_stands_first_in_the_record(monkeypatch):
    record = scored(monkeypatch, anatomy=(CUT,), detection=(METAL,)).suitability
    first = [one.code for one in record.findings][:3]
    assert first == ["HEART_CUT", "DEVICE_PRESENT", "VOXELS_MEASURED"]


def test_a_doubt_of_the_anatomy_or_the_detection_is_a_reason_of_its_own_and_told_once(monkeypatch):
    reasons = scored(monkeypatch, anatomy=(CUT,), detection=(METAL,)).review.reasons
    assert sum("cuts the heart" in reason for reason in reasons) == 1
    assert sum("metal near the heart" in reason for reason in reasons) == 1
    assert not any("not ideal" in reason for reason in reasons)


def test_a_rule_for_another_tube_voltage_is_a_reason_to_review(monkeypatch):
    review = scored(monkeypatch, rule="kvp80").review
    assert review.advised
    assert review.reasons[-1] == (
        "the rule kvp80 is not for this scan: its tube voltage is 120 kVp"
    )


def test_marks_that_are_warned_of_make_the_verdict_caution(tmp_path):
    scan = make_scan()
    path = tmp_path / "marks.xml"
    write_plist(path, osirix_list([], scan))
    result = score_scan(scan, Options(annotations=path), suitability=FIT).result
    assert "ANNOTATION_EMPTY" in {one.code for one in result.suitability.findings}
    assert result.suitability.verdict == "caution"


def test_headers_that_stand_for_nothing_are_not_kept_and_the_record_is_read_back(tmp_path):
    scan = make_scan()
    write_plist(tmp_path / "marks.xml", osirix_list(three_lesions(), scan))
    odd = replace(
        scan,
        acquisition=replace(
            scan.acquisition, kvp=1e300, slice_thickness_mm=-3.0, date="9999-12-31"
        ),
        patient=Patient(patient_id="P", age_years=8000.0, birth_date="1950-01-02"),
    )
    result = score_scan(odd, Options(annotations=tmp_path / "marks.xml", force=True)).result
    kept = result_from_json(result_json(result).encode(), name="it").scan
    assert (kept.kvp, kept.slice_thickness_mm, kept.date) == (None, None, None)
    assert kept.patient == Patient(patient_id="P", birth_date="1950-01-02")


def test_an_annotation_whose_name_is_no_utf8_text_is_recorded_as_text(tmp_path):
    scan = make_scan()
    path = tmp_path / os.fsdecode(b"a\xff.xml")
    write_plist(path, osirix_list(three_lesions(), scan))
    exam = score_scan(scan, Options(annotations=path, force=True))
    assert json.loads(result_json(exam.result))["provenance"]["annotation"]["source"] == "a?.xml"
    result_json(exam.result).encode()
