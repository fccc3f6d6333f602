"""A whole study: rows, statistics, failures."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from corcal.annotations.write import write_label_volume
from corcal.errors import UnfitError
from corcal.evaluate.agreement.cases import Case
from corcal.evaluate.agreement.records import AgatstonScores, AgreementReport
from corcal.evaluate.agreement.study import (
    ExamPair,
    Reference,
    compare_exam,
    evaluate_cases,
    evaluate_exams,
    failed_scan,
)
from corcal.evaluate.agreement.summary import summarise
from corcal.lesions import Site
from corcal.scoring.types import Interval
from evaluate.agreement.study_maker import blocks, exam_of, row_of

LAD, LCX, RCA = Site.LAD, Site.LCX, Site.RCA
FOUND = (0, slice(1, 9), 150, LAD)  # 2 Agatston
MISSED = (0, slice(11, 15), 250, RCA)  # 2 Agatston
FALSE = (0, slice(17, 21), 150, LCX)  # 1 Agatston


def pair_of(name="a", *, scores=None, patient=None, **stated):
    """Give an exam of 3 Agatston whose reference has 4: one lesion in common."""
    scan, everything = blocks(FOUND, MISSED, FALSE)
    marks = {part[3]: blocks(part)[1].index for part in (FOUND, MISSED, FALSE)}
    true = _of(everything, marks[LAD], marks[RCA])
    found = _of(everything, marks[LAD], marks[LCX])
    return ExamPair(
        name=name,
        patient=patient,
        exam=exam_of(scan, found, **stated),
        reference=Reference(voxels=true, scores=scores),
    )


def _of(voxels, *indices):
    kept = np.isin(voxels.index, np.concatenate(indices))
    return type(voxels)(shape=voxels.shape, index=voxels.index[kept], site=voxels.site[kept])


def test_a_row_has_both_scores_by_the_same_rule():
    row = compare_exam(pair_of())
    assert row.reference == AgatstonScores(total=4, vessels={"LM": 0, "LAD": 2, "LCX": 0, "RCA": 2})
    assert row.automatic == AgatstonScores(total=3, vessels={"LM": 0, "LAD": 2, "LCX": 1, "RCA": 0})
    assert (row.reference_category, row.automatic_category) == ("1-100", "1-100")
    assert [one.is_found for one in row.match.reference] == [True, False]
    assert [one.agatston for one in row.match.false] == [1.0]
    assert (row.patient, row.failure, row.notes) == ("a", None, ())


def test_given_scores_stand_before_those_of_the_marks_and_miss_no_artery():
    scores = AgatstonScores(total=None, vessels={"LAD": 90.0})
    row = compare_exam(pair_of(scores=scores))
    assert row.reference.vessels == {"LM": 0, "LAD": 90, "LCX": 0, "RCA": 2}
    assert row.reference.total == 4  # of the marks
    assert row.notes == ("the reference's arteries add up to 92.0, its total is 4.0",)


@pytest.mark.parametrize(
    ("columns", "peak_hu", "site", "notes"),
    [
        (8, 129, Site.LAD, ["none reaches 130 HU"]),
        (3, 130, Site.LAD, ["no lesion is large enough"]),  # 0.75 mm2
        (4, 130, Site.LAD, []),  # 1 Agatston
        (8, 129, Site.ASCENDING_AORTA, []),
        (0, 129, Site.LAD, []),  # the annotation itself says that it is empty
    ],
)
def test_marks_that_score_nothing_say_why(columns, peak_hu, site, notes):
    scan, marked = blocks((0, slice(0, columns), peak_hu, site))
    exam = exam_of(scan, _of(marked, np.zeros(0)))
    row = compare_exam(ExamPair(name="a", exam=exam, reference=Reference(voxels=marked)))
    where = f"reference: of {columns} voxels marked in arteries"
    why = "the score of the marks is 0 for that reason"
    assert row.notes == tuple(f"{where} {note}: {why}" for note in notes)
    assert (row.reference.total == 0) is (columns != 4)


@pytest.mark.parametrize(("total", "noted"), [(300, False), (295, True)])
def test_arteries_that_do_not_add_up_are_told(total, noted):
    # 299.41; 1 % of 300 is 3, of 295 it is 2.95
    vessels = {"LM": 132, "LAD": 1.91, "LCX": 128, "RCA": 37.5}
    exam = pair_of().exam
    reference = Reference(scores=AgatstonScores(total=total, vessels=vessels))
    row = compare_exam(ExamPair(name="a", exam=exam, reference=reference))
    assert bool(row.notes) is noted
    assert row.reference.total == total
    assert row.match is None


def test_the_total_is_the_sum_only_if_all_arteries_are_known():
    exam = pair_of().exam

    def total(**vessels):
        scores = AgatstonScores(total=None, vessels=vessels)
        row = compare_exam(ExamPair(name="a", exam=exam, reference=Reference(scores=scores)))
        return row.reference.total, row.reference_category

    assert total(LM=1, LAD=2, LCX=3, RCA=4) == (10, "1-100")
    assert total(LM=1, LAD=2, LCX=3) == (None, None)


def test_statistics_of_a_study_of_one():
    report = evaluate_exams([pair_of(interval=Interval(low=1, high=3.5, level=0.95))])
    assert (report.compared, report.failed, report.patients) == (1, 0, 1)
    assert [one.name for one in report.scores] == ["total", "LM", "LAD", "LCX", "RCA"]
    total = report.scores[0]
    assert total.icc.value is None
    assert total.bland_altman.bias.value == -1
    assert total.close.count == 1  # within 5 Agatston
    assert (report.lesions.found.count, report.lesions.found.total) == (1, 2)
    assert report.lesions.false_per_scan.value == 1
    assert report.lesions.right_artery_of_all.value == 0.5
    assert report.lesions.right_artery_of_found.value == 1
    assert (report.certainty.intervals[0].held.count, report.certainty.intervals[0].above) == (0, 1)
    assert report.certainty.brier is None


def test_lesions_are_counted_by_size_and_pooled():
    lesions = evaluate_exams([pair_of("a"), pair_of("b")]).lesions
    by_size = {one.label: (one.found.count, one.found.total) for one in lesions.by_size}
    assert by_size["1 to 2"] == (2, 4)  # all have 2 Agatston
    assert sum(total for _, total in by_size.values()) == 4
    assert (lesions.scans, lesions.false_count, lesions.most_false_in_a_scan) == (2, 2, 1)
    assert lesions.largest_false_agatston == 1
    assert (lesions.scans_without_false.count, lesions.scans_without_false.total) == (0, 2)
    assert lesions.confusion.reference_agatston == 8
    assert lesions.confusion.false_agatston == 2


def test_zero_and_categories_are_judged_by_the_reference():
    rows = [row_of("a", 0, 0), row_of("b", 0, 2), row_of("c", 3, 0), row_of("d", 101, 99)]
    found = summarise([*rows, row_of("e", 500, 410)]).categories
    assert (found.zero_called_zero.count, found.zero_called_zero.total) == (1, 2)
    assert (found.calcium_called_calcium.count, found.calcium_called_calcium.total) == (2, 3)
    assert (found.same.count, found.same.total) == (2, 5)
    assert found.table == ((1, 1, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 0, 1))


@pytest.mark.parametrize(
    ("reference", "automatic", "is_close"),
    [(0, 5, True), (0, 5.1, False), (100, 110, True), (100, 89.9, False), (10, 15, True)],
)
def test_close_is_10_percent_or_5_agatston(reference, automatic, is_close):
    assert summarise([row_of("a", reference, automatic)]).scores[0].close.count == is_close


def test_the_log_statistics_are_those_of_score_plus_one():
    # ln(2 / 1) and ln(2 / 2): mean ln(2) / 2
    total = summarise([row_of("a", 0, 1), row_of("b", 1, 1)]).scores[0]
    assert total.bland_altman_log.bias.value == pytest.approx(np.log(2) / 2)


def test_a_large_study_has_bootstrap_intervals_and_the_same_ones_again():
    rng = np.random.default_rng(2)
    truth = rng.lognormal(3, 2, size=40) * (rng.random(40) > 0.3)
    rows = [row_of(str(k), t, t * rng.normal(1, 0.1)) for k, t in enumerate(truth)]
    report = summarise(rows)
    total = report.scores[0]
    for found in (total.icc_bootstrap, total.icc_log, total.concordance):
        assert found.low < found.value <= found.high
    assert total.icc_bootstrap.value == total.icc.value
    assert report == summarise(rows)
    assert report.categories.kappa_quadratic.low is not None


def test_scans_of_a_patient_are_drawn_together():
    rng = np.random.default_rng(3)
    rows = [
        row_of(str(k), t, t * rng.normal(1, 0.3)) for k, t in enumerate(rng.lognormal(3, 1, 20))
    ]
    pairs = [row_of(f"{row.name}-2", row.reference.total, row.automatic.total) for row in rows]
    same = [
        row_of(f"{row.name}-2", row.reference.total, row.automatic.total, patient=row.patient)
        for row in rows
    ]
    once, as_others, as_same = (
        summarise(some).scores[0].concordance for some in (rows, rows + pairs, rows + same)
    )
    assert (as_same.low, as_same.high) == pytest.approx((once.low, once.high))
    assert as_others.low > as_same.low
    assert summarise(rows + same).patients == 20


def test_stated_probabilities_are_judged():
    sure = {"0": 0.9, "1-100": 0.1, "101-400": 0.0, ">400": 0.0}
    rows = [
        row_of("a", 0, 0, category_probabilities=sure),
        row_of("b", 50, 0, category_probabilities=sure),
    ]
    found = summarise(rows).certainty
    # 0.1 off twice where it was right, 0.9 twice where it was wrong
    assert found.brier == pytest.approx((0.02 + 1.62) / 2)
    assert found.brier_zero == pytest.approx((0.01 + 0.81) / 2)
    assert found.base_rate_brier == pytest.approx(0.5)
    (bin_,) = found.zero_bins
    assert (bin_.low, bin_.happened.count, bin_.happened.total) == (0.9, 1, 2)
    assert found.called_bins == found.zero_bins


def test_a_failed_scan_changes_no_statistic():
    rows = [row_of("a", 10, 12), row_of("b", 0, 0)]
    alone, beside = summarise(rows), summarise([*rows, failed_scan("c", "broken")])
    assert beside.failed == 1
    assert beside.scores == alone.scores
    assert beside.categories == alone.categories


def test_a_study_of_failures_is_a_report_without_statistics():
    report = summarise([failed_scan("a", "broken")])
    assert (report.compared, report.failed, report.scores) == (0, 1, ())
    assert report.categories is report.lesions is report.certainty is None


def test_the_review_advice_is_counted():
    report = evaluate_exams([pair_of("a", advised=True), pair_of("b", advised=False), pair_of("c")])
    assert (report.review_advised.count, report.review_advised.total) == (1, 2)


def test_the_record_survives_json():
    report = evaluate_exams(
        [pair_of(interval=Interval(low=1, high=5, level=0.9), probabilities={"0": 1.0})]
    )
    text = msgspec.json.encode(report)
    assert msgspec.json.decode(text, type=AgreementReport) == report


def cases(*names):
    return [
        Case(name=name, patient=name, scan=Path(name), scores=AgatstonScores(total=4, vessels={}))
        for name in names
    ]


def test_a_scan_that_fails_is_a_row_with_its_reason():
    name = "Smith"

    def scorer(case):
        if case.name == "unfit":
            msg = "not fit for calcium scoring: contrast"
            raise UnfitError(msg)
        if case.name == "gone":
            raise FileNotFoundError(2, "No such file or directory", name)
        if case.name == "defect":
            raise ZeroDivisionError(name)
        return pair_of().exam

    told = []
    report = evaluate_cases(
        cases("unfit", "gone", "defect", "good"),
        scorer,
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert [row.failure for row in report.scans] == [
        "not fit for calcium scoring: contrast",
        "a file cannot be read: No such file or directory",
        "a defect of corcal (ZeroDivisionError); corcal --debug score shows where",
        None,
    ]
    assert (report.compared, report.failed) == (1, 3)
    assert told[-1] == (4, 4, "scoring the study")


def test_a_case_with_a_problem_is_not_scored():
    case = Case(name="a", patient="p", scan=Path("a"), problem="no reference")

    def scorer(_):
        raise AssertionError

    (row,) = evaluate_cases([case], scorer).scans
    assert (row.failure, row.patient) == ("no reference", "p")


def test_an_annotation_is_read_on_the_scan_that_was_scored(tmp_path):
    pair = pair_of()
    marks = tmp_path / "marks.nrrd"
    write_label_volume(marks, pair.exam.scan, pair.reference.voxels)
    case = Case(name="a", patient="a", scan=Path("a"), annotation=marks)
    report = evaluate_cases([case], lambda _: pair.exam)
    assert report.scans[0].reference.total == 4
    assert report.lesions.found.total == 2
    (tmp_path / "bad.nrrd").write_text("nothing")
    bad = Case(name="a", patient="a", scan=Path("a"), annotation=tmp_path / "bad.nrrd")
    assert (
        evaluate_cases([bad], lambda _: pair.exam)
        .scans[0]
        .failure.startswith("reference bad.nrrd: the annotation is none of the known formats")
    )
