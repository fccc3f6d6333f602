"""What is doubtful and no reason for a review is said all the same: no page contradicts itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from corcal.ct.scan import Finding, Severity
from corcal.ct.suitability import SeriesKind
from corcal.report.doubts import calm_words, doubt_words
from corcal.report.words import zero_words
from corcal.result import Result, ReviewAdvice
from corcal.scoring.types import Contested
from report.test_certainty import automatic, text_of

CALM = ReviewAdvice(advised=False, reasons=())


def with_chances(*chances: dict[str, float] | None, review: ReviewAdvice = CALM) -> Result:
    """A score whose lesions L1, L2 ... have these probabilities."""
    base = automatic()
    (lesion,) = base.lesions
    lesions = tuple(
        replace(lesion, id=f"L{k}", site=max(one or {"LAD": 1}, key=(one or {"LAD": 1}).get),
                probabilities=one)
        for k, one in enumerate(chances, 1)
    )  # fmt: skip
    return replace(base, lesions=lesions, review=review)


LCX_OR_LM = {"LCX": 0.65, "LM": 0.22, "LAD": 0.09, "noise": 0.04}


def test_a_doubtful_artery_is_named_beside_a_calm_word() -> None:
    assert calm_words(with_chances({"LAD": 0.99, "LM": 0.01}, LCX_OR_LM)) == (
        "Nothing speaks for a review of the total; the artery of L2 is doubtful (LCX 65 %, "
        "LM 22 %). It stays a proposal until signed."
    )


@pytest.mark.parametrize(("p", "is_doubtful"), [(0.899, True), (0.90, False)])
def test_an_artery_is_doubtful_below_the_limit_of_the_advice(p: float, is_doubtful: bool) -> None:
    assert bool(doubt_words(with_chances({"LAD": p, "LM": 1 - p}))) is is_doubtful


def test_without_doubt_nothing_speaks_for_a_review() -> None:
    words = "Nothing particular speaks for a review; it stays a proposal until a reader signs."
    assert calm_words(with_chances({"LAD": 0.99, "LM": 0.01})) == words
    assert doubt_words(with_chances(None)) == ""


def test_a_small_lesion_that_may_be_none_is_named_as_such() -> None:
    assert doubt_words(with_chances({"LCX": 0.81, "mitral_annulus": 0.19})) == (
        "L1 (LCX 81 %, mitral annulus 19 %) may be no coronary calcium, and is small"
    )


def test_of_what_a_review_is_advised_for_only_the_artery_is_told() -> None:
    told = Contested(
        lesion="L1",
        site="LCX",
        second_site=None,
        agatston=20.0,
        slices=(3,),
        centroid_mm=(0.0, 0.0, 0.0),
        probabilities=LCX_OR_LM,
    )
    review = ReviewAdvice(advised=True, reasons=("L1 is doubtful",), contested=(told,))
    may_be_none = {"LCX": 0.81, "mitral_annulus": 0.19}
    assert doubt_words(with_chances(may_be_none, review=review)) == ""
    words = "the artery of L1 is doubtful (LCX 65 %, LM 22 %)"
    assert doubt_words(with_chances(LCX_OR_LM, review=review)) == words


def test_a_doubtful_artery_is_told_with_the_next_artery_and_not_with_what_else_it_may_be() -> None:
    chances = {"LM": 0.45, "device": 0.16, "LAD": 0.35, "LCX": 0.04}
    told = Contested(
        lesion="L1",
        site="LM",
        second_site=None,
        agatston=80.0,
        slices=(3,),
        centroid_mm=(0.0, 0.0, 0.0),
        probabilities=chances,
    )
    review = ReviewAdvice(advised=True, reasons=("L1 is doubtful",), contested=(told,))
    words = "the artery of L1 is doubtful (LM 45 %, LAD 35 %)"
    assert doubt_words(with_chances(chances, review=review)) == words


def test_the_artery_of_what_may_be_something_else_is_not_doubtful_for_it() -> None:
    assert doubt_words(with_chances({"LCX": 0.87, "mitral_annulus": 0.13})) == ""


def test_calcium_outside_of_the_arteries_has_no_doubtful_artery() -> None:
    assert doubt_words(with_chances({"aortic_valve": 0.6, "LCX": 0.4})) == ""


def test_of_many_doubts_the_first_three_are_named() -> None:
    words = doubt_words(with_chances(*(LCX_OR_LM,) * 5))
    each = "(LCX 65 %, LM 22 %)"
    assert words == f"the arteries of L1 {each}, L2 {each}, L3 {each} and 2 more are doubtful"


def test_the_page_says_it_with_a_review_and_without(tmp_path: Path) -> None:
    calm = text_of(tmp_path, with_chances(LCX_OR_LM))
    assert "Nothing speaks for a review of the total; the artery of L1 is doubtful" in calm
    advised = ReviewAdvice(advised=True, reasons=("The scan is cut.",))
    text = text_of(tmp_path, with_chances(LCX_OR_LM, review=advised))
    assert "The artery of L1 is doubtful (LCX 65 %, LM 22 %)." in text


@pytest.mark.parametrize(
    ("kind", "code", "is_limited"),
    [
        (SeriesKind.GATED_CALCIUM, "DOSE", False),
        (SeriesKind.GATED_CALCIUM, "SLICES_THICK", True),
        (SeriesKind.CHEST_NONCONTRAST, "DOSE", True),
    ],
)
def test_a_zero_promises_no_more_than_the_scan_can_show(
    kind: SeriesKind, code: str, is_limited: bool
) -> None:
    found = Finding(code=code, severity=Severity.WARNING, message="as it is")
    base = replace(automatic(0.0), lesions=())
    result = replace(base, suitability=replace(base.suitability, kind=kind, findings=(found,)))
    limit = "that reaches the limit of counting " if is_limited else ""
    assert zero_words(result) == f"no coronary calcium {limit}was found"
