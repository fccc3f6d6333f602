"""From a result to the numbers of a comparison."""

from dataclasses import replace
from datetime import date

import pytest

from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability import SeriesKind, Verdict
from corcal.errors import InputError
from corcal.exam_numbers import exam_numbers, gating, has_device, is_fit
from corcal.followup.types import Range
from result_maker import make_automatic_result, make_result


def test_everything_that_a_comparison_needs_is_taken():
    found = exam_numbers(make_automatic_result(), bmi=24.0, takes_statin=False)
    assert found.date == date(2026, 1, 2)
    assert (found.agatston, found.volume_mm3, found.mass_mg) == (14.0, 12.0, 3.5)
    assert found.vessels == {"LM": 0.0, "LAD": 14.0, "LCX": 0.0, "RCA": 0.0}
    assert found.interval == Range(low=8.5, high=25.0, level=0.95)
    assert found.vessel_intervals["RCA"] == Range(low=0.0, high=3.0, level=0.95)
    assert (found.kvp, found.slice_thickness_mm, found.increment_mm) == (120.0, 3.0, 3.0)
    assert (found.kernel, found.manufacturer, found.model_name) == ("MEDIUM", "corcal", "phantom")
    assert (found.rule, found.is_gated, found.is_automatic) == ("textbook", True, True)
    assert (found.is_fit, found.has_device) == (True, False)
    assert (found.name, found.sex, found.age_years) == ("Simulated^Patient", "F", 61.0)
    assert (found.patient_key, found.series_key) == ("SIM-1", "2.25.2")
    assert (found.takes_statin, found.bmi) == (False, 24.0)


def test_a_marked_exam_has_no_intervals():
    found = exam_numbers(make_result())
    assert found.interval is None
    assert found.vessel_intervals == {}
    assert found.is_automatic is False


@pytest.mark.parametrize("written", [None, "", "2026", "02.01.2026"])
def test_a_date_that_is_none_is_not_made_up(written):
    result = make_result()
    result = replace(result, scan=replace(result.scan, date=written))
    assert exam_numbers(result).date is None
    assert exam_numbers(result, day=date(2025, 5, 5)).date == date(2025, 5, 5)


def test_a_date_beside_the_one_of_the_record_is_refused():
    result = make_result()
    with pytest.raises(InputError, match="the record has the date 2026-01-02, and 1990-01-01 was"):
        exam_numbers(result, day=date(1990, 1, 1))
    assert exam_numbers(result, day=date(2026, 1, 2)).date == date(2026, 1, 2)


@pytest.mark.parametrize(
    ("kind", "verdict", "expected"),
    [
        (SeriesKind.GATED_CALCIUM, Verdict.FIT, True),
        (SeriesKind.CHEST_NONCONTRAST, Verdict.CAUTION, True),
        (SeriesKind.UNKNOWN, Verdict.CAUTION, True),
        (SeriesKind.GATED_CALCIUM, Verdict.UNFIT, False),
        (SeriesKind.CONTRAST_CT, Verdict.CAUTION, False),
        (SeriesKind.PHANTOM, Verdict.FIT, False),
        (SeriesKind.NOT_HEART, Verdict.CAUTION, False),
    ],
)
def test_a_scan_is_fit_if_it_is_one_of_the_heart_without_an_error(kind, verdict, expected):
    result = make_result()
    judged = replace(result.suitability, kind=kind, verdict=verdict)
    assert is_fit(replace(result, suitability=judged)) is expected


def test_metal_is_a_site_or_a_finding():
    result = make_result()
    assert not has_device(result)
    sites = {"device": result.score.vessels["LAD"]}
    assert has_device(replace(result, score=replace(result.score, other_sites=sites)))
    found = Finding(code="DEVICE_PRESENT", severity=Severity.WARNING, message="a lead")
    judged = replace(result.suitability, findings=(found,))
    assert has_device(replace(result, suitability=judged))


@pytest.mark.parametrize(
    ("tag", "kind", "expected"),
    [
        (True, SeriesKind.UNKNOWN, True),
        (None, SeriesKind.GATED_CALCIUM, True),
        (None, SeriesKind.UNKNOWN, None),
        (None, SeriesKind.CHEST_NONCONTRAST, False),
        (True, SeriesKind.CHEST_NONCONTRAST, False),
        (False, SeriesKind.GATED_CALCIUM, False),
    ],
)
def test_gating_is_what_tags_prove_or_the_series_was_judged_to_be(tag, kind, expected):
    result = make_result()
    result = replace(
        result,
        scan=replace(result.scan, is_gated=tag),
        suitability=replace(result.suitability, kind=kind),
    )
    assert gating(result) is expected
