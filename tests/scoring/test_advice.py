"""When a review is advised: each limit from both sides."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability.verdict import Verdict
from corcal.scoring import measure
from corcal.scoring.advice import REVIEW_LIMITS, Advice, review_advice
from corcal.scoring.types import Interval
from corcal.scoring.uncertainty import ScoreUncertainty
from scoring.decisions import decision, detection
from scoring.small_scans import block_scan, voxels_of

SCAN, VOXELS = block_scan([[450] * 20] * 10)  # 4 * 5 mm2 * 10 slices = 200
SCORE = measure(SCAN, VOXELS).score
SURE = {"0": 0.0, "1-100": 0.0, "101-400": 1.0, ">400": 0.0}
CERTAIN = decision(200.0, {"LAD": 1.0})


def sure_by(categories, high=220.0):
    interval = Interval(low=180.0, high=high, level=0.95)
    return ScoreUncertainty(total=interval, vessels={}, categories=categories)


def reasons(
    *decisions,
    categories=SURE,
    anatomy=(),
    findings=(),
    score=SCORE,
    verdict=Verdict.FIT,
    second=None,
):
    found = detection(VOXELS, *(decisions or (CERTAIN,)), findings=findings)
    found = replace(found, second_agatston=second)
    advice = review_advice(found, anatomy, sure_by(categories), score, verdict)
    assert advice.advised is bool(advice.reasons)
    return advice.reasons


def lad_or_valve(p, agatston=30.0):
    return decision(agatston, {"LAD": p, "aortic_valve": 1.0 - p})


def test_a_score_without_doubt_needs_no_review():
    advice = review_advice(detection(VOXELS, CERTAIN), (), sure_by(SURE), SCORE, Verdict.FIT)
    assert advice == Advice(advised=False, reasons=())


@pytest.mark.parametrize(
    ("p", "advised"), [(0.14, False), (0.15, True), (0.5, True), (0.85, True), (0.86, False)]
)
def test_a_large_lesion_is_doubtful_between_two_probabilities(p, advised):
    assert bool(reasons(CERTAIN, lad_or_valve(p))) is advised


@pytest.mark.parametrize(("agatston", "advised"), [(22.0, False), (22.5, True)])
def test_a_lesion_outside_of_the_total_is_large_from_a_tenth_of_the_total_with_it(
    agatston, advised
):
    # 22 / 222 = 9.9 %, 22.5 / 222.5 = 10.1 %.
    assert bool(reasons(CERTAIN, lad_or_valve(0.3, agatston))) is advised


@pytest.mark.parametrize(("agatston", "advised"), [(20.0, False), (20.1, True)])
def test_a_lesion_inside_of_the_total_is_large_from_a_tenth_of_it(agatston, advised):
    assert bool(reasons(CERTAIN, lad_or_valve(0.7, agatston))) is advised


def test_a_small_lesion_that_moves_the_category_is_large():
    scan, voxels = block_scan([[450] * 20] * 5)  # exactly 100
    score = measure(scan, voxels).score
    categories = {"0": 0.0, "1-100": 0.9, "101-400": 0.1, ">400": 0.0}
    [text] = reasons(
        decision(100.0, {"LAD": 1.0}), lad_or_valve(0.3, 2.0), score=score, categories=categories
    )
    assert text == (
        "a lesion of 2.0 Agatston units in slice 0 (from 0 at the feet) is coronary with a "
        "probability of 30 %, most likely of the LAD; it is counted as aortic valve"
    )


@pytest.mark.parametrize(
    ("agatston", "words"),
    [
        (
            200.04,
            "a lesion of 200.0 Agatston units in slices 0 to 9 (from 0 at the feet), found as L1, ",
        ),
        (
            97.3,
            "a piece of 97.3 Agatston units in slice 0 (from 0 at the feet), "
            "of the 200.0 found as L1, ",
        ),
    ],
)
def test_a_reason_names_the_lesion_of_the_exam_that_it_is_about(agatston, words):
    [lesion] = measure(SCAN, VOXELS).lesions
    found = detection(VOXELS, lad_or_valve(0.7, agatston))
    anywhere = review_advice(found, (), sure_by(SURE), SCORE, Verdict.FIT, lesions={1: lesion})
    assert "L1" not in anywhere.reasons[0]
    there = review_advice(found, (), sure_by(SURE), SCORE, Verdict.FIT, lesions={0: lesion})
    assert there.reasons[0].startswith(words)


@pytest.mark.parametrize(("p", "advised"), [(0.79, True), (0.80, False)])
def test_a_category_needs_its_probability(p, advised):
    found = reasons(categories={"0": 0.0, "1-100": 0.0, "101-400": p, ">400": 1.0 - p})
    assert bool(found) is advised
    assert not advised or found == ("the category 101-400 has a probability of 79 % only",)


@pytest.mark.parametrize(("p", "advised"), [(0.89, True), (0.90, False)])
def test_a_zero_needs_more(p, advised):
    score = measure(SCAN, voxels_of(np.zeros(SCAN.shape))).score
    found = review_advice(
        detection(VOXELS),
        (),
        sure_by({"0": p, "1-100": 1.0 - p, "101-400": 0.0, ">400": 0.0}, high=12.0),
        score,
        Verdict.FIT,
    ).reasons
    assert bool(found) is advised
    assert not advised or found == (
        "the score is 0, but some coronary calcium is there with a probability of 11 % "
        "(95 % interval up to 12)",
    )


def test_warnings_about_anatomy_and_devices_are_reasons_and_information_is_none():
    warning = finding("HEART_CUT_ABOVE", "the scan ends in the heart")
    information = Finding(code="DOSE", severity=Severity.INFO, message="the dose is 1 mGy")
    stent = Finding(code="X", severity=Severity.WARNING, message="a stent is not scoreable")
    assert reasons(anatomy=(warning, information), findings=(stent, information)) == (
        "the anatomy is in doubt: the scan ends in the heart",
        "the detection warns: a stent is not scoreable",
    )


@pytest.mark.parametrize(
    ("other", "advised"),
    [(200.0, False), (181.0, False), (179.0, True), (223.0, True), (0.0, True)],
)
def test_two_detectors_disagree_beyond_a_tenth(other, advised):
    assert bool(reasons(second=other)) is advised


@pytest.mark.parametrize(
    ("one", "other", "advised"), [(8.0, 3.1, False), (8.0, 2.9, True), (0.0, 1.0, True)]
)
def test_small_totals_may_differ_by_five_but_not_in_being_zero(one, other, advised):
    assert bool(reasons(decision(one, {"RCA": 1.0}), second=other)) is advised


def test_without_a_second_detector_nothing_is_compared():
    assert reasons(second=None) == ()


def test_a_scan_that_is_not_fit_without_reserve_is_a_reason():
    assert reasons(verdict=Verdict.CAUTION) == (
        "the scan can be scored, and must be read with care",
    )
    assert reasons(verdict=Verdict.UNFIT) == ("the scan is not fit for calcium scoring",)


def test_the_documentation_has_every_limit():
    page = Path(__file__).parents[2] / "docs" / "uncertainty.md"
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| `")]
    wanted = [f"| `{x.name}` | {x.value:g} | {x.meaning} |" for x in REVIEW_LIMITS.values()]
    assert rows == wanted
