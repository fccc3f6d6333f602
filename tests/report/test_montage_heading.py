"""The heading of the pictures of decisions: careful, whole, and for a reader to check."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from corcal.anatomy.types import Anatomy
from corcal.ct.scan import CTScan, Finding, Severity
from corcal.ct.suitability import SeriesKind
from corcal.lesions.decision import Detection
from corcal.lesions.sites import Site
from corcal.report.anatomy_montage import anatomy_sheet
from corcal.report.canvas import Sheet
from corcal.report.decision_sheet import decisions_sheet
from corcal.report.montage_heading import counted_words, scored_by
from corcal.report.pieces import lesion_pieces_of
from corcal.result import Result
from report.automatic_scan import FEW, MODEL, Dense, make_anatomy, many, with_dense
from report.reviewed_result import reviewed
from report.text_edges import texts_beyond, texts_over_others


def anatomy_of(result: Result, scan: CTScan, detection: Detection) -> Sheet:
    return anatomy_sheet(result, scan, make_anatomy(), detection)


def not_gated(result: Result) -> Result:
    kind = SeriesKind.CHEST_NONCONTRAST
    return replace(result, suitability=replace(result.suitability, kind=kind))


def sheet_of(dense: list[Dense], *, pathways: bool = True) -> Sheet:
    result, scan, detection = with_dense(dense)
    return anatomy_sheet(result, scan, make_anatomy(pathways=pathways), detection)


def texts_of(sheet: Sheet) -> list[str]:
    return [text.get_text() for text in sheet.figure.texts]


COUNTED = [
    (FEW, "2 coronary lesions (1 doubtful whether coronary).",
     "Left out: 2 lesions elsewhere (1 doubtful whether coronary), 1 of noise."),
    (FEW[:1], "1 coronary lesion.", "No other candidate."),
    (FEW[2:3], "No coronary calcium was found.", "Left out: 1 lesion elsewhere."),
    ([Dense(site=Site.LCX, at=(9, 30, 50), sure=0.65, rival=Site.LM),
      Dense(site=Site.RCA, at=(9, 60, 50), agatston=0.0),
      Dense(site=Site.OTHER, at=(9, 80, 50), sure=0.45, rival=Site.LYMPH_NODE),
      Dense(site=Site.OTHER, at=(9, 90, 50), agatston=0.0),
      Dense(site=Site.BONE, at=(9, 100, 50)),
      Dense(site=Site.DEVICE, at=(9, 110, 50), sure=0.6, rival=Site.LAD)],
     "1 coronary lesion (1 whose artery is doubtful); 1 too small to count.",
     "Left out: 1 lesion elsewhere (1 whose site is doubtful), 1 too small to count, "
     "2 of bone or device (1 doubtful whether coronary)."),
]  # fmt: skip


@pytest.mark.parametrize(("dense", "coronary", "others"), COUNTED)
def test_lesions_are_counted_in_words(dense: list[Dense], coronary: str, others: str) -> None:
    case = with_dense(dense)
    assert counted_words(case[0], lesion_pieces_of(*case)) == (coronary, others)
    words = " ".join(texts_of(sheet_of(dense)))
    assert coronary in words
    assert others in words


CAREFUL = "No coronary calcium that reaches the limit of counting was found"
SMALL = Dense(site=Site.RCA, at=(9, 60, 50), agatston=0.0)


@pytest.mark.parametrize(("dense", "end"), [([], "."), ([SMALL], "; 1 too small to count.")])
@pytest.mark.parametrize("sheet", ["anatomy", "decisions"])
def test_a_zero_promises_no_more_than_the_scan_can_show(
    sheet: str, dense: list[Dense], end: str
) -> None:
    result, scan, detection = with_dense(dense)
    case = (not_gated(result), scan, detection)
    assert counted_words(case[0], lesion_pieces_of(*case))[0] == f"{CAREFUL}{end}"
    texts = texts_of(decisions_sheet(*case) if sheet == "decisions" else anatomy_of(*case))
    assert f"{CAREFUL}{end}" in " ".join(texts)
    assert "No coronary calcium was found" not in " ".join(texts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda result: result, ["Automatic: for a reader to check."]),
        (
            lambda result: reviewed(result, is_complete=False),
            ["Automatic, review not finished: for a reader to check."],
        ),
        (lambda result: reviewed(result, is_complete=True), []),
    ],
)
def test_only_what_nobody_has_signed_is_said_to_be_for_a_reader(
    change: Callable[[Result], Result], said: list[str]
) -> None:
    result, scan, detection = with_dense(FEW)
    case = (change(result), scan, detection)
    for sheet in (anatomy_of(*case), decisions_sheet(*case)):
        assert [t for t in texts_of(sheet) if "for a reader" in t] == said


def crowded() -> tuple[Result, CTScan, Detection, Anatomy]:
    """Everything that a heading can have to say, at its longest, under a rule of a long name."""
    kinds = (Site.OTHER, Site.BONE, Site.DEVICE, Site.NOISE, Site.LAD, Site.LCX)
    dense = [
        Dense(site=site, at=(2 * k, 20 + 14 * n, 50), agatston=score, sure=sure, rival=rival)
        for n, site in enumerate(kinds)
        for k, (score, sure, rival) in enumerate(
            [(900.0, 0.6, Site.LYMPH_NODE), (800.0, 0.5, Site.RCA), (0.0, 0.99, Site.RCA)] * 4
        )
    ]
    result, scan, detection = with_dense(dense)
    found = Finding(code="X", severity=Severity.WARNING, message="WIDE MESSAGE " * 30)
    model = replace(MODEL, name="corcal-thorax-" + "m" * 60, sha256="ab" * 32, trusted=False)
    anatomy = replace(make_anatomy(pathways=False), model=model, findings=(found,) * 4)
    made = replace(result.provenance, software_version="10.20.30.dev400+g0123456789abcdef")
    result = replace(
        reviewed(not_gated(replace(result, provenance=made)), is_complete=False),
        score=replace(result.score, rule="siemens@199.5hu"),
    )
    return result, scan, detection, anatomy


def test_no_text_passes_the_edge_or_lies_over_another_however_much_is_told() -> None:
    result, scan, detection, anatomy = crowded()
    sheet = anatomy_sheet(result, scan, anatomy, detection)
    assert texts_beyond(sheet) == []
    assert texts_over_others(sheet) == []
    assert "siemens@199.5hu" in " ".join(texts_of(sheet))
    left = min(axes.bbox.x0 for axes in sheet.figure.axes[-2:])
    top = sheet.height_px - sheet.top_px
    heading = [t.get_window_extent() for t in sheet.figure.texts]
    assert max(box.x1 for box in heading if box.y0 > top and box.x0 < left) < left
    decisions = decisions_sheet(result, scan, detection)
    assert texts_beyond(decisions) == []
    assert texts_over_others(decisions) == []


def test_the_longest_zero_stays_within_the_heading() -> None:
    result, scan, detection = with_dense([SMALL])
    sheet = anatomy_of(not_gated(result), scan, detection)
    assert texts_beyond(sheet) == []
    assert texts_over_others(sheet) == []


def test_another_rule_is_named_with_what_it_scores() -> None:
    result, _, _ = with_dense([])
    assert scored_by(result) == "Agatston by the textbook rule."
    other = replace(result, score=replace(result.score, rule="philips"))
    assert scored_by(other) == (
        "Agatston of lesions by the rule philips, of what has no number by the textbook rule."
    )


def test_an_anatomy_without_arteries_says_so() -> None:
    words = " ".join(texts_of(sheet_of(FEW, pathways=False)))
    assert "which does not know where the arteries run" in words
    assert "does not know" not in " ".join(texts_of(sheet_of(FEW)))


def test_the_model_is_named_with_the_beginning_of_its_hash() -> None:
    result, scan, detection = with_dense([])
    anatomy = make_anatomy()
    assert "Anatomy: corcal-test 2 (sha256 ab12ab12)" in texts_of(
        anatomy_sheet(result, scan, anatomy, detection)
    )
    unknown = replace(anatomy, model=replace(MODEL, sha256=None, trusted=False))
    assert "Anatomy: corcal-test 2 (not known to this release)" in texts_of(
        anatomy_sheet(result, scan, unknown, detection)
    )


def test_findings_are_told_as_far_as_there_is_room() -> None:
    result, scan, detection = with_dense([])
    found = [
        Finding(code="X", severity=Severity.WARNING, message=f"finding {k} " + "word " * 60)
        for k in range(4)
    ]
    anatomy = replace(make_anatomy(), findings=tuple(found[:1]))
    texts = texts_of(
        anatomy_sheet(result, scan, anatomy, replace(detection, findings=tuple(found[1:])))
    )
    told = [text for text in texts if text.startswith("finding")]
    assert [text[:9] for text in told] == ["finding 0", "finding 1"]
    assert told[1].endswith("(+2)")


def test_the_heading_ends_before_the_overviews() -> None:
    sheet = sheet_of(many(30))
    sheet.pixels()
    left = min(axes.bbox.x0 for axes in sheet.figure.axes[-2:])
    for text in sheet.figure.texts:
        box = text.get_window_extent()
        if box.y0 > sheet.height_px - sheet.top_px and text.get_text() not in {
            "coronal",
            "sagittal",
        }:
            assert box.x1 < left or box.y1 < sheet.height_px - sheet.top_px
