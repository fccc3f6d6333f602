"""When a review is advised: each limit from both sides."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corcal.ct.findings import finding
from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability.verdict import SeriesKind, Suitability, Verdict
from corcal.scoring import measure
from corcal.scoring.advice import REVIEW_LIMITS, Advice, review_advice
from corcal.scoring.types import Interval
from corcal.scoring.uncertainty import ScoreUncertainty
from scoring.decisions import decision, detection
from scoring.small_scans import block_scan, voxels_of

SCAN, VOXELS = block_scan([[450] * 20] * 10)  # 4 * 5 mm2 * 10 slices = 200
SCORE = measure(SCAN, VOXELS).score
SHAPE = VOXELS.shape
SURE = {"0": 0.0, "1-100": 0.0, "101-400": 1.0, ">400": 0.0}
CERTAIN = decision(200.0, {"LAD": 1.0})


def judged(verdict, *findings):
    return Suitability(
        kind=SeriesKind.GATED_CALCIUM, verdict=verdict, findings=findings, summary=""
    )


FIT = judged(Verdict.FIT)


def sure_by(categories, high=220.0):
    interval = Interval(low=180.0, high=high, level=0.95)
    return ScoreUncertainty(total=interval, vessels={}, categories=categories)


def reasons(
    *decisions,
    categories=SURE,
    anatomy=(),
    findings=(),
    score=SCORE,
    suitability=FIT,
    second=None,
):
    found = detection(VOXELS, *(decisions or (CERTAIN,)), findings=findings)
    found = replace(found, second_sites=second)
    advice = review_advice(found, anatomy, sure_by(categories), score, suitability)
    assert advice.advised is bool(advice.reasons)
    return advice.reasons


def lad_or_valve(p, agatston=30.0):
    return decision(agatston, {"LAD": p, "aortic_valve": 1.0 - p})


def test_a_score_without_doubt_needs_no_review():
    advice = review_advice(detection(VOXELS, CERTAIN), (), sure_by(SURE), SCORE, FIT)
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


def test_a_doubtful_lesion_that_counts_is_told_with_what_else_it_may_be():
    split = decision(60.0, {"LCX": 0.5, "LAD": 0.07, "mitral_annulus": 0.37, "bone": 0.06})
    [text] = reasons(CERTAIN, split)
    assert text.endswith(
        "is coronary with a probability of 57 %, most likely of the LCX (50 %; LAD 7 %); it is "
        "counted as LCX, and may be mitral annulus (37 %)"
    )


@pytest.mark.parametrize(
    ("chances", "words"),
    [
        ({"LM": 0.54, "LAD": 0.16, "device": 0.3}, "LM (54 %; LAD 16 %)"),
        ({"LM": 0.35, "LCX": 0.2, "LAD": 0.15, "device": 0.3}, "LM (35 %; LCX 20 %)"),
        ({"LM": 0.62, "LAD": 0.08, "device": 0.3}, "LM (62 %; LAD 8 %)"),  # 0.89 of the coronary
        ({"LM": 0.65, "LAD": 0.05, "device": 0.3}, "LM"),
    ],
)
def test_where_the_artery_is_doubtful_the_next_one_is_named(chances, words):
    [text] = reasons(CERTAIN, decision(60.0, chances))
    assert f"most likely of the {words}; it is counted as LM" in text


def test_a_small_lesion_that_moves_the_category_is_large():
    scan, voxels = block_scan([[450] * 20] * 5)  # exactly 100
    score = measure(scan, voxels).score
    categories = {"0": 0.0, "1-100": 0.9, "101-400": 0.1, ">400": 0.0}
    [text] = reasons(
        decision(100.0, {"LAD": 1.0}), lad_or_valve(0.3, 2.0), score=score, categories=categories
    )
    assert text == (
        "a candidate of 2.0 Agatston units in slice 0 (from 0 at the feet), at column 0, row 0, "
        "is coronary with a probability of 30 %, most likely of the LAD; it is taken for aortic "
        "valve"
    )


@pytest.mark.parametrize(
    ("agatston", "words"),
    [
        (
            200.04,
            "a lesion of 200.0 Agatston units in slice 0 (from 0 at the feet), found as L1, ",
        ),
        (
            97.3,
            "a piece of 97.3 Agatston units in slice 0 (from 0 at the feet), "
            "of the 200.0 found as L1, ",
        ),
        (
            209.1,
            "a candidate of 209.1 Agatston units in slice 0 (from 0 at the feet), "
            "200.0 of it found as L1, ",
        ),
    ],
)
def test_a_reason_names_the_lesion_of_the_exam_that_it_is_about(agatston, words):
    [lesion] = measure(SCAN, VOXELS).lesions
    found = detection(VOXELS, lad_or_valve(0.7, agatston))
    anywhere = review_advice(found, (), sure_by(SURE), SCORE, FIT, lesions={1: lesion})
    assert "L1" not in anywhere.reasons[0]
    there = review_advice(found, (), sure_by(SURE), SCORE, FIT, lesions={0: lesion})
    assert there.reasons[0].startswith(words)


@pytest.mark.parametrize(("p", "advised"), [(0.79, True), (0.80, False)])
def test_a_category_needs_its_probability(p, advised):
    found = reasons(categories={"0": 0.0, "1-100": 0.0, "101-400": p, ">400": 1.0 - p})
    assert bool(found) is advised
    assert not advised or found == ("the category is uncertain: 101-400 with 79 %, >400 with 21 %",)


@pytest.mark.parametrize(("p", "advised"), [(0.89, True), (0.90, False)])
def test_a_zero_needs_more(p, advised):
    score = measure(SCAN, voxels_of(np.zeros(SCAN.shape))).score
    found = review_advice(
        detection(VOXELS),
        (),
        sure_by({"0": p, "1-100": 1.0 - p, "101-400": 0.0, ">400": 0.0}, high=12.0),
        score,
        FIT,
    ).reasons
    assert bool(found) is advised
    assert not advised or found == (
        "the score is 0, but the true score is 1 or more with a probability of 11 % "
        "(95 % interval up to 12)",
    )


def test_warnings_about_anatomy_and_devices_are_reasons_and_information_is_none():
    warning = finding("HEART_CUT_ABOVE", "the scan ends in the heart")
    information = Finding(code="DOSE", severity=Severity.INFO, message="the dose is 1 mGy")
    stent = Finding(code="X", severity=Severity.WARNING, message="a stent is not scoreable")
    assert reasons(anatomy=(warning, information), findings=(stent, information)) == (
        "the detection warns: a stent is not scoreable",
        "the anatomy is in doubt: the scan ends in the heart",
    )


def of_rules(*sites, agatston=(200.0,), probabilities=({"LAD": 1.0},)):
    """Reasons where a second detector takes the candidates for these sites."""
    both = enumerate(zip(agatston, probabilities, strict=True))
    return reasons(*(decision(a, p, voxel=k) for k, (a, p) in both), second=sites)


VALVE = {"aortic_valve": 0.95, "LAD": 0.05}


@pytest.mark.parametrize(("other", "advised"), [(22.0, False), (23.0, True)])
def test_two_detectors_disagree_beyond_a_tenth(other, advised):
    # 22 / 222 = 9.9 %, 23 / 223 = 10.3 %
    found = of_rules("LAD", "RCA", agatston=(200.0, other), probabilities=({"LAD": 1.0}, VALVE))
    assert bool(found) is advised


@pytest.mark.parametrize(("second", "advised"), [("LAD", False), ("RCA", False), ("bone", True)])
def test_which_artery_a_second_detector_names_moves_no_total(second, advised):
    assert bool(of_rules(second)) is advised


@pytest.mark.parametrize(
    ("one", "other", "advised"), [(8.0, 4.9, False), (8.0, 5.1, True), (0.0, 1.0, True)]
)
def test_small_totals_may_differ_by_five_but_not_in_being_zero(one, other, advised):
    sites = ("LAD", "LAD") if one else ("aortic_valve", "LAD")
    found = of_rules(*sites, agatston=(one, other), probabilities=({"LAD": 1.0}, VALVE))
    assert bool(found) is advised


NO_SCORE = measure(SCAN, voxels_of(np.zeros(SCAN.shape))).score
ZERO = {"0": 0.95, "1-100": 0.05, "101-400": 0.0, ">400": 0.0}


def test_a_zero_names_likely_calcium_that_is_too_small_to_count():
    at = [int(np.ravel_multi_index((2, 1, column), SHAPE)) for column in range(4)]
    small = [decision(0.0, {"LAD": 0.94, "noise": 0.06}, voxel=voxel) for voxel in at]
    first = "slice 2 (from 0 at the feet), at column 0, row 1 (LAD; coronary with 94 %)"
    one, of_four = (
        review_advice(detection(VOXELS, *some), (), sure_by(ZERO), NO_SCORE, FIT)
        for some in (small[:1], small)
    )
    start = "the score is 0, but likely coronary calcium is too small to count: "
    assert one.reasons == (start + first,)
    assert [(each.site, each.agatston) for each in one.contested] == [("LAD", 0.0)]
    [told] = of_four.reasons
    assert told.startswith(f"{start}{first}; slice 2, at column 1, row 1 (LAD")
    assert told.endswith("at column 2, row 1 (LAD; coronary with 94 %); and 1 more")
    assert len(of_four.contested) == 4


def test_what_is_too_small_is_no_reason_beside_a_score_nor_where_it_is_not_coronary():
    lad, aorta = (decision(0.0, {site: 0.94}, voxel=3) for site in ("LAD", "ascending_aorta"))
    assert reasons(CERTAIN, lad) == ()
    assert reasons(aorta, categories=ZERO, score=NO_SCORE) == ()


@pytest.mark.parametrize(("agatston", "advised"), [(99.9, False), (100.0, True)])
def test_noise_that_is_too_large_for_a_speck_is_named(agatston, advised):
    noise = decision(agatston, {"noise": 1.0}, voxel=7)
    advice = review_advice(detection(VOXELS, CERTAIN, noise), (), sure_by(SURE), SCORE, FIT)
    assert advice.advised is advised
    assert [one.site for one in advice.contested] == ["noise"] * advised
    bone = decision(agatston, {"bone": 1.0}, voxel=7)
    assert reasons(CERTAIN, bone) == ()


def test_of_large_noise_the_largest_is_named_and_the_others_counted():
    noise = [decision(size, {"noise": 1.0}, voxel=7) for size in (4000.0, 300.0)]
    (reason,) = reasons(CERTAIN, *noise)
    assert reason == (
        "a candidate of 4000.0 Agatston units in slice 0 (from 0 at the feet), at column 7, row 0, "
        "is taken for noise or an artefact (coronary with 0 %), and 1 more like it: calcium that "
        "lies in it is not counted"
    )


def test_without_a_second_detector_nothing_is_compared():
    assert reasons(second=None) == ()


def test_a_difference_names_its_candidates_and_where_they_lie():
    [lesion] = measure(SCAN, VOXELS).lesions
    row, column = SHAPE[1] - 1, SHAPE[2] - 2
    at = int(np.ravel_multi_index((2, row, column), SHAPE))
    noise = decision(50.0, {"noise": 0.9, "LAD": 0.1}, voxel=at)
    found = detection(VOXELS, decision(200.0, {"LAD": 0.93, "bone": 0.07}), noise)
    found = replace(found, second_sites=("aortic_valve", "RCA"))
    advice = review_advice(found, (), sure_by(SURE), SCORE, FIT, lesions={0: lesion})
    assert advice.reasons == (
        "a second detector, of rules, gives 50.0 Agatston units instead of 200.0: it leaves out a "
        "lesion of 200.0 Agatston units in slice 0 (from 0 at the feet), found as L1, here LAD "
        "(93 %), there aortic valve; it also counts a candidate of 50.0 Agatston units in slice 2, "
        f"at column {column}, row {row}, here noise (90 %), there RCA",
    )


def test_of_many_candidates_the_largest_three_are_named_and_the_others_counted():
    sizes = (90.0, 80.0, 70.0, 20.0, 10.5)
    found = of_rules(*("LAD",) * 5, agatston=sizes, probabilities=(VALVE,) * 5)
    assert [f"{size:.1f} Agatston units in" in found[0] for size in sizes] == [True] * 3 + [
        False
    ] * 2
    assert found[0].endswith("; and 2 more (30.5 together)")


def test_what_a_reason_is_about_is_recorded_whatever_it_was_taken_for():
    [lesion] = measure(SCAN, VOXELS).lesions
    noise = replace(decision(50.0, {"noise": 0.9, "LAD": 0.1}, voxel=7), slices=(0, 1))
    small = decision(0.5, {"noise": 0.9, "LAD": 0.1}, voxel=9)
    found = detection(VOXELS, lad_or_valve(0.7, 200.0), noise, small)
    found = replace(found, second_sites=("LAD", "RCA", "noise"))
    advice = review_advice(found, (), sure_by(SURE), SCORE, FIT, lesions={0: lesion})
    told = [(one.lesion, one.site, one.second_site, one.slices) for one in advice.contested]
    assert told == [("L1", "LAD", "LAD", (0,)), (None, "noise", "RCA", (0, 1))]
    assert advice.contested[1].agatston == 50.0
    assert advice.contested[1].probabilities == {"noise": 0.9, "LAD": 0.1}


def test_no_more_than_twenty_candidates_are_recorded():
    many = [decision(50.0 - k, VALVE, voxel=k) for k in range(21)]
    found = replace(detection(VOXELS, *many), second_sites=("LAD",) * 21)
    advice = review_advice(found, (), sure_by(SURE), SCORE, FIT)
    assert [one.agatston for one in advice.contested] == [50.0 - k for k in range(20)]


def test_pieces_of_one_streak_are_named_as_one_candidate():
    streak = [
        replace(decision(score, {"noise": 1.0}, voxel=voxel), slices=(voxel,), split_from=3)
        for score, voxel in ((40.0, 1), (20.0, 0))
    ]
    other = replace(decision(30.0, {"noise": 1.0}, voxel=5), slices=(1,))
    found = replace(detection(VOXELS, streak[0], other, streak[1]), second_sites=("LCX",) * 3)
    (reason,) = review_advice(found, (), sure_by(ZERO), NO_SCORE, FIT).reasons
    assert reason.count("a candidate of") == 2
    assert "a candidate of 60.0 Agatston units in slices 0" in reason
    assert "a candidate of 30.0 Agatston units in slice 1" in reason
    assert "40.0" not in reason


def test_a_rule_for_another_tube_voltage_is_a_reason_and_an_offer_is_none():
    wrong = finding("RULE_NOT_FOR_KVP", "the rule kvp80 is not for this scan")
    offer = finding("KVP_RULE_OFFERED", "the rule kvp100 is shown beside it")
    found = detection(VOXELS, CERTAIN)
    advice = review_advice(found, (), sure_by(SURE), SCORE, FIT, measured=(offer, wrong))
    assert advice.reasons == (wrong.message,)
    assert not review_advice(found, (), sure_by(SURE), SCORE, FIT, measured=(offer,)).advised


def test_a_scan_that_is_not_fit_without_reserve_is_a_reason_with_its_causes():
    gating = finding("NOT_GATED", "not ECG-gated (no sign of gating): motion blurs")
    thick = finding("SLICES_THICK", "the slices are 5 mm thick, not 2.5 to 3 mm: calcium is lost")
    said = "the series 2 was chosen; the others: 3 and 4"
    chosen = Finding(code="CHOSEN", severity=Severity.WARNING, message=said)
    assert reasons(suitability=judged(Verdict.CAUTION, chosen)) == (
        "the scan is not ideal: the series 2 was chosen",
    )
    dose = Finding(code="DOSE", severity=Severity.INFO, message="the dose is 1 mGy")
    assert reasons(suitability=judged(Verdict.CAUTION, gating, thick, dose)) == (
        "the scan is not ideal: not ECG-gated (no sign of gating); the slices are 5 mm thick, not "
        "2.5 to 3 mm",
    )
    [all_of_five] = reasons(suitability=judged(Verdict.CAUTION, *(thick,) * 5))
    assert all_of_five.count("5 mm thick") == 5  # none is hidden behind a count
    contrast = Finding(code="CONTRAST", severity=Severity.ERROR, message="contrast agent is in it")
    assert reasons(suitability=judged(Verdict.UNFIT, thick, contrast)) == (
        "the scan is not fit for calcium scoring: contrast agent is in it",
    )


def test_reasons_of_candidates_come_before_the_category_and_that_before_the_scan():
    warning = finding("HEART_CUT_ABOVE", "the scan ends in the heart")
    starts = reasons(
        CERTAIN,
        lad_or_valve(0.5),
        second=("bone", "aortic_valve"),
        categories={"0": 0.0, "1-100": 0.5, "101-400": 0.5, ">400": 0.0},
        anatomy=(warning,),
        suitability=judged(Verdict.CAUTION),
    )
    assert [each.split()[1] for each in starts] == [
        "candidate",
        "second",
        "category",
        "anatomy",
        "scan",
    ]


def test_the_documentation_has_every_limit():
    page = Path(__file__).parents[2] / "docs" / "uncertainty.md"
    rows = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| `")]
    wanted = [f"| `{x.name}` | {x.value:g} | {x.meaning} |" for x in REVIEW_LIMITS.values()]
    assert rows == wanted
