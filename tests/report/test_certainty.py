"""The page says how far an automatic score can be believed; of a marked one it says none of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from corcal.anatomy.types import ModelRecord
from corcal.ct.suitability import SeriesKind
from corcal.lesions.decision import Reason
from corcal.report.words import interval_words, score_name, zero_words
from corcal.result import Result, ReviewAdvice, ReviewRecord
from corcal.scoring.types import Interval
from report.test_overview import EVIL, Page, with_scan, with_total, write
from result_maker import make_result

PROBABILITIES = {"0": 0.002, "1-100": 0.118, "101-400": 0.88, ">400": 0.0}
HASH = "0123456789abcdef" * 4


def automatic(agatston: float = 112.0) -> Result:
    """An automatic score with all that belongs to it."""
    base = with_total(make_result(), agatston)
    interval = Interval(low=87.0, high=140.0, level=0.95)
    lesion = replace(
        base.lesions[0],
        probabilities={"LAD": 0.83, "LM": 0.165, "noise": 0.004, "RCA": 0.001},
        why=(
            Reason(text="fat lies around it", feature="fat", value=0.8),
            Reason(text="2 mm from the LAD", feature="path", value=2.0, unit="mm"),
        ),
    )
    model = ModelRecord(name="corcal-thorax", version="7", sha256=HASH, trusted=True)
    detector = ModelRecord(name="corcal-sites", version="3", sha256=None, trusted=False)
    return replace(
        base,
        score=replace(
            base.score,
            total=replace(base.score.total, interval=interval),
            category_probabilities=PROBABILITIES,
        ),
        lesions=(lesion,),
        review=ReviewAdvice(advised=True, reasons=("A lesion is doubtful.", "They disagree.")),
        provenance=replace(
            base.provenance,
            annotation=None,
            reader=None,
            method="automatic",
            model=model,
            detector=detector,
        ),
    )


def text_of(folder: Path, result: Result) -> str:
    return Page(write(folder, result)).text


def test_the_page_says_that_nobody_has_checked(tmp_path: Path) -> None:
    text = text_of(tmp_path, automatic())
    assert "corcal found and scored the calcium by itself. No reader has checked it." in text
    assert "Done by a personnothing yet" in text


def test_a_reader_who_is_named_is_named(tmp_path: Path) -> None:
    result = automatic()
    signed = replace(result, provenance=replace(result.provenance, reader="Dr. No <b>"))
    text = text_of(tmp_path, signed)
    assert "Reader named for it: Dr. No <b>, who has not signed it." in text
    assert "No reader has checked" not in text


def test_review_is_advised_with_its_reasons(tmp_path: Path) -> None:
    page = Page(write(tmp_path, automatic()))
    assert "Review advised, because" in page.text
    assert "A lesion is doubtful.They disagree." in page.text
    calm = replace(automatic(), review=ReviewAdvice(advised=False, reasons=()))
    text = text_of(tmp_path, calm)
    assert "Review advised" not in text
    assert "Nothing speaks for a review of the total; the artery of L1 is doubtful" in text
    assert "stays a proposal until signed" in text


def test_the_interval_stands_below_the_score(tmp_path: Path) -> None:
    text = text_of(tmp_path, automatic())
    assert "Agatston score112.095 % interval 87 to 140" in text


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0, 0.0, "95 % interval 0 to 0"),
        (0.0, 9.94, "95 % interval 0 to 9.9"),
        (0.02, 9.94, "95 % interval <0.1 to 9.9"),
        (0.4, 10.0, "95 % interval <1 to 10"),
        (87.2, 139.8, "95 % interval 87 to 140"),
    ],
)
def test_an_interval_is_no_more_exact_than_it_is(low: float, high: float, words: str) -> None:
    assert interval_words(Interval(low=low, high=high, level=0.95)) == words


def test_the_interval_of_an_artery_stands_with_its_score(tmp_path: Path) -> None:
    result = automatic()
    lad = replace(result.score.vessels["LAD"], interval=Interval(low=80.0, high=131.0, level=0.95))
    vessels = result.score.vessels | {"LAD": lad}
    text = text_of(tmp_path, replace(result, score=replace(result.score, vessels=vessels)))
    assert "112.0 80 to 131" in text


def test_each_category_has_its_probability_and_the_likeliest_is_marked(tmp_path: Path) -> None:
    page = Page(write(tmp_path, automatic()))
    assert "How probable each category is0<1 %1\N{EN DASH}10012 %101\N{EN DASH}40088 %>4000 %" in (
        page.text
    )
    assert page.all("div").count({"class": "likeliest"}) == 1
    assert {"style": "width:88.0%"} in page.all("span")


def test_a_lesion_says_how_sure_it_is_and_why(tmp_path: Path) -> None:
    text = text_of(tmp_path, automatic())
    assert "How sure, and why" in text
    assert "LAD 83 %, LM 16 % fat lies around it; 2 mm from the LAD" in text


def test_the_models_are_named_with_the_beginning_of_their_hash(tmp_path: Path) -> None:
    page = Page(write(tmp_path, automatic()))
    assert "Model of the anatomycorcal-thorax 7 sha256 0123456789ab…" in page.text
    assert {"title": HASH} in page.all("code")
    assert "corcal-sites 3 not known to this release" in page.text
    assert "corcal-thorax 7 sha256 0123456789ab… not known" not in page.text


def test_what_is_automatic_is_said(tmp_path: Path) -> None:
    text = text_of(tmp_path, automatic())
    assert "How calcium was assignedby corcal itself" in text
    assert "finding the heart and the arteries" in text


@pytest.mark.parametrize(
    ("is_gated", "kind", "is_equivalent"),
    [
        (True, SeriesKind.GATED_CALCIUM, False),
        (None, SeriesKind.GATED_CALCIUM, False),
        (False, SeriesKind.GATED_CALCIUM, True),
        (None, SeriesKind.CHEST_NONCONTRAST, True),
    ],
)
def test_a_score_without_gating_is_not_called_the_same(
    is_gated: bool | None, kind: SeriesKind, is_equivalent: bool, tmp_path: Path
) -> None:
    result = with_scan(automatic(), is_gated=is_gated)
    result = replace(result, suitability=replace(result.suitability, kind=kind))
    text = text_of(tmp_path, result)
    words = "Agatston-equivalent, from a scan without ECG gating"
    assert (words in text) is is_equivalent
    assert (score_name(result) == words) is is_equivalent
    assert ("not to be used as the score of a gated scan" in text) is is_equivalent


def test_an_automatic_zero_is_what_was_found(tmp_path: Path) -> None:
    nothing = replace(automatic(0.0), lesions=())
    assert zero_words(nothing) == "no coronary calcium was found"
    assert "No calcified lesion: no coronary calcium was found." in text_of(tmp_path, nothing)


def test_an_exam_that_a_person_marked_shows_none_of_it(tmp_path: Path) -> None:
    marked = with_scan(make_result(), is_gated=False)
    page = Page(write(tmp_path, marked))
    for words in (
        "automatic",
        "itself",
        "interval",
        "probable",
        "How sure",
        "Review",
        "Model",
        "equivalent",
        "Done by a person",
    ):
        assert words not in page.text
    assert not any("banner" in (a.get("class") or "") for a in page.all("section"))


def test_how_calcium_was_found_is_part_of_a_comparison(tmp_path: Path) -> None:
    text = Page(write(tmp_path, make_result(), automatic())).text
    arrow = "\N{RIGHTWARDS ARROW}"
    assert f"How calcium was found: by marks {arrow} automatically" in text
    assert f"Model: not known {arrow} corcal-sites 3" in text


def test_every_text_of_a_model_is_escaped(tmp_path: Path) -> None:
    base = automatic()
    model = ModelRecord(name=EVIL, version=EVIL, sha256=EVIL, trusted=False)
    lesion = replace(
        base.lesions[0],
        probabilities={EVIL: 1.0},
        why=(Reason(text=EVIL, feature=EVIL, value=1.0),),
    )
    evil = replace(
        base,
        lesions=(lesion,),
        review=ReviewAdvice(advised=True, reasons=(EVIL,)),
        provenance=replace(base.provenance, model=model, detector=model, reader=EVIL),
        score=replace(base.score, category_probabilities={EVIL: 1.0}),
    )
    page = Page(write(tmp_path, evil))
    assert page.all("script") == []


REVIEW = ReviewRecord(
    readers=("Dr. <A>",),
    started=None,
    finished=None,
    event_count=1,
    change_count=1,
    candidates_by_reader=1,
    is_complete=True,
    proposed_by="automatic",
    proposed_rule="textbook",
    proposed_agatston=14.0,
)


@pytest.mark.parametrize(
    ("base", "readers", "assigned", "found"),
    [
        (automatic, ("Dr. <A>",), "by corcal, reviewed by Dr. <A>", "automatically"),
        (make_result, (), "by marks, reviewed by a reader", "by marks"),
    ],
)
def test_a_reviewed_exam_says_where_it_began_and_who_reviewed_it(
    tmp_path: Path, base: Callable[[], Result], readers: tuple[str, ...], assigned: str, found: str
) -> None:
    before = base()
    made = replace(before.provenance, method="reviewed", reviewed=replace(REVIEW, readers=readers))
    after = replace(before, provenance=made)
    assert f"How calcium was assigned{assigned}" in text_of(tmp_path, after)
    text = Page(write(tmp_path, before, after)).text
    arrow = "\N{RIGHTWARDS ARROW}"
    assert f"How calcium was found: {found} {arrow} {found}, reviewed by a reader" in text
