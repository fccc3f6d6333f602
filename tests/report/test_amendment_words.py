"""What pages say of the report that is corrected, and of who has signed."""

from dataclasses import replace

import pytest

from corcal.ct.suitability import Verdict
from corcal.interpreted import interpret_result, with_interpretation
from corcal.report.amendment_words import amendment_words, scores_then_and_now
from corcal.report.made import how_it_was_made
from corcal.report.words import who_checked
from interop.exam_cases import amended_result, made_by, signed_result
from result_maker import make_automatic_result, make_result


def test_a_corrected_report_names_the_earlier_one_the_reason_and_both_scores():
    assert amendment_words(amended_result(agatston_before=101.25)) == (
        "Addendum: this report corrects the one signed on 2026-01-03 10:07:08 UTC by Reader^One.",
        "Reason: Bone was counted.",
        "Agatston score then 101 (category 101-400), now 14.",
    )


UNFIT = "scan called not fit for a calcium score"


@pytest.mark.parametrize(
    ("fit_before", "is_fit", "words"),
    [
        (False, True, f"then 14 ({UNFIT}), now 14 (scan called fit)"),
        (False, False, f"then 14 ({UNFIT}), now 14 ({UNFIT})"),
        (True, False, f"then 14 (category 101-400), now 14 ({UNFIT})"),
        (True, True, "then 14 (category 101-400), now 14"),
        (None, True, "then 14 (category 101-400), now 14"),
        (None, False, f"then 14 (category 101-400), now 14 ({UNFIT})"),
    ],
)
def test_a_score_of_a_scan_that_was_called_not_fit_is_told_with_that(fit_before, is_fit, words):
    result = amended_result(agatston_before=14.0, fit_before=fit_before)
    if not is_fit:
        result = replace(result, suitability=replace(result.suitability, verdict=Verdict.UNFIT))
    assert scores_then_and_now(result) == f"Agatston score {words}"
    assert amendment_words(result)[2] == f"Agatston score {words}."


def test_a_score_now_fit_has_its_category_behind_that():
    result = amended_result(agatston_before=14.0, fit_before=False)
    told = with_interpretation(result, interpret_result(result, None))
    assert scores_then_and_now(told).endswith("now 14 (scan called fit, category 1-100)")


def test_a_first_report_corrects_nothing():
    assert amendment_words(signed_result()) == ()
    assert scores_then_and_now(signed_result()) == ""


def test_the_page_of_an_exam_says_what_it_corrects():
    assert "this report corrects the one signed" in how_it_was_made(
        amended_result(agatston_before=3.0)
    )
    assert "Addendum" not in how_it_was_made(signed_result())


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (signed_result(), "Signed by Reader^One."),
        (made_by(signed_result(), reader=None), "Signed by a reader."),
        (
            signed_result(is_complete=False),
            "Reader named for it: Reader^One, who has not signed it.",
        ),
        (
            made_by(make_result(), reader="A. Eader"),
            "Reader named for it: A. Eader, who has not signed it.",
        ),
        (make_automatic_result(), "No reader has checked it."),
        (make_result(), "No reader has signed it."),
    ],
)
def test_only_a_signature_counts(result, words):
    assert who_checked(result) == words
